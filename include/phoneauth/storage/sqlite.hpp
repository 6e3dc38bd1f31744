// SPDX-License-Identifier: BSL-1.0
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

#include <phoneauth/policies.hpp>
#include <phoneauth/pool_usage.hpp>
#include <phoneauth/storage/detail/sqlite_connections.hpp>
#include <phoneauth/storage/detail/sqlite_records.hpp>
#include <phoneauth/storage/detail/sqlite_schema.hpp>
#include <phoneauth/storage/detail/sqlite_statements.hpp>

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
