// SPDX-License-Identifier: BSL-1.0
// The library in a server that gives each request a thread, here cpp-httplib: blocking mode, no event loop. Without
// arguments it serves on a free port, registers somebody by a request to itself, and ends; with a port it serves until
// stopped.

#include <phoneauth/phoneauth.hpp>
#include <phoneauth/rest/api.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/scripted_transport.hpp>

#include <httplib.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

namespace {

phoneauth::http_request to_phoneauth(const httplib::Request& in) {
    phoneauth::http_request out{in.method, in.target, {}, in.body};
    for (const auto& [name, value] : in.headers) out.headers.push_back({name, value});
    return out;
}

void from_phoneauth(const phoneauth::http_response& reply, httplib::Response& out) {
    std::string type = "application/json";
    for (const auto& [name, value] : reply.headers) {
        if (phoneauth::equal_ignoring_case(name, "Content-Type"))
            type = value;
        else
            out.set_header(name, value);
    }
    out.status = reply.status;
    out.set_content(reply.body, type);
}

}  // namespace

int main(int argc, char* argv[]) {
    phoneauth::config config;
    config.twilio.account_sid = "AC00000000000000000000000000000000";
    config.twilio.auth_token = "your auth token";
    config.twilio.sender = "+15005550006";

    // In production: phoneauth::blocking_transport from phoneauth/asio/blocking_transport.hpp.
    phoneauth::memory_storage storage;
    phoneauth::testing::scripted_transport transport;
    phoneauth::authenticator auth(config, storage, transport);

    httplib::Server server;
    //[mounted
    phoneauth::rest::api api(auth, phoneauth::rest::options{.app_id = "demo", .api_key = "demo-key"});
    const auto serve = [&](const httplib::Request& in, httplib::Response& out) {
        from_phoneauth(api.handle(to_phoneauth(in), in.remote_addr), out);
    };
    //]
    server.Get(".*", serve).Post(".*", serve).Put(".*", serve).Options(".*", serve);
    server.set_payload_max_length(65536);

    if (argc > 1) return server.listen("127.0.0.1", std::atoi(argv[1])) ? 0 : 1;

    const int port = server.bind_to_any_port("127.0.0.1");
    std::thread serving([&] { server.listen_after_bind(); });
    httplib::Client client("127.0.0.1", port);
    const auto post = [&](const std::string& path, const std::string& body) {
        const auto reply = client.Post("/demo/demo-key" + path, body, "application/json");
        std::cout << path << " -> " << (reply ? reply->body : "no reply") << '\n';
        return reply && reply->status == 200 ? reply->body : std::string();
    };
    const auto started = post("/users/register", R"({"phoneNumber":"+14155550100"})");
    const auto id = started.size() > 54 ? started.substr(started.find("transactionId\":\"") + 16, 36) : std::string();
    const auto user =
        post("/users/register",
             R"({"phoneNumber":"+14155550100","email":"ada@example.com","password":"correct horse","transactionId":")" +
                 id + R"(","transactionCode":")" + transport.last_code() + "\"}");
    server.stop();
    serving.join();
    return user.find("\"objectId\"") != std::string::npos ? 0 : 1;
}
