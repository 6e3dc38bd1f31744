// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_OBJECTS_HPP
#define PHONEAUTH_REST_OBJECTS_HPP

#include <string>
#include <string_view>

#include <phoneauth/config.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/transaction.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
struct account_data;
struct challenge;
struct configuration_report;
struct proof;
struct session_info;
struct trusted_device;

namespace rest {

// The JSON objects that clients get, for endpoints of your own besides those of `api`.

/// The user as Backendless's clients know them: the server's fields (times in milliseconds since 1970), the identity
/// and the phone under the names that `c` gives them, and the further properties as they were sent. It never holds a
/// password, a hash or a field of a transaction. A number under `code` is written as a string if there is a string
/// under `message`, because the Swift SDK takes an object with an integer `code` and a string `message` for an error,
/// whatever the status.
PHONEAUTH_DECL std::string user_json(const user& u, const config& c);

/// `user_json` and what a login adds to it: `lastLogin`, `socialAccount`, `___jsonclass` and the session's `token`.
PHONEAUTH_DECL std::string login_json(const user& u, std::string_view token, const config& c);

/// The properties that every user has, as `Users.describeUserClass` of Backendless's SDKs expects them: an array of
/// {name, required, type, identity, selected, defaultValue}.
PHONEAUTH_DECL std::string user_class_json(const config& c);

/// A code on its way:
///
///     {"transactionId": "…", "expiresAt": 1767225600000, "resendAfter": 30, "deliveryUncertain": true}
///
/// `expiresAt` is in milliseconds since 1970, `resendAfter` in seconds. `deliveryUncertain` is only there when the
/// provider did not answer.
PHONEAUTH_DECL std::string challenge_json(const challenge& c);

/// One of a user's sessions, or trusted devices:
///
///     {"id": "…", "kind": "login", "current": true, "device": "…", "network": "203.0.113.7", "opened": 1767225600000,
///      "lastUsed": 1767225600000, "expires": 1769817600000, "methods": ["password", "code"], "authTime": 1767225600000}
///
/// `kind` is login or trustedDevice; `methods` are password, code, backupCode and trustedDevice. Times are in
/// milliseconds since 1970. `device` is what the client called itself: a stranger's text.
PHONEAUTH_DECL std::string session_json(const session_info& s);

/// A device that is trusted from now on: {"deviceToken": "…", "expires": 1769817600000}.
PHONEAUTH_DECL std::string trusted_device_json(const trusted_device& d);

/// A proof, for the server that redeems it: {"proof": "…", "topic": "…", "phoneNumber": "+…", "expires": 1767225600000}.
PHONEAUTH_DECL std::string proof_json(const proof& p);

/// All that is stored about a user: {"user": {…}, "sessions": […]}, as `user_json` and `session_json` write them.
PHONEAUTH_DECL std::string account_json(const account_data& a, const config& c);

/// A transaction's status as a client gets it:
///
///     {"state": "pending", "delivery": "undelivered", "twilioCode": 30006, "reason": "…",
///      "triesLeft": 5, "expiresIn": 240, "resendAfter": 12}
///
/// `state` is pending, confirmed, exhausted, expired, failed or redeemed; `delivery` is pending, delivered or undelivered. Times
/// are in seconds. `resendAfter` is null when the code will not be sent again.
PHONEAUTH_DECL std::string status_json(const transaction_status& s);

/// What `authenticator::test_configuration` found, for a route that operators alone can use:
///
///     {"ok": false, "findings": [
///         {"check": "sms", "ok": false, "essential": true, "message": "…", "remedy": "…"}, …]}
///
/// `ok` is `configuration_report::ok`. `remedy` is only there where something is to be done.
PHONEAUTH_DECL std::string report_json(const configuration_report& r);

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/rest/objects.ipp>
#endif

#endif
