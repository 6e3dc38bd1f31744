// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_FINDINGS_HPP
#define PHONEAUTH_TWILIO_FINDINGS_HPP

#include <optional>
#include <string>
#include <vector>

#include <phoneauth/configuration_report.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/twilio/replies.hpp>

namespace phoneauth {
inline namespace v0 {

namespace twilio {

/// What the account look-up tells about the credentials.
inline finding credentials_finding(const result<std::string>& status) {
    if (status) return {"credentials", true, "Twilio accepts the credentials."};
    return {"credentials", false, "The account could not be looked up: " + status.error().message};
}

/// What the account's status means.
inline finding account_finding(const std::string& status) {
    if (status == "active") return {"account", true, "The account is active."};
    return {"account", false, "The account's status is \"" + status + "\"; Twilio sends only for active accounts."};
}

/// What a look-up of messages tells, which is made in place of a message when nobody has a phone.
inline finding look_up_finding(const result<http_response>& reply) {
    if (reply && reply->status / 100 == 2) return {"look-up", true, "The credentials may look up messages.", false};
    return {"look-up", false,
            "Messages could not be looked up: " + (reply ? failure_of(*reply) : reply.error()).message +
                " Until the credentials may do so, logins with unknown phones fail, and so tell who is registered.",
            false};
}

/// A Messaging Service picks its numbers by itself.
inline finding messaging_service_finding() {
    return {"sender", true, "The sender is a Messaging Service; its numbers were not looked at."};
}

/// What the number look-up tells about the sender.
inline std::vector<finding> sender_findings(const result<std::optional<capabilities>>& number) {
    if (!number) return {{"sender", false, "The sender could not be looked up: " + number.error().message}};
    if (!*number) return {{"sender", false, "The account does not own the sender's phone number."}};
    const auto& able = **number;
    return {
        {"sender", true, "The account owns the sender's phone number."},
        {"sms", able.sms, able.sms ? "The sender can send SMS." : "The sender cannot send SMS; choose another number."},
        {"mms", able.mms,
         able.mms ? "The sender can send MMS." : "The sender cannot send MMS; messages with media will fail.", false}};
}

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
