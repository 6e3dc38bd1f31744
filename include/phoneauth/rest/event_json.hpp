// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_EVENT_JSON_HPP
#define PHONEAUTH_REST_EVENT_JSON_HPP

#include <string>

#include <phoneauth/detail/config.hpp>
#include <phoneauth/event.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

/// The event as one line of JSON, without the line's end:
///
///     {"event":"wrong_code","time":1767225600000,"phone":"+14*******00",…}
///
/// `time` is in milliseconds since 1970. What is empty is left out. `reason` is the error's name. `code` is what the
/// client was told, so that a client's complaint can be found in a log. `remedy`, of `sender_trouble`, is what to do about
/// Twilio's code. `elapsed` and `providerElapsed` are in milliseconds. All of it is printable ASCII: what a stranger
/// put into a user agent can neither move a terminal's cursor nor turn its text around.
PHONEAUTH_DECL std::string event_json(const event& e);

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/rest/event_json.ipp>
#endif

#endif
