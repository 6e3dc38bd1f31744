// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_CLIENT_INFO_HPP
#define PHONEAUTH_CLIENT_INFO_HPP

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/detail/config.hpp>

namespace phoneauth {
inline namespace v0 {

/// The client that asks, as far as the server knows it. All of it may be empty: what is not known is not limited.
struct client_info {
    // Constructors, as g++ 12 destroys a temporary aggregate in a co_await expression twice.
    client_info() = default;
    /// The members, in their order.
    explicit client_info(std::string from, std::string agent = {}, std::string user = {})
        : address(std::move(from)), user_agent(std::move(agent)), user_id(std::move(user)) {}

    /// IPv4 or IPv6, as text; a port, brackets, a zone and blanks around it do no harm. Empty: it is not known, and
    /// nothing is limited by client. All clients whose address is another text are limited together, as one.
    std::string address;
    std::string user_agent;  ///< for the observer; cut to 64 bytes there
    std::string user_id;     ///< `user::object_id` of the logged-in user on whose behalf a message is sent: that
                             ///< user's limit takes the place of the network's
    /// Many clients may share the address, because it is that of a proxy that does not count as trusted: it is limited
    /// like any other, but never becomes known to a user, nor counts as known. The first time, the observer is told
    /// `event_kind::misconfigured_proxy`.
    bool shared_address = false;
    /// What else came with the request, name → JSON text, for `before_message`: the answer to a captcha, say.
    std::map<std::string, std::string, std::less<>> extra{};
};

/// The network of all clients whose address is not empty and yet none.
inline constexpr std::string_view unknown_network = "unknown";

/// The part of an address that one subscriber has, in one spelling: an IPv4 address as it is (one that is mapped into
/// IPv6 or comes through a NAT64, RFC 6052 §2.1, too), of an IPv6 address the first 64 bits (RFC 4291 §2.5.4; RFC 6177:
/// at least that goes to one site). `address` is as in `client_info::address`: empty for an empty one,
/// `unknown_network` if it is none.
PHONEAUTH_DECL std::string client_network(std::string_view address);

/// The first 48 bits of an IPv6 address, "2001:db8:1::/48": the most that goes to one site (RFC 6177 §2), which has
/// 65,536 of the networks that `client_network` tells apart. Empty for IPv4 and for what is no address.
PHONEAUTH_DECL std::string wide_network(std::string_view address);

/// The address of the client behind trusted proxies (reverse proxies, load balancers).
///
/// @param peer       the other end of the connection
/// @param forwarded  the value of a header like X-Forwarded-For, to whose end each proxy has added the address that it
///                   was asked from, perhaps with a port
/// @param trusted    addresses and networks ("10.0.0.0/8", "::1"); those that are too wide (see `is_too_wide`) count as
///                   not there
/// @return `peer`, unless it is trusted. Then it is the last address of `forwarded` that is not trusted: everything
/// before that could have been made up. If there is no such address among the last 20, or something on the way there is
/// no address, it is the last trusted one, so that clients that cannot be told apart are limited together. Ports,
/// brackets and blanks are left out.
PHONEAUTH_DECL std::string client_address(std::string_view peer, std::string_view forwarded,
                                          const std::vector<std::string>& trusted);

/// The address of the client behind a known number of proxies, for whom their addresses are not known: the balancers of
/// a cloud change theirs. It believes whoever connects: when somebody can reach the server past the proxies, or when
/// there are fewer than `hops`, clients write their own addresses, and no limit by client holds them. So the server must
/// be reachable through the proxies alone (a firewall, a private network, a Unix socket), and each of them must add to
/// the header rather than hand it on.
///
/// @param peer       the other end of the connection
/// @param forwarded  as for `client_address`
/// @param hops       how many proxies add an address; at least 1
/// @return the address that is the `hops`-th from the end of `forwarded`, the last one for 1. `peer`, if there is none
/// or it is no address. Ports, brackets and blanks are left out.
PHONEAUTH_DECL std::string client_address_by_hops(std::string_view peer, std::string_view forwarded, unsigned hops);

/// Whether `text` is an address or a network, as in `client_address`.
PHONEAUTH_DECL bool is_network(std::string_view text);

/// Whether the network `text` is too wide to be trusted, as strangers are in it who could then write their own
/// addresses: wider than an IPv4 /8, which includes 0.0.0.0/0, or than an IPv6 /16, unless it is within the private
/// fc00::/7 or fe80::/10. False for an address, and for what is no network.
PHONEAUTH_DECL bool is_too_wide(std::string_view text);

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/client_info.ipp>
#endif

#endif
