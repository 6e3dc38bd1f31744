// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_SECRETS_RANDOM_IPP
#define PHONEAUTH_SECRETS_RANDOM_IPP

#include <cstring>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <phoneauth/secrets/random.hpp>

namespace phoneauth {
inline namespace v0 {

PHONEAUTH_DECL random_source::~random_source() {
    OPENSSL_cleanse(pool_.data(), pool_.size());
}

PHONEAUTH_DECL bool random_source::fill(std::span<unsigned char> out) {
    if (out.size() > pool_.size()) return RAND_bytes(out.data(), static_cast<int>(out.size())) == 1;
    const std::lock_guard lock(mutex_);
    const long process = ::getpid();
    if (owner_ != process || pool_.size() - used_ < out.size()) {
        if (RAND_bytes(pool_.data(), static_cast<int>(pool_.size())) != 1) return false;
        owner_ = process;
        used_ = 0;
    }
    std::memcpy(out.data(), pool_.data() + used_, out.size());
    OPENSSL_cleanse(pool_.data() + used_, out.size());
    used_ += out.size();
    return true;
}

}  // namespace v0
}  // namespace phoneauth

#endif
