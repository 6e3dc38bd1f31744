// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_POSTGRES_CONNECTION_HPP
#define PHONEAUTH_STORAGE_DETAIL_POSTGRES_CONNECTION_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <libpq-fe.h>
#include <poll.h>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/storage/detail/postgres_parameters.hpp>

// One connection to PostgreSQL: opened and used within a time limit, never trusted to answer.

namespace phoneauth {
inline namespace v0 {
namespace detail {
namespace postgres {

using steady_time = std::chrono::steady_clock::time_point;

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

/// A PostgreSQL URL, checked. https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING
class server_address {
public:
    /// Throws `std::runtime_error`, without a word of the URL, which may hold a password anywhere if it is mistaken.
    explicit server_address(const std::string& url) {
        const auto scheme = url.find("://");
        const auto name = std::string_view(url).substr(0, (std::min)(scheme, url.size()));
        if (scheme == url.npos || (name != "postgres" && name != "postgresql")) throw wrong();
        // "/", "@" and "?" in a password that is not encoded make a part of it the host or the database.
        const auto path = (std::min)(url.find_first_of("/?", scheme + 3), url.size());
        const auto query = (std::min)(url.find('?', path), url.size());
        const auto at = url.find('@');
        if (url.find('\0') != url.npos || url.substr(path).find('@') < query - path ||
            (at < path && url.substr(at + 1, path - at).find('@') != url.npos))
            throw wrong();
        const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parsed(
            PQconninfoParse(url.c_str(), nullptr), PQconninfoFree);
        if (!parsed) throw wrong();
        for (const auto* option = parsed.get(); option->keyword; ++option)
            if (option->val) options_.emplace_back(option->keyword, option->val);
        for (const auto& [keyword, value] : options_)
            if (keyword == "port" && !is_port_list(value)) throw wrong();
        const auto has = [&](std::string_view option, std::string_view part) {
            return std::any_of(options_.begin(), options_.end(), [&](const auto& o) {
                return o.first == option && o.second.find(part) != std::string::npos;
            });
        };
        if (has("host", ",") && !has("target_session_attrs", ""))
            options_.emplace_back("target_session_attrs", "read-write");
        options_.emplace_back("client_encoding", "UTF8");
        options_.emplace_back("fallback_application_name", "phoneauth");
    }

    PGconn* connect() const {
        std::vector<const char*> keywords;
        std::vector<const char*> values;
        for (const auto& [keyword, value] : options_) {
            keywords.push_back(keyword.c_str());
            values.push_back(value.c_str());
        }
        keywords.push_back(nullptr);
        values.push_back(nullptr);
        return PQconnectStartParams(keywords.data(), values.data(), 0);
    }

private:
    static std::runtime_error wrong() {
        return std::runtime_error("phoneauth: the PostgreSQL URL is not valid; expected "
                                  "postgres://user:password@host:port/database, with each of %:/?#[]@ in user and "
                                  "password written as % and two hexadecimal digits");
    }

    /// One port for each host, separated by commas.
    static bool is_port_list(std::string_view ports) {
        for (;;) {
            const auto end = (std::min)(ports.find(','), ports.size());
            const auto port = ports.substr(0, end);
            if (port.size() > 5 || !std::all_of(port.begin(), port.end(), is_digit)) return false;
            if (end == ports.size()) return true;
            ports.remove_prefix(end + 1);
        }
    }

    std::vector<std::pair<std::string, std::string>> options_;
};

/// An open connection. One thread at a time may use it.
class connection {
public:
    /// Opens one. Throws `std::runtime_error` with what the server or libpq says.
    connection(const server_address& server, steady_time deadline) : connection_(server.connect()) {
        if (!connection_) throw std::bad_alloc();
        for (auto state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;) {
            if (PQstatus(get()) == CONNECTION_BAD || state == PGRES_POLLING_FAILED)
                throw std::runtime_error("phoneauth: cannot connect to PostgreSQL: " + libpq_message() +
                                         "; check the URL and whether the server runs");
            if (!wait(state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline))
                throw std::runtime_error("phoneauth: no connection to PostgreSQL within the time limit");
            state = PQconnectPoll(get());
        }
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

    /// Runs a prepared statement and returns what the server says to it. Throws if it says nothing.
    result_ptr run(const statement& s, const parameters& p, steady_time deadline) {
        if (!send(s, p)) throw lost();
        return finish(deadline);
    }

    /// Hands a prepared statement to libpq.
    bool send(const statement& s, const parameters& p) {
        values_.clear();
        sizes_.clear();
        for (std::size_t i = 0; i < static_cast<std::size_t>(p.size()); ++i) {
            values_.push_back(p[i] ? p[i]->data() : nullptr);
            sizes_.push_back(p[i] ? static_cast<int>(p[i]->size()) : 0);
        }
        const std::vector<int> binary(values_.size(), 1);
        return PQsendQueryPrepared(get(), s.name, p.size(), values_.data(), sizes_.data(), binary.data(), 1) == 1;
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
        result_ptr last;
        for (;;) {
            while (PQisBusy(get())) {
                const int unsent = PQflush(get());
                if (unsent < 0) throw lost();
                if (!wait(static_cast<short>(unsent ? POLLIN | POLLOUT : POLLIN), deadline)) throw too_slow();
                if (!PQconsumeInput(get())) throw lost();
            }
            result_ptr next(PQgetResult(get()));
            if (!next) break;
            if (!last || judge(last.get()) == verdict::done) last = std::move(next);
        }
        if (!last) throw lost();
        return last;
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

    /// libpq's own sentence on one line. It names host, port, database and user, never the password.
    std::string libpq_message() const {
        std::string text = PQerrorMessage(get());
        while (!text.empty() && text.back() == '\n') text.pop_back();
        std::replace_if(
            text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
        return text;
    }

    struct closer {
        void operator()(PGconn* c) const noexcept { PQfinish(c); }
    };
    std::unique_ptr<PGconn, closer> connection_;
    std::vector<const char*> values_;
    std::vector<int> sizes_;
};

}  // namespace postgres
}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
