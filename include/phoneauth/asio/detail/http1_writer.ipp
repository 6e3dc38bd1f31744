// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_DETAIL_HTTP1_WRITER_IPP
#define PHONEAUTH_ASIO_DETAIL_HTTP1_WRITER_IPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <phoneauth/asio/detail/http1_syntax.hpp>
#include <phoneauth/asio/detail/http1_writer.hpp>
#include <phoneauth/detail/ascii.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

inline bool headers_are_safe(const std::vector<http_header>& headers) {
    constexpr std::array<std::string_view, 6> ours{"Host",       "Content-Length", "Transfer-Encoding",
                                                   "Connection", "Expect",         "Upgrade"};
    return std::all_of(headers.begin(), headers.end(), [&](const http_header& h) {
        return is_token(h.name) && is_field_value(h.value) &&
               std::none_of(ours.begin(), ours.end(), [&](auto name) { return equal_ignoring_case(name, h.name); });
    });
}

inline void append_headers(std::string& out, const std::vector<http_header>& headers) {
    for (const auto& h : headers) {
        out += h.name;
        out += ": ";
        out += h.value;
        out += "\r\n";
    }
}

/// What a start line, these headers and the body need.
inline std::size_t room_for(const std::vector<http_header>& headers, const std::string& body) {
    std::size_t size = body.size() + 512;
    for (const auto& h : headers) size += h.name.size() + h.value.size() + 4;
    return size;
}

inline void append_length(std::string& out, std::size_t length) {
    out += "Content-Length: ";
    out += std::to_string(length);
    out += "\r\n";
}

PHONEAUTH_DECL result<void> append_request(std::string& out, const http_request& request, const url& target) {
    if (!is_token(request.method) || request.method == "CONNECT" || !is_target(target.target) ||
        !is_target(target.host) || !headers_are_safe(request.headers))
        return error::invalid_parameter;
    out.reserve(out.size() + target.target.size() + target.host.size() + room_for(request.headers, request.body));
    out += request.method;
    out += ' ';
    out += target.target;
    out += " HTTP/1.1\r\nHost: ";
    out += target.authority();
    out += "\r\n";
    append_headers(out, request.headers);
    // RFC 9110 §8.6: a method that usually has a body says so even when the body is empty.
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH")
        append_length(out, request.body.size());
    out += "\r\n";
    out += request.body;
    return {};
}

/// RFC 9110 §15; the reason is for people only and may be empty.
inline std::string_view reason_phrase(int status) noexcept {
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 204:
        return "No Content";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 413:
        return "Content Too Large";
    case 421:
        return "Misdirected Request";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    default:
        return "";
    }
}

PHONEAUTH_DECL result<void> append_response(std::string& out, const http_response& response, bool keep_alive,
                                            bool reply_to_head, std::string_view date) {
    if (response.status < 200 || response.status > 599 || !headers_are_safe(response.headers))
        return error::invalid_parameter;
    out.reserve(out.size() + room_for(response.headers, response.body));
    out += "HTTP/1.1 ";
    out += std::to_string(response.status);
    out += ' ';
    out += reason_phrase(response.status);
    out += "\r\n";
    if (!date.empty() && !find_header(response.headers, "Date")) (out += "Date: ").append(date) += "\r\n";
    append_headers(out, response.headers);
    const bool may_have_body = response.status != 204 && response.status != 304;
    if (may_have_body) append_length(out, response.body.size());
    if (!keep_alive) out += "Connection: close\r\n";
    out += "\r\n";
    if (may_have_body && !reply_to_head) out += response.body;
    return {};
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
