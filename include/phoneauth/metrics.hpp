// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_METRICS_HPP
#define PHONEAUTH_METRICS_HPP

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

#include <phoneauth/detail/histogram.hpp>
#include <phoneauth/error.hpp>
#include <phoneauth/event.hpp>
#include <phoneauth/rules/dialling.hpp>

namespace phoneauth {
inline namespace v0 {

/// The codes for the phones of a calling code.
struct code_counts {
    std::uint64_t sent = 0;       ///< how many were sent, resends included
    std::uint64_t confirmed = 0;  ///< how many were right
};

/// Counts events by kind and reason, codes by calling code, and how long flows took, for monitoring:
///
///     event_counters counters;
///     authenticator auth(config, storage, transport, counters);
///     …
///     counters.prometheus_text()  // the reply to GET /metrics
///
/// `prometheus_gauges` (gauges.hpp) tells what fills up. This one takes about 17 KB, whatever anybody asks for: kinds and
/// reasons are the enumerators of `event_kind` and `error`, calling codes those of `rules::dialling_rules`, and nothing of
/// what strangers say gets into a label.
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
        if (e.purpose && e.kind == event_kind::sent) codes_[index_of(e.calling_code)].sent.fetch_add(1, relaxed);
        if (e.kind == event_kind::confirmed) codes_[index_of(e.calling_code)].confirmed.fetch_add(1, relaxed);
        counts_[static_cast<std::size_t>(e.kind)][index_of(e.reason)].fetch_add(1 + e.suppressed,
                                                                                std::memory_order_relaxed);
        if (e.elapsed) flows_[static_cast<std::size_t>(e.kind)].observe(*e.elapsed);
        if (e.provider_elapsed) provider_.observe(*e.provider_elapsed);
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

    /// The codes for phones of a calling code ("44"). An unknown one stands for all that are.
    code_counts codes(std::string_view calling_code) const noexcept {
        const auto& of = codes_[index_of(calling_code)];
        return {of.sent.load(relaxed), of.confirmed.load(relaxed)};
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
    /// that the first one is seen as an increase; the others begin to exist when they are counted. So do
    /// `phoneauth_codes_sent_total{calling_code="44"}` and `phoneauth_codes_confirmed_total{calling_code="44"}`: a
    /// country in which many are sent and few are right is one where somebody earns by messages.
    ///
    /// Histograms tell how long flows took, by the event with which they ended, and how long the provider was waited for
    /// in a flow that asked it something:
    ///
    ///     phoneauth_flow_seconds_bucket{event="logged_in",le="0.25"} 97
    ///     phoneauth_flow_seconds_sum{event="logged_in"} 9.813
    ///     phoneauth_flow_seconds_count{event="logged_in"} 98
    ///     phoneauth_provider_seconds_bucket{le="0.25"} 40
    ///
    /// The buckets end at 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5 and 10 seconds, and at +Inf: those that
    /// Prometheus's own library has by default, for the response times of a network service
    /// (https://pkg.go.dev/github.com/prometheus/client_golang/prometheus, `DefBuckets`). Times are those of
    /// `event::elapsed` and `event::provider_elapsed`. A refusal that was left out (`event::suppressed`) is in no
    /// histogram.
    std::string prometheus_text() const { return events_text() + codes_text() + times_text(); }

private:
    std::string events_text() const {
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

    std::string times_text() const {
        std::string text = "# HELP phoneauth_flow_seconds How long flows took, by the event with which they ended.\n"
                           "# TYPE phoneauth_flow_seconds histogram\n";
        for (std::size_t kind = 0; kind < flows_.size(); ++kind) {
            if (flows_[kind].count() == 0) continue;
            const auto event = "event=\"" + std::string(name_of(static_cast<event_kind>(kind))) + '"';
            flows_[kind].append_to(text, "phoneauth_flow_seconds", event);
        }
        text += "# HELP phoneauth_provider_seconds How long a flow waited for the provider.\n"
                "# TYPE phoneauth_provider_seconds histogram\n";
        provider_.append_to(text, "phoneauth_provider_seconds", {});
        return text;
    }

    std::string codes_text() const {
        const auto series = [&](const std::string& name, const char* help, auto member) {
            auto text = "# HELP " + name + ' ' + help + "\n# TYPE " + name + " counter\n";
            for (std::size_t i = 0; i < codes_.size(); ++i) {
                const auto count = (codes_[i].*member).load(relaxed);
                if (count == 0) continue;
                text.append(name).append("{calling_code=\"");
                text.append(i < rules_size ? rules::dialling_rules[i].calling_code : "other");
                text.append("\"} ").append(std::to_string(count)) += '\n';
            }
            return text;
        };
        return series("phoneauth_codes_sent_total", "Codes that were sent, by calling code.", &atomic_counts::sent) +
               series("phoneauth_codes_confirmed_total", "Codes that were right, by calling code.",
                      &atomic_counts::confirmed);
    }

    static constexpr auto relaxed = std::memory_order_relaxed;
    static constexpr std::size_t rules_size = std::size(rules::dialling_rules);
    struct atomic_counts {
        std::atomic<std::uint64_t> sent{0}, confirmed{0};
    };

    static std::size_t index_of(std::string_view calling_code) noexcept {
        const auto* rule = rules::find_rule(calling_code);
        return rule ? static_cast<std::size_t>(rule - std::begin(rules::dialling_rules)) : rules_size;
    }

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
    std::array<detail::histogram, kinds> flows_{};
    detail::histogram provider_{};
    std::array<atomic_counts, rules_size + 1> codes_{};  // in the order of the rules; the last: others
};

}  // namespace v0
}  // namespace phoneauth

#endif
