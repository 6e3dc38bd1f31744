// SPDX-License-Identifier: BSL-1.0
#include "flows/world.hpp"

using namespace flow_tests;

BOOST_AUTO_TEST_SUITE(flows_session)

BOOST_AUTO_TEST_CASE_TEMPLATE(token_lives_until_logout, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in(w);
    BOOST_TEST(w.run(w.auth.authenticate(l.token)).has_value());
    BOOST_TEST((*w.run(w.auth.logout(l.token)) == logout_outcome::ended));
    BOOST_TEST(error_of(w.run(w.auth.authenticate(l.token))) == error::unknown_token);
    BOOST_TEST((*w.run(w.auth.logout(l.token)) == logout_outcome::no_session));
    BOOST_TEST(error_of(w.run(w.auth.authenticate(session_token("")))) == error::unknown_token);
    BOOST_TEST(error_of(w.run(w.auth.authenticate(session_token(std::string(1000, 'A'))))) == error::unknown_token);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(token_expires, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in(w);
    w.clock.set(l.expires_at - 1ms);
    BOOST_TEST(w.run(w.auth.authenticate(l.token)).has_value());
    w.clock.advance(1ms);
    BOOST_TEST(error_of(w.run(w.auth.authenticate(l.token))) == error::session_expired);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(storage_holds_no_token, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in(w);
    BOOST_TEST(!w.memory.find_session(l.token));
    BOOST_TEST(w.memory.find_session(token_hasher()(l.token.str())).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(user_changes_his_own_properties, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in(w);
    w.clock.advance(5s);
    auto u = w.run(w.auth.update_user(l.token, l.user.object_id,
                                      {{"name", "\"Ada\""}, {"email", "\"NEW@example.com\""}, {"created", "1"}}));
    BOOST_REQUIRE(u);
    BOOST_TEST(u->properties.at("name") == "\"Ada\"");
    BOOST_TEST(u->identity == "new@example.com");
    BOOST_TEST((u->updated_at == w.clock.now()));
    BOOST_TEST(!u->properties.contains("created"));
    u = w.run(
        w.auth.update_user(l.token, l.user.object_id, {{"name", "null"}, {"phoneNumber", "\"+1 415 555 0100\""}}));
    BOOST_REQUIRE(u);
    BOOST_TEST(!u->properties.contains("name"));
    BOOST_TEST(w.memory.find_user(l.user.object_id)->version == u->version);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_may_not_change_does_not, World, worlds) {
    World w;
    register_user(w);
    const auto bob = register_user(w, other_phone, "bob@example.com");
    const auto l = log_in(w);
    const auto& id = l.user.object_id;
    BOOST_TEST(error_of(w.run(w.auth.update_user(l.token, bob.object_id, {{"a", "1"}}))) == error::not_permitted);
    BOOST_TEST(error_of(w.run(w.auth.update_user(session_token("no token"), id, {{"a", "1"}}))) ==
               error::unknown_token);
    BOOST_TEST(error_of(w.run(w.auth.update_user(l.token, id, {{"phoneNumber", "\"+14155550199\""}}))) ==
               error::invalid_parameter);
    BOOST_TEST(error_of(w.run(w.auth.update_user(l.token, id, {{"email", "\"bob@example.com\""}}))) ==
               error::user_exists);
    BOOST_TEST(error_of(w.run(w.auth.update_user(l.token, id, {{"email", "7"}}))) == error::invalid_parameter);
    BOOST_TEST(error_of(w.run(w.auth.update_user(l.token, id, {{"password", "\"short\""}}))) ==
               error::invalid_password);
    BOOST_TEST(error_of(w.run(w.auth.update_user(l.token, id, {{"a", "nonsense"}}))) == error::invalid_parameter);
    BOOST_TEST(w.memory.find_user(id)->properties.empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(new_password_ends_the_other_sessions, World, worlds) {
    World w;
    register_user(w);
    const auto other = log_in(w);
    const auto own = log_in(w);
    BOOST_REQUIRE(w.run(w.auth.update_user(own.token, own.user.object_id, {{"password", "\"battery staple\""}})));
    BOOST_TEST(w.run(w.auth.authenticate(own.token)).has_value());
    BOOST_TEST(error_of(w.run(w.auth.authenticate(other.token))) == error::unknown_token);
    BOOST_TEST(error_of(w.run(w.auth.start_two_factor_login(phone, password("correct horse")))) ==
               error::invalid_login);
    BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, password("battery staple"))).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(lost_race_does_not_lose_a_change, World, worlds) {
    World w;
    register_user(w);
    const auto l = log_in(w);
    w.storage.lose_race_on(w.storage.updates() + 1);
    auto u = w.run(w.auth.update_user(l.token, l.user.object_id, {{"name", "\"Ada\""}}));
    BOOST_REQUIRE(u);
    BOOST_TEST(w.memory.find_user(l.user.object_id)->properties.at("name") == "\"Ada\"");
}

BOOST_AUTO_TEST_SUITE_END()
