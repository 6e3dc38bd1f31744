// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_SECRETS_RANDOM_IPP
#define PHONEAUTH_SECRETS_RANDOM_IPP

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <new>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __APPLE__
#include <sys/random.h>
#endif

#include <phoneauth/secrets/random.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Memory that is all zeros in a child process; nullptr if there is none. It is unmapped with `::munmap`. Where advice
/// is taken that does not exist (QEMU's user mode takes any), nothing is known of what becomes of it: there is none.
inline void* memory_of_one_process(std::size_t size) noexcept {
#ifdef MADV_WIPEONFORK
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    if (::madvise(memory, size, -1) != 0 && ::madvise(memory, size, MADV_WIPEONFORK) == 0) return memory;
    ::munmap(memory, size);
#else
    static_cast<void>(size);
#endif
    return nullptr;
}

}  // namespace detail

/// All zeros mean that nothing is left.
struct random_source::pool {
    std::array<unsigned char, 256> bytes;
    std::size_t left;  ///< of them, the last ones
};

PHONEAUTH_DECL random_source::~random_source() {
    if (!pool_) return;
    OPENSSL_cleanse(pool_, sizeof(pool));
    ::munmap(pool_, sizeof(pool));
}

/// OpenSSL's generator alone would go by the process id: a child that has its parent's, in a namespace of its own, would
/// draw what the parent does.
PHONEAUTH_DECL bool random_source::draw(std::span<unsigned char> out) {
    if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) return false;
    std::array<unsigned char, 256> more;  // the most that getentropy gives
    for (; !out.empty(); out = out.subspan((std::min)(out.size(), more.size()))) {
        const auto size = (std::min)(out.size(), more.size());
        if (::getentropy(more.data(), size) != 0) {
            if (errno == ENOSYS) return true;  // Linux before 3.17
            return false;
        }
        for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<unsigned char>(out[i] ^ more[i]);
    }
    OPENSSL_cleanse(more.data(), more.size());
    return true;
}

PHONEAUTH_DECL bool random_source::fill(std::span<unsigned char> out) {
    if (out.size() > sizeof(pool::bytes)) return draw(out);
    const std::lock_guard lock(mutex_);
    if (!has_tried_) {
        has_tried_ = true;
        if (void* const memory = detail::memory_of_one_process(sizeof(pool))) pool_ = new (memory) pool{};
    }
    if (!pool_) return draw(out);
    if (pool_->left < out.size()) {
        pool_->left = 0;
        if (!draw(pool_->bytes)) return false;
        pool_->left = pool_->bytes.size();
    }
    auto* const next = pool_->bytes.data() + (pool_->bytes.size() - pool_->left);
    std::memcpy(out.data(), next, out.size());
    OPENSSL_cleanse(next, out.size());
    pool_->left -= out.size();
    return true;
}

}  // namespace v0
}  // namespace phoneauth

#endif
