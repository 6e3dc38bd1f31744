// SPDX-License-Identifier: BSL-1.0
// The fewest lines that register somebody and log them in on an event loop, over HTTPS. Given credentials of Twilio's in
// the environment it sends real messages; without them it says what it wants.

#include <phoneauth/asio/https_transport.hpp>
#include <phoneauth/phoneauth.hpp>
#include <phoneauth/storage/memory.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

namespace {

std::string ask(const std::string& question) {
    std::string answer;
    std::cout << question << ": " << std::flush;
    std::getline(std::cin, answer);
    return answer;
}

//[journey
template <class Auth>
asio::awaitable<void> register_and_log_in(Auth& auth, std::string phone) {
    auto registering = co_await auth.start_registration(phone);
    if (!registering) co_return std::cerr << registering.error().message << '\n', void();
    auto user = co_await auth.finish_registration({registering->transaction_id,
                                                   phoneauth::submitted_code(ask("code to register")), phone,
                                                   phoneauth::password("correct horse"), "ada@example.com"});
    if (!user) co_return std::cerr << user.error().message << '\n', void();

    auto login = co_await auth.start_login(phone);
    if (!login) co_return std::cerr << login.error().message << '\n', void();
    auto session = co_await auth.finish_login(login->transaction_id, phoneauth::submitted_code(ask("code to log in")));
    if (!session) co_return std::cerr << session.error().message << '\n', void();
    std::cout << "Hello, " << session->user.identity << '\n';
}
//]

std::string from_environment(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

}  // namespace

int main(int argc, char** argv) {
    phoneauth::config config;
    config.twilio.account_sid = from_environment("TWILIO_ACCOUNT_SID");
    config.twilio.auth_token = from_environment("TWILIO_AUTH_TOKEN");
    config.twilio.sender = from_environment("TWILIO_SENDER");
    if (argc < 2 || config.twilio.account_sid.empty()) {
        std::cerr << "usage: TWILIO_ACCOUNT_SID=AC… TWILIO_AUTH_TOKEN=… TWILIO_SENDER=+1… embed_async PHONE\n";
        return 2;
    }
    //[set_up
    asio::io_context loop;
    phoneauth::memory_storage storage;
    phoneauth::https_transport transport(loop.get_executor());
    phoneauth::authenticator auth(config, storage, transport);
    asio::co_spawn(loop, register_and_log_in(auth, argv[1]), asio::detached);
    loop.run();
    //]
}
