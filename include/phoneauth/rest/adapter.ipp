// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_ADAPTER_IPP
#define PHONEAUTH_REST_ADAPTER_IPP

#include <phoneauth/detail/url.hpp>
#include <phoneauth/error.hpp>
#include <phoneauth/rest/adapter.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

PHONEAUTH_DECL std::string_view path_of(const http_request& request) noexcept {
    return phoneauth::detail::split_target(request.url).path;
}

PHONEAUTH_DECL session_token session_of(const http_request& request) {
    const auto* token = find_header(request.headers, "user-token");
    return session_token(token ? *token : std::string());
}

PHONEAUTH_DECL reply session_refused(const failure& why) {
    reply r(why);
    for (const error over :
         {error::unknown_token, error::session_expired, error::account_disabled, error::login_required})
        if (why.code == over) r.status = 401;
    return r;
}

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
