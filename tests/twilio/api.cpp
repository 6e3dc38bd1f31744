// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/twilio/api.hpp>

#include <boost/test/unit_test.hpp>

using namespace phoneauth;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(twilio_api)

namespace {
twilio_config account() {
    twilio_config c;
    c.account_sid = "AC" + std::string(32, '0');
    c.auth_token = "token";
    c.sender = "+15005550006";
    return c;
}
const auto phone = *phone_number::parse("+14155550100");
std::string authorization(const http_request& r) {
    return *find_header(r.headers, "Authorization");
}
}  // namespace

BOOST_AUTO_TEST_CASE(host_follows_region_and_edge) {
    struct row {
        const char* region;
        const char* edge;
        const char* base;
        const char* expected;
    };
    const row rows[] = {{"", "", "", "https://api.twilio.com/"},
                        {"ie1", "", "", "https://api.ie1.twilio.com/"},
                        {"ie1", "dublin", "", "https://api.dublin.ie1.twilio.com/"},
                        {"", "dublin", "", "https://api.dublin.us1.twilio.com/"},
                        {"ie1", "dublin", "http://127.0.0.1:99/", "http://127.0.0.1:99/"}};
    for (const auto& r : rows) {
        auto c = account();
        c.region = r.region;
        c.edge = r.edge;
        c.base_url = r.base;
        BOOST_TEST(twilio::api(c).fetch_account().url ==
                   std::string(r.expected) + "2010-04-01/Accounts/" + c.account_sid + ".json");
    }
}

BOOST_AUTO_TEST_CASE(credentials) {
    auto c = account();
    BOOST_TEST(authorization(twilio::api(c).fetch_account()) ==
               "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDp0b2tlbg==");
    c.api_key = "SK" + std::string(32, '0');
    c.api_secret = "secret";
    const auto request = twilio::api(c).fetch_account();
    BOOST_TEST(authorization(request) == "Basic U0swMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDpzZWNyZXQ=");
    BOOST_TEST(request.url.find(c.account_sid) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(code_message) {
    const auto r = twilio::api(account()).create_code_message(phone, "123456 is your code", 300s);
    BOOST_TEST(r.method == "POST");
    BOOST_TEST(r.body == "To=%2B14155550100&Body=123456+is+your+code&ValidityPeriod=300&From=%2B15005550006");
    auto c = account();
    c.sender = "MG" + std::string(32, '1');
    BOOST_TEST(twilio::api(c).create_code_message(phone, "x", 30s).body.ends_with("&MessagingServiceSid=" + c.sender));
}

BOOST_AUTO_TEST_CASE(chosen_sender_replaces_the_configured_one) {
    const auto r = twilio::api(account()).create_message(phone, {"", "x", {}, {{"from", "+15005550009"}}});
    BOOST_TEST(r->body == "To=%2B14155550100&Body=x&From=%2B15005550009");
}

BOOST_AUTO_TEST_CASE(characters_are_counted_not_bytes) {
    std::string text;
    for (int i = 0; i < 1600; ++i) text += "\xC3\xA4";
    BOOST_TEST(twilio::api(account()).create_message(phone, {"", text}).has_value());
    BOOST_TEST(!twilio::api(account()).create_message(phone, {"", text + "x"}));
}

BOOST_AUTO_TEST_CASE(replies_become_outcomes) {
    struct row {
        int status;
        int code;
        error meaning;
        bool certain;
    };
    const row rows[] = {
        {401, 20003, error::provider_misconfigured, true},
        {404, 20404, error::provider_misconfigured, true},
        {429, 20429, error::provider_busy, true},
        {400, 21211, error::invalid_phone_number, true},
        {400, 21212, error::provider_misconfigured, true},
        {400, 21408, error::provider_refused, true},
        {400, 21602, error::missing_parameter, true},
        {400, 21604, error::missing_parameter, true},
        {400, 21606, error::provider_misconfigured, true},
        {400, 21608, error::provider_refused, true},
        {400, 21610, error::provider_refused, true},
        {429, 21611, error::provider_busy, true},
        {400, 21612, error::provider_refused, true},
        {400, 21614, error::provider_refused, true},
        {400, 21617, error::message_too_long, true},
        {400, 21999, error::provider_refused, true},
        {429, 0, error::provider_busy, true},
        {401, 0, error::provider_misconfigured, true},
        {400, 0, error::bad_provider_reply, false},
        {301, 0, error::bad_provider_reply, false},
        {500, 0, error::no_answer, false},
        {503, 20503, error::no_answer, false},
        {500, 21610, error::no_answer, false},
    };
    for (const auto& r : rows) {
        http_response reply{r.status, {}, "<html>"};
        if (r.code)
            reply.body =
                R"({"code":)" + std::to_string(r.code) + R"(,"message":"m","status":)" + std::to_string(r.status) + "}";
        const auto sent = twilio::read_message(reply);
        BOOST_TEST_CONTEXT(r.status << " " << r.code) {
            BOOST_REQUIRE(!sent);
            BOOST_TEST(sent.error().code == r.meaning);
            BOOST_TEST(sent.error().twilio_code.value_or(0) == r.code);
            BOOST_TEST(twilio::certainly_not_sent(sent.error()) == r.certain);
        }
    }
}

BOOST_AUTO_TEST_CASE(retry_after_is_read_with_care) {
    const auto after = [](std::string value) {
        return twilio::failure_of({429, {{"retry-after", std::move(value)}}, ""}).retry_after;
    };
    BOOST_TEST((after("7") == 7s));
    BOOST_TEST(!after("-7"));
    BOOST_TEST(!after("soon"));
    BOOST_TEST(!after("7; x"));
    BOOST_TEST(!after("99999999999999999999"));
    BOOST_TEST(!twilio::failure_of({429, {}, ""}).retry_after);
}

BOOST_AUTO_TEST_CASE(foreign_failures_are_never_certain) {
    BOOST_TEST(!twilio::certainly_not_sent(failure(std::make_error_code(std::errc::connection_refused), "x")));
    BOOST_TEST(twilio::certainly_not_sent(failure(error::connect_failed)));
    BOOST_TEST(!twilio::certainly_not_sent(failure(error::read_timeout)));
}

BOOST_AUTO_TEST_CASE(number_look_up) {
    const auto read = [](std::string body) { return twilio::read_number({200, {}, std::move(body)}); };
    BOOST_TEST(!read("{}"));
    BOOST_TEST(!read(R"({"incoming_phone_numbers":[{}]})"));
    BOOST_TEST(!read(R"({"incoming_phone_numbers":["x"]})"));
    BOOST_TEST(!read(R"({"incoming_phone_numbers":[]})")->has_value());
    const auto r = read(R"({"incoming_phone_numbers":[{"capabilities":{"sms":true,"mms":"true"}}]})");
    BOOST_TEST((*r)->sms);
    BOOST_TEST(!(*r)->mms);
}

BOOST_AUTO_TEST_CASE(code_text_carries_what_phones_look_for) {
    config c;
    c.message_template = "{code} expires in {minutes} minutes.";
    BOOST_TEST(twilio::code_text(c, "123456") == "123456 expires in 5 minutes.");
    c.code_lifetime = 61s;
    BOOST_TEST(twilio::code_text(c, "123456") == "123456 expires in 2 minutes.");
    c.origin_host = "example.com";
    c.android_app_hash = "FA+9qCX9VSu";
    BOOST_TEST(twilio::code_text(c, "123456") == "123456 expires in 2 minutes.\nFA+9qCX9VSu\n@example.com #123456");
    c.message_template = "{code";
    BOOST_TEST(twilio::code_text(c, "1") == "{code\nFA+9qCX9VSu\n@example.com #1");
}

BOOST_AUTO_TEST_SUITE_END()
