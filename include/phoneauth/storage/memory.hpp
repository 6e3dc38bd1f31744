// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_MEMORY_HPP
#define PHONEAUTH_STORAGE_MEMORY_HPP

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <phoneauth/detail/config.hpp>
#include <phoneauth/policies.hpp>
#include <phoneauth/storage/detail/expiring_table.hpp>
#include <phoneauth/storage/detail/seeded_hash.hpp>
#include <phoneauth/storage/detail/transaction_table.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

template <class T>
using string_map = std::unordered_map<std::string, T, seeded_hash, std::equal_to<>>;

/// A session, in the list of those that its user has.
struct stored_session {
    session value{};
    stored_session* before = nullptr;
    stored_session* after = nullptr;

    bool has_key(std::string_view token_hash) const noexcept { return value.token_hash == token_hash; }
};

/// The key of a cell, which is over at the time that it stands for.
struct stored_cell {
    std::string key{};

    bool has_key(std::string_view k) const noexcept { return key == k; }
};

}  // namespace detail

/// How many records a `memory_storage` holds at most, so that strangers cannot exhaust the server's memory.
struct memory_limits {
    std::size_t transactions = 1'000'000;  ///< of about 170 bytes each
    std::size_t sessions = 1'000'000;      ///< of about 800 bytes each
    std::size_t cells = 1'000'000;         ///< of about 150 bytes each
};

/// How many records a `memory_storage` holds.
struct memory_counts {
    std::size_t transactions = 0;  ///< codes that were sent, kept `transaction_retention` past their end
    std::size_t users = 0;         ///< of whom there may be any number
    std::size_t sessions = 0;      ///< trusted devices included
    std::size_t cells = 0;         ///< what the limits remember
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
/// Shared objects are safe. Transactions are in 16 tables with a mutex each. No function blocks for longer than a few
/// look-ups, but one in so many insertions waits for a table that grows: for some 10 ms at a million sessions or cells.
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

    /// How many records it holds, for monitoring. What is over counts until it is dropped.
    PHONEAUTH_DECL memory_counts count() const;

private:
    using user_index = detail::string_map<user*>;
    using session_table = detail::expiring_table<detail::stored_session>;
    using cell_table = detail::expiring_table<detail::stored_cell>;

    /// How many expired entries one insertion drops: more than it adds, so that they cannot pile up.
    static constexpr std::size_t sweep = 2;

    PHONEAUTH_DECL static void check(std::size_t size, std::size_t limit);
    PHONEAUTH_DECL static bool is_of_another(const user_index& index, std::string_view key, const user& u);
    /// Cannot fail: it takes a node out and puts it back under another key.
    PHONEAUTH_DECL static void rename(user_index& index, std::string_view from, std::string&& to);
    PHONEAUTH_DECL static std::optional<user> find_by(const user_index& index, std::string_view key);
    PHONEAUTH_DECL session_table::entry* find(std::string_view token_hash);
    PHONEAUTH_DECL void forget(session_table::entry& ended);

    const memory_limits limits_{};
    const detail::seeded_hash hash_{};

    detail::transaction_table transactions_{limits_.transactions};

    mutable std::mutex users_mutex_;
    detail::string_map<user> users_;
    user_index by_phone_;
    user_index by_identity_;

    mutable std::mutex sessions_mutex_;
    session_table sessions_;
    detail::string_map<detail::stored_session*> sessions_of_;  // user → the first of theirs, in sessions_

    mutable std::mutex cells_mutex_;
    cell_table cells_;
};

static_assert(Storage<memory_storage>);

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/storage/memory.ipp>
#endif

#endif
