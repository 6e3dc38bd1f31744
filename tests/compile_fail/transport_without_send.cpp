// EXPECT: phoneauth: this HttpTransport lacks `result<http_response> send\(const http_request&\)`
// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/testing/archetypes.hpp>

using namespace phoneauth;

struct transport {
    http_response send(const http_request&) { return {}; }  // without result
};

static_assert(detail::check_transport<transport>());
