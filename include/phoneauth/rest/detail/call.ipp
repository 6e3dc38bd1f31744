// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_DETAIL_CALL_IPP
#define PHONEAUTH_REST_DETAIL_CALL_IPP

#include <initializer_list>
#include <utility>

#include <phoneauth/detail/json.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/rest/cors.hpp>
#include <phoneauth/rest/detail/body.hpp>
#include <phoneauth/rest/detail/call.hpp>
#include <phoneauth/rest/detail/routes.ipp>
#include <phoneauth/rest/detail/routing.hpp>
#include <phoneauth/rest/objects.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

inline void refuse(call& made, const failure& why) {
    made.asked = operation::nothing;
    made.needs_sender = false;
    made.reply = reply(why);
}

PHONEAUTH_DECL call read_call(const http_request& request, std::string_view peer, const options& o,
                              const phoneauth::detail::trusted_networks& proxies, const config& c) {
    call made;
    if (request.method == "OPTIONS") {
        made.reply = preflight_reply();
        return made;
    }
    if (is_from_elsewhere(request, o)) {
        refuse(made, {error::not_permitted, "Pages of this origin may not use this server."});
        return made;
    }
    const auto to = read_target(request.url, o);
    if (!to || request.body.size() > o.max_body_bytes) {
        refuse(made, to ? failure(error::body_too_large) : to.error());
        return made;
    }
    made.from = client_of(request, peer, o, proxies);
    if (const auto* token = find_header(request.headers, "user-token")) made.token = *token;

    // The server leaves the body out and keeps the headers (RFC 9110 §9.3.2).
    const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
    std::string allowed;
    for (const auto& r : routes) {
        if (!matches(r.pattern, to->segments, made.captured)) continue;
        if (r.method == method) {
            made.asked = r.asked;
            const auto read = r.read ? r.read({request, o, c, to->by_key}, made) : result<void>();
            if (!read) refuse(made, read.error());
            return made;
        }
        if (allowed.find(r.method) == allowed.npos)
            allowed.append(r.method).append(r.method == "GET" ? ", HEAD, " : ", ");
    }
    refuse(made, allowed.empty() ? error::unknown_route : error::method_not_allowed);
    if (!allowed.empty()) made.reply.headers.push_back({"Allow", allowed + "OPTIONS"});  // RFC 9110 §15.5.6
    return made;
}

PHONEAUTH_DECL void admit_sender(call& made, const result<user>& sender) {
    if (!sender)
        refuse(made, sender.error());
    else if (!made.argument_error)
        refuse(made, made.argument_error.error());
    else
        made.from.user_id = sender->object_id;
}

/// A reply with `json` of the value.
template <class T, class Json>
reply reply_with(const result<T>& outcome, Json json) {
    return outcome ? reply::of_json(json(*outcome)) : reply(outcome.error());
}

PHONEAUTH_DECL void answer(call& made, const result<challenge>& outcome, const config&) {
    made.reply = reply_with(outcome, challenge_json);
}

PHONEAUTH_DECL void answer(call& made, const result<login_result>& outcome, const config& c) {
    made.reply = reply_with(outcome, [&](const login_result& l) { return login_json(l.user, l.token.str(), c); });
}

PHONEAUTH_DECL void answer(call& made, const result<user>& outcome, const config& c) {
    if (made.asked == operation::finish_step_up || made.asked == operation::confirm_password ||
        made.asked == operation::finish_password_reset) {
        made.reply = reply_with(outcome, [](const user&) { return std::string("{}"); });
    } else if (made.asked == operation::check_token) {
        const bool invalid = !outcome && (outcome.error().code == error::unknown_token ||
                                          outcome.error().code == error::session_expired ||
                                          outcome.error().code == error::account_disabled);
        made.reply =
            invalid ? reply::of_json("false") : reply_with(outcome, [](const user&) { return std::string("true"); });
    } else if (made.asked == operation::find_user && outcome && outcome->object_id != made.captured) {
        made.reply = reply(error::not_permitted);
    } else {
        made.reply = reply_with(outcome, [&](const user& u) { return user_json(u, c); });
    }
}

PHONEAUTH_DECL void answer(call& made, const result<transaction_status>& outcome, const config&) {
    made.reply = reply_with(outcome, status_json);
}

PHONEAUTH_DECL void answer(call& made, const result<sent_message>& outcome, const config&) {
    made.reply = reply_with(outcome, [](const sent_message& m) { return m.json; });
}

PHONEAUTH_DECL void answer(call& made, const result<std::vector<session_info>>& outcome, const config&) {
    made.reply = reply_with(outcome, [](const std::vector<session_info>& sessions) {
        std::string array = "[";
        for (const auto& s : sessions) array.append(array.size() > 1 ? "," : "").append(session_json(s));
        return array + ']';
    });
}

PHONEAUTH_DECL void answer(call& made, const result<std::size_t>& outcome, const config&) {
    made.reply = reply_with(outcome, [](std::size_t ended) {
        phoneauth::detail::json_object json;
        return std::move(json.number("ended", static_cast<std::int64_t>(ended))).str();
    });
}

PHONEAUTH_DECL void answer(call& made, const result<trusted_device>& outcome, const config&) {
    made.reply = reply_with(outcome, trusted_device_json);
}

PHONEAUTH_DECL void answer(call& made, const result<std::vector<backup_code>>& outcome, const config&) {
    made.reply = reply_with(outcome, [](const std::vector<backup_code>& codes) {
        std::string array = "[";
        array.reserve(codes.size() * 32 + 2);  // growing would leave them behind
        for (const auto& code : codes) array.append(array.size() > 1 ? ",\"" : "\"").append(code.str()) += '"';
        array += ']';
        phoneauth::detail::json_object json;
        auto text = std::move(json.raw("backupCodes", array)).str();
        phoneauth::detail::wipe(array);
        return text;
    });
}

PHONEAUTH_DECL void answer(call& made, const result<account_data>& outcome, const config& c) {
    made.reply = reply_with(outcome, [&](const account_data& a) { return account_json(a, c); });
}

PHONEAUTH_DECL void answer(call& made, const result<proof>& outcome, const config&) {
    made.reply = reply_with(outcome, proof_json);
}

PHONEAUTH_DECL void answer(call& made, const result<void>& outcome) {
    made.reply = outcome ? reply::of_json("{}") : reply(outcome.error());
}

}  // namespace detail
}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
