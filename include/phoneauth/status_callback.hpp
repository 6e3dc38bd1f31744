// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STATUS_CALLBACK_HPP
#define PHONEAUTH_STATUS_CALLBACK_HPP

#include <string>
#include <utility>

namespace phoneauth {
inline namespace v0 {

/// A request by which Twilio reports what became of a message, as it arrived.
struct status_callback {
    status_callback() = default;
    // A constructor, as g++ 12 destroys a temporary aggregate in a co_await expression twice.
    status_callback(std::string url_query, std::string form, std::string twilio_signature)
        : query(std::move(url_query)), body(std::move(form)), signature(std::move(twilio_signature)) {}

    std::string query;      ///< of the request's URL, what follows "?", as it is written there
    std::string body;       ///< the form
    std::string signature;  ///< the header X-Twilio-Signature
};

}  // namespace v0
}  // namespace phoneauth

#endif
