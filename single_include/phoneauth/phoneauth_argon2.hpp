// SPDX-License-Identifier: BSL-1.0
// Generated from include/ by tests/scripts/amalgamate.py; do not edit.
#ifndef PHONEAUTH_SINGLE_INCLUDE_ARGON2_HPP
#define PHONEAUTH_SINGLE_INCLUDE_ARGON2_HPP

#include <phoneauth/phoneauth.hpp>

// ---- phoneauth/secrets/argon2.hpp ----

#ifndef PHONEAUTH_SECRETS_ARGON2_HPP
#define PHONEAUTH_SECRETS_ARGON2_HPP

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <argon2.h>


namespace phoneauth {
inline namespace v0 {

/// Which of Argon2's ways to choose memory (RFC 9106).
enum class argon2_kind { d = Argon2_d, i = Argon2_i, id = Argon2_id };

/// What Argon2 costs, with the letters of its PHC string.
struct argon2_cost {
    unsigned m;  ///< memory in KiB, at least 8 for each lane; at most 262,144, which are 256 MiB
    unsigned t;  ///< passes, at least 1; m·t is at most 2,097,152, which are some 3 s
    unsigned p;  ///< lanes, 1–16
};

namespace detail {

struct argon2_hash {
    argon2_kind kind{};
    unsigned version = ARGON2_VERSION_10;
    argon2_cost cost{};
    std::string salt{};
    std::string hash{};
};

inline bool is_affordable(const argon2_cost& c) {
    return c.p >= 1 && c.p <= 16 && c.m >= 8 * c.p && c.m <= 262'144 && c.t >= 1 && c.t <= 2'097'152 / c.m;
}

inline std::optional<argon2_hash> parse_argon2(std::string_view text) {
    phc_reader in{text};
    argon2_hash to;
    if (in.take("$argon2id$"))
        to.kind = argon2_kind::id;
    else if (in.take("$argon2i$"))
        to.kind = argon2_kind::i;
    else if (in.take("$argon2d$"))
        to.kind = argon2_kind::d;
    else
        return std::nullopt;
    if (in.take("v=") && (!in.number(to.version) || !in.take("$"))) return std::nullopt;  // the oldest have none
    if (to.version != ARGON2_VERSION_10 && to.version != ARGON2_VERSION_13) return std::nullopt;
    if (!in.take("m=") || !in.number(to.cost.m) || !in.take(",t=") || !in.number(to.cost.t) || !in.take(",p=") ||
        !in.number(to.cost.p) || !in.take("$") || !is_affordable(to.cost) || !in.salt_and_hash(to.salt, to.hash))
        return std::nullopt;
    if (to.salt.size() < 8 || to.salt.size() > 64 || to.hash.size() < 16 || to.hash.size() > 64) return std::nullopt;
    return to;
}

inline result<bool> verify_argon2(const std::string& password, const argon2_hash& stored) {
    std::string salt(stored.salt), made(stored.hash.size(), '\0');
    // libargon2 only reads the password: the flag to wipe it is not set.
    const auto bytes = [](const std::string& s) {
        return reinterpret_cast<std::uint8_t*>(const_cast<char*>(s.data()));
    };
    const auto size = [](const std::string& s) { return static_cast<std::uint32_t>(s.size()); };
    argon2_context context{};
    context.out = bytes(made);
    context.outlen = size(made);
    context.pwd = bytes(password);
    context.pwdlen = size(password);
    context.salt = bytes(salt);
    context.saltlen = size(salt);
    context.t_cost = stored.cost.t;
    context.m_cost = stored.cost.m;
    context.lanes = stored.cost.p;
    context.threads = 1;  // all lanes on the caller's: a stored hash starts no threads
    context.version = stored.version;
    if (::argon2_ctx(&context, static_cast<::argon2_type>(stored.kind)) != ARGON2_OK)
        return error::overloaded;  // there is no memory for it
    return equal_in_constant_time(made, stored.hash);
}

}  // namespace detail

/// A PasswordReader (secrets/hasher_chain.hpp) for users of another system: Argon2id, Argon2i and Argon2d as PHC
/// strings, `$argon2id$v=19$m=65536,t=3,p=4$salt$hash`, by libargon2, which only programs with this header need
/// (`-largon2`, `phoneauth::argon2`).
///
/// A hash of another form, of fewer than 16 bytes, or of a cost beyond `argon2_cost` is `error::internal`. No memory
/// is `error::overloaded`. Thread-safe.
class argon2_hashes {
public:
    /// Throws `std::invalid_argument` if the cost is out of range.
    ///
    /// @param kind  of most of the hashes that are to be read
    /// @param cost  of most of them
    argon2_hashes(argon2_kind kind, argon2_cost cost)
        : decoy_{kind, ARGON2_VERSION_13, cost, std::string(16, '\0'), std::string(32, '\0')} {
        if (!detail::is_affordable(cost)) throw std::invalid_argument("phoneauth: Argon2's cost is out of range");
    }

    ///@{
    /// See `PasswordReader`.
    bool recognizes(const std::string& hash) const {
        return hash.starts_with("$argon2id$") || hash.starts_with("$argon2i$") || hash.starts_with("$argon2d$");
    }
    result<bool> verify(const std::string& password, const std::string& hash) const {
        const auto stored = detail::parse_argon2(hash);
        if (!stored) return failure(error::internal, "The stored password hash is not one of Argon2 that can be read.");
        return detail::verify_argon2(password, *stored);
    }
    result<bool> decoy(const std::string& password) const {
        auto compared = detail::verify_argon2(password, decoy_);
        return compared ? result<bool>(false) : compared;
    }
    ///@}

private:
    detail::argon2_hash decoy_;
};

}  // namespace v0
}  // namespace phoneauth

#endif

#endif
