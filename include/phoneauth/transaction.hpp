// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TRANSACTION_HPP
#define PHONEAUTH_TRANSACTION_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <phoneauth/phone_number.hpp>
#include <phoneauth/time.hpp>

namespace phoneauth {
inline namespace v0 {

/// What a code is good for. A code is accepted only by the operation it was sent for (OWASP ASVS 5.0 §6.6.2).
/// The numbers are stored: they never change.
enum class purpose : std::uint8_t {
    registration = 1,    ///< proves the phone of a new user
    login = 2,           ///< logs a user in, with or without a password before it
    phone_change = 3,    ///< proves the phone that a logged-in user is to have
    password_reset = 4,  ///< lets a user who has forgotten their password set another one
    step_up = 5,         ///< shows once more that it is the user who is logged in
    deletion = 6,        ///< deletes a logged-in user's account
    verification = 7     ///< proves a phone for the integrator; `transaction::topic` says what for
};

/// The name of a purpose, as its enumerator.
constexpr std::string_view name_of(purpose p) noexcept {
    constexpr std::array<std::string_view, 7> names{"registration", "login",    "phone_change", "password_reset",
                                                    "step_up",      "deletion", "verification"};
    return names[static_cast<std::size_t>(p) - 1];
}
static_assert(name_of(purpose::verification) == "verification");

/// Where a transaction stands. All but `pending` and `confirmed` are final: `confirmed` is taken back if what it was for
/// could not be done (see `reopen`), and becomes `redeemed` if what came of it was a proof. The numbers are stored: they never change.
enum class transaction_state : std::uint8_t {
    pending = 1,    ///< a code was sent, or is being sent
    confirmed = 2,  ///< the right code came in time: the one winner
    exhausted = 3,  ///< too many wrong codes
    expired = 4,    ///< the code came too late
    failed = 5,     ///< the provider refused the message for certain
    redeemed = 6    ///< confirmed, and the proof that came of it was used (`authenticator::redeem_proof`)
};

/// What is known of the last message of a transaction. The numbers are stored: they never change.
enum class delivery_state : std::uint8_t {
    pending = 1,     ///< on its way, as far as anybody knows
    delivered = 2,   ///< the phone has it
    undelivered = 3  ///< it will not arrive: `transaction::delivery_error` says why
};

/// One sent code and what became of it. It holds no code: that is derived from the id, the purpose and the phone.
struct transaction {
    std::string id;  ///< 36 characters, upper-case 8-4-4-4-12, 128 random bits
    phoneauth::purpose purpose = phoneauth::purpose::registration;  ///< what its code is good for
    phone_number phone;                                             ///< where the code went
    /// `user::object_id` of whoever the code is for, all zeros if nobody has the phone of a login or a password reset;
    /// empty if it is for whoever has the phone.
    std::string user_id{};
    std::string key_id{};                                  ///< which of `config::code_keys` the code is derived with
    transaction_state state = transaction_state::pending;  ///< where it stands
    std::uint32_t tries = 0;                               ///< codes compared so far
    std::uint32_t sends = 0;                               ///< messages sent so far
    time_point created_at{};                               ///< when it was opened
    time_point expires_at{};                               ///< a code that comes at or after this time is too late
    time_point last_sent_at{};                             ///< when its last message was sent
    delivery_state delivery = delivery_state::pending;     ///< of its last message
    std::int32_t delivery_error = 0;  ///< Twilio's error code of a message that was not delivered; 0: none was named
    /// Names the password that a two-factor login began with, or what the user of a password reset was when it began;
    /// empty: neither. With `~` in front it tells nobody whether that was right (rules/disclosure.hpp).
    std::string password_fingerprint{};
    /// The network that it was asked for from, if that is known to the phone's owner (see rules/limits.hpp); else empty.
    std::string known_network{};
    std::string topic{};        ///< of a `purpose::verification`: what for, one of `config::topics`; else empty
    std::uint64_t version = 0;  ///< grows with each stored change; see `TransactionStorage`
};

/// What may be told of a transaction to whoever knows its id.
struct transaction_status {
    transaction_state state = transaction_state::pending;  ///< where it stands; `expired` as soon as it is too late
    /// Always `pending` for a login by code alone, unless `unknown_phone_policy::reject`: it would tell whether
    /// somebody has this phone.
    delivery_state delivery = delivery_state::pending;
    std::optional<int> twilio_code{};   ///< why the code was not delivered (https://www.twilio.com/docs/api/errors)
    int tries_left = 0;                 ///< wrong codes that it still allows; 0 unless it is pending
    std::chrono::seconds expires_in{};  ///< 0 unless it is pending
    /// How long to wait before `resend` can succeed; empty: it cannot any more.
    std::optional<std::chrono::seconds> resend_after{};
};

}  // namespace v0
}  // namespace phoneauth

#endif
