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
    auto sent = co_await p_.messages.send(*request, *to, twilio::chooses_sender(m));
    if (!sent && twilio::certainly_not_sent(sent.error())) {
        co_await p_.limits.give_back(limits, granted, twilio::is_nobodys_attempt(sent.error()));
    }
    co_return sent;
}

template <class Mode>
auto messages<Mode>::inspect() -> flow<result<configuration_report>> {
    configuration_report report;
    report.findings.push_back(rules::destinations_finding(p_.config));
    const auto& c = p_.config.twilio;
    const auto& requests = p_.messages.twilio();
    const bool conceals = p_.config.unknown_phone == unknown_phone_policy::conceal;
    twilio::test_replies replies;
    const auto account_request = requests.fetch_account();
    replies.account = co_await p_.messages.transmit(account_request);
    const bool by_key_alone = twilio::may_lack_permission(c, *replies.account);
    const bool goes_on =
        by_key_alone || twilio::findings::read(*replies.account, twilio::read_account_status).has_value();
    const auto sender = phone_number::from_e164(c.sender);
    if (goes_on && sender) {
        const auto number_request = requests.find_number(*sender);
        replies.number = co_await p_.messages.transmit(number_request);
    }
    if (goes_on && (conceals || by_key_alone)) {
        const auto nobody = phone_number::from_e164("+15005550006");  // no message is sent to Twilio's own test number
        const auto look_up = requests.find_messages(*nobody);
        replies.look_up = co_await p_.messages.transmit(look_up);
    }
    for (auto& f : twilio::findings_of(c, replies, conceals)) report.findings.push_back(std::move(f));
    co_return report;
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
