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

#include "cells.hpp"
#include "postgres.hpp"

using namespace postgres_test;
using cell_tests::asks, cell_tests::batch_of, cell_tests::moves, cell_tests::takes;

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

/// The version of the tables that this program makes.
const std::string newest = std::to_string(detail::postgres::migrations.size());
/// What `version_of` says of them.
std::string newest_tables() {
    int fields = 0;
    detail::for_each_field<transaction>([&](const auto&, auto) { ++fields; });
    return newest + " with " + std::to_string(fields) + " columns";
}

/// Keys with a number each, from `first` to before `last`.
cell_batch numbered(time_point now, const cell_request& r, const std::string& name, int first, int last) {
    cell_batch batch(now);
    for (int i = first; i < last; ++i) batch.add(r, name, std::to_string(i));
    return batch;
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

BOOST_AUTO_TEST_CASE(only_cells_do_not_wait_for_the_disk) {
    const database db;
    // What each statement is committed with.
    db("CREATE TABLE commits (what text, setting text);"
       "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO commits VALUES (tg_table_name, "
       "current_setting('synchronous_commit')); RETURN NULL; END $$");
    postgres_storage storage(db.url(), {.connections = 1});
    for (const std::string table : {"transactions", "users", "sessions", "cells"})
        db("CREATE CONSTRAINT TRIGGER note AFTER INSERT OR UPDATE ON phoneauth_" + table +
           " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note()");
    storage.take_cells(batch_of(noon, takes(1h), "a"));
    storage.take_cells(batch_of(noon, asks(), "a", "b"));
    storage.take_cells(batch_of(noon, moves(-1min), "a", "b"));
    auto t = new_transaction(1);
    storage.insert_transaction(t);
    storage.update_transaction(t);
    storage.insert_user(new_user(1));
    storage.update_user(new_user(1));
    storage.insert_session(new_session(1));
    BOOST_TEST(db("SELECT string_agg(what || ' ' || setting || ' ' || count, ', ' ORDER BY what) FROM "
                  "(SELECT what, setting, count(*) FROM commits GROUP BY what, setting) AS c") ==
               "phoneauth_cells off 2, phoneauth_sessions on 1, phoneauth_transactions on 2, phoneauth_users on 2");
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
    BOOST_TEST(db("SELECT count(*) || ', version ' || max(version) FROM phoneauth_schema") == "1, version " + newest);
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
    BOOST_TEST(storage.take_cells(batch_of(noon, takes(1h), "c")).granted);
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
    BOOST_TEST(version_of(db) == newest_tables());
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
    BOOST_TEST(version_of(db) == newest_tables());
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

BOOST_AUTO_TEST_CASE(tables_of_version_3) {
    const database db;
    db(version_1);
    db(detail::postgres::migrations[1]);
    db(detail::postgres::migrations[2]);
    db("UPDATE phoneauth_schema SET version = 3;"
       "UPDATE phoneauth_users SET generation = 3; UPDATE phoneauth_sessions SET fingerprint = 'F';"
       "UPDATE phoneauth_transactions SET delivery = 2, password_mark = 'M', known_network = '192.0.2.1'");
    // A program of that version that runs on.
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    detail::postgres::connection old(detail::postgres::server_address(db.url()), deadline);
    old.run("PREPARE change AS UPDATE phoneauth_users SET generation = 4, version = version + 1;"
            "PREPARE find AS SELECT token_hash, user_id, created_at, expires_at, fingerprint FROM phoneauth_sessions;"
            "PREPARE add (text) AS INSERT INTO phoneauth_sessions (token_hash, user_id, created_at, expires_at, "
            "fingerprint) VALUES ($1, 'U000000001', 1767268800000, 1767272400000, 'F')",
            deadline);
    old.run("EXECUTE add ('before')", deadline);

    postgres_storage storage(db.url());
    BOOST_TEST(version_of(db) == newest_tables());
    auto t = new_transaction(1);
    t.delivery = delivery_state::delivered;
    t.password_fingerprint = "M";
    t.known_network = "192.0.2.1";
    BOOST_TEST(testing::detail::difference(storage.find_transaction(t.id).value(), t) == "");
    BOOST_TEST(storage.update_transaction(t));
    auto u = new_user(1);
    u.generation = 3;
    BOOST_TEST(testing::detail::difference(storage.find_user(u.object_id).value(), u) == "");
    u.backup_codes = "$a -";
    BOOST_TEST((storage.update_user(u) == write_result::done));
    auto s = new_session(1);
    s.fingerprint = "F";
    BOOST_TEST(testing::detail::difference(storage.find_session(s.token_hash).value(), s) == "");
    BOOST_TEST(storage.find_sessions_of(s.user_id).size() == 2u);
    s.auth_methods = by_code;
    s.last_used_at = noon + 1min;
    BOOST_TEST(storage.update_session(s));
    BOOST_TEST(!storage.update_session(s));
    ++s.version;
    BOOST_TEST(testing::detail::difference(storage.find_session(s.token_hash).value(), s) == "");

    old.run("EXECUTE change; EXECUTE add ('after'); EXECUTE find", deadline);
    BOOST_TEST(storage.find_user(u.object_id)->backup_codes == "$a -");
    const session added{"after", "U000000001", noon, noon + 1h, "F"};
    BOOST_TEST(testing::detail::difference(storage.find_session("after").value(), added) == "");
    BOOST_TEST(storage.update_session(added));
    BOOST_TEST(storage.erase_user(u.object_id));
    BOOST_TEST(storage.erase_sessions_of(u.object_id, "") == 3u);
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
    BOOST_TEST(version_of(db) == newest_tables());
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
    BOOST_TEST(version_of(db) == newest_tables());
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
    BOOST_TEST(version_of(db) == newest_tables());
}

BOOST_AUTO_TEST_CASE(tables_that_cannot_be_brought_up_to_date) {
    const database db;
    db(version_1);
    {
        const locked_table lock(db.url(), "phoneauth_transactions");
        const auto text = refusal(db.url());
        BOOST_TEST(mentions(text, "lock timeout"), text);
        BOOST_TEST(
            mentions(text, "from version 1 to " + newest + ": the user of the URL must own them, and no other program"),
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
    BOOST_TEST(mentions(refusal(url), "it is not so that phoneauth_cells may be read and changed"));
    db("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO phoneauth_modest");
    {
        postgres_storage modest(url);
        BOOST_TEST(modest.insert_transaction(new_transaction(1)));
        BOOST_TEST(modest.take_cells(batch_of(noon, takes(1h), "c")).granted);
    }
    db("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC");
    BOOST_TEST(mentions(refusal(url), "it is not so that the function phoneauth_take_cells may be called"));
    db("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO phoneauth_modest");
    BOOST_TEST(refusal(url) == "nothing was thrown");
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
    storage.insert_session(new_session(1));
    for (const std::string change : {"kind = 0", "kind = 3", "auth_methods = -1", "auth_methods = 4294967296"}) {
        db("CREATE TABLE saved AS TABLE phoneauth_sessions; UPDATE phoneauth_sessions SET " + change);
        const auto words = "column " + change.substr(0, change.find(' ')) + " holds a value";
        BOOST_TEST(mentions(thrown([&] { storage.find_session("S000000001"); }), words), change);
        BOOST_TEST(mentions(thrown([&] { storage.find_sessions_of("U000000001"); }), words), change);
        db("DELETE FROM phoneauth_sessions; INSERT INTO phoneauth_sessions TABLE saved; DROP TABLE saved");
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

// ---- Cells ----

BOOST_AUTO_TEST_CASE(cells_agree_with_the_rule) {
    const database db;
    postgres_storage storage(db.url());
    BOOST_TEST(cell_tests::steps_that_agree(storage, 5000) == 5000);
}

BOOST_AUTO_TEST_CASE(only_what_is_taken_is_stored) {
    const database db;
    postgres_storage storage(db.url());
    const auto cells = [&] {
        return db(
            "SELECT coalesce(string_agg(key || ' ' || (ahead - 1767268800000) / 60000, ', ' ORDER BY key), '') FROM "
            "phoneauth_cells");
    };
    const auto nothing = storage.take_cells(cell_batch(noon, "known"));
    BOOST_TEST((nothing.granted && !nothing.marked));
    BOOST_TEST(storage.take_cells(batch_of(noon, asks(), "a", "b")).granted);
    BOOST_TEST(storage.take_cells(batch_of(noon, moves(-1h), "a", "b")).granted);
    auto batch = batch_of(noon, takes(1h), "a", "b");
    batch.add(takes(2h, 1h), "c");
    BOOST_TEST(!storage.take_cells(batch).granted);
    auto of_others = batch_of(noon, asks(), "a");
    of_others.add({.when = cell_condition::if_marked, .cost = 1h, .room = 1h}, "d");
    BOOST_TEST(storage.take_cells(of_others).granted);
    BOOST_TEST(cells() == "");
    BOOST_TEST(storage.take_cells(batch_of(noon, takes(30min), "a", "known")).granted);
    BOOST_TEST(!storage.take_cells(batch).granted);
    BOOST_TEST(cells() == "a 30, known 30");
    cell_batch marked(noon, "known");
    marked.add({.cost = 2h, .room = 1h, .reserve = 1h}, "b");
    const auto answer = storage.take_cells(marked);
    BOOST_TEST((answer.granted && answer.marked && answer.cells[0] == noon + 2h));
    BOOST_TEST(!storage.take_cells(marked).granted);
    BOOST_TEST((storage.take_cells(batch_of(noon, moves(-20min), "a", "b")).cells[1] == noon + 100min));
    BOOST_TEST(cells() == "a 10, b 100, known 30");
}

BOOST_AUTO_TEST_CASE(the_longest_durations) {
    const database db;
    postgres_storage storage(db.url());
    const std::string key(128, 'k');
    const auto most = std::chrono::milliseconds(400 * 24h);
    BOOST_TEST((storage.take_cells(batch_of(noon + 1ms, takes(most - 1ms), key)).cells[0] == noon + most));
    BOOST_TEST(storage.take_cells(batch_of(noon + 1ms, takes(1ms), key)).granted);
    BOOST_TEST(!storage.take_cells(batch_of(noon + 1ms, takes(1ms), key)).granted);
}

BOOST_AUTO_TEST_CASE(ten_of_a_hundred_are_granted) {
    const database db;
    two_storages storage(db.url());
    for (int round = 0; round < 10; ++round) {
        const auto key = "k" + std::to_string(round);
        const auto batch = [&](int thread, int call) {
            // The cell is absent at first; each batch has a cell of its own, too, in front of it or behind it.
            auto b = batch_of(noon, takes(1min, 10min), thread % 2 ? "z" + key : key);
            b.add(takes(1min), thread % 2 ? "z" : "a", key, std::to_string(100 * thread + call));
            if (thread % 2) b.add(takes(1min, 10min), key);
            return b;
        };
        BOOST_TEST(cell_tests::granted_at_once(storage, 10, 10, batch) == 10);
    }
    BOOST_TEST(db("SELECT count(*) FROM phoneauth_cells WHERE key ~ '^k' AND ahead <> 1767268800000 + 600000") == "0");
}

BOOST_AUTO_TEST_CASE(batches_in_any_order_do_not_lock_each_other_out) {
    const database db;
    postgres_storage storage(db.url(), {.connections = 8});
    const auto batch = [](int thread, int call) {
        // Half of them expire all the time, so that they are swept and start again; some only ask.
        cell_batch b(noon + call * 1s, "k0");
        for (int i = 1; i < 11; ++i) {
            const auto key = thread % 2 ? i : 11 - i;
            b.add((call + key) % 5 ? takes(key % 2 ? 2s : 1h)
                  : key % 3        ? moves(-1s)
                                   : asks(),
                  "k", std::to_string(key));
        }
        return b;
    };
    BOOST_TEST(cell_tests::granted_at_once(storage, 8, 40, batch) == 8 * 40);
    BOOST_TEST(db("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == "0");
}

BOOST_AUTO_TEST_CASE(two_batches_that_share_some_cells) {
    const database db;
    postgres_storage storage(db.url(), {.connections = 8});
    // What one kind takes of the shared cell the other cannot have: together they are granted what is there.
    const auto batch = [](int thread, int) {
        auto b = batch_of(noon, takes(1min, 20min), "shared");
        b.add(takes(1min, 15min), thread % 2 ? "odd" : "even");
        b.add({.action = cell_action::ask, .cost = 1min, .room = 15min}, thread % 2 ? "even" : "odd");
        return b;
    };
    const auto granted = cell_tests::granted_at_once(storage, 8, 20, batch);
    const auto minutes = [&](const std::string& key) {
        return (std::max(storage.take_cells(batch_of(noon, asks(), key)).cells[0], noon) - noon) / 1min;
    };
    BOOST_TEST((granted >= 15 && granted <= 20));
    BOOST_TEST(minutes("shared") == granted);
    BOOST_TEST(minutes("odd") + minutes("even") == granted);
}

BOOST_AUTO_TEST_CASE(a_change_of_a_cell_seldom_touches_an_index) {
    const database db;
    postgres_storage storage(db.url());
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    detail::postgres::connection c(detail::postgres::server_address(db.url()), deadline);
    std::string takes_ten = "BEGIN;";
    for (int i = 0; i < 10; ++i)
        takes_ten += "SELECT phoneauth_take_cells(" + std::to_string(1767268800000 + 1000 * i) +
                     ", '', '{c}', '{1}', '{1}', '{" + (i ? "1000" : "100000") + "}', '{1000000}', '{0}');";
    const auto r = c.run(takes_ten + "SELECT n_tup_ins || ' ' || n_tup_upd || ' ' || n_tup_hot_upd FROM "
                                     "pg_stat_xact_user_tables WHERE relname = 'phoneauth_cells'",
                         deadline);
    BOOST_TEST(PQgetvalue(r.get(), 0, 0) == "1 9 9");
}

BOOST_AUTO_TEST_CASE(a_change_of_a_session_touches_no_index) {
    const database db;
    postgres_storage storage(db.url());
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    detail::postgres::connection c(detail::postgres::server_address(db.url()), deadline);
    detail::postgres::prepare(c, deadline);
    std::string sessions = "BEGIN; INSERT INTO phoneauth_sessions SELECT 'S' || n, 'U', n, n, repeat('f', 64) FROM "
                           "generate_series(1, 200) n;";  // some full pages
    for (int i = 1; i <= 200; i += 10)
        sessions +=
            "EXECUTE phoneauth_update_session ('S" + std::to_string(i) + "', '', 0, 0, '', 1, 3, 5, 7, '', '', 0);";
    const auto r = c.run(sessions + "SELECT n_tup_ins || ' ' || n_tup_upd || ' ' || n_tup_hot_upd FROM "
                                    "pg_stat_xact_user_tables WHERE relname = 'phoneauth_sessions'",
                         deadline);
    BOOST_TEST(PQgetvalue(r.get(), 0, 0) == "200 20 20");
}

// ---- Sweeping ----

BOOST_AUTO_TEST_CASE(insertions_remove_what_has_expired) {
    const database db;
    postgres_storage storage(db.url());
    for (int i = 0; i < 20; ++i) {
        storage.insert_transaction(new_transaction(i));
        storage.insert_session(new_session(i));
        storage.take_cells(batch_of(noon, takes(30min), "c" + std::to_string(i)));
    }
    const auto end = noon + 5min + transaction_retention;
    BOOST_TEST(storage.insert_transaction(new_transaction(20, end - 1ms)));
    BOOST_TEST(rows_of(db, "transactions") == "21");
    for (int i = 21; i < 31; ++i) {
        storage.insert_transaction(new_transaction(i, end));
        storage.insert_session(new_session(i, noon + 1h));
        storage.take_cells(batch_of(noon + 1h, takes(30min), "c" + std::to_string(i)));
    }
    BOOST_TEST(rows_of(db, "transactions") == "11");
    BOOST_TEST(rows_of(db, "sessions") == "10");
    BOOST_TEST(rows_of(db, "cells") == "10");
    // What only reads, and what is refused, sweeps nothing.
    storage.take_cells(batch_of(noon + 9h, asks(), "c21", "none"));
    storage.take_cells(batch_of(noon + 9h, takes(2h, 1h), "c21", "none"));
    storage.take_cells(batch_of(noon + 9h, moves(-1h), "c21", "none"));
    BOOST_TEST(rows_of(db, "cells") == "10");
    // A cell that starts again is not swept by the call that takes from it.
    storage.take_cells(batch_of(noon + 9h, takes(5min), "c21", "new"));
    BOOST_TEST((storage.take_cells(batch_of(noon + 9h, asks(), "c21")).cells[0] == noon + 9h + 5min));
}

BOOST_AUTO_TEST_CASE(a_batch_of_cells_removes_more_than_it_adds) {
    const database db;
    postgres_storage storage(db.url());
    storage.take_cells(numbered(noon, takes(30min), "c", 0, 16));
    BOOST_TEST(rows_of(db, "cells") == "16");
    auto second = numbered(noon + 1h, takes(30min), "d", 0, 5);
    for (int i = 5; i < 8; ++i) second.add(asks(), "d", std::to_string(i));
    storage.take_cells(second);
    BOOST_TEST(rows_of(db, "cells") == "11");
    BOOST_TEST(db("SELECT count(*) FROM phoneauth_cells WHERE key LIKE 'd%'") == "5");
}

// A row of which others know that it is over is swept while somebody is about to write it.
BOOST_AUTO_TEST_CASE(no_cell_that_is_ahead_is_removed) {
    const database db;
    postgres_storage storage(db.url(), {.connections = 8});
    const std::jthread sweeper([&](const std::stop_token& stop) {
        for (int i = 0; !stop.stop_requested(); ++i) storage.delete_expired(noon + i % 2 * 1h, 100);
    });
    const auto batch = [](int thread, int call) {
        const auto now = noon + call * 1h;  // what was taken an hour before is over
        auto b = batch_of(now, takes(30min, 2h), "c" + std::to_string(thread));
        b.add(takes(1s), "all");
        return b;
    };
    BOOST_TEST(cell_tests::granted_at_once(storage, 4, 100, batch) == 400);
    const auto later = storage.take_cells(batch_of(noon + 99h, asks(), "c0", "c1", "c2", "c3"));
    for (std::size_t i = 0; i < 4; ++i) BOOST_TEST((later.cells[i] == noon + 99h + 30min));
}

BOOST_AUTO_TEST_CASE(delete_expired_removes_as_much_as_it_may) {
    const database db;
    postgres_storage storage(db.url());
    for (int i = 0; i < 10; ++i) {
        storage.insert_transaction(new_transaction(i));
        storage.insert_session(new_session(i));
        storage.take_cells(batch_of(noon, takes(30min), "c" + std::to_string(i)));
    }
    BOOST_TEST(storage.delete_expired(noon + 1h - 1ms, 100) == 0u);
    BOOST_TEST(storage.delete_expired(noon + 1h, 4) == 4u);
    BOOST_TEST(storage.delete_expired(noon + 1h, 8) == 8u);
    BOOST_TEST(rows_of(db, "sessions") + rows_of(db, "cells") == "08");
    BOOST_TEST(storage.delete_expired(noon + 1h, 100) == 8u);
    BOOST_TEST(storage.delete_expired(noon + 5min + transaction_retention, 7) == 7u);
    BOOST_TEST(rows_of(db, "transactions") + rows_of(db, "sessions") + rows_of(db, "cells") == "300");
}

BOOST_AUTO_TEST_CASE(no_statement_reads_a_whole_table) {
    const database db;
    postgres_storage storage(db.url());
    db(R"(
INSERT INTO phoneauth_transactions SELECT 'T' || n, 1, '+1', '', '', 1, 0, 0, n, n, n, 1 FROM generate_series(1, 20000) n;
INSERT INTO phoneauth_users SELECT 'U' || n, '+1' || n, 'i' || n, '', '{}', '', true, n, n, n, 1 FROM generate_series(1, 20000) n;
INSERT INTO phoneauth_sessions SELECT 'S' || n, 'U' || n / 3, n, n FROM generate_series(1, 20000) n;
INSERT INTO phoneauth_cells SELECT 'C' || n, n, n FROM generate_series(1, 20000) n;
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
    // The statements inside the function, with cells that are there and others, and much to sweep.
    for (const std::string mode : {"force_custom_plan", "force_generic_plan"}) {
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        detail::postgres::connection c(detail::postgres::server_address(db.url()), deadline);
        const auto scans = c.run("SET plan_cache_mode = " + mode +
                                     "; BEGIN; SELECT phoneauth_take_cells(15000, 'C20000', '{C100,C19999,x,y,z}', "
                                     "'{1,1,1,3,2}', '{1,1,2,1,1}', '{1,1,1,1,1}', '{9999,9999,9999,9999,9999}', "
                                     "'{0,0,0,0,0}');"
                                     "SELECT seq_scan || ' ' || (idx_scan > 0) || ' ' || n_tup_ins || ' ' || n_tup_del "
                                     "FROM pg_stat_xact_user_tables WHERE relname = 'phoneauth_cells'",
                                 deadline);
        BOOST_TEST(PQgetvalue(scans.get(), 0, 0) == "0 true 2 4", mode);
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

    db("UPDATE phoneauth_schema SET version = 99");
    BOOST_TEST(mentions(refusal(db.url()),
                        "have version '99', this program knows versions up to " + newest + "; run a newer program"));
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
        {"ALTER TABLE phoneauth_cells ALTER ahead TYPE int", "ALTER TABLE phoneauth_cells ALTER ahead TYPE bigint",
         "it is not so that phoneauth_cells has ahead bigint not null"},
        {"ALTER FUNCTION phoneauth_take_cells RENAME TO mine", "ALTER FUNCTION mine RENAME TO phoneauth_take_cells",
         "it is not so that the function phoneauth_take_cells is there"},
        {"ALTER FUNCTION phoneauth_take_cells STABLE", "ALTER FUNCTION phoneauth_take_cells VOLATILE",
         "it is not so that the function phoneauth_take_cells is as it was made"},
        {"CREATE TABLE saved AS SELECT pg_get_functiondef('phoneauth_take_cells'::regproc) AS text; DO $do$ BEGIN "
         "EXECUTE "
         "(SELECT replace(text, 'greatest', 'least') FROM saved); END $do$",
         "DO $do$ BEGIN EXECUTE (SELECT text FROM saved); END $do$",
         "it is not so that the function phoneauth_take_cells is as it was made"},
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
