// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_SECRETS_BACKUP_CODE_HPP
#define PHONEAUTH_SECRETS_BACKUP_CODE_HPP

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/detail/typed.hpp>
#include <phoneauth/secret_string.hpp>

// Backup codes (NIST SP 800-63B-3 §5.1.2: look-up secrets): how they are written, read, and kept in
// `user::backup_codes`.

namespace phoneauth {
inline namespace v0 {

/// How many backup codes a user has.
inline constexpr unsigned backup_code_count = 10;

/// A backup code as it is compared.
struct typed_backup_code {
    unsigned slot = 0;   ///< which of the user's codes it is, 0 to 9
    secret_string text;  ///< the slot's digit and 16 characters: what is hashed
};

namespace detail {
/// Crockford's base32: nothing that is easily taken for something else.
inline constexpr std::string_view base32_digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// The characters behind the slot: 80 bits.
inline constexpr std::size_t backup_code_size = 16;

/// The base32 digit that somebody means who types `c`; 0 if it is none.
constexpr char base32_digit_of(char32_t c) noexcept {
    if (const char digit = digit_of(c); digit != 0) return digit;
    if (c >= 0x80) return 0;
    const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : static_cast<char>(c);
    if (upper == 'O') return '0';
    if (upper == 'I' || upper == 'L') return '1';
    return base32_digits.find(upper) == std::string_view::npos ? '\0' : upper;
}
}  // namespace detail

/// A new backup code for `slot`, below `backup_code_count`, as a user is shown it: "7-XXXX-XXXX-XXXX-XXXX". Empty when
/// there is no randomness. `Random` has `bool fill(std::span<unsigned char>)`, as `random_source`.
template <class Random>
std::optional<secret_string> make_backup_code(Random& random, unsigned slot) {
    std::array<unsigned char, detail::backup_code_size> bytes;
    if (!random.fill(bytes)) return std::nullopt;
    secret_string text;
    text.reserve(1 + detail::backup_code_size + detail::backup_code_size / 4);
    text += static_cast<char>('0' + slot);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i % 4 == 0) text += '-';
        text += detail::base32_digits[bytes[i] % 32];  // 32 divides 256: none is likelier
    }
    detail::wipe(bytes);
    return text;
}

/// Reads a backup code as a person types or pastes it: upper and lower case, white space, dashes and signs that nobody
/// sees are all the same, O is 0, I and L are 1. At most 128 bytes. Empty if it is none.
inline std::optional<typed_backup_code> parse_backup_code(std::string_view text) {
    if (text.size() > 128) return std::nullopt;
    typed_backup_code typed;
    typed.text.reserve(1 + detail::backup_code_size);
    while (!text.empty()) {
        const auto sign = detail::take_code_point(text);
        if (detail::is_blank(sign) || detail::is_dash(sign) || detail::is_invisible(sign)) continue;
        const char digit = detail::base32_digit_of(sign);
        if (digit == 0 || typed.text.size() > detail::backup_code_size) return std::nullopt;
        typed.text += digit;
    }
    if (typed.text.size() != 1 + detail::backup_code_size || !detail::is_digit(typed.text[0])) return std::nullopt;
    typed.slot = static_cast<unsigned>(typed.text[0] - '0');
    return typed;
}

namespace detail {
/// Where the hash of `slot` stands in `list`; npos as its begin if it has none.
struct list_part {
    std::size_t begin = std::string_view::npos;
    std::size_t size = 0;
};
inline list_part part_of_list(std::string_view list, unsigned slot) noexcept {
    std::size_t begin = 0;
    for (; slot > 0; --slot) {
        const auto blank = list.find(' ', begin);
        if (blank == std::string_view::npos) return {};
        begin = blank + 1;
    }
    const auto end = list.find(' ', begin);
    return {begin, (end == std::string_view::npos ? list.size() : end) - begin};
}
}  // namespace detail

/// The hash of the code in `slot` of `list`, a `user::backup_codes`; empty if there is none, or it was used.
inline std::string find_backup_code(std::string_view list, unsigned slot) {
    const auto part = detail::part_of_list(list, slot);
    if (part.begin == std::string_view::npos) return {};
    const auto hash = list.substr(part.begin, part.size);
    return hash == "-" ? std::string() : std::string(hash);
}

/// Puts `to` in the place of `from` in `slot` of `list`; false, and nothing is changed, if something else is there.
inline bool replace_backup_code(std::string& list, unsigned slot, std::string_view from, std::string_view to) {
    const auto part = detail::part_of_list(list, slot);
    if (part.begin == std::string_view::npos || std::string_view(list).substr(part.begin, part.size) != from)
        return false;
    list.replace(part.begin, part.size, to);
    return true;
}

/// What stands in the place of a code that was used.
inline constexpr std::string_view used_backup_code = "-";

}  // namespace v0
}  // namespace phoneauth

#endif
