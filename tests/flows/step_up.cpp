// SPDX-License-Identifier: BSL-1.0
// Logged-in users show once more that it is them.
#include "flows/meddling.hpp"

#include <phoneauth/rules/sessions.hpp>

#include <vector>

using namespace flow_tests;

namespace {

const password right("correct horse");
const auto an_hour = 1h;

/// Somebody who logged in an hour ago.
template <class World>
login_result log_in_long_ago(World& w, const std::string& number = phone) {
    const auto l = log_in(w, number);
    w.clock.advance(an_hour);
    return l;
}

template <class World>
bool is_fresh(World& w, const session_token& token) {
    return w.run(w.auth.require_recent(token, w.auth.config().fresh_login)).has_value();
}

template <class World>
std::string begin(World& w, const session_token& token, const client_info& from = {}) {
    auto s = w.run(w.auth.start_step_up(token, from));
    BOOST_REQUIRE(s);
    return s->transaction_id;
}

template <class World>
result<user> finish(World& w, const session_token& token, const std::string& id, const std::string& code) {
    return w.run(w.auth.finish_step_up(token, transaction_id(id), submitted_code(code)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flows_step_up)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_code_makes_a_session_fresh, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in_long_ago(w);
    const auto other = log_in_long_ago(w);
    const property_map new_email{{"email", "\"new@example.com\""}};
    const auto before = session_of(w, l.token);
    BOOST_TEST(error_of(w.run(w.auth.update_user(l.token, l.user.object_id, new_email))) ==
               error::fresh_login_required);
    const auto id = begin(w, l.token);
    const auto code = w.transport.last_code();
    BOOST_TEST(!is_fresh(w, l.token));
    w.clock.advance(10s);
    const auto u = finish(w, l.token, id, code);
    BOOST_REQUIRE(u);
    BOOST_TEST(u->object_id == l.user.object_id);
    BOOST_TEST(is_fresh(w, l.token));
    BOOST_TEST(!is_fresh(w, other.token));
    const auto s = session_of(w, l.token);
    BOOST_REQUIRE(s);
    BOOST_TEST((s->auth_time == w.clock.now() && s->last_used_at == w.clock.now()));
    BOOST_TEST(s->auth_methods == by_code);
    BOOST_TEST((s->created_at == before->created_at && s->expires_at == before->expires_at));
    BOOST_TEST(w.run(w.auth.update_user(l.token, l.user.object_id, new_email)).has_value());
    BOOST_TEST(error_of(finish(w, l.token, id, code)) == error::code_used);
    w.clock.advance(w.auth.config().fresh_login);
    BOOST_TEST(!is_fresh(w, l.token));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_password_makes_a_session_fresh, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in_long_ago(w);
    BOOST_TEST(error_of(w.run(w.auth.confirm_password(l.token, password("wrong horse")))) == error::invalid_login);
    BOOST_TEST(error_of(w.run(w.auth.confirm_password(l.token, password("")))) == error::invalid_login);
    BOOST_TEST(error_of(w.run(w.auth.confirm_password(l.token, password(std::string(5000, 'x'))))) ==
               error::invalid_login);
    BOOST_TEST(error_of(w.run(w.auth.confirm_password(session_token("no"), right))) == error::unknown_token);
    BOOST_TEST(!is_fresh(w, l.token));
    const auto u = w.run(w.auth.confirm_password(l.token, right));
    BOOST_REQUIRE(u);
    BOOST_TEST(u->object_id == l.user.object_id);
    BOOST_TEST(is_fresh(w, l.token));
    BOOST_TEST(session_of(w, l.token)->auth_methods == by_password);
    const auto id = begin(w, l.token);
    BOOST_TEST(finish(w, l.token, id, w.transport.last_code()).has_value());
    BOOST_TEST(session_of(w, l.token)->auth_methods == (by_password | by_code));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nobody_confirms_a_password_that_is_not_there, World, worlds) {
    World w;
    const auto u = register_user(w);
    auto without = *w.memory.find_user(u.object_id);
    without.password_hash.clear();
    BOOST_REQUIRE((w.memory.update_user(without) == write_result::done));
    const auto l = log_in_long_ago(w);
    for (const auto* secret : {"", "correct horse"})
        BOOST_TEST(error_of(w.run(w.auth.confirm_password(l.token, password(secret)))) == error::invalid_login);
    BOOST_TEST(!is_fresh(w, l.token));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(guesses_in_a_session_are_guesses_at_the_password, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in(w);
    int compared = 0;
    for (int day = 0; day < 10; ++day) {
        for (int n = 0; n < 10; ++n) {
            const auto e = error_of(w.run(w.auth.confirm_password(l.token, password("wrong horse"))));
            compared += e == error::invalid_login;
            if (e != error::invalid_login) BOOST_TEST(e == error::too_many_failures);
        }
        w.clock.advance(1h);
    }
    BOOST_TEST(compared == 40);  // strangers' share, of which four fifths may be at once
    // Right or wrong is not told any more; the way in a session is a code.
    const auto shut = w.run(w.auth.confirm_password(l.token, right));
    BOOST_TEST(error_of(shut) == error::too_many_failures);
    BOOST_TEST(shut.error().retry_after.has_value());
    BOOST_TEST(!is_fresh(w, l.token));
    const auto id = begin(w, l.token);
    BOOST_TEST(finish(w, l.token, id, w.transport.last_code()).has_value());
    BOOST_TEST(is_fresh(w, l.token));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(right_passwords_are_no_guesses, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in(w);
    for (int n = 0; n < 60; ++n) {
        w.clock.advance(10min);  // the network's own limit is another matter
        BOOST_TEST(w.run(w.auth.confirm_password(l.token, right)).has_value());
    }
    BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, right)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(codes_are_good_for_what_they_were_sent_for, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in_long_ago(w);
    const auto step = begin(w, l.token);
    const auto step_code = w.transport.last_code();
    const auto login = w.run(w.auth.start_login(phone))->transaction_id;
    const auto login_code = w.transport.last_code();
    BOOST_TEST(error_of(finish(w, l.token, login, login_code)) == error::no_transaction);
    BOOST_TEST(error_of(w.run(w.auth.finish_login(transaction_id(step), submitted_code(step_code)))) ==
               error::no_transaction);
    BOOST_TEST(error_of(w.run(w.auth.finish_registration(form(step, step_code)))) == error::no_transaction);
    BOOST_TEST(!is_fresh(w, l.token));
    BOOST_TEST(finish(w, l.token, step, step_code).has_value());
    BOOST_TEST(w.run(w.auth.finish_login(login, submitted_code(login_code))).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(codes_are_good_for_whom_they_were_sent_to, World, worlds) {
    World w;
    register_user(w);
    register_user(w, other_phone, "bob@example.com");
    const auto l = log_in_long_ago(w);
    const auto bobs = log_in_long_ago(w, other_phone);
    const auto id = begin(w, l.token);
    const auto code = w.transport.last_code();
    BOOST_TEST(error_of(finish(w, bobs.token, id, code)) == error::no_transaction);
    BOOST_TEST(error_of(finish(w, bobs.token, id, wrong(code))) == error::no_transaction);  // no guess, either
    BOOST_TEST(w.memory.find_transaction(id)->tries == 0u);
    BOOST_TEST(!is_fresh(w, bobs.token));
    for (const auto& bad : {std::string(), std::string("x"), std::string(100, 'A')})
        BOOST_TEST(error_of(finish(w, l.token, bad, code)) == error::no_transaction);
    BOOST_TEST(error_of(finish(w, l.token, id, "12")) == error::invalid_parameter);
    BOOST_TEST(finish(w, l.token, id, code).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(wrong_codes_are_counted, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in_long_ago(w);
    const auto id = begin(w, l.token);
    const auto code = w.transport.last_code();
    for (int left = 4; left > 0; --left) {
        const auto r = finish(w, l.token, id, wrong(code));
        BOOST_TEST(error_of(r) == error::wrong_code);
        BOOST_TEST(r.error().tries_left.value() == left);
    }
    BOOST_TEST(error_of(finish(w, l.token, id, wrong(code))) == error::tries_exhausted);
    BOOST_TEST(error_of(finish(w, l.token, id, code)) == error::tries_exhausted);
    BOOST_TEST(!is_fresh(w, l.token));
    w.clock.advance(6min);
    const auto late = begin(w, l.token);
    w.clock.advance(w.auth.config().code_lifetime);
    BOOST_TEST(error_of(finish(w, l.token, late, w.transport.last_code())) == error::code_expired);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(whoever_guesses_in_a_session_shuts_no_other_door, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in(w);
    int opened = 0;
    for (int day = 0; day < 30; ++day) {
        auto s = w.run(w.auth.start_step_up(l.token));
        if (!s) BOOST_TEST((s.error().code == error::too_many_failures || s.error().code == error::too_many_messages));
        for (int n = 0; s && n < 5; ++n) (void)finish(w, l.token, s->transaction_id, wrong(w.transport.last_code()));
        opened += s.has_value();
        w.clock.advance(6min);
    }
    BOOST_TEST(opened < 10);
    BOOST_TEST(error_of(w.run(w.auth.start_step_up(l.token))) == error::too_many_failures);
    const auto again = log_in_with_both(w);  // by both doors
    BOOST_TEST(log_in(w).user.object_id == again.user.object_id);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_right_code_makes_room_for_the_next, World, worlds) {
    auto c = test_config();
    c.phone_cooldown = 10s;
    c.max_sends_per_phone_and_hour = 100;
    c.max_sends_per_phone_and_day = 1000;
    World w(c);
    register_user(w);
    const auto l = log_in(w);
    for (const client_info& from : {client_info(), client_info("198.51.100.7"), client_info("198.51.100.7")}) {
        for (int n = 0; n < 3; ++n) {
            const auto id = begin(w, l.token, from);
            const auto too_soon = w.run(w.auth.start_step_up(l.token, from));
            BOOST_TEST(error_of(too_soon) == error::resend_too_soon);
            w.run(w.auth.finish_step_up(l.token, transaction_id(id), submitted_code(w.transport.last_code()), from))
                .value();
        }
        // Only codes that nobody types fill the room: three of them.
        int open = 0;
        for (int n = 0; n < 5; ++n) {
            w.clock.advance(10s);
            open += w.run(w.auth.start_step_up(l.token, from)).has_value();
        }
        BOOST_TEST(open == 3);
        w.clock.advance(2h);
    }
}

// -- Meanwhile

BOOST_AUTO_TEST_CASE_TEMPLATE(a_session_that_is_over_takes_no_code, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in_long_ago(w);
    const auto id = begin(w, l.token);
    const auto code = w.transport.last_code();
    BOOST_REQUIRE(w.run(w.auth.logout(l.token)));
    BOOST_TEST(error_of(finish(w, l.token, id, code)) == error::unknown_token);
    BOOST_TEST(!session_of(w, l.token));
    const auto next = log_in_long_ago(w);  // the code is not spent, but too old by now
    BOOST_TEST(error_of(finish(w, next.token, id, code)) == error::code_expired);
}

BOOST_AUTO_TEST_CASE(a_session_that_ends_meanwhile_stays_ended) {
    for (const bool by_word : {false, true}) {
        plain_world<meddled_storage> w;
        register_user(w);
        const auto l = log_in_long_ago(w);
        const auto id = begin(w, l.token);
        w.auth.authenticate(l.token).value();  // notes its use, so that the next change is the step-up's
        w.memory.before_update_session = [&] { (void)w.auth.logout(l.token); };
        const auto r =
            by_word ? w.auth.confirm_password(l.token, right) : finish(w, l.token, id, w.transport.last_code());
        BOOST_TEST(error_of(r) == error::unknown_token);
        BOOST_TEST(!session_of(w, l.token));
    }
}

BOOST_AUTO_TEST_CASE(a_proof_of_what_the_user_was_is_none) {
    for (const bool by_word : {false, true}) {
        plain_world<meddled_storage> w;
        register_user(w);
        const auto l = log_in_long_ago(w);
        const auto id = begin(w, l.token);
        const auto code = w.transport.last_code();
        w.auth.authenticate(l.token).value();
        w.memory.before_update_session = [&] {
            const property_map changes{{"password", "\"battery staple\""}, {"currentPassword", "\"correct horse\""}};
            w.auth.update_user(l.token, l.user.object_id, changes).value();
        };
        const auto r = by_word ? w.auth.confirm_password(l.token, right) : finish(w, l.token, id, code);
        BOOST_TEST(error_of(r) == (by_word ? error::invalid_login : error::no_transaction));
        BOOST_TEST(w.auth.authenticate(l.token).has_value());  // which is the changed user's now
        BOOST_TEST(!is_fresh(w, l.token));
    }
}

BOOST_AUTO_TEST_CASE(a_lost_race_loses_no_proof) {
    for (const bool by_word : {false, true}) {
        plain_world<meddled_storage> w;
        register_user(w);
        const auto l = log_in_long_ago(w);
        const auto id = begin(w, l.token);
        w.clock.advance(1min);
        w.auth.authenticate(l.token).value();
        w.memory.before_update_session = [&] {  // as another request that notes its use
            auto s = *session_of(w, l.token);
            BOOST_TEST(w.memory.update_session(s));
        };
        const auto r =
            by_word ? w.auth.confirm_password(l.token, right) : finish(w, l.token, id, w.transport.last_code());
        BOOST_TEST(r.has_value());
        BOOST_TEST(is_fresh(w, l.token));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_code_to_a_former_number_proves_nothing, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in_long_ago(w);
    const auto id = begin(w, l.token);
    const auto code = w.transport.last_code();
    auto u = *w.memory.find_user(l.user.object_id);
    u.phone = *phone_number::parse("+14155550177");
    BOOST_REQUIRE((w.memory.update_user(u) == write_result::done));
    BOOST_TEST(error_of(finish(w, l.token, id, code)) == error::unknown_token);
    const auto again = log_in(w, "+14155550177");
    BOOST_TEST(error_of(finish(w, again.token, id, code)) == error::phone_mismatch);
    BOOST_TEST(w.memory.find_transaction(id)->tries == 0u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(disabled_users_show_nothing, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in_long_ago(w);
    const auto id = begin(w, l.token);
    const auto sent = w.transport.calls();
    auto u = *w.memory.find_user(l.user.object_id);
    u.enabled = false;
    BOOST_REQUIRE((w.memory.update_user(u) == write_result::done));
    BOOST_TEST(error_of(finish(w, l.token, id, w.transport.last_code())) == error::account_disabled);
    BOOST_TEST(error_of(w.run(w.auth.start_step_up(l.token))) == error::unknown_token);
    BOOST_TEST(w.transport.calls() == sent);
}

// -- What fails

BOOST_AUTO_TEST_CASE_TEMPLATE(a_fault_leaves_a_way_on, World, worlds) {
    for (const bool after : {false, true}) {
        for (std::size_t n = 1;; ++n) {
            World w;
            register_user(w);
            const auto l = log_in_long_ago(w);
            const auto id = begin(w, l.token);
            const auto code = w.transport.last_code();
            const auto nth = w.storage.calls() + n;
            after ? w.storage.fail_after(nth) : w.storage.fail_before(nth);
            const auto r = finish(w, l.token, id, code);
            const bool fired = w.storage.calls() >= nth;
            w.storage.fail_before(0);
            w.storage.fail_after(0);
            if (r) {
                BOOST_TEST(is_fresh(w, l.token));
                BOOST_TEST(error_of(finish(w, l.token, id, code)) == error::code_used);
                if (!fired) break;
                continue;
            }
            BOOST_TEST(error_of(r) == error::storage_unavailable);
            BOOST_TEST(!is_fresh(w, l.token));  // else the code would be good twice
            const auto again = finish(w, l.token, id, code);
            if (!again) {  // the acknowledgement of the code got lost: it stays spent, and nothing has come of it
                BOOST_TEST(after);
                BOOST_TEST(error_of(again) == error::code_used);
                BOOST_TEST(!is_fresh(w, l.token));
                const auto next = begin(w, l.token);
                BOOST_TEST(finish(w, l.token, next, w.transport.last_code()).has_value());
            }
            BOOST_TEST(is_fresh(w, l.token));
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_fault_makes_no_password_wrong, World, worlds) {
    for (const bool after : {false, true}) {
        for (std::size_t n = 1;; ++n) {
            World w;
            register_user(w);
            const auto l = log_in_long_ago(w);
            const auto nth = w.storage.calls() + n;
            after ? w.storage.fail_after(nth) : w.storage.fail_before(nth);
            const auto r = w.run(w.auth.confirm_password(l.token, right));
            const bool fired = w.storage.calls() >= nth;
            w.storage.fail_before(0);
            w.storage.fail_after(0);
            if (!r) BOOST_TEST(error_of(r) == error::storage_unavailable);
            BOOST_TEST(w.run(w.auth.confirm_password(l.token, right)).has_value());
            BOOST_TEST(is_fresh(w, l.token));
            if (!fired) break;
        }
    }
}

BOOST_AUTO_TEST_CASE(a_storage_that_cannot_raise_gives_the_code_back) {
    plain_world<meddled_storage> w;
    register_user(w);
    const auto l = log_in_long_ago(w);
    const auto id = begin(w, l.token);
    const auto code = w.transport.last_code();
    w.auth.authenticate(l.token).value();
    w.memory.before_update_session = [] { throw std::runtime_error("connection lost"); };
    BOOST_TEST(error_of(finish(w, l.token, id, code)) == error::storage_unavailable);
    BOOST_TEST((w.memory.find_transaction(id)->state == transaction_state::pending));
    BOOST_TEST(finish(w, l.token, id, code).has_value());
}

BOOST_AUTO_TEST_CASE(one_code_works_once_however_many_come) {
    for (int round = 0; round < 4; ++round) {
        plain_world<> w;
        register_user(w);
        const auto l = log_in(w);
        const auto other = log_in(w);
        const auto code_id = begin(w, l.token);
        const auto code = w.transport.last_code();
        const auto all = at_once(8, [&](std::size_t n) { return finish(w, (n % 2 ? l : other).token, code_id, code); });
        std::size_t won = 0;
        for (const auto& r : all) {
            won += r->has_value();
            if (!*r) BOOST_TEST(error_of(*r) == error::code_used);
        }
        BOOST_TEST(won == 1u);
        BOOST_TEST(w.memory.find_transaction(code_id)->tries == 1u);
    }
}

BOOST_AUTO_TEST_CASE(no_code_goes_where_no_message_may_go_any_more) {
    blocking_world w;
    register_user(w);
    const auto l = log_in(w);
    auto c = test_config();
    c.allowed_calling_codes = {"49"};
    authenticator narrow(c, w.memory, w.transport, w.clock);
    const auto sent = w.transport.calls();
    BOOST_TEST(error_of(narrow.start_step_up(l.token)) == error::destination_not_allowed);
    BOOST_TEST(error_of(narrow.start_deletion(l.token)) == error::destination_not_allowed);
    BOOST_TEST(w.transport.calls() == sent);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_observer_is_told, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in_long_ago(w);
    std::vector<event> told;
    w.observer.on_event = [&](const event& e) { told.push_back(e); };
    const auto id = begin(w, l.token);
    (void)finish(w, l.token, id, wrong(w.transport.last_code()));
    finish(w, l.token, id, w.transport.last_code()).value();
    (void)w.run(w.auth.confirm_password(l.token, password("wrong horse")));
    w.run(w.auth.confirm_password(l.token, right)).value();
    using enum event_kind;
    const std::vector<event_kind> expected{sent,       started,        wrong_code, confirmed,
                                           stepped_up, wrong_password, stepped_up};
    BOOST_REQUIRE(told.size() == expected.size());
    for (std::size_t i = 0; i < told.size(); ++i) {
        BOOST_TEST((told[i].kind == expected[i]), name_of(told[i].kind));
        BOOST_TEST(told[i].user_id == l.user.object_id);
        if (i < 5) BOOST_TEST((told[i].purpose == purpose::step_up));
    }
}

BOOST_AUTO_TEST_SUITE_END()
