// SPDX-License-Identifier: BSL-1.0
// A login from a trusted device tells neither whose phone it is, nor whether the password is right, nor whether the device
// is the user's: by no error, no call of a policy, and no time.
#include "support/sanitized.hpp"
#include "timing/measure.hpp"
#include "timing/observed.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string>
#include <vector>

using namespace timing;

namespace {

config with_devices() {
    auto c = site_config();
    c.trusted_device_lifetime = 90 * 24h;
    c.max_sends_per_hour = 0;
    c.phone_cooldown = 0s;
    return c;
}

/// A device that `who` trusts.
template <class Site>
device_token trusted_by(Site& s, const visitor& who) {
    auto started = s.auth.start_two_factor_login(who.phone, password(right_password));
    BOOST_REQUIRE(started);
    auto in = s.auth.finish_login(started->transaction_id, submitted_code(s.provider.twilio.last_code_to(who.phone)));
    BOOST_REQUIRE(in);
    auto device = s.auth.trust_device(in->token);
    BOOST_REQUIRE(device);
    return device->token;
}

const visitor second_member{"second member", "+14155550104", "second@example.com"};

/// What somebody presents who must not get in.
struct attempt {
    const char* name;
    std::string phone;
    std::string secret;
    device_token device;
};

template <class Site>
std::vector<attempt> attempts(Site& s) {
    add_member(s.memory, second_member, *quick_passwords().hash(right_password));
    const auto own = trusted_by(s, member);
    const auto other = trusted_by(s, second_member);
    const device_token none("4F2C0A7E-0D63-4B1B-9C55-2E0F3A6B7C8D");
    return {{"a wrong password", member.phone, "wrong password", own},
            {"an unknown phone", stranger.phone, right_password, own},
            {"an unknown device", member.phone, right_password, none},
            {"another's device", member.phone, right_password, other},
            {"nothing right", member.phone, "wrong password", none},
            {"nobody and nothing", stranger.phone, "wrong password", none},
            {"a user without a password", member_without_password.phone, right_password, own},
            {"a disabled user", disabled_member.phone, right_password, own}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(timing_devices)

BOOST_AUTO_TEST_CASE(whatever_is_wrong_the_calls_are_the_same) {
    for (const bool concealed : {false, true}) {
        site<> s(with_devices());
        const auto all = attempts(s);
        const auto ask = [&](const attempt& a, const client_info& from) {
            s.log.clear();
            const auto r = s.auth.login_with_trusted_device(a.phone, password(a.secret), a.device, from);
            BOOST_REQUIRE(!r);
            BOOST_TEST(r.error().code == error::invalid_login);
            return s.log;
        };
        // Until nobody is told about any of these phones any more.
        for (int n = 0; concealed && n < 50; ++n)
            for (const auto& a : all)
                if (&a != &all[2] && &a != &all[3] && &a != &all[4] && &a != &all[5])
                    (void)ask({a.name, a.phone, "wrong password", a.device},
                              client_info("203.0.113." + std::to_string(n)));
        const auto first = ask(all[0], client_info("198.51.100.1"));
        BOOST_TEST(first.size() == (concealed ? 5u : 4u));
        int n = 1;
        for (const auto& a : all) {
            const auto log = ask(a, client_info("198.51.100." + std::to_string(++n)));
            BOOST_TEST(log == first, a.name << ": concealed " << concealed);
        }
        if (!concealed) continue;
        const attempt right{"nothing wrong", member.phone, right_password, all[0].device};
        BOOST_TEST(ask(right, client_info("198.51.100.100")) == first, "a right one that is concealed");
    }
}

BOOST_AUTO_TEST_CASE(whatever_is_wrong_it_takes_as_long) {
    if (sanitized) {
        BOOST_TEST_MESSAGE("times are NOT TESTED in a sanitized build");
        return;
    }
    site<> s(with_devices());
    const auto all = attempts(s);
    for (std::size_t i = 1; i < 6; ++i) {
        const auto measured = [&] {
            return measure(600, [&](bool kind) {
                s.clock.advance(24h);  // so that no limit stops anybody
                s.log.clear();
                const auto& a = kind ? all[i] : all[0];
                return [&s, &a] {
                    (void)s.auth.login_with_trusted_device(a.phone, password(a.secret), device_token(a.device));
                };
            });
        };
        // A comparison reads a PHC string where a hash draws salt, and a user and a device are copied: some microseconds,
        // where the default cost is a thousand times the one here. That no call is left out is shown above.
        const auto is_close = [](const comparison& c) { return std::abs(c.difference) <= 0.05 * c.median; };
        const auto c = measure_until(measured, is_close);
        BOOST_TEST_MESSAGE(all[i].name << ": medians differ by " << c.difference << " of " << c.median << " ns");
        BOOST_TEST(is_close(c), all[i].name << ": medians differ by " << c.difference << " of " << c.median << " ns");
    }
}

BOOST_AUTO_TEST_SUITE_END()
