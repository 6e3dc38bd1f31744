// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_DETAIL_SIMULATED_MESSAGES_HPP
#define PHONEAUTH_TESTING_DETAIL_SIMULATED_MESSAGES_HPP

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/testing/detail/twilio_replies.hpp>
#include <phoneauth/testing/simulated_message.hpp>
#include <phoneauth/time.hpp>
#include <phoneauth/twilio/segments.hpp>

// What the simulated Twilio says of a message.

namespace phoneauth {
inline namespace v0 {
namespace testing {
namespace detail {

/// The end of a number of +1500555…, and the error code that it stands for.
struct magic_number {
    std::string_view end;
    int code;
};

///@{
/// Of Twilio's test credentials (https://www.twilio.com/docs/iam/test-credentials).
inline constexpr std::array magic_senders{magic_number{"0001", 21212}, magic_number{"0007", 21606},
                                          magic_number{"0008", 21611}};
inline constexpr std::array magic_recipients{magic_number{"0001", 21211}, magic_number{"0002", 21612},
                                             magic_number{"0003", 21408}, magic_number{"0004", 21610},
                                             magic_number{"0009", 21614}};
///@}
/// The simulator's own: messages to them are accepted, but not delivered.
inline constexpr std::array undeliverable_recipients{
    magic_number{"3003", 30003}, magic_number{"3004", 30004}, magic_number{"3005", 30005}, magic_number{"3006", 30006},
    magic_number{"3007", 30007}, magic_number{"3034", 30034}, magic_number{"3038", 30038}};

/// The error code for `phone`, or 0.
inline int magic_code(std::span<const magic_number> numbers, std::string_view phone) {
    if (phone.size() != 12 || !phone.starts_with("+1500555")) return 0;
    for (const auto& n : numbers)
        if (phone.ends_with(n.end)) return n.code;
    return 0;
}

/// The first field `name`, or nothing.
inline std::string value_of(const std::vector<std::pair<std::string, std::string>>& form, std::string_view name) {
    for (const auto& [key, value] : form)
        if (key == name) return value;
    return {};
}

/// The Message resource. `service`: the Messaging Service that sends it, or nothing.
inline std::string message_json(const simulated_message& m, std::string_view account_sid, std::string_view service) {
    const auto uri = "/2010-04-01/Accounts/" + std::string(account_sid) + "/Messages/" + m.sid;
    const auto now = rfc2822_date(system_clock().now());
    phoneauth::detail::json_object json;
    json.string("account_sid", account_sid).string("api_version", "2010-04-01").string("body", m.body);
    json.string("date_created", now).null("date_sent").string("date_updated", now);
    json.string("direction", "outbound-api").null("error_code").null("error_message");
    // A service chooses the sender, and so the segments, only when it sends.
    if (service.empty())
        json.string("from", m.from).null("messaging_service_sid");
    else
        json.null("from").string("messaging_service_sid", service);
    json.string("num_media", std::to_string(m.media_urls.size()));
    json.string("num_segments", service.empty() ? std::to_string(twilio::segments(m.body)) : "0");
    json.null("price").null("price_unit").string("sid", m.sid);
    json.string("status", service.empty() ? "queued" : "accepted");
    json.raw("subresource_uris", named_json("media", uri + "/Media.json"));
    json.string("to", m.to).string("uri", uri + ".json");
    return text_of(json);
}

/// The requests that report what becomes of `m`. `problem`: the error code that it is not delivered with, or 0.
inline std::vector<http_request> delivery_reports(const simulated_message& m, std::string_view account_sid,
                                                  std::string_view auth_token, int problem) {
    const auto url = value_of(m.parameters, "StatusCallback");
    if (url.empty()) return {};
    // What is before the "@" goes into a header, and is not signed.
    const auto anonymous = phoneauth::detail::without_user_info(url);
    std::string credentials;
    if (anonymous.size() < url.size()) {
        const auto begin = url.find("://") + 3;
        const auto user =
            phoneauth::detail::percent_decode(std::string_view(url).substr(begin, url.size() - anonymous.size() - 1));
        credentials = "Basic " + phoneauth::detail::base64(user ? *user : std::string());
    }
    std::vector<http_request> reports;
    for (const std::string status : {"queued", "sent", problem == 0 ? "delivered" : "undelivered"}) {
        std::vector<std::pair<std::string, std::string>> form{
            {"SmsSid", m.sid}, {"SmsStatus", status},       {"MessageStatus", status},
            {"To", m.to},      {"MessageSid", m.sid},       {"AccountSid", std::string(account_sid)},
            {"From", m.from},  {"ApiVersion", "2010-04-01"}};
        if (status == "undelivered") form.emplace_back("ErrorCode", std::to_string(problem));
        std::string body;
        for (const auto& [name, value] : form) phoneauth::detail::append_form_field(body, name, value);
        reports.push_back({"POST",
                           anonymous,
                           {{"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"},
                            {"User-Agent", "TwilioProxy/1.1"},
                            {"X-Twilio-Signature", twilio_signature(auth_token, anonymous, form)}},
                           std::move(body)});
        if (!credentials.empty()) reports.back().headers.push_back({"Authorization", credentials});
    }
    return reports;
}

}  // namespace detail
}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
