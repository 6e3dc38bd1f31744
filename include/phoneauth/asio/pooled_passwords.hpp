// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_POOLED_PASSWORDS_HPP
#define PHONEAUTH_ASIO_POOLED_PASSWORDS_HPP

#include <cstddef>
#include <string>
#include <type_traits>

#include <phoneauth/asio/awaitable.hpp>
#include <phoneauth/asio/worker_pool.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/secrets/password.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

namespace phoneauth {
inline namespace v0 {

/// The PasswordHasher of an asynchronous server: scrypt on a few threads of its own, because it takes a few hundred
/// milliseconds and must not stop the event loop.
///
/// @par Errors
/// While the queue is full, `hash` and `verify` yield `error::overloaded` at once.
///
/// @par Thread safety
/// Shared objects are safe.
///
/// @par Lifetime
/// The destructor waits for what is being hashed.
///
/// @par Cancellation
/// It takes effect after the password was hashed.
class pooled_passwords {
public:
    /// One thread for every two processors, and at least one: hashing must leave some for the event loop.
    PHONEAUTH_DECL static std::size_t default_threads();

    /// Starts the threads.
    ///
    /// @param cost       of scrypt; see `scrypt_cost`
    /// @param threads    how many passwords are hashed at a time; at least 1
    /// @param max_queue  how many may wait for a thread. 20 before one thread are a wait of some seconds, which is as
    ///     long as a person has patience.
    PHONEAUTH_DECL explicit pooled_passwords(scrypt_cost cost = {}, std::size_t threads = default_threads(),
                                             std::size_t max_queue = 20);

    /// As `scrypt_passwords::hash`.
    PHONEAUTH_DECL ::asio::awaitable<result<std::string>> hash(const std::string& password);

    /// As `scrypt_passwords::verify`.
    PHONEAUTH_DECL ::asio::awaitable<result<bool>> verify(const std::string& password, const std::string& phc);

private:
    struct hashing;
    struct verifying;

    const scrypt_passwords scrypt_;
    worker_pool pool_;
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
