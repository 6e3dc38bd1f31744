// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <tuple>

#include <phoneauth/read_config.hpp>

using namespace phoneauth;
using namespace std::literals;

BOOST_AUTO_TEST_SUITE(settings)

namespace {
/// "field: message" of each problem, a line each.
std::string problems_of(std::string_view json) {
    config c;
    c.message_template = "untouched {code}";
    std::string text;
    const auto problems = read_config(json, c);
    for (const auto& p : problems) text += p.field + ": " + p.message + '\n';
    if (!problems.empty()) BOOST_TEST(c.message_template == "untouched {code}");
    return text;
}
}  // namespace

BOOST_AUTO_TEST_CASE(every_field_is_read_by_its_name) {
    config c;
    const auto problems = read_config(R"({
        "twilio": {"account_sid": "AC1", "auth_token": "at", "api_key": "SK1", "api_secret": "as", "sender": "+14155550100",
                   "region": "ie1", "edge": "dublin", "base_url": "http://localhost:1", "status_callback": "https://cb",
                   "previous_auth_token": "pt"},
        "code_keys": [{"id": "new", "secret": "s1"}, {"id": "old", "secret": "s2"}],
        "code_digits": 7, "code_lifetime": 120, "max_tries": 3, "message_template": "{code}!",
        "registration_purpose": "join", "login_purpose": "enter", "site_name": "Club", "origin_host": "example.com",
        "android_app_hash": "abcdefghijk", "resend_cooldown": 10, "max_sends_per_transaction": 2,
        "phone_cooldown": 5, "max_sends_per_phone_and_hour": 4, "max_sends_per_phone_and_day": 6,
        "max_sends_per_client_and_hour": 7, "max_messages_per_user_and_hour": 8, "max_sends_per_hour": 9,
        "allowed_calling_codes": ["49", "43"], "blocked_prefixes": ["49900"],
        "test_numbers": [{"phone": "+4915100000000", "code": "1234567"}], "allow_test_numbers": true,
        "max_passwords_per_client_and_hour": 11, "default_calling_code": "49", "login_enabled": false, "code_login_enabled": false,
        "identity_login_enabled": true, "unknown_phone": "reject", "max_consecutive_failures": 51, "session_lifetime": 3600,
        "fresh_login": 60, "phone_change_purpose": "p1", "password_reset_purpose": "p2", "step_up_purpose": "p3",
        "deletion_purpose": "p4", "topics": [{"name": "pay", "text": "pay 5 €"}], "proof_lifetime": 70,
        "session_idle_timeout": 300, "max_sessions_per_user": 3, "trusted_device_lifetime": 3600,
        "password_reset": "code_and_backup_code", "phone_changed_notice": "n1",
        "password_changed_notice": "n5", "identity_changed_notice": "n6", "password_reset_notice": "n2",
        "backup_codes_made_notice": "n4", "backup_code_notice": "n3", "password_required": false, "client_properties": ["name"], "protected_properties": ["role"],
        "registration_enabled": false, "phone_column": "phone", "identity_column": "nick", "min_password_length": 10,
        "max_password_length": 100, "max_properties": 5, "max_property_bytes": 0})",
                                      c);
    BOOST_TEST(problems.size() == 0u);

    // A field that is added to the structs must be added here, or this does not compile.
    const auto& [twilio, code_keys, code_digits, code_lifetime, max_tries, message_template, registration_purpose,
                 login_purpose, phone_change_purpose, password_reset_purpose, step_up_purpose, deletion_purpose, topics,
                 proof_lifetime, site_name, origin_host, android_app_hash, resend_cooldown, max_sends_per_transaction,
                 phone_cooldown, max_sends_per_phone_and_hour, max_sends_per_phone_and_day,
                 max_sends_per_client_and_hour, max_messages_per_user_and_hour, max_sends_per_hour,
                 default_calling_code, normalize_phone, allowed_calling_codes, blocked_prefixes, test_numbers,
                 allow_test_numbers, login_enabled, code_login_enabled, identity_login_enabled, unknown_phone,
                 max_consecutive_failures, max_passwords_per_client_and_hour, session_lifetime, fresh_login,
                 session_idle_timeout, max_sessions_per_user, trusted_device_lifetime, password_reset,
                 phone_changed_notice, password_changed_notice, identity_changed_notice, password_reset_notice,
                 backup_codes_made_notice, backup_code_notice, registration_enabled, password_required, phone_column,
                 identity_column, min_password_length, max_password_length, client_properties, protected_properties,
                 max_properties, max_property_bytes] = c;
    const auto& [account_sid, auth_token, api_key, api_secret, sender, region, edge, base_url, status_callback,
                 previous_auth_token] = twilio;
    BOOST_TEST((std::tie(account_sid, auth_token, api_key, api_secret, sender, region, edge, base_url) ==
                std::tuple("AC1", "at", "SK1", "as", "+14155550100", "ie1", "dublin", "http://localhost:1")));
    BOOST_TEST(status_callback == "https://cb");
    BOOST_TEST(previous_auth_token == "pt");
    BOOST_TEST(!normalize_phone);
    BOOST_TEST((std::tie(phone_cooldown, max_sends_per_phone_and_day, max_sends_per_client_and_hour,
                         max_messages_per_user_and_hour, max_sends_per_hour, allow_test_numbers,
                         max_passwords_per_client_and_hour) == std::tuple(5s, 6u, 7u, 8u, 9u, true, 11u)));
    BOOST_TEST((allowed_calling_codes == std::vector<std::string>{"49", "43"}));
    BOOST_TEST((blocked_prefixes == std::vector<std::string>{"49900"}));
    BOOST_REQUIRE(test_numbers.size() == 1u);
    BOOST_TEST(test_numbers[0].phone == "+4915100000000");
    BOOST_TEST(test_numbers[0].code == "1234567");
    BOOST_REQUIRE(code_keys.size() == 2u);
    const auto& [id, secret] = code_keys[1];
    BOOST_TEST(code_keys[0].id == "new");
    BOOST_TEST(code_keys[0].secret == "s1");
    BOOST_TEST(id == "old");
    BOOST_TEST(secret == "s2");
    BOOST_TEST((std::tie(code_digits, code_lifetime, max_tries, message_template, origin_host, android_app_hash) ==
                std::tuple(7u, 120s, 3u, "{code}!", "example.com", "abcdefghijk")));
    BOOST_TEST((std::tie(resend_cooldown, max_sends_per_transaction, max_sends_per_phone_and_hour,
                         default_calling_code) == std::tuple(10s, 2u, 4u, "49")));
    BOOST_TEST(
        (std::tie(login_enabled, code_login_enabled, identity_login_enabled, unknown_phone, max_consecutive_failures,
                  session_lifetime) == std::tuple(false, false, true, unknown_phone_policy::reject, 51u, 3600s)));
    BOOST_TEST((std::tie(registration_enabled, phone_column, identity_column, min_password_length,
                         max_password_length) == std::tuple(false, "phone", "nick", 10u, 100u)));
    BOOST_TEST((std::tie(registration_purpose, login_purpose, site_name, fresh_login) ==
                std::tuple("join", "enter", "Club", 60s)));
    BOOST_TEST((std::tie(phone_change_purpose, password_reset_purpose, step_up_purpose, deletion_purpose,
                         proof_lifetime) == std::tuple("p1", "p2", "p3", "p4", 70s)));
    BOOST_REQUIRE(topics.size() == 1u);
    const auto& [topic_name, topic_text] = topics[0];
    BOOST_TEST(topic_name == "pay");
    BOOST_TEST(topic_text == "pay 5 €");
    BOOST_TEST((std::tie(session_idle_timeout, max_sessions_per_user, trusted_device_lifetime, password_reset,
                         password_required) ==
                std::tuple(300s, 3u, 3600s, password_reset_policy::code_and_backup_code, false)));
    BOOST_TEST(
        (std::tie(phone_changed_notice, password_reset_notice, backup_code_notice, backup_codes_made_notice,
                  password_changed_notice, identity_changed_notice) == std::tuple("n1", "n2", "n3", "n4", "n5", "n6")));
    BOOST_TEST((client_properties == std::vector<std::string>{"name"}));
    BOOST_TEST((protected_properties == std::vector<std::string>{"role"}));
    BOOST_TEST((std::tie(max_properties, max_property_bytes) == std::tuple(5u, 0u)));
}

BOOST_AUTO_TEST_CASE(what_is_left_out_stays) {
    config c;
    c.max_tries = 9;
    c.code_keys = {{"a", "b"}};
    c.twilio.edge = "dublin";
    c.twilio.region = "ie1";
    BOOST_TEST(read_config(R"({"twilio":{"region":""},"unknown_phone":"conceal"})", c).empty());
    BOOST_TEST(c.max_tries == 9u);
    BOOST_TEST(c.code_keys.size() == 1u);
    BOOST_TEST(c.twilio.edge == "dublin");
    BOOST_TEST(c.twilio.region == "");
    BOOST_TEST(read_config(R"({"code_keys":[]})", c).empty());
    BOOST_TEST(c.code_keys.empty());
}

BOOST_AUTO_TEST_CASE(problems_are_reported_all_at_once_and_change_nothing) {
    BOOST_TEST(
        problems_of(
            R"({"message_template": "changed {code}", "code_digits": 6.5, "code_lifetime": "300", "max_tries": -1,
                               "max_properties": 4294967296, "login_enabled": 1, "origin_host": null, "code_digit": 6,
                               "unknown_phone": "hide", "twilio": {"sender": 15005550006, "acount_sid": "x"},
                               "code_keys": [{"id": "a", "secret": 5}, "b", {"idd": "c"}]})") ==
        "twilio.sender: expected a string\n"
        "twilio.acount_sid: there is no setting of this name\n"
        "code_keys[0].secret: expected a string\n"
        "code_keys[1]: expected an object\n"
        "code_keys[2].idd: there is no setting of this name\n"
        "code_digits: expected a whole number from 0 to 4294967295\n"
        "code_lifetime: expected a whole number from 0 to 4294967295\n"
        "max_tries: expected a whole number from 0 to 4294967295\n"
        "origin_host: expected a string\n"
        "login_enabled: expected true or false\n"
        "unknown_phone: expected \"conceal\" or \"reject\" or \"sign_up\"\n"
        "max_properties: expected a whole number from 0 to 4294967295\n"
        "code_digit: there is no setting of this name\n");
}

BOOST_AUTO_TEST_CASE(other_types_and_texts) {
    BOOST_TEST(problems_of("{") == ": the text is not valid JSON\n");
    BOOST_TEST(problems_of(R"({"max_tries":1,"max_tries":2})") == ": the text is not valid JSON\n");
    BOOST_TEST(problems_of("[]") == ": expected a JSON object\n");
    BOOST_TEST(problems_of(R"({"twilio":"{}"})") == "twilio: expected an object\n");
    BOOST_TEST(problems_of(R"({"code_keys":{"id":"a"}})") == "code_keys: expected an array\n");
    BOOST_TEST(problems_of(R"({"unknown_phone":["reject"]})") ==
               "unknown_phone: expected \"conceal\" or \"reject\" or \"sign_up\"\n");
    BOOST_TEST(problems_of(R"({"blocked_prefixes":["1",2]})") == "blocked_prefixes[1]: expected a string\n");
    BOOST_TEST(problems_of("{}") == "");
    BOOST_TEST(problems_of("\xef\xbb\xbf{}") == "");  // some editors put a byte order mark there
}

BOOST_AUTO_TEST_SUITE_END()
