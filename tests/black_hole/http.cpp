// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <boost/mpl/list.hpp>

#include <phoneauth/asio/blocking_transport.hpp>
#include <phoneauth/asio/https_transport.hpp>

#include "asio/scripted_server.hpp"
#include "asio/transport_worlds.hpp"
#include "black_hole/black_hole.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <chrono>
#include <string>
#include <utility>

using namespace transport_tests;
using namespace std::chrono_literals;
using peer = scripted_server::peer;

namespace {

void answer(peer& p) {
    p.request();
    p.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

http_request get(const scripted_server& server, const std::string& host) {
    http_request r;
    r.method = "GET";
    r.url = server.url().replace(7, 9, host);
    return r;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http, *boost::unit_test::precondition(black_hole::is_there))

BOOST_AUTO_TEST_CASE_TEMPLATE(the_second_address_answers, World, worlds) {
    for (const std::string host : {"dead-first.test", "dead-first-v4.test"}) {
        scripted_server server({answer});
        World world;
        const auto begin = std::chrono::steady_clock::now();
        const auto reply = world.send(get(server, host));
        const auto took = std::chrono::steady_clock::now() - begin;
        BOOST_TEST_CONTEXT(host) {
            BOOST_TEST_REQUIRE(reply.has_value());
            BOOST_TEST((took >= 250ms && took < 1s));
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nobody_answers, World, worlds) {
    scripted_server server({});
    https_transport_options options;
    options.connect_timeout = 500ms;
    const auto begin = std::chrono::steady_clock::now();
    const auto reply = World(options).send(get(server, "dead.test"));
    const auto took = std::chrono::steady_clock::now() - begin;
    BOOST_TEST_REQUIRE(!reply.has_value());
    BOOST_TEST((reply.error().code == error::connect_timeout));
    BOOST_TEST((took >= 500ms && took < 1500ms));
}

// The proxy is found like any other host.
BOOST_AUTO_TEST_CASE_TEMPLATE(the_proxys_second_address_answers, World, worlds) {
    scripted_server proxy({[](peer& p) {
        p.request();
        p.send("HTTP/1.1 200 OK\r\n\r\n");
        answer(p);
    }});
    https_transport_options options;
    options.proxy = proxy.url().replace(7, 9, "dead-first.test");
    const auto begin = std::chrono::steady_clock::now();
    const auto reply = World(options).send(get(proxy, "server.test"));
    const auto took = std::chrono::steady_clock::now() - begin;
    BOOST_TEST_REQUIRE(reply.has_value());
    BOOST_TEST((took >= 250ms && took < 1s));
}

BOOST_AUTO_TEST_SUITE_END()
