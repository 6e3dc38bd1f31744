// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_SESSION_HPP
#define PHONEAUTH_SESSION_HPP

#include <cstdint>
#include <string>

#include <phoneauth/credentials.hpp>
#include <phoneauth/time.hpp>

namespace phoneauth {
inline namespace v0 {

/// What a `session` record is for. The numbers are stored: they never change.
enum class session_kind : std::uint8_t {
    login = 1,          ///< a user is logged in: its token goes with each request
    trusted_device = 2  ///< spares its user the code of two-factor logins: its token logs nobody in by itself
};

/// How a user showed who they are, to be combined: what OpenID Connect calls `amr` (RFC 8176). The numbers are stored:
/// they never change.
enum auth_method : std::uint32_t {
    by_code = 1,            ///< a code that was sent to their phone ("sms")
    by_password = 2,        ///< their password ("pwd")
    by_backup_code = 4,     ///< one of their backup codes
    by_trusted_device = 8,  ///< the token of a trusted device, in place of a code
};

/// A login, or a device that its user trusts. The token itself is never stored, only its hash.
struct session {
    std::string token_hash;   ///< lower-case hexadecimal SHA-256 of the token, 64 characters
    std::string user_id;      ///< `user::object_id`
    time_point created_at{};  ///< when the user logged in
    time_point expires_at{};  ///< a token that comes at or after this time is too late
    /// What the session rests on: a hash of the user's password, phone and generation, 64 hexadecimal digits. The
    /// session is over when they are others. Empty: a version of the library that knew none has stored it.
    std::string fingerprint{};
    session_kind kind = session_kind::login;  ///< what it is for
    /// Of `auth_method`, by which the user has shown in it who they are: the last one, and those that were fresh then
    /// (`config::fresh_login`); 0: unknown.
    std::uint32_t auth_methods = 0;
    time_point auth_time{};     ///< when they last did; the epoch: when it was created
    time_point last_used_at{};  ///< when its token was last seen, to some minutes; the epoch: when it was created
    std::string device{};       ///< what the client called itself when it was opened: at most 128 bytes
    std::string network{};      ///< `client_network` of the client that opened it; empty: not known
    std::uint64_t version = 0;  ///< grows with each stored change; see `SessionStorage`
};

/// What a user may know of one of their sessions, or trusted devices.
struct session_info {
    std::string id;  ///< names it for `end_session`: `session::token_hash`, which no token can be made from
    session_kind kind = session_kind::login;  ///< what it is for
    bool current = false;                     ///< it is the one that asks
    std::string device;                       ///< what the client called itself; a stranger's text
    std::string network;                      ///< where it was opened from; empty: not known
    time_point opened_at{};                   ///< when it was opened
    time_point last_used_at{};                ///< when its token was last seen, to some minutes
    time_point expires_at{};                  ///< when it ends by itself, if it is used until then
    std::uint32_t auth_methods = 0;           ///< of `auth_method`; 0: not known
    time_point auth_time{};                   ///< when the user last showed who they are
};

/// A device that its user trusts from now on.
struct trusted_device {
    device_token token;  ///< for the client, which keeps it and sends it with the next logins; only its hash is stored
    time_point expires_at{};  ///< a token that comes at or after this time is too late
};

/// What became of a logout.
enum class logout_outcome {
    ended,      ///< the session is over
    no_session  ///< there was none, or it was over already
};

}  // namespace v0
}  // namespace phoneauth

#endif
