// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_TIMING_MEASURE_HPP
#define PHONEAUTH_TESTS_TIMING_MEASURE_HPP

#include "timing/welch.hpp"

#include <cmath>
#include <cstddef>
#include <random>
#include <time.h>
#include <vector>

// Measuring two kinds of operation so that nothing but the kind differs.

namespace timing {

/// The processor time of this thread in nanoseconds: it stands still while others run, so a busy machine does not
/// matter.
inline double thread_time() noexcept {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

/// Where leakage begins for the statisticians of side channels (the TVLA of Goodwill et al. 2011, and dudect): chance
/// alone goes beyond it less than once in 100,000 times.
inline constexpr double suspicious_t = 4.5;
/// Where dudect has no doubt left. A seeded leak must be that clear.
inline constexpr double certain_t = 10;

/// `count` operations of each kind in random order (one after the other, whatever else changes, changes for both).
/// `one(kind)` makes an operation of the kind false or true ready and returns a function that is timed.
template <class One>
comparison measure(std::size_t count, One one) {
    static std::mt19937 random(std::random_device{}());
    std::vector<double> times[2];
    for (auto& t : times) t.reserve(count);
    std::size_t warm_up = count / 20 + 10;
    while (times[0].size() < count || times[1].size() < count) {
        const bool kind = random() & 1;
        auto operation = one(kind);
        const double begin = thread_time();
        operation();
        const double end = thread_time();
        if (warm_up > 0)
            --warm_up;
        else if (times[kind].size() < count)
            times[kind].push_back(end - begin);
    }
    return compare(times[0], times[1]);
}

/// What `measure` gives, if it is `fine`; else a fresh measurement, up to four times: what is so shows each time, an
/// accident of the machine does not.
template <class Measure, class Fine>
comparison measure_until(Measure measure, Fine fine) {
    auto c = measure();
    for (int again = 0; again < 4 && !fine(c); ++again) c = measure();
    return c;
}

}  // namespace timing

#endif
