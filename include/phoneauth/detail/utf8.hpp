// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_UTF8_HPP
#define PHONEAUTH_DETAIL_UTF8_HPP

#include <cstddef>
#include <optional>
#include <string_view>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// The size in bytes of the well-formed UTF-8 sequence that `text` starts with (Unicode 15, table 3-7); 0 if there is
/// none.
constexpr std::size_t utf8_sequence(std::string_view text) noexcept {
    const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const auto follows = [&](std::size_t i) { return (at(i) & 0xC0u) == 0x80u; };
    const auto lead = at(0);
    if (text.empty()) return 0;
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        const bool overlong = lead == 0xE0 && at(1) < 0xA0;
        const bool surrogate = lead == 0xED && at(1) > 0x9F;
        return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const bool overlong = lead == 0xF0 && at(1) < 0x90;
        const bool too_large = lead == 0xF4 && at(1) > 0x8F;
        return follows(1) && follows(2) && follows(3) && !overlong && !too_large ? 4 : 0;
    }
    return 0;
}

/// How many code points `text` has; empty when it is not well-formed UTF-8.
constexpr std::optional<std::size_t> count_code_points(std::string_view text) noexcept {
    std::size_t count = 0;
    while (!text.empty()) {
        const auto size = utf8_sequence(text);
        if (size == 0) return std::nullopt;
        text.remove_prefix(size);
        ++count;
    }
    return count;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
