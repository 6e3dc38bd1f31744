// SPDX-License-Identifier: BSL-1.0
// In cpp-httplib, which gives each request a thread: blocking mode, no event loop. A thread waits for Twilio, for the
// storage and for passwords to be hashed, which is why there are more than httplib has by itself.

#include <phoneauth/console_transport.hpp>
#include <phoneauth/phoneauth.hpp>
#include <phoneauth/rest/adapter.hpp>
#include <phoneauth/rest/api.hpp>
#include <phoneauth/rest/objects.hpp>
#include <phoneauth/storage/memory.hpp>

#include <httplib.h>

#include <iostream>

namespace rest = phoneauth::rest;

int main() {
    phoneauth::config config;
    config.twilio.account_sid = "AC00000000000000000000000000000000";
    config.twilio.auth_token = "your auth token";
    config.twilio.sender = "+15005550006";

    phoneauth::memory_storage storage;
    phoneauth::console_transport transport;  // in production: blocking_transport, phoneauth/asio/blocking_transport.hpp
    phoneauth::authenticator auth(config, storage, transport);

    httplib::Server server;
    //[mounted
    rest::api api(auth, rest::options{.app_id = "demo", .api_key = "demo-key"});
    const auto send = [](const phoneauth::http_response& reply, httplib::Response& out) {
        out.status = reply.status;
        for (const auto& [name, value] : reply.headers) out.set_header(name, value);
        out.body = reply.body;
    };
    server.Get("/me", [&](const httplib::Request& in, httplib::Response& out) {
        const auto user = auth.authenticate(phoneauth::session_token(in.get_header_value("user-token")));
        send(user ? rest::reply::of_json(rest::user_json(*user, config)) : rest::session_refused(user.error()), out);
    });
    const auto all_else = [&](const httplib::Request& in, httplib::Response& out) {
        send(api.handle(rest::to_request(in.method, in.target, in.headers, in.body), in.remote_addr), out);
    };
    server.Get(".*", all_else).Post(".*", all_else).Put(".*", all_else).Delete(".*", all_else).Options(".*", all_else);
    //]
    server.set_payload_max_length(65536);
    server.new_task_queue = [] { return new httplib::ThreadPool(64); };

    std::cout << "listening on http://127.0.0.1:" << server.bind_to_any_port("127.0.0.1") << std::endl;
    return server.listen_after_bind() ? 0 : 1;
}
