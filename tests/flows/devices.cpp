// SPDX-License-Identifier: BSL-1.0
// Trusted devices spare their users the code of two-factor logins, and nothing else.
#include "flows/meddling.hpp"

#include <phoneauth/rules/sessions.hpp>

#include <algorithm>
#include <set>
#include <vector>

using namespace flow_tests;

namespace {

const password right("correct horse");
const password bad("wrong horse");
const client_info home{"198.51.100.7", "Mozilla/5.0 (home)"};
const client_info stranger{"203.0.113.9", "curl/8"};

config with_devices() {
    auto c = test_config();
    c.trusted_device_lifetime = 90 * 24h;
    c.session_lifetime = 24h;
    return c;
}

template <class World>
result<login_result> enter(World& w, const device_token& device, const password& secret = right,
                           const std::string& number = phone, const client_info& from = {}) {
    return w.run(w.auth.login_with_trusted_device(number, secret, device, from));
}

template <class World>
device_token trust(World& w, const session_token& session, const client_info& from = {}) {
    auto d = w.run(w.auth.trust_device(session, from));
    BOOST_REQUIRE(d);
    return d->token;
}

/// A user who is logged in with both factors and trusts a device.
template <class World>
struct household {
    explicit household(config c = with_devices()) : w(std::move(c)) {
        register_user(w);
        in = log_in_with_both(w);
        device = trust(w, in->token);
    }

    World w;
    std::optional<login_result> in;
    device_token device;
};

template <class World>
std::string id_of_device(World& w, const session_token& session) {
    const auto told = w.run(w.auth.list_sessions(session)).value();
    for (const auto& i : told)
        if (i.kind == session_kind::trusted_device) return i.id;
    return {};
}

template <class World>
std::size_t stored(World& w, const std::string& user_id, session_kind kind) {
    const auto all = w.memory.find_sessions_of(user_id);
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](auto& s) { return s.kind == kind; }));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flows_devices)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_trusted_device_takes_the_place_of_the_code, World, worlds) {
    World w(with_devices());
    register_user(w);
    const auto l = log_in_with_both(w, phone, home);
    const auto d = w.run(w.auth.trust_device(l.token, home));
    BOOST_REQUIRE(d);
    BOOST_TEST((d->expires_at == w.clock.now() + 90 * 24h));
    BOOST_TEST(d->token.str().size() == 36u);
    const auto sent = w.transport.calls();
    w.clock.set(d->expires_at - 1ms);  // long after the session
    BOOST_TEST(error_of(w.run(w.auth.authenticate(l.token))) == error::session_expired);
    const auto in = enter(w, d->token, right, phone, home);
    BOOST_REQUIRE(in);
    BOOST_TEST(in->user.object_id == l.user.object_id);
    BOOST_TEST(w.transport.calls() == sent);
    BOOST_TEST(w.hooks.entered == 2);
    const auto s = session_of(w, in->token);
    BOOST_REQUIRE(s);
    BOOST_TEST((s->kind == session_kind::login));
    BOOST_TEST(s->auth_methods == (by_password | by_trusted_device));
    BOOST_TEST((s->expires_at == w.clock.now() + 24h));
    const auto told = w.run(w.auth.list_sessions(in->token)).value();
    BOOST_REQUIRE(told.size() == 2u);
    const auto& i = told[0].kind == session_kind::trusted_device ? told[0] : told[1];
    BOOST_TEST(i.device == "Mozilla/5.0 (home)");
    BOOST_TEST(i.network == "198.51.100.7");
    BOOST_TEST(!i.current);
    BOOST_TEST((i.last_used_at == w.clock.now() && i.expires_at == d->expires_at));
    BOOST_TEST((i.opened_at == l.expires_at - 24h && i.auth_methods == (by_code | by_password)));
    w.clock.advance(1ms);
    BOOST_TEST(error_of(enter(w, d->token)) == error::invalid_login);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(devices_are_off_unless_somebody_wants_them, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in_with_both(w);
    BOOST_TEST(error_of(w.run(w.auth.trust_device(l.token))) == error::operation_disabled);
    BOOST_TEST(error_of(enter(w, device_token("x"))) == error::operation_disabled);
    auto c = with_devices();
    c.login_enabled = false;
    World closed(c);
    BOOST_TEST(error_of(enter(closed, device_token("x"))) == error::login_disabled);
    BOOST_TEST(error_of(w.run(w.auth.trust_device(session_token("no")))) == error::operation_disabled);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(trust_needs_both_factors_a_short_while_ago, World, worlds) {
    World w(with_devices());
    const auto refuses = [&](const session_token& t) {
        return error_of(w.run(w.auth.trust_device(t))) == error::fresh_login_required;
    };
    register_user(w);
    const auto by_one = log_in(w);
    BOOST_TEST(refuses(by_one.token));
    BOOST_TEST(w.run(w.auth.confirm_password(by_one.token, right)).has_value());
    BOOST_TEST(w.run(w.auth.trust_device(by_one.token)).has_value());
    const auto l = log_in_with_both(w);
    w.clock.advance(w.auth.config().fresh_login);
    BOOST_TEST(refuses(l.token));
    // Whoever has found a session and knows the password has not the phone.
    BOOST_TEST(w.run(w.auth.confirm_password(l.token, right)).has_value());
    BOOST_TEST(refuses(l.token));
    auto s = w.run(w.auth.start_step_up(l.token));
    w.run(w.auth.finish_step_up(l.token, s->transaction_id, submitted_code(w.transport.last_code()))).value();
    const auto device = trust(w, l.token);
    // A device vouches for no other.
    BOOST_TEST(refuses(enter(w, device)->token));
    BOOST_TEST(error_of(w.run(w.auth.trust_device(session_token("no")))) == error::unknown_token);
    BOOST_TEST(error_of(w.run(w.auth.trust_device(session_token(device.str())))) == error::unknown_token);
    BOOST_TEST(stored(w, l.user.object_id, session_kind::trusted_device) == 2u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(whatever_is_wrong_is_one_error, World, worlds) {
    household<World> h;
    auto& w = h.w;
    register_user(w, other_phone, "bob@example.com");
    const auto bobs = trust(w, log_in_with_both(w, other_phone).token);
    const auto refuses = [](const auto& r) {
        return error_of(r) == error::invalid_login && !r.error().retry_after && !r.error().tries_left;
    };
    BOOST_TEST(refuses(enter(w, h.device, bad)));
    BOOST_TEST(refuses(enter(w, h.device, password(""))));
    BOOST_TEST(refuses(enter(w, h.device, right, "+14155550177")));  // whom nobody knows
    BOOST_TEST(refuses(enter(w, bobs)));
    BOOST_TEST(refuses(enter(w, h.device, right, other_phone)));
    for (const auto& no_device :
         {std::string(), std::string("x"), std::string(100000, 'A'), std::string(64, '\0'), h.in->token.str() + "",
          id_of_device(w, h.in->token), token_hasher()(h.in->token.str())}) {
        w.clock.advance(20min);
        BOOST_TEST(refuses(enter(w, device_token(secret_string(no_device)))));
    }
    BOOST_TEST(error_of(enter(w, h.device, right, "12")) == error::invalid_phone_number);
    BOOST_TEST(enter(w, h.device).has_value());
    BOOST_TEST(enter(w, bobs, right, other_phone).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_token_of_a_device_is_none_of_a_session, World, worlds) {
    household<World> h;
    auto& w = h.w;
    const std::string token(h.device.str());
    token_hasher hash;
    const auto id = id_of_device(w, h.in->token);
    BOOST_REQUIRE(id.size() == 64u);
    for (const auto& text : {token, "device:" + token, hash(token), "device:" + hash(token), id, hash(id)}) {
        const session_token presented{secret_string(text)};
        BOOST_TEST(error_of(w.run(w.auth.authenticate(presented))) == error::unknown_token);
        BOOST_TEST(error_of(w.run(w.auth.list_sessions(presented))) == error::unknown_token);
        BOOST_TEST((*w.run(w.auth.logout(presented)) == logout_outcome::no_session));
    }
    // What finds it is longer than any version of the library takes for a token.
    BOOST_TEST(("device:" + hash(token)).size() > 64u);
    BOOST_TEST(id == hash("device:" + hash(token)));
    BOOST_TEST(enter(w, h.device).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_device_ends_with_what_it_rests_on, World, worlds) {
    const auto refuses = [](World& w, const device_token& d, const password& p = right,
                            const std::string& number = phone) {
        return error_of(enter(w, d, p, number)) == error::invalid_login;
    };
    const auto change = [](household<World>& h, auto f) {
        auto u = *h.w.memory.find_user(h.in->user.object_id);
        f(u);
        BOOST_REQUIRE((h.w.memory.update_user(u) == write_result::done));
    };
    {
        household<World> h;
        const property_map new_password{{"password", "\"battery staple\""}};
        BOOST_REQUIRE(h.w.run(h.w.auth.update_user(h.in->token, h.in->user.object_id, new_password)));
        BOOST_TEST(refuses(h.w, h.device));
        BOOST_TEST(refuses(h.w, h.device, password("battery staple")));
        BOOST_TEST(stored(h.w, h.in->user.object_id, session_kind::trusted_device) == 0u);
    }
    {
        household<World> h;
        change(h, [](user& u) { ++u.generation; });
        BOOST_TEST(refuses(h.w, h.device));
        BOOST_TEST(id_of_device(h.w, log_in(h.w).token) == "");
    }
    {
        household<World> h;
        change(h, [](user& u) { u.phone = *phone_number::parse("+14155550177"); });
        BOOST_TEST(refuses(h.w, h.device));
        BOOST_TEST(refuses(h.w, h.device, right, "+14155550177"));
    }
    {
        household<World> h;
        BOOST_REQUIRE(h.w.run(h.w.auth.end_session(h.in->token, id_of_device(h.w, h.in->token))));
        BOOST_TEST(refuses(h.w, h.device));
    }
    {
        household<World> h;
        BOOST_TEST(*h.w.run(h.w.auth.end_other_sessions(h.in->token)) == 1u);
        BOOST_TEST(refuses(h.w, h.device));
        BOOST_TEST(h.w.run(h.w.auth.authenticate(h.in->token)).has_value());
    }
    {
        household<World> h;
        BOOST_REQUIRE(h.w.run(h.w.auth.end_sessions(h.in->user.object_id)));
        BOOST_TEST(refuses(h.w, h.device));
    }
    {
        household<World> h;  // and it survives its session
        BOOST_REQUIRE(h.w.run(h.w.auth.logout(h.in->token)));
        BOOST_TEST(enter(h.w, h.device).has_value());
        change(h, [](user& u) { u.enabled = false; });
        BOOST_TEST(error_of(enter(h.w, h.device)) == error::account_disabled);
        BOOST_TEST(refuses(h.w, h.device, bad));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_hook_may_refuse, World, worlds) {
    household<World> h;
    h.w.hooks.on_login = [](const user&) { return result<void>(error::refused_by_hook); };
    BOOST_TEST(error_of(enter(h.w, h.device)) == error::refused_by_hook);
    BOOST_TEST(error_of(enter(h.w, h.device, bad)) == error::invalid_login);
    h.w.hooks.on_login = [](const user&) { return result<void>(); };
    BOOST_TEST(enter(h.w, h.device).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nobody_fills_the_storage_with_devices, World, worlds) {
    household<World> h;
    auto& w = h.w;
    int trusted = 1;
    for (int n = 0; n < 30; ++n) {
        const auto d = w.run(w.auth.trust_device(h.in->token));
        trusted += d.has_value();
        if (!d) BOOST_TEST(error_of(d) == error::too_many_failures);
        if (!d) BOOST_TEST(d.error().retry_after.has_value());
    }
    BOOST_TEST(trusted == 5);
    BOOST_TEST(stored(w, h.in->user.object_id, session_kind::trusted_device) == 5u);
}

// -- Guesses

BOOST_AUTO_TEST_CASE_TEMPLATE(nobody_learns_a_password_without_the_device, World, worlds) {
    household<World> h;
    auto& w = h.w;
    // How far strangers' failures are ahead: a wrong guess moves it, and a right one with another device no less.
    const auto failures = [&] {
        cell_batch look(w.clock.now());
        look.add({.action = cell_action::ask, .room = 24h * 365}, "wrong/password:" + phone);
        return std::max(w.memory.take_cells(look).cells[0] - w.clock.now(), std::chrono::milliseconds(0));
    };
    BOOST_TEST(failures().count() == 0);
    (void)enter(w, device_token("x"), bad);
    const auto one = failures();
    BOOST_TEST(one.count() > 0);
    (void)enter(w, device_token("x"), right);
    BOOST_TEST((failures() == 2 * one));
    (void)enter(w, h.device, bad);
    BOOST_TEST((failures() == 3 * one));
    // The right one from the right device is none; without networks it ends the others, as any login.
    BOOST_TEST(enter(w, h.device).has_value());
    BOOST_TEST(failures().count() == 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_concealed_is_refused_and_the_code_is_the_way_in, World, worlds) {
    household<World> h;
    auto& w = h.w;
    int n = 0;
    const auto another = [&] {
        ++n;
        return client_info("203.0.113." + std::to_string(n));
    };
    int wrong_passwords = 0;
    int locked = 0;
    w.observer.on_event = [&](const event& e) {
        wrong_passwords += e.kind == event_kind::wrong_password;
        locked += e.kind == event_kind::locked;
    };
    for (int guess = 0; guess < 40; ++guess)
        BOOST_TEST(error_of(enter(w, h.device, bad, phone, another())) == error::invalid_login);
    // Now nobody is told, and to the right password less than ever.
    for (const auto* secret : {&bad, &right})
        for (const auto& device : {h.device, device_token("x")})
            BOOST_TEST(error_of(enter(w, device, *secret, phone, another())) == error::invalid_login);
    BOOST_TEST(wrong_passwords == 44);  // one each, whatever it was
    BOOST_TEST(locked == 5);            // when the last guess was spent, and whenever there was none
    const auto sent = w.transport.calls();
    const auto s = w.run(w.auth.start_two_factor_login(phone, right, another()));
    BOOST_REQUIRE(s);
    BOOST_TEST(w.transport.calls() == sent + 1);
    const auto l = w.run(
        w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), client_info("192.0.2.1")));
    BOOST_REQUIRE(l);
    // And its network is known from now on, so that strangers do not stand in the way.
    BOOST_TEST(enter(w, h.device, right, phone, client_info("192.0.2.1")).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(one_network_guesses_no_more_than_elsewhere, World, worlds) {
    household<World> h;
    int told = 0;
    for (int n = 0; n < 30; ++n) {
        const auto e = error_of(enter(h.w, h.device, bad, phone, stranger));
        told += e == error::invalid_login;
        if (e != error::invalid_login) BOOST_TEST(e == error::too_many_failures);
    }
    BOOST_TEST(told == 10);
    BOOST_TEST(error_of(h.w.run(h.w.auth.start_two_factor_login(phone, bad, stranger))) == error::too_many_failures);
}

// -- Meanwhile

BOOST_AUTO_TEST_CASE(a_device_that_is_ended_meanwhile_lets_nobody_in) {
    household<plain_world<meddled_storage>> h;
    auto& w = h.w;
    w.memory.after_insert_session = [&] { BOOST_TEST(*w.auth.end_other_sessions(h.in->token) == 2u); };
    BOOST_TEST(error_of(enter(w, h.device)) == error::invalid_login);
    BOOST_TEST(w.memory.find_sessions_of(h.in->user.object_id).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_device_that_lets_somebody_in_while_it_ends_ends_that_session_too) {
    household<plain_world<meddled_storage>> h;
    auto& w = h.w;
    std::optional<result<login_result>> meanwhile;
    w.memory.before_erase_sessions = [&] { meanwhile = enter(w, h.device); };
    BOOST_TEST(*w.auth.end_other_sessions(h.in->token) == 2u);
    BOOST_REQUIRE(meanwhile->has_value());
    BOOST_TEST(error_of(w.auth.authenticate((*meanwhile)->token)) == error::unknown_token);
    BOOST_TEST(w.memory.find_sessions_of(h.in->user.object_id).size() == 1u);
    const auto thief = log_in_with_both(w);
    w.memory.before_erase_sessions = [&] { w.auth.trust_device(thief.token).value(); };
    BOOST_TEST(*w.auth.end_other_sessions(h.in->token) == 2u);
    BOOST_TEST(w.memory.find_sessions_of(h.in->user.object_id).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_device_alone_that_is_ended_meanwhile_lets_nobody_in) {
    household<plain_world<meddled_storage>> h;
    auto& w = h.w;
    w.memory.after_insert_session = [&] {
        BOOST_TEST(w.auth.end_session(h.in->token, id_of_device(w, h.in->token)).has_value());
    };
    BOOST_TEST(error_of(enter(w, h.device)) == error::invalid_login);
    BOOST_TEST(w.memory.find_sessions_of(h.in->user.object_id).size() == 1u);
    BOOST_TEST(w.hooks.entered == 1);
}

BOOST_AUTO_TEST_CASE(a_password_that_is_changed_meanwhile_lets_nobody_in) {
    household<plain_world<meddled_storage>> h;
    auto& w = h.w;
    w.memory.after_insert_session = [&] {
        const property_map changes{{"password", "\"battery staple\""}};
        w.auth.update_user(h.in->token, h.in->user.object_id, changes).value();
    };
    BOOST_TEST(error_of(enter(w, h.device)) == error::invalid_login);
    BOOST_TEST(w.memory.find_sessions_of(h.in->user.object_id).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_session_that_is_ended_meanwhile_trusts_nothing) {
    household<plain_world<meddled_storage>> h;
    auto& w = h.w;
    const auto thief = log_in_with_both(w);
    w.memory.after_insert_session = [&] { w.auth.end_other_sessions(h.in->token).value(); };
    BOOST_TEST(error_of(w.auth.trust_device(thief.token)) == error::unknown_token);
    BOOST_TEST(w.memory.find_sessions_of(h.in->user.object_id).size() == 1u);
    // Or the other way round: they are ended before the device is stored.
    const auto again = log_in_with_both(w);
    w.memory.after_insert_session = [&] { w.auth.logout(again.token).value(); };
    BOOST_TEST(error_of(w.auth.trust_device(again.token)) == error::unknown_token);
    BOOST_TEST(stored(w, h.in->user.object_id, session_kind::trusted_device) == 0u);
}

BOOST_AUTO_TEST_CASE(a_device_rests_on_the_password_it_was_trusted_with) {
    household<plain_world<meddled_storage>> h;
    auto& w = h.w;
    w.memory.after_insert_session = [&] {
        const property_map changes{{"password", "\"battery staple\""}};
        w.auth.update_user(h.in->token, h.in->user.object_id, changes).value();
    };
    BOOST_TEST(error_of(w.auth.trust_device(h.in->token)) == error::fresh_login_required);
    BOOST_TEST(stored(w, h.in->user.object_id, session_kind::trusted_device) == 0u);
}

BOOST_AUTO_TEST_CASE(one_device_lets_its_user_in_however_often_at_once) {
    for (int round = 0; round < 4; ++round) {
        household<plain_world<>> h;
        const auto all = at_once(8, [&](std::size_t) { return enter(h.w, h.device); });
        std::set<std::string> tokens;
        for (const auto& r : all) {
            BOOST_REQUIRE(r->has_value());
            tokens.insert((*r)->token.str() + "");
            BOOST_TEST(h.w.auth.authenticate((*r)->token).has_value());
        }
        BOOST_TEST(tokens.size() == 8u);
        BOOST_TEST(h.w.memory.find_session(id_of_device(h.w, h.in->token))->version == 8u);
    }
}

BOOST_AUTO_TEST_CASE(whoever_ends_everything_at_once_with_logins_has_ended_everything) {
    for (int round = 0; round < 4; ++round) {
        household<plain_world<>> h;
        const auto all = at_once(8, [&](std::size_t n) {
            if (n == 0) return h.w.auth.end_other_sessions(h.in->token).transform([](std::size_t) { return true; });
            return enter(h.w, h.device).transform([](const login_result&) { return true; });
        });
        BOOST_TEST(all[0]->has_value());
        for (const auto& r : all)
            if (!*r) BOOST_TEST(error_of(*r) == error::invalid_login);
        BOOST_TEST(h.w.memory.find_sessions_of(h.in->user.object_id).size() == 1u);
        BOOST_TEST(h.w.auth.authenticate(h.in->token).has_value());
    }
}

// -- Not too many

BOOST_AUTO_TEST_CASE_TEMPLATE(a_device_too_many_ends_what_was_used_least_recently, World, worlds) {
    auto c = with_devices();
    c.max_sessions_per_user = 2;
    World w(c);
    register_user(w);
    const auto l = log_in_with_both(w);
    std::vector<device_token> devices;
    for (int n = 0; n < 2; ++n) {
        w.clock.advance(1min);
        devices.push_back(trust(w, l.token));
    }
    w.clock.advance(1min);
    BOOST_TEST(enter(w, devices[0]).has_value());
    w.clock.advance(1min);
    devices.push_back(trust(w, l.token));
    BOOST_TEST(enter(w, devices[2]).has_value());
    BOOST_TEST(enter(w, devices[0]).has_value());
    BOOST_TEST(error_of(enter(w, devices[1])) == error::invalid_login);
    BOOST_TEST(stored(w, l.user.object_id, session_kind::trusted_device) == 2u);
    BOOST_TEST(stored(w, l.user.object_id, session_kind::login) == 2u);
}

// -- What fails

BOOST_AUTO_TEST_CASE_TEMPLATE(a_fault_leaves_no_device_that_nobody_has, World, worlds) {
    for (const bool after : {false, true}) {
        for (std::size_t n = 1;; ++n) {
            World w(with_devices());
            register_user(w);
            const auto l = log_in_with_both(w);
            const auto nth = w.storage.calls() + n;
            after ? w.storage.fail_after(nth) : w.storage.fail_before(nth);
            const auto d = w.run(w.auth.trust_device(l.token));
            const bool fired = w.storage.calls() >= nth;
            w.storage.fail_before(0);
            w.storage.fail_after(0);
            if (!d) BOOST_TEST(error_of(d) == error::storage_unavailable);
            BOOST_TEST(stored(w, l.user.object_id, session_kind::trusted_device) == (d ? 1u : 0u));
            const auto device = d ? d->token : trust(w, l.token);
            BOOST_TEST(enter(w, device).has_value());
            if (!fired) break;
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_fault_opens_one_session_or_none, World, worlds) {
    for (const bool after : {false, true}) {
        for (std::size_t n = 1;; ++n) {
            household<World> h;
            auto& w = h.w;
            const auto nth = w.storage.calls() + n;
            after ? w.storage.fail_after(nth) : w.storage.fail_before(nth);
            const auto l = enter(w, h.device);
            const bool fired = w.storage.calls() >= nth;
            w.storage.fail_before(0);
            w.storage.fail_after(0);
            if (!l) BOOST_TEST(error_of(l) == error::storage_unavailable);
            BOOST_TEST(stored(w, h.in->user.object_id, session_kind::login) == (l ? 2u : 1u));
            BOOST_TEST(enter(w, h.device).has_value());
            if (!fired) break;
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_observer_is_told, World, worlds) {
    World w(with_devices());
    register_user(w);
    const auto l = log_in_with_both(w);
    std::vector<event> told;
    w.observer.on_event = [&](const event& e) { told.push_back(e); };
    const auto device = trust(w, l.token, home);
    (void)enter(w, device, bad, phone, home);
    (void)enter(w, device_token("x"), right, phone, home);
    BOOST_TEST(enter(w, device, right, phone, home).has_value());
    using enum event_kind;
    const std::vector<event_kind> expected{device_trusted, wrong_password, wrong_password, logged_in};
    BOOST_REQUIRE(told.size() == expected.size());
    for (std::size_t i = 0; i < told.size(); ++i) {
        BOOST_TEST((told[i].kind == expected[i]), name_of(told[i].kind));
        BOOST_TEST(told[i].address == home.address);
        BOOST_TEST(told[i].phone == phone_number::parse(phone)->masked());
    }
}

BOOST_AUTO_TEST_SUITE_END()
