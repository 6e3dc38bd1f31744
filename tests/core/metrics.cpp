// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <functional>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <phoneauth/gauges.hpp>
#include <phoneauth/metrics.hpp>
#include <phoneauth/storage/memory.hpp>

using namespace phoneauth;

namespace {

event make(event_kind kind, std::error_code reason = {}) {
    event e;
    e.kind = kind;
    e.reason = reason;
    return e;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

bool has(const event_counters& counters, const std::string& line) {
    const auto text = counters.prometheus_text();
    return text.find('\n' + line + '\n') != text.npos;
}

bool contains(const event_counters& counters, const std::string& part) {
    return counters.prometheus_text().find(part) != std::string::npos;
}

/// What is wrong with the histograms in `text`, after "Text format details" in
/// https://prometheus.io/docs/instrumenting/exposition_formats/: each has buckets that grow up to +Inf, whose count it is.
std::string histogram_problem(const std::string& text) {
    std::string series;
    double bound = 0, last = 0;
    bool complete = true;
    for (const auto& line : lines_of(text)) {
        const auto space = line.rfind(' ');
        const auto bucket = line.find("_bucket{");
        const auto le = line.find("le=\"");
        if (bucket != line.npos && le != line.npos) {
            const auto of = line.substr(0, le);
            const auto end = std::stod(line.substr(le + 4));  // also of +Inf
            const auto count = std::stod(line.substr(space));
            if (of != series) {
                if (!complete) return "no count before " + line;
                bound = last = 0;
            }
            if (end <= bound) return "bounds do not grow: " + line;
            if (count < last) return "counts fall: " + line;
            series = of;
            bound = end;
            last = count;
            complete = false;
        } else if (line.find("_count") != line.npos) {
            if (bound != std::numeric_limits<double>::infinity()) return "no bucket for +Inf before " + line;
            if (std::stod(line.substr(space)) != last) return "not the count of +Inf: " + line;
            complete = true;
        }
    }
    return series.empty() ? "no histogram" : "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(counts_by_kind_and_reason) {
    event_counters c;
    c(make(event_kind::started));
    c(make(event_kind::refused, error::too_many_messages));
    c(make(event_kind::refused, error::too_many_messages));
    c(make(event_kind::refused, error::resend_too_soon));
    auto one_of_many = make(event_kind::refused, error::invalid_phone_number);
    one_of_many.suppressed = 41;
    c(one_of_many);
    BOOST_TEST(c.count(event_kind::refused, error::invalid_phone_number) == 42u);
    BOOST_TEST(c.count(event_kind::started) == 1u);
    BOOST_TEST(c.count(event_kind::refused) == 45u);
    BOOST_TEST(c.count(event_kind::refused, error::too_many_messages) == 2u);
    BOOST_TEST(c.count(event_kind::refused, {}) == 0u);
    BOOST_TEST(c.count(event_kind::sent) == 0u);
}

BOOST_AUTO_TEST_CASE(nothing_a_reason_holds_is_out_of_range) {
    event_counters c;
    for (const auto& reason : {std::error_code(0, std::generic_category()), std::error_code(1, std::generic_category()),
                               std::error_code(-1, error_category()), std::error_code(1'000'000, error_category()),
                               std::error_code(error::unparsable_body), std::error_code(error::internal)})
        c(make(event_kind::undelivered, reason));
    BOOST_TEST(c.count(event_kind::undelivered) == 6u);
    BOOST_TEST(c.count(event_kind::undelivered, std::make_error_code(std::errc::io_error)) == 3u);
    BOOST_TEST(has(c, "phoneauth_events_total{event=\"undelivered\"} 1"));
    BOOST_TEST(has(c, "phoneauth_events_total{event=\"undelivered\",reason=\"unparsable_body\"} 1"));
    BOOST_TEST(has(c, "phoneauth_events_total{event=\"undelivered\",reason=\"internal\"} 1"));
    BOOST_TEST(has(c, "phoneauth_events_total{event=\"undelivered\",reason=\"other\"} 3"));
}

BOOST_AUTO_TEST_CASE(writes_prometheus_text) {
    event_counters c;
    const auto fresh = lines_of(c.prometheus_text());
    BOOST_REQUIRE(fresh.size() == 2u + 34u + 4u + 2u + 16u);  // a series per kind, from the start; none of codes
    BOOST_TEST(fresh[0].starts_with("# HELP phoneauth_events_total "));
    BOOST_TEST(fresh[1] == "# TYPE phoneauth_events_total counter");
    BOOST_TEST(fresh[2] == "phoneauth_events_total{event=\"started\"} 0");
    BOOST_TEST(c.prometheus_text().ends_with('\n'));
    c(make(event_kind::refused, error::too_many_messages));
    BOOST_TEST(has(c, "phoneauth_events_total{event=\"refused\",reason=\"too_many_messages\"} 1"));
    BOOST_TEST(lines_of(c.prometheus_text()).size() == fresh.size() + 1);
}

BOOST_AUTO_TEST_CASE(counts_codes_by_calling_code) {
    event_counters c;
    const auto count = [&](event_kind kind, std::string_view calling_code, bool is_of_a_code = true) {
        auto e = make(kind);
        if (is_of_a_code) e.purpose = purpose::login;
        e.calling_code = calling_code;
        c(e);
    };
    for (int i = 0; i < 3; ++i) count(event_kind::sent, "371");
    count(event_kind::confirmed, "371");
    count(event_kind::started, "371");
    count(event_kind::sent, "44", false);  // a message
    count(event_kind::sent, "");
    BOOST_TEST((c.codes("371").sent == 3u && c.codes("371").confirmed == 1u));
    BOOST_TEST((c.codes("44").sent == 0u && c.codes("37").sent == 1u));
    BOOST_TEST(has(c, "phoneauth_codes_sent_total{calling_code=\"371\"} 3"));
    BOOST_TEST(has(c, "phoneauth_codes_sent_total{calling_code=\"other\"} 1"));
    BOOST_TEST(has(c, "phoneauth_codes_confirmed_total{calling_code=\"371\"} 1"));
    BOOST_TEST(c.prometheus_text().find("\"44\"") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(takes_nothing_from_strangers) {
    event_counters c;
    auto e = make(event_kind::wrong_code, error::wrong_code);
    e.user_agent = "curl\"} 1\nfake 2";
    e.address = e.phone = e.user_id = e.user_agent;
    const auto before = c.prometheus_text().size();
    c(e);
    BOOST_TEST(c.prometheus_text().size() ==
               before + std::string("phoneauth_events_total{event=\"wrong_code\",reason=\"wrong_code\"} 1\n").size());
}

BOOST_AUTO_TEST_CASE(counts_from_several_threads) {
    event_counters c;
    const std::function<void(const event&)> observe = std::ref(c);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < 10'000; ++n) observe(make(event_kind::sent));
        });
    for (auto& t : threads) t.join();
    BOOST_TEST(c.count(event_kind::sent) == 40'000u);
}

event ended(event_kind kind, std::optional<std::chrono::milliseconds> elapsed,
            std::optional<std::chrono::milliseconds> provider = {}) {
    auto e = make(kind);
    e.elapsed = elapsed;
    e.provider_elapsed = provider;
    return e;
}

BOOST_AUTO_TEST_CASE(tells_how_long_flows_took) {
    using namespace std::chrono_literals;
    event_counters c;
    BOOST_TEST(!contains(c, "phoneauth_flow_seconds_count"));
    for (const auto took : {0ms, 5ms, 6ms, 249ms, 250ms, 251ms, 10'000ms, 10'001ms})
        c(ended(event_kind::logged_in, took));
    c(ended(event_kind::refused, 1234ms));
    c(make(event_kind::sent));  // on the way
    const std::string series = "phoneauth_flow_seconds_bucket{event=\"logged_in\",le=\"";
    for (const auto* rest :
         {"0.005\"} 2", "0.01\"} 3", "0.1\"} 3", "0.25\"} 5", "0.5\"} 6", "5\"} 6", "10\"} 7", "+Inf\"} 8"})
        BOOST_TEST(has(c, series + rest), rest);
    BOOST_TEST(has(c, "phoneauth_flow_seconds_sum{event=\"logged_in\"} 20.762"));
    BOOST_TEST(has(c, "phoneauth_flow_seconds_count{event=\"logged_in\"} 8"));
    BOOST_TEST(has(c, "phoneauth_flow_seconds_sum{event=\"refused\"} 1.234"));
    BOOST_TEST(!contains(c, "phoneauth_flow_seconds_count{event=\"sent\"}"));
}

BOOST_AUTO_TEST_CASE(tells_how_long_the_provider_took) {
    using namespace std::chrono_literals;
    event_counters c;
    BOOST_TEST(has(c, "phoneauth_provider_seconds_count 0"));
    c(ended(event_kind::started, 130ms, 120ms));
    c(ended(event_kind::confirmed, 3ms));
    BOOST_TEST(has(c, "phoneauth_provider_seconds_bucket{le=\"0.1\"} 0"));
    BOOST_TEST(has(c, "phoneauth_provider_seconds_bucket{le=\"0.25\"} 1"));
    BOOST_TEST(has(c, "phoneauth_provider_seconds_sum 0.120"));
    BOOST_TEST(has(c, "phoneauth_provider_seconds_count 1"));
}

BOOST_AUTO_TEST_CASE(histograms_keep_the_rules) {
    using namespace std::chrono_literals;
    event_counters c;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&c] {
            for (int i = 0; i < 500; ++i) c(ended(event_kind::logged_in, std::chrono::milliseconds(i * 7), i * 3ms));
        });
    for (int i = 0; i < 20; ++i) BOOST_TEST(histogram_problem(c.prometheus_text()) == "");
    for (auto& t : threads) t.join();
    BOOST_TEST(histogram_problem(c.prometheus_text()) == "");
    BOOST_TEST(has(c, "phoneauth_provider_seconds_count 2000"));
}

BOOST_AUTO_TEST_CASE(tells_what_fills_up) {
    prometheus_gauges now;
    BOOST_TEST(now.text() == "");
    now.pool("a", {4, 3, 2})
        .pool("\"\\\n", {1, 0, 0})
        .budget({250, 0, 17})
        .records("devices", 5)
        .records(memory_counts{1, 2, 3, 4});
    BOOST_TEST(now.text() == R"(# HELP phoneauth_pool_size How many connections or threads can be used at a time.
# TYPE phoneauth_pool_size gauge
phoneauth_pool_size{pool="a"} 4
phoneauth_pool_size{pool="\"\\\n"} 1
# HELP phoneauth_pool_in_use How many of them are used.
# TYPE phoneauth_pool_in_use gauge
phoneauth_pool_in_use{pool="a"} 3
phoneauth_pool_in_use{pool="\"\\\n"} 0
# HELP phoneauth_pool_waiting How many callers wait for one.
# TYPE phoneauth_pool_waiting gauge
phoneauth_pool_waiting{pool="a"} 2
phoneauth_pool_waiting{pool="\"\\\n"} 0
# HELP phoneauth_codes_at_once How many codes anybody may be sent if none were sent lately.
# TYPE phoneauth_codes_at_once gauge
phoneauth_codes_at_once 250
# HELP phoneauth_codes_left How many codes may be sent now, to anybody or only to those who are known.
# TYPE phoneauth_codes_left gauge
phoneauth_codes_left{to="anybody"} 0
phoneauth_codes_left{to="known"} 17
# HELP phoneauth_records How many records the memory of the server holds.
# TYPE phoneauth_records gauge
phoneauth_records{kind="devices"} 5
phoneauth_records{kind="transactions"} 1
phoneauth_records{kind="users"} 2
phoneauth_records{kind="sessions"} 3
phoneauth_records{kind="cells"} 4
)");
    prometheus_gauges unlimited;
    BOOST_TEST(unlimited.budget({}).text() == "");
}

BOOST_AUTO_TEST_SUITE_END()
