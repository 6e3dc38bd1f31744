// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_CORS_IPP
#define PHONEAUTH_REST_CORS_IPP

#include <algorithm>

#include <phoneauth/rest/cors.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

namespace detail {

PHONEAUTH_DECL bool is_allowed(std::string_view origin, const options& o) {
    return std::find(o.allowed_origins.begin(), o.allowed_origins.end(), origin) != o.allowed_origins.end();
}

PHONEAUTH_DECL reply preflight_reply() {
    reply r;
    r.status = 204;
    r.headers = {{"Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS"},
                 {"Access-Control-Allow-Headers", "content-type, user-token, bl-execution-type"},
                 {"Access-Control-Max-Age", "600"},
                 {"Cache-Control", "no-store"}};
    return r;
}

}  // namespace detail

PHONEAUTH_DECL void add_cors_headers(http_response& r, const http_request& request, const options& o) {
    if (r.status == 503 && request.method == "OPTIONS" && find_header(request.headers, "Access-Control-Request-Method"))
        r = detail::preflight_reply();
    if (detail::is_allowed("*", o)) {
        r.headers.push_back({"Access-Control-Allow-Origin", "*"});
    } else {
        r.headers.push_back({"Vary", "Origin"});
        const auto* origin = find_header(request.headers, "Origin");
        if (origin && detail::is_allowed(*origin, o)) r.headers.push_back({"Access-Control-Allow-Origin", *origin});
    }
    r.headers.push_back({"Access-Control-Expose-Headers", "Retry-After"});
}

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
