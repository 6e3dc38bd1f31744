// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_TIMING_WELCH_HPP
#define PHONEAUTH_TESTS_TIMING_WELCH_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

// Whether two kinds of measurement can be told apart, as dudect does it (Reparaz, Balasch, Verbauwhede: "Dude, is my
// code constant time?", DATE 2017): Welch's t-test over all measurements, and over those below some percentiles,
// because what a machine does besides only makes a measurement longer.

namespace timing {

/// Mean and variance of values that come one by one (Welford 1962).
class moments {
public:
    void add(double x) noexcept {
        ++count_;
        const double off = x - mean_;
        mean_ += off / static_cast<double>(count_);
        squares_ += off * (x - mean_);
    }
    std::size_t count() const noexcept { return count_; }
    double mean() const noexcept { return mean_; }
    /// Unbiased; 0 for fewer than two values.
    double variance() const noexcept { return count_ < 2 ? 0 : squares_ / static_cast<double>(count_ - 1); }

private:
    std::size_t count_ = 0;
    double mean_ = 0;
    double squares_ = 0;
};

/// Welch's t of two samples with unequal variances (Welch 1947). 0 when one has fewer than two values, infinite when
/// neither varies and the means differ.
inline double welch_t(const moments& a, const moments& b) noexcept {
    if (a.count() < 2 || b.count() < 2) return 0;
    const double error =
        std::sqrt(a.variance() / static_cast<double>(a.count()) + b.variance() / static_cast<double>(b.count()));
    const double difference = a.mean() - b.mean();
    return error > 0 ? difference / error : difference == 0 ? 0 : std::copysign(HUGE_VAL, difference);
}

/// What fraction of the values of both kinds is below the returned one; `values` is not empty.
inline double percentile(std::vector<double> values, double fraction) {
    const auto at = static_cast<std::ptrdiff_t>(fraction * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + at, values.end());
    return values[static_cast<std::size_t>(at)];
}

struct comparison {
    double t = 0;           ///< the largest in magnitude of all croppings
    double kept = 1;        ///< the fraction of the measurements that gave it
    double median = 0;      ///< of all measurements
    double difference = 0;  ///< of the medians, first kind less second
};

/// Compares two kinds of measurement; neither is empty.
inline comparison compare(const std::vector<double>& a, const std::vector<double>& b) {
    std::vector<double> all(a);
    all.insert(all.end(), b.begin(), b.end());
    comparison c;
    c.median = percentile(all, 0.5);
    c.difference = percentile(a, 0.5) - percentile(b, 0.5);
    for (const double fraction : {1.0, 0.99, 0.95, 0.9, 0.75, 0.5}) {
        const double most = percentile(all, fraction);
        moments kept_a, kept_b;
        for (const double x : a)
            if (x <= most) kept_a.add(x);
        for (const double x : b)
            if (x <= most) kept_b.add(x);
        if (const double t = welch_t(kept_a, kept_b); std::abs(t) > std::abs(c.t)) {
            c.t = t;
            c.kept = fraction;
        }
    }
    return c;
}

}  // namespace timing

#endif
