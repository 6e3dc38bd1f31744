// SPDX-License-Identifier: BSL-1.0
// Who is an operator: whoever has the token.
#ifndef PHONEAUTH_EXAMPLES_SERVER_OPERATOR_GATE_HPP
#define PHONEAUTH_EXAMPLES_SERVER_OPERATOR_GATE_HPP

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <phoneauth/http.hpp>
#include <phoneauth/secret_string.hpp>

namespace server {

/// Lets in requests with `Authorization: Bearer TOKEN` (RFC 6750), which pages of other origins cannot send. A network
/// may send `guesses` wrong tokens, and then one in each `interval`; until then it is told to wait, whatever it sends.
/// Thread-safe.
class operator_gate {
public:
    static constexpr unsigned guesses = 10;
    static constexpr std::chrono::seconds interval{60};
    static constexpr std::size_t max_networks = 1024;  ///< that are remembered; those with the fewest guesses go first

    /// Without a token nobody is an operator.
    explicit operator_gate(phoneauth::secret_string token);

    bool has_token() const noexcept { return !token_.empty(); }
    /// The reply for who is none: 401, or 429. Nothing for an operator. `address` is the client's.
    std::optional<phoneauth::http_response> refuse(const phoneauth::http_request& request, std::string_view address);

private:
    using clock = std::chrono::steady_clock;

    /// Whether `given` is the token; how long to wait if there is no guess left.
    struct verdict {
        bool right = false;
        std::optional<std::chrono::seconds> wait{};
    };
    verdict judge(std::string_view given, std::string_view address);
    void make_room(clock::time_point now);

    const phoneauth::secret_string token_;
    std::mutex mutex_;
    std::map<std::string, clock::time_point, std::less<>> guessed_;  ///< network → when all its guesses are free again
};

}  // namespace server

#endif
