// EXPECT: phoneauth: this Storage lacks `std::vector<session> find_sessions_of\(const std::string&\)`
// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/testing/archetypes.hpp>

using namespace phoneauth;

struct sessions {
    bool insert_session(const session&) { return false; }
    std::optional<session> find_session(const std::string&) { return {}; }
    bool update_session(const session&) { return false; }
    bool erase_session(const std::string&) { return false; }
    std::size_t erase_sessions_of(const std::string&, const std::string&) { return 0; }
};
struct storage : testing::transaction_storage_archetype,
                 testing::user_storage_archetype,
                 sessions,
                 testing::cell_storage_archetype {};

static_assert(detail::check_storage<storage>());
