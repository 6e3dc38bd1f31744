// SPDX-License-Identifier: BSL-1.0
// What whoever runs the server does to accounts, also to those whose users do not sit still.
#include "flows/racing.hpp"

#include <atomic>

using namespace flow_tests;

namespace {

const std::string third_phone = "+14155550102";

}  // namespace

BOOST_AUTO_TEST_SUITE(flows_operators)

// ---- Looking ----

BOOST_AUTO_TEST_CASE_TEMPLATE(accounts_are_found_by_what_people_name, World, worlds) {
    auto c = test_config();
    c.default_calling_code = "1";
    c.identity_column = "name";
    World w(c);
    const auto ada = register_user(w, phone, "Ada");
    const auto found = [&](const std::string& text) {
        auto u = w.run(w.auth.find_account(text));
        if (!u) BOOST_TEST(error_of(u) == error::invalid_parameter);
        return u ? u->object_id : std::string();
    };
    for (const auto& text : {ada.object_id, phone, std::string("(415) 555-0100"), std::string(" Ada ")})
        BOOST_TEST(found(text) == ada.object_id, text);
    for (const auto& text : {std::string(), std::string("Bob"), other_phone, std::string("A\0B", 3),
                             std::string("\xff"), std::string(1000, 'A'), std::string("ada")})
        BOOST_TEST(found(text).empty());
    // Whoever names themselves after somebody is not taken for them.
    const auto eve = register_user(w, other_phone, "4155550100");
    BOOST_TEST(found("4155550100") == ada.object_id);
    const auto eva = register_user(w, third_phone, ada.object_id);
    BOOST_TEST(found(ada.object_id) == ada.object_id);
    BOOST_TEST(found(eva.object_id) == eva.object_id);
    BOOST_TEST(found(eve.object_id) == eve.object_id);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(sessions_of_a_user_are_listed, World, worlds) {
    World w;
    const person ada(w);
    auto all = w.run(w.auth.sessions_of(ada.id()));
    BOOST_REQUIRE(all);
    BOOST_TEST(all->size() == 3u);
    for (const auto& s : *all) BOOST_TEST(!s.current);
    BOOST_TEST(w.run(w.auth.end_sessions(ada.id(), "op")).has_value());
    BOOST_TEST(w.run(w.auth.sessions_of(ada.id()))->empty());
    for (const auto& id : {std::string(), std::string("nobody"), std::string(1000, 'A')})
        BOOST_TEST(error_of(w.run(w.auth.sessions_of(id))) == error::invalid_parameter);
}

// ---- Who did it ----

BOOST_AUTO_TEST_CASE_TEMPLATE(what_operators_do_is_told_with_their_name, World, worlds) {
    watching<World> w;
    const person<World> ada(w);
    const std::string by(100, 'x');
    const auto check = [&](event_kind kind, const std::string& number) {
        BOOST_TEST(w.told(kind) == 1, name_of(kind));
        BOOST_TEST((w.last.kind == kind));
        BOOST_TEST(w.last.by == std::string(64, 'x'));
        BOOST_TEST(w.last.user_id == ada.id());
        BOOST_TEST(w.last.phone == phone_number::parse(number)->masked());
    };
    (void)w.told(event_kind::started);
    BOOST_TEST(w.run(w.auth.unlock(phone, by)).has_value());
    check(event_kind::unlocked, phone);
    BOOST_TEST(w.run(w.auth.end_sessions(ada.id(), by)).has_value());
    check(event_kind::session_ended, phone);
    BOOST_TEST(w.run(w.auth.disable_user(ada.id(), by)).has_value());
    check(event_kind::disabled, phone);
    BOOST_TEST(w.run(w.auth.enable_user(ada.id(), by)).has_value());
    check(event_kind::enabled, phone);
    BOOST_TEST(w.run(w.auth.set_phone(ada.id(), other_phone, by)).has_value());
    check(event_kind::phone_changed, other_phone);
    BOOST_TEST(w.run(w.auth.delete_user(ada.id(), by)).has_value());
    check(event_kind::deleted, other_phone);
    // What fails, too, and without a name.
    BOOST_TEST(error_of(w.run(w.auth.delete_user(ada.id(), "op"))) == error::invalid_parameter);
    BOOST_TEST(w.told(event_kind::refused) == 1);
    BOOST_TEST(w.last.by == "op");
    BOOST_TEST(w.run(w.auth.unlock(phone)).has_value());
    BOOST_TEST(w.told(event_kind::unlocked) == 1);
    BOOST_TEST(w.last.by.empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nobody_can_be_acted_on, World, worlds) {
    World w;
    register_user(w);
    for (const auto& id : {std::string(), std::string("nobody"), std::string(1000, 'A')}) {
        BOOST_TEST(error_of(w.run(w.auth.disable_user(id))) == error::invalid_parameter);
        BOOST_TEST(error_of(w.run(w.auth.enable_user(id))) == error::invalid_parameter);
        BOOST_TEST(error_of(w.run(w.auth.set_phone(id, other_phone))) == error::invalid_parameter);
        BOOST_TEST(error_of(w.run(w.auth.delete_user(id))) == error::invalid_parameter);
    }
}

// ---- Disabling ----

BOOST_AUTO_TEST_CASE_TEMPLATE(who_is_disabled_is_out_for_good, World, worlds) {
    World w;
    const person ada(w);
    auto l = w.run(w.auth.start_login(phone));
    const auto code = code_at(w, phone);
    int updates = 0;
    w.hooks.on_updated = [&](const user& before, const user& changed) {
        ++updates;
        BOOST_TEST(before.enabled != changed.enabled);
    };
    auto disabled = w.run(w.auth.disable_user(ada.id(), "op"));
    BOOST_REQUIRE(disabled);
    BOOST_TEST(!disabled->enabled);
    BOOST_TEST(updates == 1);
    BOOST_TEST(w.memory.find_sessions_of(ada.id()).empty());
    BOOST_TEST(error_of(w.run(w.auth.authenticate(ada.own.token))) == error::unknown_token);
    BOOST_TEST(error_of(w.run(w.auth.finish_login(l->transaction_id, code))) == error::account_disabled);

    auto enabled = w.run(w.auth.enable_user(ada.id(), "op"));
    BOOST_REQUIRE(enabled);
    BOOST_TEST(enabled->enabled);
    BOOST_TEST(updates == 2);
    BOOST_TEST(!is_good(w, ada.own));
    log_in(w);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(who_is_enabled_does_not_get_a_session_back, World, worlds) {
    watching<World> w;
    const person<World> ada(w);
    change_stored(w, ada.id(), [](user& u) { u.enabled = false; });  // as an integrator may, in the users table
    BOOST_TEST(w.run(w.auth.enable_user(ada.id())).has_value());
    BOOST_TEST(!is_good(w, ada.own));
    BOOST_TEST(!is_good(w, ada.other));
    // Nothing happens to whoever is enabled.
    const auto in = log_in<World>(w);
    (void)w.told(event_kind::enabled);
    BOOST_TEST(w.run(w.auth.enable_user(ada.id())).has_value());
    BOOST_TEST(w.told(event_kind::enabled) == 0);
    BOOST_TEST(is_good(w, in));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_hook_refuses_operators_as_well, World, worlds) {
    World w;
    const person ada(w);
    w.hooks.on_update = [](const user&, user&) { return failure(error::refused_by_hook, "No."); };
    w.hooks.on_deletion = [](const user&) { return failure(error::refused_by_hook, "No."); };
    BOOST_TEST(error_of(w.run(w.auth.disable_user(ada.id()))) == error::refused_by_hook);
    BOOST_TEST(error_of(w.run(w.auth.set_phone(ada.id(), other_phone))) == error::refused_by_hook);
    BOOST_TEST(error_of(w.run(w.auth.delete_user(ada.id()))) == error::refused_by_hook);
    BOOST_TEST(is_good(w, ada.own));
    w.hooks.on_update = [](const user&, user&) -> result<void> { throw std::runtime_error("no database"); };
    BOOST_TEST(error_of(w.run(w.auth.disable_user(ada.id()))) == error::storage_unavailable);
    BOOST_TEST(is_good(w, ada.own));
}

// ---- Phones ----

BOOST_AUTO_TEST_CASE_TEMPLATE(an_operator_gives_another_phone, World, worlds) {
    World w;
    const person ada(w);
    const person bob(w, third_phone, "bob@example.com");
    const auto set = [&](const std::string& number) {
        return error_of(w.run(w.auth.set_phone(ada.id(), number, "op")));
    };
    BOOST_TEST(set("Bob's") == error::invalid_phone_number);
    BOOST_TEST(set(phone) == error::invalid_parameter);
    BOOST_TEST(set(third_phone) == error::user_exists);
    BOOST_TEST(is_good(w, ada.own));
    BOOST_TEST(is_good(w, bob.own));
    BOOST_TEST(messages_to(w, phone) == 3u);
    auto l = w.run(w.auth.start_login(phone));
    const auto code = code_at(w, phone);

    BOOST_TEST(set(other_phone) == std::error_code());
    BOOST_TEST(w.transport.last_message_to(phone) == w.auth.config().phone_changed_notice);
    BOOST_TEST(messages_to(w, other_phone) == 0u);
    BOOST_TEST(!is_good(w, ada.own));
    BOOST_TEST(!is_good(w, ada.other));
    BOOST_TEST(w.memory.find_sessions_of(ada.id()).empty());
    BOOST_TEST(error_of(w.run(w.auth.finish_login(l->transaction_id, code))) == error::no_transaction);
    BOOST_TEST(log_in(w, other_phone).user.object_id == ada.id());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_phone_that_is_the_identity_takes_it_along, World, worlds) {
    auto c = test_config();
    c.identity_column = c.phone_column;
    c.blocked_prefixes = {"1900"};
    World w(c);
    const auto ada = register_user(w);
    BOOST_TEST(error_of(w.run(w.auth.set_phone(ada.object_id, "+19005550100"))) == error::destination_not_allowed);
    BOOST_TEST(w.run(w.auth.set_phone(ada.object_id, other_phone)).has_value());
    BOOST_TEST(w.memory.find_user_by_identity(other_phone)->object_id == ada.object_id);
    BOOST_TEST(!w.memory.find_user_by_identity(phone));
}

// ---- Deleting ----

BOOST_AUTO_TEST_CASE_TEMPLATE(an_operator_deletes_an_account, World, worlds) {
    World w;
    const person ada(w);
    int deleted = 0;
    w.hooks.on_deleted = [&](const user& u) { deleted += u.object_id == ada.id() ? 1 : 0; };
    BOOST_TEST(w.run(w.auth.delete_user(ada.id(), "op")).has_value());
    BOOST_TEST(deleted == 1);
    BOOST_TEST(!w.memory.find_user(ada.id()));
    BOOST_TEST(w.memory.find_sessions_of(ada.id()).empty());
    BOOST_TEST(error_of(w.run(w.auth.authenticate(ada.own.token))) == error::unknown_token);
    register_user(w);
}

// ---- Users who do not sit still ----

BOOST_AUTO_TEST_CASE_TEMPLATE(nobody_gets_away_by_being_quick, World, worlds) {
    // What a user can change at once, of their properties, between an operator's look and their hand.
    const auto quick = [](World& w, int& left) {
        w.hooks.on_update = [&](const user& before, user&) {
            if (left-- > 0)
                change_stored(w, before.object_id, [&](user& u) { u.properties["a"] = std::to_string(left); });
            return result<void>();
        };
        w.hooks.on_deletion = [&](const user& u) {
            if (left-- > 0) change_stored(w, u.object_id, [&](user& changed) { ++changed.generation; });
            return result<void>();
        };
    };
    World w;
    const person ada(w);
    int left = rules::max_changes;
    quick(w, left);
    BOOST_TEST(w.run(w.auth.disable_user(ada.id())).has_value());
    BOOST_TEST(!w.memory.find_user(ada.id())->enabled);
    BOOST_TEST(w.memory.find_user(ada.id())->properties.at("a") == "0");  // and nothing of theirs is lost
    left = rules::max_changes;
    BOOST_TEST(w.run(w.auth.set_phone(ada.id(), other_phone)).has_value());
    left = rules::max_changes;
    BOOST_TEST(w.run(w.auth.delete_user(ada.id())).has_value());
    BOOST_TEST(!w.memory.find_user(ada.id()));
}

BOOST_AUTO_TEST_CASE(whoever_is_disabled_in_the_middle_of_something_is_disabled) {
    for (int round = 0; round < 20; ++round) {
        servers w;
        const person ada(w);
        const auto l = *w[1].start_login(phone);
        const auto code_of_login = code_at(w, phone);
        const auto p = *w[2].start_phone_change(ada.own.token, other_phone);
        const auto code_of_phone = code_at(w, other_phone);
        std::error_code disabled;
        result<login_result> in;
        std::vector<std::function<void()>> work{
            [&] { disabled = error_of(w[0].disable_user(ada.id(), "op")); },
            [&] { in = w[1].finish_login(l.transaction_id, code_of_login); },
            [&] { (void)w[2].finish_phone_change(ada.own.token, p.transaction_id, code_of_phone); }};
        for (std::size_t i = 0; i < 4; ++i)
            work.emplace_back([&, i] {
                for (int j = 0; j < 10; ++j)
                    (void)w[i].update_user(ada.other.token, ada.id(), {{"a", std::to_string(j)}});
            });
        race(work);
        BOOST_TEST(disabled == std::error_code());
        const auto stored = w.memory.find_user(ada.id());
        BOOST_TEST(!stored->enabled);
        BOOST_TEST(w[0].enable_user(ada.id()).has_value());
        if (in) BOOST_TEST(!is_good(w, *in));
        BOOST_TEST(!is_good(w, ada.own));
        BOOST_TEST(!is_good(w, ada.other));
    }
}

BOOST_AUTO_TEST_CASE(an_operator_and_a_user_do_not_both_choose_the_number) {
    for (int round = 0; round < 50; ++round) {
        servers w;
        const person ada(w);
        const auto p = *w[1].start_phone_change(ada.own.token, other_phone);
        const auto code = code_at(w, other_phone);
        std::error_code set;
        std::error_code changed;
        race({[&] { set = error_of(w[0].set_phone(ada.id(), third_phone, "op")); },
              [&] { changed = error_of(w[1].finish_phone_change(ada.own.token, p.transaction_id, code)); }});
        BOOST_TEST(set == std::error_code());
        BOOST_TEST((!changed || changed == error::unknown_token));
        BOOST_TEST(w.memory.find_user(ada.id())->phone.str() ==
                   third_phone);  // the operator's word counts, or came last
        BOOST_TEST(!owner_of(w, other_phone));
        BOOST_TEST(!is_good(w, ada.own));
    }
}

BOOST_AUTO_TEST_CASE(operators_race_operators) {
    for (int round = 0; round < 5; ++round) {
        servers w;
        const person ada(w);
        std::atomic<int> deleted = 0;
        w.hooks.on_deleted = [&](const user&) { ++deleted; };
        const auto outcomes = race_on(w, [&](auto& auth) { return auth.delete_user(ada.id(), "op"); });
        BOOST_TEST(how_many(outcomes, {}) == 1);
        BOOST_TEST(how_many(outcomes, error::invalid_parameter) == 31);
        BOOST_TEST(deleted == 1);
    }
}

// ---- Faults ----

BOOST_AUTO_TEST_CASE_TEMPLATE(an_operators_action_is_whole_or_absent, World, worlds) {
    const auto disabling = for_each_failing_call<World>(
        [](World& w) { return person(w); },
        [](World& w, const person<World>& ada) { return went_well(w.run(w.auth.disable_user(ada.id()))); },
        [](World& w, const person<World>& ada, bool ok) {
            const auto stored = w.memory.find_user(ada.id());
            BOOST_TEST(stored->enabled == !ok);
            BOOST_TEST(is_good(w, ada.own) == !ok);
            BOOST_TEST(w.run(w.auth.disable_user(ada.id())).has_value());
        });
    BOOST_TEST(disabling == 3u);
    const auto moving = for_each_failing_call<World>(
        [](World& w) { return person(w); },
        [](World& w, const person<World>& ada) { return went_well(w.run(w.auth.set_phone(ada.id(), other_phone))); },
        [](World& w, const person<World>& ada, bool ok) {
            BOOST_TEST((w.memory.find_user(ada.id())->phone.str() == other_phone) == ok);
            BOOST_TEST(is_good(w, ada.own) == !ok);
            if (!ok) BOOST_TEST(w.run(w.auth.set_phone(ada.id(), other_phone)).has_value());
        });
    BOOST_TEST(moving == 4u);
    const auto deleting = for_each_failing_call<World>(
        [](World& w) { return person(w); },
        [](World& w, const person<World>& ada) { return went_well(w.run(w.auth.delete_user(ada.id()))); },
        [](World& w, const person<World>& ada, bool ok) {
            BOOST_TEST(!w.memory.find_user(ada.id()) == ok);
            BOOST_TEST(is_good(w, ada.own) == !ok);
            if (!ok) BOOST_TEST(w.run(w.auth.delete_user(ada.id())).has_value());
        });
    BOOST_TEST(deleting == 4u);
}

// ---- The budget ----

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_left_of_the_budget, World, worlds) {
    auto c = test_config();
    c.max_sends_per_hour = 40;  // ten at once, and ten more for those who are known
    c.max_sends_per_client_and_hour = 0;
    World w(c);
    const auto expect = [&](std::int64_t left, std::int64_t left_for_known) {
        const auto b = w.run(w.auth.budget());
        BOOST_REQUIRE(b);
        BOOST_TEST(b->at_once == 10);
        BOOST_TEST(b->left == left);
        BOOST_TEST(b->left_for_known == left_for_known);
    };
    expect(10, 20);
    expect(10, 20);  // to ask costs nothing
    for (int i = 0; i < 3; ++i) (void)w.run(w.auth.start_registration("+141555501" + std::to_string(20 + i)));
    expect(7, 17);
    for (int i = 3; i < 12; ++i) (void)w.run(w.auth.start_registration("+141555501" + std::to_string(20 + i)));
    BOOST_TEST(w.transport.calls() == 10u);
    expect(0, 10);
    w.clock.advance(3min);  // 30 become free in an hour
    expect(1, 11);
    w.clock.advance(24h);
    expect(10, 20);
    w.storage.fail_before(w.storage.calls() + 1);
    BOOST_TEST(error_of(w.run(w.auth.budget())) == error::storage_unavailable);
}

BOOST_AUTO_TEST_CASE(no_budget) {
    auto c = test_config();
    c.max_sends_per_hour = 0;
    blocking_world w(c);
    BOOST_TEST(w.auth.budget()->at_once == 0);
}

BOOST_AUTO_TEST_SUITE_END()
