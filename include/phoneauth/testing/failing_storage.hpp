// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_FAILING_STORAGE_HPP
#define PHONEAUTH_TESTING_FAILING_STORAGE_HPP

#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <phoneauth/policies.hpp>
#include <phoneauth/storage/forwarding.hpp>

namespace phoneauth {
inline namespace v0 {
namespace testing {

/// A Storage for tests that hands everything on to another one, `S`, blocking or not, and fails when it is told to.
/// A test that is to see every error path counts up until nothing fails any more:
///
///     for (std::size_t n = 1;; ++n) {
///         memory_storage memory;
///         failing_storage failing(memory);
///         failing.fail_before(n);
///         …  // run the flow; whether it failed or not, look at what is stored
///         if (failing.calls() < n) break;
///     }
///
/// Calls are counted from 1.
///
/// @par Thread safety
/// That of `S`.
///
/// @par Lifetime
/// It keeps a reference: the other storage must outlive it.
template <Storage S>
class failing_storage : public forwarding_storage<failing_storage<S>> {
public:
    /// That of the other storage; see `is_process_local`.
    static constexpr bool process_local = is_process_local<S>;

    /// Hands everything on to `storage`.
    explicit failing_storage(S& storage) noexcept : storage_(storage) {}

    /// The `n`th call throws `std::runtime_error` and changes nothing. 0 means that no call does; likewise below.
    void fail_before(std::size_t n) noexcept { fail_before_ = n; }

    /// The `n`th call does its work and then throws `std::runtime_error`: an acknowledgement that got lost.
    void fail_after(std::size_t n) noexcept { fail_after_ = n; }

    /// The `n`th call of `update_transaction`, `update_user` or `update_session`, counted together, loses a race: a rival
    /// stores the same record unchanged, with the next version, just before it.
    void lose_race_on(std::size_t n) noexcept { lose_race_on_ = n; }

    /// How many calls there were.
    std::size_t calls() const noexcept { return calls_; }
    /// How many of them were updates.
    std::size_t updates() const noexcept { return updates_; }

    /// Hands `operation` on, or fails: see `forwarding_storage`.
    template <class Operation, class... Arguments>
    auto perform(Operation, const Arguments&... arguments) {
        return finish(counted<Operation>(arguments...));
    }
    ///@{
    /// The updates can lose a race as well.
    auto perform(operations::update_transaction update, const transaction& t) {
        return finish(raced<operations::find_transaction>(update, t, t.id));
    }
    auto perform(operations::update_user update, const user& u) {
        return finish(raced<operations::find_user>(update, u, u.object_id));
    }
    auto perform(operations::update_session update, const session& s) {
        return finish(raced<operations::find_session>(update, s, s.token_hash));
    }
    ///@}

private:
    template <class Operation, class... Arguments>
    using returned = std::invoke_result_t<Operation, S&, const Arguments&...>;
    template <class Operation, class... Arguments>
    using mode = typename awaited<returned<Operation, Arguments...>>::mode;
    template <class Operation, class... Arguments>
    using flow = typename mode<Operation,
                               Arguments...>::template flow<typename awaited<returned<Operation, Arguments...>>::type>;

    /// What a function of the storage returns: the awaitable, or its value at once.
    template <class Flow>
    static auto finish(Flow flow) {
        if constexpr (requires { flow.get(); })
            return flow.get();
        else
            return flow;
    }

    template <class Operation, class... Arguments>
    flow<Operation, Arguments...> counted(const Arguments&... arguments) {
        const auto n = ++calls_;
        if (n == fail_before_) throw std::runtime_error("phoneauth: failing_storage::fail_before");
        const auto call = [&] { return Operation()(storage_, arguments...); };
        auto done = co_await mode<Operation, Arguments...>::call(call);
        if (n == fail_after_) throw std::runtime_error("phoneauth: failing_storage::fail_after");
        co_return done;
    }

    template <class Find, class Update, class Record>
    flow<Update, Record> raced(Update update, const Record& record, const std::string& id) {
        using call_mode = mode<Update, Record>;
        if (++updates_ == lose_race_on_) {
            auto rival = co_await call_mode::call([&] { return Find()(storage_, id); });
            if (rival) (void)co_await call_mode::call([&] { return update(storage_, *rival); });
        }
        auto done = co_await counted<Update>(record);
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
