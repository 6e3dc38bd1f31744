// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_STATUS_HPP
#define PHONEAUTH_REST_STATUS_HPP

#include <string>

#include <phoneauth/detail/config.hpp>
#include <phoneauth/transaction.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

/// A transaction's status as a client gets it: {"state": "pending", "delivery": "undelivered", "twilioCode": 30006,
/// "reason": "…", "triesLeft": 5, "expiresIn": 240, "resendAfter": 12}. `state` is pending, confirmed, exhausted,
/// expired or failed; `delivery` is pending, delivered or undelivered; times are in seconds; `resendAfter` is null when
/// the code will not be sent again.
PHONEAUTH_DECL std::string status_json(const transaction_status& s);

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/rest/status.ipp>
#endif

#endif
