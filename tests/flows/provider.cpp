// SPDX-License-Identifier: BSL-1.0
#include "flows/world.hpp"

using namespace flow_tests;

BOOST_AUTO_TEST_SUITE(flows_provider)

BOOST_AUTO_TEST_CASE_TEMPLATE(refusal_fails_the_transaction_and_gives_the_send_back, World, worlds) {
    World w;
    w.transport.reply(400, R"({"code":21610,"message":"Attempt to send to unsubscribed recipient","status":400})");
    auto s = w.run(w.auth.start_registration(phone));
    BOOST_TEST(error_of(s) == error::provider_refused);
    BOOST_TEST(s.error().twilio_code.value() == 21610);
    BOOST_TEST(codes_taken(w) == 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(busy_provider_says_when_to_come_back, World, worlds) {
    World w;
    w.transport.reply(429, R"({"code":20429,"message":"Too many requests","status":429})", {{"Retry-After", "7"}});
    auto s = w.run(w.auth.start_registration(phone));
    BOOST_TEST(error_of(s) == error::provider_busy);
    BOOST_TEST((s.error().retry_after == 7s));
    BOOST_TEST(codes_taken(w) == 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(throttled_provider_is_left_alone_for_as_long_as_it_asks, World, worlds) {
    World w;
    register_user(w);
    const auto s = w.run(w.auth.start_login(phone));
    w.clock.advance(1min);
    w.transport.reply(429, R"({"code":20429,"message":"Too many requests","status":429})", {{"Retry-After", "7"}});
    BOOST_TEST(error_of(w.run(w.auth.start_registration(phone))) == error::provider_busy);
    const auto calls = w.transport.calls();
    w.clock.advance(3500ms);
    const auto check_busy = [&](const auto& r) {
        BOOST_TEST(error_of(r) == error::provider_busy);
        if (!r) BOOST_TEST((r.error().retry_after == 4s));
    };
    check_busy(w.run(w.auth.start_registration(other_phone)));
    check_busy(w.run(w.auth.start_login(phone)));
    check_busy(w.run(w.auth.start_login(other_phone)));
    check_busy(w.run(w.auth.start_two_factor_login(phone, password("correct horse"))));
    check_busy(w.run(w.auth.resend(s->transaction_id)));
    check_busy(w.run(w.auth.send_message({phone, "x"})));
    BOOST_TEST(w.transport.calls() == calls);
    BOOST_TEST(codes_taken(w, other_phone) == 0);
    BOOST_TEST(messages_taken(w) == 0);
    w.clock.advance(3500ms);
    BOOST_TEST(w.run(w.auth.start_registration(other_phone)).has_value());
    BOOST_TEST(w.run(w.auth.send_message({phone, "x"})).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(pause_of_a_provider_has_bounds, World, worlds) {
    struct row {
        int status;
        std::vector<http_header> headers;
        std::chrono::seconds pause;
    };
    const row rows[] = {{429, {}, 5s},
                        {429, {{"Retry-After", "86400"}}, 1h},
                        {503, {{"Retry-After", "30"}}, 30s},
                        {503, {}, 0s},
                        {500, {{"Retry-After", "30"}}, 0s}};
    for (const auto& r : rows) {
        BOOST_TEST_CONTEXT(r.status << ", " << r.pause.count() << " s") {
            World w;
            w.transport.reply(r.status, {}, r.headers);
            (void)w.run(w.auth.send_message({phone, "x"}));
            if (r.pause > 0s) {
                w.clock.advance(r.pause - 1ms);
                BOOST_TEST(error_of(w.run(w.auth.send_message({phone, "x"}))) == error::provider_busy);
                w.clock.advance(1ms);
            }
            BOOST_TEST(w.run(w.auth.send_message({phone, "x"})).has_value());
        }
    }
    World w;
    w.transport.reply(429, {}, {{"Retry-After", "3600"}});
    BOOST_TEST(!w.run(w.auth.send_message({phone, "x"})));
    w.clock.advance(-24h);  // a clock that is set back makes it no longer
    BOOST_TEST(w.run(w.auth.send_message({phone, "x"})).has_value());
}

/// Else the pause would tell the next client that the phone of the one before is a user's.
BOOST_AUTO_TEST_CASE_TEMPLATE(full_queue_of_the_sender_is_no_pause, World, worlds) {
    World w;
    register_user(w);
    w.transport.reply(429, R"({"code":21611,"message":"x","status":429})", {{"Retry-After", "7"}});
    BOOST_TEST(w.run(w.auth.start_login(phone)).has_value());  // concealed
    BOOST_TEST(w.run(w.auth.start_login(other_phone)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(unreachable_provider_has_sent_nothing, World, worlds) {
    for (const error e : {error::host_not_found, error::connect_failed, error::connect_timeout, error::proxy_failed,
                          error::tls_failed, error::certificate_untrusted}) {
        World w;
        w.transport.reply_failure(e);
        BOOST_TEST(error_of(w.run(w.auth.start_registration(phone))) == error::provider_unreachable);
        BOOST_TEST(codes_taken(w) == 0);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_transport_says_is_not_for_clients, World, worlds) {
    World w;
    const failure why(error::connect_failed, "proxy7.internal:3128 refused the connection");
    for (int i = 0; i < 3; ++i) w.transport.reply_failure(why);
    BOOST_TEST(w.run(w.auth.start_registration(phone)).error().message.find("proxy7") == std::string::npos);
    BOOST_TEST(w.run(w.auth.send_message({phone, "x"})).error().message.find("proxy7") == std::string::npos);
    const auto report = w.run(w.auth.test_configuration());  // is for who runs the server
    BOOST_TEST(report->findings.back().message.find("proxy7") != std::string::npos);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(no_answer_leaves_a_code_that_works, World, worlds) {
    for (const error e : {error::read_timeout, error::connection_lost, error::write_failed, error::malformed_reply}) {
        World w;
        w.transport.reply_failure(e);
        auto s = w.run(w.auth.start_registration(phone));
        BOOST_REQUIRE(s);
        BOOST_TEST(s->delivery_uncertain);
        BOOST_TEST(codes_taken(w) == 1);
        BOOST_TEST(w.transport.calls() == 1u);
        BOOST_TEST(w.run(w.auth.finish_registration(form(s->transaction_id, w.transport.last_code()))).has_value());
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(ambiguous_replies_are_not_refusals, World, worlds) {
    const std::pair<int, const char*> replies[] = {{500, "oops"},
                                                   {503, R"({"code":20503,"message":"x","status":503})"},
                                                   {302, ""},
                                                   {201, "not json"},
                                                   {201, "{}"}};
    for (const auto& [status, body] : replies) {
        World w;
        w.transport.reply(status, body);
        auto s = w.run(w.auth.start_registration(phone));
        BOOST_REQUIRE(s);
        BOOST_TEST(s->delivery_uncertain);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(throwing_transport_is_no_answer, World, worlds) {
    World w;
    w.transport.throw_on_call(1);
    auto s = w.run(w.auth.start_registration(phone));
    BOOST_REQUIRE(s);
    BOOST_TEST(s->delivery_uncertain);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(resend_refused_leaves_the_first_code_valid, World, worlds) {
    World w;
    auto s = w.run(w.auth.start_registration(phone));
    const auto code = w.transport.last_code();
    w.clock.advance(30s);
    w.transport.reply(400, R"({"code":21610,"message":"x","status":400})");
    BOOST_TEST(error_of(w.run(w.auth.resend(s->transaction_id))) == error::provider_refused);
    BOOST_TEST(codes_taken(w) == 1);
    BOOST_TEST(w.run(w.auth.finish_registration(form(s->transaction_id, code))).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(messages_of_all_kinds, World, worlds) {
    World w;
    auto sent = w.run(w.auth.send_message({phone,
                                           "hello & good bye",
                                           {"https://example.com/a.png"},
                                           {{"statusCallback", "https://example.com/cb"}, {"ValidityPeriod", "60"}}}));
    BOOST_REQUIRE(sent);
    BOOST_TEST(sent->sid.starts_with("SM"));
    BOOST_TEST(sent->status == "queued");
    BOOST_TEST(sent->json.starts_with('{'));
    const auto request = w.transport.requests().back();
    BOOST_TEST(request.method == "POST");
    BOOST_TEST(request.url ==
               "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json");
    BOOST_TEST(request.body == "To=%2B14155550100&Body=hello+%26+good+bye&MediaUrl=https%3A%2F%2Fexample.com%2Fa.png"
                               "&StatusCallback=https%3A%2F%2Fexample.com%2Fcb&ValidityPeriod=60&From=%2B15005550006");
    BOOST_TEST(*find_header(request.headers, "authorization") ==
               "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDpub3QtYS1yZWFsLXRva2Vu");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(bad_messages_are_not_sent, World, worlds) {
    World w;
    const auto refused = [&](text_message m) { return error_of(w.run(w.auth.send_message(std::move(m)))); };
    BOOST_TEST(refused({"", "x"}) == error::invalid_phone_number);
    BOOST_TEST(refused({"+1415555abcd", "x"}) == error::invalid_phone_number);
    BOOST_TEST(refused({phone, ""}) == error::missing_parameter);
    BOOST_TEST(refused({phone, std::string(1601, 'x')}) == error::message_too_long);
    BOOST_TEST(refused({phone, "\xff"}) == error::invalid_parameter);
    BOOST_TEST(refused({phone, "x", {"http://example.com/a.png"}}) == error::invalid_media_url);
    BOOST_TEST(refused({phone, "x", {"https://example.com/a b"}}) == error::invalid_media_url);
    BOOST_TEST(refused({phone, "x", std::vector<std::string>(11, "https://example.com/a")}) ==
               error::invalid_parameter);
    BOOST_TEST(refused({phone, "x", {}, {{"To", "+1"}}}) == error::invalid_parameter);
    BOOST_TEST(refused({phone, "x", {}, {{"Attempt", "1\r\nX: y"}}}) == error::invalid_parameter);
    BOOST_TEST(w.transport.calls() == 0u);
    BOOST_TEST(messages_taken(w) == 0);
    BOOST_TEST(w.run(w.auth.send_message({phone, std::string(1600, 'x')})).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(unanswered_message_is_said_to_be_uncertain, World, worlds) {
    World w;
    w.transport.reply_failure(error::read_timeout);
    BOOST_TEST(error_of(w.run(w.auth.send_message({phone, "x"}))) == error::no_answer);
    BOOST_TEST(messages_taken(w) == 1);
    w.transport.reply(400, R"({"code":21614,"message":"x","status":400})");
    BOOST_TEST(error_of(w.run(w.auth.send_message({phone, "x"}))) == error::provider_refused);
    BOOST_TEST(messages_taken(w) == 1);
}

/// "account+ sender+ …" from the first answer on, and what it comes to. "destinations" and what else the configuration
/// tells by itself is the same each time.
static std::string summary(const configuration_report& r) {
    std::string s;
    for (const auto& f : r.findings) s += f.check + (f.ok ? "+ " : "- ");
    const std::string always = "destinations- segments+ callback+ region+ connection+ tls+ ";
    BOOST_TEST(s.starts_with(always), s);
    return s.substr((std::min)(always.size(), s.size())) + (r.ok() ? "usable" : "not usable");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(configuration_is_tested, World, worlds) {
    const auto number = [](bool sms, bool mms) {
        const auto word = [](bool b) { return std::string(b ? "true" : "false"); };
        return R"({"incoming_phone_numbers":[{"phone_number":"+15005550006","capabilities":{"voice":true,"sms":)" +
               word(sms) + R"(,"mms":)" + word(mms) + "}}]}";
    };
    {
        World w;
        w.transport.reply(200, R"({"status":"active"})");
        w.transport.reply(200, number(true, false));
        auto r = w.run(w.auth.test_configuration());
        BOOST_TEST(summary(*r) == "credentials+ key+ account+ sender+ sms+ mms- countries- look-up+ usable");
        BOOST_TEST(w.transport.requests()[1].url.ends_with("/IncomingPhoneNumbers.json?PhoneNumber=%2B15005550006"));
    }
    {
        World w;
        w.transport.reply(401, R"({"code":20003,"message":"Authenticate","status":401})");
        auto r = w.run(w.auth.test_configuration());
        BOOST_TEST(summary(*r) == "credentials- not usable");
    }
    {
        World w;
        w.transport.reply(200, R"({"status":"suspended"})");
        w.transport.reply(200, R"({"incoming_phone_numbers":[]})");
        auto r = w.run(w.auth.test_configuration());
        BOOST_TEST(summary(*r) == "credentials+ key+ account- sender- countries- look-up+ not usable");
    }
    {
        World w;
        w.transport.reply(200, R"({"status":"active"})");
        w.transport.reply(200, number(false, false));
        auto r = w.run(w.auth.test_configuration());
        BOOST_TEST(summary(*r) == "credentials+ key+ account+ sender+ sms- mms- countries- look-up+ not usable");
    }
    {
        // A key that may create messages, but not read them.
        World w;
        w.transport.reply(200, R"({"status":"active"})");
        w.transport.reply(200, number(true, true));
        w.transport.reply(403, R"({"code":20003,"message":"Permission denied","status":403})");
        auto r = w.run(w.auth.test_configuration());
        BOOST_TEST(summary(*r) == "credentials+ key+ account+ sender+ sms+ mms+ countries- look-up- usable");
        BOOST_TEST(w.transport.requests()[2].url.find("/Messages.json?PageSize=1&To=") != std::string::npos);
    }
}

/// It asks one thing after the other, in either mode, and no more than it needs.
BOOST_AUTO_TEST_CASE_TEMPLATE(configuration_is_tested_by_questions_in_order, World, worlds) {
    auto c = test_config();
    c.twilio.sender = "MG" + std::string(32, '0');
    c.twilio.api_key = "SK" + std::string(32, '0');
    c.twilio.api_secret = "not-a-real-secret";
    c.twilio.region = "ie1";
    c.twilio.status_callback = "https://auth.example.com/x";
    World w(c);
    w.transport.reply(200, R"({"status":"active","type":"Trial"})", {{"Date", "Thu, 01 Jan 1970 00:00:00 GMT"}});
    w.transport.reply(200, R"({"phone_numbers":[]})");
    w.transport.reply(200, R"({"short_codes":[]})");
    w.transport.reply_failure(error::read_timeout);
    w.transport.reply(200, R"({"messages":[]})");
    w.transport.reply(200, R"({"permissions":[{"country_code":"US","prefix":"+1","enabled":true}]})");
    w.transport.reply(200, R"({"outgoing_caller_ids":[{"phone_number":"+14155550100"}]})");
    w.transport.reply(401, R"({"code":20003,"status":401})");
    const auto r = w.run(w.auth.test_configuration());
    std::string asked;
    for (const auto& request : w.transport.requests()) {
        BOOST_TEST(request.method == "GET");
        const auto host = request.url.find("://") + 3;
        asked += request.url.substr(host, request.url.find('.', host) - host) +
                 request.url.substr(request.url.rfind('/')) + ' ';
        BOOST_TEST(request.url.find(".dublin.ie1.twilio.com/") != std::string::npos);
    }
    BOOST_TEST(asked == "api/AC00000000000000000000000000000000.json messaging/PhoneNumbers?PageSize=20 "
                        "messaging/ShortCodes?PageSize=20 messaging/AlphaSenders?PageSize=20 "
                        "api/Messages.json?PageSize=1&To=%2B15005550006 accounts/GeoPermissions "
                        "api/OutgoingCallerIds.json?PageSize=20 api/AC00000000000000000000000000000000.json ");
    const auto by = [&](std::size_t i) { return *find_header(w.transport.requests()[i].headers, "Authorization"); };
    BOOST_TEST(by(0) == by(6));
    BOOST_TEST(by(7) == "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDpub3QtYS1yZWFsLXRva2Vu");
    std::string found;
    for (const auto& f : r->findings) found += f.check + (f.ok ? "+ " : "- ");
    BOOST_TEST(found == "destinations- segments+ callback- region+ connection+ tls+ clock- credentials+ key+ account+ "
                        "trial- sender+ sms+ countries+ look-up+ ");
}

/// Twilio lets a standard key do everything but read accounts, and says so as if the key were wrong.
BOOST_AUTO_TEST_CASE_TEMPLATE(configuration_is_tested_with_keys_that_may_not_all, World, worlds) {
    const auto with_key = [] {
        auto c = test_config();
        c.twilio.api_key = "SK" + std::string(32, '0');
        c.twilio.api_secret = "not-a-real-secret";
        return c;
    };
    const std::string denied = R"({"code":20003,"message":"Authenticate","status":401})";
    const std::string number =
        R"({"incoming_phone_numbers":[{"phone_number":"+15005550006","capabilities":{"sms":true,"mms":true}}]})";
    {
        World w(with_key());  // a standard key
        w.transport.reply(401, denied);
        w.transport.reply(200, number);
        const auto r = w.run(w.auth.test_configuration());
        BOOST_TEST(summary(*r) == "credentials+ key+ account- sender+ sms+ mms+ countries- look-up+ usable");
        BOOST_TEST(r->findings[8].message.find("not known") != std::string::npos);
    }
    {
        World w(with_key());  // a restricted one, which may create and read messages only
        w.transport.reply(403, R"({"code":70051,"message":"Authorization Failed","status":403})");
        w.transport.reply(403, R"({"code":70051,"message":"Authorization Failed","status":403})");
        const auto r = w.run(w.auth.test_configuration());
        BOOST_TEST(summary(*r) == "credentials+ key+ account- sender- countries- look-up+ usable");
    }
    {
        World w(with_key());  // a wrong one
        for (int i = 0; i < 3; ++i) w.transport.reply(401, denied);
        const auto r = w.run(w.auth.test_configuration());
        BOOST_TEST(summary(*r) == "credentials- not usable");
    }
    {
        auto c = with_key();  // without a number that could be looked up
        c.twilio.sender = "MG" + std::string(32, '0');
        c.unknown_phone = unknown_phone_policy::reject;
        World w(c);
        w.transport.reply(401, denied);
        w.transport.reply(200, R"({"phone_numbers":[{"phone_number":"+15005550006","capabilities":["SMS"]}]})");
        const auto r = w.run(w.auth.test_configuration());
        BOOST_TEST(summary(*r) == "credentials+ key+ account- sender+ sms+ countries- usable");
        BOOST_TEST(w.transport.requests()[1].url ==
                   "https://messaging.twilio.com/v1/Services/" + c.twilio.sender + "/PhoneNumbers?PageSize=20");
    }
    for (const char* sender : {"MyBrand", "12345", "whatsapp:+14155238886", "rcs:agent"}) {
        auto c = test_config();
        c.twilio.sender = sender;
        World w(c);
        w.transport.reply(200, R"({"status":"active"})");
        if (sender[0] == '1') w.transport.reply(200, R"({"short_codes":[{"short_code":"12345"}]})");
        const auto r = w.run(w.auth.test_configuration());
        BOOST_TEST(summary(*r) == "credentials+ key+ account+ sender+ countries- look-up+ usable");
    }
}

BOOST_AUTO_TEST_SUITE_END()
