// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <phoneauth/asio/worker_pool.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(worker_pools)

BOOST_AUTO_TEST_CASE(works_elsewhere_and_resumes_here) {
    ::asio::io_context context;
    worker_pool pool(2);
    const auto here = std::this_thread::get_id();
    int done = 0;
    auto flow = [&](int i) -> ::asio::awaitable<void> {
        auto work = [text = std::string(64, 'x'), i] { return text + std::to_string(i); };
        auto text = co_await pool.run(std::move(work));
        BOOST_TEST(*text == std::string(64, 'x') + std::to_string(i));
        auto where = co_await pool.run([] { return std::this_thread::get_id(); });
        BOOST_TEST((*where != here));
        BOOST_TEST((std::this_thread::get_id() == here));
        auto failed = co_await pool.run([] { return result<int>(error::wrong_code); });
        BOOST_TEST((failed.error().code == error::wrong_code));
        auto thrown = co_await pool.run([]() -> int { throw std::runtime_error("secret"); });
        BOOST_TEST((thrown.error().code == error::internal));
        BOOST_TEST(thrown.error().message.find("secret") == std::string::npos);
        ++done;
    };
    for (int i = 0; i < 20; ++i) ::asio::co_spawn(context, flow(i), ::asio::detached);
    context.run();
    BOOST_TEST(done == 20);
}

BOOST_AUTO_TEST_CASE(the_queue_is_bounded) {
    ::asio::io_context context;
    worker_pool pool(1, 2);
    std::promise<void> gate;
    auto opened = gate.get_future().share();
    int accepted = 0;
    int refused = 0;
    auto flow = [&]() -> ::asio::awaitable<void> {
        auto work = [opened] {
            opened.wait();
            return 1;
        };
        auto outcome = co_await pool.run(std::move(work));
        if (outcome)
            ++accepted;
        else
            refused += outcome.error().code == error::overloaded;
    };
    for (int i = 0; i < 10; ++i) ::asio::co_spawn(context, flow(), ::asio::detached);
    context.poll();
    BOOST_TEST(refused == 7);
    BOOST_TEST(pool.usage().size == 1u);
    BOOST_TEST(pool.usage().in_use == 1u);
    BOOST_TEST(pool.usage().waiting == 2u);
    gate.set_value();
    context.run();
    BOOST_TEST(accepted == 3);
    BOOST_TEST(pool.usage().in_use + pool.usage().waiting == 0u);

    // Room again once the work is done.
    context.restart();
    ::asio::co_spawn(context, flow(), ::asio::detached);
    context.run();
    BOOST_TEST(accepted == 4);
}

BOOST_AUTO_TEST_SUITE_END()
