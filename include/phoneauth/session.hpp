// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_SESSION_HPP
#define PHONEAUTH_SESSION_HPP

#include <string>

#include <phoneauth/time.hpp>

namespace phoneauth {
inline namespace v0 {

/// A login. The token itself is never stored, only its hash.
struct session {
    std::string token_hash;   ///< lower-case hexadecimal SHA-256 of the token, 64 characters
    std::string user_id;      ///< `user::object_id`
    time_point created_at{};  ///< when the user logged in
    time_point expires_at{};  ///< a token that comes at or after this time is too late
    /// What the session rests on: a hash of the user's password, phone and generation, 64 hexadecimal digits. The
    /// session is over when they are others. Empty: a version of the library that knew none has stored it.
    std::string fingerprint{};
};

/// What became of a logout.
enum class logout_outcome {
    ended,      ///< the session is over
    no_session  ///< there was none, or it was over already
};

}  // namespace v0
}  // namespace phoneauth

#endif
