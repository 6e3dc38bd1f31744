// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_DETAIL_ROUTING_IPP
#define PHONEAUTH_REST_DETAIL_ROUTING_IPP

#include <stdexcept>
#include <utility>

#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/rest/cors.hpp>
#include <phoneauth/rest/detail/routing.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

/// Takes "/segment" off the front of `path` and gives the segment.
inline std::string_view next_segment(std::string_view& path) {
    path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    return segment;
}

/// Whether `segment` hides a letter or a digit in a percent sequence. It is well-formed and `decoded` says what it means.
inline bool hides_letters(std::string_view segment, std::string_view decoded) noexcept {
    if (segment.size() == decoded.size()) return false;
    for (const char c : decoded) {
        const bool encoded = segment.front() == '%';
        if (encoded && phoneauth::detail::is_alnum(c)) return true;
        segment.remove_prefix(encoded ? 3 : 1);
    }
    return false;
}

PHONEAUTH_DECL result<route_target> read_target(std::string_view url, const options& o) {
    auto path = phoneauth::detail::split_target(url).path;
    route_target d;
    while (path.starts_with('/')) {
        const auto written = next_segment(path);
        if (written.empty()) continue;
        auto segment = phoneauth::detail::percent_decode(written);
        if (!segment) return std::move(segment).error();
        if (hides_letters(written, *segment)) return error::invalid_parameter;
        d.segments.push_back(std::move(*segment));
    }
    auto& s = d.segments;
    if (s.size() > 1 && s[0] == "api") {
        s.erase(s.begin());
        return d;
    }
    if (s.size() == 1 && s[0] == "health") return d;
    if (s.size() < 3) return error::unknown_route;
    const bool app_id_right = phoneauth::detail::equal_in_constant_time(s[0], o.app_id);
    const bool api_key_right = phoneauth::detail::equal_in_constant_time(s[1], o.api_key);
    if (!app_id_right || !api_key_right) return error::wrong_application;
    s.erase(s.begin(), s.begin() + 2);
    d.by_key = true;
    return d;
}

PHONEAUTH_DECL void check_options(const options& o) {
    const auto refuse = [](const std::string& why) { throw std::invalid_argument("phoneauth: " + why); };
    if (o.app_id.empty() || o.api_key.empty() || o.app_id == "api")
        refuse("an API needs an application id other than \"api\", and an API key");
    for (const auto& proxy : o.trusted_proxies) {
        if (!is_network(proxy)) refuse("a trusted proxy is neither an address nor a network");
        if (is_too_wide(proxy))
            refuse("the trusted proxies have the network " + proxy +
                   ", in which anybody may be and write their own address: name the proxies' own networks, or say how "
                   "many proxies there are (trusted_hops)");
    }
    if (o.trusted_hops > 20) refuse("trusted_hops is more than 20");
    if (o.trusted_hops > 0 && !o.trusted_proxies.empty())
        refuse("trusted_proxies and trusted_hops are two ways to tell who a client is: set one of them");
}

PHONEAUTH_DECL client_info client_of(const http_request& request, std::string_view peer, const options& o,
                                     const phoneauth::detail::trusted_networks& proxies) {
    std::string forwarded;  // a header that comes several times is one list (RFC 9110 §5.3)
    for (const auto& h : request.headers)
        if (equal_ignoring_case(h.name, o.forwarding_header)) forwarded += (forwarded.empty() ? "" : ",") + h.value;
    const auto* agent = find_header(request.headers, "User-Agent");
    client_info client({}, agent ? *agent : std::string());
    if (o.trusted_hops > 0) {
        client.address = client_address_by_hops(peer, forwarded, o.trusted_hops);
        // A list that is too short did not come through all proxies: the address is that of one of them, if any.
        client.shared_address = !peer.empty() && phoneauth::detail::forwarded_by(forwarded, o.trusted_hops).empty();
        return client;
    }
    client.address = proxies.client_address(peer, forwarded);
    client.shared_address = !peer.empty() && !forwarded.empty() && !proxies.has(phoneauth::detail::bare_address(peer));
    return client;
}

PHONEAUTH_DECL bool is_from_elsewhere(const http_request& request, const options& o) {
    const auto* origin = find_header(request.headers, "Origin");
    if (!origin || request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS") return false;
    if (is_allowed("*", o) || is_allowed(*origin, o)) return false;
    // Who knows best, but tells only servers with HTTPS or on this machine (https://www.w3.org/TR/fetch-metadata/).
    if (const auto* site = find_header(request.headers, "Sec-Fetch-Site")) return *site != "same-origin";
    const auto* host = find_header(request.headers, "Host");
    return !host || (*origin != "http://" + *host && *origin != "https://" + *host);
}

PHONEAUTH_DECL bool matches(std::string_view pattern, const std::vector<secret_string>& segments,
                            std::string& captured) {
    for (const auto& segment : segments) {
        if (pattern.empty()) return false;
        const auto expected = next_segment(pattern);
        if (expected == "*")
            captured = segment;
        else if (expected != segment)
            return false;
    }
    return pattern.empty();
}

}  // namespace detail
}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
