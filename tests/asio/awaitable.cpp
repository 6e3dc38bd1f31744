// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <phoneauth/asio/awaitable.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

using namespace phoneauth;

namespace {

// Strings too long for the small-string buffer: a double destruction is then a double free.
std::string long_text(std::string_view tail) {
    return std::string(64, 'x') += tail;
}

struct plain_policy {
    std::string name() { return long_text("plain"); }
    result<std::string> checked(const std::string& text) {
        if (text == "throw") throw std::runtime_error("not for the caller");
        return text;
    }
};

struct async_policy {
    ::asio::awaitable<std::string> name() {
        co_await ::asio::post(co_await ::asio::this_coro::executor, ::asio::use_awaitable);
        co_return long_text("async");
    }
    ::asio::awaitable<result<std::string>> checked(std::string text) {
        co_await ::asio::post(co_await ::asio::this_coro::executor, ::asio::use_awaitable);
        if (text == "throw") throw std::runtime_error("not for the caller");
        if (text == "alloc") throw std::bad_alloc();
        co_return text;
    }
    ::asio::awaitable<std::string> never() {
        ::asio::steady_timer timer(co_await ::asio::this_coro::executor, std::chrono::hours(1));
        co_await timer.async_wait(::asio::use_awaitable);
        co_return "";
    }
};

// A flow as the authenticator writes it: nested, both kinds of policies, in either mode.
template <class A, class B>
class client {
    using mode = mode_of<decltype(std::declval<A&>().name()), decltype(std::declval<B&>().name())>;
    template <class T>
    using flow = typename mode::template flow<T>;

public:
    auto run(std::string text) { return mode::finish(run_flow(std::move(text))); }
    auto hang() requires mode::async { return mode::finish(hang_flow()); }

private:
    flow<result<std::string>> run_flow(std::string text) {
        auto names = co_await names_flow();
        auto first = co_await mode::call([&] { return a_.checked(text); });
        if (!first) co_return first.error();
        auto second = co_await mode::call([&] { return b_.checked(*first); });
        if (!second) co_return second.error();
        co_return names + *second;
    }
    flow<std::string> names_flow() {
        std::string all;
        for (int i = 0; i < 2; ++i) {
            all += co_await mode::call([&] { return a_.name(); });
            all += co_await mode::call([&] { return b_.name(); });
        }
        co_return all;
    }
    flow<result<std::string>> hang_flow() {
        auto text = long_text("kept alive");
        auto other = co_await mode::call([&] { return b_.never(); });
        co_return text + other;
    }

    A a_;
    B b_;
};

template <class T>
T run(::asio::awaitable<T> work) {
    ::asio::io_context context;
    auto value = ::asio::co_spawn(context, std::move(work), ::asio::use_future);
    context.run();
    return value.get();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(awaitable_mode_of_flows)

BOOST_AUTO_TEST_CASE(modes) {
    static_assert(yields<::asio::awaitable<int>, int>);
    static_assert(!yields<::asio::awaitable<int>, long>);
    static_assert(std::same_as<mode_of<int, long>, blocking_mode>);
    static_assert(std::same_as<mode_of<int, ::asio::awaitable<long>>, awaitable_mode<::asio::any_io_executor>>);
    static_assert(std::same_as<decltype(client<plain_policy, plain_policy>().run("")), result<std::string>>);
    static_assert(
        std::same_as<decltype(client<plain_policy, async_policy>().run("")), ::asio::awaitable<result<std::string>>>);
}

BOOST_AUTO_TEST_CASE(one_source_in_every_mix) {
    const auto p = long_text("plain");
    const auto a = long_text("async");
    client<plain_policy, plain_policy> blocking;
    client<plain_policy, async_policy> mixed;
    client<async_policy, plain_policy> mixed_too;
    client<async_policy, async_policy> async;
    BOOST_TEST(*blocking.run("t") == p + p + p + p + "t");
    BOOST_TEST(*run(mixed.run("t")) == p + a + p + a + "t");
    BOOST_TEST(*run(mixed_too.run("t")) == a + p + a + p + "t");
    BOOST_TEST(*run(async.run("t")) == a + a + a + a + "t");
}

BOOST_AUTO_TEST_CASE(exceptions_become_failures) {
    client<plain_policy, plain_policy> blocking;
    client<plain_policy, async_policy> mixed;
    client<async_policy, async_policy> async;
    for (const auto& failed : {blocking.run("throw"), run(mixed.run("throw")), run(async.run("throw"))}) {
        BOOST_TEST_REQUIRE(!failed.has_value());
        BOOST_TEST((failed.error().code == error::storage_unavailable));
        BOOST_TEST(failed.error().message.find("not for the caller") == std::string::npos);
    }
    BOOST_TEST((run(async.run("alloc")).error().code == error::overloaded));
}

BOOST_AUTO_TEST_CASE(cancellation_becomes_a_failure) {
    client<plain_policy, async_policy> mixed;
    ::asio::io_context context;
    ::asio::cancellation_signal signal;
    std::optional<result<std::string>> outcome;
    ::asio::co_spawn(
        context, mixed.hang(),
        ::asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr thrown, result<std::string> r) {
            BOOST_TEST(!thrown);
            outcome = std::move(r);
        }));
    context.poll();
    BOOST_TEST(!outcome);
    signal.emit(::asio::cancellation_type::terminal);
    context.run();
    BOOST_TEST_REQUIRE(outcome.has_value());
    BOOST_TEST((outcome->error().code == error::cancelled));
}

BOOST_AUTO_TEST_CASE(a_suspended_flow_may_be_destroyed) {
    client<plain_policy, async_policy> mixed;
    const auto held = std::make_shared<int>();
    const auto hold = [&mixed](std::shared_ptr<int> what) -> ::asio::awaitable<void> {
        [[maybe_unused]] const auto unused = co_await mixed.hang();
        what.reset();
    };
    { auto never_started = hold(held); }
    BOOST_TEST(held.use_count() == 1);
    {
        ::asio::io_context context;
        ::asio::co_spawn(context, hold(held), ::asio::detached);
        context.poll();
        BOOST_TEST(held.use_count() == 2);
    }
    BOOST_TEST(held.use_count() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
