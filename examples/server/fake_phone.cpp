// SPDX-License-Identifier: BSL-1.0
#include "fake_phone.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <phoneauth/detail/json.hpp>
#include <phoneauth/rest/reply.hpp>

namespace server {
namespace {

using phoneauth::testing::simulated_message;
using phoneauth::testing::twilio_simulator;

constexpr std::ptrdiff_t shown = 20;  // messages

/// The host in a Host header, without its port.
std::string_view host_of(std::string_view header) {
    if (header.starts_with('[')) return header.substr(1, header.find(']') - 1);
    return header.substr(0, header.rfind(':'));
}

/// The value of the first field of `form` that is called `name`; it needs no decoding here.
std::string field_of(const std::string& form, std::string_view name) {
    const auto begin = ('&' + form).find('&' + std::string(name) + '=');
    if (begin == form.npos) return {};
    const auto value = std::string_view(form).substr(begin + name.size() + 1);
    return std::string(value.substr(0, value.find('&')));
}

/// What the simulator reports of a message in the end, whether or not somebody asked for reports.
std::string message_json(const twilio_simulator& twilio, simulated_message m) {
    if (twilio.delivery_reports(m).empty()) m.parameters.emplace_back("StatusCallback", "http://localhost/");
    const auto last = twilio.delivery_reports(m).back().body;
    std::string media = "[";
    for (const auto& url : m.media_urls)
        media.append(media.size() > 1 ? "," : "").append(phoneauth::detail::json_string(url));
    phoneauth::detail::json_object json;
    json.string("sid", m.sid).string("to", m.to).string("from", m.from).string("body", m.body);
    json.raw("media", media + ']').string("status", field_of(last, "MessageStatus"));
    const auto code = field_of(last, "ErrorCode");
    json.raw("errorCode", code.empty() ? "null" : code);
    return std::move(json).str();
}

}  // namespace

bool asks_for_messages(const phoneauth::http_request& request) {
    return request.url == "/fake/messages" && (request.method == "GET" || request.method == "HEAD");
}

bool may_read_messages(const phoneauth::http_request& request, ::asio::ip::address peer,
                       const phoneauth::rest::options& o) {
    if (peer.is_v6() && peer.to_v6().is_v4_mapped())
        peer = ::asio::ip::make_address_v4(::asio::ip::v4_mapped, peer.to_v6());
    if (!peer.is_loopback()) return false;
    for (const std::string_view name : {std::string_view(o.forwarding_header), std::string_view("Forwarded"),
                                        std::string_view("X-Forwarded-For"), std::string_view("Via")})
        if (phoneauth::find_header(request.headers, name)) return false;
    const auto* header = phoneauth::find_header(request.headers, "Host");
    if (!header) return false;
    const auto host = host_of(*header);
    std::error_code error;
    ::asio::ip::make_address(std::string(host), error);
    return !error || phoneauth::equal_ignoring_case(host, "localhost");
}

phoneauth::http_response messages_reply(const twilio_simulator& twilio) {
    auto all = twilio.messages();
    const auto begin = all.end() - (std::min)(shown, static_cast<std::ptrdiff_t>(all.size()));
    std::string list = "[";
    std::for_each(begin, all.end(), [&](simulated_message& m) {
        list.append(list.size() > 1 ? "," : "").append(message_json(twilio, std::move(m)));
    });
    auto reply = phoneauth::rest::reply::of_json("{\"messages\":" + list + "]}\n");
    reply.headers.push_back({"Cross-Origin-Resource-Policy", "same-origin"});
    return reply;
}

}  // namespace server
