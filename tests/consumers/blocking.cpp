// SPDX-License-Identifier: BSL-1.0
// A consumer of the blocking mode: somebody registers.
#ifdef CONSUMER_OF_THE_MODULE
import phoneauth;
#else
#include <phoneauth/phoneauth.hpp>
#if __has_include(<phoneauth/storage/memory.hpp>)  // the single header has them already
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/scripted_transport.hpp>
#endif
#endif

int main() {
    phoneauth::config c;
    c.twilio.account_sid = "AC00000000000000000000000000000000";
    c.twilio.auth_token = "not-a-real-token";
    c.twilio.sender = "+15005550006";
    phoneauth::memory_storage storage;
    phoneauth::testing::scripted_transport transport;
    phoneauth::authenticator auth(c, storage, transport);

    const auto started = auth.start_registration("+14155550100");
    if (!started) return 1;
    phoneauth::registration r;
    r.transaction_id = started->transaction_id;
    r.code = phoneauth::submitted_code(transport.last_code());
    r.phone = "+14155550100";
    r.identity = "ada@example.com";
    r.password = phoneauth::password("correct horse battery");
    return auth.finish_registration(r) ? 0 : 2;
}
