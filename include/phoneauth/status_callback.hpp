// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STATUS_CALLBACK_HPP
#define PHONEAUTH_STATUS_CALLBACK_HPP

#include <string>
#include <utility>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {

/// A request by which Twilio reports what became of a message, as it arrived
/// (https://www.twilio.com/docs/messaging/guides/track-outbound-message-status).
struct status_callback {
    // Constructors, as g++ 12 destroys an aggregate that is made with braces inside a co_await expression twice.
    status_callback() = default;
    /// All that a callback has.
    status_callback(std::string url_query, std::string form, std::string twilio_signature)
        : query(std::move(url_query)), body(std::move(form)), signature(std::move(twilio_signature)) {}

    std::string query;      ///< of the request's URL: what follows "?", as it is written there
    std::string body;       ///< the form
    std::string signature;  ///< the header X-Twilio-Signature
};

/// What became of a status callback.
enum class callback_outcome {
    noted,   ///< it is stored with its transaction
    no_news  ///< the transaction is gone, or has heard better
};

}  // namespace v0
}  // namespace phoneauth

#endif
