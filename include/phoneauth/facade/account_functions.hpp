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

/// What users of an `authenticator` do with their accounts. `Authenticator` derives from it; what stands at
/// `authenticator` about modes, errors, threads, lifetimes and cancellation goes for all of them.
template <class Authenticator>
class account_functions {
public:
    /// Changes the logged-in user's own properties. A new password or identity needs a proof that it is the user who
    /// asks: either the session was opened within `config::fresh_login`, or `changes` has the user's password as
    /// `currentPassword`, which is compared whenever it is given. A new password ends all other sessions of the user, for
    /// good. The own one goes on, unless the storage fails just then: the user has to log in again in that case. The user
    /// is told of it by `config::password_changed_notice`, or else `identity_changed_notice`; that a message about it
    /// fails changes nothing.
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
    /// @param session  the token of a session of the user who began it, as the client sent it: fresh when it began
    /// @param id       of the challenge
    /// @param code     as the user typed it
    /// @param from     the client that asks
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return the `user` as stored
    /// @par Errors
    /// `unknown_token` (also when the session ends meanwhile: the code is spent then); `session_expired`;
    /// `account_disabled`; `fresh_login_required`; `invalid_parameter` (not as many digits as a code has);
    /// `no_transaction` (also another user's); `wrong_code` (with `tries_left`); `tries_exhausted`; `code_expired`;
    /// `code_used`; `transaction_failed`;
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

    /// First step of a password reset, for whoever has forgotten their password: sends a code to the phone of a user. It is
    /// counted as a login by code, and as silent about whose phone it is: for a phone that no user has the result looks
    /// the same, but no message is sent; with `unknown_phone_policy::reject` it is `unknown_phone`.
    ///
    /// @param phone  as people type it; see `phone_number::parse`
    /// @param from   the client that asks
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `challenge`
    /// @par Errors
    /// `operation_disabled` (by `config::password_reset`); `invalid_phone_number`; `destination_not_allowed`;
    /// `unknown_phone`; with `retry_after` `too_many_failures`, `too_many_messages` and `resend_too_soon`.
    template <class... Token>
    auto start_password_reset(std::string phone, client_info from = {}, Token&&... token) {
        return self().give(self().recovery_.start_password_reset(std::move(phone), std::move(from)),
                           std::forward<Token>(token)...);
    }

    /// The same for whoever remembers their identity: sends a code to the phone of the user who has it. Nothing tells
    /// whether somebody has it, whose phone it is, or whether a message was sent: the limits of that phone are kept,
    /// and the observer is told, but to the client it looks as if a message were on its way. So a `before_message` hook
    /// must not decide by the number here; for an identity that nobody has, it sees one with the calling code 999,
    /// which no country has. Where the phone is the identity, it is `start_password_reset`.
    ///
    /// @param identity  the value of `config::identity_column`
    /// @param from      the client that asks
    /// @param token     asynchronous mode: a completion token, or nothing
    /// @return the `challenge`
    /// @par Errors
    /// `operation_disabled`; `identity_required`, `invalid_email`, `invalid_parameter` (it can be nobody's identity);
    /// `unknown_phone` (only with `unknown_phone_policy::reject`); `too_many_messages` (with `retry_after`: of the
    /// client, or the budget of all).
    template <class... Token>
    auto start_password_reset_of(std::string identity, client_info from = {}, Token&&... token) {
        return self().give(self().recovery_.start_password_reset_of(std::move(identity), std::move(from)),
                           std::forward<Token>(token)...);
    }

    /// Second step of a password reset: the user gets another password. All their sessions and trusted devices end, for
    /// good; all other codes of resets that are open are worth nothing any more; and the user is told by
    /// `config::password_reset_notice`. Nobody is logged in by it. What is wrong with the new password by itself is
    /// told before the code is looked at; if it is refused after the code was right (it is the user's phone or
    /// identity, or a hook refuses it), the same code can come again with another one, which counts as a try.
    ///
    /// With `password_reset_policy::code_and_backup_code` the backup code is compared as well, and spent. If one of the
    /// two is wrong, it is `wrong_code`, and nothing tells which; it counts as a wrong code. Users who have no backup code cannot reset their password then.
    ///
    /// @param id      of the challenge
    /// @param code    as the user typed it
    /// @param wanted  the new password, byte for byte; see `config::min_password_length`
    /// @param spare   one of the user's backup codes; not looked at unless it is asked for
    /// @param from    the client that asks
    /// @param token   asynchronous mode: a completion token, or nothing
    /// @return the `user` as stored
    /// @par Errors
    /// `operation_disabled`; `password_required`; `invalid_password`; `invalid_parameter` (of the code or the backup
    /// code: it can be none); `too_many_failures` (with `retry_after`: at backup codes); `no_transaction` (also if the
    /// user's password or phone has changed since); `wrong_code` (with `tries_left`); `tries_exhausted`;
    /// `code_expired`; `code_used`; `transaction_failed`; `account_disabled`; the hooks' own failures.
    template <class... Token>
    auto finish_password_reset(transaction_id id, submitted_code code, password wanted, backup_code spare = {},
                               client_info from = {}, Token&&... token) {
        return self().give(self().recovery_.finish_password_reset(std::move(id), std::move(code), std::move(wanted),
                                                                  std::move(spare), std::move(from)),
                           std::forward<Token>(token)...);
    }

    /// Makes ten backup codes for the logged-in user, for the day on which they do not have their phone: each is good
    /// once. The former ones, if there were any, are worth nothing any more. Only their hashes are stored, so this is
    /// the only time that they can be shown. The user is told by `config::backup_codes_made_notice`. What an operator does
    /// to the user ends them (see `operator_functions`).
    ///
    /// @param session  the token, as the client sent it: opened within `config::fresh_login`
    /// @param from     the client that asks
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return ten `backup_code`s: a digit and 16 characters that are not mistaken for each other, 80 random bits, as in
    /// "7-2K4F-9QXB-0M3D-VZ8H"
    /// @par Errors
    /// `unknown_token`; `session_expired`; `account_disabled`; `fresh_login_required`; `too_many_failures` (with
    /// `retry_after`; with the changes of identity and password, 10 an hour, and as ten passwords of the client); the
    /// hooks' own failures.
    template <class... Token>
    auto make_backup_codes(session_token session, client_info from = {}, Token&&... token) {
        return self().give(self().recovery_.make_backup_codes(std::move(session), std::move(from)),
                           std::forward<Token>(token)...);
    }

    /// Login of a user who does not have their phone: with one of their backup codes in the place of a code, which is
    /// spent by it. The user is told by `config::backup_code_notice`. An unknown phone, a wrong password and a wrong or
    /// used backup code are one error and take the same time. Whoever has one of the two, and not the other, has half of
    /// `config::max_consecutive_failures`; whoever has neither shuts the door to nobody. What could be no backup code is compared with nothing. `before_update` is not asked when the code is
    /// spent.
    ///
    /// @param phone   as people type it; see `phone_number::parse`
    /// @param secret  the user's password; empty, if they have none (which is not enough unless
    ///                `config::code_login_enabled`)
    /// @param spare   one of the user's backup codes, as they typed it
    /// @param from    the client that asks
    /// @param token   asynchronous mode: a completion token, or nothing
    /// @return the `login_result`: the user and the token of a new session
    /// @par Errors
    /// `login_disabled`; `invalid_phone_number`; `destination_not_allowed`; `invalid_login`; `too_many_failures` (with
    /// `retry_after`); `account_disabled` (nothing is spent then); the hook's own failure (the code may come again). After a
    /// `storage_unavailable` the backup code may be spent.
    template <class... Token>
    auto login_with_backup_code(std::string phone, password secret, backup_code spare, client_info from = {},
                                Token&&... token) {
        return self().give(self().recovery_.login_with_backup_code(std::move(phone), std::move(secret),
                                                                   std::move(spare), std::move(from)),
                           std::forward<Token>(token)...);
    }

private:
    Authenticator& self() noexcept { return static_cast<Authenticator&>(*this); }
};

}  // namespace facade
}  // namespace v0
}  // namespace phoneauth

#endif
