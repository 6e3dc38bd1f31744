// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_FINDINGS_HPP
#define PHONEAUTH_TWILIO_FINDINGS_HPP

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/config.hpp>
#include <phoneauth/configuration_report.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/twilio/replies.hpp>
#include <phoneauth/twilio/senders.hpp>

namespace phoneauth {
inline namespace v0 {

namespace twilio {

/// What Twilio answered to the questions of `authenticator::test_configuration`; what was not asked is empty.
struct test_replies {
    std::optional<result<http_response>> account{};  ///< to `requests::fetch_account`
    std::optional<result<http_response>> number{};   ///< to `requests::find_number`
    std::optional<result<http_response>> look_up{};  ///< to `requests::find_messages`
};

/// Whether a reply shows that Twilio knows the credentials, even if they may not do what was asked: an API key can have
/// a part of the permissions (403, or Twilio's 70051).
inline bool knows_credentials(const std::optional<result<http_response>>& reply) {
    if (!reply || !*reply) return false;
    const auto status = (*reply)->status;
    return status / 100 == 2 || status == 403 || failure_of(**reply).twilio_code == 70051;
}

/// Whether the account could not be looked up, but perhaps for want of a permission: standard API keys may do everything
/// but read accounts, and are told so as if they were wrong.
/// Source: https://www.twilio.com/docs/iam/api-keys/keys-in-console#types-of-keys
inline bool may_lack_permission(const twilio_config& c, const result<http_response>& account) {
    return !c.api_key.empty() && account && account->status / 100 != 2 &&
           failure_of(*account).code == error::provider_misconfigured;
}

namespace findings {

/// What a look-up gave, or the failure of the transport.
template <class Read>
auto read(const result<http_response>& reply, Read read_reply) -> decltype(read_reply(*reply)) {
    if (!reply) return reply.error();
    return read_reply(*reply);
}

/// The credentials and the account.
inline std::vector<finding> of_account(const twilio_config& c, const test_replies& r) {
    const auto status = read(*r.account, read_account_status);
    if (status && *status == "active")
        return {{"credentials", true, "Twilio accepts the credentials."}, {"account", true, "The account is active."}};
    if (status)
        return {
            {"credentials", true, "Twilio accepts the credentials."},
            {"account", false, "The account's status is \"" + *status + "\"; Twilio sends only for active accounts."}};
    const bool known = knows_credentials(r.account) || knows_credentials(r.number) || knows_credentials(r.look_up);
    if (!known || !may_lack_permission(c, *r.account))
        return {{"credentials", false, "The account could not be looked up: " + status.error().message}};
    return {
        {"credentials", true, "Twilio accepts the API key."},
        {"account", false,
         "Whether the account is active is not known: this API key may not look it up. Standard keys never may, and "
         "need not; a main key could.",
         false}};
}

/// What the number look-up tells about the sender.
inline std::vector<finding> of_number(const twilio_config& c, const result<http_response>& reply) {
    const auto number = read(reply, read_number);
    if (!number && !c.api_key.empty() && number.error().code == error::provider_misconfigured)
        return {{"sender", false,
                 "Whether the account owns the sender's phone number is not known: this API key may not look it up.",
                 false}};
    if (!number) return {{"sender", false, "The sender could not be looked up: " + number.error().message}};
    if (!*number) return {{"sender", false, "The account does not own the sender's phone number."}};
    const auto& able = **number;
    return {
        {"sender", true, "The account owns the sender's phone number."},
        {"sms", able.sms, able.sms ? "The sender can send SMS." : "The sender cannot send SMS; choose another number."},
        {"mms", able.mms,
         able.mms ? "The sender can send MMS." : "The sender cannot send MMS; messages with media will fail.", false}};
}

/// A sender that is no phone number.
inline finding of_other_sender(std::string_view sender) {
    switch (kind_of_sender(sender)) {
    case sender_kind::messaging_service:
        return {"sender", true, "The sender is a Messaging Service; its numbers were not looked at."};
    case sender_kind::short_code:
        return {"sender", true,
                "The sender is a short code, which reaches its own country only; it was not looked at."};
    case sender_kind::alphanumeric:
        return {
            "sender", true,
            "The sender is a sender id, which some countries do not take, the USA and Canada among them, and others "
            "only if it is registered; it was not looked at."};
    case sender_kind::whatsapp:
        return {"sender", true,
                "The sender is a WhatsApp sender, whose texts reach only those that have written to it in the last 24 "
                "hours; it was not looked at."};
    default:
        return {"sender", true, "The sender was not looked at."};
    }
}

/// What is asked in place of a message when nobody has a phone.
inline finding of_look_up(const result<http_response>& reply) {
    const auto found = read(reply, read_look_up);
    if (found) return {"look-up", true, "The credentials may look up messages.", false};
    return {"look-up", false,
            "Messages could not be looked up: " + found.error().message +
                " Until the credentials may do so, logins with unknown phones fail, and so tell who is registered.",
            false};
}

}  // namespace findings

/// All that the replies tell, in the order of `configuration_report`. `conceals`: unknown phones are concealed, so that
/// the look-up matters.
inline std::vector<finding> findings_of(const twilio_config& c, const test_replies& r, bool conceals) {
    auto all = findings::of_account(c, r);
    if (all.size() == 1) return all;  // nothing else can be known
    if (!r.number) {
        all.push_back(findings::of_other_sender(c.sender));
    } else {
        for (auto& f : findings::of_number(c, *r.number)) all.push_back(std::move(f));
    }
    if (r.look_up && conceals) all.push_back(findings::of_look_up(*r.look_up));
    return all;
}

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
