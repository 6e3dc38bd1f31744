// EXPECT: phoneauth: this Storage lacks `write_result update_user\(const user&\)`
// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/testing/archetypes.hpp>

using namespace phoneauth;

struct users : testing::user_storage_archetype {
    bool update_user(const user&) { return true; }
};
struct storage : testing::transaction_storage_archetype,
                 users,
                 testing::session_storage_archetype,
                 testing::cell_storage_archetype {};

static_assert(detail::check_storage<storage>());
