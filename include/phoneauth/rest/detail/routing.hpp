// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_DETAIL_ROUTING_HPP
#define PHONEAUTH_REST_DETAIL_ROUTING_HPP

#include <string>
#include <string_view>
#include <vector>

#include <phoneauth/client_info.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/detail/ip.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/rest/options.hpp>
#include <phoneauth/rest/reply.hpp>
#include <phoneauth/result.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

/// Where a request goes.
struct route_target {
    std::vector<secret_string> segments;  ///< of the path below the root, percent-decoded, without those that are empty
    bool by_key = false;                  ///< the root was /{appId}/{apiKey}/, not /api/
};

/// Takes the root off `url`, a path with or without a query; "/health" has none. Backendless's SDKs join paths to a
/// server's URL by "/", and so write "//" where that ends in one: empty segments do not count. → or `unknown_route`,
/// `wrong_application`, `invalid_parameter` (a percent sequence that is broken, or stands for a letter or a digit: no
/// client writes those so, and path rules of a proxy that does not decode would not see the route).
PHONEAUTH_DECL result<route_target> read_target(std::string_view url, const options& o);

/// Throws `std::invalid_argument` with a sentence if an `api` cannot use `o`.
PHONEAUTH_DECL void check_options(const options& o);

/// The client whose request came from `peer`; `proxies` are those of `o`.
PHONEAUTH_DECL client_info client_of(const http_request& request, std::string_view peer, const options& o,
                                     const phoneauth::detail::trusted_networks& proxies);

/// Whether a page of another origin, which is not allowed, makes a browser send this request. The page cannot read the
/// reply, but the request would be carried out, and each that starts something costs a message.
PHONEAUTH_DECL bool is_from_elsewhere(const http_request& request, const options& o);

/// Whether `segments` are those of `pattern`, for example "/users/*"; `captured` gets what stands at the "*".
PHONEAUTH_DECL bool matches(std::string_view pattern, const std::vector<secret_string>& segments,
                            std::string& captured);

}  // namespace detail
}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/rest/detail/routing.ipp>
#endif

#endif
