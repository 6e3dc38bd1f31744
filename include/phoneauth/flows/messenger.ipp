// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_MESSENGER_IPP
#define PHONEAUTH_FLOWS_MESSENGER_IPP

#include <algorithm>
#include <chrono>
#include <utility>

#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/flows/messenger.hpp>
#include <phoneauth/rules/destination.hpp>
#include <phoneauth/rules/disclosure.hpp>
#include <phoneauth/twilio/delivery.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
bool messenger<Mode>::knows_code_of(const transaction& t) const {
    return rules::find_test_number(t.phone, config_) || codes_.has_key(t.key_id);
}

template <class Mode>
bool messenger<Mode>::is_code_of(const transaction& t, const one_time_code& typed) {
    if (const auto* test = rules::find_test_number(t.phone, config_))
        return detail::equal_in_constant_time(test->code, typed.str());
    return codes_.matches(t, typed);
}

template <class Mode>
result<http_request> messenger<Mode>::code_request(const transaction& t, const text_message::option_list& added) {
    const auto derived = codes_.derive(t);
    if (!derived) return error::no_transaction;
    auto text = twilio::code_text(config_, derived->str(), t.purpose, t.topic);
    const auto left =
        (std::max)(std::chrono::ceil<std::chrono::seconds>(t.expires_at - ports_.now()), std::chrono::seconds(1));
    // Both are made for everybody, so that it takes the same time.
    auto request = twilio_.create_code_message(t.phone, text, (std::min)(left, config_.code_lifetime),
                                               twilio::delivery_url(config_.twilio, t), added);
    auto look_up = twilio_.messages_to(t.phone);
    detail::wipe(text);
    if (rules::is_decoy(t)) twilio::requests::look_up_instead(request, std::move(look_up));
    return request;
}

template <class Mode>
std::optional<failure> messenger<Mode>::sender_trouble(const phone_number& to) {
    if (rules::find_test_number(to, config_)) return std::nullopt;
    return sender_.trouble_unless_probed(ports_.now());
}

template <class Mode>
auto messenger<Mode>::send_code(context& c, const transaction& t, const text_message::option_list& added)
    -> flow<result<send_outcome>> {
    if (rules::find_test_number(t.phone, config_)) co_return send_outcome::accepted;
    auto may_ask = check_pause();  // before a decoy and a message part ways
    if (!may_ask) co_return std::move(may_ask).error();
    auto request = code_request(t, added);
    if (!request) co_return std::move(request).error();
    const auto asked = reporter_.read_time();
    auto answered = co_await transmit(*request);
    reporter_.note_wait(c, asked);
    detail::wipe(request->body);
    const auto reply = provider_reply(std::move(answered));
    if (!reply) {
        if (twilio::certainly_not_sent(reply.error())) co_return reply.error();
        if (!rules::is_decoy(t)) reporter_.tell(c, event_kind::sent, &reply.error());
        co_return send_outcome::uncertain;
    }
    const auto sent = verdict(t, *reply);
    if (sent && rules::is_decoy(t))
        if (auto trouble = sender_.trouble()) co_return *std::move(trouble);
    const bool refused = !sent && twilio::certainly_not_sent(sent.error());
    const bool hidden = refused && rules::must_not_reveal_user(t, config_) && !sender_.is_everybodys(sent.error()) &&
                        twilio::is_about_the_request(*reply);
    if (refused && !hidden) co_return sent.error();
    if (refused)
        reporter_.tell_failure(c, sent.error());
    else if (!rules::is_decoy(t))
        reporter_.tell(c, event_kind::sent, sent ? nullptr : &sent.error());
    const bool is_clear = !rules::is_decoy(t) || !sender_.is_unclear();
    co_return (sent && is_clear) || hidden ? send_outcome::accepted : send_outcome::uncertain;
}

/// What became of a code's message, or of the look-up in its place.
template <class Mode>
result<void> messenger<Mode>::verdict(const transaction& t, const http_response& reply) {
    if (rules::is_decoy(t)) return twilio::read_look_up(reply);
    auto sent = twilio::check_sent_message(reply);
    if (sent)
        sender_.accepted();
    else
        sender_.failed(sent.error(), ports_.now());
    return sent;
}

template <class Mode>
auto messenger<Mode>::send(context& c, const http_request& request, bool sender_is_chosen)
    -> flow<result<sent_message>> {
    auto may_ask = check_pause();
    if (!may_ask) co_return std::move(may_ask).error();
    if (!sender_is_chosen)
        if (auto trouble = sender_.trouble_unless_probed(ports_.now())) co_return *std::move(trouble);
    const auto asked = reporter_.read_time();
    auto answered = co_await transmit(request);
    reporter_.note_wait(c, asked);
    auto reply = provider_reply(std::move(answered));
    if (!reply) co_return std::move(reply).error();
    auto sent = twilio::read_sent_message(*reply);
    if (!sender_is_chosen && sent) sender_.accepted();
    if (!sender_is_chosen && !sent) sender_.failed(sent.error(), ports_.now());
    co_return sent;
}

template <class Mode>
auto messenger<Mode>::transmit(const http_request& request) -> flow<result<http_response>> {
    try {
        auto reply = co_await ports_.send(request);
        if (reply) note_pause(*reply);
        co_return reply;
    } catch (...) {
        co_return error::no_answer;
    }
}

template <class Mode>
result<void> messenger<Mode>::check_pause() const {
    const auto left = std::chrono::ceil<std::chrono::seconds>(pause_ends_.load() - ports_.now());
    // A clock that was set back must not make it longer than any pause is.
    if (left.count() <= 0 || left > twilio::longest_pause) return {};
    return failure(error::provider_busy).with_retry_after(left);
}

/// The last word counts: who is asked too early says so again.
template <class Mode>
void messenger<Mode>::note_pause(const http_response& reply) {
    const auto pause = twilio::pause_after(reply);
    if (pause.count() > 0) pause_ends_ = ports_.now() + pause;
}

/// The transport's failures become the two that matter here: nothing was sent, or nobody knows. What they say, perhaps
/// about machines of the integrator's, is no client's business; `test_configuration` tells it.
template <class Mode>
result<http_response> messenger<Mode>::provider_reply(result<http_response> reply) {
    if (reply) return reply;
    failure f(twilio::certainly_not_sent(reply.error()) ? error::provider_unreachable : error::no_answer);
    f.retry_after = reply.error().retry_after;
    return f;
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
