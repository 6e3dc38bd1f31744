// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/rules/sessions.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <vector>

using namespace phoneauth;
using namespace std::chrono_literals;

namespace {

const time_point start = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
const std::string rests = std::string(64, 'f');

session a_session(char name, std::chrono::seconds opened = 0s, std::chrono::seconds used = 0s) {
    session s;
    s.token_hash = std::string(64, name);
    s.user_id = "U";
    s.created_at = start + opened;
    s.expires_at = s.created_at + 24h;
    s.fingerprint = rests;
    s.auth_time = s.created_at;
    s.last_used_at = start + used;
    return s;
}

user ada() {
    return {.object_id = "U",
            .phone = *phone_number::parse("+14155550100"),
            .identity = "ada@example.com",
            .password_hash = ""};
}

std::string names(const std::vector<session_info>& told) {
    std::string all;
    for (const auto& i : told) all += i.id[0];
    return all;
}
std::string names(const std::vector<std::string>& hashes) {
    std::string all;
    for (const auto& h : hashes) all += h[0];
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_session_rules)

BOOST_AUTO_TEST_CASE(a_device_is_called_by_what_can_be_shown) {
    BOOST_TEST(rules::device_name("Mozilla/5.0 (X11)") == "Mozilla/5.0 (X11)");
    BOOST_TEST(rules::device_name("a\r\n\t\x7f\x80\xffz") == "az");
    BOOST_TEST(rules::device_name(std::string(4000, 'x')).size() == rules::max_device_name);
}

BOOST_AUTO_TEST_CASE(use_is_noted_now_and_then) {
    config c;
    BOOST_TEST((rules::use_is_noted_every(c) == 5min));
    for (const auto& [idle, every] : {std::pair<std::chrono::seconds, std::chrono::seconds>(300s, 1min),
                                      {30min, 90s},
                                      {12h, 36min},
                                      {24h * 365, 1h}}) {
        c.session_idle_timeout = idle;
        BOOST_TEST((rules::use_is_noted_every(c) == every));
    }
    c.session_idle_timeout = 30min;
    const auto s = a_session('a', 0s, 1h);
    BOOST_TEST(!rules::is_use_due(s, c, start + 1h + 89s));
    BOOST_TEST(rules::is_use_due(s, c, start + 1h + 90s));
    // Clocks of servers differ a little; one that was set back does not keep a session from being idle.
    BOOST_TEST(!rules::is_use_due(s, c, start + 1h - 89s));
    BOOST_TEST(rules::is_use_due(s, c, start + 1h - 90s));
}

BOOST_AUTO_TEST_CASE(a_session_is_over_when_it_is_old_or_idle) {
    config c;
    auto s = a_session('a', 0s, 1h);
    BOOST_TEST(!rules::is_over(s, c, start + 24h - 1ms));
    BOOST_TEST(rules::is_over(s, c, start + 24h));
    c.session_idle_timeout = 30min;
    BOOST_TEST(!rules::is_over(s, c, start + 90min - 1ms));
    BOOST_TEST(rules::is_over(s, c, start + 90min));
    s.kind = session_kind::trusted_device;
    BOOST_TEST(!rules::is_over(s, c, start + 23h));
    BOOST_TEST(rules::is_over(s, c, start + 24h));
    s = a_session('a');
    s.last_used_at = s.auth_time = time_point();  // as an older version has stored it
    BOOST_TEST(!rules::is_over(s, c, start + 30min - 1ms));
    BOOST_TEST(rules::is_over(s, c, start + 30min));
}

BOOST_AUTO_TEST_CASE(recent_is_within_an_age) {
    const auto s = a_session('a', 10s);
    BOOST_TEST(rules::is_recent(s, 60s, start + 70s - 1ms));
    BOOST_TEST(!rules::is_recent(s, 60s, start + 70s));
    for (const auto never : {0s, -1s, std::chrono::seconds::min()}) {
        BOOST_TEST(!rules::is_recent(s, never, start + 10s));
        BOOST_TEST(!rules::is_recent(s, never, start));
    }
    BOOST_TEST(rules::is_recent(s, std::chrono::seconds::max(), start + 24h * 365));
    config c;
    BOOST_TEST(!rules::is_fresh(s, c, start + 24h));
    c.fresh_login = 0s;
    BOOST_TEST(rules::is_fresh(s, c, start + 24h));
}

BOOST_AUTO_TEST_CASE(a_proof_keeps_what_is_fresh_beside_it) {
    const config c;  // ten minutes
    auto s = a_session('a');
    s.auth_methods = by_code;
    rules::apply_proof_of_user(s, by_password, c, start + 9min);
    BOOST_TEST(s.auth_methods == (by_code | by_password));
    BOOST_TEST((s.auth_time == start + 9min));
    BOOST_TEST((s.last_used_at == start + 9min));
    BOOST_TEST(rules::may_trust_device(s, c, start + 18min));
    BOOST_TEST(!rules::may_trust_device(s, c, start + 19min));
    rules::apply_proof_of_user(s, by_password, c, start + 19min);
    BOOST_TEST(s.auth_methods == by_password);
    BOOST_TEST(!rules::may_trust_device(s, c, start + 19min));
    rules::apply_proof_of_user(s, by_code, c, start + 20min);
    BOOST_TEST(rules::may_trust_device(s, c, start + 20min));
    s.auth_methods = by_password | by_trusted_device | by_backup_code;
    BOOST_TEST(!rules::may_trust_device(s, c, start + 20min));
}

BOOST_AUTO_TEST_CASE(a_session_rests_on_what_its_user_is) {
    user u = ada();
    auto s = a_session('a');
    BOOST_TEST(rules::rests_on(s, u, rests));
    BOOST_TEST(!rules::rests_on(s, u, std::string(64, 'e')));
    s.fingerprint.clear();  // as an older version has stored it
    BOOST_TEST(rules::rests_on(s, u, rests));
    u.generation = 1;
    BOOST_TEST(!rules::rests_on(s, u, rests));
    u.generation = 0;
    s.kind = session_kind::trusted_device;  // which no older version has stored
    BOOST_TEST(!rules::rests_on(s, u, rests));
}

BOOST_AUTO_TEST_CASE(ids_of_sessions_are_hashes) {
    BOOST_TEST(rules::is_session_id(std::string(64, 'a')));
    BOOST_TEST(rules::is_session_id(std::string(64, '0')));
    for (const auto& bad : {std::string(), std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'A'),
                            std::string(64, 'g'), std::string(64, '\0')})
        BOOST_TEST(!rules::is_session_id(bad));
}

BOOST_AUTO_TEST_CASE(the_list_has_what_is_good_the_last_used_first) {
    const user u = ada();
    config c;
    c.session_idle_timeout = 2h;
    auto device = a_session('d', 0s);
    device.kind = session_kind::trusted_device;
    device.device = "phone";
    device.network = "198.51.100.7";
    auto stale = a_session('s', 0s, 1h);
    stale.fingerprint = std::string(64, 'e');
    auto old = a_session('o', 0s, 1h);
    old.expires_at = start + 1h;
    const std::vector<session> all{a_session('b', 0s, 30min), device, stale,
                                   a_session('a', 0s, 1h),    old,    a_session('i', -2h, -1h)};
    const auto told = rules::list_sessions(all, u, rests, std::string(64, 'b'), c, start + 1h);
    BOOST_TEST(names(told) == "abd");
    BOOST_TEST(!told[0].current);
    BOOST_TEST(told[1].current);
    BOOST_TEST((told[2].kind == session_kind::trusted_device));
    BOOST_TEST(told[2].device == "phone");
    BOOST_TEST(told[2].network == "198.51.100.7");
    BOOST_TEST((told[1].opened_at == start && told[1].last_used_at == start + 30min));
    BOOST_TEST((told[1].expires_at == start + 24h && told[1].auth_time == start));
}

BOOST_AUTO_TEST_CASE(a_long_list_keeps_the_one_that_asks) {
    std::vector<session> all;
    for (int n = 0; n < 1500; ++n) {
        auto s = a_session('a', 0s, std::chrono::seconds(n));
        s.token_hash = std::to_string(1000000 + n);
        all.push_back(std::move(s));
    }
    std::shuffle(all.begin(), all.end(), std::mt19937(7));
    const auto told = rules::list_sessions(all, ada(), rests, "1000003", config(), start + 1h);
    BOOST_TEST(told.size() == rules::max_listed_sessions);
    BOOST_TEST(told.front().id == "1001499");
    BOOST_TEST(told.back().current);
    BOOST_TEST(std::is_sorted(told.begin(), told.end(), [](const session_info& a, const session_info& b) {
        return a.last_used_at > b.last_used_at;
    }));
}

BOOST_AUTO_TEST_CASE(what_there_is_no_room_for_is_what_was_used_least_recently) {
    const user u = ada();
    config c;
    std::vector<session> all{a_session('a', 0s, 3min), a_session('b', 1min, 1min), a_session('c', 2min, 5min),
                             a_session('n', 6min, 6min)};
    const auto added = all.back();
    BOOST_TEST(names(rules::surplus(all, added, u, c, start + 6min)) == "");
    c.max_sessions_per_user = 4;
    BOOST_TEST(names(rules::surplus(all, added, u, c, start + 6min)) == "");
    c.max_sessions_per_user = 2;
    BOOST_TEST(names(rules::surplus(all, added, u, c, start + 6min)) == "ab");
    c.max_sessions_per_user = 1;
    BOOST_TEST(names(rules::surplus(all, added, u, c, start + 6min)) == "cab");
    // What is no session any more takes no room, nor does what is of the other kind.
    all[2].expires_at = start + 5min;
    all[0].fingerprint = std::string(64, 'e');
    all[1].kind = session_kind::trusted_device;
    BOOST_TEST(names(rules::surplus(all, added, u, c, start + 6min)) == "");
}

BOOST_AUTO_TEST_CASE(at_one_time_the_new_one_goes_first) {
    const user u = ada();
    config c;
    c.max_sessions_per_user = 1;
    for (const char newest : {'a', 'z'}) {
        const std::vector<session> all{a_session('m'), a_session(newest)};
        BOOST_TEST(names(rules::surplus(all, all[1], u, c, start)) == "m");
    }
    // Who came in between does not end those that came later.
    const std::vector<session> all{a_session('a', 0s, 0s), a_session('b', 1s, 1s), a_session('c', 2s, 2s)};
    for (const auto& added : all) BOOST_TEST(names(rules::surplus(all, added, u, c, start + 2s)) == "ba");
}

BOOST_AUTO_TEST_SUITE_END()
