// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_MESSAGES_IPP
#define PHONEAUTH_FLOWS_MESSAGES_IPP

#include <optional>
#include <string>
#include <utility>

#include <phoneauth/flows/messages.hpp>
#include <phoneauth/flows/parts.hpp>
#include <phoneauth/twilio/findings.hpp>
#include <phoneauth/twilio/segments.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto messages<Mode>::send(text_message m, client_info from) -> returned<sent_message> {
    return p_.run(event_kind::sent, std::move(from), [&](context& c) { return send_any(c, std::move(m)); });
}

template <class Mode>
auto messages<Mode>::test_configuration() -> returned<configuration_report> {
    return Mode::finish(inspect());
}

template <class Mode>
auto messages<Mode>::send_any(context& c, text_message m) -> flow<result<sent_message>> {
    auto to = p_.read_phone(c, m.to);
    if (!to) co_return std::move(to).error();
    auto request = p_.messages.twilio().create_message(*to, m);
    if (!request) co_return std::move(request).error();
    if (rules::find_test_number(*to, p_.config)) co_return error::destination_not_allowed;
    const auto limits =
        rules::message_limits(*to, c.networks(), c.from.user_id, twilio::message_units(m), p_.config, p_.now());
    const auto granted = co_await p_.limits.take(c, limits);
    if (!granted.granted) co_return limits.judge(granted).error();
    const bool chosen = twilio::chooses_sender(m);
    auto sent = co_await p_.messages.send(c, *request, chosen);
    if (!sent && twilio::certainly_not_sent(sent.error())) {
        const bool everything = !chosen && p_.messages.is_nobodys_attempt(sent.error());
        co_await p_.limits.give_back(limits, granted, everything);
    }
    co_return sent;
}

/// The account look-up, by the auth token: which nothing else tries where requests go out with an API key.
inline http_request token_look_up(twilio_config c) {
    c.api_key.clear();
    c.api_secret.clear();
    return twilio::requests(c).fetch_account();
}

template <class Mode>
auto messages<Mode>::inspect() -> flow<result<configuration_report>> {
    twilio::test_replies replies;
    const auto account = p_.messages.twilio().fetch_account();
    replies.account = co_await p_.messages.transmit(account);
    replies.received_at = p_.now();
    if (twilio::can_go_on(p_.config.twilio, *replies.account)) {
        (void)co_await ask_about_sender(replies);
        (void)co_await ask_about_account(replies);
    }
    co_return configuration_report{twilio::findings_of(p_.config, replies)};
}

template <class Mode>
auto messages<Mode>::ask_about_sender(twilio::test_replies& replies) -> flow<result<void>> {
    const auto& c = p_.config.twilio;
    const auto& requests = p_.messages.twilio();
    const auto kind = twilio::kind_of_sender(c.sender);
    if (kind == twilio::sender_kind::number) {
        const auto number = requests.find_number(*phone_number::from_e164(c.sender));
        replies.number = co_await p_.messages.transmit(number);
    } else if (kind == twilio::sender_kind::short_code) {
        const auto code = requests.find_short_code(c.sender);
        replies.short_code = co_await p_.messages.transmit(code);
    } else if (kind == twilio::sender_kind::messaging_service) {
        for (const auto& senders : twilio::service_sender_kinds) {
            const auto list = requests.list_service_senders(senders.subresource);
            auto reply = co_await p_.messages.transmit(list);
            const bool found = reply && reply->status == 200;
            replies.service.push_back(std::move(reply));
            if (!found) break;
        }
    }
    co_return result<void>();
}

template <class Mode>
auto messages<Mode>::ask_about_account(twilio::test_replies& replies) -> flow<result<void>> {
    const auto& c = p_.config.twilio;
    const auto& requests = p_.messages.twilio();
    const bool by_key_alone = twilio::may_lack_permission(c, *replies.account);
    if (by_key_alone || rules::has_decoys(p_.config)) {
        const auto nobody = phone_number::from_e164("+15005550006");  // no message is sent to Twilio's own test number
        const auto look_up = requests.find_messages(*nobody);
        replies.look_up = co_await p_.messages.transmit(look_up);
    }
    if (by_key_alone && !twilio::knows_credentials(replies)) co_return result<void>();
    const auto countries = requests.list_countries();
    replies.countries = co_await p_.messages.transmit(countries);
    if (*replies.account && twilio::is_trial_account(**replies.account)) {
        const auto verified = requests.list_verified_numbers();
        replies.verified = co_await p_.messages.transmit(verified);
    }
    if (!c.api_key.empty() && !c.status_callback.empty()) {
        const auto token = token_look_up(c);
        replies.token = co_await p_.messages.transmit(token);
    }
    co_return result<void>();
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
