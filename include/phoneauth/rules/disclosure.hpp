// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_DISCLOSURE_HPP
#define PHONEAUTH_RULES_DISCLOSURE_HPP

#include <string_view>

#include <phoneauth/config.hpp>
#include <phoneauth/transaction.hpp>

// What nobody may learn: whether a phone has a user (OWASP ASVS 5.0 §6.3.8).

namespace phoneauth {
inline namespace v0 {
namespace rules {

/// Stands for the user of a decoy: as long as any other id, so that it is stored and read alike.
inline constexpr std::string_view decoy_user_id = "00000000-0000-0000-0000-000000000000";

/// Stands for the user whom a login with a phone that nobody has will make (`unknown_phone_policy::sign_up`).
inline constexpr std::string_view newcomer_user_id = "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF";

/// Whether what `t` is for begins with a phone number, and is for the user who has it.
inline bool is_for_owner(const transaction& t) noexcept {
    return t.purpose == purpose::login || t.purpose == purpose::password_reset;
}

/// Whether `t` is a login, or a password reset, with a phone that no user has. It looks like any other, but no code
/// confirms it.
inline bool is_decoy(const transaction& t) noexcept {
    return is_for_owner(t) && (t.user_id.empty() || t.user_id == decoy_user_id);
}

/// Whether some operations go on for phones that no user has, as if there were one.
inline bool has_decoys(const config& c) noexcept {
    if (c.unknown_phone == unknown_phone_policy::reject) return false;
    return c.unknown_phone == unknown_phone_policy::conceal || c.password_reset != password_reset_policy::disabled;
}

/// What begins the fingerprint of a login that does not tell whether its password was right, and of a password reset
/// that began with an identity.
inline constexpr char concealed_mark = '~';

/// Whether `t` is a two-factor login that does not tell whether its password was right, as too many were wrong; or a
/// password reset that does not tell whose phone it is for, as it began with an identity.
inline bool is_concealed(const transaction& t) noexcept {
    return t.password_fingerprint.starts_with(concealed_mark);
}

/// Whether nothing may tell if `t` is a decoy: a login or a password reset with nothing but a phone number before it, or a
/// login that does not tell whether its password was right.
inline bool must_not_reveal_user(const transaction& t, const config& c) noexcept {
    if (t.purpose == purpose::password_reset) return c.unknown_phone != unknown_phone_policy::reject;
    if (t.purpose != purpose::login) return false;
    return is_concealed(t) || (t.password_fingerprint.empty() && c.unknown_phone == unknown_phone_policy::conceal);
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif
