// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <phoneauth/storage/forwarding.hpp>
#include <phoneauth/storage/sqlite.hpp>
#include <phoneauth/testing/storage_suite.hpp>

#include "support/temporary_folder.hpp"

using namespace phoneauth;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

/// A temporary folder, and a file name in it.
struct folder : support::temporary_folder {
    const fs::path file = path() / "store.db";
};

/// A connection to the file beside the storage's.
struct other_program {
    explicit other_program(const fs::path& file) : db(file.string(), 5s) {}
    void operator()(const std::string& sql) { db.execute(sql.c_str()); }
    std::int64_t number(const std::string& sql) {
        detail::sqlite_statement statement(db, sql.c_str());
        auto row = statement();
        row.next();
        return row.integer(0);
    }
    detail::sqlite_database db;
};

template <class F>
std::string error_of(F f) {
    try {
        f();
    } catch (const std::exception& e) {
        return e.what();
    }
    return "no exception";
}

std::string start(const fs::path& file, sqlite_options options = {}) {
    return error_of([&] { sqlite_storage storage(file, options); });
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

std::string content(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

const auto phone = *phone_number::parse("+14155550100");
const auto other_phone = *phone_number::parse("+14155550101");
const time_point noon{1'700'000'000'123ms};

transaction a_transaction(const std::string& id, time_point created_at = noon) {
    transaction t{id, purpose::login, phone};
    t.user_id = "U";
    t.key_id = "K";
    t.tries = 4'000'000'000;
    t.sends = 2;
    t.created_at = created_at;
    t.expires_at = created_at + 5min;
    t.last_sent_at = created_at + 1ms;
    t.delivery = delivery_state::undelivered;
    t.delivery_error = -1;
    t.password_fingerprint = std::string(64, 'm');
    t.known_network = "192.0.2.1";
    t.topic = "voucher";
    t.version = 7;
    return t;
}

user a_user(const std::string& id, const phone_number& number, const std::string& identity) {
    user u{id, number, identity, "$hash"};
    u.created_at = noon;
    u.properties = {{"age", "33.0"}, {"text", R"("a\"\\b\u0000")"}};
    return u;
}

/// Takes `cost` from the cell `key`, of 400 days, and says how far it is ahead then.
std::chrono::milliseconds take(auto& storage, const std::string& key, std::chrono::milliseconds cost,
                               time_point now = noon) {
    cell_batch batch(now);
    batch.add({.cost = cost, .room = 24h * 400}, key);
    return storage.take_cells(batch).cells[0] - now;
}
/// How far it is ahead.
std::chrono::milliseconds ahead(auto& storage, const std::string& key, time_point now = noon) {
    cell_batch batch(now);
    batch.add({.action = cell_action::ask, .room = 24h * 400}, key);
    return std::max(storage.take_cells(batch).cells[0], now) - now;
}

/// The version of the tables that this program makes.
constexpr auto newest = std::int64_t{detail::sqlite_migrations.size()};

/// Two objects that take turns: what one has stored the other must know.
class two_on_one_file : public forwarding_storage<two_on_one_file> {
public:
    explicit two_on_one_file(const fs::path& file) : a_(file), b_(file) {}

    template <class Operation, class... Arguments>
    auto perform(Operation operation, const Arguments&... arguments) {
        return operation(next(), arguments...);
    }

private:
    sqlite_storage& next() { return turn_++ % 2 == 0 ? a_ : b_; }

    sqlite_storage a_, b_;
    std::atomic<unsigned> turn_ = 0;
};

/// Runs `f` in a process of its own, which ends with what `f` returns.
pid_t fork_to(const std::function<int()>& f) {
    std::fflush(nullptr);  // or both would print what waits
    const auto pid = ::fork();
    if (pid == 0) {
        int status = 99;
        try {
            status = f();
        } catch (const std::exception& e) {
            std::fprintf(stderr, "%s\n", e.what());
        }
        ::_exit(status);
    }
    return pid;
}

int status_of(pid_t pid) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    return status;
}

/// Does without the superuser's rights while it lives, because nothing is read-only for him.
struct unprivileged {
    unprivileged() { change(0, 65534); }
    unprivileged(const unprivileged&) = delete;
    unprivileged& operator=(const unprivileged&) = delete;
    ~unprivileged() { change(65534, 0); }
    void change(uid_t from, uid_t to) {
        if (::geteuid() == from && ::getuid() == 0 && ::seteuid(to) != 0) std::abort();
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sqlite)

// ---- What a storage must do ----

BOOST_AUTO_TEST_CASE(passes_the_conformance_suite) {
    const folder f;
    sqlite_storage storage(f.file, {.survive_power_loss = false});
    BOOST_TEST(testing::to_text(testing::run_storage_suite(storage)) == "");
}

BOOST_AUTO_TEST_CASE(two_objects_on_one_file_pass_the_conformance_suite) {
    const folder f;
    two_on_one_file storage(f.file);
    BOOST_TEST(testing::to_text(testing::run_storage_suite(storage, {}, {.rounds = 5})) == "");
}

BOOST_AUTO_TEST_CASE(everything_is_there_after_a_restart) {
    const folder f;
    const auto t = a_transaction("T");
    auto u = a_user("U", phone, "ann@example.com");
    u.last_login_at = noon + 1s;
    const session s{"H", "U", noon, noon + 1h};
    {
        sqlite_storage storage(f.file);
        BOOST_TEST(storage.insert_transaction(t));
        BOOST_TEST((storage.insert_user(u) == write_result::done));
        BOOST_TEST(storage.insert_session(s));
        BOOST_TEST((take(storage, "C", 3h) == 3h));
    }
    BOOST_TEST(!fs::exists(f.file.string() + "-wal"));
    sqlite_storage storage(f.file);
    BOOST_TEST(testing::detail::difference(storage.find_transaction("T").value(), t) == "");
    BOOST_TEST(testing::detail::difference(storage.find_user("U").value(), u) == "");
    BOOST_TEST(testing::detail::difference(storage.find_session("H").value(), s) == "");
    BOOST_TEST((take(storage, "C", 1ms) == 3h + 1ms));
}

BOOST_AUTO_TEST_CASE(what_was_acknowledged_survives_the_end_of_the_process) {
    for (int round = 0; round < 5; ++round) {
        const folder f;
        std::array<int, 2> channel{};
        BOOST_REQUIRE(::pipe(channel.data()) == 0);
        const auto server = fork_to([&] {
            sqlite_storage storage(f.file, {.survive_power_loss = false});
            for (std::uint32_t i = 0;; ++i) {
                auto t = a_transaction(std::to_string(i));
                t.state = transaction_state::pending;
                if (!storage.insert_transaction(t)) return 1;
                t.state = transaction_state::confirmed;
                if (!storage.update_transaction(t)) return 2;
                if (::write(channel[1], &i, sizeof i) != sizeof i) return 3;
            }
        });
        ::close(channel[1]);
        std::uint32_t last = 0;
        const auto next = [&] { return ::read(channel[0], &last, sizeof last) == sizeof last; };
        for (int i = 0; i < 100 + 37 * round; ++i) BOOST_REQUIRE(next());
        ::kill(server, SIGKILL);
        BOOST_TEST(WIFSIGNALED(status_of(server)));
        while (next()) {
        }
        ::close(channel[0]);

        sqlite_storage storage(f.file);
        unsigned lost = 0;
        for (std::uint32_t i = 0; i <= last; ++i) {
            const auto t = storage.find_transaction(std::to_string(i));
            lost += !t || t->state != transaction_state::confirmed;
        }
        BOOST_TEST(lost == 0u);
    }
}

BOOST_AUTO_TEST_CASE(extreme_values_come_back_as_they_were) {
    const folder f;
    sqlite_storage storage(f.file);
    auto t = a_transaction("T");
    t.version = std::numeric_limits<std::uint64_t>::max();
    t.created_at = time_point{-5ms};
    BOOST_TEST(storage.insert_transaction(t));
    BOOST_TEST(testing::detail::difference(storage.find_transaction("T").value(), t) == "");
    BOOST_TEST(storage.update_transaction(t));
    BOOST_TEST(storage.find_transaction("T")->version == 0u);
    t = a_transaction("T2");
    t.version = std::numeric_limits<std::int64_t>::max();
    BOOST_TEST(storage.insert_transaction(t));
    BOOST_TEST(storage.update_transaction(t));
    BOOST_TEST(storage.find_transaction("T2")->version == t.version + 1);

    const std::string odd("a\0b", 3);
    BOOST_TEST((storage.insert_user(a_user("U1", phone, odd)) == write_result::done));
    BOOST_TEST((storage.insert_user(a_user("U2", other_phone, "a")) == write_result::done));
    BOOST_TEST(storage.find_user_by_identity(odd)->object_id == "U1");
    BOOST_TEST(storage.find_user_by_identity("a")->object_id == "U2");
    BOOST_TEST(!storage.find_user_by_identity("A"));

    // An empty identity is one like any other.
    auto third = a_user("U3", *phone_number::parse("+14155550102"), "");
    BOOST_TEST((storage.insert_user(third) == write_result::done));
    BOOST_TEST(storage.find_user_by_identity("")->object_id == "U3");
    third.properties = {{"latin 1", "\"\xE4\""}};
    BOOST_CHECK_THROW(storage.update_user(third), std::invalid_argument);
    BOOST_TEST(storage.find_user("U3")->version == 0u);
}

BOOST_AUTO_TEST_CASE(says_which_value_is_taken) {
    const folder f;
    sqlite_storage storage(f.file);
    storage.insert_user(a_user("U", phone, "ann"));
    BOOST_TEST((storage.insert_user(a_user("V", phone, "ann")) == write_result::phone_taken));
    BOOST_TEST((storage.insert_user(a_user("V", other_phone, "ann")) == write_result::identity_taken));
    BOOST_CHECK_THROW(storage.insert_user(a_user("U", other_phone, "bob")), std::invalid_argument);
    BOOST_TEST((storage.insert_user(a_user("V", other_phone, "bob")) == write_result::done));
    auto u = a_user("V", phone, "ann");
    BOOST_TEST((storage.update_user(u) == write_result::phone_taken));
    u.version = 1;
    BOOST_TEST((storage.update_user(u) == write_result::stale));
}

BOOST_AUTO_TEST_CASE(a_cell_that_is_over_leaves_no_row) {
    const folder f;
    sqlite_storage storage(f.file, {.survive_power_loss = false});
    other_program other(f.file);
    const auto rows = [&] { return other.number("SELECT count(*) FROM cells"); };
    const auto move = [&](std::chrono::milliseconds by, time_point now = noon) {
        cell_batch batch(now);
        batch.add({.action = cell_action::move, .cost = by, .room = 9h}, "a");
        return storage.take_cells(batch).granted;
    };
    BOOST_TEST(move(-1h));
    BOOST_TEST((take(storage, "a", 0s) == 0s));
    BOOST_TEST(rows() == 0);
    BOOST_TEST(move(1h));
    BOOST_TEST(other.number("SELECT ahead FROM cells WHERE key = 'a'") == (noon + 1h).time_since_epoch().count());
    BOOST_TEST(move(-2h));
    BOOST_TEST(rows() == 0);
    move(1h);
    BOOST_TEST(move(-1h, noon + 2h));  // it was over
    BOOST_TEST(rows() == 0);
}

BOOST_AUTO_TEST_CASE(a_batch_that_changes_nothing_writes_nothing) {
    const folder f;
    sqlite_storage storage(f.file);
    other_program other(f.file);
    take(storage, "full", 1h);
    const auto log = [&] { return fs::file_size(f.file.string() + "-wal"); };
    const auto before = log();
    cell_batch refused(noon, "full");
    for (std::size_t i = 1; i < cell_batch::most; ++i) refused.add({.cost = 1min, .room = 1h}, std::to_string(i));
    refused.add({.cost = 1ms, .room = 1h}, "full");
    cell_batch nothing(noon);
    nothing.add({.action = cell_action::move, .room = 2h}, "full");
    nothing.add({.action = cell_action::move, .cost = -1h, .room = 2h}, "none");
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(!storage.take_cells(refused).granted);
        BOOST_TEST(storage.take_cells(nothing).granted);
        BOOST_TEST((ahead(storage, "full") == 1h));
    }
    BOOST_TEST(log() == before);
    BOOST_TEST(other.number("SELECT count(*) FROM cells") == 1);
    // One that only asks waits for no other writer either.
    sqlite_storage impatient(f.file, {.busy_timeout = 10ms});
    other("BEGIN IMMEDIATE");
    BOOST_TEST((ahead(impatient, "full") == 1h));
    BOOST_TEST(impatient.take_cells(cell_batch(noon)).granted);
    BOOST_TEST(contains(error_of([&] { take(impatient, "full", 1h); }), "database is locked"));
    other("COMMIT");
    BOOST_TEST((take(impatient, "full", 1h) == 2h));
}

BOOST_AUTO_TEST_CASE(cells_against_decide_for_long) {
    const folder f;
    sqlite_storage a(f.file, {.survive_power_loss = false}), b(f.file, {.survive_power_loss = false});
    const testing::suite_options options{.threads = 2, .rounds = 1, .steps = 20'000};
    BOOST_TEST(testing::to_text(testing::run_shared_storage_suite(a, b, {}, options)) == "");
}

// ---- What has expired ----

BOOST_AUTO_TEST_CASE(each_insertion_sweeps_two_rows) {
    const folder f;
    sqlite_storage storage(f.file, {.survive_power_loss = false});
    other_program other(f.file);
    for (int i = 0; i < 10; ++i) {
        const auto name = std::to_string(i);
        storage.insert_transaction(a_transaction(name));
        storage.insert_session({name, "U", noon, noon + 5min});
        take(storage, name, 5min);
    }
    const auto rows = [&](const std::string& table) { return other.number("SELECT count(*) FROM " + table); };
    const auto insert_at = [&](time_point now) {
        const auto name = "at " + std::to_string(now.time_since_epoch().count());
        storage.insert_transaction(a_transaction(name, now));
        storage.insert_session({name, "U", now, now + 5min});
        take(storage, name, 5min, now);
    };
    insert_at(noon + 5min - 1ms);
    BOOST_TEST(rows("transactions") == 11);
    BOOST_TEST(rows("sessions") == 11);
    BOOST_TEST(rows("cells") == 11);
    insert_at(noon + 5min);
    BOOST_TEST(rows("transactions") == 12);
    BOOST_TEST(rows("sessions") == 10);
    BOOST_TEST(rows("cells") == 10);
    insert_at(noon + 5min + transaction_retention - 1ms);
    BOOST_TEST(rows("transactions") == 13);
    insert_at(noon + 5min + transaction_retention);
    BOOST_TEST(rows("transactions") == 12);
    for (int i = 1; i < 20; ++i) insert_at(noon + 6min + transaction_retention + i * 1ms);
    BOOST_TEST(rows("transactions") == 23);  // those of the last 65 minutes
    BOOST_TEST(rows("sessions") == 21);      // those of the last five minutes
    BOOST_TEST(rows("cells") == 21);
}

BOOST_AUTO_TEST_CASE(deletes_as_many_expired_rows_as_it_is_told) {
    const folder f;
    sqlite_storage storage(f.file, {.survive_power_loss = false});
    for (int i = 0; i < 10; ++i) {
        const auto name = std::to_string(i);
        storage.insert_transaction(a_transaction(name));
        storage.insert_session({name, "U", noon, noon + 5min});
        take(storage, name, 5min);
    }
    const auto end = noon + 5min + transaction_retention;
    BOOST_TEST(storage.delete_expired(noon, 100) == 0u);
    BOOST_TEST(storage.delete_expired(end - 1ms, 5) == 5u);
    BOOST_TEST(storage.find_transaction("0").has_value());
    BOOST_TEST(storage.delete_expired(end, 8) == 8u);
    BOOST_TEST(storage.delete_expired(end, 0) == 0u);
    BOOST_TEST(storage.delete_expired(end, 100) == 17u);
    BOOST_TEST(storage.delete_expired(end, 100) == 0u);
    BOOST_TEST(!storage.find_transaction("0"));
}

BOOST_AUTO_TEST_CASE(the_log_does_not_grow_while_others_read_all_the_time) {
    const folder f;
    sqlite_storage storage(f.file, {.survive_power_loss = false});
    const auto log_size = [&] { return fs::file_size(f.file.string() + "-wal"); };
    storage.insert_transaction(a_transaction("T"));
    {
        std::atomic<bool> stop = false;
        std::vector<std::jthread> readers;
        for (int i = 0; i < 3; ++i)
            readers.emplace_back([&] {
                while (!stop) storage.find_transaction("T");
            });
        for (int i = 0; i < 8000; ++i) storage.insert_transaction(a_transaction(std::to_string(i)));
        stop = true;
    }
    BOOST_TEST(log_size() < 30'000'000u);

    // One who reads for long keeps nobody from writing.
    other_program other(f.file);
    other("BEGIN");
    other.number("SELECT count(*) FROM transactions");
    auto last = 0ms;
    for (int i = 0; i < 1500; ++i) last = take(storage, "C", 1ms);
    BOOST_TEST((last == 1500ms));
    other("COMMIT");
}

BOOST_AUTO_TEST_CASE(no_statement_reads_a_whole_table) {
    const folder f;
    sqlite_storage storage(f.file);
    other_program other(f.file);
    const detail::sqlite_statements statements{other.db};
    int count = 0;
    for (auto* s = ::sqlite3_next_stmt(other.db.get(), nullptr); s; s = ::sqlite3_next_stmt(other.db.get(), s)) {
        const std::string sql = ::sqlite3_sql(s);
        if (sql.starts_with("EXPLAIN")) continue;
        ++count;
        detail::sqlite_statement explain(other.db, ("EXPLAIN QUERY PLAN " + sql).c_str());
        auto step = explain();
        while (step.next()) {
            const auto plan = step.text(3);
            BOOST_TEST((!plan.starts_with("SCAN") && !contains(plan, "TEMP B-TREE")), sql << ": " << plan);
        }
    }
    BOOST_TEST(count == 24);
}

// ---- Files that cannot be used ----

BOOST_AUTO_TEST_CASE(a_new_file_is_for_its_owner_only) {
    const folder f;
    sqlite_storage storage(f.file);
    storage.insert_transaction(a_transaction("T"));
    for (const auto* end : {"", "-wal", "-shm"})
        BOOST_TEST((fs::status(f.file.string() + end).permissions() == fs::perms(0600)), end);
}

BOOST_AUTO_TEST_CASE(names_that_are_no_files) {
    const folder f;
    BOOST_TEST(contains(start(""), "no file is named"));
    BOOST_TEST(contains(start(":memory:"), "memory_storage"));
    BOOST_TEST(contains(start(f.path()), "it is a folder; name a file in it"));
    const auto missing = start(f.path() / "nowhere" / "store.db");
    BOOST_TEST(contains(missing, (f.path() / "nowhere" / "store.db").string()));
    BOOST_TEST(contains(missing, "its folder does not exist; create the folder"));
    BOOST_TEST(!fs::exists(f.path() / "nowhere"));
}

BOOST_AUTO_TEST_CASE(a_file_of_something_else_stays_as_it_is) {
    const folder f;
    for (const auto& text : {std::string("x"), std::string(5000, 'x')}) {
        std::ofstream(f.file) << text;
        const auto error = start(f.file);
        BOOST_TEST(contains(error, "file is not a database; name another file"), error);
        BOOST_TEST(content(f.file) == text);
    }
    fs::remove(f.file);
    other_program(f.file)("CREATE TABLE notes (text)");
    const auto before = content(f.file);
    BOOST_TEST(contains(start(f.file), "the database of another program; name another file"));
    BOOST_TEST((content(f.file) == before));
    other_program(f.file)("DROP TABLE notes; PRAGMA user_version = 1");
    BOOST_TEST(contains(start(f.file), "the database of another program"));
    other_program(f.file)("PRAGMA user_version = 0; PRAGMA application_id = 1");
    BOOST_TEST(contains(start(f.file), "the database of another program"));
    BOOST_TEST(!fs::exists(f.file.string() + "-wal"));
}

BOOST_AUTO_TEST_CASE(tables_from_the_future) {
    const folder f;
    BOOST_TEST(start(f.file) == "no exception");
    other_program(f.file)("PRAGMA user_version = 99");
    BOOST_TEST(contains(start(f.file), "have version 99, this program knows them up to version " +
                                           std::to_string(newest) + "; run a newer version"));
    BOOST_TEST(other_program(f.file).number("PRAGMA user_version") == 99);
}

BOOST_AUTO_TEST_CASE(tables_that_were_changed_by_hand) {
    const std::vector<std::pair<std::string, std::string>> changes{
        {"DROP INDEX transactions_by_expiry", "the index transactions_by_expiry was changed by hand; undo that"},
        {"DROP TABLE cells", "the table cells was changed by hand"},
        {"ALTER TABLE users ADD COLUMN note TEXT", "the table users was changed by hand"},
        {"ALTER TABLE users RENAME COLUMN locale TO language", "the table users was changed by hand"}};
    for (const auto& [sql, expected] : changes) {
        const folder f;
        BOOST_TEST(start(f.file) == "no exception");
        other_program(f.file)("CREATE TABLE my_own (note TEXT)");
        BOOST_TEST(start(f.file) == "no exception");
        other_program(f.file)(sql);
        const auto error = start(f.file);
        BOOST_TEST(contains(error, f.file.string()), error);
        BOOST_TEST(contains(error, expected), error);
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_may_not_be_written) {
    const folder f;
    BOOST_TEST(start(f.file) == "no exception");
    fs::permissions(f.file, fs::perms(0444));
    {
        const unprivileged user;
        const auto error = start(f.file);
        BOOST_TEST(contains(error, "it cannot be written; give the server's user the right to write"), error);
    }
    fs::permissions(f.file, fs::perms(0000));
    {
        const unprivileged user;
        const auto error = start(f.file);
        BOOST_TEST(contains(error, "unable to open database file; give the server's user the right"), error);
    }
}

BOOST_AUTO_TEST_CASE(a_folder_that_may_not_be_written) {
    const folder f;
    BOOST_TEST(start(f.file) == "no exception");
    fs::permissions(f.file, fs::perms(0666));
    fs::permissions(f.path(), fs::perms(0555));
    const unprivileged user;
    for (const auto& file : {f.file, f.path() / "new.db"}) {
        const auto error = start(file);
        BOOST_TEST(contains(error, "give the server's user the right to write this file and its folder"), error);
    }
}

BOOST_AUTO_TEST_CASE(a_damaged_file) {
    const folder f;
    {
        sqlite_storage storage(f.file, {.survive_power_loss = false});
        for (int i = 0; i < 200; ++i) storage.insert_transaction(a_transaction(std::to_string(i)));
    }
    {
        std::fstream file(f.file, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(100);
        file << std::string(4000, '\xFF');
    }
    const auto error = start(f.file);
    BOOST_TEST(contains(error, "the file is damaged; restore a backup"), error);
}

// ---- Rows that were changed by hand ----

BOOST_AUTO_TEST_CASE(a_row_with_values_that_cannot_be) {
    const folder f;
    sqlite_storage storage(f.file, {.survive_power_loss = false});
    other_program other(f.file);
    storage.insert_transaction(a_transaction("T"));
    storage.insert_user(a_user("U", phone, "ann"));
    storage.insert_session({"H", "U", noon, noon + 1h});
    take(storage, "C", 1h);
    const std::vector<std::pair<std::string, std::vector<std::string>>> bad{
        {"transactions.kind", {"0", "8", "'x'"}},
        {"transactions.phone", {"'4155550100'", "'+0'", "''", "' +14155550100'", "x'00'"}},
        {"transactions.state", {"0", "7", "-1", "1.5", "9223372036854775807"}},
        {"transactions.tries", {"-1", "4294967296"}},
        {"transactions.sends", {"-1", "4294967296"}},
        {"transactions.expires_at", {"'soon'"}},
        {"transactions.delivery", {"0", "4"}},
        {"transactions.delivery_error", {"2147483648", "-2147483649", "''"}},
        {"transactions.password_mark", {"x'00'"}},
        {"users.phone", {"'+'"}},
        {"users.properties", {"'{'", "'[]'", "'{\"a\":1}'", "x'7b7d'"}},
        {"users.enabled", {"2", "'yes'"}},
        {"users.last_login_at", {"'yesterday'"}},
        {"sessions.expires_at", {"1.5"}},
        {"sessions.kind", {"0", "3", "''"}},
        {"sessions.auth_methods", {"-1", "4294967296"}},
        {"sessions.version", {"'x'"}},
        {"cells.ahead", {"x'00'", "1.5", "'soon'"}}};
    const auto read_all = [&] {
        storage.find_transaction("T");
        storage.find_user("U");
        storage.find_session("H");
        storage.find_sessions_of("U");
        ahead(storage, "C");
    };
    for (const auto& [place, values] : bad) {
        const auto table = place.substr(0, place.find('.'));
        const auto column = place.substr(place.find('.') + 1);
        BOOST_TEST(error_of(read_all) == "no exception");
        for (const auto& value : values) {
            other("CREATE TEMP TABLE old AS SELECT " + column + " FROM " + table);
            other("UPDATE " + table + " SET " + column + " = " + value);
            const auto error = error_of(read_all);
            BOOST_TEST(contains(error, "the column " + column + " of a row (FROM " + table + " "),
                       place << value << error);
            other("UPDATE " + table + " SET " + column + " = (SELECT * FROM old); DROP TABLE old");
        }
    }
    BOOST_TEST(error_of(read_all) == "no exception");
}

BOOST_AUTO_TEST_CASE(a_cell_that_cannot_be) {
    const folder f;
    sqlite_storage storage(f.file, {.survive_power_loss = false});
    other_program other(f.file);
    take(storage, "C", 1h);
    other("UPDATE cells SET ahead = 1.5");
    cell_batch marked(noon, "C");
    marked.add({.cost = 1h, .room = 1h}, "D");
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(contains(error_of([&] { take(storage, "C", 1h); }), "the column ahead of a row ("));
        BOOST_TEST(contains(error_of([&] { storage.take_cells(marked); }), "the column ahead of a row ("));
    }
    BOOST_TEST(other.number("SELECT count(*) FROM cells") == 1);
}

// ---- A storage that does not work for a while ----

BOOST_AUTO_TEST_CASE(a_file_that_another_program_keeps_locked) {
    const folder f;
    sqlite_storage storage(f.file, {.busy_timeout = 50ms});
    other_program other(f.file);
    storage.insert_transaction(a_transaction("T"));
    other("BEGIN EXCLUSIVE");
    const auto before = std::chrono::steady_clock::now();
    const auto error = error_of([&] { storage.update_transaction(a_transaction("T")); });
    const auto waited = std::chrono::steady_clock::now() - before;
    BOOST_TEST(contains(error, "database is locked; another program keeps it locked"), error);
    BOOST_TEST((waited >= 50ms && waited < 5s));
    BOOST_TEST(storage.find_transaction("T")->version == 7u);  // reading goes on
    BOOST_TEST(start(f.file, {.busy_timeout = 50ms}) == "no exception");
    other("COMMIT");
    BOOST_TEST(storage.update_transaction(a_transaction("T")));

    // In SQLite's other mode nobody can even read.
    const folder g;
    other_program locker(g.file);
    locker("BEGIN EXCLUSIVE");
    BOOST_TEST(contains(start(g.file, {.busy_timeout = 50ms}), "another program keeps it locked"));
    locker("COMMIT");
    BOOST_TEST(start(g.file, {.busy_timeout = 50ms}) == "no exception");
}

BOOST_AUTO_TEST_CASE(readers_that_never_come_back) {
    const folder f;
    sqlite_storage storage(f.file);
    detail::sqlite_connections<detail::sqlite_statements> connections(f.file.string(), "", 50ms, 1);
    std::promise<void> begun, gate;
    std::jthread slow([&] {
        connections.read([&](auto&) {
            begun.set_value();
            gate.get_future().wait();
            return 0;
        });
    });
    begun.get_future().wait();
    const auto read = [&] { connections.read([](auto&) { return 0; }); };
    auto error = std::async(std::launch::async, [&] { return error_of(read); });
    const bool in_time = error.wait_for(5s) == std::future_status::ready;
    BOOST_TEST(in_time);
    gate.set_value();
    if (in_time) BOOST_TEST(contains(error.get(), "store.db: other threads of this program keep reading; let"));
    slow.join();
    BOOST_TEST(error_of(read) == "no exception");
}

namespace {
/// Writes from several threads until the disk is full, makes room and checks that just those writes are there that were
/// acknowledged, and that writing goes on.
void fill_the_disk(const fs::path& file, const std::function<void()>& make_room) {
    sqlite_storage storage(file, {.survive_power_loss = false});
    storage.insert_user(a_user("U", phone, "ann"));
    constexpr unsigned threads = 4;
    std::vector<std::vector<bool>> stored(threads);
    std::vector<std::string> errors(threads);
    const auto name = [](unsigned i, std::size_t n) { return std::to_string(i) + "/" + std::to_string(n); };
    {
        std::vector<std::jthread> writers;
        for (unsigned i = 0; i < threads; ++i)
            writers.emplace_back([&, i] {
                for (unsigned failures = 0; failures < 5;) {
                    const auto id = name(i, stored[i].size());
                    try {
                        auto t = a_transaction(id);
                        t.user_id = std::string(2000, 'x');
                        stored[i].push_back(storage.insert_transaction(t));
                    } catch (const std::runtime_error& e) {
                        stored[i].push_back(false);
                        errors[i] = e.what();
                        ++failures;
                    }
                }
            });
    }
    for (const auto& error : errors)
        BOOST_TEST((contains(error, "make room on the disk") || contains(error, "check the disk for room")), error);
    BOOST_CHECK_THROW(
        [&] {
            auto u = a_user("U", phone, "ann");
            u.password_hash = std::string(1'000'000, 'x');
            storage.update_user(u);
        }(),
        std::runtime_error);
    const auto expect_what_was_acknowledged = [&](auto& s) {
        unsigned acknowledged = 0, wrong = 0;
        for (unsigned i = 0; i < threads; ++i)
            for (std::size_t n = 0; n < stored[i].size(); ++n) {
                acknowledged += stored[i][n];
                wrong += s.find_transaction(name(i, n)).has_value() != stored[i][n];
            }
        BOOST_TEST(acknowledged > 10u);
        BOOST_TEST(wrong == 0u);
        BOOST_TEST(s.find_user("U")->password_hash == "$hash");
    };
    expect_what_was_acknowledged(storage);
    make_room();
    BOOST_TEST(storage.insert_transaction(a_transaction("after")));
    sqlite_storage again(file);
    expect_what_was_acknowledged(again);
    BOOST_TEST(again.find_transaction("after").has_value());
}
}  // namespace

BOOST_AUTO_TEST_CASE(a_file_that_may_not_grow) {
    const folder f;
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const auto limit = [&](rlim_t bytes) {
        const rlimit now{bytes, before.rlim_max};
        BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &now) == 0);
    };
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    limit(400'000);
    fill_the_disk(f.file, [&] { limit(before.rlim_cur); });
    limit(before.rlim_cur);
    std::signal(SIGXFSZ, handler);
}

BOOST_AUTO_TEST_CASE(a_full_disk, *boost::unit_test::precondition([](auto) {
                         return boost::test_tools::assertion_result(::geteuid() ==
                                                                    0);  // who else can make a small disk?
                     })) {
    const folder f;
    if (::mount("none", f.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
        BOOST_TEST_MESSAGE("no right to mount a small disk");
        return;
    }
    std::ofstream(f.path() / "ballast") << std::string(300'000, 'x');
    fill_the_disk(f.file, [&] { fs::remove(f.path() / "ballast"); });
    BOOST_TEST(::umount(f.path().c_str()) == 0);
}

// ---- From version to version ----

BOOST_AUTO_TEST_CASE(tables_are_brought_to_the_newest_version) {
    const folder f;
    const std::vector<const char*> all{"CREATE TABLE a (x TEXT)",
                                       "ALTER TABLE a ADD COLUMN y TEXT; CREATE INDEX i ON a (y)",
                                       "CREATE TABLE b (z TEXT)"};
    const auto upgrade = [&](const std::vector<const char*>& migrations) {
        return error_of([&] { detail::prepare_sqlite_file(f.file, {77, migrations}, 5s); });
    };
    BOOST_TEST(upgrade({all[0]}) == "no exception");
    other_program other(f.file);
    other("INSERT INTO a VALUES ('kept')");
    BOOST_TEST(other.number("PRAGMA user_version") == 1);

    // One that cannot be carried out leaves no trace.
    BOOST_TEST(upgrade({all[0], all[1], "CREATE TABLE b (z TEXT); CREATE TABLE b (z TEXT)"}) != "no exception");
    BOOST_TEST(other.number("PRAGMA user_version") == 1);
    BOOST_TEST(other.number("SELECT count(*) FROM sqlite_master") == 1);

    BOOST_TEST(upgrade(all) == "no exception");
    BOOST_TEST(upgrade(all) == "no exception");
    BOOST_TEST(other.number("PRAGMA user_version") == 3);
    BOOST_TEST(other.number("SELECT count(*) FROM a WHERE x = 'kept' AND y IS NULL") == 1);
    BOOST_TEST(contains(upgrade({all[0], all[1]}), "have version 3, this program knows them up to version 2"));
    BOOST_TEST(contains(start(f.file), "the database of another program"));
}

namespace {
/// What phoneauth made before transactions knew of their delivery, with a row in each table.
constexpr auto version_1 = R"(
PRAGMA journal_mode = WAL;
CREATE TABLE transactions (
    id TEXT NOT NULL PRIMARY KEY,
    kind INTEGER NOT NULL,
    phone TEXT NOT NULL,
    user_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    state INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    sends INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_sent_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX transactions_by_expiry ON transactions (expires_at);

CREATE TABLE users (
    object_id TEXT NOT NULL PRIMARY KEY,
    phone TEXT NOT NULL UNIQUE,
    identity TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    properties TEXT NOT NULL,
    locale TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER,
    last_login_at INTEGER,
    version INTEGER NOT NULL
);

CREATE TABLE sessions (
    token_hash TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE counters (
    key TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX counters_by_expiry ON counters (expires_at);
PRAGMA application_id = 1349009781;
PRAGMA user_version = 1;
INSERT INTO transactions VALUES
    ('T', 2, '+14155550100', 'U', 'K', 1, 4000000000, 2, 1700000000123, 1700000300123, 1700000000124, 7);
INSERT INTO users VALUES ('U', '+14155550100', 'ann', '$hash', '{"age":"33.0","text":"\"a\\\"\\\\b\\u0000\""}', 'en', 1,
    1700000000123, NULL, NULL, 0);
INSERT INTO sessions VALUES ('H', 'U', 1700000000123, 1700003600123);
INSERT INTO counters VALUES ('C', 3, 1700003600123);
)";
/// How a program of that version adds and changes transactions.
constexpr auto version_1_insert =
    "INSERT INTO transactions (id, kind, phone, user_id, key_id, state, tries, sends, created_at, expires_at, "
    "last_sent_at, version) VALUES (?1, 1, '+14155550100', '', 'K', 1, 0, 1, 1700000000123, 1700000300123, "
    "1700000000123, 1) ON CONFLICT DO NOTHING";
constexpr auto version_1_update = "UPDATE transactions SET tries = 1, version = ?3 WHERE id = ?1 AND version = ?2";

void expect_rows_of_version_1(sqlite_storage& storage) {
    auto t = a_transaction("T");
    t.delivery = delivery_state::pending;
    t.delivery_error = 0;
    t.password_fingerprint.clear();
    t.known_network.clear();
    t.topic.clear();
    BOOST_TEST(testing::detail::difference(storage.find_transaction("T").value(), t) == "");
    BOOST_TEST(testing::detail::difference(storage.find_user("U").value(), a_user("U", phone, "ann")) == "");
    const session s{"H", "U", noon, noon + 1h};
    BOOST_TEST(testing::detail::difference(storage.find_session("H").value(), s) == "");
    BOOST_TEST((ahead(storage, "C") == 0s));  // what was counted is forgotten
}
}  // namespace

BOOST_AUTO_TEST_CASE(a_file_of_version_1) {
    const folder f;
    other_program old(f.file);
    old(version_1);
    // A program that runs on: what it has prepared stays good.
    detail::sqlite_statement insert(old.db, version_1_insert), update(old.db, version_1_update);
    BOOST_TEST(insert(std::string("before")).finish() == 1u);

    sqlite_storage storage(f.file);
    BOOST_TEST(old.number("PRAGMA user_version") == newest);
    expect_rows_of_version_1(storage);
    auto t = a_transaction("T");
    BOOST_TEST(storage.update_transaction(t));
    BOOST_TEST((storage.find_transaction("T")->delivery == delivery_state::undelivered));
    BOOST_TEST(storage.find_transaction("T")->password_fingerprint == "");
    BOOST_TEST(storage.find_transaction("T")->known_network == "");
    BOOST_TEST(storage.find_transaction("T")->topic == "");

    BOOST_TEST(insert(std::string("after")).finish() == 1u);
    BOOST_TEST(update(std::string("T"), std::int64_t{8}, std::int64_t{9}).finish() == 1u);
    for (const auto* id : {"before", "after"})
        BOOST_TEST((storage.find_transaction(id)->delivery == delivery_state::pending), id);
    t.tries = 1;
    t.version = 9;
    t.password_fingerprint.clear();
    t.known_network.clear();
    t.topic.clear();
    BOOST_TEST(testing::detail::difference(storage.find_transaction("T").value(), t) == "");
    BOOST_TEST(start(f.file) == "no exception");

    // What it counted is gone: it cannot count any more.
    BOOST_TEST(contains(error_of([&] { old("UPDATE counters SET value = 4"); }), "no such table"));
    BOOST_TEST((take(storage, "C", 1h) == 1h));
}

BOOST_AUTO_TEST_CASE(a_file_of_version_2) {
    const folder f;
    other_program old(f.file);
    old(version_1);
    old(detail::sqlite_migrations[1]);
    old("PRAGMA user_version = 2");
    detail::sqlite_statement change(old.db,
                                    "UPDATE users SET locale = 'de', version = version + 1 WHERE object_id = ?1");
    detail::sqlite_statement add(old.db, "INSERT INTO sessions (token_hash, user_id, created_at, expires_at) "
                                         "VALUES (?1, 'U', 1700000000123, 1700003600123)");
    BOOST_TEST(add(std::string("before")).finish() == 1u);

    sqlite_storage storage(f.file);
    BOOST_TEST(old.number("PRAGMA user_version") == newest);
    expect_rows_of_version_1(storage);
    auto u = storage.find_user("U").value();
    BOOST_TEST(u.generation == 0u);
    u.generation = 7;
    BOOST_TEST((storage.update_user(u) == write_result::done));

    // A program of that version that runs on leaves it alone.
    BOOST_TEST(change(std::string("U")).finish() == 1u);
    BOOST_TEST(add(std::string("after")).finish() == 1u);
    BOOST_TEST(storage.find_user("U")->generation == 7u);
    for (const auto* hash : {"H", "before", "after"}) BOOST_TEST(storage.find_session(hash)->fingerprint == "", hash);
}

BOOST_AUTO_TEST_CASE(a_file_of_version_3) {
    const folder f;
    other_program old(f.file);
    old(version_1);
    old(detail::sqlite_migrations[1]);
    old(detail::sqlite_migrations[2]);
    old("PRAGMA user_version = 3;"
        "UPDATE users SET generation = 3; UPDATE sessions SET fingerprint = 'F';"
        "UPDATE transactions SET delivery = 2, password_mark = 'M', known_network = '192.0.2.1'");
    // A program of that version that runs on.
    detail::sqlite_statement add(old.db,
                                 "INSERT INTO sessions (token_hash, user_id, created_at, expires_at, fingerprint) "
                                 "VALUES (?1, 'U', 1700000000123, 1700003600123, 'F')");
    detail::sqlite_statement change(old.db, "UPDATE users SET generation = 4, version = ?2 WHERE version = ?1");
    BOOST_TEST(add(std::string("before")).finish() == 1u);

    sqlite_storage storage(f.file);
    BOOST_TEST(old.number("PRAGMA user_version") == newest);
    auto t = a_transaction("T");
    t.delivery = delivery_state::delivered;
    t.delivery_error = 0;
    t.password_fingerprint = "M";
    t.topic.clear();
    BOOST_TEST(testing::detail::difference(storage.find_transaction("T").value(), t) == "");
    BOOST_TEST(storage.update_transaction(t));
    auto u = a_user("U", phone, "ann");
    u.generation = 3;
    BOOST_TEST(testing::detail::difference(storage.find_user("U").value(), u) == "");
    u.backup_codes = "$a -";
    BOOST_TEST((storage.update_user(u) == write_result::done));
    session s{"H", "U", noon, noon + 1h, "F"};
    BOOST_TEST(testing::detail::difference(storage.find_session("H").value(), s) == "");
    BOOST_TEST(storage.find_sessions_of("U").size() == 2u);
    s.auth_methods = by_code;
    s.last_used_at = noon + 1min;
    BOOST_TEST(storage.update_session(s));
    BOOST_TEST(!storage.update_session(s));
    ++s.version;
    BOOST_TEST(testing::detail::difference(storage.find_session("H").value(), s) == "");

    BOOST_TEST(add(std::string("after")).finish() == 1u);
    BOOST_TEST(change(std::int64_t{1}, std::int64_t{2}).finish() == 1u);
    BOOST_TEST(storage.find_user("U")->backup_codes == "$a -");
    const session added{"after", "U", noon, noon + 1h, "F"};
    BOOST_TEST(testing::detail::difference(storage.find_session("after").value(), added) == "");
    BOOST_TEST(storage.update_session(added));
    BOOST_TEST(storage.erase_user("U"));
    BOOST_TEST(storage.erase_sessions_of("U", "") == 3u);
}

BOOST_AUTO_TEST_CASE(a_crash_while_tables_are_brought_to_the_newest_version) {
    // As many steps of SQLite's as that takes, and one less each time.
    for (int steps = 0, done = 0; done == 0; ++steps) {
        const folder f;
        { other_program(f.file)(version_1); }
        const auto child = fork_to([&] {
            detail::sqlite_database db(f.file.string(), 5s);
            static int left;
            left = steps;
            ::sqlite3_progress_handler(
                db.get(), 1, [](void*) { return left-- == 0 ? ::kill(::getpid(), SIGKILL) : 0; }, nullptr);
            detail::prepare_sqlite_database(db, detail::sqlite_storage_schema);
            return 0;
        });
        const auto status = status_of(child);
        BOOST_TEST_REQUIRE((WIFSIGNALED(status) || status == 0));
        done = status == 0;
        {
            other_program other(f.file);
            const auto version = other.number("PRAGMA user_version");
            const auto columns = other.number("SELECT count(*) FROM pragma_table_info('transactions')");
            const auto cells = other.number("SELECT count(*) FROM sqlite_master WHERE name = 'cells'");
            BOOST_TEST(((version == 1 && columns == 12 && cells == 0) || (version == 4 && columns == 17 && cells == 1)),
                       steps);
            BOOST_TEST((!done || version == 4));
        }
        sqlite_storage storage(f.file);
        expect_rows_of_version_1(storage);
        steps += steps / 16;  // the more there are behind it, the less there is to be learned from each
    }
}

BOOST_AUTO_TEST_CASE(several_processes_start_at_once) {
    for (int round = 0; round < 6; ++round) {
        const folder f;
        const bool old = round % 2 == 1;
        if (old) other_program(f.file)(version_1);
        std::array<int, 2> gate{};
        BOOST_REQUIRE(::pipe(gate.data()) == 0);
        std::vector<pid_t> processes;
        for (int i = 0; i < 6; ++i)
            processes.push_back(fork_to([&] {
                char nothing = 0;
                ::close(gate[1]);
                if (::read(gate[0], &nothing, 1) != 0) return 1;  // until the gate is closed
                sqlite_storage storage(f.file, {.busy_timeout = 60s, .survive_power_loss = false});
                for (int n = 0; n < 20; ++n) take(storage, "C", 1s);
                return 0;
            }));
        ::close(gate[0]);
        ::close(gate[1]);
        for (const auto pid : processes) BOOST_TEST(status_of(pid) == 0);
        sqlite_storage storage(f.file);
        BOOST_TEST((ahead(storage, "C") == 120s));
    }
}

BOOST_AUTO_TEST_SUITE_END()
