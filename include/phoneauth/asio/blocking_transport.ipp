// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_BLOCKING_TRANSPORT_IPP
#define PHONEAUTH_ASIO_BLOCKING_TRANSPORT_IPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <utility>

#include <phoneauth/asio/blocking_transport.hpp>
#include <phoneauth/asio/detail/proxy.hpp>
#include <phoneauth/asio/detail/tls_client.hpp>
#include <phoneauth/asio/https_transport.hpp>
#include <phoneauth/detail/bounded_pool.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

namespace phoneauth {
inline namespace v0 {

struct blocking_transport::state {
    struct lane {
        lane(const https_transport_options& o, const std::shared_ptr<detail::tls_client>& tls)
            : context(1), transport(context.get_executor(), o, tls) {}
        ::asio::io_context context;
        https_transport transport;
    };

    explicit state(https_transport_options o)
        : options(std::move(o)), tls(std::make_shared<detail::tls_client>(options.ca_file)),
          lanes(options.max_connections) {
        detail::proxy_of(options.proxy);  // refused here, not when a lane is made
        options.max_idle_connections_per_host = (std::min<std::size_t>)(options.max_idle_connections_per_host, 1);
    }

    https_transport_options options;
    std::shared_ptr<detail::tls_client> tls;
    detail::bounded_pool<lane> lanes;
};

PHONEAUTH_DECL blocking_transport::blocking_transport(https_transport_options options)
    : state_(std::make_unique<state>(std::move(options))) {}

PHONEAUTH_DECL blocking_transport::~blocking_transport() = default;

PHONEAUTH_DECL result<void> blocking_transport::check_certificates() const {
    return state_->tls->check_certificates();
}

PHONEAUTH_DECL result<http_response> blocking_transport::send(const http_request& request) {
    auto& [options, tls, lanes] = *state_;
    auto in_flight = lanes.take(std::chrono::steady_clock::now() + options.connect_timeout, options.max_waiting);
    if (!in_flight) return error::overloaded;
    try {
        if (!in_flight->item) in_flight->item = std::make_unique<state::lane>(options, tls);
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

}  // namespace v0
}  // namespace phoneauth

#endif
