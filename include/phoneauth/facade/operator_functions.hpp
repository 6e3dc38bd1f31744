// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FACADE_OPERATOR_FUNCTIONS_HPP
#define PHONEAUTH_FACADE_OPERATOR_FUNCTIONS_HPP

#include <string>
#include <utility>

#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>

namespace phoneauth {
inline namespace v0 {
namespace facade {

/// What whoever runs the server does to accounts. `Authenticator` derives from it; what stands at `authenticator` about
/// modes, errors, threads, lifetimes and cancellation goes for all of them.
template <class Authenticator>
class operator_functions {
public:
    /// Ends all sessions of a user, for good: it raises `user::generation`, on which they rest, and erases what it can of
    /// them. The networks that were known to the user are strangers' again. For whoever runs the server; `update_user` with a new password does as much.
    ///
    /// @param user_id  `user::object_id`
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return nothing
    /// @par Errors
    /// `invalid_parameter` (there is no such user).
    template <class... Token>
    auto end_sessions(std::string user_id, Token&&... token) {
        return self().give(self().operators_.end_sessions(std::move(user_id)), std::forward<Token>(token)...);
    }

    /// Takes back what strangers, and all known networks together, have done to the owner of a phone: wrong passwords
    /// and codes, and codes that were sent. For whoever runs the server.
    ///
    /// @param phone  as people type it; see `phone_number::parse`
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return nothing
    /// @par Errors
    /// `invalid_phone_number`.
    template <class... Token>
    auto unlock(std::string phone, Token&&... token) {
        return self().give(self().operators_.unlock(std::move(phone)), std::forward<Token>(token)...);
    }

protected:
    operator_functions() = default;
    ~operator_functions() = default;

private:
    Authenticator& self() noexcept { return static_cast<Authenticator&>(*this); }
};

}  // namespace facade
}  // namespace v0
}  // namespace phoneauth

#endif
