// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_ADAPTER_HPP
#define PHONEAUTH_REST_ADAPTER_HPP

#include <string>
#include <string_view>
#include <type_traits>

#include <phoneauth/credentials.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/rest/reply.hpp>
#include <phoneauth/result.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

namespace detail {

/// Any text: also one whose `data` and `size` are all that is known, as a `boost::string_view`.
template <class Text>
std::string_view view_of(const Text& text) {
    if constexpr (std::is_convertible_v<const Text&, std::string_view>)
        return text;
    else
        return {text.data(), text.size()};
}

template <class Field>
http_header header_of(const Field& field) {
    const auto made = [](const auto& name, const auto& value) {
        return http_header(std::string(view_of(name)), secret_string(view_of(value)));
    };
    if constexpr (requires { field.name_string(); })
        return made(field.name_string(), field.value());
    else if constexpr (requires { field.first; })
        return made(field.first, field.second);
    else
        return made(field.name, field.value);
}

}  // namespace detail

/// A server framework's request, as `api::handle` and `session_of` take it:
///
///     to_request(in.method, in.target, in.headers, in.body)                    // cpp-httplib
///     to_request(in.method_string(), in.target(), in, in.body())               // Boost.Beast
///     to_request(crow::method_name(in.method), in.raw_url, in.headers, in.body)
///
/// The texts are whatever makes a `std::string_view`, or has `data` and `size`; they are copied.
///
/// @param method   as in the request line
/// @param target   path and query as they came, percent sequences included: not what a framework has decoded, which
///     could be another path
/// @param headers  a range of fields: pairs, as in a map or multimap; or with the members `name` and `value`; or with
///     the functions `name_string` and `value`, as Beast's
/// @param body     whole
template <class Method, class Target, class Headers, class Body>
http_request to_request(const Method& method, const Target& target, const Headers& headers, const Body& body) {
    http_request made(std::string(detail::view_of(method)), std::string(detail::view_of(target)));
    for (const auto& field : headers) made.headers.push_back(detail::header_of(field));
    made.body = detail::view_of(body);
    return made;
}

/// The path of a request, without the query: what tells your own routes from those of `api`.
///
/// @return a part of `request.url`, as it came
PHONEAUTH_DECL std::string_view path_of(const http_request& request) noexcept;

/// The token of a request's session, for `authenticator::authenticate`: the header `user-token`, in which clients of
/// `api` send it. Empty, which is nobody's, if there is none.
PHONEAUTH_DECL session_token session_of(const http_request& request);

/// What a route of your own answers when `authenticator::authenticate` or `require_recent` has failed.
///
/// Status 401 says that the session is over, whereupon a client forgets it and has its user log in again: that is the
/// reply to `unknown_token`, `session_expired`, `account_disabled` and `login_required`. All else, above all
/// `storage_unavailable`, is answered as by `api`: the session may be good.
///
/// @param why  the failure
/// @return the body of `reply`
PHONEAUTH_DECL reply session_refused(const failure& why);

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/rest/adapter.ipp>
#endif

#endif
