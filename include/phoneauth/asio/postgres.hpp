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
#include <phoneauth/storage/detail/postgres_queries.hpp>
#include <phoneauth/storage/forwarding.hpp>
#include <phoneauth/storage/postgres_options.hpp>

namespace phoneauth {
inline namespace v0 {
/// As `postgres_storage`, whose description holds for this class too, but asynchronous: its functions return
/// `asio::awaitable`s, nothing blocks, and many calls share each connection, one's statement being sent while others'
/// answers are on their way.
///
///     phoneauth::async_postgres_storage storage(context.get_executor(), "postgres://user:password@host/database");
///
/// All functions may be called from several threads at once, and the executor may belong to several threads. A call
/// goes on on the executor of the coroutine that waits for it. A cancellation takes effect after the call, which is not
/// interrupted but ends within `timeout`. While the database cannot be reached, calls fail at once but for an attempt
/// to connect now and then, which happens on a thread of the storage's own.
///
/// Lifetime: the arguments of a function need not outlive the call. The storage may be destroyed while calls are
/// pending: those throw `std::runtime_error`. The destructor waits, for up to `timeout`, for a connection that is being
/// opened. The storage must be destroyed before the context of its executor is; the context of a coroutine that waits
/// for a call must live until the call has ended.
class async_postgres_storage : public forwarding_storage<async_postgres_storage> {
public:
    /// `executor`: waits for the sockets. See `postgres_storage` for the rest; the constructor blocks as that one does.
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
                    pipelines->best(q.changes_counters)
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
