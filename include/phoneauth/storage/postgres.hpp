// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_POSTGRES_HPP
#define PHONEAUTH_STORAGE_POSTGRES_HPP

#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <phoneauth/detail/bounded_pool.hpp>
#include <phoneauth/policies.hpp>
#include <phoneauth/pool_usage.hpp>
#include <phoneauth/storage/detail/postgres_queries.hpp>
#include <phoneauth/storage/detail/postgres_schema.hpp>
#include <phoneauth/storage/detail/postgres_statements.hpp>
#include <phoneauth/storage/forwarding.hpp>
#include <phoneauth/storage/postgres_options.hpp>

namespace phoneauth {
inline namespace v0 {

/// A complete Storage in a PostgreSQL database, version 12 or later, for any number of server processes. It is
/// blocking; the asynchronous one is in asio/postgres.hpp. It needs libpq.
///
///     phoneauth::postgres_storage storage("postgres://user:password@host/database");
///
/// It keeps its records in tables named `phoneauth_…` in the first schema of the user's `search_path`, and makes them
/// if there are none. So it does with one function, `phoneauth_take_cells`, in the language PL/pgSQL, which every server
/// has unless somebody took it away. Each call is one statement, thus one transaction of the database and one round
/// trip. What has expired is removed a few rows at a time, whenever something is inserted: transactions
/// `transaction_retention` past their `expires_at`, sessions at theirs, cells when they have been in the past for about
/// as long as they had been ahead; see also `delete_expired`.
///
/// What a function has written is on the server's disk when it returns. `take_cells` is an exception: a crash of the
/// server may lose what was taken in the last second, unless something else was written after that, as a transaction is
/// before a message is sent. It holds advisory locks of the database until it returns, one for each cell.
///
/// @par Several addresses
/// The hosts of the URL, and the addresses of each, are tried in their order, and the next one is begun 250 ms after the
/// one before it, or as soon as that has failed (RFC 8305, "Happy Eyeballs"). One that accepts the connection has longer,
/// for the login: a quarter of the time that is left of `options.timeout`. The first that lets us in is used. So a host
/// that is out of reach, or refuses, costs a moment as long as another is there; one that accepts and then is silent, as
/// a server that hangs is, costs that quarter; one that is only far away is used. `connect_timeout`, in seconds, limits
/// each attempt, and `options.timeout` all of them together. Names are looked up when it is their turn, by the system's
/// resolver, which may block. What a service file names, and `target_session_attrs=prefer-standby`, is left to libpq,
/// which waits for one address after the other.
///
/// @par Poolers
/// PgBouncer may stand in between, in session or in transaction mode, without any setting: a connection whose server is
/// another process than it said in the beginning is taken for a pooler's. Then nothing is prepared and no setting is made
/// but within the transaction of a call, because others use the same sessions. It is still one round trip, but the
/// server parses and plans each time, some 50 µs. The database's `default_transaction_isolation` must be read committed,
/// and libpq 14 or later. In session mode the pooler must have a session of the server for each connection of each process
/// (PgBouncer: `default_pool_size`, 20 if nothing else is said); in transaction mode, connections take turns.
///
/// @par TLS
/// As libpq does it: a server is known by its certificate only with `?sslmode=verify-full&sslrootcert=FILE`.
///
/// @par Upgrades
/// As of `sqlite_storage` (storage/sqlite.hpp).
///
/// @par Errors
/// A function throws `std::runtime_error` when it cannot do its work: no connection, no answer in time, an error of the
/// server. It has then changed nothing, or all that was asked for. It works again as soon as the database does. A write
/// is repeated only if it certainly was not carried out; a read also after the connection was lost. `insert_user`
/// throws `std::invalid_argument` if there is a user with this `object_id`.
///
/// @par Thread safety
/// Shared objects are safe. Each call uses one connection of the pool.
class postgres_storage : public forwarding_storage<postgres_storage> {
public:
    /// Connects to the database, makes its tables or brings them up to date, and checks them. Several servers may do so
    /// at once. To make or change tables may take ten minutes, whatever `options.timeout` is.
    ///
    /// @param url      `postgres://user:password@host:port/database?option=value`; see "Connection URIs" in libpq's
    ///     documentation. Several hosts are for servers that take over from each other: one that can be written is used,
    ///     unless `target_session_attrs` says something else.
    /// @param options  see there
    /// @par Errors
    /// `std::runtime_error`, which says what to do, when the URL is wrong, the server does not answer or refuses, the
    /// database is read-only or not in UTF-8, or the tables are newer than this program or were changed by hand. The
    /// tables are then as they were.
    explicit postgres_storage(const std::string& url, const postgres_options& options = {})
        : server_(url), options_(options), pool_(options.connections) {
        auto first = detail::postgres::open(server_, options_.timeout, deadline());
        detail::postgres::migrate(*first, deadline());
        detail::postgres::prepare(*first, deadline());
        pool_.add(std::move(first));
    }

    /// Does `operation`: see `forwarding_storage`.
    template <class Operation, class... Arguments>
    auto perform(Operation operation, const Arguments&... arguments) {
        return run(operation(detail::postgres::queries_of, arguments...));
    }

    /// How many of its connections are in use, for monitoring.
    pool_usage usage() const { return pool_.usage(); }

    /// Deletes records that had expired at `now`. There is need for it only if much expires while little is inserted:
    /// call it now and then.
    ///
    /// @param now    by the clock of the authenticator
    /// @param limit  how many records it deletes at most: transactions, sessions and cells together
    /// @return how many it has deleted; fewer than `limit` means that none are left, except those that another call is
    ///     busy with
    std::size_t delete_expired(time_point now, std::size_t limit) {
        return run(detail::postgres::queries_of.delete_expired(now, limit));
    }

private:
    using connection = detail::postgres::connection;

    detail::postgres::steady_time deadline() const { return std::chrono::steady_clock::now() + options_.timeout; }

    /// `idle`, if it still stands, or a new one.
    std::unique_ptr<connection> open(std::unique_ptr<connection> idle, detail::postgres::steady_time deadline) const {
        if (idle && !idle->is_dead()) return idle;
        idle.reset();
        auto fresh = detail::postgres::open(server_, options_.timeout, deadline);
        detail::postgres::prepare(*fresh, deadline);
        return fresh;
    }

    template <class T>
    T run(const detail::postgres::query<T>& o) {
        using detail::postgres::verdict;
        const auto deadline = this->deadline();
        bool again_elsewhere = true;
        for (int attempt = 0; attempt < detail::postgres::max_attempts; ++attempt) {
            auto lease = pool_.take(deadline);
            if (!lease) throw std::runtime_error("phoneauth: all connections to PostgreSQL are busy");
            auto c = open(std::move(lease->item), deadline);  // closed in the end unless it is given back
            const auto give_back = [&] { lease->item = std::move(c); };
            detail::postgres::result_ptr answer;
            try {
                answer = c->run(o.what, o.values, deadline);
            } catch (const std::runtime_error&) {
                const bool in_time = std::chrono::steady_clock::now() < deadline;
                if (!o.what.reads || !in_time || !std::exchange(again_elsewhere, false)) throw;
                continue;
            }
            const auto outcome = detail::postgres::judge(answer.get());
            const bool repeat = outcome == verdict::reconnect || (outcome == verdict::lost && o.what.reads);
            if (repeat && std::exchange(again_elsewhere, false)) continue;
            if (outcome == verdict::lost) throw connection::lost();
            if (outcome == verdict::reconnect || outcome == verdict::refused) {
                if (outcome == verdict::refused) give_back();
                throw std::runtime_error(detail::postgres::message_of(answer.get()));
            }
            give_back();
            if (outcome == verdict::again) continue;
            if (auto value = o.value(answer.get())) return *std::move(value);
        }
        throw detail::postgres::too_many_attempts();
    }

    const detail::postgres::server_address server_;
    const postgres_options options_;
    detail::bounded_pool<connection> pool_;
};

static_assert(Storage<postgres_storage>);

}  // namespace v0
}  // namespace phoneauth

#endif
