// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REGISTRATION_HPP
#define PHONEAUTH_REGISTRATION_HPP

#include <string>
#include <utility>

#include <phoneauth/credentials.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {

/// What a user sends to finish a registration.
struct registration {
    // Constructors, as g++ 12 destroys an aggregate that is made with braces inside a co_await expression twice.
    registration() = default;
    /// What every registration needs; the rest are members.
    registration(phoneauth::transaction_id id, submitted_code typed, std::string phone_typed,
                 phoneauth::password chosen, std::string identity_typed = {})
        : transaction_id(std::move(id)), code(std::move(typed)), phone(std::move(phone_typed)),
          password(std::move(chosen)), identity(std::move(identity_typed)) {}

    phoneauth::transaction_id transaction_id;  ///< of the challenge that began it
    submitted_code code;                       ///< from the message
    std::string phone;                         ///< the phone that the challenge was for
    phoneauth::password password;              ///< byte for byte; see `config::min_password_length`
    std::string identity;       ///< value of `config::identity_column`; ignored where the phone is the identity
    property_map properties;    ///< further properties, name → JSON text
    std::string locale = "en";  ///< the user's language, at most 35 characters (RFC 5646 §4.4.1)
};

}  // namespace v0
}  // namespace phoneauth

#endif
