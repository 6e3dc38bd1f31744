// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_DETAIL_HTTP_SERVER_FLOWS_HPP
#define PHONEAUTH_ASIO_DETAIL_HTTP_SERVER_FLOWS_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <system_error>
#include <utility>

#include <openssl/ssl.h>

#include <phoneauth/asio/detail/http1.hpp>
#include <phoneauth/asio/detail/http1_writer.hpp>
#include <phoneauth/asio/detail/http_connection.hpp>
#include <phoneauth/asio/detail/http_date.hpp>
#include <phoneauth/asio/detail/http_server_state.hpp>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/use_awaitable.hpp>

#include <phoneauth/http.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Takes the session out of its list, whatever way it ends.
struct http_server_registration {
    std::shared_ptr<http_server_state> owner;
    std::shared_ptr<http_server_session> registered;
    http_server_registration(std::shared_ptr<http_server_state> o, std::shared_ptr<http_server_session> s)
        : owner(std::move(o)), registered(std::move(s)) {}
    http_server_registration(const http_server_registration&) = delete;
    http_server_registration& operator=(const http_server_registration&) = delete;
    ~http_server_registration() {
        registered->connection->close();
        owner->end(registered);
    }
};

/// Counts a request while it is answered.
struct http_server_answering {
    http_server_state& owner;
    const std::size_t before;
    explicit http_server_answering(http_server_state& s) : owner(s), before(s.requests.fetch_add(1)) {}
    http_server_answering(const http_server_answering&) = delete;
    http_server_answering& operator=(const http_server_answering&) = delete;
    ~http_server_answering() { owner.requests.fetch_sub(1); }
};

/// The reply that the server gives by itself to `asked`, or to what of a request has come.
inline http_response own_reply(const http_server_state& s, int status, const http_request& asked) {
    http_response reply;
    reply.status = status;
    if (s.options.complete_own_reply) s.options.complete_own_reply(reply);
    if (status == 503 && !find_header(reply.headers, "Retry-After")) reply.headers.push_back({"Retry-After", "1"});
    if (s.options.decorate_own_reply) s.options.decorate_own_reply(reply, asked);
    return reply;
}

/// What of a request has come that will not be read to its end, without its body.
inline http_request begun_request(message_parser& parser) {
    auto begun = parser.take_request();
    if (!parser.head_complete()) begun.method.clear();
    wipe(begun.body);
    return begun;
}

/// The handler's reply, or why it was not asked; `asked` is the head of `request`.
inline ::asio::awaitable<http_response> answer_request(http_server_state& s, http_request request,
                                                       const http_request& asked, ::asio::ip::tcp::endpoint peer) {
    const http_server_answering counted(s);
    http_response reply;
    if (counted.before >= s.options.max_requests) {
        reply = own_reply(s, 503, asked);
    } else if (!s.is_for_us(request)) {
        reply = own_reply(s, 421, request);
    } else {
        try {
            auto work = s.handle(std::move(request), peer);
            reply = co_await std::move(work);
        } catch (...) {
            reply = own_reply(s, 500, asked);
        }
    }
    co_return reply;
}

/// Replies with `status` and ends the connection.
inline ::asio::awaitable<void> refuse_request(http_server_state& s, http_connection& connection, int status) {
    const auto asked = begun_request(connection.parser);
    const auto reply = own_reply(s, status, asked);
    connection.out.clear();
    const auto written = append_response(connection.out, reply, false, asked.method == "HEAD", http_date_now());
    if (!written) co_return;
    connection.expect_within(s.options.write_timeout);
    auto ec = co_await connection.write();
    if (!ec) co_await connection.linger();
}

/// Serves the request that begins; true if another one may follow.
inline ::asio::awaitable<bool> serve_request(http_server_state& s, http_server_session& me) {
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
        co_await refuse_request(s, connection, status);
        co_return false;
    }

    connection.expect_nothing();
    const bool keep_alive = parser.keep_alive();
    auto request = parser.take_request();
    const bool head = request.method == "HEAD";
    http_request asked;
    if (s.options.decorate_own_reply) asked = {request.method, request.url, request.headers};
    auto reply = co_await answer_request(s, std::move(request), asked, me.peer);

    const bool again = keep_alive && !s.is_stopping();
    connection.out.clear();
    auto written = append_response(connection.out, reply, again, head, http_date_now());
    if (!written) {
        const auto broken = own_reply(s, 500, asked);
        written = append_response(connection.out, broken, again, head, http_date_now());
    }
    connection.expect_within(s.options.write_timeout);
    ec = co_await connection.write();
    if (!ec && !again) co_await connection.linger();
    co_return again && !ec;
}

/// Serves one request after the other, until either side closes.
inline ::asio::awaitable<void> serve_connection(std::shared_ptr<http_server_state> s,
                                                std::shared_ptr<http_server_session> me) {
    const http_server_registration registered(s, me);
    auto& connection = *me->connection;
    std::error_code ec;
    if (s->tls) {
        ec = connection.start_tls(s->tls.get(), false);
        if (ec) co_return;
        SSL_set_accept_state(connection.tls());
        connection.expect_within(s->options.header_timeout);
        ec = co_await connection.handshake();
        if (ec) co_return;
    }
    if (me->among == &s->refused) {
        if (s->options.decorate_own_reply) {
            connection.unwatch();  // the timer may be set for later
            connection.expect_within((std::min)(s->options.header_timeout, std::chrono::milliseconds(100)));
            ec = co_await connection.read_head();
            if (ec && !connection.expired()) co_return;
        }
        co_await refuse_request(*s, connection, 503);
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
        auto outcome = co_await serve_request(*s, *me);
        go_on = outcome;
    }
}

/// Begins to serve each connection that comes, until the acceptor is closed.
inline ::asio::awaitable<void> accept_connections(std::shared_ptr<http_server_state> s) {
    const http1_limits limits{s->options.max_header_bytes, http1_limits().max_header_count, s->options.max_body_bytes};
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
        auto started = std::make_shared<http_server_session>();
        started->peer = socket.remote_endpoint(ec);
        started->network = network_number(started->peer.address());
        socket.non_blocking(true, ec);
        socket.set_option(::asio::ip::tcp::no_delay(true), ec);
        started->connection =
            std::make_shared<http_connection>(std::move(socket), message_parser::kind::request, limits, s->shortest);
        if (!s->begin(started)) continue;
        auto work = serve_connection(s, started);
        ::asio::co_spawn(started->connection->socket.get_executor(), std::move(work), ::asio::detached);
    }
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
