// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_SENDERS_HPP
#define PHONEAUTH_TWILIO_SENDERS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/phone_number.hpp>

// What a message can be sent from, and where Twilio is: pure functions of texts.

namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// What a sender is.
enum class sender_kind : std::uint8_t {
    none,               ///< nothing that Twilio sends from
    number,             ///< a phone number in E.164
    short_code,         ///< 3 to 8 digits; reaches its own country only
    alphanumeric,       ///< a sender id: a name of up to 11 characters, which nobody can answer
    messaging_service,  ///< `MG` and 32 hexadecimal digits
    whatsapp,           ///< `whatsapp:` and a number in E.164
    rcs                 ///< `rcs:` and the name of an RCS sender
};

/// Whether `text` is one of Twilio's identifiers: the two letters of `prefix` and 32 hexadecimal digits.
inline bool is_sid(std::string_view text, std::string_view prefix) {
    const auto is_hex = [](char c) { return phoneauth::detail::is_hex(c); };
    return text.size() == 34 && text.starts_with(prefix) && std::all_of(text.begin() + 2, text.end(), is_hex);
}

/// What `sender` is. A sender id has 1 to 11 printable characters of ASCII, all of which GSM phones have but for "`", a
/// letter among them, no colon, and no space at its ends.
/// Source: https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id, and Twilio's list of permitted characters.
inline sender_kind kind_of_sender(std::string_view sender) {
    using namespace phoneauth::detail;
    constexpr std::string_view whatsapp = "whatsapp:";
    constexpr std::string_view rcs = "rcs:";
    const auto is_digits = [](std::string_view s) { return std::all_of(s.begin(), s.end(), is_digit); };
    if (sender.empty()) return sender_kind::none;
    if (twilio::is_sid(sender, "MG")) return sender_kind::messaging_service;
    if (phone_number::from_e164(sender)) return sender_kind::number;
    if (sender.starts_with(whatsapp))
        return phone_number::from_e164(sender.substr(whatsapp.size())) ? sender_kind::whatsapp : sender_kind::none;
    if (sender.starts_with(rcs)) {
        const auto name = sender.substr(rcs.size());
        const auto is_part = [](char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; };
        const bool good = !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), is_part);
        return good ? sender_kind::rcs : sender_kind::none;
    }
    if (is_digits(sender))
        return sender.size() >= 3 && sender.size() <= 8 ? sender_kind::short_code : sender_kind::none;
    const auto is_permitted = [](char c) { return c >= ' ' && c <= '~' && c != ':' && c != '`'; };
    const auto is_letter = [](char c) { return is_alnum(c) && !is_digit(c); };
    const bool named = sender.size() <= 11 && sender.front() != ' ' && sender.back() != ' ' &&
                       std::all_of(sender.begin(), sender.end(), is_permitted) &&
                       std::any_of(sender.begin(), sender.end(), is_letter);
    return named ? sender_kind::alphanumeric : sender_kind::none;
}

/// What is wrong with a `sender` that is none, and how to write it.
inline std::string sender_hint(std::string_view sender) {
    using namespace phoneauth::detail;
    const std::string kinds = "expected an E.164 number like +14155550100, a short code, a sender id of up to 11 "
                              "characters with a letter, MG and 32 hexadecimal digits, or whatsapp: and a number";
    const auto digits = [&] {
        std::string d;
        std::copy_if(sender.begin(), sender.end(), std::back_inserter(d), is_digit);
        return d;
    }();
    const bool is_dialled = std::all_of(sender.begin(), sender.end(), [](char c) {
        return is_digit(c) || std::string_view("+ -()./").find(c) != std::string_view::npos;
    });
    if (is_dialled && digits.size() >= 7 && phone_number::from_e164("+" + digits))
        return "is a phone number that is not written in E.164; if the country code is in it, write +" + digits;
    if (sender.starts_with("messenger:"))
        return "reaches people by their Messenger ids only, and codes go to phone numbers; " + kinds;
    if (sender.starts_with("MG")) return "is no Messaging Service, which is MG and 32 hexadecimal digits; " + kinds;
    if (twilio::is_sid(sender, "PN"))
        return "is the identifier of a phone number; write the number itself, in E.164, like +14155550100";
    if (sender.starts_with("whatsapp:")) return "expected whatsapp: and an E.164 number, like whatsapp:+14155550100";
    return kinds;
}

/// What stands before a phone number that a `sender` of a channel sends to: "whatsapp:" or "rcs:"; else empty.
inline std::string_view channel_of(std::string_view sender) {
    for (const std::string_view channel : {"whatsapp:", "rcs:"})
        if (sender.starts_with(channel)) return channel;
    return {};
}

/// The edge that Twilio has in a region, as its own libraries choose it; empty for a region that is not known. Since
/// 2026-04-28 a host that names a region must name an edge, too.
/// Source: https://www.twilio.com/docs/global-infrastructure/api-domain-migration-guide, and Twilio's library for C#.
inline std::string_view edge_of_region(std::string_view region) {
    struct row {
        std::string_view region;
        std::string_view edge;
    };
    constexpr std::array<row, 9> rows{{{"au1", "sydney"},
                                       {"br1", "sao-paulo"},
                                       {"de1", "frankfurt"},
                                       {"ie1", "dublin"},
                                       {"jp1", "tokyo"},
                                       {"jp2", "osaka"},
                                       {"sg1", "singapore"},
                                       {"us1", "ashburn"},
                                       {"us2", "umatilla"}}};
    for (const auto& r : rows)
        if (phoneauth::detail::equal_without_case(region, r.region)) return r.edge;
    return {};
}

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
