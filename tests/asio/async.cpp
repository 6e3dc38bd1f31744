// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <phoneauth/asio/async.hpp>
#include <phoneauth/authenticator.hpp>

#include <asio/bind_executor.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

using namespace phoneauth;

namespace {

::asio::awaitable<result<std::string>> greet(std::string name) {
    co_await ::asio::post(co_await ::asio::this_coro::executor, ::asio::use_awaitable);
    if (name.empty()) co_return failure(error::missing_parameter);
    co_return "hello, " + name;
}

::asio::awaitable<result<void>> check(bool good) {
    if (good) co_return result<void>();
    co_return result<void>(error::wrong_code);
}

::asio::awaitable<result<login_result>> log_in(bool good) {
    if (!good) co_return failure(error::wrong_code);
    user who{.object_id = "1", .phone = *phone_number::parse("+14155550100"), .identity = {}, .password_hash = {}};
    co_return login_result{std::move(who), "token", {}};
}

::asio::awaitable<result<std::string>> never() {
    ::asio::steady_timer timer(co_await ::asio::this_coro::executor, std::chrono::hours(1));
    co_await timer.async_wait(::asio::use_awaitable);
    co_return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(completion_tokens)

BOOST_AUTO_TEST_CASE(callbacks) {
    ::asio::io_context context;
    int calls = 0;
    async_call(context.get_executor(), greet("a"),
               [&, kept = std::make_unique<int>(1)](std::error_code ec, std::string text) {
                   BOOST_TEST(!ec);
                   BOOST_TEST(text == "hello, a");
                   calls += *kept;
               });
    async_call(context.get_executor(), greet(""), [&](std::error_code ec, const std::string& text) {
        BOOST_TEST((ec == error::missing_parameter));
        BOOST_TEST(text.empty());
        ++calls;
    });
    async_call(context.get_executor(), check(true), [&](std::error_code ec) { calls += !ec; });
    async_call(context.get_executor(), check(false), [&](std::error_code ec) { calls += ec == error::wrong_code; });
    BOOST_TEST(calls == 0);
    context.run();
    BOOST_TEST(calls == 4);
}

BOOST_AUTO_TEST_CASE(what_has_no_default_comes_as_an_optional) {
    ::asio::io_context context;
    int calls = 0;
    async_call(context.get_executor(), log_in(true), [&](std::error_code ec, std::optional<login_result> l) {
        BOOST_TEST(!ec);
        BOOST_TEST(l->user.object_id == "1");
        ++calls;
    });
    async_call(context.get_executor(), log_in(false), [&](std::error_code ec, std::optional<login_result> l) {
        BOOST_TEST((ec == error::wrong_code));
        BOOST_TEST(!l);
        ++calls;
    });
    auto later = async_call(context.get_executor(), log_in(true), ::asio::use_future);
    context.run();
    BOOST_TEST(calls == 2);
    BOOST_TEST(later.get()->token == "token");
}

BOOST_AUTO_TEST_CASE(the_handlers_executor_is_respected) {
    ::asio::io_context context;
    ::asio::thread_pool others(1);
    const auto here = std::this_thread::get_id();
    bool called = false;
    async_call(others.get_executor(), greet("a"),
               ::asio::bind_executor(context.get_executor(), [&](std::error_code, std::string) {
                   BOOST_TEST((std::this_thread::get_id() == here));
                   called = true;
               }));
    context.run();
    BOOST_TEST(called);
}

BOOST_AUTO_TEST_CASE(futures) {
    ::asio::io_context context;
    auto good = async_call(context.get_executor(), greet("b"), ::asio::use_future);
    auto bad = async_call(context.get_executor(), greet(""), ::asio::use_future);
    context.run();
    BOOST_TEST(good.get() == "hello, b");
    BOOST_CHECK_EXCEPTION(bad.get(), std::system_error,
                          [](const auto& e) { return e.code() == error::missing_parameter; });
}

BOOST_AUTO_TEST_CASE(awaitables_and_cancellation_across_executors) {
    ::asio::thread_pool callers(2);
    ::asio::thread_pool workers(2);
    for (int i = 0; i < 50; ++i) {
        ::asio::cancellation_signal signal;
        auto own = ::asio::make_strand(callers);
        auto waiting = [&]() -> ::asio::awaitable<error> {
            try {
                co_await async_call(::asio::make_strand(workers), never(), ::asio::use_awaitable);
            } catch (const std::system_error& e) {
                if (e.code() == error::cancelled) co_return error::cancelled;
            }
            co_return error::internal;
        };
        std::promise<error> outcome;
        ::asio::co_spawn(
            own, waiting(),
            ::asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr, error e) { outcome.set_value(e); }));
        ::asio::post(own, [&] { signal.emit(::asio::cancellation_type::terminal); });
        BOOST_TEST((outcome.get_future().get() == error::cancelled));
    }
}

BOOST_AUTO_TEST_SUITE_END()
