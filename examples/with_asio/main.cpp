// SPDX-License-Identifier: BSL-1.0
// In plain Asio: asynchronous mode, one thread for all requests. Nothing blocks it: passwords are hashed on threads of
// their own.

#include <phoneauth/asio/http_server.hpp>
#include <phoneauth/asio/https_transport.hpp>
#include <phoneauth/phoneauth.hpp>
#include <phoneauth/rest/adapter.hpp>
#include <phoneauth/rest/api.hpp>
#include <phoneauth/rest/objects.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/fake_twilio.hpp>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include <csignal>
#include <iostream>
#include <string>

namespace rest = phoneauth::rest;

int main() {
    phoneauth::testing::fake_twilio twilio;  // prints messages; in production there is your account instead
    twilio.on_message([](const auto& m) { std::cout << "To " << m.to << ": " << m.body << std::endl; });
    phoneauth::config config;
    config.twilio = twilio.settings();

    asio::io_context loop;
    phoneauth::memory_storage storage;
    phoneauth::https_transport transport(loop.get_executor());
    phoneauth::authenticator auth(config, storage, transport);
    //[mounted
    rest::api api(auth, rest::options{.app_id = "demo", .api_key = "demo-key"});
    const auto answer = [&](phoneauth::http_request request,
                            asio::ip::tcp::endpoint peer) -> asio::awaitable<phoneauth::http_response> {
        if (rest::path_of(request) != "/me") {
            auto work = api.handle(std::move(request), peer.address().to_string());
            co_return co_await std::move(work);
        }
        auto work = auth.authenticate(rest::session_of(request));
        const auto user = co_await std::move(work);
        if (!user) co_return rest::session_refused(user.error());
        co_return rest::reply::of_json(rest::user_json(*user, config));
    };
    //]
    phoneauth::http_server server(loop.get_executor(), {asio::ip::address_v4::loopback(), 0}, answer);
    std::cout << "listening on http://127.0.0.1:" << server.port() << std::endl;

    asio::signal_set signals(loop, SIGINT, SIGTERM);
    signals.async_wait([&](auto, int) { server.stop(); });  // requests in flight still end
    loop.run();
}
