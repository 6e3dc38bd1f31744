// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TIME_HPP
#define PHONEAUTH_TIME_HPP

#include <chrono>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, the form that the wire has.
using time_point = std::chrono::sys_time<std::chrono::milliseconds>;

/// The Clock policy of a running server: the system's wall clock, which servers that share a storage share too.
struct system_clock {
    /// The system's time, rounded down to milliseconds. Thread-safe.
    time_point now() const noexcept {
        return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

}  // namespace v0
}  // namespace phoneauth

#endif
