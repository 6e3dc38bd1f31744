// EXPECT: phoneauth: this Storage lacks `bool update_transaction\(const transaction&\)`
// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/testing/archetypes.hpp>

using namespace phoneauth;

struct transactions {
    bool insert_transaction(const transaction&) { return false; }
    std::optional<transaction> find_transaction(const std::string&) { return {}; }
};
struct storage : transactions, user_storage_archetype, session_storage_archetype, counter_storage_archetype {};

static_assert(detail::check_storage<storage>());
