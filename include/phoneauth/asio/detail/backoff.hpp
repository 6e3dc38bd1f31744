// SPDX-License-Identifier: BSL-1.0
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
