// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_POSTGRES_CONNECTING_HPP
#define PHONEAUTH_STORAGE_DETAIL_POSTGRES_CONNECTING_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <libpq-fe.h>
#include <poll.h>

#include <phoneauth/detail/happy_eyeballs.hpp>
#include <phoneauth/storage/detail/postgres_address.hpp>

// Opening a connection to whichever server of a URL lets us in. libpq by itself tries one address after the other, and
// waits for one that does not answer until the time is up.

namespace phoneauth {
inline namespace v0 {
namespace detail {
namespace postgres {

using steady_time = std::chrono::steady_clock::time_point;

struct connection_closer {
    void operator()(PGconn* c) const noexcept { PQfinish(c); }
};
using connection_ptr = std::unique_ptr<PGconn, connection_closer>;

/// libpq's own sentence on one line. It names host, port, database and user, never the password.
inline std::string libpq_message(const PGconn* c) {
    std::string text = PQerrorMessage(c);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    std::replace_if(
        text.begin(), text.end(), [](char each) { return each == '\n' || each == '\t'; }, ' ');
    return text;
}

/// For a login, a server that has accepted our connection has one part in so many of the time that is left, before the
/// next address is tried beside it. A login takes five to seven round trips with TLS and SCRAM: were it given just
/// `connection_attempt_delay`, a server far away would lose to the one behind it in the list, and each new connection
/// would log in to both. But a server may hang, too: however many of them do, there is time left for the next.
inline constexpr int login_head_start = 4;

/// Attempts to connect, one for each address of each host: in their order, and each when those before it have had their
/// time, or have failed (RFC 8305 §5, which is about the network's connection: see also `login_head_start`).
class connecting {
public:
    connecting(const server_address& server, steady_time deadline) : server_(server), deadline_(deadline) {
        for (auto& host : server_.hosts()) hosts_.push_back(std::move(host));
        libpq_finds_it_ = hosts_.empty();
    }

    /// The first connection that stands; the others are closed. Throws `std::runtime_error` if there is none before the
    /// deadline. Names are looked up when it is their hosts' turn.
    connection_ptr first() {
        for (;;) {
            while (is_more() && now() >= next()) {
                if (now() >= deadline_) throw too_late();
                start_next();
            }
            if (attempts_.empty()) throw all_failed();
            const auto ready = wait();
            for (std::size_t i = 0; i < ready.size(); ++i)
                if (ready[i] && advance(attempts_[i])) return std::move(attempts_[i].connection);
            if (now() >= deadline_) throw too_late();
            give_up_some();
        }
    }

private:
    struct attempt {
        connection_ptr connection;
        steady_time until;
        steady_time alone_until;  // no other is begun before
        bool in_reach = false;    // the network's connection stands
        PostgresPollingStatusType wants = PGRES_POLLING_WRITING;
    };

    static steady_time now() { return std::chrono::steady_clock::now(); }

    bool is_more() const { return libpq_finds_it_ || !hosts_.empty() || !endpoints_.empty(); }

    /// When the next attempt begins.
    steady_time next() const {
        steady_time at{};
        for (const auto& a : attempts_) at = (std::max)(at, a.alone_until);
        return at;
    }

    void start_next() {
        if (std::exchange(libpq_finds_it_, false)) return start(nullptr);
        if (endpoints_.empty()) {
            const auto host = std::move(hosts_.front());
            hosts_.pop_front();
            try {
                for (auto& e : server_.look_up(host)) endpoints_.push_back(std::move(e));
            } catch (const std::runtime_error& e) {
                failures_ += std::string(e.what()) + "; ";
                return;
            }
        }
        const auto where = std::move(endpoints_.front());
        endpoints_.pop_front();
        start(&where);
    }

    void start(const endpoint* where) {
        connection_ptr c(server_.connect(where));
        if (!c) throw std::bad_alloc();
        if (PQstatus(c.get()) == CONNECTION_BAD) return failed(c.get());
        const auto begun = now();
        const auto limit = server_.connect_timeout();
        attempts_.push_back({std::move(c), limit ? (std::min)(begun + *limit, deadline_) : deadline_,
                             begun + connection_attempt_delay});
    }

    /// Whose sockets are ready, at the latest when there is something else to do.
    std::vector<bool> wait() {
        auto until = is_more() ? next() : deadline_;
        std::vector<pollfd> sockets;
        for (const auto& a : attempts_) {
            until = (std::min)(until, a.until);
            sockets.push_back({PQsocket(a.connection.get()),
                               static_cast<short>(a.wants == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0});
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now()).count();
        const auto time = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
        const bool any = ::poll(sockets.data(), static_cast<nfds_t>(sockets.size()), time) > 0;
        std::vector<bool> ready;
        for (const auto& s : sockets) ready.push_back(any && s.revents != 0);
        return ready;
    }

    /// Whether we are logged in.
    bool advance(attempt& a) {
        a.wants = PQconnectPoll(a.connection.get());
        if (a.wants == PGRES_POLLING_FAILED) failed(a.connection.get());
        // The first thing that a socket is ready for is the end of connect().
        if (a.wants != PGRES_POLLING_FAILED && !std::exchange(a.in_reach, true))
            a.alone_until = (std::max)(a.alone_until, now() + (deadline_ - now()) / login_head_start);
        return a.wants == PGRES_POLLING_OK;
    }

    void failed(const PGconn* c) { failures_ += libpq_message(c) + "; "; }

    /// Forgets the attempts that have failed, or have taken too long.
    void give_up_some() {
        for (auto& a : attempts_) {
            if (a.wants == PGRES_POLLING_FAILED || now() < a.until) continue;
            a.wants = PGRES_POLLING_FAILED;
            failures_ += silence_of(a) + " within connect_timeout; ";
        }
        std::erase_if(attempts_, [](const attempt& a) { return a.wants == PGRES_POLLING_FAILED; });
    }

    static std::string silence_of(const attempt& a) {
        const auto* const c = a.connection.get();
        const auto part = [](const char* text) { return std::string(text ? text : ""); };
        const auto host = part(PQhost(c)), address = part(PQhostaddr(c));
        return (a.in_reach ? "no answer from server at \"" : "no connection to server at \"") + host + '"' +
               (address.empty() || address == host ? "" : " (" + address + ")") + ", port " + part(PQport(c));
    }

    std::runtime_error all_failed() const {
        return std::runtime_error("phoneauth: cannot connect to PostgreSQL: " + failures_ +
                                  "check the URL and whether the server runs");
    }

    std::runtime_error too_late() const {
        auto details = failures_;
        for (const auto& a : attempts_)
            if (a.wants != PGRES_POLLING_FAILED) details += silence_of(a) + "; ";
        return std::runtime_error("phoneauth: no connection to PostgreSQL within the time limit: " + details +
                                  "check the URL and whether the server runs");
    }

    const server_address& server_;
    const steady_time deadline_;
    std::deque<endpoint> hosts_;      // whose turn is still to come
    std::deque<endpoint> endpoints_;  // of the host whose turn it is
    std::vector<attempt> attempts_;   // that are under way, in the order of their beginning
    bool libpq_finds_it_ = false;
    std::string failures_;
};

}  // namespace postgres
}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
