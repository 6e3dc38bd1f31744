// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_CRYPTO_HPP
#define PHONEAUTH_DETAIL_CRYPTO_HPP

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <phoneauth/detail/config.hpp>

// The little of OpenSSL that the core needs, without its headers. A context that is used again costs a quarter of a new
// one, so each object keeps one, under a mutex.

struct evp_mac_ctx_st;
struct evp_md_ctx_st;

namespace phoneauth {
inline namespace v0 {
namespace detail {

using digest = std::array<unsigned char, 32>;

/// Overwrites memory that held a secret, in a way that the optimizer keeps.
PHONEAUTH_DECL void wipe(std::span<unsigned char> memory) noexcept;
/// The string is empty then. What it had behind its end, from when it was longer, goes too.
inline void wipe(std::string& text) noexcept {
    text.assign(text.capacity(), '\0');
#if defined(__GNUC__)
    asm volatile("" : : "r"(text.data()) : "memory");  // as if somebody read it: the writes stay
#else
    wipe({reinterpret_cast<unsigned char*>(text.data()), text.size()});
#endif
    text.clear();
}
/// What is left behind in `text` after its content has moved on. If it was allocated (`capacity` tells, from before),
/// there is nothing.
inline void wipe_moved(std::string& text, std::size_t capacity) noexcept {
    if (capacity <= std::string().capacity()) wipe(text);
}

/// True when both are the same; takes a time that depends on the sizes only.
PHONEAUTH_DECL bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

/// Base64 (RFC 4648 §4), padded.
PHONEAUTH_DECL std::string base64(std::string_view bytes);
/// The same without padding.
PHONEAUTH_DECL std::string base64_unpadded(std::string_view bytes);
/// What base64 without padding stands for; nothing if the text is not exactly what `base64_unpadded` writes.
PHONEAUTH_DECL std::optional<std::string> bytes_of_base64(std::string_view unpadded);

/// Two digits for each byte.
PHONEAUTH_DECL std::string lower_case_hex(std::span<const unsigned char> bytes);
PHONEAUTH_DECL void append_lower_case_hex(std::string& to, std::span<const unsigned char> bytes);

/// HMAC-SHA256 (RFC 2104) with one key. Thread-safe; throws `std::runtime_error` when OpenSSL fails.
class hmac_sha256 {
public:
    PHONEAUTH_DECL explicit hmac_sha256(std::string_view key);
    ~hmac_sha256() { wipe(key_); }
    PHONEAUTH_DECL digest operator()(std::string_view message);

private:
    struct deleter {
        PHONEAUTH_DECL void operator()(evp_mac_ctx_st* context) const noexcept;
    };
    std::string key_;
    bool needs_key_ = true;  // each time, see the constructor
    std::mutex mutex_;
    std::unique_ptr<evp_mac_ctx_st, deleter> context_;
};

/// SHA-256 (FIPS 180-4). Thread-safe; throws `std::runtime_error` when OpenSSL fails.
class sha256 {
public:
    PHONEAUTH_DECL sha256();
    PHONEAUTH_DECL digest operator()(std::string_view message);

private:
    struct deleter {
        PHONEAUTH_DECL void operator()(evp_md_ctx_st* context) const noexcept;
    };
    std::mutex mutex_;
    std::unique_ptr<evp_md_ctx_st, deleter> context_;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/detail/crypto.ipp>
#endif

#endif
