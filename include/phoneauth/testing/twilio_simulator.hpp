// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_TWILIO_SIMULATOR_HPP
#define PHONEAUTH_TESTING_TWILIO_SIMULATOR_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/config.hpp>
#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/detail/utf8.hpp>
#include <phoneauth/policies.hpp>
#include <phoneauth/testing/detail/simulated_messages.hpp>
#include <phoneauth/testing/detail/twilio_replies.hpp>
#include <phoneauth/testing/scripted_transport.hpp>
#include <phoneauth/testing/simulated_message.hpp>
#include <phoneauth/twilio/replies.hpp>
#include <phoneauth/twilio/segments.hpp>
#include <phoneauth/twilio/senders.hpp>
#include <phoneauth/twilio/test_replies.hpp>

namespace phoneauth {
inline namespace v0 {
namespace testing {
/// A number that the simulated account owns.
struct simulated_number {
    std::string phone;  ///< E.164, or a short code
    bool sms = true;    ///< can send SMS
    bool mms = true;    ///< can send MMS
};

/// What an API key may do.
enum class simulated_key {
    main,       ///< everything
    standard,   ///< everything but look up the account
    restricted  ///< create and list messages
};

/// Answers requests as Twilio's REST API (version 2010-04-01) does: Messages create and list (always empty), Accounts
/// fetch, IncomingPhoneNumbers, ShortCodes and OutgoingCallerIds list, with Twilio's checks and error codes, and sends
/// nothing. Of Twilio's other APIs it has the senders of Messaging Services and the Geo Permissions. It is a blocking
/// HttpTransport; `fake_twilio` makes a server of it.
///
/// Messages from and to the magic numbers of Twilio's test credentials (+1500555…,
/// https://www.twilio.com/docs/iam/test-credentials) fail as they do there; +15005550006 is the account's own number.
/// Sender ids send everywhere but to the USA and Canada. Some more numbers are the simulator's: messages to them are
/// accepted but not delivered. They are +15005553003, with error 30003, and likewise those that end in 3004, 3005, 3006,
/// 3007, 3034 and 3038.
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
            if (ahead_) reply.headers.push_back({"Date", detail::http_date(system_clock().now() + *ahead_)});
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
        return detail::delivery_reports(m, account_sid, auth_token, delivery_problem_of(m.to));
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

    /// The account does not own this number any more.
    void remove_number(std::string_view phone) {
        const std::scoped_lock lock(mutex_);
        std::erase_if(numbers_, [&](const auto& n) { return n.phone == phone; });
    }

    /// What the account look-up says: "Full" at first. A "Trial" account's messages to numbers that are not verified are
    /// refused with 21608.
    void set_account_type(std::string type) {
        const std::scoped_lock lock(mutex_);
        account_type_ = std::move(type);
    }

    /// `phone`, in E.164, is verified with the account.
    void verify_number(std::string phone) {
        const std::scoped_lock lock(mutex_);
        verified_.push_back(std::move(phone));
    }

    /// The account has the Messaging Service `sid` with these senders, and no others that it was not told of. Before the
    /// first call every service is there, and has the account's numbers.
    void set_service(std::string sid, std::vector<simulated_number> senders) {
        const std::scoped_lock lock(mutex_);
        services_.insert_or_assign(std::move(sid), std::move(senders));
    }

    /// What `api_key` may do: everything at first.
    void set_api_key_kind(simulated_key kind) {
        const std::scoped_lock lock(mutex_);
        key_ = kind;
    }

    /// Replies say that they were made `ahead` of this machine's time. Before the first call they do not say when.
    void set_clock(std::chrono::seconds ahead) {
        const std::scoped_lock lock(mutex_);
        ahead_ = ahead;
    }

    /// Whether the account may send to numbers that begin with `prefix`, digits; `country` is ISO 3166-1. Where it may
    /// not, messages are refused with 21408. At first it may send to some twenty countries.
    void set_country(std::string country, std::string prefix, bool enabled) {
        const std::scoped_lock lock(mutex_);
        std::erase_if(countries_, [&](const auto& c) { return c.country == country; });
        countries_.push_back({std::move(country), std::move(prefix), enabled});
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

    static http_response error_reply(int code, int status = 0) { return detail::twilio_error(code, status); }

    static bool has_credentials(const http_request& request, std::string_view name, std::string_view secret) {
        const auto* given = find_header(request.headers, "Authorization");
        return given && *given == "Basic " + phoneauth::detail::base64(std::string(name) + ":" + std::string(secret));
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
        const bool by_key = has_credentials(request, api_key, api_secret);
        if (!by_key && !has_credentials(request, account_sid, auth_token)) return error_reply(20003);

        const auto account = "/2010-04-01/Accounts/" + std::string(account_sid);
        if (by_key && key_ == simulated_key::standard && path == account + ".json") return error_reply(20003);
        if (by_key && key_ == simulated_key::restricted && path != account + "/Messages.json")
            return error_reply(70051);
        if (path == account + "/Messages.json" && request.method == "POST") return create_message(request, created);
        auto reply = path.starts_with("/v1/") ? newer_reply(path) : account_reply(account, path, query);
        return reply.status == 200 && request.method != "GET" ? error_reply(20004) : reply;
    }

    http_response account_reply(const std::string& account, std::string_view path, std::string_view query) const {
        if (path == account + "/Messages.json")
            return detail::twilio_reply(200, R"({"messages":[],"page":0,"page_size":50})");
        if (path == account + ".json")
            return detail::twilio_reply(200,
                                        detail::account_json(account_sid, account_status_, account_type_, account));
        if (path == account + "/IncomingPhoneNumbers.json") return numbers_reply(account, query);
        if (path == account + "/SMS/ShortCodes.json") return short_codes_reply(account, query);
        if (path == account + "/OutgoingCallerIds.json") return verified_reply(account);
        return error_reply(20404);
    }

    /// Of messaging.twilio.com and accounts.twilio.com.
    http_response newer_reply(std::string_view path) const {
        constexpr std::string_view services = "/v1/Services/";
        if (path == "/v1/Messaging/GeoPermissions") return detail::countries_reply(countries_);
        if (!path.starts_with(services)) return error_reply(20404);
        path.remove_prefix(services.size());
        const auto slash = (std::min)(path.find('/'), path.size());
        const auto own = services_.find(path.substr(0, slash));
        if (own == services_.end() && !services_.empty()) return error_reply(20404);
        if (slash == path.size()) return error_reply(20404);
        return senders_reply(own == services_.end() ? numbers_ : own->second, path.substr(slash));
    }

    /// The error code for a message, or 0.
    int judge(const simulated_message& m, std::string_view service, const fields& form) const {
        const auto is_number = [](std::string_view text) { return phone_number::from_e164(text).has_value(); };
        if (m.to.empty()) return 21604;
        if (m.from.empty() && service.empty()) return 21603;
        if (m.body.empty() && m.media_urls.empty() && detail::value_of(form, "ContentSid").empty()) return 21602;
        if (phoneauth::detail::count_code_points(m.body).value_or(max_body + 1) > max_body) return 21617;
        if (m.media_urls.size() > 10) return 21623;
        for (const auto& url : m.media_urls)
            if (!phoneauth::detail::parse_url(url)) return 21620;
        const auto channel = twilio::channel_of(m.from);
        if (!m.to.starts_with(channel) || !is_number(m.to.substr(channel.size()))) return 21211;
        if (const int code = detail::magic_code(detail::magic_recipients, m.to)) return code;
        if (const auto refused = refused_.find(m.to); refused != refused_.end()) return refused->second;
        if (const int code = judge_destination(m.to.substr(channel.size()))) return code;
        if (!service.empty()) return judge_service(service);
        if (const int code = detail::magic_code(detail::magic_senders, m.from)) return code;
        const auto kind = twilio::kind_of_sender(m.from);
        if (kind == twilio::sender_kind::alphanumeric) return m.to.starts_with("+1") ? 21612 : 0;
        if (kind == twilio::sender_kind::none) return 21212;
        for (const auto& n : numbers_)
            if (n.phone == m.from.substr(channel.size()) && (m.media_urls.empty() ? n.sms : n.mms)) return 0;
        return channel.empty() ? 21606 : 63007;
    }

    /// The error code for messages to `phone`, or 0.
    int judge_destination(const std::string& phone) const {
        if (account_type_ == "Trial" && std::find(verified_.begin(), verified_.end(), phone) == verified_.end())
            return 21608;
        bool known = false;
        for (const auto& c : countries_) {
            if (phone.compare(1, c.prefix.size(), c.prefix) != 0) continue;
            if (c.enabled) return 0;
            known = true;
        }
        return known ? 21408 : 0;
    }

    /// The error code for messages of a Messaging Service, or 0.
    int judge_service(std::string_view sid) const {
        if (!twilio::is_sid(sid, "MG")) return 21606;
        const auto own = services_.find(sid);
        return own != services_.end() && own->second.empty() ? 21704 : 0;
    }

    http_response create_message(const http_request& request, std::optional<simulated_message>& created) {
        const auto* type = find_header(request.headers, "Content-Type");
        fields form;
        if (type && type->starts_with("application/x-www-form-urlencoded"))
            if (auto parsed = phoneauth::detail::parse_form(request.body)) form = *std::move(parsed);

        simulated_message m{
            {}, detail::value_of(form, "To"), detail::value_of(form, "From"), detail::value_of(form, "Body"), {}, form};
        const auto service = detail::value_of(form, "MessagingServiceSid");
        for (const auto& [key, value] : form)
            if (key == "MediaUrl") m.media_urls.push_back(value);
        if (const int code = judge(m, service, form)) return error_reply(code);

        const auto number = std::to_string(++accepted_);
        m.sid = (m.media_urls.empty() ? "SM" : "MM") + std::string(32 - number.size(), '0') + number;
        auto reply = detail::twilio_reply(201, detail::message_json(m, account_sid, service));
        if (messages_.size() == max_messages) messages_.pop_front();
        messages_.push_back(m);
        created = std::move(m);
        return reply;
    }

    /// The error code that messages to `phone` are not delivered with, or 0.
    int delivery_problem_of(const std::string& phone) const {
        const std::scoped_lock lock(mutex_);
        if (const auto row = undeliverable_.find(phone); row != undeliverable_.end()) return row->second;
        return detail::magic_code(detail::undeliverable_recipients, phone);
    }

    http_response numbers_reply(const std::string& account, std::string_view query) const {
        const auto wanted = phoneauth::detail::form_field(query, "PhoneNumber");
        std::vector<std::string> list;
        for (const auto& n : numbers_)
            if (n.phone.starts_with('+') && (wanted.empty() || n.phone == wanted))
                list.push_back(detail::number_json(account_sid, n.phone, n.sms, n.mms));
        return detail::twilio_page("incoming_phone_numbers", list,
                                   account + "/IncomingPhoneNumbers.json?" + std::string(query));
    }

    http_response short_codes_reply(const std::string& account, std::string_view query) const {
        const auto wanted = phoneauth::detail::form_field(query, "ShortCode");
        std::vector<std::string> list;
        for (const auto& n : numbers_)
            if (!n.phone.starts_with('+') && (wanted.empty() || n.phone == wanted))
                list.push_back(detail::named_json("short_code", n.phone));
        return detail::twilio_page("short_codes", list, account + "/SMS/ShortCodes.json");
    }

    http_response verified_reply(const std::string& account) const {
        std::vector<std::string> list;
        for (const auto& phone : verified_) list.push_back(detail::named_json("phone_number", phone));
        return detail::twilio_page("outgoing_caller_ids", list, account + "/OutgoingCallerIds.json");
    }

    /// Senders of a Messaging Service. All are numbers or short codes.
    static http_response senders_reply(const std::vector<simulated_number>& senders, std::string_view subresource) {
        const std::string_view name = subresource == "/PhoneNumbers" ? "phone_number" : "short_code";
        std::vector<std::string> list;
        for (const auto& n : senders)
            if (subresource == (n.phone.starts_with('+') ? "/PhoneNumbers" : "/ShortCodes"))
                list.push_back(detail::sender_json(name, n.phone, n.sms, n.mms));
        for (const auto& kind : twilio::service_sender_kinds)
            if (subresource.substr(1) == kind.subresource)
                return detail::twilio_reply(200,
                                            "{\"" + std::string(kind.member) + "\":" + detail::json_array(list) + "}");
        return error_reply(20404);
    }

    static constexpr std::size_t max_body = 1600;

    mutable std::mutex mutex_;
    std::deque<http_response> failures_;
    std::map<std::string, int, std::less<>> refused_;
    std::map<std::string, int, std::less<>> undeliverable_;
    std::vector<simulated_number> numbers_{{std::string(sender)}};
    std::string account_status_ = "active";
    std::string account_type_ = "Full";
    std::vector<std::string> verified_;
    std::map<std::string, std::vector<simulated_number>, std::less<>> services_;
    simulated_key key_ = simulated_key::main;
    std::optional<std::chrono::seconds> ahead_;
    std::vector<twilio::country_permission> countries_ = detail::usual_countries();
    std::function<void(const simulated_message&)> on_message_;
    std::deque<simulated_message> messages_;
    std::uint64_t accepted_ = 0;
};

static_assert(HttpTransport<twilio_simulator>);

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
