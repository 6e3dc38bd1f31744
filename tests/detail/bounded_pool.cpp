// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <thread>

#include <phoneauth/detail/bounded_pool.hpp>

using namespace phoneauth;
using numbers = detail::bounded_pool<int>;

namespace {

void expect(const numbers& p, std::size_t in_use, std::size_t waiting) {
    const auto now = p.usage();
    BOOST_TEST(now.size == 2u);
    BOOST_TEST(now.in_use == in_use);
    BOOST_TEST(now.waiting == waiting);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bounded_pool)

BOOST_AUTO_TEST_CASE(says_how_far_it_is_used) {
    numbers p(2);
    const auto never = std::chrono::steady_clock::now() + std::chrono::hours(1);
    expect(p, 0, 0);
    std::optional<numbers::lease> first = p.take(never), second = p.take(never);
    expect(p, 2, 0);
    std::thread third([&] { BOOST_TEST(p.take(never).has_value()); });
    while (p.usage().waiting == 0) std::this_thread::yield();
    expect(p, 2, 1);
    first.reset();
    third.join();
    expect(p, 1, 0);
    second.reset();
    expect(p, 0, 0);
    // Whoever comes too late is not counted any more.
    const auto fourth = p.take(never), fifth = p.take(never);
    BOOST_TEST(!p.take(std::chrono::steady_clock::now()).has_value());
    expect(p, 2, 0);
}

BOOST_AUTO_TEST_SUITE_END()
