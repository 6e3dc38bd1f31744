// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <functional>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <phoneauth/metrics.hpp>

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
    BOOST_REQUIRE(fresh.size() == 2u + 34u + 4u);  // a series per kind, from the start; none of codes
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

BOOST_AUTO_TEST_SUITE_END()
