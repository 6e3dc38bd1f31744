// SPDX-License-Identifier: BSL-1.0
// Input: a status, a line feed, the value of Retry-After, a line feed, the reply's body.
#include "fuzz.hpp"

#include <phoneauth/detail/json.hpp>
#include <phoneauth/twilio/error_codes.hpp>
#include <phoneauth/twilio/replies.hpp>

#include <set>

using namespace phoneauth;
using fuzz::require;

namespace {

/// All that the library may say to a client about a reply of Twilio's.
const std::set<std::string, std::less<>>& known_sentences() {
    static const auto all = [] {
        std::set<std::string, std::less<>> s;
        for (const auto& row : error_table) s.emplace(row.text);
        for (const auto& row : twilio::error_codes) s.emplace(row.text);
        return s;
    }();
    return all;
}

void check(const failure& f, const http_response& reply) {
    require(f.code.category() == error_category(), "the failure is one of ours");
    require(known_sentences().contains(f.message), "its message has nothing of the reply in it");
    if (twilio::certainly_not_sent(f))
        require(reply.status >= 400 && reply.status <= 499, "only a 4xx promises that nothing was sent");
    if (reply.status == 429) require(twilio::certainly_not_sent(f), "a 429 was never processed");
    if (reply.status >= 500) require(f.code == error::no_answer, "a 5xx leaves open what was done");
    if (f.retry_after) require(reply.status == 429 && f.retry_after->count() >= 0, "retry_after belongs to a 429");
    if (f.twilio_code) {
        const auto body = detail::parse_json(reply.body);
        require(body && body->integer("code") == *f.twilio_code, "twilio_code is the one in the reply");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in(data, size);
    http_response reply;
    for (const char c : in.line().substr(0, 3)) reply.status = reply.status * 10 + (c >= '0' && c <= '9' ? c - '0' : 0);
    reply.headers = {{"Content-Type", "application/json"}, {"Retry-After", std::string(in.line())}};
    reply.body = std::string(in.rest());
    const bool success = reply.status >= 200 && reply.status <= 299;

    if (!success) check(twilio::failure_of(reply), reply);

    if (const auto sent = twilio::read_sent_message(reply)) {
        require(success, "a message was sent only if the reply says so");
        require(!sent->sid.empty() && sent->json == reply.body, "a sent message is what Twilio says");
        const auto body = detail::parse_json(sent->json);
        require(body && body->string_or_empty("sid") == sent->sid, "the sid is Twilio's");
    } else {
        check(sent.error(), reply);
        require(!success || !twilio::certainly_not_sent(sent.error()), "after a 2xx a message may be on its way");
    }

    if (const auto status = twilio::read_account_status(reply))
        require(reply.status == 200 && !status->empty(), "a status comes with 200");
    else
        require(status.error().code.category() == error_category(), "the failure is one of ours");

    if (const auto number = twilio::read_number(reply)) {
        require(reply.status == 200, "a number comes with 200");
        const auto body = detail::parse_json(reply.body);
        require(body && body->find("incoming_phone_numbers") != nullptr, "a number comes in a list");
        if (*number && (*number)->sms)
            require(reply.body.find("true") != std::string::npos, "a capability is not invented");
    } else {
        require(number.error().code.category() == error_category(), "the failure is one of ours");
    }
    return 0;
}
