// SPDX-License-Identifier: BSL-1.0
// A logged-in user gets another phone: what that needs, what ends with it, who may learn what, and who may interfere.
#include "flows/racing.hpp"

using namespace flow_tests;

namespace {

const std::string third_phone = "+14155550102";

template <class World>
challenge start(World& w, const login_result& by, const std::string& number = other_phone) {
    auto s = w.run(w.auth.start_phone_change(by.token, number));
    BOOST_REQUIRE(s);
    return *s;
}

template <class World>
std::error_code finish(World& w, const login_result& by, const challenge& s, const std::string& number = other_phone) {
    return error_of(w.run(w.auth.finish_phone_change(by.token, s.transaction_id, code_at(w, number))));
}

config with_phone_as_identity() {
    auto c = test_config();
    c.identity_column = c.phone_column;
    return c;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flows_phone_change)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_proved_number_becomes_the_users, World, worlds) {
    watching<World> w;
    const person ada(w);
    user hooked_before = ada.stored;
    user hooked_after = ada.stored;
    w.hooks.on_updated = [&](const user& before, const user& changed) {
        hooked_before = before;
        hooked_after = changed;
    };
    w.clock.advance(60s);
    (void)w.told(event_kind::started);
    const auto s = start(w, ada.own, "+1 (415) 555-0101");
    BOOST_TEST(w.told(event_kind::started) == 1);
    BOOST_TEST(w.last.phone == "+14*******01");
    BOOST_TEST(w.last.user_id == ada.id());
    BOOST_TEST((w.last.purpose == purpose::phone_change));
    BOOST_TEST(w.transport.last_message_to(other_phone).find("confirm your new number") != std::string::npos);
    BOOST_TEST(owner_of(w, phone)->object_id == ada.id());

    auto changed = w.run(w.auth.finish_phone_change(ada.own.token, s.transaction_id, code_at(w, other_phone)));
    BOOST_REQUIRE(changed);
    BOOST_TEST(changed->phone.str() == other_phone);
    BOOST_TEST((changed->updated_at == w.clock.now()));
    BOOST_TEST(w.told(event_kind::phone_changed) == 1);
    BOOST_TEST(w.last.phone == "+14*******01");
    BOOST_TEST(w.last.by.empty());
    const auto stored = w.memory.find_user(ada.id());
    BOOST_TEST(stored->phone.str() == other_phone);
    BOOST_TEST(stored->version == changed->version);
    BOOST_TEST(stored->generation == ada.own.user.generation + 1);
    BOOST_TEST(stored->identity == "ada@example.com");
    BOOST_TEST(hooked_before.phone.str() == phone);
    BOOST_TEST(hooked_after.phone.str() == other_phone);
    BOOST_TEST(hooked_after.version == stored->version);

    BOOST_TEST(is_good(w, ada.own));
    BOOST_TEST(!is_good(w, ada.other));
    BOOST_TEST(w.memory.find_sessions_of(ada.id()).size() == 1u);  // the trusted device is gone, too
    BOOST_TEST(w.transport.last_message_to(phone) == w.auth.config().phone_changed_notice);
    BOOST_TEST(!owner_of(w, phone));
    BOOST_TEST(log_in(w, other_phone).user.object_id == ada.id());
    BOOST_TEST(register_user(w, phone, "bob@example.com").object_id != ada.id());
    BOOST_TEST(finish(w, ada.own, s) == error::code_used);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_identity_that_is_the_phone_changes_with_it, World, worlds) {
    World w(with_phone_as_identity());
    const person ada(w);
    w.hooks.on_update = [](const user&, user& changed) {
        changed.identity = phone;
        return result<void>();
    };
    const auto s = start(w, ada.own);
    BOOST_TEST(finish(w, ada.own, s) == std::error_code());
    BOOST_TEST(owner_of(w, other_phone)->identity == other_phone);
    BOOST_TEST(w.memory.find_user_by_identity(other_phone)->object_id == ada.id());
    BOOST_TEST(!w.memory.find_user_by_identity(phone));
}

// ---- What it needs ----

BOOST_AUTO_TEST_CASE_TEMPLATE(a_stolen_session_that_is_not_fresh_does_not_do, World, worlds) {
    World w;
    const person ada(w);
    w.clock.advance(600s);
    const auto messages = w.transport.calls();
    const auto call = [&] { return error_of(w.run(w.auth.start_phone_change(ada.own.token, other_phone))); };
    BOOST_TEST(call() == error::fresh_login_required);
    BOOST_TEST(w.transport.calls() == messages);
    BOOST_TEST(codes_taken(w, other_phone) == 0);
    const auto again = log_in(w);
    const auto s = start(w, again);
    BOOST_TEST(finish(w, again, s) == std::error_code());

    auto c = test_config();
    c.fresh_login = 0s;
    World never(c);
    const person bob(never);
    never.clock.advance(24h);
    start(never, bob.own);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_can_be_no_new_number_is_refused, World, worlds) {
    auto c = test_config();
    c.blocked_prefixes = {"1900"};
    c.allowed_calling_codes = {"1"};
    World w(c);
    const person ada(w);
    const auto messages = w.transport.calls();
    const auto error_for = [&](const std::string& number) {
        return error_of(w.run(w.auth.start_phone_change(ada.own.token, number)));
    };
    BOOST_TEST(error_for("Bob's") == error::invalid_phone_number);
    BOOST_TEST(error_for("+1 (415) 555-0100") == error::invalid_parameter);
    BOOST_TEST(error_for("+4930123456") == error::destination_not_allowed);
    BOOST_TEST(error_for("+19005550100") == error::destination_not_allowed);
    BOOST_TEST(w.transport.calls() == messages);
    for (const auto& token : {std::string(), std::string("no token")}) {
        BOOST_TEST(error_of(w.run(w.auth.start_phone_change(session_token(token), other_phone))) ==
                   error::unknown_token);
        BOOST_TEST(error_of(w.run(w.auth.finish_phone_change(session_token(token), transaction_id("A"),
                                                             submitted_code("123456")))) == error::unknown_token);
    }
    // A device's token logs nobody in.
    BOOST_TEST(error_of(w.run(w.auth.start_phone_change(session_token("device:ada@example.com"), other_phone))) ==
               error::unknown_token);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(its_code_is_good_for_its_user_and_nothing_else, World, worlds) {
    World w;
    const person ada(w);
    const person bob(w, third_phone, "bob@example.com");
    const auto s = start(w, ada.own);
    const auto code = code_at(w, other_phone);
    const auto& id = s.transaction_id;
    BOOST_TEST(finish(w, bob.own, s) == error::no_transaction);
    BOOST_TEST(error_of(w.run(w.auth.finish_registration(form(id, code, other_phone, "x@example.com")))) ==
               error::no_transaction);
    BOOST_TEST(error_of(w.run(w.auth.finish_login(id, code))) == error::no_transaction);
    BOOST_TEST(error_of(w.run(w.auth.finish_deletion(ada.own.token, id, code))) == error::no_transaction);
    BOOST_TEST(w.memory.find_transaction(id)->tries == 0u);

    auto r = w.run(w.auth.start_registration(other_phone));
    BOOST_TEST(finish(w, ada.own, *r) == error::no_transaction);
    auto l = w.run(w.auth.start_login(phone));
    BOOST_TEST(finish(w, ada.own, *l, phone) == error::no_transaction);
    // Another session of the same user does: it is theirs.
    auto changed = w.run(w.auth.finish_phone_change(ada.other.token, id, code));
    BOOST_TEST(changed.has_value());
    BOOST_TEST(!is_good(w, ada.own));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(wrong_codes_are_counted_as_of_a_registration, World, worlds) {
    watching<World> w;
    const person ada(w);
    const auto s = start(w, ada.own);
    const auto code = w.transport.last_code_to(other_phone);
    const auto guess = [&](const std::string& typed) {
        return w.run(w.auth.finish_phone_change(ada.own.token, s.transaction_id, submitted_code(typed)));
    };
    BOOST_TEST(error_of(guess("12345")) == error::invalid_parameter);
    for (int left = 4; left > 0; --left) {
        const auto r = guess(wrong(code));
        BOOST_TEST(error_of(r) == error::wrong_code);
        BOOST_TEST(*r.error().tries_left == left);
    }
    BOOST_TEST(error_of(guess(wrong(code))) == error::tries_exhausted);
    BOOST_TEST(error_of(guess(code)) == error::tries_exhausted);
    BOOST_TEST(owner_of(w, phone)->object_id == ada.id());

    const auto late = start(w, ada.own);
    w.clock.advance(w.auth.config().code_lifetime);
    BOOST_TEST(finish(w, ada.own, late) == error::code_expired);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(its_messages_are_those_of_registrations, World, worlds) {
    auto c = test_config();
    c.phone_cooldown = 10s;
    World w(c);
    const person ada(w);
    start(w, ada.own);
    BOOST_TEST(codes_taken(w, other_phone) == 1);
    auto r = w.run(w.auth.start_registration(other_phone));
    BOOST_TEST(error_of(r) == error::resend_too_soon);
    BOOST_TEST(error_of(w.run(w.auth.start_phone_change(ada.own.token, other_phone))) == error::resend_too_soon);
    w.clock.advance(10s);
    BOOST_TEST(w.run(w.auth.start_registration(other_phone)).has_value());
    w.clock.advance(10s);
    start(w, ada.own);
    w.clock.advance(10s);
    BOOST_TEST(error_of(w.run(w.auth.start_phone_change(ada.own.token, other_phone))) == error::too_many_messages);
    // The client's, too.
    const client_info from("198.51.100.7");
    int sent = 0;
    for (int i = 0; i < 60; ++i) {
        auto number = std::string("+141555520") + (i < 10 ? "0" : "") + std::to_string(i);
        sent += w.run(w.auth.start_phone_change(ada.own.token, number, from)).has_value() ? 1 : 0;
    }
    BOOST_TEST(sent > 10);
    BOOST_TEST(sent <= 25);  // half of 50 at once
    // A code that was right is open no longer.
    const auto s = start(w, ada.own, third_phone);
    BOOST_TEST(finish(w, ada.own, s, third_phone) == std::error_code());
    cell_batch look(w.clock.now());
    look.add({.action = cell_action::ask, .room = 24h}, "open/registration:" + third_phone);
    BOOST_TEST((w.memory.take_cells(look).cells[0] <= w.clock.now()));
}

// ---- Whose the number is ----

BOOST_AUTO_TEST_CASE_TEMPLATE(who_has_a_number_is_told_to_whoever_proves_it, World, worlds) {
    World w;
    const person ada(w);
    const person bob(w, third_phone, "bob@example.com");
    const auto asked = [&](const std::string& number) {
        const auto calls = w.storage.calls();
        const auto requests = w.transport.calls();
        const auto s = start(w, ada.own, number);
        BOOST_TEST(w.transport.calls() == requests + 1);
        const auto status = w.run(w.auth.status(s.transaction_id));
        BOOST_TEST((status->state == transaction_state::pending));
        BOOST_TEST(status->tries_left == 5);
        return std::pair(w.storage.calls() - calls, w.transport.last_message_to(number).size());
    };
    BOOST_TEST((asked(other_phone) == asked(third_phone)));

    const auto s = start(w, ada.own, third_phone);
    BOOST_TEST(finish(w, ada.own, s, third_phone) == error::user_exists);
    BOOST_TEST(owner_of(w, third_phone)->object_id == bob.id());
    BOOST_TEST(is_good(w, bob.own));
    BOOST_TEST(is_good(w, ada.own));
    BOOST_TEST(is_good(w, ada.other));
    BOOST_TEST(w.transport.last_message_to(phone) != w.auth.config().phone_changed_notice);
    BOOST_TEST(w.memory.find_transaction(s.transaction_id)->tries == 1u);
    // The number becomes free: the same code is still good, and counts.
    BOOST_TEST(w.run(w.auth.delete_user(bob.id())).has_value());
    BOOST_TEST(finish(w, ada.own, s, third_phone) == std::error_code());
    BOOST_TEST(w.memory.find_transaction(s.transaction_id)->tries == 2u);
    BOOST_TEST(owner_of(w, third_phone)->object_id == ada.id());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_taken_number_is_asked_for_five_times_at_most, World, worlds) {
    World w;
    const person ada(w);
    const person bob(w, third_phone, "bob@example.com");
    const auto s = start(w, ada.own, third_phone);
    for (int i = 0; i < 5; ++i) BOOST_TEST(finish(w, ada.own, s, third_phone) == error::user_exists);
    BOOST_TEST(finish(w, ada.own, s, third_phone) == error::tries_exhausted);
}

// ---- What ends with it ----

BOOST_AUTO_TEST_CASE_TEMPLATE(what_the_former_number_was_sent_is_good_for_nothing, World, worlds) {
    World w;
    const person ada(w);
    auto by_code = w.run(w.auth.start_login(phone));
    const auto code = code_at(w, phone);
    auto with_password = w.run(w.auth.start_two_factor_login(phone, password("correct horse")));
    const auto second_code = code_at(w, phone);
    auto leaving = w.run(w.auth.start_deletion(ada.own.token));
    const auto last_code = code_at(w, phone);
    BOOST_REQUIRE((by_code && with_password && leaving));
    const auto s = start(w, ada.own);
    BOOST_TEST(finish(w, ada.own, s) == std::error_code());

    BOOST_TEST(error_of(w.run(w.auth.finish_login(by_code->transaction_id, code))) == error::no_transaction);
    BOOST_TEST(error_of(w.run(w.auth.finish_login(with_password->transaction_id, second_code))) ==
               error::no_transaction);
    BOOST_TEST(error_of(w.run(w.auth.finish_deletion(ada.own.token, leaving->transaction_id, last_code))) ==
               error::phone_mismatch);
    BOOST_TEST(w.memory.find_user(ada.id()).has_value());
    // Nor is it once the number has come back.
    const auto back = start(w, ada.own, phone);
    BOOST_TEST(finish(w, ada.own, back, phone) == std::error_code());
    BOOST_TEST(error_of(w.run(w.auth.finish_login(by_code->transaction_id, code))) == error::code_used);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_login_that_is_finished_just_then_opens_no_session, World, worlds) {
    World w;
    const person ada(w);
    auto l = w.run(w.auth.start_login(phone));
    const auto code = code_at(w, phone);
    const auto s = start(w, ada.own);
    const auto new_code = code_at(w, other_phone);
    authenticator another_server(w.auth.config(), w.memory, w.transport, w.clock, w.passwords);
    w.hooks.on_login = [&](const user&) {
        BOOST_TEST(another_server.finish_phone_change(ada.own.token, s.transaction_id, new_code).has_value());
        return result<void>();
    };
    BOOST_TEST(error_of(w.run(w.auth.finish_login(l->transaction_id, code))) == error::invalid_login);
    BOOST_TEST(w.memory.find_sessions_of(ada.id()).size() == 1u);
    BOOST_TEST(is_good(w, ada.own));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(networks_of_the_former_number_are_strangers, World, worlds) {
    World w;
    const client_info home("203.0.113.7");
    register_user(w);
    auto l = w.run(w.auth.start_login(phone, home));
    auto in = w.run(w.auth.finish_login(l->transaction_id, code_at(w, phone), home));
    const auto is_known = [&](const std::string& number, const std::string& network) {
        // What the session rests on, networks are remembered by.
        const auto rests_on = w.memory.find_session(token_hasher()(in->token.str()))->fingerprint;
        cell_batch look(w.clock.now());
        look.add({.action = cell_action::ask, .room = 10000h},
                 "known:" + number + "/" + rests_on.substr(0, 16) + "@" + network);
        return w.memory.take_cells(look).cells[0] > w.clock.now();
    };
    BOOST_TEST(is_known(phone, "203.0.113.7"));
    const client_info elsewhere("198.51.100.9");
    auto s = w.run(w.auth.start_phone_change(in->token, other_phone, elsewhere));
    BOOST_TEST(w.run(w.auth.finish_phone_change(in->token, s->transaction_id, code_at(w, other_phone), elsewhere))
                   .has_value());
    BOOST_TEST(!is_known(other_phone, "203.0.113.7"));
    BOOST_TEST(is_known(other_phone, "198.51.100.9"));
}

// ---- Who may interfere ----

BOOST_AUTO_TEST_CASE_TEMPLATE(a_hook_refuses_and_does_not_choose_the_number, World, worlds) {
    World w;
    const person ada(w);
    const auto s = start(w, ada.own);
    w.hooks.on_update = [](const user& before, user& changed) -> result<void> {
        BOOST_TEST(before.phone.str() == phone);
        BOOST_TEST(changed.phone.str() == other_phone);
        return failure(error::refused_by_hook, "Not today.");
    };
    BOOST_TEST(finish(w, ada.own, s) == error::refused_by_hook);
    BOOST_TEST(is_good(w, ada.other));
    w.hooks.on_update = [](const user&, user&) -> result<void> { throw std::runtime_error("no database"); };
    BOOST_TEST(finish(w, ada.own, s) == error::storage_unavailable);
    BOOST_TEST(owner_of(w, phone)->object_id == ada.id());
    w.hooks.on_update = [](const user&, user& changed) {
        changed.phone = *phone_number::parse(third_phone);
        changed.object_id = "X";
        changed.version = 0;
        changed.generation = 0;
        changed.properties["moved"] = "true";
        return result<void>();
    };
    w.hooks.on_updated = [](const user&, const user&) { throw std::runtime_error("nobody cares"); };
    BOOST_TEST(finish(w, ada.own, s) == std::error_code());
    const auto moved = owner_of(w, other_phone);
    BOOST_TEST_REQUIRE(moved.has_value());
    BOOST_TEST(moved->object_id == ada.id());
    BOOST_TEST(moved->properties.at("moved") == "true");
    BOOST_TEST(moved->generation == 1u);
    BOOST_TEST(!is_good(w, ada.other));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_session_that_ends_meanwhile_changes_no_phone, World, worlds) {
    struct rival {
        std::function<void(user&)> does;
        error gives;
    };
    for (const auto& [does, gives] : {rival{[](user& u) { ++u.generation; }, error::unknown_token},
                                      rival{[](user& u) { u.password_hash = "another"; }, error::unknown_token},
                                      rival{[](user& u) { u.enabled = false; }, error::account_disabled}}) {
        World w;
        const person ada(w);
        const auto s = start(w, ada.own);
        w.hooks.on_update = [&, change = does](const user& before, user&) {
            change_stored(w, before.object_id, change);
            return result<void>();
        };
        BOOST_TEST(finish(w, ada.own, s) == gives);
        BOOST_TEST(owner_of(w, phone)->object_id == ada.id());
        BOOST_TEST(!owner_of(w, other_phone));
        BOOST_TEST((w.memory.find_transaction(s.transaction_id)->state == transaction_state::confirmed));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_lost_race_is_run_again, World, worlds) {
    World w;
    const person ada(w);
    const auto s = start(w, ada.own);
    w.storage.lose_race_on(w.storage.updates() + 2);  // the first is the code's
    BOOST_TEST(finish(w, ada.own, s) == std::error_code());
    BOOST_TEST(owner_of(w, other_phone)->object_id == ada.id());
    BOOST_TEST(is_good(w, ada.own));
}

// ---- The notice ----

BOOST_AUTO_TEST_CASE_TEMPLATE(a_notice_that_fails_changes_nothing, World, worlds) {
    watching<World> w;
    const person ada(w);
    const auto s = start(w, ada.own);
    w.transport.fail_on_call(w.transport.calls() + 1, error::connect_failed);
    BOOST_TEST(finish(w, ada.own, s) == std::error_code());
    BOOST_TEST(w.told(event_kind::provider_error) == 1);
    BOOST_TEST(is_good(w, ada.own));
    BOOST_TEST(messages_taken(w) == 0);
    const auto back = start(w, ada.own, third_phone);
    w.transport.throw_on_call(w.transport.calls() + 1);
    BOOST_TEST(finish(w, ada.own, back, third_phone) == std::error_code());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(no_notice_where_none_is_wanted, World, worlds) {
    auto c = test_config();
    c.phone_changed_notice.clear();
    World w(c);
    const person ada(w);
    const auto s = start(w, ada.own);
    const auto before = messages_to(w, phone);
    BOOST_TEST(finish(w, ada.own, s) == std::error_code());
    BOOST_TEST(messages_to(w, phone) == before);
}

// ---- Faults ----

BOOST_AUTO_TEST_CASE_TEMPLATE(no_code_without_a_stored_transaction, World, worlds) {
    const auto calls =
        for_each_failing_call<World>([](World& w) { return person(w); },
                                     [](World& w, const person<World>& ada) {
                                         return went_well(w.run(w.auth.start_phone_change(ada.own.token, other_phone)));
                                     },
                                     [](World& w, const person<World>& ada, bool ok) {
                                         BOOST_TEST(messages_to(w, other_phone) == (ok ? 1u : 0u));
                                         start(w, ada.own);
                                     });
    BOOST_TEST(calls == 4u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_phone_is_changed_whole_or_not_at_all, World, worlds) {
    struct context {
        person<World> ada;
        challenge s;
    };
    const auto calls = for_each_failing_call<World>(
        [](World& w) {
            person ada(w);
            auto s = start(w, ada.own);
            return context{std::move(ada), std::move(s)};
        },
        [](World& w, const context& with) {
            return went_well(
                w.run(w.auth.finish_phone_change(with.ada.own.token, with.s.transaction_id, code_at(w, other_phone))));
        },
        [](World& w, const context& with, bool ok) {
            const auto& ada = with.ada;
            const auto stored = *w.memory.find_user(ada.id());
            const bool moved = stored.phone.str() == other_phone;
            BOOST_TEST((moved || stored.phone.str() == phone));
            BOOST_TEST(stored.generation == (moved ? 1u : 0u));
            BOOST_TEST(moved == ok);  // what was stored is never denied
            BOOST_TEST(is_good(w, ada.other) == !moved);
            const auto state = w.memory.find_transaction(with.s.transaction_id)->state;
            if (moved) {
                BOOST_TEST((state == transaction_state::confirmed));
                BOOST_TEST(log_in(w, other_phone).user.object_id == ada.id());
                return;
            }
            // The same code does, or else another one.
            if (state == transaction_state::pending) {
                BOOST_TEST(finish(w, ada.own, with.s) == std::error_code());
            } else {
                const auto again = start(w, ada.own);
                BOOST_TEST(finish(w, ada.own, again) == std::error_code());
            }
            BOOST_TEST(owner_of(w, other_phone)->object_id == ada.id());
        });
    // 2 of the session, 2 of the code, the user; 2 of the sessions, 4 of the limits, of which 1 is the notice's.
    BOOST_TEST(calls == 10u);
}

BOOST_AUTO_TEST_CASE(a_number_that_may_be_stored_keeps_the_code_spent) {
    struct lost_connection : memory_storage {
        bool up = true;
        bool breaks = false;
        write_result update_user(const user& u) {
            const auto written = memory_storage::update_user(u);
            if (!breaks) return written;
            up = false;
            throw std::runtime_error("connection lost");
        }
        std::optional<user> find_user(const std::string& id) {
            return up ? memory_storage::find_user(id) : throw std::runtime_error("connection refused");
        }
    };
    struct {
        lost_connection memory;
        testing::scripted_transport transport;
        testing::manual_clock clock;
        quick_passwords passwords;
        authenticator<lost_connection, testing::scripted_transport, testing::manual_clock, quick_passwords> auth{
            test_config(), memory, transport, clock, passwords};
        static result<user> run(result<user> r) { return r; }
        static result<challenge> run(result<challenge> r) { return r; }
        static result<login_result> run(result<login_result> r) { return r; }
    } w;
    const person ada(w);
    const auto s = start(w, ada.own);
    w.memory.breaks = true;
    BOOST_TEST(finish(w, ada.own, s) == error::storage_unavailable);
    w.memory.breaks = false;
    w.memory.up = true;
    BOOST_TEST((w.memory.find_transaction(s.transaction_id)->state == transaction_state::confirmed));
    BOOST_TEST(finish(w, ada.own, s) == error::unknown_token);  // its session rests on the number before it
    BOOST_TEST(log_in(w, other_phone).user.object_id == ada.id());
}

// ---- Races ----

BOOST_AUTO_TEST_CASE(one_code_changes_one_phone_once) {
    for (int round = 0; round < 5; ++round) {
        servers w;
        const person ada(w);
        const auto s = start(w, ada.own);
        const auto code = w.transport.last_code_to(other_phone);
        const auto outcomes = race_on(w, [&](auto& auth) {
            return auth.finish_phone_change(ada.own.token, s.transaction_id, submitted_code(code));
        });
        BOOST_TEST(how_many(outcomes, {}) == 1);
        // While the winner's session is stored anew, it is over for all others.
        BOOST_TEST(how_many(outcomes, error::code_used) + how_many(outcomes, error::unknown_token) == 31);
        BOOST_TEST(owner_of(w, other_phone)->generation == 1u);
        BOOST_TEST(is_good(w, ada.own));
        BOOST_TEST(messages_to(w, phone) == 4u);  // three codes and one notice
    }
}

BOOST_AUTO_TEST_CASE(two_users_never_get_one_number) {
    for (int round = 0; round < 50; ++round) {
        servers w;
        const person ada(w);
        const person bob(w, third_phone, "bob@example.com");
        const auto a = start(w, ada.own);
        const auto code_of_ada = code_at(w, other_phone);
        const auto b = start(w, bob.own);
        const auto code_of_bob = code_at(w, other_phone);
        std::error_code of_ada;
        std::error_code of_bob;
        race({[&] { of_ada = error_of(w[0].finish_phone_change(ada.own.token, a.transaction_id, code_of_ada)); },
              [&] { of_bob = error_of(w[1].finish_phone_change(bob.own.token, b.transaction_id, code_of_bob)); }});
        BOOST_TEST(((!of_ada) != (!of_bob)));
        BOOST_TEST((of_ada ? of_ada : of_bob) == error::user_exists);
        BOOST_TEST(owner_of(w, other_phone)->object_id == (of_ada ? bob.id() : ada.id()));
        BOOST_TEST(owner_of(w, of_ada ? phone : third_phone).has_value());
        BOOST_TEST(is_good(w, ada.own));
        BOOST_TEST(is_good(w, bob.own));
    }
}

BOOST_AUTO_TEST_CASE(of_two_sessions_one_chooses_the_number) {
    for (int round = 0; round < 50; ++round) {
        servers w;
        const person ada(w);
        const auto one = start(w, ada.own, other_phone);
        const auto two = start(w, ada.other, third_phone);
        std::error_code first;
        std::error_code second;
        race({[&] { first = finish(w, ada.own, one, other_phone); },
              [&] { second = finish(w, ada.other, two, third_phone); }});
        BOOST_TEST(((!first) != (!second)));
        BOOST_TEST((first ? first : second) == error::unknown_token);
        BOOST_TEST(w.memory.find_user(ada.id())->phone.str() == (first ? third_phone : other_phone));
        BOOST_TEST(is_good(w, first ? ada.other : ada.own));
        BOOST_TEST(!is_good(w, first ? ada.own : ada.other));
    }
}

BOOST_AUTO_TEST_CASE(a_registration_and_a_change_of_phone_do_not_share_a_number) {
    for (int round = 0; round < 50; ++round) {
        servers w;
        const person ada(w);
        const auto s = start(w, ada.own);
        const auto code = code_at(w, other_phone);
        const auto r = *w[1].start_registration(other_phone);
        const auto f = form(r.transaction_id, w.transport.last_code_to(other_phone), other_phone, "bob@example.com");
        std::error_code changed;
        std::error_code registered;
        race({[&] { changed = error_of(w[0].finish_phone_change(ada.own.token, s.transaction_id, code)); },
              [&] { registered = error_of(w[1].finish_registration(f)); }});
        BOOST_TEST(((!changed) != (!registered)));
        BOOST_TEST((changed ? changed : registered) == error::user_exists);
        BOOST_TEST((owner_of(w, other_phone)->object_id == ada.id()) == !changed);
    }
}

BOOST_AUTO_TEST_CASE(no_login_of_the_former_number_outlives_a_change_of_phone) {
    for (int round = 0; round < 50; ++round) {
        servers w;
        const person ada(w);
        const auto l = *w[1].start_login(phone);
        const auto code_of_login = code_at(w, phone);
        const auto s = start(w, ada.own);
        const auto code = code_at(w, other_phone);
        std::error_code changed;
        result<login_result> in;
        race({[&] { changed = error_of(w[0].finish_phone_change(ada.own.token, s.transaction_id, code)); },
              [&] { in = w[1].finish_login(l.transaction_id, code_of_login); }});
        BOOST_TEST(changed == std::error_code());
        if (in) BOOST_TEST(!is_good(w, *in));
        if (!in) BOOST_TEST((error_of(in) == error::invalid_login || error_of(in) == error::no_transaction));
        BOOST_TEST(is_good(w, ada.own));
        BOOST_TEST(w.memory.find_user(ada.id())->phone.str() == other_phone);
    }
}

BOOST_AUTO_TEST_SUITE_END()

// ---- Other changes ----

BOOST_AUTO_TEST_SUITE(flows_profile)

BOOST_AUTO_TEST_CASE_TEMPLATE(who_has_no_password_sets_one_while_fresh, World, worlds) {
    World w;
    const auto u = register_user(w);
    change_stored(w, u.object_id, [](user& stored) { stored.password_hash.clear(); });
    const auto in = log_in(w);
    property_map changes{{"password", "\"battery staple\""}};
    const auto change = [&] { return error_of(w.run(w.auth.update_user(in.token, u.object_id, changes))); };
    changes["currentPassword"] = "\"battery staple\"";
    BOOST_TEST(change() == error::invalid_login);  // there is none that could be right
    changes.erase("currentPassword");
    w.clock.advance(600s);
    BOOST_TEST(change() == error::fresh_login_required);
    w.clock.advance(-1s);
    BOOST_TEST(change() == std::error_code());
    BOOST_TEST(is_good(w, in));
    BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, password("battery staple"))).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_hook_is_told_what_was_stored, World, worlds) {
    World w;
    const auto u = register_user(w);
    const auto in = log_in(w);
    int told = 0;
    w.hooks.on_updated = [&](const user& before, const user& changed) {
        ++told;
        BOOST_TEST(before.version + 1 == changed.version);
        BOOST_TEST(changed.version == w.memory.find_user(u.object_id)->version);
        BOOST_TEST(changed.properties.at("a") == "1");
        throw std::runtime_error("nobody cares");
    };
    BOOST_TEST(w.run(w.auth.update_user(in.token, u.object_id, {{"a", "1"}})).has_value());
    BOOST_TEST(told == 1);
    BOOST_TEST(!w.run(w.auth.update_user(in.token, u.object_id, {{"a", "nonsense"}})));
    w.hooks.on_update = [](const user&, user&) { return result<void>(error::refused_by_hook); };
    BOOST_TEST(error_of(w.run(w.auth.update_user(in.token, u.object_id, {{"a", "2"}}))) == error::refused_by_hook);
    BOOST_TEST(told == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_new_password_whose_acknowledgement_is_lost_is_not_denied, World, worlds) {
    World w;
    const auto u = register_user(w);
    const auto other = log_in(w);
    const auto in = log_in(w);
    w.storage.fail_after(w.storage.calls() + 4);
    BOOST_TEST(w.run(w.auth.update_user(in.token, u.object_id, {{"password", "\"battery staple\""}})).has_value());
    w.storage.fail_after(0);
    BOOST_TEST(is_good(w, in));
    BOOST_TEST(!is_good(w, other));
    BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, password("battery staple"))).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
