// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_SECRETS_TOKEN_HPP
#define PHONEAUTH_SECRETS_TOKEN_HPP

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/secret_string.hpp>
#include <phoneauth/secrets/random.hpp>

namespace phoneauth {
inline namespace v0 {

/// A new id or session token: 128 random bits in the upper-case 8-4-4-4-12 form that Backendless clients know. Empty
/// when there is no randomness. `Random` has `bool fill(std::span<unsigned char>)`, as `random_source`.
template <class Random>
std::optional<secret_string> make_token(Random& random) {
    std::array<unsigned char, 16> bits;
    if (!random.fill(bits)) return std::nullopt;
    constexpr std::string_view digits = "0123456789ABCDEF";
    secret_string text(36, '-');
    std::size_t at = 0;
    for (const unsigned char byte : bits) {
        if (at == 8 || at == 13 || at == 18 || at == 23) ++at;
        text[at++] = digits[byte >> 4];
        text[at++] = digits[byte & 15];
    }
    detail::wipe(bits);
    return text;
}

/// What a storage keeps of a session token: the lower-case hexadecimal SHA-256 of it. A stolen storage holds no
/// session. Thread-safe; throws `std::bad_alloc` or `std::runtime_error` when OpenSSL cannot do its work.
class token_hasher {
public:
    /// The hash of `token`, 64 characters.
    std::string operator()(std::string_view token) { return detail::lower_case_hex(sha256_(token)); }
    /// Appends it to `to`.
    void append(std::string& to, std::string_view token) { detail::append_lower_case_hex(to, sha256_(token)); }

private:
    detail::sha256 sha256_;
};

}  // namespace v0
}  // namespace phoneauth

#endif
