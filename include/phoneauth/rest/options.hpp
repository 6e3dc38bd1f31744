// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_OPTIONS_HPP
#define PHONEAUTH_REST_OPTIONS_HPP

#include <cstddef>
#include <string>
#include <vector>

namespace phoneauth {
inline namespace v0 {
namespace rest {

/// Who may send messages over the API. They are paid for, and whoever can send any text to any phone is a spammer's
/// prize.
enum class send_message_access {
    /// A logged-in user; of Twilio's options they may choose ValidityPeriod, SmartEncoded, ContentRetention,
    /// AddressRetention and ProvideFeedback, others are `not_permitted`.
    session,
    /// Whoever knows the API key, under the root it is part of, with every option of Twilio's; under the other root, a
    /// logged-in user.
    key,
    off  ///< nobody: `error::send_message_disabled`
};

/// What an `api` needs to know.
struct options {
    std::string app_id{};   ///< first segment of the root path; required
    std::string api_key{};  ///< second segment; required. Clients hold it: it tells applications apart, not people
    send_message_access send_message = send_message_access::session;
    std::size_t max_body_bytes = 65536;  ///< larger bodies are `body_too_large`
    std::size_t max_json_depth = 16;     ///< deeper ones too
    std::vector<std::string> allowed_origins{
        "*"};  ///< for browsers (CORS): origins like "https://example.com", or "*" for all
    /// Addresses and networks ("10.0.0.0/8", "::1") of the reverse proxies before this server. Only from them is
    /// `forwarding_header` believed.
    std::vector<std::string> trusted_proxies{};
    /// Where a proxy names its client, behind those that it was told: a list as in X-Forwarded-For.
    /// (`Forwarded`, RFC 7239, has another form and is not read.)
    std::string forwarding_header = "X-Forwarded-For";
};

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
