// SPDX-License-Identifier: BSL-1.0
// Registrations without a password, and logins that make their user.
#include "flows/world.hpp"

#include <algorithm>
#include <atomic>
#include <latch>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

using namespace flow_tests;

namespace {

config sign_up_config() {
    auto c = test_config();
    c.identity_column = c.phone_column;
    c.password_required = false;
    c.unknown_phone = unknown_phone_policy::sign_up;
    return c;
}

template <class World>
result<login_result> finish(World& w, const std::string& id, const std::string& code, const client_info& from = {}) {
    return w.run(w.auth.finish_login(transaction_id(id), submitted_code(code), from));
}

template <class World>
std::optional<user> stored(World& w, const std::string& number = phone) {
    return w.memory.find_user_by_phone(*phone_number::parse(number));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flows_sign_up)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_login_makes_its_user, World, worlds) {
    World w(sign_up_config());
    std::vector<event> events;
    w.observer.on_event = [&](const event& e) { events.push_back(e); };
    auto s = w.run(w.auth.start_login(phone));
    BOOST_REQUIRE(s);
    for (const auto& e : events) BOOST_TEST(e.user_id.empty());
    auto in = finish(w, s->transaction_id, w.transport.last_code());
    BOOST_REQUIRE(in);
    BOOST_TEST(in->user.phone.str() == phone);
    BOOST_TEST(in->user.identity == phone);
    BOOST_TEST(in->user.password_hash.empty());
    BOOST_TEST(in->user.object_id.size() == 36u);
    BOOST_TEST((in->user.created_at == w.clock.now() && in->user.last_login_at == w.clock.now()));
    BOOST_TEST(w.run(w.auth.authenticate(in->token))->object_id == in->user.object_id);
    BOOST_TEST((w.hooks.registered == 1 && w.hooks.entered == 1));
    const auto count = [&](event_kind k) {
        return std::count_if(events.begin(), events.end(), [&](const event& e) { return e.kind == k; });
    };
    BOOST_TEST((count(event_kind::registered) == 1 && count(event_kind::logged_in) == 1));
    BOOST_TEST(events.back().user_id == in->user.object_id);
    BOOST_TEST(error_of(finish(w, s->transaction_id, w.transport.last_code())) == error::code_used);
    // The next login is one like any other.
    const auto again = log_in(w);
    BOOST_TEST(again.user.object_id == in->user.object_id);
    BOOST_TEST(count(event_kind::registered) == 1);
    BOOST_TEST(w.hooks.registered == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(no_password_opens_such_an_account, World, worlds) {
    auto c = sign_up_config();
    c.identity_login_enabled = true;
    World w(c);
    auto s = w.run(w.auth.start_login(phone));
    BOOST_REQUIRE(finish(w, s->transaction_id, w.transport.last_code()));
    const auto sent = w.transport.calls();
    for (const auto* guess : {"", "correct horse", " "}) {
        BOOST_TEST(error_of(w.run(w.auth.start_two_factor_login(phone, password(guess)))) == error::invalid_login);
        BOOST_TEST(error_of(w.run(w.auth.login_with_identity(phone, password(guess)))) == error::invalid_login);
        // Nor does one begin an account.
        BOOST_TEST(error_of(w.run(w.auth.start_two_factor_login(other_phone, password(guess)))) ==
                   error::invalid_login);
    }
    BOOST_TEST(w.transport.calls() == sent);
    BOOST_TEST(!stored(w, other_phone));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_registration_without_a_password_needs_to_be_allowed, World, worlds) {
    for (const bool required : {true, false}) {
        auto c = test_config();
        c.password_required = required;
        World w(c);
        auto s = w.run(w.auth.start_registration(phone));
        auto r = form(s->transaction_id, w.transport.last_code());
        r.password = password();
        auto made = w.run(w.auth.finish_registration(r));
        BOOST_TEST(error_of(made) == (required ? make_error_code(error::password_required) : std::error_code()));
        r.password = password("short");
        BOOST_TEST(error_of(w.run(w.auth.finish_registration(r))) == error::invalid_password);
        if (required) continue;
        BOOST_TEST(made->password_hash.empty());
        const auto in = log_in(w);
        const property_map chosen{{"password", "\"battery staple\""}};
        BOOST_TEST(w.run(w.auth.update_user(in.token, in.user.object_id, chosen)).has_value());
        BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, password("battery staple"))).has_value());
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(unknown_phones_are_not_told_from_known_ones, World, worlds) {
    World w(sign_up_config());
    auto s = w.run(w.auth.start_login(other_phone));
    BOOST_REQUIRE(finish(w, s->transaction_id, w.transport.last_code()));
    std::vector<std::size_t> calls;
    std::vector<std::string> texts;
    for (const auto& number : {other_phone, phone}) {
        const auto before = w.storage.calls();
        auto begun = w.run(w.auth.start_login(number));
        BOOST_REQUIRE(begun);
        auto text = w.transport.last_message_to(number);
        const auto code = w.transport.last_code_to(number);
        text.erase(text.find(code), code.size());
        texts.push_back(text);
        BOOST_TEST(error_of(finish(w, begun->transaction_id, wrong(code))) == error::wrong_code);
        w.clock.advance(31s);
        BOOST_TEST(w.run(w.auth.resend(begun->transaction_id)).has_value());
        BOOST_TEST((w.run(w.auth.status(begun->transaction_id))->delivery == delivery_state::pending));
        calls.push_back(w.storage.calls() - before);
    }
    BOOST_TEST(calls[0] == calls[1]);
    BOOST_TEST(texts[0] == texts[1]);
    BOOST_TEST(!stored(w, phone));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(whoever_has_registered_meanwhile_is_logged_in, World, worlds) {
    World w(sign_up_config());
    auto s = w.run(w.auth.start_login(phone));
    const auto code = w.transport.last_code();
    const auto u = register_user(w);
    auto in = finish(w, s->transaction_id, code);
    BOOST_REQUIRE(in);
    BOOST_TEST(in->user.object_id == u.object_id);
    BOOST_TEST(w.hooks.registered == 1);
    auto disabled = *stored(w);
    disabled.enabled = false;
    BOOST_REQUIRE((w.memory.update_user(disabled) == write_result::done));
    s = w.run(w.auth.start_login(phone));
    BOOST_TEST(error_of(finish(w, s->transaction_id, w.transport.last_code())) == error::account_disabled);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_hook_may_refuse_and_add, World, worlds) {
    World w(sign_up_config());
    w.hooks.on_registration = [](user&) { return failure(error::refused_by_hook, "by invitation only"); };
    auto s = w.run(w.auth.start_login(phone));
    BOOST_TEST(error_of(finish(w, s->transaction_id, w.transport.last_code())) == error::refused_by_hook);
    BOOST_TEST(!stored(w));
    w.hooks.on_registration = [](user& u) {
        u.properties["role"] = "\"guest\"";
        u.phone = *phone_number::parse(other_phone);
        u.object_id = "mine";
        return result<void>();
    };
    s = w.run(w.auth.start_login(phone));
    auto in = finish(w, s->transaction_id, w.transport.last_code());
    BOOST_REQUIRE(in);
    BOOST_TEST(in->user.properties.at("role") == "\"guest\"");
    BOOST_TEST((in->user.phone.str() == phone && in->user.object_id != "mine"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_was_allowed_when_it_began_must_be_so_still, World, worlds) {
    World w(sign_up_config());
    auto s = w.run(w.auth.start_login(phone));
    auto c = test_config();
    c.identity_column = c.phone_column;
    authenticator closed(c, w.memory, w.transport, w.clock);
    BOOST_TEST(error_of(closed.finish_login(s->transaction_id, submitted_code(w.transport.last_code()))) ==
               error::login_disabled);
    BOOST_TEST(!stored(w));
    BOOST_TEST(w.run(w.auth.start_login(phone)).has_value());
}

BOOST_AUTO_TEST_CASE(codes_are_limited_as_those_of_any_login) {
    blocking_world w(sign_up_config());
    const client_info stranger("203.0.113.9");
    int compared = 0;
    const auto end = w.clock.now() + 30 * 24h;
    while (w.clock.now() < end) {
        if (auto s = w.auth.start_login(phone, stranger))
            for (int k = 0; k < 5; ++k) {
                const auto r = finish(w, s->transaction_id, wrong(w.transport.last_code()), stranger);
                compared += error_of(r) == error::wrong_code || error_of(r) == error::tries_exhausted;
            }
        w.clock.advance(1h);
    }
    BOOST_TEST(compared <= 50);
    BOOST_TEST(compared >= 35);
}

BOOST_AUTO_TEST_CASE(a_sign_up_makes_its_network_known) {
    blocking_world w(sign_up_config());
    const client_info home("198.51.100.7");
    auto s = w.auth.start_login(phone, home);
    BOOST_REQUIRE(finish(w, s->transaction_id, w.transport.last_code(), home));
    s = w.auth.start_login(phone, home);
    BOOST_TEST(w.memory.find_transaction(s->transaction_id)->known_network == "198.51.100.7");
}

// ---- Races and faults ----

BOOST_AUTO_TEST_CASE(of_many_who_come_with_one_code_one_gets_in) {
    for (int round = 0; round < 4; ++round) {
        blocking_world w(sign_up_config());
        auto s = w.auth.start_login(phone);
        const auto code = w.transport.last_code();
        std::atomic<int> won{0}, used{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([&] {
                const auto r = finish(w, s->transaction_id, code);
                won += r.has_value();
                used += error_of(r) == error::code_used;
            });
        for (auto& t : threads) t.join();
        BOOST_TEST(won == 1);
        BOOST_TEST(used == 7);
        BOOST_TEST(w.hooks.registered == 1);
        BOOST_TEST(w.memory.find_sessions_of(stored(w)->object_id).size() == 1u);
    }
}

BOOST_AUTO_TEST_CASE(several_codes_and_a_registration_at_once_make_one_user) {
    for (int round = 0; round < 4; ++round) {
        blocking_world w(sign_up_config());
        std::vector<std::pair<std::string, std::string>> open;
        for (int i = 0; i < 3; ++i) {
            auto s = w.auth.start_login(phone);
            open.emplace_back(s->transaction_id, w.transport.last_code());
        }
        auto r = w.auth.start_registration(phone);
        const auto registering = form(r->transaction_id, w.transport.last_code());
        std::latch all(4);  // nobody is stored before everybody has looked
        w.hooks.on_registration = [&](user&) {
            all.arrive_and_wait();
            return result<void>();
        };
        std::atomic<int> in{0}, made{0};
        std::vector<std::thread> threads;
        for (const auto& [id, code] : open)
            threads.emplace_back([&w, &in, id = id, code = code] { in += finish(w, id, code).has_value(); });
        threads.emplace_back([&] { made += w.auth.finish_registration(registering).has_value(); });
        for (auto& t : threads) t.join();
        BOOST_TEST(in == 3);
        BOOST_TEST(w.hooks.registered == 1);
        BOOST_TEST(w.memory.find_sessions_of(stored(w)->object_id).size() == 3u);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_fault_leaves_one_user_or_none_and_the_way_open, World, worlds) {
    for (const bool after : {false, true})
        for (std::size_t n = 1;; ++n) {
            BOOST_TEST_CONTEXT("call " << n << (after ? " after" : " before")) {
                World w(sign_up_config());
                auto s = w.run(w.auth.start_login(phone));
                const auto code = w.transport.last_code();
                const auto first = w.storage.calls();
                after ? w.storage.fail_after(first + n) : w.storage.fail_before(first + n);
                auto r = finish(w, s->transaction_id, code);
                const bool fired = w.storage.calls() >= first + n;
                w.storage.fail_before(0);
                w.storage.fail_after(0);
                if (!r) BOOST_TEST(error_of(r) == error::storage_unavailable);
                const auto made = stored(w);
                if (r) BOOST_TEST(made.has_value());
                auto again = finish(w, s->transaction_id, code);
                if (r) BOOST_TEST(error_of(again) == error::code_used);
                if (!r && !again) again = log_in(w);
                if (!r && made) BOOST_TEST(again->user.object_id == made->object_id);
                const auto sessions = w.memory.find_sessions_of(stored(w)->object_id).size();
                BOOST_TEST(sessions == 1u);
                if (!fired) {
                    BOOST_TEST(r.has_value());
                    break;
                }
            }
        }
}

BOOST_AUTO_TEST_SUITE_END()
