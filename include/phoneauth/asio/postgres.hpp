// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_POSTGRES_HPP
#define PHONEAUTH_ASIO_POSTGRES_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/use_awaitable.hpp>

#include <phoneauth/asio/awaitable.hpp>
#include <phoneauth/asio/detail/postgres_pipeline.hpp>
#include <phoneauth/policies.hpp>
#include <phoneauth/storage/detail/postgres_queries.hpp>
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
class async_postgres_storage {
public:
    /// `executor`: waits for the sockets. See `postgres_storage` for the rest; the constructor blocks as that one does.
    async_postgres_storage(const ::asio::any_io_executor& executor, const std::string& url,
                           const postgres_options& options = {})
        : pipelines_(std::make_shared<detail::postgres::pipelines>(executor, url, options)) {}

    async_postgres_storage(const async_postgres_storage&) = delete;
    async_postgres_storage& operator=(const async_postgres_storage&) = delete;
    ~async_postgres_storage() { pipelines_->close(); }

    template <class T>
    using later = ::asio::awaitable<T>;

    // Each function: see the concepts in policies.hpp.

    later<bool> insert_transaction(const transaction& t) { return run(detail::postgres::insert_transaction(t)); }
    later<std::optional<transaction>> find_transaction(const std::string& id) {
        return run(detail::postgres::find_transaction(id));
    }
    later<bool> update_transaction(const transaction& t) { return run(detail::postgres::update_transaction(t)); }

    /// Throws `std::invalid_argument` if there is a user with this `object_id`.
    later<write_result> insert_user(const user& u) { return run(detail::postgres::insert_user(u)); }
    later<write_result> update_user(const user& u) { return run(detail::postgres::update_user(u)); }
    later<std::optional<user>> find_user(const std::string& object_id) {
        return run(detail::postgres::find_user(object_id));
    }
    later<std::optional<user>> find_user_by_phone(const phone_number& phone) {
        return run(detail::postgres::find_user_by_phone(phone));
    }
    later<std::optional<user>> find_user_by_identity(const std::string& identity) {
        return run(detail::postgres::find_user_by_identity(identity));
    }

    later<bool> insert_session(const session& s) { return run(detail::postgres::insert_session(s)); }
    later<std::optional<session>> find_session(const std::string& token_hash) {
        return run(detail::postgres::find_session(token_hash));
    }
    later<bool> erase_session(const std::string& token_hash) {
        return run(detail::postgres::erase_session(token_hash));
    }
    later<std::size_t> erase_sessions_of(const std::string& user_id, const std::string& kept) {
        return run(detail::postgres::erase_sessions_of(user_id, kept));
    }

    later<std::vector<counter>> change_counters(const std::vector<counter_change>& changes) {
        const bool changes_any = std::any_of(changes.begin(), changes.end(), [](const auto& c) { return c.by != 0; });
        return run(detail::postgres::change_counters(changes), changes_any);
    }

    /// See `postgres_storage::sweep`.
    later<std::size_t> sweep(time_point now, std::size_t most) { return run(detail::postgres::sweep(now, most)); }

private:
    template <class T>
    later<T> run(detail::postgres::operation<T> o, bool changes_counters = false) {
        return run_on(pipelines_, std::move(o), changes_counters);
    }

    /// Static, and with a part in the connections, because the storage may be gone when it goes on.
    template <class T>
    static later<T> run_on(std::shared_ptr<detail::postgres::pipelines> pipelines, detail::postgres::operation<T> o,
                           bool changes_counters) {
        namespace postgres = detail::postgres;
        const auto deadline = std::chrono::steady_clock::now() + pipelines->timeout();
        for (int attempt = 0; attempt < postgres::max_attempts; ++attempt) {
            auto done = co_await ::asio::async_initiate<const ::asio::use_awaitable_t<>, void(postgres::outcome)>(
                [&](auto handler) {
                    using request = postgres::handled_request<decltype(handler)>;
                    pipelines->best(changes_counters)
                        .submit(std::make_unique<request>(std::move(handler), o.what, o.values, deadline));
                },
                ::asio::use_awaitable);
            if (!done.answer) throw std::runtime_error(done.failure);
            auto value = o.value(done.answer.get());
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
