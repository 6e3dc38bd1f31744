// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/phone_number.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <type_traits>
#include <utility>

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(core_phone_number)

static_assert(!std::is_default_constructible_v<phone_number>, "it cannot hold a bad number");
static_assert(std::is_trivially_copyable_v<phone_number>);

namespace {
struct row {
    const char* typed;
    const char* calling_code;
    const char* number;
};

template <std::size_t N>
void check(const row (&rows)[N]) {
    for (const auto& r : rows) {
        const auto n = phone_number::parse(r.typed, r.calling_code);
        BOOST_TEST_CONTEXT(r.typed << " where " << r.calling_code << " is dialled") {
            BOOST_TEST((n ? std::string(n->str()) : n.error().message) == r.number);
        }
    }
}

const std::string digits_of_country =
    "The phone number does not have the digits of a number of its country; expected + and the country code in front, "
    "for example +14155550100.";
}  // namespace

BOOST_AUTO_TEST_CASE(what_people_type) {
    check({
        {"+14155550100", "", "+14155550100"},
        {"+1 (415) 555-0100", "", "+14155550100"},
        {"  +1.415.555/0100\t", "", "+14155550100"},
        {"(+1) 415 555 0100", "", "+14155550100"},
        {"0014155550100", "", "+14155550100"},
        {"00 44 20 7946 0000", "1", "+442079460000"},
        {"030 901820", "49", "+4930901820"},
        {"415-555-0100", "1", "+14155550100"},
        {"+49 30 901820", "1", "+4930901820"},
        {"+12", "", "+12"},
        {"+123456789012345", "", "+123456789012345"},
        {"+999123", "1", "+999123"},
        {"5550100", "999", "+9995550100"},  // of a country that nobody knows
    });
}

BOOST_AUTO_TEST_CASE(own_calling_code_without_plus) {
    check({
        {"1 415 555 0100", "1", "+14155550100"},
        {"14155550100", "1", "+14155550100"},
        {"1-800-555-0100", "1", "+18005550100"},
        {"1 1 415 555 0100", "1", "+14155550100"},
        {"49 151 12345678", "49", "+4915112345678"},
        {"49 176 1234567", "49", "+491761234567"},
        {"49 (0) 151 12345678", "49", "+4915112345678"},
        {"447911123456", "44", "+447911123456"},
        {"44 (0)7911 123456", "44", "+447911123456"},
        {"33 6 12 34 56 78", "33", "+33612345678"},
        {"43 664 1234567", "43", "+436641234567"},
        {"79123456789", "7", "+79123456789"},
        {"39 333 1234567", "39", "+393331234567"},
        {"39 06 12345678", "39", "+390612345678"},
        {"62 812 345 678", "62", "+62812345678"},
        {"52 55 1234 5678", "52", "+525512345678"},
        // Numbers that begin with the digits of their calling code, but are whole.
        {"393 1234567", "39", "+393931234567"},
        {"392 1234567", "39", "+393921234567"},
        {"45 12 34 56", "45", "+4545123456"},
        {"6512 3456", "65", "+6565123456"},
        {"55 99123 4567", "55", "+5555991234567"},
        {"778 123 4567", "7", "+77781234567"},
        // Nobody can tell.
        {"4930901820", "49", digits_of_country.c_str()},
        {"3906123456", "39",
         "The phone number can be read in two ways; expected + and the country code in front, for example "
         "+14155550100."},
        {"951234567", "95",
         "The phone number can be read in two ways; expected + and the country code in front, for example "
         "+14155550100."},
        // Of another country, or none.
        {"44 7911 123456", "1", digits_of_country.c_str()},
        {"44 7911 123456", "49", digits_of_country.c_str()},
        {"1 415 555 0100", "49", digits_of_country.c_str()},
        {"999123456", "999", digits_of_country.c_str()},
    });
}

BOOST_AUTO_TEST_CASE(prefixes_for_abroad) {
    check({
        {"011 44 20 7946 0000", "1", "+442079460000"},
        {"011 44 (0)20 7946 0000", "1", "+442079460000"},
        {"0011 44 7911 123456", "61", "+447911123456"},
        {"00 44 7911 123456", "61", "+447911123456"},
        {"0011 1 415 555 0100", "61", "+14155550100"},
        {"0011 65 9123 4567", "61", "+6591234567"},
        {"8 10 44 7911 123456", "7", "+447911123456"},
        {"8~10 44 7911 123456", "7", "+447911123456"},
        {"810 1 415 555 0100", "375", "+14155550100"},
        {"010 1 415 555 0100", "81", "+14155550100"},
        {"001 1 415 555 0100", "82", "+14155550100"},
        {"001 44 7911 123456", "65", "+447911123456"},
        {"001 44 7911 123456", "852", "+447911123456"},
        {"002 44 7911 123456", "886", "+447911123456"},
        {"009 44 7911 123456", "234", "+447911123456"},
        {"000 44 7911 123456", "254", "+447911123456"},
        {"119 44 7911 123456", "53", "+447911123456"},
        {"0021 44 7911 123456", "55", "+447911123456"},
        {"00 49 151 12345678", "49", "+4915112345678"},
        {"00 49 151 12345678", "39", "+4915112345678"},
        {"00 1 415 555 0100", "39", "+14155550100"},
        {"00 1 415 555 0100", "225", "+14155550100"},
        {"00 39 06 1234 5678", "39", "+390612345678"},
        {"00 49 (0)151 12345678", "49", "+4915112345678"},
        {"00 999 12345", "49", digits_of_country.c_str()},
        {"011 44 20 7946 0000", "", "The phone number has no country code; expected + and the country code in front."},
    });
}

BOOST_AUTO_TEST_CASE(national_prefixes) {
    check({
        // dropped
        {"07911 123456", "44", "+447911123456"},
        {"8 (912) 345-67-89", "7", "+79123456789"},
        {"8 701 123 45 67", "7", "+77011234567"},
        {"912 345 67 89", "7", "+79123456789"},
        {"8 800 555 35 35", "7", "+78005553535"},
        {"800 555 35 35", "7", "+78005553535"},
        {"06 30 123 4567", "36", "+36301234567"},
        {"8 612 34567", "370", "+37061234567"},
        {"0 612 34567", "370", "+37061234567"},
        {"8 029 123-45-67", "375", "+375291234567"},
        {"8 29 123-45-67", "375", "+375291234567"},
        {"045 55 1234 5678", "52", "+525512345678"},
        {"01 55 1234 5678", "52", "+525512345678"},
        {"074 12 34 56", "241", "+24174123456"},
        {"010-1234-5678", "82", "+821012345678"},
        {"0812-3456-7890", "62", "+6281234567890"},
        {"050 123 4567", "971", "+971501234567"},
        // stay, as the numbers begin with them
        {"07 07 12 34 56", "225", "+2250707123456"},
        {"06 1234 5678", "39", "+390612345678"},
        {"333 1234567", "39", "+393331234567"},
        {"0549 886123", "378", "+3780549886123"},
        {"06 612 3456", "242", "+242066123456"},
        {"01 97 12 34 56", "229", "+2290197123456"},
        // there are none
        {"612 34 56 78", "34", "+34612345678"},
        {"0612 34 56 78", "34", digits_of_country.c_str()},
        {"091234567", "65", digits_of_country.c_str()},
        // without an area code, or with too few or many digits
        {"555-0100", "1", digits_of_country.c_str()},
        {"1 555 0100", "1", digits_of_country.c_str()},
        {"0 415 555 0100", "1", digits_of_country.c_str()},
        {"1415555010", "1", digits_of_country.c_str()},
        {"07911 12345", "44", digits_of_country.c_str()},
        {"7946 0000", "44", digits_of_country.c_str()},
        {"901820", "49", digits_of_country.c_str()},
        {"0", "49", digits_of_country.c_str()},
        {"049 151 12345678", "49", digits_of_country.c_str()},
    });
}

BOOST_AUTO_TEST_CASE(behind_plus_and_calling_code) {
    check({
        {"+44 (0)7911 123456", "", "+447911123456"},
        {"+44 07911 123456", "44", "+447911123456"},
        {"+49 0176 1234567", "", "+491761234567"},
        {"+49 (0)30 901820", "", "+4930901820"},
        {"+33 (0)6 12 34 56 78", "", "+33612345678"},
        {"+39 06 1234 5678", "", "+390612345678"},
        {"+225 07 07 12 34 56", "", "+2250707123456"},
        {"+7 8 912 345-67-89", "", "+79123456789"},
        {"+36 06 30 123 4567", "", "+36301234567"},
        {"+1 1 415 555 0100", "", "+14155550100"},
        {"+44 44 7911 123456", "", "+447911123456"},
        {"+49 49 151 12345678", "", "The phone number has its country code twice; expected for example +14155550100."},
        {"+34 (0)612 34 56 78", "",
         "The phone number has a 0 behind its country code that does not belong there; expected for example "
         "+14155550100."},
        {"+0044 7911 123456", "", "The phone number's country code starts with 0."},
    });
}

BOOST_AUTO_TEST_CASE(numbers_that_are_written_otherwise_from_abroad) {
    const char* argentine =
        "A mobile number of Argentina has a 9 behind the country code, then the area code, and no 15; expected for "
        "example +5491123456789.";
    check({
        // Mexico gave up the 1 of mobile phones in August 2019.
        {"+5215512345678", "", "+525512345678"},
        {"+525512345678", "", "+525512345678"},
        {"52 1 55 1234 5678", "52", "+525512345678"},
        {"1 415 555 0100", "52", digits_of_country.c_str()},  // of San Francisco, or of San Miguel
        {"55 1234 5678", "52", "+525512345678"},
        // Argentina's is 9 from abroad, and 15 behind the area code at home.
        {"+54 9 11 2345-6789", "", "+5491123456789"},
        {"+54 11 15 2345-6789", "", "+5491123456789"},
        {"+54 9 11 15 2345-6789", "", "+5491123456789"},
        {"011 15 2345-6789", "54", "+5491123456789"},
        {"11 15 2345-6789", "54", "+5491123456789"},
        {"9 11 2345-6789", "54", "+5491123456789"},
        {"54 9 11 2345-6789", "54", "+5491123456789"},
        {"0351 15 234-5678", "54", "+5493512345678"},
        {"02966 15 23-4567", "54", "+5492966234567"},
        {"+54 11 2345-6789", "", argentine},
        {"011 2345-6789", "54", argentine},
        {"15 2345-6789", "54", argentine},
        // Benin put 01 in front of all numbers in November 2024.
        {"97 12 34 56", "229", "+2290197123456"},
        {"+229 97 12 34 56", "", "+2290197123456"},
    });
}

BOOST_AUTO_TEST_CASE(what_is_pasted) {
    check({
        {"\u202a+14155550100\u202c", "", "+14155550100"},
        {"\u2068+1 415 555 0100\u2069", "", "+14155550100"},
        {"\ufeff+14155550100\u200b", "", "+14155550100"},
        {"+1\u00a0415\u00a0555\u202f0100", "", "+14155550100"},
        {"+1 415\u2011555\u20110100", "", "+14155550100"},
        {"+1 415\u2013555\u20120100", "", "+14155550100"},
        {"+1\u2212415\u2014555\u30fc0100", "", "+14155550100"},
        {"\u200e+1 (415)\u200f 555\u00ad0100", "", "+14155550100"},
        {"+14155550100\n", "", "+14155550100"},
        {"\r\n +14155550100 \u202c\r\n", "", "+14155550100"},
        {"415\u3000555\u30000100", "1", "+14155550100"},
        {"＋１（４１５）５５５－０１００", "", "+14155550100"},
        {"+١٤١٥٥٥٥٠١٠٠", "", "+14155550100"},
        {"۰۹۱۲ ۳۴۵ ۶۷۸۹", "98", "+989123456789"},
        {"+९१ ९८७६५ ४३२१०", "", "+919876543210"},
        {"০১৭১২৩৪৫৬৭৮", "880", "+8801712345678"},
        {"๐๘๑ ๒๓๔ ๕๖๗๘", "66", "+66812345678"},
        {"tel:+1-415-555-0100", "", "+14155550100"},
        {"TEL:+14155550100", "", "+14155550100"},
        {"tel:0151-12345678", "49", "+4915112345678"},
        {"tel:415-555-0100;phone-context=+1", "", "+14155550100"},
        {"tel:415-555-0100;phone-context=+1", "49", "+14155550100"},
        {"tel:+14155550100;ext=5", "",
         "The phone number has an extension or another parameter, which messages cannot reach; expected for example "
         "tel:+14155550100."},
        {"tel:7042;phone-context=example.com", "1",
         "The phone number has an extension or another parameter, which messages cannot reach; expected for example "
         "tel:+14155550100."},
        {"+14155550100\n+442079460000", "",
         "The phone number has a character that is not a digit; expected for example +14155550100."},
        {"+14155550100 ext. 5", "",
         "The phone number has a character that is not a digit; expected for example +14155550100."},
    });
}

BOOST_AUTO_TEST_CASE(what_is_refused) {
    const std::pair<const char*, const char*> rows[] = {
        {"", ""},
        {" ", ""},
        {"\u200b", "1"},
        {"+", ""},
        {"tel:", "1"},
        {"tel:+", ""},
        {"+1", ""},
        {"+44", ""},
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
        {"00", "49"},
        {"011", "1"},
        {"+1415\n5550100", ""},
        {"+1;ext=5", ""},
        {"+1415555\u24ea100", ""},
        {"+1415555\xff"
         "0100",
         ""},
        {"12345678901234", "49"},
        {"999999999999999999999999999", "1"},
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

BOOST_AUTO_TEST_CASE(what_stores_give_back) {
    // Also as no text is read any more: what was stored by an earlier version stays readable.
    for (const auto* stored : {"+14155550100", "+12", "+123456789012345", "+4407911123456", "+5215512345678",
                               "+541123456789", "+114155550100", "+999000"}) {
        const auto n = phone_number::from_e164(stored);
        BOOST_TEST_CONTEXT(stored) {
            BOOST_REQUIRE(n);
            BOOST_TEST(n->str() == stored);
        }
    }
    for (const auto* bad : {"", "+", "+1", "14155550100", "+04155550100", "+1415 5550100", "+1234567890123456",
                            "+14155550100\n", "++14155550100", "tel:+14155550100", "+١٤"}) {
        const auto n = phone_number::from_e164(bad);
        BOOST_TEST_CONTEXT(bad) {
            BOOST_TEST(!n);
            if (!n) BOOST_TEST(n.error().code == error::invalid_phone_number);
        }
    }
}

BOOST_AUTO_TEST_CASE(masked_for_logs) {
    BOOST_TEST(phone_number::parse("+14155550100")->masked() == "+14*******00");
    BOOST_TEST(phone_number::parse("+12")->masked() == "+12");
}

BOOST_AUTO_TEST_SUITE_END()
