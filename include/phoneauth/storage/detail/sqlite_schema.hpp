// SPDX-License-Identifier: BSL-1.0
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

#include <phoneauth/storage/detail/sqlite_database.hpp>

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
