// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_WORKER_POOL_HPP
#define PHONEAUTH_ASIO_WORKER_POOL_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <type_traits>
#include <utility>

// Not asio/awaitable.hpp, which includes this file.
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/post.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>

#include <phoneauth/asio/detail/posted_handler.hpp>
#include <phoneauth/pool_usage.hpp>
#include <phoneauth/result.hpp>

namespace phoneauth {
inline namespace v0 {

namespace detail {
template <class T>
struct as_result {
    using type = result<T>;
};
template <class T>
struct as_result<result<T>> {
    using type = result<T>;
};
}  // namespace detail

/// Threads for what computes too long for an event loop, as password hashing does, with a bounded queue.
///
/// @par Thread safety
/// Shared objects are safe.
class worker_pool {
public:
    /// Starts the threads.
    ///
    /// @param threads    how many calls are worked on at a time; at least 1
    /// @param max_queue  how many further ones may wait for a thread
    explicit worker_pool(std::size_t threads, std::size_t max_queue = 64)
        : threads_(threads < 1 ? 1 : threads), capacity_(threads_ + max_queue), pool_(threads_) {}

    worker_pool(const worker_pool&) = delete;
    worker_pool& operator=(const worker_pool&) = delete;

    /// Finishes what was accepted, then ends the threads.
    ~worker_pool() { pool_.join(); }

    /// Calls `f()` on one of the threads and yields its value on the caller's executor.
    ///
    /// With g++ 12, give a lambda that captures anything with a destructor by value a name before the `co_await`.
    ///
    /// @param f  is moved into the pool. What it refers to must outlive the call, or the caller's frame if its
    ///     io_context is destroyed meanwhile.
    /// @return an awaitable of `result<T>`, for an `f` that returns `T` or `result<T>`
    /// @par Errors
    /// `overloaded`, at once, while the queue is full. What `f` throws becomes a failure as in
    /// `failure_of_current_exception`, and `internal` if that finds nothing more exact.
    /// @par Cancellation
    /// It takes effect after `f`, which is not interrupted.
    template <class F>
    auto run(F f) -> ::asio::awaitable<typename detail::as_result<std::invoke_result_t<F&>>::type> {
        using R = typename detail::as_result<std::invoke_result_t<F&>>::type;
        if (pending_.fetch_add(1) >= capacity_) {
            pending_.fetch_sub(1);
            co_return R(error::overloaded);
        }
        co_return co_await ::asio::async_initiate<const ::asio::use_awaitable_t<>, void(R)>(
            [this](auto handler, F work) { this->template submit<R>(std::move(handler), std::move(work)); },
            ::asio::use_awaitable, std::move(f));
    }

    /// How many threads there are, how many work, and how many calls wait for one.
    pool_usage usage() const noexcept {
        const auto pending = (std::min)(pending_.load(std::memory_order_relaxed), capacity_);
        const auto busy = (std::min)(pending, threads_);
        return {threads_, busy, pending - busy};
    }

private:
    template <class R, class Handler, class F>
    void submit(Handler handler, F f) {
        auto job = [this, done = detail::posted_handler<R>(std::move(handler)), f = std::move(f)]() mutable {
            auto outcome = call<R>(f);
            pending_.fetch_sub(1);
            done(std::move(outcome));
        };
        ::asio::post(pool_, std::move(job));
    }

    template <class R, class F>
    static R call(F& f) noexcept {
        try {
            return R(f());
        } catch (...) {
            return R(failure_of_current_exception(error::internal));
        }
    }

    const std::size_t threads_;
    const std::size_t capacity_;
    std::atomic<std::size_t> pending_{0};
    ::asio::thread_pool pool_;
};

}  // namespace v0
}  // namespace phoneauth

#endif
