// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/phone_number.hpp>

#include <boost/test/unit_test.hpp>

#include <type_traits>

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(core_phone_number)

static_assert(!std::is_default_constructible_v<phone_number>, "it cannot hold a bad number");
static_assert(std::is_trivially_copyable_v<phone_number>);

BOOST_AUTO_TEST_CASE(what_people_type) {
    struct row {
        const char* typed;
        const char* calling_code;
        const char* number;
    };
    const row rows[] = {
        {"+14155550100", "", "+14155550100"},
        {"+1 (415) 555-0100", "", "+14155550100"},
        {"  +1.415.555/0100\t", "", "+14155550100"},
        {"0014155550100", "", "+14155550100"},
        {"00 44 20 7946 0000", "1", "+442079460000"},
        {"030 901820", "49", "+4930901820"},
        {"415-555-0100", "1", "+14155550100"},
        {"+49 30 901820", "1", "+4930901820"},
        {"+12", "", "+12"},
        {"+123456789012345", "", "+123456789012345"},
    };
    for (const auto& r : rows) {
        const auto n = phone_number::parse(r.typed, r.calling_code);
        BOOST_TEST_CONTEXT(r.typed) {
            BOOST_REQUIRE(n);
            BOOST_TEST(n->str() == r.number);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_refused) {
    const std::pair<const char*, const char*> rows[] = {
        {"", ""},
        {" ", ""},
        {"+", ""},
        {"+1", ""},
        {"+0123456", ""},
        {"+1234567890123456", ""},
        {"12345678", ""},
        {"letters", "1"},
        {"+1415555O100", ""},
        {"++14155550100", ""},
        {"+1+4155550100", ""},
        {"1+4155550100", "1"},
        {"0", "49"},
        {"00", ""},
        {"+１４１５５５５０１００", ""},
        {"+1415\n5550100", ""},
        {"tel:+14155550100", ""},
        {"+1;ext=5", ""},
        {"12345678901234", "49"},
    };
    for (const auto& [typed, code] : rows) {
        const auto n = phone_number::parse(typed, code);
        BOOST_TEST_CONTEXT(typed) {
            BOOST_TEST(!n);
            if (!n) BOOST_TEST(n.error().code == error::invalid_phone_number);
        }
    }
    BOOST_TEST(!phone_number::parse(std::string(1000, '1')));
    BOOST_TEST(!phone_number::parse(std::string_view("+1415555\0100", 12)));
}

BOOST_AUTO_TEST_CASE(masked_for_logs) {
    BOOST_TEST(phone_number::parse("+14155550100")->masked() == "+14*******00");
    BOOST_TEST(phone_number::parse("+12")->masked() == "+12");
}

BOOST_AUTO_TEST_SUITE_END()
