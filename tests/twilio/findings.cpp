// SPDX-License-Identifier: BSL-1.0
// What TEST CONFIGURATION makes of Twilio's replies, and of the configuration: each set-up that is wrong, and the right one.
#include <phoneauth/authenticator.hpp>
#include <phoneauth/detail/read_http_date.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/manual_clock.hpp>
#include <phoneauth/testing/scripted_transport.hpp>
#include <phoneauth/testing/twilio_simulator.hpp>
#include <phoneauth/twilio/findings.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>

using namespace phoneauth;
using namespace std::chrono_literals;

namespace {

config right_config() {
    config c;
    c.twilio = testing::twilio_simulator::settings();
    c.code_keys = {{"k1", std::string(32, 'k')}};
    c.allowed_calling_codes = {"1", "44"};
    return c;
}

config with_key(config c = right_config()) {
    c.twilio.auth_token.clear();
    c.twilio.api_key = testing::twilio_simulator::api_key;
    c.twilio.api_secret = testing::twilio_simulator::api_secret;
    return c;
}

template <class Transport>
configuration_report report_of(const config& c, Transport& transport) {
    memory_storage storage;
    authenticator auth(c, storage, transport);
    return *auth.test_configuration();
}

/// "destinations+ segments+ …": "+" is well, "-" stands in the way, "~" is a note.
std::string summary(const configuration_report& r) {
    std::string s;
    for (const auto& f : r.findings) s.append(f.check).append(f.ok ? "+ " : f.essential ? "- " : "~ ");
    return s;
}

const finding& find(const configuration_report& r, std::string_view check) {
    static const finding none{"none", true, {}, {}, true};
    const auto f =
        std::find_if(r.findings.begin(), r.findings.end(), [&](const auto& each) { return each.check == check; });
    return f == r.findings.end() ? none : *f;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

const std::string service = "MG" + std::string(32, '1');

struct set_up {
    const char* name;
    std::function<void(testing::twilio_simulator&, config&)> spoil;
    const char* check;    ///< which finding tells it
    bool essential;       ///< it stands in the way
    const char* message;  ///< part of what it says
    const char* remedy;   ///< and of what to do
};

using simulator = testing::twilio_simulator;

const set_up set_ups[] = {
    {"a wrong auth token", [](simulator&, config& c) { c.twilio.auth_token = std::string(32, '0'); }, "credentials",
     true, "does not take them", "Compare account_sid with auth_token"},
    {"another region's credentials",
     [](simulator&, config& c) {
         c.twilio.auth_token = std::string(32, '0');
         c.twilio.region = "ie1";
     },
     "credentials", true, "does not take them", "take those of ie1, or leave twilio.region empty"},
    {"a suspended account", [](simulator& t, config&) { t.set_account_status("suspended"); }, "account", true,
     "\"suspended\"", "balance"},
    {"a closed account", [](simulator& t, config&) { t.set_account_status("closed"); }, "account", true, "\"closed\"",
     "active account"},
    {"an account that is not active, as an error", [](simulator& t, config&) { t.fail_next(401, 20005); }, "account",
     true, "not active", "status and balance"},
    {"a trial account without verified numbers", [](simulator& t, config&) { t.set_account_type("Trial"); }, "trial",
     true, "there are none", "Upgrade the account"},
    {"a trial account",
     [](simulator& t, config&) {
         t.set_account_type("Trial");
         t.verify_number("+14155550100");
         t.verify_number("+447911123456");
     },
     "trial", false, "verified with it: +14155550100, +447911123456.", "Upgrade the account"},
    {"somebody else's number", [](simulator&, config& c) { c.twilio.sender = "+14155550199"; }, "sender", true,
     "does not own", "Active numbers"},
    {"a number without SMS",
     [](simulator& t, config&) {
         t.add_number({std::string(simulator::sender), false, false});
     },
     "sms", true, "cannot send SMS", "Set twilio.sender to a number that can"},
    {"a number without MMS",
     [](simulator& t, config&) {
         t.add_number({std::string(simulator::sender), true, false});
     },
     "mms", false, "cannot send MMS", "unless you send codes only"},
    {"somebody else's short code", [](simulator&, config& c) { c.twilio.sender = "12345"; }, "sender", true,
     "does not own the short code", "short code of this account"},
    {"a Messaging Service that is not there",
     [](simulator& t, config& c) {
         t.set_service("MG" + std::string(32, '2'), {});
         c.twilio.sender = service;
     },
     "sender", true, "no such Messaging Service", "Messaging, Services"},
    {"a Messaging Service that a proxy does not know",
     [](simulator& t, config& c) {
         t.set_service("MG" + std::string(32, '2'), {});
         c.twilio.sender = service;
         c.twilio.base_url = "https://proxy.example.com";
     },
     "sender", false, "not found at proxy.example.com", "messaging.twilio.com"},
    {"a Messaging Service without senders",
     [](simulator& t, config& c) {
         t.set_service(service, {});
         c.twilio.sender = service;
     },
     "sender", true, "has no senders", "Sender pool"},
    {"a Messaging Service whose senders cannot SMS",
     [](simulator& t, config& c) {
         t.set_service(service, {{"+14155550111", false, false}});
         c.twilio.sender = service;
     },
     "sms", true, "None of the service's senders", "Sender pool"},
    {"a restricted key that may not read numbers",
     [](simulator& t, config& c) {
         t.set_api_key_kind(testing::simulated_key::restricted);
         c = with_key(c);
     },
     "sender", false, "not known", "permission to read phone numbers"},
    {"a standard key that may not read the account",
     [](simulator& t, config& c) {
         t.set_api_key_kind(testing::simulated_key::standard);
         c = with_key(c);
     },
     "account", false, "not known", "Twilio's console"},
    {"a clock that is behind", [](simulator& t, config&) { t.set_clock(120s); }, "clock", false, "s behind Twilio's",
     "NTP"},
    {"a clock that is ahead", [](simulator& t, config&) { t.set_clock(-120s); }, "clock", false, "s ahead of Twilio's",
     "NTP"},
    {"a region without SMS", [](simulator&, config& c) { c.twilio.region = "au1"; }, "region", false,
     "us1 and ie1 only", "Leave twilio.region empty"},
    {"a region that is not used",
     [](simulator&, config& c) {
         c.twilio.region = "ie1";
         c.twilio.base_url = "https://proxy.example.com";
     },
     "region", false, "whatever twilio.region", "Leave out twilio.base_url"},
    {"a country that is closed at Twilio", [](simulator& t, config&) { t.set_country("GB", "44", false); }, "countries",
     false, "+44 (GB)", "Geo permissions"},
    {"all countries closed at Twilio",
     [](simulator& t, config& c) {
         t.set_country("GB", "44", false);
         c.allowed_calling_codes = {"44"};
     },
     "countries", true, "+44 (GB)", "Geo permissions"},
    {"a message of two segments", [](simulator&, config& c) { c.message_template = "{code} " + std::string(160, 'x'); },
     "segments", false, "2 segments", "Shorten message_template"},
    {"a message in UTF-16", [](simulator&, config& c) { c.message_template = "{code} – don’t share it"; }, "segments",
     false, "one segment, as UTF-16 because of \"–\"", "characters of GSM-7"},
    {"a callback to this machine",
     [](simulator&, config& c) { c.twilio.status_callback = "https://u:hidden@localhost:8080/x"; }, "callback", false,
     "cannot reach localhost ", "public https URL"},
    {"a callback without TLS", [](simulator&, config& c) { c.twilio.status_callback = "http://auth.example.com/x"; },
     "callback", false, "not encrypted", "public https URL"},
    {"a callback that is checked with a wrong token",
     [](simulator&, config& c) {
         c = with_key(c);
         c.twilio.auth_token = std::string(32, '0');
         c.twilio.status_callback = "https://auth.example.com/x";
     },
     "callback", false, "not the account's", "Copy twilio.auth_token"},
    {"a reset that goes past the second factor",
     [](simulator&, config& c) {
         c.code_login_enabled = false;
         c.password_reset = password_reset_policy::code;
     },
     "reset", false, "a code alone", "code_and_backup_code"},
    {"every country", [](simulator&, config& c) { c.allowed_calling_codes.clear(); }, "destinations", false,
     "premium numbers", "Set allowed_calling_codes"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(twilio_findings)

BOOST_AUTO_TEST_CASE(right_set_up) {
    simulator t;
    t.set_clock(0s);
    auto c = right_config();
    c.twilio.status_callback = "https://auth.example.com/api/services/Twilio/messageStatus";
    const auto r = report_of(c, t);
    BOOST_TEST(summary(r) == "destinations+ segments+ callback+ region+ connection+ tls+ clock+ credentials+ key+ "
                             "account+ sender+ sms+ mms+ countries+ look-up+ ");
    BOOST_TEST(r.ok());
    for (const auto& f : r.findings) BOOST_TEST(f.remedy == "", f.check);
    BOOST_TEST(find(r, "countries").message == "Twilio sends to the allowed calling codes: +1, +44.");
    BOOST_TEST(find(r, "callback").message == "Twilio reports to auth.example.com whether codes arrive.");
    BOOST_TEST(t.messages().empty());
}

BOOST_AUTO_TEST_CASE(right_set_up_with_a_key) {
    for (const auto kind : {testing::simulated_key::main, testing::simulated_key::standard}) {
        simulator t;
        t.set_api_key_kind(kind);
        auto c = with_key();
        c.twilio.auth_token = simulator::auth_token;
        c.twilio.status_callback = "https://auth.example.com/x";
        const auto r = report_of(c, t);
        BOOST_TEST(summary(r) ==
                   "destinations+ segments+ callback+ region+ connection+ tls+ credentials+ key+ account" +
                       std::string(kind == testing::simulated_key::main ? "+ " : "~ ") +
                       "sender+ sms+ mms+ countries+ look-up+ ");
        BOOST_TEST(has(find(r, "key").message, kind == testing::simulated_key::main ? "main key" : "standard key"));
        BOOST_TEST(r.ok());
    }
    simulator t;
    t.set_api_key_kind(testing::simulated_key::restricted);
    BOOST_TEST(has(find(report_of(with_key(), t), "key").message, "restricted key"));
}

BOOST_AUTO_TEST_CASE(right_set_ups_with_other_senders) {
    const auto findings = [](const char* sender, auto prepare) {
        simulator t;
        prepare(t);
        auto c = right_config();
        c.twilio.sender = sender;
        const auto r = report_of(c, t);
        BOOST_TEST(r.ok(), sender);
        return summary(r).substr(summary(r).find("account"));
    };
    BOOST_TEST(findings("12345", [](simulator& t) { t.add_number({"12345"}); }) ==
               "account+ sender+ countries+ look-up+ ");
    BOOST_TEST(findings(service.c_str(), [](simulator& t) { t.set_service(service, {{"12345"}}); }) ==
               "account+ sender+ sms+ countries+ look-up+ ");
    for (const char* sender : {"MyBrand", "whatsapp:+14155238886", "rcs:agent"})
        BOOST_TEST(findings(sender, [](simulator&) {}) == "account+ sender+ countries+ look-up+ ");
}

BOOST_AUTO_TEST_CASE(each_wrong_set_up_is_told_with_its_remedy) {
    for (const auto& s : set_ups) {
        BOOST_TEST_CONTEXT(s.name) {
            simulator t;
            auto c = right_config();
            s.spoil(t, c);
            const auto r = report_of(c, t);
            const auto& f = find(r, s.check);
            BOOST_TEST(!f.ok);
            BOOST_TEST(f.essential == s.essential);
            BOOST_TEST(r.ok() == !s.essential);
            BOOST_TEST(has(f.message, s.message), f.message);
            BOOST_TEST(has(f.remedy, s.remedy), f.remedy);
            for (const auto& each : r.findings) {
                BOOST_TEST(each.ok == each.remedy.empty(), each.check);
                const auto text = each.message + each.remedy;
                for (const auto& secret :
                     {std::string(c.twilio.auth_token), std::string(c.twilio.api_secret), std::string("hidden")})
                    BOOST_TEST((secret.empty() || !has(text, secret)), each.check);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_an_earlier_check_made_impossible_is_left_out) {
    simulator t;
    auto c = right_config();
    c.twilio.auth_token = "wrong";
    BOOST_TEST(summary(report_of(c, t)) == "destinations+ segments+ callback+ region+ connection+ tls+ credentials- ");
    t.fail_next(401, 20005);
    BOOST_TEST(summary(report_of(right_config(), t)) ==
               "destinations+ segments+ callback+ region+ connection+ tls+ credentials+ key+ account- ");
}

BOOST_AUTO_TEST_CASE(way_to_twilio) {
    struct row {
        error e;
        const char* check;
        const char* remedy;
    };
    const row rows[] = {{error::host_not_found, "connection", "DNS"},
                        {error::connect_failed, "connection", "port 443"},
                        {error::connect_timeout, "connection", "firewall"},
                        {error::proxy_failed, "connection", "lets CONNECT to api.twilio.com pass"},
                        {error::read_timeout, "connection", "status.twilio.com"},
                        {error::no_answer, "connection", "status.twilio.com"},
                        {error::certificate_untrusted, "tls", "apt install ca-certificates"},
                        {error::certificate_expired, "tls", "clock"},
                        {error::certificate_wrong_host, "tls", "twilio.region and twilio.edge are spelled"},
                        {error::tls_failed, "tls", "CA certificates"}};
    for (const auto& row : rows) {
        testing::scripted_transport t;
        t.reply_failure(row.e);
        const auto r = report_of(right_config(), t);
        BOOST_TEST(summary(r) == "destinations+ segments+ callback+ region+ " + std::string(row.check) + "- ");
        BOOST_TEST(has(r.findings.back().message, "api.twilio.com: "));
        BOOST_TEST(has(r.findings.back().remedy, row.remedy), r.findings.back().remedy);
        BOOST_TEST(t.calls() == 1u);
    }
    for (const auto e : {error::host_not_found, error::certificate_wrong_host}) {
        testing::scripted_transport t;
        t.reply_failure(e);
        auto c = right_config();
        c.twilio.base_url = "https://twilio.example";
        const auto remedy = report_of(c, t).findings.back().remedy;
        BOOST_TEST(has(remedy, "how twilio.base_url is spelled"), remedy);
    }
    const std::pair<int, const char*> replies[] = {{200, "is not Twilio"},   {302, "is not Twilio"},
                                                   {404, "is not Twilio"},   {407, "is not Twilio"},
                                                   {429, "Try again later"}, {503, "Try again later"}};
    for (const auto& [status, remedy] : replies) {
        testing::scripted_transport t;
        t.reply(status, "<html>\x1b[2J");
        const auto r = report_of(right_config(), t);
        BOOST_TEST(summary(r) == "destinations+ segments+ callback+ region+ connection- ", status);
        BOOST_TEST(has(r.findings.back().remedy, remedy), status);
        BOOST_TEST(!has(r.findings.back().message, "html"));
    }
}

/// Whoever answers in Twilio's place cannot make the report large, or move a cursor.
BOOST_AUTO_TEST_CASE(texts_of_replies_are_cut_and_cleaned) {
    testing::scripted_transport t;
    t.reply(200, R"({"type":"Trial","status":"\u001b[2J)" + std::string(100'000, 'x') + "\"}");
    t.reply(200, R"({"incoming_phone_numbers":[]})");
    t.reply(200, R"({"messages":[]})");
    std::string countries, numbers;
    for (int i = 0; i < 1000; ++i) {
        countries += R"({"country_code":"GB","prefix":"+44","enabled":false},)";
        numbers += R"({"phone_number":"+1415555)" + std::to_string(1000 + i) + R"("},{"phone_number":"\u001b[2J"},)";
    }
    t.reply(200, R"({"permissions":[)" + countries + R"({}]})");
    t.reply(200, R"({"outgoing_caller_ids":[)" + numbers + R"({}]})");
    const auto r = report_of(right_config(), t);
    for (const auto& f : r.findings) {
        BOOST_TEST(f.message.size() + f.remedy.size() < 800u, f.check);
        for (const char c : f.message) BOOST_TEST((c >= ' ' && c <= '~'), f.check);
    }
    BOOST_TEST(has(find(r, "account").message, "\"?[2Jxxx"));
    BOOST_TEST(has(find(r, "trial").message, " and others."));
    BOOST_TEST(has(find(r, "countries").message, "+44 (GB, GB, GB, GB, GB and 495 more)"));
}

BOOST_AUTO_TEST_CASE(allowed_countries) {
    const std::vector<twilio::country_permission> all{{"US", "1", true},   {"CA", "1", false}, {"JM", "1876", false},
                                                      {"GB", "44", false}, {"RU", "7", false}, {"KZ", "7", false}};
    const auto text = [&](std::vector<std::string> codes) {
        const auto f = twilio::findings::of_allowed_codes(codes, all);
        return std::string(f.ok ? "+ " : f.essential ? "- " : "~ ") + f.message;
    };
    BOOST_TEST(text({"1"}) == "+ Twilio sends to the allowed calling codes: +1 (not CA).");
    BOOST_TEST(text({"1415"}) == "+ Twilio sends to the allowed calling codes: +1415 (not CA).");
    BOOST_TEST(text({"187"}) == "+ Twilio sends to the allowed calling codes: +187 (not CA).");
    BOOST_TEST(text({"1876"}) == "- Twilio does not send to calling codes that are allowed here: +1876 (JM).");
    BOOST_TEST(text({"1", "44"}) == "~ Twilio does not send to calling codes that are allowed here: +44 (GB).");
    BOOST_TEST(text({"7"}) == "- Twilio does not send to calling codes that are allowed here: +7 (RU, KZ).");
    BOOST_TEST(text({"49"}) == "~ Twilio's Geo Permissions say nothing about the allowed calling codes.");
    BOOST_TEST(text({"49", "1"}) == "+ Twilio sends to the allowed calling codes: +1 (not CA).");

    auto c = right_config();
    c.allowed_calling_codes = {"*"};
    const auto of = [&](std::string body, int status = 200) {
        return twilio::findings::of_countries(c, http_response(status, {}, std::move(body)));
    };
    BOOST_TEST(of(R"({"permissions":[{"country_code":"US","prefix":"+1","enabled":true},)"
                  R"({"country_code":"CA","prefix":"+1","enabled":false}]})")
                   .message == "Twilio sends to 1 of 2 countries.");
    BOOST_TEST(of(R"({"permissions":[{"country_code":"US","prefix":"+1","enabled":false}]})").essential);
    for (const char* body : {R"({"permissions":[]})", R"({"permissions":[{"prefix":"+1"}]})", "{}", "<html>"}) {
        BOOST_TEST(!of(body).ok);
        BOOST_TEST(!of(body).essential);
        BOOST_TEST(has(of(body).message, "not known"));
    }
    BOOST_TEST(has(of(R"({"code":20404})", 404).remedy, "Geo permissions"));
}

BOOST_AUTO_TEST_CASE(hosts_that_twilio_can_reach) {
    for (const char* host : {"auth.example.com", "8.8.8.8", "2001:4860::1", "172.32.0.1", "100.128.0.1"})
        BOOST_TEST(twilio::findings::is_public_host(host), host);
    for (const char* host : {"localhost", "auth", "x.localhost", "auth.local", "a.internal", "127.0.0.1", "10.1.2.3",
                             "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.1.1", "100.64.0.1", "0.0.0.0",
                             "::1", "fd00::1", "fe80::1", "::ffff:10.0.0.1"})
        BOOST_TEST(!twilio::findings::is_public_host(host), host);
}

BOOST_AUTO_TEST_CASE(clock_is_compared) {
    const auto check = [](std::chrono::seconds ahead, const char* date = "Sun, 06 Nov 1994 08:49:37 GMT") {
        twilio::test_replies r;
        r.account = http_response(200, {{"Date", date}});
        r.received_at = time_point(784'111'777s + ahead);
        return twilio::findings::of_clock(r);
    };
    for (const auto within : {0s, 60s, -60s}) BOOST_TEST(check(within)->ok);
    BOOST_TEST(check(61s)->message.starts_with("This server's clock is 61 s ahead of Twilio's;"));
    BOOST_TEST(check(-61s)->message.starts_with("This server's clock is 61 s behind Twilio's;"));
    BOOST_TEST(!check(0s, "soon"));
    twilio::test_replies silent;
    silent.account = http_response(200, {});
    silent.received_at = time_point(0s);
    BOOST_TEST(!twilio::findings::of_clock(silent));
}

BOOST_AUTO_TEST_CASE(http_dates) {
    const auto seconds = [](std::string_view text) {
        const auto t = detail::read_http_date(text);
        return t ? t->time_since_epoch().count() : -1;
    };
    BOOST_TEST(seconds("Sun, 06 Nov 1994 08:49:37 GMT") == 784'111'777);
    BOOST_TEST(seconds("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
    BOOST_TEST(seconds("Thu, 29 Feb 2024 23:59:60 GMT") == 1'709'251'200);
    for (const char* bad :
         {"", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 GMT ", "Sunday, 06-Nov-94 08:49:37 GMT",
          "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
          "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, +6 Nov 1994 08:49:37 GMT"})
        BOOST_TEST(seconds(bad) == -1, bad);
}

BOOST_AUTO_TEST_SUITE_END()
