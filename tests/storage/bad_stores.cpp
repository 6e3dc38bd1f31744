// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/storage_suite.hpp>

using namespace phoneauth;

// Storages with the mistakes that people make. The suite must catch each one, and name the right function.
namespace {

struct saves_without_comparing : memory_storage {
    bool update_transaction(const transaction& t) {
        for (auto mine = t;;) {
            const auto stored = find_transaction(t.id);
            if (!stored) return false;
            mine.version = stored->version;
            if (memory_storage::update_transaction(mine)) return true;
        }
    }
};

struct compares_and_saves_in_two_steps : memory_storage {
    bool update_transaction(const transaction& t) {
        const auto stored = find_transaction(t.id);
        if (!stored || stored->version != t.version) return false;
        std::this_thread::yield();
        auto mine = t;
        while (!memory_storage::update_transaction(mine)) mine.version = find_transaction(t.id)->version;
        return true;
    }
};

struct keeps_the_version : memory_storage {
    std::optional<transaction> find_transaction(const std::string& id) {
        auto t = memory_storage::find_transaction(id);
        if (t) t->version = 1;
        return t;
    }
};

struct drops_an_acknowledged_write : memory_storage {
    std::atomic<int> writes = 0;
    bool update_transaction(const transaction& t) {
        return ++writes % 50 == 0 || memory_storage::update_transaction(t);
    }
};

struct overwrites_on_insert : memory_storage {
    bool insert_transaction(const transaction& t) {
        if (auto stored = find_transaction(t.id)) {
            auto mine = t;
            mine.version = stored->version;
            return memory_storage::update_transaction(mine);
        }
        return memory_storage::insert_transaction(t);
    }
};

struct drops_at_the_expiry : memory_storage {
    std::optional<transaction> find_transaction(const std::string& id) {
        auto t = memory_storage::find_transaction(id);
        if (t && t->expires_at <= system_clock().now()) t.reset();
        return t;
    }
};

struct truncates_times_to_seconds : memory_storage {
    bool insert_transaction(transaction t) {
        t.created_at = std::chrono::floor<std::chrono::seconds>(t.created_at);
        t.last_sent_at = std::chrono::floor<std::chrono::seconds>(t.last_sent_at);
        return memory_storage::insert_transaction(t);
    }
};

/// Stores no user in the base class twice but lets users share phones: the shared one is stored under another.
struct forgets_that_phones_are_unique : memory_storage {
    user_write insert_user(user u) {
        for (;;) {
            const auto written = memory_storage::insert_user(u);
            if (written != user_write::phone_taken) return written;
            u.phone = *phone_number::parse("+888" + std::to_string(100000000 + ++last));
        }
    }
    std::atomic<int> last = 0;
};

struct forgets_that_identities_are_unique : memory_storage {
    user_write insert_user(user u) {
        for (;;) {
            const auto written = memory_storage::insert_user(u);
            if (written != user_write::identity_taken) return written;
            u.identity += "+";
        }
    }
};

struct checks_uniqueness_in_two_steps : forgets_that_phones_are_unique {
    user_write insert_user(const user& u) {
        if (find_user_by_phone(u.phone)) return user_write::phone_taken;
        std::this_thread::yield();
        return forgets_that_phones_are_unique::insert_user(u);
    }
};

struct updates_a_stale_user : memory_storage {
    user_write update_user(user u) {
        for (;;) {
            const auto stored = find_user(u.object_id);
            if (!stored) return user_write::stale;
            u.version = stored->version;
            if (const auto written = memory_storage::update_user(u); written != user_write::stale) return written;
        }
    }
};

struct creates_on_update : memory_storage {
    user_write update_user(const user& u) {
        const auto written = memory_storage::update_user(u);
        return written == user_write::stale && !find_user(u.object_id) ? insert_user(u) : written;
    }
};

struct ignores_the_case_of_identities : memory_storage {
    std::optional<user> find_user_by_identity(std::string identity) {
        for (char& c : identity)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
        return memory_storage::find_user_by_identity(identity);
    }
};

struct forgets_a_property : memory_storage {
    user_write insert_user(user u) {
        u.properties.erase("nested");
        return memory_storage::insert_user(u);
    }
};

struct always_erases : memory_storage {
    bool erase_session(const std::string& hash) {
        memory_storage::erase_session(hash);
        return true;
    }
};

struct erases_one_session_of_a_user : memory_storage {
    std::size_t erase_sessions_of(const std::string& user_id, const std::string& kept) {
        const auto count = memory_storage::erase_sessions_of(user_id, kept);
        return count > 0 ? 1 : 0;
    }
};

struct counts_in_two_steps : memory_storage {
    counter change_counter(counter_change change) {
        const auto by = change.by;
        change.by = 0;
        auto c = memory_storage::change_counter(change);
        std::this_thread::yield();
        change.by = by;
        memory_storage::change_counter(change);
        c.value = std::max<std::int64_t>(c.value + by, 0);
        if (c.value == by) c.expires_at = change.now + change.lifetime;
        return c;
    }
};

struct never_restarts_counters : memory_storage {
    counter change_counter(counter_change change) {
        change.now = time_point();
        return memory_storage::change_counter(change);
    }
};

struct prolongs_counters : memory_storage {
    counter change_counter(const counter_change& change) {
        auto c = memory_storage::change_counter(change);
        c.expires_at = change.now + change.lifetime;
        return c;
    }
};

struct counts_below_zero : memory_storage {
    counter change_counter(const counter_change& change) {
        auto c = memory_storage::change_counter(change);
        if (change.by < 0 && c.value == 0) c.value = change.by;
        return c;
    }
};

struct is_down : memory_storage {
    bool insert_session(const session&) { throw std::runtime_error("connection refused"); }
};

const auto transactions_of = [](auto& s) { return run_transaction_storage_suite(s); };
const auto users_of = [](auto& s) { return run_user_storage_suite(s); };
const auto sessions_of = [](auto& s) { return run_session_storage_suite(s); };
const auto counters_of = [](auto& s) { return run_counter_storage_suite(s); };

template <class S, class Suite>
bool catches(Suite suite, const char* words) {
    S s;
    const auto text = to_text(suite(s));
    if (text.find(words) != std::string::npos) return true;
    BOOST_TEST_MESSAGE("the suite said: " << text);
    return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bad_stores)

BOOST_AUTO_TEST_CASE(transactions) {
    BOOST_TEST(catches<saves_without_comparing>(
        transactions_of, "stale update: update_transaction with an older version must return false"));
    BOOST_TEST(catches<saves_without_comparing>(transactions_of, "racing updates: of several update_transaction"));
    BOOST_TEST(
        catches<compares_and_saves_in_two_steps>(transactions_of, "racing updates: of several update_transaction"));
    BOOST_TEST(catches<keeps_the_version>(
        transactions_of, "update: find_transaction must return what was stored last; version differs"));
    BOOST_TEST(
        catches<drops_an_acknowledged_write>(transactions_of, "no acknowledged update is lost: find_transaction"));
    BOOST_TEST(catches<overwrites_on_insert>(
        transactions_of, "insert twice: insert_transaction of an id that is taken must return false"));
    BOOST_TEST(catches<drops_at_the_expiry>(transactions_of, "kept past their expiry: find_transaction must find"));
    BOOST_TEST(catches<truncates_times_to_seconds>(
        transactions_of, "insert and find: find_transaction must return what was stored last; "));
}

BOOST_AUTO_TEST_CASE(users) {
    BOOST_TEST(catches<forgets_that_phones_are_unique>(
        users_of, "insert_user with another user's phone must return phone_taken"));
    BOOST_TEST(
        catches<forgets_that_phones_are_unique>(users_of, "racing inserts of one phone: of several insert_user"));
    BOOST_TEST(catches<forgets_that_identities_are_unique>(
        users_of, "insert_user with another user's identity must return identity_taken"));
    BOOST_TEST(catches<forgets_that_identities_are_unique>(users_of,
                                                           "racing inserts of one identity: of several insert_user"));
    BOOST_TEST(
        catches<checks_uniqueness_in_two_steps>(users_of, "racing inserts of one phone: of several insert_user"));
    BOOST_TEST(
        catches<updates_a_stale_user>(users_of, "stale update: update_user with an older version must return stale"));
    BOOST_TEST(catches<updates_a_stale_user>(users_of, "racing updates of one user: of several update_user"));
    BOOST_TEST(catches<creates_on_update>(users_of, "stale update: update_user of an unknown user must return stale"));
    BOOST_TEST(catches<ignores_the_case_of_identities>(users_of,
                                                       "find_user_by_identity must compare identities byte for byte"));
    BOOST_TEST(catches<forgets_a_property>(
        users_of, "insert and find: find_user must return what was stored last; properties differs"));
}

BOOST_AUTO_TEST_CASE(sessions) {
    BOOST_TEST(catches<always_erases>(sessions_of, "erase: erase_session must return false if there was none"));
    BOOST_TEST(catches<erases_one_session_of_a_user>(sessions_of,
                                                     "erase_sessions_of must return how many sessions the user had"));
    BOOST_TEST(
        catches<is_down>(sessions_of, "sessions: insert and find: must not throw, but threw: connection refused"));
}

BOOST_AUTO_TEST_CASE(counters) {
    BOOST_TEST(catches<counts_in_two_steps>(counters_of, "racing additions: change_counter must be one atomic step"));
    BOOST_TEST(catches<never_restarts_counters>(counters_of, "expiry: an expired counter must start again at 0"));
    BOOST_TEST(catches<prolongs_counters>(counters_of, "add: adding to a counter must not change when it expires"));
    BOOST_TEST(catches<counts_below_zero>(counters_of, "take away: a sum below 0 must become 0"));
}

BOOST_AUTO_TEST_SUITE_END()
