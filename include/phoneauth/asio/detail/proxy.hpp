// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_DETAIL_PROXY_HPP
#define PHONEAUTH_ASIO_DETAIL_PROXY_HPP

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/detail/basic_credentials.hpp>
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
    const auto colon = (std::min)(user_info.find(':'), user_info.size());
    const auto name = percent_decode<secret_string>(user_info.substr(0, colon));
    const auto password = percent_decode<secret_string>(user_info.substr((std::min)(colon + 1, user_info.size())));
    if (!name || !password || name->find(':') != name->npos) return std::nullopt;
    for (const auto* part : {&*name, &*password})
        if (std::any_of(part->begin(), part->end(), is_control)) return std::nullopt;
    return basic_credentials(*name, *password);
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
