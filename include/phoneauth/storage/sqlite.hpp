// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_SQLITE_HPP
#define PHONEAUTH_STORAGE_SQLITE_HPP

#include <algorithm>
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
#include <phoneauth/storage/detail/sqlite_connections.hpp>
#include <phoneauth/storage/detail/sqlite_schema.hpp>
#include <phoneauth/storage/detail/sqlite_statements.hpp>

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
