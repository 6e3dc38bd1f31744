// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_TYPED_HPP
#define PHONEAUTH_DETAIL_TYPED_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <phoneauth/detail/utf8.hpp>

// What people type and paste: digits of all scripts, and signs that nobody sees. Unicode 16.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// What no code point is: stands for bytes that are not UTF-8.
inline constexpr char32_t no_code_point = 0xFFFFFFFF;

/// Takes the first code point off `text`, which is not empty; `no_code_point` and one byte where it is not UTF-8.
constexpr char32_t take_code_point(std::string_view& text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
    const auto size = utf8_sequence(text);
    char32_t c = no_code_point;
    if (size == 1) c = byte(0);
    if (size == 2) c = (byte(0) & 0x1Fu) << 6 | (byte(1) & 0x3Fu);
    if (size == 3) c = (byte(0) & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
    if (size == 4) c = (byte(0) & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu);
    text.remove_prefix(size == 0 ? 1 : size);
    return c;
}

/// The zeros of all scripts; nine more digits follow each (Unicode: general category Nd).
inline constexpr char32_t zeros[] = {
    0x0030,  0x0660,  0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6,  0x0B66,  0x0BE6,  0x0C66,  0x0CE6,  0x0D66,
    0x0DE6,  0x0E50,  0x0ED0,  0x0F20,  0x1040,  0x1090,  0x17E0,  0x1810,  0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,
    0x1BB0,  0x1C40,  0x1C50,  0xA620,  0xA8D0,  0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30,
    0x10D40, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730,
    0x118E0, 0x11950, 0x11BF0, 0x11C50, 0x11D50, 0x11DA0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1CCF0,
    0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950, 0x1FBF0,
};

/// The digit that `c` is, as '0' to '9'; 0 if it is none.
constexpr char digit_of(char32_t c) noexcept {
    for (const auto zero : zeros)
        if (c >= zero && c - zero < 10) return static_cast<char>('0' + static_cast<int>(c - zero));
    return 0;
}

/// White space (Unicode: White_Space), line breaks included.
constexpr bool is_blank(char32_t c) noexcept {
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/// What ends a line (Unicode: BK, CR, LF, NL).
constexpr bool is_line_break(char32_t c) noexcept {
    return (c >= '\n' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029;
}

/// What takes no room: soft hyphens, joiners, marks and embeddings of the writing direction, variation selectors, the
/// byte order mark (of Unicode's Default_Ignorable_Code_Point what texts are pasted with).
constexpr bool is_invisible(char32_t c) noexcept {
    return c == 0xAD || c == 0x34F || c == 0x61C || c == 0x180E || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF;
}

/// A hyphen, dash or minus, of any width and length.
constexpr bool is_dash(char32_t c) noexcept {
    return c == '-' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0x30FC || c == 0xFE58 || c == 0xFE63 ||
           c == 0xFF0D;
}

/// `text` without blanks and invisible signs at both ends.
constexpr std::string_view trim_typed(std::string_view text) noexcept {
    const auto goes = [](char32_t c) { return is_blank(c) || is_invisible(c); };
    while (!text.empty()) {
        auto rest = text;
        if (!goes(take_code_point(rest))) break;
        text = rest;
    }
    while (!text.empty()) {
        auto at = text.size() - 1;
        while (at > 0 && text.size() - at < 4 && (static_cast<unsigned char>(text[at]) & 0xC0u) == 0x80u) --at;
        auto last = text.substr(at);
        if (!goes(take_code_point(last)) || !last.empty()) break;
        text = text.substr(0, at);
    }
    return text;
}

/// Whether `text` has a sign that nobody sees, or a blank that is not a space.
constexpr bool has_hidden_sign(std::string_view text) noexcept {
    while (!text.empty()) {
        const auto c = take_code_point(text);
        if (is_invisible(c) || (c != ' ' && is_blank(c))) return true;
    }
    return false;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
