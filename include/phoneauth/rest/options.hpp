// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_OPTIONS_HPP
#define PHONEAUTH_REST_OPTIONS_HPP

#include <cstddef>
#include <string>
#include <vector>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

/// Whose messages the API sends. Messages are paid for, and a server that sends any text to any phone for anybody is a
/// spammer's prize.
enum class send_message_access {
    /// Those of logged-in users. Of Twilio's options they may choose ValidityPeriod, SmartEncoded, ContentRetention,
    /// AddressRetention and ProvideFeedback; others are `not_permitted`.
    session,
    /// Under the root with the API key, those of anyone who knows the key, with every option of Twilio's. Under the
    /// other root, those of logged-in users. A StatusCallback below `twilio_config::status_callback` is `invalid_parameter`.
    key,
    off  ///< nobody's, the default: `error::send_message_disabled`
};

/// What an `api` needs to know.
struct options {
    /// The first segment of the root path; required.
    std::string app_id{};
    /// The second segment; required. All clients hold it: it tells applications apart, not people.
    std::string api_key{};
    /// Whose messages are sent. A client gets Twilio's whole reply, as Backendless's clients expect it: the account's
    /// SID and the message's price are in it.
    send_message_access send_message = send_message_access::off;
    /// How large the body of a request may be. A larger one is `body_too_large`.
    std::size_t max_body_bytes = 65536;
    /// How deeply its JSON may be nested. A deeper one is `body_too_large`, too.
    std::size_t max_json_depth = 16;
    /// The origins whose pages may call the API beside its own, like "https://example.com", or for an app in a web
    /// view "capacitor://localhost". A browser lets no other page read a reply (CORS), and what other pages send is
    /// refused, unless it is a GET. Requests without the header Origin, those of apps and servers, are not asked. "*",
    /// for a public API, allows all: any page can then make its visitors' browsers start messages, each from a network
    /// of its own.
    std::vector<std::string> allowed_origins{};
    /// The addresses and networks ("10.0.0.0/8", "::1") of the reverse proxies in front of this server. Only from them
    /// is `forwarding_header` believed. A network in which strangers are (see `is_too_wide`) is refused: they would
    /// write their own addresses.
    std::vector<std::string> trusted_proxies{};
    /// Instead of `trusted_proxies`, where the addresses of the proxies are not known: how many of them, 1 to 20, add an
    /// address to `forwarding_header`. Dangerous when somebody can reach the server past them, or when the number is
    /// too large: they then write their own address, and no limit by client holds them; see `client_address_by_hops`. A
    /// request whose header has fewer addresses counts for the other end of the connection. 0 means that
    /// `trusted_proxies` decides.
    unsigned trusted_hops = 0;
    /// The header in which a proxy names its client, after those that it was told itself: a list as in X-Forwarded-For.
    /// (`Forwarded`, RFC 7239, has another form and is not read.)
    std::string forwarding_header = "X-Forwarded-For";
};

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
