// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_SIMULATED_MESSAGE_HPP
#define PHONEAUTH_TESTING_SIMULATED_MESSAGE_HPP

#include <string>
#include <utility>
#include <vector>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {
namespace testing {

/// A message that a `twilio_simulator` has accepted.
struct simulated_message {
    std::string sid;                                              ///< the simulator's name for it: SM… or MM…
    std::string to;                                               ///< E.164, after a channel's name if it has one
    std::string from;                                             ///< empty if a Messaging Service sent it
    std::string body;                                             ///< the text
    std::vector<std::string> media_urls;                          ///< in their order
    std::vector<std::pair<std::string, std::string>> parameters;  ///< everything that was posted, in its order
};

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
