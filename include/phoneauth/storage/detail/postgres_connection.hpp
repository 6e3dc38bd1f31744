// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_POSTGRES_CONNECTION_HPP
#define PHONEAUTH_STORAGE_DETAIL_POSTGRES_CONNECTION_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <libpq-fe.h>
#include <poll.h>

#include <phoneauth/storage/detail/postgres_address.hpp>
#include <phoneauth/storage/detail/postgres_connecting.hpp>
#include <phoneauth/storage/detail/postgres_parameters.hpp>

// One connection to PostgreSQL: opened and used within a time limit, never trusted to answer.

namespace phoneauth {
inline namespace v0 {
namespace detail {
namespace postgres {

struct result_deleter {
    void operator()(PGresult* r) const noexcept { PQclear(r); }
};
using result_ptr = std::unique_ptr<PGresult, result_deleter>;

/// What to do after the server's answer to a statement.
enum class verdict {
    done,       ///< it was carried out
    again,      ///< nothing was done because of somebody else at the same time: run it once more
    reconnect,  ///< nothing was done because this connection is not fit for it: run it once more on another
    refused,    ///< nothing was done
    lost        ///< the connection ends, and nobody knows what was done
};

/// https://www.postgresql.org/docs/15/errcodes-appendix.html
inline verdict judge(const PGresult* r) {
    const auto status = PQresultStatus(r);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return verdict::done;
    const auto* field = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    if (!field) return verdict::lost;  // libpq's own error
    const std::string_view state = field;
    // A serialization failure, a deadlock, and a unique index in which a rival was faster: now that the rival's row is
    // there, the statement finds it.
    if (state == "40001" || state == "40P01" || state == "23505") return verdict::again;
    // The server has become read-only (a failover), does not know the prepared statement, or cannot use it any more.
    if (state == "25006" || state == "26000" || state == "0A000") return verdict::reconnect;
    if (state.starts_with("57P") || state.starts_with("08")) return verdict::lost;
    return verdict::refused;
}

/// The server's sentence. Not its detail, which may hold phone numbers.
inline std::string message_of(const PGresult* r) {
    const auto field = [&](int code) {
        const auto* text = PQresultErrorField(r, code);
        return std::string(text ? text : "");
    };
    const auto state = field(PG_DIAG_SQLSTATE);
    if (state.empty()) return "phoneauth: the connection to PostgreSQL was lost";
    if (state == "57014") return "phoneauth: PostgreSQL took too long and the statement was stopped (SQLSTATE 57014)";
    return "phoneauth: PostgreSQL refused: " + field(PG_DIAG_MESSAGE_PRIMARY) + " (SQLSTATE " + state + ")";
}

/// An open connection. One thread at a time may use it.
class connection {
public:
    /// Opens one. Throws `std::runtime_error` with what the server or libpq says.
    connection(const server_address& server, steady_time deadline) : connection_(connecting(server, deadline).first()) {
        PQsetNoticeProcessor(
            get(), [](void*, const char*) {}, nullptr);  // it would print to standard error
        if (PQsetnonblocking(get(), 1) != 0) throw lost();
    }

    PGconn* get() const noexcept { return connection_.get(); }

    /// Whether the server has ended the idle connection, as far as this machine knows.
    bool is_dead() {
        pollfd socket{PQsocket(get()), POLLIN, 0};
        if (::poll(&socket, 1, 0) == 1 && !PQconsumeInput(get())) return true;
        // A server that shuts down says so before it ends the connection.
        return PQstatus(get()) != CONNECTION_OK || ::poll(&socket, 1, 0) != 0;
    }

    /// Runs statements that have no parameters, one after the other as one transaction, and returns the last result.
    /// Throws if one fails.
    result_ptr run(const std::string& sql, steady_time deadline) {
        if (!PQsendQuery(get(), sql.c_str())) throw lost();
        auto last = finish(deadline);
        if (judge(last.get()) != verdict::done) throw std::runtime_error(message_of(last.get()));
        return last;
    }

    /// Runs a statement and returns what the server says to it. Throws if it says nothing.
    result_ptr run(const statement& s, const parameters& p, steady_time deadline) {
        if (!send(s, p)) throw lost();
        return finish(deadline);
    }

    /// Whether this has a session of the server for itself. If not, a pooler stands between, and may give each
    /// transaction another session, which others use before and after. It cannot know which process of the server that
    /// will be, so it makes up the number that a real server says when a connection begins.
    bool has_own_session(const std::string& process_id) const {
        return process_id == std::to_string(PQbackendPID(get()));
    }

    /// For a session that is shared: `settings`, a query, is run in the transaction of each statement, in front of it and
    /// on the same trip.
    void settings_for_each(std::string settings) { settings_ = std::move(settings); }
    bool shares_session() const noexcept { return !settings_.empty(); }

    /// From now on there are only statements with parameters, and nothing is asked of the session.
    void begin_sharing() {
#if defined(LIBPQ_HAS_PIPELINING)
        if (PQenterPipelineMode(get()) != 1) throw lost();
#else
        throw std::runtime_error("phoneauth: libpq 14 or later is needed to reach PostgreSQL through a pooler");
#endif
    }

    /// Hands a statement to libpq.
    bool send(const statement& s, const parameters& p) {
        values_.clear();
        sizes_.clear();
        for (std::size_t i = 0; i < static_cast<std::size_t>(p.size()); ++i) {
            values_.push_back(p[i] ? p[i]->data() : nullptr);
            sizes_.push_back(p[i] ? static_cast<int>(p[i]->size()) : 0);
        }
        const std::vector<int> binary(values_.size(), 1);
        if (!shares_session())
            return PQsendQueryPrepared(get(), s.name, p.size(), values_.data(), sizes_.data(), binary.data(), 1) == 1;
        const auto types = s.type_numbers();
        return PQsendQueryParams(get(), settings_.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1) == 1 &&
               PQsendQueryParams(get(), s.sql.c_str(), p.size(), types.data(), values_.data(), sizes_.data(),
                                 binary.data(), 1) == 1;
    }

    static std::runtime_error lost() {
        return std::runtime_error(
            "phoneauth: the connection to PostgreSQL was lost; whether a change was made is not known");
    }
    static std::runtime_error too_slow() {
        return std::runtime_error(
            "phoneauth: no answer from PostgreSQL within the time limit; whether a change was made is not known");
    }

private:
    /// The last result, or the first failure. The server commits only after it has said what a statement did, so a
    /// result counts once all of them are there.
    result_ptr finish(steady_time deadline) {
#if defined(LIBPQ_HAS_PIPELINING)
        const bool pipelined = PQpipelineStatus(get()) != PQ_PIPELINE_OFF;
        if (pipelined && PQpipelineSync(get()) != 1) throw lost();
#else
        const bool pipelined = false;
#endif
        result_ptr last;
        for (;;) {
            while (PQisBusy(get())) {
                const int unsent = PQflush(get());
                if (unsent < 0) throw lost();
                if (!wait(static_cast<short>(unsent ? POLLIN | POLLOUT : POLLIN), deadline)) throw too_slow();
                if (!PQconsumeInput(get())) break;  // what came before the end may say why
            }
            result_ptr next(PQgetResult(get()));
            if (pipelined && PQstatus(get()) != CONNECTION_OK) throw lost();
            if (!next && pipelined) continue;  // the end of one statement's results
            if (!next || is_sync(next.get())) break;
            if (!last || judge(last.get()) == verdict::done) last = std::move(next);
        }
        if (!last) throw lost();
        return last;
    }

    static bool is_sync([[maybe_unused]] const PGresult* r) {
#if defined(LIBPQ_HAS_PIPELINING)
        return PQresultStatus(r) == PGRES_PIPELINE_SYNC;
#else
        return false;
#endif
    }

    /// Whether the socket is ready before the deadline.
    bool wait(short events, steady_time deadline) {
        pollfd socket{PQsocket(get()), events, 0};
        for (;;) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
            if (left <= 0) return false;
            if (::poll(&socket, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000))) > 0) return true;
        }
    }

    connection_ptr connection_;
    std::string settings_;  // for each transaction; empty if they are the session's
    std::vector<const char*> values_;
    std::vector<int> sizes_;
};

}  // namespace postgres
}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
