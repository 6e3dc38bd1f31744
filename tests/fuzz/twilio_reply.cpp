// SPDX-License-Identifier: BSL-1.0
// Input: a status, a line feed, the value of Retry-After, a line feed, the reply's body.
#include "fuzz.hpp"

#include <phoneauth/detail/json.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/twilio/error_codes.hpp>
#include <phoneauth/twilio/findings.hpp>
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

    const auto sent = twilio::read_sent_message(reply);
    require(twilio::check_sent_message(reply).has_value() == sent.has_value(), "a reply is judged alike, read or not");
    if (sent) {
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
    if (const auto page = twilio::read_verified_numbers(reply)) {
        require(reply.status == 200 && page->numbers.size() <= 20, "a page has so many numbers");
        for (const auto& number : page->numbers)
            require(phone_number::from_e164(number).has_value(), "a verified number is one");
    }
    (void)twilio::read_short_code(reply);
    for (const auto& kind : twilio::service_sender_kinds)
        if (const auto senders = twilio::read_service_senders(reply, kind.member))
            require(!senders->cannot_sms || senders->count > 0, "nobody is unable if there is nobody");
    if (const auto countries = twilio::read_countries(reply)) {
        require(countries->size() <= 500, "there are so many countries");
        for (const auto& c : *countries) require(c.country.size() == 2 && !c.prefix.empty(), "a country is whole");
    }

    // All of it at once: nobody who answers in Twilio's place makes a report long, or puts a control character into it.
    config c;
    c.twilio.account_sid = "AC" + std::string(32, '0');
    c.twilio.api_key = "SK";
    c.twilio.sender = "+15005550006";
    c.allowed_calling_codes = {"1", "44"};
    const std::optional<result<http_response>> all(reply);
    const twilio::test_replies replies{all, time_point(), all, all, all, {}, {}, all, all};
    for (const auto& f : twilio::findings_of(c, replies)) {
        require(f.ok == f.remedy.empty(), "what is not well has a remedy");
        require(f.message.size() < 1000, "a message is not long");
        for (const char ch : f.message) require(ch >= ' ' && ch <= '~', "a message is printable");
    }
    return 0;
}
