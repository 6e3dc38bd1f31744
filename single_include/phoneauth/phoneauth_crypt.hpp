// SPDX-License-Identifier: BSL-1.0
// Generated from include/ by tests/scripts/amalgamate.py; do not edit.
#ifndef PHONEAUTH_SINGLE_INCLUDE_CRYPT_HPP
#define PHONEAUTH_SINGLE_INCLUDE_CRYPT_HPP

#include <phoneauth/phoneauth.hpp>

// ---- phoneauth/secrets/crypt.hpp ----

#ifndef PHONEAUTH_SECRETS_CRYPT_HPP
#define PHONEAUTH_SECRETS_CRYPT_HPP

#include <cerrno>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <crypt.h>


#ifndef XCRYPT_VERSION_MAJOR
#error "phoneauth/secrets/crypt.hpp needs libxcrypt (libcrypt-dev)"
#endif

namespace phoneauth {
inline namespace v0 {
namespace detail {

inline constexpr std::size_t bcrypt_settings_size = 29;  // "$2b$10$" and 22 characters of salt

/// The cost; nothing if `hash` is no bcrypt hash, or one that would take too long.
inline std::optional<unsigned> bcrypt_cost_of(std::string_view hash) {
    constexpr std::string_view digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    phc_reader in{hash};
    unsigned cost = 0;
    if (!(in.take("$2a$") || in.take("$2b$") || in.take("$2y$")) || !in.number(cost) || in.left.size() != 54 ||
        !in.take("$") || hash.size() != 60 || in.left.find_first_not_of(digits) != std::string_view::npos || cost < 4 ||
        cost > 16)
        return std::nullopt;
    return cost;
}

}  // namespace detail

/// A PasswordReader (secrets/hasher_chain.hpp) for users of another system: bcrypt, `$2a$`, `$2b$` and `$2y$`, by
/// libxcrypt, whose library (`-lcrypt`, `phoneauth::crypt`) only programs with this header need.
///
/// As everywhere, bcrypt looks at the first 72 bytes of a password only. A password with a zero byte, where it would
/// stop, is wrong. A hash of another form, or of a cost above 16 (some 5 s), is `error::internal`. Thread-safe.
class bcrypt_hashes {
public:
    /// Throws `std::invalid_argument` unless the cost is 4 to 16.
    ///
    /// @param cost  of most of the hashes that are to be read: the number behind `$2b$`
    explicit bcrypt_hashes(unsigned cost)
        : decoy_("$2b$" + std::string(cost < 10 ? "0" : "") + std::to_string(cost) + '$' + std::string(53, '.')) {
        if (!detail::bcrypt_cost_of(decoy_)) throw std::invalid_argument("phoneauth: bcrypt has a cost of 4 to 16");
    }

    ///@{
    /// See `PasswordReader`.
    bool recognizes(const std::string& hash) const {
        return hash.starts_with("$2a$") || hash.starts_with("$2b$") || hash.starts_with("$2y$");
    }
    result<bool> verify(const std::string& password, const std::string& hash) const {
        const auto unreadable = [] {
            return failure(error::internal, "The stored password hash is not one of bcrypt that can be read.");
        };
        if (!detail::bcrypt_cost_of(hash)) return unreadable();
        const secret_string read(std::string_view(password).substr(0, 72));  // libxcrypt refuses long ones
        const auto memory = std::make_unique<crypt_data>();                  // which it wipes itself
        const char* made = ::crypt_rn(read.c_str(), hash.c_str(), memory.get(), sizeof(crypt_data));
        if (!made) return errno == ENOMEM ? failure(error::overloaded) : unreadable();
        // The last digit of the salt has bits that do not count, and comes back without them.
        const auto digest = std::string_view(hash).substr(detail::bcrypt_settings_size);
        const bool same =
            detail::equal_in_constant_time(std::string_view(made).substr(detail::bcrypt_settings_size), digest);
        return same && password.find('\0') == std::string::npos;
    }
    result<bool> decoy(const std::string& password) const {
        auto compared = verify(password, decoy_);
        return compared ? result<bool>(false) : compared;
    }
    ///@}

private:
    std::string decoy_;
};

}  // namespace v0
}  // namespace phoneauth

#endif

#endif
