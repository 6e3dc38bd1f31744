// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_LOGIN_RESULT_HPP
#define PHONEAUTH_LOGIN_RESULT_HPP

#include <phoneauth/credentials.hpp>
#include <phoneauth/time.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {

/// A user has logged in.
struct login_result {
    phoneauth::user user;     ///< as stored
    session_token token;      ///< for the client, which sends it with each request; only its hash is stored
    time_point expires_at{};  ///< when the session ends
};

}  // namespace v0
}  // namespace phoneauth

#endif
