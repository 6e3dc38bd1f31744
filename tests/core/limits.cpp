// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/limits.hpp>

#include <boost/test/unit_test.hpp>

using namespace phoneauth;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(core_limits)

constexpr time_point t0{1'000'000s};

BOOST_AUTO_TEST_CASE(waits_grow) {
    const config c;
    for (int count = 0; count <= 5; ++count) BOOST_TEST((failure_wait(count, c) == 0s));
    std::chrono::seconds expected = 1s;
    for (int count = 6; count < 100; ++count) {
        BOOST_TEST((failure_wait(count, c) == expected));
        expected = std::min<std::chrono::seconds>(2 * expected, 1h);
    }
    BOOST_TEST((failure_wait(100, c) == failure_memory));
    BOOST_TEST((failure_wait(100'000'000'000, c) == failure_memory));
}

BOOST_AUTO_TEST_CASE(budget_says_when_it_renews) {
    const config c;
    BOOST_TEST(check_sends({10, t0 + 1h}, c, t0).has_value());
    const auto r = check_sends({11, t0 + 59min + 1ms}, c, t0);
    BOOST_TEST(r.error().code == error::too_many_messages);
    BOOST_TEST((r.error().retry_after == 59min + 1s));
    BOOST_TEST((check_sends({11, t0}, c, t0).error().retry_after == 1s));
}

BOOST_AUTO_TEST_CASE(keys_tell_apart) {
    const auto phone = *phone_number::parse("+14155550100");
    const std::string sent = sends(send_budget::codes, phone, 1, t0).key;
    BOOST_TEST(sends(send_budget::messages, phone, 1, t0).key != sent);
    const std::string failed = failures(phone.str(), 1, t0).key;
    const std::string paused = failure_pause(phone.str(), 1, t0, 1s).key;
    BOOST_TEST(sent != failed);
    BOOST_TEST(failed != paused);
    BOOST_TEST(failure_pause(phone.str(), 0, t0).key == paused);
}

BOOST_AUTO_TEST_CASE(failures_pause_and_lock) {
    const config c;
    const counter none;
    BOOST_TEST(check_failures(none, none, c, t0).has_value());
    BOOST_TEST(check_failures({99, t0 + 1h}, none, c, t0).has_value());
    const auto paused = check_failures({6, t0 + 1h}, {1, t0 + 1500ms}, c, t0);
    BOOST_TEST(paused.error().code == error::too_many_failures);
    BOOST_TEST((paused.error().retry_after == 2s));
    BOOST_TEST((check_failures({100, t0 + 1h}, {1, t0 + 1s}, c, t0).error().retry_after == 1h));
}

BOOST_AUTO_TEST_SUITE_END()
