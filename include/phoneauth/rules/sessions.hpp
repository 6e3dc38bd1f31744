// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_SESSIONS_HPP
#define PHONEAUTH_RULES_SESSIONS_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <phoneauth/config.hpp>
#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/time.hpp>
#include <phoneauth/user.hpp>

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

/// Whether the user of `s` has shown who they are within `age`: 0 and less is never.
inline bool is_recent(const session& s, std::chrono::seconds age, time_point now) noexcept {
    return age.count() > 0 && std::chrono::floor<std::chrono::seconds>(now - auth_time(s)) < age;
}

/// Whether what is dear may be done in `s`: see `config::fresh_login`.
inline bool is_fresh(const session& s, const config& c, time_point now) noexcept {
    return c.fresh_login.count() == 0 || is_recent(s, c.fresh_login, now);
}

/// Whether that the token of `s` is seen `now` has to be stored. A time ahead of `now` is from before the clock was set
/// back, and would keep the session from being idle.
inline bool is_use_due(const session& s, const config& c, time_point now) noexcept {
    const auto noted = last_used(s);
    const auto every = use_is_noted_every(c);
    return now >= noted + every || now + every <= noted;
}

/// Whether `s` rests on what its user is now: `fingerprint` is `owner`'s, see `session::fingerprint`.
inline bool rests_on(const session& s, const user& owner, std::string_view fingerprint) noexcept {
    if (!s.fingerprint.empty()) return s.fingerprint == fingerprint;
    return s.kind == session_kind::login && owner.generation == 0;
}

/// The user of `s` has shown by `method` who they are. What they have shown before by another method counts on while that
/// was a short while ago (`config::fresh_login`), but not any longer for being shown again and again: so what needs two
/// methods needs both of them, not more than twice that apart.
inline void apply_proof_of_user(session& s, std::uint32_t method, const config& c, time_point now) noexcept {
    const bool joins = is_fresh(s, c, now) && (s.auth_methods & method) == 0;
    s.auth_methods = joins || c.fresh_login.count() == 0 ? s.auth_methods | method : method;
    s.auth_time = s.last_used_at = now;
}

/// Whether a device may be trusted from within `s`: its user has shown both factors, a short while ago.
inline bool may_trust_device(const session& s, const config& c, time_point now) noexcept {
    constexpr std::uint32_t both = auth_method::by_code | auth_method::by_password;
    return is_fresh(s, c, now) && (s.auth_methods & both) == both;
}

/// Whether `id` could be a session's: what could not, a storage need not be able to look for.
inline bool is_session_id(std::string_view id) noexcept {
    return id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Most sessions that are told at once.
inline constexpr std::size_t max_listed_sessions = 1000;

/// What a user may know of `s`; `current`: the `session::token_hash` of the one that asks.
inline session_info describe(const session& s, std::string_view current) {
    session_info i;
    i.id = s.token_hash;
    i.kind = s.kind;
    i.current = s.token_hash == current;
    i.device = s.device;
    i.network = s.network;
    i.opened_at = s.created_at;
    i.last_used_at = last_used(s);
    i.expires_at = s.expires_at;
    i.auth_methods = s.auth_methods;
    i.auth_time = auth_time(s);
    return i;
}

/// What `owner` may know of `all` their sessions and trusted devices: of those that are good, the last used first.
inline std::vector<session_info> list_sessions(const std::vector<session>& all, const user& owner,
                                               std::string_view fingerprint, std::string_view current, const config& c,
                                               time_point now) {
    std::vector<session_info> told;
    for (const auto& s : all)
        if (!is_over(s, c, now) && rests_on(s, owner, fingerprint)) told.push_back(describe(s, current));
    std::sort(told.begin(), told.end(), [](const session_info& a, const session_info& b) {
        return std::tie(b.last_used_at, b.opened_at, b.id) < std::tie(a.last_used_at, a.opened_at, a.id);
    });
    if (told.size() > max_listed_sessions) {
        // The one that asks is among them, however long it was idle: whoever reads the list looks for it.
        const auto own =
            std::find_if(told.begin() + max_listed_sessions, told.end(), [](const auto& i) { return i.current; });
        if (own != told.end()) std::swap(told[max_listed_sessions - 1], *own);
        told.resize(max_listed_sessions);
    }
    return told;
}

/// The `session::token_hash` of each of `all` sessions of `owner` that `config::max_sessions_per_user` leaves no room for
/// since `added`: of its kind, those that were used least recently. Whoever else asks at the same time gets the same
/// answer, so that no more are ended than have to be; but at one and the same time `added` goes before the others.
inline std::vector<std::string> surplus(std::vector<session> all, const session& added, const user& owner,
                                        const config& c, time_point now) {
    const auto is_not_counted = [&](const session& s) {
        return s.kind != added.kind || is_over(s, c, now) || !rests_on(s, owner, added.fingerprint);
    };
    all.erase(std::remove_if(all.begin(), all.end(), is_not_counted), all.end());
    std::vector<std::string> ended;
    const std::size_t most = c.max_sessions_per_user;
    if (most == 0 || all.size() <= most) return ended;
    const auto rank = [&](const session& s) {
        return std::make_tuple(last_used(s), s.token_hash == added.token_hash, std::string_view(s.token_hash));
    };
    std::sort(all.begin(), all.end(), [&](const session& a, const session& b) { return rank(b) < rank(a); });
    for (std::size_t i = most; i < all.size(); ++i) ended.push_back(std::move(all[i].token_hash));
    return ended;
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif
