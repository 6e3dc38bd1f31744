// SPDX-License-Identifier: BSL-1.0
// The test of the configuration, which operators alone may run: over HTTP and on the terminal.
#ifndef PHONEAUTH_EXAMPLES_SERVER_OPERATOR_HPP
#define PHONEAUTH_EXAMPLES_SERVER_OPERATOR_HPP

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <asio/awaitable.hpp>

#include <phoneauth/configuration_report.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/result.hpp>

#include "operator_gate.hpp"

namespace server {

/// `GET /operator/test-configuration`, for whoever a gate lets in. Each test costs some requests to Twilio, so there is
/// one at a time, and one in `interval`; further ones are told when to come back. Thread-safe.
class operator_route {
public:
    using report = phoneauth::result<phoneauth::configuration_report>;
    static constexpr std::chrono::seconds interval{10};

    /// `test` is what a request runs.
    explicit operator_route(std::function<::asio::awaitable<report>()> test);

    /// Whether `request` is for `answer`.
    static bool serves(const phoneauth::http_request& request);
    /// `address` is the client's, for `gate`, which must outlive the reply.
    ::asio::awaitable<phoneauth::http_response> answer(phoneauth::http_request request, std::string address,
                                                       operator_gate& gate);

private:
    /// Outlives requests that the end of the server cuts off.
    struct state {
        std::optional<std::chrono::seconds> begin();  ///< or how long to wait
        void end();

        std::mutex mutex;
        bool running = false;
        std::optional<std::chrono::steady_clock::time_point> begun{};
    };

    const std::function<::asio::awaitable<report>()> test_;
    const std::shared_ptr<state> state_ = std::make_shared<state>();
};

/// "There is no such method here": 405.
phoneauth::http_response only(std::string_view method);

/// The report for a person: a line for each finding, one for its remedy, and what it comes to.
std::vector<std::string> report_lines(const phoneauth::configuration_report& r);

}  // namespace server

#endif
