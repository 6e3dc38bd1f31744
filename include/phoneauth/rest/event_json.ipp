// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_EVENT_JSON_IPP
#define PHONEAUTH_REST_EVENT_JSON_IPP

#include <string_view>
#include <utility>

#include <phoneauth/detail/json.hpp>
#include <phoneauth/error.hpp>
#include <phoneauth/rest/error_codes.hpp>
#include <phoneauth/rest/event_json.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

PHONEAUTH_DECL std::string event_json(const event& e) {
    phoneauth::detail::json_object json;
    const auto text = [&](std::string_view key, std::string_view value) {
        if (!value.empty()) json.string(key, value);
    };
    json.string("event", name_of(e.kind)).number("time", e.at.time_since_epoch().count());
    if (e.purpose) json.string("purpose", *e.purpose == purpose::login ? "login" : "registration");
    text("phone", e.phone);
    text("transaction", e.transaction);
    text("user", e.user_id);
    text("address", e.address);
    text("userAgent", e.user_agent);
    if (e.reason) {
        const bool own = e.reason.category() == error_category();
        const auto reason = static_cast<error>(e.reason.value());
        json.number("code", own ? codes_of(reason).code : e.reason.value());
        if (own) json.string("reason", row_of(reason).name);
    }
    if (e.retry_after) json.number("retryAfter", e.retry_after->count());
    if (e.tries_left) json.number("triesLeft", *e.tries_left);
    if (e.twilio_code) json.number("twilioCode", *e.twilio_code);
    return std::move(json).str();
}

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
