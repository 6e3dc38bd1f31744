// SPDX-License-Identifier: BSL-1.0
// What one phone, one client, one user and everybody together may cost; and that a stranger cannot use it up for the
// owner.
#include "flows/world.hpp"

#include <vector>

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
    c.max_sends_per_client_and_hour = 10;
    World w(c);
    for (int i = 0; i < 5; ++i) BOOST_TEST(w.run(w.auth.start_registration(nth_phone(i), stranger)).has_value());
    check_refused(w.run(w.auth.start_registration(nth_phone(6), stranger)), error::too_many_messages);
    check_refused(w.run(w.auth.start_login(nth_phone(7), stranger)), error::too_many_messages);
    // What was refused to the client is not counted for the phone.
    BOOST_TEST(codes_taken(w, nth_phone(6)) == 0);
    w.clock.advance(*w.run(w.auth.start_registration(nth_phone(6), stranger)).error().retry_after);
    BOOST_TEST(w.run(w.auth.start_registration(nth_phone(6), stranger)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_ipv6_site_is_a_client_too, World, worlds) {
    auto c = test_config();
    c.max_sends_per_client_and_hour = 10;
    World w(c);
    int n = 0;
    for (int i = 0; i < 5; ++i)
        BOOST_TEST(w.run(w.auth.start_registration(nth_phone(n++), client_info("2001:db8::" + std::to_string(i))))
                       .has_value());
    check_refused(w.run(w.auth.start_registration(nth_phone(n++), client_info("2001:db8::ffff"))),
                  error::too_many_messages);
    // A /48 has as much as four /64.
    int sent = 0;
    for (int i = 1; i < 100; ++i)
        sent += w.run(w.auth.start_registration(nth_phone(n++), client_info("2001:db8:0:" + std::to_string(i) + "::1")))
                    .has_value();
    BOOST_TEST(sent == 15);
    BOOST_TEST(w.run(w.auth.start_registration(nth_phone(n++), client_info("2001:db8:1::1"))).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_servers_print_as_an_address_is_limited, World, worlds) {
    auto c = test_config();
    c.max_sends_per_client_and_hour = 4;  // two at once
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
        w.clock.advance(1h);
        auto s = w.run(w.auth.start_two_factor_login(phone, password("correct horse"), from));
        BOOST_REQUIRE(s);
        const bool known = !w.memory.find_transaction(s->transaction_id)->known_network.empty();
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
    BOOST_TEST(w.memory.find_transaction(s->transaction_id)->known_network.empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(phone_has_a_limit_for_a_day, World, worlds) {
    World w;
    std::vector<int> sent_at;
    for (int i = 0; i < 3 * 24 * 60; ++i) {
        w.clock.advance(1min);
        if (w.run(w.auth.start_registration(phone))) sent_at.push_back(i);
    }
    BOOST_TEST(sent_at.size() >= 55u);  // 15 at once, and 15 more each day
    for (std::size_t i = 30; i < sent_at.size(); ++i) BOOST_TEST(sent_at[i] - sent_at[i - 30] >= 24 * 60);
    for (std::size_t i = 10; i < sent_at.size(); ++i) BOOST_TEST(sent_at[i] - sent_at[i - 10] >= 60);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(budget_stops_everybody_and_warns_before, World, worlds) {
    auto c = test_config();
    c.max_sends_per_hour = 40;
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
    // Other messages have budgets of their own: those of clients, and the server's.
    for (int i = 0; i < 10; ++i) BOOST_TEST(w.run(w.auth.send_message({nth_phone(i), "hello"}, stranger)).has_value());
    check_refused(w.run(w.auth.send_message({nth_phone(11), "hello"}, stranger)), error::too_many_messages);
    for (int i = 0; i < 10; ++i) BOOST_TEST(w.run(w.auth.send_message({nth_phone(i), "hello"})).has_value());
    check_refused(w.run(w.auth.send_message({nth_phone(11), "hello"})), error::too_many_messages);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(user_has_a_limit_for_messages, World, worlds) {
    World w;
    const client_info user{"198.51.100.7", "", "U1"};
    for (int i = 0; i < 30; ++i) BOOST_TEST(w.run(w.auth.send_message({nth_phone(i), "hello"}, user)).has_value());
    check_refused(w.run(w.auth.send_message({phone, "hello"}, user)), error::too_many_messages);
    // What is counted is what is paid for: 10 segments of 67 UTF-16 units, three for each medium.
    std::string long_text;
    for (int i = 0; i < 670; ++i) long_text += "\u00e7\u0142";
    const client_info other{"198.51.100.7", "", "U2"};
    BOOST_TEST(w.run(w.auth.send_message({nth_phone(40), long_text}, other)).has_value());
    const std::vector<std::string> media(3, "https://example.com/a.png");
    BOOST_TEST(w.run(w.auth.send_message({nth_phone(41), "x", media}, other)).has_value());
    check_refused(w.run(w.auth.send_message({nth_phone(42), "hello"}, other)), error::too_many_messages);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(users_do_not_use_up_the_servers_own_notices, World, worlds) {
    World w;
    for (int i = 0; i < 100; ++i)
        (void)w.run(w.auth.send_message({phone, "hello"}, client_info("", "", "U" + std::to_string(i))));
    check_refused(w.run(w.auth.send_message({phone, "hello"}, client_info("", "", "U"))), error::too_many_messages);
    BOOST_TEST(w.run(w.auth.send_message({phone, "Somebody tried your password."})).has_value());
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
    // The provider is asked no more often, even if it refuses.
    w.clock.advance(10s);
    w.transport.reply(429, R"({"code":20429,"message":"x","status":429})");
    BOOST_TEST(error_of(w.run(w.auth.start_login(phone))) == error::provider_busy);
    check_refused(w.run(w.auth.start_login(phone)), error::resend_too_soon);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(stranger_does_not_use_up_the_owners_messages, World, worlds) {
    auto c = test_config();
    c.phone_cooldown = 10s;
    World w(c);
    settle(w);
    w.clock.advance(24h);
    for (int i = 0; i < 100; ++i) {
        w.clock.advance(10s);
        (void)w.run(w.auth.start_login(phone, client_info{"203.0.113." + std::to_string(i)}));
    }
    const auto before = w.run(w.auth.start_login(phone, client_info{"192.0.2.1"}));
    check_refused(before, error::too_many_messages);
    // The owner at home still logs in, and at once.
    for (int i = 0; i < 5; ++i) {
        auto s = w.run(w.auth.start_login(phone, home));
        BOOST_REQUIRE(s);
        BOOST_TEST(
            w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), home)).has_value());
    }
    check_refused(w.run(w.auth.start_login(phone, home)), error::too_many_messages);
    // Strangers learn nothing of it.
    const auto after = w.run(w.auth.start_login(phone, client_info{"192.0.2.1"}));
    BOOST_TEST((after.error().retry_after == before.error().retry_after));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(registrations_do_not_use_up_the_codes_of_logins, World, worlds) {
    World w;
    register_user(w);
    for (int i = 0; i < 200; ++i) {
        w.clock.advance(1min);
        (void)w.run(w.auth.start_registration(phone, stranger));
    }
    check_refused(w.run(w.auth.start_registration(phone, home)), error::too_many_messages);
    BOOST_TEST(w.run(w.auth.start_login(phone, home)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nobody_shuts_the_door_to_a_right_password, World, worlds) {
    World w;
    settle(w);
    int told = 0;
    for (int i = 0; i < 300; ++i) {
        auto r = w.run(w.auth.start_two_factor_login(phone, password("wrong horse"),
                                                     client_info("203.0.113." + std::to_string(i % 250))));
        told += error_of(r) == error::invalid_login;
    }
    BOOST_TEST(told == 40);
    // From now on strangers are not told whether a password is right. No message is sent for a wrong one.
    const auto messages = [&] {
        std::size_t n = 0;
        for (const auto& r : w.transport.requests()) n += r.method == "POST";
        return n;
    };
    const auto before = messages();
    auto guessed = w.run(w.auth.start_two_factor_login(phone, password("wrong horse"), client_info("192.0.2.1")));
    BOOST_REQUIRE(guessed);
    BOOST_TEST(messages() == before);
    auto mine = w.run(w.auth.start_two_factor_login(phone, password("correct horse"), client_info("192.0.2.2")));
    BOOST_REQUIRE(mine);
    BOOST_TEST(messages() == before + 1);
    const auto status = w.run(w.auth.status(mine->transaction_id));
    BOOST_TEST((status->delivery == w.run(w.auth.status(guessed->transaction_id))->delivery));
    // Wrong codes of the one that nobody can know do not count for the owner.
    const auto code = w.transport.last_code();
    for (int k = 0; k < 5; ++k) {
        const auto r =
            w.run(w.auth.finish_login(guessed->transaction_id, submitted_code(code), client_info("192.0.2.1")));
        BOOST_TEST((error_of(r) == error::wrong_code || error_of(r) == error::tries_exhausted));
    }
    BOOST_TEST(
        w.run(w.auth.finish_login(mine->transaction_id, submitted_code(code), client_info("192.0.2.2"))).has_value());
    // Known networks are told, the one from which the owner has just logged in as well.
    for (const auto& from : {home, client_info("192.0.2.2")}) {
        BOOST_TEST(error_of(w.run(w.auth.start_two_factor_login(phone, password("wrong horse"), from))) ==
                   error::invalid_login);
        BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, password("correct horse"), from)).has_value());
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(one_known_network_does_not_lock_another, World, worlds) {
    World w;
    settle(w);
    const client_info cafe{"192.0.2.77"};
    auto s = w.run(w.auth.start_login(phone, cafe));
    BOOST_REQUIRE(w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), cafe)));
    int compared = 0;
    for (int i = 0; i < 24 * 28; ++i) {
        w.clock.advance(1h);
        auto r = w.run(w.auth.start_login(phone, cafe));
        if (!r) continue;
        for (int k = 0; k < 5; ++k)
            compared +=
                !w.run(w.auth.finish_login(r->transaction_id, submitted_code(wrong(w.transport.last_code())), cafe));
    }
    BOOST_TEST(compared >= 10);
    BOOST_TEST(compared <= 25);
    check_refused(w.run(w.auth.start_login(phone, cafe)), error::too_many_failures);
    BOOST_TEST(w.run(w.auth.start_login(phone, home)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(messages_of_one_known_network_do_not_shut_the_others, World, worlds) {
    auto c = test_config();
    c.phone_cooldown = 60s;
    World w(c);
    settle(w);
    const client_info cafe{"192.0.2.77"}, abroad{"192.0.2.1"};
    w.clock.advance(60s);
    auto s = w.run(w.auth.start_login(phone, cafe));
    BOOST_REQUIRE(w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), cafe)));
    for (int i = 0; i < 36 * 60; ++i) {
        w.clock.advance(1min);
        (void)w.run(w.auth.start_login(phone, cafe));
    }
    check_refused(w.run(w.auth.start_login(phone, cafe)), error::too_many_messages);
    BOOST_TEST(w.run(w.auth.start_login(phone, home)).has_value());
    BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, password("correct horse"), home)).has_value());
    BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, password("correct horse"), abroad)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(codes_after_a_password_do_not_take_those_of_known_networks, World, worlds) {
    World w;
    settle(w);
    for (int i = 0; i < 48 * 60; ++i) {
        w.clock.advance(1min);
        (void)w.run(w.auth.start_two_factor_login(phone, password("correct horse"),
                                                  client_info("203.0.113." + std::to_string(i % 250))));
    }
    BOOST_TEST(w.run(w.auth.start_login(phone, home)).has_value());
    BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, password("correct horse"), home)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(login_from_a_shared_address_does_not_renew_what_strangers_may_guess, World, worlds) {
    World w;
    settle(w);
    int told = 0;
    for (int day = 0; day < 30; ++day) {
        for (int i = 0; i < 100; ++i)
            told += error_of(w.run(w.auth.start_two_factor_login(phone, password("wrong horse"),
                                                                 client_info("203.0.113." + std::to_string(i))))) ==
                    error::invalid_login;
        client_info proxy("192.0.2.200");
        proxy.shared_address = true;
        auto s = w.run(w.auth.start_two_factor_login(phone, password("correct horse"), proxy));
        BOOST_REQUIRE(s);
        BOOST_REQUIRE(w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), proxy)));
        w.clock.advance(24h);
    }
    BOOST_TEST(told >= 40);
    BOOST_TEST(told <= 50);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(new_password_ends_what_was_guessed_with_the_old_one, World, worlds) {
    World w;
    settle(w);
    for (int i = 0; i < 24; ++i) {
        w.clock.advance(1h);
        if (auto s = w.run(w.auth.start_two_factor_login(phone, password("correct horse"), stranger)))
            for (int k = 0; k < 5; ++k)
                (void)w.run(
                    w.auth.finish_login(s->transaction_id, submitted_code(wrong(w.transport.last_code())), stranger));
    }
    const client_info abroad{"192.0.2.1"};
    check_refused(w.run(w.auth.start_two_factor_login(phone, password("correct horse"), abroad)),
                  error::too_many_failures);
    auto s = w.run(w.auth.start_login(phone, home));
    auto in = w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), home));
    BOOST_REQUIRE(in);
    BOOST_REQUIRE(w.run(w.auth.update_user(in->token, in->user.object_id, {{"password", "\"battery staple\""}}, home)));
    BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, password("battery staple"), abroad)).has_value());
    // And the network from which it was changed is known still.
    for (int i = 0; i < 100; ++i)
        (void)w.run(w.auth.start_two_factor_login(phone, password("wrong horse"),
                                                  client_info("203.0.113." + std::to_string(i))));
    BOOST_TEST(error_of(w.run(w.auth.start_two_factor_login(phone, password("wrong horse"), home))) ==
               error::invalid_login);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(user_has_a_limit_for_changes, World, worlds) {
    World w;
    register_user(w);
    const auto in = log_in(w);
    int changed = 0;
    result<user> r = error::internal;
    for (int i = 0; i < 5000; ++i) {
        r = w.run(w.auth.update_user(in.token, in.user.object_id, {{"a", std::to_string(i)}}));
        if (!r) break;
        ++changed;
    }
    BOOST_TEST(changed == 300);
    check_refused(r, error::too_many_failures);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(stranger_does_not_lock_the_owner_out_of_his_code_login, World, worlds) {
    World w;
    settle(w);
    int compared = 0;
    for (int i = 0; i < 400; ++i) {
        w.clock.advance(30min);
        auto s = w.run(w.auth.start_login(phone, stranger));
        if (!s) continue;
        const auto bad = wrong(w.transport.last_code());
        for (int k = 0; k < 5; ++k)
            compared += !w.run(w.auth.finish_login(s->transaction_id, submitted_code(bad), stranger));
    }
    BOOST_TEST(compared <= 50);
    BOOST_TEST(compared >= 30);
    check_refused(w.run(w.auth.start_login(phone, stranger)), error::too_many_failures);
    auto mine = w.run(w.auth.start_login(phone, home));
    BOOST_REQUIRE(mine);
    BOOST_TEST(
        w.run(w.auth.finish_login(mine->transaction_id, submitted_code(w.transport.last_code()), home)).has_value());
    // Strangers do not learn that the owner has logged in.
    check_refused(w.run(w.auth.start_login(phone, stranger)), error::too_many_failures);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(no_more_than_a_hundred_passwords_are_told_to_be_wrong, World, worlds) {
    World w;
    settle(w);
    const client_info cafe{"192.0.2.77"};
    auto s = w.run(w.auth.start_login(phone, cafe));
    BOOST_REQUIRE(w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), cafe)));
    int failures = 0;
    for (int i = 0; i < 30 * 24; ++i) {  // thirty days
        for (const auto& from : {home, cafe, client_info("203.0.113." + std::to_string(i % 250))})
            failures += error_of(w.run(w.auth.start_two_factor_login(phone, password("wrong horse"), from))) ==
                        error::invalid_login;
        w.clock.advance(1h);
    }
    BOOST_TEST(failures <= 100);
    BOOST_TEST(failures >= 90);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(network_is_forgotten_after_a_while, World, worlds) {
    for (const auto after : {89 * 24h, 91 * 24h}) {
        World w;
        settle(w);
        w.clock.advance(after);
        for (int i = 0; i < 100; ++i)
            (void)w.run(w.auth.start_two_factor_login(phone, password("wrong horse"),
                                                      client_info("203.0.113." + std::to_string(i))));
        const auto r = w.run(w.auth.start_two_factor_login(phone, password("wrong horse"), home));
        BOOST_TEST(r.has_value() == (after > 90 * 24h));  // a stranger is not told
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(changed_password_forgets_the_networks, World, worlds) {
    World w;
    settle(w);
    const auto in = log_in(w);
    BOOST_REQUIRE(w.run(w.auth.update_user(in.token, in.user.object_id, {{"password", "\"brand new password\""}})));
    for (int i = 0; i < 100; ++i)
        (void)w.run(w.auth.start_two_factor_login(phone, password("wrong horse"),
                                                  client_info("203.0.113." + std::to_string(i))));
    BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, password("wrong horse"), home)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(client_that_guesses_at_many_accounts_is_stopped, World, worlds) {
    World w;
    for (int i = 0; i < 30; ++i)
        BOOST_TEST(error_of(w.run(w.auth.start_two_factor_login(nth_phone(i), password("wrong horse"), stranger))) ==
                   error::invalid_login);
    check_refused(w.run(w.auth.start_two_factor_login(nth_phone(61), password("wrong horse"), stranger)),
                  error::too_many_failures);
    BOOST_TEST(error_of(w.run(w.auth.start_two_factor_login(nth_phone(61), password("wrong horse"), home))) ==
               error::invalid_login);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(right_passwords_cost_hashes_too, World, worlds) {
    World w;
    settle(w);
    int hashed = 0;
    for (int i = 0; i < 500; ++i) {
        const auto r = w.run(w.auth.start_two_factor_login(phone, password("correct horse"), stranger));
        hashed += error_of(r) != error::too_many_failures;
    }
    BOOST_TEST(hashed == 10);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(wrong_codes_use_up_what_a_client_has, World, worlds) {
    World w;
    int compared = 0;
    for (int i = 0; i < 60; ++i) {
        auto s = w.run(w.auth.start_registration(nth_phone(i), stranger));
        if (!s) continue;
        for (int k = 0; k < 5; ++k) {
            (void)w.run(w.auth.finish_registration(
                form(s->transaction_id, wrong(w.transport.last_code()), nth_phone(i)), stranger));
            ++compared;
        }
    }
    BOOST_TEST(compared <= 25);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(many_wrong_codes_over_all_accounts_are_told, World, worlds) {
    auto c = test_config();
    c.max_sends_per_hour = 100;
    World w(c);
    int warnings = 0;
    w.observer.on_event = [&](const event& e) { warnings += e.kind == event_kind::guessing_warning; };
    for (int i = 0; i < 5; ++i) {
        const client_info from("203.0.113." + std::to_string(i));
        auto s = w.run(w.auth.start_registration(nth_phone(i), from));
        for (int k = 0; k < 5; ++k)
            (void)w.run(w.auth.finish_registration(
                form(s->transaction_id, wrong(w.transport.last_code()), nth_phone(i)), from));
        BOOST_TEST(warnings == (i < 3 ? 0 : 1));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(operators_open_what_strangers_have_shut, World, worlds) {
    World w;
    settle(w);
    for (int i = 0; i < 24; ++i) {
        w.clock.advance(1h);
        if (auto s = w.run(w.auth.start_login(phone, stranger)))
            for (int k = 0; k < 5; ++k)
                (void)w.run(
                    w.auth.finish_login(s->transaction_id, submitted_code(wrong(w.transport.last_code())), stranger));
    }
    const client_info abroad{"192.0.2.1"};
    check_refused(w.run(w.auth.start_login(phone, abroad)), error::too_many_failures);
    BOOST_TEST(error_of(w.run(w.auth.unlock("no number"))) == error::invalid_phone_number);
    BOOST_TEST(w.run(w.auth.unlock(phone)).has_value());
    BOOST_TEST(w.run(w.auth.start_login(phone, abroad)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(operators_open_the_door_of_identities, World, worlds) {
    auto c = test_config();
    c.identity_login_enabled = true;
    World w(c);
    register_user(w);
    for (int i = 0; i < 60; ++i)
        (void)w.run(w.auth.login_with_identity("ada@example.com", password("wrong horse"),
                                               client_info("203.0.113." + std::to_string(i))));
    const auto enter = [&] {
        return w.run(
            w.auth.login_with_identity("ada@example.com", password("correct horse"), client_info("192.0.2.1")));
    };
    check_refused(enter(), error::too_many_failures);
    BOOST_TEST(w.run(w.auth.unlock(phone)).has_value());
    BOOST_TEST(enter().has_value());
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
