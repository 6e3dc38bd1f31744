// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_POSTGRES_HPP
#define PHONEAUTH_STORAGE_POSTGRES_HPP

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <phoneauth/policies.hpp>
#include <phoneauth/storage/detail/postgres_queries.hpp>
#include <phoneauth/storage/detail/postgres_schema.hpp>
#include <phoneauth/storage/detail/postgres_statements.hpp>
#include <phoneauth/storage/forwarding.hpp>
#include <phoneauth/storage/postgres_options.hpp>

namespace phoneauth {
inline namespace v0 {

/// A complete Storage in a PostgreSQL database, version 12 or later, for any number of server processes. Blocking; the
/// asynchronous one is in asio/postgres.hpp. Needs libpq.
///
///     phoneauth::postgres_storage storage("postgres://user:password@host/database");
///
/// It keeps its records in tables named `phoneauth_…` in the first schema of the user's `search_path`, and makes them
/// if there are none. Each function is one statement, thus one transaction and one round trip. What has expired is
/// removed a few rows at a time, whenever something is inserted: transactions `transaction_retention` past their
/// `expires_at`, sessions and counters at theirs; see also `delete_expired`.
///
/// What a function has written is on the server's disk when it returns; but for changes of counters, of which a crash
/// of the server loses up to the last second, unless something else was written after them, as a transaction is before
/// a message is sent.
///
/// All functions may be called from several threads at once; each call uses one connection of the pool. A function
/// throws `std::runtime_error` when it cannot do its work: no connection, no answer in time, an error of the server. It
/// has then changed nothing, or all that was asked for. It works again as soon as the database does. A write is
/// repeated only if it certainly was not carried out; a read also after the connection was lost. `insert_user` throws
/// `std::invalid_argument` if there is a user with this `object_id`.
///
/// A pooler between this and the server (PgBouncer) must give each connection a session of its own.
class postgres_storage : public forwarding_storage<postgres_storage> {
public:
    /// Connects to the database, makes its tables or brings them up to date, and checks them; several servers may do so
    /// at once. `url`: `postgres://user:password@host:port/database?option=value`, see "Connection URIs" in
    /// PostgreSQL's documentation of libpq; several hosts are for servers that take over from each other: the one that
    /// can be written is used. Throws `std::runtime_error`, which says what to do, when the URL is wrong, the server
    /// does not answer or refuses, the database is read-only or not in UTF-8, or the tables are newer than this program
    /// or were changed by hand. Making or changing tables is not subject to `timeout` but may take ten minutes. Servers
    /// of version 1 of the tables that still run go on working, and refuse when they are started again.
    explicit postgres_storage(const std::string& url, const postgres_options& options = {})
        : server_(url), options_(options) {
        auto first = detail::postgres::open(server_, options_.timeout, deadline());
        detail::postgres::migrate(*first, deadline());
        detail::postgres::prepare(*first, deadline());
        idle_.push_back(std::move(first));
        open_ = 1;
    }

    /// Does `operation`: see `forwarding_storage`.
    template <class Operation, class... Arguments>
    auto perform(Operation operation, const Arguments&... arguments) {
        return run(operation(detail::postgres::queries_of, arguments...));
    }

    /// Deletes records that were over at `now`: `limit` at most, of transactions, sessions and counters together. Returns
    /// how many it has deleted; fewer than `limit` means that no more are left, but for those that another call is busy
    /// with. To be called, now and then, only if much has expired while little is inserted.
    std::size_t delete_expired(time_point now, std::size_t limit) {
        return run(detail::postgres::queries_of.delete_expired(now, limit));
    }

private:
    using connection = detail::postgres::connection;

    /// A connection from the pool for one call. It is closed afterwards unless it was given back.
    class lease {
    public:
        lease(postgres_storage& s, detail::postgres::steady_time deadline) : storage_(s) {
            std::unique_lock lock(s.mutex_);
            const auto is_free = [&] {
                return !s.idle_.empty() || s.open_ < std::max<std::size_t>(s.options_.connections, 1);
            };
            if (!s.freed_.wait_until(lock, deadline, is_free))
                throw std::runtime_error("phoneauth: all connections to PostgreSQL are busy");
            if (!s.idle_.empty()) {
                connection_ = std::move(s.idle_.back());  // the one used last, whose memory is still in the caches
                s.idle_.pop_back();
            } else {
                ++s.open_;
            }
            lock.unlock();
            try {
                if (connection_ && connection_->is_dead()) connection_.reset();
                if (!connection_) {
                    connection_ = detail::postgres::open(s.server_, s.options_.timeout, deadline);
                    detail::postgres::prepare(*connection_, deadline);
                }
            } catch (...) {
                release();
                throw;
            }
        }
        lease(const lease&) = delete;
        lease& operator=(const lease&) = delete;
        ~lease() {
            if (!given_back_) {
                connection_.reset();
                release();
            }
        }

        connection& operator*() const noexcept { return *connection_; }

        void give_back() {
            {
                const std::scoped_lock lock(storage_.mutex_);
                storage_.idle_.push_back(std::move(connection_));
            }
            given_back_ = true;
            storage_.freed_.notify_one();
        }

    private:
        void release() {
            {
                const std::scoped_lock lock(storage_.mutex_);
                --storage_.open_;
            }
            storage_.freed_.notify_one();
        }

        postgres_storage& storage_;
        std::unique_ptr<connection> connection_;
        bool given_back_ = false;
    };

    detail::postgres::steady_time deadline() const { return std::chrono::steady_clock::now() + options_.timeout; }

    template <class T>
    T run(const detail::postgres::query<T>& o) {
        using detail::postgres::verdict;
        const auto deadline = this->deadline();
        bool again_elsewhere = true;
        for (int attempt = 0; attempt < detail::postgres::max_attempts; ++attempt) {
            lease c(*this, deadline);
            detail::postgres::result_ptr answer;
            try {
                answer = (*c).run(o.what, o.values, deadline);
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
                if (outcome == verdict::refused) c.give_back();
                throw std::runtime_error(detail::postgres::message_of(answer.get()));
            }
            c.give_back();
            if (outcome == verdict::again) continue;
            if (auto value = o.value(answer.get())) return *std::move(value);
        }
        throw detail::postgres::too_many_attempts();
    }

    const detail::postgres::server_address server_;
    const postgres_options options_;
    std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<std::unique_ptr<connection>> idle_;
    std::size_t open_ = 0;  // idle or in use
};

static_assert(Storage<postgres_storage>);

}  // namespace v0
}  // namespace phoneauth

#endif
