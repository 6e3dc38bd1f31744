// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_REST_FAKE_AUTHENTICATOR_HPP
#define PHONEAUTH_TESTS_REST_FAKE_AUTHENTICATOR_HPP

#include <optional>
#include <string>

#include <phoneauth/detail/json.hpp>
#include <phoneauth/rest/api.hpp>

/// Has an authenticator's functions; notes each call as text, and succeeds or fails as it is told.
struct fake_authenticator {
    using mode = phoneauth::blocking_mode;

    phoneauth::config configuration{};
    std::string calls{};                         ///< "function(argument,argument)" of each call, a line each
    std::optional<phoneauth::failure> refuse{};  ///< what every function fails with
    bool uncertain = false;                      ///< `started::delivery_uncertain`
    phoneauth::user person = ada();
    phoneauth::client_info caller{};  ///< who asked last, of those functions that a test looks at
    std::string twilio_json = R"({"sid":"SM1","error_code":null})";

    static phoneauth::user ada() {
        phoneauth::user u{.object_id = "U1",
                          .phone = *phoneauth::phone_number::parse("+15005550006"),
                          .identity = "ada@example.com",
                          .password_hash = "$scrypt$secret"};
        u.created_at = phoneauth::time_point(std::chrono::milliseconds(1000));
        return u;
    }

    template <class T>
    phoneauth::result<T> note(std::string call, T value) {
        calls += call + '\n';
        if (refuse) return *refuse;
        return value;
    }
    phoneauth::challenge start() const {
        return {phoneauth::transaction_id("T1"), phoneauth::time_point(std::chrono::milliseconds(1234)),
                std::chrono::seconds(30), uncertain};
    }
    phoneauth::login_result logged_in() const { return {person, phoneauth::session_token("TOKEN"), {}}; }
    static std::string list(const phoneauth::property_map& properties) {
        std::string text;
        for (const auto& [name, json] : properties) text += "," + name + "=" + json;
        return text;
    }

    const phoneauth::config& config() const { return configuration; }
    auto start_registration(std::string phone, phoneauth::client_info from) {
        caller = from;
        return note("start_registration(" + phone + ")", start());
    }
    auto finish_registration(phoneauth::registration r, phoneauth::client_info) {
        return note("finish_registration(" + r.transaction_id.str() + "," + r.code.str() + "," + r.phone + "," +
                        r.identity + "," + r.password.str() + "," + r.locale + list(r.properties) + ")",
                    person);
    }
    auto start_login(std::string phone, phoneauth::client_info) { return note("start_login(" + phone + ")", start()); }
    auto start_two_factor_login(std::string phone, phoneauth::password password, phoneauth::client_info) {
        return note("start_two_factor_login(" + phone + "," + password.str() + ")", start());
    }
    auto finish_login(phoneauth::transaction_id id, phoneauth::submitted_code code, phoneauth::client_info) {
        return note("finish_login(" + id.str() + "," + code.str() + ")", logged_in());
    }
    auto login_with_identity(std::string identity, phoneauth::password password, phoneauth::client_info) {
        return note("login_with_identity(" + identity + "," + password.str() + ")", logged_in());
    }
    auto resend(phoneauth::transaction_id id, phoneauth::client_info) {
        return note("resend(" + id.str() + ")", start());
    }
    auto status(phoneauth::transaction_id id) {
        phoneauth::transaction_status s{.tries_left = 4, .expires_in = std::chrono::seconds(200)};
        s.delivery = phoneauth::delivery_state::undelivered;
        s.twilio_code = 30006;
        return note("status(" + id.str() + ")", s);
    }
    auto handle_status_callback(phoneauth::status_callback r) {
        return note("handle_status_callback(" + r.query + "," + r.body + "," + r.signature + ")",
                    phoneauth::callback_outcome::noted);
    }
    auto authenticate(phoneauth::session_token token) { return note("authenticate(" + token.str() + ")", person); }
    auto logout(phoneauth::session_token token, phoneauth::client_info) {
        return note("logout(" + token.str() + ")", phoneauth::logout_outcome::ended);
    }
    auto update_user(phoneauth::session_token token, std::string id, phoneauth::property_map changes,
                     phoneauth::client_info) {
        return note("update_user(" + token.str() + "," + id + list(changes) + ")", person);
    }
    auto send_message(phoneauth::text_message m, phoneauth::client_info from) {
        caller = from;
        std::string text = "send_message(" + m.to + "," + m.body;
        for (const auto& url : m.media_urls) text += "," + url;
        for (const auto& [name, value] : m.options) text += "," + name + "=" + value;
        return note(text + ")", phoneauth::sent_message{"SM1", "queued", twilio_json});
    }
};

/// An API over a fake authenticator, asked as a client would.
struct fake_api {
    fake_authenticator auth{};
    phoneauth::rest::options options{
        .app_id = "APP", .api_key = "KEY", .send_message = phoneauth::rest::send_message_access::session};

    phoneauth::rest::reply ask(phoneauth::http_request request) {
        phoneauth::rest::api<fake_authenticator> api(auth, options);
        return api.handle(std::move(request));
    }
    phoneauth::rest::reply ask(std::string method, std::string path, std::string body = {}, std::string token = {}) {
        phoneauth::http_request request{std::move(method), "/APP/KEY" + path, {}, std::move(body)};
        if (!token.empty()) request.headers.push_back({"User-Token", std::move(token)});
        return ask(std::move(request));
    }
    /// The calls that `body`, posted to `path`, leads to; or the error code and message.
    std::string post(std::string path, std::string body) {
        auth.calls.clear();
        const auto reply = ask("POST", std::move(path), std::move(body), "SESSION");
        if (reply.status == 200) return auth.calls;
        const auto json = phoneauth::detail::parse_json(reply.body);
        return std::to_string(json->integer("code").value()) + " " + std::string(json->string_or_empty("message"));
    }
};

#endif
