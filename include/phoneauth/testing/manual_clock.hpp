// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_MANUAL_CLOCK_HPP
#define PHONEAUTH_TESTING_MANUAL_CLOCK_HPP

#include <atomic>
#include <chrono>

#include <phoneauth/policies.hpp>

namespace phoneauth {
inline namespace v0 {
namespace testing {

/// A Clock for tests: it stands still until it is turned by hand.
///
/// @par Thread safety
/// Shared objects are safe.
class manual_clock {
public:
    /// Starts at `start`, by default 2026-01-01T00:00:00Z.
    explicit manual_clock(time_point start = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}) noexcept
        : milliseconds_(start.time_since_epoch().count()) {}

    /// What it shows.
    time_point now() const noexcept { return time_point(std::chrono::milliseconds(milliseconds_)); }
    /// Turns it to `t`.
    void set(time_point t) noexcept { milliseconds_ = t.time_since_epoch().count(); }
    /// Turns it on by `by`; a negative one turns it back.
    void advance(std::chrono::milliseconds by) noexcept { milliseconds_ += by.count(); }

private:
    std::atomic<std::chrono::milliseconds::rep> milliseconds_;
};

static_assert(Clock<manual_clock>);

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
