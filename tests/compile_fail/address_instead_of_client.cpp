// EXPECT: (could not convert|cannot convert|no known conversion).*client_info
// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/phoneauth.hpp>
#include <phoneauth/testing/archetypes.hpp>

using namespace phoneauth;

void log_in(testing::storage_archetype& storage, testing::http_transport_archetype& transport,
            const std::string& address) {
    authenticator auth(config(), storage, transport);
    (void)auth.start_login("+14155550100", address);
}
