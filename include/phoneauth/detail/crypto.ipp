// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_CRYPTO_IPP
#define PHONEAUTH_DETAIL_CRYPTO_IPP

#include <stdexcept>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <phoneauth/detail/crypto.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

inline const unsigned char* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

inline void require_openssl(bool ok) {
    if (!ok) throw std::runtime_error("phoneauth: OpenSSL failed");
}

PHONEAUTH_DECL void wipe(std::span<unsigned char> memory) noexcept {
    OPENSSL_cleanse(memory.data(), memory.size());
}

PHONEAUTH_DECL bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

PHONEAUTH_DECL std::string base64(std::string_view bytes) {
    std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(bytes), static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

PHONEAUTH_DECL std::string base64_unpadded(std::string_view bytes) {
    auto text = base64(bytes);
    while (text.ends_with('=')) text.pop_back();
    return text;
}

PHONEAUTH_DECL std::optional<std::string> bytes_of_base64(std::string_view unpadded) {
    const auto size = unpadded.size() / 4 * 3 + (unpadded.size() % 4 * 6) / 8;
    std::string padded(unpadded);
    padded.append((4 - padded.size() % 4) % 4, '=');
    std::string bytes(padded.size() / 4 * 3, '\0');
    if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), bytes_of(padded),
                        static_cast<int>(padded.size())) < 0)
        return std::nullopt;
    bytes.resize(size);
    // The decoder overlooks white space and padding in the middle; what encodes back differently was not canonical.
    if (base64_unpadded(bytes) != unpadded) return std::nullopt;
    return bytes;
}

PHONEAUTH_DECL std::string lower_case_hex(std::span<const unsigned char> bytes) {
    std::string text;
    append_lower_case_hex(text, bytes);
    return text;
}

PHONEAUTH_DECL void append_lower_case_hex(std::string& to, std::span<const unsigned char> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    auto at = to.size();
    to.resize(at + 2 * bytes.size());
    for (const unsigned char byte : bytes) {
        to[at++] = digits[byte >> 4];
        to[at++] = digits[byte & 15];
    }
}

PHONEAUTH_DECL void hmac_sha256::deleter::operator()(evp_mac_ctx_st* context) const noexcept {
    EVP_MAC_CTX_free(context);
}

PHONEAUTH_DECL hmac_sha256::hmac_sha256(std::string_view key) : key_(key) {
    EVP_MAC* mac = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);
    context_.reset(EVP_MAC_CTX_new(mac));
    EVP_MAC_free(mac);
    char hash[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0),
                                     OSSL_PARAM_construct_end()};
    require_openssl(context_ && EVP_MAC_init(context_.get(), bytes_of(key), key.size(), parameters) == 1);
    // Without the key, OpenSSL before 3.0.3 (and FIPS modules of that age) reports success but does not begin anew
    // (https://github.com/openssl/openssl/issues/17811). Preparing it takes twice as long as a short message.
    const auto expected = (*this)("begins anew");
    needs_key_ = false;
    (*this)("something else");
    needs_key_ = (*this)("begins anew") != expected;
}

PHONEAUTH_DECL digest hmac_sha256::operator()(std::string_view message) {
    digest out;
    std::size_t size = 0;
    const std::lock_guard lock(mutex_);
    const auto* key = needs_key_ ? bytes_of(key_) : nullptr;
    require_openssl(EVP_MAC_init(context_.get(), key, key ? key_.size() : 0, nullptr) == 1 &&
                    EVP_MAC_update(context_.get(), bytes_of(message), message.size()) == 1 &&
                    EVP_MAC_final(context_.get(), out.data(), &size, out.size()) == 1 && size == out.size());
    return out;
}

PHONEAUTH_DECL void sha256::deleter::operator()(evp_md_ctx_st* context) const noexcept {
    EVP_MD_CTX_free(context);
}

PHONEAUTH_DECL sha256::sha256() : context_(EVP_MD_CTX_new()) {
    require_openssl(context_ && EVP_DigestInit_ex2(context_.get(), EVP_sha256(), nullptr) == 1);
}

PHONEAUTH_DECL digest sha256::operator()(std::string_view message) {
    digest out;
    const std::lock_guard lock(mutex_);
    // A null type keeps the digest of the constructor (EVP_DigestInit(3)).
    require_openssl(EVP_DigestInit_ex2(context_.get(), nullptr, nullptr) == 1 &&
                    EVP_DigestUpdate(context_.get(), message.data(), message.size()) == 1 &&
                    EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) == 1);
    return out;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
