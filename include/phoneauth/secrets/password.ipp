// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_SECRETS_PASSWORD_IPP
#define PHONEAUTH_SECRETS_PASSWORD_IPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <thread>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/detail/phc.hpp>
#include <phoneauth/secrets/password.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

inline constexpr std::size_t scrypt_salt_size = 16;  // the PHC string format's recommendation
inline constexpr std::size_t scrypt_hash_size = 32;

struct scrypt_phc {
    scrypt_cost cost;
    std::string salt;
    std::string hash;
};

inline bool in_range(const scrypt_cost& c) {
    return c.ln >= 10 && c.ln <= 20 && c.r >= 1 && c.r <= 32 && c.p >= 1 && c.p <= 16;
}

inline std::optional<scrypt_phc> parse_scrypt_phc(std::string_view text) {
    phc_reader in{text};
    scrypt_phc phc;
    if (!in.take("$scrypt$ln=") || !in.number(phc.cost.ln) || !in.take(",r=") || !in.number(phc.cost.r) ||
        !in.take(",p=") || !in.number(phc.cost.p) || !in.take("$") || !in_range(phc.cost) ||
        !in.salt_and_hash(phc.salt, phc.hash) || phc.salt.size() != scrypt_salt_size ||
        phc.hash.size() != scrypt_hash_size)
        return std::nullopt;
    return phc;
}

/// False when there is no memory for it.
inline bool scrypt(const std::string& password, std::string_view salt, const scrypt_cost& c,
                   std::span<unsigned char> out) {
    const std::uint64_t n = std::uint64_t{1} << c.ln;
    const std::uint64_t memory = std::uint64_t{128} * c.r * (n + c.p + 2) + (std::uint64_t{1} << 20);
    return EVP_PBE_scrypt(password.data(), password.size(), reinterpret_cast<const unsigned char*>(salt.data()),
                          salt.size(), n, c.r, c.p, memory, out.data(), out.size()) == 1;
}

}  // namespace detail

PHONEAUTH_DECL std::size_t scrypt_passwords::default_at_once() {
    return (std::max)(1u, std::thread::hardware_concurrency());
}

PHONEAUTH_DECL scrypt_passwords::scrypt_passwords(scrypt_cost cost, std::size_t at_once, std::size_t max_waiting)
    : cost_(cost), max_waiting_(max_waiting), places_(std::make_shared<detail::bounded_pool<place>>(at_once)) {}

/// False when there is no memory for it, or no place.
PHONEAUTH_DECL bool scrypt_passwords::scrypt(const std::string& password, std::string_view salt,
                                             const scrypt_cost& cost, std::span<unsigned char> out) const {
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    const auto taken = places_->take(patience, max_waiting_);
    return taken && detail::scrypt(password, salt, cost, out);
}

PHONEAUTH_DECL result<std::string> scrypt_passwords::hash(const std::string& password) const {
    std::string salt(detail::scrypt_salt_size, '\0');
    if (!detail::in_range(cost_) ||
        RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()), static_cast<int>(salt.size())) != 1)
        return error::internal;
    detail::digest hash;
    if (!scrypt(password, salt, cost_, hash)) return error::overloaded;
    return "$scrypt$ln=" + std::to_string(cost_.ln) + ",r=" + std::to_string(cost_.r) +
           ",p=" + std::to_string(cost_.p) + '$' + detail::base64_unpadded(salt) + '$' +
           detail::base64_unpadded({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

PHONEAUTH_DECL result<bool> scrypt_passwords::verify(const std::string& password, const std::string& phc) const {
    const auto stored = detail::parse_scrypt_phc(phc);
    if (!stored) return failure(error::internal, "The stored password hash is not a scrypt PHC string.");
    detail::digest hash;
    if (!scrypt(password, stored->salt, stored->cost, hash)) return error::overloaded;
    return detail::equal_in_constant_time(stored->hash, {reinterpret_cast<const char*>(hash.data()), hash.size()});
}

PHONEAUTH_DECL bool scrypt_passwords::needs_rehash(const std::string& phc) const {
    const auto stored = detail::parse_scrypt_phc(phc);
    if (!stored) return true;
    const auto memory = [](const scrypt_cost& c) { return std::uint64_t{c.r} << c.ln; };
    return memory(stored->cost) < memory(cost_) || memory(stored->cost) * stored->cost.p < memory(cost_) * cost_.p;
}

}  // namespace v0
}  // namespace phoneauth

#endif
