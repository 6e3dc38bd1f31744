// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_DETAIL_TWILIO_REPLIES_HPP
#define PHONEAUTH_TESTING_DETAIL_TWILIO_REPLIES_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/time.hpp>
#include <phoneauth/twilio/replies.hpp>

// What the simulated Twilio writes.

namespace phoneauth {
inline namespace v0 {
namespace testing {
namespace detail {

/// One row per error code that the simulator knows (https://www.twilio.com/docs/api/errors).
struct twilio_error_row {
    int code;
    int status;
    std::string_view message;
};

// clang-format off
inline constexpr std::array twilio_error_rows{
    twilio_error_row{20003, 401, "Authenticate"},
    twilio_error_row{20004, 405, "Method not allowed"},
    twilio_error_row{20404, 404, "The requested resource was not found"},
    twilio_error_row{20429, 429, "Too Many Requests"},
    twilio_error_row{20500, 500, "An internal server error has occurred"},
    twilio_error_row{21211, 400, "The 'To' number is not a valid phone number."},
    twilio_error_row{21212, 400, "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID."},
    twilio_error_row{21408, 400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number."},
    twilio_error_row{21602, 400, "Message body is required."},
    twilio_error_row{21603, 400, "A 'From' phone number is required."},
    twilio_error_row{21604, 400, "A 'To' phone number is required."},
    twilio_error_row{21606, 400, "The 'From' phone number provided is not a valid message-capable Twilio phone number for this destination."},
    twilio_error_row{21608, 400, "The 'To' phone number provided is not yet verified for this account."},
    twilio_error_row{21610, 400, "Attempt to send to unsubscribed recipient"},
    twilio_error_row{21611, 400, "This 'From' number has exceeded the maximum number of queued messages"},
    twilio_error_row{21612, 400, "The 'To' phone number is not currently reachable using the 'From' phone number via SMS."},
    twilio_error_row{21614, 400, "The 'To' number is not a valid mobile number"},
    twilio_error_row{21617, 400, "The concatenated message body exceeds the 1600 character limit"},
    twilio_error_row{21620, 400, "Invalid media URL(s)"},
    twilio_error_row{21623, 400, "Number of media files exceeds allowed limit"},
    twilio_error_row{21704, 400, "The Messaging Service contains no phone numbers"},
    twilio_error_row{70051, 403, "Authorization Failed"},
};
// clang-format on

/// For example "Thu, 24 Aug 2023 05:01:45 +0000" (RFC 2822 §3.3).
inline std::string rfc2822_date(time_point t) {
    constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(t - day));
    const auto two = [](auto n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    return std::string(days[std::chrono::weekday(day).c_encoding()]) + ", " + two(static_cast<unsigned>(date.day())) +
           " " + months[static_cast<unsigned>(date.month()) - 1] + " " + std::to_string(static_cast<int>(date.year())) +
           " " + two(time.hours().count()) + ":" + two(time.minutes().count()) + ":" + two(time.seconds().count()) +
           " +0000";
}

/// The same as a header has it: "Thu, 24 Aug 2023 05:01:45 GMT" (RFC 9110 §5.6.7).
inline std::string http_date(time_point t) {
    auto text = rfc2822_date(t);
    return text.replace(text.size() - 5, 5, "GMT");
}

/// Where the account may send at first.
inline std::vector<twilio::country_permission> usual_countries() {
    return {{"US", "1", true},  {"CA", "1", true},  {"GB", "44", true}, {"IE", "353", true}, {"DE", "49", true},
            {"AT", "43", true}, {"CH", "41", true}, {"FR", "33", true}, {"BE", "32", true},  {"NL", "31", true},
            {"ES", "34", true}, {"IT", "39", true}, {"PL", "48", true}, {"SE", "46", true},  {"NO", "47", true},
            {"AU", "61", true}, {"NZ", "64", true}, {"IN", "91", true}, {"BR", "55", true},  {"JP", "81", true}};
}

/// What Twilio would put into X-Twilio-Signature (https://www.twilio.com/docs/usage/security#validating-requests). It
/// is not what the library checks signatures with, so that a mistake there is not made here as well.
inline std::string twilio_signature(std::string_view auth_token, std::string_view url,
                                    std::vector<std::pair<std::string, std::string>> parameters) {
    std::sort(parameters.begin(), parameters.end());
    std::string text(url);
    for (const auto& [name, value] : parameters) text.append(name).append(value);
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
    unsigned size = 0;
    if (!HMAC(EVP_sha1(), auth_token.data(), static_cast<int>(auth_token.size()),
              reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size))
        throw std::runtime_error("phoneauth: OpenSSL failed");
    return phoneauth::detail::base64({reinterpret_cast<const char*>(mac.data()), size});
}

inline std::string text_of(phoneauth::detail::json_object& o) {
    return std::move(o).str();
}

inline http_response twilio_reply(int status, std::string body) {
    return {status,
            {{"Content-Type", "application/json;charset=utf-8"},
             {"Twilio-Request-Id", "RQ0123456789abcdef0123456789abcdef"}},
            std::move(body)};
}

/// With the status that Twilio gives with `code`, unless another is asked for.
inline http_response twilio_error(int code, int status = 0) {
    std::string_view message = "An error";
    for (const auto& row : twilio_error_rows)
        if (row.code == code) {
            message = row.message;
            if (status == 0) status = row.status;
        }
    if (status == 0) status = 400;
    phoneauth::detail::json_object json;
    json.number("code", code).string("message", message);
    json.string("more_info", "https://www.twilio.com/docs/errors/" + std::to_string(code)).number("status", status);
    auto reply = twilio_reply(status, text_of(json));
    if (status == 401) reply.headers.push_back({"WWW-Authenticate", "Basic realm=\"Twilio API\""});
    return reply;
}

/// "[…,…]"
inline std::string json_array(const std::vector<std::string>& elements) {
    std::string list = "[";
    for (const auto& e : elements) list.append(list.size() > 1 ? "," : "").append(e);
    return list + ']';
}

/// A page of `elements`, JSON texts, under the name `member`, as version 2010-04-01 has it.
inline http_response twilio_page(std::string_view member, const std::vector<std::string>& elements,
                                 std::string_view uri) {
    const auto count = static_cast<std::int64_t>(elements.size());
    phoneauth::detail::json_object json;
    json.raw(member, json_array(elements)).number("page", 0).number("page_size", 50).number("start", 0);
    json.number("end", count > 0 ? count - 1 : 0).string("uri", uri).null("next_page_uri").null("previous_page_uri");
    return twilio_reply(200, text_of(json));
}

/// An Account; `uri` is without its ending.
inline std::string account_json(std::string_view sid, std::string_view status, std::string_view type,
                                const std::string& uri) {
    phoneauth::detail::json_object links;
    links.string("messages", uri + "/Messages.json");
    phoneauth::detail::json_object json;
    json.string("sid", sid).string("friendly_name", "Simulated account").string("status", status);
    json.string("type", type).string("owner_account_sid", sid);
    json.string("date_created", "Thu, 01 Jan 2026 00:00:00 +0000");
    json.string("date_updated", "Thu, 01 Jan 2026 00:00:00 +0000");
    json.string("uri", uri + ".json").raw("subresource_uris", text_of(links));
    return text_of(json);
}

/// An element of IncomingPhoneNumbers.
inline std::string number_json(std::string_view account_sid, const std::string& phone, bool sms, bool mms) {
    phoneauth::detail::json_object able;
    able.boolean("voice", true).boolean("sms", sms).boolean("mms", mms).boolean("fax", false);
    phoneauth::detail::json_object json;
    json.string("sid", "PN" + std::string(28, '0') + phone.substr(phone.size() - 4)).string("account_sid", account_sid);
    json.string("phone_number", phone).raw("capabilities", text_of(able));
    return text_of(json);
}

/// An element that is an object of one text.
inline std::string named_json(std::string_view name, std::string_view value) {
    phoneauth::detail::json_object json;
    json.string(name, value);
    return text_of(json);
}

/// A sender of a Messaging Service, under `name`.
inline std::string sender_json(std::string_view name, const std::string& phone, bool sms, bool mms) {
    std::vector<std::string> able;
    if (sms) able.emplace_back("\"SMS\"");
    if (mms) able.emplace_back("\"MMS\"");
    if (name == "phone_number") able.emplace_back("\"Voice\"");
    phoneauth::detail::json_object json;
    json.string(name, phone).raw("capabilities", json_array(able));
    return text_of(json);
}

/// The Geo Permissions.
inline http_response countries_reply(const std::vector<twilio::country_permission>& countries) {
    std::vector<std::string> list;
    for (const auto& c : countries) {
        phoneauth::detail::json_object json;
        json.string("country_code", c.country).string("type", "country").boolean("enabled", c.enabled);
        json.string("prefix", "+" + c.prefix).string("message", "");
        list.push_back(text_of(json));
    }
    return twilio_reply(200, "{\"permissions\":" + json_array(list) + "}");
}

}  // namespace detail
}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
