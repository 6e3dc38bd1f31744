// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_FAILING_STORAGE_HPP
#define PHONEAUTH_TESTING_FAILING_STORAGE_HPP

#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <phoneauth/policies.hpp>

namespace phoneauth {
inline namespace v0 {
namespace testing {

/// A Storage for tests that hands everything on to another one, `S`, blocking or not, and fails when it is told to.
/// Tests that want to see every error path count up until nothing fails any more:
///
///     for (std::size_t n = 1;; ++n) {
///         memory_storage memory;
///         failing_storage failing(memory);
///         failing.fail_before(n);
///         …  // run the flow; whether it failed or not, look at what is stored
///         if (failing.calls() < n) break;
///     }
///
/// Calls are counted from 1. May be used from several threads at once if `S` may. It keeps a reference to the other
/// storage.
template <Storage S>
class failing_storage {
public:
    explicit failing_storage(S& storage) noexcept : storage_(storage) {}

    /// The `n`th call throws `std::runtime_error` and changes nothing. 0: no call does.
    void fail_before(std::size_t n) noexcept { fail_before_ = n; }

    /// The `n`th call does its work and throws `std::runtime_error` then: an acknowledgement that got lost.
    void fail_after(std::size_t n) noexcept { fail_after_ = n; }

    /// The `n`th call of `update_transaction` or `update_user`, counted together, loses a race: a rival stores the same
    /// record unchanged, with the next version, just before it.
    void lose_race_on(std::size_t n) noexcept { lose_race_on_ = n; }

    /// How many calls there were.
    std::size_t calls() const noexcept { return calls_; }
    /// How many of them were updates.
    std::size_t updates() const noexcept { return updates_; }

    // Each function: see the concepts in policies.hpp.

    auto insert_transaction(const transaction& t) {
        return call([this, &t] { return storage_.insert_transaction(t); });
    }
    auto find_transaction(const std::string& id) {
        return call([this, &id] { return storage_.find_transaction(id); });
    }
    auto update_transaction(const transaction& t) {
        return update([this, &t] { return storage_.update_transaction(t); },
                      [this, &t] { return storage_.find_transaction(t.id); },
                      [this](const transaction& rival) { return storage_.update_transaction(rival); });
    }

    auto insert_user(const user& u) {
        return call([this, &u] { return storage_.insert_user(u); });
    }
    auto update_user(const user& u) {
        return update([this, &u] { return storage_.update_user(u); },
                      [this, &u] { return storage_.find_user(u.object_id); },
                      [this](const user& rival) { return storage_.update_user(rival); });
    }
    auto find_user(const std::string& id) {
        return call([this, &id] { return storage_.find_user(id); });
    }
    auto find_user_by_phone(const phone_number& phone) {
        return call([this, &phone] { return storage_.find_user_by_phone(phone); });
    }
    auto find_user_by_identity(const std::string& identity) {
        return call([this, &identity] { return storage_.find_user_by_identity(identity); });
    }

    auto insert_session(const session& s) {
        return call([this, &s] { return storage_.insert_session(s); });
    }
    auto find_session(const std::string& hash) {
        return call([this, &hash] { return storage_.find_session(hash); });
    }
    auto erase_session(const std::string& hash) {
        return call([this, &hash] { return storage_.erase_session(hash); });
    }
    auto erase_sessions_of(const std::string& user_id, const std::string& kept) {
        return call([this, &user_id, &kept] { return storage_.erase_sessions_of(user_id, kept); });
    }

    auto change_counters(const std::vector<counter_change>& changes) {
        return call([this, &changes] { return storage_.change_counters(changes); });
    }

private:
    template <class F>
    using mode = typename awaited<std::invoke_result_t<F&>>::mode;
    template <class F>
    using value = typename awaited<std::invoke_result_t<F&>>::type;

    /// What a function of the storage returns: the awaitable, or its value at once.
    template <class Flow>
    static auto finish(Flow flow) {
        if constexpr (requires { flow.get(); })
            return flow.get();
        else
            return flow;
    }

    template <class F>
    auto call(F f) {
        return finish(counted(f));
    }
    template <class F, class Find, class Store>
    auto update(F f, Find find, Store store) {
        return finish(raced(f, find, store));
    }

    template <class F>
    typename mode<F>::template flow<value<F>> counted(F f) {
        const auto n = ++calls_;
        if (n == fail_before_) throw std::runtime_error("phoneauth: failing_storage::fail_before");
        auto done = co_await mode<F>::call(f);
        if (n == fail_after_) throw std::runtime_error("phoneauth: failing_storage::fail_after");
        co_return done;
    }

    template <class F, class Find, class Store>
    typename mode<F>::template flow<value<F>> raced(F f, Find find, Store store) {
        if (++updates_ == lose_race_on_) {
            auto rival = co_await mode<F>::call(find);
            if (rival) (void)co_await mode<F>::call([&] { return store(*rival); });
        }
        auto done = co_await counted(f);
        co_return done;
    }

    S& storage_;
    std::atomic<std::size_t> calls_ = 0;
    std::atomic<std::size_t> updates_ = 0;
    std::atomic<std::size_t> fail_before_ = 0;
    std::atomic<std::size_t> fail_after_ = 0;
    std::atomic<std::size_t> lose_race_on_ = 0;
};

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
