// SPDX-License-Identifier: BSL-1.0
// What a session rests on, what a change needs, and what clients may set.
#include "flows/world.hpp"

#include <vector>

using namespace flow_tests;

namespace {

const property_map new_password{{"password", "\"battery staple\""}};

template <class World, class Change>
void change_stored_user(World& w, Change change) {
    auto u = *w.memory.find_user_by_phone(*phone_number::parse(phone));
    change(u);
    BOOST_REQUIRE((w.memory.update_user(u) == write_result::done));
}

template <class World>
user stored_user(World& w) {
    return *w.memory.find_user_by_phone(*phone_number::parse(phone));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flows_accounts)

// ---- What a session rests on ----

BOOST_AUTO_TEST_CASE_TEMPLATE(a_session_ends_with_what_it_rests_on, World, worlds) {
    const std::vector<std::function<void(user&)>> changes{
        [](user& u) { u.password_hash = "another"; },
        [](user& u) { u.phone = *phone_number::parse(other_phone); },
        [](user& u) { ++u.generation; },
    };
    for (const auto& change : changes) {
        World w;
        register_user(w);
        const auto in = log_in(w);
        BOOST_TEST(w.run(w.auth.authenticate(in.token)).has_value());
        change_stored_user(w, change);
        BOOST_TEST(error_of(w.run(w.auth.authenticate(in.token))) == error::unknown_token);
        BOOST_TEST(error_of(w.run(w.auth.update_user(in.token, in.user.object_id, {{"a", "1"}}))) ==
                   error::unknown_token);
    }
    World w;
    register_user(w);
    const auto in = log_in(w);
    change_stored_user(w, [](user& u) { u.identity = "new@example.com"; });
    BOOST_TEST(w.run(w.auth.authenticate(in.token)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_session_of_an_older_version_is_good_until_all_are_ended, World, worlds) {
    World w;
    const auto u = register_user(w);
    const session older{token_hasher()("OLD"), u.object_id, w.clock.now(), w.clock.now() + 1h};
    BOOST_REQUIRE(w.memory.insert_session(older));
    BOOST_TEST(w.run(w.auth.authenticate(session_token("OLD"))).has_value());
    change_stored_user(w, [](user& stored) { ++stored.generation; });
    BOOST_TEST(error_of(w.run(w.auth.authenticate(session_token("OLD")))) == error::unknown_token);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_new_password_ends_sessions_also_when_the_storage_fails_behind_it, World, worlds) {
    // find_session, find_user, the counter, the update; then what is failed here.
    for (std::size_t behind = 1; behind <= 3; ++behind) {
        World w;
        register_user(w);
        const auto thief = log_in(w);
        const auto own = log_in(w);
        w.storage.fail_before(w.storage.calls() + 4 + behind);
        const auto changed = w.run(w.auth.update_user(own.token, own.user.object_id, new_password));
        w.storage.fail_before(0);
        BOOST_TEST(changed.has_value(), behind);
        BOOST_TEST(error_of(w.run(w.auth.authenticate(thief.token))) == error::unknown_token);
        // What failed was to clean up the others; or to store the own one anew; or the limits.
        BOOST_TEST(w.run(w.auth.authenticate(own.token)).has_value() == (behind != 2));
        BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, password("battery staple"))).has_value());
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_own_session_lives_as_long_as_it_would_have, World, worlds) {
    World w;
    register_user(w);
    const auto own = log_in(w);
    w.clock.advance(60s);
    BOOST_REQUIRE(w.run(w.auth.update_user(own.token, own.user.object_id, new_password)));
    const auto stored = w.memory.find_session(token_hasher()(own.token.str()));
    BOOST_TEST_REQUIRE(stored.has_value());
    BOOST_TEST((stored->expires_at == own.expires_at && stored->created_at == w.clock.now() - 60s));
    w.clock.set(own.expires_at);
    BOOST_TEST(error_of(w.run(w.auth.authenticate(own.token))) == error::session_expired);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_disabled_users_session_does_not_come_back, World, worlds) {
    World w;
    register_user(w);
    const auto in = log_in(w);
    const auto idle = log_in(w);
    change_stored_user(w, [](user& u) { u.enabled = false; });
    BOOST_TEST(error_of(w.run(w.auth.authenticate(in.token))) == error::account_disabled);
    change_stored_user(w, [](user& u) { u.enabled = true; });
    BOOST_TEST(error_of(w.run(w.auth.authenticate(in.token))) == error::unknown_token);

    change_stored_user(w, [](user& u) { u.enabled = false; });
    w.storage.fail_before(w.storage.calls() + 3);
    BOOST_TEST(error_of(w.run(w.auth.authenticate(idle.token))) == error::account_disabled);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(all_sessions_of_a_user_are_ended, World, worlds) {
    World w;
    const auto u = register_user(w);
    const auto one = log_in(w);
    const auto two = log_in(w);
    w.storage.lose_race_on(w.storage.updates() + 1);
    BOOST_TEST(w.run(w.auth.end_sessions(u.object_id)).has_value());
    BOOST_TEST(error_of(w.run(w.auth.authenticate(one.token))) == error::unknown_token);
    BOOST_TEST(!w.memory.find_session(token_hasher()(two.token.str())));
    BOOST_TEST(stored_user(w).generation == 1u);
    const auto three = log_in(w);
    BOOST_TEST(w.run(w.auth.authenticate(three.token)).has_value());

    w.storage.fail_before(w.storage.calls() + 3);  // what is cleaned up is over anyhow
    BOOST_TEST(w.run(w.auth.end_sessions(u.object_id)).has_value());
    w.storage.fail_before(0);
    BOOST_TEST(error_of(w.run(w.auth.authenticate(three.token))) == error::unknown_token);

    w.storage.fail_before(w.storage.calls() + 2);
    BOOST_TEST(error_of(w.run(w.auth.end_sessions(u.object_id))) == error::storage_unavailable);
    w.storage.fail_before(0);
    for (const auto& id : {std::string(), std::string("nobody"), std::string(1000, 'A')})
        BOOST_TEST(error_of(w.run(w.auth.end_sessions(id))) == error::invalid_parameter);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_login_that_all_sessions_are_ended_under_fails, World, worlds) {
    World w;
    register_user(w);
    auto s = w.run(w.auth.start_login(phone));
    w.hooks.on_login = [&](const user&) {
        change_stored_user(w, [](user& u) { ++u.generation; });
        return result<void>();
    };
    BOOST_TEST(error_of(w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code())))) ==
               error::invalid_login);
}

// ---- What a change needs ----

BOOST_AUTO_TEST_CASE_TEMPLATE(a_new_password_needs_a_fresh_login_or_the_old_one, World, worlds) {
    const std::vector<property_map> sensitive{new_password, {{"email", "\"new@example.com\""}}};
    for (auto changes : sensitive) {
        World w;
        register_user(w);
        const auto in = log_in(w);
        const auto change = [&] { return error_of(w.run(w.auth.update_user(in.token, in.user.object_id, changes))); };
        w.clock.advance(600s);
        BOOST_TEST(change() == error::fresh_login_required);
        BOOST_TEST(stored_user(w).identity == "ada@example.com");
        changes["currentPassword"] = "\"wrong password\"";
        BOOST_TEST(change() == error::invalid_login);
        changes["currentPassword"] = "7";
        BOOST_TEST(change() == error::invalid_parameter);
        changes["currentPassword"] = "\"correct horse\"";
        BOOST_TEST(change() == std::error_code());
        BOOST_TEST(stored_user(w).properties.empty());
        BOOST_TEST(w.run(w.auth.authenticate(in.token)).has_value());
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(users_are_told_of_changed_credentials, World, worlds) {
    World w;
    register_user(w);
    const auto in = log_in(w);
    const auto change = [&](const property_map& changes) {
        return w.run(w.auth.update_user(in.token, in.user.object_id, changes)).has_value();
    };
    const auto& c = w.auth.config();
    const auto code = w.transport.last_message_to(phone);
    BOOST_TEST(change({{"name", "\"Ada\""}, {"email", "\"ada@example.com\""}}));
    BOOST_TEST(w.transport.last_message_to(phone) == code);
    BOOST_TEST(change({{"email", "\"new@example.com\""}}));
    BOOST_TEST(w.transport.last_message_to(phone) == c.identity_changed_notice);
    BOOST_TEST(change(new_password));
    BOOST_TEST(w.transport.last_message_to(phone) == c.password_changed_notice);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_fresh_login_is_proof_enough, World, worlds) {
    World w;
    register_user(w);
    const auto in = log_in(w);
    w.clock.advance(599s);
    BOOST_TEST(w.run(w.auth.update_user(in.token, in.user.object_id, new_password)).has_value());
    w.clock.advance(1s);  // a new password makes the login no younger
    BOOST_TEST(error_of(w.run(w.auth.update_user(in.token, in.user.object_id, {{"password", "\"third secret\""}}))) ==
               error::fresh_login_required);
    // What does not change needs no proof: clients send whole user objects back.
    BOOST_TEST(w.run(w.auth.update_user(in.token, in.user.object_id, {{"email", "\"ada@example.com\""}, {"a", "1"}}))
                   .has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_fresh_login_does_not_make_a_wrong_password_right, World, worlds) {
    World w;
    register_user(w);
    const auto in = log_in(w);
    auto changes = new_password;
    changes["currentPassword"] = "\"wrong password\"";
    BOOST_TEST(error_of(w.run(w.auth.update_user(in.token, in.user.object_id, changes))) == error::invalid_login);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(no_proof_is_asked_for_where_that_is_switched_off, World, worlds) {
    auto c = test_config();
    c.fresh_login = 0s;
    World w(c);
    register_user(w);
    const auto in = log_in(w);
    w.clock.advance(24h);
    BOOST_TEST(w.run(w.auth.update_user(in.token, in.user.object_id, new_password)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(wrong_current_passwords_count_as_wrong_passwords, World, worlds) {
    World w;
    register_user(w);
    const auto in = log_in(w);
    auto changes = new_password;
    changes["currentPassword"] = "\"wrong password\"";
    int wrong = 0;
    for (int i = 0; i < 1000; ++i) {
        w.clock.advance(6min);
        wrong += error_of(w.run(w.auth.update_user(in.token, in.user.object_id, changes))) == error::invalid_login;
    }
    BOOST_TEST(wrong >= 40);
    BOOST_TEST(wrong <= 50);
}

// ---- What clients may set ----

BOOST_AUTO_TEST_CASE_TEMPLATE(clients_do_not_set_what_is_the_servers, World, worlds) {
    auto c = test_config();
    c.protected_properties = {"role"};
    World w(c);
    w.hooks.on_registration = [](user& u) {
        u.properties["role"] = "\"guest\"";
        return result<void>();
    };
    auto s = w.run(w.auth.start_registration(phone));
    auto f = form(s->transaction_id, w.transport.last_code());
    for (const auto* name : {"role", "ROLE", "userstatus", "Ownerid", "password_hash", "passwordHash", "PASSWORD",
                             "currentPassword", "__proto__", "constructor", "prototype"}) {
        f.properties = {{name, "1"}};
        BOOST_TEST(error_of(w.run(w.auth.finish_registration(f))) == error::reserved_property, name);
    }
    f.properties = {{"name", "1"}};
    BOOST_REQUIRE(w.run(w.auth.finish_registration(f)));
    const auto in = log_in(w);
    const auto change = [&](const property_map& p) {
        return error_of(w.run(w.auth.update_user(in.token, in.user.object_id, p)));
    };
    BOOST_TEST(change({{"role", "\"admin\""}, {"Role", "\"admin\""}, {"userstatus", "1"}}) == std::error_code());
    BOOST_TEST(change({{"role", "null"}}) == std::error_code());
    BOOST_TEST(change({{"__proto__", "{\"isAdmin\":true}"}}) == error::reserved_property);
    for (const auto* json : {R"({"__proto__":{"isAdmin":true}})", R"([1,[{"a":{"\u005f_proto__":1}}]])",
                             R"({"constructor":{"prototype":{"isAdmin":true}}})"}) {
        BOOST_TEST(change({{"address", json}}) == error::reserved_property, json);
    }
    BOOST_TEST(change({{"address", R"({"proto":["__proto__"]})"}, {"address2", "null"}}) == std::error_code());
    BOOST_TEST(change({{"address", "null"}}) == std::error_code());
    BOOST_TEST((stored_user(w).properties == property_map{{"name", "1"}, {"role", "\"guest\""}}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(clients_set_nothing_but_what_is_named, World, worlds) {
    auto c = test_config();
    c.client_properties = {"name"};
    World w(c);
    auto s = w.run(w.auth.start_registration(phone));
    auto f = form(s->transaction_id, w.transport.last_code());
    f.properties = {{"name", "1"}, {"isVerified", "true"}};
    BOOST_TEST(error_of(w.run(w.auth.finish_registration(f))) == error::reserved_property);
    f.properties = {{"name", "1"}};
    BOOST_REQUIRE(w.run(w.auth.finish_registration(f)));
    const auto in = log_in(w);
    BOOST_REQUIRE(w.run(w.auth.update_user(in.token, in.user.object_id, {{"isVerified", "true"}, {"name", "2"}})));
    BOOST_TEST((stored_user(w).properties == property_map{{"name", "2"}}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_hook_sees_each_change, World, worlds) {
    World w;
    register_user(w);
    const auto in = log_in(w);
    w.hooks.on_update = [](const user& before, user& changed) -> result<void> {
        if (changed.identity != before.identity) return failure(error::refused_by_hook, "Ask us.");
        changed.properties["changes"] = "1";
        changed.object_id = "X";
        changed.phone = *phone_number::parse(other_phone);
        return {};
    };
    const auto& id = in.user.object_id;
    BOOST_TEST(error_of(w.run(w.auth.update_user(in.token, id, {{"email", "\"new@example.com\""}}))) ==
               error::refused_by_hook);
    BOOST_TEST(stored_user(w).identity == "ada@example.com");
    BOOST_TEST(w.run(w.auth.update_user(in.token, id, {{"a", "1"}})).has_value());
    BOOST_TEST((stored_user(w).properties == property_map{{"a", "1"}, {"changes", "1"}}));
    BOOST_TEST(stored_user(w).object_id == id);
}

// ---- Which passwords are taken ----

BOOST_AUTO_TEST_CASE_TEMPLATE(passwords_that_anybody_would_guess_are_refused, World, worlds) {
    World w;
    auto s = w.run(w.auth.start_registration(phone));
    auto f = form(s->transaction_id, w.transport.last_code());
    for (const auto* easy : {"+14155550100", "14155550100", "4155550100", "(415) 555-0100", "0014155550100",
                             "Ada@Example.COM", "aaaaaaaa", "        ", "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"}) {
        f.password = password(easy);
        BOOST_TEST(error_of(w.run(w.auth.finish_registration(f))) == error::invalid_password, easy);
    }
    register_user(w);
    const auto in = log_in(w);
    BOOST_TEST(error_of(w.run(w.auth.update_user(in.token, in.user.object_id, {{"password", "\"4155550100\""}}))) ==
               error::invalid_password);
    // The identity that the user will have.
    BOOST_TEST(error_of(w.run(w.auth.update_user(in.token, in.user.object_id,
                                                 {{"email", "\"new@example.com\""},
                                                  {"password", "\"NEW@example.com\""}}))) == error::invalid_password);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_hook_refuses_passwords, World, worlds) {
    World w;
    w.hooks.on_password = [](const std::string& p, const user& u) -> result<void> {
        BOOST_TEST(u.phone.str() == phone);
        if (p == "correct horse" || p == "battery staple") return error::invalid_password;
        return {};
    };
    auto s = w.run(w.auth.start_registration(phone));
    auto f = form(s->transaction_id, w.transport.last_code());
    BOOST_TEST(error_of(w.run(w.auth.finish_registration(f))) == error::invalid_password);
    f.password = password("a better one");
    BOOST_REQUIRE(w.run(w.auth.finish_registration(f)));
    const auto in = log_in(w);
    BOOST_TEST(error_of(w.run(w.auth.update_user(in.token, in.user.object_id, new_password))) ==
               error::invalid_password);
    BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, password("a better one"))).has_value());
}

// ---- What a server knows and does not know ----

BOOST_AUTO_TEST_CASE_TEMPLATE(a_way_in_that_is_closed_is_closed_for_codes_that_are_out, World, worlds) {
    World w;
    register_user(w);
    auto by_code = w.run(w.auth.start_login(phone));
    const auto code = w.transport.last_code();
    auto by_password = w.run(w.auth.start_two_factor_login(phone, password("correct horse")));
    const auto second_code = w.transport.last_code();
    auto c = test_config();
    c.login_enabled = false;
    authenticator closed(c, w.memory, w.transport, w.clock);
    BOOST_TEST(error_of(closed.finish_login(by_code->transaction_id, submitted_code(code))) == error::login_disabled);
    c.login_enabled = true;
    c.code_login_enabled = false;
    authenticator half_closed(c, w.memory, w.transport, w.clock);
    BOOST_TEST(error_of(half_closed.finish_login(by_code->transaction_id, submitted_code(code))) ==
               error::login_disabled);
    BOOST_TEST(half_closed.finish_login(by_password->transaction_id, submitted_code(second_code)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_key_that_this_server_does_not_have_costs_no_try, World, worlds) {
    World w;
    register_user(w);
    auto s = w.run(w.auth.start_login(phone));
    const auto code = w.transport.last_code();
    auto decoy = w.run(w.auth.start_login(other_phone));
    auto c = test_config();
    c.code_keys = {{"k2", std::string(32, 'n')}};
    authenticator behind(c, w.memory, w.transport, w.clock);
    w.clock.advance(30s);
    const auto calls = w.transport.calls();
    for (const auto& id : {s->transaction_id, decoy->transaction_id}) {
        BOOST_TEST(error_of(behind.finish_login(id, submitted_code(code))) == error::storage_unavailable);
        BOOST_TEST(error_of(behind.resend(id)) == error::storage_unavailable);
    }
    BOOST_TEST(w.transport.calls() == calls);
    BOOST_TEST(w.memory.find_transaction(s->transaction_id)->tries == 0u);
    BOOST_TEST(w.memory.find_transaction(s->transaction_id)->sends == 1u);
    BOOST_TEST(taken(w, "codes/login/hour:" + phone, 10) == 1);
    BOOST_TEST(w.run(w.auth.finish_login(s->transaction_id, submitted_code(code))).has_value());

    s = w.run(w.auth.start_login(phone));
    w.clock.advance(c.code_lifetime);
    BOOST_TEST(error_of(behind.finish_login(s->transaction_id, submitted_code(code))) == error::code_expired);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_unreadable_password_hash_is_a_wrong_password, World, worlds) {
    auto c = test_config();
    c.identity_login_enabled = true;
    World w(c);
    register_user(w);
    change_stored_user(w, [](user& u) { u.password_hash = "$2b$12$0123456789012345678901"; });
    int told = 0;
    w.observer.on_event = [&](const event& e) {
        told += e.kind == event_kind::storage_error && e.reason == error::internal;
    };
    BOOST_TEST(error_of(w.run(w.auth.start_two_factor_login(phone, password("correct horse")))) ==
               error::invalid_login);
    BOOST_TEST(error_of(w.run(w.auth.login_with_identity("ada@example.com", password("correct horse")))) ==
               error::invalid_login);
    BOOST_TEST(told == 2);
    for (int i = 0; i < 30; ++i)
        (void)w.run(w.auth.login_with_identity("ada@example.com", password("correct horse"),
                                               client_info("203.0.113." + std::to_string(i))));
    BOOST_TEST(error_of(w.run(w.auth.login_with_identity("ada@example.com", password("correct horse"),
                                                         client_info("192.0.2.1")))) == error::too_many_failures);
}

BOOST_AUTO_TEST_CASE(an_overloaded_hasher_costs_a_registration_no_try) {
    struct busy_passwords : quick_passwords {
        bool busy = true;
        result<std::string> hash(const std::string& p) const {
            return busy ? result<std::string>(error::overloaded) : quick_passwords::hash(p);
        }
    };
    memory_storage storage;
    testing::scripted_transport transport;
    testing::manual_clock clock;
    busy_passwords passwords;
    authenticator auth(test_config(), storage, transport, clock, passwords);
    auto s = auth.start_registration(phone);
    const auto f = form(s->transaction_id, transport.last_code());
    for (int i = 0; i < 20; ++i) BOOST_TEST(error_of(auth.finish_registration(f)) == error::overloaded);
    BOOST_TEST(storage.find_transaction(s->transaction_id)->tries == 0u);
    passwords.busy = false;
    BOOST_TEST(auth.finish_registration(f).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_message_says_what_its_code_is_for, World, worlds) {
    World w;
    register_user(w);
    BOOST_TEST(w.transport.last_message().find("to sign up. Do not share it.") != std::string::npos);
    log_in(w);
    BOOST_TEST(w.transport.last_message().find("to log in. Do not share it.") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
