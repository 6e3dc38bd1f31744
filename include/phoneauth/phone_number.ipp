// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_PHONE_NUMBER_IPP
#define PHONEAUTH_PHONE_NUMBER_IPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/detail/typed.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/rules/dialling.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// How a reading of a number ends; the sentences for it are below.
enum class reading {
    done,
    too_many_digits,
    too_short,
    no_country,     ///< neither `+` nor a default calling code
    code_is_zero,   ///< the calling code begins with 0
    not_a_number,   ///< no way to read it gives a number of the country
    two_numbers,    ///< two ways give two numbers
    zero_behind,    ///< a 0 behind the calling code that is no national prefix
    code_twice,     ///< the calling code twice, and nobody can tell
    argentine_nine  ///< without the 9 of mobile phones
};

inline const char* sentence_for(reading r) noexcept {
    switch (r) {
    case reading::too_many_digits:
        return "The phone number has more than 15 digits.";
    case reading::too_short:
        return "The phone number is too short.";
    case reading::no_country:
        return "The phone number has no country code; expected + and the country code in front.";
    case reading::code_is_zero:
        return "The phone number's country code starts with 0.";
    case reading::two_numbers:
        return "The phone number can be read in two ways; expected + and the country code in front, for example "
               "+14155550100.";
    case reading::zero_behind:
        return "The phone number has a 0 behind its country code that does not belong there; expected for example "
               "+14155550100.";
    case reading::code_twice:
        return "The phone number has its country code twice; expected for example +14155550100.";
    case reading::argentine_nine:
        return "A mobile number of Argentina has a 9 behind the country code, then the area code, and no 15; expected "
               "for example +5491123456789.";
    case reading::done:
    case reading::not_a_number:
        break;
    }
    return "The phone number does not have the digits of a number of its country; expected + and the country code in "
           "front, for example +14155550100.";
}

/// Digits that are put together; as many as E.164 allows.
class e164_digits {
public:
    /// False if there is no room.
    constexpr bool append(std::string_view more) noexcept {
        if (more.size() > digits_.size() - size_) return false;
        for (const char c : more) digits_[size_++] = c;
        return true;
    }
    constexpr std::string_view str() const noexcept { return {digits_.data(), size_}; }

private:
    std::array<char, 15> digits_{};
    std::size_t size_ = 0;
};

/// The digits of a text.
struct typed_digits {
    /// A prefix for abroad, a calling code, a national prefix and a number have less.
    static constexpr std::size_t max_size = 24;

    std::array<char, max_size> digits{};
    std::size_t size = 0;
    bool plus = false;

    constexpr std::string_view str() const noexcept { return {digits.data(), size}; }
};

/// All readings of a number that give one. More than one number is none.
class readings {
public:
    void add(const e164_digits& number) noexcept {
        if (count_ == 0) number_ = number;
        if (count_ == 0 || number_.str() != number.str()) ++count_;
    }
    int count() const noexcept { return count_; }
    const e164_digits& number() const noexcept { return number_; }

private:
    e164_digits number_;
    int count_ = 0;
};

/// How sure it has to be that digits are a national number.
enum class certainty {
    certain,  ///< nothing in front of them says so
    possible  ///< a national prefix or a `+` does
};

/// At home Argentine mobile numbers have a 15 behind the area code, which has 2 to 4 of their 10 digits (11 alone has
/// two); from abroad they have a 9 in front (Plan Fundamental de Numeración Nacional). → the number as from abroad.
inline bool put_argentine_mobile(const rules::dialling_rule& rule, std::string_view digits, e164_digits& out) {
    if (digits.size() == 13 && digits.starts_with('9')) digits.remove_prefix(1);
    if (digits.size() != 12 || digits.starts_with('0')) return false;
    const auto is_15_at = [&](std::size_t at) { return digits.substr(at, 2) == "15"; };
    std::size_t area = is_15_at(3) ? 3 : 4;
    if (digits.starts_with("11")) area = 2;
    if (!is_15_at(area)) return false;
    out = {};
    return out.append(rule.calling_code) && out.append("9") && out.append(digits.substr(0, area)) &&
           out.append(digits.substr(area + 2));
}

/// A number that is written as it must not be any more, or not from abroad, where one can tell what it is.
inline bool put_rewritten(const rules::dialling_rule& rule, std::string_view digits, e164_digits& out) {
    if (rule.calling_code == "54") return put_argentine_mobile(rule, digits, out);
    // Benin put 01 in front of all its numbers on 30 November 2024.
    if (rule.calling_code != "229" || digits.size() != 8 || digits.starts_with('0')) return false;
    out = {};
    return out.append(rule.calling_code) && out.append("01") && out.append(digits);
}

/// Calling code and number, if `digits` are one.
inline bool put(const rules::dialling_rule& rule, std::string_view digits, certainty asked, e164_digits& out) {
    const bool is_number =
        asked == certainty::certain ? is_certain_number(rule, digits) : is_possible_number(rule, digits);
    if (!is_number) return put_rewritten(rule, digits, out);
    out = {};
    return out.append(rule.calling_code) && out.append(digits);
}

/// The same behind a national prefix.
inline bool put_behind_prefix(const rules::dialling_rule& rule, std::string_view digits, e164_digits& out) {
    auto prefixes = rule.national_prefixes;
    while (!prefixes.empty()) {
        const auto prefix = rules::take_word(prefixes);
        if (digits.starts_with(prefix) && put(rule, digits.substr(prefix.size()), certainty::possible, out))
            return true;
    }
    return false;
}

/// What stands behind the calling code that `number` begins with.
inline std::string_view behind_code(const rules::dialling_rule& rule, std::string_view number) noexcept {
    number.remove_prefix(rule.calling_code.size());
    // Mexico gave up the 1 of mobile phones, which stood nowhere but here, in August 2019.
    if (rule.calling_code == "52" && number.size() == 11 && number.starts_with('1')) number.remove_prefix(1);
    return number;
}

/// What stands behind `+`, or behind a prefix for abroad. `at_its_word`: of any length, and without doubt about the `+`.
inline reading read_international(std::string_view number, bool at_its_word, e164_digits& out) {
    if (number.starts_with('0')) return reading::code_is_zero;
    if (number.size() < 2) return reading::too_short;
    const auto* rule = rules::find_rule_of(number);
    if (rule) {
        const auto national = behind_code(*rule, number);
        const bool is_open = (rule->traits & rules::open_plan) != 0;
        const bool is_twice = national.starts_with(rule->calling_code);
        if (put(*rule, national, certainty::possible, out)) return reading::done;
        if ((at_its_word || !is_twice) && put_behind_prefix(*rule, national, out)) return reading::done;
        if (at_its_word && is_twice) {
            const auto rest = national.substr(rule->calling_code.size());
            if (is_open && is_certain_number(*rule, rest)) return reading::code_twice;
            if (!is_open && put(*rule, rest, certainty::certain, out)) return reading::done;
        }
        if (national.starts_with('0') && (rule->traits & rules::keeps_zero) == 0) return reading::zero_behind;
        if (rule->calling_code == "54" && national.size() == 10) return reading::argentine_nine;
        if (national.empty()) return reading::too_short;
    }
    if (!at_its_word) return reading::not_a_number;
    out = {};
    return out.append(number) ? reading::done : reading::too_many_digits;
}

/// A number as it is dialled in the country of `rule`.
inline reading read_dialled(const rules::dialling_rule& rule, std::string_view number, e164_digits& out) {
    readings found;
    reading abroad = reading::not_a_number;
    const auto read_abroad = [&](std::string_view prefix) {
        if (!number.starts_with(prefix)) return;
        abroad = read_international(number.substr(prefix.size()), false, out);
        if (abroad == reading::done) found.add(out);
    };
    const auto read_national = [&](std::string_view digits) {
        // A 0 that stays says as much as a national prefix.
        const auto asked = digits.starts_with('0') ? certainty::possible : certainty::certain;
        if (put(rule, digits, asked, out)) found.add(out);
        if (put_behind_prefix(rule, digits, out)) found.add(out);
    };
    read_abroad("00");
    auto prefixes = rule.prefixes_for_abroad;
    while (!prefixes.empty())
        if (const auto prefix = rules::take_word(prefixes); prefix != "00") read_abroad(prefix);
    if (number.starts_with(rule.calling_code)) {
        const auto rest = behind_code(rule, number);
        read_national(rest);
        // Whoever writes the calling code may also mean a number that would not be certain without it.
        if (is_certain_number(rule, number) && put(rule, rest, certainty::possible, out)) found.add(out);
    }
    read_national(number);
    out = found.number();
    if (found.count() == 1) return reading::done;
    if (found.count() > 1) return reading::two_numbers;
    const bool is_argentine = rule.calling_code == "54" && abroad == reading::not_a_number;
    return is_argentine ? reading::argentine_nine : abroad;
}

inline reading read_number(const typed_digits& typed, std::string_view calling_code, e164_digits& out) {
    const auto number = typed.str();
    if (typed.plus) return read_international(number, true, out);
    const auto* rule = rules::find_rule(calling_code);
    if (rule) return read_dialled(*rule, number, out);
    // Of a country that nobody knows, no number is told from a prefix.
    if (number.starts_with("00")) return read_international(number.substr(2), true, out);
    if (calling_code.empty()) return reading::no_country;
    if (number.starts_with('0') || number.starts_with(calling_code)) return reading::not_a_number;
    e164_digits whole;
    if (!whole.append(calling_code) || !whole.append(number)) return reading::too_many_digits;
    return read_international(whole.str(), true, out);
}

/// Nothing, or what is wrong with the text.
inline const char* read_digits(std::string_view text, typed_digits& out) {
    // Full-width forms, U+2053 and U+223C included, as input methods make them.
    constexpr char32_t signs[] = {'.',    '/',    '(',    ')',    '[',    ']',    '~',    0xB7,   0x2044, 0x2053,
                                  0x223C, 0xFF08, 0xFF09, 0xFF0E, 0xFF0F, 0xFF3B, 0xFF3D, 0xFF5E, 0x3002, 0xFF61};
    while (!text.empty()) {
        const auto c = take_code_point(text);
        const bool is_plus = c == '+' || c == 0xFF0B || c == 0xFE62;
        if (const char digit = digit_of(c)) {
            if (out.size == out.digits.size()) return sentence_for(reading::too_many_digits);
            out.digits[out.size++] = digit;
        } else if (is_plus && out.size == 0 && !out.plus) {
            out.plus = true;
        } else if (is_line_break(c) ||  // there may be two numbers
                   (!is_blank(c) && !is_invisible(c) && !is_dash(c) &&
                    std::find(std::begin(signs), std::end(signs), c) == std::end(signs))) {
            return "The phone number has a character that is not a digit; expected for example +14155550100.";
        }
    }
    return out.size == 0 ? "The phone number is empty." : nullptr;
}

/// Takes scheme and parameters off a `tel:` URI; a context that is a calling code becomes the default one. Nothing, or
/// what is wrong with it.
inline const char* read_uri(std::string_view& text, std::string_view& calling_code) {
    constexpr std::string_view scheme = "tel:", context = "phone-context=+";
    if (!equal_without_case(text.substr(0, scheme.size()), scheme)) return nullptr;
    text.remove_prefix(scheme.size());
    const auto end = text.find(';');
    if (end == text.npos) return nullptr;
    const auto parameter = text.substr(end + 1);
    text = text.substr(0, end);
    if (equal_without_case(parameter.substr(0, context.size()), context) &&
        rules::find_rule(parameter.substr(context.size()))) {
        calling_code = parameter.substr(context.size());
        return nullptr;
    }
    return "The phone number has an extension or another parameter, which messages cannot reach; expected for example "
           "tel:+14155550100.";
}

}  // namespace detail

PHONEAUTH_DECL result<phone_number> phone_number::parse(std::string_view text, std::string_view default_calling_code) {
    const auto bad = [](const char* why) { return failure(error::invalid_phone_number, why); };
    if (text.size() > max_input) return bad("The phone number is too long.");
    text = detail::trim_typed(text);
    if (const char* wrong = detail::read_uri(text, default_calling_code)) return bad(wrong);
    detail::typed_digits typed;
    if (const char* wrong = detail::read_digits(text, typed)) return bad(wrong);
    detail::e164_digits digits;
    const auto outcome = detail::read_number(typed, default_calling_code, digits);
    if (outcome != detail::reading::done) return bad(detail::sentence_for(outcome));
    phone_number n;
    n.text_[n.size_++] = '+';
    for (const char c : digits.str()) n.text_[n.size_++] = c;
    return n;
}

PHONEAUTH_DECL result<phone_number> phone_number::from_e164(std::string_view text) {
    const auto digits = text.substr(text.starts_with('+') ? 1 : 0);
    if (digits.size() + 1 != text.size() || digits.size() < 2 || digits.size() > 15 || digits.starts_with('0') ||
        !std::all_of(digits.begin(), digits.end(), detail::is_digit))
        return failure(error::invalid_phone_number,
                       "The phone number is not + and 2 to 15 digits; expected for example +14155550100.");
    phone_number n;
    for (const char c : text) n.text_[n.size_++] = c;
    return n;
}

}  // namespace v0
}  // namespace phoneauth

#endif
