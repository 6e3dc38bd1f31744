// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_FINDINGS_HPP
#define PHONEAUTH_TWILIO_FINDINGS_HPP

#include <utility>
#include <vector>

#include <phoneauth/config.hpp>
#include <phoneauth/configuration_report.hpp>
#include <phoneauth/rules/destination.hpp>
#include <phoneauth/rules/disclosure.hpp>
#include <phoneauth/twilio/account_findings.hpp>
#include <phoneauth/twilio/connection_findings.hpp>
#include <phoneauth/twilio/message_findings.hpp>
#include <phoneauth/twilio/sender_findings.hpp>
#include <phoneauth/twilio/test_replies.hpp>

namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// All that the configuration and the replies tell, in the order of `finding`.
inline std::vector<finding> findings_of(const config& c, const test_replies& r) {
    const auto& t = c.twilio;
    std::vector<finding> all{rules::destinations_finding(c), findings::of_segments(c), findings::of_callback(t, r),
                             findings::of_region(t)};
    const auto append = [&](std::vector<finding> more) {
        for (auto& f : more) all.push_back(std::move(f));
    };
    if (auto reset = findings::of_password_reset(c)) all.push_back(*std::move(reset));
    append(findings::of_connection(t, *r.account));
    if (!is_answered(*r.account)) return all;  // nothing else can be known
    if (auto clock = findings::of_clock(r)) all.push_back(*std::move(clock));
    auto account = findings::of_account(t, r);
    const bool accepted = account.size() > 1;
    all.push_back(std::move(account.front()));
    if (!accepted) return all;
    all.push_back(findings::of_key(t, r));
    all.push_back(std::move(account.back()));
    if (auto trial = findings::of_trial(r)) all.push_back(*std::move(trial));
    if (!can_go_on(t, *r.account)) return all;
    append(findings::of_sender(t, r));
    if (r.countries) all.push_back(findings::of_countries(c, *r.countries));
    if (r.look_up && rules::has_decoys(c)) all.push_back(findings::of_look_up(*r.look_up));
    return all;
}

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
