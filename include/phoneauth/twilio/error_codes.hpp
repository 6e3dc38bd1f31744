// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_ERROR_CODES_HPP
#define PHONEAUTH_TWILIO_ERROR_CODES_HPP

#include <array>
#include <string_view>

#include <phoneauth/error.hpp>

namespace phoneauth {
inline namespace v0 {
namespace twilio {

// clang-format off
/// What one of Twilio's error codes means for whoever asked for a message.
struct error_code_row {
    int code;               ///< Twilio's
    error meaning;          ///< ours
    std::string_view text;  ///< what is told instead of Twilio's own text
};

/// The codes that have a meaning of their own, in ascending order; see `failure_of` for the others.
/// Source: https://www.twilio.com/docs/api/errors
inline constexpr std::array error_codes{
    error_code_row{20003, error::provider_misconfigured, "Twilio rejected the server's credentials."},
    error_code_row{20404, error::provider_misconfigured, "Twilio does not know the configured account."},
    error_code_row{20429, error::provider_busy, "Twilio is receiving too many requests; try again later."},
    error_code_row{21211, error::invalid_phone_number, "The phone number is not valid."},
    error_code_row{21212, error::provider_misconfigured, "The configured sender is not a valid phone number."},
    error_code_row{21408, error::provider_refused, "Messages to this country are not enabled."},
    error_code_row{21602, error::missing_parameter, "The message has no text."},
    error_code_row{21604, error::missing_parameter, "The message has no recipient."},
    error_code_row{21606, error::provider_misconfigured, "The configured sender cannot send this message."},
    error_code_row{21608, error::provider_refused, "A Twilio trial account sends only to numbers verified with it."},
    error_code_row{21610, error::provider_refused, "The recipient has opted out of messages from this sender."},
    error_code_row{21611, error::provider_busy, "The sender's queue is full; try again later."},
    error_code_row{21612, error::provider_refused, "This sender cannot reach that phone number."},
    error_code_row{21614, error::provider_refused, "The phone number is not a mobile number."},
    error_code_row{21617, error::message_too_long, "The message is longer than 1600 characters."},
};
// clang-format on

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
