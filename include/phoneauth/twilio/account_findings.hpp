// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_ACCOUNT_FINDINGS_HPP
#define PHONEAUTH_TWILIO_ACCOUNT_FINDINGS_HPP

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <phoneauth/twilio/error_codes.hpp>
#include <phoneauth/twilio/test_replies.hpp>

// What the replies tell about the credentials and the account.

namespace phoneauth {
inline namespace v0 {
namespace twilio {
namespace findings {

/// Credentials that Twilio does not take.
inline finding of_refused_credentials(const twilio_config& c, const failure& f) {
    std::string remedy(remedy_of(f.twilio_code.value_or(0)));
    if (remedy.empty()) remedy = "Copy the credentials from Twilio's console again.";
    if (!c.region.empty() && !equal_ignoring_case(c.region, "us1"))
        remedy += " Each region has auth tokens and API keys of its own: take those of " + c.region +
                  ", or leave twilio.region empty.";
    return bad("credentials", "Twilio does not take them: " + f.message, std::move(remedy));
}

/// A status of the account other than active.
inline finding of_inactive_account(const std::string& status) {
    return bad("account", "The account's status is \"" + shown(status) + "\"; Twilio sends only for active accounts.",
               status == "suspended"
                   ? "Look at the account's balance and notices in Twilio's console; if there is nothing, ask Twilio's "
                     "support."
                   : "Take the credentials of an active account.");
}

/// The credentials and the account.
inline std::vector<finding> of_account(const twilio_config& c, const test_replies& r) {
    const auto accepted = good("credentials", "Twilio accepts the credentials.");
    const auto status = read(*r.account, read_account_status);
    if (status && *status == "active") return {accepted, good("account", "The account is active.")};
    if (status) return {accepted, of_inactive_account(*status)};
    const auto& why = status.error();
    const auto* row = find_error_code(why.twilio_code.value_or(0));
    if (row && row->whose == fault::account) return {accepted, bad("account", why.message, std::string(row->remedy))};
    if (!may_lack_permission(c, *r.account) || !knows_credentials(r)) return {of_refused_credentials(c, why)};
    return {accepted, note("account", "Whether the account is active is not known: this API key may not look it up.",
                           "Look at the account's status in Twilio's console; only a main key could do so here, and "
                           "nothing else needs one.")};
}

/// Whether `reply` says that an API key lacks a permission.
inline bool lacks_permission(const result<http_response>& reply) {
    if (!reply) return false;
    const auto* row = find_error_code(failure_of(*reply).twilio_code.value_or(0));
    if (row && row->code == 70051) return true;
    return reply->status == 403 && (!row || row->whose != fault::account);
}

/// What kind of credentials they are, as far as it shows.
inline finding of_key(const twilio_config& c, const test_replies& r) {
    if (c.api_key.empty())
        return good("key",
                    "The credentials are the account's auth token. An API key can be revoked by itself, which is "
                    "what Twilio advises for servers.");
    if (read(*r.account, read_account_status))
        return good("key", "The API key is a main key, which may also manage the account and its keys. A standard key "
                           "would do.");
    const auto lacks = [](const auto& reply) { return reply && lacks_permission(*reply); };
    if (lacks(r.account) || lacks(r.number) || lacks(r.short_code) || lacks(r.look_up) ||
        std::any_of(r.service.begin(), r.service.end(), lacks_permission))
        return good("key",
                    "The API key is a restricted key. It must be allowed to create and to read messages; whether "
                    "it may create them shows when a message is sent.");
    return good("key", "The API key is a standard key.");
}

/// Whom a trial account can reach; empty if the account is none, or nobody knows.
inline std::optional<finding> of_trial(const test_replies& r) {
    if (!r.account || !*r.account || !is_trial_account(**r.account)) return std::nullopt;
    const std::string upgrade =
        "Upgrade the account in Twilio's console, or verify the numbers there that codes go to.";
    const std::string what = "The account is on trial: codes reach only numbers that are verified with it";
    const auto verified = r.verified ? read(*r.verified, read_verified_numbers) : result<number_page>(error::internal);
    if (!verified) return note("trial", what + ".", upgrade);
    if (verified->numbers.empty()) return bad("trial", what + ", and there are none.", upgrade);
    return note("trial",
                what + ": " + enumerated(verified->numbers, verified->numbers.size()) +
                    (verified->is_whole ? "." : " and others."),
                upgrade);
}

}  // namespace findings
}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
