// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_HTTP_SERVER_HPP
#define PHONEAUTH_ASIO_HTTP_SERVER_HPP

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <phoneauth/asio/detail/http_connection.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/dispatch.hpp>
#include <asio/error.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/use_awaitable.hpp>

#include <phoneauth/asio/detail/http1.hpp>
#include <phoneauth/http.hpp>

namespace phoneauth {
inline namespace v0 {

namespace detail {
/// What counts as one client: an IPv4 address, or the network of an IPv6 address, its first 64 bits. The numbers of the
/// former, 0:0:ffff:0/64 and what follows, are no network of the latter.
inline std::uint64_t network_number(const ::asio::ip::address& address) {
    constexpr std::uint64_t ipv4 = 0xffff00000000;
    if (address.is_v4()) return ipv4 | address.to_v4().to_uint();
    const auto v6 = address.to_v6();
    if (v6.is_v4_mapped()) return ipv4 | ::asio::ip::make_address_v4(::asio::ip::v4_mapped, v6).to_uint();
    std::uint64_t network = 0;
    const auto bytes = v6.to_bytes();
    for (std::size_t i = 0; i < 8; ++i) network = network << 8 | bytes[i];
    return network;
}
}  // namespace detail

/// What a client may cost an `http_server`. A time-out below one millisecond counts as one.
struct http_server_options {
    /// Over it the connection that has waited longest for a request is closed; if each is at work: 503 and closed.
    std::size_t max_connections = 1024;
    /// From one IPv4 address or one IPv6 /64, which is what one client has; over it: closed at once. 0: no such limit,
    /// as behind a reverse proxy, where all connections come from one address.
    std::size_t max_connections_per_address = 0;
    /// Being answered at once; over it: 503 with Retry-After, at once, and the connection stays. It bounds how long a
    /// request can wait for what is slow behind the handler. 256 that each take a second are still 256 a second.
    std::size_t max_requests = 256;
    /// The hosts that the server is called by: names and addresses, without port, IPv6 without brackets. A request
    /// whose Host is none of them gets 421 (RFC 9110 §15.5.20): otherwise a page of anybody whose name resolves to this
    /// server's address ("DNS rebinding") may talk to a server on loopback or in an internal network. Empty: any.
    std::vector<std::string> allowed_hosts{};
    std::size_t max_header_bytes = 16 * 1024;        ///< over it, or with over 100 headers: 431
    std::size_t max_body_bytes = 64 * 1024;          ///< over it: 413
    std::chrono::milliseconds header_timeout{5000};  ///< TLS handshake; first to last byte of a head; over it: 408
    std::chrono::milliseconds body_timeout{10000};   ///< over it: 408
    std::chrono::milliseconds idle_timeout{60000};   ///< for the first byte of a request
    std::chrono::milliseconds write_timeout{5000};   ///< for a whole reply
    /// Called for each reply that the server gives by itself (400, 408, 413, 421, 431, 500, 503), from any thread
    /// that runs it, to give it the body that the clients understand; without it the body is empty. It must not throw.
    std::function<void(http_response&)> complete_own_reply{};
};

/// A small HTTP/1.1 server: keep-alive, pipelining in order, HEAD, "Expect: 100-continue", limits on everything. It
/// asks its handler for every request and knows no routes. What two readers of HTTP could take for different requests
/// it refuses, and closes the connection.
///
/// Each connection runs on a strand of its own, so that the executor may be a thread pool. The executor's context must
/// outlive the server; what the handler refers to must live until the server is drained or the context is gone.
class http_server {
public:
    /// Called for each request, on the connection's strand; `request.url` is path and query. What it throws becomes a
    /// 500.
    using handler =
        std::function<::asio::awaitable<http_response>(http_request request, ::asio::ip::tcp::endpoint peer)>;

    /// Listens on `address` (port 0: any free one) and begins to accept. `tls`, if not null, is the native handle of an
    /// `asio::ssl::context` with certificate and key, which this shares. Throws std::system_error if it cannot listen.
    http_server(const ::asio::any_io_executor& executor, const ::asio::ip::tcp::endpoint& address, handler h,
                http_server_options options = {}, SSL_CTX* tls = nullptr)
        : state_(std::make_shared<state>(executor, address, std::move(h), options, tls)) {
        ::asio::co_spawn(state_->strand, accept(state_), ::asio::detached);
    }

    http_server(const http_server&) = delete;
    http_server& operator=(const http_server&) = delete;

    /// As `stop`; requests in flight still end.
    ~http_server() { stop(); }

    /// The port that it listens on.
    std::uint16_t port() const noexcept { return state_->port; }

    /// Stops accepting, closes idle connections, and the others after the request in flight. Calls `drained`, if given,
    /// on one of the executor's threads when the last one has ended. Thread-safe; returns at once.
    void stop(std::function<void()> drained = {}) {
        ::asio::dispatch(state_->strand, [s = state_, drained = std::move(drained)]() mutable {
            std::error_code ignored;
            s->acceptor.close(ignored);
            std::unique_lock lock(s->mutex);
            s->stopping = true;
            while (s->close_idle()) {
            }
            if (drained) s->drained = std::move(drained);
            s->tell_if_drained(lock);
        });
    }

private:
    struct session {
        std::shared_ptr<detail::http_connection> connection;
        ::asio::ip::tcp::endpoint peer;
        std::uint64_t network = 0;
        bool idle = false;  ///< waits for the first byte of a request
        std::list<std::shared_ptr<session>>* among = nullptr;
        typename std::list<std::shared_ptr<session>>::iterator at{};  ///< its place there
    };
    using session_ptr = std::shared_ptr<session>;
    using session_list = std::list<session_ptr>;

    struct state {
        state(const ::asio::any_io_executor& e, const ::asio::ip::tcp::endpoint& address, handler h,
              const http_server_options& o, SSL_CTX* shared_tls)
            : executor(e), strand(::asio::make_strand(e)), acceptor(strand, address),
              port(acceptor.local_endpoint().port()), handle(std::move(h)), options(o) {
            if (shared_tls && SSL_CTX_up_ref(shared_tls) == 1) tls.reset(shared_tls);
            for (auto* timeout :
                 {&options.header_timeout, &options.body_timeout, &options.idle_timeout, &options.write_timeout})
                *timeout = std::max(*timeout, std::chrono::milliseconds(1));
            shortest =
                std::min({options.header_timeout, options.body_timeout, options.idle_timeout, options.write_timeout});
        }

        /// Takes the session in, among `busy` or `refused`. False: no word is worth it, close.
        bool begin(const session_ptr& s) {
            const std::lock_guard lock(mutex);
            if (stopping) return false;
            const auto limit = options.max_connections, of_one = options.max_connections_per_address;
            if (of_one > 0) {
                const auto count = of_address.find(s->network);
                if (count != of_address.end() && count->second >= of_one) return false;
            }
            const auto here = busy.size() + idle.size();
            // A sixteenth more may be about to close, and another one is told that the server is full; the rest is not.
            const auto extra = limit / 16 + 1;
            const bool room = here < limit || (here < limit + extra && close_idle());
            if (!room && refused.size() >= extra) return false;
            auto* among = room ? &busy : &refused;
            if (of_one > 0) ++of_address[s->network];
            s->at = among->insert(among->end(), s);
            s->among = among;
            return true;
        }

        void end(const session_ptr& s) {
            std::unique_lock lock(mutex);
            if (options.max_connections_per_address > 0) {
                const auto count = of_address.find(s->network);
                if (--count->second == 0) of_address.erase(count);
            }
            s->among->erase(s->at);
            tell_if_drained(lock);
        }

        void move(session& s, session_list& to) {
            to.splice(to.end(), *s.among, s.at);
            s.among = &to;
        }

        /// False: the server stops.
        bool begin_idle(session& s) {
            const std::lock_guard lock(mutex);
            if (stopping) return false;
            move(s, idle);
            s.idle = true;
            return true;
        }

        void end_idle(session& s) {
            const std::lock_guard lock(mutex);
            move(s, busy);
            s.idle = false;
        }

        /// Closes the connection that has been idle longest; to be called with the mutex locked. False: there is none.
        /// If its request arrives at this moment it is still answered.
        bool close_idle() {
            if (idle.empty()) return false;
            const auto oldest = idle.front();
            move(*oldest, busy);
            ::asio::post(oldest->connection->socket.get_executor(), [oldest] {
                if (oldest->idle) oldest->connection->expire();
            });
            return true;
        }

        void make_room() {
            const std::lock_guard lock(mutex);
            close_idle();
        }

        void tell_if_drained(std::unique_lock<std::mutex>& lock) {
            if (!stopping || !busy.empty() || !idle.empty() || !refused.empty() || !drained) return;
            const auto tell = std::exchange(drained, {});
            lock.unlock();
            tell();
        }

        bool is_stopping() {
            const std::lock_guard lock(mutex);
            return stopping;
        }

        /// An HTTP/1.0 request may have no Host; it is for none of the allowed ones then.
        bool is_for_us(const http_request& request) const {
            const auto& allowed = options.allowed_hosts;
            if (allowed.empty()) return true;
            const auto* given = find_header(request.headers, "Host");
            const auto host = given ? detail::host_of(*given) : std::string();
            return std::any_of(allowed.begin(), allowed.end(),
                               [&](const std::string& each) { return equal_ignoring_case(each, host); });
        }

        const ::asio::any_io_executor executor;
        const ::asio::any_io_executor strand;
        ::asio::ip::tcp::acceptor acceptor;
        const std::uint16_t port;
        const handler handle;
        http_server_options options;
        std::chrono::milliseconds shortest;
        detail::ssl_ctx_ptr tls;

        std::atomic<std::size_t> requests{0};  ///< being answered

        std::mutex mutex;  ///< for what follows, and for the places of the sessions
        session_list busy, idle, refused;
        std::unordered_map<std::uint64_t, std::size_t> of_address;  ///< only if there is a limit
        bool stopping = false;
        std::function<void()> drained;
    };

    /// Takes the session out of its list, whatever way it ends.
    struct registration {
        std::shared_ptr<state> owner;
        session_ptr registered;
        registration(std::shared_ptr<state> o, session_ptr s) : owner(std::move(o)), registered(std::move(s)) {}
        registration(const registration&) = delete;
        registration& operator=(const registration&) = delete;
        ~registration() {
            registered->connection->close();
            owner->end(registered);
        }
    };

    /// Counts a request while it is answered.
    struct answering {
        state& owner;
        const std::size_t before;
        explicit answering(state& s) : owner(s), before(s.requests.fetch_add(1)) {}
        answering(const answering&) = delete;
        answering& operator=(const answering&) = delete;
        ~answering() { owner.requests.fetch_sub(1); }
    };

    static ::asio::awaitable<void> accept(std::shared_ptr<state> s) {
        const detail::http1_limits limits{s->options.max_header_bytes, detail::http1_limits().max_header_count,
                                          s->options.max_body_bytes};
        ::asio::steady_timer pause(s->strand);
        while (s->acceptor.is_open()) {
            ::asio::ip::tcp::socket socket(::asio::make_strand(s->executor));
            std::error_code ec;
            co_await s->acceptor.async_accept(socket, ::asio::redirect_error(::asio::use_awaitable, ec));
            if (ec) {
                // Out of descriptors, or a client that left at once. A short pause keeps the former from spinning.
                if (ec == ::asio::error::no_descriptors) s->make_room();
                pause.expires_after(std::chrono::milliseconds(10));
                co_await pause.async_wait(::asio::redirect_error(::asio::use_awaitable, ec));
                continue;
            }
            auto started = std::make_shared<session>();
            started->peer = socket.remote_endpoint(ec);
            started->network = detail::network_number(started->peer.address());
            socket.non_blocking(true, ec);
            socket.set_option(::asio::ip::tcp::no_delay(true), ec);
            started->connection = std::make_shared<detail::http_connection>(
                std::move(socket), detail::message_parser::kind::request, limits, s->shortest);
            if (!s->begin(started)) continue;
            auto work = serve(s, started);
            ::asio::co_spawn(started->connection->socket.get_executor(), std::move(work), ::asio::detached);
        }
    }

    static ::asio::awaitable<void> serve(std::shared_ptr<state> s, session_ptr me) {
        const registration registered(s, me);
        auto& connection = *me->connection;
        std::error_code ec;
        if (s->tls) {
            ec = connection.start_tls(s->tls.get());
            if (ec) co_return;
            SSL_set_accept_state(connection.tls());
            connection.expect_within(s->options.header_timeout);
            ec = co_await connection.handshake();
            if (ec) co_return;
        }
        if (me->among == &s->refused) {
            co_await refuse(*s, connection, 503);
            co_return;
        }
        for (bool go_on = true; go_on;) {
            // Here most connections spend most of their time: nothing that a request needs is held meanwhile.
            connection.parser.reset();
            const bool pipelined = connection.has_unread();
            if (!pipelined && !s->begin_idle(*me)) co_return;
            connection.expect_within(s->options.idle_timeout);
            ec = co_await connection.fill(true);
            if (!pipelined) s->end_idle(*me);
            if (ec) co_return;
            auto outcome = co_await serve_one(*s, *me);
            go_on = outcome;
        }
    }

    /// Serves the request that begins; true if another one may follow.
    static ::asio::awaitable<bool> serve_one(state& s, session& me) {
        auto& connection = *me.connection;
        auto& parser = connection.parser;
        connection.expect_within(s.options.header_timeout);
        std::error_code ec = co_await connection.read_head();
        if (!ec && parser.head_complete() && !parser.complete() && !parser.failed()) {
            connection.expect_within(s.options.body_timeout);
            if (parser.expects_continue() && !connection.has_unread()) {
                connection.out = "HTTP/1.1 100 Continue\r\n\r\n";
                ec = co_await connection.write();
            }
            if (!ec) ec = co_await connection.read_message();
        }
        if (ec && !connection.expired()) co_return false;
        if (ec || parser.failed()) {
            const int status = ec ? 408 : parser.refusal_status();
            co_await refuse(s, connection, status);
            co_return false;
        }

        connection.expect_nothing();
        const bool keep_alive = parser.keep_alive();
        auto request = parser.take_request();
        const bool head = request.method == "HEAD";
        auto reply = co_await answer(s, std::move(request), me.peer);

        const bool again = keep_alive && !s.is_stopping();
        connection.out.clear();
        auto written = detail::append_response(connection.out, reply, again, head);
        if (!written) {
            const auto broken = own_reply(s, 500);
            written = detail::append_response(connection.out, broken, again, head);
        }
        connection.expect_within(s.options.write_timeout);
        ec = co_await connection.write();
        if (!ec && !again) co_await connection.linger();
        co_return again && !ec;
    }

    static ::asio::awaitable<http_response> answer(state& s, http_request request, ::asio::ip::tcp::endpoint peer) {
        const answering counted(s);
        http_response reply;
        if (counted.before >= s.options.max_requests) {
            reply = own_reply(s, 503);
        } else if (!s.is_for_us(request)) {
            reply = own_reply(s, 421);
        } else {
            try {
                auto work = s.handle(std::move(request), peer);
                reply = co_await std::move(work);
            } catch (...) {
                reply = own_reply(s, 500);
            }
        }
        co_return reply;
    }

    static http_response own_reply(const state& s, int status) {
        http_response reply;
        reply.status = status;
        if (s.options.complete_own_reply) s.options.complete_own_reply(reply);
        if (status == 503 && !find_header(reply.headers, "Retry-After")) reply.headers.push_back({"Retry-After", "1"});
        return reply;
    }

    static ::asio::awaitable<void> refuse(state& s, detail::http_connection& connection, int status) {
        const auto reply = own_reply(s, status);
        connection.out.clear();
        const auto written = detail::append_response(connection.out, reply, false);
        if (!written) co_return;
        connection.expect_within(s.options.write_timeout);
        auto ec = co_await connection.write();
        if (!ec) co_await connection.linger();
    }

    std::shared_ptr<state> state_;
};

}  // namespace v0
}  // namespace phoneauth

#endif
