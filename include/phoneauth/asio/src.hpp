// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_SRC_HPP
#define PHONEAUTH_ASIO_SRC_HPP

// What phoneauth/src.hpp leaves out because it needs Asio, OpenSSL's TLS or llhttp. It, too, is for exactly one
// translation unit of a program.

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#error phoneauth/asio/src.hpp is only for programs compiled with PHONEAUTH_SEPARATE_COMPILATION; without it the headers are complete
#endif

#include <phoneauth/asio/awaitable.hpp>
#include <phoneauth/asio/blocking_transport.ipp>
#include <phoneauth/asio/detail/http1.ipp>
#include <phoneauth/asio/detail/http1_writer.ipp>
#include <phoneauth/asio/http_server.ipp>
#include <phoneauth/asio/https_transport.ipp>
#include <phoneauth/asio/pooled_passwords.ipp>
#include <phoneauth/flows/bodies.hpp>

namespace phoneauth {
inline namespace v0 {
PHONEAUTH_INSTANTIATE_FLOWS(, awaitable_mode<::asio::any_io_executor>)
}  // namespace v0
}  // namespace phoneauth

#endif
