// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_REQUESTS_HPP
#define PHONEAUTH_TWILIO_REQUESTS_HPP

#include <chrono>
#include <string>
#include <string_view>

#include <phoneauth/config.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/text_message.hpp>
#include <phoneauth/transaction.hpp>

namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// Where a product of Twilio's is: `https://api.twilio.com`, with the region and the edge of `c` if it has them; or
/// `base_url`, which takes the place of all products. Without a "/" at its end.
PHONEAUTH_DECL std::string url_of_product(const twilio_config& c, std::string_view product = "api");

/// Builds requests to Twilio's REST API (version 2010-04-01, and two others for what that lacks); what comes back is read by the functions of replies.hpp.
/// No I/O. Immutable, so that it may be used from several threads at once.
class requests {
public:
    /// `c` passes `validate`. The credentials are the API key's if there is one, else the account's.
    PHONEAUTH_DECL explicit requests(const twilio_config& c);

    /// Messages create: `POST /2010-04-01/Accounts/{Sid}/Messages.json`. `to` takes the place of `m.to`. Fails with
    /// `missing_parameter` (neither body nor media), `message_too_long`, `invalid_media_url`, `invalid_parameter` (an
    /// option that Twilio does not know, too many media, a body that is not UTF-8 or holds a NUL, a StatusCallback below
    /// `twilio_config::status_callback`: Twilio would sign a report about a transaction that the sender has named).
    /// Where the sender, the option From or the configured one, is of a channel (`whatsapp:`, `rcs:`), so is `to`.
    PHONEAUTH_DECL result<http_request> create_message(const phone_number& to, const text_message& m) const;

    /// The same for a code's text, good for `validity`: after that Twilio no longer delivers it. What becomes of it is
    /// reported to `status_callback`, a URL, unless that is empty.
    PHONEAUTH_DECL http_request create_code_message(const phone_number& to, std::string_view text,
                                                    std::chrono::seconds validity,
                                                    std::string_view status_callback = {},
                                                    const text_message::option_list& added = {}) const;

    /// The messages that were sent to `to`: `GET …/Messages.json?PageSize=1&To=…`. Costs nothing.
    PHONEAUTH_DECL http_request find_messages(const phone_number& to) const;
    /// The URL of that.
    PHONEAUTH_DECL std::string messages_to(const phone_number& to) const;
    /// Makes of `message`, as from `create_code_message`, what `find_messages` asks at `url`.
    PHONEAUTH_DECL static void look_up_instead(http_request& message, std::string url);

    /// The account itself: `GET /2010-04-01/Accounts/{Sid}.json`.
    PHONEAUTH_DECL http_request fetch_account() const;

    /// The account's numbers that are `number`: `GET …/IncomingPhoneNumbers.json?PhoneNumber=…`.
    PHONEAUTH_DECL http_request find_number(const phone_number& number) const;

    /// The account's short codes that are `code`, 3 to 8 digits: `GET …/SMS/ShortCodes.json?ShortCode=…`.
    PHONEAUTH_DECL http_request find_short_code(std::string_view code) const;

    /// The numbers that are verified with the account, the only ones that a trial account can reach:
    /// `GET …/OutgoingCallerIds.json`, its first page.
    PHONEAUTH_DECL http_request list_verified_numbers() const;

    /// Senders of the configured Messaging Service: `GET /v1/Services/{Sid}/PhoneNumbers`, its first page, or another
    /// subresource in the place of PhoneNumbers.
    PHONEAUTH_DECL http_request list_service_senders(std::string_view subresource) const;

    /// The countries that Twilio has, and to which of them the account may send: `GET /v1/Messaging/GeoPermissions`.
    PHONEAUTH_DECL http_request list_countries() const;

private:
    PHONEAUTH_DECL http_request get(std::string url) const;
    PHONEAUTH_DECL http_request post_message(std::string form, bool sender_is_chosen) const;

    std::string account_url_;  // …/2010-04-01/Accounts/{Sid}
    std::string messages_url_;
    std::string service_url_;  // …/v1/Services/{Sid}
    std::string countries_url_;
    secret_string authorization_;
    std::string sender_;
    std::string_view channel_;  // "whatsapp:", "rcs:" or empty: of the configured sender
    secret_string own_callback_;
};

/// Whether what a hook has added to a code's message can be: options that Twilio has, other than From,
/// MessagingServiceSid, FallbackFrom, StatusCallback and ValidityPeriod; at most 20, of 4096 bytes. `error::internal`
/// if not.
PHONEAUTH_DECL result<void> check_code_options(const text_message::option_list& added);

/// Whether the options of `m` take the place of something configured, so that what becomes of the message says nothing
/// about the configured sender: From, MessagingServiceSid, FallbackFrom, StatusCallback.
PHONEAUTH_DECL bool chooses_sender(const text_message& m);

/// The text of the message that carries `code`, which is for `what` and, if that is a verification, `topic`: the template filled in and, where configured, the app hash for
/// Android's SMS Retriever and the last line for origin-bound codes (`@host #code`).
PHONEAUTH_DECL std::string code_text(const config& c, std::string_view code, purpose what, std::string_view topic = {});

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/twilio/requests.ipp>
#endif

#endif
