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
#include <phoneauth/rest/detail/routing.hpp>
#include <phoneauth/rest/objects.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

/// What the readers of arguments look at.
struct incoming {
    const http_request& request;
    const rest::options& options;
    const phoneauth::config& config;
    bool by_key;  ///< the path held the API key

    result<json_value> object() const { return read_object(request.body, options.max_json_depth); }
    result<json_value> arguments(std::initializer_list<std::string_view> names) const {
        return read_arguments(request.body, names, options.max_json_depth);
    }
};

/// Lets `take` read what it needs of `object`. → or what was wrong first; `missing` for what is not there.
template <class Take>
result<void> take_from(const result<json_value>& object, error missing, Take take) {
    if (!object) return object.error();
    member_reader read(*object, missing);
    take(read);
    if (read.problem()) return *read.problem();
    return {};
}

// -- one function for each route that has arguments, or whose reply needs nobody

/// Says that requests are answered, and nothing else: what a store says is told to nobody who brings no key, and a store
/// that is down must not make a balancer take away all servers.
inline result<void> health(const incoming&, call& made) {
    made.reply = reply::of_json(R"({"status":"ok"})");
    return {};
}

inline result<void> info(const incoming& in, call& made) {
    // Where the key is what lets somebody send messages, it is not told to whoever did not bring it.
    const bool tell_key = in.by_key || in.options.send_message != send_message_access::key;
    phoneauth::detail::json_object json;
    json.string("appId", in.options.app_id).string("apiKey", tell_key ? in.options.api_key : "");
    json.string("rtURL", "").raw("loggers", "[]");
    made.reply = reply::of_json(std::move(json).str());
    return {};
}

inline result<void> describe_user_class(const incoming& in, call& made) {
    made.reply = reply::of_json(user_class_json(in.config));
    return {};
}

inline result<void> register_user(const incoming& in, call& made) {
    const auto body = in.object();
    if (!body || !given(*body, "transactionId"))
        return take_from(body, error::property_required,
                         [&](member_reader& read) { made.phone = read.digits(in.config.phone_column); });
    auto data = read_registration(*body, in.config);
    if (!data) return std::move(data).error();
    made.registration = std::move(*data);
    made.asked = operation::finish_registration;
    return {};
}

inline result<void> login(const incoming& in, call& made) {
    return take_from(in.object(), error::login_required, [&](member_reader& read) {
        made.identity = read.digits("login");
        made.password = read.text("password");
    });
}

// What the clients of Backendless have functions for, and this library has not yet.

inline result<void> restore_password(const incoming&, call&) {
    return failure(error::unknown_route, "This server restores no passwords by email: log in with a code that is sent "
                                         "to the phone, and set a new password.");
}

inline result<void> update_status(const incoming&, call&) {
    return failure(error::unknown_route,
                   "This server changes no user's status by request: its operator does, in the users' table.");
}

inline result<void> update_user(const incoming& in, call& made) {
    const auto body = in.object();
    if (!body) return body.error();
    auto changes = read_changes(*body, in.config);
    if (!changes) return std::move(changes).error();
    made.changes = std::move(*changes);
    return {};
}

inline result<void> login_with_phone(const incoming& in, call& made) {
    return take_from(in.arguments({"phoneNumber"}), error::missing_parameter,
                     [&](member_reader& read) { made.phone = read.phone(in.config); });
}

inline result<void> login_with_phone_and_password(const incoming& in, call& made) {
    return take_from(in.arguments({"phoneNumber", "password"}), error::missing_parameter, [&](member_reader& read) {
        made.phone = read.phone(in.config);
        made.password = read.text("password");
    });
}

inline result<void> login_with_code(const incoming& in, call& made) {
    return take_from(in.arguments({"transactionId", "code"}), error::missing_parameter, [&](member_reader& read) {
        made.transaction_id = read.text("transactionId");
        made.code = read.code("code", in.config);
    });
}

inline result<void> transaction(const incoming& in, call& made) {
    return take_from(in.arguments({"transactionId"}), error::missing_parameter,
                     [&](member_reader& read) { made.transaction_id = read.text("transactionId"); });
}

inline result<void> send_message(const incoming& in, call& made) {
    if (in.options.send_message == send_message_access::off) return error::send_message_disabled;
    made.needs_sender = in.options.send_message == send_message_access::session || !in.by_key;
    const auto read = [&]() -> result<void> {
        const auto arguments = in.arguments({"phoneNumber", "message", "mediaUrl", "options"});
        if (!arguments) return arguments.error();
        auto text = read_text_message(*arguments, in.config);
        if (!text) return std::move(text).error();
        if (made.needs_sender)
            if (auto allowed = check_user_message(*text); !allowed) return allowed;
        made.message = std::move(*text);
        return {};
    };
    if (!made.needs_sender) return read();
    made.argument_error = read();
    return {};
}

inline result<void> message_status(const incoming& in, call& made) {
    const auto* signature = find_header(in.request.headers, "X-Twilio-Signature");
    made.report.query = phoneauth::detail::split_target(in.request.url).query;
    made.report.body = in.request.body;
    if (signature) made.report.signature = *signature;
    return {};
}

struct route {
    std::string_view method;
    std::string_view pattern;
    operation asked;                               ///< unless `read` asks for something else
    result<void> (*read)(const incoming&, call&);  ///< nullptr: there are no arguments
};

/// The first match counts.
inline constexpr route routes[] = {
    {"GET", "/health", operation::nothing, health},
    {"GET", "/info", operation::nothing, info},
    {"POST", "/users/register", operation::start_registration, register_user},
    {"POST", "/users/login", operation::login_with_identity, login},
    {"GET", "/users/logout", operation::logout, nullptr},
    {"GET", "/users/isvalidusertoken/*", operation::check_token, nullptr},
    {"GET", "/users/userclassprops", operation::nothing, describe_user_class},
    {"GET", "/users/restorepassword/*", operation::nothing, restore_password},
    {"PUT", "/users/*/status", operation::nothing, update_status},
    {"PUT", "/users/*", operation::update_user, update_user},
    {"GET", "/data/Users/*", operation::find_user, nullptr},
    {"POST", "/services/Twilio/loginWithPhoneNumber", operation::start_login, login_with_phone},
    {"POST", "/services/Twilio/loginWithPhoneNumberAndPassword", operation::start_two_factor_login,
     login_with_phone_and_password},
    {"POST", "/services/Twilio/loginWithCode", operation::finish_login, login_with_code},
    {"POST", "/services/Twilio/resendCode", operation::resend, transaction},
    {"POST", "/services/Twilio/transactionStatus", operation::tell_status, transaction},
    {"POST", "/services/Twilio/sendMessage", operation::send_message, send_message},
    {"POST", "/services/Twilio/messageStatus", operation::take_report, message_status},
};

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
    if (made.asked == operation::check_token) {
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

PHONEAUTH_DECL void answer(call& made, const result<void>& outcome) {
    made.reply = outcome ? reply::of_json("{}") : reply(outcome.error());
}

}  // namespace detail
}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
