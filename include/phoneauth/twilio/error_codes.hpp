// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_ERROR_CODES_HPP
#define PHONEAUTH_TWILIO_ERROR_CODES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <phoneauth/error.hpp>
#include <phoneauth/twilio/senders.hpp>

namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// Whose fault it is that a message is not sent, and so who can change it.
enum class fault : std::uint8_t {
    sender,   ///< ours: the credentials, the sender or the service are misconfigured
    account,  ///< the account's: closed, on trial, without a permission
    number,   ///< the phone number's or its owner's
    carrier,  ///< the carrier's, or of a filter on the way
    message,  ///< the message's own: its text, its media, its options
    later     ///< nobody's: it may work later
};

/// Whose messages fail likewise.
enum class reach : std::uint8_t {
    one,          ///< nobody else's, for all that is known
    destination,  ///< perhaps those to the same country
    number,       ///< those to all if the sender is a phone number; else perhaps those to the same country
    everybody     ///< those to all
};

/// The name of a fault, as in `TWILIO.md`.
constexpr std::string_view name_of(fault f) noexcept {
    constexpr std::array<std::string_view, 6> names{"ours",          "the account's", "the number's",
                                                    "the carrier's", "the message's", "try later"};
    return names[static_cast<std::size_t>(f)];
}

/// What one of Twilio's error codes means for whoever asked for a message, and for whoever runs the server.
struct error_code_row {
    int code;                 ///< Twilio's
    fault whose;              ///< whose fault it is
    error meaning;            ///< ours
    reach whom;               ///< whose messages fail likewise
    std::string_view text;    ///< what is told to the client instead of Twilio's own text
    std::string_view remedy;  ///< what whoever runs the server can do about it
};

// clang-format off
/// The codes that have a meaning of their own, in ascending order; see `failure_of` for the others. Those from 30000 on
/// are mostly found in reports about messages that had been accepted.
/// Source: https://www.twilio.com/docs/api/errors, as of 2026-09.
inline constexpr std::array error_codes{
    error_code_row{10001, fault::account, error::provider_misconfigured, reach::everybody, "The Twilio account is not active.", "Look at the account's status and balance in Twilio's console."},
    error_code_row{20003, fault::sender, error::provider_misconfigured, reach::everybody, "Twilio rejected the server's credentials.", "Compare account_sid with auth_token, or with api_key and api_secret, and see what the key may do and in which region it is."},
    error_code_row{20005, fault::account, error::provider_misconfigured, reach::everybody, "The Twilio account is not active.", "Look at the account's status and balance in Twilio's console."},
    error_code_row{20006, fault::sender, error::provider_misconfigured, reach::everybody, "Twilio denied the server access.", "Give the API key the permission to create messages, or take a standard key."},
    error_code_row{20008, fault::sender, error::provider_misconfigured, reach::everybody, "Twilio's test credentials cannot do this.", "Configure the live credentials."},
    error_code_row{20010, fault::account, error::provider_misconfigured, reach::everybody, "The Twilio account may not do this.", "Ask Twilio's support what the account is barred from."},
    error_code_row{20403, fault::account, error::provider_misconfigured, reach::everybody, "The Twilio account may not use the API.", "The account is suspended or closed: ask Twilio's support."},
    error_code_row{20404, fault::sender, error::provider_misconfigured, reach::everybody, "Twilio does not know the configured account.", "Compare account_sid and region with Twilio's console."},
    error_code_row{20429, fault::later, error::provider_busy, reach::everybody, "Twilio is receiving too many requests; try again later.", "If it lasts, ask Twilio for more throughput."},
    error_code_row{21211, fault::number, error::invalid_phone_number, reach::one, "The phone number is not valid.", "Nothing: the client mistyped, or the number does not exist."},
    error_code_row{21212, fault::sender, error::provider_misconfigured, reach::everybody, "The configured sender is not a valid phone number.", "Set twilio.sender to a number, a sender id or a Messaging Service of the account."},
    error_code_row{21265, fault::number, error::invalid_phone_number, reach::one, "The phone number is a short code.", "Nothing: nobody has a short code for a phone."},
    error_code_row{21266, fault::number, error::provider_refused, reach::one, "The phone number is the sender's own.", "Nothing: the client gave the number that the messages come from."},
    error_code_row{21267, fault::account, error::provider_misconfigured, reach::everybody, "A Twilio trial account cannot send from an alphanumeric sender id.", "Upgrade the account, or set twilio.sender to its trial number."},
    error_code_row{21268, fault::number, error::provider_refused, reach::one, "Messages to premium numbers are not allowed.", "Nothing: somebody tries premium numbers; blocked_prefixes can refuse them before."},
    error_code_row{21408, fault::account, error::provider_refused, reach::one, "Messages to this country are not enabled.", "Enable the country under Messaging, Geo permissions, or leave it out of allowed_calling_codes."},
    error_code_row{21601, fault::sender, error::provider_misconfigured, reach::everybody, "The configured sender cannot send messages.", "Set twilio.sender to a number of the account that can send SMS."},
    error_code_row{21602, fault::message, error::missing_parameter, reach::one, "The message has no text.", "Nothing: the message was empty."},
    error_code_row{21603, fault::sender, error::provider_misconfigured, reach::everybody, "The message has no sender.", "Set twilio.sender."},
    error_code_row{21604, fault::message, error::missing_parameter, reach::one, "The message has no recipient.", "Nothing: the message had no recipient."},
    error_code_row{21605, fault::message, error::message_too_long, reach::one, "The message is longer than 1600 characters.", "Shorten the message."},
    error_code_row{21606, fault::sender, error::provider_misconfigured, reach::number, "The configured sender cannot send this message.", "Set twilio.sender to a number of the account that can send SMS to this country, or to a Messaging Service that has one."},
    error_code_row{21607, fault::account, error::provider_misconfigured, reach::everybody, "A Twilio trial account sends from its trial number only.", "Upgrade the account, or set twilio.sender to its trial number."},
    error_code_row{21608, fault::account, error::provider_refused, reach::one, "A Twilio trial account sends only to numbers verified with it.", "Upgrade the account, or verify the number in Twilio's console."},
    error_code_row{21609, fault::sender, error::provider_misconfigured, reach::everybody, "Twilio does not accept the address for its reports.", "Set twilio.status_callback, or the option StatusCallback, to a URL that the internet can reach."},
    error_code_row{21610, fault::number, error::provider_refused, reach::one, "The recipient has opted out of messages from this sender.", "The phone's owner has to send START to the sender."},
    error_code_row{21611, fault::later, error::provider_busy, reach::one, "The sender's queue is full; try again later.", "Spread the messages over more senders, by a Messaging Service."},
    error_code_row{21612, fault::carrier, error::provider_refused, reach::one, "This sender cannot reach that phone number.", "Take a sender that the country accepts: see Twilio's guidelines for it."},
    error_code_row{21614, fault::number, error::provider_refused, reach::one, "The phone number is not a mobile number.", "Nothing: the client gave a number that takes no SMS."},
    error_code_row{21616, fault::sender, error::provider_misconfigured, reach::everybody, "The configured sender is ambiguous.", "Write twilio.sender in E.164, with + and the country code."},
    error_code_row{21617, fault::message, error::message_too_long, reach::one, "The message is longer than 1600 characters.", "Shorten the message."},
    error_code_row{21618, fault::message, error::provider_refused, reach::one, "Twilio does not send this text.", "Change the text."},
    error_code_row{21619, fault::message, error::missing_parameter, reach::one, "The message has no text.", "Give a text, a medium or a ContentSid."},
    error_code_row{21620, fault::message, error::invalid_media_url, reach::one, "A media URL is not valid.", "Correct the media URL."},
    error_code_row{21621, fault::sender, error::provider_misconfigured, reach::one, "The configured sender cannot send media.", "Take a sender that can send MMS."},
    error_code_row{21622, fault::account, error::provider_misconfigured, reach::one, "The Twilio account cannot send media.", "Have MMS enabled for the account."},
    error_code_row{21623, fault::message, error::invalid_parameter, reach::one, "The message has too many media.", "Send fewer media."},
    error_code_row{21624, fault::message, error::invalid_parameter, reach::one, "The validity period is not valid.", "ValidityPeriod is 1 to 36000 seconds."},
    error_code_row{21627, fault::message, error::invalid_parameter, reach::one, "The highest price is not valid.", "MaxPrice is a decimal number."},
    error_code_row{21635, fault::number, error::provider_refused, reach::one, "The phone number is a landline.", "Nothing: the client gave a landline."},
    error_code_row{21654, fault::message, error::missing_parameter, reach::one, "The message needs a content template.", "Give a ContentSid."},
    error_code_row{21655, fault::message, error::invalid_parameter, reach::one, "The content template is not valid.", "ContentSid is HX and 32 hexadecimal digits, of the same account."},
    error_code_row{21656, fault::message, error::invalid_parameter, reach::one, "The content template's variables are not valid.", "ContentVariables is a JSON object of texts."},
    error_code_row{21657, fault::sender, error::provider_misconfigured, reach::everybody, "The configured sender id is not valid.", "Set twilio.sender to a sender id that Twilio accepts."},
    error_code_row{21658, fault::message, error::invalid_parameter, reach::one, "A parameter of the message is too long.", "Shorten what the message says."},
    error_code_row{21659, fault::sender, error::provider_misconfigured, reach::number, "The configured sender is not Twilio's, or not of the recipient's country.", "Set twilio.sender to a number of the account; a short code reaches its own country only."},
    error_code_row{21660, fault::sender, error::provider_misconfigured, reach::everybody, "The configured sender belongs to another account.", "Take the credentials of the account that owns the sender, or one of this account's numbers."},
    error_code_row{21661, fault::sender, error::provider_misconfigured, reach::everybody, "The configured sender cannot send SMS.", "Set twilio.sender to a number that can send SMS."},
    error_code_row{21662, fault::sender, error::provider_misconfigured, reach::destination, "The configured sender cannot reach this country from the region.", "Take another sender, or leave twilio.region empty."},
    error_code_row{21663, fault::sender, error::provider_misconfigured, reach::everybody, "The configured sender is routed to another region.", "Set the number's routing in Twilio's console to the region in twilio.region."},
    error_code_row{21664, fault::sender, error::provider_misconfigured, reach::everybody, "A fallback sender needs a Messaging Service.", "Send through a Messaging Service, or leave FallbackFrom out."},
    error_code_row{21665, fault::sender, error::provider_misconfigured, reach::everybody, "The fallback sender is not valid.", "FallbackFrom is a number, a short code or a sender id of the account."},
    error_code_row{21666, fault::sender, error::provider_misconfigured, reach::everybody, "A fallback sender needs a Messaging Service.", "Send through a Messaging Service, or leave FallbackFrom out."},
    error_code_row{21667, fault::sender, error::provider_misconfigured, reach::everybody, "A fallback sender needs an RCS sender in the Messaging Service.", "Add an RCS sender to the service, or leave FallbackFrom out."},
    error_code_row{21668, fault::sender, error::provider_misconfigured, reach::everybody, "This kind of sender cannot send in the region.", "Take another sender, or leave twilio.region empty."},
    error_code_row{21701, fault::sender, error::provider_misconfigured, reach::everybody, "Twilio does not know the configured Messaging Service.", "Compare twilio.sender with the services of this account."},
    error_code_row{21702, fault::sender, error::provider_misconfigured, reach::everybody, "The configured Messaging Service cannot send.", "See what the service lacks in Twilio's console."},
    error_code_row{21703, fault::sender, error::provider_misconfigured, reach::destination, "The configured Messaging Service has no sender for this message.", "Add a sender to the service that can reach this country."},
    error_code_row{21704, fault::sender, error::provider_misconfigured, reach::everybody, "The configured Messaging Service has no senders.", "Add a sender to the service."},
    error_code_row{21705, fault::sender, error::provider_misconfigured, reach::everybody, "The configured Messaging Service is not valid.", "Set twilio.sender to MG and 32 hexadecimal digits of this account."},
    error_code_row{21709, fault::sender, error::provider_misconfigured, reach::everybody, "The sender id may not be used with the Messaging Service.", "Add the sender id to the service."},
    error_code_row{21711, fault::sender, error::provider_misconfigured, reach::everybody, "The sender is not one of the Messaging Service's.", "Add the sender to the service."},
    error_code_row{21730, fault::later, error::provider_busy, reach::everybody, "Twilio is under maintenance; try again later.", "Wait."},
    error_code_row{30001, fault::later, error::provider_busy, reach::one, "The message waited too long; try again later.", "Spread the messages over more senders."},
    error_code_row{30002, fault::account, error::provider_misconfigured, reach::everybody, "The Twilio account is suspended.", "Look at the account's status and balance in Twilio's console."},
    error_code_row{30003, fault::number, error::provider_refused, reach::one, "The phone cannot be reached; it may be switched off.", "Nothing: the phone was off or out of reach."},
    error_code_row{30004, fault::number, error::provider_refused, reach::one, "The phone does not take messages.", "Nothing: the phone's owner or carrier blocks messages."},
    error_code_row{30005, fault::number, error::provider_refused, reach::one, "The phone number is not in use.", "Nothing: nobody has the number."},
    error_code_row{30006, fault::number, error::provider_refused, reach::one, "The phone number is a landline or not reachable by its carrier.", "Nothing: the number takes no SMS."},
    error_code_row{30007, fault::carrier, error::provider_refused, reach::one, "The carrier filtered the message.", "Have the sender registered where the country asks for it, and change the text."},
    error_code_row{30008, fault::carrier, error::provider_refused, reach::one, "The message was not delivered.", "If it is frequent with one carrier, ask Twilio's support."},
    error_code_row{30010, fault::message, error::provider_refused, reach::one, "The message costs more than it may.", "Raise MaxPrice."},
    error_code_row{30011, fault::number, error::provider_refused, reach::one, "The phone does not take media.", "Send a text without media."},
    error_code_row{30017, fault::later, error::provider_busy, reach::one, "The carrier is busy; try again later.", "Wait."},
    error_code_row{30018, fault::sender, error::provider_misconfigured, reach::destination, "The sender is not registered with the carrier.", "Register the sender id for this country in Twilio's console."},
    error_code_row{30019, fault::message, error::provider_refused, reach::one, "The message is too large for the carrier.", "Send smaller media."},
    error_code_row{30022, fault::later, error::provider_busy, reach::destination, "The sender has sent too much; try again later.", "Have the A2P 10DLC campaign's rate raised."},
    error_code_row{30023, fault::later, error::provider_busy, reach::destination, "The sender has sent too much today; try again tomorrow.", "Have the A2P 10DLC brand's daily cap raised."},
    error_code_row{30024, fault::sender, error::provider_misconfigured, reach::destination, "The sender is not known to the carrier.", "Take a sender that the country's carriers accept."},
    error_code_row{30027, fault::later, error::provider_busy, reach::destination, "The sender has sent too much today; try again tomorrow.", "Have the A2P 10DLC brand's daily cap raised."},
    error_code_row{30032, fault::sender, error::provider_misconfigured, reach::destination, "The sender is not verified.", "Have the toll-free number verified in Twilio's console."},
    error_code_row{30033, fault::sender, error::provider_misconfigured, reach::destination, "The sender's campaign is suspended.", "See why the A2P 10DLC campaign is suspended in Twilio's console."},
    error_code_row{30034, fault::sender, error::provider_misconfigured, reach::destination, "The sender is not registered with the carrier.", "Register the number for A2P 10DLC: add it to a Messaging Service with an approved campaign."},
    error_code_row{30035, fault::sender, error::provider_misconfigured, reach::destination, "The sender is still being registered.", "Wait until the A2P 10DLC registration is through, or take another sender."},
    error_code_row{30036, fault::later, error::provider_busy, reach::one, "The message waited too long; try again later.", "Spread the messages over more senders."},
    error_code_row{30037, fault::account, error::provider_misconfigured, reach::everybody, "The Twilio account may not send messages.", "Ask Twilio's support why outbound messages are disabled."},
    error_code_row{30038, fault::carrier, error::provider_refused, reach::one, "The carrier filtered the message.", "Nothing: the number is a Twilio number, which gets no codes."},
    error_code_row{30039, fault::carrier, error::provider_refused, reach::one, "Twilio filtered the message.", "Nothing: two machines were sending to each other."},
    error_code_row{30040, fault::sender, error::provider_misconfigured, reach::destination, "The sender is not registered with the carrier.", "Register the sender id for this country in Twilio's console."},
    error_code_row{30041, fault::sender, error::provider_misconfigured, reach::destination, "The sender is not registered in this country.", "Register the sender id for this country in Twilio's console."},
    error_code_row{30042, fault::sender, error::provider_misconfigured, reach::destination, "The carrier does not accept this sender id.", "Take a sender id that names the business, without special characters."},
    error_code_row{30044, fault::account, error::provider_misconfigured, reach::one, "The message is too long for a Twilio trial account.", "Upgrade the account, or shorten message_template."},
    error_code_row{63002, fault::sender, error::provider_misconfigured, reach::everybody, "The channel does not know the configured sender.", "Compare twilio.sender with the senders in Twilio's console."},
    error_code_row{63003, fault::number, error::provider_refused, reach::one, "The phone number is not on this channel.", "Nothing: the phone's owner does not use it."},
    error_code_row{63007, fault::sender, error::provider_misconfigured, reach::everybody, "The channel does not know the configured sender.", "Compare twilio.sender with the WhatsApp senders of this account."},
    error_code_row{63008, fault::sender, error::provider_misconfigured, reach::everybody, "The channel is misconfigured.", "See the channel's configuration in Twilio's console."},
    error_code_row{63014, fault::number, error::provider_refused, reach::one, "The recipient has blocked this sender.", "Nothing: the phone's owner has blocked the sender."},
    error_code_row{63016, fault::sender, error::provider_misconfigured, reach::one, "WhatsApp takes such a text only as an answer.", "Send codes by SMS: WhatsApp wants an approved template (ContentSid) outside of a conversation."},
    error_code_row{63018, fault::later, error::provider_busy, reach::everybody, "The channel is busy; try again later.", "Wait, or have the channel's limit raised."},
    error_code_row{63024, fault::number, error::provider_refused, reach::one, "The phone number is not on this channel.", "Nothing: the phone's owner does not use it."},
    error_code_row{70051, fault::sender, error::provider_misconfigured, reach::everybody, "Twilio did not authorize the request.", "Give the API key the permission to create messages, or take a standard key."},
    error_code_row{572002, fault::account, error::provider_misconfigured, reach::one, "A Twilio trial account sends from its trial number only.", "Upgrade the account, or set twilio.sender to the trial number of this recipient."},
    error_code_row{572005, fault::account, error::provider_refused, reach::one, "A Twilio trial account sends only to numbers verified with it.", "Upgrade the account, or verify the number in Twilio's console."},
};
// clang-format on

static_assert(std::is_sorted(error_codes.begin(), error_codes.end(),
                             [](const error_code_row& a, const error_code_row& b) { return a.code < b.code; }),
              "error_codes is searched by halves");

/// The row of `code`, or nullptr.
constexpr const error_code_row* find_error_code(std::int64_t code) noexcept {
    const auto row = std::lower_bound(error_codes.begin(), error_codes.end(), code,
                                      [](const error_code_row& r, std::int64_t c) { return r.code < c; });
    return row != error_codes.end() && row->code == code ? &*row : nullptr;
}

/// Whose messages fail likewise where messages come from a sender of the kind `sender`: a short code or a sender id may be
/// good for some countries only, a phone number can send to all or to none.
constexpr reach reach_of(const error_code_row& row, sender_kind sender) noexcept {
    if (row.whom != reach::number) return row.whom;
    return sender == sender_kind::number ? reach::everybody : reach::destination;
}

/// What whoever runs the server can do about `code`; empty if nothing is known.
constexpr std::string_view remedy_of(std::int64_t code) noexcept {
    const auto* row = find_error_code(code);
    return row ? row->remedy : std::string_view();
}

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
