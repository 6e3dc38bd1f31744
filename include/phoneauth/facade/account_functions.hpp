// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FACADE_ACCOUNT_FUNCTIONS_HPP
#define PHONEAUTH_FACADE_ACCOUNT_FUNCTIONS_HPP

#include <string>
#include <utility>

#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace facade {

/// What users of an `authenticator` do with their accounts. `Authenticator` derives from it; what stands at `authenticator` about
/// modes, errors, threads, lifetimes and cancellation goes for all of them.
template <class Authenticator>
class account_functions {
public:
    /// Changes the logged-in user's own properties. A new password or identity needs a proof that it is the user who
    /// asks: either the session was opened within `config::fresh_login`, or `changes` has the user's password as
    /// `currentPassword`, which is compared whenever it is given. A new password ends all other sessions of the user, for
    /// good. The own one goes on, unless the storage fails just then: the user has to log in again in that case.
    ///
    /// @param session    the token, as the client sent it
    /// @param object_id  whom the client means to change: has to be the session's user
    /// @param changes    name → JSON text; null removes a property. See `rules::apply_changes`
    /// @param from       the client that asks
    /// @param token      asynchronous mode: a completion token, or nothing
    /// @return the `user` as stored
    /// @par Errors
    /// `unknown_token`; `session_expired`; `account_disabled`; `not_permitted` (another user's id); `user_exists` (the
    /// identity is taken); `invalid_parameter`; `identity_required`; `invalid_email`; `password_required`;
    /// `invalid_password`; `reserved_property`; `too_many_failures` (with `retry_after`; for identities and passwords, 10
    /// an hour, and for wrong current passwords); `fresh_login_required`; `invalid_login` (the current password is
    /// wrong); the hooks' own failures.
    template <class... Token>
    auto update_user(session_token session, std::string object_id, property_map changes, client_info from = {},
                     Token&&... token) {
        return self().give(
            self().profile_.update_user(std::move(session), std::move(object_id), std::move(changes), std::move(from)),
            std::forward<Token>(token)...);
    }

    /// First step of a change of phone: sends a code to the new number. Whether another user has it is not told here. The
    /// session must be fresh, see `config::fresh_login`, as whoever has the phone has the account.
    ///
    /// @param session    the token, as the client sent it
    /// @param new_phone  as people type it; see `phone_number::parse`
    /// @param from       the client that asks
    /// @param token      asynchronous mode: a completion token, or nothing
    /// @return the `challenge`; whoever has its id can have the code sent again by `resend`
    /// @par Errors
    /// `unknown_token`; `session_expired`; `account_disabled`; `fresh_login_required`; `invalid_phone_number`;
    /// `destination_not_allowed`; `invalid_parameter` (it is the user's number already); with `retry_after`
    /// `too_many_failures`, `too_many_messages` and `resend_too_soon`, all as of a registration of that number; the
    /// failure of the hook `before_message`.
    template <class... Token>
    auto start_phone_change(session_token session, std::string new_phone, client_info from = {}, Token&&... token) {
        return self().give(
            self().profile_.start_phone_change(std::move(session), std::move(new_phone), std::move(from)),
            std::forward<Token>(token)...);
    }

    /// Second step of a change of phone: the code proves the new number, which becomes the user's, and their identity
    /// where the phone is that. All other sessions end for good, trusted devices too, and logins that were begun with the
    /// number before it; the own session goes on, unless the storage fails just then. The number before it is told by
    /// `config::phone_changed_notice`; that a message about it fails changes nothing. If the code is right but the number
    /// cannot be the user's (somebody has it, the hook refuses), the same code can come again; that counts as a try. It
    /// cannot after a `storage_unavailable` that leaves open whether the number is stored.
    ///
    /// @param session  the token of a session of the user who began it, as the client sent it
    /// @param id       of the challenge
    /// @param code     as the user typed it
    /// @param from     the client that asks
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return the `user` as stored
    /// @par Errors
    /// `unknown_token` (also when the session ends meanwhile: the code is spent then); `session_expired`;
    /// `account_disabled`; `invalid_parameter` (not as many digits as a code has); `no_transaction` (also another
    /// user's); `wrong_code` (with `tries_left`); `tries_exhausted`; `code_expired`; `code_used`; `transaction_failed`;
    /// `user_exists` (another user has the number); the hook's own failure.
    template <class... Token>
    auto finish_phone_change(session_token session, transaction_id id, submitted_code code, client_info from = {},
                             Token&&... token) {
        return self().give(
            self().profile_.finish_phone_change(std::move(session), std::move(id), std::move(code), std::move(from)),
            std::forward<Token>(token)...);
    }

    /// All that is stored about the logged-in user, for the user. What would only help to guess is left out: the hashes of
    /// the password and of the backup codes are empty.
    ///
    /// @param session  the token, as the client sent it
    /// @param from     the client that asks
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return the `account_data`
    /// @par Errors
    /// `unknown_token`; `session_expired`; `account_disabled`; `too_many_failures` (with `retry_after`; it counts as a
    /// change of a property does).
    template <class... Token>
    auto export_account(session_token session, client_info from = {}, Token&&... token) {
        return self().give(self().leaving_.export_account(std::move(session), std::move(from)),
                           std::forward<Token>(token)...);
    }

    /// First step of a deletion: sends a code to the phone of the logged-in user, whose text says what it is for
    /// (`config::deletion_purpose`). Nothing is deleted yet.
    ///
    /// @param session  the token, as the client sent it
    /// @param from     the client that asks
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return the `challenge`
    /// @par Errors
    /// `unknown_token`; `session_expired`; `account_disabled`; `destination_not_allowed`; with `retry_after`
    /// `too_many_failures`, `too_many_messages` and `resend_too_soon`; the failure of the hook `before_message`.
    template <class... Token>
    auto start_deletion(session_token session, client_info from = {}, Token&&... token) {
        return self().give(self().leaving_.start_deletion(std::move(session), std::move(from)),
                           std::forward<Token>(token)...);
    }

    /// Second step of a deletion: the user is erased, for good, with all their sessions and trusted devices. Their phone
    /// and identity are free for whoever registers them next. What the integrator keeps about them is erased in the hook
    /// `before_deletion`, which can refuse, or `after_deletion`. If the hook refuses, the same code can come again; that
    /// counts as a try. It cannot after a `storage_unavailable` that leaves open whether the user is gone.
    ///
    /// @param session  the token of a session of the user who began it, as the client sent it
    /// @param id       of the challenge
    /// @param code     as the user typed it
    /// @param from     the client that asks
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return nothing
    /// @par Errors
    /// `unknown_token` (also when the session ends meanwhile: the code is spent then); `session_expired`;
    /// `account_disabled`; `invalid_parameter` (not as many digits as a code has); `no_transaction` (also another
    /// user's); `phone_mismatch` (the user has another phone since the first step); `wrong_code` (with `tries_left`);
    /// `tries_exhausted`; `code_expired`; `code_used`; `transaction_failed`; the hook's own failure.
    template <class... Token>
    auto finish_deletion(session_token session, transaction_id id, submitted_code code, client_info from = {},
                         Token&&... token) {
        return self().give(
            self().leaving_.finish_deletion(std::move(session), std::move(id), std::move(code), std::move(from)),
            std::forward<Token>(token)...);
    }

protected:
    account_functions() = default;
    ~account_functions() = default;

private:
    Authenticator& self() noexcept { return static_cast<Authenticator&>(*this); }
};

}  // namespace facade
}  // namespace v0
}  // namespace phoneauth

#endif
