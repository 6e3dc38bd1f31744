// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_PHONE_NUMBER_HPP
#define PHONEAUTH_PHONE_NUMBER_HPP

#include <array>
#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

#include <phoneauth/result.hpp>

namespace phoneauth {
inline namespace v0 {

/// An E.164 number: `+`, then 2 to 15 digits of which the first is not 0 (ITU-T E.164 §6; `^\+[1-9]\d{1,14}$`).
/// It cannot hold anything else. Trivially copyable; distinct objects may be used in distinct threads.
class phone_number {
public:
    /// Most characters of what a person types that `parse` looks at.
    static constexpr std::size_t max_input = 64;

    /// Reads what people type: spaces, tabs, dashes, dots, slashes and round brackets are dropped, `00` in front means
    /// `+`. Without either, `default_calling_code` (digits only, for example "49"; empty for none) is put in front and
    /// one leading 0, the national prefix, is dropped. A "(0)" behind a `+` number's calling code is not understood.
    /// Fails with `error::invalid_phone_number`; the message says what is wrong and never repeats the input.
    static result<phone_number> parse(std::string_view text, std::string_view default_calling_code = {}) {
        if (text.size() > max_input) return bad("The phone number is too long.");
        std::array<char, max_input> digits{};
        std::size_t count = 0;
        bool plus = false;
        for (const char c : text) {
            if (c >= '0' && c <= '9')
                digits[count++] = c;
            else if (c == '+' && count == 0 && !plus)
                plus = true;
            else if (!is_separator(c))
                return bad("The phone number has a character that is not a digit; expected for example +14155550100.");
        }
        std::string_view number(digits.data(), count);
        if (number.empty()) return bad("The phone number is empty.");
        if (!plus && number.starts_with("00")) {
            plus = true;
            number.remove_prefix(2);
        }
        if (plus) return from_digits({}, number);
        if (default_calling_code.empty())
            return bad("The phone number has no country code; expected + and the country code in front.");
        if (number.starts_with('0')) number.remove_prefix(1);
        return from_digits(default_calling_code, number);
    }

    /// The number as `+` and digits. Lives as long as this object.
    constexpr std::string_view str() const noexcept { return {text_.data(), size_}; }

    /// The number with all but the first three and the last two characters hidden, for logs.
    std::string masked() const {
        std::string s(str());
        for (std::size_t i = 3; i + 2 < s.size(); ++i) s[i] = '*';
        return s;
    }

    friend constexpr bool operator==(const phone_number& a, const phone_number& b) noexcept {
        return a.str() == b.str();
    }
    friend constexpr auto operator<=>(const phone_number& a, const phone_number& b) noexcept {
        return a.str() <=> b.str();
    }

private:
    constexpr phone_number() = default;

    static constexpr bool is_separator(char c) noexcept {
        return c == ' ' || c == '\t' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')';
    }

    static result<phone_number> bad(const char* why) { return failure(error::invalid_phone_number, why); }

    static result<phone_number> from_digits(std::string_view code, std::string_view rest) {
        const auto size = code.size() + rest.size();
        if (size > 15) return bad("The phone number has more than 15 digits.");
        if (rest.empty() || size < 2) return bad("The phone number is too short.");
        phone_number n;
        n.text_[n.size_++] = '+';
        for (const char c : code) n.text_[n.size_++] = c;
        for (const char c : rest) n.text_[n.size_++] = c;
        if (n.text_[1] == '0') return bad("The phone number's country code starts with 0.");
        return n;
    }

    std::array<char, 16> text_{};
    unsigned char size_ = 0;
};

}  // namespace v0
}  // namespace phoneauth

#endif
