// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_BLOCKING_TRANSPORT_HPP
#define PHONEAUTH_ASIO_BLOCKING_TRANSPORT_HPP

#include <memory>

#include <phoneauth/asio/https_transport_options.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/result.hpp>

namespace phoneauth {
inline namespace v0 {

/// The `HttpTransport` of a thread-per-request server: `send` returns when the reply is there.
///
/// Each request in flight has an event loop of its own, on which an `https_transport` does the work, because Asio's
/// blocking functions know no time limits. The loop and its connection are kept for the next request.
///
/// @par Beside Boost.Asio
/// No source file can include standalone Asio and the Boost.Asio of some releases, 1.74 among them. With
/// PHONEAUTH_SEPARATE_COMPILATION, that is in a program that links phoneauth::compiled_asio, this header includes no Asio.
///
/// @par Thread safety
/// Shared objects are safe.
class blocking_transport {
public:
    /// Makes connections when they are needed.
    ///
    /// @param options  as for `https_transport`; but `max_idle_connections_per_host` counts for each event loop, of
    ///     which there are `max_connections` at most, and is 1 at most
    /// @par Errors
    /// `std::runtime_error` if `options.ca_file` cannot be loaded or `options.proxy` is none.
    PHONEAUTH_DECL explicit blocking_transport(https_transport_options options = {});

    blocking_transport(const blocking_transport&) = delete;
    blocking_transport& operator=(const blocking_transport&) = delete;
    PHONEAUTH_DECL ~blocking_transport();

    /// As for `https_transport`.
    PHONEAUTH_DECL result<void> check_certificates() const;

    /// Sends a request. It takes the sum of the time-outs at most, except when a name server does not answer: the
    /// system's resolver cannot be interrupted, and its own limits hold.
    ///
    /// @param request  with an absolute URL
    /// @return the whole reply, whatever its status
    /// @par Errors
    /// As for `https_transport::send`, without `cancelled`; and `internal` when the event loop fails.
    PHONEAUTH_DECL result<http_response> send(const http_request& request);

private:
    struct state;

    std::unique_ptr<state> state_;
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/asio/blocking_transport.ipp>
#endif

#endif
