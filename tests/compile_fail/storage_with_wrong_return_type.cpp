// EXPECT: phoneauth: this Storage lacks `user_write update_user\(const user&\)`
// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/testing/archetypes.hpp>

using namespace phoneauth;

struct users : user_storage_archetype {
    bool update_user(const user&) { return true; }
};
struct storage : transaction_storage_archetype, users, session_storage_archetype, counter_storage_archetype {};

static_assert(detail::check_storage<storage>());
