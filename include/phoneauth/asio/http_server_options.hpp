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

/// What an `http_server` calls for each request, on the connection's strand; `request.url` is path and query. What it
/// throws becomes a 500.
using http_handler =
    std::function<::asio::awaitable<http_response>(http_request request, ::asio::ip::tcp::endpoint peer)>;

}  // namespace v0
}  // namespace phoneauth

#endif
