// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_SCRIPTED_TRANSPORT_HPP
#define PHONEAUTH_TESTING_SCRIPTED_TRANSPORT_HPP

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/detail/url.hpp>
#include <phoneauth/policies.hpp>

namespace phoneauth {
inline namespace v0 {
namespace testing {
namespace detail {

/// The first run of exactly 6 to 9 digits in a message; empty if there is none.
inline std::string code_in(std::string_view text) {
    for (std::size_t begin = 0; begin < text.size(); ++begin) {
        auto end = begin;
        while (end < text.size() && phoneauth::detail::is_digit(text[end])) ++end;
        if (end - begin >= 6 && end - begin <= 9) return std::string(text.substr(begin, end - begin));
        begin = end;
    }
    return {};
}

}  // namespace detail

/// A blocking HttpTransport for tests that sends nothing: it replies as it was told and remembers what it was asked.
///
/// Without a script it accepts every message as Twilio does (201 and a Message resource), knows of no message that was
/// sent, and answers 404 to anything else. `reply` and `reply_failure` queue what the next calls get instead, one each.
///
/// @par Thread safety
/// Shared objects are safe.
class scripted_transport {
public:
    /// The next call that has nothing queued before it gets this reply.
    void reply(int status, std::string body = {}, std::vector<http_header> headers = {}) {
        const std::scoped_lock lock(mutex_);
        script_.emplace_back(http_response{status, std::move(headers), std::move(body)});
    }

    /// The next call that has nothing queued before it fails with `f`.
    void reply_failure(failure f) {
        const std::scoped_lock lock(mutex_);
        script_.emplace_back(std::move(f));
    }

    /// The `n`th call from the first on (1 is the first) fails with `f`, whatever is queued; the queue stays as it is.
    void fail_on_call(std::size_t n, failure f) {
        const std::scoped_lock lock(mutex_);
        failures_.insert_or_assign(n, std::optional(std::move(f)));
    }

    /// The `n`th call throws `std::runtime_error`.
    void throw_on_call(std::size_t n) {
        const std::scoped_lock lock(mutex_);
        failures_.insert_or_assign(n, std::nullopt);
    }

    /// The HttpTransport function.
    result<http_response> send(const http_request& request) {
        const std::scoped_lock lock(mutex_);
        requests_.push_back(request);
        if (const auto planned = failures_.find(requests_.size()); planned != failures_.end()) {
            if (!planned->second) throw std::runtime_error("phoneauth: scripted_transport::throw_on_call");
            return *planned->second;
        }
        if (script_.empty()) return default_reply(request);
        auto next = std::move(script_.front());
        script_.pop_front();
        return next;
    }

    /// How often `send` was called.
    std::size_t calls() const {
        const std::scoped_lock lock(mutex_);
        return requests_.size();
    }

    /// All requests, in their order.
    std::vector<http_request> requests() const {
        const std::scoped_lock lock(mutex_);
        return requests_;
    }

    ///@{
    /// The text of the last message that was sent to anybody, or to `phone`; empty if there was none.
    std::string last_message_to(std::string_view phone) const {
        const std::scoped_lock lock(mutex_);
        for (auto r = requests_.rbegin(); r != requests_.rend(); ++r)
            if (is_message(*r) && (phone.empty() || phoneauth::detail::form_field(r->body, "To") == phone))
                return phoneauth::detail::form_field(r->body, "Body");
        return {};
    }
    std::string last_message() const { return last_message_to({}); }
    ///@}

    ///@{
    /// The code in the last message to anybody, or to `phone`: the first run of 6 to 9 digits; empty if there was none.
    std::string last_code() const { return detail::code_in(last_message()); }
    std::string last_code_to(std::string_view phone) const { return detail::code_in(last_message_to(phone)); }
    ///@}

private:
    static bool is_message(const http_request& r) { return r.method == "POST" && r.url.ends_with("/Messages.json"); }

    result<http_response> default_reply(const http_request& request) const {
        http_response r{404, {{"Content-Type", "application/json"}}, {}};
        if (is_message(request)) {
            const auto number = std::to_string(requests_.size());
            r.status = 201;
            r.body =
                R"({"sid":"SM)" + std::string(32 - number.size(), '0') + number +
                R"(","status":"queued","num_segments":"1","num_media":"0","error_code":null,"error_message":null})";
        } else if (request.method == "GET" && request.url.find("/Messages.json?") != std::string::npos) {
            r.status = 200;
            r.body = R"({"messages":[]})";
        } else {
            r.body = R"({"code":20404,"message":"The requested resource was not found","more_info":)"
                     R"("https://www.twilio.com/docs/errors/20404","status":404})";
        }
        return r;
    }

    mutable std::mutex mutex_;
    std::deque<result<http_response>> script_;
    std::map<std::size_t, std::optional<failure>> failures_;  // by call; without a failure: throw
    std::vector<http_request> requests_;
};

static_assert(HttpTransport<scripted_transport>);

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
