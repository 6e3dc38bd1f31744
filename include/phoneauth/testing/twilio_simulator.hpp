// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_TWILIO_SIMULATOR_HPP
#define PHONEAUTH_TESTING_TWILIO_SIMULATOR_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <phoneauth/config.hpp>
#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/detail/utf8.hpp>
#include <phoneauth/policies.hpp>
#include <phoneauth/testing/scripted_transport.hpp>
#include <phoneauth/twilio/segments.hpp>
#include <phoneauth/twilio/senders.hpp>

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

}  // namespace detail

/// A message that a `twilio_simulator` has accepted.
struct simulated_message {
    std::string sid;                                              ///< the simulator's name for it: SM… or MM…
    std::string to;                                               ///< E.164, after a channel's name if it has one
    std::string from;                                             ///< empty if a Messaging Service sent it
    std::string body;                                             ///< the text
    std::vector<std::string> media_urls;                          ///< in their order
    std::vector<std::pair<std::string, std::string>> parameters;  ///< everything that was posted, in its order
};

/// A number that the simulated account owns.
struct simulated_number {
    std::string phone;  ///< E.164
    bool sms = true;    ///< can send SMS
    bool mms = true;    ///< can send MMS
};

/// Answers requests as Twilio's REST API (version 2010-04-01) does: Messages create and list (always empty), Accounts
/// fetch, IncomingPhoneNumbers list, with Twilio's checks and error codes, and sends nothing. It is a blocking
/// HttpTransport; `fake_twilio` makes a server of it.
///
/// Messages from and to the magic numbers of Twilio's test credentials (+1500555…,
/// https://www.twilio.com/docs/iam/test-credentials) fail as they do there; +15005550006 is the account's own number.
/// Sender ids send everywhere but to the USA and Canada. Some more numbers are the simulator's: messages to them are accepted but not delivered. They are +15005553003, with
/// error 30003, and likewise those that end in 3004, 3005, 3006, 3007, 3034 and 3038.
///
/// It remembers the last `max_messages` messages.
///
/// @par Thread safety
/// Shared objects are safe.
class twilio_simulator {
public:
    ///@{
    /// The account: what a configuration has to say.
    static constexpr std::string_view account_sid = "AC0123456789abcdef0123456789abcdef";
    static constexpr std::string_view auth_token = "fedcba9876543210fedcba9876543210";
    static constexpr std::string_view api_key = "SK0123456789abcdef0123456789abcdef";
    static constexpr std::string_view api_secret = "simulated-api-secret";
    static constexpr std::string_view sender = "+15005550006";
    ///@}
    static constexpr std::size_t max_messages = 1000;  ///< that it remembers

    /// A configuration that the simulator accepts; `base_url` is empty.
    static twilio_config settings() {
        twilio_config c;
        c.account_sid = account_sid;
        c.auth_token = auth_token;
        c.sender = sender;
        return c;
    }

    /// Answers a request.
    ///
    /// @param request   its `url` is absolute, or path and query
    /// @param accepted  if given, gets the message that the request created, or nothing
    /// @return the reply
    http_response answer(const http_request& request, std::optional<simulated_message>* accepted = nullptr) {
        std::function<void(const simulated_message&)> tell;
        std::optional<simulated_message> created;
        http_response reply;
        {
            const std::scoped_lock lock(mutex_);
            reply = route(request, created);
            if (created) tell = on_message_;
        }
        if (created && tell) tell(*created);
        if (accepted) *accepted = std::move(created);
        return reply;
    }

    /// The signed requests by which Twilio reports what becomes of `m`, in their order: queued, sent, and delivered, or
    /// undelivered with an ErrorCode. None if the message was sent without a StatusCallback. The simulator does not
    /// send them: `fake_twilio` does, or a test.
    std::vector<http_request> delivery_reports(const simulated_message& m) const {
        const auto url = value_of(m.parameters, "StatusCallback");
        if (url.empty()) return {};
        const int problem = delivery_problem_of(m.to);
        std::vector<http_request> reports;
        for (const std::string status : {"queued", "sent", problem == 0 ? "delivered" : "undelivered"}) {
            fields form{{"SmsSid", m.sid}, {"SmsStatus", status},       {"MessageStatus", status},
                        {"To", m.to},      {"MessageSid", m.sid},       {"AccountSid", std::string(account_sid)},
                        {"From", m.from},  {"ApiVersion", "2010-04-01"}};
            if (status == "undelivered") form.emplace_back("ErrorCode", std::to_string(problem));
            std::string body;
            for (const auto& [name, value] : form) phoneauth::detail::append_form_field(body, name, value);
            // What is before the "@" goes into a header, and is not signed.
            const auto anonymous = phoneauth::detail::without_user_info(url);
            reports.push_back({"POST",
                               anonymous,
                               {{"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"},
                                {"User-Agent", "TwilioProxy/1.1"},
                                {"X-Twilio-Signature", detail::twilio_signature(auth_token, anonymous, form)}},
                               std::move(body)});
            if (anonymous.size() < url.size()) {
                const auto begin = url.find("://") + 3;
                const auto user = phoneauth::detail::percent_decode(
                    std::string_view(url).substr(begin, url.size() - anonymous.size() - 1));
                reports.back().headers.push_back(
                    {"Authorization", "Basic " + phoneauth::detail::base64(user ? *user : std::string())});
            }
        }
        return reports;
    }

    /// The HttpTransport function.
    result<http_response> send(const http_request& request) { return answer(request); }

    /// The next request, whatever it is, gets this status and Twilio error code. After several calls it is one request
    /// for each.
    void fail_next(int status, int code) {
        const std::scoped_lock lock(mutex_);
        failures_.push_back(error_reply(code, status));
    }

    /// From now on messages to `phone` are refused with this error code, for example 21610 (opted out).
    void refuse_messages_to(std::string_view phone, int code) {
        const std::scoped_lock lock(mutex_);
        refused_.insert_or_assign(std::string(phone), code);
    }

    /// From now on messages to `phone` are accepted, but reported as undelivered with this error code, for example
    /// 30006.
    void fail_delivery_to(std::string_view phone, int code) {
        const std::scoped_lock lock(mutex_);
        undeliverable_.insert_or_assign(std::string(phone), code);
    }

    /// The account owns this number as well, or with other capabilities.
    void add_number(simulated_number number) {
        const std::scoped_lock lock(mutex_);
        std::erase_if(numbers_, [&](const auto& n) { return n.phone == number.phone; });
        numbers_.push_back(std::move(number));
    }

    /// What the account look-up says: "active" at first.
    void set_account_status(std::string status) {
        const std::scoped_lock lock(mutex_);
        account_status_ = std::move(status);
    }

    /// From now on `f` is called for each accepted message, before the reply, on the thread of the request.
    void on_message(std::function<void(const simulated_message&)> f) {
        const std::scoped_lock lock(mutex_);
        on_message_ = std::move(f);
    }

    /// The accepted messages that it remembers, in their order.
    std::vector<simulated_message> messages() const {
        const std::scoped_lock lock(mutex_);
        return {messages_.begin(), messages_.end()};
    }

    /// The text of the last accepted message to `phone`; empty if there was none.
    std::string last_message_to(std::string_view phone) const {
        const std::scoped_lock lock(mutex_);
        for (auto m = messages_.rbegin(); m != messages_.rend(); ++m)
            if (m->to == phone) return m->body;
        return {};
    }

    /// The code in it: the first run of 6 to 9 digits; empty if there was none.
    std::string last_code_to(std::string_view phone) const { return detail::code_in(last_message_to(phone)); }

private:
    using fields = std::vector<std::pair<std::string, std::string>>;

    static std::string text_of(phoneauth::detail::json_object& o) { return std::move(o).str(); }

    static http_response json_reply(int status, std::string body) {
        return {status,
                {{"Content-Type", "application/json;charset=utf-8"},
                 {"Twilio-Request-Id", "RQ0123456789abcdef0123456789abcdef"}},
                std::move(body)};
    }

    static http_response error_reply(int code, int status = 0) {
        std::string_view message = "An error";
        for (const auto& row : detail::twilio_error_rows)
            if (row.code == code) {
                message = row.message;
                if (status == 0) status = row.status;
            }
        if (status == 0) status = 400;
        auto reply = json_reply(
            status, text_of(phoneauth::detail::json_object()
                                .number("code", code)
                                .string("message", message)
                                .string("more_info", "https://www.twilio.com/docs/errors/" + std::to_string(code))
                                .number("status", status)));
        if (status == 401) reply.headers.push_back({"WWW-Authenticate", "Basic realm=\"Twilio API\""});
        return reply;
    }

    static bool is_authenticated(const http_request& request) {
        const auto* given = find_header(request.headers, "Authorization");
        const auto basic = [](std::string_view name, std::string_view secret) {
            return "Basic " + phoneauth::detail::base64(std::string(name) + ":" + std::string(secret));
        };
        return given && (*given == basic(account_sid, auth_token) || *given == basic(api_key, api_secret));
    }

    http_response route(const http_request& request, std::optional<simulated_message>& created) {
        if (!failures_.empty()) {
            auto reply = std::move(failures_.front());
            failures_.pop_front();
            return reply;
        }
        std::string_view target = request.url;
        if (const auto scheme = target.find("://"); scheme != target.npos)
            target = target.substr((std::min)(target.find('/', scheme + 3), target.size()));
        const auto [path, query] = phoneauth::detail::split_target(target);
        if (!is_authenticated(request)) return error_reply(20003);

        const auto account = "/2010-04-01/Accounts/" + std::string(account_sid);
        if (path == account + "/Messages.json") {
            if (request.method == "GET") return json_reply(200, R"({"messages":[],"page":0,"page_size":50})");
            if (request.method != "POST") return error_reply(20004);
            return create_message(request, created);
        }
        if (path != account + ".json" && path != account + "/IncomingPhoneNumbers.json") return error_reply(20404);
        if (request.method != "GET") return error_reply(20004);
        return path == account + ".json" ? account_reply(account) : numbers_reply(account, query);
    }

    static std::string value_of(const fields& form, std::string_view name) {
        for (const auto& [key, value] : form)
            if (key == name) return value;
        return {};
    }

    /// The last digits of a magic number, else "".
    static std::string_view magic(std::string_view phone) {
        return phone.size() == 12 && phone.starts_with("+1500555") ? phone.substr(8) : std::string_view();
    }

    /// The error code for a message, or 0.
    int judge(const simulated_message& m, std::string_view service, const fields& form) const {
        using codes = std::map<std::string_view, int>;
        static const codes magic_from{{"0001", 21212}, {"0007", 21606}, {"0008", 21611}};
        static const codes magic_to{
            {"0001", 21211}, {"0002", 21612}, {"0003", 21408}, {"0004", 21610}, {"0009", 21614}};
        const auto code_for = [](const codes& table, std::string_view phone) {
            const auto row = table.find(magic(phone));
            return row == table.end() ? 0 : row->second;
        };
        const auto is_number = [](std::string_view text) { return phone_number::from_e164(text).has_value(); };
        if (m.to.empty()) return 21604;
        if (m.from.empty() && service.empty()) return 21603;
        if (m.body.empty() && m.media_urls.empty() && value_of(form, "ContentSid").empty()) return 21602;
        if (phoneauth::detail::count_code_points(m.body).value_or(max_body + 1) > max_body) return 21617;
        if (m.media_urls.size() > 10) return 21623;
        for (const auto& url : m.media_urls)
            if (!phoneauth::detail::parse_url(url)) return 21620;
        const auto channel = twilio::channel_of(m.from);
        if (!m.to.starts_with(channel) || !is_number(m.to.substr(channel.size()))) return 21211;
        if (const int code = code_for(magic_to, m.to)) return code;
        if (const auto refused = refused_.find(m.to); refused != refused_.end()) return refused->second;
        if (!service.empty()) return service.size() == 34 && service.starts_with("MG") ? 0 : 21606;
        if (const int code = code_for(magic_from, m.from)) return code;
        const auto kind = twilio::kind_of_sender(m.from);
        if (kind == twilio::sender_kind::alphanumeric) return m.to.starts_with("+1") ? 21612 : 0;
        if (kind == twilio::sender_kind::none) return 21212;
        for (const auto& n : numbers_)
            if (n.phone == m.from.substr(channel.size()) && (m.media_urls.empty() ? n.sms : n.mms)) return 0;
        return channel.empty() ? 21606 : 63007;
    }

    http_response create_message(const http_request& request, std::optional<simulated_message>& created) {
        const auto* type = find_header(request.headers, "Content-Type");
        fields form;
        if (type && type->starts_with("application/x-www-form-urlencoded"))
            if (auto parsed = phoneauth::detail::parse_form(request.body)) form = *std::move(parsed);

        simulated_message m{{}, value_of(form, "To"), value_of(form, "From"), value_of(form, "Body"), {}, form};
        const auto service = value_of(form, "MessagingServiceSid");
        for (const auto& [key, value] : form)
            if (key == "MediaUrl") m.media_urls.push_back(value);
        if (const int code = judge(m, service, form)) return error_reply(code);

        const auto number = std::to_string(++accepted_);
        m.sid = (m.media_urls.empty() ? "SM" : "MM") + std::string(32 - number.size(), '0') + number;
        const auto uri = "/2010-04-01/Accounts/" + std::string(account_sid) + "/Messages/" + m.sid;
        const auto now = detail::rfc2822_date(system_clock().now());
        phoneauth::detail::json_object resource;
        resource.string("account_sid", account_sid)
            .string("api_version", "2010-04-01")
            .string("body", m.body)
            .string("date_created", now)
            .null("date_sent")
            .string("date_updated", now)
            .string("direction", "outbound-api")
            .null("error_code")
            .null("error_message");
        // A service chooses the sender, and so the segments, only when it sends.
        if (service.empty())
            resource.string("from", m.from).null("messaging_service_sid");
        else
            resource.null("from").string("messaging_service_sid", service);
        resource.string("num_media", std::to_string(m.media_urls.size()))
            .string("num_segments", service.empty() ? std::to_string(twilio::segments(m.body)) : "0")
            .null("price")
            .null("price_unit")
            .string("sid", m.sid)
            .string("status", service.empty() ? "queued" : "accepted")
            .raw("subresource_uris", text_of(phoneauth::detail::json_object().string("media", uri + "/Media.json")))
            .string("to", m.to)
            .string("uri", uri + ".json");
        if (messages_.size() == max_messages) messages_.pop_front();
        messages_.push_back(m);
        created = std::move(m);
        return json_reply(201, std::move(resource).str());
    }

    /// The error code that messages to `phone` are not delivered with, or 0.
    int delivery_problem_of(const std::string& phone) const {
        static const std::map<std::string_view, int> magic_to{{"3003", 30003}, {"3004", 30004}, {"3005", 30005},
                                                              {"3006", 30006}, {"3007", 30007}, {"3034", 30034},
                                                              {"3038", 30038}};
        const std::scoped_lock lock(mutex_);
        if (const auto row = undeliverable_.find(phone); row != undeliverable_.end()) return row->second;
        const auto row = magic_to.find(magic(phone));
        return row == magic_to.end() ? 0 : row->second;
    }

    http_response account_reply(const std::string& account) const {
        return json_reply(200, text_of(phoneauth::detail::json_object()
                                           .string("sid", account_sid)
                                           .string("friendly_name", "Simulated account")
                                           .string("status", account_status_)
                                           .string("type", "Full")
                                           .string("owner_account_sid", account_sid)
                                           .string("date_created", "Thu, 01 Jan 2026 00:00:00 +0000")
                                           .string("date_updated", "Thu, 01 Jan 2026 00:00:00 +0000")
                                           .string("uri", account + ".json")
                                           .raw("subresource_uris", text_of(phoneauth::detail::json_object().string(
                                                                        "messages", account + "/Messages.json")))));
    }

    http_response numbers_reply(const std::string& account, std::string_view query) const {
        const auto wanted = phoneauth::detail::form_field(query, "PhoneNumber");
        std::string list;
        std::size_t count = 0;
        for (const auto& n : numbers_) {
            if (!wanted.empty() && n.phone != wanted) continue;
            if (count++ > 0) list += ',';
            list += text_of(phoneauth::detail::json_object()
                                .string("sid", "PN" + std::string(28, '0') + n.phone.substr(n.phone.size() - 4))
                                .string("account_sid", account_sid)
                                .string("phone_number", n.phone)
                                .raw("capabilities", text_of(phoneauth::detail::json_object()
                                                                 .boolean("voice", true)
                                                                 .boolean("sms", n.sms)
                                                                 .boolean("mms", n.mms)
                                                                 .boolean("fax", false))));
        }
        return json_reply(200, text_of(phoneauth::detail::json_object()
                                           .raw("incoming_phone_numbers", "[" + list + "]")
                                           .number("page", 0)
                                           .number("page_size", 50)
                                           .number("start", 0)
                                           .number("end", count > 0 ? static_cast<std::int64_t>(count) - 1 : 0)
                                           .string("uri", account + "/IncomingPhoneNumbers.json?" + std::string(query))
                                           .null("next_page_uri")
                                           .null("previous_page_uri")));
    }

    static constexpr std::size_t max_body = 1600;

    mutable std::mutex mutex_;
    std::deque<http_response> failures_;
    std::map<std::string, int, std::less<>> refused_;
    std::map<std::string, int, std::less<>> undeliverable_;
    std::vector<simulated_number> numbers_{{std::string(sender)}};
    std::string account_status_ = "active";
    std::function<void(const simulated_message&)> on_message_;
    std::deque<simulated_message> messages_;
    std::uint64_t accepted_ = 0;
};

static_assert(HttpTransport<twilio_simulator>);

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
