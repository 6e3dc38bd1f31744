// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <phoneauth/testing/manual_clock.hpp>

using namespace phoneauth;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(manual_clock_)

BOOST_AUTO_TEST_CASE(moves_only_by_hand) {
    testing::manual_clock clock;
    BOOST_TEST(clock.now().time_since_epoch().count() == 1767225600000);
    clock.advance(1500ms);
    BOOST_TEST(clock.now().time_since_epoch().count() == 1767225601500);
    clock.advance(-2s);
    BOOST_TEST(clock.now().time_since_epoch().count() == 1767225599500);
    clock.set(time_point(7ms));
    BOOST_TEST(clock.now().time_since_epoch().count() == 7);
}

BOOST_AUTO_TEST_SUITE_END()
