// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_TEST_REPLIES_HPP
#define PHONEAUTH_TWILIO_TEST_REPLIES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/config.hpp>
#include <phoneauth/configuration_report.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/time.hpp>
#include <phoneauth/twilio/replies.hpp>
#include <phoneauth/twilio/requests.hpp>

namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// The kinds of senders that a Messaging Service can have.
struct service_sender_kind {
    std::string_view subresource;  ///< what `requests::list_service_senders` takes
    std::string_view member;       ///< what `read_service_senders` takes
    std::string_view name;         ///< for people
};

/// In the order in which they are asked for.
inline constexpr std::array service_sender_kinds{
    service_sender_kind{"PhoneNumbers", "phone_numbers", "phone numbers"},
    service_sender_kind{"ShortCodes", "short_codes", "short codes"},
    service_sender_kind{"AlphaSenders", "alpha_senders", "sender ids"},
    service_sender_kind{"DestinationAlphaSenders", "alpha_senders", "sender ids for single countries"},
    service_sender_kind{"ChannelSenders", "senders", "senders of channels"}};

/// What Twilio answered to the questions of `authenticator::test_configuration`; what was not asked is empty.
struct test_replies {
    std::optional<result<http_response>> account{};     ///< to `requests::fetch_account`
    std::optional<time_point> received_at{};            ///< when that came, by this server's clock
    std::optional<result<http_response>> token{};       ///< likewise, with the auth token that only checks reports
    std::optional<result<http_response>> verified{};    ///< to `requests::list_verified_numbers`
    std::optional<result<http_response>> number{};      ///< to `requests::find_number`
    std::optional<result<http_response>> short_code{};  ///< to `requests::find_short_code`
    std::vector<result<http_response>> service{};    ///< to `requests::list_service_senders`; fewer kinds if one failed
    std::optional<result<http_response>> look_up{};  ///< to `requests::find_messages`
    std::optional<result<http_response>> countries{};  ///< to `requests::list_countries`
};

/// What a look-up gave, or the failure of the transport.
template <class Read>
auto read(const result<http_response>& reply, Read read_reply) -> decltype(read_reply(*reply)) {
    if (!reply) return reply.error();
    return read_reply(*reply);
}

/// Whether a reply shows that Twilio knows the credentials, even if they may not do what was asked: an API key can have
/// a part of the permissions (403, or Twilio's 70051).
inline bool knows_credentials(const std::optional<result<http_response>>& reply) {
    if (!reply || !*reply) return false;
    const auto status = (*reply)->status;
    return status / 100 == 2 || status == 403 || failure_of(**reply).twilio_code == 70051;
}

/// Whether any of the replies shows it.
inline bool knows_credentials(const test_replies& r) {
    return knows_credentials(r.account) || knows_credentials(r.number) || knows_credentials(r.short_code) ||
           knows_credentials(r.look_up) || std::any_of(r.service.begin(), r.service.end(), [](const auto& reply) {
               return knows_credentials(std::optional(reply));
           });
}

/// Whether the account could not be looked up, but perhaps for want of a permission: standard API keys may do everything
/// but read accounts, and are told so as if they were wrong.
/// Source: https://www.twilio.com/docs/iam/api-keys/keys-in-console#types-of-keys
inline bool may_lack_permission(const twilio_config& c, const result<http_response>& account) {
    return !c.api_key.empty() && account && account->status / 100 != 2 &&
           failure_of(*account).code == error::provider_misconfigured;
}

/// Whether Twilio, and nothing in its place, has answered the account look-up. Else there is nothing more to ask.
inline bool is_answered(const result<http_response>& account) {
    if (read(account, read_account_status)) return true;
    return account && failure_of(*account).code == error::provider_misconfigured;
}

/// Whether anything can be asked after that answer.
inline bool can_go_on(const twilio_config& c, const result<http_response>& account) {
    return read(account, read_account_status).has_value() || may_lack_permission(c, account);
}

namespace findings {

///@{
/// A finding: all is well; something stands in the way of sending codes; or something is amiss, or not known, and codes
/// can be sent all the same.
inline finding good(std::string check, std::string message) {
    return {std::move(check), true, std::move(message), {}, true};
}
inline finding bad(std::string check, std::string message, std::string remedy) {
    return {std::move(check), false, std::move(message), std::move(remedy), true};
}
inline finding note(std::string check, std::string message, std::string remedy) {
    return {std::move(check), false, std::move(message), std::move(remedy), false};
}
///@}

/// A text of somebody else's, as a report can have it: in printable ASCII, and not long.
inline std::string shown(std::string_view text, std::size_t most = 40) {
    std::string s;
    for (const char c : text.substr(0, most)) s += c >= ' ' && c <= '~' ? c : '?';
    return s;
}

/// The host of Twilio, or of what is in its place, and the port unless it is the scheme's.
inline std::string host_of(const twilio_config& c) {
    const auto url = phoneauth::detail::parse_url(url_of_product(c));
    return url ? url->authority() : std::string();
}

/// "1, 44 and 3 more".
inline std::string enumerated(const std::vector<std::string>& items, std::size_t most = 10) {
    std::string text;
    for (std::size_t i = 0; i < (std::min)(items.size(), most); ++i) text.append(i == 0 ? "" : ", ").append(items[i]);
    if (items.size() > most) text += " and " + std::to_string(items.size() - most) + " more";
    return text;
}

}  // namespace findings
}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
