// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_HTTP_HPP
#define PHONEAUTH_HTTP_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/error.hpp>
#include <phoneauth/secret_string.hpp>

namespace phoneauth {
inline namespace v0 {

// Passwords, codes and tokens pass through these types. Their `secret_string`s are wiped when they go away; in all
// other respects they are `std::string`s.
//
// The types have constructors because g++ 12 destroys an aggregate that is written in braces inside a co_await
// expression twice. It does not compile a braced list of headers there: give the list a name first.

/// One header field. Names compare without regard to case (RFC 9110 §5.1).
struct http_header {
    http_header() = default;
    /// A field with its value.
    http_header(std::string field, secret_string content) : name(std::move(field)), value(std::move(content)) {}

    std::string name;     ///< in any case
    secret_string value;  ///< without white space around it
};

/// A request that a transport sends, or that a server received.
struct http_request {
    http_request() = default;
    /// A request with what it holds, in the order of the members.
    http_request(std::string verb, std::string target, std::vector<http_header> fields = {}, secret_string content = {})
        : method(std::move(verb)), url(std::move(target)), headers(std::move(fields)), body(std::move(content)) {}

    std::string method;                ///< "GET", "POST", …
    std::string url;                   ///< absolute for a transport; path and query (origin form) at a server
    std::vector<http_header> headers;  ///< without Host, Content-Length and Connection: a transport adds those
    secret_string body;                ///< whole, without a transfer coding
};

/// A complete reply.
struct http_response {
    http_response() = default;
    /// A reply with what it holds, in the order of the members.
    http_response(int code, std::vector<http_header> fields, secret_string content = {})
        : status(code), headers(std::move(fields)), body(std::move(content)) {}

    int status = 0;                    ///< RFC 9110 §15
    std::vector<http_header> headers;  ///< as they came; without Content-Length at a server, which adds it
    secret_string body;                ///< whole, without a transfer coding
};

/// True when `a` and `b` are the same but for the case of ASCII letters.
constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    constexpr auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

/// The value of the first header called `name`, or nullptr. The pointer lives as long as `headers`.
inline const std::string* find_header(const std::vector<http_header>& headers, std::string_view name) noexcept {
    for (const auto& h : headers)
        if (equal_ignoring_case(h.name, name)) return &h.value;
    return nullptr;
}

/// True for the errors of a transport that promise that no byte of the request was processed, so that it is safe to
/// send it again. After any other error the server may have acted on it.
constexpr bool safe_to_resend(error e) noexcept {
    switch (e) {
    case error::invalid_parameter:  // the request cannot be written as HTTP
    case error::invalid_url:
    case error::host_not_found:
    case error::connect_failed:
    case error::connect_timeout:
    case error::proxy_failed:
    case error::tls_failed:
    case error::certificate_untrusted:
    case error::certificate_expired:
    case error::certificate_wrong_host:
    case error::overloaded:
        return true;
    default:
        return false;
    }
}

}  // namespace v0
}  // namespace phoneauth

#endif
