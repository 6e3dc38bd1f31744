// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FACADE_OPERATOR_FUNCTIONS_HPP
#define PHONEAUTH_FACADE_OPERATOR_FUNCTIONS_HPP

#include <string>
#include <utility>

#include <phoneauth/client_info.hpp>
#include <phoneauth/code_budget.hpp>
#include <phoneauth/credentials.hpp>

namespace phoneauth {
inline namespace v0 {
namespace facade {

/// What whoever runs the server does to accounts. `Authenticator` derives from it; what stands at `authenticator` about
/// modes, errors, threads, lifetimes and cancellation goes for all of them. Who may call them is for the caller to
/// decide. Whatever they change ends the user's backup codes, too: whoever had a session may have made them. `by` names
/// the operator for the events (`event::by`): it is cut to 64 bytes, and checked for nothing.
template <class Authenticator>
class operator_functions {
public:
    /// The user whom an operator means. Looked for as a `user::object_id` first, then as a phone, then as an identity,
    /// which nobody has proved: whoever acts on what was found looks at who that is.
    ///
    /// @param phone_identity_or_id  an id as it is; a phone as people type it, see `phone_number::parse`; an identity
    /// @param token                 asynchronous mode: a completion token, or nothing
    /// @return the `user` as stored, with the hashes of their secrets
    /// @par Errors
    /// `invalid_parameter` (there is no such user).
    template <class... Token>
    auto find_account(std::string phone_identity_or_id, Token&&... token) {
        return self().give(self().operators_.find_account(std::move(phone_identity_or_id)),
                           std::forward<Token>(token)...);
    }

    /// The sessions and trusted devices of a user, as `list_sessions` gives them; none is `session_info::current`.
    ///
    /// @param user_id  `user::object_id`
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return a `std::vector<session_info>`
    /// @par Errors
    /// `invalid_parameter` (there is no such user).
    template <class... Token>
    auto sessions_of(std::string user_id, Token&&... token) {
        return self().give(self().operators_.sessions_of(std::move(user_id)), std::forward<Token>(token)...);
    }

    /// How many codes may still be sent, to whomever: for monitoring, and for whoever wants to slow down before nobody gets
    /// one. It is the same for all servers that share a storage.
    ///
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return a `code_budget`
    /// @par Errors
    /// None but those of every function.
    template <class... Token>
    auto budget(Token&&... token) {
        return self().give(self().operators_.budget(), std::forward<Token>(token)...);
    }

    /// Ends all sessions of a user, for good, trusted devices too: it raises `user::generation`, on which they rest, and
    /// erases what it can of them. The networks that were known to the user are strangers' again. `update_user` with a new
    /// password does as much. No hook is asked.
    ///
    /// @param user_id  `user::object_id`
    /// @param by       the operator
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return nothing
    /// @par Errors
    /// `invalid_parameter` (there is no such user).
    template <class... Token>
    auto end_sessions(std::string user_id, std::string by = {}, Token&&... token) {
        return self().give(self().operators_.end_sessions(std::move(user_id), std::move(by)),
                           std::forward<Token>(token)...);
    }

    /// Takes back what strangers, and all known networks together, have done to the owner of a phone: wrong passwords
    /// and codes, and codes that were sent.
    ///
    /// @param phone  as people type it; see `phone_number::parse`
    /// @param by     the operator
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return nothing
    /// @par Errors
    /// `invalid_phone_number`.
    template <class... Token>
    auto unlock(std::string phone, std::string by = {}, Token&&... token) {
        return self().give(self().operators_.unlock(std::move(phone), std::move(by)), std::forward<Token>(token)...);
    }

    /// Disables a user: nobody logs in as them, and all their sessions and trusted devices end at once and for good, as by
    /// `end_sessions`. Whatever their owner is doing just then fails. The hooks `before_update` and `after_update` are
    /// told. Somebody who is disabled already is disabled anew.
    ///
    /// @param user_id  `user::object_id`
    /// @param by       the operator
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return the `user` as stored
    /// @par Errors
    /// `invalid_parameter` (there is no such user); the hook's own failure.
    template <class... Token>
    auto disable_user(std::string user_id, std::string by = {}, Token&&... token) {
        return self().give(self().operators_.disable_user(std::move(user_id), std::move(by)),
                           std::forward<Token>(token)...);
    }

    /// Enables a user who was disabled. No session of theirs comes back, whoever has disabled them: they log in. Otherwise as
    /// `disable_user`; but nothing happens to somebody who is enabled.
    ///
    /// @param user_id  `user::object_id`
    /// @param by       the operator
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return the `user` as stored
    /// @par Errors
    /// `invalid_parameter` (there is no such user); the hook's own failure.
    template <class... Token>
    auto enable_user(std::string user_id, std::string by = {}, Token&&... token) {
        return self().give(self().operators_.enable_user(std::move(user_id), std::move(by)),
                           std::forward<Token>(token)...);
    }

    /// Gives a user another phone, for whoever has lost theirs. Nobody has proved it: that it is the user who asks, and
    /// their number, is for the operator to find out, as whoever has the phone has the account. All sessions and trusted
    /// devices end, and logins that were begun with the number before it. That number is told by
    /// `config::phone_changed_notice`; that a message about it fails changes nothing. The hooks `before_update` and
    /// `after_update` are told.
    ///
    /// @param user_id  `user::object_id`
    /// @param phone    as people type it; see `phone_number::parse`
    /// @param by       the operator
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return the `user` as stored
    /// @par Errors
    /// `invalid_parameter` (there is no such user, or it is their number already); `invalid_phone_number`;
    /// `destination_not_allowed`; `user_exists` (another user has the number); the hook's own failure.
    template <class... Token>
    auto set_phone(std::string user_id, std::string phone, std::string by = {}, Token&&... token) {
        return self().give(self().operators_.set_phone(std::move(user_id), std::move(phone), std::move(by)),
                           std::forward<Token>(token)...);
    }

    /// Erases a user, for good, with all their sessions and trusted devices, as `finish_deletion` does. The hooks
    /// `before_deletion`, which can refuse, and `after_deletion` are told.
    ///
    /// @param user_id  `user::object_id`
    /// @param by       the operator
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return nothing
    /// @par Errors
    /// `invalid_parameter` (there is no such user); the hook's own failure.
    template <class... Token>
    auto delete_user(std::string user_id, std::string by = {}, Token&&... token) {
        return self().give(self().operators_.delete_user(std::move(user_id), std::move(by)),
                           std::forward<Token>(token)...);
    }

private:
    Authenticator& self() noexcept { return static_cast<Authenticator&>(*this); }
};

}  // namespace facade
}  // namespace v0
}  // namespace phoneauth

#endif
