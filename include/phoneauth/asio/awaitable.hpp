// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_AWAITABLE_HPP
#define PHONEAUTH_ASIO_AWAITABLE_HPP

#include <memory>
#include <type_traits>
#include <utility>

#include <phoneauth/asio/async.hpp>
#include <phoneauth/asio/detail/current_failure.hpp>

#include <asio/awaitable.hpp>
#include <asio/this_coro.hpp>

#include <phoneauth/yields.hpp>

namespace phoneauth {
inline namespace v0 {

template <class Executor>
struct awaitable_mode;

/// A policy function may return an `asio::awaitable`: the authenticator's functions then do so too.
template <class T, class Executor>
struct awaited<::asio::awaitable<T, Executor>> {
    using type = T;                         ///< what is yielded
    using mode = awaitable_mode<Executor>;  ///< the mode in which it is
};

/// The mode of policies of which some return an `asio::awaitable<T, Executor>`; the others may return a plain `T`.
template <class Executor>
struct awaitable_mode {
    static constexpr bool async = true;  ///< its functions return awaitables

    /// A coroutine that calls policies and other flows.
    template <class T>
    using flow = ::asio::awaitable<T, Executor>;
    /// What a flow awaits when it has called a policy.
    template <class T>
    using yielded = ::asio::awaitable<T, Executor>;
    /// What a public function returns.
    template <class T>
    using returned = ::asio::awaitable<T, Executor>;

    /// `co_await call([&] { return policy.f(…); })`: calls a policy, whichever it returns.
    template <class F>
    static auto call(F f) {
        // g++ 12 destroys some temporaries of a co_await expression twice; such a one must not own anything.
        static_assert(std::is_trivially_destructible_v<F>, "capture by reference only");
        using value = std::invoke_result_t<F&>;
        if constexpr (awaited<value>::mode::async) {
            return f();
        } else {
            return ready<value>(f());
        }
    }

    /// The failure that stands for the exception being handled.
    static failure current_failure() noexcept { return detail::failure_of_current_asio_exception(); }

    /// `co_await`ed by a flow: from here on a cancellation no longer throws at the next `co_await`; `run` restores
    /// that.
    static auto ignore_cancellation() { return ::asio::this_coro::throw_if_cancelled(false); }

    /// An awaitable that runs a flow to its end. No exception leaves it: a cancelled flow yields `error::cancelled`.
    template <class R>
    static flow<R> finish(flow<R> begun) {
        return ended(std::move(begun), std::unique_ptr<no_state>(), [](const no_state&, const R&) noexcept {});
    }

    /// An awaitable that runs the flow `begin(state)` to its end, shows its result to `end(state, result)`, which must
    /// not throw, and yields it. `state` lives as long as the flow. In all other respects as `finish`.
    template <class State, class Begin, class End>
    static auto run(State state, Begin begin, End end) {
        auto kept = std::make_unique<State>(std::move(state));
        auto begun = begin(*kept);
        return ended(std::move(begun), std::move(kept), end);
    }

    /// What a public function with a completion token does with its awaitable; as `async_call`.
    template <class R, class CompletionToken>
    static auto initiate(const Executor& executor, flow<R> work, CompletionToken&& token) {
        return async_call(executor, std::move(work), std::forward<CompletionToken>(token));
    }

private:
    struct no_state {};

    template <class R, class State, class End>
    static flow<R> ended(flow<R> begun, std::unique_ptr<State> state, End end) {
        const bool before = co_await ::asio::this_coro::throw_if_cancelled();
        R outcome;
        try {
            outcome = co_await std::move(begun);
        } catch (...) {
            outcome = R(current_failure());
        }
        co_await ::asio::this_coro::throw_if_cancelled(before);
        if (state) end(*state, outcome);
        co_return outcome;
    }

    template <class T>
    static flow<T> ready(T value) {
        co_return value;
    }
};

}  // namespace v0
}  // namespace phoneauth

#ifdef PHONEAUTH_SEPARATE_COMPILATION
// asio/src.hpp compiles the flows for Asio's own executor. For awaitables of another one, include flows/bodies.hpp.
#include <phoneauth/flows/flows.hpp>

namespace phoneauth {
inline namespace v0 {
PHONEAUTH_INSTANTIATE_FLOWS(extern, awaitable_mode<::asio::any_io_executor>)
}  // namespace v0
}  // namespace phoneauth
#endif

// Whoever has the asynchronous mode has its default passwords too.
#include <phoneauth/asio/pooled_passwords.hpp>

#endif
