// SPDX-License-Identifier: BSL-1.0
// What operators alone may do: the test of the configuration, over HTTP and on the terminal.
#ifndef PHONEAUTH_EXAMPLES_SERVER_OPERATOR_HPP
#define PHONEAUTH_EXAMPLES_SERVER_OPERATOR_HPP

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <asio/awaitable.hpp>

#include <phoneauth/configuration_report.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/secret_string.hpp>

namespace server {

/// `GET /operator/test-configuration` with `Authorization: Bearer TOKEN` (RFC 6750), which pages of other origins cannot
/// send. Each test costs some requests to Twilio, so there is one at a time, and one in `interval`; further ones are told
/// when to come back. Thread-safe.
class operator_route {
public:
    using report = phoneauth::result<phoneauth::configuration_report>;
    static constexpr std::chrono::seconds interval{10};

    /// `test` is what a request runs. Without a token nobody is an operator, and there is no such route.
    operator_route(phoneauth::secret_string token, std::function<::asio::awaitable<report>()> test);

    /// Whether `request` is for `answer`.
    bool serves(const phoneauth::http_request& request) const;
    ::asio::awaitable<phoneauth::http_response> answer(phoneauth::http_request request);

private:
    /// Outlives requests that the end of the server cuts off.
    struct state {
        std::optional<std::chrono::seconds> begin();  ///< or how long to wait
        void end();

        std::mutex mutex;
        bool running = false;
        std::optional<std::chrono::steady_clock::time_point> begun{};
    };

    bool is_operator(const phoneauth::http_request& request) const;

    const phoneauth::secret_string token_;
    const std::function<::asio::awaitable<report>()> test_;
    const std::shared_ptr<state> state_ = std::make_shared<state>();
};

/// The report for a person: a line for each finding, one for its remedy, and what it comes to.
std::vector<std::string> report_lines(const phoneauth::configuration_report& r);

}  // namespace server

#endif
