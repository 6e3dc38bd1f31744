// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

#include <phoneauth/testing/twilio_simulator.hpp>
#include <phoneauth/twilio/api.hpp>

using namespace phoneauth;

namespace {

using form = std::vector<std::pair<std::string, std::string>>;

http_request request(std::string method, const std::string& path, std::string_view user = twilio_simulator::account_sid,
                     std::string_view secret = twilio_simulator::auth_token) {
    const auto credentials = detail::base64(std::string(user) + ":" + std::string(secret));
    return {std::move(method),
            "https://api.twilio.com/2010-04-01/Accounts/" + std::string(twilio_simulator::account_sid) + path,
            {{"Authorization", "Basic " + credentials}, {"Content-Type", "application/x-www-form-urlencoded"}},
            {}};
}

http_response post(twilio_simulator& t, const form& fields) {
    auto r = request("POST", "/Messages.json");
    for (const auto& [name, value] : fields) detail::append_form_field(r.body, name, value);
    return t.answer(r);
}

std::int64_t code_of(const http_response& r) {
    return detail::parse_json(r.body)->integer("code").value_or(0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(twilio_simulator_)

BOOST_AUTO_TEST_CASE(accepts_a_message_like_twilio) {
    twilio_simulator t;
    std::string heard;
    t.on_message([&](const simulated_message& m) { heard = m.body; });
    const auto r = post(
        t, {{"To", "+14155550100"}, {"From", "+15005550006"}, {"Body", "654321 & Ünïcode"}, {"ValidityPeriod", "300"}});
    BOOST_TEST(r.status == 201);
    const auto m = detail::parse_json(r.body).value();
    BOOST_TEST(m.string_or_empty("sid") == "SM00000000000000000000000000000001");
    BOOST_TEST(m.string_or_empty("status") == "queued");
    BOOST_TEST(m.string_or_empty("body") == "654321 & Ünïcode");
    BOOST_TEST(m.string_or_empty("num_segments") == "1");
    BOOST_TEST(m.string_or_empty("num_media") == "0");
    BOOST_TEST((m.find("error_code")->kind == detail::json_kind::null));
    BOOST_TEST(m.string_or_empty("uri").ends_with("/Messages/SM00000000000000000000000000000001.json"));
    BOOST_TEST(m.string_or_empty("date_created").ends_with(" +0000"));
    BOOST_TEST(!m.find("code"));  // else clients would take it for an error
    BOOST_TEST(heard == "654321 & Ünïcode");
    BOOST_TEST(t.last_message_to("+14155550100") == heard);
    BOOST_TEST(t.last_code_to("+14155550100") == "654321");
    BOOST_TEST(t.last_code_to("+14155550101") == "");
    BOOST_TEST(t.messages().at(0).parameters.back().second == "300");
}

BOOST_AUTO_TEST_CASE(media_and_services) {
    twilio_simulator t;
    const auto mms = post(t, {{"To", "+14155550100"},
                              {"From", "+15005550006"},
                              {"MediaUrl", "https://example.com/a.png"},
                              {"MediaUrl", "https://example.com/b.png"}});
    BOOST_TEST(detail::parse_json(mms.body)->string_or_empty("sid").starts_with("MM"));
    BOOST_TEST(detail::parse_json(mms.body)->string_or_empty("num_media") == "2");
    const auto by_service =
        post(t, {{"To", "+14155550100"}, {"MessagingServiceSid", "MG0123456789abcdef0123456789abcdef"}, {"Body", "b"}});
    BOOST_TEST(detail::parse_json(by_service.body)->string_or_empty("status") == "accepted");
    BOOST_TEST(detail::parse_json(by_service.body)->string_or_empty("num_segments") == "0");
}

BOOST_AUTO_TEST_CASE(refuses_with_twilios_codes) {
    const std::string long_text(1601, 'a');
    const struct {
        form fields;
        int code;
    } cases[] = {
        {{{"From", "+15005550006"}, {"Body", "b"}}, 21604},
        {{{"To", "+14155550100"}, {"Body", "b"}}, 21603},
        {{{"To", "+14155550100"}, {"From", "+15005550006"}}, 21602},
        {{{"To", "+14155550100"}, {"From", "+15005550006"}, {"Body", long_text}}, 21617},
        {{{"To", "+14155550100"}, {"From", "+15005550006"}, {"MediaUrl", "ftp://example.com"}}, 21620},
        {{{"To", "call me"}, {"From", "+15005550006"}, {"Body", "b"}}, 21211},
        {{{"To", "+15005550001"}, {"From", "+15005550006"}, {"Body", "b"}}, 21211},
        {{{"To", "+15005550002"}, {"From", "+15005550006"}, {"Body", "b"}}, 21612},
        {{{"To", "+15005550003"}, {"From", "+15005550006"}, {"Body", "b"}}, 21408},
        {{{"To", "+15005550004"}, {"From", "+15005550006"}, {"Body", "b"}}, 21610},
        {{{"To", "+15005550009"}, {"From", "+15005550006"}, {"Body", "b"}}, 21614},
        {{{"To", "+14155550100"}, {"From", "+15005550001"}, {"Body", "b"}}, 21212},
        {{{"To", "+14155550100"}, {"From", "+15005550007"}, {"Body", "b"}}, 21606},
        {{{"To", "+14155550100"}, {"From", "+15005550008"}, {"Body", "b"}}, 21611},
        {{{"To", "+14155550100"}, {"From", "+14155550199"}, {"Body", "b"}}, 21606},
        {{{"To", "+14155550100"}, {"MessagingServiceSid", "MG1"}, {"Body", "b"}}, 21606},
    };
    for (const auto& c : cases) {
        twilio_simulator t;
        const auto r = post(t, c.fields);
        BOOST_TEST_CONTEXT(c.code) {
            BOOST_TEST(r.status == 400);
            BOOST_TEST(code_of(r) == c.code);
            BOOST_TEST(detail::parse_json(r.body)->integer("status").value() == 400);
            BOOST_TEST(detail::parse_json(r.body)->string_or_empty("more_info") ==
                       "https://www.twilio.com/docs/errors/" + std::to_string(c.code));
            BOOST_TEST(t.messages().empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(checks_credentials_paths_and_methods) {
    twilio_simulator t;
    const auto wrong = t.answer(request("GET", ".json", twilio_simulator::account_sid, "wrong"));
    BOOST_TEST(wrong.status == 401);
    BOOST_TEST(code_of(wrong) == 20003);
    BOOST_TEST(t.answer(request("GET", ".json", twilio_simulator::api_key, twilio_simulator::api_secret)).status ==
               200);
    BOOST_TEST(code_of(t.answer(request("GET", "/Calls.json"))) == 20404);
    BOOST_TEST(t.answer(request("GET", "/Messages.json?PageSize=1")).body.starts_with(R"({"messages":[])"));
    BOOST_TEST(t.answer(request("DELETE", "/Messages.json")).status == 405);
    BOOST_TEST(t.answer(request("POST", ".json")).status == 405);
    BOOST_TEST(code_of(t.answer({"GET", "https://api.twilio.com", {}, {}})) == 20003);
    auto json = request("POST", "/Messages.json");
    json.headers[1].value = "application/json";
    json.body = R"({"To":"+14155550100"})";
    BOOST_TEST(code_of(t.answer(json)) == 21604);
}

BOOST_AUTO_TEST_CASE(fails_when_it_is_told_to) {
    twilio_simulator t;
    t.fail_next(429, 20429);
    t.fail_next(503, 20500);
    t.refuse_messages_to("+14155550100", 21610);
    const form good{{"To", "+14155550101"}, {"From", "+15005550006"}, {"Body", "b"}};
    BOOST_TEST(post(t, good).status == 429);
    const auto second = post(t, good);
    BOOST_TEST(second.status == 503);
    BOOST_TEST(code_of(second) == 20500);
    BOOST_TEST(post(t, good).status == 201);
    BOOST_TEST(code_of(post(t, {{"To", "+14155550100"}, {"From", "+15005550006"}, {"Body", "b"}})) == 21610);
}

BOOST_AUTO_TEST_CASE(the_library_understands_its_replies) {
    twilio_simulator t;
    const twilio::api api(twilio_simulator::settings());
    const auto to = *phone_number::parse("+14155550100");
    BOOST_TEST(*twilio::read_account_status(t.answer(api.fetch_account())) == "active");
    t.set_account_status("suspended");
    BOOST_TEST(*twilio::read_account_status(t.answer(api.fetch_account())) == "suspended");

    const auto ours = *phone_number::parse(twilio_simulator::sender);
    BOOST_TEST((*twilio::read_number(t.answer(api.find_number(ours))))->mms);
    BOOST_TEST(!twilio::read_number(t.answer(api.find_number(to)))->has_value());
    t.add_number({std::string(twilio_simulator::sender), true, false});
    BOOST_TEST(!(*twilio::read_number(t.answer(api.find_number(ours))))->mms);

    const auto sent = twilio::read_message(t.answer(api.create_code_message(to, "123456", std::chrono::seconds(300))));
    BOOST_TEST(sent->sid == "SM00000000000000000000000000000001");
    BOOST_TEST(t.last_code_to("+14155550100") == "123456");
}

BOOST_AUTO_TEST_CASE(counts_segments) {
    const struct {
        std::string text;
        std::size_t segments;
    } cases[] = {
        {"", 1},
        {std::string(160, 'a'), 1},
        {std::string(161, 'a'), 2},
        {std::string(306, 'a'), 2},
        {std::string(307, 'a'), 3},
        {std::string(80, '{'), 1},  // twice each
        {std::string(81, '{'), 2},
        {std::string(158, 'a') + "€", 1},
        {std::string(159, 'a') + "€", 2},
        {std::string(70, 'a') + "ç", 2},  // not GSM-7: 71 units
        {std::string(69, 'a') + "ç", 1},
        {std::string(68, 'a') + "\xF0\x9F\x98\x80", 1},  // two UTF-16 units
        {std::string(69, 'a') + "\xF0\x9F\x98\x80", 2},
        {std::string(134, 'a') + "ç", 3},
        {std::string(159, 'a') + "é", 1},
    };
    for (const auto& c : cases) BOOST_TEST_CONTEXT(c.text) BOOST_TEST(detail::sms_segments(c.text) == c.segments);
}

BOOST_AUTO_TEST_CASE(writes_dates) {
    BOOST_TEST(detail::rfc2822_date(time_point(std::chrono::milliseconds(1692853305999))) ==
               "Thu, 24 Aug 2023 05:01:45 +0000");
    BOOST_TEST(detail::rfc2822_date(time_point()) == "Thu, 01 Jan 1970 00:00:00 +0000");
}

BOOST_AUTO_TEST_SUITE_END()
