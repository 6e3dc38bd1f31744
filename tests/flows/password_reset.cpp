// SPDX-License-Identifier: BSL-1.0
// Users who have forgotten their password get another one; nobody else does, and nobody learns who has an account.
#include "flows/world.hpp"

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

using namespace flow_tests;

namespace {

const client_info home{"198.51.100.7"};
const client_info stranger{"203.0.113.9"};
const std::string identity = "ada@example.com";

config reset_config(password_reset_policy policy = password_reset_policy::code) {
    auto c = test_config();
    c.password_reset = policy;
    return c;
}

template <class World>
challenge begin(World& w, const std::string& number = phone, const client_info& from = {}) {
    auto s = w.run(w.auth.start_password_reset(number, from));
    BOOST_REQUIRE(s);
    return *s;
}

template <class World>
result<user> finish(World& w, const std::string& id, const std::string& code,
                    const std::string& wanted = "battery staple", const std::string& spare = {},
                    const client_info& from = {}) {
    return w.run(w.auth.finish_password_reset(transaction_id(id), submitted_code(code), password(wanted),
                                              backup_code(spare), from));
}

template <class World>
bool has_password(World& w, const std::string& text) {
    const auto u = w.memory.find_user_by_phone(*phone_number::parse(phone));
    return *w.passwords.verify(text, u->password_hash);
}

/// The user logs in and makes backup codes.
template <class World>
std::vector<backup_code> make_codes(World& w) {
    const auto in = log_in(w);
    auto made = w.run(w.auth.make_backup_codes(in.token));
    BOOST_REQUIRE(made);
    return *made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flows_password_reset)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_code_sets_a_new_password_and_ends_all_sessions, World, worlds) {
    auto c = reset_config();
    c.code_login_enabled = false;
    World w(c);
    std::vector<event_kind> events;
    w.observer.on_event = [&](const event& e) { events.push_back(e.kind); };
    int updated = 0;
    w.hooks.on_updated = [&](const user& before, const user& changed) {
        updated += before.password_hash != changed.password_hash;
    };
    const auto u = register_user(w);
    auto entry = w.run(w.auth.start_two_factor_login(phone, password("correct horse")));
    auto in = w.run(w.auth.finish_login(entry->transaction_id, submitted_code(w.transport.last_code())));
    BOOST_REQUIRE(in);
    const auto s = begin(w);
    BOOST_TEST(w.transport.last_message().find("to set a new password") != std::string::npos);
    const auto code = w.transport.last_code();
    auto done = finish(w, s.transaction_id, code);
    BOOST_REQUIRE(done);
    BOOST_TEST(done->object_id == u.object_id);
    const auto stored = *w.memory.find_user(u.object_id);
    BOOST_TEST(stored.version == done->version);
    BOOST_TEST(stored.generation == u.generation + 1);
    BOOST_TEST(has_password(w, "battery staple"));
    BOOST_TEST(error_of(w.run(w.auth.authenticate(in->token))) == error::unknown_token);
    BOOST_TEST(w.memory.find_sessions_of(u.object_id).empty());
    BOOST_TEST(w.transport.last_message_to(phone) == w.auth.config().password_reset_notice);
    BOOST_TEST(updated == 1);
    BOOST_TEST((events.back() == event_kind::password_reset));
    BOOST_TEST(error_of(finish(w, s.transaction_id, code)) == error::code_used);
    BOOST_TEST(error_of(w.run(w.auth.start_two_factor_login(phone, password("correct horse")))) ==
               error::invalid_login);
    BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, password("battery staple"))).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_identity_will_do, World, worlds) {
    World w(reset_config());
    register_user(w);
    auto s = w.run(w.auth.start_password_reset_of(" ADA@example.com"));
    BOOST_REQUIRE(s);
    BOOST_TEST(finish(w, s->transaction_id, w.transport.last_code_to(phone)).has_value());
    BOOST_TEST(has_password(w, "battery staple"));
    auto c = reset_config();
    c.identity_column = c.phone_column;
    World by_phone(c);
    register_user(by_phone);
    s = by_phone.run(by_phone.auth.start_password_reset_of(phone));
    BOOST_REQUIRE(s);
    BOOST_TEST(finish(by_phone, s->transaction_id, by_phone.transport.last_code()).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(it_is_off_unless_asked_for, World, worlds) {
    World w;
    register_user(w);
    const auto before = w.storage.calls();
    BOOST_TEST(error_of(w.run(w.auth.start_password_reset(phone))) == error::operation_disabled);
    BOOST_TEST(error_of(w.run(w.auth.start_password_reset_of(identity))) == error::operation_disabled);
    BOOST_TEST(error_of(finish(w, "A", "123456")) == error::operation_disabled);
    BOOST_TEST(w.storage.calls() == before);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_wrong_is_told_and_costs_no_more_than_it_must, World, worlds) {
    World w(reset_config());
    register_user(w);
    const auto s = begin(w);
    const auto code = w.transport.last_code();
    const auto tries = [&] { return w.memory.find_transaction(s.transaction_id)->tries; };
    BOOST_TEST(error_of(finish(w, s.transaction_id, code, "")) == error::password_required);
    BOOST_TEST(error_of(finish(w, s.transaction_id, code, "short")) == error::invalid_password);
    BOOST_TEST(error_of(finish(w, s.transaction_id, code, std::string(10, 'x'))) == error::invalid_password);
    BOOST_TEST(error_of(finish(w, s.transaction_id, "12345")) == error::invalid_parameter);
    BOOST_TEST(tries() == 0u);
    // What only the user's data tell is looked at after the code, which is not lost by it.
    BOOST_TEST(error_of(finish(w, s.transaction_id, code, "Ada@Example.com")) == error::invalid_password);
    BOOST_TEST(error_of(finish(w, s.transaction_id, wrong(code), "Ada@Example.com")) == error::wrong_code);
    w.hooks.on_password = [](const std::string&, const user&) { return failure(error::invalid_password, "common"); };
    BOOST_TEST(error_of(finish(w, s.transaction_id, code)) == error::invalid_password);
    w.hooks.on_password = [](const std::string&, const user&) { return result<void>(); };
    w.hooks.on_update = [](const user&, user&) { return failure(error::refused_by_hook, "no"); };
    BOOST_TEST(error_of(finish(w, s.transaction_id, code)) == error::refused_by_hook);
    BOOST_TEST(tries() == 4u);
    BOOST_TEST(has_password(w, "correct horse"));
    w.hooks.on_update = [](const user&, user& changed) {
        changed.phone = *phone_number::parse(other_phone);
        changed.backup_codes = "made up";
        return result<void>();
    };
    auto done = finish(w, s.transaction_id, code);
    BOOST_REQUIRE(done);
    BOOST_TEST(done->phone.str() == phone);
    BOOST_TEST(done->backup_codes.empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(codes_are_good_for_one_operation, World, worlds) {
    World w(reset_config());
    register_user(w);
    auto login = w.run(w.auth.start_login(phone));
    const auto login_code = w.transport.last_code();
    BOOST_TEST(error_of(finish(w, login->transaction_id, login_code)) == error::no_transaction);
    const auto s = begin(w);
    BOOST_TEST(error_of(w.run(w.auth.finish_login(s.transaction_id, submitted_code(w.transport.last_code())))) ==
               error::no_transaction);
    BOOST_TEST(error_of(finish(w, "no such", login_code)) == error::no_transaction);
    BOOST_TEST(finish(w, s.transaction_id, w.transport.last_code()).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(disabled_users_stay_out, World, worlds) {
    World w(reset_config());
    auto u = register_user(w);
    const auto s = begin(w);
    const auto code = w.transport.last_code();
    u = *w.memory.find_user(u.object_id);
    u.enabled = false;
    BOOST_REQUIRE((w.memory.update_user(u) == write_result::done));
    BOOST_TEST(error_of(finish(w, s.transaction_id, code)) == error::account_disabled);
    BOOST_TEST(error_of(finish(w, s.transaction_id, code)) == error::code_used);
    BOOST_TEST(has_password(w, "correct horse"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_code_dies_with_what_it_was_for, World, worlds) {
    // A new password, a new phone, the end of all sessions: each ends the resets that were begun before it.
    const std::vector<std::function<void(user&)>> changes = {
        [](user& u) { u.password_hash += 'x'; },
        [](user& u) { u.phone = *phone_number::parse(other_phone); },
        [](user& u) { ++u.generation; },
    };
    for (const auto& change : changes) {
        World w(reset_config());
        auto u = register_user(w);
        const auto s = begin(w);
        auto by_identity = w.run(w.auth.start_password_reset_of(identity));
        BOOST_REQUIRE(by_identity);
        const auto code = w.transport.last_code();
        u = *w.memory.find_user(u.object_id);
        change(u);
        BOOST_REQUIRE((w.memory.update_user(u) == write_result::done));
        BOOST_TEST(error_of(finish(w, by_identity->transaction_id, code)) == error::no_transaction);
        BOOST_TEST(w.memory.find_user(u.object_id)->password_hash == u.password_hash);
    }
    World w(reset_config());
    register_user(w);
    const auto first = begin(w);
    const auto first_code = w.transport.last_code();
    const auto second = begin(w);
    BOOST_REQUIRE(finish(w, second.transaction_id, w.transport.last_code()));
    BOOST_TEST(error_of(finish(w, first.transaction_id, first_code, "somebody elses")) == error::no_transaction);
    BOOST_TEST(has_password(w, "battery staple"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(other_changes_do_not_matter, World, worlds) {
    World w(reset_config());
    auto u = register_user(w);
    const auto s = begin(w);
    const auto code = w.transport.last_code();
    bool is_first = true;
    w.hooks.on_update = [&](const user&, user&) {  // just before it is stored
        if (!std::exchange(is_first, false)) return result<void>();
        auto other = *w.memory.find_user(u.object_id);
        other.properties["a"] = "1";
        BOOST_TEST((w.memory.update_user(other) == write_result::done));
        return result<void>();
    };
    auto done = finish(w, s.transaction_id, code);
    BOOST_REQUIRE(done);
    BOOST_TEST(done->properties.at("a") == "1");
    BOOST_TEST(has_password(w, "battery staple"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_user_without_a_password_gets_one, World, worlds) {
    auto c = reset_config();
    c.password_required = false;
    World w(c);
    auto s = w.run(w.auth.start_registration(phone));
    auto r = form(s->transaction_id, w.transport.last_code());
    r.password = password();
    BOOST_REQUIRE(w.run(w.auth.finish_registration(r)));
    const auto reset = begin(w);
    BOOST_TEST(finish(w, reset.transaction_id, w.transport.last_code()).has_value());
    BOOST_TEST(w.run(w.auth.start_two_factor_login(phone, password("battery staple"))).has_value());
}

// ---- Disclosure ----

namespace {

/// What a client sees, step by step, of a reset that somebody tries to guess.
template <class World, class Begin>
std::vector<std::string> seen_of(World& w, Begin begin_it, const std::string& spare = {}) {
    std::vector<std::string> seen;
    const auto note = [&](const auto& r) {
        seen.push_back(r ? "ok" : r.error().code.message() + r.error().message);
        if (!r && r.error().retry_after) seen.back() += std::to_string(r.error().retry_after->count());
        if (!r && r.error().tries_left) seen.back() += std::to_string(*r.error().tries_left);
    };
    const auto calls = [&] { seen.push_back(std::to_string(w.storage.calls())); };
    for (int round = 0; round < 5; ++round) {
        auto s = begin_it();
        note(s);
        calls();
        if (!s) continue;
        seen.push_back(std::to_string(s->delivery_uncertain));
        auto t = w.memory.find_transaction(s->transaction_id);
        const bool sent = t->user_id != "00000000-0000-0000-0000-000000000000";
        const auto bad = sent ? wrong(w.transport.last_code()) : std::string("000000");
        for (int k = 0; k < 2; ++k) {
            note(finish(w, s->transaction_id, bad, "battery staple", spare, stranger));
            calls();
        }
        w.clock.advance(31s);
        auto again = w.run(w.auth.resend(s->transaction_id, stranger));
        note(again);
        calls();
        auto status = w.run(w.auth.status(s->transaction_id));
        note(status);
        seen.push_back(std::to_string(status->tries_left) + ' ' + std::to_string(status->expires_in.count()));
        note(finish(w, s->transaction_id, bad, "battery staple", spare, stranger));
        calls();
    }
    seen.push_back(std::to_string(w.transport.calls()));
    return seen;
}

template <class World>
std::size_t messages_to(World& w, const std::string& number) {
    std::size_t n = 0;
    for (const auto& r : w.transport.requests())
        n += r.method == "POST" && r.body.find("To=%2B" + number.substr(1)) != std::string::npos;
    return n;
}

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(whoever_guesses_sees_the_same_of_known_and_unknown, World, worlds) {
    for (const auto policy : {password_reset_policy::code, password_reset_policy::code_and_backup_code}) {
        const std::string spare = policy == password_reset_policy::code ? "" : "3-0000-0000-0000-0000";
        for (const bool with_identity : {false, true}) {
            std::vector<std::vector<std::string>> seen;
            for (const bool known : {true, false}) {
                World w(reset_config(policy));
                register_user(w, known ? phone : "+14155550177", known ? identity : "eve@example.com");
                BOOST_REQUIRE(w.run(w.auth.start_registration(other_phone)));
                seen.push_back(seen_of(
                    w,
                    [&] {
                        return with_identity ? w.run(w.auth.start_password_reset_of(identity, stranger))
                                             : w.run(w.auth.start_password_reset(phone, stranger));
                    },
                    spare));
                BOOST_TEST((messages_to(w, phone) > 1) == known);
            }
            BOOST_TEST(seen[0] == seen[1], boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(sign_up_conceals_resets_and_reject_does_not, World, worlds) {
    auto c = reset_config();
    c.identity_column = c.phone_column;
    c.password_required = false;
    c.unknown_phone = unknown_phone_policy::sign_up;
    World w(c);
    const auto s = begin(w, other_phone);
    BOOST_TEST(w.transport.last_message().empty());
    BOOST_TEST(error_of(finish(w, s.transaction_id, "123456")) == error::wrong_code);
    auto d = reset_config();
    d.unknown_phone = unknown_phone_policy::reject;
    World open(d);
    BOOST_TEST(error_of(open.run(open.auth.start_password_reset(other_phone))) == error::unknown_phone);
    BOOST_TEST(error_of(open.run(open.auth.start_password_reset_of("eve@example.com"))) == error::unknown_phone);
}

BOOST_AUTO_TEST_CASE(a_code_for_nobody_is_wrong_whatever_it_is) {
    blocking_world w(reset_config());
    code_deriver deriver(w.auth.config().code_keys, 6);
    for (const auto& s :
         {w.auth.start_password_reset(other_phone), w.auth.start_password_reset_of("eve@example.com")}) {
        BOOST_REQUIRE(s);
        const auto t = *w.memory.find_transaction(s->transaction_id);
        const std::string right(deriver.derive(t)->str());
        BOOST_TEST(error_of(finish(w, s->transaction_id, right)) == error::wrong_code);
    }
}

BOOST_AUTO_TEST_CASE(limits_of_a_phone_do_not_tell_whose_identity_goes_with_it) {
    // Ada's phone is worn out in every way; her identity looks as nobody's does all the same.
    std::vector<std::vector<std::error_code>> seen;
    for (const bool known : {true, false}) {
        auto c = reset_config(password_reset_policy::code_and_backup_code);
        c.phone_cooldown = 10s;
        blocking_world w(c);
        register_user(w, phone, known ? identity : "eve@example.com");
        for (int i = 0; i < 30; ++i) {
            const client_info from("192.0.2." + std::to_string(i));
            (void)w.auth.start_login(phone, from);
            (void)w.auth.login_with_backup_code(phone, password("x"), backup_code("0-0000-0000-0000-0000"), from);
            (void)w.auth.login_with_backup_code(phone, password("x"), backup_code("0-0000-0000-0000-0000"), from);
        }
        BOOST_TEST(!w.auth.start_login(phone, stranger));
        auto& all = seen.emplace_back();
        for (int i = 0; i < 12; ++i) {
            auto s = w.auth.start_password_reset_of(identity, stranger);
            all.push_back(error_of(s));
            if (!s) continue;
            all.push_back(
                error_of(finish(w, s->transaction_id, "123456", "battery staple", "0-0000-0000-0000-0000", stranger)));
            w.clock.advance(30s);
            all.push_back(error_of(w.auth.resend(s->transaction_id, stranger)));
        }
    }
    BOOST_TEST(seen[0] == seen[1], boost::test_tools::per_element());
    BOOST_TEST(!seen[0][0]);
}

BOOST_AUTO_TEST_CASE(identities_of_nobody_cost_no_phone_anything) {
    blocking_world w(reset_config());
    register_user(w);
    for (int i = 0; i < 60; ++i) {
        const client_info from("192.0.2." + std::to_string(i));
        auto s = w.auth.start_password_reset_of(identity, from);
        BOOST_REQUIRE(s);
        const auto t = *w.memory.find_transaction(s->transaction_id);
        if (t.user_id == "00000000-0000-0000-0000-000000000000") BOOST_TEST(t.phone.str().starts_with("+999"));
        for (int k = 0; k < 5; ++k) (void)finish(w, s->transaction_id, "000000", "battery staple", "", from);
    }
    BOOST_TEST(messages_to(w, phone) <= 1u + 3u);
    // Guesses at what was never sent are no guesses at the user's codes: the door opens again as after 15 of them.
    w.clock.advance(24h);
    BOOST_TEST(w.auth.start_login(phone, stranger).has_value());
}

BOOST_AUTO_TEST_CASE(decoys_for_identities_have_a_budget) {
    auto c = reset_config();
    c.max_sends_per_hour = 40;
    blocking_world w(c);
    register_user(w);
    int begun = 0;
    for (int i = 0; i < 60; ++i)
        begun += w.auth
                     .start_password_reset_of("eve" + std::to_string(i) + "@example.com",
                                              client_info("192.0.2." + std::to_string(i)))
                     .has_value();
    BOOST_TEST(begun == 9);  // a quarter at once, with the registration
    BOOST_TEST(w.transport.calls() == 10u);
    BOOST_TEST(error_of(w.auth.start_password_reset_of(identity, home)) == error::too_many_messages);
    // It is the budget of all, but the reserve of whoever knows the password is not spent so.
    BOOST_TEST(error_of(w.auth.start_password_reset(phone, home)) == error::too_many_messages);
    BOOST_TEST(w.auth.start_two_factor_login(phone, password("correct horse"), home).has_value());
    w.clock.advance(1h);
    // Nor does anybody who cannot be sent a message take of it.
    w.transport.reply(401, R"({"code":20003,"message":"x","status":401})");
    for (int i = 0; i < 30; ++i)
        BOOST_TEST(error_of(w.auth.start_password_reset_of(identity, client_info("192.0.2." + std::to_string(i)))) ==
                   error::provider_misconfigured);
}

BOOST_AUTO_TEST_CASE(a_phone_where_no_message_may_go_does_not_tell_whose_it_is) {
    auto c = reset_config();
    blocking_world w(c);
    const auto u = register_user(w);
    c.allowed_calling_codes = {"49"};
    authenticator narrow(c, w.memory, w.transport, w.clock);
    const auto sent = w.transport.calls();
    auto s = narrow.start_password_reset_of(identity);
    BOOST_REQUIRE(s);
    BOOST_TEST(w.transport.calls() == sent + 1);
    BOOST_TEST(messages_to(w, phone) == 1u);
    BOOST_TEST(error_of(narrow.start_password_reset(phone)) == error::destination_not_allowed);
}

// ---- Limits ----

BOOST_AUTO_TEST_CASE(guesses_at_resets_count_with_those_at_logins) {
    blocking_world w(reset_config());
    register_user(w);
    int compared = 0;
    const auto end = w.clock.now() + 30 * 24h;
    for (int i = 0; w.clock.now() < end; ++i) {
        auto s = i % 3 == 0   ? w.auth.start_login(phone, stranger)
                 : i % 3 == 1 ? w.auth.start_password_reset(phone, stranger)
                              : w.auth.start_password_reset_of(identity, stranger);
        if (!s || w.memory.find_transaction(s->transaction_id)->phone.str() != phone) {
            w.clock.advance(1h);
            continue;
        }
        const auto bad = wrong(w.transport.last_code());
        for (int k = 0; k < 5; ++k) {
            const auto r = i % 3 == 0 ? error_of(w.auth.finish_login(s->transaction_id, submitted_code(bad), stranger))
                                      : error_of(finish(w, s->transaction_id, bad, "battery staple", "", stranger));
            compared += r == error::wrong_code || r == error::tries_exhausted;
        }
    }
    BOOST_TEST(compared <= 50);
    BOOST_TEST(compared >= 35);
}

BOOST_AUTO_TEST_CASE(strangers_do_not_keep_the_owner_from_a_reset_at_home) {
    blocking_world w(reset_config());
    register_user(w);
    auto in = w.auth.start_login(phone, home);
    BOOST_REQUIRE(w.auth.finish_login(in->transaction_id, submitted_code(w.transport.last_code()), home));
    for (int i = 0; i < 40; ++i) {
        const client_info from("192.0.2." + std::to_string(i));
        (void)w.auth.start_password_reset(phone, from);
        (void)w.auth.start_password_reset_of(identity, from);
    }
    const auto s = begin(w, phone, home);
    BOOST_TEST(finish(w, s.transaction_id, w.transport.last_code_to(phone), "battery staple", "", home).has_value());
    auto by_identity = w.auth.start_password_reset_of(identity, home);
    BOOST_REQUIRE(by_identity);
    BOOST_TEST(w.memory.find_transaction(by_identity->transaction_id)->phone.str() == phone);
}

BOOST_AUTO_TEST_CASE(a_reset_opens_the_doors_of_the_new_password) {
    blocking_world w(reset_config());
    register_user(w);
    for (int i = 0; i < 60; ++i)
        (void)w.auth.start_two_factor_login(phone, password("wrong horse"),
                                            client_info("192.0.2." + std::to_string(i)));
    const auto s = begin(w, phone, home);
    BOOST_REQUIRE(finish(w, s.transaction_id, w.transport.last_code(), "battery staple", "", home));
    // No guess counts any more: a wrong password is told, and nothing is concealed.
    BOOST_TEST(error_of(w.auth.start_two_factor_login(phone, password("wrong horse"), stranger)) ==
               error::invalid_login);
    // The network is known: it has codes of its own.
    auto in = w.auth.start_two_factor_login(phone, password("battery staple"), home);
    BOOST_REQUIRE(in);
    BOOST_TEST(w.memory.find_transaction(in->transaction_id)->known_network == "198.51.100.7");
}

// ---- With a backup code ----

BOOST_AUTO_TEST_CASE_TEMPLATE(both_codes_are_needed_and_nothing_tells_which_is_wrong, World, worlds) {
    World w(reset_config(password_reset_policy::code_and_backup_code));
    register_user(w);
    const auto codes = make_codes(w);
    const auto s = begin(w);
    const auto code = w.transport.last_code();
    BOOST_TEST(error_of(finish(w, s.transaction_id, code)) == error::invalid_parameter);
    BOOST_TEST(error_of(finish(w, s.transaction_id, code, "battery staple", "7-ABC")) == error::invalid_parameter);
    BOOST_TEST(w.memory.find_transaction(s.transaction_id)->tries == 0u);
    auto wrong_spare = finish(w, s.transaction_id, code, "battery staple", "7-0000-0000-0000-0000");
    auto wrong_sms = finish(w, s.transaction_id, wrong(code), "battery staple", codes[7].str());
    BOOST_TEST(error_of(wrong_spare) == error::wrong_code);
    BOOST_TEST(error_of(wrong_sms) == error::wrong_code);
    BOOST_TEST(wrong_spare.error().message == wrong_sms.error().message);
    BOOST_TEST((wrong_spare.error().tries_left == 4 && wrong_sms.error().tries_left == 3));
    auto done = finish(w, s.transaction_id, code, "battery staple", codes[7].str());
    BOOST_REQUIRE(done);
    BOOST_TEST(find_backup_code(done->backup_codes, 7).empty());
    BOOST_TEST(!find_backup_code(done->backup_codes, 6).empty());
    const auto again = begin(w);
    BOOST_TEST(error_of(finish(w, again.transaction_id, w.transport.last_code_to(phone), "another password",
                               codes[7].str())) == error::wrong_code);
    BOOST_TEST(finish(w, again.transaction_id, w.transport.last_code_to(phone), "another password", codes[6].str())
                   .has_value());
}

BOOST_AUTO_TEST_CASE(right_and_wrong_codes_cost_the_same_while_the_backup_code_is_wrong) {
    std::vector<std::size_t> calls;
    for (const bool right : {true, false}) {
        blocking_world w(reset_config(password_reset_policy::code_and_backup_code));
        register_user(w);
        (void)make_codes(w);
        const auto s = begin(w);
        const auto code = w.transport.last_code();
        const auto before = w.storage.calls();
        BOOST_TEST(error_of(finish(w, s.transaction_id, right ? code : wrong(code), "battery staple",
                                   "7-0000-0000-0000-0000", stranger)) == error::wrong_code);
        calls.push_back(w.storage.calls() - before);
    }
    BOOST_TEST(calls[0] == calls[1]);
}

BOOST_AUTO_TEST_CASE(a_code_alone_never_resets_where_a_backup_code_is_asked_for) {
    blocking_world w(reset_config(password_reset_policy::code_and_backup_code));
    register_user(w);  // who has no backup codes
    for (int i = 0; i < 3; ++i) {
        const auto s = begin(w);
        for (const auto* spare : {"0-0000-0000-0000-0000", "9-ZZZZ-ZZZZ-ZZZZ-ZZZZ"})
            BOOST_TEST(error_of(finish(w, s.transaction_id, w.transport.last_code(), "battery staple", spare)) ==
                       error::wrong_code);
        w.clock.advance(1h);
    }
    BOOST_TEST(has_password(w, "correct horse"));
}

// ---- Races and faults ----

BOOST_AUTO_TEST_CASE(of_many_who_come_with_one_code_one_wins) {
    for (int round = 0; round < 4; ++round) {
        blocking_world w(reset_config());
        const auto u = register_user(w);
        const auto s = begin(w);
        const auto code = w.transport.last_code();
        std::atomic<int> won{0}, used{0};
        std::atomic<int> winner{-1};
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([&, i] {
                const auto r = finish(w, s.transaction_id, code, "battery staple " + std::to_string(i));
                won += r.has_value();
                if (r) winner = i;
                used += error_of(r) == error::code_used;
            });
        for (auto& t : threads) t.join();
        BOOST_TEST(won == 1);
        BOOST_TEST(used == 7);
        BOOST_TEST(has_password(w, "battery staple " + std::to_string(winner)));
        BOOST_TEST(w.memory.find_user(u.object_id)->generation == u.generation + 1);
    }
}

BOOST_AUTO_TEST_CASE(of_several_resets_at_once_one_wins) {
    for (int round = 0; round < 4; ++round) {
        blocking_world w(reset_config());
        const auto u = register_user(w);
        std::vector<std::pair<std::string, std::string>> open;
        for (int i = 0; i < 3; ++i) {
            const auto s = begin(w);
            open.emplace_back(s.transaction_id, w.transport.last_code());
        }
        std::atomic<int> won{0};
        std::vector<std::thread> threads;
        for (const auto& [id, code] : open)
            threads.emplace_back([&w, &won, id = id, code = code] { won += finish(w, id, code).has_value(); });
        for (auto& t : threads) t.join();
        BOOST_TEST(won == 1);
        BOOST_TEST(w.memory.find_user(u.object_id)->generation == u.generation + 1);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_reset_is_whole_or_absent_whatever_the_storage_does, World, worlds) {
    for (const bool with_spare : {false, true})
        for (const bool after : {false, true})
            for (std::size_t n = 1;; ++n) {
                BOOST_TEST_CONTEXT("call " << n << (after ? " after" : " before") << " spare " << with_spare) {
                    World w(reset_config(with_spare ? password_reset_policy::code_and_backup_code
                                                    : password_reset_policy::code));
                    const auto u = register_user(w);
                    const auto codes = with_spare ? make_codes(w) : std::vector<backup_code>(1);
                    const auto in = log_in(w);
                    const auto s = begin(w);
                    const auto code = w.transport.last_code();
                    const auto first = w.storage.calls();
                    after ? w.storage.fail_after(first + n) : w.storage.fail_before(first + n);
                    const auto r = finish(w, s.transaction_id, code, "battery staple", codes[0].str());
                    const bool fired = w.storage.calls() >= first + n;
                    w.storage.fail_before(0);
                    w.storage.fail_after(0);
                    if (!r) BOOST_TEST(error_of(r) == error::storage_unavailable);
                    const bool is_new = has_password(w, "battery staple");
                    const auto stored = *w.memory.find_user(u.object_id);
                    if (r) BOOST_TEST(is_new);
                    BOOST_TEST((stored.generation > u.generation) == is_new);
                    if (with_spare) BOOST_TEST(find_backup_code(stored.backup_codes, 0).empty() == is_new);
                    BOOST_TEST(w.run(w.auth.authenticate(in.token)).has_value() == !is_new);
                    if (!is_new) {
                        // The same code again, or a new one: the way is open.
                        auto again = finish(w, s.transaction_id, code, "battery staple", codes[0].str());
                        if (!again) {
                            const auto other = begin(w);
                            again = finish(w, other.transaction_id, w.transport.last_code(), "battery staple",
                                           codes[0].str());
                        }
                        BOOST_TEST(again.has_value());
                    } else {
                        BOOST_TEST(!finish(w, s.transaction_id, code, "a third password", codes[0].str()));
                        BOOST_TEST(has_password(w, "battery staple"));
                    }
                    if (!fired) {
                        BOOST_TEST(r.has_value());
                        break;
                    }
                }
            }
}

BOOST_AUTO_TEST_CASE(a_lost_race_is_run_again) {
    for (std::size_t n = 1; n <= 2; ++n) {
        blocking_world w(reset_config());
        register_user(w);
        const auto s = begin(w);
        w.storage.lose_race_on(w.storage.updates() + n);
        BOOST_TEST(finish(w, s.transaction_id, w.transport.last_code()).has_value());
    }
}

BOOST_AUTO_TEST_CASE(calls_of_the_storage_are_as_documented) {
    auto c = reset_config();
    c.password_reset_notice.clear();
    blocking_world w(c);
    register_user(w);
    const auto count = [&](auto flow) {
        const auto before = w.storage.calls();
        BOOST_TEST(flow());
        return w.storage.calls() - before;
    };
    challenge s;
    BOOST_TEST(count([&] { return w.auth.start_password_reset_of(identity).has_value(); }) == 4u);
    BOOST_TEST(count([&] {
                   auto r = w.auth.start_password_reset(phone);
                   if (r) s = *r;
                   return r.has_value();
               }) == 3u);
    BOOST_TEST(count([&] { return finish(w, s.transaction_id, w.transport.last_code()).has_value(); }) == 6u);
}

BOOST_AUTO_TEST_SUITE_END()
