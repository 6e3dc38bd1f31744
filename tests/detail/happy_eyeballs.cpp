// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <phoneauth/detail/happy_eyeballs.hpp>

#include <string>
#include <vector>

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(happy_eyeballs)

BOOST_AUTO_TEST_CASE(families_take_turns) {
    struct example {
        std::string given, expected;
    };
    // A capital letter is an address of one family, a small one of another, a digit of a third.
    for (const auto& [given, expected] : {example{"", ""},
                                          {"A", "A"},
                                          {"ABC", "ABC"},
                                          {"ABCabc", "AaBbCc"},
                                          {"abcABC", "aAbBcC"},
                                          {"ABCa", "AaBC"},
                                          {"aABC", "aABC"},
                                          {"AaBbCc", "AaBbCc"},
                                          {"AabcB", "AaBbc"},
                                          {"ABa1", "AaB1"}}) {
        const auto family = [](char c) { return c >= 'a' ? 2 : c >= 'A' ? 1 : 0; };
        const auto order = detail::interleave_families(std::vector<char>(given.begin(), given.end()), family);
        BOOST_TEST(std::string(order.begin(), order.end()) == expected);
    }
}

BOOST_AUTO_TEST_SUITE_END()
