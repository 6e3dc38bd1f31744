// SPDX-License-Identifier: BSL-1.0
#include "flows/world.hpp"

using namespace flow_tests;

BOOST_AUTO_TEST_SUITE(flows_resend)

BOOST_AUTO_TEST_CASE_TEMPLATE(same_code_after_the_cooldown, World, worlds) {
    World w;
    auto s = w.run(w.auth.start_registration(phone));
    const auto code = w.transport.last_code();
    w.clock.advance(29s);
    auto early = w.run(w.auth.resend(s->transaction_id));
    BOOST_TEST(error_of(early) == error::resend_too_soon);
    BOOST_TEST((early.error().retry_after == 1s));
    BOOST_TEST(w.transport.calls() == 1u);
    w.clock.advance(1s);
    auto again = w.run(w.auth.resend(s->transaction_id));
    BOOST_REQUIRE(again);
    BOOST_TEST((again->transaction_id == s->transaction_id));
    BOOST_TEST((again->expires_at == s->expires_at));
    BOOST_TEST(w.transport.calls() == 2u);
    BOOST_TEST(w.transport.last_code() == code);
    BOOST_TEST(w.run(w.auth.finish_registration(form(s->transaction_id, code))).has_value());
    w.clock.advance(30s);
    BOOST_TEST(error_of(w.run(w.auth.resend(s->transaction_id))) == error::code_used);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(sends_per_transaction_are_capped, World, worlds) {
    World w;
    auto s = w.run(w.auth.start_registration(phone));
    for (int i = 0; i < 4; ++i) {
        w.clock.advance(30s);
        BOOST_TEST(w.run(w.auth.resend(s->transaction_id)).has_value());
    }
    w.clock.advance(30s);
    BOOST_TEST(error_of(w.run(w.auth.resend(s->transaction_id))) == error::too_many_messages);
    BOOST_TEST(w.transport.calls() == 5u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(expired_and_unknown_transactions_are_not_sent, World, worlds) {
    World w;
    auto s = w.run(w.auth.start_registration(phone));
    w.clock.advance(300s);
    BOOST_TEST(error_of(w.run(w.auth.resend(s->transaction_id))) == error::code_expired);
    BOOST_TEST(error_of(w.run(w.auth.resend(transaction_id("unknown")))) == error::no_transaction);
    BOOST_TEST(w.transport.calls() == 1u);
}

/// A message that cannot arrive in time would be paid for, and be of no use.
BOOST_AUTO_TEST_CASE_TEMPLATE(no_message_is_sent_that_would_come_too_late, World, worlds) {
    static_assert(rules::shortest_delivery == 10s);
    for (const auto left : {9'999ms, 4'000ms, 1'200ms, 500ms}) {
        World w;
        const auto s = w.run(w.auth.start_registration(phone));
        const auto code = w.transport.last_code();
        w.clock.advance(300s - left);
        BOOST_TEST(error_of(w.run(w.auth.resend(s->transaction_id))) == error::code_expired);
        BOOST_TEST(w.transport.calls() == 1u);
        BOOST_TEST(codes_taken(w) == 1);
        const auto told = w.run(w.auth.status(s->transaction_id));
        BOOST_TEST((told->state == transaction_state::pending));
        BOOST_TEST(!told->resend_after);
        BOOST_TEST(w.run(w.auth.finish_registration(form(s->transaction_id, code))).has_value());  // it is still good
    }
    World w;
    const auto s = w.run(w.auth.start_registration(phone));
    w.clock.advance(290s);
    BOOST_TEST(w.run(w.auth.resend(s->transaction_id)).has_value());
    BOOST_TEST(detail::form_field(w.transport.requests().back().body, "ValidityPeriod") == "10");
    // Nobody is told to wait for what will then be refused.
    World late;
    const auto t = late.run(late.auth.start_registration(phone));
    late.clock.advance(265s);
    BOOST_TEST(late.run(late.auth.resend(t->transaction_id)).has_value());
    BOOST_TEST(!late.run(late.auth.status(t->transaction_id))->resend_after);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(messages_to_one_phone_are_capped_over_all_transactions, World, worlds) {
    auto c = test_config();
    c.code_lifetime = 30s;  // no more than three codes are open at once
    World w(c);
    register_user(w);
    for (int i = 0; i < 5; ++i) {
        BOOST_TEST(w.run(w.auth.start_login(phone)).has_value());
        w.clock.advance(i == 4 ? 0s : 60s);
    }
    auto refused = w.run(w.auth.start_login(phone));
    BOOST_TEST(error_of(refused) == error::too_many_messages);
    BOOST_TEST((*refused.error().retry_after > 8min));
    BOOST_TEST((*refused.error().retry_after < 9min));  // 12 minutes after the first
    BOOST_TEST(w.transport.calls() == 6u);
    BOOST_TEST(w.run(w.auth.start_registration(other_phone)).has_value());
    w.clock.advance(*refused.error().retry_after);
    BOOST_TEST(w.run(w.auth.start_login(phone)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(unknown_phones_are_counted_like_known_ones, World, worlds) {
    auto c = test_config();
    c.code_lifetime = 30s;
    World w(c);
    for (int i = 0; i < 5; ++i) {
        BOOST_TEST(w.run(w.auth.start_login(other_phone)).has_value());
        w.clock.advance(60s);
    }
    BOOST_TEST(error_of(w.run(w.auth.start_login(other_phone))) == error::too_many_messages);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(lost_race_gives_the_send_back, World, worlds) {
    World w;
    auto s = w.run(w.auth.start_registration(phone));
    w.clock.advance(30s);
    w.storage.lose_race_on(w.storage.updates() + 1);
    BOOST_TEST(w.run(w.auth.resend(s->transaction_id)).has_value());
    BOOST_TEST(w.transport.calls() == 2u);
    BOOST_TEST(codes_taken(w) == 2);
}

BOOST_AUTO_TEST_SUITE_END()
