// SPDX-License-Identifier: BSL-1.0
// What an attacker would try, and what must not come of it.
#include "flows/world.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <new>
#include <utility>
#include <vector>

using namespace flow_tests;

namespace {

/// Passwords that let something happen while one is being compared.
struct interrupted_passwords : quick_passwords {
    std::function<void()> during;
    int compared = 0;

    result<std::string> hash(const std::string& p) { return quick_passwords::hash(p); }
    result<bool> verify(const std::string& p, const std::string& h) {
        ++compared;
        if (during) during();
        return quick_passwords::verify(p, h);
    }
};

template <class S = memory_storage, class T = testing::scripted_transport>
struct interrupted_world {
    explicit interrupted_world(config c = test_config())
        : auth(std::move(c), memory, transport, clock, hooks, passwords) {}

    template <class R>
    static R run(R r) {
        return r;
    }

    S memory;
    T transport;
    testing::manual_clock clock;
    test_hooks hooks;
    interrupted_passwords passwords;
    authenticator<S, T, testing::manual_clock, test_hooks, interrupted_passwords> auth;
};

const client_info home{"198.51.100.7"};
const client_info stranger{"203.0.113.9"};

const property_map new_password{{"password", "\"brand new password\""}};

std::size_t messages_sent(const testing::scripted_transport& t) {
    std::size_t n = 0;
    for (const auto& r : t.requests()) n += r.method == "POST";
    return n;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flows_attacks)

BOOST_AUTO_TEST_CASE(registration_codes_do_not_lock_a_login) {
    blocking_world w;
    register_user(w);
    for (int hour = 0; hour < 4; ++hour) {
        w.clock.advance(1h);
        for (int i = 0; i < 10; ++i) {
            auto s = w.auth.start_registration(phone);
            if (!s) continue;
            const auto bad = wrong(w.transport.last_code());
            for (int k = 0; k < 5; ++k) BOOST_TEST(!w.auth.finish_registration(form(s->transaction_id, bad)));
        }
    }
    w.clock.advance(2h);
    BOOST_TEST(w.auth.start_login(phone).has_value());
}

BOOST_AUTO_TEST_CASE(passwords_of_a_stranger_do_not_stop_a_login_by_code) {
    blocking_world w;
    register_user(w);
    for (int i = 0; i < 7; ++i) {
        BOOST_TEST(!w.auth.start_two_factor_login(phone, password("wrong password")));
        w.clock.advance(1s);
    }
    BOOST_TEST(w.auth.start_login(phone).has_value());
}

BOOST_AUTO_TEST_CASE(no_more_passwords_are_told_at_once_than_failures_are_allowed) {
    interrupted_world<> w;
    register_user(w);
    int depth = 0, told = 0;
    const auto guess = [&] {
        const client_info from("203.0.113." + std::to_string(depth % 250));
        told +=
            error_of(w.auth.start_two_factor_login(phone, password("wrong password"), from)) == error::invalid_login;
    };
    w.passwords.during = [&] {
        if (++depth < 300) guess();
    };
    guess();
    BOOST_TEST(told == 40);
    w.passwords.during = nullptr;
    w.clock.advance(2h);
    guess();
    BOOST_TEST(told == 40);
}

BOOST_AUTO_TEST_CASE(one_client_has_few_passwords_of_one_account_compared) {
    interrupted_world<> w;
    register_user(w);
    for (int i = 0; i < 500; ++i)
        (void)w.auth.start_two_factor_login(phone, password(i % 2 ? "wrong password" : "correct horse"), stranger);
    BOOST_TEST(w.passwords.compared == 10);
}

BOOST_AUTO_TEST_CASE(concealed_password_shows_in_no_limit) {
    // Whoever repeats a concealed guess until the account's limits refuse it sees the same of his own limits, and so do
    // his neighbours, whether it is right or wrong.
    std::vector<std::vector<std::error_code>> seen;
    for (const auto* secret : {"correct horse", "wrong horse"}) {
        auto c = test_config();
        c.max_sends_per_client_and_hour = 20;
        blocking_world w(c);
        register_user(w);
        const client_info cafe{"192.0.2.77"};
        auto s = w.auth.start_login(phone, cafe);
        BOOST_REQUIRE(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), cafe));
        for (int i = 0; i < 100; ++i)
            (void)w.auth.start_two_factor_login(phone, password("no horse"),
                                                client_info("203.0.113." + std::to_string(i)));
        auto& all = seen.emplace_back();
        for (int i = 0; i < 40; ++i) {
            const client_info from(i % 2 ? "198.51.100.1" : "198.51.100.2");
            const auto r = w.auth.start_two_factor_login(phone, password(secret), from);
            all.push_back(error_of(r));
            if (r && i % 3 == 0) all.push_back(error_of(w.auth.resend(r->transaction_id, from)));
            all.push_back(error_of(w.auth.start_registration("+1415555" + std::to_string(2000 + i), from)));
            all.push_back(error_of(w.auth.start_login(phone, cafe)));
            w.clock.advance(1min);
        }
    }
    BOOST_TEST(seen[0] == seen[1], boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(failures_shut_a_door_before_a_code_is_sent) {
    blocking_world w;
    register_user(w);
    int compared = 0;
    for (int i = 0; i < 24; ++i) {
        w.clock.advance(1h);
        if (auto s = w.auth.start_login(phone, stranger))
            for (int k = 0; k < 5; ++k)
                compared += !w.auth.finish_login(s->transaction_id, submitted_code(wrong(w.transport.last_code())));
    }
    BOOST_TEST(compared == 30);  // with the 15 tries of codes that could be open besides, more than 40
    auto r = w.auth.start_login(phone, stranger);
    BOOST_TEST(error_of(r) == error::too_many_failures);
    BOOST_TEST((*r.error().retry_after > 1h));
}

BOOST_AUTO_TEST_CASE(a_login_once_begun_can_be_finished) {
    blocking_world w;
    register_user(w);
    for (int i = 0; i < 5; ++i) {
        w.clock.advance(2h);
        auto his = w.auth.start_login(phone, stranger);
        BOOST_REQUIRE(his);
        for (int k = 0; k < 5; ++k)
            BOOST_TEST(!w.auth.finish_login(his->transaction_id, submitted_code(wrong(w.transport.last_code()))));
    }
    w.clock.advance(2h);
    auto mine = w.auth.start_login(phone);
    BOOST_REQUIRE(mine);
    const auto my_code = w.transport.last_code();
    auto his = w.auth.start_login(phone, stranger);
    BOOST_REQUIRE(his);
    for (int k = 0; k < 5; ++k)
        BOOST_TEST(!w.auth.finish_login(his->transaction_id, submitted_code(wrong(w.transport.last_code()))));
    BOOST_TEST(error_of(w.auth.start_login(phone, stranger)) == error::too_many_failures);
    BOOST_TEST(w.auth.finish_login(mine->transaction_id, submitted_code(my_code)).has_value());
}

BOOST_AUTO_TEST_CASE(a_transport_out_of_memory_may_have_sent) {
    struct exhausted : testing::scripted_transport {
        result<http_response> send(const http_request& r) {
            (void)testing::scripted_transport::send(r);
            throw std::bad_alloc();
        }
    };
    interrupted_world<memory_storage, exhausted> w;
    auto s = w.auth.start_registration(phone);
    BOOST_REQUIRE(s);
    BOOST_TEST(s->delivery_uncertain);
    BOOST_TEST(error_of(w.auth.send_message({phone, "x"})) == error::no_answer);
}

BOOST_AUTO_TEST_CASE(an_old_password_opens_nothing_while_it_is_being_replaced) {
    auto c = test_config();
    c.identity_login_enabled = true;
    interrupted_world<> w(c);
    register_user(w);
    const auto mine = log_in(w);
    w.passwords.during = [&] {
        w.passwords.during = nullptr;
        BOOST_TEST(w.auth.update_user(mine.token, mine.user.object_id, new_password).has_value());
    };
    BOOST_TEST(error_of(w.auth.login_with_identity("ada@example.com", password("correct horse"))) ==
               error::invalid_login);
    BOOST_TEST(w.auth.authenticate(mine.token).has_value());
}

BOOST_AUTO_TEST_CASE(a_logout_is_not_undone_by_a_new_password) {
    struct racing : memory_storage {
        std::function<void()> before_erase;
        std::size_t erase_sessions_of(const std::string& id, const std::string& kept) {
            if (auto f = std::exchange(before_erase, nullptr)) f();
            return memory_storage::erase_sessions_of(id, kept);
        }
    };
    interrupted_world<racing> w;
    register_user(w);
    const auto mine = log_in(w);
    w.memory.before_erase = [&] { BOOST_TEST((*w.auth.logout(mine.token) == logout_outcome::ended)); };
    BOOST_TEST(w.auth.update_user(mine.token, mine.user.object_id, new_password).has_value());
    BOOST_TEST(error_of(w.auth.authenticate(mine.token)) == error::unknown_token);
}

BOOST_AUTO_TEST_CASE(known_and_unknown_phones_fail_alike) {
    const std::vector<std::function<void(testing::scripted_transport&)>> answers = {
        [](testing::scripted_transport&) {},
        [](testing::scripted_transport& t) { t.reply_failure(error::connect_failed); },
        [](testing::scripted_transport& t) { t.reply_failure(error::read_timeout); },
        [](testing::scripted_transport& t) {
            t.reply(429, R"({"code":20429,"message":"x","status":429})", {{"Retry-After", "3"}});
        },
        [](testing::scripted_transport& t) { t.reply(503, "x"); },
    };
    for (const auto& answer : answers) {
        blocking_world w;
        register_user(w);
        const auto sent = messages_sent(w.transport);
        const auto calls = w.transport.calls();
        answer(w.transport);
        auto unknown = w.auth.start_login(other_phone);
        BOOST_TEST(messages_sent(w.transport) == sent);
        BOOST_TEST(w.transport.calls() == calls + 1);
        answer(w.transport);
        auto known = w.auth.start_login(phone);
        BOOST_TEST(error_of(known) == error_of(unknown));
        if (known && unknown)
            BOOST_TEST(known->delivery_uncertain == unknown->delivery_uncertain);
        else
            BOOST_TEST((known.error().retry_after == unknown.error().retry_after));
    }
}

BOOST_AUTO_TEST_CASE(a_code_sent_to_a_former_number_is_worth_nothing) {
    blocking_world w;
    auto u = register_user(w);
    auto s = w.auth.start_login(phone);
    u = *w.memory.find_user(u.object_id);
    u.phone = *phone_number::parse(other_phone);
    BOOST_REQUIRE((w.memory.update_user(u) == write_result::done));
    BOOST_TEST(!w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code())));
}

BOOST_AUTO_TEST_CASE(a_storage_that_fails_does_not_spend_a_login_code) {
    blocking_world w;
    register_user(w);
    auto s = w.auth.start_login(phone);
    w.storage.fail_before(w.storage.calls() + 3);  // the swap is the second call
    BOOST_TEST(error_of(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()))) ==
               error::storage_unavailable);
    w.storage.fail_before(0);
    BOOST_TEST(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code())).has_value());
}

BOOST_AUTO_TEST_CASE(a_cancelled_registration_keeps_its_code) {
    /// Hashes for ever, and says when it has begun.
    struct endless_passwords : quick_passwords {
        std::function<void()> begun;
        asio::awaitable<result<std::string>> hash(const std::string&) {
            asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
            asio::post(never.get_executor(), begun);
            co_await never.async_wait(asio::use_awaitable);
            co_return error::internal;
        }
    };
    memory_storage memory;
    testing::posting<memory_storage> storage(memory);
    testing::scripted_transport transport;
    testing::manual_clock clock;
    test_hooks hooks;
    endless_passwords passwords;
    authenticator auth(test_config(), storage, transport, clock, hooks, passwords);

    auto s = async_world::run(auth.start_registration(phone));
    asio::io_context loop;
    asio::cancellation_signal stop;
    passwords.begun = [&] { stop.emit(asio::cancellation_type::all); };
    result<user> outcome;
    asio::co_spawn(loop, auth.finish_registration(form(s->transaction_id, transport.last_code())),
                   asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, result<user> r) { outcome = r; }));
    loop.run();
    BOOST_TEST(!outcome);
    BOOST_TEST((memory.find_transaction(s->transaction_id)->state == transaction_state::pending));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_code_alone_can_be_made_not_enough, World, worlds) {
    auto c = test_config();
    c.code_login_enabled = false;
    World w(c);
    register_user(w);
    BOOST_TEST(error_of(w.run(w.auth.start_login(phone))) == error::login_disabled);
    auto s = w.run(w.auth.start_two_factor_login(phone, password("correct horse")));
    BOOST_REQUIRE(s);
    BOOST_TEST(w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()))).has_value());
}

BOOST_AUTO_TEST_CASE(an_id_that_cannot_be_one_never_reaches_the_storage) {
    blocking_world w;
    const auto before = w.storage.calls();
    for (const auto& id : {std::string(), std::string("A\0", 2), std::string("\xFF\xFE"), std::string("' OR 1=1"),
                           std::string(65, 'A')}) {
        BOOST_TEST(error_of(w.auth.finish_login(transaction_id(id), submitted_code("123456"))) ==
                   error::no_transaction);
        BOOST_TEST(error_of(w.auth.finish_registration(form(id, "123456"))) == error::no_transaction);
        BOOST_TEST(error_of(w.auth.resend(transaction_id(id))) == error::no_transaction);
    }
    BOOST_TEST(w.storage.calls() == before);
}

BOOST_AUTO_TEST_CASE(a_refused_message_is_not_counted) {
    blocking_world w;
    for (int i = 0; i < 5; ++i) BOOST_TEST(w.auth.send_message({phone, "hello"}).has_value());
    for (int i = 0; i < 3; ++i) BOOST_TEST(error_of(w.auth.send_message({phone, "hello"})) == error::too_many_messages);
    BOOST_TEST(messages_taken(w) == 5);
}

BOOST_AUTO_TEST_CASE(a_resent_code_is_not_delivered_after_its_end) {
    blocking_world w;
    auto s = w.auth.start_registration(phone);
    w.clock.advance(100s);
    BOOST_REQUIRE(w.auth.resend(s->transaction_id));
    BOOST_TEST(w.transport.requests().back().body.find("&ValidityPeriod=200&") != std::string::npos);
}

namespace {

/// Whether a code was compared, and found wrong.
template <class R>
bool was_compared(const R& r) {
    return error_of(r) == error::wrong_code || (error_of(r) == error::tries_exhausted && r.error().tries_left);
}

/// A phone's transactions that are open, and their codes.
using open_codes = std::vector<std::pair<std::string, std::string>>;

/// All tries of `open`, with wrong codes; how many were compared.
template <class World>
int guess_at(World& w, const open_codes& open) {
    int compared = 0;
    for (const auto& [id, code] : open)
        for (int k = 0; k < 5; ++k)
            compared += was_compared(w.auth.finish_login(transaction_id(id), submitted_code(wrong(code)), stranger));
    return compared;
}

/// Lets something happen after each question whether something is allowed.
struct interrupted_storage : memory_storage {
    std::function<void()> after_question;

    cell_answer take_cells(const cell_batch& batch) {
        const auto answer = memory_storage::take_cells(batch);
        if (after_question) after_question();
        return answer;
    }
};

/// Wrong codes of `begin`'s transactions in thirty days; how many were compared.
template <class Begin>
int wrong_codes_of_a_month(blocking_world& w, const client_info& from, Begin begin) {
    int compared = 0;
    const auto end = w.clock.now() + 30 * 24h;
    while (w.clock.now() < end) {
        auto s = begin();
        if (!s) {
            w.clock.advance(s.error().retry_after ? std::min<std::chrono::seconds>(*s.error().retry_after, 1h) : 1s);
            continue;
        }
        const auto bad = wrong(w.transport.last_code());
        for (int k = 0; k < 5; ++k)
            compared += was_compared(w.auth.finish_login(s->transaction_id, submitted_code(bad), from));
    }
    return compared;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_second_factor_is_limited_too) {
    blocking_world w;
    register_user(w);
    const int compared = wrong_codes_of_a_month(
        w, stranger, [&] { return w.auth.start_two_factor_login(phone, password("correct horse"), stranger); });
    BOOST_TEST(compared <= 50);
    BOOST_TEST(compared >= 35);
}

BOOST_AUTO_TEST_CASE(codes_begun_together_are_limited_together) {
    blocking_world w;
    register_user(w);
    int compared = 0;
    for (int day = 0; day < 29; ++day) {
        open_codes open;
        for (int i = 0; i < 15; ++i)
            if (auto s = w.auth.start_login(phone, stranger))
                open.emplace_back(s->transaction_id, w.transport.last_code());
        compared += guess_at(w, open);
        w.clock.advance(24h);
    }
    BOOST_TEST(compared <= 50);
    BOOST_TEST(compared >= 35);
}

BOOST_AUTO_TEST_CASE(codes_that_ask_for_room_at_once_do_not_all_get_it) {
    for (const bool with_password : {false, true})
        for (const auto step : {0ms, 1ms}) {
            interrupted_world<interrupted_storage> w;
            register_user(w);
            const auto begin = [&] {
                return with_password ? w.auth.start_two_factor_login(phone, password("correct horse"), stranger)
                                     : w.auth.start_login(phone, stranger);
            };
            int compared = 0;
            while (compared < 25) {
                if (auto s = begin()) compared += guess_at(w, {{s->transaction_id, w.transport.last_code()}});
                w.clock.advance(1h);
            }
            w.clock.advance(3h);
            open_codes open;
            int depth = 0;
            const auto begin_another = [&] {
                if (auto s = begin()) open.emplace_back(s->transaction_id, w.transport.last_code());
            };
            w.memory.after_question = [&] {
                if (++depth >= 20) return;
                w.clock.advance(step);
                begin_another();
            };
            begin_another();
            w.memory.after_question = nullptr;
            BOOST_TEST(open.size() >= 1u);
            BOOST_TEST(open.size() <= 3u);
            BOOST_TEST(compared + guess_at(w, open) <= 40);
        }
}

BOOST_AUTO_TEST_CASE(codes_begun_here_and_guessed_there_count_where_they_were_begun) {
    for (const bool with_password : {false, true}) {
        blocking_world w;
        register_user(w);
        auto s = w.auth.start_login(phone, home);
        BOOST_REQUIRE(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), home));
        const auto compared = [&](const client_info& begun, const client_info& guessed) {
            return wrong_codes_of_a_month(w, guessed, [&] {
                return with_password ? w.auth.start_two_factor_login(phone, password("correct horse"), begun)
                                     : w.auth.start_login(phone, begun);
            });
        };
        const int strangers = compared(stranger, home), known = compared(home, stranger);
        BOOST_TEST(strangers <= 50);
        BOOST_TEST(strangers >= 35);
        BOOST_TEST(known <= 25);
        BOOST_TEST(known >= 15);
    }
}

BOOST_AUTO_TEST_CASE(codes_that_stay_open_stay_counted_when_the_owner_logs_in) {
    auto c = test_config();
    c.max_sends_per_phone_and_hour = 100;
    c.max_sends_per_phone_and_day = 1000;
    blocking_world w(c);
    register_user(w);
    open_codes open;
    for (int owner = 0; owner < 3; ++owner) {
        for (int i = 0; i < 40; ++i)
            if (auto s = w.auth.start_login(phone, client_info("203.0.113." + std::to_string(i))))
                open.emplace_back(s->transaction_id, w.transport.last_code());
        auto s = w.auth.start_two_factor_login(phone, password("correct horse"), home);
        BOOST_REQUIRE(s);
        BOOST_REQUIRE(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), home));
    }
    BOOST_TEST(open.size() == 3u);
    BOOST_TEST(guess_at(w, open) == 15);
}

BOOST_AUTO_TEST_CASE(an_owner_at_home_has_a_reserve_of_the_limits_of_his_network) {
    blocking_world w;
    register_user(w);
    register_user(w, other_phone, "grace@example.com");
    auto s = w.auth.start_login(phone, home);
    BOOST_REQUIRE(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), home));
    for (int i = 0; i < 60; ++i)
        BOOST_TEST(
            !w.auth.start_two_factor_login("+1415555" + std::to_string(2000 + i), password("wrong horse"), home));
    BOOST_TEST(error_of(w.auth.start_two_factor_login(other_phone, password("correct horse"), home)) ==
               error::too_many_failures);
    BOOST_TEST(w.auth.start_two_factor_login(phone, password("correct horse"), home).has_value());
    for (int i = 0; i < 60; ++i)
        [[maybe_unused]] const auto sent = w.auth.start_registration("+1415555" + std::to_string(3000 + i), home);
    BOOST_TEST(error_of(w.auth.start_registration("+14155554000", home)) == error::too_many_messages);
    BOOST_TEST(w.auth.start_login(phone, home).has_value());
}

BOOST_AUTO_TEST_CASE(typing_errors_at_home_cost_little_while_strangers_guess) {
    interrupted_world<> w;
    register_user(w);
    auto s = w.auth.start_login(phone, home);
    BOOST_REQUIRE(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), home));
    int depth = 0;
    w.passwords.during = [&] {
        if (++depth < 60) (void)w.auth.start_two_factor_login(phone, password("wrong password"), stranger);
        if (depth == 60) {
            ++depth;
            BOOST_TEST(error_of(w.auth.start_two_factor_login(phone, password("typing error"), home)) ==
                       error::invalid_login);
            BOOST_TEST(w.auth.start_two_factor_login(phone, password("correct horse"), home).has_value());
        }
    };
    (void)w.auth.start_two_factor_login(phone, password("wrong password"), stranger);
    w.passwords.during = nullptr;
    BOOST_TEST(w.auth.start_two_factor_login(phone, password("correct horse"), home).has_value());
}

BOOST_AUTO_TEST_CASE(a_flood_of_refused_requests_takes_nothing_away) {
    /// Lets something happen between the counting and whatever follows it.
    struct busy : memory_storage {
        std::function<void()> after_change;
        cell_answer take_cells(const cell_batch& batch) {
            const auto counted = memory_storage::take_cells(batch);
            if (const auto f = std::exchange(after_change, nullptr)) {
                f();
                after_change = f;
            }
            return counted;
        }
    };
    interrupted_world<busy> w;
    register_user(w);
    auto s = w.auth.start_login(phone, home);
    BOOST_REQUIRE(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), home));
    for (int i = 0; i < 20; ++i) (void)w.auth.start_login(phone, stranger);
    const auto before = w.transport.calls();
    bool owner_let_in = true;
    w.memory.after_change = [&] { owner_let_in = owner_let_in && w.auth.start_login(phone, home).has_value(); };
    BOOST_TEST(error_of(w.auth.start_login(phone, stranger)) == error::too_many_messages);
    w.memory.after_change = nullptr;
    BOOST_TEST(owner_let_in);
    BOOST_TEST(w.transport.calls() > before);
}

BOOST_AUTO_TEST_CASE(messages_are_not_sent_to_test_numbers) {
    auto c = test_config();
    c.test_numbers = {{phone, "424242"}};
    c.allow_test_numbers = true;
    blocking_world w(c);
    BOOST_TEST(error_of(w.auth.send_message({phone, "hello"})) == error::destination_not_allowed);
    BOOST_TEST(w.transport.calls() == 0u);
    // Its fixed code cannot be guessed without end.
    int compared = 0;
    for (int i = 0; i < 22; ++i) {
        auto s = w.auth.start_registration(phone);
        for (int k = 0; s && k < 5; ++k) {
            const auto r = w.auth.finish_registration(form(s->transaction_id, "111111"));
            compared +=
                error_of(r) == error::wrong_code || (error_of(r) == error::tries_exhausted && r.error().tries_left);
        }
        w.clock.advance(1h);
    }
    BOOST_TEST(compared <= 50);
    BOOST_TEST(compared >= 35);
}

BOOST_AUTO_TEST_CASE(the_two_password_doors_do_not_betray_each_other) {
    for (const std::string identity_column : {"email", "phoneNumber"}) {
        auto c = test_config();
        c.identity_login_enabled = true;
        c.identity_column = identity_column;
        blocking_world w(c);
        auto s = w.auth.start_registration(phone);
        auto r = form(s->transaction_id, w.transport.last_code());
        if (identity_column == "phoneNumber") r.identity = phone;
        BOOST_REQUIRE(w.auth.finish_registration(r));
        const std::string known = identity_column == "email" ? "ada@example.com" : phone;
        const std::string unknown = identity_column == "email" ? "bob@example.com" : other_phone;
        auto from = [n = 0]() mutable { return client_info("203.0.113." + std::to_string(n++ % 250)); };
        for (int i = 0; i < 25; ++i) {
            (void)w.auth.start_two_factor_login(phone, password("wrong horse"), from());
            (void)w.auth.start_two_factor_login(other_phone, password("wrong horse"), from());
        }
        BOOST_TEST(error_of(w.auth.login_with_identity(known, password("wrong horse"), from())) ==
                   error_of(w.auth.login_with_identity(unknown, password("wrong horse"), from())));
        for (int i = 0; i < 50; ++i) {
            (void)w.auth.login_with_identity(known, password("wrong horse"), from());
            (void)w.auth.login_with_identity(unknown, password("wrong horse"), from());
        }
        for (const auto& identity : {known, unknown})
            BOOST_TEST(error_of(w.auth.login_with_identity(identity, password("wrong horse"), from())) ==
                       error::too_many_failures);
    }
}

BOOST_AUTO_TEST_CASE(numbers_that_the_provider_refuses_count_for_the_client) {
    blocking_world w;
    for (int i = 0; i < 200; ++i) {
        w.transport.reply(400, R"({"code":21614,"message":"x","status":400})");
        (void)w.auth.start_registration("+1415555" + std::to_string(1000 + i), stranger);
    }
    BOOST_TEST(w.transport.calls() == 25u);
    BOOST_TEST(codes_taken(w, "+14155551000") == 0);
}

BOOST_AUTO_TEST_CASE(nobody_is_kept_from_registering_for_longer_than_the_day_of_messages) {
    blocking_world w;
    for (int i = 0; i < 60; ++i) {
        w.clock.advance(20min);
        auto s = w.auth.start_registration(phone, stranger);
        if (!s) continue;
        const auto bad = wrong(w.transport.last_code());
        for (int k = 0; k < 5; ++k) BOOST_TEST(!w.auth.finish_registration(form(s->transaction_id, bad), stranger));
    }
    auto mine = w.auth.start_registration(phone, home);
    BOOST_TEST(!mine);
    std::chrono::seconds waited{0};
    while (!mine && waited < 100h) {
        waited += *mine.error().retry_after;
        w.clock.advance(*mine.error().retry_after);
        mine = w.auth.start_registration(phone, home);
    }
    BOOST_TEST((waited <= 36h));
    BOOST_REQUIRE(mine);
    BOOST_TEST(w.auth.finish_registration(form(mine->transaction_id, w.transport.last_code()), home).has_value());
    // From here on the network is known.
    for (int i = 0; i < 100; ++i)
        (void)w.auth.start_two_factor_login(phone, password("wrong horse"),
                                            client_info("203.0.113." + std::to_string(i)));
    BOOST_TEST(error_of(w.auth.start_two_factor_login(phone, password("wrong horse"), home)) == error::invalid_login);
}

BOOST_AUTO_TEST_CASE(the_budget_keeps_a_part_for_those_who_are_known) {
    auto c = test_config();
    c.max_sends_per_hour = 8;  // two at once, and two more for those who are known
    blocking_world w(c);
    register_user(w);
    auto s = w.auth.start_login(phone, home);
    BOOST_REQUIRE(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), home));
    for (int i = 0; i < 50; ++i) (void)w.auth.start_login("+1415555" + std::to_string(1000 + i));
    BOOST_TEST(error_of(w.auth.start_login(other_phone, stranger)) == error::too_many_messages);
    BOOST_TEST(w.auth.start_login(phone, home).has_value());
    BOOST_TEST(w.auth.start_two_factor_login(phone, password("correct horse"), stranger)
                   .has_value());  // the password is proof enough
    BOOST_TEST(!w.auth.start_login(phone, home));
}

BOOST_AUTO_TEST_CASE(wrong_passwords_use_up_nobodys_messages) {
    auto c = test_config();
    c.max_sends_per_hour = 8;  // two at once, and two more for those who are known
    for (const bool resent : {false, true}) {
        blocking_world w(c);
        register_user(w);
        auto s = w.auth.start_login(phone, home);
        BOOST_REQUIRE(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), home));
        w.clock.advance(1h);
        int concealed = 0;
        for (int i = 0; i < 100; ++i) {
            const client_info from("203.0.113." + std::to_string(i));
            auto r = w.auth.start_two_factor_login(other_phone, password("wrong horse"), from);
            (void)w.auth.start_two_factor_login(phone, password("wrong horse"), from);
            concealed += r.has_value();
            w.clock.advance(30s);
            if (r && resent) BOOST_TEST(w.auth.resend(r->transaction_id, from).has_value());
        }
        BOOST_TEST(concealed > 20);
        BOOST_TEST(w.auth.start_login(phone, home).has_value());
        const auto sent = messages_sent(w.transport);
        BOOST_TEST(w.auth.start_two_factor_login(phone, password("correct horse"), stranger).has_value());
        BOOST_TEST(messages_sent(w.transport) == sent + 1);
    }
}

BOOST_AUTO_TEST_CASE(a_neighbour_does_not_use_up_the_messages_of_a_right_password) {
    blocking_world w;
    register_user(w);
    auto s = w.auth.start_login(phone, home);
    BOOST_REQUIRE(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), home));
    for (int i = 0; i < 8; ++i) {
        w.clock.advance(6min);
        auto his = w.auth.start_login(phone, home);
        w.clock.advance(30s);
        for (int k = 0; his && k < 4; ++k, w.clock.advance(30s)) (void)w.auth.resend(his->transaction_id, stranger);
    }
    BOOST_TEST(error_of(w.auth.start_login(phone, home)) == error::too_many_messages);
    auto mine = w.auth.start_two_factor_login(phone, password("correct horse"), client_info("192.0.2.1"));
    BOOST_REQUIRE(mine);
    w.clock.advance(30s);
    BOOST_TEST(w.auth.resend(mine->transaction_id, client_info("192.0.2.1")).has_value());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_a_password_costs_nothing) {
    interrupted_world<> w;
    const std::string endless(1000, 'x');
    for (int i = 0; i < 100; ++i)
        BOOST_TEST(error_of(w.auth.start_two_factor_login(phone, password(endless), stranger)) == error::invalid_login);
    BOOST_TEST(error_of(w.auth.start_two_factor_login(phone, password("wrong horse"), stranger)) ==
               error::invalid_login);
    BOOST_TEST(w.passwords.compared == 0);
}

BOOST_AUTO_TEST_CASE(a_user_does_not_search_for_identities) {
    blocking_world w;
    register_user(w);
    const auto in = log_in(w);
    int tried = 0;
    for (int i = 0; i < 100; ++i) {
        auto r =
            w.auth.update_user(in.token, in.user.object_id, {{"email", "\"a" + std::to_string(i) + "@example.com\""}});
        tried += error_of(r) != error::too_many_failures;
    }
    BOOST_TEST(tried == 5);
    BOOST_TEST(w.auth.update_user(in.token, in.user.object_id, {{"a", "1"}}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
