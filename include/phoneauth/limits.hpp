// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_LIMITS_HPP
#define PHONEAUTH_LIMITS_HPP

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <phoneauth/config.hpp>
#include <phoneauth/counter.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/result.hpp>

// The arithmetic of the limits, pure: which counter, what to add, and what its value means.

namespace phoneauth {
inline namespace v0 {

namespace detail {
inline failure wait_until(error e, time_point end, time_point now) {
    return failure(e).with_retry_after(
        std::max(std::chrono::ceil<std::chrono::seconds>(end - now), std::chrono::seconds(1)));
}
}  // namespace detail

/// What messages to a phone are counted for: a person who is sent messages by others can still be sent his codes.
enum class send_budget { codes, messages };

/// The messages to one phone within an hour that starts with the first of them. `by`: 1 before a message is sent, -1
/// when the provider has refused it for certain.
inline counter_change sends(send_budget budget, const phone_number& phone, std::int64_t by, time_point now) {
    return {(budget == send_budget::codes ? "codes:" : "messages:") + std::string(phone.str()), by, now,
            std::chrono::hours(1)};
}

/// Whether the message that brought the counter to `c` may be sent; `too_many_messages`, with `retry_after`, if not.
inline result<void> check_sends(const counter& c, const config& settings, time_point now) {
    if (c.value <= static_cast<std::int64_t>(settings.max_sends_per_phone_and_hour)) return {};
    return detail::wait_until(error::too_many_messages, c.expires_at, now);
}

/// How long a run of failures is remembered after its first one.
inline constexpr std::chrono::hours failure_memory{30 * 24};

/// The consecutive failures of an account: wrong passwords and wrong codes.
inline counter_change failures(std::string_view account, std::int64_t by, time_point now) {
    return {"failures:" + std::string(account), by, now, failure_memory};
}

/// How long an account waits after `count` consecutive failures: nothing for the first five, then 1, 2, 4, … seconds up
/// to an hour, and until the run is forgotten once there are as many as allowed (NIST SP 800-63B-3 §5.2.2).
inline std::chrono::seconds failure_wait(std::int64_t count, const config& settings) {
    if (count >= static_cast<std::int64_t>(settings.max_consecutive_failures)) return failure_memory;
    if (count <= 5) return std::chrono::seconds(0);
    return std::min(std::chrono::seconds(std::int64_t{1} << std::min<std::int64_t>(count - 6, 12)),
                    std::chrono::seconds(3600));
}

/// The counter that exists while an account waits; a later failure prolongs it. `by`: 0 asks whether it does.
inline counter_change failure_pause(std::string_view account, std::int64_t by, time_point now,
                                    std::chrono::seconds wait = {}) {
    return {"pause:" + std::string(account), by, now, wait, true};
}

/// Larger than any counter of failures: taken away after a login that worked, it ends the run and the pause.
inline constexpr std::int64_t all_failures = 1'000'000;

/// Whether an account may try once more after the failures `run`, while its pause counter is `pause`; `too_many_failures`, with
/// `retry_after`, if not.
inline result<void> check_failures(const counter& run, const counter& pause, const config& settings, time_point now) {
    const auto locked = run.value >= static_cast<std::int64_t>(settings.max_consecutive_failures);
    if (!locked && pause.value == 0) return {};
    const auto& until = locked ? run : pause;
    return detail::wait_until(error::too_many_failures, until.expires_at, now);
}

}  // namespace v0
}  // namespace phoneauth

#endif
