// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_MESSAGE_FINDINGS_HPP
#define PHONEAUTH_TWILIO_MESSAGE_FINDINGS_HPP

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <phoneauth/detail/ip.hpp>
#include <phoneauth/rules/destination.hpp>
#include <phoneauth/twilio/segments.hpp>
#include <phoneauth/twilio/test_replies.hpp>

// What a code's message costs, where it may go, and where Twilio reports what became of it.

namespace phoneauth {
inline namespace v0 {
namespace twilio {
namespace findings {

/// What a code costs: by the longer of its two texts.
inline finding of_segments(const config& c) {
    const std::string code(c.code_digits, '0');
    const auto login = code_text(c, code, purpose::login);
    const auto registration = code_text(c, code, purpose::registration);
    const auto of_login = size_of_sms(login);
    const auto of_registration = size_of_sms(registration);
    const auto& larger = of_login.segments > of_registration.segments ? of_login : of_registration;
    const auto outsider = std::string(larger.outsider.empty() ? of_login.outsider : larger.outsider);
    const auto what =
        "A code's message takes " +
        (larger.segments == 1 ? std::string("one segment")
                              : std::to_string(larger.segments) + " segments, each of which is charged") +
        (outsider.empty() ? "." : ", as UTF-16 because of \"" + outsider + "\": 70 characters fit into one.");
    if (outsider.empty() && larger.segments == 1) return good("segments", what);
    return note("segments", what,
                outsider.empty() ? "Shorten message_template: 160 characters fit into one segment."
                                 : "Write message_template with the characters of GSM-7, of which 160 fit into one "
                                   "segment; if the language has others, keep to 70.");
}

/// Whether Twilio, in the internet, can have a way to `host`.
inline bool is_public_host(std::string_view host) {
    constexpr std::array networks{"0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10",  "127.0.0.0/8",
                                  "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "::1/128",
                                  "::/128",         "fc00::/7",      "fe80::/10"};
    constexpr std::array<std::string_view, 8> domains{".localhost", ".local", ".internal", ".lan",
                                                      ".home.arpa", ".test",  ".invalid",  ".example"};
    if (const auto address = phoneauth::detail::parse_ip(host))
        return std::none_of(networks.begin(), networks.end(), [&](const char* text) {
            const auto network = phoneauth::detail::parse_network(text);
            return network && network->has(*address);
        });
    return host.find('.') != std::string_view::npos &&
           std::none_of(domains.begin(), domains.end(), [&](auto domain) { return host.ends_with(domain); });
}

/// Where Twilio reports what became of a message. Of the URL only the host is told.
inline finding of_callback(const twilio_config& c, const test_replies& r) {
    if (c.status_callback.empty())
        return good("callback", "Twilio is not asked to report whether codes arrive: twilio.status_callback is empty.");
    const auto url = phoneauth::detail::parse_url(phoneauth::detail::without_user_info(c.status_callback));
    const std::string host = url ? url->host : std::string();
    const std::string set = "Set twilio.status_callback to the public https URL of /api/services/Twilio/messageStatus.";
    if (c.base_url.empty() && !is_public_host(host))
        return note("callback", "Twilio cannot reach " + host + " to report whether codes arrive.", set);
    if (c.base_url.empty() && url && !url->https)
        return note("callback", "Twilio's reports to " + host + " are not encrypted, and phone numbers are in them.",
                    set);
    if (c.auth_token.empty())
        return note("callback", "Twilio's reports to " + host + " are refused: nothing can check their signatures.",
                    "Set twilio.auth_token, too, with which Twilio signs them.");
    if (r.token && *r.token && (*r.token)->status == 401)
        return note("callback",
                    "Twilio's reports to " + host +
                        " are refused: the auth token that checks them is not the account's.",
                    "Copy twilio.auth_token from Twilio's console again.");
    return good("callback", "Twilio reports to " + host + " whether codes arrive.");
}

/// The rows for numbers that begin with `code`: those with the longest prefix of it, else those of which it is one.
inline std::vector<country_permission> countries_of(const std::vector<country_permission>& all, std::string_view code) {
    std::size_t longest = 0;
    for (const auto& row : all)
        if (code.starts_with(row.prefix)) longest = (std::max)(longest, row.prefix.size());
    std::vector<country_permission> own;
    for (const auto& row : all)
        if (longest > 0 ? row.prefix.size() == longest && code.starts_with(row.prefix) : row.prefix.starts_with(code))
            own.push_back(row);
    return own;
}

/// What Twilio's Geo Permissions say about the calling codes in `allowed`.
inline finding of_allowed_codes(const std::vector<std::string>& allowed, const std::vector<country_permission>& all) {
    std::vector<std::string> open;
    std::vector<std::string> closed;
    for (const auto& code : allowed) {
        const auto rows = countries_of(all, code);
        std::vector<std::string> off;
        for (const auto& row : rows)
            if (!row.enabled) off.push_back(row.country);
        if (rows.empty()) continue;
        const bool is_closed = off.size() == rows.size();
        (is_closed ? closed : open)
            .push_back("+" + code + (off.empty() ? "" : (is_closed ? " (" : " (not ") + enumerated(off, 5) + ")"));
    }
    const std::string remedy =
        "Enable them in Twilio's console under Messaging, Settings, Geo permissions, or leave them out of "
        "allowed_calling_codes.";
    if (closed.empty() && open.empty())
        return note("countries", "Twilio's Geo Permissions say nothing about the allowed calling codes.", remedy);
    if (closed.empty())
        return good("countries", "Twilio sends to the allowed calling codes: " + enumerated(open) + ".");
    const auto what = "Twilio does not send to calling codes that are allowed here: " + enumerated(closed) + ".";
    return open.empty() ? bad("countries", what, remedy) : note("countries", what, remedy);
}

/// The countries that are allowed there, at Twilio, compared with those that are allowed here.
/// Source: https://www.twilio.com/docs/messaging/guides/sms-geo-permissions, and Twilio's published OpenAPI document of
/// accounts.twilio.com.
inline finding of_countries(const config& c, const result<http_response>& reply) {
    const auto all = read(reply, read_countries);
    const std::string where = "Compare Twilio's console, Messaging, Settings, Geo permissions";
    if (!all || all->empty())
        return note("countries", "To which countries Twilio sends is not known: these credentials cannot look it up.",
                    where + ", with allowed_calling_codes.");
    if (!rules::allows_all_countries(c))
        return of_allowed_codes(
            c.allowed_calling_codes.empty() ? std::vector{c.default_calling_code} : c.allowed_calling_codes, *all);
    const auto on = std::count_if(all->begin(), all->end(), [](const auto& row) { return row.enabled; });
    if (on == 0)
        return bad("countries", "Twilio sends to no country at all.",
                   "Enable some in Twilio's console under Messaging, Settings, Geo permissions.");
    return good("countries",
                "Twilio sends to " + std::to_string(on) + " of " + std::to_string(all->size()) + " countries.");
}

/// A password reset that goes past the second factor (OWASP ASVS 5.0 §6.4.3); nothing to say about any other.
inline std::optional<finding> of_password_reset(const config& c) {
    if (c.code_login_enabled || c.password_reset != password_reset_policy::code) return std::nullopt;
    return note(
        "reset",
        "Logins need a password and a code, but a code alone is enough to set another password: whoever has the "
        "phone needs nothing else.",
        "Set password_reset to \"code_and_backup_code\".");
}

/// What is asked in place of a message when nobody has a phone.
inline finding of_look_up(const result<http_response>& reply) {
    const auto found = read(reply, read_look_up);
    if (found) return good("look-up", "The credentials may look up messages.");
    return note("look-up",
                "Messages could not be looked up: " + found.error().message +
                    " Until the credentials may do so, logins with unknown phones fail, and so tell who is registered.",
                "Give the API key the permission to read messages, or take a standard key.");
}

}  // namespace findings
}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
