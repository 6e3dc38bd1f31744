// SPDX-License-Identifier: BSL-1.0
#include "flows/world.hpp"

using namespace flow_tests;

BOOST_AUTO_TEST_SUITE(flows_login)

BOOST_AUTO_TEST_CASE_TEMPLATE(code_logs_in, World, worlds) {
    World w;
    const auto u = register_user(w);
    auto s = w.run(w.auth.start_login(phone));
    BOOST_REQUIRE(s);
    auto l = w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code())));
    BOOST_REQUIRE(l);
    BOOST_TEST(l->user.object_id == u.object_id);
    BOOST_TEST((l->user.last_login_at == w.clock.now()));
    BOOST_TEST((l->expires_at - w.clock.now() == w.auth.config().session_lifetime));
    BOOST_TEST(w.hooks.entered == 1);
    BOOST_TEST(w.run(w.auth.authenticate(l->token))->object_id == u.object_id);
    BOOST_TEST(error_of(w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code())))) ==
               error::code_used);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(password_and_code_log_in, World, worlds) {
    World w;
    register_user(w);
    auto s = w.run(w.auth.start_two_factor_login(phone, password("correct horse")));
    BOOST_REQUIRE(s);
    BOOST_TEST(w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()))).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(wrong_password_and_unknown_phone_are_one_error, World, worlds) {
    World w;
    register_user(w);
    const auto sent = w.transport.calls();
    auto wrong_one = w.run(w.auth.start_two_factor_login(phone, password("wrong horse")));
    auto unknown = w.run(w.auth.start_two_factor_login(other_phone, password("correct horse")));
    BOOST_TEST(error_of(wrong_one) == error::invalid_login);
    BOOST_TEST(error_of(unknown) == error::invalid_login);
    BOOST_TEST(wrong_one.error().message == unknown.error().message);
    BOOST_TEST(w.transport.calls() == sent);
    BOOST_TEST(error_of(w.run(w.auth.start_two_factor_login(phone, password(std::string(100000, 'x'))))) ==
               error::invalid_login);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(unknown_phone_is_concealed, World, worlds) {
    World w;
    auto s = w.run(w.auth.start_login(other_phone));
    BOOST_REQUIRE(s);
    BOOST_TEST(s->transaction_id.str().size() == 36u);
    BOOST_TEST(w.transport.last_message().empty());
    code_deriver deriver(w.auth.config().code_keys, 6);
    const auto stored = w.memory.find_transaction(s->transaction_id);
    const std::string right(deriver.derive(*stored)->str());
    // Not even the code that would have been sent is accepted.
    BOOST_TEST(error_of(w.run(w.auth.finish_login(s->transaction_id, submitted_code(right)))) == error::wrong_code);
    w.clock.advance(31s);
    BOOST_TEST(w.run(w.auth.resend(s->transaction_id)).has_value());
    BOOST_TEST(w.transport.last_message().empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(unknown_phone_can_be_rejected, World, worlds) {
    auto c = test_config();
    c.unknown_phone = unknown_phone_policy::reject;
    World w(c);
    BOOST_TEST(error_of(w.run(w.auth.start_login(other_phone))) == error::unknown_phone);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(wrong_codes_use_up_the_tries, World, worlds) {
    World w;
    register_user(w);
    auto s = w.run(w.auth.start_login(phone));
    const auto code = w.transport.last_code();
    for (int left = 4; left > 0; --left) {
        auto r = w.run(w.auth.finish_login(s->transaction_id, submitted_code(wrong(code))));
        BOOST_TEST(error_of(r) == error::wrong_code);
        BOOST_TEST(r.error().tries_left.value() == left);
    }
    auto last = w.run(w.auth.finish_login(s->transaction_id, submitted_code(wrong(code))));
    BOOST_TEST(error_of(last) == error::tries_exhausted);
    BOOST_TEST(error_of(w.run(w.auth.finish_login(s->transaction_id, submitted_code(code)))) == error::tries_exhausted);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(code_dies_in_time, World, worlds) {
    World w;
    register_user(w);
    auto s = w.run(w.auth.start_login(phone));
    const auto code = w.transport.last_code();
    w.clock.advance(300s - 1ms);
    auto t = w.run(w.auth.start_login(phone));
    const auto later_code = w.transport.last_code();
    w.clock.advance(1ms);
    BOOST_TEST(error_of(w.run(w.auth.finish_login(s->transaction_id, submitted_code(code)))) == error::code_expired);
    BOOST_TEST(w.run(w.auth.finish_login(t->transaction_id, submitted_code(later_code))).has_value());
    w.clock.advance(-100s);  // a clock that is set back does not bring it to life
    BOOST_TEST(error_of(w.run(w.auth.finish_login(s->transaction_id, submitted_code(code)))) == error::code_expired);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(code_belongs_to_its_transaction, World, worlds) {
    World w;
    register_user(w);
    register_user(w, other_phone, "bob@example.com");
    auto mine = w.run(w.auth.start_login(phone));
    const auto my_code = w.transport.last_code();
    auto his = w.run(w.auth.start_login(other_phone));
    const auto his_code = w.transport.last_code();
    if (my_code != his_code)
        BOOST_TEST(error_of(w.run(w.auth.finish_login(his->transaction_id, submitted_code(my_code)))) ==
                   error::wrong_code);
    BOOST_TEST(error_of(w.run(w.auth.finish_login(transaction_id("no such transaction"), submitted_code(my_code)))) ==
               error::no_transaction);
    auto registering = w.run(w.auth.start_registration("+14155550102"));
    BOOST_TEST(error_of(w.run(w.auth.finish_login(registering->transaction_id,
                                                  submitted_code(w.transport.last_code())))) == error::no_transaction);
    BOOST_TEST((w.memory.find_transaction(registering->transaction_id)->state == transaction_state::pending));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(disabled_account_does_not_log_in, World, worlds) {
    World w;
    auto u = register_user(w);
    auto stored = *w.memory.find_user(u.object_id);
    stored.enabled = false;
    BOOST_REQUIRE((w.memory.update_user(stored) == write_result::done));
    auto s = w.run(w.auth.start_login(phone));
    BOOST_TEST(error_of(w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code())))) ==
               error::account_disabled);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(hook_refuses_a_login, World, worlds) {
    World w;
    register_user(w);
    w.hooks.on_login = [](const user&) { return failure(error::refused_by_hook, "closed on Mondays"); };
    auto s = w.run(w.auth.start_login(phone));
    auto r = w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code())));
    BOOST_TEST(error_of(r) == error::refused_by_hook);
    BOOST_TEST(r.error().message == "closed on Mondays");
    BOOST_TEST(w.hooks.entered == 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(success_forgets_the_failures_of_its_network, World, worlds) {
    for (const auto& from : {client_info(), client_info("198.51.100.7")}) {
        World w;
        register_user(w);
        const auto guess = [&](const char* text) {
            w.clock.advance(10min);
            return w.run(w.auth.start_two_factor_login(phone, password(text), from));
        };
        for (int round = 0; round < 4; ++round) {
            for (int i = 0; i < 20; ++i) BOOST_TEST(error_of(guess("wrong horse")) == error::invalid_login);
            auto s = guess("correct horse");
            BOOST_REQUIRE(s);
            BOOST_REQUIRE(w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), from)));
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(identity_stops_after_its_share_of_failures, World, worlds) {
    auto c = test_config();
    c.identity_login_enabled = true;
    World w(c);
    register_user(w);
    int failures = 0;
    result<login_result> r;
    for (int i = 0; i < 250; ++i) {
        r = w.run(w.auth.login_with_identity("ada@example.com", password("wrong horse"),
                                             client_info("203.0.113." + std::to_string(i))));
        if (error_of(r) == error::too_many_failures) break;
        ++failures;
    }
    BOOST_TEST(failures == 20);  // half of 40: the other half is for the phone
    BOOST_TEST((*r.error().retry_after <= 145h));
    BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, password("correct horse"))).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(login_can_be_disabled, World, worlds) {
    auto c = test_config();
    c.login_enabled = false;
    World w(c);
    BOOST_TEST(error_of(w.run(w.auth.start_login(phone))) == error::login_disabled);
    BOOST_TEST(error_of(w.run(w.auth.start_two_factor_login(phone, password("x")))) == error::login_disabled);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(identity_login_is_off_unless_asked_for, World, worlds) {
    World off;
    BOOST_TEST(error_of(off.run(off.auth.login_with_identity("ada@example.com", password("correct horse")))) ==
               error::login_disabled);
    auto c = test_config();
    c.identity_login_enabled = true;
    World w(c);
    register_user(w);
    BOOST_TEST(w.run(w.auth.login_with_identity("ADA@example.com", password("correct horse"))).has_value());
    BOOST_TEST(error_of(w.run(w.auth.login_with_identity("ada@example.com", password("wrong horse")))) ==
               error::invalid_login);
    BOOST_TEST(error_of(w.run(w.auth.login_with_identity("eve@example.com", password("correct horse")))) ==
               error::invalid_login);
    BOOST_TEST(error_of(w.run(w.auth.login_with_identity("no email", password("correct horse")))) ==
               error::invalid_login);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(rotated_key_still_checks_old_codes, World, worlds) {
    World w;
    register_user(w);
    auto s = w.run(w.auth.start_login(phone));
    const auto code = w.transport.last_code();
    auto c = test_config();
    c.code_keys.insert(c.code_keys.begin(), {"k2", std::string(32, 'n')});
    authenticator rotated(c, w.memory, w.transport, w.clock);
    BOOST_TEST(rotated.finish_login(s->transaction_id, submitted_code(code)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(lost_races_are_looked_at_again, World, worlds) {
    World w;
    register_user(w);
    auto s = w.run(w.auth.start_login(phone));
    w.storage.lose_race_on(w.storage.updates() + 1);
    BOOST_TEST(w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()))).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(second_factor_does_not_outlive_its_password, World, worlds) {
    World w;
    register_user(w);
    const auto in = log_in(w);
    auto begun = w.run(w.auth.start_two_factor_login(phone, password("correct horse")));
    const auto its_code = w.transport.last_code();
    auto by_code = w.run(w.auth.start_login(phone));
    const auto other_code = w.transport.last_code();
    BOOST_REQUIRE(w.run(w.auth.update_user(in.token, in.user.object_id, {{"password", "\"brand new password\""}})));
    BOOST_TEST(error_of(w.run(w.auth.finish_login(begun->transaction_id, submitted_code(its_code)))) ==
               error::invalid_login);
    BOOST_TEST(error_of(w.run(w.auth.finish_login(begun->transaction_id, submitted_code(its_code)))) ==
               error::code_used);
    BOOST_TEST(w.run(w.auth.finish_login(by_code->transaction_id, submitted_code(other_code))).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
