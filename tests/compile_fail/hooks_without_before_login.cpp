// EXPECT: phoneauth: these Hooks lack `result<void> before_login\(const user&\)`.*derive from no_hooks
// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/testing/archetypes.hpp>

using namespace phoneauth;

struct hooks {
    result<void> before_registration(user&) { return {}; }
    result<void> after_registration(const user&) { return {}; }
    result<void> after_login(const user&) { return {}; }
};

static_assert(detail::check_hooks<hooks>());
