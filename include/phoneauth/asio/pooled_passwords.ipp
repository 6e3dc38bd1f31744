// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_POOLED_PASSWORDS_IPP
#define PHONEAUTH_ASIO_POOLED_PASSWORDS_IPP

#include <algorithm>
#include <thread>
#include <utility>

#include <phoneauth/asio/pooled_passwords.hpp>
#include <phoneauth/secret_string.hpp>

namespace phoneauth {
inline namespace v0 {

PHONEAUTH_DECL std::size_t pooled_passwords::default_threads() {
    return std::max(1u, std::thread::hardware_concurrency() / 2);
}

PHONEAUTH_DECL pooled_passwords::pooled_passwords(scrypt_cost cost, std::size_t threads, std::size_t max_queue)
    : scrypt_(cost), pool_(threads, max_queue) {}

PHONEAUTH_DECL ::asio::awaitable<result<std::string>> pooled_passwords::hash(const std::string& password) {
    auto work = [this, password = secret_string(password)] { return scrypt_.hash(password); };
    return pool_.run(std::move(work));
}

PHONEAUTH_DECL ::asio::awaitable<result<bool>> pooled_passwords::verify(const std::string& password,
                                                                        const std::string& phc) {
    auto work = [this, password = secret_string(password), phc] { return scrypt_.verify(password, phc); };
    return pool_.run(std::move(work));
}

}  // namespace v0
}  // namespace phoneauth

#endif
