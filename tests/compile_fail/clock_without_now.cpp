// EXPECT: phoneauth: this Clock lacks `time_point now\(\) const`
// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/testing/archetypes.hpp>

using namespace phoneauth;

struct stopped_clock {
    time_point now() { return {}; }  // not const
};

static_assert(detail::check_clock<stopped_clock>());
