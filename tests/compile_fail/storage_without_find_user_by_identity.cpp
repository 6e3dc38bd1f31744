// EXPECT: phoneauth: this Storage lacks `std::optional<user> find_user_by_identity\(const std::string&\)`
// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/testing/archetypes.hpp>

using namespace phoneauth;

struct users {
    user_write insert_user(const user&) { return user_write::done; }
    user_write update_user(const user&) { return user_write::stale; }
    std::optional<user> find_user(const std::string&) { return {}; }
    std::optional<user> find_user_by_phone(const phone_number&) { return {}; }
};
struct storage : transaction_storage_archetype, users, session_storage_archetype, counter_storage_archetype {};

static_assert(detail::check_storage<storage>());
