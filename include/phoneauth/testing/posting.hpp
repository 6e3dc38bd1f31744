// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_POSTING_HPP
#define PHONEAUTH_TESTING_POSTING_HPP

#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <phoneauth/asio/awaitable.hpp>

#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <phoneauth/policies.hpp>

namespace phoneauth {
inline namespace v0 {
namespace testing {

/// Makes a blocking policy an asynchronous one, for tests: each function goes to the back of the executor's queue and
/// does its work when it is its turn, so that operations which run at the same time take turns at every call. `P` may
/// be a Storage (or some of its parts), an HttpTransport, a PasswordHasher, or several of them. It keeps a reference to
/// the blocking policy.
template <class P>
class posting {
    template <class T>
    using later = ::asio::awaitable<T>;

public:
    explicit posting(P& policy) noexcept : policy_(policy) {}

    // Each function: see the concepts in policies.hpp.

    later<bool> insert_transaction(const transaction& t) requires TransactionStorage<P> {
        return posted<bool>([this, &t] { return policy_.insert_transaction(t); });
    }
    later<std::optional<transaction>> find_transaction(const std::string& id) requires TransactionStorage<P> {
        return posted<std::optional<transaction>>([this, &id] { return policy_.find_transaction(id); });
    }
    later<bool> update_transaction(const transaction& t) requires TransactionStorage<P> {
        return posted<bool>([this, &t] { return policy_.update_transaction(t); });
    }

    later<write_result> insert_user(const user& u) requires UserStorage<P> {
        return posted<write_result>([this, &u] { return policy_.insert_user(u); });
    }
    later<write_result> update_user(const user& u) requires UserStorage<P> {
        return posted<write_result>([this, &u] { return policy_.update_user(u); });
    }
    later<std::optional<user>> find_user(const std::string& object_id) requires UserStorage<P> {
        return posted<std::optional<user>>([this, &object_id] { return policy_.find_user(object_id); });
    }
    later<std::optional<user>> find_user_by_phone(const phone_number& phone) requires UserStorage<P> {
        return posted<std::optional<user>>([this, &phone] { return policy_.find_user_by_phone(phone); });
    }
    later<std::optional<user>> find_user_by_identity(const std::string& identity) requires UserStorage<P> {
        return posted<std::optional<user>>([this, &identity] { return policy_.find_user_by_identity(identity); });
    }

    later<bool> insert_session(const session& s) requires SessionStorage<P> {
        return posted<bool>([this, &s] { return policy_.insert_session(s); });
    }
    later<std::optional<session>> find_session(const std::string& token_hash) requires SessionStorage<P> {
        return posted<std::optional<session>>([this, &token_hash] { return policy_.find_session(token_hash); });
    }
    later<bool> erase_session(const std::string& token_hash) requires SessionStorage<P> {
        return posted<bool>([this, &token_hash] { return policy_.erase_session(token_hash); });
    }
    later<std::size_t> erase_sessions_of(const std::string& user_id,
                                         const std::string& kept) requires SessionStorage<P> {
        return posted<std::size_t>([this, &user_id, &kept] { return policy_.erase_sessions_of(user_id, kept); });
    }

    later<std::vector<counter>> change_counters(const std::vector<counter_change>& changes) requires CounterStorage<P> {
        return posted<std::vector<counter>>([this, &changes] { return policy_.change_counters(changes); });
    }

    later<result<http_response>> send(const http_request& request) requires HttpTransport<P> {
        return posted<result<http_response>>([this, &request] { return policy_.send(request); });
    }

    later<result<std::string>> hash(const std::string& password) requires PasswordHasher<P> {
        return posted<result<std::string>>([this, &password] { return policy_.hash(password); });
    }
    later<result<bool>> verify(const std::string& password, const std::string& hash) requires PasswordHasher<P> {
        return posted<result<bool>>([this, &password, &hash] { return policy_.verify(password, hash); });
    }

private:
    template <class T, class F>
    static later<T> posted(F f) {
        static_assert(std::is_trivially_destructible_v<F>);
        const auto executor = co_await ::asio::this_coro::executor;
        co_await ::asio::post(executor, ::asio::use_awaitable);
        co_return f();
    }

    P& policy_;
};

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
