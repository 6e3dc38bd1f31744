// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_HISTOGRAM_HPP
#define PHONEAUTH_DETAIL_HISTOGRAM_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// How long things took, in Prometheus's default buckets. Thread-safe; counting takes no lock and no memory.
class histogram {
public:
    struct bound {
        std::int64_t milliseconds;
        std::string_view seconds;
    };
    static constexpr std::array<bound, 11> bounds{{{5, "0.005"},
                                                   {10, "0.01"},
                                                   {25, "0.025"},
                                                   {50, "0.05"},
                                                   {100, "0.1"},
                                                   {250, "0.25"},
                                                   {500, "0.5"},
                                                   {1000, "1"},
                                                   {2500, "2.5"},
                                                   {5000, "5"},
                                                   {10000, "10"}}};

    void observe(std::chrono::milliseconds took) noexcept {
        const auto fits = [&](const bound& b) { return took.count() <= b.milliseconds; };
        const auto place = std::find_if(bounds.begin(), bounds.end(), fits) - bounds.begin();
        counts_[static_cast<std::size_t>(place)].fetch_add(1, std::memory_order_relaxed);
        sum_.fetch_add(static_cast<std::uint64_t>((std::max)(took.count(), std::int64_t{0})),
                       std::memory_order_relaxed);
    }

    std::uint64_t count() const noexcept {
        std::uint64_t all = 0;
        for (const auto& each : counts_) all += each.load(std::memory_order_relaxed);
        return all;
    }

    /// Appends its series. `labels`: as `event="sent"`, or nothing.
    void append_to(std::string& text, std::string_view name, std::string_view labels) const {
        const auto line = [&](std::string_view suffix, std::string_view le) -> std::string& {
            text.append(name).append(suffix);
            if (!labels.empty() || !le.empty()) {
                text.append(1, '{').append(labels);
                if (!le.empty()) text.append(labels.empty() ? "le=\"" : ",le=\"").append(le).append(1, '"');
                text += '}';
            }
            return text += ' ';
        };
        // The last bucket is also the count, so that they agree while others count.
        std::uint64_t up_to = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            up_to += counts_[i].load(std::memory_order_relaxed);
            line("_bucket", i < bounds.size() ? bounds[i].seconds : "+Inf").append(std::to_string(up_to)) += '\n';
        }
        line("_sum", {}).append(seconds(sum_.load(std::memory_order_relaxed))) += '\n';
        line("_count", {}).append(std::to_string(up_to)) += '\n';
    }

private:
    /// As a decimal fraction, whatever the locale.
    static std::string seconds(std::uint64_t milliseconds) {
        const auto fraction = std::to_string(1000 + milliseconds % 1000);
        return std::to_string(milliseconds / 1000) + '.' + fraction.substr(1);
    }

    std::array<std::atomic<std::uint64_t>, bounds.size() + 1> counts_{};
    std::atomic<std::uint64_t> sum_{0};  // in milliseconds
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
