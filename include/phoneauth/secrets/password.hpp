// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_SECRETS_PASSWORD_HPP
#define PHONEAUTH_SECRETS_PASSWORD_HPP

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <phoneauth/detail/bounded_pool.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/result.hpp>

namespace phoneauth {
inline namespace v0 {

/// What scrypt (RFC 7914) costs. The default is what the OWASP Password Storage Cheat Sheet lists for 16 MiB of memory.
struct scrypt_cost {
    unsigned ln = 14;  ///< log2 of N, 10–20
    unsigned r = 8;    ///< block size, 1–32
    unsigned p = 5;    ///< parallelization, 1–16
};

/// The PasswordHasher of a blocking server: scrypt, stored as a PHC string `$scrypt$ln=14,r=8,p=5$salt$hash` with 16
/// bytes of salt and 32 of hash in base64 without padding. Takes a few hundred milliseconds and 128·2^ln·r bytes
/// of memory per call. Thread-safe.
///
/// Only so many calls of an object, and of its copies, hash at a time: more would take memory and gain nothing. The
/// others wait. When too many wait already, or one has waited for 10 s, it is `error::overloaded`.
class scrypt_passwords {
public:
    /// One for each processor.
    PHONEAUTH_DECL static std::size_t default_at_once();

    /// @param cost         of new hashes. Those that are stored keep the cost that they name.
    /// @param at_once      how many calls hash at a time; at least 1
    /// @param max_waiting  how many may wait for them
    PHONEAUTH_DECL explicit scrypt_passwords(scrypt_cost cost = {}, std::size_t at_once = default_at_once(),
                                             std::size_t max_waiting = 20);

    /// A PHC string with a new salt. `error::internal` when there is no randomness or the cost is out of range,
    /// `error::overloaded` when there is no memory, or too many calls wait.
    PHONEAUTH_DECL result<std::string> hash(const std::string& password) const;

    /// Whether `password` made `phc`, at the cost that `phc` names. A string that is no scrypt PHC string, or whose
    /// cost is out of range, is `error::internal`: it was not stored by this class.
    PHONEAUTH_DECL result<bool> verify(const std::string& password, const std::string& phc) const;

    /// Whether `phc` costs less memory or less work than a new hash would, or is none of this class.
    PHONEAUTH_DECL bool needs_rehash(const std::string& phc) const;

private:
    struct place {};

    PHONEAUTH_DECL bool scrypt(const std::string& password, std::string_view salt, const scrypt_cost& cost,
                               std::span<unsigned char> out) const;

    scrypt_cost cost_;
    std::size_t max_waiting_;
    std::shared_ptr<detail::bounded_pool<place>> places_;
};

/// The PasswordHasher that an authenticator in mode `Mode` (see yields.hpp) has by default. asio/pooled_passwords.hpp
/// specialises it for the asynchronous one, where hashing must not run on the event loop.
template <class Mode>
struct default_passwords {
    /// The policy.
    using type = scrypt_passwords;
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/secrets/password.ipp>
#endif

#endif
