// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_CORS_HPP
#define PHONEAUTH_REST_CORS_HPP

#include <string_view>

#include <phoneauth/detail/config.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/rest/options.hpp>
#include <phoneauth/rest/reply.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

/// Lets the pages of `options::allowed_origins` read a reply, Retry-After included. An `api` does it for its own
/// replies. For those that the server gives by itself (413, 421, 503, …), which a page would otherwise take for a broken
/// network, call it as `http_server_options::decorate_own_reply` does. Where such a reply to a browser's preflight is a
/// 503, it becomes the preflight's own answer: only then does the browser send the request that may be told to come
/// back.
///
/// @param r        gets the headers
/// @param request  as far as it is known: its method and its headers are looked at
/// @param o        those of the api
/// @par Source
/// https://fetch.spec.whatwg.org/#http-cors-protocol
PHONEAUTH_DECL void add_cors_headers(http_response& r, const http_request& request, const options& o);

namespace detail {

/// Whether pages of `origin` may read replies.
PHONEAUTH_DECL bool is_allowed(std::string_view origin, const options& o);

/// The answer to a browser's question whether it may send the real request.
PHONEAUTH_DECL reply preflight_reply();

}  // namespace detail

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/rest/cors.ipp>
#endif

#endif
