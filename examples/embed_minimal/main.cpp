// SPDX-License-Identifier: BSL-1.0
// The fewest lines that register somebody and log them in. The console transport prints each message instead of sending
// it.

#include <phoneauth/console_transport.hpp>
#include <phoneauth/phoneauth.hpp>
#include <phoneauth/storage/memory.hpp>

#include <iostream>
#include <string>

namespace {
std::string ask(const std::string& question) {
    std::string answer;
    std::cout << question << ": " << std::flush;
    std::getline(std::cin, answer);
    return answer;
}
}  // namespace

//[minimal
int main() {
    phoneauth::config config;
    config.twilio.account_sid = "AC00000000000000000000000000000000";
    config.twilio.auth_token = "your auth token";
    config.twilio.sender = "+15005550006";

    phoneauth::memory_storage storage;
    phoneauth::console_transport transport;
    phoneauth::authenticator auth(config, storage, transport);

    const std::string phone = "+14155550100";
    auto registering = auth.start_registration(phone);
    if (!registering) return std::cerr << registering.error().message << '\n', 1;
    auto user =
        auth.finish_registration({registering->transaction_id, phoneauth::submitted_code(ask("code to register")),
                                  phone, phoneauth::password("correct horse"), "ada@example.com"});
    if (!user) return std::cerr << user.error().message << '\n', 1;

    auto login = auth.start_login(phone);
    if (!login) return std::cerr << login.error().message << '\n', 1;
    auto session = auth.finish_login(login->transaction_id, phoneauth::submitted_code(ask("code to log in")));
    if (!session) return std::cerr << session.error().message << '\n', 1;
    std::cout << "Hello, " << session->user.identity << '\n';
}
//]
