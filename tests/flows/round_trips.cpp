// SPDX-License-Identifier: BSL-1.0
// How many calls of the storage, and so round trips to a database, each flow costs, as documented in authenticator.hpp.
#include "flows/world.hpp"

using namespace flow_tests;

namespace {

template <class World, class Flow>
std::size_t calls_of(World& w, Flow flow) {
    const auto before = w.storage.calls();
    BOOST_REQUIRE(w.run(flow()).has_value());
    return w.storage.calls() - before;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flows_round_trips)

BOOST_AUTO_TEST_CASE_TEMPLATE(each_flow_costs_what_is_documented, World, worlds) {
    auto c = test_config();
    c.identity_login_enabled = true;
    World w(c);

    BOOST_TEST(calls_of(w, [&] { return w.auth.start_registration(other_phone); }) == 3u);
    auto s = w.run(w.auth.start_registration(phone));
    BOOST_TEST(calls_of(w, [&] {
                   return w.auth.finish_registration(form(s->transaction_id, w.transport.last_code()));
               }) == 4u);

    BOOST_TEST(calls_of(w, [&] { return w.auth.start_login(phone); }) == 4u);
    BOOST_TEST(calls_of(w, [&] { return w.auth.start_two_factor_login(phone, password("correct horse")); }) == 6u);
    s = w.run(w.auth.start_login(phone));
    w.clock.advance(30s);
    BOOST_TEST(calls_of(w, [&] { return w.auth.resend(s->transaction_id); }) == 4u);
    BOOST_TEST(calls_of(w, [&] {
                   return w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()));
               }) == 6u);
    BOOST_TEST(calls_of(w, [&] { return w.auth.login_with_identity("ada@example.com", password("correct horse")); }) ==
               7u);
    const auto in = log_in(w);
    BOOST_TEST(calls_of(w, [&] { return w.auth.authenticate(in.token); }) == 2u);
    BOOST_TEST(calls_of(w, [&] { return w.auth.update_user(in.token, in.user.object_id, {{"a", "1"}}); }) == 3u);
    const property_map new_password{{"password", "\"battery staple\""}};
    BOOST_TEST(calls_of(w, [&] { return w.auth.update_user(in.token, in.user.object_id, new_password); }) == 7u);
    const property_map proved{{"password", "\"correct horse\""}, {"currentPassword", "\"battery staple\""}};
    BOOST_TEST(calls_of(w, [&] { return w.auth.update_user(in.token, in.user.object_id, proved); }) == 10u);
    BOOST_TEST(calls_of(w, [&] { return w.auth.end_sessions(in.user.object_id); }) == 3u);
    const auto again = log_in(w);
    BOOST_TEST(calls_of(w, [&] { return w.auth.logout(again.token); }) == 1u);
    BOOST_TEST(calls_of(w, [&] { return w.auth.send_message({phone, "hello"}); }) == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
