// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_PHONE_NUMBER_HPP
#define PHONEAUTH_PHONE_NUMBER_HPP

#include <array>
#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

#include <phoneauth/detail/config.hpp>
#include <phoneauth/result.hpp>

namespace phoneauth {
inline namespace v0 {

/// An E.164 number: `+`, then 2 to 15 digits of which the first is not 0 (ITU-T E.164 §6; `^\+[1-9]\d{1,14}$`).
/// It cannot hold anything else. Trivially copyable; distinct objects may be used in distinct threads.
class phone_number {
public:
    /// Most bytes of what a person types that `parse` looks at.
    static constexpr std::size_t max_input = 128;

    /// Reads what people type and paste, by what is dialled in their country (rules/dialling.hpp).
    ///
    /// - Digits of all scripts are digits. Spaces, dashes, dots, slashes, tildes and brackets are dropped, and signs that
    ///   nobody sees. `tel:` may stand in front (RFC 3966), and a `phone-context` that is a calling code behind it.
    /// - With `+`, the number is taken at its word, of any length, but for what stands behind the calling code and
    ///   certainly does not belong there: a national prefix ("+44 (0)7911 123456"), the calling code once more, Mexico's
    ///   1 and Argentina's 15. Numbers of Benin with 8 digits get the 01 that they have had since 2024.
    /// - Without `+`, there are four ways to read a number: behind a prefix for abroad (`00`, and those of
    ///   `default_calling_code`), behind the own calling code, behind a national prefix, and as it stands. If one of
    ///   them gives a number that the country can have, that is it. If none or two do, the number is refused.
    /// - An Argentine number without the 9 of mobile phones is refused: nobody can tell which of two phones is meant.
    ///
    /// @param text  what was typed; at most `max_input` bytes of UTF-8
    /// @param default_calling_code  where numbers without `+` are dialled: 1 to 3 digits, for example "49"; empty: only
    ///     `+` and `00` are understood
    /// @return the number. `parse(n.str(), any)` is `n` for whatever this returns.
    /// @par Errors
    /// `invalid_phone_number`; the message says how to write it, and never repeats the input.
    static PHONEAUTH_DECL result<phone_number> parse(std::string_view text, std::string_view default_calling_code = {});

    /// Reads what `str` gives, and nothing else: for storages, which give back what they were given, and for numbers
    /// that another library has read. It knows no country.
    /// @par Errors
    /// `invalid_phone_number`.
    static PHONEAUTH_DECL result<phone_number> from_e164(std::string_view text);

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
    friend constexpr std::strong_ordering operator<=>(const phone_number& a, const phone_number& b) noexcept {
        return a.str().compare(b.str()) <=> 0;  // libc++ 14 has no <=> for strings
    }

private:
    constexpr phone_number() = default;

    std::array<char, 16> text_{};
    unsigned char size_ = 0;
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/phone_number.ipp>
#endif

#endif
