// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_HTTP_SERVER_HPP
#define PHONEAUTH_ASIO_HTTP_SERVER_HPP

#include <cstdint>
#include <functional>
#include <memory>

#include <openssl/ossl_typ.h>

#include <phoneauth/asio/http_server_options.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/ip/tcp.hpp>

#include <phoneauth/detail/config.hpp>

namespace phoneauth {
inline namespace v0 {

namespace detail {
struct http_server_state;
}

/// A small HTTP/1.1 server: keep-alive, pipelining in order, HEAD, "Expect: 100-continue", Date, limits on everything. It
/// asks its handler for every request and knows no routes. It refuses what two readers of HTTP could take for different
/// requests, and closes the connection.
///
/// @par Thread safety
/// Shared objects are safe. Each connection runs on a strand of its own, so that the executor may be a thread pool.
///
/// @par Lifetime
/// The executor's context must outlive the server. What the handler refers to must live until the server is drained or
/// the context is gone.
class http_server {
public:
    /// What answers the requests.
    using handler = http_handler;

    /// Listens and begins to accept.
    ///
    /// @param executor  what connections and handlers run on
    /// @param address   to listen on; port 0 means any free one
    /// @param h         what answers the requests
    /// @param options   what a client may cost
    /// @param tls       the native handle of an `asio::ssl::context` with certificate and key, which the server shares;
    ///     null for HTTP
    /// @par Errors
    /// `std::system_error` if it cannot listen.
    PHONEAUTH_DECL http_server(const ::asio::any_io_executor& executor, const ::asio::ip::tcp::endpoint& address,
                               handler h, http_server_options options = {}, SSL_CTX* tls = nullptr);

    http_server(const http_server&) = delete;
    http_server& operator=(const http_server&) = delete;

    /// As `stop()`: requests in flight still end.
    PHONEAUTH_DECL ~http_server();

    /// The port that it listens on.
    PHONEAUTH_DECL std::uint16_t port() const noexcept;

    /// Stops accepting, closes idle connections, and the others after the request in flight. Returns at once.
    ///
    /// @param drained  if given, is called on one of the executor's threads when the last connection has ended
    PHONEAUTH_DECL void stop(std::function<void()> drained = {});

private:
    std::shared_ptr<detail::http_server_state> state_;
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/asio/http_server.ipp>
#endif

#endif
