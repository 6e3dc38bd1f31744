// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_FLOWS_MEDDLING_HPP
#define PHONEAUTH_TESTS_FLOWS_MEDDLING_HPP

#include "flows/world.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace flow_tests {

/// Lets something happen, once, just before a session is changed, just after one is stored, or between finding a user's
/// sessions and ending them: what somebody else does at that moment.
struct meddled_storage : memory_storage {
    std::function<void()> before_update_session;
    std::function<void()> after_insert_session;
    std::function<void()> before_erase_sessions;

    bool update_session(const session& s) {
        if (auto f = std::exchange(before_update_session, nullptr)) f();
        return memory_storage::update_session(s);
    }
    bool insert_session(const session& s) {
        const bool inserted = memory_storage::insert_session(s);
        if (auto f = std::exchange(after_insert_session, nullptr)) f();
        return inserted;
    }
    std::size_t erase_sessions_of(const std::string& user_id, const std::string& kept) {
        const auto all = find_sessions_of(user_id);
        if (auto f = std::exchange(before_erase_sessions, nullptr)) f();
        std::size_t erased = 0;
        for (const auto& s : all) erased += s.token_hash != kept && erase_session(s.token_hash);
        return erased;
    }
};

/// No two moments are one. Thread-safe.
struct ticking_clock {
    mutable std::atomic<std::int64_t> milliseconds{testing::manual_clock().now().time_since_epoch().count()};

    time_point now() const noexcept { return time_point(std::chrono::milliseconds(++milliseconds)); }
    void advance(std::chrono::milliseconds by) noexcept { milliseconds += by.count(); }
};

/// A blocking world over another storage, and without faults.
template <class S = memory_storage, class C = testing::manual_clock>
struct plain_world {
    explicit plain_world(config c = test_config()) : auth(std::move(c), memory, transport, clock, hooks, passwords) {}

    template <class R>
    static R run(R r) {
        return r;
    }

    S memory;
    testing::scripted_transport transport;
    C clock;
    test_hooks hooks;
    quick_passwords passwords;
    authenticator<S, testing::scripted_transport, C, test_hooks, quick_passwords> auth;
};

template <class World>
login_result log_in_with_both(World& w, const std::string& number = phone, const client_info& from = {}) {
    auto s = w.run(w.auth.start_two_factor_login(number, password("correct horse"), from));
    BOOST_REQUIRE(s);
    auto l = w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), from));
    BOOST_REQUIRE(l);
    return *l;
}

template <class World>
std::optional<session> session_of(World& w, const session_token& token) {
    return w.memory.find_session(token_hasher()(token.str()));
}

/// Calls `f(n)` on `count` threads at the same time, n = 0, 1, …; gives what they returned.
template <class F>
auto at_once(std::size_t count, F f) {
    std::vector<std::optional<decltype(f(std::size_t()))>> results(count);
    std::vector<std::thread> threads;
    std::atomic<std::size_t> waiting{0};
    for (std::size_t n = 0; n < count; ++n)
        threads.emplace_back([&, n] {
            for (++waiting; waiting < count;) std::this_thread::yield();
            results[n].emplace(f(n));
        });
    for (auto& t : threads) t.join();
    return results;
}

}  // namespace flow_tests

#endif
