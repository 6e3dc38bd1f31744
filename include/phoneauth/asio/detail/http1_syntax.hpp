// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_DETAIL_HTTP1_SYNTAX_HPP
#define PHONEAUTH_ASIO_DETAIL_HTTP1_SYNTAX_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include <phoneauth/detail/ascii.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// RFC 9110 §5.6.2: which bytes a token may have.
inline constexpr auto token_bytes = [] {
    std::array<bool, 256> all{};
    for (std::size_t c = 0; c < 128; ++c)
        all[c] = is_alnum(static_cast<char>(c)) ||
                 std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
    return all;
}();

inline bool is_token(std::string_view text) noexcept {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return token_bytes[static_cast<unsigned char>(c)]; });
}

/// RFC 9110 §5.5: no control characters but the tab.
inline bool is_field_value(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= ' ' ? byte != 0x7f : byte == '\t';
    });
}

/// Visible ASCII only, as in RFC 3986.
inline bool is_target(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
