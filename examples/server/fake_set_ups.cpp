// SPDX-License-Identifier: BSL-1.0
#include "fake_set_ups.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace server {
namespace {

using phoneauth::twilio_config;
using phoneauth::testing::simulated_key;
using phoneauth::testing::twilio_simulator;
using namespace std::chrono_literals;

void take_key(twilio_simulator& twilio, twilio_config& c, simulated_key kind) {
    c.api_key = twilio_simulator::api_key;
    c.api_secret = twilio_simulator::api_secret;
    twilio.set_api_key_kind(kind);
}

void take_service(twilio_simulator& twilio, twilio_config& c,
                  std::vector<phoneauth::testing::simulated_number> senders) {
    c.sender = "MG0123456789abcdef0123456789abcdef";
    twilio.set_service(c.sender, std::move(senders));
}

struct row {
    std::string_view name;
    void (*spoil)(twilio_simulator&, twilio_config&);
};

constexpr std::array table{
    row{"fine", [](twilio_simulator& t, twilio_config&) { t.set_clock(0s); }},
    row{"wrong-token", [](twilio_simulator&, twilio_config& c) { c.auth_token = std::string(32, '0'); }},
    row{"wrong-region",
        [](twilio_simulator&, twilio_config& c) {
            c.auth_token = std::string(32, '0');
            c.region = "ie1";
        }},
    row{"suspended", [](twilio_simulator& t, twilio_config&) { t.set_account_status("suspended"); }},
    row{"trial",
        [](twilio_simulator& t, twilio_config&) {
            t.set_account_type("Trial");
            t.verify_number("+14155550100");
        }},
    row{"trial-without-numbers", [](twilio_simulator& t, twilio_config&) { t.set_account_type("Trial"); }},
    row{"standard-key", [](twilio_simulator& t, twilio_config& c) { take_key(t, c, simulated_key::standard); }},
    row{"restricted-key", [](twilio_simulator& t, twilio_config& c) { take_key(t, c, simulated_key::restricted); }},
    row{"foreign-sender", [](twilio_simulator& t, twilio_config& c) { t.remove_number(c.sender); }},
    row{"sender-without-sms",
        [](twilio_simulator& t, twilio_config& c) {
            t.add_number({c.sender, false, false});
        }},
    row{"service",
        [](twilio_simulator& t, twilio_config& c) { take_service(t, c, {{std::string(twilio_simulator::sender)}}); }},
    row{"empty-service", [](twilio_simulator& t, twilio_config& c) { take_service(t, c, {}); }},
    row{"closed-country", [](twilio_simulator& t, twilio_config&) { t.set_country("GB", "44", false); }},
    row{"slow-clock", [](twilio_simulator& t, twilio_config&) { t.set_clock(300s); }},
};

}  // namespace

bool spoil(std::string_view name, twilio_simulator& twilio, twilio_config& c) {
    const auto found = std::find_if(table.begin(), table.end(), [&](const row& r) { return r.name == name; });
    if (found == table.end()) return false;
    found->spoil(twilio, c);
    return true;
}

std::string fake_set_up_names() {
    std::string names;
    for (const auto& r : table) names.append(names.empty() ? "" : ", ").append(r.name);
    return names;
}

}  // namespace server
