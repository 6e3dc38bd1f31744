// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_DETAIL_READERS_IPP
#define PHONEAUTH_REST_DETAIL_READERS_IPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/rest/detail/body.hpp>
#include <phoneauth/rest/detail/call.hpp>
#include <phoneauth/rest/detail/routing.hpp>
#include <phoneauth/rest/objects.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

///@{
/// Most of what is handed to a hook of what else came with a request.
inline constexpr std::size_t max_extra_fields = 32;
inline constexpr std::size_t max_extra_bytes = 8192;
///@}

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

/// What came with the request that the operation does not take, for `Hooks::before_message`: nothing if there is far too
/// much of it, and nothing that may be secret.
inline void note_extra(const incoming& in, const json_value& object, std::initializer_list<std::string_view> taken,
                       call& made) {
    constexpr std::array<std::string_view, 8> secret{"password",   "currentPassword", "code",  "transactionCode",
                                                     "backupCode", "deviceToken",     "proof", "user-token"};
    std::size_t bytes = 0;
    auto& extra = made.from.extra;
    for (const auto& item : object.items) {
        const auto is = [&](std::string_view name) { return name == item.key; };
        if (is(in.config.phone_column) || std::any_of(taken.begin(), taken.end(), is) ||
            std::any_of(secret.begin(), secret.end(), is))
            continue;
        bytes += item.key.size() + item.text.size();
        if (extra.size() == max_extra_fields || bytes > max_extra_bytes) return extra.clear();
        extra.emplace(item.key, item.kind == json_kind::string ? phoneauth::detail::json_string(item.text)
                                                               : std::string(item.text));
    }
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
        return take_from(body, error::property_required, [&](member_reader& read) {
            made.phone = read.digits(in.config.phone_column);
            note_extra(in, *body, {in.config.phone_column}, made);
        });
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

inline result<void> update_status(const incoming&, call&) {
    return failure(error::unknown_route,
                   "This server changes no user's status by request: its operator does, with disable_user.");
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
    const auto arguments = in.arguments({"phoneNumber"});
    return take_from(arguments, error::missing_parameter, [&](member_reader& read) {
        made.phone = read.phone(in.config);
        note_extra(in, *arguments, {"phoneNumber"}, made);
    });
}

inline result<void> login_with_phone_and_password(const incoming& in, call& made) {
    const auto arguments = in.arguments({"phoneNumber", "password"});
    return take_from(arguments, error::missing_parameter, [&](member_reader& read) {
        made.phone = read.phone(in.config);
        made.password = read.text("password");
        note_extra(in, *arguments, {"phoneNumber"}, made);
    });
}

inline result<void> login_with_code(const incoming& in, call& made) {
    return take_from(in.arguments({"transactionId", "code"}), error::missing_parameter, [&](member_reader& read) {
        made.transaction_id = read.text("transactionId");
        made.code = read.code("code", in.config);
    });
}

inline result<void> transaction(const incoming& in, call& made) {
    const auto arguments = in.arguments({"transactionId"});
    return take_from(arguments, error::missing_parameter, [&](member_reader& read) {
        made.transaction_id = read.text("transactionId");
        note_extra(in, *arguments, {"transactionId"}, made);
    });
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

}  // namespace detail
}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
