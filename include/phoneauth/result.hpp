// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RESULT_HPP
#define PHONEAUTH_RESULT_HPP

#include <chrono>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <phoneauth/error.hpp>

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
    /// `e`, with its own sentence or with `text`.
    failure(error e) : code(e), message(row_of(e).text) {}
    failure(error e, std::string text) : code(e), message(std::move(text)) {}
    failure(std::error_code c, std::string text) : code(c), message(std::move(text)) {}

    /// The same, with `retry_after` set.
    failure&& with_retry_after(std::chrono::seconds s) && {
        retry_after = s;
        return std::move(*this);
    }
};

/// The failure that stands for the exception being handled: what a policy threw never leaves a function
/// that promises a result, and its text, which could hold anything, is not passed on.
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

/// A `T`, or the `failure` that explains its absence. A default-constructed result holds neither a
/// value nor a code (Asio's `co_spawn` needs it). Distinct objects may be used in distinct threads.
template <class T>
class [[nodiscard]] result {
public:
    using value_type = T;

    result() = default;
    result(T value) : value_(std::move(value)) {}
    result(failure f) : failure_(std::move(f)) {}
    result(phoneauth::error e) : result(failure(e)) {}

    bool has_value() const noexcept { return value_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }

    /// The value. Undefined without one: ask `has_value()` first.
    T& operator*() & noexcept { return *value_; }
    const T& operator*() const& noexcept { return *value_; }
    T&& operator*() && noexcept { return std::move(*value_); }
    T* operator->() noexcept { return &*value_; }
    const T* operator->() const noexcept { return &*value_; }

    /// The value; throws `std::system_error` with the failure's code and message when there is none.
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

    /// The failure. Undefined when there is a value.
    failure& error() & noexcept { return failure_; }
    const failure& error() const& noexcept { return failure_; }
    failure&& error() && noexcept { return std::move(failure_); }

private:
    void throw_if_failed() const {
        if (!has_value()) throw std::system_error(error().code, error().message);
    }
    std::optional<T> value_;
    failure failure_;
};

/// Success without a value, or a failure. Unlike the other results a default-constructed one is a success.
template <>
class [[nodiscard]] result<void> {
public:
    using value_type = void;

    result() = default;
    result(failure f) : failure_(std::move(f)) {}
    result(phoneauth::error e) : failure_(failure(e)) {}

    bool has_value() const noexcept { return !failure_; }
    explicit operator bool() const noexcept { return has_value(); }
    /// Throws `std::system_error` with the failure's code and message when there is one.
    void value() const {
        if (failure_) throw std::system_error(failure_->code, failure_->message);
    }
    failure& error() & noexcept { return *failure_; }
    const failure& error() const& noexcept { return *failure_; }
    failure&& error() && noexcept { return std::move(*failure_); }

private:
    std::optional<failure> failure_;
};

}  // namespace v0
}  // namespace phoneauth

#endif
