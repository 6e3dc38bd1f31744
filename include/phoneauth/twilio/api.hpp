// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_API_HPP
#define PHONEAUTH_TWILIO_API_HPP

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <phoneauth/config.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/text_message.hpp>

namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// Builds requests to Twilio's REST API (version 2010-04-01) and reads its replies. No I/O. Immutable, so that it may
/// be used from several threads at once.
class api {
public:
    /// `c` passes `validate`. The credentials are the API key's if there is one, else the account's.
    PHONEAUTH_DECL explicit api(const twilio_config& c);

    /// Messages create: `POST /2010-04-01/Accounts/{Sid}/Messages.json`. `to` takes the place of `m.to`. Fails with
    /// `missing_parameter` (neither body nor media), `message_too_long`, `invalid_media_url`, `invalid_parameter` (an
    /// option that Twilio does not know, too many media, a body that is not UTF-8 or holds a NUL).
    PHONEAUTH_DECL result<http_request> create_message(const phone_number& to, const text_message& m) const;

    /// The same for a code's text, good for `validity`: after that Twilio no longer delivers it. What becomes of it is
    /// reported to `status_callback`, a URL, unless that is empty.
    PHONEAUTH_DECL http_request create_code_message(const phone_number& to, std::string_view text,
                                                    std::chrono::seconds validity,
                                                    std::string_view status_callback = {}) const;

    /// The messages that were sent to `to`: `GET …/Messages.json?To=…&PageSize=1`. Costs nothing.
    PHONEAUTH_DECL http_request find_messages(const phone_number& to) const;

    /// The account itself: `GET /2010-04-01/Accounts/{Sid}.json`.
    PHONEAUTH_DECL http_request fetch_account() const;

    /// The account's numbers that are `number`: `GET …/IncomingPhoneNumbers.json?PhoneNumber=…`.
    PHONEAUTH_DECL http_request find_number(const phone_number& number) const;

private:
    PHONEAUTH_DECL http_request get(std::string_view path) const;
    PHONEAUTH_DECL http_request post_message(std::string form, bool sender_is_chosen) const;

    std::string account_url_;  // …/2010-04-01/Accounts/{Sid}
    std::string messages_url_;
    secret_string authorization_;
    std::string sender_;
};

/// What became of a Messages create that was answered with `reply`: the accepted message, or a failure by `failure_of`.
PHONEAUTH_DECL result<sent_message> read_message(const http_response& reply);

/// The failure that `reply`, which is no success, stands for: `provider_busy` (429, with `retry_after`),
/// `provider_misconfigured` (credentials, sender), `invalid_phone_number` or `provider_refused` (the recipient),
/// `no_answer` (5xx: it may have been sent), `bad_provider_reply` (a redirect or no reply of Twilio's). `twilio_code`
/// is set if Twilio named one.
PHONEAUTH_DECL failure failure_of(const http_response& reply);

/// Whether Twilio went into what it was asked, whatever it then said: success, or a refusal because of the message or
/// the phone (codes 21000 to 21999). False for what it says to all requests alike: wrong credentials, too many
/// requests, out of order.
PHONEAUTH_DECL bool is_about_the_request(const http_response& reply);

/// True when `f`, what sending a message ended with, promises that no message was sent. Else it may have been.
PHONEAUTH_DECL bool certainly_not_sent(const failure& f) noexcept;

/// Whether `f` says that the provider refused this very recipient, so that asking again would not help.
inline bool is_about_the_number(const failure& f) noexcept {
    return f.code == error::provider_refused || f.code == error::invalid_phone_number;
}

/// What the account look-up says: "active", "suspended" or "closed".
PHONEAUTH_DECL result<std::string> read_account_status(const http_response& reply);

/// What a number can do.
struct capabilities {
    bool sms = false;
    bool mms = false;
};

/// What the number look-up says; an empty optional: the account does not own it.
PHONEAUTH_DECL result<std::optional<capabilities>> read_number(const http_response& reply);

/// The text of the message that carries `code`: the template filled in and, where configured, the app hash for
/// Android's SMS Retriever and the last line for origin-bound codes (`@host #code`).
PHONEAUTH_DECL std::string code_text(const config& c, std::string_view code);

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/twilio/api.ipp>
#endif

#endif
