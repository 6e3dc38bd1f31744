// SPDX-License-Identifier: BSL-1.0
// In Boost.Beast, whose thread waits for nobody: phoneauth, in blocking mode, is called on those of a pool. They do wait,
// for Twilio, the storage and the hashing of passwords; a route that must not wait with them gets a pool of its own.

#include <phoneauth/console_transport.hpp>
#include <phoneauth/rest/adapter.hpp>
#include <phoneauth/rest/api.hpp>
#include <phoneauth/rest/objects.hpp>
#include <phoneauth/storage/memory.hpp>

#include <boost/asio.hpp>
#include <boost/beast.hpp>

#include <iostream>

namespace net = boost::asio;
namespace http = boost::beast::http;
namespace rest = phoneauth::rest;

net::awaitable<void> serve(boost::beast::tcp_stream stream, net::thread_pool& pool, auto& answer) {
    const auto peer = stream.socket().remote_endpoint().address().to_string();
    for (boost::beast::flat_buffer buffer;;) {
        http::request<http::string_body> in;
        stream.expires_after(std::chrono::seconds(60));  // for all of this request
        co_await http::async_read(stream, buffer, in, net::use_awaitable);
        auto request = rest::to_request(in.method_string(), in.target(), in, in.body());
        const auto call = [&]() -> net::awaitable<rest::reply> { co_return answer(std::move(request), peer); };
        const auto reply = co_await net::co_spawn(pool, call, net::use_awaitable);
        http::response<http::string_body> out(static_cast<http::status>(reply.status), in.version(), reply.body);
        for (const auto& [name, value] : reply.headers) out.insert(name, value);
        out.keep_alive(in.keep_alive());
        out.prepare_payload();
        if (in.method() == http::verb::head) out.body().clear();
        co_await http::async_write(stream, out, net::use_awaitable);
        if (!in.keep_alive()) co_return;
    }
}

int main() {
    phoneauth::config config;
    config.twilio.account_sid = "AC00000000000000000000000000000000";
    config.twilio.auth_token = "your auth token";
    config.twilio.sender = "+15005550006";
    phoneauth::memory_storage storage;
    phoneauth::console_transport transport;  // in production: blocking_transport, with phoneauth::compiled_asio
    phoneauth::authenticator auth(config, storage, transport);
    rest::api api(auth, rest::options{.app_id = "demo", .api_key = "demo-key"});
    const auto answer = [&](phoneauth::http_request request, const std::string& peer) {
        if (rest::path_of(request) != "/me") return api.handle(std::move(request), peer);
        const auto user = auth.authenticate(rest::session_of(request));
        return user ? rest::reply::of_json(rest::user_json(*user, config)) : rest::session_refused(user.error());
    };
    net::thread_pool loop(1), pool(64);
    net::ip::tcp::acceptor acceptor(loop, {net::ip::address_v4::loopback(), 0});
    std::cout << "listening on http://127.0.0.1:" << acceptor.local_endpoint().port() << std::endl;
    for (boost::system::error_code full;;) {  // as of open files: it goes on when there are fewer
        auto socket = acceptor.accept(full);
        if (!full) net::co_spawn(loop, serve(boost::beast::tcp_stream(std::move(socket)), pool, answer), net::detached);
    }
}
