// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_EVENT_IPP
#define PHONEAUTH_EVENT_IPP

#include <phoneauth/detail/json.hpp>
#include <phoneauth/error.hpp>
#include <phoneauth/event.hpp>

namespace phoneauth {
inline namespace v0 {

PHONEAUTH_DECL event_kind event_kind_of(const failure& why) noexcept {
    if (why.code.category() != error_category()) return event_kind::refused;
    switch (static_cast<error>(why.code.value())) {
    case error::wrong_code:
        return event_kind::wrong_code;
    case error::tries_exhausted:  // with the tries left: it was this code that exhausted them
        return why.tries_left ? event_kind::locked : event_kind::refused;
    case error::invalid_login:
        return event_kind::wrong_password;
    case error::storage_unavailable:
        return event_kind::storage_error;
    case error::provider_refused:
    case error::provider_misconfigured:
    case error::provider_busy:
    case error::provider_unreachable:
    case error::no_answer:
    case error::bad_provider_reply:
        return event_kind::provider_error;
    default:
        return why.twilio_code ? event_kind::provider_error : event_kind::refused;
    }
}

PHONEAUTH_DECL std::string event_json(const event& e) {
    detail::json_object json;
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
        json.number("code", own ? row_of(static_cast<error>(e.reason.value())).backendless_code : e.reason.value());
        if (own) json.string("reason", row_of(static_cast<error>(e.reason.value())).name);
    }
    if (e.retry_after) json.number("retryAfter", e.retry_after->count());
    if (e.tries_left) json.number("triesLeft", *e.tries_left);
    if (e.twilio_code) json.number("twilioCode", *e.twilio_code);
    return std::move(json).str();
}

}  // namespace v0
}  // namespace phoneauth

#endif
