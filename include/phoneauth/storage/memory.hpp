// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_MEMORY_HPP
#define PHONEAUTH_STORAGE_MEMORY_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <phoneauth/detail/config.hpp>
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

/// A hash map whose entries expire. Whichever does so first is on top of a heap, so dropping those that are over needs
/// no search. A function that throws has changed nothing.
template <class T>
class expiring_map {
public:
    /// Stays where it is until it is erased.
    struct entry {
        template <class V>
        entry(const V& v, std::size_t at) : value(v), place(at) {}
        T value;
        std::size_t place;  ///< in the heap; not for the user of the map
    };

    /// The entry of that key, or nullptr.
    entry* find(std::string_view key) {
        const auto found = entries_.find(key);
        return found == entries_.end() ? nullptr : &found->second;
    }

    /// Adds an entry; nullptr if there is one of that key.
    template <class V>
    entry* insert(std::string key, const V& value, time_point expires) {
        heap_.push_back({expires, nullptr});
        try {
            const auto [at, added] = entries_.try_emplace(std::move(key), value, heap_.size() - 1);
            if (added) {
                settle(heap_.size() - 1, {expires, &*at});
                return &at->second;
            }
        } catch (...) {
            heap_.pop_back();
            throw;
        }
        heap_.pop_back();
        return nullptr;
    }

    /// Changes when an entry expires.
    void expire_at(entry& e, time_point expires) noexcept { settle(e.place, {expires, heap_[e.place].of}); }

    void erase(entry& e) {
        const auto hole = e.place;
        const auto erased = entries_.find(heap_[hole].of->first);
        const auto last = heap_.back();
        heap_.pop_back();
        if (hole < heap_.size()) settle(hole, last);
        entries_.erase(erased);
    }

    /// The entry that expires first, if it does at or before `now`; else nullptr.
    entry* first_expired(time_point now) {
        return heap_.empty() || heap_.front().expires > now ? nullptr : &heap_.front().of->second;
    }

    std::size_t size() const noexcept { return entries_.size(); }

private:
    struct expiry {
        time_point expires;
        std::pair<const std::string, entry>* of;
    };

    /// Puts `e` where it belongs, from the place `i` on, which is free.
    void settle(std::size_t i, expiry e) noexcept {
        // Most entries have the same lifetime, so that a new one stays at the end.
        for (; i > 0 && e.expires < heap_[(i - 1) / 2].expires; i = (i - 1) / 2) put(i, heap_[(i - 1) / 2]);
        for (std::size_t next = 2 * i + 1; next < heap_.size(); i = next, next = 2 * i + 1) {
            if (next + 1 < heap_.size() && heap_[next + 1].expires < heap_[next].expires) ++next;
            if (e.expires <= heap_[next].expires) break;
            put(i, heap_[next]);
        }
        put(i, e);
    }
    void put(std::size_t i, expiry e) noexcept {
        heap_[i] = e;
        e.of->second.place = i;
    }

    string_map<entry> entries_;
    std::vector<expiry> heap_;  // no entry expires before the one at half its place
};

}  // namespace detail

/// How many records a `memory_storage` holds at most, so that strangers cannot exhaust the server's memory.
struct memory_limits {
    std::size_t transactions = 1'000'000;  ///< of about 500 bytes each
    std::size_t sessions = 1'000'000;      ///< of about 600 bytes each
    std::size_t cells = 1'000'000;         ///< of about 200 bytes each
};

/// A complete Storage in the memory of this process: for tests, and for servers that are a single process and may
/// forget users when they end. Combine it with a storage for the users (storage/combined.hpp) to keep those.
///
/// All functions take constant time (amortised), but for what is erased or expires, which takes logarithmic time, and
/// `find_sessions_of` and `erase_sessions_of`, which are linear in that user's sessions.
/// What has expired is dropped a few records at a time, whenever something is inserted: transactions
/// `transaction_retention` past their `expires_at`, sessions at theirs, cells when they are over.
///
/// @par Errors
/// Inserting beyond a limit throws `std::length_error`, and inserting a user whose `object_id` another one has
/// `std::invalid_argument`. A function that throws, `std::bad_alloc` included, has changed nothing; only
/// `take_cells` may, after a `std::bad_alloc`, have taken the first of its cells.
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
    PHONEAUTH_DECL bool insert_transaction(const transaction& t);
    PHONEAUTH_DECL std::optional<transaction> find_transaction(const std::string& id);
    PHONEAUTH_DECL bool update_transaction(const transaction& t);
    PHONEAUTH_DECL write_result insert_user(const user& u);
    PHONEAUTH_DECL write_result update_user(const user& u);
    PHONEAUTH_DECL bool erase_user(const std::string& object_id);
    PHONEAUTH_DECL std::optional<user> find_user(const std::string& object_id);
    PHONEAUTH_DECL std::optional<user> find_user_by_phone(const phone_number& phone);
    PHONEAUTH_DECL std::optional<user> find_user_by_identity(const std::string& identity);
    PHONEAUTH_DECL bool insert_session(const session& s);
    PHONEAUTH_DECL std::optional<session> find_session(const std::string& token_hash);
    PHONEAUTH_DECL std::vector<session> find_sessions_of(const std::string& user_id);
    PHONEAUTH_DECL bool update_session(const session& s);
    PHONEAUTH_DECL bool erase_session(const std::string& token_hash);
    PHONEAUTH_DECL std::size_t erase_sessions_of(const std::string& user_id, const std::string& kept);
    PHONEAUTH_DECL cell_answer take_cells(const cell_batch& batch);
    ///@}

private:
    using user_index = detail::string_map<user*>;

    /// A session, in the list of those that its user has.
    struct listed_session : session {
        explicit listed_session(const session& s) : session(s) {}
        listed_session* before = nullptr;
        listed_session* after = nullptr;
    };
    using session_map = detail::expiring_map<listed_session>;

    /// How many expired entries one insertion drops: more than it adds, so that they cannot pile up.
    static constexpr std::size_t sweep = 2;

    PHONEAUTH_DECL static void check(std::size_t size, std::size_t limit);
    PHONEAUTH_DECL static bool is_of_another(const user_index& index, std::string_view key, const user& u);
    /// Cannot fail: it takes a node out and puts it back under another key.
    PHONEAUTH_DECL static void rename(user_index& index, std::string_view from, std::string&& to);
    PHONEAUTH_DECL static std::optional<user> find_by(const user_index& index, std::string_view key);
    PHONEAUTH_DECL void forget(session_map::entry& ended);

    const memory_limits limits_{};

    std::mutex transactions_mutex_;
    detail::expiring_map<transaction> transactions_;

    std::mutex users_mutex_;
    detail::string_map<user> users_;
    user_index by_phone_;
    user_index by_identity_;

    std::mutex sessions_mutex_;
    session_map sessions_;
    detail::string_map<listed_session*> sessions_of_;  // user → the first of theirs, in sessions_

    std::mutex cells_mutex_;
    detail::expiring_map<time_point> cells_;
};

static_assert(Storage<memory_storage>);

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/storage/memory.ipp>
#endif

#endif
