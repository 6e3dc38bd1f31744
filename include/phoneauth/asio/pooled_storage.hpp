// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_POOLED_STORAGE_HPP
#define PHONEAUTH_ASIO_POOLED_STORAGE_HPP

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include <asio/awaitable.hpp>

#include <phoneauth/asio/awaitable.hpp>
#include <phoneauth/asio/worker_pool.hpp>
#include <phoneauth/policies.hpp>
#include <phoneauth/pool_usage.hpp>
#include <phoneauth/storage/forwarding.hpp>

namespace phoneauth {
inline namespace v0 {

namespace detail {

/// Yields what `work` returns on a thread of `pool`, or throws what it throws, which the pool's own result does not
/// tell. The frame knows nothing of the storage: g++ 12 warns of one that has to do with an anonymous namespace.
template <class T>
::asio::awaitable<T> run_on(worker_pool& pool, std::function<T()> work) {
    struct outcome {
        std::optional<T> value;
        std::exception_ptr thrown;
    };
    auto job = [work = std::move(work)] {
        outcome done;
        try {
            done.value.emplace(work());
        } catch (...) {
            done.thrown = std::current_exception();
        }
        return done;
    };
    auto done = co_await pool.run(std::move(job));
    if (done.value().thrown) std::rethrow_exception(std::move(done->thrown));
    co_return std::move(*done->value);
}

}  // namespace detail

/// Makes a blocking storage an asynchronous one: each function does its work on a thread of a pool of its own, so that
/// the event loop never waits for it. `S` may be a whole Storage or some of its parts; this class has the same ones.
///
///     phoneauth::sqlite_storage file("phoneauth.db");
///     phoneauth::pooled_storage storage(file);
///
/// @par Errors
/// A function's awaitable throws what the storage's function throws. While the queue is full it throws
/// `std::system_error` with `error::overloaded` at once, and asks the storage for nothing.
///
/// @par Thread safety
/// Shared objects are safe, if the storage is or if `threads` is 1.
///
/// @par Lifetime
/// It keeps a reference: the storage must outlive it. The destructor waits for the calls that were begun; their
/// io_context must still be there.
///
/// @par Cancellation
/// A call that was begun is brought to its end even if the operation that made it is cancelled.
template <class S>
class pooled_storage : public forwarding_storage<pooled_storage<S>> {
public:
    /// That of the storage; see `is_process_local`.
    static constexpr bool process_local = is_process_local<S>;

    /// Starts the threads.
    ///
    /// @param storage    what does the work
    /// @param threads    how many calls it does at a time; at least 1
    /// @param max_queue  how many further ones may wait
    explicit pooled_storage(S& storage, std::size_t threads = 4, std::size_t max_queue = 1024)
        : storage_(storage), pool_(threads, max_queue) {}

    /// Lets a thread of the pool do `operation`: see `forwarding_storage`.
    template <class Operation, class... Arguments>
    requires std::invocable<Operation, S&, const Arguments&...>
    auto perform(Operation, const Arguments&... arguments) {
        // With copies of the arguments: the caller's may be gone before the work has been done.
        return detail::run_on<std::invoke_result_t<Operation, S&, const Arguments&...>>(
            pool_, [this, ... copies = arguments] { return Operation()(storage_, copies...); });
    }

    /// How many of its threads work, and how many calls wait, for monitoring.
    pool_usage usage() const noexcept { return pool_.usage(); }

private:
    S& storage_;
    worker_pool pool_;
};

}  // namespace v0
}  // namespace phoneauth

#endif
