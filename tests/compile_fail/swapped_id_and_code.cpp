// EXPECT: (could not convert|cannot convert|no known conversion).*(transaction_id|submitted_code)
// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/phoneauth.hpp>
#include <phoneauth/testing/archetypes.hpp>

using namespace phoneauth;

void log_in(testing::storage_archetype& storage, testing::http_transport_archetype& transport, const challenge& sent,
            const submitted_code& code) {
    authenticator auth(config(), storage, transport);
    (void)auth.finish_login(transaction_id(code), submitted_code(sent.transaction_id));
}
