// EXPECT: phoneauth: this Storage lacks `bool erase_user\(const std::string&\)`
// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/testing/archetypes.hpp>

using namespace phoneauth;

struct users {
    write_result insert_user(const user&) { return write_result::done; }
    write_result update_user(const user&) { return write_result::stale; }
    std::optional<user> find_user(const std::string&) { return {}; }
    std::optional<user> find_user_by_phone(const phone_number&) { return {}; }
    std::optional<user> find_user_by_identity(const std::string&) { return {}; }
};
struct storage : testing::transaction_storage_archetype,
                 users,
                 testing::session_storage_archetype,
                 testing::cell_storage_archetype {};

static_assert(detail::check_storage<storage>());
