// EXPECT: phoneauth: this PasswordHasher lacks `result<bool> verify\(const std::string&, const std::string&\)`
// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/testing/archetypes.hpp>

using namespace phoneauth;

struct hasher {
    result<std::string> hash(const std::string&) { return error::internal; }
};

static_assert(detail::check_password_hasher<hasher>());
