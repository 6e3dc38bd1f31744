// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_EVENT_IPP
#define PHONEAUTH_EVENT_IPP

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
    case error::provider_misconfigured:
        return event_kind::sender_trouble;
    case error::provider_refused:
    case error::provider_busy:
    case error::provider_unreachable:
    case error::no_answer:
    case error::bad_provider_reply:
        return event_kind::provider_error;
    default:
        return why.twilio_code ? event_kind::provider_error : event_kind::refused;
    }
}

}  // namespace v0
}  // namespace phoneauth

#endif
