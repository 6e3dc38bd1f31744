// SPDX-License-Identifier: BSL-1.0
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

#include <phoneauth/phone_number.hpp>
#include <phoneauth/time.hpp>

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
