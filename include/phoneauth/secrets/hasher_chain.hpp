// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_SECRETS_HASHER_CHAIN_HPP
#define PHONEAUTH_SECRETS_HASHER_CHAIN_HPP

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include <phoneauth/detail/bounded_pool.hpp>
#include <phoneauth/policies.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/secrets/password.hpp>

namespace phoneauth {
inline namespace v0 {

/// Reads the password hashes of another system, whose users were imported: secrets/crypt.hpp (bcrypt), argon2.hpp and
/// pbkdf2.hpp have one each. Thread-safe.
/// - `recognizes(hash)`: whether `hash` is of this scheme, by how it begins.
/// - `verify(password, hash)`: as a PasswordHasher's. What `hash` says it costs is bounded: beyond that, and for a hash
///   that cannot be read, it fails with `error::internal` before it has computed anything.
/// - `decoy(password)`: false, after as long as `verify` takes for most of the imported hashes.
///
/// The hashes must be salted: of a hash that was replaced its SHA-256 stays (`user::password_hash`), of which nobody
/// can make anything without the salt.
template <class R>
concept PasswordReader = requires(const R& r, const std::string& password, const std::string& hash) {
    { r.recognizes(hash) } -> std::same_as<bool>;
    { r.verify(password, hash) } -> std::same_as<result<bool>>;
    { r.decoy(password) } -> std::same_as<result<bool>>;
};

/// The PasswordHasher of a server whose users, or some of them, come from another system: it makes hashes as `Current`
/// does, verifies those of `Legacy...`, too, and says that these need to be made anew, which the next login with the
/// right password does. Blocking; beside an event loop put it into a `pooled_hasher` (asio/pooled_passwords.hpp).
///
/// Each password is hashed once by every scheme, whosever it is: by one for real, by the others, and by all of them for
/// nobody, at the cost that their decoys have. So a login tells nobody who was imported, nor who is registered; and so
/// it takes as long as all schemes together until the readers are left out of the chain, when no user needs them any
/// more. Imported hashes that cost more or less than the decoy of their reader can be told by their time until they are
/// made anew: give each reader the cost that most of them have.
///
/// As many calls as there are processors are with the readers at a time, and 20 wait for at most 10 s; beyond that
/// they fail with `error::overloaded`. Copies share this bound. Thread-safe if `Current` is.
template <class Current, PasswordReader... Legacy>
requires PasswordHasher<Current>
class hasher_chain {
    static_assert(
        requires(Current & c, const std::string& text) {
            { c.hash(text) } -> std::same_as<result<std::string>>;
            { c.verify(text, text) } -> std::same_as<result<bool>>;
        },
        "phoneauth: a hasher_chain is made of blocking hashers; put the chain into a pooled_hasher, not one into it");

public:
    /// None of `legacy` may recognize what `current` makes.
    explicit hasher_chain(Current current, Legacy... legacy)
        : current_(std::move(current)), legacy_(std::move(legacy)...),
          places_(std::make_shared<detail::bounded_pool<place>>(scrypt_passwords::default_at_once())) {}

    /// As `Current::hash`.
    result<std::string> hash(const std::string& password) { return current_.hash(password); }

    /// Whether `password` made `hash`. A hash that neither a reader recognizes nor `Current` can read is
    /// `error::internal`.
    result<bool> verify(const std::string& password, const std::string& hash) {
        const auto by = reader_of(hash);
        // The real one comes first: if it cannot be read, nothing has been computed yet, and the flow asks for a decoy.
        auto right = by == none ? current_.verify(password, hash)
                                : read(by, [&](const auto& reader) { return reader.verify(password, hash); });
        if (!right) return right;
        auto others = hash_in_vain(password, by == none, by);
        return others ? right : others;
    }

    /// False, after as long as `verify` takes.
    result<bool> decoy(const std::string& password) { return hash_in_vain(password, false, none); }

    /// Whether `hash` is not one of `Current`'s, or one that `Current` would make anew.
    bool needs_rehash(const std::string& hash) {
        if (reader_of(hash) != none) return true;
        if constexpr (detail::has_needs_rehash<Current>)
            return current_.needs_rehash(hash);
        else
            return false;
    }

private:
    struct place {};
    static constexpr std::size_t none = sizeof...(Legacy);

    /// Calls `f(index, reader)` for each reader, until it returns true.
    template <class F>
    void for_each_reader(F f) const {
        std::apply(
            [&](const Legacy&... reader) {
                [[maybe_unused]] std::size_t i = 0;
                [[maybe_unused]] const bool stopped = (false || ... || f(i++, reader));
            },
            legacy_);
    }
    std::size_t reader_of(const std::string& hash) const {
        std::size_t found = none;
        for_each_reader([&](std::size_t i, const auto& reader) {
            if (!reader.recognizes(hash)) return false;
            found = i;
            return true;
        });
        return found;
    }
    /// What `f` returns for the reader at `at`, when there is a place for it.
    template <class F>
    result<bool> read(std::size_t at, F f) const {
        const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        const auto taken = places_->take(patience, 20);
        result<bool> outcome = error::overloaded;
        if (!taken) return outcome;
        for_each_reader([&](std::size_t i, const auto& reader) {
            if (i == at) outcome = f(reader);
            return i == at;
        });
        return outcome;
    }
    /// False, after the work of all schemes but the one that has done its own already.
    result<bool> hash_in_vain(const std::string& password, bool current_is_done, std::size_t done) {
        for (std::size_t i = 0; i < none; ++i) {
            if (i == done) continue;
            auto vain = read(i, [&](const auto& reader) { return reader.decoy(password); });
            if (!vain) return vain;
        }
        if (current_is_done) return false;
        if constexpr (detail::has_decoy<Current>) {
            auto vain = current_.decoy(password);
            if (!vain) return vain;
        } else {
            auto vain = current_.hash(password);
            if (!vain) return std::move(vain).error();
        }
        return false;
    }

    Current current_;
    std::tuple<Legacy...> legacy_;
    std::shared_ptr<detail::bounded_pool<place>> places_;
};

}  // namespace v0
}  // namespace phoneauth

#endif
