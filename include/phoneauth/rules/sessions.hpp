// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_SESSIONS_HPP
#define PHONEAUTH_RULES_SESSIONS_HPP

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include <phoneauth/config.hpp>
#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/time.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rules {

/// Most bytes of `session::device`.
inline constexpr std::size_t max_device_name = 128;

/// What is kept of a User-Agent to tell a user's sessions apart: its printable ASCII, cut.
inline std::string device_name(std::string_view user_agent) {
    std::string name;
    for (const char c : user_agent.substr(0, 4 * max_device_name)) {
        if (name.size() == max_device_name) break;
        if (c >= 0x20 && c < 0x7f) name += c;
    }
    return name;
}

/// When the user of `s` last showed who they are.
inline time_point auth_time(const session& s) noexcept {
    return s.auth_time == time_point() ? s.created_at : s.auth_time;
}

/// When the token of `s` was last seen.
inline time_point last_used(const session& s) noexcept {
    return s.last_used_at == time_point() ? s.created_at : s.last_used_at;
}

/// How far behind `session::last_used_at` may be: noting each use would make every request a write. A twentieth of the
/// idle time-out, one minute to an hour; five minutes without one.
inline std::chrono::seconds use_is_noted_every(const config& c) noexcept {
    if (c.session_idle_timeout.count() == 0) return std::chrono::minutes(5);
    return std::clamp<std::chrono::seconds>(c.session_idle_timeout / 20, std::chrono::minutes(1),
                                            std::chrono::hours(1));
}

/// Whether `s` is over at the time `now`: too old, or not used for too long. A trusted device is not idle.
inline bool is_over(const session& s, const config& c, time_point now) noexcept {
    const auto idle = c.session_idle_timeout;
    return now >= s.expires_at || (s.kind == session_kind::login && idle.count() != 0 && now >= last_used(s) + idle);
}

/// Whether the user of `s` has shown who they are within `age`.
inline bool is_recent(const session& s, std::chrono::seconds age, time_point now) noexcept {
    return now < auth_time(s) + age;
}

/// Whether what is dear may be done in `s`: see `config::fresh_login`.
inline bool is_fresh(const session& s, const config& c, time_point now) noexcept {
    return c.fresh_login.count() == 0 || is_recent(s, c.fresh_login, now);
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif
