// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_ASYNC_HPP
#define PHONEAUTH_ASIO_ASYNC_HPP

#include <exception>
#include <memory>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

#include <phoneauth/asio/awaitable.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/dispatch.hpp>
#include <asio/executor_work_guard.hpp>

namespace phoneauth {
inline namespace v0 {

namespace detail {

/// Runs `work` on `executor` and hands its result to `handler`, on the handler's own executor. A cancellation is
/// carried over to `executor` first (co_spawn of Asio 1.22 would emit it on the thread of who cancels).
template <class R, class Handler>
void spawn(const ::asio::any_io_executor& executor, ::asio::awaitable<R> work, Handler handler) {
    std::shared_ptr<::asio::cancellation_signal> signal;
    ::asio::cancellation_slot inner;
    if (auto slot = ::asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
        signal = std::make_shared<::asio::cancellation_signal>();
        inner = signal->slot();
        slot.assign([signal, executor](::asio::cancellation_type type) {
            ::asio::dispatch(executor, [signal, type] { signal->emit(type); });
        });
    }
    auto keep = ::asio::make_work_guard(handler, executor);
    auto done = [signal, keep, handler = std::move(handler)](std::exception_ptr thrown, R outcome) mutable {
        if (thrown) {
            try {
                std::rethrow_exception(thrown);
            } catch (...) {
                outcome = R(failure_of_current_asio_exception());
            }
        }
        auto home = keep.get_executor();
        ::asio::dispatch(home, [handler = std::move(handler), outcome = std::move(outcome)]() mutable {
            ::asio::get_associated_cancellation_slot(handler).clear();
            std::move(handler)(std::move(outcome));
        });
    };
    ::asio::co_spawn(executor, std::move(work), ::asio::bind_cancellation_slot(inner, std::move(done)));
}

/// As `spawn`, for a completion token; handler `void(R)`. `co_await` on it never throws but for a cancellation
/// that came before it.
template <class R, class CompletionToken>
auto async_spawn(const ::asio::any_io_executor& executor, ::asio::awaitable<R> work, CompletionToken&& token) {
    return ::asio::async_initiate<CompletionToken, void(R)>(
        [executor](auto handler, ::asio::awaitable<R> started) {
            spawn<R>(executor, std::move(started), std::move(handler));
        },
        token, std::move(work));
}

/// What a handler gets of a `T`: itself, or an optional of it where there is no `T` to give beside an error.
template <class T>
using split_value = std::conditional_t<std::is_default_constructible_v<T>, T, std::optional<T>>;

/// Splits a result into the two arguments of the usual handlers; keeps what is associated with the handler.
template <class T, class Handler>
struct split_handler {
    Handler handler;

    void operator()(result<T> outcome) {
        const auto code = outcome ? std::error_code() : outcome.error().code;
        if constexpr (std::is_void_v<T>) {
            std::move(handler)(code);
        } else {
            std::move(handler)(code, outcome ? split_value<T>(*std::move(outcome)) : split_value<T>());
        }
    }
};

template <class T>
struct split_signature {
    using type = void(std::error_code, split_value<T>);
};
template <>
struct split_signature<void> {
    using type = void(std::error_code);
};

}  // namespace detail

/// The front for completion tokens (callbacks, `use_future`, `use_awaitable`, …) of any function that returns an
/// awaitable of a result:
///
///     async_call(executor, auth.finish_login(id, code), [](std::error_code ec, std::optional<login_result> l) { … });
///
/// Runs `work` on `executor`; the handler is `void(std::error_code, T)` (`std::optional<T>` where `T` has no default
/// constructor, as `user` and `logged_in`), or `void(std::error_code)` for `result<void>`, and is invoked on its
/// associated executor, `executor` by default. What a failure holds beyond its code is not passed on: who needs it
/// (`retry_after`, `tries_left`) awaits the function itself. Terminal cancellation of the handler's slot is passed on
/// to `work`. With `use_awaitable` and `use_future` a failure is thrown as `std::system_error`.
template <class T, class CompletionToken>
auto async_call(const ::asio::any_io_executor& executor, ::asio::awaitable<result<T>> work, CompletionToken&& token) {
    return ::asio::async_initiate<CompletionToken, typename detail::split_signature<T>::type>(
        [executor](auto handler, ::asio::awaitable<result<T>> started) {
            detail::split_handler<T, decltype(handler)> split{std::move(handler)};
            detail::spawn<result<T>>(executor, std::move(started), std::move(split));
        },
        token, std::move(work));
}

}  // namespace v0
}  // namespace phoneauth

template <template <class, class> class Associator, class T, class Handler, class Default>
struct asio::associator<Associator, phoneauth::detail::split_handler<T, Handler>, Default> {
    using type = typename Associator<Handler, Default>::type;
    static type get(const phoneauth::detail::split_handler<T, Handler>& h, const Default& d = Default()) noexcept {
        return Associator<Handler, Default>::get(h.handler, d);
    }
};

#endif
