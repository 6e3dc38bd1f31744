// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <tuple>

#include "black_hole/black_hole.hpp"
#include "storage/redis.hpp"

using namespace phoneauth;
using namespace redis_tests;

namespace {

using worlds = std::tuple<blocking_world, async_world>;

std::string at(std::string url, const std::string& host) {
    return url.replace(url.find("127.0.0.1"), 9, host);
}

template <class F>
std::chrono::steady_clock::duration time_of(F f) {
    const auto begin = std::chrono::steady_clock::now();
    f();
    return std::chrono::steady_clock::now() - begin;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis, *boost::unit_test::precondition(black_hole::is_there))

BOOST_AUTO_TEST_CASE_TEMPLATE(the_second_address_answers, World, worlds) {
    for (const std::string kind : {"", "tls"})
        for (const std::string host : {"dead-first.test", "dead-first-v4.test"}) {
            private_redis server(kind);
            auto options = server.trusting();
            if (kind == "tls") options.server_name = "localhost";
            std::unique_ptr<World> w;
            const auto connecting = time_of([&] { w = std::make_unique<World>(at(server.url, host), options); });
            const auto taking = time_of([&] { BOOST_TEST(count(*w, 1) == 1); });  // on a connection of its own
            const auto again = time_of([&] { BOOST_TEST(count(*w, 1) == 2); });
            BOOST_TEST_CONTEXT(kind << ' ' << host) {
                BOOST_TEST((connecting >= 250ms && connecting < 1s));
                BOOST_TEST((taking >= 250ms && taking < 1s));
                BOOST_TEST((again < 250ms));
            }
        }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nobody_answers, World, worlds) {
    private_redis server;
    redis_options options;
    options.connect_timeout = 600ms;
    const auto took = time_of([&] {
        BOOST_TEST(throws([&] { World w(at(server.url, "dead.test"), options); },
                          "cannot be reached: Connection timed out; check the URL"));
    });
    BOOST_TEST((took >= 600ms && took < 1500ms));
}

// Not only when it is made, a storage tries for so long and no longer.
BOOST_AUTO_TEST_CASE_TEMPLATE(nobody_answers_for_a_while, World, worlds) {
    private_redis server("--appendonly yes");
    redis_options options;
    options.connect_timeout = 600ms;
    World w(at(server.url, "dead-first.test"), options);
    server.kill();  // its own address refuses, the other one stays dead
    const auto took =
        time_of([&] { BOOST_TEST(throws([&] { count(w, 1); }, "cannot be reached: Connection timed out")); });
    BOOST_TEST((took >= 600ms && took < 1500ms));
    server.restart();
    BOOST_TEST(works_in_the_end([&] { count(w, 1); }));
}

BOOST_AUTO_TEST_SUITE_END()
