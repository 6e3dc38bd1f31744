// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_SQLITE_HPP
#define PHONEAUTH_STORAGE_DETAIL_SQLITE_HPP

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#if SQLITE_VERSION_NUMBER < 3035000
#error "phoneauth: storage/sqlite.hpp needs SQLite 3.35 or later"
#endif

#include <phoneauth/phone_number.hpp>
#include <phoneauth/time.hpp>

// What SQLite needs from C++, without a word about what is stored: one connection, its prepared statements, the
// schema's version, and several connections shared by several threads. Exceptions name the file and what to do, never a
// value.

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
        const std::chrono::milliseconds patience(std::min(pages / 10, 500));
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
    std::uint64_t version(int column) const { return static_cast<std::uint64_t>(integer(column)); }
    time_point time(int column) const { return time_point(std::chrono::milliseconds(integer(column))); }
    std::optional<time_point> optional_time(int column) const {
        return is_null(column) ? std::nullopt : std::optional(time(column));
    }
    std::string text(int column) const {
        if (sqlite3_column_type(statement_, column) != SQLITE_TEXT) reject(column);
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
        if (!text) throw std::bad_alloc();
        return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
    }
    phone_number phone(int column) const {
        const auto stored = text(column);
        const auto phone = phone_number::parse(stored);
        if (!phone || phone->str() != stored) reject(column);
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

/// A prepared statement. Call it with its parameters, which must live as long as the run.
class sqlite_statement {
public:
    sqlite_statement(const sqlite_database& db, const char* sql) : db_(db) {
        sqlite3_stmt* statement = nullptr;
        const int code = sqlite3_prepare_v3(db.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
        statement_.reset(statement);
        db.check(code);
    }

    template <class... Parameters>
    sqlite_run operator()(const Parameters&... parameters) {
        int i = 0;
        (db_.check(bind(++i, parameters)), ...);
        return sqlite_run(db_, statement_.get());
    }

private:
    struct finalizer {
        void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
    };

    int bind(int i, std::int64_t number) { return sqlite3_bind_int64(statement_.get(), i, number); }
    int bind(int i, std::uint64_t version) { return bind(i, static_cast<std::int64_t>(version)); }
    int bind(int i, time_point time) { return bind(i, std::int64_t{time.time_since_epoch().count()}); }
    int bind(int i, const std::optional<time_point>& time) {
        return time ? bind(i, *time) : sqlite3_bind_null(statement_.get(), i);
    }
    int bind(int i, const std::string& text) { return bind(i, std::string_view(text)); }
    int bind(int i, std::string_view text) {
        return sqlite3_bind_text64(statement_.get(), i, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    int bind(int i, const phone_number& phone) { return bind(i, phone.str()); }

    const sqlite_database& db_;
    std::unique_ptr<sqlite3_stmt, finalizer> statement_;
};

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

/// Connections to one file, shared by any number of threads: several that read and one that writes, which is as many as
/// SQLite allows. `Statements{sqlite_database&}` are the prepared statements of a connection.
template <class Statements>
class sqlite_connections {
public:
    /// `setup`: statements for each connection. `readers`: at least 1.
    sqlite_connections(const std::string& file, const char* setup, std::chrono::milliseconds busy_timeout,
                       std::size_t readers)
        : writer_(file, setup, busy_timeout), begin_(writer_.db, "BEGIN IMMEDIATE"), commit_(writer_.db, "COMMIT") {
        for (std::size_t i = 0; i < readers; ++i)
            readers_.push_back(std::make_unique<connection>(file, setup, busy_timeout));
        for (const auto& reader : readers_) free_readers_.push_back(reader.get());
    }

    /// `f(statements)`, while others may read and write. `f` runs one statement, which only reads.
    template <class F>
    auto read(F f) {
        const lease reader(*this);
        reader->db.start();
        return f(reader->statements);
    }

    /// The same for several statements, which is cheaper, and reads all of them at one moment.
    template <class F>
    auto read_together(F f) {
        const lease reader(*this);
        auto& db = reader->db;
        db.start();
        db.execute("BEGIN");
        try {
            auto value = f(reader->statements);
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

private:
    struct connection {
        connection(const std::string& file, const char* setup, std::chrono::milliseconds busy_timeout)
            : db(file, busy_timeout), statements{db} {
            db.execute(setup);
        }
        sqlite_database db;
        Statements statements;
    };

    class lease {
    public:
        explicit lease(sqlite_connections& all) : all_(all) {
            std::unique_lock lock(all.mutex_);
            all.reader_freed_.wait(lock, [&] { return !all.free_readers_.empty(); });
            connection_ = all.free_readers_.back();
            all.free_readers_.pop_back();
        }
        lease(const lease&) = delete;
        lease& operator=(const lease&) = delete;
        ~lease() {
            {
                const std::scoped_lock lock(all_.mutex_);
                all_.free_readers_.push_back(connection_);
            }
            all_.reader_freed_.notify_one();
        }
        connection* operator->() const noexcept { return connection_; }

    private:
        sqlite_connections& all_;
        connection* connection_;
    };

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

    /// What was thrown, for another thread. It could have the same object, but ThreadSanitizer does not see how libstdc++
    /// counts who still has it.
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

    connection writer_;
    sqlite_statement begin_, commit_;
    std::vector<std::unique_ptr<connection>> readers_;

    std::mutex mutex_;  // guards the following
    std::vector<connection*> free_readers_;
    std::condition_variable reader_freed_;
    std::vector<job*> waiting_;
    bool writing_ = false;
    std::condition_variable changed_;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
