// SPDX-License-Identifier: BSL-1.0
// Sessions are used, listed, ended one by one, and not too many.
#include "flows/meddling.hpp"

#include <phoneauth/rules/sessions.hpp>

#include <algorithm>
#include <set>

using namespace flow_tests;

namespace {

const client_info home{"198.51.100.7", "Mozilla/5.0 (home)"};
const client_info cafe{"203.0.113.9", "curl/8"};

/// Logs in from a place.
template <class World>
login_result log_in_from(World& w, const client_info& from) {
    auto s = w.run(w.auth.start_login(phone, from));
    BOOST_REQUIRE(s);
    auto l = w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), from));
    BOOST_REQUIRE(l);
    return *l;
}

template <class World>
bool is_good(World& w, const login_result& l) {
    return w.run(w.auth.authenticate(l.token)).has_value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flows_session_list)

BOOST_AUTO_TEST_CASE_TEMPLATE(use_is_noted_every_five_minutes, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in(w);
    const auto opened = w.clock.now();
    const auto calls = [&](auto flow) {
        const auto before = w.storage.calls();
        BOOST_REQUIRE(w.run(flow()));
        return w.storage.calls() - before;
    };
    w.clock.advance(5min - 1ms);
    BOOST_TEST(calls([&] { return w.auth.authenticate(l.token); }) == 2u);
    BOOST_TEST((session_of(w, l.token)->last_used_at == opened));
    w.clock.advance(1ms);
    BOOST_TEST(calls([&] { return w.auth.authenticate(l.token); }) == 3u);
    BOOST_TEST((session_of(w, l.token)->last_used_at == w.clock.now()));
    BOOST_TEST(calls([&] { return w.auth.authenticate(l.token); }) == 2u);
    w.clock.advance(5min);  // whatever it is used for
    BOOST_TEST(calls([&] { return w.auth.list_sessions(l.token); }) == 4u);
    BOOST_TEST((session_of(w, l.token)->last_used_at == w.clock.now()));
    w.clock.advance(5min);
    BOOST_TEST(w.run(w.auth.update_user(l.token, l.user.object_id, {{"a", "1"}})).has_value());
    BOOST_TEST((session_of(w, l.token)->last_used_at == w.clock.now()));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nothing_fails_for_want_of_a_note, World, worlds) {
    for (const bool after : {false, true}) {
        World w;
        register_user(w);
        const auto l = log_in(w);
        w.clock.advance(1h);
        const auto third = w.storage.calls() + 3;
        after ? w.storage.fail_after(third) : w.storage.fail_before(third);
        BOOST_TEST(is_good(w, l));
        BOOST_TEST(w.storage.calls() == third);
        // A change of the session afterwards finds out what is stored.
        const property_map new_password{{"password", "\"battery staple\""}, {"currentPassword", "\"correct horse\""}};
        BOOST_TEST(w.run(w.auth.update_user(l.token, l.user.object_id, new_password)).has_value());
        BOOST_TEST(is_good(w, l));
    }
}

BOOST_AUTO_TEST_CASE(a_lost_race_for_the_note_fails_nothing) {
    plain_world<meddled_storage> w;
    register_user(w);
    const auto l = log_in(w);
    w.clock.advance(1h);
    w.memory.before_update_session = [&] { BOOST_TEST(is_good(w, l)); };
    BOOST_TEST(is_good(w, l));
    BOOST_TEST(session_of(w, l.token)->version == 1u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_session_that_is_not_used_is_over, World, worlds) {
    auto c = test_config();
    c.session_idle_timeout = 30min;
    World w(c);
    register_user(w);
    const auto l = log_in(w);
    const auto other = log_in(w);
    for (int n = 0; n < 10; ++n) {
        w.clock.advance(28min);
        BOOST_TEST(is_good(w, l));
    }
    BOOST_TEST(error_of(w.run(w.auth.authenticate(other.token))) == error::session_expired);
    BOOST_TEST(w.run(w.auth.list_sessions(l.token))->size() == 1u);
    w.clock.advance(30min);
    const auto is_over = [](const auto& r) { return error_of(r) == error::session_expired; };
    BOOST_TEST(is_over(w.run(w.auth.authenticate(l.token))));
    BOOST_TEST(is_over(w.run(w.auth.require_recent(l.token, 24h * 365))));
    BOOST_TEST(is_over(w.run(w.auth.list_sessions(l.token))));
    BOOST_TEST(is_over(w.run(w.auth.end_other_sessions(l.token))));
    BOOST_TEST(is_over(w.run(w.auth.end_session(l.token, std::string(64, '0')))));
    BOOST_TEST(is_over(w.run(w.auth.start_step_up(l.token))));
    BOOST_TEST(is_over(w.run(w.auth.confirm_password(l.token, password("correct horse")))));
    BOOST_TEST(is_over(w.run(w.auth.authenticate(l.token))));  // none of them has brought it back
}

BOOST_AUTO_TEST_CASE_TEMPLATE(use_does_not_make_a_session_older, World, worlds) {
    auto c = test_config();
    c.session_idle_timeout = 12h;
    c.session_lifetime = 24h;
    World w(c);
    register_user(w);
    const auto l = log_in(w);
    w.clock.advance(11h);
    BOOST_TEST(is_good(w, l));
    w.clock.advance(11h);
    BOOST_TEST(w.run(w.auth.confirm_password(l.token, password("correct horse"))).has_value());
    w.clock.set(l.expires_at);
    BOOST_TEST(error_of(w.run(w.auth.authenticate(l.token))) == error::session_expired);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_dear_asks_for_a_recent_proof, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in(w);
    w.clock.advance(60s);
    const auto u = w.run(w.auth.require_recent(l.token, 61s));
    BOOST_REQUIRE(u);
    BOOST_TEST(u->object_id == l.user.object_id);
    for (const auto age : {60s, 1s, 0s, -1s, std::chrono::seconds::min()})
        BOOST_TEST(error_of(w.run(w.auth.require_recent(l.token, age))) == error::fresh_login_required);
    BOOST_TEST(w.run(w.auth.require_recent(l.token, std::chrono::seconds::max())).has_value());
    BOOST_TEST(error_of(w.run(w.auth.require_recent(session_token("no"), 61s))) == error::unknown_token);
    BOOST_TEST(w.run(w.auth.confirm_password(l.token, password("correct horse"))).has_value());
    BOOST_TEST(w.run(w.auth.require_recent(l.token, 1s)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(users_see_where_they_are_logged_in, World, worlds) {
    World w;
    register_user(w);
    register_user(w, other_phone, "bob@example.com");
    log_in(w, other_phone);
    const auto first = log_in_from(w, home);
    w.clock.advance(1min);
    const auto second = log_in_from(w, cafe);
    w.clock.advance(10min);
    BOOST_TEST(is_good(w, first));
    const auto told = w.run(w.auth.list_sessions(second.token));
    BOOST_REQUIRE(told);
    BOOST_REQUIRE(told->size() == 2u);
    const auto& a = (*told)[1];
    const auto& b = (*told)[0];  // used by this, and opened later
    BOOST_TEST(!a.current);
    BOOST_TEST(a.device == "Mozilla/5.0 (home)");
    BOOST_TEST(a.network == "198.51.100.7");
    BOOST_TEST((a.opened_at == w.clock.now() - 11min && a.last_used_at == w.clock.now()));
    BOOST_TEST((a.expires_at == first.expires_at && a.auth_time == a.opened_at));
    BOOST_TEST(a.auth_methods == by_code);
    BOOST_TEST((a.kind == session_kind::login));
    BOOST_TEST(b.current);
    BOOST_TEST(b.device == "curl/8");
    for (const auto& i : *told) BOOST_TEST((i.id != first.token.str() && i.id != second.token.str()));
    BOOST_TEST(error_of(w.run(w.auth.authenticate(session_token(a.id)))) == error::unknown_token);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_session_that_rests_on_an_old_password_is_not_listed, World, worlds) {
    World w;
    register_user(w);
    log_in(w);
    const auto l = log_in(w);
    auto u = *w.memory.find_user(l.user.object_id);
    ++u.generation;  // by somebody who did not come to erase the sessions
    w.memory.update_user(u);
    const auto fresh = log_in(w);
    const auto told = w.run(w.auth.list_sessions(fresh.token));
    BOOST_REQUIRE(told);
    BOOST_TEST(told->size() == 1u);
    BOOST_TEST(error_of(w.run(w.auth.list_sessions(l.token))) == error::unknown_token);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(users_end_a_session_of_theirs, World, worlds) {
    World w;
    std::vector<event> told;
    w.observer.on_event = [&](const event& e) { told.push_back(e); };
    register_user(w);
    register_user(w, other_phone, "bob@example.com");
    const auto own = log_in(w);
    const auto lost = log_in(w);
    const auto bobs = log_in(w, other_phone);
    const auto id = [](const login_result& l) { return token_hasher()(l.token.str()); };
    told.clear();
    for (const auto& bad : {id(bobs), std::string(64, '0'), std::string(), std::string("x"), std::string(100000, 'a'),
                            std::string(lost.token.str()), std::string(64, '\0')})
        BOOST_TEST(error_of(w.run(w.auth.end_session(own.token, bad))) == error::invalid_parameter);
    BOOST_TEST(is_good(w, bobs));
    BOOST_TEST(error_of(w.run(w.auth.end_session(session_token("no"), id(own)))) == error::unknown_token);
    BOOST_TEST(is_good(w, own));
    told.clear();
    BOOST_TEST(w.run(w.auth.end_session(own.token, id(lost), cafe)).has_value());
    BOOST_TEST(error_of(w.run(w.auth.authenticate(lost.token))) == error::unknown_token);
    BOOST_REQUIRE(told.size() == 1u);
    BOOST_TEST((told[0].kind == event_kind::session_ended));
    BOOST_TEST(told[0].user_id == own.user.object_id);
    BOOST_TEST(told[0].address == "203.0.113.9");
    BOOST_TEST(error_of(w.run(w.auth.end_session(own.token, id(lost)))) == error::invalid_parameter);
    BOOST_TEST(is_good(w, own));
    told.clear();
    BOOST_TEST(w.run(w.auth.end_session(own.token, id(own))).has_value());
    BOOST_TEST(!is_good(w, own));
    BOOST_REQUIRE(told.size() == 1u);
    BOOST_TEST((told[0].kind == event_kind::logged_out));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(users_end_all_their_other_sessions, World, worlds) {
    World w;
    std::size_t ended = 0;
    w.observer.on_event = [&](const event& e) { ended += e.kind == event_kind::session_ended; };
    register_user(w);
    register_user(w, other_phone, "bob@example.com");
    const auto own = log_in(w);
    const auto bobs = log_in(w, other_phone);
    const std::vector<login_result> others{log_in(w), log_in(w), log_in(w)};
    BOOST_TEST(*w.run(w.auth.end_other_sessions(own.token)) == 3u);
    BOOST_TEST(ended == 1u);
    for (const auto& l : others) BOOST_TEST(error_of(w.run(w.auth.authenticate(l.token))) == error::unknown_token);
    BOOST_TEST(is_good(w, own));
    BOOST_TEST(is_good(w, bobs));
    BOOST_TEST(*w.run(w.auth.end_other_sessions(own.token)) == 0u);
    BOOST_TEST(ended == 1u);  // nothing was
    BOOST_TEST(error_of(w.run(w.auth.end_other_sessions(others[0].token))) == error::unknown_token);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_storage_that_fails_leaves_the_own_session, World, worlds) {
    for (const bool after : {false, true}) {
        for (std::size_t n = 1; n <= 4; ++n) {
            World w;
            register_user(w);
            const auto own = log_in(w);
            const auto lost = log_in(w);
            const auto nth = [&] { return w.storage.calls() + n; };
            const auto fail = [&](std::size_t at) { after ? w.storage.fail_after(at) : w.storage.fail_before(at); };
            fail(nth());
            const auto one = w.run(w.auth.end_session(own.token, token_hasher()(lost.token.str())));
            BOOST_TEST(error_of(one) == error::storage_unavailable);
            fail(nth());
            const auto all = w.run(w.auth.end_other_sessions(own.token));
            if (n <= 3) BOOST_TEST(error_of(all) == error::storage_unavailable);
            fail(0);
            BOOST_TEST(is_good(w, own));
            BOOST_TEST(w.run(w.auth.end_other_sessions(own.token)).has_value());
            BOOST_TEST(!is_good(w, lost));
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(each_flow_costs_what_is_documented, World, worlds) {
    auto c = test_config();
    c.trusted_device_lifetime = 24h;
    World w(c);
    register_user(w);
    const auto calls = [&](auto flow) {
        const auto before = w.storage.calls();
        BOOST_REQUIRE(w.run(flow()));
        return w.storage.calls() - before;
    };
    const password right("correct horse");
    const auto in = log_in_with_both(w);
    const auto other = token_hasher()(log_in(w).token.str());
    BOOST_TEST(calls([&] { return w.auth.require_recent(in.token, 60s); }) == 2u);
    BOOST_TEST(calls([&] { return w.auth.list_sessions(in.token); }) == 3u);
    BOOST_TEST(calls([&] { return w.auth.end_session(in.token, other); }) == 4u);
    BOOST_TEST(calls([&] { return w.auth.end_other_sessions(in.token); }) == 4u);
    BOOST_TEST(calls([&] { return w.auth.start_step_up(in.token); }) == 4u);
    const auto id = w.run(w.auth.start_step_up(in.token)).value().transaction_id;
    const auto code = w.transport.last_code();
    BOOST_TEST(calls([&] { return w.auth.finish_step_up(in.token, transaction_id(id), submitted_code(code)); }) == 6u);
    BOOST_TEST(calls([&] { return w.auth.confirm_password(in.token, right); }) == 5u);
    BOOST_TEST(calls([&] { return w.auth.trust_device(in.token); }) == 6u);
    const auto device = w.run(w.auth.trust_device(in.token)).value().token;
    BOOST_TEST(calls([&] { return w.auth.login_with_trusted_device(phone, right, device); }) == 8u);
    w.clock.advance(5min);  // and one more, to note the use
    BOOST_TEST(calls([&] { return w.auth.require_recent(in.token, 1h); }) == 3u);
}

// -- Not too many

BOOST_AUTO_TEST_CASE_TEMPLATE(a_login_too_many_ends_what_was_used_least_recently, World, worlds) {
    auto c = test_config();
    c.max_sessions_per_user = 3;
    World w(c);
    register_user(w);
    register_user(w, other_phone, "bob@example.com");
    const auto bobs = log_in(w, other_phone);
    std::vector<login_result> in;
    for (int n = 0; n < 3; ++n) {
        w.clock.advance(1min);
        in.push_back(log_in(w));
    }
    w.clock.advance(1h);
    BOOST_TEST(is_good(w, in[0]));
    in.push_back(log_in(w));
    BOOST_TEST(is_good(w, in[0]));
    BOOST_TEST(!is_good(w, in[1]));
    BOOST_TEST(is_good(w, in[2]));
    BOOST_TEST(is_good(w, in[3]));
    BOOST_TEST(is_good(w, bobs));
    BOOST_TEST(w.memory.find_sessions_of(in[0].user.object_id).size() == 3u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_new_login_always_counts, World, worlds) {
    auto c = test_config();
    c.max_sessions_per_user = 1;
    World w(c);  // whose clock stands still
    register_user(w);
    for (int n = 0; n < 5; ++n) {
        const auto l = log_in(w);
        BOOST_TEST(is_good(w, l));
        BOOST_TEST(w.memory.find_sessions_of(l.user.object_id).size() == 1u);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_login_does_not_fail_for_what_it_cannot_end, World, worlds) {
    auto c = test_config();
    c.max_sessions_per_user = 1;
    std::set<std::size_t> left;
    for (std::size_t n = 6; n <= 8; ++n) {
        for (const bool after : {false, true}) {
            World w(c);
            register_user(w);
            log_in(w);
            w.clock.advance(1min);
            auto s = w.run(w.auth.start_login(phone));
            const auto nth = w.storage.calls() + n;
            after ? w.storage.fail_after(nth) : w.storage.fail_before(nth);
            auto l = w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code())));
            BOOST_REQUIRE(l);
            BOOST_TEST(w.storage.calls() >= nth);
            BOOST_TEST(is_good(w, *l));
            left.insert(w.memory.find_sessions_of(l->user.object_id).size());
            w.clock.advance(1min);
            log_in(w);  // makes up for it
            BOOST_TEST(w.memory.find_sessions_of(l->user.object_id).size() == 1u);
        }
    }
    BOOST_TEST(left.contains(2));
}

BOOST_AUTO_TEST_CASE(many_logins_at_once_leave_as_many_as_may_be) {
    auto c = test_config();
    c.max_sessions_per_user = 3;
    c.identity_login_enabled = true;
    plain_world<memory_storage, ticking_clock> w(c);
    const auto id = register_user(w).object_id;
    for (int round = 0; round < 4; ++round) {
        const auto in = at_once(
            8, [&](std::size_t) { return w.auth.login_with_identity("ada@example.com", password("correct horse")); });
        std::size_t good = 0;
        for (const auto& l : in) {
            BOOST_REQUIRE(l->has_value());
            good += is_good(w, **l);
        }
        BOOST_TEST(good == 3u);
        BOOST_TEST(w.memory.find_sessions_of(id).size() == 3u);
        w.clock.advance(2h);
    }
}

BOOST_AUTO_TEST_SUITE_END()
