// SPDX-License-Identifier: BSL-1.0
// Users leave, and take their data along: what that needs, what is left of them, and who may interfere.
#include "flows/racing.hpp"

#include <atomic>

using namespace flow_tests;

namespace {

template <class World>
challenge start(World& w, const login_result& by) {
    auto s = w.run(w.auth.start_deletion(by.token));
    BOOST_REQUIRE(s);
    return *s;
}

template <class World>
std::error_code finish(World& w, const login_result& by, const challenge& s, const std::string& number = phone) {
    return error_of(w.run(w.auth.finish_deletion(by.token, s.transaction_id, code_at(w, number))));
}

/// Nothing of the user is left, and nobody gets in with what was theirs.
template <class World>
void check_gone(World& w, const person<World>& whose) {
    BOOST_TEST(!w.memory.find_user(whose.id()));
    BOOST_TEST(!owner_of(w, phone));
    BOOST_TEST(!is_good(w, whose.own));
    BOOST_TEST(!is_good(w, whose.other));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flows_deletion)

BOOST_AUTO_TEST_CASE_TEMPLATE(nothing_is_left_of_a_user, World, worlds) {
    watching<World> w;
    const person<World> ada(w);
    int hooked = 0;
    w.hooks.on_deletion = [&](const user& u) {
        BOOST_TEST(w.memory.find_user(u.object_id).has_value());
        ++hooked;
        return result<void>();
    };
    w.hooks.on_deleted = [&](const user& u) {
        BOOST_TEST(!w.memory.find_user(u.object_id));
        BOOST_TEST(u.identity == "ada@example.com");
        ++hooked;
        throw std::runtime_error("nobody cares");
    };
    w.clock.advance(24h);  // a code is proof enough
    (void)w.told(event_kind::started);
    const auto s = start<World>(w, ada.own);
    BOOST_TEST(w.told(event_kind::started) == 1);
    BOOST_TEST((w.last.purpose == purpose::deletion));
    BOOST_TEST(w.last.user_id == ada.id());
    BOOST_TEST(w.transport.last_message_to(phone).find("DELETE your account") != std::string::npos);
    BOOST_TEST(is_good(w, ada.own));
    BOOST_TEST(hooked == 0);

    BOOST_TEST(finish<World>(w, ada.own, s) == std::error_code());
    BOOST_TEST(hooked == 2);
    BOOST_TEST(w.told(event_kind::deleted) == 1);
    BOOST_TEST(w.last.user_id == ada.id());
    BOOST_TEST(w.last.by.empty());
    check_gone<World>(w, ada);
    BOOST_TEST(w.memory.find_sessions_of(ada.id()).empty());
    BOOST_TEST(!w.memory.find_user_by_identity("ada@example.com"));
    BOOST_TEST(finish<World>(w, ada.own, s) == error::unknown_token);

    // Phone and identity are somebody else's from now on.
    const person<World> next(w);
    BOOST_TEST(next.id() != ada.id());
    BOOST_TEST(!is_good(w, ada.own));
    BOOST_TEST(error_of(w.run(w.auth.update_user(ada.own.token, next.id(), {{"a", "1"}}))) == error::unknown_token);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(its_code_is_good_for_its_user_and_nothing_else, World, worlds) {
    World w;
    const person ada(w);
    const person bob(w, other_phone, "bob@example.com");
    const auto s = start(w, ada.own);
    const auto code = code_at(w, phone);
    BOOST_TEST(finish(w, bob.own, s) == error::no_transaction);
    BOOST_TEST(error_of(w.run(w.auth.finish_login(s.transaction_id, code))) == error::no_transaction);
    BOOST_TEST(error_of(w.run(w.auth.finish_phone_change(ada.own.token, s.transaction_id, code))) ==
               error::no_transaction);
    auto l = w.run(w.auth.start_login(phone));
    BOOST_TEST(finish(w, ada.own, *l) == error::no_transaction);
    const std::string nobodys;
    BOOST_TEST(error_of(w.run(w.auth.start_deletion(session_token(nobodys)))) == error::unknown_token);
    BOOST_TEST(w.memory.find_user(ada.id()).has_value());
    // Another session of the same user does.
    BOOST_TEST(error_of(w.run(w.auth.finish_deletion(ada.other.token, s.transaction_id, code))) == std::error_code());
    check_gone(w, ada);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(wrong_codes_delete_nobody_and_lock_nobody_out, World, worlds) {
    World w;
    const person ada(w);
    int guesses = 0;
    for (int i = 0; i < 100; ++i) {
        w.clock.advance(1h);
        auto s = w.run(w.auth.start_deletion(ada.own.token));
        if (!s) continue;
        const auto code = w.transport.last_code_to(phone);
        for (int j = 0; j < 5; ++j, ++guesses)
            BOOST_TEST(error_of(w.run(
                           w.auth.finish_deletion(ada.own.token, s->transaction_id, submitted_code(wrong(code))))) ==
                       (j < 4 ? error::wrong_code : error::tries_exhausted));
        BOOST_TEST(finish(w, ada.own, *s) == error::tries_exhausted);
    }
    BOOST_TEST(guesses >= 25);
    BOOST_TEST(guesses <= 50);
    BOOST_TEST(error_of(w.run(w.auth.start_deletion(ada.own.token))) == error::too_many_failures);
    log_in(w);  // by code
    BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, password("correct horse"))).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(its_messages_use_up_nobody_elses, World, worlds) {
    World w;
    const person ada(w);
    int sent = 0;
    for (int i = 0; i < 30; ++i) {
        w.clock.advance(1min);
        sent += w.run(w.auth.start_deletion(ada.own.token)).has_value() ? 1 : 0;
    }
    BOOST_TEST(sent >= 5);
    BOOST_TEST(sent <= 10);
    BOOST_TEST(w.run(w.auth.start_login(phone)).has_value());
    BOOST_TEST(w.run(w.auth.start_registration(phone)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_was_begun_before_ends_with_the_user, World, worlds) {
    World w;
    const person ada(w);
    auto l = w.run(w.auth.start_login(phone));
    const auto code_of_login = code_at(w, phone);
    auto p = w.run(w.auth.start_phone_change(ada.own.token, other_phone));
    const auto code_of_phone = code_at(w, other_phone);
    auto twin = w.run(w.auth.start_deletion(ada.other.token));
    const auto code_of_twin = code_at(w, phone);
    const auto s = start(w, ada.own);
    BOOST_TEST(finish(w, ada.own, s) == std::error_code());
    const person next(w);  // the same person, or another: whoever has the phone and the address now
    BOOST_TEST(error_of(w.run(w.auth.finish_login(l->transaction_id, code_of_login))) == error::no_transaction);
    BOOST_TEST(error_of(w.run(w.auth.finish_phone_change(next.own.token, p->transaction_id, code_of_phone))) ==
               error::no_transaction);
    BOOST_TEST(error_of(w.run(w.auth.finish_deletion(next.own.token, twin->transaction_id, code_of_twin))) ==
               error::no_transaction);
    BOOST_TEST(w.memory.find_user(next.id())->phone.str() == phone);
}

// ---- Who may interfere ----

BOOST_AUTO_TEST_CASE_TEMPLATE(a_hook_refuses, World, worlds) {
    World w;
    const person ada(w);
    const auto s = start(w, ada.own);
    w.hooks.on_deletion = [](const user&) { return failure(error::refused_by_hook, "Pay your bill first."); };
    BOOST_TEST(finish(w, ada.own, s) == error::refused_by_hook);
    w.hooks.on_deletion = [](const user&) -> result<void> { throw std::runtime_error("no database"); };
    BOOST_TEST(finish(w, ada.own, s) == error::storage_unavailable);
    BOOST_TEST(is_good(w, ada.own));
    BOOST_TEST(is_good(w, ada.other));
    w.hooks.on_deletion = [](const user&) { return result<void>(); };
    BOOST_TEST(finish(w, ada.own, s) == std::error_code());
    BOOST_TEST(w.memory.find_transaction(s.transaction_id)->tries == 3u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_deletion_that_was_overtaken_deletes_nobody, World, worlds) {
    struct rival {
        std::function<void(user&)> does;
        error gives;
    };
    for (const auto& [does, gives] :
         {rival{[](user& u) { u.phone = *phone_number::parse(other_phone); }, error::unknown_token},
          rival{[](user& u) { u.password_hash = "another"; }, error::unknown_token},
          rival{[](user& u) { ++u.generation; }, error::unknown_token},
          rival{[](user& u) {
                    u.enabled = false;
                    ++u.generation;
                },
                error::account_disabled}}) {
        World w;
        const person ada(w);
        const auto s = start(w, ada.own);
        int deleted = 0;
        w.hooks.on_deletion = [&, change = does](const user& u) {
            change_stored(w, u.object_id, change);
            return result<void>();
        };
        w.hooks.on_deleted = [&](const user&) { ++deleted; };
        BOOST_TEST(finish(w, ada.own, s) == gives);
        BOOST_TEST(w.memory.find_user(ada.id()).has_value());
        BOOST_TEST(deleted == 0);
        BOOST_TEST((w.memory.find_transaction(s.transaction_id)->state == transaction_state::confirmed));
    }
    // What the account does not rest on may change.
    World w;
    const person ada(w);
    const auto s = start(w, ada.own);
    w.hooks.on_deletion = [&](const user& u) {
        change_stored(w, u.object_id, [](user& stored) { stored.properties["a"] = "1"; });
        return result<void>();
    };
    BOOST_TEST(finish(w, ada.own, s) == std::error_code());
    check_gone(w, ada);
}

// ---- Faults ----

BOOST_AUTO_TEST_CASE_TEMPLATE(a_user_is_there_or_gone, World, worlds) {
    struct context {
        person<World> ada;
        challenge s;
        std::shared_ptr<int> deleted = std::make_shared<int>(0);
    };
    const auto calls = for_each_failing_call<World>(
        [](World& w) {
            person ada(w);
            auto s = start(w, ada.own);
            context c{std::move(ada), std::move(s)};
            w.hooks.on_deleted = [deleted = c.deleted](const user&) { ++*deleted; };
            return c;
        },
        [](World& w, const context& with) {
            return went_well(
                w.run(w.auth.finish_deletion(with.ada.own.token, with.s.transaction_id, code_at(w, phone))));
        },
        [](World& w, const context& with, bool ok) {
            const auto& ada = with.ada;
            const bool gone = !w.memory.find_user(ada.id());
            BOOST_TEST(gone == ok);  // what was done is never denied
            BOOST_TEST(*with.deleted == (gone ? 1 : 0));
            if (gone) {
                check_gone(w, ada);
            } else {
                BOOST_TEST(is_good(w, ada.own));
                BOOST_TEST(is_good(w, ada.other));
                const bool open = w.memory.find_transaction(with.s.transaction_id)->state == transaction_state::pending;
                const auto again = open ? with.s : start(w, ada.own);
                BOOST_TEST(finish(w, ada.own, again) == std::error_code());
                check_gone(w, ada);
            }
            register_user(w);
        });
    // 2 of the session, 2 of the code, the user again; it is erased, and its sessions.
    BOOST_TEST(calls == 7u);
}

// ---- Races ----

BOOST_AUTO_TEST_CASE(one_code_deletes_once) {
    for (int round = 0; round < 5; ++round) {
        servers w;
        const person ada(w);
        const auto s = start(w, ada.own);
        const auto code = w.transport.last_code_to(phone);
        std::atomic<int> deleted = 0;
        w.hooks.on_deleted = [&](const user&) { ++deleted; };
        const auto outcomes = race_on(
            w, [&](auto& auth) { return auth.finish_deletion(ada.own.token, s.transaction_id, submitted_code(code)); });
        BOOST_TEST(how_many(outcomes, {}) == 1);
        BOOST_TEST(how_many(outcomes, error::code_used) + how_many(outcomes, error::unknown_token) == 31);
        BOOST_TEST(deleted == 1);
        check_gone(w, ada);
    }
}

BOOST_AUTO_TEST_CASE(a_login_does_not_outlive_the_user) {
    for (int round = 0; round < 50; ++round) {
        servers w;
        const person ada(w);
        const auto l = *w[1].start_login(phone);
        const auto code_of_login = code_at(w, phone);
        const auto s = start(w, ada.own);
        const auto code = code_at(w, phone);
        std::error_code deleted;
        result<login_result> in;
        race({[&] { deleted = error_of(w[0].finish_deletion(ada.own.token, s.transaction_id, code)); },
              [&] { in = w[1].finish_login(l.transaction_id, code_of_login); }});
        BOOST_TEST(deleted == std::error_code());
        check_gone(w, ada);
        if (in) BOOST_TEST(!is_good(w, *in));
        BOOST_TEST(w.memory.find_sessions_of(ada.id()).empty());
    }
}

BOOST_AUTO_TEST_CASE(a_change_does_not_bring_the_user_back) {
    for (int round = 0; round < 20; ++round) {
        servers w;
        const person ada(w);
        const auto s = start(w, ada.own);
        const auto code = code_at(w, phone);
        std::error_code deleted;
        std::vector<std::function<void()>> work{
            [&] { deleted = error_of(w[0].finish_deletion(ada.own.token, s.transaction_id, code)); }};
        for (std::size_t i = 0; i < 4; ++i)
            work.emplace_back([&, i] {
                for (int j = 0; j < 10; ++j)
                    (void)w[i].update_user(ada.own.token, ada.id(), {{"a", std::to_string(j)}});
            });
        race(work);
        BOOST_TEST(deleted == std::error_code());
        check_gone(w, ada);
    }
}

BOOST_AUTO_TEST_CASE(a_deletion_and_a_change_of_phone_leave_nothing_half_done) {
    for (int round = 0; round < 50; ++round) {
        servers w;
        const person ada(w);
        const auto p = *w[1].start_phone_change(ada.other.token, other_phone);
        const auto code_of_phone = code_at(w, other_phone);
        const auto s = start(w, ada.own);
        const auto code = code_at(w, phone);
        std::error_code deleted;
        std::error_code changed;
        race({[&] { deleted = error_of(w[0].finish_deletion(ada.own.token, s.transaction_id, code)); },
              [&] { changed = error_of(w[1].finish_phone_change(ada.other.token, p.transaction_id, code_of_phone)); }});
        if (!deleted) {
            check_gone(w, ada);
            BOOST_TEST(!owner_of(w, other_phone));
            BOOST_TEST(w.memory.find_sessions_of(ada.id()).empty());
        } else {
            BOOST_TEST((deleted == error::unknown_token || deleted == error::phone_mismatch ||
                        deleted == error::no_transaction));
            BOOST_TEST(changed == std::error_code());
            BOOST_TEST(owner_of(w, other_phone)->object_id == ada.id());
            BOOST_TEST(is_good(w, ada.other));
        }
    }
}

// ---- The data ----

BOOST_AUTO_TEST_CASE_TEMPLATE(users_are_told_all_that_is_stored_about_them, World, worlds) {
    watching<World> w;
    const person<World> ada(w);
    change_stored(w, ada.id(), [](user& u) {
        u.properties["name"] = "\"Ada\"";
        u.backup_codes = "hash1 - hash3";
    });
    (void)w.told(event_kind::exported);
    auto all = w.run(w.auth.export_account(ada.own.token));
    BOOST_REQUIRE(all);
    BOOST_TEST(w.told(event_kind::exported) == 1);
    BOOST_TEST(w.last.user_id == ada.id());
    BOOST_TEST(all->user.object_id == ada.id());
    BOOST_TEST(all->user.phone.str() == phone);
    BOOST_TEST(all->user.identity == "ada@example.com");
    BOOST_TEST(all->user.properties.at("name") == "\"Ada\"");
    BOOST_TEST(all->user.password_hash.empty());
    BOOST_TEST(all->user.backup_codes.empty());
    BOOST_TEST(!w.memory.find_user(ada.id())->password_hash.empty());
    BOOST_TEST(all->sessions.size() == 3u);
    const auto mine = [](const session_info& s) { return s.current; };
    BOOST_TEST(std::count_if(all->sessions.begin(), all->sessions.end(), mine) == 1);
    const auto devices = [](const session_info& s) { return s.kind == session_kind::trusted_device; };
    BOOST_TEST(std::count_if(all->sessions.begin(), all->sessions.end(), devices) == 1);
    BOOST_TEST(error_of(w.run(w.auth.export_account(session_token("no token")))) == error::unknown_token);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_data_is_told_so_often, World, worlds) {
    watching<World> w;
    const person<World> ada(w);
    int told = 0;
    result<account_data> last;
    do {
        last = w.run(w.auth.export_account(ada.own.token));
        ++told;
    } while (last && told < 1000);
    BOOST_TEST(error_of(last) == error::too_many_failures);
    BOOST_TEST(last.error().retry_after.has_value());
    BOOST_TEST(told - 1 == rules::max_changes / 2);
    // The password has a count of its own, so that a thief does not keep the user from changing it.
    w.clock.advance(*last.error().retry_after);
    BOOST_TEST(w.run(w.auth.update_user(ada.own.token, ada.id(), {{"password", "\"battery staple\""}})).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
