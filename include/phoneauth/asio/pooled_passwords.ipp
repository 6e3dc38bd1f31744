// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_POOLED_PASSWORDS_IPP
#define PHONEAUTH_ASIO_POOLED_PASSWORDS_IPP

#include <phoneauth/asio/pooled_passwords.hpp>

namespace phoneauth {
inline namespace v0 {

PHONEAUTH_DECL pooled_passwords::pooled_passwords(scrypt_cost cost, std::size_t threads, std::size_t max_queue)
    : pooled_hasher(scrypt_passwords(cost, threads), threads, max_queue) {}

#ifdef PHONEAUTH_SEPARATE_COMPILATION
template class pooled_hasher<scrypt_passwords>;
#endif

}  // namespace v0
}  // namespace phoneauth

#endif
