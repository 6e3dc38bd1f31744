// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>

#include <phoneauth/testing/scripted_transport.hpp>

using namespace phoneauth;

namespace {
http_request message(std::string_view to, std::string_view text) {
    http_request r{"POST", "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages.json", {}, {}};
    detail::append_form_field(r.body, "To", to);
    detail::append_form_field(r.body, "Body", text);
    return r;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(scripted_transport_)

BOOST_AUTO_TEST_CASE(accepts_messages_without_a_script) {
    testing::scripted_transport t;
    const auto sent = t.send(message("+14155550100", "123456 is your code"));
    BOOST_TEST(sent->status == 201);
    BOOST_TEST(sent->body.find(R"("sid":"SM00000000000000000000000000000001")") != std::string::npos);
    BOOST_TEST(t.send({"GET", "https://api.twilio.com/2010-04-01/Accounts/AC0.json", {}, {}})->status == 404);
    BOOST_TEST(t.send({"GET", "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages.json?To=x", {}, {}})->body ==
               R"({"messages":[]})");
    BOOST_TEST(t.calls() == 3u);
    BOOST_TEST(t.requests()[0].method == "POST");
}

BOOST_AUTO_TEST_CASE(gives_queued_replies_in_their_order) {
    testing::scripted_transport t;
    t.reply(429, "{}", {{"Retry-After", "3"}});
    t.reply_failure(error::connect_timeout);
    const auto first = t.send(message("+1", ""));
    BOOST_TEST(first->status == 429);
    BOOST_TEST(*find_header(first->headers, "retry-after") == "3");
    const auto second = t.send(message("+1", ""));
    BOOST_REQUIRE(!second.has_value());
    BOOST_TEST((second.error().code == error::connect_timeout));
    BOOST_TEST(t.send(message("+1", ""))->status == 201);
}

BOOST_AUTO_TEST_CASE(fails_and_throws_on_the_call_asked_for) {
    testing::scripted_transport t;
    t.fail_on_call(2, error::no_answer);
    t.throw_on_call(3);
    t.reply(200);
    t.reply(202);
    BOOST_TEST(t.send(message("+1", ""))->status == 200);
    BOOST_TEST(!t.send(message("+1", "")).has_value());
    BOOST_CHECK_THROW((void)t.send(message("+1", "")), std::runtime_error);
    BOOST_TEST(t.send(message("+1", ""))->status == 202);  // the queue was not touched meanwhile
}

BOOST_AUTO_TEST_CASE(finds_messages_and_codes) {
    testing::scripted_transport t;
    BOOST_TEST(t.last_code() == "");
    (void)t.send(message("+14155550100", "Call 12345 or 1234567890. Your code: 004711\n@example.com #004711"));
    (void)t.send(message("+14155550101", "987654321"));
    BOOST_TEST(t.last_code() == "987654321");
    BOOST_TEST(t.last_code_to("+14155550100") == "004711");
    BOOST_TEST(t.last_message_to("+14155550101") == "987654321");
    BOOST_TEST(t.last_message_to("+14155550102") == "");
    (void)t.send({"GET", "https://api.twilio.com/", {}, {}});
    BOOST_TEST(t.last_message() == "987654321");
}

BOOST_AUTO_TEST_SUITE_END()
