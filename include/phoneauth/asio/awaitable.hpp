// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_AWAITABLE_HPP
#define PHONEAUTH_ASIO_AWAITABLE_HPP

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
    using type = T;
    using mode = awaitable_mode<Executor>;
};

/// The mode of policies of which some return an `asio::awaitable<T, Executor>`; the others may return a plain `T`.
template <class Executor>
struct awaitable_mode {
    static constexpr bool async = true;

    template <class T>
    using flow = ::asio::awaitable<T, Executor>;

    /// `co_await call([&] { return policy.f(…); })`: the one way in which a flow calls a policy.
    template <class F>
    static auto call(F f) {
        // g++ 12 destroys some temporaries of a co_await expression twice; such a one must not own anything.
        static_assert(std::is_trivially_destructible_v<F>, "capture by reference only");
        using yielded = std::invoke_result_t<F&>;
        if constexpr (awaited<yielded>::mode::async) {
            return f();
        } else {
            return ready<F, yielded>(f);
        }
    }

    /// The failure that stands for the exception being handled.
    static failure current_failure() noexcept { return detail::failure_of_current_asio_exception(); }

    /// What a public function returns: an awaitable of the result, which no exception leaves. A cancelled
    /// operation yields `error::cancelled`.
    template <class R>
    static flow<R> finish(flow<R> f) {
        const bool before = co_await ::asio::this_coro::throw_if_cancelled();
        R outcome;
        try {
            outcome = co_await std::move(f);
        } catch (...) {
            outcome = R(detail::failure_of_current_asio_exception());
        }
        co_await ::asio::this_coro::throw_if_cancelled(before);
        co_return outcome;
    }

    /// What a public function with a completion token does with its awaitable; as `async_call`.
    template <class R, class CompletionToken>
    static auto initiate(const Executor& executor, flow<R> work, CompletionToken&& token) {
        return async_call(executor, std::move(work), std::forward<CompletionToken>(token));
    }

    /// `co_await`ed by a flow: from here on a cancellation no longer throws at the next `co_await`; `finish` restores
    /// that.
    static auto ignore_cancellation() { return ::asio::this_coro::throw_if_cancelled(false); }

private:
    template <class F, class T>
    static flow<T> ready(F f) {
        co_return f();
    }
};

}  // namespace v0
}  // namespace phoneauth

// Whoever has the asynchronous mode has its default passwords too.
#include <phoneauth/asio/pooled_passwords.hpp>

#endif
