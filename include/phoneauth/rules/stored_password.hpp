// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_STORED_PASSWORD_HPP
#define PHONEAUTH_RULES_STORED_PASSWORD_HPP

#include <string>
#include <string_view>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rules {

/// What `user::password_hash` holds: a hash, and when it has replaced another one of the same password, behind it
/// ` replaces=` and the fingerprint of that, 64 hexadecimal digits. Sessions, logins in flight and known networks rest
/// on the fingerprint of a password, and so go on when only its hash is made anew.
struct stored_password {
    std::string_view hash;      ///< what the PasswordHasher made
    std::string_view replaces;  ///< the fingerprint of the first hash of this password; empty: that is `hash`

    /// Reads `text`, which must outlive this.
    explicit constexpr stored_password(std::string_view text) noexcept : hash(text) {
        constexpr std::string_view name = " replaces=";
        constexpr std::size_t digits = 64;
        if (text.size() < name.size() + digits) return;
        const auto fingerprint = text.substr(text.size() - digits);
        const auto before = text.substr(0, text.size() - digits);
        if (!before.ends_with(name) || fingerprint.find_first_not_of("0123456789abcdef") != std::string_view::npos)
            return;
        hash = before.substr(0, before.size() - name.size());
        replaces = fingerprint;
    }
};

/// The text for `hash`, which takes the place of one with this `fingerprint`.
inline std::string replacing(std::string_view hash, std::string_view fingerprint) {
    return std::string(hash).append(" replaces=").append(fingerprint);
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif
