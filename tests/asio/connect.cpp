// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <phoneauth/asio/detail/connect.hpp>

#include "asio/silent_server.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/strand.hpp>

#include <chrono>
#include <exception>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

using namespace phoneauth;
using namespace std::chrono_literals;
using ::asio::ip::tcp;
using detail::connection_race;
using clock_type = std::chrono::steady_clock;

namespace {

std::ptrdiff_t open_files() {
    const std::filesystem::directory_iterator files("/proc/self/fd");
    return std::distance(begin(files), end(files));
}

struct world {
    ::asio::io_context context;
    ::asio::any_io_executor strand = ::asio::make_strand(context);
    tcp::socket socket{strand};
    tcp::acceptor live{context, {::asio::ip::make_address("127.0.0.1"), 0}};
    tcp::endpoint refused = [this] {
        return tcp::acceptor(context, tcp::endpoint(::asio::ip::make_address("127.0.0.1"), 0)).local_endpoint();
    }();
    silent_server silent;
    tcp::endpoint dead = silent.endpoint();
    std::optional<std::error_code> outcome;

    void start(std::vector<tcp::endpoint> endpoints, clock_type::duration limit,
               ::asio::cancellation_slot slot = ::asio::cancellation_slot()) {
        auto work = detail::connect_first(socket, std::move(endpoints), clock_type::now() + limit);
        ::asio::co_spawn(strand, std::move(work),
                         ::asio::bind_cancellation_slot(slot, [this](std::exception_ptr thrown, std::error_code ec) {
                             BOOST_TEST(!thrown);
                             outcome = ec;
                         }));
    }

    /// Runs a race to its end, and returns how long that took.
    clock_type::duration run(std::vector<tcp::endpoint> endpoints, clock_type::duration limit = 10s) {
        const auto files = open_files();
        const auto begin = clock_type::now();
        outcome.reset();
        start(std::move(endpoints), limit);
        context.restart();
        context.run();  // nothing is left that runs on
        const auto end = clock_type::now();
        BOOST_TEST_REQUIRE(outcome.has_value());
        BOOST_TEST((open_files() == files + socket.is_open()));  // what lost is closed
        if (!*outcome) {
            BOOST_TEST((socket.remote_endpoint() == live.local_endpoint()));
            live.accept().close();
        }
        socket.close();
        return end - begin;
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(connecting)

BOOST_AUTO_TEST_CASE(the_first_that_answers) {
    world w;
    const auto live = w.live.local_endpoint();
    w.run({live});
    BOOST_TEST(!*w.outcome);
    w.run({live, w.dead});
    BOOST_TEST(!*w.outcome);
    // Where one refuses, the next one is asked at once; where one is silent, after a quarter of a second.
    std::vector<tcp::endpoint> all(12, w.refused);
    all.push_back(live);
    BOOST_TEST((w.run(all) < 2s));
    BOOST_TEST(!*w.outcome);
    auto took = w.run({w.dead, live});
    BOOST_TEST(!*w.outcome);
    BOOST_TEST((took >= 250ms && took < 2s));
    took = w.run({w.dead, w.refused, w.dead, live});
    BOOST_TEST(!*w.outcome);
    BOOST_TEST((took >= 500ms && took < 2s));
}

BOOST_AUTO_TEST_CASE(families_take_turns) {
    world w;
    std::error_code ec;
    tcp::acceptor live(w.context, tcp::v6());
    live.bind({::asio::ip::address_v6::loopback(), 0}, ec);
    if (ec) {
        BOOST_TEST_MESSAGE("NOT TESTED: there is no IPv6");
        return;
    }
    live.listen();
    w.live = std::move(live);
    std::vector<tcp::endpoint> all(12, w.dead);
    all.push_back(w.live.local_endpoint());
    BOOST_TEST((w.run(all) < 2s));
    BOOST_TEST(!*w.outcome);
}

BOOST_AUTO_TEST_CASE(nobody_answers) {
    world w;
    w.run({});
    BOOST_TEST((*w.outcome == ::asio::error::host_not_found));
    w.run({w.refused, w.refused});
    BOOST_TEST((*w.outcome == ::asio::error::connection_refused));
    BOOST_TEST((w.run({w.dead, w.refused}, 400ms) >= 400ms));
    BOOST_TEST((*w.outcome == ::asio::error::timed_out));
    BOOST_TEST((w.run({w.dead, w.dead, w.dead, w.dead}, 600ms) < 2s));
    BOOST_TEST((*w.outcome == ::asio::error::timed_out));
    w.run({w.dead}, -1s);
    BOOST_TEST((*w.outcome == ::asio::error::timed_out));
}

BOOST_AUTO_TEST_CASE(it_can_be_cancelled) {
    world w;
    const auto files = open_files();
    ::asio::cancellation_signal signal;
    w.start({w.dead, w.dead, w.dead}, 1h, signal.slot());
    while (open_files() < files + 2) w.context.run_one();
    signal.emit(::asio::cancellation_type::terminal);
    w.context.run();
    BOOST_TEST_REQUIRE(w.outcome.has_value());
    BOOST_TEST((*w.outcome == ::asio::error::operation_aborted));
    BOOST_TEST((open_files() == files));

    auto race = std::make_shared<connection_race>(w.strand, std::vector<tcp::endpoint>{w.dead, w.dead});
    w.outcome.reset();
    auto work = connection_race::run(race, w.socket, clock_type::now() + 1h);
    ::asio::co_spawn(w.strand, std::move(work), [&](std::exception_ptr, std::error_code ec) { w.outcome = ec; });
    w.context.restart();
    while (open_files() < files + 2) w.context.run_one();
    ::asio::post(w.strand, [&] { race->cancel(); });
    w.context.run();
    BOOST_TEST_REQUIRE(w.outcome.has_value());
    BOOST_TEST((*w.outcome == ::asio::error::operation_aborted));
    BOOST_TEST((open_files() == files));
}

BOOST_AUTO_TEST_CASE(the_loop_may_go_away) {
    const silent_server silent;
    const auto files = open_files();
    {
        ::asio::io_context context;
        const ::asio::any_io_executor strand = ::asio::make_strand(context);
        auto socket = std::make_unique<tcp::socket>(strand);
        std::vector<tcp::endpoint> dead(3, silent.endpoint());
        auto work = detail::connect_first(*socket, std::move(dead), clock_type::now() + 1h);
        ::asio::co_spawn(strand, std::move(work),
                         [](std::exception_ptr, std::error_code) { BOOST_ERROR("never called"); });
        const auto with_loop = open_files();
        while (open_files() < with_loop + 2) context.run_one();
        socket.reset();
    }
    BOOST_TEST((open_files() == files));
}

BOOST_AUTO_TEST_SUITE_END()
