// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_SECRETS_RANDOM_HPP
#define PHONEAUTH_SECRETS_RANDOM_HPP

#include <mutex>
#include <span>

#include <phoneauth/detail/config.hpp>

namespace phoneauth {
inline namespace v0 {

/// The source of every id, token, salt and key: OpenSSL's generator (a CSPRNG: OWASP ASVS 5.0 §7.2.3, §11.5.1) and the
/// kernel's, so that whoever knows the state of one of them still knows nothing. Bytes are asked for in advance, because
/// a call costs more than all the rest of a login. Each is given out once and wiped. Thread-safe.
///
/// @par Processes
/// A child process never gives out what its parent does, whichever id it has: what was asked for in advance lies in
/// memory that the kernel wipes in a child (`MADV_WIPEONFORK`, Linux 4.14), and where there is none, nothing is. A
/// snapshot of a machine is another thing: of two machines that go on from one, both give out what is left, at most 256
/// bytes. Start the server anew in such a copy.
class random_source {
public:
    random_source() = default;
    random_source(const random_source&) = delete;
    random_source& operator=(const random_source&) = delete;
    PHONEAUTH_DECL ~random_source();

    /// Fills `out`; false when there is no randomness to give, and then `out` must not be used.
    [[nodiscard]] PHONEAUTH_DECL bool fill(std::span<unsigned char> out);

private:
    struct pool;

    PHONEAUTH_DECL static bool draw(std::span<unsigned char> out);

    std::mutex mutex_;
    pool* pool_ = nullptr;
    bool has_tried_ = false;
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/secrets/random.ipp>
#endif

#endif
