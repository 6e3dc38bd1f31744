// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_CLIENT_INFO_IPP
#define PHONEAUTH_CLIENT_INFO_IPP

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <system_error>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <phoneauth/client_info.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// An IPv6 address, or an IPv4 one mapped into IPv6 (RFC 4291 §2.5.5.2).
using ip_address = std::array<unsigned char, 16>;

/// "192.0.2.1:80" → "192.0.2.1", "[2001:db8::1]:80" and "[2001:db8::1]" → "2001:db8::1"; anything else as it is.
inline std::string_view without_port(std::string_view text) noexcept {
    if (text.starts_with('[')) return text.substr(1, std::min(text.find(']'), text.size()) - 1);
    const auto colon = text.find(':');
    return colon == text.rfind(':') ? text.substr(0, colon) : text;
}

inline bool is_mapped(const ip_address& a) noexcept {
    constexpr std::array<unsigned char, 12> prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return std::equal(prefix.begin(), prefix.end(), a.begin());
}

inline std::optional<ip_address> parse_ip(std::string_view text) noexcept {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    text = text.substr(0, text.find('%'));  // a zone (RFC 4007 §11) is this machine's own business
    if (text.size() >= buffer.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
    std::copy(text.begin(), text.end(), buffer.begin());
    ip_address a{};
    if (::inet_pton(AF_INET6, buffer.data(), a.data()) == 1) return a;
    a[10] = a[11] = 0xff;
    if (::inet_pton(AF_INET, buffer.data(), a.data() + 12) == 1) return a;
    return std::nullopt;
}

inline std::string ip_text(int family, const unsigned char* bytes) {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    return ::inet_ntop(family, bytes, buffer.data(), static_cast<socklen_t>(buffer.size())) ? buffer.data() : "";
}

struct ip_network {
    ip_address address;
    unsigned bits;

    bool has(const ip_address& a) const noexcept {
        const std::size_t whole = bits / 8;
        if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), address.begin())) return false;
        return bits % 8 == 0 || (a[whole] ^ address[whole]) >> (8 - bits % 8) == 0;
    }
};

inline std::optional<ip_network> parse_network(std::string_view text) noexcept {
    const auto slash = text.find('/');
    const auto address = parse_ip(text.substr(0, slash));
    if (!address) return std::nullopt;
    ip_network n{*address, 128};
    if (slash == std::string_view::npos) return n;
    const auto digits = text.substr(slash + 1);
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), n.bits);
    if (ec != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    const bool v4 = text.substr(0, slash).find(':') == std::string_view::npos;
    if (n.bits > (v4 ? 32U : 128U)) return std::nullopt;
    if (v4) n.bits += 96;
    return n;
}

}  // namespace detail

PHONEAUTH_DECL std::string client_network(std::string_view address) {
    auto a = detail::parse_ip(address);
    if (!a) return {};
    if (detail::is_mapped(*a)) return detail::ip_text(AF_INET, a->data() + 12);
    std::fill(a->begin() + 8, a->end(), static_cast<unsigned char>(0));
    return detail::ip_text(AF_INET6, a->data()) + "/64";
}

PHONEAUTH_DECL std::string wide_network(std::string_view address) {
    auto a = detail::parse_ip(address);
    if (!a || detail::is_mapped(*a)) return {};
    std::fill(a->begin() + 6, a->end(), static_cast<unsigned char>(0));
    return detail::ip_text(AF_INET6, a->data()) + "/48";
}

PHONEAUTH_DECL std::string client_address(std::string_view peer, std::string_view forwarded,
                                          const std::vector<std::string>& trusted) {
    const auto is_trusted = [&](std::string_view text) {
        const auto a = detail::parse_ip(text);
        return a && std::any_of(trusted.begin(), trusted.end(), [&](const std::string& t) {
                   const auto network = detail::parse_network(t);
                   return network && network->has(*a);
               });
    };
    std::string_view asked = peer;  // the last address that is sure
    while (is_trusted(asked) && !forwarded.empty()) {
        const auto comma = forwarded.rfind(',');
        auto last = comma == std::string_view::npos ? forwarded : forwarded.substr(comma + 1);
        while (!last.empty() && (last.front() == ' ' || last.front() == '\t')) last.remove_prefix(1);
        while (!last.empty() && (last.back() == ' ' || last.back() == '\t')) last.remove_suffix(1);
        last = detail::without_port(last);
        if (!detail::parse_ip(last)) break;
        asked = last;
        forwarded = forwarded.substr(0, comma == std::string_view::npos ? 0 : comma);
    }
    return std::string(asked);
}

PHONEAUTH_DECL bool is_network(std::string_view text) {
    return detail::parse_network(text).has_value();
}

}  // namespace v0
}  // namespace phoneauth

#endif
