// SPDX-License-Identifier: BSL-1.0
// Each flow with its Nth storage call failing, for every N: before the call did anything, and after it did its work.
#include "flows/world.hpp"

#include <set>
#include <stdexcept>

using namespace flow_tests;

BOOST_AUTO_TEST_SUITE(flows_faults)

namespace {

enum class kind { before, after };

/// Runs `flow(world)` with the Nth call of it failing, N = 1, 2, … until nothing fails any more; `check(world, failed)`
/// looks at what is left.
template <class World>
std::size_t for_each_fault(auto prepare, auto flow, auto check) {
    std::size_t most = 0;
    for (const kind k : {kind::before, kind::after}) {
        for (std::size_t n = 1; n < 100; ++n) {
            World w;
            auto context = prepare(w);
            const auto first = w.storage.calls();
            k == kind::before ? w.storage.fail_before(first + n) : w.storage.fail_after(first + n);
            const bool ok = flow(w, context);
            const bool fired = w.storage.calls() >= first + n;
            w.storage.fail_before(0);
            w.storage.fail_after(0);
            check(w, context, ok);
            if (!fired) {
                BOOST_TEST(ok);
                most = std::max(most, n - 1);
                break;
            }
        }
    }
    return most;
}

template <class R>
bool succeeded(const R& r) {
    if (!r) BOOST_TEST(r.error().code == error::storage_unavailable, r.error().message);
    return r.has_value();
}

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(no_message_without_a_stored_transaction, World, worlds) {
    const auto calls = for_each_fault<World>(
        [](World& w) {
            register_user(w);
            return 0;
        },
        [](World& w, int) {
            auto s = w.run(w.auth.start_login(phone));
            // Whatever was sent can be confirmed, as far as the caller knows the id.
            if (s) BOOST_TEST(w.memory.find_transaction(s->transaction_id).has_value());
            return succeeded(s);
        },
        [](World& w, int, bool ok) {
            BOOST_TEST(w.transport.calls() == (ok ? 2u : 1u));
            BOOST_TEST(w.run(w.auth.start_login(phone)).has_value());
        });
    BOOST_TEST(calls == 3u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(refused_message_is_a_refusal_whatever_the_storage_does, World, worlds) {
    for_each_fault<World>(
        [](World& w) {
            register_user(w);
            w.transport.reply(400, R"({"code":21610,"message":"x","status":400})");
            return 0;
        },
        [](World& w, int) {
            auto s = w.run(w.auth.start_two_factor_login(phone, password("correct horse")));
            BOOST_TEST(!s);
            return s.error().code == error::provider_refused;
        },
        [](World&, int, bool) {});
}

BOOST_AUTO_TEST_CASE_TEMPLATE(registration_makes_one_user_or_none, World, worlds) {
    const auto calls = for_each_fault<World>(
        [](World& w) { return w.run(w.auth.start_registration(phone))->transaction_id; },
        [](World& w, const std::string& id) {
            return succeeded(w.run(w.auth.finish_registration(form(id, w.transport.last_code()))));
        },
        [](World& w, const std::string& id, bool ok) {
            const auto user = w.memory.find_user_by_phone(*phone_number::parse(phone));
            const auto state = w.memory.find_transaction(id)->state;
            if (ok) BOOST_TEST(user.has_value());
            if (ok) BOOST_TEST((state == transaction_state::confirmed));
            // The person tries again: with the same code where it is still open, from the start where it is not.
            auto again = w.run(w.auth.finish_registration(form(id, w.transport.last_code())));
            if (!again && !user) {
                BOOST_TEST(again.error().code == error::code_used);
                register_user(w);
            }
            BOOST_TEST(w.memory.find_user_by_phone(*phone_number::parse(phone)).has_value());
        });
    BOOST_TEST(calls == 4u);
}

BOOST_AUTO_TEST_CASE(user_who_may_be_stored_keeps_the_code_spent) {
    struct lost_connection : memory_storage {
        bool up = true;
        write_result insert_user(const user& u) {
            memory_storage::insert_user(u);
            up = false;
            throw std::runtime_error("connection lost");
        }
        std::optional<user> find_user(const std::string& id) {
            return up ? memory_storage::find_user(id) : throw std::runtime_error("connection refused");
        }
    } storage;
    testing::scripted_transport transport;
    testing::manual_clock clock;
    test_hooks hooks;
    quick_passwords passwords;
    authenticator auth(test_config(), storage, transport, clock, hooks, passwords);
    const auto id = auth.start_registration(phone)->transaction_id;
    const auto code = transport.last_code();
    BOOST_TEST(error_of(auth.finish_registration(form(id, code))) == error::storage_unavailable);
    BOOST_TEST((storage.find_transaction(id)->state == transaction_state::confirmed));
    BOOST_TEST(error_of(auth.finish_registration(form(id, code))) == error::code_used);
    storage.up = true;
    BOOST_TEST(storage.find_user_by_phone(*phone_number::parse(phone)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(code_opens_at_most_one_session, World, worlds) {
    for_each_fault<World>(
        [](World& w) {
            register_user(w);
            return w.run(w.auth.start_login(phone))->transaction_id;
        },
        [](World& w, const std::string& id) {
            return succeeded(w.run(w.auth.finish_login(transaction_id(id), submitted_code(w.transport.last_code()))));
        },
        [](World& w, const std::string& id, bool ok) {
            auto again = w.run(w.auth.finish_login(transaction_id(id), submitted_code(w.transport.last_code())));
            if (ok) BOOST_TEST(error_of(again) == error::code_used);
            BOOST_TEST(w.run(w.auth.start_login(phone)).has_value());
        });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(wrong_code_never_logs_in, World, worlds) {
    for_each_fault<World>(
        [](World& w) {
            register_user(w);
            return w.run(w.auth.start_login(phone))->transaction_id;
        },
        [](World& w, const std::string& id) {
            auto r = w.run(w.auth.finish_login(transaction_id(id), submitted_code(wrong(w.transport.last_code()))));
            BOOST_TEST(!r);
            return r.error().code == error::wrong_code;
        },
        [](World& w, const std::string& id, bool) { BOOST_TEST(w.memory.find_transaction(id)->tries <= 1u); });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(resend_counts_what_it_sends, World, worlds) {
    for_each_fault<World>(
        [](World& w) {
            auto id = w.run(w.auth.start_registration(phone))->transaction_id;
            w.clock.advance(30s);
            return id;
        },
        [](World& w, const std::string& id) { return succeeded(w.run(w.auth.resend(transaction_id(id)))); },
        [](World& w, const std::string& id, bool ok) {
            const auto t = w.memory.find_transaction(id);
            BOOST_TEST(w.transport.calls() <= t->sends);
            if (ok) BOOST_TEST(w.transport.calls() == 2u);
        });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(change_of_a_user_is_whole_or_absent, World, worlds) {
    for_each_fault<World>(
        [](World& w) {
            register_user(w);
            return log_in(w);
        },
        [](World& w, const login_result& l) {
            return succeeded(
                w.run(w.auth.update_user(l.token, l.user.object_id, {{"a", "1"}, {"email", "\"new@example.com\""}})));
        },
        [](World& w, const login_result& l, bool ok) {
            const auto u = *w.memory.find_user(l.user.object_id);
            BOOST_TEST(u.properties.contains("a") == (u.identity == "new@example.com"));
            if (ok) BOOST_TEST(u.properties.contains("a"));
        });
}

BOOST_AUTO_TEST_CASE(many_guesses_at_once_are_compared_no_more_than_allowed) {
    async_world w;
    register_user(w);
    auto s = async_world::run(w.auth.start_login(phone));
    const auto code = w.transport.last_code();
    asio::io_context loop;
    int wrong_codes = 0;
    int exhausted = 0;
    int inside = 0;
    for (int i = 0; i < 20; ++i)
        asio::co_spawn(loop, w.auth.finish_login(s->transaction_id, submitted_code(wrong(code))),
                       [&](std::exception_ptr, result<login_result> r) {
                           wrong_codes += error_of(r) == error::wrong_code ||
                                          (error_of(r) == error::tries_exhausted && r.error().tries_left.has_value());
                           exhausted += error_of(r) == error::tries_exhausted && !r.error().tries_left;
                           inside += r.has_value();
                       });
    loop.run();
    BOOST_TEST(wrong_codes == 5);
    BOOST_TEST(exhausted == 15);
    BOOST_TEST(inside == 0);
    BOOST_TEST(w.memory.find_transaction(s->transaction_id)->tries == 5u);
}

BOOST_AUTO_TEST_CASE(right_code_many_times_at_once_wins_once) {
    async_world w;
    register_user(w);
    auto s = async_world::run(w.auth.start_login(phone));
    const auto code = w.transport.last_code();
    asio::io_context loop;
    std::set<std::string> tokens;
    int used = 0;
    for (int i = 0; i < 20; ++i)
        asio::co_spawn(loop, w.auth.finish_login(s->transaction_id, submitted_code(code)),
                       [&](std::exception_ptr, result<login_result> r) {
                           if (r) tokens.insert(r->token);
                           used += error_of(r) == error::code_used;
                       });
    loop.run();
    BOOST_TEST(tokens.size() == 1u);
    BOOST_TEST(used == 19);
}

BOOST_AUTO_TEST_SUITE_END()
