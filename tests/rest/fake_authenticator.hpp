// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_REST_FAKE_AUTHENTICATOR_HPP
#define PHONEAUTH_TESTS_REST_FAKE_AUTHENTICATOR_HPP

#include <optional>
#include <string>
#include <utility>
#include <vector>

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
    // -- the rest of an account's life

    using session_token = phoneauth::session_token;
    using client = phoneauth::client_info;

    auto challenge_of(std::string call, client from) {
        caller = std::move(from);
        return note(std::move(call), start());
    }
    auto start_phone_change(session_token t, std::string phone, client from) {
        return challenge_of("start_phone_change(" + t.str() + "," + phone + ")", std::move(from));
    }
    auto start_password_reset(std::string phone, client from) {
        return challenge_of("start_password_reset(" + phone + ")", std::move(from));
    }
    auto start_password_reset_of(std::string identity, client from) {
        return challenge_of("start_password_reset_of(" + identity + ")", std::move(from));
    }
    auto start_step_up(session_token t, client from) {
        return challenge_of("start_step_up(" + t.str() + ")", std::move(from));
    }
    auto start_deletion(session_token t, client from) {
        return challenge_of("start_deletion(" + t.str() + ")", std::move(from));
    }
    auto start_verification(std::string phone, std::string topic, client from) {
        return challenge_of("start_verification(" + phone + "," + topic + ")", std::move(from));
    }
    auto finish_phone_change(session_token t, phoneauth::transaction_id id, phoneauth::submitted_code code, client) {
        return note("finish_phone_change(" + t.str() + "," + id.str() + "," + code.str() + ")", person);
    }
    auto finish_password_reset(phoneauth::transaction_id id, phoneauth::submitted_code code,
                               phoneauth::password password, phoneauth::backup_code spare, client) {
        return note("finish_password_reset(" + id.str() + "," + code.str() + "," + password.str() + "," + spare.str() +
                        ")",
                    person);
    }
    auto finish_step_up(session_token t, phoneauth::transaction_id id, phoneauth::submitted_code code, client) {
        return note("finish_step_up(" + t.str() + "," + id.str() + "," + code.str() + ")", person);
    }
    auto confirm_password(session_token t, phoneauth::password password, client) {
        return note("confirm_password(" + t.str() + "," + password.str() + ")", person);
    }
    auto login_with_backup_code(std::string phone, phoneauth::password password, phoneauth::backup_code code, client) {
        return note("login_with_backup_code(" + phone + "," + password.str() + "," + code.str() + ")", logged_in());
    }
    auto login_with_trusted_device(std::string phone, phoneauth::password password, phoneauth::device_token device,
                                   client) {
        return note("login_with_trusted_device(" + phone + "," + password.str() + "," + device.str() + ")",
                    logged_in());
    }
    static phoneauth::session_info session() {
        phoneauth::session_info s;
        s.id = "S1";
        s.current = true;
        s.device = "curl/\"8\"";
        s.network = "203.0.113.7";
        s.opened_at = s.last_used_at = s.auth_time = phoneauth::time_point(std::chrono::milliseconds(1));
        s.expires_at = phoneauth::time_point(std::chrono::milliseconds(2));
        s.auth_methods = phoneauth::by_code | phoneauth::by_password;
        return s;
    }
    auto list_sessions(session_token t) {
        return note("list_sessions(" + t.str() + ")", std::vector<phoneauth::session_info>{session(), session()});
    }
    phoneauth::result<void> end_session(session_token t, std::string id, client) {
        const auto done = note("end_session(" + t.str() + "," + id + ")", 0);
        return done ? phoneauth::result<void>() : done.error();
    }
    auto end_other_sessions(session_token t, client) {
        return note("end_other_sessions(" + t.str() + ")", std::size_t{2});
    }
    auto trust_device(session_token t, client) {
        return note("trust_device(" + t.str() + ")",
                    phoneauth::trusted_device{phoneauth::device_token("D1"),
                                              phoneauth::time_point(std::chrono::milliseconds(9))});
    }
    auto make_backup_codes(session_token t, client) {
        return note("make_backup_codes(" + t.str() + ")",
                    std::vector<phoneauth::backup_code>{phoneauth::backup_code("0-AAAA-BBBB-CCCC-DDDD"),
                                                        phoneauth::backup_code("1-AAAA-BBBB-CCCC-DDDD")});
    }
    phoneauth::result<void> finish_deletion(session_token t, phoneauth::transaction_id id,
                                            phoneauth::submitted_code code, client) {
        const auto done = note("finish_deletion(" + t.str() + "," + id.str() + "," + code.str() + ")", 0);
        return done ? phoneauth::result<void>() : done.error();
    }
    auto export_account(session_token t, client) {
        return note("export_account(" + t.str() + ")", phoneauth::account_data{person, {session()}});
    }
    auto finish_verification(phoneauth::transaction_id id, phoneauth::submitted_code code, client) {
        return note("finish_verification(" + id.str() + "," + code.str() + ")",
                    phoneauth::proof{phoneauth::proof_token("P1"), "pay", person.phone, "U1",
                                     phoneauth::time_point(std::chrono::milliseconds(5))});
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
