// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_MEMORY_HPP
#define PHONEAUTH_STORAGE_MEMORY_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <phoneauth/policies.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Hashes strings with a seed of its own, so that nobody can prepare keys that all fall into one bucket.
class seeded_hash {
public:
    using is_transparent = void;

    // Not noexcept: libstdc++ then keeps the hash of each key next to it.
    std::size_t operator()(std::string_view text) const {
        const auto mixed = (std::hash<std::string_view>()(text) ^ seed_) * 0x9E3779B97F4A7C15u;
        return static_cast<std::size_t>(mixed ^ (mixed >> 32));
    }

private:
    std::uint64_t seed_ = std::uint64_t{std::random_device()()} << 32 | std::random_device()();
};

template <class T>
using string_map = std::unordered_map<std::string, T, seeded_hash, std::equal_to<>>;

/// A hash map whose entries expire. They are kept in the order in which they do, so dropping those that are over needs
/// no search. A function that throws has changed nothing.
template <class T>
class expiring_map {
    struct entry;
    using order = std::multimap<time_point, const std::string*>;
    struct entry {
        T value;
        typename order::iterator place;
    };

public:
    T* find(std::string_view key) {
        const auto found = entries_.find(key);
        return found == entries_.end() ? nullptr : &found->second.value;
    }

    /// Adds an entry; nullptr if there is one of that key.
    T* insert(const std::string& key, const T& value, time_point expires) {
        // Most entries have the same lifetime and so belong at the end, where adding takes constant time.
        const auto place = order_.emplace_hint(order_.end(), expires, nullptr);
        try {
            const auto [at, added] = entries_.try_emplace(key, entry{value, place});
            if (added) {
                place->second = &at->first;
                return &at->second.value;
            }
        } catch (...) {
            order_.erase(place);
            throw;
        }
        order_.erase(place);
        return nullptr;
    }

    /// Changes when an entry expires.
    void expire_at(std::string_view key, time_point expires) {
        auto& place = entries_.find(key)->second.place;
        if (place->first == expires) return;
        auto node = order_.extract(place);
        node.key() = expires;
        place = order_.insert(std::move(node));
    }

    void erase(std::string_view key) {
        const auto found = entries_.find(key);
        order_.erase(found->second.place);
        entries_.erase(found);
    }

    /// The key of the entry that expires first, if it does at or before `now`.
    const std::string* first_expired(time_point now) const {
        return order_.empty() || order_.begin()->first > now ? nullptr : order_.begin()->second;
    }

    std::size_t size() const noexcept { return entries_.size(); }

private:
    string_map<entry> entries_;
    order order_;
};

}  // namespace detail

/// How many records a `memory_storage` holds at most, so that strangers cannot exhaust the server's memory.
struct memory_limits {
    std::size_t transactions = 1'000'000;  ///< of about 500 bytes each
    std::size_t sessions = 1'000'000;      ///< of about 600 bytes each
    std::size_t counters = 1'000'000;      ///< of 200 to 300 bytes each
};

/// A complete Storage in the memory of this process: for tests, and for servers that are a single process and may
/// forget users when they end. Combine it with a storage for the users (storage/combined.hpp) to keep those.
///
/// All functions take constant time (amortised), except `erase_sessions_of`, which is linear in that user's sessions.
/// What has expired is dropped a few records at a time, whenever something is inserted: transactions
/// `transaction_retention` past their `expires_at`, sessions and counters at theirs.
///
/// @par Errors
/// Inserting beyond a limit throws `std::length_error`, and inserting a user whose `object_id` another one has
/// `std::invalid_argument`. A function that throws, `std::bad_alloc` included, has changed nothing; only
/// `change_counters` may have made the first of its changes.
///
/// @par Thread safety
/// Shared objects are safe. No function blocks for longer than a few look-ups.
class memory_storage {
public:
    /// Codes can be derived with a key that only this process knows: `config::code_keys` may stay empty.
    static constexpr bool process_local = true;

    memory_storage() = default;
    /// Holds `limits` at most.
    explicit memory_storage(memory_limits limits) : limits_(limits) {}

    ///@{
    /// The functions of the concepts; see policies.hpp.
    bool insert_transaction(const transaction& t) {
        const std::scoped_lock lock(transactions_mutex_);
        for (int i = 0; i < sweep; ++i)
            if (const auto* key = transactions_.first_expired(t.created_at)) transactions_.erase(*key);
        check(transactions_.size(), limits_.transactions);
        return transactions_.insert(t.id, t, t.expires_at + transaction_retention) != nullptr;
    }

    std::optional<transaction> find_transaction(const std::string& id) {
        const std::scoped_lock lock(transactions_mutex_);
        const auto* found = transactions_.find(id);
        return found ? std::optional(*found) : std::nullopt;
    }

    bool update_transaction(const transaction& t) {
        auto next = t;
        ++next.version;
        const std::scoped_lock lock(transactions_mutex_);
        auto* stored = transactions_.find(t.id);
        if (!stored || stored->version != t.version) return false;
        *stored = std::move(next);
        return true;
    }

    write_result insert_user(const user& u) {
        const std::scoped_lock lock(users_mutex_);
        if (by_phone_.contains(u.phone.str())) return write_result::phone_taken;
        if (by_identity_.contains(u.identity)) return write_result::identity_taken;
        const auto [at, added] = users_.try_emplace(u.object_id, u);
        if (!added) throw std::invalid_argument("phoneauth: there is a user with this object_id");
        try {
            by_phone_.try_emplace(std::string(u.phone.str()), &at->second);
            by_identity_.try_emplace(u.identity, &at->second);
        } catch (...) {
            if (const auto phone = by_phone_.find(u.phone.str()); phone != by_phone_.end()) by_phone_.erase(phone);
            users_.erase(at);
            throw;
        }
        return write_result::done;
    }

    write_result update_user(const user& u) {
        auto next = u;
        ++next.version;
        std::string phone(u.phone.str());
        std::string identity = u.identity;
        const std::scoped_lock lock(users_mutex_);
        const auto found = users_.find(u.object_id);
        if (found == users_.end() || found->second.version != u.version) return write_result::stale;
        auto& stored = found->second;
        if (is_of_another(by_phone_, phone, stored)) return write_result::phone_taken;
        if (is_of_another(by_identity_, identity, stored)) return write_result::identity_taken;
        rename(by_phone_, stored.phone.str(), std::move(phone));
        rename(by_identity_, stored.identity, std::move(identity));
        stored = std::move(next);
        return write_result::done;
    }

    std::optional<user> find_user(const std::string& object_id) {
        const std::scoped_lock lock(users_mutex_);
        const auto found = users_.find(object_id);
        return found == users_.end() ? std::nullopt : std::optional(found->second);
    }

    std::optional<user> find_user_by_phone(const phone_number& phone) {
        const std::scoped_lock lock(users_mutex_);
        return find_by(by_phone_, phone.str());
    }

    std::optional<user> find_user_by_identity(const std::string& identity) {
        const std::scoped_lock lock(users_mutex_);
        return find_by(by_identity_, identity);
    }

    bool insert_session(const session& s) {
        const std::scoped_lock lock(sessions_mutex_);
        for (int i = 0; i < sweep; ++i)
            if (const auto* key = sessions_.first_expired(s.created_at)) forget(*sessions_.find(*key));
        check(sessions_.size(), limits_.sessions);
        const auto* added = sessions_.insert(s.token_hash, s, s.expires_at);
        if (!added) return false;
        try {
            sessions_of_[s.user_id].insert(added->token_hash);
        } catch (...) {
            forget(*added);
            throw;
        }
        return true;
    }

    std::optional<session> find_session(const std::string& token_hash) {
        const std::scoped_lock lock(sessions_mutex_);
        const auto* found = sessions_.find(token_hash);
        return found ? std::optional(*found) : std::nullopt;
    }

    bool erase_session(const std::string& token_hash) {
        const std::scoped_lock lock(sessions_mutex_);
        const auto* found = sessions_.find(token_hash);
        if (found) forget(*found);
        return found != nullptr;
    }

    std::size_t erase_sessions_of(const std::string& user_id, const std::string& kept) {
        const std::scoped_lock lock(sessions_mutex_);
        const auto found = sessions_of_.find(user_id);
        if (found == sessions_of_.end()) return 0;
        auto& tokens = found->second;
        const auto before = tokens.size();
        for (auto token = tokens.begin(); token != tokens.end();) {
            if (*token == kept) {
                ++token;
                continue;
            }
            const auto ended = *token;
            token = tokens.erase(token);
            sessions_.erase(ended);
        }
        const auto after = tokens.size();
        if (after == 0) sessions_of_.erase(found);
        return before - after;
    }

    std::vector<counter> change_counters(const std::vector<counter_change>& changes) {
        std::vector<counter> changed;
        changed.reserve(changes.size());
        const std::scoped_lock lock(counters_mutex_);
        for (const auto& change : changes) changed.push_back(change_counter(change));
        return changed;
    }
    ///@}

private:
    counter change_counter(const counter_change& change) {
        const auto sum = [&](std::int64_t value) {
            constexpr auto most = std::numeric_limits<std::int64_t>::max();
            if (change.by > 0 && value > most - change.by) return most;
            return std::max<std::int64_t>(value + change.by, 0);
        };
        if (auto* c = counters_.find(change.key); c && c->expires_at > change.now) {
            const auto end =
                change.prolong && change.by > 0 ? std::max(c->expires_at, change.now + change.lifetime) : c->expires_at;
            const counter changed{sum(c->value), end};
            if (changed.value == 0) {
                counters_.erase(change.key);
            } else {
                counters_.expire_at(change.key, end);
                *c = changed;
            }
            return changed;
        } else if (c) {
            counters_.erase(change.key);
        }
        const counter fresh{sum(0), change.now + change.lifetime};
        if (fresh.value == 0) return fresh;
        for (int i = 0; i < sweep; ++i)
            if (const auto* key = counters_.first_expired(change.now)) counters_.erase(*key);
        check(counters_.size(), limits_.counters);
        counters_.insert(change.key, fresh, fresh.expires_at);
        return fresh;
    }

    using user_index = detail::string_map<user*>;

    /// How many expired entries one insertion drops: more than it adds, so that they cannot pile up.
    static constexpr int sweep = 2;

    static void check(std::size_t size, std::size_t limit) {
        if (size >= limit) throw std::length_error("phoneauth: the memory storage is full");
    }

    static bool is_of_another(const user_index& index, std::string_view key, const user& u) {
        const auto found = index.find(key);
        return found != index.end() && found->second != &u;
    }

    /// Cannot fail: it takes a node out and puts it back under another key.
    static void rename(user_index& index, std::string_view from, std::string&& to) {
        if (from == to) return;
        auto node = index.extract(index.find(from));
        node.key() = std::move(to);
        index.insert(std::move(node));
    }

    static std::optional<user> find_by(const user_index& index, std::string_view key) {
        const auto found = index.find(key);
        return found == index.end() ? std::nullopt : std::optional(*found->second);
    }

    void forget(const session& s) {
        if (const auto found = sessions_of_.find(s.user_id); found != sessions_of_.end()) {
            found->second.erase(s.token_hash);
            if (found->second.empty()) sessions_of_.erase(found);
        }
        sessions_.erase(s.token_hash);
    }

    const memory_limits limits_{};

    std::mutex transactions_mutex_;
    detail::expiring_map<transaction> transactions_;

    std::mutex users_mutex_;
    detail::string_map<user> users_;
    user_index by_phone_;
    user_index by_identity_;

    std::mutex sessions_mutex_;
    detail::expiring_map<session> sessions_;
    detail::string_map<std::unordered_set<std::string_view>> sessions_of_;  // user → hashes, which point into sessions_

    std::mutex counters_mutex_;
    detail::expiring_map<counter> counters_;
};

static_assert(Storage<memory_storage>);

}  // namespace v0
}  // namespace phoneauth

#endif
