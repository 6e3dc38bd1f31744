// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_AWAITABLE_HPP
#define PHONEAUTH_ASIO_AWAITABLE_HPP

#include <system_error>
#include <type_traits>
#include <utility>

#include <asio/detail/config.hpp>
#if !defined(ASIO_HAS_CO_AWAIT)
#error                                                                                                                 \
    "phoneauth: this Asio does not see co_await with this compiler; define ASIO_HAS_CO_AWAIT=1 and ASIO_HAS_STD_COROUTINE=1 for the whole program (clang needs it with Asio before 1.26)"
#endif
#include <asio/awaitable.hpp>
#include <asio/error.hpp>
#include <asio/this_coro.hpp>

#include <phoneauth/result.hpp>
#include <phoneauth/yields.hpp>

namespace phoneauth {
inline namespace v0 {

namespace detail {
/// As `failure_of_current_exception`, and knows how Asio says that an operation was cancelled.
inline failure failure_of_current_asio_exception() noexcept {
    try {
        throw;
    } catch (const std::system_error& e) {
        // Asio 1.22's error category does not map this value to std::errc::operation_canceled.
        if (e.code() == ::asio::error::operation_aborted) return error::cancelled;
        return failure_of_current_exception();
    } catch (...) {
        return failure_of_current_exception();
    }
}
}  // namespace detail

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
