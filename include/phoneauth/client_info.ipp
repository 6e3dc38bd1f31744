// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_CLIENT_INFO_IPP
#define PHONEAUTH_CLIENT_INFO_IPP

#include <phoneauth/client_info.hpp>
#include <phoneauth/detail/ip.hpp>

namespace phoneauth {
inline namespace v0 {

namespace detail {

/// What `parse_ip` reads, or the same with a port: some print it behind an IPv6 address without brackets.
inline std::optional<ip_address> parse_printed(std::string_view text) noexcept {
    const auto bare = bare_address(text);
    const auto a = parse_ip(bare);
    return a ? a : parse_ip(bare.substr(0, bare.rfind(':')));
}

}  // namespace detail

PHONEAUTH_DECL std::string client_network(std::string_view address) {
    if (address.empty()) return {};
    const auto a = detail::parse_printed(address);
    if (!a) return std::string(unknown_network);
    if (const auto* v4 = detail::ipv4_in(*a)) return detail::ipv4_text(v4);
    return detail::ipv6_prefix(*a, 64);
}

PHONEAUTH_DECL std::string wide_network(std::string_view address) {
    if (address.empty()) return {};
    const auto a = detail::parse_printed(address);
    return a && !detail::ipv4_in(*a) ? detail::ipv6_prefix(*a, 48) : std::string();
}

PHONEAUTH_DECL std::string client_address(std::string_view peer, std::string_view forwarded,
                                          const std::vector<std::string>& trusted) {
    return detail::trusted_networks(trusted).client_address(peer, forwarded);
}

PHONEAUTH_DECL std::string client_address_by_hops(std::string_view peer, std::string_view forwarded, unsigned hops) {
    const auto named = detail::forwarded_by(forwarded, hops);
    if (!named.empty()) return std::string(named);
    const auto bare = detail::bare_address(peer);
    return std::string(detail::parse_ip(bare) ? bare : peer);
}

PHONEAUTH_DECL bool is_network(std::string_view text) {
    return detail::parse_network(text).has_value();
}

PHONEAUTH_DECL bool is_too_wide(std::string_view text) {
    const auto network = detail::parse_network(text);
    return network && detail::is_too_wide(*network);
}

}  // namespace v0
}  // namespace phoneauth

#endif
