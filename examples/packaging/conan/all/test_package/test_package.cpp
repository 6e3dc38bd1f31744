#include <phoneauth/console_transport.hpp>
#include <phoneauth/phoneauth.hpp>
#include <phoneauth/storage/memory.hpp>

int main() {
    phoneauth::config config;
    config.twilio.account_sid = "AC00000000000000000000000000000000";
    config.twilio.auth_token = "not a real token";
    config.twilio.sender = "+15005550006";
    phoneauth::memory_storage storage;
    phoneauth::console_transport transport;  // prints the message
    phoneauth::authenticator auth(config, storage, transport);
    return auth.start_registration("+14155550100") ? 0 : 1;
}
