// SPDX-License-Identifier: BSL-1.0
#include "timing/welch.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace timing;

BOOST_AUTO_TEST_SUITE(timing_welch)

namespace {

moments of(std::initializer_list<double> values) {
    moments m;
    for (const double v : values) m.add(v);
    return m;
}

/// What a machine measures: a normal distribution with a tail of interruptions.
std::vector<double> measured(double mean, double deviation, std::size_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> typical(mean, deviation);
    std::exponential_distribution<double> interruption(1 / (20 * mean));
    std::vector<double> values;
    for (std::size_t i = 0; i < count; ++i)
        values.push_back(typical(random) + (random() % 20 == 0 ? interruption(random) : 0));
    return values;
}

}  // namespace

BOOST_AUTO_TEST_CASE(moments_are_right) {
    const auto m = of({2, 4, 4, 4, 5, 5, 7, 9});
    BOOST_TEST(m.count() == 8u);
    BOOST_TEST(m.mean() == 5.0, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(m.variance() == 32.0 / 7, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(of({1}).variance() == 0.0);
}

BOOST_AUTO_TEST_CASE(t_is_that_of_the_literature) {
    // The third example of https://rosettacode.org/wiki/Welch%27s_t-test; scipy.stats.ttest_ind(…, equal_var=False)
    // says the same.
    const auto a = of({3.0, 4.0, 1.0, 2.1});
    const auto b = of({490.2, 340.0, 433.9});
    BOOST_TEST(welch_t(a, b) == -9.559497721932658, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(welch_t(b, a) == 9.559497721932658, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(what_does_not_vary_is_the_same_or_infinitely_different) {
    BOOST_TEST(welch_t(of({1, 1}), of({1, 1})) == 0.0);
    BOOST_TEST(welch_t(of({2, 2}), of({1, 1})) == HUGE_VAL);
    BOOST_TEST(welch_t(of({1, 1}), of({2, 2})) == -HUGE_VAL);
    BOOST_TEST(welch_t(of({1}), of({2, 2})) == 0.0);
}

BOOST_AUTO_TEST_CASE(percentiles) {
    BOOST_TEST(percentile({5, 1, 4, 2, 3}, 0.0) == 1.0);
    BOOST_TEST(percentile({5, 1, 4, 2, 3}, 0.5) == 3.0);
    BOOST_TEST(percentile({5, 1, 4, 2, 3}, 1.0) == 5.0);
}

BOOST_AUTO_TEST_CASE(the_same_distribution_is_not_told_apart) {
    for (unsigned seed = 0; seed < 50; ++seed) {
        const auto c = compare(measured(1000, 50, 2000, 2 * seed), measured(1000, 50, 2000, 2 * seed + 1));
        BOOST_TEST(std::abs(c.t) < 4.5, "seed " << seed << ": t = " << c.t);
    }
}

BOOST_AUTO_TEST_CASE(a_difference_that_interruptions_hide_is_found_by_cropping) {
    // 1 % of the mean, where interruptions make the deviation of everything some hundred percent.
    const auto a = measured(1010, 50, 5000, 1);
    const auto b = measured(1000, 50, 5000, 2);
    moments all_a, all_b;
    for (const double x : a) all_a.add(x);
    for (const double x : b) all_b.add(x);
    BOOST_TEST(std::abs(welch_t(all_a, all_b)) < 4.5);
    const auto c = compare(a, b);
    BOOST_TEST(c.t > 4.5);
    BOOST_TEST(c.kept < 1);
    BOOST_TEST(c.difference > 5);
    BOOST_TEST(c.difference < 15);
    BOOST_TEST(compare(b, a).t == -c.t);
}

BOOST_AUTO_TEST_SUITE_END()
