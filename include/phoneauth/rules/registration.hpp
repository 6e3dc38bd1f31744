// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_REGISTRATION_HPP
#define PHONEAUTH_RULES_REGISTRATION_HPP

#include <string>
#include <string_view>

#include <phoneauth/config.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/registration.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/secret_string.hpp>
#include <phoneauth/user.hpp>

// What a registration must have, and what a user may change afterwards.

namespace phoneauth {
inline namespace v0 {
namespace rules {

/// An identity in the form in which it is stored and compared: a phone number where the phone is the identity, an email
/// address in lower case, else the text. Blanks of any kind and signs that nobody sees (zero-width spaces, byte order
/// marks) are dropped at its ends, and refused inside, where they would make two identities that look alike. Fails with
/// `identity_required`, `invalid_phone_number`, `invalid_email` (RFC 5321 §4.5.3.1: 64 octets before the @, 254 in all)
/// or `invalid_parameter` (over 254 bytes, not UTF-8, control characters, signs that nobody sees).
PHONEAUTH_DECL result<std::string> normalize_identity(const config& c, std::string_view text);

/// Whether a new password of somebody with this phone and identity is acceptable; `password_required` or
/// `invalid_password` if it is too short or too long, no text, one character again and again, the phone or the identity.
PHONEAUTH_DECL result<void> check_password(const config& c, std::string_view password, const phone_number& phone,
                                           std::string_view identity);

/// Whether clients may set the further property `name`: it is neither reserved nor protected, and among
/// `config::client_properties` if there are any.
PHONEAUTH_DECL bool is_client_property(const config& c, std::string_view name);

/// The part of it that does not need to know whose it is: before a code has told that.
PHONEAUTH_DECL result<void> check_password_text(const config& c, std::string_view password);

/// Checks further properties: no more than `c` allows (`invalid_parameter`), names of 1 to 64 bytes that clients may
/// set, that are not those of the phone and the identity, and that mean nothing to a JavaScript object
/// (`reserved_property`), values that are JSON (`invalid_parameter`).
PHONEAUTH_DECL result<void> check_properties(const config& c, const property_map& properties);

/// The user that `r` describes, without id and password hash, registered at `now` with the proved `phone`; without a
/// password unless `config::password_required`. All of the above errors.
PHONEAUTH_DECL result<user> make_user(const config& c, const registration& r, const phone_number& phone,
                                      time_point now);

/// The passwords among a client's changes, empty if there are none.
struct password_change {
    secret_string current;  ///< the value of `currentPassword`, which is never stored
    secret_string wanted;   ///< the value of `password`
};

/// Applies a client's changes, name → JSON text, to `u`, all or nothing: null removes a property. `passwords` gets the
/// passwords among them. Names that clients may not set are passed over, because clients send whole user objects back.
/// The phone cannot be changed so: a changed number is a new out-of-band device (NIST SP 800-63B-3 §5.1.3.3), and
/// `authenticator::start_phone_change` has it proved. Fails with
/// what `normalize_identity`, `check_password` and `check_properties` fail with, and `invalid_parameter` for another
/// phone or a value of the wrong type.
PHONEAUTH_DECL result<void> apply_changes(user& u, const property_map& changes, const config& c,
                                          password_change& passwords);

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/rules/registration.ipp>
#endif

#endif
