// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_CONNECTION_FINDINGS_HPP
#define PHONEAUTH_TWILIO_CONNECTION_FINDINGS_HPP

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <phoneauth/twilio/test_replies.hpp>

// What the first answer tells about the way to Twilio, and about this server's clock.

namespace phoneauth {
inline namespace v0 {
namespace twilio {
namespace findings {

/// Twilio's part of the world, as it is configured.
inline finding of_region(const twilio_config& c) {
    const auto host = host_of(c);
    const bool chosen = !c.region.empty() || !c.edge.empty();
    if (!c.base_url.empty() && chosen)
        return note("region", "Requests go to " + host + ", whatever twilio.region and twilio.edge say.",
                    "Leave out twilio.base_url, or the two others.");
    if (!c.base_url.empty()) return good("region", "Requests go to " + host + ", in the place of Twilio's own host.");
    if (c.region.empty() || equal_ignoring_case(c.region, "us1") || equal_ignoring_case(c.region, "ie1"))
        return good("region", "Requests go to " + host + (chosen ? "." : ", in Twilio's default region."));
    // Source: https://www.twilio.com/docs/global-infrastructure/regional-product-and-feature-availability
    return note("region", "Requests go to " + host + "; Twilio sends SMS from its regions us1 and ie1 only.",
                "Leave twilio.region empty, or take ie1 if the data must stay in the EU.");
}

/// A transport that could not reach Twilio.
inline finding of_no_reply(const twilio_config& c, const failure& f) {
    const auto host = host_of(c);
    const std::string what = host + ": " + shown(f.message, 200);
    const std::string names = c.base_url.empty() ? "twilio.region and twilio.edge are" : "twilio.base_url is";
    if (f.code == error::host_not_found)
        return bad("connection", what, "Look at this machine's DNS, and at how " + names + " spelled.");
    if (f.code == error::connect_failed || f.code == error::connect_timeout)
        return bad(
            "connection", what,
            c.base_url.empty()
                ? "Let this machine open connections to " + host + ", port 443: look at its firewall and routes."
                : "See that a server listens at twilio.base_url, and that a firewall lets this machine through.");
    if (f.code == error::proxy_failed)
        return bad(
            "connection", what,
            "Look at the proxy (the transport's option proxy): its name, port, user and password, and whether it "
            "lets CONNECT to " +
                host + " pass.");
    if (f.code == error::certificate_untrusted)
        return bad(
            "tls", what,
            "Install the CA certificates of the system (Debian: apt install ca-certificates), or give the "
            "transport a PEM file that has them (ca_file). If a proxy opens TLS on the way, its CA must be there.");
    if (f.code == error::certificate_expired)
        return bad("tls", what, "Look at this machine's clock; if it is right, at who answers in Twilio's place.");
    if (f.code == error::certificate_wrong_host)
        return bad("tls", what, "Look at how " + names + " spelled, and at who answers in Twilio's place.");
    if (f.code == error::tls_failed)
        return bad("tls", what,
                   "See that the CA certificates can be read and that no proxy or firewall on the way breaks TLS 1.2 "
                   "and later.");
    return bad("connection", what, "Try again; if it stays so, look at https://status.twilio.com and at the network.");
}

/// Whether Twilio answered at all.
inline std::vector<finding> of_connection(const twilio_config& c, const result<http_response>& account) {
    if (!account) return {of_no_reply(c, account.error())};
    const auto host = host_of(c);
    if (!is_answered(account)) {
        const auto why = read(account, read_account_status).error();
        const bool is_passing = why.code == error::provider_busy || why.code == error::no_answer;
        return {bad("connection", host + ": " + why.message,
                    is_passing
                        ? "Try again later; https://status.twilio.com tells of disturbances."
                        : "What answers there is not Twilio: look at twilio.base_url, and at proxies on the way.")};
    }
    std::vector<finding> all{good("connection", "Twilio answers at " + host + ".")};
    if (url_of_product(c).starts_with("https:")) all.push_back(good("tls", "Its certificate is trusted."));
    return all;
}

/// This server's clock, compared with Twilio's; empty if Twilio did not tell the time.
inline std::optional<finding> of_clock(const test_replies& r) {
    constexpr std::chrono::seconds tolerated{60};
    const auto theirs = r.account && *r.account ? date_of(**r.account) : std::nullopt;
    if (!theirs || !r.received_at) return std::nullopt;
    const auto ahead = std::chrono::floor<std::chrono::seconds>(*r.received_at) - *theirs;
    if (ahead >= -tolerated && ahead <= tolerated) return good("clock", "This server's clock agrees with Twilio's.");
    const auto off = std::to_string((ahead.count() < 0 ? -ahead : ahead).count());
    return note("clock",
                "This server's clock is " + off + " s " + (ahead.count() < 0 ? "behind" : "ahead of") +
                    " Twilio's; servers whose clocks differ take each other's codes and sessions for expired.",
                "Have the clock set by NTP (timedatectl set-ntp true).");
}

}  // namespace findings
}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
