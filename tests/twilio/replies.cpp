// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/twilio/error_codes.hpp>
#include <phoneauth/twilio/replies.hpp>

#include <boost/test/unit_test.hpp>

using namespace phoneauth;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(twilio_replies)

BOOST_AUTO_TEST_CASE(replies_become_outcomes) {
    struct row {
        int status;
        int code;
        error meaning;
        bool certain;
    };
    const row rows[] = {
        {401, 20003, error::provider_misconfigured, true},
        {403, 70051, error::provider_misconfigured, true},
        {407, 0, error::provider_unreachable, true},
        {413, 0, error::bad_provider_reply, false},
        {404, 20404, error::provider_misconfigured, true},
        {429, 20429, error::provider_busy, true},
        {400, 21211, error::invalid_phone_number, true},
        {400, 21212, error::provider_misconfigured, true},
        {400, 21408, error::provider_refused, true},
        {400, 21602, error::missing_parameter, true},
        {400, 21604, error::missing_parameter, true},
        {400, 21606, error::provider_misconfigured, true},
        {400, 21608, error::provider_refused, true},
        {400, 21603, error::provider_misconfigured, true},
        {400, 21620, error::invalid_media_url, true},
        {400, 21624, error::invalid_parameter, true},
        {400, 21659, error::provider_misconfigured, true},
        {400, 21660, error::provider_misconfigured, true},
        {400, 21661, error::provider_misconfigured, true},
        {400, 21663, error::provider_misconfigured, true},
        {400, 21664, error::provider_misconfigured, true},
        {400, 21703, error::provider_misconfigured, true},
        {400, 21705, error::provider_misconfigured, true},
        {400, 30034, error::provider_misconfigured, true},
        {400, 63007, error::provider_misconfigured, true},
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
        const auto sent = twilio::read_sent_message(reply);
        BOOST_TEST_CONTEXT(r.status << " " << r.code) {
            BOOST_REQUIRE(!sent);
            BOOST_TEST(twilio::check_sent_message(reply).error().message == sent.error().message);
            BOOST_TEST(sent.error().code == r.meaning);
            BOOST_TEST(sent.error().twilio_code.value_or(0) == r.code);
            BOOST_TEST(twilio::certainly_not_sent(sent.error()) == r.certain);
        }
    }
}

BOOST_AUTO_TEST_CASE(table_is_sound) {
    for (const auto& row : twilio::error_codes) {
        BOOST_TEST(twilio::find_error_code(row.code) == &row);
        BOOST_TEST((row.text.ends_with('.') && row.remedy.ends_with('.')), row.code);
        BOOST_TEST(twilio::remedy_of(row.code) == row.remedy);
        const bool ours = row.whose == twilio::fault::sender || row.whose == twilio::fault::account;
        if (row.whose == twilio::fault::sender) BOOST_TEST(row.meaning == error::provider_misconfigured, row.code);
        if (row.meaning == error::provider_misconfigured) BOOST_TEST(ours, row.code);
        if (row.whose == twilio::fault::later) BOOST_TEST(row.meaning == error::provider_busy, row.code);
    }
    BOOST_TEST(twilio::find_error_code(0) == nullptr);
    BOOST_TEST(twilio::find_error_code(21999) == nullptr);
    BOOST_TEST(twilio::find_error_code(std::int64_t{1} << 40) == nullptr);
    BOOST_TEST(twilio::remedy_of(21999) == "");
}

BOOST_AUTO_TEST_CASE(what_is_about_the_request) {
    const auto about = [](int status, const std::string& body) {
        return twilio::is_about_the_request({status, {}, body});
    };
    const auto code = [](int n) { return R"({"code":)" + std::to_string(n) + "}"; };
    BOOST_TEST(about(400, code(21614)));
    BOOST_TEST(about(400, code(21999)));
    BOOST_TEST(about(429, code(21611)));
    BOOST_TEST(about(400, code(63016)));   // ours, but about this phone alone
    BOOST_TEST(about(400, code(21606)));   // perhaps about the country
    BOOST_TEST(!about(400, code(21603)));  // about the sender
    BOOST_TEST(!about(400, code(21705)));
    BOOST_TEST(!about(401, code(20003)));
    BOOST_TEST(!about(429, code(20429)));
    for (const int status : {400, 404, 407, 413, 429, 302, 500}) BOOST_TEST(!about(status, "<html>"), status);
}

BOOST_AUTO_TEST_CASE(look_up) {
    const auto read = [](int status, std::string body) { return twilio::read_look_up({status, {}, std::move(body)}); };
    BOOST_TEST(read(200, R"({"messages":[]})").has_value());
    BOOST_TEST(read(201, R"({"sid":"SM1"})").has_value());
    for (const char* body : {"", "<html>", "{}", "[]", R"({"messages":null})", R"({"messages":"[]"})"})
        BOOST_TEST(read(200, body).error().code == error::bad_provider_reply);
    BOOST_TEST(read(401, R"({"code":20003})").error().code == error::provider_misconfigured);
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

BOOST_AUTO_TEST_CASE(pauses_are_what_twilio_asks_of_all) {
    const auto pause = [](int status, std::string after, std::string body = {}) {
        std::vector<http_header> headers;
        if (!after.empty()) headers.push_back({"Retry-After", std::move(after)});
        return twilio::pause_after({status, std::move(headers), std::move(body)});
    };
    BOOST_TEST((pause(429, "7") == 7s));
    BOOST_TEST((pause(429, "0") == 0s));
    BOOST_TEST((pause(429, "") == twilio::usual_pause));
    BOOST_TEST((pause(429, "Fri, 31 Dec 1999 23:59:59 GMT") == twilio::usual_pause));
    BOOST_TEST((pause(429, "7", R"({"code":20429,"status":429})") == 7s));
    BOOST_TEST((pause(429, "7", R"({"code":21611,"status":429})") == 0s));
    BOOST_TEST((pause(429, "3601") == twilio::longest_pause));
    BOOST_TEST((pause(503, "7") == 7s));
    BOOST_TEST((pause(503, "3601") == twilio::longest_pause));
    BOOST_TEST((pause(503, "") == 0s));
    BOOST_TEST((pause(500, "7") == 0s));
    BOOST_TEST((pause(201, "7") == 0s));
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

BOOST_AUTO_TEST_SUITE_END()
