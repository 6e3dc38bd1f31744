// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_HTTPS_TRANSPORT_IPP
#define PHONEAUTH_ASIO_HTTPS_TRANSPORT_IPP

#include <memory>
#include <utility>

#include <phoneauth/asio/detail/http_client.hpp>
#include <phoneauth/asio/detail/tls_client.hpp>
#include <phoneauth/asio/https_transport.hpp>

#include <asio/dispatch.hpp>
#include <asio/use_awaitable.hpp>

namespace phoneauth {
inline namespace v0 {

PHONEAUTH_DECL https_transport::https_transport(const executor_type& executor, https_transport_options options)
    : https_transport(executor, options, std::make_shared<detail::tls_client>(options.ca_file)) {}

PHONEAUTH_DECL https_transport::https_transport(const executor_type& executor, https_transport_options options,
                                                std::shared_ptr<detail::tls_client> tls)
    : executor_(executor),
      client_(std::make_shared<detail::http_client>(executor, std::move(options), std::move(tls))) {}

PHONEAUTH_DECL https_transport::~https_transport() {
    ::asio::dispatch(client_->strand, [client = client_] { client->shutdown(); });
}

PHONEAUTH_DECL result<void> https_transport::check_certificates() const {
    return client_->check_certificates();
}

PHONEAUTH_DECL ::asio::awaitable<result<http_response>> https_transport::send(http_request request) {
    return send(std::move(request), ::asio::use_awaitable);
}

PHONEAUTH_DECL const https_transport::executor_type& https_transport::strand() const noexcept {
    return client_->strand;
}

PHONEAUTH_DECL ::asio::awaitable<result<http_response>> https_transport::exchange(http_request request) {
    return detail::http_client::send(client_, std::move(request));
}

}  // namespace v0
}  // namespace phoneauth

#endif
