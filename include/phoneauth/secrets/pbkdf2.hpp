// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_SECRETS_PBKDF2_HPP
#define PHONEAUTH_SECRETS_PBKDF2_HPP

#include <string>

#include <phoneauth/detail/config.hpp>
#include <phoneauth/result.hpp>

namespace phoneauth {
inline namespace v0 {

/// The hash function below PBKDF2's HMAC.
enum class pbkdf2_digest { sha1, sha256, sha512 };

/// A PasswordReader (secrets/hasher_chain.hpp) for users of another system: PBKDF2 (RFC 8018). It reads
/// - `$pbkdf2-sha256$29000$salt$hash` of passlib, also with `sha512` and, for SHA-1, `$pbkdf2$`;
/// - the same with `i=29000` or `i=29000,l=32`, as PHC strings have it;
/// - `pbkdf2_sha256$720000$salt$hash` of Django, also with `sha1`.
///
/// A hash of another form, of fewer than 16 bytes, or with more than 4,000,000 iterations (some 3 s) is
/// `error::internal`. Thread-safe.
class pbkdf2_hashes {
public:
    /// Throws `std::invalid_argument` if it could not read such a hash itself.
    ///
    /// @param digest      of most of the hashes that are to be read
    /// @param iterations  of most of them
    PHONEAUTH_DECL pbkdf2_hashes(pbkdf2_digest digest, unsigned iterations);

    ///@{
    /// See `PasswordReader`.
    PHONEAUTH_DECL bool recognizes(const std::string& hash) const;
    PHONEAUTH_DECL result<bool> verify(const std::string& password, const std::string& hash) const;
    PHONEAUTH_DECL result<bool> decoy(const std::string& password) const;
    ///@}

private:
    pbkdf2_digest digest_;
    unsigned iterations_;
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/secrets/pbkdf2.ipp>
#endif

#endif
