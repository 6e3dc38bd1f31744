// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_SQLITE_STATEMENTS_HPP
#define PHONEAUTH_STORAGE_DETAIL_SQLITE_STATEMENTS_HPP

#include <array>
#include <string>

#include <phoneauth/storage/detail/record_fields.hpp>
#include <phoneauth/storage/detail/sqlite_database.hpp>
#include <phoneauth/storage/detail/sqlite_schema.hpp>

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
