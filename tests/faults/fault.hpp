// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_FAULTS_FAULT_HPP
#define PHONEAUTH_TESTS_FAULTS_FAULT_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

#include <phoneauth/error.hpp>

// All that can go wrong around a flow, numbered.

namespace faults {

/// How something goes wrong.
enum class way {
    none,

    // the clock jumps before a call of the storage or the transport
    hour_back,
    second_back,
    second_on,
    six_minutes_on,
    hour_on,
    forty_days_on,
    // before it, the same request comes once more and runs to its end
    doubled,

    // a call of the storage
    before,  ///< throws, without having done anything
    after,   ///< throws, having done its work

    // a request
    refused,
    connect_timed_out,
    write_failed,
    reset_before,  ///< the connection ends before the request has arrived, for all that anybody knows
    reset_after,   ///< likewise, and it has arrived; so it is with a reply that is truncated, or ends within a chunk
    timed_out,
    garbage,  ///< no HTTP; the message is on its way
    busy_with_time,
    busy,
    server_error,
    unavailable,
    wrong_content_type,
    redirect,
    declined,
    thrown,

    allocation
};

inline constexpr std::array names{"none",
                                  "clock 1 h back",
                                  "clock 1 s back",
                                  "clock 1 s on",
                                  "clock 6 min on",
                                  "clock 1 h on",
                                  "clock 40 days on",
                                  "came twice",
                                  "storage fails before its work",
                                  "storage fails after its work",
                                  "refused",
                                  "connect time-out",
                                  "write failed",
                                  "reset before the request",
                                  "reset after the request",
                                  "time-out",
                                  "garbage",
                                  "429 with Retry-After",
                                  "429",
                                  "500",
                                  "503",
                                  "wrong content type",
                                  "redirect",
                                  "declined",
                                  "exception",
                                  "no memory"};
static_assert(names.size() == static_cast<std::size_t>(way::allocation) + 1);

/// One fault. Calls of the storage and of the transport are numbered together, allocations by themselves; both from 1.
struct fault {
    way how = way::none;
    std::size_t at = 0;

    bool is_clock() const noexcept { return how >= way::hour_back && how <= way::forty_days_on; }
    bool is_allocation() const noexcept { return how == way::allocation; }
    /// Whether the call that it happens at does not end as it should.
    bool ends_call() const noexcept { return how >= way::before && how < way::allocation; }
};

using plan = std::array<fault, 2>;

inline std::string text_of(const plan& p) {
    std::string text;
    for (const auto& f : p) {
        if (f.how == way::none) continue;
        if (!text.empty()) text += ", ";
        text += names[static_cast<std::size_t>(f.how)];
        text += (f.is_allocation() ? " at allocation " : " at call ") + std::to_string(f.at);
    }
    return text.empty() ? "no fault" : text;
}

inline std::chrono::seconds jump_of(way how) {
    using namespace std::chrono_literals;
    switch (how) {
    case way::hour_back:
        return -1h;
    case way::second_back:
        return -1s;
    case way::second_on:
        return 1s;
    case way::six_minutes_on:
        return 6min;
    case way::hour_on:
        return 1h;
    case way::forty_days_on:
        return std::chrono::hours(40 * 24);
    default:
        return 0s;
    }
}

/// The ways in which a call of the storage goes wrong, and those of a request; the jumps of the clock among them.
inline constexpr std::array storage_ways{way::hour_back,      way::second_back, way::second_on,
                                         way::six_minutes_on, way::hour_on,     way::forty_days_on,
                                         way::doubled,        way::before,      way::after};
inline constexpr std::array request_ways{way::hour_back,
                                         way::second_back,
                                         way::second_on,
                                         way::six_minutes_on,
                                         way::hour_on,
                                         way::forty_days_on,
                                         way::doubled,
                                         way::refused,
                                         way::connect_timed_out,
                                         way::write_failed,
                                         way::reset_before,
                                         way::reset_after,
                                         way::timed_out,
                                         way::garbage,
                                         way::busy_with_time,
                                         way::busy,
                                         way::server_error,
                                         way::unavailable,
                                         way::wrong_content_type,
                                         way::redirect,
                                         way::declined,
                                         way::thrown};

}  // namespace faults

#endif
