// SPDX-License-Identifier: BSL-1.0
// A consumer of the asynchronous mode: a registration is started, and an HTTPS request fails to connect.
#if __has_include(<phoneauth/phoneauth_asio.hpp>)
#include <phoneauth/phoneauth_asio.hpp>  // the single header
#else
#include <phoneauth/asio/https_transport.hpp>
#include <phoneauth/asio/pooled_passwords.hpp>
#include <phoneauth/phoneauth.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/posting.hpp>
#include <phoneauth/testing/scripted_transport.hpp>
#endif

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

int main() {
    phoneauth::config c;
    c.twilio.account_sid = "AC00000000000000000000000000000000";
    c.twilio.auth_token = "not-a-real-token";
    c.twilio.sender = "+15005550006";
    phoneauth::memory_storage storage;
    phoneauth::testing::scripted_transport script;
    phoneauth::testing::posting transport(script);
    phoneauth::authenticator auth(c, storage, transport);

    asio::io_context loop;
    phoneauth::https_transport https(loop.get_executor());
    bool started = false;
    bool refused = false;
    const auto work = [&]() -> asio::awaitable<void> {
        const auto s = co_await auth.start_registration("+14155550100");
        started = s.has_value();
        phoneauth::http_request request;
        request.method = "GET";
        request.url = "https://127.0.0.1:1/";
        const auto reply = co_await https.send(request);
        refused = !reply.has_value();
    };
    asio::co_spawn(loop, work, asio::detached);
    loop.run();
    return started && refused && !script.last_code().empty() ? 0 : 1;
}
