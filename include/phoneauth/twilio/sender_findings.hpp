// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_SENDER_FINDINGS_HPP
#define PHONEAUTH_TWILIO_SENDER_FINDINGS_HPP

#include <string>
#include <string_view>
#include <vector>

#include <phoneauth/twilio/senders.hpp>
#include <phoneauth/twilio/test_replies.hpp>

// What the replies tell about the sender.

namespace phoneauth {
inline namespace v0 {
namespace twilio {
namespace findings {

/// A sender that could not be looked up. For want of a permission, nothing is known; else something is wrong.
inline finding of_unread_sender(const twilio_config& c, const failure& f) {
    if (!c.api_key.empty() && f.code == error::provider_misconfigured && f.twilio_code != 20404)
        return note("sender", "Whether the account has the sender is not known: this API key may not look it up.",
                    "Give the API key the permission to read phone numbers and Messaging Services, or look in Twilio's "
                    "console.");
    return bad("sender", "The sender could not be looked up: " + f.message, "Try again later.");
}

/// What the number look-up tells about the sender.
inline std::vector<finding> of_number(const twilio_config& c, const result<http_response>& reply) {
    const auto number = read(reply, read_number);
    if (!number) return {of_unread_sender(c, number.error())};
    if (!*number)
        return {bad("sender", "The account does not own the sender's phone number.",
                    "Set twilio.sender to a number that Twilio's console lists under Phone numbers, Active numbers; or "
                    "take the credentials of the account that owns it.")};
    const auto& able = **number;
    return {good("sender", "The account owns the sender's phone number."),
            able.sms ? good("sms", "The sender can send SMS.")
                     : bad("sms", "The sender cannot send SMS.", "Set twilio.sender to a number that can."),
            able.mms ? good("mms", "The sender can send MMS.")
                     : note("mms", "The sender cannot send MMS; messages with media will fail.",
                            "Take a number that can, unless you send codes only.")};
}

/// What the look-up of a short code tells.
inline finding of_short_code(const twilio_config& c, const result<http_response>& reply) {
    const auto found = read(reply, read_short_code);
    if (!found) return of_unread_sender(c, found.error());
    if (!*found)
        return bad(
            "sender", "The account does not own the short code.",
            "Set twilio.sender to a short code of this account, or take the credentials of the account that owns "
            "it.");
    return good("sender", "The account owns the short code, which reaches its own country only.");
}

/// A Messaging Service that could not be looked up.
inline finding of_unread_service(const twilio_config& c, const failure& f) {
    if (f.twilio_code != 20404) return of_unread_sender(c, f);
    if (!c.base_url.empty())  // which may be a proxy of api.twilio.com alone
        return note("sender", "The Messaging Service was not found at " + host_of(c) + ".",
                    "Look in Twilio's console; if that is a proxy, it should also pass on /v1/Services to "
                    "messaging.twilio.com.");
    return bad("sender", "The account has no such Messaging Service.",
               "Set twilio.sender to a service that Twilio's console lists under Messaging, Services.");
}

/// What the lists of a Messaging Service's senders tell.
inline std::vector<finding> of_service(const twilio_config& c, const std::vector<result<http_response>>& replies) {
    std::vector<std::string> kinds;
    bool is_able = false;
    for (std::size_t i = 0; i < replies.size() && i < service_sender_kinds.size(); ++i) {
        const auto& kind = service_sender_kinds[i];
        const auto senders =
            read(replies[i], [&](const auto& reply) { return read_service_senders(reply, kind.member); });
        if (!senders && i == 0) return {of_unread_service(c, senders.error())};
        if (!senders || senders->count == 0) is_able |= !senders;  // what is not known may be able
        if (!senders || senders->count == 0) continue;
        kinds.emplace_back(kind.name);
        is_able |= !senders->cannot_sms;
    }
    const std::string add =
        "Add a number that can send SMS under Messaging, Services, Sender pool in Twilio's console.";
    if (kinds.empty() && !is_able) return {bad("sender", "The Messaging Service has no senders.", add)};
    const auto what = kinds.empty() ? std::string(".") : " with " + enumerated(kinds) + ".";
    return {good("sender", "The account has the Messaging Service" + what),
            is_able ? good("sms", "The service has senders for SMS.")
                    : bad("sms", "None of the service's senders can send SMS.", add)};
}

/// A sender that Twilio has no look-up for.
inline finding of_other_sender(std::string_view sender) {
    switch (kind_of_sender(sender)) {
    case sender_kind::alphanumeric:
        return good("sender", "The sender is a sender id, which some countries do not take, the USA and Canada among "
                              "them, and others only if it is registered; it was not looked at.");
    case sender_kind::whatsapp:
        return good("sender",
                    "The sender is a WhatsApp sender, whose texts reach only those that have written to it in "
                    "the last 24 hours; it was not looked at.");
    default:
        return good("sender", "The sender was not looked at.");
    }
}

/// The sender, whatever it is.
inline std::vector<finding> of_sender(const twilio_config& c, const test_replies& r) {
    if (r.number) return of_number(c, *r.number);
    if (r.short_code) return {of_short_code(c, *r.short_code)};
    if (!r.service.empty()) return of_service(c, r.service);
    return {of_other_sender(c.sender)};
}

}  // namespace findings
}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
