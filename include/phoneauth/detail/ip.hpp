// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_IP_HPP
#define PHONEAUTH_DETAIL_IP_HPP

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/detail/inet.hpp>
#include <phoneauth/version.hpp>

// Addresses and networks as text, and as what they are.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// An IPv6 address, or an IPv4 one mapped into IPv6 (RFC 4291 §2.5.5.2).
using ip_address = std::array<unsigned char, 16>;

/// "192.0.2.1:80" → "192.0.2.1", "[2001:db8::1]:80" and "[2001:db8::1]" → "2001:db8::1"; anything else as it is.
inline std::string_view without_port(std::string_view text) noexcept {
    if (text.starts_with('[')) return text.substr(1, (std::min)(text.find(']'), text.size()) - 1);
    const auto colon = text.find(':');
    return colon == text.rfind(':') ? text.substr(0, colon) : text;
}

/// Reads an address and nothing else.
inline std::optional<ip_address> parse_ip(std::string_view text) noexcept {
    std::array<char, longest_ip> buffer{};
    text = text.substr(0, text.find('%'));  // a zone (RFC 4007 §11) is this machine's own business
    if (text.size() >= buffer.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
    std::copy(text.begin(), text.end(), buffer.begin());
    ip_address a{};
    if (read_ipv6(buffer.data(), a.data())) return a;
    a[10] = a[11] = 0xff;
    if (read_ipv4(buffer.data(), a.data() + 12)) return a;
    return std::nullopt;
}

/// The address in what servers and proxies print: perhaps with a port, in brackets, between blanks.
inline std::string_view bare_address(std::string_view text) noexcept {
    return without_port(trim(text));
}

/// The IPv4 address that `a` stands for, four bytes of it, or nullptr: a mapped one, or one behind a NAT64 (RFC 6052
/// §2.1, 64:ff9b::/96), whose clients share the other 96 bits.
inline const unsigned char* ipv4_in(const ip_address& a) noexcept {
    constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    constexpr std::array<unsigned char, 12> nat64{0, 0x64, 0xff, 0x9b};
    const auto begins_with = [&](const auto& prefix) { return std::equal(prefix.begin(), prefix.end(), a.begin()); };
    return begins_with(mapped) || begins_with(nat64) ? a.data() + 12 : nullptr;
}

/// The first `bits` of `a`, a multiple of 8, as "2001:db8::/32".
inline std::string ipv6_prefix(ip_address a, unsigned bits) {
    std::fill(a.begin() + bits / 8, a.end(), static_cast<unsigned char>(0));
    return ipv6_text(a.data()) + '/' + std::to_string(bits);
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

/// Whether `n` is larger than what anybody has: than an IPv4 /8, than an IPv6 /16 outside of the private and link-local
/// ranges (RFC 4193, RFC 4291 §2.5.6), or a network in which all IPv4 addresses are. Strangers are in it.
inline bool is_too_wide(const ip_network& n) noexcept {
    constexpr ip_network mapped{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
    constexpr ip_network own[] = {{{0xfc}, 7}, {{0xfe, 0x80}, 10}};
    if (n.bits >= mapped.bits && mapped.has(n.address)) return n.bits < 96 + 8;
    if (n.has(mapped.address)) return true;
    return n.bits < 16 && std::none_of(std::begin(own), std::end(own),
                                       [&](const ip_network& o) { return n.bits >= o.bits && o.has(n.address); });
}

/// See `client_address_by_hops`; empty if there is no such address.
inline std::string_view forwarded_by(std::string_view forwarded, unsigned hops) noexcept {
    for (;;) {
        const auto comma = forwarded.rfind(',');
        if (hops <= 1) {
            const auto address = bare_address(forwarded.substr(comma == std::string_view::npos ? 0 : comma + 1));
            return hops == 1 && parse_ip(address) ? address : std::string_view();
        }
        if (comma == std::string_view::npos) return {};
        forwarded = forwarded.substr(0, comma);
        --hops;
    }
}

/// Proxies that are believed. Immutable, so that it may be used from several threads at once.
class trusted_networks {
public:
    /// What is neither an address nor a network is passed over, and so is a network that is too wide.
    explicit trusted_networks(const std::vector<std::string>& texts) {
        for (const auto& text : texts)
            if (const auto network = parse_network(text); network && !is_too_wide(*network))
                networks_.push_back(*network);
    }

    /// Whether `text`, as `bare_address` gives it, is an address of one of them.
    bool has(std::string_view text) const noexcept {
        const auto a = parse_ip(text);
        return a && std::any_of(networks_.begin(), networks_.end(), [&](const ip_network& n) { return n.has(*a); });
    }

    /// See `client_address`.
    std::string client_address(std::string_view peer, std::string_view forwarded) const {
        const auto bare = bare_address(peer);
        auto asked = parse_ip(bare) ? bare : peer;  // the last address that is sure
        for (int hops = 0; hops < max_hops && !forwarded.empty() && has(asked); ++hops) {
            const auto comma = forwarded.rfind(',');
            const auto last = bare_address(forwarded.substr(comma == std::string_view::npos ? 0 : comma + 1));
            if (!parse_ip(last)) break;
            asked = last;
            forwarded = forwarded.substr(0, comma == std::string_view::npos ? 0 : comma);
        }
        return std::string(asked);
    }

private:
    static constexpr int max_hops = 20;  // nobody has more proxies, but a client can name thousands

    std::vector<ip_network> networks_;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
