// EXPECT: phoneauth: this Storage lacks `bool update_transaction\(const transaction&\)`
// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/testing/archetypes.hpp>

using namespace phoneauth;

struct transactions {
    bool insert_transaction(const transaction&) { return false; }
    std::optional<transaction> find_transaction(const std::string&) { return {}; }
};
struct storage : transactions,
                 testing::user_storage_archetype,
                 testing::session_storage_archetype,
                 testing::cell_storage_archetype {};

static_assert(detail::check_storage<storage>());
