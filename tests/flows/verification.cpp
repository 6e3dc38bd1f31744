// SPDX-License-Identifier: BSL-1.0
// Codes for the integrator's own purposes, and the proofs that come of them: each is good once, for one topic.
#include "flows/world.hpp"

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

using namespace flow_tests;

namespace {

const client_info stranger{"203.0.113.9"};

config topics_config() {
    auto c = test_config();
    c.topics = {{"payment", "confirm a payment"}, {"door", "open the door"}};
    return c;
}

client_info on_behalf_of(const std::string& user_id) {
    client_info from;
    from.user_id = user_id;
    return from;
}

template <class World>
challenge begin(World& w, const std::string& topic = "payment", const client_info& from = {}) {
    auto s = w.run(w.auth.start_verification(phone, topic, from));
    BOOST_REQUIRE(s);
    return *s;
}

template <class World>
result<proof> finish(World& w, const std::string& id, const std::string& code, const client_info& from = {}) {
    return w.run(w.auth.finish_verification(transaction_id(id), submitted_code(code), from));
}

template <class World>
proof prove(World& w, const std::string& topic = "payment", const client_info& from = {}) {
    const auto s = begin(w, topic, from);
    auto p = finish(w, s.transaction_id, w.transport.last_code(), from);
    BOOST_REQUIRE(p);
    return *p;
}

template <class World>
result<proof> redeem(World& w, const std::string& token, const std::string& topic = "payment") {
    return w.run(w.auth.redeem_proof(proof_token(token), topic));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flows_verification)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_code_becomes_a_proof_that_is_used_once, World, worlds) {
    World w(topics_config());
    std::vector<event_kind> events;
    w.observer.on_event = [&](const event& e) { events.push_back(e.kind); };
    const auto s = begin(w, "payment", on_behalf_of("ada"));
    BOOST_TEST(w.transport.last_message().find("to confirm a payment") != std::string::npos);
    for (const auto& other : {client_info(), on_behalf_of("bob")})
        BOOST_TEST(error_of(finish(w, s.transaction_id, w.transport.last_code(), other)) == error::no_transaction);
    auto p = finish(w, s.transaction_id, w.transport.last_code(), on_behalf_of("ada"));
    BOOST_REQUIRE(p);
    BOOST_TEST(p->topic == "payment");
    BOOST_TEST(p->phone.str() == phone);
    BOOST_TEST(p->user_id == "ada");
    BOOST_TEST((p->expires_at == s.expires_at + w.auth.config().proof_lifetime));
    BOOST_TEST(p->token.str().size() <= 128u);
    BOOST_TEST((events.back() == event_kind::verified));
    BOOST_TEST(error_of(finish(w, s.transaction_id, w.transport.last_code(), on_behalf_of("ada"))) == error::code_used);
    auto used = redeem(w, p->token);
    BOOST_REQUIRE(used);
    BOOST_TEST(used->token.empty());
    BOOST_TEST((used->topic == p->topic && used->phone == p->phone && used->user_id == p->user_id &&
                used->expires_at == p->expires_at));
    BOOST_TEST((events.back() == event_kind::redeemed));
    BOOST_TEST(error_of(redeem(w, p->token)) == error::invalid_proof);
    BOOST_TEST((events.back() == event_kind::refused));
    BOOST_TEST(error_of(finish(w, s.transaction_id, w.transport.last_code(), on_behalf_of("ada"))) == error::code_used);
    BOOST_TEST(error_of(w.run(w.auth.resend(s.transaction_id))) == error::code_used);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_proof_is_for_one_topic, World, worlds) {
    World w(topics_config());
    BOOST_TEST(error_of(w.run(w.auth.start_verification(phone, "nothing"))) == error::invalid_parameter);
    BOOST_TEST(error_of(w.run(w.auth.start_verification(phone, ""))) == error::invalid_parameter);
    BOOST_TEST(w.transport.calls() == 0u);
    const auto p = prove(w);
    BOOST_TEST(error_of(redeem(w, p.token, "door")) == error::invalid_proof);
    BOOST_TEST(error_of(redeem(w, p.token, "")) == error::invalid_proof);
    BOOST_TEST(error_of(redeem(w, p.token, "payment ")) == error::invalid_proof);
    BOOST_TEST(redeem(w, p.token).has_value());  // no attempt has cost it anything
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_no_proof_is_none, World, worlds) {
    World w(topics_config());
    const auto p = prove(w);
    const std::string token = p.token;
    const auto dot = token.find('.');
    const auto other = prove(w).token.str();
    auto changed = token;
    changed.back() = changed.back() == '0' ? '1' : '0';
    auto upper = token;
    for (auto i = dot + 1; i < upper.size(); ++i)
        if (upper[i] >= 'a') upper[i] = static_cast<char>(upper[i] - 'a' + 'A');
    const auto calls = w.storage.calls();
    for (const auto& bad : {std::string(), token.substr(0, dot), token + "0", token + ".", " " + token, token + '\0',
                            token.substr(dot), token.substr(dot + 1), std::string(200, 'A'), token.substr(1) + "0",
                            "../" + token, token.substr(0, dot) + ":" + token.substr(dot + 1), upper})
        BOOST_TEST(error_of(redeem(w, bad)) == error::invalid_proof);
    BOOST_TEST(w.storage.calls() - calls <= 2u);
    for (const auto& bad :
         {changed, token.substr(0, dot) + other.substr(dot), token.substr(0, dot) + '.' + std::string(64, '0')})
        BOOST_TEST(error_of(redeem(w, bad)) == error::invalid_proof);
    BOOST_TEST(redeem(w, token).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(there_is_no_proof_before_the_code, World, worlds) {
    // Even whoever has the key, and so the token, gets nothing for it until the code was right.
    World w(topics_config());
    code_deriver deriver(w.auth.config().code_keys, 6);
    const auto s = begin(w);
    const auto token = s.transaction_id.str() + '.' + *deriver.prove(*w.memory.find_transaction(s.transaction_id));
    BOOST_TEST(error_of(redeem(w, token)) == error::invalid_proof);
    BOOST_TEST(error_of(finish(w, s.transaction_id, wrong(w.transport.last_code()))) == error::wrong_code);
    BOOST_TEST(error_of(redeem(w, token)) == error::invalid_proof);
    auto p = finish(w, s.transaction_id, w.transport.last_code());
    BOOST_REQUIRE(p);
    BOOST_TEST(p->token.str() == token);
    BOOST_TEST(redeem(w, token).has_value());
    // Nor does the code of another operation become one.
    auto t = w.run(w.auth.start_registration(other_phone));
    BOOST_REQUIRE(w.run(
        w.auth.finish_registration(form(t->transaction_id, w.transport.last_code(), other_phone, "bob@example.com"))));
    const auto stored = *w.memory.find_transaction(t->transaction_id);
    BOOST_TEST(error_of(redeem(w, stored.id + '.' + *deriver.prove(stored), "")) == error::invalid_proof);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(proofs_and_codes_die_in_time, World, worlds) {
    World w(topics_config());
    const auto s = begin(w);
    const auto code = w.transport.last_code();
    const auto p = prove(w);
    w.clock.advance(300s - 1ms);
    const auto late = prove(w);
    w.clock.advance(1ms);
    BOOST_TEST(error_of(finish(w, s.transaction_id, code)) == error::code_expired);
    w.clock.advance(600s - 1ms);
    BOOST_TEST(redeem(w, p.token).has_value());
    w.clock.advance(300s);
    BOOST_TEST(error_of(redeem(w, late.token)) == error::invalid_proof);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(codes_are_good_for_one_operation, World, worlds) {
    World w(topics_config());
    register_user(w);
    const auto s = begin(w);
    const auto code = w.transport.last_code();
    BOOST_TEST(error_of(w.run(w.auth.finish_login(s.transaction_id, submitted_code(code)))) == error::no_transaction);
    BOOST_TEST(error_of(w.run(w.auth.finish_registration(form(s.transaction_id, code)))) == error::no_transaction);
    auto login = w.run(w.auth.start_login(phone));
    BOOST_TEST(error_of(finish(w, login->transaction_id, w.transport.last_code())) == error::no_transaction);
    BOOST_TEST(error_of(finish(w, "no such", code)) == error::no_transaction);
    BOOST_TEST((w.memory.find_transaction(s.transaction_id)->state == transaction_state::pending));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_verification_is_its_users, World, worlds) {
    World w(topics_config());
    const auto s = begin(w, "payment", on_behalf_of("ada"));
    const auto code = w.transport.last_code();
    BOOST_TEST(error_of(finish(w, s.transaction_id, code, on_behalf_of("eve"))) == error::no_transaction);
    BOOST_TEST(w.memory.find_transaction(s.transaction_id)->tries == 0u);
    auto p = finish(w, s.transaction_id, code, on_behalf_of("ada"));
    BOOST_REQUIRE(p);
    BOOST_TEST(p->user_id == "ada");
    const auto nobodys = begin(w);
    BOOST_TEST(error_of(finish(w, nobodys.transaction_id, w.transport.last_code(), on_behalf_of("eve"))) ==
               error::no_transaction);
}

BOOST_AUTO_TEST_CASE(wrong_codes_count_as_those_of_registrations) {
    blocking_world w(topics_config());
    int compared = 0;
    for (int hour = 0; hour < 23; ++hour) {
        for (int i = 0; i < 4; ++i) {
            auto v = w.auth.start_verification(phone, i % 2 ? "payment" : "door", stranger);
            if (!v) continue;
            for (int k = 0; k < 5; ++k)
                compared += error_of(finish(w, v->transaction_id, wrong(w.transport.last_code()), stranger)) ==
                            error::wrong_code;
            auto r = w.auth.start_registration(phone, stranger);
            if (!r) continue;
            for (int k = 0; k < 5; ++k)
                compared += error_of(w.auth.finish_registration(form(r->transaction_id, wrong(w.transport.last_code())),
                                                                stranger)) == error::wrong_code;
        }
        w.clock.advance(1h);
    }
    BOOST_TEST(compared <= 50);
    BOOST_TEST(compared >= 28);
    BOOST_TEST(error_of(w.auth.start_verification(phone, "door", stranger)) == error::too_many_failures);
}

BOOST_AUTO_TEST_CASE(verifications_make_no_network_known_and_leave_logins_alone) {
    blocking_world w(topics_config());
    register_user(w);
    for (int i = 0; i < 12; ++i) {
        auto s = w.auth.start_verification(phone, "door", stranger);
        if (s) (void)finish(w, s->transaction_id, w.transport.last_code(), stranger);
    }
    BOOST_TEST(error_of(w.auth.start_verification(phone, "door", stranger)) == error::too_many_messages);
    auto s = w.auth.start_login(phone, stranger);
    BOOST_REQUIRE(s);
    BOOST_TEST(w.memory.find_transaction(s->transaction_id)->known_network.empty());
}

BOOST_AUTO_TEST_CASE(a_key_that_has_gone_takes_its_proofs_along) {
    blocking_world w(topics_config());
    const auto p = prove(w);
    auto c = topics_config();
    c.code_keys = {{"k2", std::string(32, 'n')}};
    authenticator rotated(c, w.memory, w.transport, w.clock);
    BOOST_TEST(error_of(rotated.redeem_proof(p.token, "payment")) == error::invalid_proof);
    c.code_keys.push_back({"k1", std::string(32, 'k')});
    authenticator with_both(c, w.memory, w.transport, w.clock);
    BOOST_TEST(with_both.redeem_proof(p.token, "payment").has_value());
}

BOOST_AUTO_TEST_CASE(a_test_numbers_code_waits_for_a_server_that_has_the_key) {
    auto c = topics_config();
    c.test_numbers = {{phone, "424242"}};
    c.allow_test_numbers = true;
    blocking_world w(c);
    const auto s = begin(w);
    auto d = c;
    d.code_keys = {{"k2", std::string(32, 'n')}};
    authenticator other(d, w.memory, w.transport, w.clock);
    BOOST_TEST(error_of(other.finish_verification(s.transaction_id, submitted_code("424242"))) ==
               error::storage_unavailable);
    auto p = finish(w, s.transaction_id, "424242");
    BOOST_REQUIRE(p);
    BOOST_TEST(redeem(w, p->token).has_value());
}

// ---- Races and faults ----

BOOST_AUTO_TEST_CASE(of_many_who_come_with_one_proof_one_wins) {
    for (int round = 0; round < 4; ++round) {
        blocking_world w(topics_config());
        const auto p = prove(w);
        std::atomic<int> won{0}, invalid{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([&] {
                const auto r = redeem(w, p.token);
                won += r.has_value();
                invalid += error_of(r) == error::invalid_proof;
            });
        for (auto& t : threads) t.join();
        BOOST_TEST(won == 1);
        BOOST_TEST(invalid == 7);
    }
}

BOOST_AUTO_TEST_CASE(of_many_on_one_loop_one_wins) {
    async_world w(topics_config());
    const auto p = prove(w);
    asio::io_context loop;
    int won = 0;
    for (int i = 0; i < 20; ++i)
        asio::co_spawn(loop, w.auth.redeem_proof(p.token, "payment"),
                       [&](std::exception_ptr, result<proof> r) { won += r.has_value(); });
    loop.run();
    BOOST_TEST(won == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_lost_race_is_run_again, World, worlds) {
    World w(topics_config());
    const auto s = begin(w);
    w.storage.lose_race_on(w.storage.updates() + 1);
    auto p = finish(w, s.transaction_id, w.transport.last_code());
    BOOST_REQUIRE(p);
    w.storage.lose_race_on(w.storage.updates() + 1);
    BOOST_TEST(redeem(w, p->token).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(faults_use_nothing_twice, World, worlds) {
    for (const bool after : {false, true})
        for (std::size_t n = 1;; ++n) {
            BOOST_TEST_CONTEXT("call " << n << (after ? " after" : " before")) {
                World w(topics_config());
                const auto s = begin(w);
                const auto code = w.transport.last_code();
                const auto first = w.storage.calls();
                after ? w.storage.fail_after(first + n) : w.storage.fail_before(first + n);
                auto p = finish(w, s.transaction_id, code);
                if (!p) BOOST_TEST(error_of(p) == error::storage_unavailable);
                if (!p && !after) p = finish(w, s.transaction_id, code);  // nothing has happened
                if (!p) p = prove(w);
                auto r = redeem(w, p->token);
                if (!r) BOOST_TEST(error_of(r) == error::storage_unavailable);
                const bool fired = w.storage.calls() >= first + n;
                w.storage.fail_before(0);
                w.storage.fail_after(0);
                const auto again = redeem(w, p->token);
                if (r) BOOST_TEST(error_of(again) == error::invalid_proof);
                BOOST_TEST(error_of(redeem(w, p->token)) == error::invalid_proof);
                if (!fired) break;
            }
        }
}

BOOST_AUTO_TEST_CASE(calls_of_the_storage_are_as_documented) {
    blocking_world w(topics_config());
    auto before = w.storage.calls();
    const auto count = [&] { return w.storage.calls() - std::exchange(before, w.storage.calls()); };
    const auto s = begin(w);
    BOOST_TEST(count() == 2u);
    auto p = finish(w, s.transaction_id, w.transport.last_code());
    BOOST_TEST(count() == 3u);
    (void)redeem(w, p->token);
    BOOST_TEST(count() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
