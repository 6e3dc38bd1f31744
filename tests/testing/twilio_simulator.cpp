// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <phoneauth/testing/twilio_simulator.hpp>
#include <phoneauth/twilio/delivery.hpp>
#include <phoneauth/twilio/replies.hpp>
#include <phoneauth/twilio/requests.hpp>

using namespace phoneauth;

namespace {

using form = std::vector<std::pair<std::string, std::string>>;

http_request request(std::string method, const std::string& path,
                     std::string_view user = testing::twilio_simulator::account_sid,
                     std::string_view secret = testing::twilio_simulator::auth_token) {
    const auto credentials = detail::base64(std::string(user) + ":" + std::string(secret));
    return {std::move(method),
            "https://api.twilio.com/2010-04-01/Accounts/" + std::string(testing::twilio_simulator::account_sid) + path,
            {{"Authorization", "Basic " + credentials}, {"Content-Type", "application/x-www-form-urlencoded"}},
            {}};
}

http_response post(testing::twilio_simulator& t, const form& fields) {
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
    testing::twilio_simulator t;
    std::string heard;
    t.on_message([&](const testing::simulated_message& m) { heard = m.body; });
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
    testing::twilio_simulator t;
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
        testing::twilio_simulator t;
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
    testing::twilio_simulator t;
    const auto wrong = t.answer(request("GET", ".json", testing::twilio_simulator::account_sid, "wrong"));
    BOOST_TEST(wrong.status == 401);
    BOOST_TEST(code_of(wrong) == 20003);
    BOOST_TEST(
        t.answer(request("GET", ".json", testing::twilio_simulator::api_key, testing::twilio_simulator::api_secret))
            .status == 200);
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

BOOST_AUTO_TEST_CASE(senders_of_every_kind) {
    testing::twilio_simulator t;
    t.add_number({"12345"});
    const auto code = [&](const char* to, const char* from) {
        const auto r = post(t, {{"To", to}, {"From", from}, {"Body", "b"}});
        return r.status == 201 ? 0 : static_cast<int>(code_of(r));
    };
    BOOST_TEST(code("+4915112345678", "MyBrand") == 0);
    BOOST_TEST(code("+14155550100", "MyBrand") == 21612);
    BOOST_TEST(code("+14155550100", "12345") == 0);
    BOOST_TEST(code("+14155550100", "54321") == 21606);
    BOOST_TEST(code("+14155550100", "1 500 555 0006") == 21212);
    BOOST_TEST(code("whatsapp:+14155550100", "whatsapp:+15005550006") == 0);
    BOOST_TEST(code("+14155550100", "whatsapp:+15005550006") == 21211);
    BOOST_TEST(code("whatsapp:+14155550100", "whatsapp:+14155238886") == 63007);
}

/// As Twilio does: https://www.twilio.com/docs/usage/security#notes
BOOST_AUTO_TEST_CASE(reports_to_a_url_with_a_password) {
    const testing::twilio_simulator t;
    const auto reports = t.delivery_reports(
        {"SM1", "+14155550100", {}, "b", {}, {{"StatusCallback", "https://user:pa%40ss@a.example/status?x=1"}}});
    BOOST_REQUIRE(!reports.empty());
    BOOST_TEST(reports[0].url == "https://a.example/status?x=1");
    BOOST_TEST(*find_header(reports[0].headers, "Authorization") == "Basic " + detail::base64("user:pa@ss"));
    BOOST_TEST(twilio::verify_callback(testing::twilio_simulator::auth_token,
                                       "https://user:pa%40ss@a.example/status?x=1", reports[0].body,
                                       *find_header(reports[0].headers, "X-Twilio-Signature"))
                   .has_value());
}

BOOST_AUTO_TEST_CASE(fails_when_it_is_told_to) {
    testing::twilio_simulator t;
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
    testing::twilio_simulator t;
    const twilio::requests api(testing::twilio_simulator::settings());
    const auto to = *phone_number::parse("+14155550100");
    BOOST_TEST(*twilio::read_account_status(t.answer(api.fetch_account())) == "active");
    t.set_account_status("suspended");
    BOOST_TEST(*twilio::read_account_status(t.answer(api.fetch_account())) == "suspended");

    const auto ours = *phone_number::parse(testing::twilio_simulator::sender);
    BOOST_TEST((*twilio::read_number(t.answer(api.find_number(ours))))->mms);
    BOOST_TEST(!twilio::read_number(t.answer(api.find_number(to)))->has_value());
    t.add_number({std::string(testing::twilio_simulator::sender), true, false});
    BOOST_TEST(!(*twilio::read_number(t.answer(api.find_number(ours))))->mms);

    const auto sent =
        twilio::read_sent_message(t.answer(api.create_code_message(to, "123456", std::chrono::seconds(300))));
    BOOST_TEST(sent->sid == "SM00000000000000000000000000000001");
    BOOST_TEST(t.last_code_to("+14155550100") == "123456");
}

BOOST_AUTO_TEST_CASE(remembers_so_many_messages) {
    testing::twilio_simulator t;
    const auto last = static_cast<int>(testing::twilio_simulator::max_messages);
    for (int i = 0; i <= last + 1; ++i)
        post(t, {{"To", "+1415555" + std::to_string(1000 + i)}, {"From", "+15005550006"}, {"Body", std::to_string(i)}});
    const auto kept = t.messages();
    BOOST_REQUIRE(kept.size() == testing::twilio_simulator::max_messages);
    BOOST_TEST(kept.front().body == "2");
    BOOST_TEST(kept.back().body == std::to_string(last + 1));
    BOOST_TEST(kept.back().sid == "SM00000000000000000000000000001002");  // no id comes twice
    BOOST_TEST(t.last_message_to("+14155551000") == "");
}

BOOST_AUTO_TEST_CASE(signs_as_twilio) {
    // Twilio's published examples.
    const std::string url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    for (const auto& [caller, signature] : {std::pair("+14158675309", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
                                            std::pair("+12349013030", "0/KCTR6DLpKmkAf8muzZqo1nDgQ=")})
        BOOST_TEST(testing::detail::twilio_signature("12345", url,
                                                     {{"To", "+18005551212"},
                                                      {"CallSid", "CA1234567890ABCDE"},
                                                      {"Caller", caller},
                                                      {"From", caller},
                                                      {"Digits", "1234"}}) == signature);
}

BOOST_AUTO_TEST_CASE(reports_what_became_of_a_message) {
    testing::twilio_simulator t;
    t.fail_delivery_to("+14155550106", 30008);
    auto settings = testing::twilio_simulator::settings();
    settings.status_callback = "https://example.com/reports";
    const auto url = settings.status_callback + "?transaction=abc&send=2";
    const struct {
        std::string to, last;
        int code;
    } cases[] = {{"+14155550100", "delivered", 0},       {"+15005553003", "undelivered", 30003},
                 {"+15005553038", "undelivered", 30038}, {"+15005553001", "delivered", 0},
                 {"+14155550106", "undelivered", 30008}, {"+14155553003", "delivered", 0}};
    for (const auto& c : cases) BOOST_TEST_CONTEXT(c.to) {
            auto r = request("POST", "/Messages.json");
            for (const auto& [name, value] :
                 form{{"To", c.to}, {"From", "+15005550006"}, {"Body", "b"}, {"StatusCallback", url}})
                detail::append_form_field(r.body, name, value);
            std::optional<testing::simulated_message> accepted;
            BOOST_TEST(t.answer(r, &accepted).status == 201);
            BOOST_REQUIRE(accepted.has_value());
            const auto reports = t.delivery_reports(*accepted);
            std::vector<std::string> statuses;
            for (const auto& report : reports) {
                BOOST_TEST(report.url == url);
                const auto* signature = find_header(report.headers, "X-Twilio-Signature");
                BOOST_REQUIRE(signature != nullptr);
                const auto read = twilio::read_delivery(settings, {"transaction=abc&send=2", report.body, *signature});
                BOOST_REQUIRE(read.has_value());
                statuses.push_back(read->status);
                BOOST_TEST(read->transaction_id == "abc");
                BOOST_TEST(read->send == 2u);
                BOOST_TEST(read->error_code == (read->status == "undelivered" ? c.code : 0));
                BOOST_TEST(detail::form_field(report.body, "To") == c.to);
                BOOST_TEST(detail::form_field(report.body, "MessageSid") == accepted->sid);
            }
            const std::vector<std::string> expected{"queued", "sent", c.last};
            BOOST_TEST(statuses == expected, boost::test_tools::per_element());
        }
    BOOST_TEST(t.delivery_reports({"SM1", "+14155550100", {}, "b", {}, {{"To", "+14155550100"}}}).empty());
}

BOOST_AUTO_TEST_CASE(tells_only_of_accepted_messages) {
    testing::twilio_simulator t;
    std::optional<testing::simulated_message> accepted;
    t.answer(request("GET", ".json"), &accepted);
    BOOST_TEST(!accepted.has_value());
    t.answer(request("POST", "/Messages.json"), &accepted);
    BOOST_TEST(!accepted.has_value());
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
    for (const auto& c : cases) BOOST_TEST_CONTEXT(c.text) BOOST_TEST(twilio::segments(c.text) == c.segments);
}

BOOST_AUTO_TEST_CASE(writes_dates) {
    BOOST_TEST(testing::detail::rfc2822_date(time_point(std::chrono::milliseconds(1692853305999))) ==
               "Thu, 24 Aug 2023 05:01:45 +0000");
    BOOST_TEST(testing::detail::rfc2822_date(time_point()) == "Thu, 01 Jan 1970 00:00:00 +0000");
}

BOOST_AUTO_TEST_CASE(set_ups_have_their_consequences) {
    const auto send = [](testing::twilio_simulator& t, form message) { return code_of(post(t, std::move(message))); };
    const form to_us{{"To", "+14155550100"}, {"From", "+15005550006"}, {"Body", "b"}};
    const form to_gb{{"To", "+447911123456"}, {"From", "+15005550006"}, {"Body", "b"}};
    const std::string sid = "MG" + std::string(32, '1');
    const form by_service{{"To", "+14155550100"}, {"MessagingServiceSid", sid}, {"Body", "b"}};
    {
        testing::twilio_simulator t;
        t.set_account_type("Trial");
        t.verify_number("+14155550100");
        BOOST_TEST(post(t, to_us).status == 201);
        BOOST_TEST(send(t, to_gb) == 21608);
    }
    {
        testing::twilio_simulator t;
        t.set_country("GB", "44", false);
        BOOST_TEST(post(t, to_us).status == 201);
        BOOST_TEST(send(t, to_gb) == 21408);
        t.set_country("US", "1", false);
        BOOST_TEST(post(t, to_us).status == 201);  // it could be Canadian
    }
    {
        testing::twilio_simulator t;
        t.set_service(sid, {});
        BOOST_TEST(send(t, by_service) == 21704);
        t.set_service(sid, {{"+15005550006"}});
        BOOST_TEST(post(t, by_service).status == 201);
    }
    {
        testing::twilio_simulator t;
        t.remove_number("+15005550006");
        BOOST_TEST(send(t, to_us) == 21606);
    }
}

BOOST_AUTO_TEST_CASE(keys_of_all_kinds) {
    const auto answers = [](testing::simulated_key kind) {
        testing::twilio_simulator t;
        t.set_api_key_kind(kind);
        auto c = testing::twilio_simulator::settings();
        c.api_key = testing::twilio_simulator::api_key;
        c.api_secret = testing::twilio_simulator::api_secret;
        const twilio::requests api(c);
        const auto us = *phone_number::parse(testing::twilio_simulator::sender);
        std::string statuses;
        for (const auto& request : {api.fetch_account(), api.find_number(us), api.find_short_code("12345"),
                                    api.list_verified_numbers(), api.list_countries(), api.find_messages(us),
                                    api.create_code_message(us, "123456", std::chrono::seconds(300))})
            statuses += std::to_string(t.answer(request).status) + ' ';
        return statuses;
    };
    BOOST_TEST(answers(testing::simulated_key::main) == "200 200 200 200 200 200 201 ");
    BOOST_TEST(answers(testing::simulated_key::standard) == "401 200 200 200 200 200 201 ");
    BOOST_TEST(answers(testing::simulated_key::restricted) == "403 403 403 403 403 200 201 ");
}

BOOST_AUTO_TEST_CASE(the_library_understands_its_lists) {
    testing::twilio_simulator t;
    auto c = testing::twilio_simulator::settings();
    c.sender = "MG" + std::string(32, '1');
    const twilio::requests api(c);
    t.verify_number("+14155550100");
    t.add_number({"12345"});
    t.set_service(c.sender, {{"+14155550111", false, false}, {"12345"}});
    const auto verified = twilio::read_verified_numbers(t.answer(api.list_verified_numbers()));
    BOOST_TEST((verified->is_whole && verified->numbers == std::vector<std::string>{"+14155550100"}));
    BOOST_TEST(*twilio::read_short_code(t.answer(api.find_short_code("12345"))));
    BOOST_TEST(!*twilio::read_short_code(t.answer(api.find_short_code("54321"))));
    for (const auto& kind : twilio::service_sender_kinds) {
        const auto senders =
            twilio::read_service_senders(t.answer(api.list_service_senders(kind.subresource)), kind.member);
        const bool some = kind.subresource == "PhoneNumbers" || kind.subresource == "ShortCodes";
        BOOST_TEST(senders->count == (some ? 1u : 0u), kind.subresource);
        BOOST_TEST(senders->cannot_sms == (kind.subresource == "PhoneNumbers"), kind.subresource);
    }
    const auto countries = twilio::read_countries(t.answer(api.list_countries()));
    BOOST_TEST(countries->front().country == "US");
    BOOST_TEST(countries->front().enabled);
    c.sender = "MG" + std::string(32, '2');
    const auto unknown = t.answer(twilio::requests(c).list_service_senders("PhoneNumbers"));
    BOOST_TEST(code_of(unknown) == 20404);
    BOOST_TEST(!twilio::date_of(unknown));
    t.set_clock(std::chrono::hours(1));
    const auto dated = twilio::date_of(t.answer(api.list_countries()));
    BOOST_REQUIRE(dated);
    const auto ahead = *dated - std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    BOOST_TEST((ahead > std::chrono::minutes(59) && ahead <= std::chrono::hours(1)));
}

BOOST_AUTO_TEST_SUITE_END()
