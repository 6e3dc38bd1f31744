// SPDX-License-Identifier: BSL-1.0
#include "operator_gate.hpp"

#include <algorithm>
#include <utility>

#include <phoneauth/client_info.hpp>
#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/error.hpp>
#include <phoneauth/rest/reply.hpp>

namespace server {
namespace {

/// What follows "Bearer "; empty: nothing does.
std::string_view bearer_token(const phoneauth::http_request& request) {
    constexpr std::string_view scheme = "Bearer ";
    const auto* given = phoneauth::find_header(request.headers, "Authorization");
    if (!given || !phoneauth::equal_ignoring_case(std::string_view(*given).substr(0, scheme.size()), scheme)) return {};
    return std::string_view(*given).substr(scheme.size());
}

}  // namespace

operator_gate::operator_gate(phoneauth::secret_string token) : token_(std::move(token)) {}

std::optional<phoneauth::http_response> operator_gate::refuse(const phoneauth::http_request& request,
                                                              std::string_view address) {
    using phoneauth::error;
    using phoneauth::failure;
    const auto given = bearer_token(request);
    const auto found = given.empty() ? verdict() : judge(given, address);
    if (found.right) return std::nullopt;
    if (found.wait) {
        failure why(error::too_many_failures, "Too many wrong tokens came from this network.");
        return phoneauth::rest::reply(std::move(why).with_retry_after(*found.wait));
    }
    phoneauth::rest::reply refused(failure(error::not_permitted, "The operators' token is missing or wrong."));
    refused.status = 401;
    refused.headers.push_back({"WWW-Authenticate", "Bearer realm=\"operator\""});
    return refused;
}

operator_gate::verdict operator_gate::judge(std::string_view given, std::string_view address) {
    // Counted before anybody else's guess is compared: of many that come at once no more than the allowed ones are.
    const std::scoped_lock lock(mutex_);
    const auto now = clock::now();
    const auto network = phoneauth::client_network(address);
    const auto at = guessed_.find(network);
    const auto free_again = at == guessed_.end() ? now : (std::max)(at->second, now);
    const auto wait = free_again - now - (guesses - 1) * interval;
    if (wait > clock::duration::zero()) return {false, std::chrono::ceil<std::chrono::seconds>(wait)};
    if (has_token() && phoneauth::detail::equal_in_constant_time(given, token_)) return {true, {}};
    if (at == guessed_.end()) make_room(now);
    guessed_[network] = free_again + interval;
    return {};
}

void operator_gate::make_room(clock::time_point now) {
    if (guessed_.size() < max_networks) return;
    std::erase_if(guessed_, [now](const auto& each) { return each.second <= now; });
    if (guessed_.size() < max_networks) return;
    guessed_.erase(std::min_element(guessed_.begin(), guessed_.end(),
                                    [](const auto& a, const auto& b) { return a.second < b.second; }));
}

}  // namespace server
