// SPDX-License-Identifier: BSL-1.0
// The table of dialling rules, and what holds for numbers of all its countries: one person has one number, however it is
// typed, and no text is two numbers.
#include <phoneauth/detail/typed.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/rules/dialling.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using namespace phoneauth;
using rules::dialling_rule;
using rules::dialling_rules;

BOOST_AUTO_TEST_SUITE(core_dialling)

namespace {
std::mt19937 generator;  // NOLINT: the same numbers each time

std::size_t below(std::size_t n) {
    return generator() % n;
}

bool is_open(const dialling_rule& r) {
    return (r.traits & rules::open_plan) != 0;
}

bool keeps_zero(const dialling_rule& r) {
    return (r.traits & rules::keeps_zero) != 0;
}

std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> all;
    while (!text.empty()) all.emplace_back(rules::take_word(text));
    return all;
}

std::vector<std::string> prefixes_for_abroad(const dialling_rule& r) {
    auto all = words(r.prefixes_for_abroad);
    if (std::find(all.begin(), all.end(), "00") == all.end()) all.emplace_back("00");
    return all;
}

std::string random_digits(std::size_t n) {
    std::string s;
    while (s.size() < n) s += static_cast<char>('0' + below(10));
    return s;
}

/// A national number that is certain.
std::string some_number(const dialling_rule& r) {
    std::vector<std::size_t> lengths;
    for (std::size_t n = 1; n < 16; ++n)
        if (r.lengths >> n & 1u) lengths.push_back(n);
    auto s = random_digits(lengths[below(lengths.size())]);
    const auto beginnings = words(r.beginnings.empty() ? "1 2 3 4 5 6 7 8 9" : r.beginnings);
    const auto& beginning = beginnings[below(beginnings.size())];
    s.replace(0, beginning.size(), beginning);
    if (keeps_zero(r) && !is_open(r) && below(2) == 0) s[0] = '0';
    if (s.starts_with("00")) s[1] = '1';
    return s;
}

std::string to_utf8(char32_t c) {
    const auto byte = [](char32_t bits) { return static_cast<char>(static_cast<unsigned char>(bits)); };
    if (c < 0x80) return {byte(c)};
    if (c < 0x800) return {byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F))};
    if (c < 0x10000) return {byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F))};
    return {byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F))};
}

/// The same number as others would write it: in another script, with signs between the digits.
std::string written(const std::string& digits) {
    static const std::string signs[] = {" ", "-", ".", "/", "(", ")", "\u00a0", "\u202f", "\u2011", "\u2013", "\u200b"};
    const auto zero = below(2) == 0 ? U'0' : detail::zeros[below(std::size(detail::zeros))];
    std::string s = below(4) == 0 ? "\u202a" : "";
    for (const char c : digits) {
        s += c == '+' ? std::string("+") : to_utf8(zero + static_cast<char32_t>(c - '0'));
        if (below(5) == 0) s += signs[below(std::size(signs))];
    }
    return s + (below(4) == 0 ? "\u202c\n" : "");
}

std::string read(const std::string& text, std::string_view calling_code) {
    const auto n = phone_number::parse(text, calling_code);
    return n ? std::string(n->str()) : "refused";
}

/// An Argentine number with the 15 of mobile phones, as from abroad.
std::string without_15(std::string number) {
    if (number.size() == 13 && number[0] == '9') number.erase(0, 1);
    const std::size_t area = number.starts_with("11")                                            ? 2
                             : number.substr(std::min<std::size_t>(3, number.size()), 2) == "15" ? 3
                                                                                                 : 4;
    if (number.size() != 12 || number[0] == '0' || number.substr(area, 2) != "15") return {};
    return "9" + number.erase(area, 2);
}

/// Every number that `digits` may be where `home` is dialled, found in the dullest way.
std::vector<std::string> all_readings(const std::string& digits, const dialling_rule& home) {
    std::vector<std::string> found;
    const auto look = [&](const dialling_rule& r, const std::string& front, bool certainly) {
        if (!digits.starts_with(front)) return;
        auto rest = digits.substr(front.size());
        if (r.calling_code == "229" && rest.size() == 8 && rest[0] != '0') rest.insert(0, "01");  // since 2024
        if (front.ends_with("52") && rest.size() == 11 && rest[0] == '1') rest.erase(0, 1);  // Mexico's, until 2019
        if (r.calling_code == "54" && !without_15(rest).empty()) rest = without_15(rest);
        if (!(certainly ? is_certain_number(r, rest) : is_possible_number(r, rest))) return;
        const auto number = std::string("+").append(r.calling_code).append(rest);
        if (std::find(found.begin(), found.end(), number) == found.end()) found.push_back(number);
    };
    const auto look_behind = [&](const dialling_rule& r, const std::string& front, bool certainly) {
        const bool keeps = keeps_zero(r) && digits.substr(std::min(digits.size(), front.size())).starts_with('0');
        look(r, front, certainly && !keeps);
        const bool is_abroad = &r != &home || front.size() > r.calling_code.size();
        for (const auto& p : words(r.national_prefixes))
            if (!is_abroad || p != r.calling_code) look(r, front + p, false);  // 1, of North America
    };
    const std::string own(home.calling_code);
    look_behind(home, "", true);
    look_behind(home, own, !is_certain_number(home, digits));
    for (const auto& p : prefixes_for_abroad(home))
        if (digits.starts_with(p))
            if (const auto* r = rules::find_rule_of(std::string_view(digits).substr(p.size())))
                look_behind(*r, p + std::string(r->calling_code), false);
    return found;
}
}  // namespace

BOOST_AUTO_TEST_CASE(table_is_well_formed) {
    const auto all_digits = [](std::string_view s) {
        return !s.empty() && s.find_first_not_of("0123456789") == std::string_view::npos;
    };
    std::string_view last;
    for (const auto& r : dialling_rules) {
        BOOST_TEST_CONTEXT("+" << r.calling_code) {
            BOOST_TEST((all_digits(r.calling_code) && r.calling_code.size() <= 3 && r.calling_code[0] != '0'));
            BOOST_TEST((last < r.calling_code && (last.empty() || !r.calling_code.starts_with(last))));
            for (const auto& p : words(r.national_prefixes)) BOOST_TEST((all_digits(p) && p.size() <= 3));
            BOOST_TEST(!r.prefixes_for_abroad.empty());
            for (const auto& p : words(r.prefixes_for_abroad)) BOOST_TEST((all_digits(p) && p.size() <= 4));
            BOOST_TEST(r.lengths != 0);
            for (std::size_t n = 0; n < 16; ++n)
                if (r.lengths >> n & 1u) BOOST_TEST((n >= 4 && n + r.calling_code.size() <= 15));
            for (const auto& b : words(r.beginnings)) BOOST_TEST((all_digits(b) && b.size() <= 2 && b[0] != '0'));
            BOOST_TEST((!is_open(r) || !r.beginnings.empty()));
            BOOST_TEST((!keeps_zero(r) || r.national_prefixes.empty()));
            BOOST_TEST(rules::find_rule(r.calling_code) == &r);
            BOOST_TEST(rules::find_rule_of(std::string(r.calling_code) + "1") == &r);
        }
        last = r.calling_code;
    }
    BOOST_TEST(std::size(dialling_rules) > 200u);
    for (const auto* none : {"", "0", "2", "999", "1415", "4915"}) BOOST_TEST(!rules::find_rule(none));
    BOOST_TEST(!rules::find_rule_of("999123"));
}

BOOST_AUTO_TEST_CASE(digits_of_every_script) {
    for (const auto zero : detail::zeros)
        for (char32_t d = 0; d < 10; ++d) BOOST_TEST(detail::digit_of(zero + d) == static_cast<char>('0' + d));
    for (const char32_t none : {0x2Fu, 0x3Au, 0x65Fu, 0x66Au, 0xB2u, 0x2460u, 0x3007u, 0x4E00u, 0xFFFFFFFFu})
        BOOST_TEST(detail::digit_of(none) == 0);
    BOOST_TEST(std::is_sorted(std::begin(detail::zeros), std::end(detail::zeros)));
}

BOOST_AUTO_TEST_CASE(a_number_is_read_as_itself_wherever_it_is_typed) {
    for (const auto& r : dialling_rules)
        for (int i = 0; i < 2; ++i) {
            const auto number = "+" + std::string(r.calling_code) + some_number(r);
            std::string wrong = read(number, "") == number ? "" : "nowhere";
            for (const auto& home : dialling_rules)
                if (read(number, home.calling_code) != number) wrong = home.calling_code;
            BOOST_TEST(wrong == "", number << " where " << wrong << " is dialled");
        }
}

BOOST_AUTO_TEST_CASE(every_spelling_is_the_same_number) {
    int refused = 0, all = 0;
    for (const auto& r : dialling_rules) {
        const std::string own(r.calling_code);
        for (int i = 0; i < 30; ++i) {
            const auto national = some_number(r);
            const auto number = "+" + own + national;
            const auto check = [&](const std::string& text, std::string_view home, bool may_be_refused) {
                const auto typed = written(text);
                const auto outcome = read(typed, home);
                ++all;
                if (outcome == "refused" && may_be_refused)
                    ++refused;
                else
                    BOOST_TEST(outcome == number, typed << " where " << home << " is dialled");
            };
            // Without a prefix it may be another number as well; nothing else may be refused.
            const auto is_doubtful = [&](const std::string& text) { return all_readings(text, r).size() != 1; };
            const auto& other = dialling_rules[below(std::size(dialling_rules))];
            check(number, other.calling_code, false);
            check(national, own, is_doubtful(national));
            check(own + national, own, is_doubtful(own + national));
            for (const auto& p : prefixes_for_abroad(other))
                check(p + own + national, other.calling_code, all_readings(p + own + national, other).size() != 1);
            for (const auto& p : words(r.national_prefixes)) {
                check("+" + own + p + national, other.calling_code, false);
                check(p + national, own, is_doubtful(p + national));
                check(own + p + national, own, is_doubtful(own + p + national));
                check("00" + own + p + national, own, is_doubtful("00" + own + p + national));
            }
        }
    }
    BOOST_TEST_MESSAGE(refused << " of " << all << " spellings are doubtful and refused");
    BOOST_TEST(refused * 100 < all);
}

BOOST_AUTO_TEST_CASE(landline_numbers_with_their_national_prefix) {
    for (const auto& r : dialling_rules) {
        if (!is_open(r) || r.national_prefixes.empty()) continue;
        const std::string own(r.calling_code), prefix = words(r.national_prefixes).front();
        for (int i = 0; i < 20; ++i) {
            auto national = random_digits(6 + below(4));
            national[0] = "23456789"[below(8)];
            if (national.starts_with(own)) continue;
            BOOST_TEST(read(written(prefix + national), own) == "+" + own + national);
            BOOST_TEST(read(written("+" + own + prefix + national), "") == "+" + own + national);
            BOOST_TEST(read(written("+" + own + national), "") == "+" + own + national);
        }
    }
}

BOOST_AUTO_TEST_CASE(nothing_is_two_numbers) {
    int read_so_far = 0;
    for (int i = 0; i < 30'000; ++i) {
        const auto& home = dialling_rules[below(std::size(dialling_rules))];
        // Digits at random are seldom numbers: put in front what makes them look like some.
        auto text = random_digits(4 + below(10));
        if (below(2) == 0) text.insert(0, home.calling_code);
        if (below(3) == 0) text.insert(0, words(home.prefixes_for_abroad).front());
        if (below(3) == 0 && !home.national_prefixes.empty()) text.insert(0, words(home.national_prefixes).front());
        if (text.size() > 20) text.resize(20);
        const auto number = read(text, home.calling_code);
        const auto readings = all_readings(text, home);
        BOOST_TEST(read(written(text), home.calling_code) == number);
        if (readings.size() > 1)
            BOOST_TEST(number == "refused", text << " where " << home.calling_code << " is dialled");
        if (number == "refused") continue;
        ++read_so_far;
        for (const auto& n : readings) BOOST_TEST(n == number, text << " where " << home.calling_code << " is dialled");
        // As it is stored, it is read as itself anywhere.
        const auto& other = dialling_rules[below(std::size(dialling_rules))];
        BOOST_TEST(read(number, other.calling_code) == number);
        const auto stored = phone_number::from_e164(number);
        BOOST_TEST((stored && stored->str() == number));
    }
    BOOST_TEST(read_so_far > 3'000);
    BOOST_TEST_MESSAGE(read_so_far << " of 30000 texts are numbers");
}

BOOST_AUTO_TEST_SUITE_END()
