// SPDX-License-Identifier: BSL-1.0
// Input: a PHC string as it could stand in a database, a line feed, a password.
#include "fuzz.hpp"

#include <phoneauth/secrets/password.hpp>

#include <openssl/evp.h>

using namespace phoneauth;
using fuzz::require;

namespace {

/// Decodes base64 without padding, bit by bit.
std::string decoded(std::string_view text) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    unsigned bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const auto value = alphabet.find(c);
        require(value != alphabet.npos, "an accepted PHC string is in base64");
        bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>(bits >> count & 0xff);
        }
    }
    require((bits & ((1u << count) - 1)) == 0, "an accepted PHC string has no spare bits");
    return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in(data, size);
    const auto phc = std::string(in.line());
    const auto password = std::string(in.rest());

    const auto parsed = detail::parse_scrypt_phc(phc);
    if (!parsed) {
        const auto verified = scrypt_passwords().verify(password, phc);
        require(!verified && verified.error().code == error::internal, "what is no PHC string verifies nothing");
        return 0;
    }
    const auto& cost = parsed->cost;
    require(cost.ln >= 10 && cost.ln <= 20 && cost.r >= 1 && cost.r <= 32 && cost.p >= 1 && cost.p <= 16,
            "the cost is in range");
    const auto hash_at = phc.rfind('$');
    const auto salt_at = phc.rfind('$', hash_at - 1);
    require(parsed->salt == decoded(std::string_view(phc).substr(salt_at + 1, hash_at - salt_at - 1)) &&
                parsed->salt.size() == 16,
            "the salt is the one in the string");
    require(parsed->hash == decoded(std::string_view(phc).substr(hash_at + 1)) && parsed->hash.size() == 32,
            "the hash is the one in the string");

    if (cost.ln > 10 || cost.r * cost.p > 2) return 0;  // too dear for here
    std::string right(32, '\0');
    require(EVP_PBE_scrypt(password.data(), password.size(),
                           reinterpret_cast<const unsigned char*>(parsed->salt.data()), parsed->salt.size(),
                           std::uint64_t{1} << cost.ln, cost.r, cost.p, 64 << 20,
                           reinterpret_cast<unsigned char*>(right.data()), right.size()) == 1,
            "OpenSSL computes");
    const auto verified = scrypt_passwords().verify(password, phc);
    require(verified && *verified == (right == parsed->hash), "a password verifies if it made the hash, else not");
    return 0;
}
