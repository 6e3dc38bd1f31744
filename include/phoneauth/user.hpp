// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_USER_HPP
#define PHONEAUTH_USER_HPP

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/time.hpp>

namespace phoneauth {
inline namespace v0 {

/// Further user properties: name → JSON text of the value, kept as the client sent it.
using property_map = std::map<std::string, std::string, std::less<>>;

/// A registered user, as the storage keeps them. No two users have the same `object_id`, `phone` or `identity`.
struct user {
    std::string object_id;  ///< 36 characters, upper-case 8-4-4-4-12; an integrator's own: 1 to 64 bytes
    phone_number phone;     ///< proved to be the user's
    std::string identity;   ///< the email address in lower case, or whatever the configured identity column holds
    /// What the PasswordHasher made; empty: the user has no password. Behind it may stand what it has replaced: see
    /// rules/stored_password.hpp. An imported user's is the text that the other system has stored.
    std::string password_hash;
    property_map properties{};                  ///< everything else the client registered
    std::string locale = "en";                  ///< the language tag (RFC 5646) that the client registered
    bool enabled = true;                        ///< false: no login (error 3090)
    time_point created_at{};                    ///< when they registered
    std::optional<time_point> updated_at{};     ///< empty until the first change of a property
    std::optional<time_point> last_login_at{};  ///< empty until the first login
    std::uint64_t version = 0;                  ///< grows with each stored change; see `UserStorage`
    std::uint64_t generation = 0;               ///< raise it to end all sessions of the user for good
    /// The hashes of the backup codes (flows/recovery.hpp), ten with a blank between two, "-" for one that was used;
    /// empty: the user has none.
    std::string backup_codes{};
};

/// True for the names that a client cannot set: the server's own fields of a user object, those of a transaction and
/// those of a password; upper and lower case are the same. The REST object's names are among them here, not in rest/:
/// `make_user`, `apply_changes` and `validate` refuse them for every caller, as what one way in would store the REST
/// object could not show.
constexpr bool is_reserved_property(std::string_view name) noexcept {
    constexpr std::array names{"objectId",      "ownerId",         "created",        "updated",      "userStatus",
                               "lastLogin",     "socialAccount",   "user-token",     "___class",     "___jsonclass",
                               "__meta",        "blUserLocale",    "password",       "passwordHash", "password_hash",
                               "transactionId", "transactionCode", "currentPassword"};
    return std::any_of(names.begin(), names.end(),
                       [name](std::string_view n) { return detail::equal_without_case(n, name); });
}

}  // namespace v0
}  // namespace phoneauth

#endif
