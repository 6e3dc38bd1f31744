// SPDX-License-Identifier: BSL-1.0
#include "operator_desk.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include <phoneauth/detail/json.hpp>
#include <phoneauth/error.hpp>
#include <phoneauth/rest/objects.hpp>
#include <phoneauth/rest/reply.hpp>

#include "page.hpp"

namespace server {
namespace {

using phoneauth::error;
using phoneauth::failure;
using phoneauth::http_request;
using phoneauth::http_response;
using phoneauth::result;
using phoneauth::rest::reply;

/// A reply's JSON, in a while.
using later_json = operator_actions::later<std::string>;

/// What an operator asks for.
struct order {
    std::string who{}, id{}, phone{}, by{};
};

/// Who does it.
struct desk {
    const operator_actions& actions;
    const phoneauth::config& config;
};

std::string account_json(const phoneauth::user& u, const std::vector<phoneauth::session_info>& sessions,
                         const phoneauth::config& c) {
    std::string list = "[";
    for (const auto& s : sessions) list.append(list.size() > 1 ? "," : "").append(phoneauth::rest::session_json(s));
    phoneauth::detail::json_object json;
    json.string("id", u.object_id).string("phone", u.phone.str()).string("identity", u.identity);
    if (u.last_login_at)
        json.number("lastLogin", u.last_login_at->time_since_epoch().count());
    else
        json.null("lastLogin");
    json.boolean("hasPassword", !u.password_hash.empty());
    json.raw("user", phoneauth::rest::user_json(u, c)).raw("sessions", list + ']');
    return std::move(json).str();
}

later_json find(desk d, order o) {
    auto finding = d.actions.find(std::move(o.who));
    const auto found = co_await std::move(finding);
    if (!found) co_return found.error();
    auto listing = d.actions.sessions_of(found->object_id);
    const auto sessions = co_await std::move(listing);
    if (!sessions) co_return sessions.error();
    co_return account_json(*found, *sessions, d.config);
}

/// {} for whatever `work` returns.
template <class T>
later_json done(operator_actions::later<T> work) {
    const auto outcome = co_await std::move(work);
    if (!outcome) co_return outcome.error();
    co_return std::string("{}");
}

/// The phone says once more who is meant: an id alone is easily the wrong one, and nothing brings a user back.
later_json erase(desk d, order o) {
    auto finding = d.actions.find(o.id);
    const auto found = co_await std::move(finding);
    if (!found) co_return found.error();
    if (found->object_id != o.id || found->phone.str() != o.phone)
        co_return failure(error::invalid_parameter, "This is not the phone number of the user.");
    auto erasing = d.actions.erase(std::move(o.id), std::move(o.by));
    const auto outcome = co_await std::move(erasing);
    if (!outcome) co_return outcome.error();
    co_return std::string("{}");
}

struct desk_route {
    std::string_view path, needs;  // what the body must have, with blanks between
    later_json (*act)(desk, order);
};

constexpr std::array routes{
    desk_route{"/operator/find", "who", find},
    desk_route{"/operator/disable", "id by",
               [](desk d, order o) { return done(d.actions.disable(std::move(o.id), std::move(o.by))); }},
    desk_route{"/operator/enable", "id by",
               [](desk d, order o) { return done(d.actions.enable(std::move(o.id), std::move(o.by))); }},
    desk_route{"/operator/unlock", "phone by",
               [](desk d, order o) { return done(d.actions.unlock(std::move(o.phone), std::move(o.by))); }},
    desk_route{"/operator/end-sessions", "id by",
               [](desk d, order o) { return done(d.actions.end_sessions(std::move(o.id), std::move(o.by))); }},
    desk_route{"/operator/set-phone", "id phone by",
               [](desk d, order o) {
                   return done(d.actions.set_phone(std::move(o.id), std::move(o.phone), std::move(o.by)));
               }},
    desk_route{"/operator/delete", "id phone by", erase},
};

result<order> read_order(std::string_view body, std::string_view needs) {
    const auto json = phoneauth::detail::parse_json(body, 2);
    if (!json || !json->is(phoneauth::detail::json_kind::object)) return failure(error::unparsable_body);
    order o{std::string(json->string_or_empty("who")), std::string(json->string_or_empty("id")),
            std::string(json->string_or_empty("phone")), std::string(json->string_or_empty("by"))};
    while (!needs.empty()) {
        const auto name = needs.substr(0, needs.find(' '));
        if (json->string_or_empty(name).empty())
            return failure(error::missing_parameter, "The text \"" + std::string(name) + "\" is missing.");
        needs.remove_prefix((std::min)(name.size() + 1, needs.size()));
    }
    return o;
}

}  // namespace

operator_desk::operator_desk(operator_gate& gate, operator_route& test, operator_actions actions, phoneauth::config c)
    : gate_(gate), test_(test), actions_(std::move(actions)), config_(std::move(c)), page_(make_operator_page()) {}

::asio::awaitable<http_response> operator_desk::answer(http_request request, std::string address) {
    if (request.url == "/") {
        if (request.method == "GET" || request.method == "HEAD") co_return page_;
        co_return only("GET, HEAD");
    }
    if (test_.serves(request)) {
        auto testing = test_.answer(std::move(request), std::move(address), gate_);
        http_response report = co_await std::move(testing);
        co_return report;
    }
    const auto route =
        std::find_if(routes.begin(), routes.end(), [&](const auto& each) { return each.path == request.url; });
    if (route == routes.end()) co_return reply(error::unknown_route);
    if (request.method != "POST") co_return only("POST");
    if (auto refused = gate_.refuse(request, address)) co_return std::move(*refused);
    auto asked = read_order(request.body, route->needs);
    if (!asked) co_return reply(asked.error());
    auto work = route->act(desk{actions_, config_}, std::move(*asked));
    const auto json = co_await std::move(work);
    if (!json) co_return reply(json.error());
    co_return reply::of_json(*json);
}

}  // namespace server
