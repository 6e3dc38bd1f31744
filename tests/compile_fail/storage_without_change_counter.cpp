// EXPECT: phoneauth: this Storage lacks `counter change_counter\(const counter_change&\)`
// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/testing/archetypes.hpp>

using namespace phoneauth;

struct storage : transaction_storage_archetype, user_storage_archetype, session_storage_archetype {};

static_assert(detail::check_storage<storage>());
