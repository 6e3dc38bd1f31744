// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_POOLED_PASSWORDS_IPP
#define PHONEAUTH_ASIO_POOLED_PASSWORDS_IPP

#include <phoneauth/asio/pooled_passwords.hpp>

namespace phoneauth {
inline namespace v0 {

PHONEAUTH_DECL pooled_passwords::pooled_passwords(scrypt_cost cost, std::size_t threads, std::size_t max_queue)
    : pool_(scrypt_passwords(cost, threads), threads, max_queue) {}

PHONEAUTH_DECL ::asio::awaitable<result<std::string>> pooled_passwords::hash(const std::string& password) {
    return pool_.hash(password);
}

PHONEAUTH_DECL ::asio::awaitable<result<bool>> pooled_passwords::verify(const std::string& password,
                                                                        const std::string& phc) {
    return pool_.verify(password, phc);
}

}  // namespace v0
}  // namespace phoneauth

#endif
