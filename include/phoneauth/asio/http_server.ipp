// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_HTTP_SERVER_IPP
#define PHONEAUTH_ASIO_HTTP_SERVER_IPP

#include <mutex>
#include <system_error>
#include <utility>

#include <phoneauth/asio/detail/http_server_flows.hpp>
#include <phoneauth/asio/detail/http_server_state.hpp>
#include <phoneauth/asio/http_server.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/dispatch.hpp>

namespace phoneauth {
inline namespace v0 {

PHONEAUTH_DECL http_server::http_server(const ::asio::any_io_executor& executor,
                                        const ::asio::ip::tcp::endpoint& address, handler h,
                                        http_server_options options, SSL_CTX* tls)
    : state_(std::make_shared<detail::http_server_state>(executor, address, std::move(h), options, tls)) {
    ::asio::co_spawn(state_->strand, detail::accept_connections(state_), ::asio::detached);
}

PHONEAUTH_DECL http_server::~http_server() {
    stop();
}

PHONEAUTH_DECL std::uint16_t http_server::port() const noexcept {
    return state_->port;
}

PHONEAUTH_DECL void http_server::stop(std::function<void()> drained) {
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

}  // namespace v0
}  // namespace phoneauth

#endif
