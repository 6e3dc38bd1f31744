// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/testing/archetypes.hpp>

using namespace phoneauth;

// That a policy without a function is refused, and with which words, is tested in tests/compile_fail.
static_assert(detail::check_storage<testing::storage_archetype>());
static_assert(detail::check_transport<testing::http_transport_archetype>());
static_assert(detail::check_clock<testing::clock_archetype>());
static_assert(detail::check_clock<system_clock>());
static_assert(detail::check_password_hasher<testing::password_hasher_archetype>());
static_assert(detail::check_hooks<testing::hooks_archetype>());
static_assert(detail::check_hooks<no_hooks>());

static_assert(!Storage<testing::transaction_storage_archetype>);
static_assert(!UserStorage<testing::session_storage_archetype>);
static_assert(!CellStorage<testing::session_storage_archetype>);

namespace {
struct own_hooks : no_hooks {
    result<void> before_login(const user& u) const {
        if (!u.enabled) return error::account_disabled;
        return {};
    }
};
static_assert(Hooks<own_hooks>);
}  // namespace

BOOST_AUTO_TEST_SUITE(policies_)

BOOST_AUTO_TEST_CASE(system_clock_tells_the_time_in_milliseconds) {
    const auto before = std::chrono::system_clock::now() - std::chrono::milliseconds(1);
    const auto now = system_clock().now();
    BOOST_TEST((before <= now && now <= std::chrono::system_clock::now()));
}

BOOST_AUTO_TEST_CASE(no_hooks_let_everything_pass) {
    user u{"A", *phone_number::parse("+14155550100"), "ann@example.com", ""};
    own_hooks h;
    BOOST_TEST(h.before_registration(u).has_value());
    BOOST_TEST(h.after_registration(u).has_value());
    BOOST_TEST(h.before_login(u).has_value());
    BOOST_TEST(h.after_login(u).has_value());
    u.enabled = false;
    BOOST_TEST(!h.before_login(u).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
