// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_SQLITE_HPP
#define PHONEAUTH_STORAGE_SQLITE_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <phoneauth/detail/json.hpp>
#include <phoneauth/detail/utf8.hpp>
#include <phoneauth/policies.hpp>
#include <phoneauth/storage/detail/sqlite.hpp>

namespace phoneauth {
inline namespace v0 {

/// How a `sqlite_storage` works.
struct sqlite_options {
    /// How long a call waits for another process that is writing, before it throws. A call that also has to wait for
    /// other threads of this process throws after twice this time at the latest.
    std::chrono::milliseconds busy_timeout{5000};

    /// How many threads can look something up at once, at least 1; further ones wait. Each takes up to 2 MB. Writing is
    /// for one at a time, by SQLite's nature, and does not hinder those who read.
    std::size_t readers = 4;

    /// Whether a write has reached the disk itself when its function returns (`PRAGMA synchronous = FULL`), so that it
    /// survives a power loss. Without (`NORMAL`) the last seconds can be lost by one, and what is left is consistent.
    /// Either way a write survives the end of the process, SIGKILL included, because the operating system has it.
    bool survive_power_loss = true;
};

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
ALTER TABLE transactions ADD COLUMN known_network INTEGER NOT NULL DEFAULT 0;)"};

inline constexpr sqlite_schema sqlite_storage_schema{0x50684175, sqlite_migrations};  // "PhAu"

/// All that is ever asked of the file after the start. None reads more than the rows it names: each uses an index.
struct sqlite_statements {
    const sqlite_database& db;

    sqlite_statement insert_transaction{
        db, "INSERT INTO transactions (id, kind, phone, user_id, key_id, state, tries, sends, created_at, expires_at, "
            "last_sent_at, version, delivery, delivery_error, password_mark, known_network) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) ON CONFLICT DO NOTHING"};
    sqlite_statement find_transaction{
        db,
        "SELECT id, kind, phone, user_id, key_id, state, tries, sends, created_at, expires_at, last_sent_at, version, "
        "delivery, delivery_error, password_mark, known_network FROM transactions WHERE id = ?1"};
    sqlite_statement update_transaction{
        db, "UPDATE transactions SET phone = ?3, user_id = ?4, key_id = ?5, state = ?6, tries = ?7, sends = ?8, "
            "last_sent_at = ?9, version = ?10, delivery = ?11, delivery_error = ?12 WHERE id = ?1 AND version = ?2"};
    sqlite_statement sweep_transactions{
        db, "DELETE FROM transactions WHERE id IN "
            "(SELECT id FROM transactions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)"};

    sqlite_statement insert_user{
        db, "INSERT INTO users (object_id, phone, identity, password_hash, properties, locale, enabled, created_at, "
            "updated_at, last_login_at, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
            "ON CONFLICT DO NOTHING"};
    sqlite_statement update_user{
        db, "UPDATE OR IGNORE users SET phone = ?3, identity = ?4, password_hash = ?5, properties = ?6, locale = ?7, "
            "enabled = ?8, created_at = ?9, updated_at = ?10, last_login_at = ?11, version = ?12 "
            "WHERE object_id = ?1 AND version = ?2"};
    sqlite_statement find_user{
        db, "SELECT object_id, phone, identity, password_hash, properties, locale, enabled, created_at, updated_at, "
            "last_login_at, version FROM users WHERE object_id = ?1"};
    sqlite_statement find_user_by_phone{
        db, "SELECT object_id, phone, identity, password_hash, properties, locale, enabled, created_at, updated_at, "
            "last_login_at, version FROM users WHERE phone = ?1"};
    sqlite_statement find_user_by_identity{
        db, "SELECT object_id, phone, identity, password_hash, properties, locale, enabled, created_at, updated_at, "
            "last_login_at, version FROM users WHERE identity = ?1"};
    sqlite_statement user_has_version{db, "SELECT 1 FROM users WHERE object_id = ?1 AND version = ?2"};
    sqlite_statement phone_is_taken{db, "SELECT 1 FROM users WHERE phone = ?1 AND object_id <> ?2"};
    sqlite_statement identity_is_taken{db, "SELECT 1 FROM users WHERE identity = ?1 AND object_id <> ?2"};

    sqlite_statement insert_session{
        db, "INSERT INTO sessions (token_hash, user_id, created_at, expires_at) VALUES (?1, ?2, ?3, ?4) "
            "ON CONFLICT DO NOTHING"};
    sqlite_statement find_session{
        db, "SELECT token_hash, user_id, created_at, expires_at FROM sessions WHERE token_hash = ?1"};
    sqlite_statement erase_session{db, "DELETE FROM sessions WHERE token_hash = ?1"};
    sqlite_statement erase_sessions_of{db, "DELETE FROM sessions WHERE user_id = ?1 AND token_hash <> ?2"};
    sqlite_statement sweep_sessions{
        db, "DELETE FROM sessions WHERE token_hash IN "
            "(SELECT token_hash FROM sessions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)"};

    sqlite_statement read_counter{db, "SELECT value, expires_at FROM counters WHERE key = ?1 AND expires_at > ?2"};
    sqlite_statement raise_counter{
        db, "INSERT INTO counters (key, value, expires_at) VALUES (?1, ?2, ?4) ON CONFLICT (key) DO UPDATE SET "
            "value = CASE WHEN expires_at <= ?3 THEN ?2 WHEN value > 9223372036854775807 - ?2 "
            "THEN 9223372036854775807 ELSE value + ?2 END, "
            "expires_at = CASE WHEN expires_at <= ?3 THEN ?4 WHEN ?5 THEN max(expires_at, ?4) ELSE expires_at END "
            "RETURNING value, expires_at"};
    sqlite_statement lower_counter{
        db, "UPDATE counters SET value = value + ?2 WHERE key = ?1 AND expires_at > ?3 AND value + ?2 > 0 "
            "RETURNING value, expires_at"};
    sqlite_statement erase_counter{db, "DELETE FROM counters WHERE key = ?1"};
    sqlite_statement sweep_counters{db,
                                    "DELETE FROM counters WHERE key IN "
                                    "(SELECT key FROM counters WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)"};
};

}  // namespace detail

/// A complete Storage in one SQLite file (version 3.35 or later), for any number of threads and processes of one
/// machine. The server's users, sessions, transactions and counters survive its end, however it ends; see
/// `sqlite_options`.
///
/// Beside the file SQLite keeps two more, with `-wal` and `-shm` behind its name, while it is in use and after a crash:
/// they belong to it. The file must be on a local disk and must not be moved, replaced or deleted while in use. A new
/// file can be read by its owner only. To copy it use `sqlite3 FILE ".backup COPY"`.
///
/// All functions may be called from several threads at once. They block, for the disk and for other writers: on an
/// event loop put it into a `pooled_storage` (asio/pooled_storage.hpp). A process must not fork while it has one.
///
/// A function that cannot do its work throws `std::runtime_error`, whose text names the file, the reason and what to
/// do; it has then changed nothing. The next call tries anew, so that it works again as soon as the reason is gone.
///
/// All functions take time that grows with the logarithm of what is stored, but for `erase_sessions_of`, which is
/// linear in that user's sessions. What has expired is deleted a few rows at a time whenever something is inserted:
/// transactions `transaction_retention` past their `expires_at`, sessions and counters at theirs. The file does not
/// shrink, its room is used again.
class sqlite_storage {
public:
    /// Opens `file`, or creates it, and brings its tables to this version's form, in one transaction, which any number
    /// of processes may try at once. Processes of version 1 of the tables that still run go on working, and refuse when
    /// they are started again. Throws `std::runtime_error`, as said above, also for a file that is not ours, from a
    /// newer version, read-only or damaged, and for tables that were changed by hand; the file is then as it was.
    /// Tables, indexes and views of other names may be added.
    explicit sqlite_storage(const std::filesystem::path& file, const sqlite_options& options = {})
        : connections_(detail::prepare_sqlite_file(file, detail::sqlite_storage_schema, options.busy_timeout),
                       options.survive_power_loss ? "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON"
                                                  : "PRAGMA synchronous = NORMAL",
                       options.busy_timeout, std::max<std::size_t>(options.readers, 1)) {}

    // Each function: see the concepts in policies.hpp.

    bool insert_transaction(const transaction& t) {
        return connections_.write([&](statements& sql) {
            sql.sweep_transactions(t.created_at - transaction_retention, swept_per_row).finish();
            return sql.insert_transaction(t.id, number(t.purpose), t.phone, t.user_id, t.key_id, number(t.state),
                                          number(t.tries), number(t.sends), t.created_at, t.expires_at, t.last_sent_at,
                                          t.version, number(t.delivery), number(t.delivery_error),
                                          t.password_fingerprint, number(t.known_network))
                       .finish() == 1;
        });
    }

    std::optional<transaction> find_transaction(const std::string& id) {
        return connections_.read([&](statements& sql) -> std::optional<transaction> {
            auto row = sql.find_transaction(id);
            if (!row.next()) return {};
            transaction t{row.text(0), row.integer(1, purpose::registration, purpose::login), row.phone(2)};
            t.user_id = row.text(3);
            t.key_id = row.text(4);
            t.state = row.integer(5, transaction_state::pending, transaction_state::failed);
            t.tries = row.integer(6, std::uint32_t{0}, most_32_bits);
            t.sends = row.integer(7, std::uint32_t{0}, most_32_bits);
            t.created_at = row.time(8);
            t.expires_at = row.time(9);
            t.last_sent_at = row.time(10);
            t.version = row.version(11);
            t.delivery = row.integer(12, delivery_state::pending, delivery_state::undelivered);
            t.delivery_error =
                row.integer(13, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max());
            t.password_fingerprint = row.text(14);
            t.known_network = row.integer(15, 0, 1) != 0;
            return t;
        });
    }

    bool update_transaction(const transaction& t) {
        return connections_.write([&](statements& sql) {
            return sql.update_transaction(t.id, t.version, t.phone, t.user_id, t.key_id, number(t.state),
                                          number(t.tries), number(t.sends), t.last_sent_at, t.version + 1,
                                          number(t.delivery), number(t.delivery_error))
                       .finish() == 1;
        });
    }

    /// Throws `std::invalid_argument` if there is a user with this `object_id`.
    write_result insert_user(const user& u) {
        const auto properties = encode(u.properties);
        const auto written = connections_.write([&](statements& sql) -> std::optional<write_result> {
            if (sql.insert_user(u.object_id, u.phone, u.identity, u.password_hash, properties, u.locale,
                                number(u.enabled), u.created_at, u.updated_at, u.last_login_at, u.version)
                    .finish() == 1)
                return write_result::done;
            return taken(sql, u);
        });
        if (!written) throw std::invalid_argument("phoneauth: there is a user with this object_id");
        return *written;
    }

    write_result update_user(const user& u) {
        const auto properties = encode(u.properties);
        return connections_.write([&](statements& sql) {
            if (sql.update_user(u.object_id, u.version, u.phone, u.identity, u.password_hash, properties, u.locale,
                                number(u.enabled), u.created_at, u.updated_at, u.last_login_at, u.version + 1)
                    .finish() == 1)
                return write_result::done;
            if (!sql.user_has_version(u.object_id, u.version).next()) return write_result::stale;
            return taken(sql, u).value();
        });
    }

    std::optional<user> find_user(const std::string& object_id) {
        return connections_.read([&](statements& sql) { return read_user(sql.find_user(object_id)); });
    }

    std::optional<user> find_user_by_phone(const phone_number& phone) {
        return connections_.read([&](statements& sql) { return read_user(sql.find_user_by_phone(phone)); });
    }

    std::optional<user> find_user_by_identity(const std::string& identity) {
        return connections_.read([&](statements& sql) { return read_user(sql.find_user_by_identity(identity)); });
    }

    bool insert_session(const session& s) {
        return connections_.write([&](statements& sql) {
            sql.sweep_sessions(s.created_at, swept_per_row).finish();
            return sql.insert_session(s.token_hash, s.user_id, s.created_at, s.expires_at).finish() == 1;
        });
    }

    std::optional<session> find_session(const std::string& token_hash) {
        return connections_.read([&](statements& sql) -> std::optional<session> {
            auto row = sql.find_session(token_hash);
            if (!row.next()) return {};
            return session{row.text(0), row.text(1), row.time(2), row.time(3)};
        });
    }

    bool erase_session(const std::string& token_hash) {
        return connections_.write([&](statements& sql) { return sql.erase_session(token_hash).finish() == 1; });
    }

    std::size_t erase_sessions_of(const std::string& user_id, const std::string& kept) {
        return connections_.write([&](statements& sql) { return sql.erase_sessions_of(user_id, kept).finish(); });
    }

    /// All changes of a call are one transaction.
    std::vector<counter> change_counters(const std::vector<counter_change>& changes) {
        const auto change_all = [&](statements& sql) {
            std::vector<counter> changed;
            changed.reserve(changes.size());
            for (const auto& change : changes) changed.push_back(change_counter(sql, change));
            return changed;
        };
        const auto only_reads = [](const counter_change& change) { return change.by == 0; };
        if (std::all_of(changes.begin(), changes.end(), only_reads)) return connections_.read_together(change_all);
        return connections_.write([&](statements& sql) {
            auto changed = change_all(sql);
            // The earliest time of all: what is over for one of the changes need not be for another.
            const auto earlier = [](const auto& a, const auto& b) { return a.now < b.now; };
            const auto now = std::min_element(changes.begin(), changes.end(), earlier)->now;
            const auto rows = std::count_if(changes.begin(), changes.end(), [](const auto& c) { return c.by > 0; });
            if (rows > 0) sql.sweep_counters(now, swept_per_row * rows).finish();
            return changed;
        });
    }

    /// Deletes at most `most` rows that have expired at `now` and says how many it did; fewer than `most`: none is
    /// left. For servers that insert little after they have inserted much. Other writers wait meanwhile: 1000 rows take
    /// some 10 ms.
    std::size_t sweep(time_point now, std::size_t most) {
        return connections_.write([&](statements& sql) {
            std::size_t swept = 0;
            const auto sweep_one = [&](detail::sqlite_statement& rows, time_point until) {
                swept += rows(until, std::uint64_t{most - swept}).finish();
            };
            sweep_one(sql.sweep_transactions, now - transaction_retention);
            sweep_one(sql.sweep_sessions, now);
            sweep_one(sql.sweep_counters, now);
            return swept;
        });
    }

private:
    using statements = detail::sqlite_statements;

    /// How many expired rows are deleted for one that is inserted: more than one, so that they cannot pile up.
    static constexpr std::int64_t swept_per_row = 2;
    static constexpr auto most_32_bits = std::numeric_limits<std::uint32_t>::max();

    template <class T>
    static std::int64_t number(T value) {
        return static_cast<std::int64_t>(value);
    }

    /// Which of the user's two unique values another user has.
    static std::optional<write_result> taken(statements& sql, const user& u) {
        if (sql.phone_is_taken(u.phone, u.object_id).next()) return write_result::phone_taken;
        if (sql.identity_is_taken(u.identity, u.object_id).next()) return write_result::identity_taken;
        return {};
    }

    /// Properties are a JSON object of strings, each the JSON text of a value, so that it comes back digit by digit.
    static std::string encode(const property_map& properties) {
        detail::json_object object;
        for (const auto& [name, json] : properties) {
            if (!detail::count_code_points(name) || !detail::count_code_points(json))
                throw std::invalid_argument("phoneauth: a user's property is not UTF-8");
            object.string(name, json);
        }
        return std::move(object).str();
    }

    static std::optional<user> read_user(detail::sqlite_run&& row) {
        if (!row.next()) return {};
        user u{row.text(0), row.phone(1), row.text(2), row.text(3)};
        const auto properties = detail::parse_json(row.text(4));
        if (!properties || !properties->is(detail::json_kind::object)) row.reject(4);
        for (const auto& item : properties->items) {
            if (item.kind != detail::json_kind::string) row.reject(4);
            u.properties.emplace(item.key, item.text);
        }
        u.locale = row.text(5);
        u.enabled = row.integer(6, false, true);
        u.created_at = row.time(7);
        u.updated_at = row.optional_time(8);
        u.last_login_at = row.optional_time(9);
        u.version = row.version(10);
        return u;
    }

    static counter change_counter(statements& sql, const counter_change& change) {
        const auto end = change.now + change.lifetime;
        const auto result_of = [&](detail::sqlite_run&& row) {
            const auto found = row.next() ? counter{row.integer(0), row.time(1)} : counter{0, end};
            row.finish();
            return found;
        };
        if (change.by > 0)
            return result_of(sql.raise_counter(change.key, change.by, change.now, end, number(change.prolong)));
        if (change.by == 0) return result_of(sql.read_counter(change.key, change.now));
        const auto lowered = result_of(sql.lower_counter(change.key, change.by, change.now));
        if (lowered.value == 0) sql.erase_counter(change.key).finish();
        return lowered;
    }

    detail::sqlite_connections<statements> connections_;
};

static_assert(Storage<sqlite_storage>);

}  // namespace v0
}  // namespace phoneauth

#endif
