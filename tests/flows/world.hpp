// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_FLOWS_WORLD_HPP
#define PHONEAUTH_TESTS_FLOWS_WORLD_HPP

#include <phoneauth/asio/awaitable.hpp>
#include <phoneauth/phoneauth.hpp>
#include <phoneauth/rules/limits.hpp>
#include <phoneauth/rules/transitions.hpp>
#include <phoneauth/secrets/code.hpp>
#include <phoneauth/secrets/token.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/failing_storage.hpp>
#include <phoneauth/testing/manual_clock.hpp>
#include <phoneauth/testing/posting.hpp>
#include <phoneauth/testing/scripted_transport.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include "support/secrets.hpp"

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>

#include <exception>
#include <functional>
#include <optional>
#include <string>

namespace flow_tests {

using namespace phoneauth;
using namespace std::chrono_literals;

inline const std::string phone = "+14155550100";
inline const std::string other_phone = "+14155550101";

inline config test_config() {
    config c;
    c.twilio.account_sid = "AC" + std::string(32, '0');
    c.twilio.auth_token = "not-a-real-token";
    c.twilio.sender = "+15005550006";
    c.code_keys = {{"k1", std::string(32, 'k')}};
    c.phone_cooldown = 0s;  // tests start again at once
    return c;
}

inline const bool secrets_are_named =
    support::name_secrets({"not-a-real-token", "correct horse", std::string(32, 'k')});

/// Passwords that cost a millisecond.
struct quick_passwords : scrypt_passwords {
    quick_passwords() : scrypt_passwords({.ln = 10, .r = 1, .p = 1}) {}
};

/// Hooks that a test can fill in.
struct test_hooks {
    std::function<result<void>(user&)> on_registration = [](user&) { return result<void>(); };
    std::function<result<void>(const user&)> on_login = [](const user&) { return result<void>(); };
    std::function<result<void>(const user&, user&)> on_update = [](const user&, user&) { return result<void>(); };
    std::function<result<void>(const std::string&, const user&)> on_password = [](const std::string&, const user&) {
        return result<void>();
    };
    std::function<void(const user&, const user&)> on_updated = [](const user&, const user&) {};
    std::function<result<void>(const user&)> on_deletion = [](const user&) { return result<void>(); };
    std::function<void(const user&)> on_deleted = [](const user&) {};
    std::function<result<void>(code_message&)> on_message = [](code_message&) { return result<void>(); };
    int registered = 0;
    int entered = 0;

    result<void> before_registration(user& u) { return on_registration(u); }
    result<void> after_registration(const user&) {
        ++registered;
        return {};
    }
    result<void> before_login(const user& u) { return on_login(u); }
    result<void> after_login(const user&) {
        ++entered;
        return {};
    }
    result<void> before_update(const user& before, user& changed) { return on_update(before, changed); }
    result<void> after_update(const user& before, const user& changed) {
        on_updated(before, changed);
        return {};
    }
    result<void> before_deletion(const user& u) { return on_deletion(u); }
    result<void> after_deletion(const user& u) {
        on_deleted(u);
        return {};
    }
    result<void> before_message(code_message& m) { return on_message(m); }
    result<void> password_allowed(const std::string& password, const user& u) { return on_password(password, u); }
};

/// An observer that a test can fill in.
struct test_observer {
    std::function<void(const event&)> on_event = [](const event&) {};

    void operator()(const event& e) { on_event(e); }
};

/// Everything plain: results at once.
template <class Passwords = quick_passwords>
struct blocking_world_with {
    explicit blocking_world_with(config c = test_config())
        : auth(std::move(c), storage, transport, clock, hooks, passwords, observer) {}

    template <class R>
    static R run(R r) {
        return r;
    }

    memory_storage memory;
    testing::failing_storage<memory_storage> storage{memory};
    testing::scripted_transport transport;
    testing::manual_clock clock;
    test_hooks hooks;
    Passwords passwords;
    test_observer observer;
    authenticator<testing::failing_storage<memory_storage>, testing::scripted_transport, testing::manual_clock,
                  test_hooks, Passwords, test_observer>
        auth;
};
using blocking_world = blocking_world_with<>;

/// Storage and transport take turns on an event loop; clock, hooks and passwords stay plain.
template <class Passwords = quick_passwords>
struct async_world_with {
    using async_storage = testing::posting<memory_storage>;
    using async_transport = testing::posting<testing::scripted_transport>;

    explicit async_world_with(config c = test_config())
        : auth(std::move(c), storage, later_transport, clock, hooks, passwords, observer) {}

    template <class R>
    static R run(asio::awaitable<R> a) {
        asio::io_context loop;
        std::optional<R> value;
        std::exception_ptr thrown;
        asio::co_spawn(loop, std::move(a), [&](std::exception_ptr e, R r) {
            thrown = e;
            value.emplace(std::move(r));
        });
        loop.run();
        if (thrown) std::rethrow_exception(thrown);
        return std::move(*value);
    }

    memory_storage memory;
    async_storage later_storage{memory};
    testing::failing_storage<async_storage> storage{later_storage};
    testing::scripted_transport transport;
    async_transport later_transport{transport};
    testing::manual_clock clock;
    test_hooks hooks;
    Passwords passwords;
    test_observer observer;
    authenticator<testing::failing_storage<async_storage>, async_transport, testing::manual_clock, test_hooks,
                  Passwords, test_observer>
        auth;
};
using async_world = async_world_with<>;

using worlds = boost::mpl::list<blocking_world, async_world>;

/// The error that `r` ended with; a default one if it is a success or no error of ours.
template <class R>
std::error_code error_of(const R& r) {
    return r ? std::error_code() : r.error().code;
}

inline registration form(const std::string& id, const std::string& code, const std::string& number = phone,
                         const std::string& email = "ada@example.com") {
    return {transaction_id(id), submitted_code(code), number, password("correct horse"), email};
}

/// Registers somebody who is needed for the rest of a test.
template <class World>
user register_user(World& w, const std::string& number = phone, const std::string& email = "ada@example.com") {
    auto s = w.run(w.auth.start_registration(number));
    BOOST_REQUIRE(s);
    auto u = w.run(w.auth.finish_registration(form(s->transaction_id, w.transport.last_code(), number, email)));
    BOOST_REQUIRE(u);
    return *u;
}

template <class World>
login_result log_in(World& w, const std::string& number = phone) {
    auto s = w.run(w.auth.start_login(number));
    BOOST_REQUIRE(s);
    auto l = w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code())));
    BOOST_REQUIRE(l);
    return *l;
}

/// How much of an hour's `most` is taken from the cell `key`.
template <class World>
std::int64_t taken(World& w, const std::string& key, std::int64_t most) {
    const auto interval = rules::at_most(most, 1h).interval;
    cell_batch look(w.clock.now());
    look.add({.action = cell_action::ask, .room = 24h}, key);
    const auto ahead = w.memory.take_cells(look).cells[0] - w.clock.now();
    return std::max<std::int64_t>((ahead + interval - 1ms) / interval, 0);
}

/// How many codes of registrations to `number` are counted in the present hour.
template <class World>
std::int64_t codes_taken(World& w, const std::string& number = phone) {
    return taken(w, "codes/registration/hour:" + number, w.auth.config().max_sends_per_phone_and_hour);
}
/// How many of the server's own messages to `number` are.
template <class World>
std::int64_t messages_taken(World& w, const std::string& number = phone) {
    return taken(w, "notices/hour:" + number, w.auth.config().max_sends_per_phone_and_hour);
}

/// A code of the right length that is not `code`.
inline std::string wrong(std::string code) {
    code.back() = code.back() == '0' ? '1' : '0';
    return code;
}

}  // namespace flow_tests

#endif
