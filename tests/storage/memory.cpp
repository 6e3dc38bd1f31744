// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>

#include <phoneauth/storage/memory.hpp>

using namespace phoneauth;
using namespace std::chrono_literals;

namespace {
const time_point start = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
const auto phone = *phone_number::parse("+14155550100");

transaction transaction_at(int number, time_point created) {
    transaction t{"T" + std::to_string(number), purpose::login, phone};
    t.created_at = created;
    t.expires_at = created + 5min;
    return t;
}
session session_at(int number, time_point created, std::string user = "U") {
    return {"S" + std::to_string(number), std::move(user), created, created + 1h};
}
bool take(memory_storage& s, const std::string& key, time_point now, std::chrono::milliseconds room = 1h) {
    cell_batch batch(now);
    batch.add({.cost = 1h, .room = room}, key);
    return s.take_cells(batch).granted;
}
user person(const std::string& id, const std::string& digits) {
    return {id, *phone_number::from_e164("+1" + digits), id + "@example.com", ""};
}
}  // namespace

// What every storage has to do is tested by the suite, in tests/testing/storage_suite.cpp. Here: what is special about
// this one.
BOOST_AUTO_TEST_SUITE(memory_storage_)

BOOST_AUTO_TEST_CASE(keeps_a_transaction_for_the_retention_and_drops_it_then) {
    memory_storage s;
    BOOST_TEST(s.insert_transaction(transaction_at(0, start)));
    const auto end = start + 5min + transaction_retention;
    BOOST_TEST(s.insert_transaction(transaction_at(1, end - 1ms)));
    BOOST_TEST(s.find_transaction("T0").has_value());
    BOOST_TEST(s.insert_transaction(transaction_at(2, end)));
    BOOST_TEST(!s.find_transaction("T0").has_value());
    BOOST_TEST(s.find_transaction("T1").has_value());
}

BOOST_AUTO_TEST_CASE(says_how_many_records_it_holds) {
    memory_storage s;
    const auto expect = [&](std::size_t transactions, std::size_t users, std::size_t sessions, std::size_t cells) {
        const auto now = s.count();
        BOOST_TEST(now.transactions == transactions);
        BOOST_TEST(now.users == users);
        BOOST_TEST(now.sessions == sessions);
        BOOST_TEST(now.cells == cells);
    };
    expect(0, 0, 0, 0);
    for (int i = 0; i < 4; ++i) BOOST_TEST(s.insert_transaction(transaction_at(i, start)));
    BOOST_TEST(!s.insert_transaction(transaction_at(3, start)));
    for (int i = 0; i < 3; ++i) BOOST_TEST(s.insert_session(session_at(i, start)));
    for (int i = 0; i < 2; ++i) BOOST_TEST(take(s, std::to_string(i), start));
    BOOST_TEST((s.insert_user({"U", *phone_number::from_e164("+14155550100"), "ada", ""}) == write_result::done));
    expect(4, 1, 3, 2);
    s.erase_sessions_of("U", "");
    s.erase_user("U");
    expect(4, 0, 0, 2);
}

BOOST_AUTO_TEST_CASE(drops_expired_entries_faster_than_they_are_added) {
    memory_storage s({.transactions = 1000, .sessions = 1000, .cells = 1000});
    auto now = start;
    for (int i = 0; i < 10'000; ++i, now += 1min) {
        BOOST_REQUIRE(s.insert_transaction(transaction_at(i, now)));
        BOOST_REQUIRE(s.insert_session(session_at(i, now)));
        BOOST_REQUIRE(take(s, std::to_string(i), now));
    }
    BOOST_TEST(s.erase_sessions_of("U", "") <= 62u);  // one hour's worth
}

BOOST_AUTO_TEST_CASE(is_emptied_by_insertions_after_a_flood) {
    memory_storage s({.transactions = 100, .sessions = 100, .cells = 100});
    for (int i = 0; i < 100; ++i) {
        s.insert_transaction(transaction_at(i, start));
        s.insert_session(session_at(i, start));
        take(s, std::to_string(i), start);
    }
    BOOST_CHECK_THROW(s.insert_transaction(transaction_at(100, start)), std::length_error);
    BOOST_CHECK_THROW(s.insert_session(session_at(100, start)), std::length_error);
    BOOST_CHECK_THROW(take(s, "100", start), std::length_error);
    BOOST_TEST(take(s, "99", start, 2h));  // what is there goes on
    BOOST_TEST(!take(s, "100", start, 1min));

    const auto later = start + 24h;
    BOOST_TEST(s.insert_transaction(transaction_at(100, later)));
    BOOST_TEST(s.insert_session(session_at(100, later)));
    BOOST_TEST(take(s, "100", later));
}

BOOST_AUTO_TEST_CASE(a_cell_that_was_moved_on_lives_on_and_one_that_was_moved_back_leaves_nothing_behind) {
    memory_storage s({.cells = 1});
    const auto move = [&](std::chrono::milliseconds by) {
        cell_batch batch(start);
        batch.add({.action = cell_action::move, .cost = by, .room = 9h}, "a");
        s.take_cells(batch);
    };
    BOOST_TEST(take(s, "a", start));
    move(2h);
    BOOST_CHECK_THROW(take(s, "b", start + 3h - 1ms), std::length_error);
    move(-3h);
    BOOST_TEST(take(s, "b", start));
    BOOST_CHECK_THROW(move(1h), std::length_error);
}

BOOST_AUTO_TEST_CASE(a_cell_that_is_only_asked_for_is_there_when_the_clock_is_set_back) {
    memory_storage s;
    BOOST_TEST(take(s, "a", start));
    cell_batch look(start + 2h);
    look.add({.action = cell_action::ask, .room = 1h}, "a");
    look.add({.action = cell_action::ask, .room = 1h}, "b");
    BOOST_TEST(s.take_cells(look).granted);
    BOOST_TEST(!take(s, "a", start));
}

BOOST_AUTO_TEST_CASE(an_erased_or_expired_session_leaves_nothing_behind) {
    memory_storage s;
    s.insert_session(session_at(0, start));
    s.insert_session(session_at(1, start + 30min));
    s.insert_session(session_at(2, start + 30min));
    BOOST_TEST(s.erase_session("S1"));
    s.insert_session(session_at(3, start + 1h, "V"));  // drops S0
    BOOST_TEST(!s.find_session("S0").has_value());
    BOOST_TEST(s.erase_sessions_of("U", "") == 1u);
    BOOST_TEST(s.erase_sessions_of("U", "") == 0u);
    BOOST_TEST(s.erase_sessions_of("V", "") == 1u);
}

BOOST_AUTO_TEST_CASE(refuses_a_second_user_of_one_object_id) {
    memory_storage s;
    BOOST_TEST((s.insert_user(person("A", "4155550100")) == write_result::done));
    auto twin = person("A", "4155550101");
    twin.identity = "other@example.com";
    BOOST_CHECK_THROW(s.insert_user(twin), std::invalid_argument);
    BOOST_TEST(!s.find_user_by_phone(twin.phone).has_value());
    BOOST_TEST(!s.find_user_by_identity(twin.identity).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
