// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_SECRETS_PBKDF2_IPP
#define PHONEAUTH_SECRETS_PBKDF2_IPP

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <openssl/evp.h>

#include <phoneauth/detail/phc.hpp>
#include <phoneauth/secrets/pbkdf2.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

struct pbkdf2_form {
    std::string_view beginning;
    pbkdf2_digest digest;
    bool of_django;
};

inline constexpr pbkdf2_form pbkdf2_forms[] = {
    {"$pbkdf2-sha256$", pbkdf2_digest::sha256, false}, {"$pbkdf2-sha512$", pbkdf2_digest::sha512, false},
    {"$pbkdf2-sha1$", pbkdf2_digest::sha1, false},     {"$pbkdf2$", pbkdf2_digest::sha1, false},
    {"pbkdf2_sha256$", pbkdf2_digest::sha256, true},   {"pbkdf2_sha1$", pbkdf2_digest::sha1, true},
};

inline const pbkdf2_form* pbkdf2_form_of(std::string_view text) {
    for (const auto& form : pbkdf2_forms)
        if (text.starts_with(form.beginning)) return &form;
    return nullptr;
}

struct pbkdf2_hash {
    pbkdf2_digest digest{};
    unsigned iterations = 0;
    std::string salt{};
    std::string hash{};
};

inline const EVP_MD* function_of(pbkdf2_digest d) {
    return d == pbkdf2_digest::sha1 ? EVP_sha1() : d == pbkdf2_digest::sha256 ? EVP_sha256() : EVP_sha512();
}

inline bool is_affordable_pbkdf2(unsigned iterations) {
    return iterations >= 1 && iterations <= 4'000'000;
}

/// The salt as it is, the hash in base64 with its padding.
inline bool read_django(phc_reader& in, pbkdf2_hash& to) {
    const auto salt = in.field();
    auto text = in.left;
    if (text.size() % 4 != 0) return false;
    while (text.ends_with('=')) text.remove_suffix(1);
    auto hash = bytes_of_base64(text);
    if (!salt || !hash || in.left.size() - text.size() > 2) return false;
    to.salt = *salt;
    to.hash = std::move(*hash);
    return true;
}

inline std::optional<pbkdf2_hash> parse_pbkdf2(std::string_view text) {
    const auto* form = pbkdf2_form_of(text);
    if (!form) return std::nullopt;
    phc_reader in{text.substr(form->beginning.size())};
    pbkdf2_hash to;
    to.digest = form->digest;
    unsigned length = 0;
    const bool named = !form->of_django && in.take("i=");
    if (!in.number(to.iterations) || !is_affordable_pbkdf2(to.iterations)) return std::nullopt;
    if (named && in.take(",l=") && (!in.number(length) || length == 0)) return std::nullopt;
    if (!in.take("$")) return std::nullopt;
    if (form->of_django) {
        if (!read_django(in, to)) return std::nullopt;
    } else {
        std::string standard(in.left);  // passlib writes '.' in place of '+'
        std::replace(standard.begin(), standard.end(), '.', '+');
        in.left = standard;
        if (!in.salt_and_hash(to.salt, to.hash)) return std::nullopt;
    }
    // A longer hash would cost more than its iterations say, and a short one too many passwords would fit.
    const auto most = static_cast<std::size_t>(EVP_MD_get_size(function_of(to.digest)));
    if (to.hash.size() < 16 || to.hash.size() > most || (length != 0 && to.hash.size() != length)) return std::nullopt;
    if (to.salt.empty() || to.salt.size() > 128) return std::nullopt;
    return to;
}

inline result<bool> verify_pbkdf2(const std::string& password, const pbkdf2_hash& stored) {
    std::string made(stored.hash.size(), '\0');
    if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                          reinterpret_cast<const unsigned char*>(stored.salt.data()),
                          static_cast<int>(stored.salt.size()), static_cast<int>(stored.iterations),
                          function_of(stored.digest), static_cast<int>(made.size()),
                          reinterpret_cast<unsigned char*>(made.data())) != 1)
        return error::overloaded;  // there is no memory for it
    return equal_in_constant_time(made, stored.hash);
}

}  // namespace detail

PHONEAUTH_DECL pbkdf2_hashes::pbkdf2_hashes(pbkdf2_digest digest, unsigned iterations)
    : digest_(digest), iterations_(iterations) {
    if (!detail::is_affordable_pbkdf2(iterations))
        throw std::invalid_argument("phoneauth: PBKDF2 has 1 to 4,000,000 iterations");
}

PHONEAUTH_DECL bool pbkdf2_hashes::recognizes(const std::string& hash) const {
    return detail::pbkdf2_form_of(hash) != nullptr;
}

PHONEAUTH_DECL result<bool> pbkdf2_hashes::verify(const std::string& password, const std::string& hash) const {
    const auto stored = detail::parse_pbkdf2(hash);
    if (!stored) return failure(error::internal, "The stored password hash is not one of PBKDF2 that can be read.");
    return detail::verify_pbkdf2(password, *stored);
}

PHONEAUTH_DECL result<bool> pbkdf2_hashes::decoy(const std::string& password) const {
    const auto size = static_cast<std::size_t>(EVP_MD_get_size(detail::function_of(digest_)));
    const detail::pbkdf2_hash nobodys{digest_, iterations_, std::string(16, '\0'), std::string(size, '\0')};
    auto compared = detail::verify_pbkdf2(password, nobodys);
    return compared ? result<bool>(false) : compared;
}

}  // namespace v0
}  // namespace phoneauth

#endif
