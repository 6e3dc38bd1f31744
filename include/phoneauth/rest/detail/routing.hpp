// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_DETAIL_ROUTING_HPP
#define PHONEAUTH_REST_DETAIL_ROUTING_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <phoneauth/client_info.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/rest/reply.hpp>
#include <phoneauth/result.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

/// Who may send messages over the API. They are paid for, and whoever can send any text to any phone is a spammer's
/// prize.
enum class send_message_access {
    /// A logged-in user; of Twilio's options he may choose ValidityPeriod, SmartEncoded, ContentRetention,
    /// AddressRetention and ProvideFeedback, others are `not_permitted`.
    session,
    /// Who knows the API key, under the root that it is part of, with every option of Twilio's; under the other root, a
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

namespace detail {

/// Where a request goes.
struct route_target {
    std::vector<secret_string> segments;  ///< of the path below the root, percent-decoded
    bool by_key = false;                  ///< the root was /{appId}/{apiKey}/, not /api/
};

/// Takes the root off `url`, a path with or without a query. → or `unknown_route`, `wrong_application`,
/// `invalid_parameter` (a broken percent sequence).
PHONEAUTH_DECL result<route_target> read_target(std::string_view url, const rest::options& o);

/// Who sent the request that came from `peer`.
PHONEAUTH_DECL client_info client_of(const http_request& request, std::string_view peer, const rest::options& o);

/// Whether `segments` are those of `pattern`, for example "/users/*"; `captured` gets what stands at the "*".
PHONEAUTH_DECL bool matches(std::string_view pattern, const std::vector<secret_string>& segments,
                            std::string& captured);

/// What the Fetch standard (§3.2, "CORS protocol") wants of every reply.
PHONEAUTH_DECL void add_cors_headers(http_response& r, const http_request& request, const rest::options& o);

/// The answer to a browser's question whether it may send the real request.
PHONEAUTH_DECL rest::reply preflight_reply();

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/rest/detail/routing.ipp>
#endif

#endif
