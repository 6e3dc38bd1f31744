// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_TIMING_TOWN_HPP
#define PHONEAUTH_TESTS_TIMING_TOWN_HPP

#include "support/sanitized.hpp"
#include "timing/measure.hpp"
#include "timing/observed.hpp"

#include <boost/test/unit_test.hpp>

#include <malloc.h>

#include <cmath>
#include <cstddef>
#include <string>

// How long it takes a site to serve members and strangers, and what of it can be told apart.

namespace timing {

/// A sanitizer's bookkeeping takes times of its own.
inline boost::test_tools::assertion_result can_measure(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result r(!sanitized);
    r.message() << "times are NOT TESTED in a sanitized build";
    return r;
}

inline void report(const std::string& what, const comparison& c) {
    BOOST_TEST_MESSAGE(what << ": t = " << c.t << " with " << 100 * c.kept << " % kept, medians differ by "
                            << c.difference << " of " << c.median << " ns");
}

template <class Measure>
void check_same(const std::string& what, Measure measured) {
    const auto is_same = [](const comparison& c) { return std::abs(c.t) <= suspicious_t; };
    const auto c = measure_until(measured, is_same);
    report(what, c);
    BOOST_TEST(is_same(c), what << " can be told apart: t = " << c.t << " with " << 100 * c.kept
                                << " % kept, medians differ by " << c.difference << " of " << c.median << " ns");
}

/// Where equality cannot be had: the medians differ by at most this fraction of one.
template <class Measure>
void check_close(const std::string& what, Measure measured, double most) {
    const auto is_close = [most](const comparison& c) { return std::abs(c.difference) <= most * c.median; };
    const auto c = measure_until(measured, is_close);
    report(what, c);
    BOOST_TEST(is_close(c), what << ": medians differ by " << c.difference << " of " << c.median << " ns");
}

template <class Measure>
void check_caught(const std::string& what, Measure measured) {
    const auto is_caught = [](const comparison& c) { return std::abs(c.t) > certain_t; };
    const auto c = measure_until(measured, is_caught);
    report(what, c);
    BOOST_TEST(is_caught(c), what << " is NOT caught: t = " << c.t);
}

// -- Flows

/// As many people of each kind, so that no single one's place in memory matters.
constexpr std::size_t people = 64;

struct person {
    std::string phone;
    std::string email;
};

/// From where everybody asks: an address, by whose network the storage is asked whether it is known.
inline const client_info address("198.51.100.1");

inline person somebody(std::size_t n) {
    const auto digits = std::to_string(1000 + n);
    return {"+1415555" + digits, "person" + digits + "@example.com"};
}

/// A site with members, the persons 0 to `people - 1`; the same number of strangers follows.
template <class P = noting_passwords>
struct town : site<P> {
    explicit town(const std::string& hash = *quick_passwords().hash(right_password), const config& c = unlimited())
        : site<P>(c) {
        // One reply for all: how long Twilio takes is not the library's doing.
        this->provider.everything =
            http_response{201, {{"Content-Type", "application/json"}}, R"({"sid":"SM0","status":"queued"})"};
        for (std::size_t n = 0; n < people; ++n)
            add_member(this->memory, {"member", somebody(n).phone, somebody(n).email}, hash);
    }

    /// Makes the caches and free lists the same for whoever comes next, after different things were prepared.
    void settle() {
        ::malloc_trim(0);  // what a message and a look-up have left free is not the same
        for (int i = 0; i < 3; ++i) {
            const auto phone = "+1415666" + std::to_string(1000 + passers_by++ % 9000);
            auto s = this->auth.start_login(phone);
            if (s) (void)this->auth.finish_login(s->transaction_id, phoneauth::submitted_code("123456"));
            if (s) (void)this->auth.resend(s->transaction_id);
        }
    }

    /// The next stranger or member, on another day, so that no limit stops him.
    person next(bool is_member) {
        this->clock.advance(std::chrono::hours(24));
        this->log.clear();
        const auto n = turn[is_member]++ % people;
        return somebody(is_member ? n : people + n);
    }

    static config unlimited() {
        auto c = site_config();
        c.max_sends_per_hour = 0;
        return c;
    }

    std::size_t turn[2] = {0, 0};
    std::size_t passers_by = 0;
};

/// What measures `count` operations of each kind.
template <class One>
auto measuring(std::size_t count, One one) {
    return [count, one] { return measure(count, one); };
}

/// What times `flow(town, person)`, which returns a result.
template <class Town, class Flow>
auto measuring_flow(Town& t, std::size_t count, Flow flow) {
    return measuring(
        count, [&t, flow](bool is_member) { return [&t, flow, who = t.next(is_member)] { (void)flow(t, who); }; });
}

}  // namespace timing

#endif
