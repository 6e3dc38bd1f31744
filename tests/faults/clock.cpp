// SPDX-License-Identifier: BSL-1.0
// What a jump of the clock can cost: a jump forward allows a limit once more at most, a jump back nothing, but waits are
// as much longer; what expires lives longer by the jump at most, and who is told to wait for so long gets in after that.
#include "faults/world.hpp"

#include <boost/test/unit_test.hpp>

using namespace faults;

BOOST_AUTO_TEST_SUITE(faults_clock)

namespace {

struct clock_world {
    explicit clock_world(unsigned hour = 9, unsigned day = 1000, std::chrono::seconds cooldown = 0s)
        : auth(with(hour, day, cooldown), storage, transport, clock, passwords) {}

    static config with(unsigned hour, unsigned day, std::chrono::seconds cooldown) {
        auto c = fault_config();
        c.max_sends_per_phone_and_hour = hour;
        c.max_sends_per_phone_and_day = day;
        c.phone_cooldown = cooldown;
        return c;
    }

    /// How many messages can be had now. Each code is used up, so that those that are open are no limit.
    int send_all() {
        int sent = 0;
        while (sent < 10'000) {
            const auto s = auth.start_two_factor_login(phone, password(first_password));
            if (!s) {
                // A clock that goes back stops passwords as well as messages.
                BOOST_TEST((s.error().code == error::too_many_messages || s.error().code == error::too_many_failures));
                BOOST_TEST((s.error().retry_after && *s.error().retry_after > 0s));
                break;
            }
            const auto l = auth.finish_login(s->transaction_id, submitted_code(transport.last_code()));
            BOOST_TEST(l.has_value());
            ++sent;
        }
        return sent;
    }
    void add_user() {
        const user u{.object_id = "u",
                     .phone = *phone_number::parse(phone),
                     .identity = "ada@example.com",
                     .password_hash = "plain:" + first_password};
        storage.insert_user(u);
    }

    memory_storage storage;
    testing::scripted_transport transport;
    testing::manual_clock clock;
    plain_passwords passwords;
    authenticator<memory_storage, testing::scripted_transport, testing::manual_clock, plain_passwords> auth;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_jump_forward_allows_what_came_free_meanwhile_and_a_jump_back_nothing) {
    for (const std::chrono::seconds jump : std::array<std::chrono::seconds, 6>{-1h, 1h, -1s, -30min, -24h, 40 * 24h}) {
        for (const auto start : {0s, 1s, 1799s, 1800s, 3599s}) {
            clock_world w;
            w.add_user();
            w.clock.advance(start);
            BOOST_TEST(w.send_all() == 5);
            BOOST_TEST(w.send_all() == 0);
            for (int i = 1; i <= 10; ++i) {
                w.clock.advance(jump);
                const int more = w.send_all();
                BOOST_TEST(more <= (jump > 0s ? 5 : 0), more << " more after a jump of " << jump.count() << " s");
            }
            // Back where it was, and as long after it as a whole limit takes.
            if (jump > 0s) continue;
            w.clock.advance(-10 * jump);
            BOOST_TEST(w.send_all() == 0);
            w.clock.advance(80min);
            BOOST_TEST(w.send_all() == 5);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_clock_that_swings_allows_no_more_than_one_limit) {
    clock_world w;
    w.add_user();
    int all = w.send_all();
    for (int i = 0; i < 50; ++i) {
        w.clock.advance(i % 2 == 0 ? -1h : 1h);
        all += w.send_all();
    }
    BOOST_TEST(all == 5);
}

BOOST_AUTO_TEST_CASE(the_limit_of_a_day_holds_while_the_clock_goes_back_by_hours) {
    clock_world w(9, 12);
    w.add_user();
    int all = 0;
    for (int i = 0; i < 24; ++i) {
        all += w.send_all();
        w.clock.advance(i % 4 == 3 ? -3h : 1h);
    }
    BOOST_TEST(all <= 12);
    BOOST_TEST(all >= 6);
    // The same in as many hours back.
    for (int i = 0; i < 24; ++i) {
        w.clock.advance(-1h);
        all += w.send_all();
    }
    BOOST_TEST(all <= 12);
}

BOOST_AUTO_TEST_CASE(who_waits_as_long_as_told_gets_in) {
    for (const auto jump : std::array<std::chrono::seconds, 3>{-1s, -1h, 1h}) {
        clock_world w(5, 30, 10s);
        BOOST_TEST(w.auth.start_registration(phone).has_value());
        w.clock.advance(jump);
        auto s = w.auth.start_registration(phone);
        if (!s) {
            BOOST_TEST((s.error().code == error::resend_too_soon));
            BOOST_REQUIRE(s.error().retry_after.has_value());
            BOOST_TEST((*s.error().retry_after <= 10s - std::min(jump, 0s)));
            w.clock.advance(*s.error().retry_after);
            s = w.auth.start_registration(phone);
        }
        BOOST_TEST(s.has_value());
        // The resend of a code waits for its own cooldown at most, whatever the clock does.
        w.clock.advance(jump);
        if (jump > 0s) continue;
        const auto again = w.auth.resend(s->transaction_id);
        BOOST_TEST(!again);
        BOOST_TEST((again.error().retry_after && *again.error().retry_after <= w.auth.config().resend_cooldown));
    }
}

BOOST_AUTO_TEST_CASE(who_is_asked_for_a_fresh_login_can_change_the_password_after_it) {
    clock_world w(100);
    w.add_user();
    const auto log_in = [&] {
        const auto s = w.auth.start_login(phone);
        BOOST_REQUIRE(s.has_value());
        auto l = w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()));
        BOOST_REQUIRE(l.has_value());
        return *l;
    };
    const property_map change{{"password", '"' + second_password + '"'}};
    const auto old = log_in();
    w.clock.advance(w.auth.config().fresh_login);
    for (int i = 0; i < 20; ++i) {
        const auto r = w.auth.update_user(session_token(old.token.str()), "u", change);
        BOOST_TEST((!r && r.error().code == error::fresh_login_required));
    }
    const auto fresh = log_in();
    BOOST_TEST(w.auth.update_user(session_token(fresh.token.str()), "u", change).has_value());
}

BOOST_AUTO_TEST_CASE(what_expires_does_so_by_the_clock) {
    clock_world w;
    auto s = w.auth.start_registration(phone);
    const registration r(s->transaction_id, submitted_code(w.transport.last_code()), phone, password(first_password),
                         "ada@example.com");
    w.clock.advance(-1h);  // now it lives an hour longer than it should …
    w.clock.advance(1h + w.auth.config().code_lifetime);
    const auto late = w.auth.finish_registration(r);  // … and no longer
    BOOST_TEST((!late && late.error().code == error::code_expired));
    w.clock.advance(-2h);  // once expired it stays so
    const auto back = w.auth.finish_registration(r);
    BOOST_TEST((!back && back.error().code == error::code_expired));
}

BOOST_AUTO_TEST_SUITE_END()
