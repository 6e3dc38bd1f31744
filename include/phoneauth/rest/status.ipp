// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_STATUS_IPP
#define PHONEAUTH_REST_STATUS_IPP

#include <array>
#include <cstddef>
#include <string_view>

#include <phoneauth/detail/json.hpp>
#include <phoneauth/rest/status.hpp>
#include <phoneauth/twilio/delivery.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

PHONEAUTH_DECL std::string status_json(const transaction_status& s) {
    // In the order of the enumerators, which count from 1.
    constexpr std::array<std::string_view, 5> states{"pending", "confirmed", "exhausted", "expired", "failed"};
    constexpr std::array<std::string_view, 3> deliveries{"pending", "delivered", "undelivered"};
    detail::json_object json;
    json.string("state", states.at(static_cast<std::size_t>(s.state) - 1));
    json.string("delivery", deliveries.at(static_cast<std::size_t>(s.delivery) - 1));
    if (s.delivery == delivery_state::undelivered)
        json.string("reason", twilio::delivery_problem(s.twilio_code.value_or(0)));
    if (s.twilio_code) json.number("twilioCode", *s.twilio_code);
    json.number("triesLeft", s.tries_left).number("expiresIn", s.expires_in.count());
    if (s.resend_after)
        json.number("resendAfter", s.resend_after->count());
    else
        json.null("resendAfter");
    return std::move(json).str();
}

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
