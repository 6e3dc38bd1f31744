// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_DETAIL_CURRENT_FAILURE_HPP
#define PHONEAUTH_ASIO_DETAIL_CURRENT_FAILURE_HPP

#include <system_error>

#include <asio/detail/config.hpp>
#if !defined(ASIO_HAS_CO_AWAIT)
#error                                                                                                                 \
    "phoneauth: this Asio does not see co_await with this compiler; define ASIO_HAS_CO_AWAIT=1 and ASIO_HAS_STD_COROUTINE=1 for the whole program (clang needs it with Asio before 1.26)"
#endif
#include <asio/error.hpp>

#include <phoneauth/result.hpp>

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
