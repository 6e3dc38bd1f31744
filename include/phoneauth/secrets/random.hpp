// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_SECRETS_RANDOM_HPP
#define PHONEAUTH_SECRETS_RANDOM_HPP

#include <array>
#include <cstddef>
#include <mutex>
#include <span>

#include <phoneauth/detail/config.hpp>

namespace phoneauth {
inline namespace v0 {

/// The source of every id, token, salt and key: OpenSSL's generator (a CSPRNG: OWASP ASVS 5.0 §7.2.3, §11.5.1), asked
/// for 4 KiB at a time, because one call costs more than all the rest of a login. A byte is given out once and wiped.
/// Thread-safe. A child process never gives out what its parent does.
class random_source {
public:
    random_source() = default;
    random_source(const random_source&) = delete;
    random_source& operator=(const random_source&) = delete;
    PHONEAUTH_DECL ~random_source();

    /// Fills `out`; false when OpenSSL has no randomness to give, and then `out` must not be used.
    [[nodiscard]] PHONEAUTH_DECL bool fill(std::span<unsigned char> out);

private:
    std::mutex mutex_;
    std::array<unsigned char, 4096> pool_{};
    std::size_t used_ = sizeof(pool_);
    long owner_ = -1;  // process id
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/secrets/random.ipp>
#endif

#endif
