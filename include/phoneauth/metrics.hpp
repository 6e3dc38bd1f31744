// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_METRICS_HPP
#define PHONEAUTH_METRICS_HPP

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include <phoneauth/error.hpp>
#include <phoneauth/event.hpp>

namespace phoneauth {
inline namespace v0 {

/// Counts events by kind and reason, for monitoring:
///
///     event_counters counters;
///     authenticator auth(config, storage, transport, counters);
///     …
///     counters.prometheus_text()  // the reply to GET /metrics
///
/// It takes about 9 KB, whatever anybody asks for: kinds and reasons are the enumerators of `event_kind` and `error`,
/// and nothing of what strangers say gets into a label.
///
/// @par Thread safety
/// Distinct and shared objects are safe. Counting takes no lock and no memory.
///
/// @par Lifetime
/// It must outlive the authenticator that it is given to.
class event_counters {
public:
    /// The Content-Type of `prometheus_text`.
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

    event_counters() = default;
    event_counters(const event_counters&) = delete;
    event_counters& operator=(const event_counters&) = delete;

    /// Counts `e`, and those that were left out before it.
    void operator()(const event& e) noexcept {
        counts_[static_cast<std::size_t>(e.kind)][index_of(e.reason)].fetch_add(1 + e.suppressed,
                                                                                std::memory_order_relaxed);
    }

    /// How many events of this kind there were, with whatever reason.
    std::uint64_t count(event_kind kind) const noexcept {
        std::uint64_t sum = 0;
        for (const auto& each : counts_[static_cast<std::size_t>(kind)]) sum += each.load(std::memory_order_relaxed);
        return sum;
    }

    /// How many of them had this reason; an empty one counts those without. Codes of other categories than
    /// `error_category` are counted as one.
    std::uint64_t count(event_kind kind, std::error_code reason) const noexcept {
        return counts_[static_cast<std::size_t>(kind)][index_of(reason)].load(std::memory_order_relaxed);
    }

    /// All counts in Prometheus's text format, version 0.0.4
    /// (https://prometheus.io/docs/instrumenting/exposition_formats/), since this object was made:
    ///
    ///     # HELP phoneauth_events_total What happened, by event and the error that was its reason.
    ///     # TYPE phoneauth_events_total counter
    ///     phoneauth_events_total{event="started"} 12
    ///     phoneauth_events_total{event="refused"} 0
    ///     phoneauth_events_total{event="refused",reason="too_many_messages"} 3
    ///
    /// `reason` is the name of an `error`, or "other". Each event has its series without a reason from the start, so
    /// that the first one is seen as an increase; the others begin to exist when they are counted.
    std::string prometheus_text() const {
        std::string text = "# HELP phoneauth_events_total What happened, by event and the error that was its reason.\n"
                           "# TYPE phoneauth_events_total counter\n";
        for (std::size_t kind = 0; kind < counts_.size(); ++kind)
            for (std::size_t reason = 0; reason < reasons; ++reason) {
                const auto count = counts_[kind][reason].load(std::memory_order_relaxed);
                if (reason > 0 && count == 0) continue;
                text.append("phoneauth_events_total{event=\"").append(name_of(static_cast<event_kind>(kind)));
                if (reason > 0) text.append("\",reason=\"").append(reason_name(reason));
                text.append("\"} ").append(std::to_string(count)) += '\n';
            }
        return text;
    }

private:
    static constexpr std::size_t kinds = static_cast<std::size_t>(event_kind::unlocked) + 1;
    static constexpr std::size_t other = error_table.size() + 1;
    static constexpr std::size_t reasons = other + 1;  ///< none, the errors in the order of their values, others

    static std::size_t index_of(const std::error_code& reason) noexcept {
        if (!reason) return 0;
        const auto value = static_cast<std::size_t>(reason.value());
        return reason.category() == error_category() && value < other ? value : other;
    }

    static std::string_view reason_name(std::size_t index) noexcept {
        return index == other ? "other" : error_table[index - 1].name;
    }

    std::array<std::array<std::atomic<std::uint64_t>, reasons>, kinds> counts_{};
};

}  // namespace v0
}  // namespace phoneauth

#endif
