// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TEXT_MESSAGE_HPP
#define PHONEAUTH_TEXT_MESSAGE_HPP

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {

/// Most characters (Unicode code points) of a message's body that Twilio takes.
inline constexpr std::size_t max_message_characters = 1600;
/// Most media of a message that Twilio takes.
inline constexpr std::size_t max_media_urls = 10;

/// An SMS, or an MMS if it has media.
struct text_message {
    /// Names and values, in the order in which they are sent.
    using option_list = std::vector<std::pair<std::string, std::string>>;

    // Constructors, as g++ 12 destroys a temporary aggregate in a co_await expression twice.
    text_message() = default;
    /// An SMS, or an MMS if `media` has any.
    text_message(std::string phone, std::string text, std::vector<std::string> media = {}, option_list further = {})
        : to(std::move(phone)), body(std::move(text)), media_urls(std::move(media)), options(std::move(further)) {}

    std::string to;                       ///< a phone number, as people type it
    std::string body;                     ///< UTF-8, at most `max_message_characters`; may be empty if there are media
    std::vector<std::string> media_urls;  ///< https, at most `max_media_urls`
    /// Further parameters of Twilio's Messages resource by their Twilio names ("StatusCallback", or "statusCallback" as
    /// Twilio's JavaScript library spells it), for example {"ValidityPeriod", "300"}. `To`, `Body` and `MediaUrl` are
    /// not options.
    option_list options;
};

/// A message that Twilio has accepted.
struct sent_message {
    std::string sid;     ///< `SM…` or `MM…`
    std::string status;  ///< Twilio's word: "queued", "accepted", …
    std::string json;    ///< the Message resource as Twilio answered it
};

}  // namespace v0
}  // namespace phoneauth

#endif
