// SPDX-License-Identifier: BSL-1.0
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
        const auto sent = twilio::read_sent_message(reply);
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
