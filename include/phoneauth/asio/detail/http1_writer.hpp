// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_DETAIL_HTTP1_WRITER_HPP
#define PHONEAUTH_ASIO_DETAIL_HTTP1_WRITER_HPP

#include <string>
#include <string_view>

#include <phoneauth/detail/config.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/result.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Appends a request for `target` to `out`, with Host and Content-Length. `error::invalid_parameter`, with `out` as
/// it was, if method, header names, values or target could break out of their place (CR, LF, NUL, …), or if a
/// header is one that belongs to the transport: Host, Content-Length, Transfer-Encoding, Connection, Expect, Upgrade.
PHONEAUTH_DECL result<void> append_request(std::string& out, const http_request& request, const url& target);

/// Appends a response to `out`, with Content-Length, and "Connection: close" unless `keep_alive`. `reply_to_head`
/// leaves the body out. `date` is the value of the field Date, unless the response has one; empty: there is none. Errors
/// as for `append_request`, and for a status outside 200–599.
PHONEAUTH_DECL result<void> append_response(std::string& out, const http_response& response, bool keep_alive,
                                            bool reply_to_head = false, std::string_view date = {});

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/asio/detail/http1_writer.ipp>
#endif

#endif
