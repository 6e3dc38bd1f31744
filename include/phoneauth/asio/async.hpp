// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_ASYNC_HPP
#define PHONEAUTH_ASIO_ASYNC_HPP

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include <phoneauth/asio/detail/current_failure.hpp>

#include <asio/associated_cancellation_slot.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/dispatch.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/strand.hpp>

#include <phoneauth/result.hpp>

namespace phoneauth {
inline namespace v0 {

namespace detail {

/// Runs `work` on `serial`, which never runs two handlers at once, and hands its result to `handler`, on the handler's
/// own executor or else `home`. A cancellation is carried over to `serial` first (co_spawn of Asio 1.22 would emit it
/// on the thread of whoever cancels).
template <class R, class Executor, class Handler>
void spawn(const Executor& serial, const Executor& home, ::asio::awaitable<R, Executor> work, Handler handler) {
    std::shared_ptr<::asio::cancellation_signal> signal;
    ::asio::cancellation_slot inner;
    if (auto slot = ::asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
        signal = std::make_shared<::asio::cancellation_signal>();
        inner = signal->slot();
        slot.assign([signal, serial](::asio::cancellation_type type) {
            ::asio::dispatch(serial, [signal, type] { signal->emit(type); });
        });
    }
    auto keep = ::asio::make_work_guard(handler, home);
    auto done = [signal, keep, handler = std::move(handler)](std::exception_ptr thrown, R outcome) mutable {
        if (thrown) {
            try {
                std::rethrow_exception(thrown);
            } catch (...) {
                outcome = R(failure_of_current_asio_exception());
            }
        }
        auto target = keep.get_executor();
        ::asio::dispatch(target, [handler = std::move(handler), outcome = std::move(outcome)]() mutable {
            ::asio::get_associated_cancellation_slot(handler).clear();
            std::move(handler)(std::move(outcome));
        });
    };
    ::asio::co_spawn(serial, std::move(work), ::asio::bind_cancellation_slot(inner, std::move(done)));
}

/// As `spawn`, for a completion token; handler `void(R)`.
template <class R, class Executor, class CompletionToken>
auto async_spawn(const Executor& serial, const Executor& home, ::asio::awaitable<R, Executor> work,
                 CompletionToken&& token) {
    return ::asio::async_initiate<CompletionToken, void(R)>(
        [serial, home](auto handler, ::asio::awaitable<R, Executor> started) {
            spawn(serial, home, std::move(started), std::move(handler));
        },
        token, std::move(work));
}

}  // namespace detail

/// Makes any function that returns an awaitable of a result one for completion tokens: callbacks, `use_future`,
/// `use_awaitable` and the like.
///
///     async_call(executor, greet("Ann"), [](phoneauth::result<std::string> greeting) { … });
///
/// The handler is `void(result<T>)`, so that nothing of a failure is lost: a future's `get` and a `co_await` give the
/// result, and its `value()` throws the failure for whoever prefers exceptions. The handler is invoked on its
/// associated executor, `executor` by default.
///
/// @param executor  `work` runs on a strand of it: it may be a thread pool's
/// @param work      what is to be done, not begun yet
/// @param token     the completion token
/// @return what the token says
/// @par Errors
/// Those of `work`. An exception that leaves it is a failure as if a policy had thrown it.
/// @par Cancellation
/// That of the handler's slot is passed on to `work`, which takes note of a terminal one. `co_await` with
/// `use_awaitable` throws only if the awaiting coroutine was cancelled before.
template <class T, class Executor, class CompletionToken>
auto async_call(const std::type_identity_t<Executor>& executor, ::asio::awaitable<result<T>, Executor> work,
                CompletionToken&& token) {
    static_assert(std::is_convertible_v<::asio::strand<Executor>, Executor>,
                  "phoneauth: completion tokens need awaitables of a polymorphic executor, as asio::any_io_executor");
    const Executor serial = ::asio::make_strand(executor);
    return detail::async_spawn(serial, executor, std::move(work), std::forward<CompletionToken>(token));
}

}  // namespace v0
}  // namespace phoneauth

#endif
