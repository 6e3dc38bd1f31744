// SPDX-License-Identifier: BSL-1.0
// What one phone, one client, one user and everybody together may cost; and that a stranger cannot use it up for the
// owner.
#include "flows/world.hpp"

using namespace flow_tests;

BOOST_AUTO_TEST_SUITE(flows_limits)

namespace {

const client_info home{"198.51.100.7"};
const client_info stranger{"203.0.113.9"};

std::string nth_phone(int n) {
    return "+1415555" + std::to_string(1000 + n);
}

/// Registers the owner of `phone`, and makes `home` a network that he is known at.
template <class World>
void settle(World& w) {
    register_user(w);
    auto s = w.run(w.auth.start_login(phone, home));
    BOOST_REQUIRE(s);
    BOOST_REQUIRE(w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), home)));
}

template <class R>
void check_refused(const R& r, error e) {
    BOOST_TEST(error_of(r) == e);
    if (!r) BOOST_TEST((r.error().retry_after && *r.error().retry_after >= 1s));
}

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(client_has_a_limit_over_all_phones, World, worlds) {
    auto c = test_config();
    c.max_sends_per_client_and_hour = 5;
    World w(c);
    for (int i = 0; i < 5; ++i) BOOST_TEST(w.run(w.auth.start_registration(nth_phone(i), stranger)).has_value());
    check_refused(w.run(w.auth.start_registration(nth_phone(6), stranger)), error::too_many_messages);
    check_refused(w.run(w.auth.start_login(nth_phone(7), stranger)), error::too_many_messages);
    // A whole IPv6 /64 is one client.
    for (int i = 0; i < 5; ++i)
        BOOST_TEST(w.run(w.auth.start_registration(nth_phone(10 + i), client_info("2001:db8::" + std::to_string(i))))
                       .has_value());
    check_refused(w.run(w.auth.start_registration(nth_phone(20), client_info("2001:db8::ffff"))),
                  error::too_many_messages);
    BOOST_TEST(w.run(w.auth.start_registration(nth_phone(20), client_info("2001:db8:0:1::1"))).has_value());
    BOOST_TEST(w.transport.calls() == 11u);
    // What was refused to the client is not counted for the phone.
    BOOST_TEST(sends_spent(w, rules::limits::send_budget::codes, nth_phone(6)) == 0);
    w.clock.advance(90min);
    BOOST_TEST(w.run(w.auth.start_registration(nth_phone(6), stranger)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_servers_print_as_an_address_is_limited, World, worlds) {
    auto c = test_config();
    c.max_sends_per_client_and_hour = 2;
    for (const std::string address : {"203.0.113.9:4000", "[2001:db8::1]:400", "no address "}) {
        World w(c);
        const auto begin = [&](int i) {
            return w.run(w.auth.start_registration(nth_phone(i), client_info(address + std::to_string(i))));
        };
        for (int i = 0; i < 2; ++i) BOOST_TEST(begin(i).has_value());
        check_refused(begin(2), error::too_many_messages);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(network_that_many_share_is_nobodys, World, worlds) {
    World w;
    register_user(w);
    auto proxy = home;
    proxy.shared_address = true;
    const client_info no_address("unix:");
    const auto log_in_from = [&](const client_info& from) {
        auto s = w.run(w.auth.start_two_factor_login(phone, password("correct horse"), from));
        BOOST_REQUIRE(s);
        const bool known = w.memory.find_transaction(s->transaction_id)->known_network;
        BOOST_REQUIRE(w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), from)));
        return known;
    };
    for (const auto& from : {proxy, no_address})
        for (int i = 0; i < 2; ++i) BOOST_TEST(!log_in_from(from));
    BOOST_TEST(!log_in_from(home));  // it was not learned
    BOOST_TEST(log_in_from(home));
    BOOST_TEST(!log_in_from(proxy));

    // Nor does a registration make it known.
    auto s = w.run(w.auth.start_registration(other_phone, proxy));
    auto r = form(s->transaction_id, w.transport.last_code(), other_phone, "b@example.com");
    BOOST_REQUIRE(w.run(w.auth.finish_registration(std::move(r), proxy)));
    s = w.run(w.auth.start_login(other_phone, home));
    BOOST_TEST(!w.memory.find_transaction(s->transaction_id)->known_network);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(phone_has_a_limit_for_a_day, World, worlds) {
    World w;
    int sent = 0;
    for (int i = 0; i < 20 * 60; ++i) {  // twenty hours
        w.clock.advance(1min);
        sent += w.run(w.auth.start_registration(phone)).has_value();
    }
    BOOST_TEST(sent == 30);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(budget_stops_everybody_and_warns_before, World, worlds) {
    auto c = test_config();
    c.max_sends_per_hour = 10;
    World w(c);
    int warned_after = 0;
    int sent = 0;
    w.observer.on_event = [&](const event& e) {
        sent += e.kind == event_kind::sent;
        if (e.kind == event_kind::budget_warning) warned_after = sent;
    };
    for (int i = 0; i < 10; ++i) BOOST_TEST(w.run(w.auth.start_registration(nth_phone(i))).has_value());
    check_refused(w.run(w.auth.start_registration(nth_phone(11))), error::too_many_messages);
    BOOST_TEST(warned_after == 7);  // the eighth is about to be sent
    BOOST_TEST(sent == 10);
    // Other messages have a budget of their own.
    for (int i = 0; i < 10; ++i) BOOST_TEST(w.run(w.auth.send_message({nth_phone(i), "hello"})).has_value());
    check_refused(w.run(w.auth.send_message({nth_phone(11), "hello"})), error::too_many_messages);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(user_has_a_limit_for_messages, World, worlds) {
    World w;
    const client_info user{"198.51.100.7", "", "U1"};
    for (int i = 0; i < 20; ++i) BOOST_TEST(w.run(w.auth.send_message({nth_phone(i), "hello"}, user)).has_value());
    check_refused(w.run(w.auth.send_message({phone, "hello"}, user)), error::too_many_messages);
    BOOST_TEST(w.run(w.auth.send_message({phone, "hello"}, client_info("", "", "U2"))).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(second_code_to_a_phone_waits_unless_the_first_was_used, World, worlds) {
    auto c = test_config();
    c.phone_cooldown = 10s;
    World w(c);
    auto s = w.run(w.auth.start_registration(phone));
    check_refused(w.run(w.auth.start_registration(phone)), error::resend_too_soon);
    BOOST_TEST(w.run(w.auth.finish_registration(form(s->transaction_id, w.transport.last_code()))).has_value());
    BOOST_TEST(w.run(w.auth.start_login(phone)).has_value());
    w.clock.advance(4s);
    const auto early = w.run(w.auth.start_login(phone));
    check_refused(early, error::resend_too_soon);
    BOOST_TEST((early.error().retry_after == 6s));
    w.clock.advance(6s);
    s = w.run(w.auth.start_login(phone));
    BOOST_REQUIRE(s);
    BOOST_TEST(w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()))).has_value());
    BOOST_TEST(w.run(w.auth.start_login(phone)).has_value());
    // A message that was not sent is not waited for.
    w.clock.advance(10s);
    w.transport.reply(429, R"({"code":20429,"message":"x","status":429})");
    BOOST_TEST(!w.run(w.auth.start_login(phone)));
    BOOST_TEST(w.run(w.auth.start_login(phone)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(stranger_does_not_use_up_the_owners_messages, World, worlds) {
    auto c = test_config();
    c.phone_cooldown = 10s;
    World w(c);
    settle(w);
    for (int i = 0; i < 100; ++i) {
        w.clock.advance(10s);
        (void)w.run(w.auth.start_login(phone, client_info{"203.0.113." + std::to_string(i)}));
    }
    check_refused(w.run(w.auth.start_login(phone, client_info{"192.0.2.1"})), error::too_many_messages);
    // The owner at home still logs in, and at once.
    for (int i = 0; i < 5; ++i) {
        auto s = w.run(w.auth.start_login(phone, home));
        BOOST_REQUIRE(s);
        BOOST_TEST(
            w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), home)).has_value());
    }
    check_refused(w.run(w.auth.start_login(phone, home)), error::too_many_messages);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(stranger_does_not_lock_the_owner_out_of_his_password_login, World, worlds) {
    World w;
    settle(w);
    for (int i = 0; i < 300; ++i) {
        auto r = w.run(w.auth.start_two_factor_login(phone, password("wrong horse"),
                                                     client_info("203.0.113." + std::to_string(i % 250))));
        BOOST_TEST(!r);
        if (error_of(r) == error::too_many_failures && *r.error().retry_after <= 1h)
            w.clock.advance(*r.error().retry_after);
    }
    check_refused(w.run(w.auth.start_two_factor_login(phone, password("correct horse"), stranger)),
                  error::too_many_failures);
    BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, password("correct horse"), home)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(stranger_does_not_lock_the_owner_out_of_his_code_login, World, worlds) {
    World w;
    settle(w);
    for (int i = 0; i < 400; ++i) {
        w.clock.advance(30min);
        auto s = w.run(w.auth.start_login(phone, stranger));
        if (!s) continue;
        const auto bad = wrong(w.transport.last_code());
        for (int k = 0; k < 5; ++k)
            BOOST_TEST(!w.run(w.auth.finish_login(s->transaction_id, submitted_code(bad), stranger)));
    }
    check_refused(w.run(w.auth.start_login(phone, stranger)), error::too_many_failures);
    auto mine = w.run(w.auth.start_login(phone, home));
    BOOST_REQUIRE(mine);
    BOOST_TEST(
        w.run(w.auth.finish_login(mine->transaction_id, submitted_code(w.transport.last_code()), home)).has_value());
    BOOST_TEST(w.run(w.auth.start_login(phone, stranger)).has_value());  // the owner's login ended the run
}

BOOST_AUTO_TEST_CASE_TEMPLATE(no_more_than_a_hundred_failures_in_a_row_with_known_networks_too, World, worlds) {
    World w;
    settle(w);
    int failures = 0;
    for (const auto& from : {stranger, home}) {
        for (int i = 0; i < 2000; ++i) {
            auto r = w.run(w.auth.start_two_factor_login(phone, password("wrong horse"), from));
            if (error_of(r) == error::invalid_login) ++failures;
            if (error_of(r) != error::too_many_failures) continue;
            if (*r.error().retry_after > 90min) break;
            w.clock.advance(*r.error().retry_after);
        }
    }
    BOOST_TEST(failures == 100);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(network_is_forgotten_after_a_while, World, worlds) {
    World w;
    settle(w);
    w.clock.advance(91 * 24h);
    for (int i = 0; i < 6; ++i)
        BOOST_TEST(!w.run(w.auth.start_two_factor_login(phone, password("wrong horse"), stranger)));
    check_refused(w.run(w.auth.start_two_factor_login(phone, password("correct horse"), home)),
                  error::too_many_failures);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(client_that_guesses_at_many_accounts_is_stopped, World, worlds) {
    World w;
    for (int i = 0; i < 60; ++i)
        BOOST_TEST(error_of(w.run(w.auth.start_two_factor_login(nth_phone(i), password("wrong horse"), stranger))) ==
                   error::invalid_login);
    check_refused(w.run(w.auth.start_two_factor_login(nth_phone(61), password("wrong horse"), stranger)),
                  error::too_many_failures);
    BOOST_TEST(error_of(w.run(w.auth.start_two_factor_login(nth_phone(61), password("wrong horse"), home))) ==
               error::invalid_login);
    // It leaves no more behind than what was compared.
    const auto left =
        w.memory.change_counters({rules::limits::failures("password:" + nth_phone(61), false, 0, w.clock.now())})[0];
    BOOST_TEST(left.value == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(test_number_gets_no_message_and_knows_no_limit, World, worlds) {
    auto c = test_config();
    c.test_numbers = {{phone, "424242"}};
    c.allow_test_numbers = true;
    c.phone_cooldown = 10s;
    World w(c);
    auto s = w.run(w.auth.start_registration(phone));
    BOOST_REQUIRE(s);
    BOOST_TEST(!w.run(w.auth.finish_registration(form(s->transaction_id, "424243"))));
    BOOST_TEST(w.run(w.auth.finish_registration(form(s->transaction_id, "424242"))).has_value());
    for (int i = 0; i < 100; ++i) {
        auto l = w.run(w.auth.start_login(phone, stranger));
        BOOST_REQUIRE(l);
        BOOST_TEST(!w.run(w.auth.finish_login(l->transaction_id, submitted_code("111111"), stranger)));
        BOOST_TEST(w.run(w.auth.finish_login(l->transaction_id, submitted_code("424242"), stranger)).has_value());
        BOOST_TEST(error_of(w.run(w.auth.finish_login(l->transaction_id, submitted_code("424242"), stranger))) ==
                   error::code_used);
    }
    auto second = w.run(w.auth.start_two_factor_login(phone, password("correct horse"), stranger));
    BOOST_REQUIRE(second);
    BOOST_TEST(w.run(w.auth.finish_login(second->transaction_id, submitted_code("424242"), stranger)).has_value());
    BOOST_TEST(w.transport.calls() == 0u);
    // Tries are limited all the same, and the fixed code opens nobody else's door.
    auto l = w.run(w.auth.start_login(phone));
    for (int k = 0; k < 5; ++k) (void)w.run(w.auth.finish_login(l->transaction_id, submitted_code("111111")));
    BOOST_TEST(error_of(w.run(w.auth.finish_login(l->transaction_id, submitted_code("424242")))) ==
               error::tries_exhausted);
    auto other = w.run(w.auth.start_registration(other_phone));
    BOOST_TEST(!w.run(w.auth.finish_registration(form(other->transaction_id, "424242", other_phone, "b@example.com"))));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nothing_goes_where_nothing_may_go, World, worlds) {
    auto c = test_config();
    c.default_calling_code = "49";
    World w(c);
    BOOST_TEST(error_of(w.run(w.auth.start_registration(phone))) == error::destination_not_allowed);
    BOOST_TEST(error_of(w.run(w.auth.start_login(phone))) == error::destination_not_allowed);
    BOOST_TEST(error_of(w.run(w.auth.start_two_factor_login(phone, password("correct horse")))) ==
               error::destination_not_allowed);
    BOOST_TEST(error_of(w.run(w.auth.send_message({phone, "x"}))) == error::destination_not_allowed);
    BOOST_TEST(w.transport.calls() == 0u);
    BOOST_TEST(w.storage.calls() == 0u);
    BOOST_TEST(w.run(w.auth.start_registration("0151 12345678")).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
