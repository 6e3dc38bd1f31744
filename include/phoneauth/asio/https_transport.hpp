// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_HTTPS_TRANSPORT_HPP
#define PHONEAUTH_ASIO_HTTPS_TRANSPORT_HPP

#include <memory>
#include <utility>

#include <phoneauth/asio/async.hpp>
#include <phoneauth/asio/awaitable.hpp>
#include <phoneauth/asio/https_transport_options.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <phoneauth/detail/config.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/result.hpp>

namespace phoneauth {
inline namespace v0 {

namespace detail {
class http_client;
class tls_client;
}  // namespace detail

/// Sends http and https requests over kept-alive connections: the `HttpTransport` of an asynchronous authenticator.
///
/// A request is never sent twice: a kept connection is used only if the server has not closed it. Idle connections do
/// not keep `io_context::run` from returning.
///
/// @par Thread safety
/// Shared objects are safe. The connections share one strand.
///
/// @par Lifetime
/// The executor's context must outlive the transport. The transport may be destroyed while requests are in flight: they
/// still end.
class https_transport {
public:
    /// Asio's own executor.
    using executor_type = ::asio::any_io_executor;

    /// Makes connections when they are needed.
    ///
    /// @param executor  what connections run on
    /// @param options   time-outs, limits and trusted certificates
    /// @par Errors
    /// `std::runtime_error` if `options.ca_file` cannot be loaded or `options.proxy` is none.
    PHONEAUTH_DECL explicit https_transport(const executor_type& executor, https_transport_options options = {});

    https_transport(const https_transport&) = delete;
    https_transport& operator=(const https_transport&) = delete;

    PHONEAUTH_DECL ~https_transport();

    /// The executor given to the constructor, on which handlers run that have none of their own.
    executor_type get_executor() const noexcept { return executor_; }

    /// Whether https requests can succeed at all: to be asked at start, where messages go over https.
    ///
    /// @return success, or `certificate_untrusted` with a sentence that says what to do, if `ca_file` is empty and the
    ///     system has no trusted certificates, as in a bare container. Requests to http URLs work nevertheless.
    PHONEAUTH_DECL result<void> check_certificates() const;

    /// Sends a request.
    ///
    /// @param request  with an absolute URL
    /// @return an awaitable of the whole reply, whatever its status
    /// @par Errors
    /// - The request cannot be sent as it is: `invalid_parameter`, `invalid_url`.
    /// - Too many requests are in flight and waiting, or this one waited for `connect_timeout`: `overloaded`.
    /// - Nothing was sent: `host_not_found`, `connect_failed`, `connect_timeout`, `tls_failed`,
    ///   `certificate_untrusted`, `certificate_expired`, `certificate_wrong_host`, and `proxy_failed`: the
    ///   proxy was not found, could not be reached, or refused, with its status in the sentence.
    /// - The server may have processed the request (see `safe_to_resend`): `write_failed`, `read_timeout`,
    ///   `connection_lost`, `malformed_reply`, `reply_too_large`, `cancelled`.
    ///
    /// @par Cancellation
    /// Terminal; it closes the connection.
    PHONEAUTH_DECL ::asio::awaitable<result<http_response>> send(http_request request);

    /// The same for a completion token, with a handler `void(result<http_response>)`; see `async_call`.
    template <class CompletionToken>
    auto send(http_request request, CompletionToken&& token) {
        return detail::async_spawn(strand(), executor_, exchange(std::move(request)),
                                   std::forward<CompletionToken>(token));
    }

private:
    friend class blocking_transport;
    PHONEAUTH_DECL https_transport(const executor_type& executor, https_transport_options options,
                                   std::shared_ptr<detail::tls_client> tls);

    PHONEAUTH_DECL const executor_type& strand() const noexcept;
    /// To be run on the strand.
    PHONEAUTH_DECL ::asio::awaitable<result<http_response>> exchange(http_request request);

    executor_type executor_;
    std::shared_ptr<detail::http_client> client_;
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/asio/https_transport.ipp>
#endif

#endif
