// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FACADE_SESSION_FUNCTIONS_HPP
#define PHONEAUTH_FACADE_SESSION_FUNCTIONS_HPP

#include <chrono>
#include <string>
#include <utility>

#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>

namespace phoneauth {
inline namespace v0 {
namespace facade {

/// What `authenticator` does with sessions and trusted devices. `Authenticator` derives from it; what stands at
/// `authenticator` about modes, errors, threads, lifetimes and cancellation goes for all of them.
template <class Authenticator>
class session_functions {
public:
    /// Whose session a token is: what a route asks before it serves a user. A session is over, for good, when its user
    /// gets another password hash, phone or generation, whoever stores it, when it is used while its user is
    /// disabled, and when it was not used for `config::session_idle_timeout`. That it is used is noted now and then, by
    /// each function that takes a session: after a twentieth of that time, a minute at least and an hour at most; without
    /// one, after five minutes. Nothing fails if it cannot be noted.
    ///
    /// @param session  the token, as the client sent it
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return the `user`
    /// @par Errors
    /// `unknown_token`; `session_expired`; `account_disabled`.
    template <class... Token>
    auto authenticate(session_token session, Token&&... token) {
        return self().give(self().sessions_.authenticate(std::move(session)), std::forward<Token>(token)...);
    }

    /// The same for a route that does what is dear: the user must have shown who they are within `age`, by a login,
    /// `finish_step_up` or `confirm_password` (NIST SP 800-63B-3 §7.2, OWASP ASVS 5.0 §7.5.3).
    ///
    /// @param session  the token, as the client sent it
    /// @param age      how long ago it may be; 0 and less is never short enough
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return the `user`
    /// @par Errors
    /// `unknown_token`; `session_expired`; `account_disabled`; `fresh_login_required` (it is longer ago).
    template <class... Token>
    auto require_recent(session_token session, std::chrono::seconds age, Token&&... token) {
        return self().give(self().sessions_.require_recent(std::move(session), age), std::forward<Token>(token)...);
    }

    /// The logged-in user's sessions and trusted devices: those that are good, the last used first, at most 1000 (OWASP
    /// ASVS 5.0 §7.5.2). Devices are named as clients have named themselves.
    ///
    /// @param session  the token, as the client sent it
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return a vector of `session_info`; one of them is `current`
    /// @par Errors
    /// `unknown_token`; `session_expired`; `account_disabled`.
    template <class... Token>
    auto list_sessions(session_token session, Token&&... token) {
        return self().give(self().sessions_.list_sessions(std::move(session)), std::forward<Token>(token)...);
    }

    /// Ends one of the logged-in user's sessions, or trusted devices; the own session as well.
    ///
    /// @param session  the token, as the client sent it
    /// @param id       which: `session_info::id`
    /// @param from     the client that asks
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return nothing
    /// @par Errors
    /// `unknown_token`; `session_expired`; `account_disabled`; `invalid_parameter` (this user has no such session, or has
    /// none any more).
    template <class... Token>
    auto end_session(session_token session, std::string id, client_info from = {}, Token&&... token) {
        return self().give(self().sessions_.end_session(std::move(session), std::move(id), std::move(from)),
                           std::forward<Token>(token)...);
    }

    /// Ends all of the logged-in user's sessions but the own one, and all their trusted devices.
    ///
    /// @param session  the token, as the client sent it
    /// @param from     the client that asks
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return how many were ended, as `std::size_t`: those included that were over but were still stored
    /// @par Errors
    /// `unknown_token`; `session_expired`; `account_disabled`. After a `storage_unavailable` some of them may have ended.
    template <class... Token>
    auto end_other_sessions(session_token session, client_info from = {}, Token&&... token) {
        return self().give(self().sessions_.end_other_sessions(std::move(session), std::move(from)),
                           std::forward<Token>(token)...);
    }

    /// First step of showing once more that it is the user who is logged in: sends a code to their phone.
    ///
    /// @param session  the token, as the client sent it
    /// @param from     the client that asks
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return the `challenge`
    /// @par Errors
    /// `unknown_token`; `session_expired`; `account_disabled`; `destination_not_allowed`; with `retry_after`
    /// `too_many_failures`, `too_many_messages` and `resend_too_soon`.
    template <class... Token>
    auto start_step_up(session_token session, client_info from = {}, Token&&... token) {
        return self().give(self().step_up_.start(std::move(session), std::move(from)), std::forward<Token>(token)...);
    }

    /// Second step: the session is as fresh as after a login (`require_recent`, `config::fresh_login`), and as old as it
    /// was: it ends when it would have. Its token stays what it is. A session that is ended meanwhile stays so. The code is
    /// spent by it; if the storage fails, the same code can come again only when it is certain that nothing is stored.
    ///
    /// @param session  the token, as the client sent it: of the session that becomes fresh, one of the same user's
    /// @param id       of the challenge
    /// @param code     as the user typed it
    /// @param from     the client that asks
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return the `user`
    /// @par Errors
    /// `unknown_token`; `session_expired`; `account_disabled`; `invalid_parameter` (not as many digits as a code has);
    /// `no_transaction` (also another user's, and one for a password that was changed meanwhile); `phone_mismatch` (the
    /// code went to a number that the user had before); `wrong_code` (with `tries_left`); `tries_exhausted`;
    /// `code_expired`; `code_used`; `transaction_failed`.
    template <class... Token>
    auto finish_step_up(session_token session, transaction_id id, submitted_code code, client_info from = {},
                        Token&&... token) {
        return self().give(self().step_up_.finish(std::move(session), std::move(id), std::move(code), std::move(from)),
                           std::forward<Token>(token)...);
    }

    /// The same by the user's password, in one step. It is counted as any guess at it.
    ///
    /// @param session  the token, as the client sent it
    /// @param secret   the user's password, byte for byte
    /// @param from     the client that asks
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return the `user`
    /// @par Errors
    /// `unknown_token`; `session_expired`; `account_disabled`; `invalid_login` (the password is wrong, or the user has
    /// none); `too_many_failures` (with `retry_after`): the way is then `start_step_up`.
    template <class... Token>
    auto confirm_password(session_token session, password secret, client_info from = {}, Token&&... token) {
        return self().give(self().step_up_.confirm_password(std::move(session), std::move(secret), std::move(from)),
                           std::forward<Token>(token)...);
    }

    /// The client's device is trusted from now on: `login_with_trusted_device` spares its user the code. The session must
    /// be fresh, by a code and by the password: after a two-factor login, say. It ends with
    /// `config::trusted_device_lifetime`, with what sessions end with (another password, phone or generation), and when its
    /// user ends it; not with the session. See `config::max_sessions_per_user`.
    ///
    /// @param session  the token, as the client sent it
    /// @param from     the client that asks: its user agent is what the device is called
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return the `trusted_device`: what the client keeps
    /// @par Errors
    /// `operation_disabled` (`config::trusted_device_lifetime` is 0); `unknown_token`; `session_expired`;
    /// `account_disabled`; `fresh_login_required`; `too_many_failures` (with `retry_after`: 10 an hour, new identities and
    /// passwords included).
    template <class... Token>
    auto trust_device(session_token session, client_info from = {}, Token&&... token) {
        return self().give(self().devices_.trust(std::move(session), std::move(from)), std::forward<Token>(token)...);
    }

    /// Login with a password, from a trusted device, without a code. A wrong password, an unknown phone and a device that
    /// is not (or no more) the user's are one error and take the same time. Whatever it was, the way in is then
    /// `start_two_factor_login`: also for a right password, when so many were wrong that guesses are concealed (see
    /// `config::max_consecutive_failures`).
    ///
    /// @param phone   as people type it; see `phone_number::parse`
    /// @param secret  the user's password, byte for byte
    /// @param device  the token of the device, as the client sent it
    /// @param from    the client that asks
    /// @param token   asynchronous mode: a completion token, or nothing
    /// @return the `login_result`: the user and the token of a new session
    /// @par Errors
    /// `login_disabled`; `operation_disabled` (`config::trusted_device_lifetime` is 0); `invalid_phone_number`;
    /// `destination_not_allowed`; `invalid_login`; `too_many_failures` (with `retry_after`; of the client's network);
    /// `account_disabled` and the hook's own failure (both after a right password from a good device).
    template <class... Token>
    auto login_with_trusted_device(std::string phone, password secret, device_token device, client_info from = {},
                                   Token&&... token) {
        return self().give(
            self().devices_.log_in(std::move(phone), std::move(secret), std::move(device), std::move(from)),
            std::forward<Token>(token)...);
    }

    /// Ends a session.
    ///
    /// @param session  the token, as the client sent it
    /// @param from     the client that asks
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return the `logout_outcome`
    /// @par Errors
    /// None of its own.
    template <class... Token>
    auto logout(session_token session, client_info from = {}, Token&&... token) {
        return self().give(self().sessions_.logout(std::move(session), std::move(from)), std::forward<Token>(token)...);
    }

private:
    Authenticator& self() noexcept { return static_cast<Authenticator&>(*this); }
};

}  // namespace facade
}  // namespace v0
}  // namespace phoneauth

#endif
