// SPDX-License-Identifier: BSL-1.0
// Generated from include/ by tests/scripts/amalgamate.py; do not edit.
#ifndef PHONEAUTH_SINGLE_INCLUDE_SQLITE_HPP
#define PHONEAUTH_SINGLE_INCLUDE_SQLITE_HPP

#include <phoneauth/phoneauth.hpp>

// ---- phoneauth/storage/detail/sqlite_connections.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_SQLITE_CONNECTIONS_HPP
#define PHONEAUTH_STORAGE_DETAIL_SQLITE_CONNECTIONS_HPP

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>


// ---- phoneauth/storage/detail/sqlite_database.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_SQLITE_DATABASE_HPP
#define PHONEAUTH_STORAGE_DETAIL_SQLITE_DATABASE_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <sqlite3.h>

#if SQLITE_VERSION_NUMBER < 3035000
#error "phoneauth: storage/sqlite.hpp needs SQLite 3.35 or later"
#endif


// What SQLite needs from C++, without a word about what is stored: one connection and its prepared statements.
// Exceptions name the file and what to do, never a value.

namespace phoneauth {
inline namespace v0 {
namespace detail {

inline const char* sqlite_advice(int code) noexcept {
    switch (code & 0xFF) {
    case SQLITE_BUSY:
        return "another program keeps it locked; end that program or let busy_timeout be longer";
    case SQLITE_FULL:
        return "make room on the disk";
    case SQLITE_IOERR:
        return "check the disk for room, quotas and faults";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return "give the server's user the right to write this file and its folder";
    case SQLITE_NOTADB:
        return "name another file, or a new one";
    case SQLITE_CORRUPT:
        return "the file is damaged; restore a backup";
    default:
        return "https://sqlite.org/rescode.html explains this error";
    }
}

/// One connection. Not thread-safe.
class sqlite_database {
public:
    /// Opens or creates `file`. A call may wait `busy_timeout` for the locks of other connections.
    sqlite_database(std::string file, std::chrono::milliseconds busy_timeout)
        : file_(std::move(file)), busy_timeout_(busy_timeout) {
        sqlite3* db = nullptr;
        // No mutex of SQLite's own: no two threads use a connection at once.
        const int code = sqlite3_open_v2(file_.c_str(), &db,
                                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
        db_.reset(db);
        check(code);
        check(sqlite3_busy_handler(db, wait_for_lock, this));
        sqlite3_wal_hook(db, after_commit, this);
        start();
    }
    sqlite_database(const sqlite_database&) = delete;
    sqlite_database& operator=(const sqlite_database&) = delete;

    sqlite3* get() const noexcept { return db_.get(); }

    /// From here on `busy_timeout` counts; and there is no transaction that an earlier failure left open.
    void start() {
        roll_back();
        deadline_ = std::chrono::steady_clock::now() + busy_timeout_;
    }

    void roll_back() noexcept {
        if (!sqlite3_get_autocommit(get())) sqlite3_exec(get(), "ROLLBACK", nullptr, nullptr, nullptr);
    }

    /// Runs statements that give no rows.
    void execute(const char* sql) { check(sqlite3_exec(get(), sql, nullptr, nullptr, nullptr)); }

    /// True, after a moment, if it makes sense to try once more to get a lock. A file's locks can only be polled.
    bool wait() const {
        if (std::chrono::steady_clock::now() >= deadline_) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return true;
    }

    void check(int code) const {
        if (code == SQLITE_OK) return;
        if (code == SQLITE_NOMEM) throw std::bad_alloc();
        fail(std::string(get() ? sqlite3_errmsg(get()) : sqlite3_errstr(code)) + "; " + sqlite_advice(code));
    }

    [[noreturn]] void fail(const std::string& why) const {
        throw std::runtime_error("phoneauth: the SQLite file " + file_ + ": " + why);
    }

private:
    struct closer {
        void operator()(sqlite3* db) const noexcept { sqlite3_close(db); }
    };

    // SQLite's own way of waiting sleeps up to 100 ms at a time, in which others take the lock again and again.
    static int wait_for_lock(void* self, int) { return static_cast<const sqlite_database*>(self)->wait(); }

    /// Moves what was written from the log to the file from time to time, and makes the log start again. What SQLite
    /// does by itself cannot restart the log while others read all the time: it would grow without end. A failure
    /// changes nothing, the commit is done.
    static int after_commit(void* self, sqlite3* db, const char*, int pages) {
        auto& at = *static_cast<sqlite_database*>(self);
        if (pages < at.next_checkpoint_) return SQLITE_OK;
        // The longer the log, the longer it is worth to wait for a moment in which nobody reads it.
        const std::chrono::milliseconds patience((std::min)(pages / 10, 500));
        at.deadline_ = std::chrono::steady_clock::now() + patience;
        const int code = sqlite3_wal_checkpoint_v2(db, nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
        at.next_checkpoint_ = (code == SQLITE_OK ? 0 : pages) + checkpoint_pages;
        return SQLITE_OK;
    }

    static constexpr int checkpoint_pages = 1000;  // SQLite's default, 4 MB

    const std::string file_;
    const std::chrono::milliseconds busy_timeout_;
    std::chrono::steady_clock::time_point deadline_{};
    int next_checkpoint_ = checkpoint_pages;
    std::unique_ptr<sqlite3, closer> db_;
};

/// One run of a statement, which it makes ready for the next run when it ends.
class sqlite_run {
public:
    sqlite_run(const sqlite_database& db, sqlite3_stmt* statement) noexcept : db_(db), statement_(statement) {}
    sqlite_run(const sqlite_run&) = delete;
    sqlite_run& operator=(const sqlite_run&) = delete;
    ~sqlite_run() { sqlite3_reset(statement_); }

    /// Steps to the next row; false if there is none.
    bool next() {
        const int code = step();
        if (code == SQLITE_ROW) return true;
        if (code != SQLITE_DONE) db_.check(code);
        return false;
    }
    int step() noexcept { return sqlite3_step(statement_); }

    /// Runs to the end. How many rows were changed.
    std::size_t finish() {
        while (next()) {
        }
        return static_cast<std::size_t>(sqlite3_changes(db_.get()));
    }

    // The row's columns. They throw for a value that the table was not made for.

    bool is_null(int column) const noexcept { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
    std::int64_t integer(int column) const {
        if (sqlite3_column_type(statement_, column) != SQLITE_INTEGER) reject(column);
        return sqlite3_column_int64(statement_, column);
    }
    /// An integer from `least` to `most`.
    template <class T>
    T integer(int column, T least, T most) const {
        const auto value = integer(column);
        if (value < static_cast<std::int64_t>(least) || value > static_cast<std::int64_t>(most)) reject(column);
        return static_cast<T>(value);
    }
    time_point time(int column) const { return time_point(std::chrono::milliseconds(integer(column))); }
    std::string text(int column) const {
        if (sqlite3_column_type(statement_, column) != SQLITE_TEXT) reject(column);
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
        if (!text) throw std::bad_alloc();
        return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
    }
    phone_number phone(int column) const {
        const auto stored = text(column);
        const auto phone = phone_number::from_e164(stored);
        if (!phone) reject(column);
        return *phone;
    }

    [[noreturn]] void reject(int column) const {
        const std::string_view sql(sqlite3_sql(statement_));
        const auto from = sql.find("FROM");
        db_.fail("the column " + std::string(sqlite3_column_name(statement_, column)) + " of a row (" +
                 std::string(from == sql.npos ? sql : sql.substr(from)) +
                 ") holds what was never stored there; correct the row, delete it or restore a backup");
    }

private:
    const sqlite_database& db_;
    sqlite3_stmt* const statement_;
};

/// The parameters of a statement.
using sqlite_values = std::vector<std::variant<std::nullptr_t, std::int64_t, std::string>>;

/// A prepared statement. Call it with its parameters, which must live as long as the run.
class sqlite_statement {
public:
    sqlite_statement(const sqlite_database& db, const std::string& sql) : db_(db) {
        sqlite3_stmt* statement = nullptr;
        const int code = sqlite3_prepare_v3(db.get(), sql.c_str(), static_cast<int>(sql.size() + 1),
                                            SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
        statement_.reset(statement);
        db.check(code);
    }

    template <class... Parameters>
    sqlite_run operator()(const Parameters&... parameters) {
        int i = 0;
        (db_.check(bind(++i, parameters)), ...);
        return sqlite_run(db_, statement_.get());
    }

    /// The same for values of which the statement uses the first ones at least.
    sqlite_run operator()(const sqlite_values& values) {
        const auto count =
            (std::min)(values.size(), static_cast<std::size_t>(sqlite3_bind_parameter_count(statement_.get())));
        for (std::size_t i = 0; i < count; ++i)
            db_.check(std::visit([&](const auto& value) { return bind(static_cast<int>(i + 1), value); }, values[i]));
        return sqlite_run(db_, statement_.get());
    }

private:
    struct finalizer {
        void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
    };

    int bind(int i, std::nullptr_t) { return sqlite3_bind_null(statement_.get(), i); }
    int bind(int i, std::int64_t number) { return sqlite3_bind_int64(statement_.get(), i, number); }
    int bind(int i, time_point time) { return bind(i, std::int64_t{time.time_since_epoch().count()}); }
    int bind(int i, const std::string& text) { return bind(i, std::string_view(text)); }
    int bind(int i, std::string_view text) {
        return sqlite3_bind_text64(statement_.get(), i, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    int bind(int i, const phone_number& phone) { return bind(i, phone.str()); }

    const sqlite_database& db_;
    std::unique_ptr<sqlite3_stmt, finalizer> statement_;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Connections to one file, shared by any number of threads: several that read and one that writes, which is as many as
/// SQLite allows. `Statements{sqlite_database&}` are the prepared statements of a connection.
template <class Statements>
class sqlite_connections {
public:
    /// `setup`: statements for each connection. `readers`: at least 1.
    sqlite_connections(const std::string& file, const char* setup, std::chrono::milliseconds busy_timeout,
                       std::size_t readers)
        : busy_timeout_(busy_timeout), writer_(file, setup, busy_timeout), begin_(writer_.db, "BEGIN IMMEDIATE"),
          commit_(writer_.db, "COMMIT"), readers_(readers) {
        for (std::size_t i = 0; i < readers; ++i) readers_.add(std::make_unique<connection>(file, setup, busy_timeout));
    }

    /// `f(statements)`, while others may read and write. `f` runs one statement, which only reads.
    template <class F>
    auto read(F f) {
        const auto one = reader();
        one->item->db.start();
        return f(one->item->statements);
    }

    /// The same for several statements, which is cheaper, and reads all of them at one moment.
    template <class F>
    auto read_together(F f) {
        const auto one = reader();
        auto& db = one->item->db;
        db.start();
        db.execute("BEGIN");
        try {
            auto value = f(one->item->statements);
            db.execute("COMMIT");
            return value;
        } catch (...) {
            db.roll_back();
            throw;
        }
    }

    /// `f(statements)` in a transaction, which has come to its end, on the disk, when this returns. It does not take
    /// place if it throws.
    ///
    /// Writers that wait for each other anyway share the next transaction, and so one wait for the disk. An exception
    /// undoes what they all did and reaches all of them, so `f` does not throw but for a storage that does not work.
    template <class F>
    auto write(F f) {
        std::optional<std::invoke_result_t<F&, Statements&>> value;
        job mine{[&](Statements& statements) { value.emplace(f(statements)); }};
        std::unique_lock lock(mutex_);
        waiting_.push_back(&mine);
        changed_.wait(lock, [&] { return mine.done || !writing_; });
        if (!mine.done) {
            writing_ = true;
            const auto batch = std::exchange(waiting_, {});
            lock.unlock();
            mine.thrown = carry_out(batch);
            if (mine.thrown)
                for (auto* each : batch)
                    if (each != &mine) each->thrown = copy_of(mine.thrown);
            lock.lock();
            writing_ = false;
            for (auto* each : batch) each->done = true;
            changed_.notify_all();
        }
        lock.unlock();
        if (mine.thrown) std::rethrow_exception(mine.thrown);
        return std::move(*value);
    }

    /// Of the connections that read, and of the one that writes.
    pool_usage reading() const { return readers_.usage(); }
    pool_usage writing() const {
        const std::scoped_lock lock(mutex_);
        return {1, writing_ ? std::size_t{1} : std::size_t{0}, waiting_.size()};
    }

private:
    struct connection {
        connection(const std::string& file, const char* setup, std::chrono::milliseconds busy_timeout)
            : db(file, busy_timeout), statements{db} {
            db.execute(setup);
        }
        sqlite_database db;
        Statements statements;
    };

    auto reader() {
        auto taken = readers_.take(std::chrono::steady_clock::now() + busy_timeout_);
        if (!taken) writer_.db.fail("other threads of this program keep reading; let readers or busy_timeout be more");
        return taken;
    }

    struct job {
        std::function<void(Statements&)> work;
        bool done = false;
        std::exception_ptr thrown{};
    };

    std::exception_ptr carry_out(const std::vector<job*>& batch) noexcept {
        try {
            writer_.db.start();
            begin_().finish();
            for (auto* each : batch) each->work(writer_.statements);
            commit_().finish();
            return nullptr;
        } catch (...) {
            writer_.db.roll_back();
            return std::current_exception();
        }
    }

    /// What was thrown, for another thread. It could have the same object, but ThreadSanitizer does not see how
    /// libstdc++ counts the threads that still have it.
    static std::exception_ptr copy_of(const std::exception_ptr& thrown) noexcept {
        try {
            std::rethrow_exception(thrown);
        } catch (const std::runtime_error& e) {
            try {
                return std::make_exception_ptr(std::runtime_error(e.what()));
            } catch (...) {  // no memory
            }
        } catch (...) {
        }
        return thrown;
    }

    const std::chrono::milliseconds busy_timeout_;
    connection writer_;
    sqlite_statement begin_, commit_;
    bounded_pool<connection> readers_;

    mutable std::mutex mutex_;  // guards the following
    std::vector<job*> waiting_;
    bool writing_ = false;
    std::condition_variable changed_;
};

}  // namespace detail

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/storage/detail/sqlite_records.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_SQLITE_RECORDS_HPP
#define PHONEAUTH_STORAGE_DETAIL_SQLITE_RECORDS_HPP

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>


// Records as rows.

namespace phoneauth {
inline namespace v0 {
namespace detail {

struct sqlite_writer {
    sqlite_values values{};

    void put(const std::string& text) { values.emplace_back(text); }
    void put(const phone_number& phone) { values.emplace_back(std::string(phone.str())); }
    void put(time_point t) { values.emplace_back(std::int64_t{t.time_since_epoch().count()}); }
    void put(const std::optional<time_point>& t) {
        if (t)
            put(*t);
        else
            values.emplace_back(nullptr);
    }
    /// A JSON object of strings, each the JSON text of a value, so that it comes back digit by digit.
    void put(const property_map& properties) {
        json_object object;
        for (const auto& [name, json] : properties) {
            if (!count_code_points(name) || !count_code_points(json))
                throw std::invalid_argument("phoneauth: a user's property is not UTF-8");
            object.string(name, json);
        }
        put(std::move(object).str());
    }
    template <class T>
    requires std::integral<T> || std::is_enum_v<T>
    void put(T n) { values.emplace_back(static_cast<std::int64_t>(n)); }
};

/// All fields of a record, in their order. Throws `std::invalid_argument` if SQLite cannot hold them.
template <class Record>
sqlite_values values_of(const Record& record) {
    sqlite_writer write;
    for_each_field<Record>([&](const field&, auto member) { write.put(record.*member); });
    return std::move(write.values);
}

/// The same, and the next version behind them: in SQL the largest number plus 1 is not an integer any more.
template <class Record>
sqlite_values values_of_update(const Record& record) {
    auto values = values_of(record);
    values.emplace_back(static_cast<std::int64_t>(record.version + 1));
    return values;
}

/// Takes the columns of a row one after the other.
class sqlite_reader {
public:
    explicit sqlite_reader(const sqlite_run& row) noexcept : row_(row) {}

    void get(std::string& text) { text = row_.text(column_++); }
    void get(phone_number& phone) { phone = row_.phone(column_++); }
    void get(time_point& t) { t = row_.time(column_++); }
    void get(std::optional<time_point>& t) {
        if (row_.is_null(column_))
            ++column_;
        else
            get(t.emplace());
    }
    void get(property_map& properties) {
        const auto parsed = parse_json(row_.text(column_));
        if (!parsed || !parsed->is(json_kind::object)) row_.reject(column_);
        for (const auto& item : parsed->items) {
            if (item.kind != json_kind::string) row_.reject(column_);
            properties.emplace(item.key, item.text);
        }
        ++column_;
    }
    template <std::integral T>
    void get(T& n) {
        if constexpr (sizeof(T) == sizeof(std::int64_t))
            n = static_cast<T>(row_.integer(column_++));
        else
            n = row_.integer(column_++, (std::numeric_limits<T>::min)(), (std::numeric_limits<T>::max)());
    }
    template <class Enum>
    requires std::is_enum_v<Enum>
    void get(Enum& e) { e = row_.integer(column_++, Enum{1}, last_enumerator<Enum>); }

private:
    const sqlite_run& row_;
    int column_ = 0;
};

/// The record in the row that `row` stands at.
template <class Record>
Record record_in(const sqlite_run& row) {
    auto record = blank_record<Record>();
    sqlite_reader read(row);
    for_each_field<Record>([&](const field&, auto member) { read.get(record.*member); });
    return record;
}

/// The record in the first row, if there is one.
template <class Record>
std::optional<Record> record_of(sqlite_run&& row) {
    if (!row.next()) return {};
    return record_in<Record>(row);
}

/// The records in all rows.
template <class Record>
std::vector<Record> records_of(sqlite_run&& rows) {
    std::vector<Record> all;
    while (rows.next()) all.push_back(record_in<Record>(rows));
    return all;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/storage/detail/sqlite_schema.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_SQLITE_SCHEMA_HPP
#define PHONEAUTH_STORAGE_DETAIL_SQLITE_SCHEMA_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>


// The file itself and the version of its tables.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// What makes a file ours, and what brings it from each version of its tables to the next: `migrations[n]` from n to
/// n+1.
struct sqlite_schema {
    int application_id;
    std::span<const char* const> migrations;
};

/// The version of the file's tables; 0 for a new file. Throws for a foreign file and for one from the future.
inline std::size_t sqlite_schema_version(sqlite_database& db, const sqlite_schema& schema) {
    // One statement, so that the answers belong together.
    sqlite_statement look(db, "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master) "
                              "FROM pragma_application_id, pragma_user_version");
    auto found = look();
    found.next();
    const auto id = found.integer(0);
    const auto version = found.integer(1);
    if (id == 0 && version == 0 && found.integer(2) == 0) return 0;
    if (id != schema.application_id || version < 1)
        db.fail("it is the database of another program; name another file, or a new one");
    if (version > static_cast<std::int64_t>(schema.migrations.size()))
        db.fail("its tables have version " + std::to_string(version) + ", this program knows them up to version " +
                std::to_string(schema.migrations.size()) + "; run a newer version of the program");
    return static_cast<std::size_t>(version);
}

/// Throws if the file's tables and indexes are not exactly what the migrations make.
inline void check_sqlite_tables(sqlite_database& db, const sqlite_schema& schema) {
    sqlite_database made(":memory:", {});
    for (const auto* migration : schema.migrations) made.execute(migration);
    sqlite_statement all(made, "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL");
    sqlite_statement same(db, "SELECT 1 FROM sqlite_master WHERE type = ?1 AND name = ?2 AND sql = ?3");
    auto expected = all();
    while (expected.next()) {
        const auto type = expected.text(0), name = expected.text(1), sql = expected.text(2);
        if (!same(type, name, sql).next())
            db.fail("the " + type + " " + name +
                    " was changed by hand; undo that or restore a backup, or name a new file to start without data");
    }
}

/// Brings a database to WAL mode and its tables to the newest version. Any number of processes may do so at once.
inline void prepare_sqlite_database(sqlite_database& db, const sqlite_schema& schema) {
    if (sqlite3_db_readonly(db.get(), "main") == 1)
        db.fail(std::string("it cannot be written; ") + sqlite_advice(SQLITE_READONLY));
    sqlite_schema_version(db, schema);  // before anything is changed: it may be somebody else's
    // Readers and the writer do not wait for each other. SQLite does not call the busy handler here.
    sqlite_statement to_wal(db, "PRAGMA journal_mode = WAL");
    for (;;) {
        auto mode = to_wal();
        const int code = mode.step();
        if (code == SQLITE_BUSY && db.wait()) continue;
        if (code != SQLITE_ROW) db.check(code);
        if (mode.text(0) != "wal")
            db.fail("its file system does not let processes share memory, which SQLite's WAL mode needs; use a local "
                    "disk");
        break;
    }
    const auto newest = schema.migrations.size();
    if (sqlite_schema_version(db, schema) < newest) {
        db.execute("BEGIN EXCLUSIVE");
        // Another process may have been faster.
        for (auto version = sqlite_schema_version(db, schema); version < newest; ++version)
            db.execute(schema.migrations[version]);
        db.execute(("PRAGMA application_id = " + std::to_string(schema.application_id)).c_str());
        db.execute(("PRAGMA user_version = " + std::to_string(newest)).c_str());
        db.execute("COMMIT");
    }
    check_sqlite_tables(db, schema);
}

/// Checks, creates and prepares a file. Returns its absolute name, because SQLite gives some names a special meaning.
inline std::string prepare_sqlite_file(const std::filesystem::path& path, const sqlite_schema& schema,
                                       std::chrono::milliseconds busy_timeout) {
    namespace fs = std::filesystem;
    const auto refuse = [&](const char* why) {
        throw std::runtime_error("phoneauth: the SQLite file " + path.string() + ": " + why);
    };
    if (path.empty()) refuse("no file is named; name one");
    if (path == ":memory:") refuse("it would be forgotten; name a file, or use memory_storage");
    const auto file = fs::absolute(path);
    std::error_code ignored;
    if (fs::is_directory(file, ignored)) refuse("it is a folder; name a file in it");
    if (!fs::is_directory(file.parent_path(), ignored)) refuse("its folder does not exist; create the folder");
    const auto utf8 = file.u8string();
    std::string name(utf8.begin(), utf8.end());

    const bool is_new = !fs::exists(file, ignored);
    // SQLite would take so short a file for an empty one and overwrite it. No file of its own has less than 512 bytes.
    const auto size = is_new ? 0 : fs::file_size(file, ignored);
    if (size > 0 && size < 512) refuse("file is not a database; name another file, or a new one");
    // For its owner only from the first moment; SQLite gives its other files the same permissions. If this fails,
    // SQLite says why.
    if (const int made = is_new ? ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1; made >= 0)
        ::close(made);
    sqlite_database db(name, busy_timeout);
    prepare_sqlite_database(db, schema);
    return name;
}

}  // namespace detail

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/storage/detail/sqlite_statements.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_SQLITE_STATEMENTS_HPP
#define PHONEAUTH_STORAGE_DETAIL_SQLITE_STATEMENTS_HPP

#include <array>
#include <string>


namespace phoneauth {
inline namespace v0 {
namespace detail {

/// The tables' versions. Never change an entry that was released: add one.
inline constexpr std::array sqlite_migrations{
    // Keys are random texts, so they are the tables' own order (WITHOUT ROWID): one tree to search and change, not two.
    R"(CREATE TABLE transactions (
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
CREATE INDEX counters_by_expiry ON counters (expires_at);)",
    // The defaults are those of a new `transaction`: programs of version 1 that still run go on adding rows.
    R"(ALTER TABLE transactions ADD COLUMN delivery INTEGER NOT NULL DEFAULT 1;
ALTER TABLE transactions ADD COLUMN delivery_error INTEGER NOT NULL DEFAULT 0;
ALTER TABLE transactions ADD COLUMN password_mark TEXT NOT NULL DEFAULT '';
ALTER TABLE transactions ADD COLUMN known_network INTEGER NOT NULL DEFAULT 0;)",
    // The limits count no longer: they keep the time until which a cell is ahead of now.
    R"(ALTER TABLE users ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
ALTER TABLE transactions DROP COLUMN known_network;
ALTER TABLE transactions ADD COLUMN known_network TEXT NOT NULL DEFAULT '';
DROP TABLE counters;
CREATE TABLE cells (
    key TEXT NOT NULL PRIMARY KEY,
    ahead INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX cells_by_time ON cells (ahead);)",
    // The defaults are those of new records, as above.
    R"(ALTER TABLE transactions ADD COLUMN topic TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN backup_codes TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN kind INTEGER NOT NULL DEFAULT 1;
ALTER TABLE sessions ADD COLUMN auth_methods INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN auth_time INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN last_used_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN network TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN version INTEGER NOT NULL DEFAULT 0;)"};

inline constexpr sqlite_schema sqlite_storage_schema{0x50684175, sqlite_migrations};  // "PhAu"

/// All that is ever asked of the file after the start. None reads more than the rows it names: each uses an index.
class sqlite_statements {
public:
    explicit sqlite_statements(const sqlite_database& connection) : db(connection) {}

    const sqlite_database& db;

    sqlite_statement insert_transaction{db, insertion<transaction>("transactions")};
    sqlite_statement find_transaction{db,
                                      "SELECT " + field_columns<transaction>() + " FROM transactions WHERE id = ?1"};
    sqlite_statement update_transaction{db, update_of<transaction>("transactions", "id")};
    sqlite_statement sweep_transactions{
        db, "DELETE FROM transactions WHERE id IN "
            "(SELECT id FROM transactions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)"};

    sqlite_statement insert_user{db, insertion<user>("users")};
    sqlite_statement update_user{db, with_places<user>("UPDATE OR IGNORE users SET " +
                                                           field_assignments<user>('?', behind_fields<user>('?')) +
                                                           " WHERE object_id = :object_id AND version = :version",
                                                       '?')};
    sqlite_statement erase_user{db, "DELETE FROM users WHERE object_id = ?1"};
    sqlite_statement find_user{db, user_by("object_id")};
    sqlite_statement find_user_by_phone{db, user_by("phone")};
    sqlite_statement find_user_by_identity{db, user_by("identity")};
    sqlite_statement user_has_version{db, "SELECT 1 FROM users WHERE object_id = ?1 AND version = ?2"};
    sqlite_statement phone_is_taken{db, "SELECT 1 FROM users WHERE phone = ?1 AND object_id <> ?2"};
    sqlite_statement identity_is_taken{db, "SELECT 1 FROM users WHERE identity = ?1 AND object_id <> ?2"};

    sqlite_statement insert_session{db, insertion<session>("sessions")};
    sqlite_statement find_session{db, "SELECT " + field_columns<session>() + " FROM sessions WHERE token_hash = ?1"};
    sqlite_statement find_sessions_of{db, "SELECT " + field_columns<session>() + " FROM sessions WHERE user_id = ?1"};
    sqlite_statement update_session{db, update_of<session>("sessions", "token_hash")};
    sqlite_statement erase_session{db, "DELETE FROM sessions WHERE token_hash = ?1"};
    sqlite_statement erase_sessions_of{db, "DELETE FROM sessions WHERE user_id = ?1 AND token_hash <> ?2"};
    sqlite_statement sweep_sessions{
        db, "DELETE FROM sessions WHERE token_hash IN "
            "(SELECT token_hash FROM sessions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)"};

    sqlite_statement find_cell{db, "SELECT ahead FROM cells WHERE key = ?1"};
    sqlite_statement store_cell{
        db, "INSERT INTO cells (key, ahead) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET ahead = ?2"};
    sqlite_statement erase_cell{db, "DELETE FROM cells WHERE key = ?1"};
    sqlite_statement sweep_cells{db, "DELETE FROM cells WHERE key IN "
                                     "(SELECT key FROM cells WHERE ahead <= ?1 ORDER BY ahead LIMIT ?2)"};

private:
    template <class Record>
    static std::string insertion(const std::string& table) {
        return "INSERT INTO " + table + " (" + field_columns<Record>() + ") VALUES (" + field_places<Record>('?') +
               ") ON CONFLICT DO NOTHING";
    }
    /// Compare-and-swap.
    template <class Record>
    static std::string update_of(const std::string& table, const std::string& key) {
        return with_places<Record>("UPDATE " + table + " SET " +
                                       field_assignments<Record>('?', behind_fields<Record>('?')) + " WHERE " + key +
                                       " = :" + key + " AND version = :version",
                                   '?');
    }
    static std::string user_by(const std::string& column) {
        return "SELECT " + field_columns<user>() + " FROM users WHERE " + column + " = ?1";
    }
};

}  // namespace detail

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/storage/sqlite.hpp ----

#ifndef PHONEAUTH_STORAGE_SQLITE_HPP
#define PHONEAUTH_STORAGE_SQLITE_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>


namespace phoneauth {
inline namespace v0 {

/// How a `sqlite_storage` works.
struct sqlite_options {
    /// How long a call waits for another process that is writing, before it throws. A call that also has to wait for
    /// other threads of this process throws after twice this time at the latest.
    std::chrono::milliseconds busy_timeout{5000};

    /// How many threads can look something up at once, at least 1; further ones wait. Each takes up to 2 MB. In SQLite
    /// only one connection writes at a time; it does not hinder the readers.
    std::size_t readers = 4;

    /// Whether a write has reached the disk itself when its function returns (`PRAGMA synchronous = FULL`), so that it
    /// survives a power loss. If it is false (`NORMAL`), a power loss can take the last seconds with it; what is left
    /// is consistent. Either way a write survives the end of the process, SIGKILL included, because the operating
    /// system has it.
    bool survive_power_loss = true;
};

/// A complete Storage in one SQLite file (version 3.35 or later), for any number of threads and processes of one
/// machine. The server's users, sessions, transactions and cells survive its end, however it ends; see
/// `sqlite_options`.
///
/// While the file is in use, and after a crash, SQLite keeps two more files next to it, with `-wal` and `-shm` behind
/// its name: they belong to it. The file must be on a local disk and must not be moved, replaced or deleted while it is
/// in use. Only its owner can read a new file. To copy it use `sqlite3 FILE ".backup COPY"`.
///
/// All functions take time that grows with the logarithm of what is stored, except `find_sessions_of`
/// and `erase_sessions_of`, which are linear in that user's sessions. What has expired is deleted a few rows at a time, whenever something is inserted:
/// transactions `transaction_retention` past their `expires_at`, sessions at theirs, cells when they are over. The file
/// does not shrink; its room is used again.
///
/// A call of `take_cells` is one transaction of the database. A batch that changes nothing, because it is refused or
/// only asks, writes nothing and does not wait for the disk; one that only asks does not wait for other writers either.
///
/// @par Upgrades
/// The tables have a version. The constructor brings older tables to the version of this program, in one transaction of
/// the database. Processes of an older version that are running then know nothing of the new columns, which have
/// defaults, and go on working; but in tables of a version below 3 they counted what the limits now keep in cells, and
/// each of their calls that counts throws from then on: stop them first. What they had counted is forgotten. When they
/// are started again they throw, because they do not know the new tables. Nothing brings tables back to an older
/// version: make a backup first.
///
/// @par Errors
/// A function that cannot do its work throws `std::runtime_error`, whose text names the file, the reason and what to
/// do. It has then changed nothing. The next call tries anew, so that all works again as soon as the reason is gone.
/// `insert_user` throws `std::invalid_argument` if there is a user with this `object_id`.
///
/// @par Thread safety
/// Shared objects are safe. The functions block, for the disk and for other writers: on an event loop use a
/// `pooled_storage` (asio/pooled_storage.hpp). A process must not fork while it has one.
class sqlite_storage {
public:
    /// Opens `file`, or creates it, and makes its tables or brings them up to date. Any number of processes may do so
    /// at once. Tables, indexes and views of other names may be added to the file.
    ///
    /// @param file     its folder must exist
    /// @param options  see there
    /// @par Errors
    /// `std::runtime_error`, as of all functions; also for a file of another program, of a newer version, read-only or
    /// damaged, and for tables that were changed by hand. None of these loses what is in the file.
    explicit sqlite_storage(const std::filesystem::path& file, const sqlite_options& options = {})
        : connections_(detail::prepare_sqlite_file(file, detail::sqlite_storage_schema, options.busy_timeout),
                       options.survive_power_loss ? "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON"
                                                  : "PRAGMA synchronous = NORMAL",
                       options.busy_timeout, std::max<std::size_t>(options.readers, 1)) {}

    ///@{
    /// The functions of the concepts; see policies.hpp.
    bool insert_transaction(const transaction& t) {
        const auto values = detail::values_of(t);
        return connections_.write([&](statements& sql) {
            sql.sweep_transactions(t.created_at - transaction_retention, swept_per_row).finish();
            return sql.insert_transaction(values).finish() == 1;
        });
    }

    std::optional<transaction> find_transaction(const std::string& id) {
        return connections_.read(
            [&](statements& sql) { return detail::record_of<transaction>(sql.find_transaction(id)); });
    }

    bool update_transaction(const transaction& t) {
        const auto values = detail::values_of_update(t);
        return connections_.write([&](statements& sql) { return sql.update_transaction(values).finish() == 1; });
    }

    write_result insert_user(const user& u) {
        const auto values = detail::values_of(u);
        const auto written = connections_.write([&](statements& sql) -> std::optional<write_result> {
            if (sql.insert_user(values).finish() == 1) return write_result::done;
            return taken(sql, u);
        });
        if (!written) throw std::invalid_argument("phoneauth: there is a user with this object_id");
        return *written;
    }

    write_result update_user(const user& u) {
        const auto values = detail::values_of_update(u);
        return connections_.write([&](statements& sql) {
            if (sql.update_user(values).finish() == 1) return write_result::done;
            if (!sql.user_has_version(u.object_id, static_cast<std::int64_t>(u.version)).next())
                return write_result::stale;
            return taken(sql, u).value();
        });
    }

    bool erase_user(const std::string& object_id) {
        return connections_.write([&](statements& sql) { return sql.erase_user(object_id).finish() == 1; });
    }

    std::optional<user> find_user(const std::string& object_id) {
        return connections_.read([&](statements& sql) { return detail::record_of<user>(sql.find_user(object_id)); });
    }

    std::optional<user> find_user_by_phone(const phone_number& phone) {
        return connections_.read(
            [&](statements& sql) { return detail::record_of<user>(sql.find_user_by_phone(phone)); });
    }

    std::optional<user> find_user_by_identity(const std::string& identity) {
        return connections_.read(
            [&](statements& sql) { return detail::record_of<user>(sql.find_user_by_identity(identity)); });
    }

    bool insert_session(const session& s) {
        const auto values = detail::values_of(s);
        return connections_.write([&](statements& sql) {
            sql.sweep_sessions(s.created_at, swept_per_row).finish();
            return sql.insert_session(values).finish() == 1;
        });
    }

    std::optional<session> find_session(const std::string& token_hash) {
        return connections_.read(
            [&](statements& sql) { return detail::record_of<session>(sql.find_session(token_hash)); });
    }

    std::vector<session> find_sessions_of(const std::string& user_id) {
        return connections_.read(
            [&](statements& sql) { return detail::records_of<session>(sql.find_sessions_of(user_id)); });
    }

    bool update_session(const session& s) {
        const auto values = detail::values_of_update(s);
        return connections_.write([&](statements& sql) { return sql.update_session(values).finish() == 1; });
    }

    bool erase_session(const std::string& token_hash) {
        return connections_.write([&](statements& sql) { return sql.erase_session(token_hash).finish() == 1; });
    }

    std::size_t erase_sessions_of(const std::string& user_id, const std::string& kept) {
        return connections_.write([&](statements& sql) { return sql.erase_sessions_of(user_id, kept).finish(); });
    }

    cell_answer take_cells(const cell_batch& batch) {
        const auto work = [&](statements& sql) { return take(sql, batch); };
        return only_asks(batch) ? connections_.read_together(work) : connections_.write(work);
    }
    ///@}

    ///@{
    /// How many of its connections are in use, for monitoring: those that read, and the one that writes, for which
    /// whoever waits shares the next transaction.
    pool_usage reading() const { return connections_.reading(); }
    pool_usage writing() const { return connections_.writing(); }
    ///@}

    /// Deletes records that had expired at `now`. There is need for it only if much expires while little is inserted:
    /// call it now and then. Other writers wait meanwhile: 1000 records take about 10 ms.
    ///
    /// @param now    by the clock of the authenticator
    /// @param limit  how many records it deletes at most: transactions, sessions and cells together
    /// @return how many it has deleted; fewer than `limit` means that none are left
    std::size_t delete_expired(time_point now, std::size_t limit) {
        return connections_.write([&](statements& sql) {
            std::size_t swept = 0;
            const auto delete_from = [&](detail::sqlite_statement& rows, time_point until) {
                swept += rows(until, static_cast<std::int64_t>(limit - swept)).finish();
            };
            delete_from(sql.sweep_transactions, now - transaction_retention);
            delete_from(sql.sweep_sessions, now);
            delete_from(sql.sweep_cells, now);
            return swept;
        });
    }

private:
    using statements = detail::sqlite_statements;

    /// How many expired rows are deleted for one that is inserted: more than one, so that they cannot pile up.
    static constexpr std::int64_t swept_per_row = 2;

    /// Which of the user's two unique values another user has.
    static std::optional<write_result> taken(statements& sql, const user& u) {
        if (sql.phone_is_taken(u.phone, u.object_id).next()) return write_result::phone_taken;
        if (sql.identity_is_taken(u.identity, u.object_id).next()) return write_result::identity_taken;
        return {};
    }

    static bool only_asks(const cell_batch& batch) noexcept {
        for (std::size_t i = 0; i < batch.size(); ++i)
            if (batch[i].action != cell_action::ask) return false;
        return true;
    }

    /// Writes nothing if nothing changes: the end of the transaction then does not wait for the disk.
    static cell_answer take(statements& sql, const cell_batch& batch) {
        constexpr time_point absent{};
        const auto find = [&](std::string_view key) {
            auto row = sql.find_cell(key);
            return row.next() ? row.time(0) : absent;
        };
        std::array<time_point, 1 + cell_batch::most> stored{};
        if (!batch.marker().empty()) stored[0] = find(batch.marker());
        for (std::size_t i = 0; i < batch.size(); ++i) stored[1 + i] = find(batch.key(i));
        const auto answer = decide(batch, stored);
        std::int64_t added = 0;
        for (std::size_t i = 0; answer.granted && i < batch.size(); ++i) {
            const auto before = stored[1 + i], after = answer.cells[i];
            if (after == before) continue;
            if (after > batch.now()) {
                sql.store_cell(batch.key(i), after).finish();
                added += before == absent;
            } else if (before != absent) {
                sql.erase_cell(batch.key(i)).finish();
            }
        }
        if (added > 0) sql.sweep_cells(batch.now(), swept_per_row * added).finish();
        return answer;
    }

    detail::sqlite_connections<statements> connections_;
};

static_assert(Storage<sqlite_storage>);

}  // namespace v0
}  // namespace phoneauth

#endif

#endif
