// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_OPENAPI_HPP
#define PHONEAUTH_REST_OPENAPI_HPP

#include <string>

#include <phoneauth/config.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/rest/options.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

///@{
/// Describes the routes of an `api` as an OpenAPI 3.1 document, from which clients are generated and against which
/// requests and replies are checked: what each route takes and gives, its limits, whether it needs a session, and the
/// errors. It comes from the table that requests are routed by, and is JSON in UTF-8, indented, without a line break at
/// its end.
///
/// The first form describes what an `api` with `o` and an authenticator with `c` answers. Routes that these switch off
/// are left out. Neither the application id nor the API key is in it: the server's URL has variables for them. The
/// second form has all routes, with the names and limits of a default `config`; it is what is installed as
/// share/phoneauth/openapi.json.
///
/// Both describe what clients should send, which is less than what is understood: phones and codes also as JSON
/// numbers, say.
///
/// @par Errors
/// Throws nothing but `std::bad_alloc`.
/// @par Source
/// https://spec.openapis.org/oas/v3.1.1.html
PHONEAUTH_DECL std::string openapi(const options& o, const config& c);
PHONEAUTH_DECL std::string openapi();
///@}

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/rest/openapi.ipp>
#endif

#endif
