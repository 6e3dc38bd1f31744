// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_CONSOLE_TRANSPORT_HPP
#define PHONEAUTH_CONSOLE_TRANSPORT_HPP

#include <cstdio>
#include <string>
#include <utility>

#include <phoneauth/detail/json.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/policies.hpp>

namespace phoneauth {
inline namespace v0 {

/// A blocking HttpTransport for development: it prints each message, code and all, instead of sending it. Never for a
/// server that others can reach. Thread-safe.
class console_transport {
public:
    /// `out` must outlive the transport.
    explicit console_transport(std::FILE* out = stdout) : out_(out) {}

    /// Answers a message as Twilio does (201 and a Message resource), a look-up of messages with an empty list,
    /// anything else with 404.
    result<http_response> send(const http_request& request) const {
        if (request.url.find("/Messages.json?") != std::string::npos)
            return http_response{200, {{"Content-Type", "application/json"}}, R"({"messages":[]})"};
        if (!request.url.ends_with("/Messages.json"))
            return http_response{404, {}, R"({"code":20404,"message":"There is only a console here.","status":404})"};
        const auto to = detail::form_field(request.body, "To");
        const auto text = detail::form_field(request.body, "Body");
        std::fprintf(out_, "To %s: %s\n", to.c_str(), text.c_str());
        std::fflush(out_);
        auto resource = detail::json_object()
                            .string("sid", "SM00000000000000000000000000000000")
                            .string("status", "queued")
                            .string("to", to)
                            .string("body", text)
                            .null("error_code");
        return http_response{201, {{"Content-Type", "application/json"}}, std::move(resource).str()};
    }

private:
    std::FILE* out_;
};

static_assert(HttpTransport<console_transport>);

}  // namespace v0
}  // namespace phoneauth

#endif
