// EXPECT: phoneauth: this PasswordHasher's decoy is not `result<bool> decoy\(const std::string&\)`
// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/testing/archetypes.hpp>

using namespace phoneauth;

struct hasher : testing::password_hasher_archetype {
    void decoy(const std::string&) {}
};

static_assert(detail::check_password_hasher<hasher>());
