// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_REDIS_HPP
#define PHONEAUTH_ASIO_REDIS_HPP

#include <string>

#include <asio/any_io_executor.hpp>

#include <phoneauth/asio/detail/redis_hub.hpp>
#include <phoneauth/policies.hpp>
#include <phoneauth/storage/detail/redis_commands.hpp>
#include <phoneauth/storage/detail/redis_connection.hpp>
#include <phoneauth/storage/forwarding.hpp>
#include <phoneauth/storage/redis_options.hpp>

namespace phoneauth {
inline namespace v0 {

/// `redis_storage` for the asynchronous mode: each function returns an `asio::awaitable`, and nothing blocks. What is
/// said there about the server, its settings, what it can lose, errors and round trips holds here too.
///
///     asio::io_context context;
///     phoneauth::async_redis_storage redis(context.get_executor(), "redis://127.0.0.1:6379/0");
///
/// All operations share one connection to each server, on which their commands are pipelined: of a hundred flows that
/// run at once none waits for the reply of another, and their commands travel in a few packets. When a connection
/// breaks, or a reply is overdue, all operations on it throw; the next one connects again. A server that could not be
/// reached is tried again after 50 ms, then 100 ms and so on up to a second; meanwhile calls throw at once.
///
/// @par Thread safety
/// Shared objects are safe, also on an io_context that several threads run. An operation completes on the executor of
/// the coroutine that waits for it.
///
/// @par Lifetime
/// The object must outlive its operations, and must be destroyed before the context of its executor is.
///
/// @par Cancellation
/// An operation that is cancelled throws `asio::error::operation_aborted`; its commands may have been carried out.
class async_redis_storage : public forwarding_storage<async_redis_storage> {
public:
    /// As the constructor of `redis_storage`. It blocks, for `options.connect_timeout` and `options.operation_timeout`
    /// at most.
    ///
    /// @param executor  on which connections are served
    /// @param url       see `redis_storage`
    /// @param options   see there
    async_redis_storage(const ::asio::any_io_executor& executor, const std::string& url,
                        const redis_options& options = {})
        : async_redis_storage(executor, detail::parse_redis_url(url), options) {}

    /// Begins `operation`: see `forwarding_storage`.
    template <class Operation, class... Arguments>
    auto perform(Operation operation, const Arguments&... arguments) {
        return operation(commands_, arguments...);
    }

private:
    async_redis_storage(const ::asio::any_io_executor& executor, const detail::redis_url& url,
                        const redis_options& options)
        : commands_(options, detail::check_redis(url, options), executor, url, options) {}

    detail::redis_commands<detail::redis_async_link> commands_;
};

static_assert(Storage<async_redis_storage>);

}  // namespace v0
}  // namespace phoneauth

#endif
