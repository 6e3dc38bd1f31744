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
    auto sent = co_await p_.messages.send(*request);
    if (!sent && twilio::certainly_not_sent(sent.error())) {
        co_await p_.limits.give_back(limits, granted);
    }
    co_return sent;
}

template <class Mode>
auto messages<Mode>::inspect() -> flow<result<configuration_report>> {
    configuration_report report;
    report.findings.push_back(rules::destinations_finding(p_.config));
    const auto& twilio = p_.messages.twilio();
    const auto account_request = twilio.fetch_account();
    auto account_reply = co_await p_.messages.transmit(account_request);
    auto status = account_reply ? twilio::read_account_status(*account_reply)
                                : result<std::string>(std::move(account_reply).error());
    report.findings.push_back(twilio::credentials_finding(status));
    if (!status) co_return report;
    report.findings.push_back(twilio::account_finding(*status));
    if (const auto sender = phone_number::from_e164(p_.config.twilio.sender)) {
        const auto number_request = twilio.find_number(*sender);
        auto number_reply = co_await p_.messages.transmit(number_request);
        auto number = number_reply ? twilio::read_number(*number_reply)
                                   : result<std::optional<twilio::capabilities>>(std::move(number_reply).error());
        for (auto& f : twilio::sender_findings(number)) report.findings.push_back(std::move(f));
    } else {
        report.findings.push_back(twilio::messaging_service_finding());
    }
    if (p_.config.unknown_phone == unknown_phone_policy::conceal) {
        const auto nobody = phone_number::from_e164("+15005550006");  // no message is sent to Twilio's own test number
        const auto look_up = twilio.find_messages(*nobody);
        auto looked_up = co_await p_.messages.transmit(look_up);
        report.findings.push_back(twilio::look_up_finding(looked_up));
    }
    co_return report;
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
