// SPDX-License-Identifier: BSL-1.0
// What comes after registering and logging in: a forgotten password, something dear, another phone, a purpose of one's
// own, operators. Each step is one that a user asks for; a failure ends the program with its message.

#include <phoneauth/phoneauth.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/manual_clock.hpp>
#include <phoneauth/testing/scripted_transport.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

namespace {

phoneauth::config demo_config() {
    phoneauth::config config;
    config.twilio.account_sid = "AC00000000000000000000000000000000";
    config.twilio.auth_token = "your auth token";
    config.twilio.sender = "+15005550006";
    //[settings
    config.password_reset = phoneauth::password_reset_policy::code;
    config.topics = {{"transfer", "confirm your transfer"}};
    //]
    return config;
}

const std::string phone = "+14155550100";

}  // namespace

int main() try {
    phoneauth::memory_storage storage;
    phoneauth::testing::scripted_transport transport;  // keeps the messages, so that this program can read its codes
    phoneauth::testing::manual_clock clock;
    phoneauth::authenticator auth(demo_config(), storage, transport, clock);
    const auto typed_code = [&] { return phoneauth::submitted_code(transport.last_code()); };

    auto begun = auth.start_registration(phone).value();
    (void)auth
        .finish_registration(
            {begun.transaction_id, typed_code(), phone, phoneauth::password("correct horse"), "ada@example.com"})
        .value();

    //[reset
    begun = auth.start_password_reset(phone).value();  // to a phone that nobody has, it looks the same
    auto user =
        auth.finish_password_reset(begun.transaction_id, typed_code(), phoneauth::password("battery staple")).value();
    //]
    std::cout << user.identity << " has another password, and no session\n";

    clock.advance(1min);
    begun = auth.start_login(phone).value();
    const auto session = auth.finish_login(begun.transaction_id, typed_code()).value().token;

    clock.advance(1h);
    //[recent
    auto allowed = auth.require_recent(session, 5min);  // in the route that deletes a project, say
    if (!allowed && allowed.error().code == phoneauth::error::fresh_login_required) {
        begun = auth.start_step_up(session).value();
        allowed = auth.finish_step_up(session, begun.transaction_id, typed_code());
    }
    //]
    std::cout << allowed.value().identity << " has shown that it is them\n";

    //[phone
    begun = auth.start_phone_change(session, "+14155550199").value();  // the code goes to the new number
    user = auth.finish_phone_change(session, begun.transaction_id, typed_code()).value();
    //]
    std::cout << "their phone is " << user.phone.str() << ", and all other sessions are over\n";

    //[proof
    begun = auth.start_verification("+14155550123", "transfer").value();  // any phone, for a purpose of your own
    const auto proof = auth.finish_verification(begun.transaction_id, typed_code()).value();
    // … later, and once, where it counts:
    const auto redeemed = auth.redeem_proof(proof.token, "transfer").value();
    //]
    std::cout << redeemed.phone.str() << " has confirmed: " << redeemed.topic << '\n';

    //[operators
    user = auth.find_account("ada@example.com").value();  // or the phone, or the id
    user = auth.disable_user(user.object_id, "grace").value();
    //]
    std::cout << "disabled: " << auth.authenticate(session).error().message << '\n';
    return 0;
} catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
}
