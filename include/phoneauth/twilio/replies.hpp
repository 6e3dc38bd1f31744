// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_REPLIES_HPP
#define PHONEAUTH_TWILIO_REPLIES_HPP

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <phoneauth/detail/config.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/text_message.hpp>

namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// What became of a Messages create that was answered with `reply`: the accepted message, or a failure by `failure_of`.
PHONEAUTH_DECL result<sent_message> read_sent_message(const http_response& reply);
/// Whether it would be one: fails as that does. Costs less.
PHONEAUTH_DECL result<void> check_sent_message(const http_response& reply);

/// The failure that `reply`, which is no success, stands for: what `error_codes` says of Twilio's code; else
/// `provider_busy` (429, with `retry_after`), `provider_misconfigured` (401, 403), `provider_unreachable` (407: a proxy
/// on the way has not passed it on), `provider_refused` (an unknown code), `no_answer` (5xx: it may have been sent),
/// `bad_provider_reply` (a redirect or no reply of Twilio's). `twilio_code` is set if Twilio named one.
PHONEAUTH_DECL failure failure_of(const http_response& reply);

/// Whether Twilio went into what it was asked, whatever it then said: success, or a refusal because of the message or
/// the phone, with a code of Twilio's. False for what it says to all requests alike (wrong credentials or sender, too
/// many requests, out of order), and for what is not Twilio's: a proxy's page, say.
PHONEAUTH_DECL bool is_about_the_request(const http_response& reply);

/// Whether `reply` says that a look-up of messages worked: what is asked in place of a message when nobody has a phone.
/// Fails with `bad_provider_reply` if it is neither a list of Twilio's nor another resource (which a stand-in for Twilio
/// may answer), else as `failure_of`.
PHONEAUTH_DECL result<void> read_look_up(const http_response& reply);

/// Twilio is left alone for so long after a 429 that does not say for how long.
inline constexpr std::chrono::seconds usual_pause{5};
/// It is left alone for no longer than this, whatever it says.
inline constexpr std::chrono::seconds longest_pause{3600};

/// For how long Twilio is to be asked nothing more after `reply`; 0: it may be asked at once. That is the Retry-After of
/// a 429 or 503 (RFC 6585 §4, RFC 9110 §10.2.3), at most `longest_pause`. A 429 about the message (the sender's queue is
/// full) says nothing about other requests.
PHONEAUTH_DECL std::chrono::seconds pause_after(const http_response& reply);

/// True when `f`, what sending a message ended with, promises that no message was sent. Else it may have been.
PHONEAUTH_DECL bool certainly_not_sent(const failure& f) noexcept;

/// What the account look-up says: "active", "suspended" or "closed".
PHONEAUTH_DECL result<std::string> read_account_status(const http_response& reply);

/// Whether the account look-up says that the account is on trial.
PHONEAUTH_DECL bool is_trial_account(const http_response& reply);

/// Numbers of the first page of a list.
struct number_page {
    std::vector<std::string> numbers;  ///< E.164; at most 20
    bool is_whole = true;              ///< there are no others
};

/// What the list of verified numbers says.
PHONEAUTH_DECL result<number_page> read_verified_numbers(const http_response& reply);

/// Whether a look-up of short codes found one.
PHONEAUTH_DECL result<bool> read_short_code(const http_response& reply);

/// Some senders of a Messaging Service.
struct service_senders {
    std::size_t count = 0;    ///< on the first page
    bool cannot_sms = false;  ///< there are some, whose capabilities are known, and SMS is none of them
};

/// What a list of a Messaging Service's senders says; `member` is where they stand in it: "phone_numbers", say.
PHONEAUTH_DECL result<service_senders> read_service_senders(const http_response& reply, std::string_view member);

/// A country, as Twilio's Geo Permissions have it.
struct country_permission {
    std::string country;   ///< ISO 3166-1, two letters
    std::string prefix;    ///< what its numbers begin with: digits
    bool enabled = false;  ///< the account may send messages there
};

/// What the list of countries says; at most 500 of them. Rows of another form are left out.
PHONEAUTH_DECL result<std::vector<country_permission>> read_countries(const http_response& reply);

/// When `reply` was made, by its header Date (RFC 9110 §6.6.1); empty if it does not say so.
PHONEAUTH_DECL std::optional<std::chrono::sys_seconds> date_of(const http_response& reply);

/// What a number can do.
struct capabilities {
    bool sms = false;  ///< send SMS
    bool mms = false;  ///< send MMS
};

/// What the number look-up says; an empty optional: the account does not own it.
PHONEAUTH_DECL result<std::optional<capabilities>> read_number(const http_response& reply);

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/twilio/replies.ipp>
#endif

#endif
