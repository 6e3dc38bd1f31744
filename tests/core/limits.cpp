// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/rules/limits.hpp>
#include <phoneauth/rules/reservations.hpp>
#include <phoneauth/storage/memory.hpp>

#include <boost/test/unit_test.hpp>

#include <deque>
#include <random>
#include <set>

using namespace phoneauth;
using namespace phoneauth::rules;
using namespace phoneauth::rules::limits;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(core_limits)

namespace {

constexpr time_point t0{1'000'000s};
const auto phone = *phone_number::parse("+14155550100");

/// Counts 1 in `w`, and takes it back if that was too much.
result<void> use(memory_storage& storage, const window& w, time_point now, bool known = false) {
    std::vector<counter_change> changes;
    count({&w, 1}, 1, now, changes);
    const auto counted = storage.change_counters(changes);
    auto allowed = check({&w, 1}, counted, 0, known, now);
    if (!allowed) {
        changes.clear();
        count({&w, 1}, -1, now, changes);
        storage.change_counters(changes);
    }
    return allowed;
}

std::set<std::string> keys_of(const std::vector<counter_change>& changes) {
    std::set<std::string> keys;
    for (const auto& c : changes) keys.insert(c.key);
    return keys;
}

}  // namespace

BOOST_AUTO_TEST_CASE(window_never_has_more_than_its_limit) {
    // Against the definition, with the time of everything that was admitted.
    std::mt19937 random(1);
    for (const auto length : {10s, 60s, 3600s}) {
        memory_storage storage;
        const window w{"w", length, 7};
        std::deque<time_point> admitted;
        auto now = t0;
        std::size_t total = 0;
        std::size_t too_strict = 0;
        for (int i = 0; i < 20'000; ++i) {
            now +=
                std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(0, length.count() * 200)(random));
            while (!admitted.empty() && admitted.front() <= now - length) admitted.pop_front();
            const auto allowed = use(storage, w, now);
            if (allowed) {
                admitted.push_back(now);
                ++total;
            } else {
                too_strict += admitted.size() < 7;
            }
            BOOST_REQUIRE(admitted.size() <= 7u);
        }
        BOOST_TEST(total > 9000u);    // of 14,000 with 7 in each length, 9,333 with 7 in each 1.5 lengths
        BOOST_TEST(too_strict > 0u);  // that it forgets up to half a length late is no secret
    }
}

BOOST_AUTO_TEST_CASE(window_has_room_when_it_said) {
    std::mt19937 random(2);
    for (int round = 0; round < 300; ++round) {
        memory_storage storage;
        const window w{"w", 60s, 1 + round % 5};
        auto now = t0;
        for (;;) {
            now += std::chrono::milliseconds(random() % 20'000);
            const auto allowed = use(storage, w, now);
            if (allowed) continue;
            const auto wait = *allowed.error().retry_after;
            BOOST_TEST((wait >= 1s && wait <= 90s));
            BOOST_TEST(use(storage, w, now + wait).has_value());
            break;
        }
    }
    // … and not before, as nobody else takes anything away.
    memory_storage storage;
    const window w{"w", 60s, 1};
    BOOST_TEST(use(storage, w, t0).has_value());
    const auto wait = *use(storage, w, t0 + 1s).error().retry_after;
    BOOST_TEST(!use(storage, w, t0 + wait));
    BOOST_TEST(use(storage, w, t0 + 1s + wait).has_value());
}

BOOST_AUTO_TEST_CASE(reserve_is_for_known_networks) {
    memory_storage storage;
    const window w{"w", 60s, 3, 2};
    for (int i = 0; i < 3; ++i) BOOST_TEST(use(storage, w, t0).has_value());
    for (int i = 0; i < 10; ++i) BOOST_TEST(!use(storage, w, t0));
    BOOST_TEST(use(storage, w, t0, true).has_value());
    BOOST_TEST(use(storage, w, t0, true).has_value());
    BOOST_TEST(!use(storage, w, t0, true));
}

BOOST_AUTO_TEST_CASE(refusal_is_that_of_the_window_with_the_longest_wait) {
    memory_storage storage;
    const std::vector<window> both{{"minute", 60s, 1}, {"hour", 3600s, 1, 0, error::too_many_failures}};
    result<void> allowed;
    for (int i = 0; i < 2; ++i) {
        std::vector<counter_change> changes;
        count(both, 1, t0, changes);
        allowed = check(both, storage.change_counters(changes), 0, false, t0);
    }
    BOOST_TEST(allowed.error().code == error::too_many_failures);
    BOOST_TEST((*allowed.error().retry_after > 60s));
}

BOOST_AUTO_TEST_CASE(who_began_before_the_half_sees_what_was_counted_in_it) {
    memory_storage storage;
    const window w{"w", 3600s, 5};
    const time_point half{std::chrono::floor<std::chrono::hours>(t0.time_since_epoch()) + 30min};
    for (int i = 0; i < 5; ++i) BOOST_TEST(use(storage, w, half).has_value());
    BOOST_TEST(!use(storage, w, half - 1ms));
    BOOST_TEST(!use(storage, w, half - 29min));
    BOOST_TEST(!use(storage, w, half));
}

BOOST_AUTO_TEST_CASE(what_is_counted_outlives_its_window_by_little) {
    std::vector<counter_change> changes;
    const window w{"w", 3600s, 1};
    count({&w, 1}, 1, t0, changes);
    BOOST_TEST(changes.size() == window_parts);
    for (std::size_t i = 0; i < window_parts; ++i) BOOST_TEST(changes[i].by == (i == present_part ? 1 : 0));
    for (const auto& c : changes) BOOST_TEST((c.lifetime >= 3600s && c.lifetime <= 5400s));
}

BOOST_AUTO_TEST_CASE(clock_before_the_epoch_counts_too) {
    memory_storage storage;
    const window w{"w", 60s, 1};
    const time_point early{-100s};
    BOOST_TEST(use(storage, w, early).has_value());
    BOOST_TEST(!use(storage, w, early + 10s));
}

BOOST_AUTO_TEST_CASE(messages_are_counted_for_phone_client_user_and_all) {
    config c;
    const auto names = [&](send_budget budget, const char* network, const char* user) {
        std::string all;
        for (const auto& w : send_windows(budget, phone, network, user, c))
            all += w.name + '=' + std::to_string(w.most) + '+' + std::to_string(w.reserve) + '/' +
                   std::to_string(w.length.count()) + ' ';
        return all;
    };
    BOOST_TEST(names(send_budget::codes, "192.0.2.1", "") ==
               "codes/hour:+14155550100=10+5/3600 codes/day:+14155550100=30+15/86400 "
               "codes/from:192.0.2.1=50+25/3600 codes=1000+250/3600 ");
    BOOST_TEST(names(send_budget::messages, "192.0.2.1", "U1") ==
               "messages/hour:+14155550100=10+5/3600 messages/day:+14155550100=30+15/86400 "
               "messages/by:U1=20+0/3600 messages=1000+250/3600 ");
    BOOST_TEST(names(send_budget::messages, "192.0.2.1", "") ==
               "messages/hour:+14155550100=10+5/3600 messages/day:+14155550100=30+15/86400 "
               "messages/from:192.0.2.1=50+25/3600 messages=1000+250/3600 ");
    c.max_sends_per_hour = c.max_sends_per_client_and_hour = 0;
    BOOST_TEST(names(send_budget::codes, "192.0.2.1", "") ==
               "codes/hour:+14155550100=10+5/3600 codes/day:+14155550100=30+15/86400 ");
}

BOOST_AUTO_TEST_CASE(warning_comes_once_at_four_fifths) {
    config c;
    for (const unsigned budget : {1u, 2u, 5u, 10u, 999u, 1000u}) {
        c.max_sends_per_hour = budget;
        int warnings = 0;
        for (std::int64_t sum = 1; sum <= budget; ++sum) {
            if (!reaches_warning(sum, c)) continue;
            ++warnings;
            BOOST_TEST((5 * sum >= 4 * std::int64_t{budget} && 5 * (sum - 1) < 4 * std::int64_t{budget}));
        }
        BOOST_TEST(warnings == 1);
    }
    c.max_sends_per_hour = 0;
    BOOST_TEST(!reaches_warning(0, c));
}

BOOST_AUTO_TEST_CASE(waits_grow) {
    for (int count = 0; count <= 5; ++count) BOOST_TEST((failure_wait(count, 100) == 0s));
    std::chrono::seconds expected = 1s;
    for (int count = 6; count < 100; ++count) {
        BOOST_TEST((failure_wait(count, 100) == expected));
        expected = std::min<std::chrono::seconds>(2 * expected, 1h);
    }
    BOOST_TEST((failure_wait(100, 100) == failure_memory));
    BOOST_TEST((failure_wait(100'000'000'000, 100) == failure_memory));
    BOOST_TEST((failure_wait(2, 2) == failure_memory));
}

BOOST_AUTO_TEST_CASE(strangers_and_the_owner_share_what_is_allowed) {
    config c;
    for (c.max_consecutive_failures = 10; c.max_consecutive_failures <= 100; ++c.max_consecutive_failures) {
        BOOST_TEST(max_failures(true, c) + max_failures(false, c) == c.max_consecutive_failures);
        BOOST_TEST(max_failures(true, c) >= 2);
    }
}

BOOST_AUTO_TEST_CASE(failures_pause_and_lock) {
    const counter none;
    BOOST_TEST(check_failures(none, none, 100, t0).has_value());
    BOOST_TEST(check_failures({99, t0 + 1h}, none, 100, t0).has_value());
    const auto paused = check_failures({6, t0 + 1h}, {1, t0 + 1500ms}, 100, t0);
    BOOST_TEST(paused.error().code == error::too_many_failures);
    BOOST_TEST((paused.error().retry_after == 2s));
    BOOST_TEST((check_failures({100, t0 + 1h}, {1, t0 + 1s}, 100, t0).error().retry_after == 1h));
}

BOOST_AUTO_TEST_CASE(room_in_a_window_can_be_asked_for) {
    memory_storage storage;
    const window w{"w", 60s, 2};
    const auto has_room = [&](std::int64_t more) {
        std::vector<counter_change> changes;
        count({&w, 1}, 0, t0, changes);
        return check({&w, 1}, storage.change_counters(changes), more, false, t0).has_value();
    };
    BOOST_TEST(has_room(2));
    BOOST_TEST(!has_room(3));
    BOOST_TEST(use(storage, w, t0).has_value());
    BOOST_TEST(has_room(1));
    BOOST_TEST(!has_room(2));
}

BOOST_AUTO_TEST_CASE(cooldown_says_when_it_is_over) {
    config c;
    c.phone_cooldown = 10s;
    BOOST_TEST(check_cooldown({1, t0 + 10s}, 1, c, t0).has_value());
    const auto r = check_cooldown({1, t0 + 9500ms}, 0, c, t0);
    BOOST_TEST(r.error().code == error::resend_too_soon);
    BOOST_TEST((r.error().retry_after == 10s));
    BOOST_TEST(!check_cooldown({2, t0 + 10s}, 1, c, t0));
    BOOST_TEST(check_cooldown({2, t0 + 1h}, 0, c, t0).has_value());  // the clock was set back
}

BOOST_AUTO_TEST_CASE(codes_that_are_open_count_with_all_their_tries) {
    const config c;
    BOOST_TEST(check_open_codes({0, {}}, {0, {}}, 5, c, t0).has_value());
    BOOST_TEST(!check_open_codes({1, t0 + 1h}, {0, {}}, 5, c, t0));
    BOOST_TEST(check_open_codes({70, t0 + 1h}, {1, t0 + 5min}, 80, c, t0).has_value());
    const auto full = check_open_codes({70, t0 + 1h}, {2, t0 + 5min}, 80, c, t0);
    BOOST_TEST(full.error().code == error::too_many_messages);
    BOOST_TEST((full.error().retry_after == 5min));
    BOOST_TEST((check_open_codes({76, t0 + 1h}, {0, {}}, 80, c, t0).error().retry_after == 1h));
}

BOOST_AUTO_TEST_CASE(everything_has_a_key_of_its_own) {
    config c;
    std::vector<counter_change> all;
    for (const auto budget : {send_budget::codes, send_budget::messages})
        for (const auto* user : {"U1", ""}) {
            auto windows = send_windows(budget, phone, "192.0.2.1", user, c);
            if (*user) windows.erase(windows.begin(), windows.begin() + 2), windows.pop_back();  // they come again
            count(windows, 1, t0, all);
        }
    const auto passwords = wrong_password_window("192.0.2.1", c);
    count({&passwords, 1}, 1, t0, all);
    for (const auto kind : {purpose::login, purpose::registration})
        for (const bool known : {false, true}) all.push_back(cooldown(kind, phone, known, 1, c, t0));
    const auto change_failures = [&](const std::string& account) {
        for (const bool known : {false, true}) {
            all.push_back(failures(account, known, 1, t0));
            all.push_back(failure_pause(account, known, 1, t0));
        }
    };
    const auto change_all = [&](const std::string& account) {
        change_failures(account);
        for (const bool known : {false, true}) all.push_back(open_codes(account, known, 1, c, t0));
    };
    change_all(code_account(purpose::registration, phone, false));
    change_all(code_account(purpose::login, phone, false));
    change_all(code_account(purpose::login, phone, true));
    change_failures(password_account(phone.str()));
    all.push_back(known_network(phone.str(), "192.0.2.1", 1, t0));
    BOOST_TEST(keys_of(all).size() == all.size());
    for (const auto& change : all) BOOST_TEST(change.key.size() <= 128u);
    // The longest there can be.
    const auto longest = *phone_number::parse("+123456789012345");
    all.clear();
    change_failures(password_account(std::string(64, 'f')));
    change_all(code_account(purpose::registration, longest, false));
    all.push_back(known_network(std::string(64, 'f'), "2001:db8:ffff:ffff::/64", 1, t0));
    count(send_windows(send_budget::messages, longest, "2001:db8:ffff:ffff::/64", std::string(36, 'A'), c), 1, t0, all);
    for (const auto& change : all) BOOST_TEST(change.key.size() <= 128u);
}

namespace {

/// Without a limit for each client.
const config c = [] {
    config changed;
    changed.max_passwords_per_client_and_hour = 0;
    return changed;
}();

/// Whether the guess may be looked at, as the flows ask; it is counted then.
bool reserve(memory_storage& storage, reservation& r) {
    if (!r.check(storage.change_counters(r.peek().changes()))) return false;
    if (r.confirm(storage.change_counters(r.reserve().changes()))) return true;
    storage.change_counters(r.cancel().changes());
    return false;
}

/// One wrong guess; false if it was refused.
bool miss(memory_storage& storage, const char* network, int shared_by = 1) {
    password_reservation guess("s", network, shared_by, c, t0);
    if (!reserve(storage, guess)) return false;
    if (const auto changes = guess.punish(t0); !changes.changes().empty()) storage.change_counters(changes.changes());
    return true;
}

std::int64_t run_of(memory_storage& storage, bool known = false) {
    return storage.change_counters({failures(password_account("s"), known, 0, t0)})[0].value;
}

}  // namespace

BOOST_AUTO_TEST_CASE(guess_that_is_taken_back_leaves_nothing) {
    const config limited;
    memory_storage storage;
    for (const bool known : {false, true}) {
        if (known) storage.change_counters({known_network("s", "n", 1, t0)});
        password_reservation guess("s", "n", 1, limited, t0);
        BOOST_TEST(reserve(storage, guess));
        storage.change_counters(guess.cancel().changes());
        const auto reserved = guess.reserve();
        for (auto change : reserved.changes()) {
            change.by = 0;
            BOOST_TEST(storage.change_counters({change})[0].value == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(wrong_guess_counts_where_it_came_from) {
    memory_storage storage;
    storage.change_counters({known_network("s", "home", 1, t0)});
    for (int i = 0; i < 6; ++i) BOOST_TEST(miss(storage, "away"));
    BOOST_TEST(run_of(storage) == 6);
    BOOST_TEST(run_of(storage, true) == 0);
    BOOST_TEST(!miss(storage, "away"));
    BOOST_TEST(!miss(storage, ""));
    for (int i = 0; i < 6; ++i) BOOST_TEST(miss(storage, "home"));
    BOOST_TEST(!miss(storage, "home"));
    BOOST_TEST(run_of(storage) == 6);
    BOOST_TEST(run_of(storage, true) == 6);
}

BOOST_AUTO_TEST_CASE(guesses_in_flight_count_with_their_own_only) {
    memory_storage storage;
    storage.change_counters({known_network("s", "home", 1, t0)});
    int in_flight = 0;
    for (int i = 0; i < 200; ++i) {
        password_reservation guess("s", "away", 1, c, t0);
        in_flight += guess.check(storage.change_counters(guess.peek().changes())) &&
                     guess.confirm(storage.change_counters(guess.reserve().changes()));
    }
    BOOST_TEST(in_flight == 80);
    BOOST_TEST(miss(storage, "home"));
    BOOST_TEST(run_of(storage, true) == 1);
    BOOST_TEST(miss(storage, "home"));  // one typing error does not make the owner wait
}

BOOST_AUTO_TEST_CASE(two_accounts_share_what_is_allowed) {
    memory_storage storage;
    int allowed = 0;
    for (int i = 0; i < 200; ++i) {
        password_reservation guess("s", "away", 2, c, t0);
        allowed += guess.check(storage.change_counters(guess.peek().changes())) &&
                   guess.confirm(storage.change_counters(guess.reserve().changes()));
    }
    BOOST_TEST(allowed == 40);
}

BOOST_AUTO_TEST_CASE(registrations_forget_within_a_day) {
    BOOST_TEST((failures("registration:+1", false, 1, t0).lifetime == 24h));
    BOOST_TEST((failures("registration:+1", true, 1, t0).lifetime == 24h));
    BOOST_TEST((failures("login:+1", false, 1, t0).lifetime == 30 * 24h));
}

BOOST_AUTO_TEST_SUITE_END()
