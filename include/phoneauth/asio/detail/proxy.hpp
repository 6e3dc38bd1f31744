// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_DETAIL_PROXY_HPP
#define PHONEAUTH_ASIO_DETAIL_PROXY_HPP

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/error.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/secret_string.hpp>

// The way through an HTTP proxy, as bytes, without I/O: CONNECT (RFC 9110 §9.3.6).

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// A proxy, and how to log in to it.
struct http_proxy {
    url address;
    secret_string authorization;  ///< the value of Proxy-Authorization; empty: there is none
};

/// The value of Proxy-Authorization (RFC 7617 §2) for the user information of a URL, which is percent-encoded; none if
/// it is broken, or if the user's name holds a colon or either of them a control character.
inline std::optional<secret_string> basic_authorization(std::string_view user_info) {
    secret_string pair;
    pair.reserve(user_info.size() + 1);
    bool in_password = false;
    for (std::size_t i = 0; i < user_info.size(); ++i) {
        char c = user_info[i];
        if (c == ':' && !in_password) {
            in_password = true;
        } else {
            if (c == '%') {
                const int high = i + 2 < user_info.size() ? hex_value(user_info[i + 1]) : -1;
                const int low = i + 2 < user_info.size() ? hex_value(user_info[i + 2]) : -1;
                if (high < 0 || low < 0) return std::nullopt;
                c = static_cast<char>(high * 16 + low);
                i += 2;
            }
            if (is_control(c) || (c == ':' && !in_password)) return std::nullopt;
        }
        pair += c;
    }
    if (!in_password) pair += ':';
    const secret_string encoded = base64(pair);
    secret_string value;
    value.reserve(encoded.size() + 6);
    value.append("Basic ").append(encoded);
    return value;
}

/// The proxy of `https_transport_options::proxy`. The failure's sentence says nothing of what it held.
inline result<http_proxy> parse_proxy(std::string_view text) {
    const failure bad(error::invalid_url, "The proxy is to be given as http://HOST:PORT or "
                                          "http://USER:PASSWORD@HOST:PORT, with user and password percent-encoded.");
    constexpr std::string_view scheme = "http://";
    if (!equal_without_case(text.substr(0, scheme.size()), scheme)) return bad;
    text.remove_prefix(scheme.size());
    if (text.ends_with('/')) text.remove_suffix(1);
    const auto at = text.rfind('@');
    const auto user_info = text.substr(0, at == text.npos ? 0 : at);
    const auto authority = text.substr(at == text.npos ? 0 : at + 1);
    // URLs may go without a port, but nobody agrees on a proxy's: 80 is that of the scheme, 1080 what curl takes.
    const auto colon = authority.rfind(':');
    if (colon == authority.npos || authority.find(']', colon) != authority.npos ||
        authority.find_first_of("/?") != authority.npos || user_info.find_first_of("/?#") != user_info.npos)
        return bad;
    auto address = parse_url(std::string(scheme).append(authority));
    if (!address) return bad;
    http_proxy proxy;
    proxy.address = *std::move(address);
    if (!user_info.empty()) {
        auto value = basic_authorization(user_info);
        if (!value) return bad;
        proxy.authorization = std::move(*value);
    }
    return proxy;
}

/// The proxy, if `text` is not empty; throws std::runtime_error if it is none.
inline std::optional<http_proxy> proxy_of(std::string_view text) {
    if (text.empty()) return std::nullopt;
    auto proxy = parse_proxy(text);
    if (!proxy) throw std::runtime_error("phoneauth: " + proxy.error().message);
    return *std::move(proxy);
}

/// What asks the proxy for a tunnel to `target`.
inline secret_string connect_request(const http_proxy& proxy, const url& target) {
    // Unlike other requests, always with the port.
    const bool is_v6 = target.host.find(':') != std::string::npos;
    const auto authority = (is_v6 ? "[" + target.host + "]" : target.host) + ":" + std::to_string(target.port);
    secret_string text;
    text.reserve(2 * authority.size() + proxy.authorization.size() + 64);
    text.append("CONNECT ").append(authority).append(" HTTP/1.1\r\nHost: ").append(authority).append("\r\n");
    if (!proxy.authorization.empty()) text.append("Proxy-Authorization: ").append(proxy.authorization).append("\r\n");
    text.append("\r\n");
    return text;
}

/// Why there is no tunnel, after the proxy has replied with `status`.
inline failure proxy_refusal(int status) {
    auto text = "The proxy refused the connection with HTTP status " + std::to_string(status);
    if (status == 407) text += ": its user or password is missing or wrong";
    return {error::proxy_failed, text + "."};
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
