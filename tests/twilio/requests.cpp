// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/twilio/requests.hpp>

#include <boost/test/unit_test.hpp>

using namespace phoneauth;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(twilio_requests)

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
                        {"ie1", "", "", "https://api.dublin.ie1.twilio.com/"},
                        {"au1", "", "", "https://api.sydney.au1.twilio.com/"},
                        {"us1", "", "", "https://api.ashburn.us1.twilio.com/"},
                        {"br1", "", "", "https://api.sao-paulo.br1.twilio.com/"},
                        {"ie1", "ashburn", "", "https://api.ashburn.ie1.twilio.com/"},
                        {"xx9", "oslo", "", "https://api.oslo.xx9.twilio.com/"},
                        {"ie1", "dublin", "", "https://api.dublin.ie1.twilio.com/"},
                        {"", "dublin", "", "https://api.dublin.us1.twilio.com/"},
                        {"ie1", "dublin", "http://127.0.0.1:99/", "http://127.0.0.1:99/"}};
    for (const auto& r : rows) {
        auto c = account();
        c.region = r.region;
        c.edge = r.edge;
        c.base_url = r.base;
        BOOST_TEST(twilio::requests(c).fetch_account().url ==
                   std::string(r.expected) + "2010-04-01/Accounts/" + c.account_sid + ".json");
    }
}

BOOST_AUTO_TEST_CASE(questions_go_to_their_products) {
    auto c = account();
    c.sender = "MG" + std::string(32, '0');
    const twilio::requests plain(c);
    BOOST_TEST(plain.list_countries().url == "https://accounts.twilio.com/v1/Messaging/GeoPermissions");
    BOOST_TEST(plain.list_service_senders("ShortCodes").url ==
               "https://messaging.twilio.com/v1/Services/" + c.sender + "/ShortCodes?PageSize=20");
    const auto api = "https://api.twilio.com/2010-04-01/Accounts/" + c.account_sid;
    BOOST_TEST(plain.list_verified_numbers().url == api + "/OutgoingCallerIds.json?PageSize=20");
    BOOST_TEST(plain.find_short_code("12345").url == api + "/SMS/ShortCodes.json?ShortCode=12345");
    c.region = "ie1";
    BOOST_TEST(twilio::requests(c).list_countries().url.starts_with("https://accounts.dublin.ie1.twilio.com/v1/"));
    c.base_url = "http://127.0.0.1:99/";
    BOOST_TEST(twilio::requests(c).list_countries().url == "http://127.0.0.1:99/v1/Messaging/GeoPermissions");
    BOOST_TEST(twilio::requests(c).list_service_senders("PhoneNumbers").url.starts_with("http://127.0.0.1:99/v1/Serv"));
    for (const auto& request : {plain.list_countries(), plain.list_service_senders("PhoneNumbers")}) {
        BOOST_TEST(request.method == "GET");
        BOOST_TEST(authorization(request) == authorization(plain.fetch_account()));
    }
}

BOOST_AUTO_TEST_CASE(credentials) {
    auto c = account();
    BOOST_TEST(authorization(twilio::requests(c).fetch_account()) ==
               "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDp0b2tlbg==");
    c.api_key = "SK" + std::string(32, '0');
    c.api_secret = "secret";
    const auto request = twilio::requests(c).fetch_account();
    BOOST_TEST(authorization(request) == "Basic U0swMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDpzZWNyZXQ=");
    BOOST_TEST(request.url.find(c.account_sid) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(nobody_has_reports_sent_to_where_ours_go) {
    auto c = account();
    c.status_callback = "https://a.example/api/messageStatus";
    const auto is_refused = [&](const std::string& url) {
        const auto r = twilio::requests(c).create_message(phone, {"", "x", {}, {{"statusCallback", url}}});
        return !r && r.error().code == error::invalid_parameter;
    };
    for (const auto* url :
         {"https://a.example/api/messageStatus?transaction=T&send=1", "https://a.example/api/messageStatus",
          "https://a.example:443/api/messageStatus?x", "HTTPS://A.Example/api/messageStatus",
          "https://u:p@a.example/api/messageStatus", "http://a.example/api/messageStatus/x#y"})
        BOOST_TEST(is_refused(url), url);
    for (const auto* url :
         {"https://a.example/other", "https://b.example/api/messageStatus", "https://a.example@b.example/x",
          "https://b.example/?https://a.example/api/messageStatus", "", "a.example/api/messageStatus"})
        BOOST_TEST(!is_refused(url), url);
    c.status_callback = "https://user:pass@a.example/api/messageStatus";
    BOOST_TEST(is_refused("https://a.example/api/messageStatus?transaction=T&send=1"));
    BOOST_TEST(is_refused("https://user:pass@a.example/api/messageStatus?transaction=T&send=1"));
    BOOST_TEST(!is_refused("https://a.example/other"));
    c.status_callback.clear();
    BOOST_TEST(!is_refused("https://a.example/api/messageStatus"));
}

BOOST_AUTO_TEST_CASE(code_message) {
    const auto r = twilio::requests(account()).create_code_message(phone, "123456 is your code", 300s);
    BOOST_TEST(r.method == "POST");
    BOOST_TEST(r.body == "To=%2B14155550100&Body=123456+is+your+code&ValidityPeriod=300&From=%2B15005550006");
    auto c = account();
    c.sender = "MG" + std::string(32, '1');
    BOOST_TEST(
        twilio::requests(c).create_code_message(phone, "x", 30s).body.ends_with("&MessagingServiceSid=" + c.sender));
}

BOOST_AUTO_TEST_CASE(every_kind_of_sender) {
    const auto body_of = [](const std::string& sender) {
        auto c = account();
        c.sender = sender;
        return std::string(twilio::requests(c).create_code_message(phone, "x", 30s).body);
    };
    BOOST_TEST(body_of("MyBrand").ends_with("&From=MyBrand"));
    BOOST_TEST(body_of("MGM").ends_with("&From=MGM"));
    BOOST_TEST(body_of("12345").ends_with("&From=12345"));
    BOOST_TEST(body_of("Bed & Break").ends_with("&From=Bed+%26+Break"));
    BOOST_TEST(body_of("whatsapp:+14155238886") == "To=whatsapp%3A%2B14155550100&Body=x&ValidityPeriod=30"
                                                   "&From=whatsapp%3A%2B14155238886");
    BOOST_TEST(body_of("rcs:my_agent").starts_with("To=rcs%3A%2B14155550100&"));
    // What is sent decides, not what is configured.
    auto c = account();
    const auto sent = [&](text_message::option_list options) {
        return std::string(twilio::requests(c).create_message(phone, {"", "x", {}, std::move(options)})->body);
    };
    BOOST_TEST(sent({{"From", "whatsapp:+14155238886"}}).starts_with("To=whatsapp%3A%2B14155550100&"));
    c.sender = "whatsapp:+14155238886";
    BOOST_TEST(sent({}).starts_with("To=whatsapp%3A%2B14155550100&"));
    BOOST_TEST(sent({{"From", "+15005550006"}}).starts_with("To=%2B14155550100&"));
    BOOST_TEST(sent({{"MessagingServiceSid", "MG" + std::string(32, '1')}}).starts_with("To=%2B14155550100&"));
    // The decoy asks for what the message would have been.
    BOOST_TEST(twilio::requests(c).find_messages(phone).url.ends_with("&To=whatsapp%3A%2B14155550100"));
}

BOOST_AUTO_TEST_CASE(a_message_becomes_the_look_up_in_its_place) {
    const twilio::requests r(account());
    auto request = r.create_code_message(phone, "123456 is your code", 300s);
    twilio::requests::look_up_instead(request, r.messages_to(phone));
    const auto expected = r.find_messages(phone);
    BOOST_TEST(request.method == expected.method);
    BOOST_TEST(request.url == expected.url);
    BOOST_TEST(request.body == expected.body);
    BOOST_REQUIRE(request.headers.size() == expected.headers.size());
    for (std::size_t i = 0; i < expected.headers.size(); ++i) {
        BOOST_TEST(request.headers[i].name == expected.headers[i].name);
        BOOST_TEST(request.headers[i].value == expected.headers[i].value);
    }
}

BOOST_AUTO_TEST_CASE(every_request_says_who_asks) {
    const twilio::requests r(account());
    for (const auto& request : {r.fetch_account(), r.find_number(phone), r.find_messages(phone),
                                r.create_code_message(phone, "x", 30s), *r.create_message(phone, {"", "x"})})
        BOOST_TEST(*find_header(request.headers, "User-Agent") == "phoneauth/" PHONEAUTH_VERSION_STRING);
}

BOOST_AUTO_TEST_CASE(options_are_whole) {
    auto c = account();
    c.sender = "MG" + std::string(32, '1');
    const auto r = twilio::requests(c).create_message(phone, {"",
                                                              "",
                                                              {},
                                                              {{"contentSid", "HX" + std::string(32, '2')},
                                                               {"fallbackFrom", "+15005550009"},
                                                               {"persistentAction", "geo:1,2|A"},
                                                               {"persistentAction", "geo:3,4|B"}}});
    BOOST_REQUIRE(r);
    BOOST_TEST(r->body == "To=%2B14155550100&ContentSid=HX22222222222222222222222222222222&FallbackFrom=%2B15005550009"
                          "&PersistentAction=geo%3A1%2C2%7CA&PersistentAction=geo%3A3%2C4%7CB"
                          "&MessagingServiceSid=MG11111111111111111111111111111111");
    for (const char* option : {"From", "from", "messagingServiceSid", "FallbackFrom", "statusCallback"})
        BOOST_TEST(twilio::chooses_sender({"", "x", {}, {{option, "v"}}}));
    BOOST_TEST(!twilio::chooses_sender({"", "x", {}, {{"ValidityPeriod", "5"}, {"xFrom", "v"}}}));
}

BOOST_AUTO_TEST_CASE(chosen_sender_replaces_the_configured_one) {
    const auto r = twilio::requests(account()).create_message(phone, {"", "x", {}, {{"from", "+15005550009"}}});
    BOOST_TEST(r->body == "To=%2B14155550100&Body=x&From=%2B15005550009");
}

BOOST_AUTO_TEST_CASE(characters_are_counted_not_bytes) {
    std::string text;
    for (int i = 0; i < 1600; ++i) text += "\xC3\xA4";
    BOOST_TEST(twilio::requests(account()).create_message(phone, {"", text}).has_value());
    BOOST_TEST(!twilio::requests(account()).create_message(phone, {"", text + "x"}));
}

BOOST_AUTO_TEST_CASE(code_text_carries_what_phones_look_for) {
    config c;
    c.message_template = "{code} expires in {minutes} minutes.";
    BOOST_TEST(twilio::code_text(c, "123456", purpose::login) == "123456 expires in 5 minutes.");
    c.code_lifetime = 61s;
    BOOST_TEST(twilio::code_text(c, "123456", purpose::login) == "123456 expires in 2 minutes.");
    c.origin_host = "example.com";
    c.android_app_hash = "FA+9qCX9VSu";
    BOOST_TEST(twilio::code_text(c, "123456", purpose::login) ==
               "123456 expires in 2 minutes.\nFA+9qCX9VSu\n@example.com #123456");
    c.message_template = "{code} {purpose} {site} {site}{";
    c.site_name = "{code}";
    c.origin_host.clear();
    c.android_app_hash.clear();
    BOOST_TEST(twilio::code_text(c, "1", purpose::login) == "1 log in {code} {code}{");
    BOOST_TEST(twilio::code_text(c, "1", purpose::registration) == "1 sign up {code} {code}{");
    c.topics = {{"pay", "pay 5 €"}};
    const std::tuple<purpose, const char*, const char*> texts[] = {
        {purpose::registration, "", "sign up"},
        {purpose::phone_change, "", "confirm your new number"},
        {purpose::password_reset, "", "set a new password"},
        {purpose::step_up, "", "confirm that it is you"},
        {purpose::deletion, "", "DELETE your account"},
        {purpose::verification, "pay", "pay 5 €"},
        {purpose::verification, "gone", "gone"}};
    for (const auto& [what, topic, text] : texts)
        BOOST_TEST(twilio::code_text(c, "1", what, topic).starts_with(std::string("1 ") + text));
    c.origin_host = "example.com";
    c.android_app_hash = "FA+9qCX9VSu";
    c.message_template = "{code";
    BOOST_TEST(twilio::code_text(c, "1", purpose::login) == "{code\nFA+9qCX9VSu\n@example.com #1");
}

BOOST_AUTO_TEST_SUITE_END()
