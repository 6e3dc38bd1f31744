// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_REPLY_IPP
#define PHONEAUTH_REST_REPLY_IPP

#include <chrono>
#include <string>

#include <phoneauth/detail/json.hpp>
#include <phoneauth/rest/error_codes.hpp>
#include <phoneauth/rest/reply.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

PHONEAUTH_DECL reply::reply(const failure& f) {
    const bool own = f.code.category() == error_category() || !f.code;
    const auto e = static_cast<error>(f.code.value());
    // What this server cannot do just now is worth another try soon (RFC 9110 §15.6.4).
    auto wait = f.retry_after;
    if (!wait && (f.code == error::overloaded || f.code == error::storage_unavailable)) wait = std::chrono::seconds(1);
    phoneauth::detail::json_object data;
    if (wait) data.number("retryAfter", wait->count());
    if (f.tries_left) data.number("triesLeft", *f.tries_left);
    if (f.twilio_code) data.number("twilioCode", *f.twilio_code);
    phoneauth::detail::json_object json;
    json.number("code", own ? codes_of(e).code : f.code.value());
    json.string("message", f.message.empty() ? row_of(e).text : f.message);
    json.raw("errorData", std::move(data).str());
    *this = of_json(std::move(json).str(), own ? codes_of(e).http_status : 400);
    if (wait) headers.push_back({"Retry-After", std::to_string(wait->count())});
}

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
