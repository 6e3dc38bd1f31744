// EXPECT: phoneauth: this Storage lacks `cell_answer take_cells\(const cell_batch&\)`
// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/testing/archetypes.hpp>

using namespace phoneauth;

struct storage : testing::transaction_storage_archetype,
                 testing::user_storage_archetype,
                 testing::session_storage_archetype {};

static_assert(detail::check_storage<storage>());
