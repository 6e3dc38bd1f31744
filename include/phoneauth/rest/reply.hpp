// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_REPLY_HPP
#define PHONEAUTH_REST_REPLY_HPP

#include <string>
#include <utility>

#include <phoneauth/detail/config.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/result.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

/// What an endpoint answers: JSON that nobody may cache or take for anything else (RFC 9111 §5.2.2.5).
struct reply : http_response {
    reply() = default;

    /// The error body that Backendless's clients know: {"code": …, "message": …, "errorData": {…}}.
    ///
    /// Code and status are those of the failure's row in `error_codes`. A code of another category, which can only come
    /// from a hook, is taken as it is, with status 400. `errorData` holds `retryAfter` (seconds), `triesLeft` and
    /// `twilioCode` where they are known. `retryAfter` is also the header Retry-After (RFC 9110 §10.2.3); it is 1 for
    /// an `error::overloaded` or `error::storage_unavailable` that says nothing else.
    PHONEAUTH_DECL reply(const failure& f);

    /// A reply with `json`, a JSON text, and `status`.
    static reply of_json(std::string json, int status = 200) {
        reply r;
        r.status = status;
        r.headers = {
            {"Content-Type", "application/json"}, {"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}};
        r.body = std::move(json);
        return r;
    }
};

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/rest/reply.ipp>
#endif

#endif
