// SPDX-License-Identifier: BSL-1.0
// Generated from include/ by tests/scripts/amalgamate.py; do not edit.
#ifndef PHONEAUTH_SINGLE_INCLUDE_ASIO_HPP
#define PHONEAUTH_SINGLE_INCLUDE_ASIO_HPP

#include <phoneauth/phoneauth.hpp>

// ---- phoneauth/asio/async.hpp ----

#ifndef PHONEAUTH_ASIO_ASYNC_HPP
#define PHONEAUTH_ASIO_ASYNC_HPP

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>


// ---- phoneauth/asio/detail/current_failure.hpp ----

#ifndef PHONEAUTH_ASIO_DETAIL_CURRENT_FAILURE_HPP
#define PHONEAUTH_ASIO_DETAIL_CURRENT_FAILURE_HPP

#include <system_error>

#include <asio/detail/config.hpp>
#if !defined(ASIO_HAS_CO_AWAIT)
#error                                                                                                                 \
    "phoneauth: this Asio does not see co_await with this compiler; define ASIO_HAS_CO_AWAIT=1 and ASIO_HAS_STD_COROUTINE=1 for the whole program (clang needs it with Asio before 1.26)"
#endif
#include <asio/error.hpp>


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
}  // namespace v0
}  // namespace phoneauth

#endif

#include <asio/associated_cancellation_slot.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/dispatch.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/strand.hpp>


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

// ---- phoneauth/asio/awaitable.hpp ----

#ifndef PHONEAUTH_ASIO_AWAITABLE_HPP
#define PHONEAUTH_ASIO_AWAITABLE_HPP

#include <memory>
#include <type_traits>
#include <utility>


#include <asio/awaitable.hpp>
#include <asio/this_coro.hpp>


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

// ---- phoneauth/asio/pooled_passwords.hpp ----

#ifndef PHONEAUTH_ASIO_POOLED_PASSWORDS_HPP
#define PHONEAUTH_ASIO_POOLED_PASSWORDS_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>


// ---- phoneauth/asio/worker_pool.hpp ----

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


// ---- phoneauth/asio/detail/posted_handler.hpp ----

#ifndef PHONEAUTH_ASIO_DETAIL_POSTED_HANDLER_HPP
#define PHONEAUTH_ASIO_DETAIL_POSTED_HANDLER_HPP

#include <concepts>
#include <memory>
#include <utility>

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// The completion handler of an operation, of whatever type, to be called with `Values…` once, by any thread. It runs
/// on its own executor, never within the call, and its context has work until then. Destroying one that was not called
/// destroys the coroutine that waits.
template <class... Values>
class posted_handler {
public:
    template <class Handler>
    requires(!std::same_as<Handler, posted_handler>) explicit posted_handler(Handler handler)
        : held_(std::make_unique<holder<Handler>>(std::move(handler))) {}

    /// False once it was called.
    explicit operator bool() const noexcept { return held_ != nullptr; }

    void operator()(Values... values) { std::exchange(held_, nullptr)->post(std::move(values)...); }

private:
    struct any_holder {
        virtual ~any_holder() = default;
        virtual void post(Values... values) = 0;
    };

    template <class Handler>
    class holder final : public any_holder {
    public:
        explicit holder(Handler&& handler) : work_(::asio::make_work_guard(handler)), handler_(std::move(handler)) {}

        void post(Values... values) override {
            ::asio::post(work_.get_executor(), [handler = std::move(handler_), ... v = std::move(values)]() mutable {
                std::move(handler)(std::move(v)...);
            });
        }

    private:
        decltype(::asio::make_work_guard(std::declval<Handler&>())) work_;
        Handler handler_;
    };

    std::unique_ptr<any_holder> held_;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

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

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

namespace phoneauth {
inline namespace v0 {

/// Any blocking PasswordHasher for an asynchronous server, on a few threads of its own, because hashing takes a few
/// hundred milliseconds and must not stop the event loop. A `hasher_chain` (secrets/hasher_chain.hpp), for example.
///
/// @par Errors
/// While the queue is full, the functions yield `error::overloaded` at once.
///
/// @par Thread safety
/// Shared objects are safe if the hasher's are.
///
/// @par Lifetime
/// The destructor waits for what is being hashed.
///
/// @par Cancellation
/// It takes effect after the password was hashed.
template <class Hasher>
requires PasswordHasher<Hasher>
class pooled_hasher {
public:
    /// One thread for every two processors, and at least one: hashing must leave some for the event loop.
    static std::size_t default_threads() { return (std::max)(1u, std::thread::hardware_concurrency() / 2); }

    /// Starts the threads.
    ///
    /// @param hasher     does the work; it is called on all of the threads
    /// @param threads    how many passwords are hashed at a time; at least 1
    /// @param max_queue  how many may wait for a thread. 20 before one thread are a wait of some seconds, which is as
    ///     long as a person has patience.
    explicit pooled_hasher(Hasher hasher, std::size_t threads = default_threads(), std::size_t max_queue = 20)
        : hasher_(std::move(hasher)), pool_(threads, max_queue) {}

    /// As the hasher's `hash`.
    ::asio::awaitable<result<std::string>> hash(const std::string& password) {
        auto work = [this, password = secret_string(password)] { return hasher_.hash(password); };
        return pool_.run(std::move(work));
    }
    /// As the hasher's `verify`.
    ::asio::awaitable<result<bool>> verify(const std::string& password, const std::string& hash) {
        auto work = [this, password = secret_string(password), hash] { return hasher_.verify(password, hash); };
        return pool_.run(std::move(work));
    }
    /// Calls the hasher's `needs_rehash`, if it has one, at once.
    bool needs_rehash(const std::string& hash) requires detail::has_needs_rehash<Hasher> {
        return hasher_.needs_rehash(hash);
    }
    /// How many passwords are being hashed, and how many wait.
    pool_usage usage() const noexcept { return pool_.usage(); }
    /// As the hasher's `decoy`, if it has one.
    ::asio::awaitable<result<bool>> decoy(const std::string& password) requires detail::has_decoy<Hasher> {
        auto work = [this, password = secret_string(password)] { return hasher_.decoy(password); };
        return pool_.run(std::move(work));
    }

private:
    Hasher hasher_;
    worker_pool pool_;
};

/// The PasswordHasher of an asynchronous server: scrypt, in a `pooled_hasher`, whose properties it has.
class pooled_passwords {
public:
    /// See `pooled_hasher::default_threads`.
    static std::size_t default_threads() { return pooled_hasher<scrypt_passwords>::default_threads(); }

    /// Starts the threads.
    ///
    /// @param cost       of scrypt; see `scrypt_cost`
    /// @param threads    see `pooled_hasher`
    /// @param max_queue  see there
    PHONEAUTH_DECL explicit pooled_passwords(scrypt_cost cost = {}, std::size_t threads = default_threads(),
                                             std::size_t max_queue = 20);

    /// As `scrypt_passwords::hash`.
    PHONEAUTH_DECL ::asio::awaitable<result<std::string>> hash(const std::string& password);

    /// As `scrypt_passwords::verify`.
    PHONEAUTH_DECL ::asio::awaitable<result<bool>> verify(const std::string& password, const std::string& phc);

    /// As `scrypt_passwords::needs_rehash`, at once.
    bool needs_rehash(const std::string& phc) { return pool_.needs_rehash(phc); }
    /// How many passwords are being hashed, and how many wait.
    pool_usage usage() const noexcept { return pool_.usage(); }

private:
    pooled_hasher<scrypt_passwords> pool_;
};

/// In asynchronous mode an authenticator without a PasswordHasher has `pooled_passwords`.
template <class Executor>
struct default_passwords<awaitable_mode<Executor>> {
    static_assert(std::is_same_v<Executor, ::asio::any_io_executor>,
                  "phoneauth: awaitables of this executor need a PasswordHasher of their own");
    using type = pooled_passwords;  ///< for Asio's own executor only
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/asio/pooled_passwords.ipp ----

#ifndef PHONEAUTH_ASIO_POOLED_PASSWORDS_IPP
#define PHONEAUTH_ASIO_POOLED_PASSWORDS_IPP


namespace phoneauth {
inline namespace v0 {

PHONEAUTH_DECL pooled_passwords::pooled_passwords(scrypt_cost cost, std::size_t threads, std::size_t max_queue)
    : pool_(scrypt_passwords(cost, threads), threads, max_queue) {}

PHONEAUTH_DECL ::asio::awaitable<result<std::string>> pooled_passwords::hash(const std::string& password) {
    return pool_.hash(password);
}

PHONEAUTH_DECL ::asio::awaitable<result<bool>> pooled_passwords::verify(const std::string& password,
                                                                        const std::string& phc) {
    return pool_.verify(password, phc);
}

}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

#endif

// ---- phoneauth/asio/blocking_transport.hpp ----

#ifndef PHONEAUTH_ASIO_BLOCKING_TRANSPORT_HPP
#define PHONEAUTH_ASIO_BLOCKING_TRANSPORT_HPP

#include <memory>


// ---- phoneauth/asio/https_transport_options.hpp ----

#ifndef PHONEAUTH_ASIO_HTTPS_TRANSPORT_OPTIONS_HPP
#define PHONEAUTH_ASIO_HTTPS_TRANSPORT_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <string>


namespace phoneauth {
inline namespace v0 {

/// How a transport works. Every wait has an end: a time-out below one millisecond counts as one.
struct https_transport_options {
    /// How long resolving, connecting, by way of a proxy or not, and the TLS handshake may take together. Of a host with
    /// several addresses the next one is tried after 250 ms, beside the others (RFC 8305). Also how long a request waits for
    /// another one to end.
    std::chrono::milliseconds connect_timeout{5000};
    /// How long the request may take, from its first byte to its last.
    std::chrono::milliseconds write_timeout{5000};
    /// How long the reply may take, from the last byte of the request to the last of the reply.
    std::chrono::milliseconds read_timeout{10000};
    /// How long a connection is kept for the next request to the same host.
    std::chrono::milliseconds idle_timeout{30000};
    /// How many connections to one host are kept.
    std::size_t max_idle_connections_per_host = 16;
    /// How many requests are in flight at a time; at least 1.
    std::size_t max_connections = 64;
    /// How many further requests may wait for one of them to end.
    std::size_t max_waiting = 1024;
    /// How large the head of a reply may be.
    std::size_t max_header_bytes = 16 * 1024;
    /// How large the body of a reply may be.
    std::size_t max_body_bytes = 1024 * 1024;
    /// The trusted certificates: a PEM file. Empty for those of the system.
    std::string ca_file;
    /// The HTTP proxy that all connections go through, by CONNECT (RFC 9110 §9.3.6): "http://HOST:PORT" or, with Basic
    /// authentication, "http://USER:PASSWORD@HOST:PORT", where user and password are percent-encoded. TLS is with the
    /// server, and the proxy sees nothing of it but the host's name; it resolves that, too. Empty: no proxy. Environment
    /// variables are not read.
    secret_string proxy;
};

}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {

/// The `HttpTransport` of a thread-per-request server: `send` returns when the reply is there.
///
/// Each request in flight has an event loop of its own, on which an `https_transport` does the work, because Asio's
/// blocking functions know no time limits. The loop and its connection are kept for the next request.
///
/// @par Beside Boost.Asio
/// No source file can include standalone Asio and the Boost.Asio of some releases, 1.74 among them. With
/// PHONEAUTH_SEPARATE_COMPILATION, that is in a program that links phoneauth::compiled_asio, this header includes no Asio.
///
/// @par Thread safety
/// Shared objects are safe.
class blocking_transport {
public:
    /// Makes connections when they are needed.
    ///
    /// @param options  as for `https_transport`; but `max_idle_connections_per_host` counts for each event loop, of
    ///     which there are `max_connections` at most, and is 1 at most
    /// @par Errors
    /// `std::runtime_error` if `options.ca_file` cannot be loaded or `options.proxy` is none.
    PHONEAUTH_DECL explicit blocking_transport(https_transport_options options = {});

    blocking_transport(const blocking_transport&) = delete;
    blocking_transport& operator=(const blocking_transport&) = delete;
    PHONEAUTH_DECL ~blocking_transport();

    /// As for `https_transport`.
    PHONEAUTH_DECL result<void> check_certificates() const;

    /// Sends a request. It takes the sum of the time-outs at most, except when a name server does not answer: the
    /// system's resolver cannot be interrupted, and its own limits hold.
    ///
    /// @param request  with an absolute URL
    /// @return the whole reply, whatever its status
    /// @par Errors
    /// As for `https_transport::send`, without `cancelled`; and `internal` when the event loop fails.
    PHONEAUTH_DECL result<http_response> send(const http_request& request);

private:
    struct state;

    std::unique_ptr<state> state_;
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/asio/blocking_transport.ipp ----

#ifndef PHONEAUTH_ASIO_BLOCKING_TRANSPORT_IPP
#define PHONEAUTH_ASIO_BLOCKING_TRANSPORT_IPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <utility>


// ---- phoneauth/asio/detail/proxy.hpp ----

#ifndef PHONEAUTH_ASIO_DETAIL_PROXY_HPP
#define PHONEAUTH_ASIO_DETAIL_PROXY_HPP

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>


// The way through an HTTP proxy, as bytes, without I/O: CONNECT (RFC 9110 §9.3.6).

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// A proxy, and how to log in to it.
struct http_proxy {
    url address;
    secret_string authorization;  ///< the value of Proxy-Authorization; empty: there is none
};

/// The value of Proxy-Authorization (RFC 7617 §2) for the user information of a URL, which is percent-encoded; none if
/// it is broken, or if the user's name holds a colon or either of them a control character.
inline std::optional<secret_string> basic_authorization(std::string_view user_info) {
    const auto colon = (std::min)(user_info.find(':'), user_info.size());
    const auto name = percent_decode<secret_string>(user_info.substr(0, colon));
    const auto password = percent_decode<secret_string>(user_info.substr((std::min)(colon + 1, user_info.size())));
    if (!name || !password || name->find(':') != name->npos) return std::nullopt;
    for (const auto* part : {&*name, &*password})
        if (std::any_of(part->begin(), part->end(), is_control)) return std::nullopt;
    return basic_credentials(*name, *password);
}

/// The proxy of `https_transport_options::proxy`. The failure's sentence says nothing of what it held.
inline result<http_proxy> parse_proxy(std::string_view text) {
    const failure bad(error::invalid_url, "The proxy is to be given as http://HOST:PORT or "
                                          "http://USER:PASSWORD@HOST:PORT, with user and password percent-encoded.");
    constexpr std::string_view scheme = "http://";
    if (!equal_without_case(text.substr(0, scheme.size()), scheme)) return bad;
    text.remove_prefix(scheme.size());
    if (text.ends_with('/')) text.remove_suffix(1);
    const auto at = text.rfind('@');
    const auto user_info = text.substr(0, at == text.npos ? 0 : at);
    const auto authority = text.substr(at == text.npos ? 0 : at + 1);
    // URLs may go without a port, but nobody agrees on a proxy's: 80 is that of the scheme, 1080 what curl takes.
    const auto colon = authority.rfind(':');
    if (colon == authority.npos || authority.find(']', colon) != authority.npos ||
        authority.find_first_of("/?") != authority.npos || user_info.find_first_of("/?#") != user_info.npos)
        return bad;
    auto address = parse_url(std::string(scheme).append(authority));
    if (!address) return bad;
    http_proxy proxy;
    proxy.address = *std::move(address);
    if (!user_info.empty()) {
        auto value = basic_authorization(user_info);
        if (!value) return bad;
        proxy.authorization = std::move(*value);
    }
    return proxy;
}

/// The proxy, if `text` is not empty; throws std::runtime_error if it is none.
inline std::optional<http_proxy> proxy_of(std::string_view text) {
    if (text.empty()) return std::nullopt;
    auto proxy = parse_proxy(text);
    if (!proxy) throw std::runtime_error("phoneauth: " + proxy.error().message);
    return *std::move(proxy);
}

/// What asks the proxy for a tunnel to `target`.
inline secret_string connect_request(const http_proxy& proxy, const url& target) {
    // Unlike other requests, always with the port.
    const bool is_v6 = target.host.find(':') != std::string::npos;
    const auto authority = (is_v6 ? "[" + target.host + "]" : target.host) + ":" + std::to_string(target.port);
    secret_string text;
    text.reserve(2 * authority.size() + proxy.authorization.size() + 64);
    text.append("CONNECT ").append(authority).append(" HTTP/1.1\r\nHost: ").append(authority).append("\r\n");
    if (!proxy.authorization.empty()) text.append("Proxy-Authorization: ").append(proxy.authorization).append("\r\n");
    text.append("\r\n");
    return text;
}

/// Why there is no tunnel, after the proxy has replied with `status`.
inline failure proxy_refusal(int status) {
    auto text = "The proxy refused the connection with HTTP status " + std::to_string(status);
    if (status == 407) text += ": its user or password is missing or wrong";
    return {error::proxy_failed, text + "."};
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/asio/detail/tls_client.hpp ----

#ifndef PHONEAUTH_ASIO_DETAIL_TLS_CLIENT_HPP
#define PHONEAUTH_ASIO_DETAIL_TLS_CLIENT_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>


// ---- phoneauth/asio/detail/http_connection.hpp ----

#ifndef PHONEAUTH_ASIO_DETAIL_HTTP_CONNECTION_HPP
#define PHONEAUTH_ASIO_DETAIL_HTTP_CONNECTION_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>


#include <asio/any_io_executor.hpp>
#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>


// ---- phoneauth/asio/detail/http1.hpp ----

#ifndef PHONEAUTH_ASIO_DETAIL_HTTP1_HPP
#define PHONEAUTH_ASIO_DETAIL_HTTP1_HPP

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>


// HTTP/1.1 messages (RFC 9112) as bytes, without I/O. What llhttp lets pass but a proxy might read otherwise is
// refused here: bare CR or LF, folded lines, transfer codings other than chunked, doubled Host or lengths. Bodies, and
// the framing of chunks, are read here altogether.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// What a message may cost its receiver.
struct http1_limits {
    std::size_t max_header_bytes = 16 * 1024;  ///< start line and headers; also trailers and the framing of chunks
    std::size_t max_header_count = 100;        ///< header fields
    std::size_t max_body_bytes = 1024 * 1024;  ///< body after the removal of chunking
};

/// Reads one message after the other from a stream of bytes. Not thread-safe.
class message_parser {
public:
    enum class kind { request, response };

    PHONEAUTH_DECL explicit message_parser(kind k, http1_limits limits = {});
    PHONEAUTH_DECL ~message_parser();
    PHONEAUTH_DECL message_parser(message_parser&&) noexcept;
    PHONEAUTH_DECL message_parser& operator=(message_parser&&) noexcept;

    /// Starts the next message. `reply_to_head`: it answers a HEAD request, thus has no body (RFC 9112 §6.3).
    PHONEAUTH_DECL void reset(bool reply_to_head = false);

    /// Parses `bytes` up to the end of the message and returns how many belong to it; the others begin the next
    /// one. Interim (1xx) responses are skipped. Does nothing once `complete()` or `failed()`.
    PHONEAUTH_DECL std::size_t feed(std::string_view bytes);

    /// The peer has closed: ends a body that runs until then; in any other place it is `error::connection_lost`.
    PHONEAUTH_DECL void finish();

    /// Bytes of the message have arrived.
    PHONEAUTH_DECL bool started() const noexcept;
    /// Start line and headers are in.
    PHONEAUTH_DECL bool head_complete() const noexcept;
    PHONEAUTH_DECL bool complete() const noexcept;
    PHONEAUTH_DECL bool failed() const noexcept;

    /// Why it failed: `malformed_reply`, `reply_too_large` or `connection_lost` (for a request too).
    PHONEAUTH_DECL error reason() const noexcept;
    /// The status with which a server refuses the failed request: 400, 413 or 431.
    PHONEAUTH_DECL int refusal_status() const noexcept;

    /// Another message may follow on the connection. Known once complete; false for HTTP/1.0.
    PHONEAUTH_DECL bool keep_alive() const noexcept;
    /// The client waits for "100 Continue" before it sends the body (RFC 9110 §10.1.1). Known once the head is
    /// complete.
    PHONEAUTH_DECL bool expects_continue() const noexcept;

    /// The complete message, moved out. The request's URL is in origin form.
    PHONEAUTH_DECL http_request take_request();
    PHONEAUTH_DECL http_response take_response();

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

/// The host of an authority as it stands in a Host field ("name", "name:port", "[address]:port"): lower case, without
/// port and brackets. Empty if it is none (RFC 9110 §7.2).
PHONEAUTH_DECL std::string host_of(std::string_view authority);

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/asio/detail/http1.ipp ----

#ifndef PHONEAUTH_ASIO_DETAIL_HTTP1_IPP
#define PHONEAUTH_ASIO_DETAIL_HTTP1_IPP

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <llhttp.h>


// ---- phoneauth/asio/detail/http1_syntax.hpp ----

#ifndef PHONEAUTH_ASIO_DETAIL_HTTP1_SYNTAX_HPP
#define PHONEAUTH_ASIO_DETAIL_HTTP1_SYNTAX_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>


namespace phoneauth {
inline namespace v0 {
namespace detail {

/// RFC 9110 §5.6.2: which bytes a token may have.
inline constexpr auto token_bytes = [] {
    std::array<bool, 256> all{};
    for (std::size_t c = 0; c < 128; ++c)
        all[c] = is_alnum(static_cast<char>(c)) ||
                 std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
    return all;
}();

inline bool is_token(std::string_view text) noexcept {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return token_bytes[static_cast<unsigned char>(c)]; });
}

/// RFC 9110 §5.5: no control characters but the tab.
inline bool is_field_value(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= ' ' ? byte != 0x7f : byte == '\t';
    });
}

/// Visible ASCII only, as in RFC 3986.
inline bool is_target(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace detail {

PHONEAUTH_DECL std::string host_of(std::string_view authority) {
    url parts;
    return parse_authority(authority, parts) ? std::move(parts.host) : std::string();
}

struct message_parser::impl {
    impl(kind k, http1_limits l) : kind_(k), limits(l) { restart(); }

    kind kind_;
    http1_limits limits;
    llhttp_t parser;
    bool reply_to_head = false;

    static constexpr std::size_t usual_header_count = 16;

    // The message.
    std::string start;  ///< target of a request
    std::vector<http_header> headers;
    secret_string body;
    bool keep_alive = false;

    // Where we are.
    bool head_complete = false;
    bool complete = false;
    bool in_value = true;
    std::optional<error> failure;
    std::size_t head_bytes = 0;  ///< of interim responses too

    // The body.
    enum class framing { length, chunks, until_close };
    enum class chunk_part { size, data, end_of_data, trailers };
    framing framed = framing::length;
    chunk_part place = chunk_part::size;
    std::size_t left = 0;        ///< of the body or of the chunk
    std::size_t line_bytes = 0;  ///< all that is not data: sizes, extensions, trailers
    std::string line;            ///< what has come of one of those lines

    // The line scanner of the head.
    char previous = 0;
    std::size_t line_length = 0;
    bool line_seen = false;
    std::size_t spaces = 0;  ///< in the request line
    std::string version;     ///< what stands between the second one and a third
    bool scanned_head = false;

    void restart() {
        llhttp_init(&parser, kind_ == kind::request ? HTTP_REQUEST : HTTP_RESPONSE, &settings());
        parser.data = this;
        start.clear();
        headers.clear();
        body.clear();
        keep_alive = head_complete = complete = line_seen = scanned_head = false;
        in_value = true;
        failure.reset();
        place = chunk_part::size;
        left = line_bytes = 0;
        line = std::string();
        previous = 0;
        line_length = 0;
        spaces = 0;
        version.clear();
    }

    int fail(error e) {
        if (!failure) failure = e;
        return -1;
    }

    /// llhttp takes several spaces for one, which not every reader does (RFC 9112 §3), and knows RTSP and ICE.
    void scan_request_line(std::string_view part) {
        for (const char c : part) {
            spaces += c == ' ';
            if (spaces == 2 && c != ' ') version += c;
        }
    }

    /// Returns the length of the part of `bytes` that belongs to the head. Fails on what readers of HTTP disagree
    /// about: bare CR, bare LF and folded lines (RFC 9112 §2.2, §5.2).
    std::size_t scan_head(std::string_view bytes) {
        std::size_t at = 0;
        while (at < bytes.size()) {
            const auto line_end = (std::min)(bytes.find('\n', at), bytes.size());
            const auto part = bytes.substr(at, line_end - at);
            if (previous == '\n' && (bytes[at] == ' ' || bytes[at] == '\t')) fail(error::malformed_reply);
            if (previous == '\r' && !part.empty()) fail(error::malformed_reply);
            if (part.find('\r') < part.size() - 1 && !part.empty()) fail(error::malformed_reply);
            line_length += part.size();
            if (!part.empty()) previous = part.back();
            if (!line_seen && kind_ == kind::request) scan_request_line(part);
            at = line_end;
            if (at == bytes.size()) break;

            ++at;
            if (previous != '\r') fail(error::malformed_reply);
            const bool empty_line = line_length == 1;
            previous = '\n';
            line_length = 0;
            if (empty_line && line_seen) {
                scanned_head = true;
                break;
            }
            if (!line_seen && !empty_line && kind_ == kind::request)
                if (version != "HTTP/1.1\r" && version != "HTTP/1.0\r") fail(error::malformed_reply);
            line_seen = line_seen || !empty_line;
        }
        return at;
    }

    std::size_t feed_head(std::string_view bytes) {
        bytes = bytes.substr(0, scan_head(bytes));
        head_bytes += bytes.size();
        if (!failure && head_bytes > limits.max_header_bytes) fail(error::reply_too_large);
        if (failure) return 0;
        const auto code = llhttp_execute(&parser, bytes.data(), bytes.size());
        if (code != (scanned_head ? HPE_PAUSED : HPE_OK) || scanned_head != head_complete) fail(error::malformed_reply);
        return bytes.size();
    }

    // llhttp reads heads only. Between chunks llhttp 8 takes almost any two bytes for the end of a line, which is what
    // request smuggling is made of.
    std::size_t feed_body(std::string_view bytes) {
        switch (framed) {
        case framing::length: {
            const auto n = append(bytes.substr(0, left));
            left -= n;
            complete = left == 0;
            return n;
        }
        case framing::until_close:
            return append(bytes);
        case framing::chunks:
            break;
        }
        if (place == chunk_part::data) {
            const auto n = append(bytes.substr(0, left));
            left -= n;
            if (left == 0) place = chunk_part::end_of_data;
            return n;
        }
        const auto n = (std::min)(bytes.find('\n'), bytes.size() - 1) + 1;
        line += bytes.substr(0, n);
        line_bytes += n;
        // A chunk of one byte is framed by at least five; more than sixteen are extensions, or trailers.
        if (line_bytes > 16 * body.size() + limits.max_header_bytes) fail(error::reply_too_large);
        if (!failure && line.back() == '\n') {
            const auto text = std::string_view(line).substr(0, std::max<std::size_t>(line.size(), 2) - 2);
            if (!line.ends_with("\r\n") || !end_of_line(text)) fail(error::malformed_reply);
            line.clear();
        }
        return n;
    }

    std::size_t append(std::string_view bytes) {
        if (bytes.size() > limits.max_body_bytes - body.size()) {
            fail(error::reply_too_large);
        } else {
            body.make_room(bytes.size());
            body += bytes;
        }
        return bytes.size();
    }

    /// A whole line between chunks, without its CRLF. False if it does not belong there (RFC 9112 §7.1).
    bool end_of_line(std::string_view text) {
        if (place == chunk_part::end_of_data) {
            place = chunk_part::size;
            return text.empty();
        }
        if (place == chunk_part::trailers) {
            complete = text.empty();
            const auto colon = text.find(':');
            return complete ||
                   (colon != text.npos && is_token(text.substr(0, colon)) && is_field_value(text.substr(colon)));
        }
        std::size_t digits = 0;
        for (; digits < text.size() && hex_value(text[digits]) >= 0; ++digits)
            left = left * 16 + static_cast<std::size_t>(hex_value(text[digits]));
        const auto extensions = text.substr(digits);
        if (digits == 0 || digits > 8 || (!extensions.empty() && extensions.front() != ';')) return false;
        if (!is_field_value(extensions)) return false;
        place = left == 0 ? chunk_part::trailers : chunk_part::data;
        if (left > limits.max_body_bytes - body.size()) fail(error::reply_too_large);
        return true;
    }

    const std::string* header(std::string_view name) const { return find_header(headers, name); }

    bool head_is_sound() {
        if (parser.http_major != 1 || parser.http_minor > 1) return false;
        std::size_t hosts = 0;
        std::size_t codings = 0;
        for (auto& h : headers) {
            if (!is_token(h.name) || !is_field_value(h.value)) return false;
            h.value.erase(h.value.find_last_not_of(" \t") + 1);
            hosts += equal_ignoring_case(h.name, "Host");
            if (equal_ignoring_case(h.name, "Transfer-Encoding")) {
                ++codings;
                // RFC 9112 §6.1: unknown in HTTP/1.0; codings that are not understood are not let through.
                if (!equal_ignoring_case(h.value, "chunked") || parser.http_minor == 0) return false;
            }
        }
        if (codings > 1 || (codings == 1 && header("Content-Length"))) return false;
        if (codings == 1) framed = framing::chunks;
        if (kind_ == kind::response) return parser.status_code >= 100 && parser.status_code != 101;
        // RFC 9112 §3.2: exactly one Host in HTTP/1.1, and a valid one.
        if (hosts > 1 || (hosts == 0 && parser.http_minor == 1)) return false;
        if (hosts == 1 && host_of(*header("Host")).empty()) return false;
        if (parser.method == HTTP_CONNECT || !is_target(start)) return false;
        if (start.front() == '/' || (start == "*" && parser.method == HTTP_OPTIONS)) return true;
        auto absolute = parse_url(start);
        if (!absolute) return false;
        start = std::move(absolute->target);
        // RFC 9112 §3.2.2: the target's host is the one that counts.
        std::erase_if(headers, [](const http_header& h) { return equal_ignoring_case(h.name, "Host"); });
        headers.push_back({"Host", absolute->authority()});
        return true;
    }

    int on_head() {
        head_complete = true;
        const bool has_length = (parser.flags & F_CONTENT_LENGTH) != 0;
        framed = kind_ == kind::request || has_length ? framing::length : framing::until_close;
        if (!head_is_sound()) return fail(error::malformed_reply);
        const bool no_body = kind_ == kind::response && (reply_to_head || parser.status_code < 200 ||
                                                         parser.status_code == 204 || parser.status_code == 304);
        if (no_body) framed = framing::length;
        // An upgrade is never offered and never accepted: what follows is HTTP.
        keep_alive = parser.http_minor == 1 && !(parser.flags & F_CONNECTION_CLOSE) && framed != framing::until_close;
        if (framed == framing::length && has_length && !no_body) {
            if (parser.content_length > limits.max_body_bytes) return fail(error::reply_too_large);
            left = static_cast<std::size_t>(parser.content_length);
        }
        complete = framed == framing::length && left == 0;
        return HPE_PAUSED;
    }

    static impl& self(llhttp_t* p) { return *static_cast<impl*>(p->data); }

    static const llhttp_settings_t& settings() {
        static const llhttp_settings_t instance = [] {
            llhttp_settings_t s;
            llhttp_settings_init(&s);
            s.on_url = [](llhttp_t* p, const char* at, std::size_t n) {
                self(p).start.append(at, n);
                return 0;
            };
            s.on_header_field = [](llhttp_t* p, const char* at, std::size_t n) {
                auto& me = self(p);
                if (std::exchange(me.in_value, false)) {
                    if (me.headers.size() == me.limits.max_header_count) return me.fail(error::reply_too_large);
                    if (me.headers.empty()) me.headers.reserve(usual_header_count);
                    me.headers.emplace_back();
                }
                me.headers.back().name.append(at, n);
                return 0;
            };
            s.on_header_field_complete = [](llhttp_t* p) {
                self(p).in_value = true;
                return 0;
            };
            s.on_header_value = [](llhttp_t* p, const char* at, std::size_t n) {
                auto& me = self(p);
                if (!me.headers.empty()) me.headers.back().value.append(at, n);
                return 0;
            };
            s.on_headers_complete = [](llhttp_t* p) { return self(p).on_head(); };
            return s;
        }();
        return instance;
    }
};

PHONEAUTH_DECL message_parser::message_parser(kind k, http1_limits limits) : impl_(std::make_unique<impl>(k, limits)) {}
PHONEAUTH_DECL message_parser::~message_parser() = default;
PHONEAUTH_DECL message_parser::message_parser(message_parser&&) noexcept = default;
PHONEAUTH_DECL message_parser& message_parser::operator=(message_parser&&) noexcept = default;

PHONEAUTH_DECL void message_parser::reset(bool reply_to_head) {
    impl_->reply_to_head = reply_to_head;
    impl_->head_bytes = 0;
    impl_->restart();
}

PHONEAUTH_DECL std::size_t message_parser::feed(std::string_view bytes) {
    auto& me = *impl_;
    std::size_t consumed = 0;
    while (!me.complete && !me.failure && consumed < bytes.size()) {
        const auto rest = bytes.substr(consumed);
        consumed += me.head_complete ? me.feed_body(rest) : me.feed_head(rest);
        const bool interim = me.kind_ == kind::response && me.parser.status_code < 200;
        if (me.complete && !me.failure && interim) me.restart();
    }
    return consumed;
}

PHONEAUTH_DECL void message_parser::finish() {
    auto& me = *impl_;
    if (me.complete || me.failure) return;
    me.complete = me.head_complete && me.framed == message_parser::impl::framing::until_close;
    if (!me.complete) me.fail(error::connection_lost);
}

PHONEAUTH_DECL bool message_parser::started() const noexcept {
    return impl_->head_bytes != 0;
}
PHONEAUTH_DECL bool message_parser::head_complete() const noexcept {
    return impl_->head_complete;
}
PHONEAUTH_DECL bool message_parser::complete() const noexcept {
    return impl_->complete && !impl_->failure;
}
PHONEAUTH_DECL bool message_parser::failed() const noexcept {
    return impl_->failure.has_value();
}
PHONEAUTH_DECL error message_parser::reason() const noexcept {
    return impl_->failure.value_or(error::internal);
}

PHONEAUTH_DECL int message_parser::refusal_status() const noexcept {
    if (impl_->failure != error::reply_too_large) return 400;
    return impl_->head_complete ? 413 : 431;
}

PHONEAUTH_DECL bool message_parser::keep_alive() const noexcept {
    return impl_->keep_alive;
}

PHONEAUTH_DECL bool message_parser::expects_continue() const noexcept {
    if (!impl_->head_complete || impl_->complete || impl_->parser.http_minor != 1) return false;
    const auto* expect = impl_->header("Expect");
    return expect && equal_ignoring_case(*expect, "100-continue");
}

PHONEAUTH_DECL http_request message_parser::take_request() {
    http_request request;
    request.method = llhttp_method_name(static_cast<llhttp_method_t>(impl_->parser.method));
    request.url = std::move(impl_->start);
    request.headers = std::move(impl_->headers);
    request.body = std::move(impl_->body);
    return request;
}

PHONEAUTH_DECL http_response message_parser::take_response() {
    http_response response;
    response.status = impl_->parser.status_code;
    response.headers = std::move(impl_->headers);
    response.body = std::move(impl_->body);
    return response;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/detail/tls_peer.hpp ----

#ifndef PHONEAUTH_DETAIL_TLS_PEER_HPP
#define PHONEAUTH_DETAIL_TLS_PEER_HPP

#include <cstddef>
#include <memory>
#include <new>
#include <string>

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>


// What all that speaks TLS here has in common: nothing but OpenSSL, on whatever carries the bytes.

namespace phoneauth {
inline namespace v0 {
namespace detail {

struct ssl_deleter {
    void operator()(SSL* p) const noexcept { SSL_free(p); }
    void operator()(SSL_CTX* p) const noexcept { SSL_CTX_free(p); }
    void operator()(SSL_SESSION* p) const noexcept { SSL_SESSION_free(p); }
    void operator()(BIO_METHOD* p) const noexcept { BIO_meth_free(p); }
};
using ssl_ptr = std::unique_ptr<SSL, ssl_deleter>;
using ssl_ctx_ptr = std::unique_ptr<SSL_CTX, ssl_deleter>;
using ssl_session_ptr = std::unique_ptr<SSL_SESSION, ssl_deleter>;

/// Makes `ssl` a client that trusts only a certificate for `host`, a name or an address. False if there can be none.
inline bool expect_peer(SSL* ssl, const std::string& host) {
    SSL_set_connect_state(ssl);
    if (host.empty()) return false;  // OpenSSL would take any name
    if (parse_ip(host))              // which has no place in SNI (RFC 6066 §3)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

/// How OpenSSL reads and writes a `Wire`: never blocking, and without SIGPIPE, which its own socket BIO would raise.
/// Its `read_some` and `write_some` take a pointer, a size and a flag that they set if it is to be tried again later;
/// they return the number of bytes, 0 at the end, or -1.
template <class Wire>
BIO_METHOD* wire_bio_method() {
    static const std::unique_ptr<BIO_METHOD, ssl_deleter> method = [] {
        std::unique_ptr<BIO_METHOD, ssl_deleter> m(
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "phoneauth wire"));
        if (!m) throw std::bad_alloc();
        BIO_meth_set_write(m.get(), [](BIO* bio, const char* data, int size) {
            bool later = false;
            BIO_clear_retry_flags(bio);
            const auto n =
                static_cast<Wire*>(BIO_get_data(bio))->write_some(data, static_cast<std::size_t>(size), later);
            if (later) BIO_set_retry_write(bio);
            return static_cast<int>(n);
        });
        BIO_meth_set_read(m.get(), [](BIO* bio, char* data, int size) {
            bool later = false;
            BIO_clear_retry_flags(bio);
            const auto n =
                static_cast<Wire*>(BIO_get_data(bio))->read_some(data, static_cast<std::size_t>(size), later);
            if (later) BIO_set_retry_read(bio);
            return static_cast<int>(n);
        });
        BIO_meth_set_ctrl(m.get(), [](BIO*, int command, long, void*) -> long { return command == BIO_CTRL_FLUSH; });
        BIO_meth_set_create(m.get(), [](BIO* bio) {
            BIO_set_init(bio, 1);
            return 1;
        });
        return m;
    }();
    return method.get();
}

/// TLS on `wire`, which lives longer; nullptr if there is no memory for it.
template <class Wire>
ssl_ptr make_ssl(SSL_CTX* context, Wire& wire) {
    ssl_ptr ssl(SSL_new(context));
    BIO* const bio = ssl ? BIO_new(wire_bio_method<Wire>()) : nullptr;
    if (!bio) return nullptr;
    BIO_set_data(bio, &wire);
    SSL_set_bio(ssl.get(), bio, bio);
    return ssl;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// What https_transport and http_server share: a TCP connection, with or without TLS, under a deadline.
//
// TLS is OpenSSL directly on the non-blocking socket: one system call and no copy between two buffers less per
// operation than asio::ssl::stream, whose headers are spared as well.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// A socket as `wire_bio_method` asks for it.
struct socket_wire {
    ::asio::ip::tcp::socket& socket;

    int write_some(const char* data, std::size_t size, bool& later) {
        std::error_code ec;
        const auto n = socket.write_some(::asio::buffer(data, size), ec);
        later = ec == ::asio::error::would_block;
        return ec ? -1 : static_cast<int>(n);
    }
    int read_some(char* data, std::size_t size, bool& later) {
        std::error_code ec;
        const auto n = socket.read_some(::asio::buffer(data, size), ec);
        later = ec == ::asio::error::would_block;
        if (ec == ::asio::error::eof) return 0;
        return ec ? -1 : static_cast<int>(n);
    }
};

/// One HTTP/1.1 connection. All of it runs on one executor that never runs two handlers at once. Owned by shared_ptr.
class http_connection : public std::enable_shared_from_this<http_connection> {
public:
    using clock = std::chrono::steady_clock;
    using socket_type = ::asio::ip::tcp::socket;

    /// `shortest`: no deadline of this connection is set closer than this.
    http_connection(socket_type s, message_parser::kind k, http1_limits limits, clock::duration shortest)
        : socket(std::move(s)), parser(k, limits), timer_(socket.get_executor()), period_(shortest) {}

    socket_type socket;
    message_parser parser;
    secret_string out;  ///< what `write` sends

    SSL* tls() const noexcept { return tls_.get(); }

    // --- Deadlines. One timer ticks along; setting a deadline only stores a time, so that a request costs no timer.

    /// What follows must end within `d`; else `expired()` and the pending operation, and each later one, is aborted.
    void expect_within(clock::duration d) {
        deadline_ = clock::now() + d;
        expired_ = false;
        if (!std::exchange(watched_, true)) watch();
    }
    /// No deadline until the next `expect_within`; the timer goes on.
    void expect_nothing() noexcept { deadline_ = (clock::time_point::max)(); }
    /// Stops the timer, so that nothing of this connection keeps an event loop running.
    void unwatch() {
        if (std::exchange(watched_, false)) timer_.cancel();
    }
    bool expired() const noexcept { return expired_; }
    clock::time_point deadline() const noexcept { return deadline_; }

    // --- Input and output. Each returns an empty code, or why not: asio::error::eof for an orderly end.

    /// Prepares TLS on the connected socket. `keeps_buffers`: some 17 KiB each way stay with an idle connection. Else they
    /// go after each message, and OpenSSL wipes them: an eighth of what the message costs.
    std::error_code start_tls(SSL_CTX* context, bool keeps_buffers) {
        tls_ = make_ssl(context, wire_);
        if (!tls_) return std::make_error_code(std::errc::not_enough_memory);
        SSL_set_mode(tls_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        if (!keeps_buffers) SSL_set_mode(tls_.get(), SSL_MODE_RELEASE_BUFFERS);
        SSL_set_read_ahead(tls_.get(), 1);
        SSL_set_options(tls_.get(), SSL_OP_CLEANSE_PLAINTEXT);
        return {};
    }

    ::asio::awaitable<std::error_code> handshake() {
        for (;;) {
            ERR_clear_error();
            const int done = SSL_do_handshake(tls_.get());
            if (done == 1) co_return std::error_code();
            auto failed = co_await wait_for_tls(done);
            if (failed) co_return failed;
        }
    }

    /// Writes all of `out`, which is empty then.
    ::asio::awaitable<std::error_code> write() {
        std::string_view rest = out;
        while (!rest.empty()) {
            std::error_code ec;
            if (tls_) {
                ERR_clear_error();
                std::size_t n = 0;
                const int done = SSL_write_ex(tls_.get(), rest.data(), rest.size(), &n);
                rest.remove_prefix(n);
                if (done != 1) ec = co_await wait_for_tls(done);
            } else {
                rest.remove_prefix(socket.write_some(::asio::buffer(rest.data(), rest.size()), ec));
                if (ec == ::asio::error::would_block) ec = co_await wait(socket_type::wait_write);
            }
            if (ec) co_return ec;
        }
        wipe(out);
        co_return std::error_code();
    }

    /// Feeds `parser` until its head is complete, or the whole message; reads on as needed. Empty if the parser has got
    /// there or has failed.
    ::asio::awaitable<std::error_code> read_head() {
        while (!parser.head_complete() && !parser.failed()) {
            if (unread_.empty()) {
                auto ec = co_await fill();
                if (ec) co_return ec;
            }
            feed();
        }
        co_return std::error_code();
    }
    ::asio::awaitable<std::error_code> read_message() {
        for (;;) {
            feed();
            if (parser.complete() || parser.failed()) co_return std::error_code();
            auto ec = co_await fill();
            if (ec) co_return ec;
        }
    }

    /// Reads at least one byte, unless some are unread already. `at_rest`: usually none are there yet, so that it waits
    /// first, and holds no buffers meanwhile; others on the event loop get their turn even if some are.
    ::asio::awaitable<std::error_code> fill(bool at_rest = false) {
        std::error_code ec;
        if (at_rest && (has_unread() || (tls_ && SSL_has_pending(tls_.get())))) {
            co_await ::asio::post(socket.get_executor(), ::asio::use_awaitable);
        } else if (at_rest) {
            in_.reset();
            out = secret_string();
            ec = co_await wait(socket_type::wait_read);
            if (ec) co_return ec;
        }
        if (!in_) {
            in_.reset(new char[in_size]);
            in_.get_deleter().used = 0;
        }
        while (unread_.empty()) {
            std::size_t n = 0;
            if (tls_) {
                ERR_clear_error();
                const int done = SSL_read_ex(tls_.get(), in_.get(), in_size, &n);
                if (done != 1) ec = co_await wait_for_tls(done);
            } else {
                n = socket.read_some(::asio::buffer(in_.get(), in_size), ec);
                if (ec == ::asio::error::would_block) ec = co_await wait(socket_type::wait_read);
            }
            if (ec) co_return ec;
            in_.get_deleter().used = (std::max)(in_.get_deleter().used, n);
            unread_ = std::string_view(in_.get(), n);
        }
        co_return std::error_code();
    }

    bool has_unread() const noexcept { return !unread_.empty(); }
    void drop_unread() noexcept { unread_ = {}; }

    /// True if an idle connection is neither closed by the peer nor has it sent anything unasked.
    bool quiet() {
        if (!unread_.empty() || (tls_ && SSL_pending(tls_.get()))) return false;
        char byte = 0;
        std::error_code ec;
        socket.receive(::asio::buffer(&byte, 1), socket_type::message_peek, ec);
        return ec == ::asio::error::would_block;
    }

    /// Says goodbye without waiting, and closes.
    void close() noexcept {
        unwatch();
        std::error_code ignored;
        if (tls_ && socket.is_open() && SSL_is_init_finished(tls_.get())) {
            ERR_clear_error();
            SSL_shutdown(tls_.get());
            ERR_clear_error();
        }
        socket.close(ignored);
    }

    /// Reads on, and forgets, until the peer closes, for a time and a number of bytes: a connection that is closed with
    /// input unread is reset, and the peer may then lose the reply (RFC 9112 §9.6).
    ::asio::awaitable<void> linger() {
        std::error_code ec;
        if (tls_) SSL_shutdown(tls_.get());
        socket.shutdown(socket_type::shutdown_send, ec);
        expect_within(std::max<clock::duration>(std::chrono::seconds(1), period_));
        for (std::size_t i = 0; i < 64; ++i) {
            drop_unread();
            auto done = co_await fill();
            if (done) break;
        }
    }

    /// Aborts what is pending as if the deadline had passed.
    void expire() {
        expired_ = true;
        std::error_code ignored;
        socket.cancel(ignored);
    }

private:
    void feed() { unread_.remove_prefix(parser.feed(unread_)); }

    ::asio::awaitable<std::error_code> wait(socket_type::wait_type what) {
        std::error_code ec = ::asio::error::operation_aborted;
        if (!expired_) co_await socket.async_wait(what, ::asio::redirect_error(::asio::use_awaitable, ec));
        if (expired_) ec = ::asio::error::operation_aborted;
        co_return ec;
    }

    /// What to do after a TLS operation returned `done`.
    ::asio::awaitable<std::error_code> wait_for_tls(int done) {
        std::error_code ec;
        const int problem = SSL_get_error(tls_.get(), done);
        ERR_clear_error();  // leaves nothing behind for other users of OpenSSL on this thread
        switch (problem) {
        case SSL_ERROR_WANT_READ:
            ec = co_await wait(socket_type::wait_read);
            break;
        case SSL_ERROR_WANT_WRITE:
            ec = co_await wait(socket_type::wait_write);
            break;
        case SSL_ERROR_ZERO_RETURN:
            ec = ::asio::error::eof;
            break;
        // Also an end without close_notify: it may be a truncation by somebody else.
        default:
            ec = ::asio::error::connection_reset;
            break;
        }
        co_return ec;
    }

    void watch() {
        timer_.expires_at((std::min)(deadline_, clock::now() + period_));
        timer_.async_wait([self = shared_from_this()](std::error_code ec) {
            if (ec || !self->watched_) return;
            if (clock::now() >= self->deadline_) {
                self->watched_ = false;
                self->expire();
            } else {
                self->watch();
            }
        });
    }

    socket_wire wire_{socket};
    ssl_ptr tls_;
    ::asio::steady_timer timer_;
    clock::duration period_;
    clock::time_point deadline_ = (clock::time_point::max)();
    bool watched_ = false;
    bool expired_ = false;
    static constexpr std::size_t in_size = 8 * 1024;
    struct wiping_delete {
        wiping_delete() noexcept : used(0) {}
        void operator()(char* buffer) const noexcept {
            wipe({reinterpret_cast<unsigned char*>(buffer), used});
            delete[] buffer;
        }
        std::size_t used;  // of the buffer, at most so far
    };
    std::unique_ptr<char[], wiping_delete> in_;  ///< none while the connection waits for a message
    std::string_view unread_;                    ///< into `in_`
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif


namespace phoneauth {
inline namespace v0 {
namespace detail {

/// The client side of TLS, shared by connections and threads: trusted certificates, and sessions to resume.
/// Certificates and host names are always verified.
class tls_client {
public:
    /// Throws std::runtime_error if the certificates cannot be loaded.
    explicit tls_client(const std::string& ca_file) : context_(SSL_CTX_new(TLS_client_method())) {
        if (!context_) throw std::bad_alloc();
        SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
        const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context_.get())
                                           : SSL_CTX_load_verify_locations(context_.get(), ca_file.c_str(), nullptr);
        ERR_clear_error();
        if (loaded != 1) throw std::runtime_error("phoneauth: cannot load the trusted certificates from " + ca_file);
        trusts_ = sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(context_.get()))) > 0;
    }

    /// Success if there are trusted certificates; else what to do. OpenSSL says nothing where the system has none, and
    /// then trusts nobody.
    result<void> check_certificates() {
        if (trusts_ || has_system_certificates()) return {};
        return failure(error::certificate_untrusted,
                       "This system has no trusted certificates, neither the file " +
                           system_path(X509_get_default_cert_file_env(), X509_get_default_cert_file()) +
                           " nor any in the folder " +
                           system_path(X509_get_default_cert_dir_env(), X509_get_default_cert_dir()) +
                           ": install them (the package ca-certificates), or name a PEM file with them in ca_file.");
    }

    /// Prepares the handshake of a connected connection with `host`.
    std::error_code prepare(http_connection& connection, const url& target) {
        auto ec = connection.start_tls(context_.get(), true);
        if (ec) return ec;
        SSL* const ssl = connection.tls();
        if (!expect_peer(ssl, target.host)) return std::make_error_code(std::errc::invalid_argument);
        const std::lock_guard lock(mutex_);
        const auto known = sessions_.find(target.authority());
        if (known != sessions_.end()) SSL_set_session(ssl, known->second.get());
        return {};
    }

    /// Keeps the session of a connection that has received something: the tickets of TLS 1.3 come after the handshake.
    void remember(http_connection& connection, const url& target) {
        ssl_session_ptr session(SSL_get1_session(connection.tls()));
        if (!session || SSL_SESSION_is_resumable(session.get()) != 1) return;
        const std::lock_guard lock(mutex_);
        if (sessions_.size() >= max_sessions) sessions_.clear();
        sessions_[target.authority()] = std::move(session);
    }

    /// Why the handshake failed.
    static error why(SSL* ssl) {
        switch (SSL_get_verify_result(ssl)) {
        case X509_V_OK:
            return error::tls_failed;
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return error::certificate_expired;
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return error::certificate_wrong_host;
        default:
            return error::certificate_untrusted;
        }
    }

private:
    static std::string system_path(const char* variable, const char* otherwise) {
        const char* const value = std::getenv(variable);
        return value ? value : otherwise;
    }

    /// Whether OpenSSL can find a certificate in the system's folders: it looks there, by a name like 5ed36f99.0, when
    /// it needs one.
    bool has_system_certificates() {
        const auto folders = system_path(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
        for (std::size_t begin = 0; begin <= folders.size();) {
            const auto end = (std::min)(folders.find(folder_separator, begin), folders.size());
            std::error_code ec;
            std::filesystem::directory_iterator entry(folders.substr(begin, end - begin), ec);
            for (; !ec && entry != std::filesystem::directory_iterator(); entry.increment(ec)) {
                const auto name = entry->path().filename().string();
                if (name.size() < 10 || name[8] != '.' || !is_digit(name[9])) continue;
                if (std::all_of(name.begin(), name.begin() + 8, is_hex)) return trusts_ = true;
            }
            begin = end + 1;
        }
        return false;
    }

#if defined(_WIN32)
    static constexpr char folder_separator = ';';
#else
    static constexpr char folder_separator = ':';
#endif
    static constexpr std::size_t max_sessions = 64;

    ssl_ctx_ptr context_;
    std::atomic<bool> trusts_{false};  ///< there are certificates, as far as is known
    std::mutex mutex_;
    std::map<std::string, ssl_session_ptr> sessions_;  ///< by host and port
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/asio/https_transport.hpp ----

#ifndef PHONEAUTH_ASIO_HTTPS_TRANSPORT_HPP
#define PHONEAUTH_ASIO_HTTPS_TRANSPORT_HPP

#include <memory>
#include <utility>


#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>


namespace phoneauth {
inline namespace v0 {

namespace detail {
class http_client;
class tls_client;
}  // namespace detail

/// Sends http and https requests over kept-alive connections: the `HttpTransport` of an asynchronous authenticator.
///
/// A request is never sent twice: a kept connection is used only if the server has not closed it. Idle connections do
/// not keep `io_context::run` from returning.
///
/// @par Thread safety
/// Shared objects are safe. The connections share one strand.
///
/// @par Lifetime
/// The executor's context must outlive the transport. The transport may be destroyed while requests are in flight: they
/// still end.
class https_transport {
public:
    /// Asio's own executor.
    using executor_type = ::asio::any_io_executor;

    /// Makes connections when they are needed.
    ///
    /// @param executor  what connections run on
    /// @param options   time-outs, limits and trusted certificates
    /// @par Errors
    /// `std::runtime_error` if `options.ca_file` cannot be loaded or `options.proxy` is none.
    PHONEAUTH_DECL explicit https_transport(const executor_type& executor, https_transport_options options = {});

    https_transport(const https_transport&) = delete;
    https_transport& operator=(const https_transport&) = delete;

    PHONEAUTH_DECL ~https_transport();

    /// The executor given to the constructor, on which handlers run that have none of their own.
    executor_type get_executor() const noexcept { return executor_; }

    /// Whether https requests can succeed at all: to be asked at start, where messages go over https.
    ///
    /// @return success, or `certificate_untrusted` with a sentence that says what to do, if `ca_file` is empty and the
    ///     system has no trusted certificates, as in a bare container. Requests to http URLs work nevertheless.
    PHONEAUTH_DECL result<void> check_certificates() const;

    /// Sends a request.
    ///
    /// @param request  with an absolute URL
    /// @return an awaitable of the whole reply, whatever its status
    /// @par Errors
    /// - The request cannot be sent as it is: `invalid_parameter`, `invalid_url`.
    /// - Too many requests are in flight and waiting, or this one waited for `connect_timeout`: `overloaded`.
    /// - Nothing was sent: `host_not_found`, `connect_failed`, `connect_timeout`, `tls_failed`,
    ///   `certificate_untrusted`, `certificate_expired`, `certificate_wrong_host`, and `proxy_failed`: the
    ///   proxy was not found, could not be reached, or refused, with its status in the sentence.
    /// - The server may have processed the request (see `safe_to_resend`): `write_failed`, `read_timeout`,
    ///   `connection_lost`, `malformed_reply`, `reply_too_large`, `cancelled`.
    ///
    /// @par Cancellation
    /// Terminal; it closes the connection.
    PHONEAUTH_DECL ::asio::awaitable<result<http_response>> send(http_request request);

    /// The same for a completion token, with a handler `void(result<http_response>)`; see `async_call`.
    template <class CompletionToken>
    auto send(http_request request, CompletionToken&& token) {
        return detail::async_spawn(strand(), executor_, exchange(std::move(request)),
                                   std::forward<CompletionToken>(token));
    }

private:
    friend class blocking_transport;
    PHONEAUTH_DECL https_transport(const executor_type& executor, https_transport_options options,
                                   std::shared_ptr<detail::tls_client> tls);

    PHONEAUTH_DECL const executor_type& strand() const noexcept;
    /// To be run on the strand.
    PHONEAUTH_DECL ::asio::awaitable<result<http_response>> exchange(http_request request);

    executor_type executor_;
    std::shared_ptr<detail::http_client> client_;
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/asio/https_transport.ipp ----

#ifndef PHONEAUTH_ASIO_HTTPS_TRANSPORT_IPP
#define PHONEAUTH_ASIO_HTTPS_TRANSPORT_IPP

#include <memory>
#include <utility>


// ---- phoneauth/asio/detail/http_client.hpp ----

#ifndef PHONEAUTH_ASIO_DETAIL_HTTP_CLIENT_HPP
#define PHONEAUTH_ASIO_DETAIL_HTTP_CLIENT_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>


// ---- phoneauth/asio/detail/connect.hpp ----

#ifndef PHONEAUTH_ASIO_DETAIL_CONNECT_HPP
#define PHONEAUTH_ASIO_DETAIL_CONNECT_HPP

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>


#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

// Connecting to a host that has several addresses, some of which may never answer: Happy Eyeballs (RFC 8305 §4 and §5).

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Attempts to connect, of which the first that succeeds counts. The next address is tried when one fails, and when
/// `connection_attempt_delay` has passed. All of it runs on an executor that never runs two handlers at once.
class connection_race : public std::enable_shared_from_this<connection_race> {
public:
    using clock = std::chrono::steady_clock;
    using tcp = ::asio::ip::tcp;

    /// Owned by shared_ptr: attempts that are closed keep it alive until their handlers have run.
    ///
    /// @param endpoints  in the resolver's order; families then take turns
    connection_race(const ::asio::any_io_executor& strand, std::vector<tcp::endpoint> endpoints)
        : strand_(strand), endpoints_(interleave_families(std::move(endpoints), is_v6)), delay_(strand), done_(strand) {
        attempts_.reserve(endpoints_.size());  // they stay where they are
    }
    connection_race(const connection_race&) = delete;
    connection_race& operator=(const connection_race&) = delete;

    /// Runs it, once.
    ///
    /// @param into  gets the connection, in the place of what it was; untouched if there is none
    /// @return empty; or asio::error::timed_out at the deadline, asio::error::operation_aborted after `cancel` or a
    ///     cancellation of the coroutine, or why the last attempt failed. What lost is closed.
    static ::asio::awaitable<std::error_code> run(std::shared_ptr<connection_race> self, tcp::socket& into,
                                                  clock::time_point deadline) {
        const closer whatever_happens(*self);
        self->done_.expires_at(deadline);
        self->try_next();
        std::error_code ec;
        if (!self->settled_) co_await self->done_.async_wait(::asio::redirect_error(::asio::use_awaitable, ec));
        self->settle(ec ? ec : std::error_code(::asio::error::timed_out));
        if (self->winner_) into = std::move(*self->winner_);
        co_return self->outcome_;
    }

    /// Ends it, from the same executor.
    void cancel() noexcept { settle(::asio::error::operation_aborted); }

private:
    struct closer {
        explicit closer(connection_race& r) : race(r) {}
        closer(const closer&) = delete;
        closer& operator=(const closer&) = delete;
        ~closer() { race.cancel(); }
        connection_race& race;
    };

    static bool is_v6(const tcp::endpoint& e) { return e.address().is_v6(); }

    void try_next() noexcept {
        try {
            if (settled_) return;
            if (attempts_.size() == endpoints_.size()) {
                if (pending_ == 0) settle(last_);
                return;
            }
            const auto n = attempts_.size();
            attempts_.emplace_back(strand_);
            attempts_[n].async_connect(
                endpoints_[n], [self = shared_from_this(), n](std::error_code ec) { self->attempt_ended(n, ec); });
            ++pending_;
            if (n + 1 == endpoints_.size()) return;
            delay_.expires_after(connection_attempt_delay);
            delay_.async_wait([self = shared_from_this()](std::error_code ec) {
                // One that was set anew may have been on its way already.
                if (!ec && clock::now() >= self->delay_.expiry()) self->try_next();
            });
        } catch (...) {
            settle(std::make_error_code(std::errc::not_enough_memory));
        }
    }

    void attempt_ended(std::size_t n, std::error_code ec) noexcept {
        --pending_;
        if (settled_) return;
        if (!ec) {
            winner_.emplace(std::move(attempts_[n]));
            return settle(ec);
        }
        last_ = ec;
        attempts_[n].close(ec);
        try_next();
    }

    /// Only the first call counts.
    void settle(std::error_code outcome) noexcept {
        if (std::exchange(settled_, true)) return;
        outcome_ = outcome;
        std::error_code ignored;
        for (auto& attempt : attempts_) attempt.close(ignored);
        delay_.cancel();
        done_.cancel();
    }

    ::asio::any_io_executor strand_;
    std::vector<tcp::endpoint> endpoints_;
    std::vector<tcp::socket> attempts_;  ///< as many as have begun
    std::size_t pending_ = 0;
    ::asio::steady_timer delay_;
    ::asio::steady_timer done_;
    bool settled_ = false;
    std::error_code outcome_;
    std::error_code last_ = ::asio::error::host_not_found;  ///< unless there are addresses
    std::optional<tcp::socket> winner_;
};

/// Connects `socket`, on its executor, to the first of the `endpoints` that answers; errors as for
/// `connection_race::run`. A cancellation closes everything.
inline ::asio::awaitable<std::error_code> connect_first(::asio::ip::tcp::socket& socket,
                                                        std::vector<::asio::ip::tcp::endpoint> endpoints,
                                                        std::chrono::steady_clock::time_point deadline) {
    auto race = std::make_shared<connection_race>(socket.get_executor(), std::move(endpoints));
    auto running = connection_race::run(std::move(race), socket, deadline);
    auto ec = co_await std::move(running);
    co_return ec;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/asio/detail/http1_writer.hpp ----

#ifndef PHONEAUTH_ASIO_DETAIL_HTTP1_WRITER_HPP
#define PHONEAUTH_ASIO_DETAIL_HTTP1_WRITER_HPP

#include <string>
#include <string_view>


namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Appends a request for `target` to `out`, with Host and Content-Length. `error::invalid_parameter`, with `out` as
/// it was, if method, header names, values or target could break out of their place (CR, LF, NUL, …), or if a
/// header is one that belongs to the transport: Host, Content-Length, Transfer-Encoding, Connection, Expect, Upgrade.
PHONEAUTH_DECL result<void> append_request(std::string& out, const http_request& request, const url& target);

/// Appends a response to `out`, with Content-Length, and "Connection: close" unless `keep_alive`. `reply_to_head`
/// leaves the body out. `date` is the value of the field Date, unless the response has one; empty: there is none. Errors
/// as for `append_request`, and for a status outside 200–599.
PHONEAUTH_DECL result<void> append_response(std::string& out, const http_response& response, bool keep_alive,
                                            bool reply_to_head = false, std::string_view date = {});

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/asio/detail/http1_writer.ipp ----

#ifndef PHONEAUTH_ASIO_DETAIL_HTTP1_WRITER_IPP
#define PHONEAUTH_ASIO_DETAIL_HTTP1_WRITER_IPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>


namespace phoneauth {
inline namespace v0 {
namespace detail {

inline bool headers_are_safe(const std::vector<http_header>& headers) {
    constexpr std::array<std::string_view, 6> ours{"Host",       "Content-Length", "Transfer-Encoding",
                                                   "Connection", "Expect",         "Upgrade"};
    return std::all_of(headers.begin(), headers.end(), [&](const http_header& h) {
        return is_token(h.name) && is_field_value(h.value) &&
               std::none_of(ours.begin(), ours.end(), [&](auto name) { return equal_ignoring_case(name, h.name); });
    });
}

inline void append_headers(std::string& out, const std::vector<http_header>& headers) {
    for (const auto& h : headers) {
        out += h.name;
        out += ": ";
        out += h.value;
        out += "\r\n";
    }
}

/// What a start line, these headers and the body need.
inline std::size_t room_for(const std::vector<http_header>& headers, const std::string& body) {
    std::size_t size = body.size() + 512;
    for (const auto& h : headers) size += h.name.size() + h.value.size() + 4;
    return size;
}

inline void append_length(std::string& out, std::size_t length) {
    out += "Content-Length: ";
    out += std::to_string(length);
    out += "\r\n";
}

PHONEAUTH_DECL result<void> append_request(std::string& out, const http_request& request, const url& target) {
    if (!is_token(request.method) || request.method == "CONNECT" || !is_target(target.target) ||
        !is_target(target.host) || !headers_are_safe(request.headers))
        return error::invalid_parameter;
    out.reserve(out.size() + target.target.size() + target.host.size() + room_for(request.headers, request.body));
    out += request.method;
    out += ' ';
    out += target.target;
    out += " HTTP/1.1\r\nHost: ";
    out += target.authority();
    out += "\r\n";
    append_headers(out, request.headers);
    // RFC 9110 §8.6: a method that usually has a body says so even when the body is empty.
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH")
        append_length(out, request.body.size());
    out += "\r\n";
    out += request.body;
    return {};
}

/// RFC 9110 §15; the reason is for people only and may be empty.
inline std::string_view reason_phrase(int status) noexcept {
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 204:
        return "No Content";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 413:
        return "Content Too Large";
    case 421:
        return "Misdirected Request";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    default:
        return "";
    }
}

PHONEAUTH_DECL result<void> append_response(std::string& out, const http_response& response, bool keep_alive,
                                            bool reply_to_head, std::string_view date) {
    if (response.status < 200 || response.status > 599 || !headers_are_safe(response.headers))
        return error::invalid_parameter;
    out.reserve(out.size() + room_for(response.headers, response.body));
    out += "HTTP/1.1 ";
    out += std::to_string(response.status);
    out += ' ';
    out += reason_phrase(response.status);
    out += "\r\n";
    if (!date.empty() && !find_header(response.headers, "Date")) (out += "Date: ").append(date) += "\r\n";
    append_headers(out, response.headers);
    const bool may_have_body = response.status != 204 && response.status != 304;
    if (may_have_body) append_length(out, response.body.size());
    if (!keep_alive) out += "Connection: close\r\n";
    out += "\r\n";
    if (may_have_body && !reply_to_head) out += response.body;
    return {};
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/error.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/use_awaitable.hpp>


namespace phoneauth {
inline namespace v0 {
namespace detail {

/// The part of a transport that its requests keep alive. All but the constructor and
/// `check_certificates` runs on the strand.
class http_client : public std::enable_shared_from_this<http_client> {
public:
    http_client(const ::asio::any_io_executor& executor, https_transport_options options,
                std::shared_ptr<tls_client> tls)
        : strand(::asio::make_strand(executor)), options_(std::move(options)), proxy_(proxy_of(options_.proxy)),
          tls_(std::move(tls)) {
        options_.proxy = secret_string();
        using std::chrono::milliseconds;
        for (auto* timeout :
             {&options_.connect_timeout, &options_.write_timeout, &options_.read_timeout, &options_.idle_timeout})
            *timeout = (std::max)(*timeout, milliseconds(1));
        options_.max_connections = std::max<std::size_t>(options_.max_connections, 1);
        shortest_ = (std::min)(
            {options_.connect_timeout, options_.write_timeout, options_.read_timeout, options_.idle_timeout});
    }

    const ::asio::any_io_executor strand;

    static ::asio::awaitable<result<http_response>> send(std::shared_ptr<http_client> self, http_request request) {
        bool writing = false;
        try {
            auto outcome = co_await self->exchange(request, writing);
            co_return outcome;
        } catch (...) {
            // Nothing in there but a cancellation, or want of memory, throws. Once the request is being written, nobody
            // may take that for one that was not sent.
            auto why = failure_of_current_asio_exception();
            if (writing && why.code != error::cancelled) co_return error::connection_lost;
            co_return why;
        }
    }

    /// From any thread.
    result<void> check_certificates() const { return tls_->check_certificates(); }

    /// Ends the idle connections; those in use end with their requests.
    void shutdown() {
        closed_ = true;
        for (auto& idle : idle_) idle.connection->close();
        idle_.clear();
    }

private:
    using connection_ptr = std::shared_ptr<http_connection>;
    using clock = http_connection::clock;

    struct idle_connection {
        connection_ptr connection;
        bool https;
        std::string host;
        std::uint16_t port;

        bool serves(const url& u) const { return port == u.port && https == u.https && host == u.host; }
    };

    /// One request that waits for another to end.
    struct waiting {
        ::asio::steady_timer timer;
        bool granted = false;
    };

    /// The right to have a request in flight.
    class slot {
    public:
        explicit slot(http_client& c) : client_(&c) {}
        slot(const slot&) = delete;
        slot& operator=(const slot&) = delete;
        ~slot() {
            if (owned) client_->release_slot();
        }
        bool owned = false;

    private:
        http_client* client_;
    };

    /// A connection in use: closed in the end unless it was given back.
    struct lease {
        connection_ptr connection;
        lease() = default;
        lease(const lease&) = delete;
        lease& operator=(const lease&) = delete;
        ~lease() {
            if (connection) connection->close();
        }
    };

    struct waiting_entry {
        std::list<waiting*>& list;
        waiting* self;
        waiting_entry(std::list<waiting*>& l, waiting* w) : list(l), self(w) { list.push_back(w); }
        waiting_entry(const waiting_entry&) = delete;
        waiting_entry& operator=(const waiting_entry&) = delete;
        ~waiting_entry() { list.remove(self); }
    };

    ::asio::awaitable<result<http_response>> exchange(http_request& request, bool& writing) {
        auto target = parse_url(request.url);
        if (!target) co_return target.error();

        slot right(*this);
        if (in_flight_ < options_.max_connections) {
            ++in_flight_;
            right.owned = true;
        } else {
            if (waiting_.size() >= options_.max_waiting) co_return error::overloaded;
            auto waited = co_await wait_for_slot(right);
            if (!waited) co_return waited.error();
        }

        lease lent;
        lent.connection = take_idle(*target);
        const bool fresh = !lent.connection;
        if (fresh) {
            const http1_limits limits{options_.max_header_bytes, http1_limits().max_header_count,
                                      options_.max_body_bytes};
            lent.connection = std::make_shared<http_connection>(::asio::ip::tcp::socket(strand),
                                                                message_parser::kind::response, limits, shortest_);
        }
        auto& connection = *lent.connection;
        connection.out.clear();
        auto written = append_request(connection.out, request, *target);
        if (!written) co_return written.error();
        if (fresh) {
            connection.expect_within(options_.connect_timeout);
            auto connected = co_await connect(connection, *target);
            if (!connected) co_return connected.error();
        }

        writing = true;
        connection.expect_within(options_.write_timeout);
        auto ec = co_await connection.write();
        if (ec) co_return why(connection, ec, error::write_failed, error::write_failed);

        connection.expect_within(options_.read_timeout);
        auto& parser = connection.parser;
        parser.reset(request.method == "HEAD");
        ec = co_await connection.fill(true);
        if (!ec) ec = co_await connection.read_message();
        if (ec == ::asio::error::eof) {
            parser.finish();
        } else if (ec) {
            co_return why(connection, ec, error::read_timeout, error::connection_lost);
        }
        if (parser.failed()) co_return parser.reason();

        const bool again = !ec && parser.keep_alive() && !connection.has_unread() && !closed_;
        auto response = parser.take_response();
        if (connection.tls() && fresh) tls_->remember(connection, *target);
        if (again) give_back(std::move(lent.connection), *target);
        co_return response;
    }

    static failure why(const http_connection& c, std::error_code ec, error expired, error otherwise) {
        if (c.expired()) return expired;
        return ec == ::asio::error::operation_aborted ? error::cancelled : otherwise;
    }

    ::asio::awaitable<result<void>> wait_for_slot(slot& right) {
        waiting me{::asio::steady_timer(strand, options_.connect_timeout)};
        const waiting_entry entry(waiting_, &me);
        std::error_code ec;
        co_await me.timer.async_wait(::asio::redirect_error(::asio::use_awaitable, ec));
        right.owned = me.granted;
        if (right.owned) co_return result<void>();
        co_return ec ? error::cancelled : error::overloaded;
    }

    void release_slot() {
        for (auto* next : waiting_) {
            if (std::exchange(next->granted, true)) continue;
            next->timer.cancel();
            return;
        }
        if (--in_flight_ == 0)
            for (auto& idle : idle_) idle.connection->unwatch();
    }

    connection_ptr take_idle(const url& target) {
        connection_ptr found;
        // The one used last first: the others can grow old.
        for (auto i = idle_.size(); i-- > 0;) {
            auto& idle = idle_[i];
            auto& connection = *idle.connection;
            const bool usable = !connection.expired() && clock::now() < connection.deadline();
            if (usable && (found || !idle.serves(target))) continue;
            if (usable && connection.quiet())
                found = std::move(idle.connection);
            else
                connection.close();
            idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
        }
        return found;
    }

    void give_back(connection_ptr connection, const url& target) {
        const auto same_host = std::count_if(idle_.begin(), idle_.end(), [&](auto& i) { return i.serves(target); });
        if (static_cast<std::size_t>(same_host) >= options_.max_idle_connections_per_host) {
            connection->close();
            return;
        }
        connection->expect_within(options_.idle_timeout);
        idle_.push_back({std::move(connection), target.https, target.host, target.port});
    }

    // --- Connecting.

    /// What a resolver has found. getaddrinfo cannot be interrupted: whoever waits for it only stops waiting.
    struct resolution {
        explicit resolution(const ::asio::any_io_executor& e) : resolver(e), done(e) {}
        ::asio::ip::tcp::resolver resolver;
        ::asio::steady_timer done;
        bool finished = false;
        std::error_code code;
        std::vector<::asio::ip::tcp::endpoint> endpoints;
    };

    ::asio::awaitable<result<std::vector<::asio::ip::tcp::endpoint>>> resolve(http_connection& c, const url& target) {
        using endpoints = std::vector<::asio::ip::tcp::endpoint>;
        std::error_code ec;
        const auto address = ::asio::ip::make_address(target.host, ec);
        if (!ec) co_return endpoints(1, {address, target.port});

        auto shared = std::make_shared<resolution>(strand);
        shared->done.expires_at(c.deadline());
        shared->resolver.async_resolve(target.host, std::to_string(target.port),
                                       ::asio::ip::tcp::resolver::numeric_service,
                                       [shared](std::error_code failed, auto found) {
                                           shared->finished = true;
                                           shared->code = failed;
                                           for (const auto& entry : found)
                                               shared->endpoints.push_back(entry.endpoint());
                                           shared->done.cancel();
                                       });
        co_await shared->done.async_wait(::asio::redirect_error(::asio::use_awaitable, ec));
        if (!shared->finished) {
            shared->resolver.cancel();
            co_return ec ? error::cancelled : error::connect_timeout;
        }
        if (shared->code || shared->endpoints.empty()) co_return error::host_not_found;
        co_return std::move(shared->endpoints);
    }

    /// A TCP connection to `host`.
    ::asio::awaitable<result<void>> reach(http_connection& c, const url& host) {
        auto endpoints = co_await resolve(c, host);
        if (!endpoints) co_return endpoints.error();
        auto connecting = connect_first(c.socket, *std::move(endpoints), c.deadline());
        auto ec = co_await std::move(connecting);
        if (ec == ::asio::error::timed_out) co_return error::connect_timeout;
        if (ec) co_return why(c, ec, error::connect_timeout, error::connect_failed);
        c.socket.non_blocking(true, ec);
        if (!ec) c.socket.set_option(::asio::ip::tcp::no_delay(true), ec);
        if (ec) co_return error::connect_failed;
        co_return result<void>();
    }

    /// A connection to `target` through the proxy. Nothing of the request is sent before there is one.
    ::asio::awaitable<result<void>> tunnel(http_connection& c, const url& target) {
        auto reached = co_await reach(c, proxy_->address);
        if (!reached) co_return of_proxy(std::move(reached.error()));
        auto request = std::exchange(c.out, connect_request(*proxy_, target));
        auto ec = co_await c.write();
        c.out = std::move(request);
        if (ec) co_return of_proxy(why(c, ec, error::connect_timeout, error::connect_failed));
        // RFC 9110 §9.3.6: whatever it says, a reply that opens a tunnel has no body. Nobody wants that of another one.
        c.parser.reset(true);
        ec = co_await c.read_message();
        if (ec) co_return of_proxy(why(c, ec, error::connect_timeout, error::connect_failed));
        if (c.parser.failed()) co_return failure(error::proxy_failed, "The proxy's reply is not valid HTTP.");
        const int status = c.parser.take_response().status;
        if (status < 200 || status > 299) co_return proxy_refusal(status);
        // Here the client speaks first, with or without TLS.
        if (c.has_unread()) co_return failure(error::proxy_failed, "The proxy sent what nobody asked for.");
        co_return result<void>();
    }

    /// The same failure, told of the proxy. If time is up, it may as well be the server.
    static failure of_proxy(failure f) {
        if (f.code == error::host_not_found)
            return {error::proxy_failed, "The host name of the proxy could not be resolved."};
        if (f.code == error::connect_failed)
            return {error::proxy_failed, "The proxy refused or closed the connection."};
        if (f.code == error::connect_timeout) f.message = "There was no connection through the proxy in time.";
        return f;
    }

    ::asio::awaitable<result<void>> connect(http_connection& c, const url& target) {
        if (target.https) {
            auto trusted = tls_->check_certificates();
            if (!trusted) co_return trusted;
        }
        auto connecting = proxy_ ? tunnel(c, target) : reach(c, target);
        auto connected = co_await std::move(connecting);
        if (!connected || !target.https) co_return connected;

        auto ec = tls_->prepare(c, target);
        if (ec) co_return error::tls_failed;
        ec = co_await c.handshake();
        if (ec) co_return why(c, ec, error::connect_timeout, tls_client::why(c.tls()));
        co_return result<void>();
    }

    https_transport_options options_;  ///< but the proxy is `proxy_`
    std::optional<http_proxy> proxy_;
    clock::duration shortest_;
    std::shared_ptr<tls_client> tls_;
    std::size_t in_flight_ = 0;
    std::list<waiting*> waiting_;
    std::vector<idle_connection> idle_;
    bool closed_ = false;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

#include <asio/dispatch.hpp>
#include <asio/use_awaitable.hpp>

namespace phoneauth {
inline namespace v0 {

PHONEAUTH_DECL https_transport::https_transport(const executor_type& executor, https_transport_options options)
    : https_transport(executor, options, std::make_shared<detail::tls_client>(options.ca_file)) {}

PHONEAUTH_DECL https_transport::https_transport(const executor_type& executor, https_transport_options options,
                                                std::shared_ptr<detail::tls_client> tls)
    : executor_(executor),
      client_(std::make_shared<detail::http_client>(executor, std::move(options), std::move(tls))) {}

PHONEAUTH_DECL https_transport::~https_transport() {
    ::asio::dispatch(client_->strand, [client = client_] { client->shutdown(); });
}

PHONEAUTH_DECL result<void> https_transport::check_certificates() const {
    return client_->check_certificates();
}

PHONEAUTH_DECL ::asio::awaitable<result<http_response>> https_transport::send(http_request request) {
    return send(std::move(request), ::asio::use_awaitable);
}

PHONEAUTH_DECL const https_transport::executor_type& https_transport::strand() const noexcept {
    return client_->strand;
}

PHONEAUTH_DECL ::asio::awaitable<result<http_response>> https_transport::exchange(http_request request) {
    return detail::http_client::send(client_, std::move(request));
}

}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

namespace phoneauth {
inline namespace v0 {

struct blocking_transport::state {
    struct lane {
        lane(const https_transport_options& o, const std::shared_ptr<detail::tls_client>& tls)
            : context(1), transport(context.get_executor(), o, tls) {}
        ::asio::io_context context;
        https_transport transport;
    };

    explicit state(https_transport_options o)
        : options(std::move(o)), tls(std::make_shared<detail::tls_client>(options.ca_file)),
          lanes(options.max_connections) {
        detail::proxy_of(options.proxy);  // refused here, not when a lane is made
        options.max_idle_connections_per_host = (std::min<std::size_t>)(options.max_idle_connections_per_host, 1);
    }

    https_transport_options options;
    std::shared_ptr<detail::tls_client> tls;
    detail::bounded_pool<lane> lanes;
};

PHONEAUTH_DECL blocking_transport::blocking_transport(https_transport_options options)
    : state_(std::make_unique<state>(std::move(options))) {}

PHONEAUTH_DECL blocking_transport::~blocking_transport() = default;

PHONEAUTH_DECL result<void> blocking_transport::check_certificates() const {
    return state_->tls->check_certificates();
}

PHONEAUTH_DECL result<http_response> blocking_transport::send(const http_request& request) {
    auto& [options, tls, lanes] = *state_;
    auto in_flight = lanes.take(std::chrono::steady_clock::now() + options.connect_timeout, options.max_waiting);
    if (!in_flight) return error::overloaded;
    try {
        if (!in_flight->item) in_flight->item = std::make_unique<state::lane>(options, tls);
        auto& used = *in_flight->item;
        result<http_response> outcome = error::internal;
        auto work = used.transport.send(request);
        ::asio::co_spawn(used.context, std::move(work), [&](std::exception_ptr thrown, result<http_response> r) {
            if (!thrown) outcome = std::move(r);
        });
        used.context.restart();
        used.context.run();
        return outcome;
    } catch (...) {
        return error::internal;  // whatever it was: the request may have been written
    }
}

}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/asio/detail/backoff.hpp ----

#ifndef PHONEAUTH_ASIO_DETAIL_BACKOFF_HPP
#define PHONEAUTH_ASIO_DETAIL_BACKOFF_HPP

#include <algorithm>
#include <atomic>
#include <chrono>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// When a server that could not be reached is tried again: after 50 ms, then twice as long each time, at most
/// `longest`. One thread at a time may tell it something, any may ask.
class backoff {
public:
    explicit backoff(std::chrono::milliseconds longest) noexcept : longest_(longest) {}

    bool holds(std::chrono::steady_clock::time_point now) const noexcept { return now < until_.load(); }

    void failed() noexcept {
        pause_ = std::clamp(2 * pause_, std::chrono::milliseconds(50), longest_);
        until_ = std::chrono::steady_clock::now() + pause_;
    }

    void succeeded() noexcept {
        pause_ = {};
        until_ = std::chrono::steady_clock::time_point();
    }

private:
    const std::chrono::milliseconds longest_;
    std::chrono::milliseconds pause_{};
    std::atomic<std::chrono::steady_clock::time_point> until_{std::chrono::steady_clock::time_point()};
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/asio/detail/http_date.hpp ----

#ifndef PHONEAUTH_ASIO_DETAIL_HTTP_DATE_HPP
#define PHONEAUTH_ASIO_DETAIL_HTTP_DATE_HPP

#include <chrono>
#include <string>
#include <string_view>


namespace phoneauth {
inline namespace v0 {
namespace detail {

/// `t` as a field Date has it: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7), whatever the locale.
inline std::string http_date(std::chrono::sys_seconds t) {
    constexpr std::string_view days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(t - day);
    std::string text;
    const auto two = [&](auto number, char behind) {
        text += static_cast<char>('0' + number / 10);
        text += static_cast<char>('0' + number % 10);
        text += behind;
    };
    text.append(days[std::chrono::weekday(day).c_encoding()]) += ", ";
    two(unsigned{date.day()}, ' ');
    text.append(months[unsigned{date.month()} - 1]) += ' ';
    text.append(std::to_string(int{date.year()})) += ' ';
    two(time.hours().count(), ':');
    two(time.minutes().count(), ':');
    two(time.seconds().count(), ' ');
    return text += "GMT";
}

/// The time now, as `http_date`; each thread writes it once a second. Valid until this thread's next call.
inline std::string_view http_date_now() {
    thread_local std::chrono::sys_seconds second;
    thread_local std::string text;
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    if (text.empty() || now != second) {
        text = http_date(now);
        second = now;
    }
    return text;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/asio/detail/http_server_flows.hpp ----

#ifndef PHONEAUTH_ASIO_DETAIL_HTTP_SERVER_FLOWS_HPP
#define PHONEAUTH_ASIO_DETAIL_HTTP_SERVER_FLOWS_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <system_error>
#include <utility>

#include <openssl/ssl.h>


// ---- phoneauth/asio/detail/http_server_state.hpp ----

#ifndef PHONEAUTH_ASIO_DETAIL_HTTP_SERVER_STATE_HPP
#define PHONEAUTH_ASIO_DETAIL_HTTP_SERVER_STATE_HPP

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include <openssl/ssl.h>


// ---- phoneauth/asio/http_server_options.hpp ----

#ifndef PHONEAUTH_ASIO_HTTP_SERVER_OPTIONS_HPP
#define PHONEAUTH_ASIO_HTTP_SERVER_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <asio/awaitable.hpp>
#include <asio/ip/tcp.hpp>


namespace phoneauth {
inline namespace v0 {

/// What a client may cost an `http_server`. A time-out below one millisecond counts as one.
struct http_server_options {
    /// How many connections are served at a time. When one more comes, the server closes the connection that has waited
    /// longest for a request. If none waits, it answers the new one with 503 and closes it. Both are done for a
    /// sixteenth more connections than the limit; what comes on top of those is closed without an answer.
    std::size_t max_connections = 1024;

    /// How many connections one client may have: one IPv4 address, or one IPv6 network of 64 bits, which is what one
    /// client gets. A further one is closed without an answer. 0 means no such limit, which is right behind a reverse
    /// proxy, where all connections come from one address.
    std::size_t max_connections_per_address = 0;

    /// How many requests are answered at the same time. A further one gets 503 with Retry-After at once, and its
    /// connection stays. The limit bounds how long a request can wait for what is slow behind the handler: if each
    /// takes a second, 256 at a time are still 256 a second.
    std::size_t max_requests = 256;

    /// The hosts that the server is called by: names and addresses, without a port, IPv6 without brackets. A request
    /// whose Host is none of them gets 421 (RFC 9110 §15.5.20). Without such a list a page of anybody whose name
    /// resolves to this server's address ("DNS rebinding") may talk to a server on loopback or in an internal network.
    /// Empty means any host.
    std::vector<std::string> allowed_hosts{};

    /// Path and query of requests that are answered whatever their Host, as "/health": a load balancer probes an
    /// address, not a name. Any page may read what is there.
    std::vector<std::string> targets_for_any_host{};

    /// How large the head of a request may be. A larger one, or one with more than 100 header fields, gets 431.
    std::size_t max_header_bytes = 16 * 1024;

    /// How large the body of a request may be. A larger one gets 413.
    std::size_t max_body_bytes = 64 * 1024;

    /// How long the head of a request may take, from its first byte to its last; a slower one gets 408. Also how long
    /// the TLS handshake may take; a slower one is closed without an answer.
    std::chrono::milliseconds header_timeout{5000};

    /// How long the body of a request may take; a slower one gets 408.
    std::chrono::milliseconds body_timeout{10000};

    /// How long a connection may wait for the first byte of a request. It is then closed.
    std::chrono::milliseconds idle_timeout{60000};

    /// How long the client may take to read a whole reply. The connection is then closed.
    std::chrono::milliseconds write_timeout{5000};

    /// Gives a reply of the server itself (400, 408, 413, 421, 431, 500, 503) the body that the clients understand;
    /// without it the body is empty. It is called from any thread that runs the server, and must not throw.
    std::function<void(http_response&)> complete_own_reply{};

    /// Adds to such a reply, after `complete_own_reply` and under the same conditions, what depends on the request: with
    /// `rest::add_cors_headers` a page of another origin can read it, and does not take it for a broken network. The
    /// request is without its body, and as far as it was read: there may be no method and no headers. If this is set, a
    /// connection that is one too many has up to 100 ms to say what it wants before it gets its 503.
    std::function<void(http_response& reply, const http_request& request)> decorate_own_reply{};
};

/// What an `http_server` calls for each request, on the connection's strand. `request.url` is path and query; `peer` is
/// the address at the other end of the connection. What it throws becomes a 500.
using http_handler =
    std::function<::asio::awaitable<http_response>(http_request request, ::asio::ip::tcp::endpoint peer)>;

}  // namespace v0
}  // namespace phoneauth

#endif

#include <asio/any_io_executor.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/strand.hpp>


namespace phoneauth {
inline namespace v0 {
namespace detail {

/// What counts as one client: an IPv4 address, or the network of an IPv6 address, its first 64 bits. The numbers of the
/// former, 0:0:ffff:0/64 and what follows, are no network of the latter.
inline std::uint64_t network_number(const ::asio::ip::address& address) {
    constexpr std::uint64_t ipv4 = 0xffff00000000;
    if (address.is_v4()) return ipv4 | address.to_v4().to_uint();
    const auto v6 = address.to_v6();
    if (v6.is_v4_mapped()) return ipv4 | ::asio::ip::make_address_v4(::asio::ip::v4_mapped, v6).to_uint();
    std::uint64_t network = 0;
    const auto bytes = v6.to_bytes();
    for (std::size_t i = 0; i < 8; ++i) network = network << 8 | bytes[i];
    return network;
}

/// One connection of a server.
struct http_server_session {
    std::shared_ptr<http_connection> connection;
    ::asio::ip::tcp::endpoint peer;
    std::uint64_t network = 0;
    bool idle = false;  ///< waits for the first byte of a request
    std::list<std::shared_ptr<http_server_session>>* among = nullptr;
    std::list<std::shared_ptr<http_server_session>>::iterator at{};  ///< its place there
};

/// What the connections of a server share.
struct http_server_state {
    using session = http_server_session;
    using session_ptr = std::shared_ptr<session>;
    using session_list = std::list<session_ptr>;

    http_server_state(const ::asio::any_io_executor& e, const ::asio::ip::tcp::endpoint& address, http_handler h,
                      const http_server_options& o, SSL_CTX* shared_tls)
        : executor(e), strand(::asio::make_strand(e)), acceptor(strand, address),
          port(acceptor.local_endpoint().port()), handle(std::move(h)), options(o) {
        if (shared_tls && SSL_CTX_up_ref(shared_tls) == 1) tls.reset(shared_tls);
        for (auto* timeout :
             {&options.header_timeout, &options.body_timeout, &options.idle_timeout, &options.write_timeout})
            *timeout = (std::max)(*timeout, std::chrono::milliseconds(1));
        shortest =
            (std::min)({options.header_timeout, options.body_timeout, options.idle_timeout, options.write_timeout});
    }

    /// Takes the session in, among `busy` or `refused`. False: no word is worth it, close.
    bool begin(const session_ptr& s) {
        const std::lock_guard lock(mutex);
        if (stopping) return false;
        const auto limit = options.max_connections, of_one = options.max_connections_per_address;
        if (of_one > 0) {
            const auto count = of_address.find(s->network);
            if (count != of_address.end() && count->second >= of_one) return false;
        }
        const auto here = busy.size() + idle.size();
        // A sixteenth more may be about to close, and another one is told that the server is full; the rest is not.
        const auto extra = limit / 16 + 1;
        const bool room = here < limit || (here < limit + extra && close_idle());
        if (!room && refused.size() >= extra) return false;
        auto* among = room ? &busy : &refused;
        if (of_one > 0) ++of_address[s->network];
        s->at = among->insert(among->end(), s);
        s->among = among;
        return true;
    }

    void end(const session_ptr& s) {
        std::unique_lock lock(mutex);
        if (options.max_connections_per_address > 0) {
            const auto count = of_address.find(s->network);
            if (--count->second == 0) of_address.erase(count);
        }
        s->among->erase(s->at);
        tell_if_drained(lock);
    }

    void move(session& s, session_list& to) {
        to.splice(to.end(), *s.among, s.at);
        s.among = &to;
    }

    /// False: the server stops.
    bool begin_idle(session& s) {
        const std::lock_guard lock(mutex);
        if (stopping) return false;
        move(s, idle);
        s.idle = true;
        return true;
    }

    void end_idle(session& s) {
        const std::lock_guard lock(mutex);
        move(s, busy);
        s.idle = false;
    }

    /// Closes the connection that has been idle longest; to be called with the mutex locked. False: there is none.
    /// If its request arrives at this moment it is still answered.
    bool close_idle() {
        if (idle.empty()) return false;
        const auto oldest = idle.front();
        move(*oldest, busy);
        ::asio::post(oldest->connection->socket.get_executor(), [oldest] {
            if (oldest->idle) oldest->connection->expire();
        });
        return true;
    }

    void make_room() {
        const std::lock_guard lock(mutex);
        close_idle();
    }

    void tell_if_drained(std::unique_lock<std::mutex>& lock) {
        if (!stopping || !busy.empty() || !idle.empty() || !refused.empty() || !drained) return;
        const auto tell = std::exchange(drained, {});
        lock.unlock();
        tell();
    }

    bool is_stopping() {
        const std::lock_guard lock(mutex);
        return stopping;
    }

    /// An HTTP/1.0 request may have no Host; it is for none of the allowed ones then.
    bool is_for_us(const http_request& request) const {
        const auto& allowed = options.allowed_hosts;
        const auto& free = options.targets_for_any_host;
        if (allowed.empty() || std::find(free.begin(), free.end(), request.url) != free.end()) return true;
        const auto* given = find_header(request.headers, "Host");
        const auto host = given ? host_of(*given) : std::string();
        return std::any_of(allowed.begin(), allowed.end(),
                           [&](const std::string& each) { return equal_ignoring_case(each, host); });
    }

    const ::asio::any_io_executor executor;
    const ::asio::any_io_executor strand;
    ::asio::ip::tcp::acceptor acceptor;
    const std::uint16_t port;
    const http_handler handle;
    http_server_options options;
    std::chrono::milliseconds shortest;
    ssl_ctx_ptr tls;

    std::atomic<std::size_t> requests{0};  ///< being answered

    std::mutex mutex;  ///< for what follows, and for the places of the sessions
    session_list busy, idle, refused;
    std::unordered_map<std::uint64_t, std::size_t> of_address;  ///< only if there is a limit
    bool stopping = false;
    std::function<void()> drained;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/use_awaitable.hpp>


namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Takes the session out of its list, whatever way it ends.
struct http_server_registration {
    std::shared_ptr<http_server_state> owner;
    std::shared_ptr<http_server_session> registered;
    http_server_registration(std::shared_ptr<http_server_state> o, std::shared_ptr<http_server_session> s)
        : owner(std::move(o)), registered(std::move(s)) {}
    http_server_registration(const http_server_registration&) = delete;
    http_server_registration& operator=(const http_server_registration&) = delete;
    ~http_server_registration() {
        registered->connection->close();
        owner->end(registered);
    }
};

/// Counts a request while it is answered.
struct http_server_answering {
    http_server_state& owner;
    const std::size_t before;
    explicit http_server_answering(http_server_state& s) : owner(s), before(s.requests.fetch_add(1)) {}
    http_server_answering(const http_server_answering&) = delete;
    http_server_answering& operator=(const http_server_answering&) = delete;
    ~http_server_answering() { owner.requests.fetch_sub(1); }
};

/// The reply that the server gives by itself to `asked`, or to what of a request has come.
inline http_response own_reply(const http_server_state& s, int status, const http_request& asked) {
    http_response reply;
    reply.status = status;
    if (s.options.complete_own_reply) s.options.complete_own_reply(reply);
    if (status == 503 && !find_header(reply.headers, "Retry-After")) reply.headers.push_back({"Retry-After", "1"});
    if (s.options.decorate_own_reply) s.options.decorate_own_reply(reply, asked);
    return reply;
}

/// What of a request has come that will not be read to its end, without its body.
inline http_request begun_request(message_parser& parser) {
    auto begun = parser.take_request();
    if (!parser.head_complete()) begun.method.clear();
    wipe(begun.body);
    return begun;
}

/// The handler's reply, or why it was not asked; `asked` is the head of `request`.
inline ::asio::awaitable<http_response> answer_request(http_server_state& s, http_request request,
                                                       const http_request& asked, ::asio::ip::tcp::endpoint peer) {
    const http_server_answering counted(s);
    http_response reply;
    if (counted.before >= s.options.max_requests) {
        reply = own_reply(s, 503, asked);
    } else if (!s.is_for_us(request)) {
        reply = own_reply(s, 421, request);
    } else {
        try {
            auto work = s.handle(std::move(request), peer);
            reply = co_await std::move(work);
        } catch (...) {
            reply = own_reply(s, 500, asked);
        }
    }
    co_return reply;
}

/// Replies with `status` and ends the connection.
inline ::asio::awaitable<void> refuse_request(http_server_state& s, http_connection& connection, int status) {
    const auto asked = begun_request(connection.parser);
    const auto reply = own_reply(s, status, asked);
    connection.out.clear();
    const auto written = append_response(connection.out, reply, false, asked.method == "HEAD", http_date_now());
    if (!written) co_return;
    connection.expect_within(s.options.write_timeout);
    auto ec = co_await connection.write();
    if (!ec) co_await connection.linger();
}

/// Serves the request that begins; true if another one may follow.
inline ::asio::awaitable<bool> serve_request(http_server_state& s, http_server_session& me) {
    auto& connection = *me.connection;
    auto& parser = connection.parser;
    connection.expect_within(s.options.header_timeout);
    std::error_code ec = co_await connection.read_head();
    if (!ec && parser.head_complete() && !parser.complete() && !parser.failed()) {
        connection.expect_within(s.options.body_timeout);
        if (parser.expects_continue() && !connection.has_unread()) {
            connection.out = "HTTP/1.1 100 Continue\r\n\r\n";
            ec = co_await connection.write();
        }
        if (!ec) ec = co_await connection.read_message();
    }
    if (ec && !connection.expired()) co_return false;
    if (ec || parser.failed()) {
        const int status = ec ? 408 : parser.refusal_status();
        co_await refuse_request(s, connection, status);
        co_return false;
    }

    connection.expect_nothing();
    const bool keep_alive = parser.keep_alive();
    auto request = parser.take_request();
    const bool head = request.method == "HEAD";
    http_request asked;
    if (s.options.decorate_own_reply) asked = {request.method, request.url, request.headers};
    auto reply = co_await answer_request(s, std::move(request), asked, me.peer);

    const bool again = keep_alive && !s.is_stopping();
    connection.out.clear();
    auto written = append_response(connection.out, reply, again, head, http_date_now());
    if (!written) {
        const auto broken = own_reply(s, 500, asked);
        written = append_response(connection.out, broken, again, head, http_date_now());
    }
    connection.expect_within(s.options.write_timeout);
    ec = co_await connection.write();
    if (!ec && !again) co_await connection.linger();
    co_return again && !ec;
}

/// Serves one request after the other, until either side closes.
inline ::asio::awaitable<void> serve_connection(std::shared_ptr<http_server_state> s,
                                                std::shared_ptr<http_server_session> me) {
    const http_server_registration registered(s, me);
    auto& connection = *me->connection;
    std::error_code ec;
    if (s->tls) {
        ec = connection.start_tls(s->tls.get(), false);
        if (ec) co_return;
        SSL_set_accept_state(connection.tls());
        connection.expect_within(s->options.header_timeout);
        ec = co_await connection.handshake();
        if (ec) co_return;
    }
    if (me->among == &s->refused) {
        if (s->options.decorate_own_reply) {
            connection.unwatch();  // the timer may be set for later
            connection.expect_within((std::min)(s->options.header_timeout, std::chrono::milliseconds(100)));
            ec = co_await connection.read_head();
            if (ec && !connection.expired()) co_return;
        }
        co_await refuse_request(*s, connection, 503);
        co_return;
    }
    for (bool go_on = true; go_on;) {
        // Here most connections spend most of their time: nothing that a request needs is held meanwhile.
        connection.parser.reset();
        const bool pipelined = connection.has_unread();
        if (!pipelined && !s->begin_idle(*me)) co_return;
        connection.expect_within(s->options.idle_timeout);
        ec = co_await connection.fill(true);
        if (!pipelined) s->end_idle(*me);
        if (ec) co_return;
        auto outcome = co_await serve_request(*s, *me);
        go_on = outcome;
    }
}

/// Begins to serve each connection that comes, until the acceptor is closed.
inline ::asio::awaitable<void> accept_connections(std::shared_ptr<http_server_state> s) {
    const http1_limits limits{s->options.max_header_bytes, http1_limits().max_header_count, s->options.max_body_bytes};
    ::asio::steady_timer pause(s->strand);
    while (s->acceptor.is_open()) {
        ::asio::ip::tcp::socket socket(::asio::make_strand(s->executor));
        std::error_code ec;
        co_await s->acceptor.async_accept(socket, ::asio::redirect_error(::asio::use_awaitable, ec));
        if (ec) {
            // Out of descriptors, or a client that left at once. A short pause keeps the former from spinning.
            if (ec == ::asio::error::no_descriptors) s->make_room();
            pause.expires_after(std::chrono::milliseconds(10));
            co_await pause.async_wait(::asio::redirect_error(::asio::use_awaitable, ec));
            continue;
        }
        auto started = std::make_shared<http_server_session>();
        started->peer = socket.remote_endpoint(ec);
        started->network = network_number(started->peer.address());
        socket.non_blocking(true, ec);
        socket.set_option(::asio::ip::tcp::no_delay(true), ec);
        started->connection =
            std::make_shared<http_connection>(std::move(socket), message_parser::kind::request, limits, s->shortest);
        if (!s->begin(started)) continue;
        auto work = serve_connection(s, started);
        ::asio::co_spawn(started->connection->socket.get_executor(), std::move(work), ::asio::detached);
    }
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/asio/http_server.hpp ----

#ifndef PHONEAUTH_ASIO_HTTP_SERVER_HPP
#define PHONEAUTH_ASIO_HTTP_SERVER_HPP

#include <cstdint>
#include <functional>
#include <memory>

#include <openssl/ossl_typ.h>


#include <asio/any_io_executor.hpp>
#include <asio/ip/tcp.hpp>


namespace phoneauth {
inline namespace v0 {

namespace detail {
struct http_server_state;
}

/// A small HTTP/1.1 server: keep-alive, pipelining in order, HEAD, "Expect: 100-continue", Date, limits on everything. It
/// asks its handler for every request and knows no routes. It refuses what two readers of HTTP could take for different
/// requests, and closes the connection.
///
/// @par Thread safety
/// Shared objects are safe. Each connection runs on a strand of its own, so that the executor may be a thread pool.
///
/// @par Lifetime
/// The executor's context must outlive the server. What the handler refers to must live until the server is drained or
/// the context is gone.
class http_server {
public:
    /// What answers the requests.
    using handler = http_handler;

    /// Listens and begins to accept.
    ///
    /// @param executor  what connections and handlers run on
    /// @param address   to listen on; port 0 means any free one
    /// @param h         what answers the requests
    /// @param options   what a client may cost
    /// @param tls       the native handle of an `asio::ssl::context` with certificate and key, which the server shares;
    ///     null for HTTP
    /// @par Errors
    /// `std::system_error` if it cannot listen.
    PHONEAUTH_DECL http_server(const ::asio::any_io_executor& executor, const ::asio::ip::tcp::endpoint& address,
                               handler h, http_server_options options = {}, SSL_CTX* tls = nullptr);

    http_server(const http_server&) = delete;
    http_server& operator=(const http_server&) = delete;

    /// As `stop()`: requests in flight still end.
    PHONEAUTH_DECL ~http_server();

    /// The port that it listens on.
    PHONEAUTH_DECL std::uint16_t port() const noexcept;

    /// Stops accepting, closes idle connections, and the others after the request in flight. Returns at once.
    ///
    /// @param drained  if given, is called on one of the executor's threads when the last connection has ended
    PHONEAUTH_DECL void stop(std::function<void()> drained = {});

private:
    std::shared_ptr<detail::http_server_state> state_;
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/asio/http_server.ipp ----

#ifndef PHONEAUTH_ASIO_HTTP_SERVER_IPP
#define PHONEAUTH_ASIO_HTTP_SERVER_IPP

#include <mutex>
#include <system_error>
#include <utility>


#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/dispatch.hpp>

namespace phoneauth {
inline namespace v0 {

PHONEAUTH_DECL http_server::http_server(const ::asio::any_io_executor& executor,
                                        const ::asio::ip::tcp::endpoint& address, handler h,
                                        http_server_options options, SSL_CTX* tls)
    : state_(std::make_shared<detail::http_server_state>(executor, address, std::move(h), options, tls)) {
    ::asio::co_spawn(state_->strand, detail::accept_connections(state_), ::asio::detached);
}

PHONEAUTH_DECL http_server::~http_server() {
    stop();
}

PHONEAUTH_DECL std::uint16_t http_server::port() const noexcept {
    return state_->port;
}

PHONEAUTH_DECL void http_server::stop(std::function<void()> drained) {
    ::asio::dispatch(state_->strand, [s = state_, drained = std::move(drained)]() mutable {
        std::error_code ignored;
        s->acceptor.close(ignored);
        std::unique_lock lock(s->mutex);
        s->stopping = true;
        while (s->close_idle()) {
        }
        if (drained) s->drained = std::move(drained);
        s->tell_if_drained(lock);
    });
}

}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/asio/pooled_storage.hpp ----

#ifndef PHONEAUTH_ASIO_POOLED_STORAGE_HPP
#define PHONEAUTH_ASIO_POOLED_STORAGE_HPP

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include <asio/awaitable.hpp>


namespace phoneauth {
inline namespace v0 {

namespace detail {

/// Yields what `work` returns on a thread of `pool`, or throws what it throws, which the pool's own result does not
/// tell. The frame knows nothing of the storage: g++ 12 warns of one that has to do with an anonymous namespace.
template <class T>
::asio::awaitable<T> run_on(worker_pool& pool, std::function<T()> work) {
    struct outcome {
        std::optional<T> value;
        std::exception_ptr thrown;
    };
    auto job = [work = std::move(work)] {
        outcome done;
        try {
            done.value.emplace(work());
        } catch (...) {
            done.thrown = std::current_exception();
        }
        return done;
    };
    auto done = co_await pool.run(std::move(job));
    if (done.value().thrown) std::rethrow_exception(std::move(done->thrown));
    co_return std::move(*done->value);
}

}  // namespace detail

/// Makes a blocking storage an asynchronous one: each function does its work on a thread of a pool of its own, so that
/// the event loop never waits for it. `S` may be a whole Storage or some of its parts; this class has the same ones.
///
///     phoneauth::sqlite_storage file("phoneauth.db");
///     phoneauth::pooled_storage storage(file);
///
/// @par Errors
/// A function's awaitable throws what the storage's function throws. While the queue is full it throws
/// `std::system_error` with `error::overloaded` at once, and asks the storage for nothing.
///
/// @par Thread safety
/// Shared objects are safe, if the storage is or if `threads` is 1.
///
/// @par Lifetime
/// It keeps a reference: the storage must outlive it. The destructor waits for the calls that were begun; their
/// io_context must still be there.
///
/// @par Cancellation
/// A call that was begun is brought to its end even if the operation that made it is cancelled.
template <class S>
class pooled_storage : public forwarding_storage<pooled_storage<S>> {
public:
    /// That of the storage; see `is_process_local`.
    static constexpr bool process_local = is_process_local<S>;

    /// Starts the threads.
    ///
    /// @param storage    what does the work
    /// @param threads    how many calls it does at a time; at least 1
    /// @param max_queue  how many further ones may wait
    explicit pooled_storage(S& storage, std::size_t threads = 4, std::size_t max_queue = 1024)
        : storage_(storage), pool_(threads, max_queue) {}

    /// Lets a thread of the pool do `operation`: see `forwarding_storage`.
    template <class Operation, class... Arguments>
    requires std::invocable<Operation, S&, const Arguments&...>
    auto perform(Operation, const Arguments&... arguments) {
        // With copies of the arguments: the caller's may be gone before the work has been done.
        return detail::run_on<std::invoke_result_t<Operation, S&, const Arguments&...>>(
            pool_, [this, ... copies = arguments] { return Operation()(storage_, copies...); });
    }

    /// How many of its threads work, and how many calls wait, for monitoring.
    pool_usage usage() const noexcept { return pool_.usage(); }

private:
    S& storage_;
    worker_pool pool_;
};

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/testing/fake_twilio.hpp ----

#ifndef PHONEAUTH_TESTING_FAKE_TWILIO_HPP
#define PHONEAUTH_TESTING_FAKE_TWILIO_HPP

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <openssl/pem.h>
#include <openssl/ssl.h>


#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/address_v4.hpp>


namespace phoneauth {
inline namespace v0 {
namespace testing {

/// A `twilio_simulator` behind a real HTTP or HTTPS server on 127.0.0.1, which runs on a thread of its own from
/// construction to destruction:
///
///     fake_twilio twilio;
///     config c;
///     c.twilio = twilio.settings();
///     …
///     twilio.last_code_to("+14155550100")
///
/// If a message has a StatusCallback, the server reports there what became of it (see
/// `twilio_simulator::delivery_reports`), once for each status. It does so for `max_reported` messages at a time; a
/// message that comes while so many are being reported is not reported.
///
/// @par Thread safety
/// Shared objects are safe. The function given to `on_message` is called on the server's thread.
class fake_twilio : public twilio_simulator {
public:
    static constexpr std::size_t max_reported = 256;  ///< messages at a time

    /// Serves HTTP.
    ///
    /// @param port  0 means any free one
    /// @par Errors
    /// `std::system_error` if it cannot listen.
    explicit fake_twilio(std::uint16_t port = 0) : fake_twilio(port, std::nullopt) {}

    /// Serves HTTPS.
    ///
    /// @param certificate  for example from `make_test_certificate`
    /// @param port         0 means any free one
    /// @par Errors
    /// `std::system_error` if it cannot listen; `std::runtime_error` if OpenSSL does not accept the certificate or its
    /// key.
    explicit fake_twilio(const test_certificate& certificate, std::uint16_t port = 0)
        : fake_twilio(port, std::optional(certificate)) {}

    ~fake_twilio() {
        context_.stop();
        thread_.join();
    }

    /// The port that it listens on.
    std::uint16_t port() const noexcept { return server_.port(); }

    /// What takes the place of `https://api.twilio.com`.
    std::string base_url() const {
        return (tls_ ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(port());
    }

    /// The certificate that a client has to trust, in PEM; empty for HTTP.
    const std::string& ca_pem() const noexcept { return ca_; }

    /// A configuration that reaches this server and that it accepts.
    twilio_config settings() const {
        auto c = twilio_simulator::settings();
        c.base_url = base_url();
        return c;
    }

private:
    using tls_ptr = std::unique_ptr<SSL_CTX, detail::openssl_free<SSL_CTX_free>>;

    fake_twilio(std::uint16_t port, const std::optional<test_certificate>& certificate)
        : tls_(certificate ? tls_of(*certificate) : nullptr), ca_(certificate ? certificate->ca : std::string()),
          server_(
              context_.get_executor(), {::asio::ip::address_v4::loopback(), port},
              [this](http_request request, const ::asio::ip::tcp::endpoint&) { return reply_to(std::move(request)); },
              {}, tls_.get()),
          thread_([this] { context_.run(); }) {}

    ::asio::awaitable<http_response> reply_to(http_request request) {
        std::optional<simulated_message> accepted;
        auto reply = answer(request, &accepted);
        if (accepted) report(*accepted);
        co_return reply;
    }

    void report(const simulated_message& m) {
        auto requests = delivery_reports(m);
        if (requests.empty() || reported_ == max_reported) return;
        if (!transport_) transport_.emplace(context_.get_executor());
        auto work = send_all(std::move(requests));
        ::asio::co_spawn(context_, std::move(work), [this](std::exception_ptr) { --reported_; });
        ++reported_;
    }

    /// Sends them one after the other and does not try again, as Twilio does.
    ::asio::awaitable<void> send_all(std::vector<http_request> requests) {
        for (const auto& request : requests) {
            auto sending = transport_->send(request);
            (void)co_await std::move(sending);  // whatever is answered
        }
    }

    static tls_ptr tls_of(const test_certificate& c) {
        const auto reader = [](const std::string& pem) {
            return detail::bio_ptr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
        };
        tls_ptr context(SSL_CTX_new(TLS_server_method()));
        const auto certificate_text = reader(c.certificate);
        const auto key_text = reader(c.key);
        const detail::x509_ptr certificate(PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr));
        const detail::key_ptr key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
        if (!context || SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
            SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1)
            throw std::runtime_error("phoneauth: the certificate or its key cannot be used");
        return context;
    }

    tls_ptr tls_;
    std::string ca_;
    ::asio::io_context context_{1};
    std::optional<https_transport> transport_;  ///< this and the next: for the server's thread alone
    std::size_t reported_ = 0;
    http_server server_;
    std::thread thread_;
};

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/testing/posting.hpp ----

#ifndef PHONEAUTH_TESTING_POSTING_HPP
#define PHONEAUTH_TESTING_POSTING_HPP

#include <concepts>
#include <string>
#include <type_traits>


#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>


namespace phoneauth {
inline namespace v0 {
namespace testing {

/// Makes a blocking policy an asynchronous one, for tests: each function goes to the back of the executor's queue and
/// does its work when it is its turn, so that operations which run at the same time take turns at every call. `P` may
/// be a Storage (or some of its parts), an HttpTransport, a PasswordHasher, or several of them. Around a storage that is
/// local to the process, as `memory_storage` is, no `config::code_keys` are needed; around any other they are.
///
/// @par Thread safety
/// That of `P`.
///
/// @par Lifetime
/// It keeps a reference: the blocking policy must outlive it.
template <class P>
class posting : public forwarding_storage<posting<P>> {
    template <class T>
    using later = ::asio::awaitable<T>;

public:
    /// That of `P`; see `is_process_local`.
    static constexpr bool process_local = is_process_local<P>;

    /// Lets `policy` do the work.
    explicit posting(P& policy) noexcept : policy_(policy) {}

    /// Does `operation` later: see `forwarding_storage`.
    template <class Operation, class... Arguments>
    requires std::invocable<Operation, P&, const Arguments&...>
    auto perform(Operation, const Arguments&... arguments)
        -> later<std::invoke_result_t<Operation, P&, const Arguments&...>> {
        co_await turn();
        co_return Operation()(policy_, arguments...);
    }

    ///@{
    /// The functions of the concepts; see policies.hpp.
    later<result<http_response>> send(const http_request& request) requires HttpTransport<P> {
        co_await turn();
        co_return policy_.send(request);
    }

    later<result<std::string>> hash(const std::string& password) requires PasswordHasher<P> {
        co_await turn();
        co_return policy_.hash(password);
    }
    later<result<bool>> verify(const std::string& password, const std::string& hash) requires PasswordHasher<P> {
        co_await turn();
        co_return policy_.verify(password, hash);
    }
    bool needs_rehash(const std::string& hash) requires phoneauth::detail::has_needs_rehash<P> {
        return policy_.needs_rehash(hash);
    }
    later<result<bool>> decoy(const std::string& password) requires phoneauth::detail::has_decoy<P> {
        co_await turn();
        co_return policy_.decoy(password);
    }
    ///@}

private:
    static later<void> turn() { return ::asio::post(::asio::use_awaitable); }

    P& policy_;
};

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif

#endif
