// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_HTTP_SERVER_OPTIONS_HPP
#define PHONEAUTH_ASIO_HTTP_SERVER_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <asio/awaitable.hpp>
#include <asio/ip/tcp.hpp>

#include <phoneauth/http.hpp>

namespace phoneauth {
inline namespace v0 {

/// What a client may cost an `http_server`. A time-out below one millisecond counts as one.
struct http_server_options {
    /// How many connections are served at a time. When one more comes, the server closes the connection that has waited
    /// longest for a request. If none waits, it answers the new one with 503 and closes it. Both are done for a
    /// sixteenth more connections than the limit; what comes on top of those is closed without an answer.
    std::size_t max_connections = 1024;

    /// How many connections one client may have: one IPv4 address, or one IPv6 network of 64 bits, which is what one
    /// client gets. A further one is closed without an answer. 0 means no such limit, which is right behind a reverse
    /// proxy, where all connections come from one address.
    std::size_t max_connections_per_address = 0;

    /// How many requests are answered at the same time. A further one gets 503 with Retry-After at once, and its
    /// connection stays. The limit bounds how long a request can wait for what is slow behind the handler: if each
    /// takes a second, 256 at a time are still 256 a second.
    std::size_t max_requests = 256;

    /// The hosts that the server is called by: names and addresses, without a port, IPv6 without brackets. A request
    /// whose Host is none of them gets 421 (RFC 9110 §15.5.20). Without such a list a page of anybody whose name
    /// resolves to this server's address ("DNS rebinding") may talk to a server on loopback or in an internal network.
    /// Empty means any host.
    std::vector<std::string> allowed_hosts{};

    /// Path and query of requests that are answered whatever their Host, as "/health": a load balancer probes an
    /// address, not a name. Any page may read what is there.
    std::vector<std::string> targets_for_any_host{};

    /// How large the head of a request may be. A larger one, or one with more than 100 header fields, gets 431.
    std::size_t max_header_bytes = 16 * 1024;

    /// How large the body of a request may be. A larger one gets 413.
    std::size_t max_body_bytes = 64 * 1024;

    /// How long the head of a request may take, from its first byte to its last; a slower one gets 408. Also how long
    /// the TLS handshake may take; a slower one is closed without an answer.
    std::chrono::milliseconds header_timeout{5000};

    /// How long the body of a request may take; a slower one gets 408.
    std::chrono::milliseconds body_timeout{10000};

    /// How long a connection may wait for the first byte of a request. It is then closed.
    std::chrono::milliseconds idle_timeout{60000};

    /// How long the client may take to read a whole reply. The connection is then closed.
    std::chrono::milliseconds write_timeout{5000};

    /// Gives a reply of the server itself (400, 408, 413, 421, 431, 500, 503) the body that the clients understand;
    /// without it the body is empty. It is called from any thread that runs the server, and must not throw.
    std::function<void(http_response&)> complete_own_reply{};

    /// Adds to such a reply, after `complete_own_reply` and under the same conditions, what depends on the request: with
    /// `rest::add_cors_headers` a page of another origin can read it, and does not take it for a broken network. The
    /// request is without its body, and as far as it was read: there may be no method and no headers. If this is set, a
    /// connection that is one too many has up to 100 ms to say what it wants before it gets its 503.
    std::function<void(http_response& reply, const http_request& request)> decorate_own_reply{};
};

/// What an `http_server` calls for each request, on the connection's strand. `request.url` is path and query; `peer` is
/// the address at the other end of the connection. What it throws becomes a 500.
using http_handler =
    std::function<::asio::awaitable<http_response>(http_request request, ::asio::ip::tcp::endpoint peer)>;

}  // namespace v0
}  // namespace phoneauth

#endif
