// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_YIELDS_HPP
#define PHONEAUTH_YIELDS_HPP

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <phoneauth/result.hpp>

// What a mode is. A policy function returns a `T`, or something that yields a `T` later; flows are written once and run
// in the mode that their policies ask for.

namespace phoneauth {
inline namespace v0 {

/// A coroutine that runs to its end when it is asked for its value: the flow of the blocking mode.
template <class T>
class [[nodiscard]] lazy {
public:
    /// What the compiler asks for the coroutine's life ([dcl.fct.def.coroutine] of the C++ standard).
    struct promise_type {
        ///@{
        /// See the standard.
        std::optional<T> value;
        std::exception_ptr thrown;

        lazy get_return_object() { return lazy(handle::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        template <class U>
        void return_value(U&& v) {
            value.emplace(std::forward<U>(v));
        }
        void unhandled_exception() noexcept { thrown = std::current_exception(); }
        ///@}
    };

    /// Takes over the coroutine of `other`, which is of no use any more.
    lazy(lazy&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    lazy& operator=(lazy&&) = delete;
    ~lazy() {
        if (handle_) handle_.destroy();
    }

    /// Runs the coroutine and returns its value, or throws what it threw. Call it once.
    T get() {
        handle_.resume();
        if (handle_.promise().thrown) std::rethrow_exception(handle_.promise().thrown);
        return std::move(*handle_.promise().value);
    }

    ///@{
    /// `co_await` runs it like `get`.
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    T await_resume() { return get(); }
    ///@}

private:
    using handle = std::coroutine_handle<promise_type>;
    explicit lazy(handle h) noexcept : handle_(h) {}
    handle handle_;
};

/// A value that a flow can `co_await`: it is there already.
template <class T>
class [[nodiscard]] ready {
public:
    /// Holds what `f()` returns, which is not moved.
    template <class F>
    explicit ready(F& f) : value_(f()) {}
    ///@{
    /// `co_await` yields the value without waiting.
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    T await_resume() { return std::move(value_); }
    ///@}

private:
    T value_;
};

/// The mode of policies that return plain values: everything happens on the caller's thread.
struct blocking_mode {
    static constexpr bool async = false;  ///< its functions return values

    /// A coroutine that calls policies and other flows.
    template <class T>
    using flow = lazy<T>;
    /// What a flow awaits when it has called a policy.
    template <class T>
    using yielded = ready<T>;
    /// What a public function returns.
    template <class T>
    using returned = T;

    /// `co_await call([&] { return policy.f(…); })`: calls a policy whose function returns a plain value.
    template <class F>
    static auto call(F f) {
        // g++ 12 destroys some temporaries of a co_await expression twice; such a one must not own anything.
        static_assert(std::is_trivially_destructible_v<F>, "capture by reference only");
        using value = std::invoke_result_t<F&>;
        if constexpr (std::is_void_v<value>) {
            f();
            return std::suspend_never();
        } else {
            return ready<value>(f);
        }
    }

    /// `co_await`ed by a flow: from here on it comes to its end.
    static std::suspend_never ignore_cancellation() noexcept { return {}; }

    /// The failure that stands for the exception being handled.
    static failure current_failure() noexcept { return failure_of_current_exception(); }

    /// Runs a flow to its end. No exception leaves it.
    template <class R>
    static R finish(lazy<R> begun) {
        try {
            return begun.get();
        } catch (...) {
            return R(current_failure());
        }
    }

    /// Runs the flow `begin(state)` to its end, shows its result to `end(state, result)`, which must not throw, and
    /// returns it. `state` lives as long as the flow.
    template <class State, class Begin, class End>
    static auto run(State state, Begin begin, End end) {
        auto outcome = finish(begin(state));
        end(state, outcome);
        return outcome;
    }
};

/// What the type `A`, returned by a policy, yields and in which mode. The primary template is for plain
/// values; specialise it for an awaitable (see asio/awaitable.hpp, which does so in a few lines).
template <class A>
struct awaited {
    using type = A;              ///< what is yielded
    using mode = blocking_mode;  ///< the mode in which it is
};

/// "A `T`, now or later": `A` is a `T`, or an awaitable of one for which `awaited` is specialised.
template <class A, class T>
concept yields = std::same_as<typename awaited<A>::type, T>;

namespace detail {
template <class Mode, class... Rest>
struct common_mode {
    using type = Mode;
};
template <class Mode, class Next, class... Rest>
struct common_mode<Mode, Next, Rest...> {
    static_assert(!Mode::async || !Next::async || std::same_as<Mode, Next>,
                  "phoneauth: all asynchronous policies must return the same kind of awaitable");
    using type = typename common_mode<std::conditional_t<Mode::async, Mode, Next>, Rest...>::type;
};
}  // namespace detail

/// The mode of a set of policy return types: blocking if all are plain, else that of the awaitable ones, which must be
/// of one mode.
template <class... As>
using mode_of = typename detail::common_mode<blocking_mode, typename awaited<As>::mode...>::type;

}  // namespace v0
}  // namespace phoneauth

#endif
