// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_HTTP_SERVER_HPP
#define PHONEAUTH_ASIO_HTTP_SERVER_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <unordered_set>
#include <utility>

#include <phoneauth/asio/connection.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/dispatch.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/use_awaitable.hpp>

#include <phoneauth/detail/http1.hpp>
#include <phoneauth/http.hpp>

namespace phoneauth {
inline namespace v0 {

/// What a client may cost an `http_server`. A time-out below one millisecond counts as one.
struct server_options {
    std::size_t max_connections = 1024;              ///< over it: 503 and closed
    std::size_t max_header_bytes = 16 * 1024;        ///< over it: 431
    std::size_t max_body_bytes = 64 * 1024;          ///< over it: 413
    std::chrono::milliseconds header_timeout{5000};  ///< TLS handshake; first to last byte of a head; over it: 408
    std::chrono::milliseconds body_timeout{10000};   ///< over it: 408
    std::chrono::milliseconds idle_timeout{60000};   ///< for the first byte of a request
    std::chrono::milliseconds write_timeout{5000};   ///< for a whole reply
    /// Called for each reply that the server gives by itself (400, 408, 413, 431, 500, 503), from any thread that runs
    /// it, to give it the body that the clients understand; without it the body is empty. It must not throw.
    std::function<void(http_response&)> complete_own_reply{};
};

/// A small HTTP/1.1 server: keep-alive, pipelining in order, HEAD, "Expect: 100-continue", limits on everything. It
/// asks its handler for every request and knows no routes.
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
                server_options options = {}, SSL_CTX* tls = nullptr)
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
            for (const auto& open : s->sessions)
                ::asio::post(open->connection->socket.get_executor(), [open] {
                    if (open->idle) open->connection->expire();
                });
            if (drained) s->drained = std::move(drained);
            s->tell_if_drained(lock);
        });
    }

private:
    struct session {
        std::shared_ptr<detail::http_connection> connection;
        ::asio::ip::tcp::endpoint peer;
        bool idle = false;  ///< waits for the first byte of a request
    };
    using session_ptr = std::shared_ptr<session>;

    struct state {
        state(const ::asio::any_io_executor& e, const ::asio::ip::tcp::endpoint& address, handler h,
              const server_options& o, SSL_CTX* shared_tls)
            : executor(e), strand(::asio::make_strand(e)), acceptor(strand, address),
              port(acceptor.local_endpoint().port()), handle(std::move(h)), options(o) {
            if (shared_tls && SSL_CTX_up_ref(shared_tls) == 1) tls.reset(shared_tls);
            for (auto* timeout :
                 {&options.header_timeout, &options.body_timeout, &options.idle_timeout, &options.write_timeout})
                *timeout = std::max(*timeout, std::chrono::milliseconds(1));
            shortest =
                std::min({options.header_timeout, options.body_timeout, options.idle_timeout, options.write_timeout});
        }

        void end(const session_ptr& s) {
            std::unique_lock lock(mutex);
            sessions.erase(s);
            tell_if_drained(lock);
        }

        void tell_if_drained(std::unique_lock<std::mutex>& lock) {
            if (!stopping || !sessions.empty() || !drained) return;
            const auto tell = std::exchange(drained, {});
            lock.unlock();
            tell();
        }

        bool is_stopping() {
            const std::lock_guard lock(mutex);
            return stopping;
        }

        const ::asio::any_io_executor executor;
        const ::asio::any_io_executor strand;
        ::asio::ip::tcp::acceptor acceptor;
        const std::uint16_t port;
        const handler handle;
        server_options options;
        std::chrono::milliseconds shortest;
        detail::ssl_ctx_ptr tls;

        std::mutex mutex;  ///< for what follows
        std::unordered_set<session_ptr> sessions;
        bool stopping = false;
        std::function<void()> drained;
    };

    /// Takes the session out of the set, whatever way it ends.
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
                pause.expires_after(std::chrono::milliseconds(10));
                co_await pause.async_wait(::asio::redirect_error(::asio::use_awaitable, ec));
                continue;
            }
            auto started = std::make_shared<session>();
            started->peer = socket.remote_endpoint(ec);
            socket.non_blocking(true, ec);
            socket.set_option(::asio::ip::tcp::no_delay(true), ec);
            started->connection = std::make_shared<detail::http_connection>(
                std::move(socket), detail::message_parser::kind::request, limits, s->shortest);
            bool refused = false;
            {
                const std::lock_guard lock(s->mutex);
                // As many again are told that the server is full; the rest is just closed.
                if (s->stopping || s->sessions.size() >= 2 * s->options.max_connections) continue;
                refused = s->sessions.size() >= s->options.max_connections;
                s->sessions.insert(started);
            }
            auto work = serve(s, started, refused);
            ::asio::co_spawn(started->connection->socket.get_executor(), std::move(work), ::asio::detached);
        }
    }

    static ::asio::awaitable<void> serve(std::shared_ptr<state> s, session_ptr me, bool refused) {
        const registration registered(s, me);
        auto& connection = *me->connection;
        if (s->tls) {
            std::error_code ec = connection.start_tls(s->tls.get());
            if (ec) co_return;
            SSL_set_accept_state(connection.tls());
            connection.expect_within(s->options.header_timeout);
            ec = co_await connection.handshake();
            if (ec) co_return;
        }
        if (refused) {
            auto full = own_reply(*s, 503);
            full.headers.push_back({"Retry-After", "1"});
            co_await refuse(*s, connection, std::move(full));
            co_return;
        }
        bool go_on = true;
        while (go_on) {
            auto outcome = co_await serve_one(*s, *me);
            go_on = outcome;
        }
    }

    /// Serves the next request; true if another one may follow.
    static ::asio::awaitable<bool> serve_one(state& s, session& me) {
        auto& connection = *me.connection;
        auto& parser = connection.parser;
        parser.reset();

        connection.expect_within(s.options.idle_timeout);
        me.idle = true;
        std::error_code ec;
        if (!connection.has_unread() && s.is_stopping()) co_return false;
        ec = co_await connection.fill();
        me.idle = false;
        if (ec) co_return false;

        connection.expect_within(s.options.header_timeout);
        ec = co_await connection.read_head();
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
            auto refusal = own_reply(s, ec ? 408 : parser.refusal_status());
            co_await refuse(s, connection, std::move(refusal));
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
        http_response reply;
        try {
            auto work = s.handle(std::move(request), peer);
            reply = co_await std::move(work);
        } catch (...) {
            reply = own_reply(s, 500);
        }
        co_return reply;
    }

    static http_response own_reply(const state& s, int status) {
        http_response reply;
        reply.status = status;
        if (s.options.complete_own_reply) s.options.complete_own_reply(reply);
        return reply;
    }

    static ::asio::awaitable<void> refuse(state& s, detail::http_connection& connection, http_response reply) {
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
