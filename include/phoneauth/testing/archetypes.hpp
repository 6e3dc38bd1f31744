// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_ARCHETYPES_HPP
#define PHONEAUTH_TESTING_ARCHETYPES_HPP

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <phoneauth/policies.hpp>

// The least that each policy needs, to copy and fill in. They compile, and do nothing. What each function has to
// guarantee stands at its concept in policies.hpp; testing/storage_suite.hpp tests it. Any function may return an
// awaitable of the type shown.

namespace phoneauth {
inline namespace v0 {
namespace testing {

// Not in the reference: this is code to copy, and its functions are described at the concepts.
/// @cond

/// The least TransactionStorage.
//[transaction_storage
struct transaction_storage_archetype {
    bool insert_transaction(const transaction&) { return false; }
    std::optional<transaction> find_transaction(const std::string& /*id*/) { return {}; }
    bool update_transaction(const transaction&) { return false; }
};
//]

/// The least UserStorage.
//[user_storage
struct user_storage_archetype {
    write_result insert_user(const user&) { return write_result::done; }
    write_result update_user(const user&) { return write_result::stale; }
    bool erase_user(const std::string& /*object_id*/) { return false; }
    std::optional<user> find_user(const std::string& /*object_id*/) { return {}; }
    std::optional<user> find_user_by_phone(const phone_number&) { return {}; }
    std::optional<user> find_user_by_identity(const std::string& /*identity*/) { return {}; }
};
//]

/// The least SessionStorage.
//[session_storage
struct session_storage_archetype {
    bool insert_session(const session&) { return false; }
    std::optional<session> find_session(const std::string& /*token_hash*/) { return {}; }
    std::vector<session> find_sessions_of(const std::string& /*user_id*/) { return {}; }
    bool update_session(const session&) { return false; }
    bool erase_session(const std::string& /*token_hash*/) { return false; }
    std::size_t erase_sessions_of(const std::string& /*user_id*/, const std::string& /*kept*/) { return 0; }
};
//]

/// The least CellStorage.
//[cell_storage
struct cell_storage_archetype {
    cell_answer take_cells(const cell_batch& batch) {
        return decide(batch, std::array<time_point, 1 + cell_batch::most>());
    }
};
//]

/// The least Storage: all four parts in one.
struct storage_archetype : transaction_storage_archetype,
                           user_storage_archetype,
                           session_storage_archetype,
                           cell_storage_archetype {};

/// The least HttpTransport.
//[http_transport
struct http_transport_archetype {
    result<http_response> send(const http_request&) { return error::connect_failed; }
};
//]

/// The least Clock.
//[clock
struct clock_archetype {
    time_point now() const { return {}; }
};
//]

/// The least PasswordHasher.
//[password_hasher
struct password_hasher_archetype {
    result<std::string> hash(const std::string& /*password*/) { return error::internal; }
    result<bool> verify(const std::string& /*password*/, const std::string& /*hash*/) { return false; }
};
//]

/// The least Hooks.
//[hooks
struct hooks_archetype {
    result<void> before_registration(user&) { return {}; }
    result<void> after_registration(const user&) { return {}; }
    result<void> before_login(const user&) { return {}; }
    result<void> after_login(const user&) { return {}; }
    result<void> before_update(const user& /*before*/, user& /*changed*/) { return {}; }
    result<void> after_update(const user& /*before*/, const user& /*changed*/) { return {}; }
    result<void> before_deletion(const user&) { return {}; }
    result<void> after_deletion(const user&) { return {}; }
    result<void> before_message(code_message&) { return {}; }
    result<void> password_allowed(const std::string& /*password*/, const user&) { return {}; }
};
//]

/// @endcond

static_assert(TransactionStorage<transaction_storage_archetype>);
static_assert(UserStorage<user_storage_archetype>);
static_assert(SessionStorage<session_storage_archetype>);
static_assert(CellStorage<cell_storage_archetype>);
static_assert(Storage<storage_archetype>);
static_assert(HttpTransport<http_transport_archetype>);
static_assert(Clock<clock_archetype>);
static_assert(PasswordHasher<password_hasher_archetype>);
static_assert(Hooks<hooks_archetype>);

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
