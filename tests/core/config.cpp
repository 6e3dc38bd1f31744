// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/config.hpp>
#include <phoneauth/error.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(core_config)

namespace {
config good() {
    config c;
    c.twilio.account_sid = "AC" + std::string(32, '0');
    c.twilio.auth_token = "secret-token";
    c.twilio.sender = "+14155550100";
    return c;
}
}  // namespace

BOOST_AUTO_TEST_CASE(defaults_with_credentials_are_valid) {
    BOOST_TEST(validate(good()).empty());
    auto c = good();
    c.twilio.auth_token.clear();
    c.twilio.api_key = "SK" + std::string(32, 'f');
    c.twilio.api_secret = "s";
    c.twilio.sender = "MG" + std::string(32, 'A');
    c.twilio.base_url = "http://127.0.0.1:8080";
    c.default_calling_code = "49";
    c.origin_host = "example.com";
    c.android_app_hash = "FA+9qCX9VSu";
    c.code_keys = {{"a", std::string(32, 'x')}, {"b", std::string(256, 'x')}};
    BOOST_TEST(validate(c, true).empty());
    c.topics = {{"pay", "pay 5 €"}, {"pay-2_X", "x"}};
    c.unknown_phone = unknown_phone_policy::sign_up;
    c.identity_column = c.phone_column;
    c.password_required = false;
    BOOST_TEST(validate(c, true).empty());
    BOOST_TEST(find_topic(c, "pay-2_X") == &c.topics[1]);
    BOOST_TEST(find_topic(c, "PAY") == nullptr);
    c = good();
    c.twilio.region = "br1";
    BOOST_TEST(validate(c).empty());
    c.twilio.edge = "sao-paulo";
    BOOST_TEST(validate(c).empty());
    c.twilio.region = "xx9";  // with an edge, it is Twilio's business
    BOOST_TEST(validate(c).empty());
    c.twilio.status_callback = "https://user:pa%40ss@example.com:8443/status";
    c.twilio.previous_auth_token = "the one before";
    BOOST_TEST(validate(c).empty());
}

BOOST_AUTO_TEST_CASE(each_field_is_checked_by_name) {
    const std::pair<const char*, std::function<void(config&)>> rows[] = {
        {"twilio.account_sid", [](config& c) { c.twilio.account_sid = "AC123"; }},
        {"twilio.account_sid", [](config& c) { c.twilio.account_sid[5] = 'x'; }},
        {"twilio.auth_token", [](config& c) { c.twilio.auth_token = ""; }},
        {"twilio.auth_token", [](config& c) { c.twilio.auth_token = "a\r\nb"; }},
        {"twilio.api_key", [](config& c) { c.twilio.api_secret = "s"; }},
        {"twilio.api_secret", [](config& c) { c.twilio.api_key = "SK" + std::string(32, '0'); }},
        {"twilio.sender", [](config& c) { c.twilio.sender = ""; }},
        {"twilio.sender", [](config& c) { c.twilio.sender = "+1 415 555 0100"; }},
        {"twilio.region", [](config& c) { c.twilio.region = "ie1.evil.com/"; }},
        {"twilio.region", [](config& c) { c.twilio.region = "xx9"; }},
        {"twilio.edge", [](config& c) { c.twilio.edge = "a@b"; }},
        {"twilio.edge", [](config& c) { c.twilio.edge = "-a"; }},
        {"twilio.previous_auth_token", [](config& c) { c.twilio.previous_auth_token = "a\nb"; }},
        {"twilio.status_callback", [](config& c) { c.twilio.status_callback = "https://x/y?z"; }},
        {"twilio.status_callback", [](config& c) { c.twilio.status_callback = "https://u:p w@x/y"; }},
        {"twilio.status_callback", [](config& c) { c.twilio.status_callback = "https://u:p@/y"; }},
        {"twilio.status_callback", [](config& c) { c.twilio.status_callback = "https://u:secret-token@x y"; }},
        {"twilio.base_url", [](config& c) { c.twilio.base_url = "ftp://x"; }},
        {"twilio.base_url", [](config& c) { c.twilio.base_url = "https://x/path"; }},
        {"code_keys",
         [](config& c) {
             c.code_keys = {{"a", "short"}};
         }},
        {"code_keys",
         [](config& c) {
             c.code_keys = {{"", std::string(32, 'x')}};
         }},
        {"code_keys",
         [](config& c) {
             c.code_keys = {{"a", std::string(32, 'x')}, {"a", std::string(32, 'y')}};
         }},
        {"code_digits", [](config& c) { c.code_digits = 5; }},
        {"code_digits", [](config& c) { c.code_digits = 10; }},
        {"code_lifetime", [](config& c) { c.code_lifetime = std::chrono::seconds(601); }},
        {"code_lifetime", [](config& c) { c.code_lifetime = std::chrono::seconds(-1); }},
        {"max_tries", [](config& c) { c.max_tries = 0; }},
        {"max_tries", [](config& c) { c.max_tries = 11; }},
        {"message_template", [](config& c) { c.message_template = "no code"; }},
        {"message_template", [](config& c) { c.message_template = "{code} {code}"; }},
        {"message_template", [](config& c) { c.message_template = "{code}" + std::string(320, 'x'); }},
        {"message_template", [](config& c) { c.message_template = "{code} \xff"; }},
        {"registration_purpose", [](config& c) { c.registration_purpose = ""; }},
        {"login_purpose", [](config& c) { c.login_purpose = std::string(41, 'x'); }},
        {"phone_change_purpose", [](config& c) { c.phone_change_purpose = ""; }},
        {"password_reset_purpose", [](config& c) { c.password_reset_purpose = "a\nb"; }},
        {"step_up_purpose", [](config& c) { c.step_up_purpose = std::string(41, 'x'); }},
        {"deletion_purpose", [](config& c) { c.deletion_purpose = "\xff"; }},
        {"topics",
         [](config& c) {
             c.topics = {{"pay", "pay"}, {"pay", "pay more"}};
         }},
        {"topics",
         [](config& c) {
             c.topics = {{"pay now", "pay"}};
         }},
        {"topics",
         [](config& c) {
             c.topics = {{"pay", ""}};
         }},
        {"topics",
         [](config& c) {
             c.topics = {{std::string(33, 'x'), "pay"}};
         }},
        {"proof_lifetime", [](config& c) { c.proof_lifetime = std::chrono::seconds(59); }},
        {"proof_lifetime", [](config& c) { c.proof_lifetime = std::chrono::seconds(3301); }},
        {"session_idle_timeout", [](config& c) { c.session_idle_timeout = std::chrono::seconds(299); }},
        {"max_sessions_per_user", [](config& c) { c.max_sessions_per_user = 1001; }},
        {"trusted_device_lifetime", [](config& c) { c.trusted_device_lifetime = std::chrono::seconds(3599); }},
        {"phone_changed_notice", [](config& c) { c.phone_changed_notice = std::string(321, 'x'); }},
        {"password_changed_notice", [](config& c) { c.password_changed_notice = "a\x7f"; }},
        {"identity_changed_notice", [](config& c) { c.identity_changed_notice = std::string(321, 'x'); }},
        {"password_reset_notice", [](config& c) { c.password_reset_notice = "a\nb"; }},
        {"backup_code_notice", [](config& c) { c.backup_code_notice = "\xff"; }},
        {"unknown_phone", [](config& c) { c.unknown_phone = unknown_phone_policy::sign_up; }},
        {"unknown_phone",
         [](config& c) {
             c.unknown_phone = unknown_phone_policy::sign_up;
             c.identity_column = c.phone_column;
         }},
        {"site_name", [](config& c) { c.site_name = "a\nb"; }},
        {"site_name", [](config& c) { c.message_template = "{code} {site}"; }},
        {"fresh_login", [](config& c) { c.fresh_login = std::chrono::seconds(86401); }},
        {"client_properties",
         [](config& c) {
             c.client_properties = {"name", ""};
         }},
        {"client_properties", [](config& c) { c.client_properties = {"OWNERID"}; }},
        {"protected_properties", [](config& c) { c.protected_properties = {std::string(65, 'x')}; }},
        {"protected_properties", [](config& c) { c.protected_properties.assign(1001, "x"); }},
        {"origin_host", [](config& c) { c.origin_host = "https://example.com"; }},
        {"android_app_hash", [](config& c) { c.android_app_hash = "short"; }},
        {"resend_cooldown", [](config& c) { c.resend_cooldown = std::chrono::seconds(601); }},
        {"max_sends_per_transaction", [](config& c) { c.max_sends_per_transaction = 0; }},
        {"max_sends_per_phone_and_hour", [](config& c) { c.max_sends_per_phone_and_hour = 101; }},
        {"default_calling_code", [](config& c) { c.default_calling_code = "+49"; }},
        {"default_calling_code", [](config& c) { c.default_calling_code = "049"; }},
        {"max_consecutive_failures", [](config& c) { c.max_consecutive_failures = 101; }},
        {"max_consecutive_failures",
         [](config& c) {
             c.max_consecutive_failures = 49;
             c.max_tries = 4;
         }},
        {"max_consecutive_failures",
         [](config& c) {
             c.max_consecutive_failures = 99;
             c.max_tries = 10;
         }},
        {"max_passwords_per_client_and_hour", [](config& c) { c.max_passwords_per_client_and_hour = 100001; }},
        {"session_lifetime", [](config& c) { c.session_lifetime = std::chrono::seconds(59); }},
        {"phone_column", [](config& c) { c.phone_column = "phone number"; }},
        {"phone_column", [](config& c) { c.phone_column = "objectId"; }},
        {"identity_column", [](config& c) { c.identity_column = "1st"; }},
        {"identity_column", [](config& c) { c.identity_column = "password"; }},
        {"min_password_length", [](config& c) { c.min_password_length = 7; }},
        {"max_password_length", [](config& c) { c.max_password_length = 1025; }},
        {"max_properties", [](config& c) { c.max_properties = 1001; }},
        {"max_property_bytes", [](config& c) { c.max_property_bytes = 2'000'000; }},
    };
    for (const auto& [field, spoil] : rows) {
        auto c = good();
        spoil(c);
        const auto problems = validate(c);
        BOOST_TEST_CONTEXT(field) {
            BOOST_REQUIRE(problems.size() == 1u);
            BOOST_TEST(problems[0].field == field);
            BOOST_TEST(problems[0].message.find("secret-token") == std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_ends_of_the_ranges_of_failures_are_allowed) {
    for (const auto& [failures, tries] : {std::pair(50u, 5u), {100u, 10u}, {90u, 9u}, {50u, 1u}}) {
        auto c = good();
        c.max_consecutive_failures = failures;
        c.max_tries = tries;
        BOOST_TEST(validate(c).empty());
    }
}

BOOST_AUTO_TEST_CASE(all_problems_are_reported_at_once) {
    config c;
    c.code_digits = 3;
    c.max_tries = 99;
    std::set<std::string> fields;
    for (const auto& p : validate(c, true)) fields.insert(p.field);
    BOOST_TEST(fields == (std::set<std::string>{"code_digits", "code_keys", "max_tries", "twilio.account_sid",
                                                "twilio.auth_token", "twilio.sender"}),
               boost::test_tools::per_element());
    const config_error e(validate(c, true));
    for (const auto& f : fields) BOOST_TEST(std::string(e.what()).find(f) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(shared_storage_needs_a_key) {
    BOOST_TEST(validate(good(), true).size() == 1u);
    BOOST_TEST(validate(good(), true)[0].field == "code_keys");
}

#ifdef __GNUC__
template <error E>
std::string name_by_compiler() {  // "… [with phoneauth::error E = phoneauth::v0::error::wrong_code; …]"
    const std::string_view text = __PRETTY_FUNCTION__;
    const auto begin = text.find("error::", text.find("E = ")) + 7;
    return std::string(text.substr(begin, text.find_first_of(";]", begin) - begin));
}

BOOST_AUTO_TEST_CASE(every_error_has_its_enumerators_name) {
    const auto names = []<std::size_t... I>(std::index_sequence<I...>) {
        return std::vector{name_by_compiler<error_table[I].value>()...};
    }
    (std::make_index_sequence<error_table.size()>());
    for (std::size_t i = 0; i < names.size(); ++i) BOOST_TEST(error_table[i].name == names[i]);
}
#endif

BOOST_AUTO_TEST_CASE(every_error_has_its_row) {
    for (const auto& row : error_table) {
        BOOST_TEST(make_error_code(row.value).message() == row.text);
        BOOST_TEST(row.text.ends_with('.'));
    }
    BOOST_TEST(&row_of(static_cast<error>(0)) == &error_table.back());
    BOOST_TEST(&row_of(static_cast<error>(9999)) == &error_table.back());
    BOOST_TEST(std::string(error_category().name()) == "phoneauth");
}

BOOST_AUTO_TEST_SUITE_END()
