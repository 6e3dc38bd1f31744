// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_PHC_HPP
#define PHONEAUTH_DETAIL_PHC_HPP

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <phoneauth/detail/crypto.hpp>

// The PHC string format and its relatives: https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// A stored password hash, read from left to right.
struct phc_reader {
    std::string_view left;

    /// Whether `literal` is next, which it then goes past.
    bool take(std::string_view literal) {
        if (!left.starts_with(literal)) return false;
        left.remove_prefix(literal.size());
        return true;
    }
    /// Whether a decimal number is next, which it then goes past.
    bool number(unsigned& n) {
        const auto [end, ec] = std::from_chars(left.data(), left.data() + left.size(), n);
        left.remove_prefix(static_cast<std::size_t>(end - left.data()));
        return ec == std::errc();
    }
    /// The text up to the next `$`, which it goes past. Nothing if there is none.
    std::optional<std::string_view> field() {
        const auto dollar = left.find('$');
        if (dollar == std::string_view::npos) return std::nullopt;
        const auto text = left.substr(0, dollar);
        left.remove_prefix(dollar + 1);
        return text;
    }
    /// What is left, as a salt and a hash in base64 without padding, with `$` between them.
    bool salt_and_hash(std::string& salt, std::string& hash) {
        const auto first = field();
        auto salt_bytes = first ? bytes_of_base64(*first) : std::nullopt;
        auto hash_bytes = bytes_of_base64(left);
        if (!salt_bytes || !hash_bytes) return false;
        salt = std::move(*salt_bytes);
        hash = std::move(*hash_bytes);
        return true;
    }
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
