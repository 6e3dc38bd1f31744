// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_POSTGRES_HPP
#define PHONEAUTH_ASIO_POSTGRES_HPP

#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/use_awaitable.hpp>

#include <phoneauth/asio/awaitable.hpp>
#include <phoneauth/asio/detail/postgres_pipeline.hpp>
#include <phoneauth/policies.hpp>
#include <phoneauth/pool_usage.hpp>
#include <phoneauth/storage/detail/postgres_queries.hpp>
#include <phoneauth/storage/forwarding.hpp>
#include <phoneauth/storage/postgres_options.hpp>

namespace phoneauth {
inline namespace v0 {

/// `postgres_storage` for the asynchronous mode: each function returns an `asio::awaitable`, and nothing blocks. What
/// is said there about the database, its tables and errors holds here too.
///
///     phoneauth::async_postgres_storage storage(context.get_executor(), "postgres://user:password@host/database");
///
/// Many calls share each connection: the statement of one is sent while the answers of others are on their way. While
/// the database cannot be reached, calls throw at once. Now and then one of them tries to connect, on a thread of the
/// storage's own.
///
/// @par Thread safety
/// Shared objects are safe, and the executor may belong to several threads. A call completes on the executor of the
/// coroutine that waits for it.
///
/// @par Lifetime
/// The arguments of a function need not outlive the call. The storage may be destroyed while calls are pending: they
/// throw `std::runtime_error`. The destructor waits, for up to `timeout`, for a connection that is being opened. The
/// storage must be destroyed before the context of its executor is. The context of a coroutine that waits for a call
/// must live until the call has ended.
///
/// @par Cancellation
/// It takes effect after the call, which is not interrupted but ends within `timeout`.
class async_postgres_storage : public forwarding_storage<async_postgres_storage> {
public:
    /// As the constructor of `postgres_storage`, and blocks as that one does.
    ///
    /// @param executor  waits for the sockets
    /// @param url       see `postgres_storage`
    /// @param options   see there
    async_postgres_storage(const ::asio::any_io_executor& executor, const std::string& url,
                           const postgres_options& options = {})
        : pipelines_(std::make_shared<detail::postgres::pipelines>(executor, url, options)) {}

    async_postgres_storage(const async_postgres_storage&) = delete;
    async_postgres_storage& operator=(const async_postgres_storage&) = delete;
    ~async_postgres_storage() { pipelines_->close(); }

    /// Begins `operation`: see `forwarding_storage`.
    template <class Operation, class... Arguments>
    auto perform(Operation operation, const Arguments&... arguments) {
        return run(pipelines_, operation(detail::postgres::queries_of, arguments...));
    }

    /// How many of its connections have something to do, for monitoring; what else was begun on them waits.
    pool_usage usage() const noexcept { return pipelines_->usage(); }

    /// See `postgres_storage::delete_expired`.
    ::asio::awaitable<std::size_t> delete_expired(time_point now, std::size_t limit) {
        return run(pipelines_, detail::postgres::queries_of.delete_expired(now, limit));
    }

private:
    /// Static, and with a part in the connections, because the storage may be gone when it goes on.
    template <class T>
    static ::asio::awaitable<T> run(std::shared_ptr<detail::postgres::pipelines> pipelines,
                                    detail::postgres::query<T> q) {
        namespace postgres = detail::postgres;
        const auto deadline = std::chrono::steady_clock::now() + pipelines->timeout();
        for (int attempt = 0; attempt < postgres::max_attempts; ++attempt) {
            auto done = co_await ::asio::async_initiate<const ::asio::use_awaitable_t<>, void(postgres::outcome)>(
                [&](auto handler) {
                    detail::posted_handler<postgres::outcome> waiting(std::move(handler));
                    pipelines->best(q.takes_cells)
                        .submit(std::make_unique<postgres::request>(std::move(waiting), q.what, q.values, deadline));
                },
                ::asio::use_awaitable);
            if (!done.answer) throw std::runtime_error(done.failure);
            auto value = q.value(done.answer.get());
            if (value) co_return *std::move(value);
        }
        throw postgres::too_many_attempts();
    }

    std::shared_ptr<detail::postgres::pipelines> pipelines_;
};

static_assert(Storage<async_postgres_storage>);

}  // namespace v0
}  // namespace phoneauth

#endif
