// SPDX-License-Identifier: BSL-1.0
// Users without their phone get in with a code that they have written down; nobody else does.
#include "flows/world.hpp"

#include <phoneauth/secrets/backup_code.hpp>

#include <algorithm>
#include <atomic>
#include <latch>
#include <set>
#include <thread>
#include <utility>
#include <vector>

using namespace flow_tests;

namespace {

const client_info home{"198.51.100.7"};
const client_info stranger{"203.0.113.9"};
const std::string bad_code = "3-0000-0000-0000-0000";

template <class World>
std::vector<backup_code> make_codes(World& w) {
    const auto in = log_in(w);
    auto made = w.run(w.auth.make_backup_codes(in.token));
    BOOST_REQUIRE(made);
    return *made;
}

template <class World>
result<login_result> enter(World& w, const std::string& code, const std::string& secret = "correct horse",
                           const std::string& number = phone, const client_info& from = {}) {
    return w.run(w.auth.login_with_backup_code(number, password(secret), backup_code(code), from));
}

template <class World>
std::string list_of(World& w) {
    return w.memory.find_user_by_phone(*phone_number::parse(phone))->backup_codes;
}

std::size_t left_in(const std::string& list) {
    std::size_t n = 0;
    for (unsigned slot = 0; slot < 10; ++slot) n += !find_backup_code(list, slot).empty();
    return n;
}

/// The user of `phone` loses their password.
template <class World>
void take_password(World& w) {
    auto u = *w.memory.find_user_by_phone(*phone_number::parse(phone));
    u.password_hash.clear();
    BOOST_REQUIRE((w.memory.update_user(u) == write_result::done));
}

/// Passwords where all who have compared a backup code wait for each other.
struct meeting_passwords : quick_passwords {
    std::latch* all = nullptr;

    result<std::string> hash(const std::string& p) { return quick_passwords::hash(p); }
    result<bool> verify(const std::string& p, const std::string& h) {
        auto right = quick_passwords::verify(p, h);
        if (all && parse_backup_code(p)) all->arrive_and_wait();
        return right;
    }
};

struct meeting_world {
    explicit meeting_world(config c = test_config()) : auth(std::move(c), memory, transport, clock, hooks, passwords) {}

    template <class R>
    static R run(R r) {
        return r;
    }

    memory_storage memory;
    testing::scripted_transport transport;
    testing::manual_clock clock;
    test_hooks hooks;
    meeting_passwords passwords;
    authenticator<memory_storage, testing::scripted_transport, testing::manual_clock, test_hooks, meeting_passwords>
        auth;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(flows_backup_codes)

BOOST_AUTO_TEST_CASE(they_are_written_and_read_by_people) {
    random_source random;
    std::set<std::string> all;
    std::set<char> digits;
    for (unsigned i = 0; i < 1000; ++i) {
        auto text = make_backup_code(random, i % 10);
        BOOST_REQUIRE(text);
        BOOST_TEST(text->size() == 21u);
        for (const auto at : {1u, 6u, 11u, 16u}) BOOST_TEST((*text)[at] == '-');
        digits.insert(text->begin() + 2, text->end());
        const auto read = parse_backup_code(*text);
        BOOST_REQUIRE(read);
        BOOST_TEST(read->slot == i % 10);
        all.insert(read->text);
    }
    BOOST_TEST(all.size() == 1000u);
    BOOST_TEST(digits.size() == 33u);  // and the dash
    const auto canonical = parse_backup_code("7-0123-4567-89AB-1OVZ")->text;
    BOOST_TEST(canonical == "70123456789AB10VZ");
    for (const auto* text : {"70123456789ab10vz", " 7 - o123 4567 89ab iOvz\n",
                             "7\xE2\x80\x93"
                             "Ol23\xC2\xA0"
                             "456789aBL0VZ",
                             "\xEF\xBC\x97 0123 4567 89AB 10VZ",
                             "\xE2\x80\x8B"
                             "7-0I23-4567-89AB-1OVZ"})
        BOOST_TEST(parse_backup_code(text)->text == canonical);
    for (const auto* text : {"", "7", "70123456789AB10V", "70123456789AB10VZ0", "A0123456789AB10VZ",
                             "7U123456789AB10VZ", "70123456789AB10V!", "70123456789AB10V\xFF", "7_0123456789AB10VZ"})
        BOOST_TEST(!parse_backup_code(text));
    BOOST_TEST(!parse_backup_code("70123456789AB10VZ" + std::string(112, ' ')));
}

BOOST_AUTO_TEST_CASE(a_list_of_them_is_read_as_it_was_written) {
    std::string list = "a b - d";
    BOOST_TEST(find_backup_code(list, 0) == "a");
    BOOST_TEST(find_backup_code(list, 3) == "d");
    for (const unsigned none : {2u, 4u, 9u}) BOOST_TEST(find_backup_code(list, none).empty());
    BOOST_TEST(find_backup_code("", 0).empty());
    BOOST_TEST(!replace_backup_code(list, 1, "a", "-"));
    BOOST_TEST(!replace_backup_code(list, 9, "", "-"));
    BOOST_TEST(replace_backup_code(list, 1, "b", "-"));
    BOOST_TEST(replace_backup_code(list, 3, "d", "-"));
    BOOST_TEST(list == "a - - -");
    BOOST_TEST(!replace_backup_code(list, 1, "b", "-"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(ten_of_them_log_in_once_each, World, worlds) {
    World w;
    std::vector<event_kind> events;
    w.observer.on_event = [&](const event& e) { events.push_back(e.kind); };
    const auto u = register_user(w);
    int updated = 0;
    w.hooks.on_updated = [&](const user&, const user& changed) { updated += !changed.backup_codes.empty(); };
    const auto codes = make_codes(w);
    BOOST_TEST((events.back() == event_kind::backup_codes_made));
    BOOST_TEST(updated == 1);
    BOOST_REQUIRE(codes.size() == 10u);
    BOOST_TEST(left_in(list_of(w)) == 10u);
    for (const auto& code : codes) BOOST_TEST(list_of(w).find(code.str().substr(2)) == std::string::npos);
    for (unsigned slot = 0; slot < 10; ++slot) {
        events.clear();
        auto in = enter(w, codes[slot].str());
        BOOST_REQUIRE(in);
        BOOST_TEST(in->user.object_id == u.object_id);
        BOOST_TEST(w.run(w.auth.authenticate(in->token)).has_value());
        BOOST_TEST(left_in(list_of(w)) == 9u - slot);
        BOOST_TEST((std::count(events.begin(), events.end(), event_kind::backup_code_used) == 1));
        BOOST_TEST((events.back() == event_kind::logged_in));
        BOOST_TEST(w.transport.last_message_to(phone) == w.auth.config().backup_code_notice);
        const auto sessions = w.memory.find_sessions_of(u.object_id);
        BOOST_TEST(std::count_if(sessions.begin(), sessions.end(), [](const session& s) {
                       return s.auth_methods == (by_backup_code | by_password);
                   }) == slot + 1);
        BOOST_TEST(error_of(enter(w, codes[slot].str())) == error::invalid_login);
        w.clock.advance(1h);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(whoever_waits_as_told_gets_in, World, worlds) {
    auto c = test_config();
    c.max_passwords_per_client_and_hour = 4;  // two at once, and each login with a backup code costs two
    World w(c);
    register_user(w);
    const auto codes = make_codes(w);
    const client_info from("198.51.100.9");
    const auto log_in_with = [&](std::string spare) {
        return w.run(
            w.auth.login_with_backup_code(phone, password("correct horse"), backup_code(std::move(spare)), from));
    };
    BOOST_TEST(error_of(log_in_with("0-0000-0000-0000-0000")) == error::invalid_login);
    auto in = log_in_with(std::string(codes[0].str()));
    int waits = 0;
    for (; !in && waits < 3; ++waits) {
        BOOST_REQUIRE(error_of(in) == error::too_many_failures);
        w.clock.advance(*in.error().retry_after);
        in = log_in_with(std::string(codes[0].str()));
    }
    BOOST_TEST(in.has_value());
    BOOST_TEST(waits <= 2);  // for the password's hash, and for both
}

BOOST_AUTO_TEST_CASE_TEMPLATE(new_ones_take_the_place_of_the_former, World, worlds) {
    World w;
    register_user(w);
    const auto former = make_codes(w);
    const auto codes = make_codes(w);
    BOOST_TEST(error_of(enter(w, former[0].str())) == error::invalid_login);
    BOOST_TEST(enter(w, codes[0].str()).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(they_are_made_for_whoever_has_just_logged_in, World, worlds) {
    World w;
    auto u = register_user(w);
    const auto in = log_in(w);
    BOOST_TEST(error_of(w.run(w.auth.make_backup_codes(session_token("no such token")))) == error::unknown_token);
    w.clock.advance(601s);
    BOOST_TEST(error_of(w.run(w.auth.make_backup_codes(in.token))) == error::fresh_login_required);
    const auto fresh = log_in(w);
    w.hooks.on_update = [](const user&, user& changed) {
        changed.backup_codes = "made up";
        changed.phone = *phone_number::parse(other_phone);
        return result<void>();
    };
    BOOST_REQUIRE(w.run(w.auth.make_backup_codes(fresh.token)));
    BOOST_TEST(left_in(list_of(w)) == 10u);
    w.hooks.on_update = [](const user&, user&) { return failure(error::refused_by_hook, "no"); };
    const auto before = list_of(w);
    BOOST_TEST(error_of(w.run(w.auth.make_backup_codes(fresh.token))) == error::refused_by_hook);
    BOOST_TEST(list_of(w) == before);
    w.hooks.on_update = [](const user&, user&) { return result<void>(); };
    int made = 0;
    for (int i = 0; i < 20; ++i) made += w.run(w.auth.make_backup_codes(fresh.token)).has_value();
    BOOST_TEST(made == 3);  // five at once, with those before
    BOOST_TEST(error_of(w.run(w.auth.make_backup_codes(fresh.token))) == error::too_many_failures);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(whatever_is_wrong_is_one_error, World, worlds) {
    World w;
    register_user(w);
    const auto codes = make_codes(w);
    const auto before = list_of(w);
    std::vector<std::size_t> calls;
    std::set<std::string> messages;
    const auto attempt = [&](const std::string& code, const std::string& secret, const std::string& number) {
        const auto first = w.storage.calls();
        const auto r = enter(w, code, secret, number, client_info("192.0.2." + std::to_string(calls.size())));
        BOOST_TEST(error_of(r) == error::invalid_login);
        messages.insert(r.error().message);
        calls.push_back(w.storage.calls() - first);
    };
    attempt(codes[0].str(), "wrong horse", phone);
    attempt(bad_code, "correct horse", phone);
    attempt(codes[0].str(), "", phone);
    attempt("0" + codes[1].str().substr(1), "correct horse", phone);  // the code of another slot
    attempt(codes[0].str(), "correct horse", other_phone);
    attempt(codes[0].str(), "", other_phone);
    BOOST_TEST(messages.size() == 1u);
    BOOST_TEST(std::set<std::size_t>(calls.begin(), calls.end()).size() == 1u);
    const auto first = w.storage.calls();
    BOOST_TEST(error_of(enter(w, "no code")) == error::invalid_login);
    BOOST_TEST(w.storage.calls() == first);
    BOOST_TEST(list_of(w) == before);
    BOOST_TEST(enter(w, codes[0].str()).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(without_a_password_the_code_is_enough_where_a_code_is, World, worlds) {
    for (const bool enough : {true, false}) {
        auto c = test_config();
        World w(c);
        register_user(w);
        const auto codes = make_codes(w);
        take_password(w);
        c.code_login_enabled = enough;
        authenticator auth(c, w.memory, w.transport, w.clock, w.passwords);
        BOOST_TEST(error_of(auth.login_with_backup_code(phone, password("x"), codes[0])) == error::invalid_login);
        const auto r = auth.login_with_backup_code(phone, password(), codes[0]);
        BOOST_TEST(r.has_value() == enough);
        if (!enough) BOOST_TEST(error_of(r) == error::login_disabled);
        BOOST_TEST(left_in(list_of(w)) == (enough ? 9u : 10u));
        BOOST_TEST(error_of(auth.login_with_backup_code(phone, password(), backup_code(bad_code))) ==
                   error::invalid_login);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(disabled_users_stay_out_and_keep_their_code, World, worlds) {
    World w;
    register_user(w);
    const auto codes = make_codes(w);
    auto u = *w.memory.find_user_by_phone(*phone_number::parse(phone));
    u.enabled = false;
    BOOST_REQUIRE((w.memory.update_user(u) == write_result::done));
    BOOST_TEST(error_of(enter(w, codes[0].str())) == error::account_disabled);
    BOOST_TEST(error_of(enter(w, bad_code)) == error::invalid_login);
    BOOST_TEST(left_in(list_of(w)) == 10u);
    auto c = test_config();
    c.login_enabled = false;
    authenticator off(c, w.memory, w.transport, w.clock, w.passwords);
    BOOST_TEST(error_of(off.login_with_backup_code(phone, password("correct horse"), codes[0])) ==
               error::login_disabled);
}

BOOST_AUTO_TEST_CASE(a_hash_that_nobody_can_read_is_a_wrong_code) {
    blocking_world w;
    register_user(w);
    const auto codes = make_codes(w);
    auto u = *w.memory.find_user_by_phone(*phone_number::parse(phone));
    u.backup_codes = "nonsense nonsense";
    BOOST_REQUIRE((w.memory.update_user(u) == write_result::done));
    for (const auto& code : {codes[0], codes[1], codes[9]})
        BOOST_TEST(error_of(enter(w, code.str())) == error::invalid_login);
}

BOOST_AUTO_TEST_CASE(a_password_changed_meanwhile_is_the_wrong_one) {
    struct interrupted : quick_passwords {
        std::function<void()> during;
        int n = 0;
        result<std::string> hash(const std::string& p) { return quick_passwords::hash(p); }
        result<bool> verify(const std::string& p, const std::string& h) {
            if (during && ++n == 2) during();  // the backup code
            return quick_passwords::verify(p, h);
        }
    } passwords;
    memory_storage memory;
    testing::scripted_transport transport;
    testing::manual_clock clock;
    test_hooks hooks;
    authenticator auth(test_config(), memory, transport, clock, hooks, passwords);
    auto s = auth.start_registration(phone);
    BOOST_REQUIRE(auth.finish_registration(form(s->transaction_id, transport.last_code())));
    s = auth.start_login(phone);
    auto in = auth.finish_login(s->transaction_id, submitted_code(transport.last_code()));
    const auto codes = auth.make_backup_codes(in->token);
    passwords.during = [&] {
        BOOST_TEST(auth.update_user(in->token, in->user.object_id, {{"password", "\"battery staple\""}}).has_value());
    };
    BOOST_TEST(error_of(auth.login_with_backup_code(phone, password("correct horse"), (*codes)[0])) ==
               error::invalid_login);
    BOOST_TEST(memory.find_sessions_of(in->user.object_id).size() == 1u);
    BOOST_TEST(left_in(memory.find_user(in->user.object_id)->backup_codes) == 10u);
}

// ---- Limits ----

// Else nobody who has lost their phone would get in while somebody wants to keep them out.
BOOST_AUTO_TEST_CASE(whoever_has_neither_shuts_no_door) {
    blocking_world w;
    register_user(w);
    const auto codes = make_codes(w);
    for (int i = 0; i < 200; ++i)
        BOOST_TEST(error_of(enter(w, bad_code, "wrong", phone, client_info("192.0.2." + std::to_string(i)))) ==
                   error::invalid_login);
    BOOST_TEST(enter(w, codes[0].str(), "correct horse", phone, stranger).has_value());
}

// Once it is concealed whether passwords are right, a door that is shut does not tell it.
BOOST_AUTO_TEST_CASE(a_shut_door_does_not_tell_that_a_concealed_password_was_right) {
    blocking_world w;
    register_user(w);
    for (int i = 0; i < 60; ++i)
        (void)enter(w, bad_code, "correct horse", phone, client_info("192.0.2." + std::to_string(i)));
    for (int i = 0; i < 60; ++i)
        (void)w.auth.start_two_factor_login(phone, password("wrong"), client_info("198.51.100." + std::to_string(i)));
    BOOST_TEST(error_of(enter(w, bad_code, "correct horse", phone, stranger)) == error::invalid_login);
    BOOST_TEST(error_of(enter(w, bad_code, "wrong", phone, stranger)) == error::invalid_login);
}

BOOST_AUTO_TEST_CASE(guesses_shut_no_other_door_and_not_that_of_known_networks) {
    blocking_world w;
    register_user(w);
    const auto codes = make_codes(w);
    auto s = w.auth.start_login(phone, home);
    BOOST_REQUIRE(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), home));
    for (int i = 0; i < 60; ++i)
        (void)enter(w, bad_code, "correct horse", phone, client_info("192.0.2." + std::to_string(i)));
    BOOST_TEST(!enter(w, codes[0].str(), "correct horse", phone, stranger));
    BOOST_TEST(w.auth.start_login(phone, stranger).has_value());
    BOOST_TEST(w.auth.start_two_factor_login(phone, password("correct horse"), stranger).has_value());
    BOOST_TEST(enter(w, codes[0].str(), "correct horse", phone, home).has_value());
    BOOST_REQUIRE(w.auth.unlock(phone));
    BOOST_TEST(enter(w, codes[1].str(), "correct horse", phone, stranger).has_value());
}

BOOST_AUTO_TEST_CASE(wrong_passwords_of_strangers_do_not_keep_the_owner_out) {
    blocking_world w;
    register_user(w);
    const auto codes = make_codes(w);
    for (int i = 0; i < 100; ++i)
        (void)w.auth.start_two_factor_login(phone, password("wrong"), client_info("192.0.2." + std::to_string(i)));
    BOOST_TEST(enter(w, codes[0].str(), "correct horse", phone, stranger).has_value());
}

BOOST_AUTO_TEST_CASE(whoever_has_one_of_the_two_cannot_try_for_the_other_for_long) {
    for (const bool has_code : {true, false}) {
        blocking_world w;
        register_user(w);
        const auto codes = make_codes(w);
        auto s = w.auth.start_login(phone, home);
        BOOST_REQUIRE(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), home));
        const auto guess = [&](int i) {
            const client_info from("192.0.2." + std::to_string(i));
            return has_code ? enter(w, codes[0].str(), "guess " + std::to_string(i), phone, from)
                            : enter(w, bad_code, "correct horse", phone, from);
        };
        for (int i = 0; i < 60; ++i) BOOST_TEST(!guess(i));
        // Even both together are refused there now; where the user is known, they are good.
        BOOST_TEST(!enter(w, codes[0].str(), "correct horse", phone, stranger));
        BOOST_TEST(left_in(list_of(w)) == 10u);
        BOOST_TEST(enter(w, codes[0].str(), "correct horse", phone, home).has_value());
    }
}

BOOST_AUTO_TEST_CASE(logins_that_go_well_use_up_nothing) {
    for (const auto& from : {client_info(), stranger}) {
        auto c = test_config();
        c.max_passwords_per_client_and_hour = 0;
        blocking_world w(c);
        register_user(w);
        int in = 0;
        for (int round = 0; round < 6; ++round) {
            w.clock.advance(24h);
            for (const auto& code : make_codes(w)) {
                for (int k = 0; k < 3; ++k) (void)enter(w, bad_code, "correct horse", phone, from);
                in += enter(w, code.str(), "correct horse", phone, from).has_value();
                w.clock.advance(1h);
            }
        }
        BOOST_TEST(in == 60);
    }
}

// ---- Races and faults ----

BOOST_AUTO_TEST_CASE(of_many_who_come_with_one_code_one_gets_in) {
    for (int round = 0; round < 4; ++round) {
        meeting_world w;
        const auto u = register_user(w);
        const auto codes = make_codes(w);
        w.memory.erase_sessions_of(u.object_id, "");
        std::latch all(8);  // nobody spends it before everybody has found it right
        w.passwords.all = &all;
        std::atomic<int> won{0}, wrong_ones{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([&] {
                const auto r = enter(w, codes[4].str());
                won += r.has_value();
                wrong_ones += error_of(r) == error::invalid_login;
            });
        for (auto& t : threads) t.join();
        BOOST_TEST(won == 1);
        BOOST_TEST(wrong_ones == 7);
        BOOST_TEST(left_in(list_of(w)) == 9u);
        BOOST_TEST(w.memory.find_sessions_of(u.object_id).size() == 1u);
    }
}

BOOST_AUTO_TEST_CASE(a_code_spent_by_a_reset_and_a_login_serves_one_of_them) {
    for (int round = 0; round < 4; ++round) {
        auto c = test_config();
        c.password_reset = password_reset_policy::code_and_backup_code;
        meeting_world w(c);
        register_user(w);
        const auto codes = make_codes(w);
        const auto s = w.auth.start_password_reset(phone);
        const submitted_code code(w.transport.last_code());
        std::latch all(2);
        w.passwords.all = &all;
        std::atomic<int> won{0};
        std::thread reset([&] {
            won +=
                w.auth.finish_password_reset(s->transaction_id, code, password("battery staple"), codes[0]).has_value();
        });
        std::thread login([&] { won += enter(w, codes[0].str()).has_value(); });
        reset.join();
        login.join();
        BOOST_TEST(won == 1);
        BOOST_TEST(left_in(list_of(w)) == 9u);
    }
}

BOOST_AUTO_TEST_CASE(different_codes_at_once_are_all_spent) {
    for (int round = 0; round < 4; ++round) {
        meeting_world w;
        register_user(w);
        const auto codes = make_codes(w);
        std::latch all(8);
        w.passwords.all = &all;
        std::atomic<int> won{0};
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < 8; ++i)
            threads.emplace_back([&, i] { won += enter(w, codes[i].str()).has_value(); });
        for (auto& t : threads) t.join();
        BOOST_TEST(won == 8);
        BOOST_TEST(left_in(list_of(w)) == 2u);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_fault_opens_no_second_session_and_loses_one_code_at_most, World, worlds) {
    for (const bool after : {false, true})
        for (std::size_t n = 1;; ++n) {
            BOOST_TEST_CONTEXT("call " << n << (after ? " after" : " before")) {
                World w;
                const auto u = register_user(w);
                const auto codes = make_codes(w);
                w.memory.erase_sessions_of(u.object_id, "");
                const auto first = w.storage.calls();
                after ? w.storage.fail_after(first + n) : w.storage.fail_before(first + n);
                const auto r = enter(w, codes[0].str());
                const bool fired = w.storage.calls() >= first + n;
                w.storage.fail_before(0);
                w.storage.fail_after(0);
                if (!r) BOOST_TEST(error_of(r) == error::storage_unavailable);
                const auto sessions = w.memory.find_sessions_of(u.object_id).size();
                BOOST_TEST(sessions == (r ? 1u : 0u));
                const bool spent = left_in(list_of(w)) == 9u;
                if (r) BOOST_TEST(spent);
                if (!after && !r) BOOST_TEST(!spent);
                BOOST_TEST(enter(w, codes[0].str()).has_value() == !spent);
                BOOST_TEST(enter(w, codes[1].str()).has_value());
                if (!fired) {
                    BOOST_TEST(r.has_value());
                    break;
                }
            }
        }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(making_them_is_whole_or_absent, World, worlds) {
    for (const bool after : {false, true})
        for (std::size_t n = 1;; ++n) {
            BOOST_TEST_CONTEXT("call " << n << (after ? " after" : " before")) {
                World w;
                register_user(w);
                const auto former = make_codes(w);
                const auto before = list_of(w);
                const auto in = log_in(w);
                const auto first = w.storage.calls();
                after ? w.storage.fail_after(first + n) : w.storage.fail_before(first + n);
                const auto r = w.run(w.auth.make_backup_codes(in.token));
                const bool fired = w.storage.calls() >= first + n;
                w.storage.fail_before(0);
                w.storage.fail_after(0);
                BOOST_TEST(left_in(list_of(w)) == 10u);
                if (r) BOOST_TEST(enter(w, (*r)[0].str()).has_value());
                if (!r && !after) BOOST_TEST(list_of(w) == before);
                BOOST_TEST(w.run(w.auth.make_backup_codes(in.token)).has_value());
                if (!fired) break;
            }
        }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(lost_races_are_run_again, World, worlds) {
    World w;
    register_user(w);
    const auto in = log_in(w);
    w.storage.lose_race_on(w.storage.updates() + 1);
    auto codes = w.run(w.auth.make_backup_codes(in.token));
    BOOST_REQUIRE(codes);
    for (std::size_t n = 1; n <= 2; ++n) {  // spending it, and noting the login
        w.storage.lose_race_on(w.storage.updates() + n);
        BOOST_TEST(enter(w, (*codes)[n].str()).has_value());
    }
    BOOST_TEST(left_in(list_of(w)) == 8u);
}

BOOST_AUTO_TEST_CASE(calls_of_the_storage_are_as_documented) {
    auto c = test_config();
    c.backup_code_notice.clear();
    c.backup_codes_made_notice.clear();
    blocking_world w(c);
    register_user(w);
    const auto in = log_in(w);
    auto before = w.storage.calls();
    const auto codes = w.auth.make_backup_codes(in.token);
    BOOST_TEST(w.storage.calls() - before == 4u);
    before = w.storage.calls();
    BOOST_REQUIRE(enter(w, (*codes)[0].str()));
    BOOST_TEST(w.storage.calls() - before == 10u);
}

BOOST_AUTO_TEST_SUITE_END()
