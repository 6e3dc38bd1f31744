// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_POOLED_STORAGE_HPP
#define PHONEAUTH_ASIO_POOLED_STORAGE_HPP

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <asio/awaitable.hpp>

#include <phoneauth/asio/awaitable.hpp>
#include <phoneauth/asio/worker_pool.hpp>
#include <phoneauth/policies.hpp>

namespace phoneauth {
inline namespace v0 {

/// Makes a blocking storage an asynchronous one: each function does its work on a thread of a pool of its own, so that
/// the event loop never waits for it. `S` may be a whole Storage or some of its parts; this class has the same ones.
///
///     phoneauth::sqlite_storage file("phoneauth.db");
///     phoneauth::pooled_storage storage(file);
///
/// A function's awaitable yields what the storage's function returns, or throws what that throws. It throws
/// `std::system_error` with `error::overloaded` at once, and asks the storage for nothing, while the queue is full.
/// A call that was begun is brought to its end even if the operation that made it is cancelled.
///
/// Thread-safe; the storage must be, too, if `threads` is more than 1. It keeps a reference to the storage, which must
/// outlive it. The destructor waits for the calls that were begun; their io_context must still be there.
template <class S>
class pooled_storage {
    template <class T>
    using later = ::asio::awaitable<T>;

public:
    static constexpr bool process_local = is_process_local<S>;

    /// `threads`: how many calls the storage does at once, at least 1. `max_queue`: how many further ones may wait.
    explicit pooled_storage(S& storage, std::size_t threads = 4, std::size_t max_queue = 1024)
        : storage_(storage), pool_(threads, max_queue) {}

    // Each function: see the concepts in policies.hpp.

    later<bool> insert_transaction(const transaction& t) requires TransactionStorage<S> {
        return call<bool>([this, t] { return storage_.insert_transaction(t); });
    }
    later<std::optional<transaction>> find_transaction(const std::string& id) requires TransactionStorage<S> {
        return call<std::optional<transaction>>([this, id] { return storage_.find_transaction(id); });
    }
    later<bool> update_transaction(const transaction& t) requires TransactionStorage<S> {
        return call<bool>([this, t] { return storage_.update_transaction(t); });
    }

    later<write_result> insert_user(const user& u) requires UserStorage<S> {
        return call<write_result>([this, u] { return storage_.insert_user(u); });
    }
    later<write_result> update_user(const user& u) requires UserStorage<S> {
        return call<write_result>([this, u] { return storage_.update_user(u); });
    }
    later<std::optional<user>> find_user(const std::string& object_id) requires UserStorage<S> {
        return call<std::optional<user>>([this, object_id] { return storage_.find_user(object_id); });
    }
    later<std::optional<user>> find_user_by_phone(const phone_number& phone) requires UserStorage<S> {
        return call<std::optional<user>>([this, phone] { return storage_.find_user_by_phone(phone); });
    }
    later<std::optional<user>> find_user_by_identity(const std::string& identity) requires UserStorage<S> {
        return call<std::optional<user>>([this, identity] { return storage_.find_user_by_identity(identity); });
    }

    later<bool> insert_session(const session& s) requires SessionStorage<S> {
        return call<bool>([this, s] { return storage_.insert_session(s); });
    }
    later<std::optional<session>> find_session(const std::string& token_hash) requires SessionStorage<S> {
        return call<std::optional<session>>([this, token_hash] { return storage_.find_session(token_hash); });
    }
    later<bool> erase_session(const std::string& token_hash) requires SessionStorage<S> {
        return call<bool>([this, token_hash] { return storage_.erase_session(token_hash); });
    }
    later<std::size_t> erase_sessions_of(const std::string& user_id,
                                         const std::string& kept) requires SessionStorage<S> {
        return call<std::size_t>([this, user_id, kept] { return storage_.erase_sessions_of(user_id, kept); });
    }

    later<std::vector<counter>> change_counters(const std::vector<counter_change>& changes) requires CounterStorage<S> {
        return call<std::vector<counter>>([this, changes] { return storage_.change_counters(changes); });
    }

private:
    /// What the storage returned or threw: the pool's own result does not say what was thrown.
    template <class T>
    struct outcome {
        std::optional<T> value;
        std::exception_ptr thrown;
    };

    /// `work` holds copies of the arguments: the caller's may be gone before it has been done.
    template <class T, class F>
    later<T> call(F work) {
        auto job = [work = std::move(work)] {
            outcome<T> done;
            try {
                done.value.emplace(work());
            } catch (...) {
                done.thrown = std::current_exception();
            }
            return done;
        };
        auto done = co_await pool_.run(std::move(job));
        if (done.value().thrown) std::rethrow_exception(std::move(done->thrown));
        co_return std::move(*done->value);
    }

    S& storage_;
    worker_pool pool_;
};

}  // namespace v0
}  // namespace phoneauth

#endif
