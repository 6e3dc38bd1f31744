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

    BOOST_TEST(calls_of(w, [&] { return w.auth.start_registration(other_phone); }) == 2u);
    auto s = w.run(w.auth.start_registration(phone));
    BOOST_TEST(calls_of(w, [&] {
                   return w.auth.finish_registration(form(s->transaction_id, w.transport.last_code()));
               }) == 4u);

    BOOST_TEST(calls_of(w, [&] { return w.auth.start_login(phone); }) == 3u);
    BOOST_TEST(calls_of(w, [&] { return w.auth.start_two_factor_login(phone, password("correct horse")); }) == 4u);
    s = w.run(w.auth.start_login(phone));
    w.clock.advance(30s);
    BOOST_TEST(calls_of(w, [&] { return w.auth.resend(s->transaction_id); }) == 3u);
    BOOST_TEST(calls_of(w, [&] {
                   return w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()));
               }) == 6u);
    BOOST_TEST(calls_of(w, [&] { return w.auth.login_with_identity("ada@example.com", password("correct horse")); }) ==
               6u);
    const auto in = log_in(w);
    BOOST_TEST(calls_of(w, [&] { return w.auth.authenticate(in.token); }) == 2u);
    BOOST_TEST(calls_of(w, [&] { return w.auth.update_user(in.token, in.user.object_id, {{"a", "1"}}); }) == 4u);
    const property_map new_password{{"password", "\"battery staple\""}};
    BOOST_TEST(calls_of(w, [&] { return w.auth.update_user(in.token, in.user.object_id, new_password); }) == 8u);
    const property_map proved{{"password", "\"correct horse\""}, {"currentPassword", "\"battery staple\""}};
    BOOST_TEST(calls_of(w, [&] { return w.auth.update_user(in.token, in.user.object_id, proved); }) == 10u);
    BOOST_TEST(calls_of(w, [&] { return w.auth.end_sessions(in.user.object_id); }) == 3u);
    const auto again = log_in(w);
    BOOST_TEST(calls_of(w, [&] { return w.auth.logout(again.token); }) == 1u);
    BOOST_TEST(calls_of(w, [&] { return w.auth.send_message({phone, "hello"}); }) == 1u);
}

namespace {

/// Counts the batches of cells, and the records that they touch.
struct counting_storage : memory_storage {
    std::size_t batches = 0;
    std::size_t records = 0;

    cell_answer take_cells(const cell_batch& batch) {
        const auto answer = memory_storage::take_cells(batch);
        ++batches;
        records += !batch.marker().empty();
        for (std::size_t i = 0; i < batch.size(); ++i) records += is_for(batch[i], answer.marked);
        return answer;
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(limits_cost_few_records) {
    counting_storage storage;
    testing::scripted_transport transport;
    testing::manual_clock clock;
    quick_passwords passwords;
    auto c = test_config();
    c.phone_cooldown = 10s;
    authenticator auth(c, storage, transport, clock, passwords);
    const auto cost = [&](auto flow) {
        storage.batches = storage.records = 0;
        auto r = flow();
        BOOST_REQUIRE(r);
        return r;
    };
    const auto check = [&](std::size_t batches, std::size_t records) {
        BOOST_TEST(storage.batches == batches);
        BOOST_TEST(storage.records <= records);
    };
    for (const auto* address : {"198.51.100.7", "2001:db8::1"}) {
        BOOST_TEST_CONTEXT(address) {
            const client_info from(address);
            const std::string number = address[0] == '1' ? phone : other_phone;
            auto s = cost([&] { return auth.start_registration(number, from); });
            check(1, 9);
            (void)cost([&] {
                return auth.finish_registration(
                    form(s->transaction_id, transport.last_code(), number, number.substr(1) + "@example.com"), from);
            });
            check(1, 5);
            for (int round = 0; round < 2; ++round) {  // a known network, then a stranger's
                const client_info there(round == 0 ? address : address[0] == '1' ? "203.0.113.9" : "2001:db8:f::1");
                clock.advance(1h);
                s = cost([&] { return auth.start_login(number, there); });
                check(1, round == 0 ? 10 : 9);
                (void)cost(
                    [&] { return auth.finish_login(s->transaction_id, submitted_code(transport.last_code()), there); });
                check(1, round == 0 ? 6 : 5);
                s = cost([&] { return auth.start_two_factor_login(number, password("correct horse"), there); });
                check(2, 17);  // before the hash and after it
                (void)cost(
                    [&] { return auth.finish_login(s->transaction_id, submitted_code(transport.last_code()), there); });
                check(1, 7);
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
