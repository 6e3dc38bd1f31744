// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_POOLED_PASSWORDS_IPP
#define PHONEAUTH_ASIO_POOLED_PASSWORDS_IPP

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

#include <phoneauth/asio/pooled_passwords.hpp>
#include <phoneauth/secret_string.hpp>

namespace phoneauth {
inline namespace v0 {

PHONEAUTH_DECL std::size_t pooled_passwords::default_threads() {
    return (std::max)(1u, std::thread::hardware_concurrency() / 2);
}

PHONEAUTH_DECL pooled_passwords::pooled_passwords(scrypt_cost cost, std::size_t threads, std::size_t max_queue)
    : scrypt_(cost, threads), pool_(threads, max_queue) {}

// Not lambdas: in a function that is not inline they have no linkage, which a coroutine's frame needs.
struct pooled_passwords::hashing {
    const scrypt_passwords& scrypt;
    secret_string password;
    result<std::string> operator()() const { return scrypt.hash(password); }
};
struct pooled_passwords::verifying {
    const scrypt_passwords& scrypt;
    secret_string password;
    std::string phc;
    result<bool> operator()() const { return scrypt.verify(password, phc); }
};

PHONEAUTH_DECL ::asio::awaitable<result<std::string>> pooled_passwords::hash(const std::string& password) {
    hashing work{scrypt_, secret_string(password)};
    return pool_.run(std::move(work));
}

PHONEAUTH_DECL ::asio::awaitable<result<bool>> pooled_passwords::verify(const std::string& password,
                                                                        const std::string& phc) {
    verifying work{scrypt_, secret_string(password), phc};
    return pool_.run(std::move(work));
}

}  // namespace v0
}  // namespace phoneauth

#endif
