// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_FLOWS_RACING_HPP
#define PHONEAUTH_TESTS_FLOWS_RACING_HPP

#include "flows/world.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <latch>
#include <optional>
#include <string>
#include <thread>
#include <vector>

// What the tests of flows that change accounts have in common: servers that race, and storages that fail.

namespace flow_tests {

/// Four servers on one storage, blocking, for threads.
class servers {
public:
    using server =
        authenticator<memory_storage, testing::scripted_transport, testing::manual_clock, quick_passwords, test_hooks>;

    explicit servers(const config& c = test_config()) : auth(start_all(c)) {}

    /// For the helpers that ask for a world.
    template <class R>
    static R run(R r) {
        return r;
    }
    server& operator[](std::size_t i) { return *all_[i % all_.size()]; }

    memory_storage memory;
    testing::scripted_transport transport;
    testing::manual_clock clock;
    quick_passwords passwords;
    test_hooks hooks;

private:
    server& start_all(const config& c) {
        for (auto& each : all_) each.emplace(c, memory, transport, clock, passwords, hooks);
        return *all_.front();
    }

    std::array<std::optional<server>, 4> all_;

public:
    server& auth;  ///< the first, for the same helpers
};

/// Runs all of `work` at the same time.
inline void race(const std::vector<std::function<void()>>& work) {
    std::latch all_are_here(static_cast<std::ptrdiff_t>(work.size()));
    std::vector<std::thread> threads;
    for (const auto& each : work)
        threads.emplace_back([&] {
            all_are_here.arrive_and_wait();
            each();
        });
    for (auto& t : threads) t.join();
}

/// Runs `f(server)` on four servers with eight threads each.
template <class F>
auto race_on(servers& w, F f) {
    constexpr std::size_t count = 4 * 8;
    std::vector<std::error_code> outcomes(count);
    std::vector<std::function<void()>> work;
    for (std::size_t i = 0; i < count; ++i) work.emplace_back([&, i] { outcomes[i] = error_of(f(w[i])); });
    race(work);
    return outcomes;
}

inline auto how_many(const std::vector<std::error_code>& outcomes, std::error_code what) {
    return std::count(outcomes.begin(), outcomes.end(), what);
}

/// Runs `flow(world)` with the Nth storage call of it failing, N = 1, 2, … until nothing fails any more, before the call
/// did anything and after it did its work; `check(world, context, ok)` looks at what is left.
/// → how many calls the flow makes.
template <class World>
std::size_t for_each_failing_call(auto prepare, auto flow, auto check) {
    std::size_t most = 0;
    for (const bool before : {true, false}) {
        for (std::size_t n = 1; n < 100; ++n) {
            World w;
            auto context = prepare(w);
            const auto first = w.storage.calls();
            before ? w.storage.fail_before(first + n) : w.storage.fail_after(first + n);
            const bool ok = flow(w, context);
            const bool fired = w.storage.calls() >= first + n;
            w.storage.fail_before(0);
            w.storage.fail_after(0);
            BOOST_TEST_CONTEXT("call " << n << (before ? " fails before" : " fails after")) check(w, context, ok);
            if (!fired) {
                BOOST_TEST(ok);
                most = std::max(most, n - 1);
                break;
            }
        }
    }
    return most;
}

/// Whether it went well; a failure has to be the storage's.
template <class R>
bool went_well(const R& r) {
    if (!r) BOOST_TEST(r.error().code == error::storage_unavailable, r.error().message);
    return r.has_value();
}

/// Somebody who is registered and logged in, twice, and has a trusted device.
template <class World>
struct person {
    explicit person(World& w, const std::string& number = phone, const std::string& email = "ada@example.com")
        : stored(register_user(w, number, email)), other(log_in(w, number)), own(log_in(w, number)) {
        auto device = *w.memory.find_session(token_hasher()(own.token.str()));
        device.token_hash = token_hasher()("device:" + email);
        device.kind = session_kind::trusted_device;
        BOOST_REQUIRE(w.memory.insert_session(device));
    }

    const std::string& id() const { return stored.object_id; }

    user stored;
    login_result other;
    login_result own;
};

template <class World>
bool is_good(World& w, const login_result& l) {
    return w.run(w.auth.authenticate(l.token)).has_value();
}

template <class World>
std::optional<user> owner_of(World& w, const std::string& number) {
    return w.memory.find_user_by_phone(*phone_number::parse(number));
}

/// The code in the last message to `number`.
template <class World>
submitted_code code_at(World& w, const std::string& number) {
    return submitted_code(w.transport.last_code_to(number));
}

/// Sends nothing that is not what Twilio is asked for a code or a notice.
template <class World>
std::size_t messages_to(World& w, const std::string& number) {
    std::size_t count = 0;
    for (const auto& r : w.transport.requests())
        count += r.method == "POST" && phoneauth::detail::form_field(r.body, "To") == number ? 1 : 0;
    return count;
}

/// Changes what is stored, as another server would.
template <class World>
void change_stored(World& w, const std::string& id, const std::function<void(user&)>& change) {
    auto u = *w.memory.find_user(id);
    change(u);
    BOOST_REQUIRE((w.memory.update_user(u) == write_result::done));
}

/// Keeps the events that it is told.
template <class World>
struct watching : World {
    explicit watching(config c = test_config()) : World(std::move(c)) {
        this->observer.on_event = [this](const event& e) { events.push_back(e); };
    }
    /// How often it was told of `kind` since the last call.
    int told(event_kind kind) {
        const auto seen = std::exchange(events, {});
        last = seen.empty() ? event() : seen.back();
        return static_cast<int>(
            std::count_if(seen.begin(), seen.end(), [kind](const event& e) { return e.kind == kind; }));
    }

    std::vector<event> events;
    event last;
};

}  // namespace flow_tests

#endif
