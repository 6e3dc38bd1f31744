// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_EVENT_HPP
#define PHONEAUTH_EVENT_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <phoneauth/detail/config.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/time.hpp>
#include <phoneauth/transaction.hpp>

namespace phoneauth {
inline namespace v0 {

/// What an observer is told of.
enum class event_kind : std::uint8_t {
    started,           ///< a transaction was begun; without `sent` if nothing was sent (unknown phone, test number)
    sent,              ///< the provider accepted a message, or may have: `reason` is then `no_answer` or the like
    resent,            ///< a transaction's code was asked for again
    refused,           ///< a request was refused: `reason` says why
    confirmed,         ///< a code was right
    wrong_code,        ///< a code was wrong
    wrong_password,    ///< a password was wrong, there is no such account, or a login's password has changed meanwhile
    locked,            ///< the wrong code that exhausts a transaction, or an account must wait
    registered,        ///< a user was made
    logged_in,         ///< a session was opened
    logged_out,        ///< a session was ended by its user
    password_changed,  ///< a user has another password
    provider_error,    ///< the provider refused a message, or `send_message` does not know: `reason`
    storage_error,     ///< the storage did not do its work
    budget_warning,    ///< four fifths of an hour's messages are spent; again if some were given back meanwhile
    delivered,         ///< a code has arrived
    undelivered,       ///< a code will not arrive: `twilio_code` says why
    guessing_warning,  ///< wrong codes of an hour, over all accounts, have come to a fifth of `max_sends_per_hour`
    /// Once per authenticator: a request had a header in which a proxy names its client, but `address`, from where it
    /// came, is not among `rest::options::trusted_proxies`. A proxy is missing there, or a client made the header up.
    misconfigured_proxy,
    /// No message can leave, at least to this country: Twilio rejected the credentials, the account or the sender.
    /// `twilio_code` says why, and `twilio::remedy_of` what to do. Told each time, and also when a report says so of a
    /// message that had been accepted (then besides `undelivered`).
    sender_trouble,
    verified,           ///< a code for the integrator was right: there is a proof
    redeemed,           ///< a proof was used
    phone_changed,      ///< a user has another phone
    password_reset,     ///< a user who had forgotten their password has another one
    stepped_up,         ///< a logged-in user has shown once more that it is them
    session_ended,      ///< a user has ended their other sessions, or trusted devices; an operator: all of them
    device_trusted,     ///< a user trusts a device
    backup_codes_made,  ///< a user has new backup codes
    backup_code_used,   ///< a backup code was right
    exported,           ///< a user was told all that is stored about them
    deleted,            ///< a user was deleted
    disabled,           ///< an operator has disabled a user
    enabled,            ///< an operator has enabled a user
    unlocked,           ///< an operator has taken back what failures had shut
};

/// The name of a kind, as its enumerator.
constexpr std::string_view name_of(event_kind k) noexcept {
    constexpr std::array<std::string_view, 34> names{"started",
                                                     "sent",
                                                     "resent",
                                                     "refused",
                                                     "confirmed",
                                                     "wrong_code",
                                                     "wrong_password",
                                                     "locked",
                                                     "registered",
                                                     "logged_in",
                                                     "logged_out",
                                                     "password_changed",
                                                     "provider_error",
                                                     "storage_error",
                                                     "budget_warning",
                                                     "delivered",
                                                     "undelivered",
                                                     "guessing_warning",
                                                     "misconfigured_proxy",
                                                     "sender_trouble",
                                                     "verified",
                                                     "redeemed",
                                                     "phone_changed",
                                                     "password_reset",
                                                     "stepped_up",
                                                     "session_ended",
                                                     "device_trusted",
                                                     "backup_codes_made",
                                                     "backup_code_used",
                                                     "exported",
                                                     "deleted",
                                                     "disabled",
                                                     "enabled",
                                                     "unlocked"};
    return names[static_cast<std::size_t>(k)];
}
static_assert(name_of(event_kind::unlocked) == "unlocked");

/// Something that happened. It never holds a code, a password, a token, or a whole phone number or transaction id.
/// What is not known, or does not belong to the kind, is empty.
///
/// `refused` and `storage_error` are what strangers can cause as often as they like. So that they fill no disk, an
/// authenticator tells of each `reason` at most 60 at once, and then one in a second, which says how many were left out
/// before it. All other kinds are told each time, as the limits bound them: what could be no password or identity, and
/// was compared with nothing, is `refused` for `invalid_login`.
struct event {
    event_kind kind = event_kind::started;        ///< what happened
    time_point at{};                              ///< when, as the Clock tells it
    std::optional<phoneauth::purpose> purpose{};  ///< what the code is for
    std::string phone{};                          ///< masked, as by `phone_number::masked`
    std::string_view calling_code{};  ///< of the phone's country, as "44" (lives for ever); empty where there is none
    std::string transaction{};        ///< the first 8 characters of the id: enough to find what belongs together
    std::string user_id{};            ///< `user::object_id`; empty while no user is known
    std::string by{};                 ///< the operator who did it, as they were named; at most 64 bytes
    std::string address{};            ///< the client's, at most 64 bytes of what was given
    std::string user_agent{};         ///< the client's, at most 64 bytes; a stranger's text
    std::error_code reason{};         ///< the `error` that is behind it
    std::optional<std::chrono::seconds> retry_after{};  ///< see `failure::retry_after`
    std::optional<int> tries_left{};                    ///< see `failure::tries_left`
    std::optional<int> twilio_code{};                   ///< Twilio's error code, if it named one
    /// Of an event with which a flow ends: how long that took since it was called, by the Clock and so to a millisecond;
    /// 0 if the Clock was set back meanwhile. Empty: the flow goes on, or what happened is none.
    std::optional<std::chrono::milliseconds> elapsed{};
    /// Of the same event: how much of `elapsed` went by until the provider had answered, or was given up. Empty: the
    /// flow has asked it nothing.
    std::optional<std::chrono::milliseconds> provider_elapsed{};
    std::uint64_t suppressed = 0;  ///< how many of this kind and reason were not told since the one before
};

/// The kind of event that a flow ends with when it fails with `why`.
PHONEAUTH_DECL event_kind event_kind_of(const failure& why) noexcept;

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/event.ipp>
#endif

#endif
