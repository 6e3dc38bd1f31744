// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_POOLED_PASSWORDS_HPP
#define PHONEAUTH_ASIO_POOLED_PASSWORDS_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include <phoneauth/asio/awaitable.hpp>
#include <phoneauth/asio/worker_pool.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/policies.hpp>
#include <phoneauth/pool_usage.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/secret_string.hpp>
#include <phoneauth/secrets/password.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

namespace phoneauth {
inline namespace v0 {

/// Any blocking PasswordHasher for an asynchronous server, on a few threads of its own, because hashing takes a few
/// hundred milliseconds and must not stop the event loop. A `hasher_chain` (secrets/hasher_chain.hpp), for example.
///
/// @par Errors
/// While the queue is full, the functions yield `error::overloaded` at once.
///
/// @par Thread safety
/// Shared objects are safe if the hasher's are.
///
/// @par Lifetime
/// The destructor waits for what is being hashed.
///
/// @par Cancellation
/// It takes effect after the password was hashed.
template <class Hasher>
requires PasswordHasher<Hasher>
class pooled_hasher {
public:
    /// One thread for every two processors, and at least one: hashing must leave some for the event loop.
    static std::size_t default_threads() { return (std::max)(1u, std::thread::hardware_concurrency() / 2); }

    /// Starts the threads.
    ///
    /// @param hasher     does the work; it is called on all of the threads
    /// @param threads    how many passwords are hashed at a time; at least 1
    /// @param max_queue  how many may wait for a thread. 20 before one thread are a wait of some seconds, which is as
    ///     long as a person has patience.
    explicit pooled_hasher(Hasher hasher, std::size_t threads = default_threads(), std::size_t max_queue = 20)
        : hasher_(std::move(hasher)), pool_(threads, max_queue) {}

    /// As the hasher's `hash`.
    ::asio::awaitable<result<std::string>> hash(const std::string& password) {
        auto work = [this, password = secret_string(password)] { return hasher_.hash(password); };
        return pool_.run(std::move(work));
    }
    /// As the hasher's `verify`.
    ::asio::awaitable<result<bool>> verify(const std::string& password, const std::string& hash) {
        auto work = [this, password = secret_string(password), hash] { return hasher_.verify(password, hash); };
        return pool_.run(std::move(work));
    }
    /// Calls the hasher's `needs_rehash`, if it has one, at once.
    bool needs_rehash(const std::string& hash) requires detail::has_needs_rehash<Hasher> {
        return hasher_.needs_rehash(hash);
    }
    /// How many passwords are being hashed, and how many wait.
    pool_usage usage() const noexcept { return pool_.usage(); }
    /// As the hasher's `decoy`, if it has one.
    ::asio::awaitable<result<bool>> decoy(const std::string& password) requires detail::has_decoy<Hasher> {
        auto work = [this, password = secret_string(password)] { return hasher_.decoy(password); };
        return pool_.run(std::move(work));
    }

private:
    Hasher hasher_;
    worker_pool pool_;
};

/// The PasswordHasher of an asynchronous server: scrypt, in a `pooled_hasher`, whose properties it has.
class pooled_passwords {
public:
    /// See `pooled_hasher::default_threads`.
    static std::size_t default_threads() { return pooled_hasher<scrypt_passwords>::default_threads(); }

    /// Starts the threads.
    ///
    /// @param cost       of scrypt; see `scrypt_cost`
    /// @param threads    see `pooled_hasher`
    /// @param max_queue  see there
    PHONEAUTH_DECL explicit pooled_passwords(scrypt_cost cost = {}, std::size_t threads = default_threads(),
                                             std::size_t max_queue = 20);

    /// As `scrypt_passwords::hash`.
    PHONEAUTH_DECL ::asio::awaitable<result<std::string>> hash(const std::string& password);

    /// As `scrypt_passwords::verify`.
    PHONEAUTH_DECL ::asio::awaitable<result<bool>> verify(const std::string& password, const std::string& phc);

    /// As `scrypt_passwords::needs_rehash`, at once.
    bool needs_rehash(const std::string& phc) { return pool_.needs_rehash(phc); }
    /// How many passwords are being hashed, and how many wait.
    pool_usage usage() const noexcept { return pool_.usage(); }

private:
    pooled_hasher<scrypt_passwords> pool_;
};

/// In asynchronous mode an authenticator without a PasswordHasher has `pooled_passwords`.
template <class Executor>
struct default_passwords<awaitable_mode<Executor>> {
    static_assert(std::is_same_v<Executor, ::asio::any_io_executor>,
                  "phoneauth: awaitables of this executor need a PasswordHasher of their own");
    using type = pooled_passwords;  ///< for Asio's own executor only
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/asio/pooled_passwords.ipp>
#endif

#endif
