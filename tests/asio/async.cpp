// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <phoneauth/asio/async.hpp>
#include <phoneauth/asio/awaitable.hpp>
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
#include <stdexcept>
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
    if (!good) {
        failure f = error::wrong_code;
        f.tries_left = 2;
        co_return f;
    }
    user who{.object_id = "1", .phone = *phone_number::parse("+14155550100"), .identity = {}, .password_hash = {}};
    co_return login_result{std::move(who), session_token("token"), {}};
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
    async_call(context.get_executor(), greet("a"), [&, kept = std::make_unique<int>(1)](result<std::string> text) {
        BOOST_TEST(text.value() == "hello, a");
        calls += *kept;
    });
    async_call(context.get_executor(), greet(""), [&](const result<std::string>& text) {
        BOOST_TEST((text.error().code == error::missing_parameter));
        ++calls;
    });
    async_call(context.get_executor(), check(true), [&](result<void> r) { calls += r.has_value(); });
    async_call(context.get_executor(), check(false),
               [&](result<void> r) { calls += !r && r.error().code == error::wrong_code; });
    async_call(context.get_executor(), log_in(true),
               [&](result<login_result> l) { calls += l->user.object_id == "1"; });
    BOOST_TEST(calls == 0);
    context.run();
    BOOST_TEST(calls == 5);
}

BOOST_AUTO_TEST_CASE(nothing_of_a_failure_is_lost) {
    ::asio::io_context context;
    bool called = false;
    async_call(context.get_executor(), log_in(false), [&](const result<login_result>& l) {
        BOOST_TEST((l.error().tries_left == 2));
        called = true;
    });
    auto later = async_call(context.get_executor(), log_in(false), ::asio::use_future);
    auto awaited = [&]() -> ::asio::awaitable<int> {
        try {
            auto outcome = co_await async_call(context.get_executor(), log_in(false), ::asio::use_awaitable);
            outcome.value();
        } catch (const failure_exception& e) {
            co_return e.failure().tries_left.value_or(-1);
        }
        co_return -1;
    };
    auto tries = ::asio::co_spawn(context, awaited(), ::asio::use_future);
    context.run();
    BOOST_TEST(called);
    BOOST_CHECK_EXCEPTION(later.get().value(), failure_exception,
                          [](const auto& e) { return e.code() == error::wrong_code && e.failure().tries_left == 2; });
    BOOST_TEST(tries.get() == 2);
}

BOOST_AUTO_TEST_CASE(exceptions_become_failures) {
    ::asio::io_context context;
    const auto thrower = []() -> ::asio::awaitable<result<int>> {
        throw std::runtime_error("not for the caller");
        co_return 1;
    };
    auto later = async_call(context.get_executor(), thrower(), ::asio::use_future);
    context.run();
    BOOST_TEST((later.get().error().code == error::storage_unavailable));
}

BOOST_AUTO_TEST_CASE(the_handlers_executor_is_respected) {
    ::asio::io_context context;
    ::asio::thread_pool others(1);
    const auto here = std::this_thread::get_id();
    bool called = false;
    async_call(others.get_executor(), greet("a"),
               ::asio::bind_executor(context.get_executor(), [&](const result<std::string>&) {
                   BOOST_TEST((std::this_thread::get_id() == here));
                   called = true;
               }));
    context.run();
    BOOST_TEST(called);
}

BOOST_AUTO_TEST_CASE(what_the_modes_offer) {
    using mode = awaitable_mode<::asio::any_io_executor>;
    ::asio::io_context context;
    auto good = mode::initiate<result<std::string>>(context.get_executor(), greet("b"), ::asio::use_future);
    bool called = false;
    mode::initiate<result<void>>(context.get_executor(), check(true),
                                 [&](result<void> checked) { called = checked.has_value(); });
    context.run();
    BOOST_TEST(*good.get() == "hello, b");
    BOOST_TEST(called);
}

BOOST_AUTO_TEST_CASE(awaitables_and_cancellation_across_executors) {
    ::asio::thread_pool callers(2);
    ::asio::thread_pool workers(2);
    for (int i = 0; i < 50; ++i) {
        ::asio::cancellation_signal signal;
        auto own = ::asio::make_strand(callers);
        auto waiting = [&]() -> ::asio::awaitable<error> {
            auto outcome = co_await async_call(workers.get_executor(), never(), ::asio::use_awaitable);
            co_return !outcome && outcome.error().code == error::cancelled ? error::cancelled : error::internal;
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
