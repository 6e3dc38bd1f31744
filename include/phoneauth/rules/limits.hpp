// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_LIMITS_HPP
#define PHONEAUTH_RULES_LIMITS_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <phoneauth/config.hpp>
#include <phoneauth/counter.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/transaction.hpp>

// The arithmetic of the limits, pure: which counters, what to add, and what their values mean.
//
// Two kinds of callers are told apart. A network is known to a user for 90 days after the user has registered or logged
// in from it. All other networks are strangers'. They cannot use up the reserve of a limit, and so cannot stop the
// owner of a phone:
//
//   limit                                              reserve               for
//   messages to one phone; codes asked for by one      half as many more     known networks, and after a right
//     network                                                                password
//   messages in all                                    a quarter more        the same
//   wrong passwords from one network                   half as many more     known networks
//   failures in a row of one account                   a fifth of them, at   known networks
//                                                      least `max_tries`

namespace phoneauth {
inline namespace v0 {
namespace rules {

namespace detail {
/// `parts`, one after the other, in one allocation at most.
template <class... Parts>
std::string join(const Parts&... parts) {
    std::string text;
    text.reserve((std::string_view(parts).size() + ...));
    (text.append(parts), ...);
    return text;
}

/// The failure `e`, to be tried again at `end`: in 1 s at the earliest.
inline failure wait_until(error e, time_point end, time_point now) {
    return failure(e).with_retry_after(
        std::max(std::chrono::ceil<std::chrono::seconds>(end - now), std::chrono::seconds(1)));
}
}  // namespace detail

namespace limits {

// ---- Sliding windows: at most so many in any stretch of time ----

/// A limit on something that is counted: at most `most` in any stretch of `length`, wherever the stretch begins. There
/// is one counter for each half of a `length`. A window adds up the present half and the two before it, so that what is
/// counted is forgotten after 1 to 1.5 times `length`. It adds the half that comes next, too: a flow that began a
/// little later, or a server whose clock is ahead, has counted there.
struct window {
    std::string name;                          ///< what is counted, and for whom; at most 100 characters
    std::chrono::seconds length;               ///< at least 2 s
    std::int64_t most;                         ///< 0: no limit, and nothing is counted
    std::int64_t reserve = 0;                  ///< how many more are left for known networks and the like
    error refusal = error::too_many_messages;  ///< what a refusal says
    bool keeps_attempts = false;               ///< counts what the provider refused, too
};

/// How many counters each window needs.
inline constexpr std::size_t window_parts = 4;
/// Which of them is the present half's.
inline constexpr std::size_t present_part = 1;

/// Appends the changes that add `by` to each of `windows` and read them: `window_parts` for each, at the time `now`.
inline void count(std::span<const window> windows, std::int64_t by, time_point now,
                  std::vector<counter_change>& changes) {
    for (const auto& w : windows) {
        const auto half = w.length / 2;
        auto part =
            std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()) / half + std::int64_t{present_part};
        for (std::size_t i = 0; i < window_parts; ++i, --part) {
            const bool present = i == present_part;
            changes.push_back({detail::join(w.name, ":", std::to_string(part)), present ? by : 0, now, 3 * half});
        }
    }
}

/// How much is in a window, from its counters as `count` read them.
inline std::int64_t sum_of(std::span<const counter> parts) noexcept {
    std::int64_t sum = 0;
    for (const auto& p : parts.first(window_parts)) sum += p.value;
    return sum;
}

/// Whether all windows have room.
///
/// @param windows   the limits
/// @param parts     their counters, in the same order, as `count` read them
/// @param more      how many are to be added; 0 or more
/// @param reserves  whether the caller may use the reserves
/// @param now       the time that `parts` were read for
/// @return the refusal of the window that takes longest to have room, with `retry_after`, if some have none
inline result<void> check(std::span<const window> windows, std::span<const counter> parts, std::int64_t more,
                          bool reserves, time_point now) {
    const window* tightest = nullptr;
    std::chrono::milliseconds longest{};
    for (const auto& w : windows) {
        const auto own = parts.first(window_parts);
        parts = parts.subspan(window_parts);
        const auto most = w.most + (reserves ? w.reserve : 0);
        auto left = sum_of(own) + more;
        if (left <= most) continue;
        // The halves leave the window one after the other, the oldest first.
        const std::chrono::milliseconds half = w.length / 2;
        auto wait = half - now.time_since_epoch() % half;
        for (std::size_t i = window_parts - 1; i > 0; --i) {
            left -= own[i].value;
            if (left <= most) break;
            wait += half;
        }
        if (!tightest || wait > longest) {
            tightest = &w;
            longest = wait;
        }
    }
    if (!tightest) return {};
    return detail::wait_until(tightest->refusal, now + longest, now);
}

// ---- Messages ----

/// What a message is counted for. Each has limits of its own, so that messages from others do not use up a user's
/// codes.
enum class send_budget {
    codes,    ///< the message carries a code
    messages  ///< any other message
};

/// The budget of an hour over all messages; its reserve is a quarter more.
inline window total_window(send_budget budget, const config& c) {
    return {budget == send_budget::codes ? "codes" : "messages", std::chrono::hours(1), c.max_sends_per_hour,
            (std::int64_t{c.max_sends_per_hour} + 3) / 4};
}

/// What a message to `phone` is counted against, the budget over all of them last. `network`: from which it was asked
/// for, empty: the server's own, or unknown. `user_id`: on whose behalf it is sent, empty: nobody's in particular.
inline std::vector<window> send_windows(send_budget budget, const phone_number& phone, std::string_view network,
                                        std::string_view user_id, const config& c) {
    const bool codes = budget == send_budget::codes;
    const std::string_view kind = codes ? "codes/" : "messages/";
    const std::int64_t hour = c.max_sends_per_phone_and_hour;
    const std::int64_t day = c.max_sends_per_phone_and_day;
    std::vector<window> windows;
    windows.reserve(5);
    windows.push_back({detail::join(kind, "hour:", phone.str()), std::chrono::hours(1), hour, (hour + 1) / 2});
    windows.push_back({detail::join(kind, "day:", phone.str()), std::chrono::hours(24), day, (day + 1) / 2});
    if (!network.empty() && user_id.empty() && c.max_sends_per_client_and_hour > 0)
        windows.push_back({.name = detail::join(kind, "from:", network),
                           .length = std::chrono::hours(1),
                           .most = c.max_sends_per_client_and_hour,
                           .reserve = (std::int64_t{c.max_sends_per_client_and_hour} + 1) / 2,
                           .keeps_attempts = true});
    if (!user_id.empty() && c.max_messages_per_user_and_hour > 0)
        windows.push_back(
            {detail::join(kind, "by:", user_id), std::chrono::hours(1), c.max_messages_per_user_and_hour});
    if (c.max_sends_per_hour > 0) windows.push_back(total_window(budget, c));
    return windows;
}

/// Whether the message that brought the budget to `sum` is the one that reaches four fifths of it.
inline bool reaches_warning(std::int64_t sum, const config& c) noexcept {
    return c.max_sends_per_hour > 0 && sum == (std::int64_t{c.max_sends_per_hour} * 4 + 4) / 5;
}

/// The counter that exists for `phone_cooldown` after a code was sent to `phone`, or until a login. `known`: the
/// counter of known networks, which strangers cannot make wait. `by`: 1 before another code is sent, `-all_failures` to
/// end the cooldown, 0 to read it.
inline counter_change cooldown(purpose kind, const phone_number& phone, bool known, std::int64_t by, const config& c,
                               time_point now) {
    const std::string_view name = kind == purpose::login ? "cooldown/login:" : "cooldown/registration:";
    return {detail::join(name, phone.str(), known ? "@known" : ""), by, now, c.phone_cooldown};
}

/// Whether a code may be sent while the cooldown's counter is `heat`, to which the caller has added `own`;
/// `resend_too_soon`, with `retry_after`, if not. A clock that was set back makes nobody wait longer than two
/// cooldowns.
inline result<void> check_cooldown(const counter& heat, std::int64_t own, const config& c, time_point now) {
    if (heat.value <= own || heat.expires_at - now > 2 * c.phone_cooldown) return {};
    return detail::wait_until(error::resend_too_soon, heat.expires_at, now);
}

// ---- Failures ----

/// How long a run of failures is remembered after its last one.
inline constexpr std::chrono::hours failure_memory{30 * 24};

/// The same for registrations, where there is no account yet that could be guessed open.
inline constexpr std::chrono::hours registration_memory{24};

/// How long a network is known after the last login, or the registration, from there.
inline constexpr std::chrono::hours network_memory{90 * 24};

/// Larger than any counter of failures: taken away after a login that worked, it ends the run and the pause.
inline constexpr std::int64_t all_failures = 1'000'000;

/// How long the failures of `account` are remembered.
inline std::chrono::hours memory_of(std::string_view account) noexcept {
    return account.starts_with("registration:") ? registration_memory : failure_memory;
}

/// The key of one of the counters of `account`: `known` networks have their own.
inline std::string account_key(std::string_view counted, std::string_view account, bool known) {
    return detail::join(counted, account, known ? "@known" : "");
}

/// The consecutive failures at `account`: wrong passwords or wrong codes, of known networks or of strangers.
inline counter_change failures(std::string_view account, bool known, std::int64_t by, time_point now) {
    return {account_key("failures:", account, known), by, now, memory_of(account), true};
}

/// How many codes of an account may still be guessed at. The counter lives a minute longer than the last of them,
/// because a code is counted before its life begins, and perhaps by another server's clock.
inline counter_change open_codes(std::string_view account, bool known, std::int64_t by, const config& c,
                                 time_point now) {
    return {account_key("open:", account, known), by, now, c.code_lifetime + std::chrono::minutes(1), true};
}

/// Whether one more code may be sent for an account. It may if the failures so far, all tries of the open codes and all
/// tries of the new one are together at most `most`. So an account never has more than `most` failures in a row, and
/// yet every code that was sent can be tried `max_tries` times.
///
/// @param run   the account's failures in a row
/// @param open  its open codes, without the new one
/// @param most  see `max_failures`
/// @param c     the configuration
/// @param now   the time for which the counters were read
/// @return if not: `too_many_messages` when there are open codes to wait for, else `too_many_failures`; both with
/// `retry_after`
inline result<void> check_open_codes(const counter& run, const counter& open, std::int64_t most, const config& c,
                                     time_point now) {
    if (run.value + (open.value + 1) * std::int64_t{c.max_tries} <= most) return {};
    if (open.value > 0) return detail::wait_until(error::too_many_messages, open.expires_at, now);
    return detail::wait_until(error::too_many_failures, run.expires_at, now);
}

/// The counter that exists while an account waits; a later failure prolongs it. `by`: 1 makes it wait for `wait`, 0
/// asks whether it waits, `-all_failures` ends the wait.
inline counter_change failure_pause(std::string_view account, bool known, std::int64_t by, time_point now,
                                    std::chrono::seconds wait = {}) {
    return {account_key("pause:", account, known), by, now, wait, true};
}

/// The counter that exists while `network` is known to the owner of `subject`. `by`: 1 after a login, 0 asks.
inline counter_change known_network(std::string_view subject, std::string_view network, std::int64_t by,
                                    time_point now) {
    return {detail::join("known:", subject, "@", network), by, now, network_memory, true};
}

/// How many failures in a row known networks, or strangers, may cause at one account. Known networks have a fifth of
/// `config::max_consecutive_failures`, or `config::max_tries` if that is more. Strangers have the rest, so that both
/// together never exceed the limit.
inline std::int64_t max_failures(bool known, const config& c) noexcept {
    const std::int64_t all = c.max_consecutive_failures;
    const auto reserve = std::max(all / 5, std::int64_t{c.max_tries});
    return known ? reserve : all - reserve;
}

/// How long an account waits after `count` failures in a row, of which there may be `most`:
///
///     count            wait
///     up to 5          none
///     6, 7, 8, …       1 s, 2 s, 4 s, … up to an hour
///     `most` or more   30 days: until the failures are forgotten
inline std::chrono::seconds failure_wait(std::int64_t count, std::int64_t most) {
    if (count >= most) return failure_memory;
    if (count <= 5) return std::chrono::seconds(0);
    return std::min(std::chrono::seconds(std::int64_t{1} << std::min<std::int64_t>(count - 6, 12)),
                    std::chrono::seconds(3600));
}

/// Whether an account may try once more after the failures `run`, of which there may be `most`, while its pause counter
/// is `pause`; `too_many_failures`, with `retry_after`, if not.
inline result<void> check_failures(const counter& run, const counter& pause, std::int64_t most, time_point now) {
    const auto locked = run.value >= most;
    if (!locked && pause.value == 0) return {};
    const auto& until = locked ? run : pause;
    return detail::wait_until(error::too_many_failures, until.expires_at, now);
}

/// Most changes of identity or password that one user may ask for in an hour. Each identity tried tells whether it is
/// taken, and each password costs a hash; nobody changes them more often for good reason.
inline constexpr std::int64_t max_credential_changes = 10;
/// The window of these changes.
inline window credential_window(std::string_view user_id) {
    return {detail::join("credentials/by:", user_id), std::chrono::hours(1), max_credential_changes, 0,
            error::too_many_failures};
}

/// The wrong passwords that came from one network, over all accounts.
inline window wrong_password_window(std::string_view network, const config& c) {
    const std::int64_t most = network.empty() ? 0 : c.max_wrong_passwords_per_client_and_hour;
    return {detail::join("passwords/from:", network), std::chrono::hours(1), most, (most + 1) / 2,
            error::too_many_failures};
}

}  // namespace limits
}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif
