// SPDX-License-Identifier: BSL-1.0
// OpenTelemetry: what happens in a registration and a login, as spans. It prints the request for the collector: its URL, and
// then its body.

#include <phoneauth/phoneauth.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/scripted_transport.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>

#include "spans.hpp"

namespace {

phoneauth::config demo_config() {
    phoneauth::config config;
    config.twilio.account_sid = "AC00000000000000000000000000000000";
    config.twilio.auth_token = "your auth token";
    config.twilio.sender = "+15005550006";
    config.phone_cooldown = std::chrono::seconds(0);
    return config;
}

}  // namespace

int main(int argc, char** argv) {
    phoneauth::memory_storage storage;
    phoneauth::testing::scripted_transport twilio;  // keeps the messages, so that this program can read its codes
    span_log spans("shop");
    phoneauth::authenticator auth(demo_config(), storage, twilio, spans);

    const phoneauth::client_info from("198.51.100.7", "curl\"/8");
    const auto begun = auth.start_registration("+447400123456", from).value();
    const phoneauth::registration form(begun.transaction_id, phoneauth::submitted_code(twilio.last_code()),
                                       "+447400123456", phoneauth::password("correct horse"), "ada@example.com");
    auth.finish_registration(form, from).value();
    const auto again = auth.start_login("+447400123456", from).value();
    const bool entered = auth.finish_login(again.transaction_id, phoneauth::submitted_code("000000"), from) ||
                         auth.finish_login(again.transaction_id, phoneauth::submitted_code(twilio.last_code()), from);
    twilio.reply_failure(phoneauth::error::provider_unreachable);
    const bool unreachable = !auth.start_login("+447400123456", from);

    // In a server: every few seconds, and once more at its end, with the transport that it has.
    const auto request = spans.take(argc > 1 ? argv[1] : "http://127.0.0.1:4318");
    if (!entered || !unreachable || !request || spans.dropped() > 0) return 1;
    std::cout << request->method << ' ' << request->url << '\n' << request->body << '\n';
    return 0;
}
