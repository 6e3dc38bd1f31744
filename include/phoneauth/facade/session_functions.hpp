// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FACADE_SESSION_FUNCTIONS_HPP
#define PHONEAUTH_FACADE_SESSION_FUNCTIONS_HPP

#include <string>
#include <utility>

#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>

namespace phoneauth {
inline namespace v0 {
namespace facade {

/// What `authenticator` does with sessions and trusted devices. `Authenticator` derives from it; what stands at `authenticator` about
/// modes, errors, threads, lifetimes and cancellation goes for all of them.
template <class Authenticator>
class session_functions {
public:
    /// Whose session a token is: what a route asks before it serves a user. A session is over, for good, when its user
    /// gets another password hash, phone or generation, whoever stores it, and when it is used while its user is
    /// disabled.
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

protected:
    session_functions() = default;
    ~session_functions() = default;

private:
    Authenticator& self() noexcept { return static_cast<Authenticator&>(*this); }
};

}  // namespace facade
}  // namespace v0
}  // namespace phoneauth

#endif
