// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_API_HPP
#define PHONEAUTH_REST_API_HPP

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <phoneauth/authenticator.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/rest/detail/body.hpp>
#include <phoneauth/rest/detail/routing.hpp>
#include <phoneauth/rest/reply.hpp>
#include <phoneauth/rest/status.hpp>
#include <phoneauth/rest/user_object.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

/// The REST endpoints that clients of Backendless's Twilio plugin call, for any server that can hand over a request and
/// send a reply. They are routed under two roots: `/{appId}/{apiKey}/…`, and `/api/…`, which Backendless's SDKs use
/// when they are given a domain of their own. Under the latter no key is sent and none is asked for: a key that sits in
/// every client protects nothing.
///
///     GET  /info
///     POST /users/register                  without transactionId: step 1, with it: step 2
///     POST /users/login                     {login, password}
///     GET  /users/logout
///     GET  /users/isvalidusertoken/{token}
///     GET  /users/userclassprops
///     PUT  /users/{objectId}
///     GET  /data/Users/{objectId}
///     POST /services/Twilio/loginWithPhoneNumber             phoneNumber
///     POST /services/Twilio/loginWithPhoneNumberAndPassword  phoneNumber, password
///     POST /services/Twilio/loginWithCode                    transactionId, code
///     POST /services/Twilio/resendCode                       transactionId
///     POST /services/Twilio/transactionStatus                transactionId
///     POST /services/Twilio/sendMessage                      phoneNumber, message, mediaUrl, options
///     POST /services/Twilio/messageStatus                    for Twilio: `twilio_config::status_callback` ends here
///
/// `Authenticator` is an `authenticator`, or whatever has its functions. Thread safety: as the authenticator's.
template <class Authenticator>
class api {
public:
    using mode = typename Authenticator::mode;

    /// `auth` must outlive the api. Throws `std::invalid_argument` if the application id or the API key is empty, the
    /// application id is "api", or a trusted proxy is neither an address nor a network.
    api(Authenticator& auth, options o) : auth_(auth), options_(std::move(o)) {
        if (options_.app_id.empty() || options_.api_key.empty() || options_.app_id == "api")
            throw std::invalid_argument("phoneauth: an API needs an application id other than \"api\", and an API key");
        for (const auto& proxy : options_.trusted_proxies)
            if (!is_network(proxy))
                throw std::invalid_argument("phoneauth: a trusted proxy is neither an address nor a network");
    }

    api(const api&) = delete;
    api& operator=(const api&) = delete;

    /// Answers a request whose `url` is a path with or without a query, as in the request line. `peer` is the address
    /// at the other end of the connection, without a port: the client's, or a trusted proxy's that says whose request
    /// it is (see `options::trusted_proxies`). Without it, or with another text, nothing is limited by client. → the
    /// `reply`, in blocking mode, or an awaitable of it. It has a JSON body except for OPTIONS, which asks for a
    /// preflight. As always, a server must not send the body in answer to HEAD. Throws
    /// nothing but `std::bad_alloc` when there is not even memory to begin.
    auto handle(http_request request, std::string peer = {}) {
        return mode::finish(serve(std::move(request), std::move(peer)));
    }

private:
    using flow = typename mode::template flow<reply>;

    struct incoming {
        const http_request& request;
        std::string_view body;
        client_info from;
        secret_string captured;  ///< what the path had at the route's "*"
        secret_string token;     ///< of the session; empty if there is none
        bool by_key = false;     ///< the path held the API key
    };

    struct route {
        std::string_view method;
        std::string_view pattern;
        flow (api::*handler)(incoming&);
    };

    static const auto& routes() {
        // The first match counts.
        static constexpr route table[] = {
            {"GET", "/info", &api::info},
            {"POST", "/users/register", &api::register_user},
            {"POST", "/users/login", &api::login},
            {"GET", "/users/logout", &api::logout},
            {"GET", "/users/isvalidusertoken/*", &api::is_valid_token},
            {"GET", "/users/userclassprops", &api::describe_user_class},
            {"PUT", "/users/*", &api::update_user},
            {"GET", "/data/Users/*", &api::find_user},
            {"POST", "/services/Twilio/loginWithPhoneNumber", &api::login_with_phone},
            {"POST", "/services/Twilio/loginWithPhoneNumberAndPassword", &api::login_with_phone_and_password},
            {"POST", "/services/Twilio/loginWithCode", &api::login_with_code},
            {"POST", "/services/Twilio/resendCode", &api::resend_code},
            {"POST", "/services/Twilio/transactionStatus", &api::tell_status},
            {"POST", "/services/Twilio/sendMessage", &api::send_message},
            {"POST", "/services/Twilio/messageStatus", &api::take_report},
        };
        return table;
    }

    flow serve(http_request request, std::string peer) {
        reply r;
        if (request.method == "OPTIONS") {
            r = detail::preflight_reply();
        } else {
            auto answered = co_await dispatch(request, peer);
            r = std::move(answered);
        }
        detail::add_cors_headers(r, request, options_);
        detail::wipe(request.url);  // it may hold a token
        co_return r;
    }

    flow dispatch(const http_request& request, const std::string& peer) {
        auto to = detail::read_target(request.url, options_);
        if (!to) co_return reply(to.error());
        if (request.body.size() > options_.max_body_bytes) co_return reply(error::body_too_large);

        const auto* token = find_header(request.headers, "user-token");
        incoming in{request, request.body, detail::client_of(request, peer, options_), {}, {}, to->by_key};
        if (token) in.token = *token;

        std::string allowed;
        for (const auto& r : routes()) {
            if (!detail::matches(r.pattern, to->segments, in.captured)) continue;
            if (r.method == request.method) {
                auto answered = co_await (this->*r.handler)(in);
                co_return answered;
            }
            if (allowed.find(r.method) == allowed.npos) allowed.append(r.method).append(", ");
        }
        if (allowed.empty()) co_return reply(error::unknown_route);
        reply refused(error::method_not_allowed);
        refused.headers.push_back({"Allow", allowed + "OPTIONS"});  // RFC 9110 §15.5.6
        co_return refused;
    }

    // -- users

    flow info(incoming& in) {
        // Where the key is what lets somebody send messages, it is not told to who did not bring it.
        const bool tell_key = in.by_key || options_.send_message != send_message_access::key;
        detail::json_object json;
        json.string("appId", options_.app_id).string("apiKey", tell_key ? options_.api_key : "");
        json.string("rtURL", "").raw("loggers", "[]");
        co_return reply::of_json(std::move(json).str());
    }

    flow register_user(incoming& in) {
        auto body = detail::read_object(in.body, options_.max_json_depth);
        if (!body) co_return reply(body.error());
        if (!detail::given(*body, "transactionId")) {
            detail::member_reader read(*body, error::property_required);
            auto phone = read.digits(config().phone_column);
            if (read.problem()) co_return reply(*read.problem());
            auto outcome =
                co_await mode::call([&] { return auth_.start_registration(std::move(phone), std::move(in.from)); });
            co_return answer(outcome);
        }
        auto data = detail::read_registration(*body, config());
        if (!data) co_return reply(data.error());
        auto outcome =
            co_await mode::call([&] { return auth_.finish_registration(std::move(*data), std::move(in.from)); });
        co_return answer(outcome);
    }

    flow login(incoming& in) {
        auto body = detail::read_object(in.body, options_.max_json_depth);
        if (!body) co_return reply(body.error());
        detail::member_reader read(*body, error::login_required);
        auto identity = read.digits("login");
        secret_string password = read.text("password");
        if (read.problem()) co_return reply(*read.problem());
        auto outcome = co_await mode::call(
            [&] { return auth_.login_with_identity(std::move(identity), phoneauth::password(std::move(password)), std::move(in.from)); });
        co_return answer(outcome);
    }

    flow logout(incoming& in) {
        auto outcome = co_await mode::call([&] { return auth_.logout(session_token(std::move(in.token)), std::move(in.from)); });
        if (!outcome) co_return reply(outcome.error());
        co_return reply::of_json("{}");  // who is logged out already gets what he wanted
    }

    flow is_valid_token(incoming& in) {
        auto owner = co_await mode::call([&] { return auth_.authenticate(session_token(std::move(in.captured))); });
        if (owner) co_return reply::of_json("true");
        const auto code = owner.error().code;
        if (code == error::unknown_token || code == error::session_expired || code == error::account_disabled)
            co_return reply::of_json("false");
        co_return reply(owner.error());
    }

    flow describe_user_class(incoming&) { co_return reply::of_json(user_class_json(config())); }

    flow update_user(incoming& in) {
        auto body = detail::read_object(in.body, options_.max_json_depth);
        if (!body) co_return reply(body.error());
        auto changes = detail::read_changes(*body);
        auto outcome = co_await mode::call([&] {
            return auth_.update_user(session_token(std::move(in.token)), std::move(in.captured), std::move(changes),
                                     std::move(in.from));
        });
        co_return answer(outcome);
    }

    flow find_user(incoming& in) {
        auto outcome = co_await mode::call([&] { return auth_.authenticate(session_token(std::move(in.token))); });
        if (outcome && outcome->object_id != in.captured) co_return reply(error::not_permitted);
        co_return answer(outcome);
    }

    // -- services/Twilio

    flow login_with_phone(incoming& in) {
        auto arguments = detail::read_arguments(in.body, {"phoneNumber"}, options_.max_json_depth);
        if (!arguments) co_return reply(arguments.error());
        detail::member_reader read(*arguments);
        auto phone = read.digits(phone_name(*arguments));
        if (read.problem()) co_return reply(*read.problem());
        auto outcome = co_await mode::call([&] { return auth_.start_login(std::move(phone), std::move(in.from)); });
        co_return answer(outcome);
    }

    flow login_with_phone_and_password(incoming& in) {
        auto arguments = detail::read_arguments(in.body, {"phoneNumber", "password"}, options_.max_json_depth);
        if (!arguments) co_return reply(arguments.error());
        detail::member_reader read(*arguments);
        auto phone = read.digits(phone_name(*arguments));
        secret_string password = read.text("password");
        if (read.problem()) co_return reply(*read.problem());
        auto outcome = co_await mode::call(
            [&] { return auth_.start_two_factor_login(std::move(phone), phoneauth::password(std::move(password)), std::move(in.from)); });
        co_return answer(outcome);
    }

    flow login_with_code(incoming& in) {
        auto arguments = detail::read_arguments(in.body, {"transactionId", "code"}, options_.max_json_depth);
        if (!arguments) co_return reply(arguments.error());
        detail::member_reader read(*arguments);
        auto id = read.text("transactionId");
        secret_string code = read.digits("code");
        if (read.problem()) co_return reply(*read.problem());
        auto outcome =
            co_await mode::call([&] { return auth_.finish_login(transaction_id(std::move(id)), submitted_code(std::move(code)), std::move(in.from)); });
        co_return answer(outcome);
    }

    flow resend_code(incoming& in) {
        auto arguments = detail::read_arguments(in.body, {"transactionId"}, options_.max_json_depth);
        if (!arguments) co_return reply(arguments.error());
        detail::member_reader read(*arguments);
        auto id = read.text("transactionId");
        if (read.problem()) co_return reply(*read.problem());
        auto outcome = co_await mode::call([&] { return auth_.resend(transaction_id(std::move(id)), std::move(in.from)); });
        co_return answer(outcome);
    }

    flow tell_status(incoming& in) {
        auto arguments = detail::read_arguments(in.body, {"transactionId"}, options_.max_json_depth);
        if (!arguments) co_return reply(arguments.error());
        detail::member_reader read(*arguments);
        auto id = read.text("transactionId");
        if (read.problem()) co_return reply(*read.problem());
        auto outcome = co_await mode::call([&] { return auth_.status(transaction_id(std::move(id))); });
        co_return answer(outcome);
    }

    flow take_report(incoming& in) {
        const auto* signature = find_header(in.request.headers, "X-Twilio-Signature");
        status_callback report{std::string(detail::split_target(in.request.url).query), std::string(in.body),
                               signature ? *signature : std::string()};
        auto outcome = co_await mode::call([&] { return auth_.handle_status_callback(std::move(report)); });
        co_return outcome ? reply::of_json("{}") : reply(outcome.error());
    }

    flow send_message(incoming& in) {
        if (options_.send_message == send_message_access::off) co_return reply(error::send_message_disabled);
        if (options_.send_message == send_message_access::session || !in.by_key) {
            auto sender = co_await mode::call([&] { return auth_.authenticate(session_token(std::move(in.token))); });
            if (!sender) co_return reply(sender.error());
            in.from.user_id = sender->object_id;
        }
        auto arguments =
            detail::read_arguments(in.body, {"phoneNumber", "message", "mediaUrl", "options"}, options_.max_json_depth);
        if (!arguments) co_return reply(arguments.error());
        auto text = detail::read_message(*arguments, phone_name(*arguments));
        if (!text) co_return reply(text.error());
        if (!in.from.user_id.empty())
            if (const auto allowed = detail::check_user_message(*text); !allowed) co_return reply(allowed.error());
        auto outcome = co_await mode::call([&] { return auth_.send_message(std::move(*text), std::move(in.from)); });
        co_return answer(outcome);
    }

    // -- parameters and answers

    const phoneauth::config& config() const { return auth_.config(); }

    /// The plugin's parameter has this name; clients that know the phone by its configured name may use that.
    std::string_view phone_name(const detail::json_value& arguments) const {
        return arguments.find(config().phone_column) ? std::string_view(config().phone_column) : "phoneNumber";
    }

    template <class T>
    reply answer(const result<T>& outcome) const {
        return outcome ? reply::of_json(json_of(*outcome)) : reply(outcome.error());
    }

    std::string json_of(const user& u) const { return user_json(u, config()); }
    std::string json_of(const login_result& l) const { return login_json(l.user, l.token.str(), config()); }
    std::string json_of(const sent_message& m) const { return m.json; }
    std::string json_of(const transaction_status& s) const { return status_json(s); }
    std::string json_of(const challenge& s) const {
        detail::json_object json;
        json.string("transactionId", s.transaction_id.str()).number("expiresAt", s.expires_at.time_since_epoch().count());
        json.number("resendAfter", s.resend_after.count());
        if (s.delivery_uncertain) json.boolean("deliveryUncertain", true);
        return std::move(json).str();
    }

    Authenticator& auth_;
    const options options_;
};

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
