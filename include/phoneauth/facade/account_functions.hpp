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
