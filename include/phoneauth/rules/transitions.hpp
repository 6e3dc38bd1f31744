// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_TRANSITIONS_HPP
#define PHONEAUTH_RULES_TRANSITIONS_HPP

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include <phoneauth/config.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/rules/disclosure.hpp>
#include <phoneauth/transaction.hpp>

// The transaction's state machine: pure functions of a transaction, an event and the time. All rules are here; a
// storage only compares and swaps, so whoever wins the swap has applied them to what is stored.
//
//   state      event                          next        outcome
//   pending    right code, in time            confirmed   success
//   pending    wrong code                     pending     wrong_code, with the tries left
//   pending    wrong code, the last try       exhausted   tries_exhausted
//   pending    any code, resend: too late     expired     code_expired
//   pending    resend, nearly too late        pending     code_expired
//   pending    resend                         pending     resend_too_soon, too_many_messages, or success
//   pending    refused by the provider        failed      –
//   confirmed  reopened: it was of no use     pending     – (or exhausted, when no try is left)
//   confirmed  its proof came, in time        redeemed    success
//   others     anything                       unchanged   the error that names the state
//
// Besides, `delivery` tells what became of the last message; nothing above depends on it.

namespace phoneauth {
inline namespace v0 {
namespace rules {

/// The error that says why a transaction in state `s` takes no code and no resend any more; success for a pending one.
inline result<void> check_pending(transaction_state s) {
    switch (s) {
    case transaction_state::pending:
        return {};
    case transaction_state::confirmed:
    case transaction_state::redeemed:
        return error::code_used;
    case transaction_state::exhausted:
        return error::tries_exhausted;
    case transaction_state::expired:
        return error::code_expired;
    case transaction_state::failed:
        return error::transaction_failed;
    }
    return error::no_transaction;
}

namespace detail {
/// As `check_pending`, after noting that the time is over.
inline result<void> check_open(transaction& t, time_point now) {
    if (t.state == transaction_state::pending && now >= t.expires_at) t.state = transaction_state::expired;
    return check_pending(t.state);
}
}  // namespace detail

/// How many wrong codes `t` still allows.
inline int tries_left(const transaction& t, const config& c) noexcept {
    return static_cast<int>(c.max_tries - (std::min)(t.tries, c.max_tries));
}

/// A code was presented: `right` says whether it is the transaction's.
inline result<void> apply_code(transaction& t, bool right, const config& c, time_point now) {
    if (auto open = detail::check_open(t, now); !open) return open;
    ++t.tries;
    if (right) {
        t.state = transaction_state::confirmed;
        return {};
    }
    const int left = tries_left(t, c);
    if (left == 0) t.state = transaction_state::exhausted;
    failure f(left == 0 ? error::tries_exhausted : error::wrong_code);
    f.tries_left = left;
    return f;
}

/// A code is not sent again when less than this is left of its life: the message would be paid for, and come too late.
/// (Twilio takes validity periods from 1 s on, and does not send what has waited longer than that.)
inline constexpr std::chrono::seconds shortest_delivery{10};

/// Whether a message with the code of a pending `t` could still arrive in time.
inline bool can_arrive(const transaction& t, time_point now) noexcept {
    return t.expires_at - now >= shortest_delivery;
}

/// How long until a pending `t` may have another message; empty: it has had all.
inline std::optional<std::chrono::seconds> time_to_resend(const transaction& t, const config& c, time_point now) {
    if (t.sends >= c.max_sends_per_transaction) return std::nullopt;
    const auto left = std::chrono::ceil<std::chrono::seconds>(t.last_sent_at + c.resend_cooldown - now);
    // A clock that was set back must not make anybody wait longer than the cooldown.
    return std::clamp<std::chrono::seconds>(left, std::chrono::seconds(0), c.resend_cooldown);
}

/// Another message was asked for. The code, its expiry and its tries stay what they are.
inline result<void> apply_resend(transaction& t, const config& c, time_point now) {
    if (auto open = detail::check_open(t, now); !open) return open;
    const auto wait = time_to_resend(t, c, now);
    if (!wait) return failure(error::too_many_messages, "The code was sent as often as allowed; start again.");
    if (!can_arrive(t, now))  // it stays pending: the code that was sent is still good
        return failure(error::code_expired, "The code expires before another message could arrive; start again.");
    if (wait->count() > 0) return failure(error::resend_too_soon).with_retry_after(*wait);
    ++t.sends;
    t.last_sent_at = now;
    if (t.delivery == delivery_state::undelivered) t.delivery = delivery_state::pending;
    t.delivery_error = 0;
    return {};
}

/// The provider refused the first message for certain: nobody has the code.
inline void apply_refusal(transaction& t) {
    if (t.state == transaction_state::pending) t.state = transaction_state::failed;
}

/// The provider reported `status`, Twilio's word, about the `send`th message, and the error `twilio_code`, 0 if it
/// named none.
/// → whether that changed `t`: what has arrived stays so, and what became of a message before the last one matters only
/// if it arrived.
inline bool apply_delivery(transaction& t, std::uint32_t send, std::string_view status, std::int32_t twilio_code) {
    if (send == 0 || send > t.sends || t.delivery == delivery_state::delivered) return false;
    if (status == "delivered" || status == "read") {
        t.delivery = delivery_state::delivered;
        t.delivery_error = 0;
        return true;
    }
    const bool lost = status == "undelivered" || status == "failed" || status == "canceled";
    if (!lost || send != t.sends || t.delivery == delivery_state::undelivered) return false;
    t.delivery = delivery_state::undelivered;
    t.delivery_error = twilio_code;
    return true;
}

/// What may be told of `t` at the time `now` to whoever knows its id.
inline transaction_status status_of(transaction t, const config& c, time_point now) {
    const auto open = detail::check_open(t, now);
    transaction_status s{.state = t.state};
    if (!must_not_reveal_user(t, c)) {
        s.delivery = t.delivery;
        if (t.delivery_error != 0) s.twilio_code = t.delivery_error;
    }
    if (open) {
        s.tries_left = tries_left(t, c);
        s.expires_in = std::chrono::ceil<std::chrono::seconds>(t.expires_at - now);
        s.resend_after = time_to_resend(t, c, now);
        if (s.resend_after && !can_arrive(t, now + *s.resend_after)) s.resend_after.reset();
    }
    return s;
}

/// When the proof that came of `t` is too old.
inline time_point proof_expiry(const transaction& t, const config& c) noexcept {
    return t.expires_at + c.proof_lifetime;
}

/// The proof that came of `t` was presented; `right`: it is that, for what it is presented for.
inline result<void> apply_proof(transaction& t, bool right, const config& c, time_point now) {
    if (!right || t.state != transaction_state::confirmed || now >= proof_expiry(t, c)) return error::invalid_proof;
    t.state = transaction_state::redeemed;
    return {};
}

/// What came of the right code when it could not be used.
enum class spent_try {
    counts,     ///< it was one of the tries
    given_back  ///< the server was at fault: it was none
};

/// Whoever confirmed the transaction could not use it (the email is taken): the same code may come again.
inline void reopen(transaction& t, const config& c, spent_try last = spent_try::counts) {
    if (t.state == transaction_state::confirmed && last == spent_try::given_back && t.tries > 0) --t.tries;
    if (t.state == transaction_state::confirmed)
        t.state = tries_left(t, c) > 0 ? transaction_state::pending : transaction_state::exhausted;
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif
