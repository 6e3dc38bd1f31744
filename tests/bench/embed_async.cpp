// SPDX-License-Identifier: BSL-1.0
// What embed_minimal is in asynchronous mode: measured by compile.sh.

#include <phoneauth/asio/https_transport.hpp>
#include <phoneauth/phoneauth.hpp>
#include <phoneauth/storage/memory.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <iostream>
#include <string>

namespace {

template <class Auth>
asio::awaitable<void> journey(Auth& auth) {
    const std::string phone = "+14155550100";
    auto registering = co_await auth.start_registration(phone);
    if (!registering) co_return;
    std::string code;
    std::cin >> code;
    phoneauth::registration form{.transaction_id = registering->transaction_id,
                                 .code = code,
                                 .phone = phone,
                                 .identity = "ada@example.com",
                                 .password = "correct horse"};
    auto user = co_await auth.finish_registration(form);
    if (!user) co_return;
    auto login = co_await auth.start_login(phone);
    if (!login) co_return;
    std::cin >> code;
    auto session = co_await auth.finish_login(login->transaction_id, phoneauth::submitted_code(code));
    if (session) std::cout << "Hello, " << session->user.identity << '\n';
}

}  // namespace

int main() {
    phoneauth::config config;
    config.twilio.account_sid = "AC00000000000000000000000000000000";
    config.twilio.auth_token = "your auth token";
    config.twilio.sender = "+15005550006";

    asio::io_context loop;
    phoneauth::memory_storage storage;
    phoneauth::https_transport transport(loop.get_executor());
    phoneauth::authenticator auth(config, storage, transport);
    asio::co_spawn(loop, journey(auth), asio::detached);
    loop.run();
}
