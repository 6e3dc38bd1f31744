// SPDX-License-Identifier: BSL-1.0
// Hooks decide who may register and log in, and an observer counts what happens: policies that an authenticator can do
// without, given in any order.

#include <phoneauth/console_transport.hpp>
#include <phoneauth/metrics.hpp>
#include <phoneauth/phoneauth.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/manual_clock.hpp>
#include <phoneauth/testing/scripted_transport.hpp>

#include <chrono>
#include <iostream>
#include <set>
#include <string>

//[hooks
/// Whoever is invited may register, and whoever is suspended may not log in.
struct club_rules : phoneauth::no_hooks {
    explicit club_rules(const phoneauth::testing::manual_clock& c) : clock(c) {}

    std::set<std::string> invited{"ada@example.com", "bob@example.com"};
    std::set<std::string> suspended{"bob@example.com"};

    phoneauth::result<void> before_registration(phoneauth::user& u) {
        if (!invited.contains(u.identity))
            return phoneauth::failure(phoneauth::error::refused_by_hook, "Ask a member to invite you.");
        u.properties["joined_by"] = "\"invitation\"";
        return {};
    }
    phoneauth::result<void> before_login(const phoneauth::user& u) {
        if (suspended.contains(u.identity))
            return phoneauth::failure(phoneauth::error::refused_by_hook, "Your membership is suspended.");
        // A number that nobody uses is given to somebody else in the end, who then gets the codes.
        if (clock.now() - u.last_login_at.value_or(u.created_at) > std::chrono::days(180))
            return phoneauth::failure(phoneauth::error::refused_by_hook, "You have been away for long. Write to us.");
        return {};
    }

    const phoneauth::testing::manual_clock& clock;  // in your server: phoneauth::system_clock
};
//]

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

int main() {
    phoneauth::memory_storage storage;
    phoneauth::testing::scripted_transport transport;  // keeps the messages, so that this program can read its codes
    phoneauth::testing::manual_clock clock;
    //[order_free
    club_rules rules(clock);
    phoneauth::event_counters counters;
    phoneauth::authenticator auth(demo_config(), storage, transport, counters, clock, rules);
    //]

    const auto sign_up = [&](const std::string& phone, const std::string& email) {
        auto begun = auth.start_registration(phone);
        if (!begun) return false;
        auto user = auth.finish_registration({begun->transaction_id, phoneauth::submitted_code(transport.last_code()),
                                              phone, phoneauth::password("correct horse"), email});
        std::cout << email << ": "
                  << (user ? "registered by " + user->properties.at("joined_by") : user.error().message) << '\n';
        return user.has_value();
    };
    const bool ada = sign_up("+14155550100", "ada@example.com");
    const bool bob = sign_up("+14155550101", "bob@example.com");
    const bool eve = sign_up("+14155550102", "eve@example.com");

    const auto log_in = [&](const std::string& phone) {
        auto begun = auth.start_login(phone);
        if (!begun) return false;
        auto session = auth.finish_login(begun->transaction_id, phoneauth::submitted_code(transport.last_code()));
        std::cout << phone << ": " << (session ? "logged in" : session.error().message) << '\n';
        return session.has_value();
    };
    const bool in = log_in("+14155550100");
    const bool out = log_in("+14155550101");
    clock.advance(std::chrono::days(200));
    const bool back = log_in("+14155550100");

    std::cout << counters.count(phoneauth::event_kind::registered) << " registered, "
              << counters.count(phoneauth::event_kind::logged_in) << " logged in\n";
    return ada && bob && !eve && in && !out && !back ? 0 : 1;
}
