// SPDX-License-Identifier: BSL-1.0
// The messages of the Twilio that the example server plays, for the phone that is drawn on its page.
#ifndef PHONEAUTH_EXAMPLES_SERVER_FAKE_PHONE_HPP
#define PHONEAUTH_EXAMPLES_SERVER_FAKE_PHONE_HPP

#include <asio/ip/address.hpp>

#include <phoneauth/http.hpp>
#include <phoneauth/rest/options.hpp>
#include <phoneauth/testing/twilio_simulator.hpp>

namespace server {

/// Whether `request` is for the messages.
bool asks_for_messages(const phoneauth::http_request& request);

/// Whether whoever asks may read everybody's messages, and so everybody's codes: a browser on this machine, which named
/// the server by "localhost" or an address, so that no page of somebody else made it ask. What a proxy hands on comes
/// from elsewhere.
bool may_read_messages(const phoneauth::http_request& request, ::asio::ip::address peer,
                       const phoneauth::rest::options& o);

/// The latest messages, the oldest first, each with what became of it: {"messages": [{"sid", "to", "from", "body",
/// "media", "status", "errorCode"}, …]}.
phoneauth::http_response messages_reply(const phoneauth::testing::twilio_simulator& twilio);

}  // namespace server

#endif
