// SPDX-License-Identifier: BSL-1.0
#include "operator.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include <phoneauth/error.hpp>
#include <phoneauth/rest/objects.hpp>
#include <phoneauth/rest/reply.hpp>

namespace server {

using phoneauth::http_request;
using phoneauth::http_response;
using phoneauth::rest::reply;

operator_route::operator_route(std::function<::asio::awaitable<report>()> test) : test_(std::move(test)) {}

bool operator_route::serves(const http_request& request) {
    return request.url == "/operator/test-configuration";
}

http_response only(std::string_view method) {
    auto refused = reply(phoneauth::failure(phoneauth::error::method_not_allowed));
    refused.headers.push_back({"Allow", std::string(method)});
    return refused;
}

std::optional<std::chrono::seconds> operator_route::state::begin() {
    const std::scoped_lock lock(mutex);
    const auto now = std::chrono::steady_clock::now();
    if (begun && (running || now - *begun < interval))
        return (std::max)(std::chrono::ceil<std::chrono::seconds>(*begun + interval - now), std::chrono::seconds(1));
    begun = now;
    running = true;
    return std::nullopt;
}

void operator_route::state::end() {
    const std::scoped_lock lock(mutex);
    running = false;
}

::asio::awaitable<http_response> operator_route::answer(http_request request, std::string address,
                                                        operator_gate& gate) {
    using phoneauth::error;
    using phoneauth::failure;
    if (request.method != "GET") co_return only("GET");
    if (auto refused = gate.refuse(request, address)) co_return std::move(*refused);
    if (const auto wait = state_->begin()) {
        reply refused(failure(error::overloaded, "The configuration has just been tested.").with_retry_after(*wait));
        refused.status = 429;
        co_return refused;
    }
    struct ending {
        std::shared_ptr<state> of;
        ~ending() { of->end(); }
    } when_done{state_};
    auto work = test_();
    const report found = co_await std::move(work);
    if (!found) co_return reply(found.error());
    co_return reply::of_json(phoneauth::rest::report_json(*found));
}

std::vector<std::string> report_lines(const phoneauth::configuration_report& r) {
    std::vector<std::string> lines;
    std::size_t failed = 0;
    for (const auto& f : r.findings) {
        const bool stops = !f.ok && f.essential;
        failed += stops ? 1 : 0;
        lines.push_back((f.ok ? "ok      " : stops ? "FAILED  " : "note    ") + f.check + ": " + f.message);
        if (!f.remedy.empty()) lines.push_back("        → " + f.remedy);
    }
    lines.push_back(failed == 0 ? "Nothing stands in the way of sending codes."
                                : "Codes cannot be sent: " + std::to_string(failed) + " of " +
                                      std::to_string(r.findings.size()) + " checks failed.");
    return lines;
}

}  // namespace server
