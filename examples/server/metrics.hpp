// SPDX-License-Identifier: BSL-1.0
// What the example server's operator can watch.
#ifndef PHONEAUTH_EXAMPLES_SERVER_METRICS_HPP
#define PHONEAUTH_EXAMPLES_SERVER_METRICS_HPP

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace server {

/// Counts replies by their status. Thread-safe.
class reply_counters {
public:
    void count(int status) noexcept {
        const auto index = static_cast<std::size_t>(status);
        if (index < counts_.size()) counts_[index].fetch_add(1, std::memory_order_relaxed);
    }

    /// In Prometheus's text format.
    std::string prometheus_text() const {
        std::string text = "# HELP phoneauth_http_replies_total Replies to clients, by HTTP status.\n"
                           "# TYPE phoneauth_http_replies_total counter\n";
        for (std::size_t status = 0; status < counts_.size(); ++status)
            if (const auto count = counts_[status].load(std::memory_order_relaxed))
                text += "phoneauth_http_replies_total{code=\"" + std::to_string(status) + "\"} " +
                        std::to_string(count) + '\n';
        return text;
    }

private:
    std::array<std::atomic<std::uint64_t>, 600> counts_{};
};

}  // namespace server

#endif
