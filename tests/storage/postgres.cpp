// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <future>
#include <latch>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <phoneauth/storage/postgres.hpp>
#include <phoneauth/testing/storage_suite.hpp>

#include "postgres.hpp"

using namespace postgres_test;

namespace {

/// Two servers of one database: each call goes to the other one.
class two_storages : public forwarding_storage<two_storages> {
public:
    explicit two_storages(const std::string& url) : first_(url), second_(url) {}

    template <class Operation, class... Arguments>
    auto perform(Operation operation, const Arguments&... arguments) {
        return operation(calls_++ % 2 ? first_ : second_, arguments...);
    }

private:
    std::atomic<unsigned> calls_ = 0;
    postgres_storage first_;
    postgres_storage second_;
};

std::string refusal(const std::string& url) {
    return thrown([&] { postgres_storage(url, {.timeout = 2s}); });
}

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

std::string rows_of(const database& db, const std::string& table) {
    return db("SELECT count(*) FROM phoneauth_" + table);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(postgres_storage_, *boost::unit_test::precondition(have_server))

BOOST_AUTO_TEST_CASE(gives_all_guarantees) {
    const database db;
    postgres_storage storage(db.url());
    BOOST_TEST(testing::to_text(testing::run_storage_suite(storage)) == "");
}

BOOST_AUTO_TEST_CASE(two_behave_as_one) {
    const database db;
    two_storages storages(db.url());
    BOOST_TEST(testing::to_text(testing::run_storage_suite(storages, {}, {.rounds = 10})) == "");
}

BOOST_AUTO_TEST_CASE(whatever_the_default_isolation_is) {
    const database db;
    db("ALTER DATABASE " + db.url().substr(db.url().rfind('/') + 1) +
       " SET default_transaction_isolation = serializable");
    postgres_storage storage(db.url());
    BOOST_TEST(testing::to_text(testing::run_storage_suite(storage, {}, {.rounds = 5})) == "");
}

BOOST_AUTO_TEST_CASE(what_is_acknowledged_is_on_disk_whatever_the_default_is) {
    const database db;
    db("ALTER DATABASE " + db.url().substr(db.url().rfind('/') + 1) + " SET synchronous_commit = off");
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    const auto c = detail::postgres::open(detail::postgres::server_address(db.url()), 7s, deadline);
    const auto setting = [&](const std::string& name) {
        return std::string(PQgetvalue(c->run("SHOW " + name, deadline).get(), 0, 0));
    };
    BOOST_TEST(setting("synchronous_commit") == "on");
    BOOST_TEST(setting("statement_timeout") == "7s");
}

BOOST_AUTO_TEST_CASE(only_counters_do_not_wait_for_the_disk) {
    const database db;
    // What each statement is committed with.
    db("CREATE TABLE commits (what text, setting text);"
       "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO commits VALUES (tg_table_name, "
       "current_setting('synchronous_commit')); RETURN NULL; END $$");
    postgres_storage storage(db.url(), {.connections = 1});
    for (const std::string table : {"transactions", "users", "sessions", "counters"})
        db("CREATE CONSTRAINT TRIGGER note AFTER INSERT OR UPDATE ON phoneauth_" + table +
           " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note()");
    storage.change_counters({{"a", 1, noon, 1h}, {"b", 0, noon, 1h}});
    storage.change_counters({{"a", -1, noon, 1h}});
    auto t = new_transaction(1);
    storage.insert_transaction(t);
    storage.update_transaction(t);
    storage.insert_user(new_user(1));
    storage.update_user(new_user(1));
    storage.insert_session(new_session(1));
    BOOST_TEST(db("SELECT string_agg(what || ' ' || setting || ' ' || count, ', ' ORDER BY what) FROM "
                  "(SELECT what, setting, count(*) FROM commits GROUP BY what, setting) AS c") ==
               "phoneauth_counters off 2, phoneauth_sessions on 1, phoneauth_transactions on 2, phoneauth_users on 2");
}

BOOST_AUTO_TEST_CASE(ten_start_at_once_on_an_empty_database) {
    const database db;
    std::latch start(10);
    std::vector<std::future<std::string>> all;
    for (int i = 0; i < 10; ++i)
        all.push_back(std::async(std::launch::async, [&] {
            start.arrive_and_wait();
            return thrown([&] { postgres_storage(db.url(), {}).insert_transaction(new_transaction(1)); });
        }));
    for (auto& one : all) BOOST_TEST(one.get() == "nothing was thrown");
    BOOST_TEST(db("SELECT count(*) || ', version ' || max(version) FROM phoneauth_schema") == "1, version 3");
    BOOST_TEST(rows_of(db, "transactions") == "1");
}

// ---- From version to version ----

namespace {
/// What phoneauth made before transactions knew of their delivery, with a row in each table.
constexpr auto version_1 = R"(
CREATE TABLE phoneauth_schema (version bigint NOT NULL);
INSERT INTO phoneauth_schema VALUES (1);
CREATE TABLE phoneauth_transactions (
    id text COLLATE "C" PRIMARY KEY,
    kind smallint NOT NULL,
    phone text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    state smallint NOT NULL,
    tries bigint NOT NULL,
    sends bigint NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    last_sent_at bigint NOT NULL,
    version bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX phoneauth_transactions_expires_at ON phoneauth_transactions (expires_at);
CREATE TABLE phoneauth_users (
    object_id text COLLATE "C" PRIMARY KEY,
    phone text COLLATE "C" NOT NULL CONSTRAINT phoneauth_users_phone UNIQUE,
    identity text COLLATE "C" NOT NULL CONSTRAINT phoneauth_users_identity UNIQUE,
    password_hash text COLLATE "C" NOT NULL,
    properties text[] COLLATE "C" NOT NULL,
    locale text COLLATE "C" NOT NULL,
    enabled boolean NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint,
    last_login_at bigint,
    version bigint NOT NULL
) WITH (fillfactor = 90);
CREATE TABLE phoneauth_sessions (
    token_hash text COLLATE "C" PRIMARY KEY,
    user_id text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);
CREATE INDEX phoneauth_sessions_user_id ON phoneauth_sessions (user_id);
CREATE INDEX phoneauth_sessions_expires_at ON phoneauth_sessions (expires_at);
CREATE TABLE phoneauth_counters (
    key text COLLATE "C" PRIMARY KEY,
    value bigint NOT NULL,
    expires_at bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX phoneauth_counters_expires_at ON phoneauth_counters (expires_at);
INSERT INTO phoneauth_transactions VALUES ('T000000001', 2, '+1555000000001', '', 'key', 1, 0, 0,
    1767268800000, 1767269100000, 1767268800000, 1);
INSERT INTO phoneauth_users VALUES ('U000000001', '+1555000000001', '000000001@example.com', '$hash', '{}', 'en', true,
    1767268800000, NULL, NULL, 1);
INSERT INTO phoneauth_sessions VALUES ('S000000001', 'U000000001', 1767268800000, 1767272400000);
INSERT INTO phoneauth_counters VALUES ('c', 3, 1767272400000);
)";

template <class S>
void expect_rows_of_version_1(S& storage) {
    BOOST_TEST(testing::detail::difference(storage.find_transaction("T000000001").value(), new_transaction(1)) == "");
    BOOST_TEST(testing::detail::difference(storage.find_user("U000000001").value(), new_user(1)) == "");
    BOOST_TEST(testing::detail::difference(storage.find_session("S000000001").value(), new_session(1)) == "");
    BOOST_TEST(storage.change_counters({{"c", 0, noon, 1h}}).at(0).value == 3);
}

std::string version_of(const database& db) {
    return db("SELECT version || ' with ' || (SELECT count(*) FROM information_schema.columns WHERE table_name = "
              "'phoneauth_transactions') || ' columns' FROM phoneauth_schema");
}
}  // namespace

BOOST_AUTO_TEST_CASE(tables_of_version_1) {
    const database db;
    db(version_1);
    // A program of that version that runs on: what it has prepared stays good.
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    detail::postgres::connection old(detail::postgres::server_address(db.url()), deadline);
    old.run(
        "PREPARE find (text) AS SELECT tries FROM phoneauth_transactions WHERE id = $1;"
        "PREPARE change (text) AS UPDATE phoneauth_transactions SET tries = 5, version = version + 1 WHERE id = $1;"
        "PREPARE add (text) AS INSERT INTO phoneauth_transactions (id, kind, phone, user_id, key_id, state, tries, "
        "sends, created_at, expires_at, last_sent_at, version) SELECT $1, kind, phone, user_id, key_id, state, tries, "
        "sends, created_at, expires_at, last_sent_at, version FROM phoneauth_transactions WHERE id = 'T000000001'",
        deadline);
    const auto use_all = [&](const std::string& added) {
        old.run("EXECUTE find ('T000000001'); EXECUTE add ('" + added + "'); EXECUTE change ('" + added + "')",
                deadline);
    };
    use_all("before");

    postgres_storage storage(db.url());
    BOOST_TEST(version_of(db) == "3 with 16 columns");
    expect_rows_of_version_1(storage);
    auto t = new_transaction(1);
    t.delivery = delivery_state::undelivered;
    t.delivery_error = -1;
    BOOST_TEST(storage.update_transaction(t));
    ++t.version;
    BOOST_TEST(testing::detail::difference(storage.find_transaction("T000000001").value(), t) == "");

    use_all("after");
    for (const auto* id : {"before", "after"}) {
        const auto found = storage.find_transaction(id);
        BOOST_TEST_REQUIRE(found.has_value());
        BOOST_TEST((found->delivery == delivery_state::pending && found->tries == 5));
    }
}

BOOST_AUTO_TEST_CASE(tables_of_version_2) {
    const database db;
    db(version_1);
    db(detail::postgres::migrations[1]);
    db("UPDATE phoneauth_schema SET version = 2");
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    detail::postgres::connection old(detail::postgres::server_address(db.url()), deadline);
    old.run("PREPARE change AS UPDATE phoneauth_users SET locale = 'de', version = version + 1;"
            "PREPARE add (text) AS INSERT INTO phoneauth_sessions (token_hash, user_id, created_at, expires_at) "
            "VALUES ($1, 'U000000001', 1767268800000, 1767272400000)",
            deadline);
    old.run("EXECUTE add ('before')", deadline);

    postgres_storage storage(db.url());
    BOOST_TEST(version_of(db) == "3 with 16 columns");
    expect_rows_of_version_1(storage);
    auto u = new_user(1);
    u.generation = 7;
    BOOST_TEST((storage.update_user(u) == write_result::done));

    // A program of that version that runs on leaves it alone.
    old.run("EXECUTE change; EXECUTE add ('after')", deadline);
    BOOST_TEST(storage.find_user(u.object_id)->generation == 7u);
    for (const auto* hash : {"S000000001", "before", "after"})
        BOOST_TEST(storage.find_session(hash)->fingerprint == "", hash);
}

BOOST_AUTO_TEST_CASE(ten_start_at_once_on_tables_of_version_1) {
    const database db;
    db(version_1);
    std::latch start(10);
    std::vector<std::future<void>> all;
    for (int i = 0; i < 10; ++i)
        all.push_back(std::async(std::launch::async, [&] {
            start.arrive_and_wait();
            postgres_storage storage(db.url());
            expect_rows_of_version_1(storage);
        }));
    for (auto& one : all) one.get();
    BOOST_TEST(version_of(db) == "3 with 16 columns");
}

BOOST_AUTO_TEST_CASE(a_server_that_crashes_while_tables_are_brought_up_to_date) {
    // All but the last statement are done.
    const database db;
    db(version_1);
    db("CREATE FUNCTION ends() RETURNS trigger LANGUAGE plpgsql AS "
       "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN new; END $$;"
       "CREATE TRIGGER ends BEFORE UPDATE ON phoneauth_schema FOR EACH ROW EXECUTE FUNCTION ends()");
    BOOST_TEST(refusal(db.url()) != "nothing was thrown");
    BOOST_TEST(version_of(db) == "1 with 12 columns");
    db("DROP FUNCTION ends CASCADE");
    postgres_storage storage(db.url());
    expect_rows_of_version_1(storage);
    BOOST_TEST(version_of(db) == "3 with 16 columns");
}

BOOST_AUTO_TEST_CASE(the_limit_of_a_call_is_not_for_the_tables) {
    const database db;
    db(version_1);
    db("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN new; END $$;"
       "CREATE TRIGGER slow BEFORE UPDATE ON phoneauth_schema FOR EACH ROW EXECUTE FUNCTION slow()");
    const auto start = [&] { return thrown([&] { postgres_storage(db.url(), {.timeout = 300ms}); }); };
    auto other = std::async(std::launch::async, start);  // one of them waits for the other
    BOOST_TEST(start() == "nothing was thrown");
    BOOST_TEST(other.get() == "nothing was thrown");
    BOOST_TEST(version_of(db) == "3 with 16 columns");
}

BOOST_AUTO_TEST_CASE(tables_that_cannot_be_brought_up_to_date) {
    const database db;
    db(version_1);
    {
        const locked_table lock(db.url(), "phoneauth_transactions");
        const auto text = refusal(db.url());
        BOOST_TEST(mentions(text, "lock timeout"), text);
        BOOST_TEST(mentions(text, "from version 1 to 3: the user of the URL must own them, and no other program"),
                   text);
    }
    db("DROP ROLE IF EXISTS phoneauth_modest; CREATE ROLE phoneauth_modest LOGIN;"
       "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO phoneauth_modest");
    const auto text = refusal(with_user(db.url(), "phoneauth_modest"));
    BOOST_TEST(mentions(text, "must be owner of table phoneauth_transactions"), text);
    BOOST_TEST(mentions(text, "the user of the URL must own them"), text);
    db("DROP OWNED BY phoneauth_modest; DROP ROLE phoneauth_modest");
    BOOST_TEST(version_of(db) == "1 with 12 columns");
}

// ---- Rights ----

BOOST_AUTO_TEST_CASE(starts_with_nothing_but_the_right_to_use_its_tables) {
    const database db;
    db("DROP ROLE IF EXISTS phoneauth_modest; CREATE ROLE phoneauth_modest LOGIN");
    const auto url = with_user(db.url(), "phoneauth_modest");
    BOOST_TEST(mentions(refusal(url), "permission denied"));
    BOOST_TEST(mentions(refusal(url), "must be allowed to create tables"));
    postgres_storage owner(db.url());
    db("GRANT SELECT ON ALL TABLES IN SCHEMA public TO phoneauth_modest");
    BOOST_TEST(mentions(refusal(url), "it is not so that phoneauth_counters may be read and changed"));
    db("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO phoneauth_modest");
    {
        postgres_storage modest(url);
        BOOST_TEST(modest.insert_transaction(new_transaction(1)));
    }
    db("DROP OWNED BY phoneauth_modest; DROP ROLE phoneauth_modest");
}

// ---- Values ----

BOOST_AUTO_TEST_CASE(texts_hold_any_character_but_nul) {
    const database db;
    postgres_storage storage(db.url());
    auto u = new_user(1);
    u.identity = "'; DROP TABLE phoneauth_users; -- \\ \" % _ {},NULL \x01\x7f Zoë\xF0\x9F\x98\x80";
    u.properties = {{"", ""}, {"NULL", "null"}, {u.identity, "\"\\u0000\""}, {"{\"", "{}"}};
    BOOST_TEST((storage.insert_user(u) == write_result::done));
    const auto found = storage.find_user_by_identity(u.identity);
    BOOST_TEST_REQUIRE(found.has_value());
    BOOST_TEST((found->properties == u.properties));

    for (const auto& bad :
         {std::string("a\0b", 3), std::string("\0", 1), std::string("\xff"), std::string("\xed\xa0\x80")}) {
        auto other = new_user(2);
        other.identity = bad;
        BOOST_TEST(mentions(thrown([&] { storage.insert_user(other); }), "invalid byte sequence"));
        BOOST_TEST(mentions(thrown([&] { storage.find_user_by_identity(bad); }), "invalid byte sequence"));
        other = new_user(2);
        other.properties["name"] = bad;
        BOOST_TEST(mentions(thrown([&] { storage.insert_user(other); }), "invalid byte sequence"));
    }
    BOOST_TEST(rows_of(db, "users") == "1");
}

BOOST_AUTO_TEST_CASE(numbers_keep_their_range) {
    const database db;
    postgres_storage storage(db.url());
    auto t = new_transaction(1);
    t.tries = t.sends = std::numeric_limits<std::uint32_t>::max();
    t.version = std::numeric_limits<std::int64_t>::max();
    t.last_sent_at = time_point(-1ms);
    BOOST_TEST(storage.insert_transaction(t));
    const auto found = storage.find_transaction(t.id);
    BOOST_TEST_REQUIRE(found.has_value());
    BOOST_TEST((found->tries == t.tries && found->version == t.version && found->last_sent_at == t.last_sent_at));
    BOOST_TEST(mentions(thrown([&] { storage.update_transaction(t); }), "out of range"));
}

BOOST_AUTO_TEST_CASE(values_that_are_not_known_are_refused) {
    const database db;
    postgres_storage storage(db.url());
    storage.insert_transaction(new_transaction(1));
    storage.insert_user(new_user(1));
    for (const std::string change :
         {"kind = 9", "kind = 0", "state = -1", "tries = 4294967296", "sends = -1", "delivery = 0", "delivery = 4",
          "phone = '+0'", "phone = '555 1'", "version = -1"}) {
        db("CREATE TABLE saved AS TABLE phoneauth_transactions; UPDATE phoneauth_transactions SET " + change);
        const auto text = thrown([&] { storage.find_transaction("T000000001"); });
        BOOST_TEST(mentions(text, "column " + change.substr(0, change.find(' ')) + " holds a value"),
                   change + ": " + text);
        db("DELETE FROM phoneauth_transactions; INSERT INTO phoneauth_transactions TABLE saved; DROP TABLE saved");
        BOOST_TEST(storage.find_transaction("T000000001").has_value());
    }
    for (const std::string value : {"ARRAY['odd']", "ARRAY[['a', 'b'], ['c', 'd']]", "ARRAY['a', NULL]"}) {
        db("UPDATE phoneauth_users SET properties = " + value);
        BOOST_TEST(mentions(thrown([&] { storage.find_user("U000000001"); }), "column properties holds a value"),
                   value);
    }
}

BOOST_AUTO_TEST_CASE(a_user_whose_phone_and_identity_are_taken) {
    const database db;
    postgres_storage storage(db.url());
    storage.insert_user(new_user(1));
    storage.insert_user(new_user(2));
    auto both = new_user(3);
    both.phone = new_user(1).phone;
    both.identity = new_user(2).identity;
    BOOST_TEST((storage.insert_user(both) == write_result::phone_taken));
    auto same = new_user(1);
    BOOST_TEST((storage.insert_user(same) == write_result::phone_taken));
    same.phone = both.phone = new_user(9).phone;
    same.identity = new_user(9).identity;
    BOOST_CHECK_THROW(storage.insert_user(same), std::invalid_argument);
    auto second = new_user(2);
    second.phone = new_user(1).phone;
    second.identity = new_user(1).identity;
    BOOST_TEST((storage.update_user(second) == write_result::phone_taken));
    second.version = 7;
    BOOST_TEST((storage.update_user(second) == write_result::stale));
}

BOOST_AUTO_TEST_CASE(counters_in_batches) {
    const database db;
    postgres_storage storage(db.url());
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    const auto values = [&](const std::vector<counter_change>& changes) {
        std::string text;
        for (const auto& c : storage.change_counters(changes)) text += std::to_string(c.value) + " ";
        return text;
    };
    BOOST_TEST(values({}) == "");
    BOOST_TEST(values({{"b", 0, noon, 1h}, {"a", -1, noon, 1h}}) == "0 0 ");
    BOOST_TEST(rows_of(db, "counters") == "0");
    BOOST_TEST(values({{"z", 3, noon, 1h}, {"b", 0, noon, 1h}, {"a", 2, noon, 2h}, {"m", most, noon, 1h}}) ==
               "3 0 2 " + std::to_string(most) + " ");
    BOOST_TEST(values({{"m", most, noon, 1h}, {"a", least, noon, 1h}, {"z", -1, noon, 1h}, {"q", least, noon, 1h}}) ==
               std::to_string(most) + " 0 2 0 ");
    BOOST_TEST(rows_of(db, "counters") == "3");
    // A counter that came to 0 is absent: the next change brings it into being anew.
    const auto fresh = storage.change_counters({{"a", 1, noon + 1min, 1h}});
    BOOST_TEST((fresh.at(0).value == 1 && fresh.at(0).expires_at == noon + 1min + 1h));
    // Each change has its own time.
    BOOST_TEST(values({{"z", 1, noon + 1h, 1h}, {"m", 0, noon, 1h}}) == "1 " + std::to_string(most) + " ");
}

BOOST_AUTO_TEST_CASE(batches_in_any_order_do_not_lock_each_other_out) {
    const database db;
    std::vector<std::jthread> threads;
    postgres_storage storage(db.url(), {.connections = 8});
    const auto errors = [&] { return db("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"); };
    for (unsigned thread = 0; thread < 8; ++thread)
        threads.emplace_back([&, thread] {
            for (unsigned n = 0; n < 40; ++n) {
                std::vector<counter_change> changes;
                for (unsigned i = 0; i < 10; ++i) {
                    const auto key = thread % 2 ? i : 9 - i;
                    // Half of them expire all the time, so that they are swept and start again.
                    changes.push_back(
                        {"k" + std::to_string(key), (n + key) % 5 ? 1 : -1, noon + n * 1s, key % 2 ? 2s : 1h});
                }
                storage.change_counters(changes);
            }
        });
    threads.clear();
    BOOST_TEST(errors() == "0");
}

// ---- Sweeping ----

BOOST_AUTO_TEST_CASE(insertions_remove_what_has_expired) {
    const database db;
    postgres_storage storage(db.url());
    for (int i = 0; i < 20; ++i) {
        storage.insert_transaction(new_transaction(i));
        storage.insert_session(new_session(i));
        storage.change_counters({{"c" + std::to_string(i), 1, noon, 1h}});
    }
    const auto end = noon + 5min + transaction_retention;
    BOOST_TEST(storage.insert_transaction(new_transaction(20, end - 1ms)));
    BOOST_TEST(rows_of(db, "transactions") == "21");
    for (int i = 21; i < 31; ++i) {
        storage.insert_transaction(new_transaction(i, end));
        storage.insert_session(new_session(i, noon + 1h));
        storage.change_counters({{"c" + std::to_string(i), 1, noon + 1h, 1h}});
    }
    BOOST_TEST(rows_of(db, "transactions") == "11");
    BOOST_TEST(rows_of(db, "sessions") == "10");
    BOOST_TEST(rows_of(db, "counters") == "10");
    // What only reads, and what is refused, sweeps nothing.
    storage.change_counters({{"c21", 0, noon + 9h, 1h}, {"none", -1, noon + 9h, 1h}});
    BOOST_TEST(rows_of(db, "counters") == "10");
    // A counter that starts again is not swept by the call that changes it.
    BOOST_TEST(storage.change_counters({{"c21", 5, noon + 9h, 1h}}).at(0).value == 5);
    BOOST_TEST(storage.change_counters({{"c21", 0, noon + 9h, 1h}}).at(0).value == 5);
}

BOOST_AUTO_TEST_CASE(a_batch_of_counters_removes_more_than_it_adds) {
    const database db;
    postgres_storage storage(db.url());
    std::vector<counter_change> first, second;
    for (int i = 0; i < 20; ++i) first.push_back({"c" + std::to_string(i), 1, noon, 1h});
    for (int i = 0; i < 8; ++i) second.push_back({"d" + std::to_string(i), i < 5 ? 1 : 0, noon + 1h, 1h});
    storage.change_counters(first);
    BOOST_TEST(rows_of(db, "counters") == "20");
    storage.change_counters(second);
    BOOST_TEST(rows_of(db, "counters") == "15");
    BOOST_TEST(db("SELECT count(*) FROM phoneauth_counters WHERE key LIKE 'd%'") == "5");
}

BOOST_AUTO_TEST_CASE(delete_expired_removes_as_much_as_it_may) {
    const database db;
    postgres_storage storage(db.url());
    for (int i = 0; i < 10; ++i) {
        storage.insert_transaction(new_transaction(i));
        storage.insert_session(new_session(i));
        storage.change_counters({{"c" + std::to_string(i), 1, noon, 1h}});
    }
    BOOST_TEST(storage.delete_expired(noon + 1h - 1ms, 100) == 0u);
    BOOST_TEST(storage.delete_expired(noon + 1h, 4) == 4u);
    BOOST_TEST(storage.delete_expired(noon + 1h, 8) == 8u);
    BOOST_TEST(rows_of(db, "sessions") + rows_of(db, "counters") == "08");
    BOOST_TEST(storage.delete_expired(noon + 1h, 100) == 8u);
    BOOST_TEST(storage.delete_expired(noon + 5min + transaction_retention, 7) == 7u);
    BOOST_TEST(rows_of(db, "transactions") + rows_of(db, "sessions") + rows_of(db, "counters") == "300");
}

BOOST_AUTO_TEST_CASE(no_statement_reads_a_whole_table) {
    const database db;
    postgres_storage storage(db.url());
    db(R"(
INSERT INTO phoneauth_transactions SELECT 'T' || n, 1, '+1', '', '', 1, 0, 0, n, n, n, 1 FROM generate_series(1, 20000) n;
INSERT INTO phoneauth_users SELECT 'U' || n, '+1' || n, 'i' || n, '', '{}', '', true, n, n, n, 1 FROM generate_series(1, 20000) n;
INSERT INTO phoneauth_sessions SELECT 'S' || n, 'U' || n / 3, n, n FROM generate_series(1, 20000) n;
INSERT INTO phoneauth_counters SELECT 'C' || n, n, n FROM generate_series(1, 20000) n;
ANALYZE)");
    // Arguments for which all of a table is expired: the temptation is greatest.
    const auto arguments = [](const std::string& types) {
        std::string all;
        std::istringstream list(types);
        for (std::string type; std::getline(list, type, ',');) {
            type.erase(0, type.find_first_not_of(' '));
            const std::string value = type == "text"        ? "'x'"
                                      : type == "bigint"    ? "30000"
                                      : type == "text[]"    ? "ARRAY['x', 'y', 'z']"
                                      : type == "bigint[]"  ? "ARRAY[1, 0, -1]"
                                      : type == "boolean[]" ? "ARRAY[true, true, false]"
                                                            : "true";
            all += (all.empty() ? "" : ", ") + value;
        }
        return all;
    };
    for (const std::string mode : {"force_custom_plan", "force_generic_plan"})
        for (const auto* s : detail::postgres::statements) {
            // The storage's own sessions have enable_seqscan = off; here the planner is free.
            const auto deadline = std::chrono::steady_clock::now() + 10s;
            detail::postgres::connection c(detail::postgres::server_address(db.url()), deadline);
            detail::postgres::prepare(c, deadline);
            c.run("SET plan_cache_mode = " + mode, deadline);
            const auto plan =
                c.run("EXPLAIN EXECUTE " + std::string(s->name) + "(" + arguments(s->types) + ")", deadline);
            std::string text;
            for (int i = 0; i < PQntuples(plan.get()); ++i) text += std::string(PQgetvalue(plan.get(), i, 0)) + "\n";
            BOOST_TEST(!mentions(text, "Seq Scan"), s->name << " with " << mode << ":\n" << text);
            BOOST_TEST(mentions(text, "phoneauth_"), s->name);
        }
}

// ---- Bad input ----

BOOST_AUTO_TEST_CASE(urls_that_are_not_valid) {
    for (const std::string url :
         {"", "postgres", "postgres:/secret@h/d", "http://u:secret@h/d", "host=h password=secret",
          "postgres://u:sec/secret@h/d", "postgres://u:1/secret@h/d", "postgres://u:sec@secret@h/d",
          "postgres://u:%secret@h/d", "postgres://u:p@h:secret/d", "postgres://u:p@h:99999999/d",
          "postgres://u:p@h:1,h2:secret/d", "postgres://u:p@h/d?secret=1", "postgres://u:p@h/d?secret",
          "postgres://u:p@[secret/d"}) {
        const auto text = refusal(url);
        BOOST_TEST(mentions(text, "the PostgreSQL URL is not valid; expected postgres://user:password@host"),
                   url + text);
        BOOST_TEST(!mentions(text, "secret"), url);
    }
    BOOST_TEST(mentions(refusal(std::string("postgres://h/d\0x", 16)), "is not valid"));
}

BOOST_AUTO_TEST_CASE(servers_that_do_not_let_us_in) {
    BOOST_TEST(mentions(refusal("postgres://u:secret@127.0.0.1:1/d"), "Connection refused"));
    BOOST_TEST(mentions(refusal("postgres://u:secret@nowhere.invalid/d"), "could not translate host name"));
    BOOST_TEST(
        mentions(refusal(with_database(given_url(), "no_such_database")), "\"no_such_database\" does not exist"));
    BOOST_TEST(
        mentions(refusal(with_user(given_url(), "nobody_of_this_name")), "\"nobody_of_this_name\" does not exist"));
    BOOST_TEST(mentions(refusal("postgres://127.0.0.1:1/d"), "check the URL and whether the server runs"));
}

BOOST_AUTO_TEST_CASE(wrong_passwords) {
    server own;
    sql(own.url(), "CREATE ROLE guarded LOGIN SUPERUSER PASSWORD 'r/i@g:h?t%'");
    own.ask_password_of("guarded");
    const auto wrong = refusal(with_user(own.url(), "guarded:wr%2Fong"));
    BOOST_TEST(mentions(wrong, "password authentication failed for user \"guarded\""), wrong);
    BOOST_TEST(!mentions(wrong, "ong\""));
    BOOST_TEST(!mentions(wrong, "wr/ong"));
    BOOST_TEST(mentions(refusal(with_user(own.url(), "guarded")), "no password supplied"));
    BOOST_TEST(refusal(with_user(own.url(), "guarded:r%2Fi%40g%3Ah%3Ft%25")) == "nothing was thrown");
}

BOOST_AUTO_TEST_CASE(databases_that_do_not_fit) {
    const database ascii(given_url(), "ENCODING 'SQL_ASCII' TEMPLATE template0");
    BOOST_TEST(mentions(refusal(ascii.url()), "has the encoding SQL_ASCII; create one with ENCODING 'UTF8'"));

    const database db;
    const auto read_only = db.url() + "?options=-c%20default_transaction_read_only%3Don";
    BOOST_TEST(mentions(refusal(read_only), "is read-only"));
    BOOST_TEST(refusal(db.url()) == "nothing was thrown");
    BOOST_TEST(mentions(refusal(read_only), "is read-only"));

    db("UPDATE phoneauth_schema SET version = 4");
    BOOST_TEST(
        mentions(refusal(db.url()), "have version '4', this program knows versions up to 3; run a newer program"));
    db("DELETE FROM phoneauth_schema");
    BOOST_TEST(mentions(refusal(db.url()), "have version ''"));

    const database half;
    half("CREATE TABLE phoneauth_users (mine int)");
    BOOST_TEST(mentions(refusal(half.url()), "\"phoneauth_users\" already exists"));
    BOOST_TEST(half("SELECT to_regclass('phoneauth_transactions') IS NULL") == "t");
}

BOOST_AUTO_TEST_CASE(tables_changed_by_hand) {
    const database db;
    BOOST_TEST(refusal(db.url()) == "nothing was thrown");
    const struct {
        std::string change, undo, complaint;
    } changes[] = {
        {"ALTER TABLE phoneauth_users DROP CONSTRAINT phoneauth_users_phone",
         "ALTER TABLE phoneauth_users ADD CONSTRAINT phoneauth_users_phone UNIQUE (phone)",
         "it is not so that phoneauth_users has a unique index on phone"},
        {"DROP INDEX phoneauth_sessions_user_id",
         "CREATE INDEX phoneauth_sessions_user_id ON phoneauth_sessions (user_id)",
         "it is not so that phoneauth_sessions has an index on user_id"},
        {"ALTER TABLE phoneauth_counters ALTER value TYPE int",
         "ALTER TABLE phoneauth_counters ALTER value TYPE bigint",
         "it is not so that phoneauth_counters has value bigint not null"},
        {"ALTER TABLE phoneauth_users ALTER identity TYPE text COLLATE \"POSIX\"",
         "ALTER TABLE phoneauth_users ALTER identity TYPE text COLLATE \"C\"",
         "it is not so that phoneauth_users has identity text collate \"C\" not null"},
        {"ALTER TABLE phoneauth_transactions ALTER phone DROP NOT NULL",
         "ALTER TABLE phoneauth_transactions ALTER phone SET NOT NULL",
         "it is not so that phoneauth_transactions has phone text collate \"C\" not null"},
        {"ALTER TABLE phoneauth_users ADD age int NOT NULL", "ALTER TABLE phoneauth_users DROP age",
         "phoneauth_users has age integer not null, which it should not"},
        {"CREATE UNIQUE INDEX mine ON phoneauth_users (locale)", "DROP INDEX mine",
         "phoneauth_users has a unique index on locale, which it should not"},
        {"ALTER TABLE phoneauth_users RENAME TO mine", "ALTER TABLE mine RENAME TO phoneauth_users",
         "it is not so that phoneauth_users"},
        {"CREATE INDEX mine ON phoneauth_users (created_at); ALTER TABLE phoneauth_users ADD age int, ADD t int NOT "
         "NULL DEFAULT 1",
         "DROP INDEX mine; ALTER TABLE phoneauth_users DROP age", "nothing was thrown"},
    };
    for (const auto& [change, undo, complaint] : changes) {
        db(change);
        const auto text = refusal(db.url());
        BOOST_TEST(mentions(text, complaint), change + ": " + text);
        db(undo);
        BOOST_TEST(refusal(db.url()) == "nothing was thrown");
    }
}

// ---- Trouble ----

BOOST_AUTO_TEST_CASE(a_restart_between_calls_goes_unnoticed) {
    server own;
    postgres_storage storage(own.url());
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(storage.insert_transaction(new_transaction(i)));
        own.restart();
    }
    BOOST_TEST(storage.find_transaction("T000000002").has_value());
}

BOOST_AUTO_TEST_CASE(recovers_when_the_server_is_there_again) {
    server own;
    postgres_storage storage(own.url(), {.connections = 2});
    own.kill();
    for (int i = 0; i < 5; ++i)
        BOOST_TEST(mentions(thrown([&] { storage.find_user("U"); }), "cannot connect to PostgreSQL"));
    own.start();
    BOOST_TEST(!storage.find_user("U").has_value());
}

BOOST_AUTO_TEST_CASE(crashes_lose_nothing_that_was_acknowledged) {
    server own;
    postgres_storage storage(own.url(), {.connections = 8});
    std::atomic<bool> stop = false;
    std::atomic<int> failures = 0;
    std::vector<std::vector<int>> done(8);
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 8; ++thread)
        threads.emplace_back([&, thread] {
            for (int n = thread; !stop; n += 8) {
                try {
                    if (storage.insert_transaction(new_transaction(n)))
                        done[static_cast<std::size_t>(thread)].push_back(n);
                } catch (const std::runtime_error&) {
                    ++failures;
                }
            }
        });
    for (int i = 0; i < 3; ++i) {
        const auto some = [&] { return std::stoi(sql(own.url(), "SELECT count(*) FROM phoneauth_transactions")); };
        for (const auto before = some(); some() < before + 50;) std::this_thread::yield();
        own.restart();
    }
    stop = true;
    threads.clear();
    BOOST_TEST(failures > 0);
    for (const auto& numbers : done) {
        BOOST_TEST(numbers.size() > 10u);
        for (const auto n : numbers) BOOST_TEST_REQUIRE(storage.find_transaction(new_transaction(n).id).has_value());
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_hangs) {
    const database db;
    postgres_storage(db.url()).insert_transaction(new_transaction(1));
    postgres_storage storage(db.url(), {.timeout = 500ms});
    {
        const hung_sessions hung(db.url());
        BOOST_TEST(hung.size() == 1u);
        const auto before = std::chrono::steady_clock::now();
        BOOST_TEST(mentions(thrown([&] { storage.erase_session("S"); }), "no answer from PostgreSQL"));
        const auto took = std::chrono::steady_clock::now() - before;
        BOOST_TEST((took >= 500ms && took < 5s));
        BOOST_TEST(!storage.erase_session("S"));
    }
    BOOST_TEST(storage.find_transaction("T000000001").has_value());
}

BOOST_AUTO_TEST_CASE(a_server_that_does_not_let_us_in_nor_refuses) {
    server own;
    postgres_storage storage(own.url(), {.timeout = 1s});
    own.while_it_does_not_answer([&] {
        const auto before = std::chrono::steady_clock::now();
        BOOST_TEST(mentions(thrown([&] { storage.find_session("S"); }), "no connection to PostgreSQL within"));
        BOOST_TEST((std::chrono::steady_clock::now() - before < 5s));
    });
    BOOST_TEST(!storage.find_session("S").has_value());
}

BOOST_AUTO_TEST_CASE(the_server_stops_what_takes_too_long) {
    const database db;
    postgres_storage(db.url()).insert_session(new_session(1));
    postgres_storage storage(db.url(), {.timeout = 500ms});
    {
        locked_table lock(db.url(), "phoneauth_sessions");
        const auto late = thrown([&] { storage.erase_session("S000000001"); });
        BOOST_TEST((mentions(late, "no answer") || mentions(late, "57014")), late);
        lock.wait_for(false);
    }
    BOOST_TEST(storage.find_session("S000000001").has_value());
}

BOOST_AUTO_TEST_CASE(all_connections_in_use) {
    const database db;
    (void)postgres_storage(db.url());
    postgres_storage storage(db.url(), {.connections = 1, .timeout = 500ms});
    const hung_sessions hung(db.url());
    // Who comes a little later gets the connection when the first gives up, and no answer either: not the one to be seen.
    bool one_had_none = false;
    for (int i = 0; i < 10 && !one_had_none; ++i) {
        std::latch two(2);
        const auto call = [&] {
            two.arrive_and_wait();
            return thrown([&] { storage.erase_session("S"); });
        };
        auto first = std::async(std::launch::async, call);
        const auto second = call();
        const auto both = second + first.get();
        BOOST_TEST(mentions(both, "no answer from PostgreSQL"), both);
        one_had_none = mentions(both, "are busy") || mentions(both, "no connection");
    }
    BOOST_TEST(one_had_none);
}

BOOST_AUTO_TEST_CASE(an_administrator_ends_the_session) {
    const database db;
    postgres_storage storage(db.url());
    storage.insert_transaction(new_transaction(1));
    std::future<bool> read;
    {
        locked_table lock(db.url(), "phoneauth_transactions");
        read = std::async(std::launch::async, [&] { return storage.find_transaction("T000000001").has_value(); });
        lock.wait_for(true);
        lock.end_those_who_wait();
        lock.wait_for(true);  // it tries once more
    }
    BOOST_TEST(read.get());
    std::future<std::string> write;
    {
        locked_table lock(db.url(), "phoneauth_transactions");
        write = std::async(std::launch::async,
                           [&] { return thrown([&] { storage.insert_transaction(new_transaction(2)); }); });
        lock.wait_for(true);
        lock.end_those_who_wait();
    }
    BOOST_TEST(mentions(write.get(), "was lost; whether a change was made is not known"));
    BOOST_TEST(!storage.find_transaction("T000000002").has_value());
}

BOOST_AUTO_TEST_CASE(serialization_failures_are_tried_again_within_bounds) {
    const database db;
    postgres_storage storage(db.url());
    const auto fail = [&](const std::string& state, int times) {
        db("CREATE SEQUENCE IF NOT EXISTS fails; ALTER SEQUENCE fails RESTART;"
           "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('fails') <= " +
           std::to_string(times) + " THEN RAISE EXCEPTION 'no' USING ERRCODE = '" + state +
           "'; END IF; RETURN new; END $$;"
           "CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON phoneauth_transactions FOR EACH ROW EXECUTE FUNCTION "
           "fail()");
    };
    fail("40001", 3);
    BOOST_TEST(storage.insert_transaction(new_transaction(1)));
    BOOST_TEST(db("SELECT last_value FROM fails") == "4");
    fail("40P01", 1);
    BOOST_TEST(storage.insert_transaction(new_transaction(2)));
    fail("40001", 1000);
    BOOST_TEST(mentions(thrown([&] { storage.insert_transaction(new_transaction(3)); }), "lost too many races"));
    BOOST_TEST(db("SELECT last_value FROM fails") == "10");
    // Others are not tried again, but for those that say that another connection would do.
    for (const auto& [state, times] : {std::pair("53100", 1), {"23514", 1}, {"57014", 1}, {"25006", 2}}) {
        fail(state, 1000);
        const auto text = thrown([&] { storage.insert_transaction(new_transaction(3)); });
        BOOST_TEST(mentions(text, state), text);
        BOOST_TEST(db("SELECT last_value FROM fails") == std::to_string(times));
    }
    fail("25006", 1);
    BOOST_TEST(storage.insert_transaction(new_transaction(3)));
}

BOOST_AUTO_TEST_CASE(prepared_statements_that_are_gone_are_prepared_again) {
    const database db;
    postgres_storage storage(db.url());
    storage.insert_user(new_user(1));
    db("ALTER TABLE phoneauth_users ALTER locale TYPE varchar");  // "cached plan must not change result type"
    BOOST_TEST(storage.find_user("U000000001").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
