// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/rules/destination.hpp>

#include <boost/test/unit_test.hpp>

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(core_destination)

namespace {

bool goes_to(const char* phone, const config& c) {
    const auto allowed = rules::check_destination(*phone_number::parse(phone), c);
    if (!allowed) {
        BOOST_TEST(allowed.error().code == error::destination_not_allowed);
        // Who has mistyped the country sees what became of it, and a log does not have the number.
        const auto masked = phone_number::parse(phone)->masked();
        BOOST_TEST(allowed.error().message.starts_with("The number was read as " + masked + ';'));
    }
    return allowed.has_value();
}

}  // namespace

BOOST_AUTO_TEST_CASE(without_a_word_messages_go_everywhere_and_the_report_warns) {
    const config c;
    BOOST_TEST(goes_to("+4915112345678", c));
    BOOST_TEST(goes_to("+882161234567", c));
    BOOST_TEST(!rules::destinations_finding(c).ok);
    BOOST_TEST(!rules::destinations_finding(c).essential);
}

BOOST_AUTO_TEST_CASE(default_country_is_the_only_one) {
    config c;
    c.default_calling_code = "49";
    BOOST_TEST(goes_to("+4915112345678", c));
    BOOST_TEST(!goes_to("+14155550100", c));
    BOOST_TEST(!goes_to("+4815112345678", c));
    BOOST_TEST(rules::destinations_finding(c).ok);
}

BOOST_AUTO_TEST_CASE(allowed_countries_replace_the_default_one) {
    config c;
    c.default_calling_code = "49";
    c.allowed_calling_codes = {"43", "41"};
    BOOST_TEST(goes_to("+436601234567", c));
    BOOST_TEST(!goes_to("+4915112345678", c));
    c.allowed_calling_codes = {"*"};
    BOOST_TEST(goes_to("+14155550100", c));
    BOOST_TEST(!rules::destinations_finding(c).ok);
}

BOOST_AUTO_TEST_CASE(blocked_beginnings_are_stronger) {
    config c;
    c.allowed_calling_codes = {"1"};
    c.blocked_prefixes = {"1876", "1900"};
    BOOST_TEST(goes_to("+14155550100", c));
    BOOST_TEST(!goes_to("+18765550100", c));
    BOOST_TEST(!goes_to("+19005550100", c));
    c.allowed_calling_codes.clear();
    BOOST_TEST(!goes_to("+19005550100", c));
}

BOOST_AUTO_TEST_CASE(test_numbers_are_exempt) {
    config c;
    c.allowed_calling_codes = {"49"};
    c.test_numbers = {{"+14155550100", "123456"}};
    BOOST_TEST(goes_to("+14155550100", c));
    BOOST_TEST(!goes_to("+14155550101", c));
}

BOOST_AUTO_TEST_CASE(configuration_is_checked) {
    const auto problem = [](auto change) {
        config c;
        c.twilio = {"AC" + std::string(32, '0'), "token", "", "", "+15005550006", "", "", "", "", ""};
        change(c);
        std::string fields;
        for (const auto& p : validate(c)) fields += p.field + ' ';
        return fields;
    };
    BOOST_TEST(problem([](config&) {}) == "");
    BOOST_TEST(problem([](config& c) { c.allowed_calling_codes = {"1", "*", "49"}; }) == "");
    for (const auto* bad : {"", "+1", "01", "1x", "1234567890123456"}) {
        BOOST_TEST(problem([&](config& c) { c.allowed_calling_codes = {bad}; }) == "allowed_calling_codes ", bad);
        BOOST_TEST(problem([&](config& c) { c.blocked_prefixes = {bad}; }) == "blocked_prefixes ", bad);
    }
    BOOST_TEST(problem([](config& c) { c.blocked_prefixes = {"*"}; }) == "blocked_prefixes ");
    const auto with_number = [&](test_number t, bool allow) {
        return problem([&](config& c) {
            c.test_numbers = {t};
            c.allow_test_numbers = allow;
        });
    };
    BOOST_TEST(with_number({"+14155550100", "123456"}, true) == "");
    BOOST_TEST(with_number({"+14155550100", "123456"}, false) == "test_numbers ");
    BOOST_TEST(with_number({"14155550100", "123456"}, true) == "test_numbers ");
    BOOST_TEST(with_number({"+14155550100", "12345"}, true) == "test_numbers ");
    BOOST_TEST(with_number({"+14155550100", "12345a"}, true) == "test_numbers ");
    for (const auto* url : {"ftp://a/b", "https://a_b/c", "https://a/b?c", "https://"})
        BOOST_TEST(problem([&](config& c) { c.twilio.status_callback = url; }) == "twilio.status_callback ", url);
    BOOST_TEST(problem([](config& c) {
                   c.twilio.status_callback = "https://example.com/status";
                   c.twilio.auth_token.clear();
                   c.twilio.api_key = "SK" + std::string(32, '0');
                   c.twilio.api_secret = "s";
               }) == "twilio.auth_token ");
}

BOOST_AUTO_TEST_SUITE_END()
