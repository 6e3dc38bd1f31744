// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_GAUGES_HPP
#define PHONEAUTH_GAUGES_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <phoneauth/code_budget.hpp>
#include <phoneauth/pool_usage.hpp>
#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {

/// What fills up, read when somebody asks, for monitoring beside an `event_counters`:
///
///     prometheus_gauges now;
///     now.pool("postgres", storage.usage()).pool("passwords", hasher.usage());
///     if (const auto left = auth.budget()) now.budget(*left);
///     …
///     counters.prometheus_text() + now.text()  // the reply to GET /metrics
///
/// @par Thread safety
/// Distinct objects are safe.
class prometheus_gauges {
public:
    /// Adds `phoneauth_pool_size{pool="…"}`, `phoneauth_pool_in_use` and `phoneauth_pool_waiting`.
    ///
    /// @param name  says which pool it is: UTF-8, another one each time
    /// @param u     what it said
    prometheus_gauges& pool(std::string_view name, const pool_usage& u) {
        const auto labels = label("pool", name);
        add(size, labels, u.size);
        add(in_use, labels, u.in_use);
        add(waiting, labels, u.waiting);
        return *this;
    }

    /// Adds `phoneauth_codes_left{to="anybody"}`, the same `{to="known"}`, and `phoneauth_codes_at_once`, from which the
    /// former begins; nothing if there is no limit.
    prometheus_gauges& budget(const code_budget& b) {
        if (b.at_once == 0) return *this;
        add(at_once, {}, b.at_once);
        add(left, label("to", "anybody"), b.left);
        add(left, label("to", "known"), b.left_for_known);
        return *this;
    }

    /// Adds `phoneauth_records{kind="…"}`.
    ///
    /// @param kind   what they are: UTF-8, another one each time
    /// @param count  how many are stored
    prometheus_gauges& records(std::string_view kind, std::size_t count) {
        add(stored, label("kind", kind), count);
        return *this;
    }

    /// The same for what a `memory_storage` holds (`memory_storage::count`).
    template <class Counts>
    requires requires(const Counts& c) {
        c.transactions;
        c.users;
        c.sessions;
        c.cells;
    }
    prometheus_gauges& records(const Counts& c) {
        return records("transactions", c.transactions)
            .records("users", c.users)
            .records("sessions", c.sessions)
            .records("cells", c.cells);
    }

    /// All that was added, in Prometheus's text format, as by `event_counters::prometheus_text`.
    std::string text() const {
        std::string all;
        for (std::size_t i = 0; i < families_.size(); ++i) {
            if (families_[i].empty()) continue;
            const auto& [name, help] = descriptions[i];
            all.append("# HELP ").append(name).append(1, ' ').append(help);
            all.append("\n# TYPE ").append(name).append(" gauge\n").append(families_[i]);
        }
        return all;
    }

private:
    enum family : std::size_t { size, in_use, waiting, at_once, left, stored, families };
    struct description {
        std::string_view name;
        std::string_view help;
    };
    static constexpr std::array<description, families> descriptions{
        {{"phoneauth_pool_size", "How many connections or threads can be used at a time."},
         {"phoneauth_pool_in_use", "How many of them are used."},
         {"phoneauth_pool_waiting", "How many callers wait for one."},
         {"phoneauth_codes_at_once", "How many codes anybody may be sent if none were sent lately."},
         {"phoneauth_codes_left", "How many codes may be sent now, to anybody or only to those who are known."},
         {"phoneauth_records", "How many records the memory of the server holds."}}};

    /// `{name="value"}`, with what the format escapes.
    static std::string label(std::string_view name, std::string_view value) {
        std::string text = '{' + std::string(name) + "=\"";
        for (const char c : value) {
            if (c == '\\' || c == '"') text += '\\';
            if (c == '\n')
                text += "\\n";
            else
                text += c;
        }
        return text + "\"}";
    }

    void add(family f, const std::string& labels, auto value) {
        families_[f].append(descriptions[f].name).append(labels).append(1, ' ').append(std::to_string(value)) += '\n';
    }

    std::array<std::string, families> families_{};
};

}  // namespace v0
}  // namespace phoneauth

#endif
