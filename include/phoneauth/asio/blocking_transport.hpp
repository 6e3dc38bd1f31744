// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_BLOCKING_TRANSPORT_HPP
#define PHONEAUTH_ASIO_BLOCKING_TRANSPORT_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include <phoneauth/asio/detail/proxy.hpp>
#include <phoneauth/asio/detail/tls_client.hpp>
#include <phoneauth/asio/https_transport.hpp>
#include <phoneauth/detail/bounded_pool.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

namespace phoneauth {
inline namespace v0 {

/// The `HttpTransport` of a thread-per-request server: `send` returns when the reply is there.
///
/// Each request in flight has an event loop of its own, on which an `https_transport` does the work, because Asio's
/// blocking functions know no time limits. The loop and its connection are kept for the next request.
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
    explicit blocking_transport(https_transport_options options = {})
        : options_(std::move(options)), tls_(std::make_shared<detail::tls_client>(options_.ca_file)),
          lanes_(options_.max_connections) {
        detail::proxy_of(options_.proxy);  // refused here, not when a lane is made
        options_.max_idle_connections_per_host = std::min<std::size_t>(options_.max_idle_connections_per_host, 1);
    }

    blocking_transport(const blocking_transport&) = delete;
    blocking_transport& operator=(const blocking_transport&) = delete;

    /// As for `https_transport`.
    result<void> check_certificates() const { return tls_->check_certificates(); }

    /// Sends a request. It takes the sum of the time-outs at most, except when a name server does not answer: the
    /// system's resolver cannot be interrupted, and its own limits hold.
    ///
    /// @param request  with an absolute URL
    /// @return the whole reply, whatever its status
    /// @par Errors
    /// As for `https_transport::send`, without `cancelled`; and `internal` when the event loop fails.
    result<http_response> send(const http_request& request) {
        auto in_flight = lanes_.take(std::chrono::steady_clock::now() + options_.connect_timeout, options_.max_waiting);
        if (!in_flight) return error::overloaded;
        try {
            if (!in_flight->item) in_flight->item = std::make_unique<lane>(options_, tls_);
            auto& used = *in_flight->item;
            result<http_response> outcome = error::internal;
            auto work = used.transport.send(request);
            ::asio::co_spawn(used.context, std::move(work), [&](std::exception_ptr thrown, result<http_response> r) {
                if (!thrown) outcome = std::move(r);
            });
            used.context.restart();
            used.context.run();
            return outcome;
        } catch (...) {
            return error::internal;  // whatever it was: the request may have been written
        }
    }

private:
    struct lane {
        lane(const https_transport_options& options, const std::shared_ptr<detail::tls_client>& tls)
            : context(1), transport(context.get_executor(), options, tls) {}
        ::asio::io_context context;
        https_transport transport;
    };

    https_transport_options options_;
    std::shared_ptr<detail::tls_client> tls_;
    detail::bounded_pool<lane> lanes_;
};

}  // namespace v0
}  // namespace phoneauth

#endif
