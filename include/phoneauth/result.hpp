// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RESULT_HPP
#define PHONEAUTH_RESULT_HPP

#include <cassert>
#include <chrono>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <version>
#ifdef __cpp_lib_expected
#include <expected>
#endif

#include <phoneauth/error.hpp>
#include <phoneauth/error_condition.hpp>

namespace phoneauth {
inline namespace v0 {

/// Why an operation did not succeed. It never holds a code, a password or a token.
struct failure {
    std::error_code code;  ///< usually an `error`; a hook may use a category of its own
    std::string message;   ///< for a person; the table's sentence unless something more exact is known
    std::optional<std::chrono::seconds> retry_after;  ///< how long to wait before the next try can succeed
    std::optional<int> tries_left;                    ///< wrong codes that the transaction still allows
    std::optional<int> twilio_code;  ///< Twilio's own error code (https://www.twilio.com/docs/api/errors)

    /// No failure: it holds no code.
    failure() = default;
    /// `e`, with its own sentence.
    failure(error e) : code(e), message(row_of(e).text) {}
    ///@{
    /// A code with the sentence `text`.
    failure(error e, std::string text) : code(e), message(std::move(text)) {}
    failure(std::error_code c, std::string text) : code(c), message(std::move(text)) {}
    ///@}

    /// The same, with `retry_after` set to `s`.
    failure&& with_retry_after(std::chrono::seconds s) && {
        retry_after = s;
        return std::move(*this);
    }
};

/// The failure that stands for the exception being handled. What a policy threw never leaves a function that promises a
/// result, and its text, which could hold anything, is not passed on.
///
/// @param otherwise  for exceptions that say nothing more exact
/// @return `overloaded` for `std::bad_alloc` and for a `std::system_error` that says so; `cancelled` for one that is
///     `std::errc::operation_canceled`; else `otherwise`. Without memory for the sentence: `overloaded` without one.
inline failure failure_of_current_exception(error otherwise = error::storage_unavailable) noexcept {
    try {
        try {
            throw;
        } catch (const std::bad_alloc&) {
            return error::overloaded;
        } catch (const std::system_error& e) {
            if (e.code() == error::overloaded) return error::overloaded;  // as a full queue says
            return e.code() == std::errc::operation_canceled ? error::cancelled : otherwise;
        } catch (...) {
            return otherwise;
        }
    } catch (...) {  // no memory for the sentence either
        failure f;
        f.code = error::overloaded;
        return f;
    }
}

/// Thrown by `result::value()`: the whole failure, as an exception. `what()` is the code's sentence only; what a hook
/// may have written is in `failure().message`.
class failure_exception : public std::system_error {
public:
    /// Holds `f`.
    explicit failure_exception(phoneauth::failure f) : std::system_error(f.code), failure_(std::move(f)) {}

    /// Why there is no value.
    const phoneauth::failure& failure() const noexcept { return failure_; }

private:
    phoneauth::failure failure_;
};

template <class T>
class result;

namespace detail {

// What the results of values and result<void> do alike. `R` is a result, as the caller holds it.

template <class R, class F>
decltype(auto) call_with_value(R&& r, F&& f) {
    if constexpr (std::is_void_v<typename std::remove_cvref_t<R>::value_type>)
        return std::forward<F>(f)();
    else
        return std::forward<F>(f)(*std::forward<R>(r));
}

template <class R, class F>
auto and_then(R&& r, F&& f) {
    using next = std::remove_cvref_t<decltype(detail::call_with_value(std::forward<R>(r), std::forward<F>(f)))>;
    static_assert(std::is_same_v<next, result<typename next::value_type>>, "phoneauth: and_then's f returns a result");
    if (!r) return next(std::forward<R>(r).error());
    return detail::call_with_value(std::forward<R>(r), std::forward<F>(f));
}

template <class R, class F>
auto transform(R&& r, F&& f) {
    using value = std::remove_cvref_t<decltype(detail::call_with_value(std::forward<R>(r), std::forward<F>(f)))>;
    if (!r) return result<value>(std::forward<R>(r).error());
    if constexpr (std::is_void_v<value>) {
        detail::call_with_value(std::forward<R>(r), std::forward<F>(f));
        return result<value>();
    } else {
        return result<value>(detail::call_with_value(std::forward<R>(r), std::forward<F>(f)));
    }
}

template <class R, class F>
std::remove_cvref_t<R> or_else(R&& r, F&& f) {
    if (r) return std::forward<R>(r);
    return std::forward<F>(f)(std::forward<R>(r).error());
}

}  // namespace detail

/// A `T`, or the `failure` that explains its absence.
///
/// A default-constructed result means "no value yet": it holds neither, and neither `value()` nor `error()` may be
/// called (asserted). The library returns none; Asio 1.22's `co_spawn` needs it, as does a variable that is assigned
/// later.
///
/// @par Thread safety
/// Distinct objects are safe.
template <class T>
class [[nodiscard]] result {
public:
    /// What it holds when all went well.
    using value_type = T;

    /// No value yet.
    result() = default;
    ///@{
    /// Holds the value, or the failure.
    result(const T& value) : value_(value) {}
    result(T&& value) : value_(std::move(value)) {}
    result(failure f) : failure_(std::move(f)) {}
    result(phoneauth::error e) : failure_(failure(e)) {}
    ///@}

    ///@{
    /// Whether there is a value.
    bool has_value() const noexcept { return value_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    ///@}

    ///@{
    /// The value. Undefined without one: ask `has_value()` first.
    T& operator*() & noexcept { return *value_; }
    const T& operator*() const& noexcept { return *value_; }
    T&& operator*() && noexcept { return std::move(*value_); }
    T* operator->() noexcept { return &*value_; }
    const T* operator->() const noexcept { return &*value_; }
    ///@}

    ///@{
    /// The value; throws `failure_exception` when there is none.
    T& value() & {
        throw_if_failed();
        return **this;
    }
    const T& value() const& {
        throw_if_failed();
        return **this;
    }
    T&& value() && {
        throw_if_failed();
        return std::move(**this);
    }
    ///@}

    ///@{
    /// The value, or `otherwise` when there is none.
    template <class U>
    T value_or(U&& otherwise) const& {
        return has_value() ? **this : static_cast<T>(std::forward<U>(otherwise));
    }
    template <class U>
    T value_or(U&& otherwise) && {
        return has_value() ? std::move(**this) : static_cast<T>(std::forward<U>(otherwise));
    }
    ///@}

    ///@{
    /// The failure. Undefined without one: when there is a value, or no value yet.
    failure& error() & noexcept { return assert(failure_), *failure_; }
    const failure& error() const& noexcept { return assert(failure_), *failure_; }
    failure&& error() && noexcept { return assert(failure_), std::move(*failure_); }
    ///@}

    ///@{
    /// `f(value)`, which is a result too; or the failure.
    template <class F>
    auto and_then(F&& f) const& {
        return detail::and_then(*this, std::forward<F>(f));
    }
    template <class F>
    auto and_then(F&& f) && {
        return detail::and_then(std::move(*this), std::forward<F>(f));
    }
    ///@}

    ///@{
    /// The result of `f(value)`; or the failure.
    template <class F>
    auto transform(F&& f) const& {
        return detail::transform(*this, std::forward<F>(f));
    }
    template <class F>
    auto transform(F&& f) && {
        return detail::transform(std::move(*this), std::forward<F>(f));
    }
    ///@}

    ///@{
    /// The value; or `f(failure)`, which is a `result<T>` or converts to one.
    template <class F>
    result or_else(F&& f) const& {
        return detail::or_else(*this, std::forward<F>(f));
    }
    template <class F>
    result or_else(F&& f) && {
        return detail::or_else(std::move(*this), std::forward<F>(f));
    }
    ///@}

private:
    void throw_if_failed() const {
        if (!has_value()) throw failure_exception(error());
    }
    std::optional<T> value_;
    std::optional<failure> failure_;
};

/// Success without a value, or a failure. Unlike the other results a default-constructed one is a success.
///
/// @par Thread safety
/// Distinct objects are safe.
template <>
class [[nodiscard]] result<void> {
public:
    /// What it holds when all went well: nothing.
    using value_type = void;

    /// Success.
    result() = default;
    ///@{
    /// Holds the failure.
    result(failure f) : failure_(std::move(f)) {}
    result(phoneauth::error e) : failure_(failure(e)) {}
    ///@}

    ///@{
    /// Whether it is a success.
    bool has_value() const noexcept { return !failure_; }
    explicit operator bool() const noexcept { return has_value(); }
    ///@}

    /// Throws `failure_exception` unless it is a success.
    void value() const {
        if (failure_) throw failure_exception(*failure_);
    }

    ///@{
    /// The failure. Undefined for a success.
    failure& error() & noexcept { return assert(failure_), *failure_; }
    const failure& error() const& noexcept { return assert(failure_), *failure_; }
    failure&& error() && noexcept { return assert(failure_), std::move(*failure_); }
    ///@}

    ///@{
    /// `f()`, which is a result too; or the failure.
    template <class F>
    auto and_then(F&& f) const& {
        return detail::and_then(*this, std::forward<F>(f));
    }
    template <class F>
    auto and_then(F&& f) && {
        return detail::and_then(std::move(*this), std::forward<F>(f));
    }
    ///@}

    ///@{
    /// The result of `f()`; or the failure.
    template <class F>
    auto transform(F&& f) const& {
        return detail::transform(*this, std::forward<F>(f));
    }
    template <class F>
    auto transform(F&& f) && {
        return detail::transform(std::move(*this), std::forward<F>(f));
    }
    ///@}

    ///@{
    /// Success; or `f(failure)`, which is a `result<void>` or converts to one.
    template <class F>
    result or_else(F&& f) const& {
        return detail::or_else(*this, std::forward<F>(f));
    }
    template <class F>
    result or_else(F&& f) && {
        return detail::or_else(std::move(*this), std::forward<F>(f));
    }
    ///@}

private:
    std::optional<failure> failure_;
};

#ifdef __cpp_lib_expected
/// The same as a `std::expected`, where the standard library has it. `r` must not be one of "no value yet".
template <class T>
std::expected<T, failure> to_expected(result<T> r) {
    if (!r) return std::unexpected(std::move(r).error());
    if constexpr (std::is_void_v<T>)
        return {};
    else
        return *std::move(r);
}
#endif

}  // namespace v0
}  // namespace phoneauth

#endif
