// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_LONG_SUPPORT_HPP
#define PHONEAUTH_TESTS_LONG_SUPPORT_HPP

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include <phoneauth/phoneauth.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/storage/postgres.hpp>
#include <phoneauth/storage/redis.hpp>
#include <phoneauth/storage/sqlite.hpp>

#include "tally.hpp"

// What the proofs, and the benchmark of storages, have in common: a provider that accepts everything, and cheap
// passwords.

namespace proofs {

using namespace phoneauth;

/// Accepts every message and hands out the code of the last one that this thread has sent.
struct handing_transport {
    static inline thread_local std::string last_code;

    result<http_response> send(const http_request& request) {
        last_code = request.body.substr(request.body.find("Body=") + 5, 6);
        return http_response{201, {}, R"({"sid":"SM00000000000000000000000000000000","status":"queued"})"};
    }
};

/// Passwords that cost nothing: scrypt would hide the storage.
struct cheap_passwords {
    result<std::string> hash(const std::string& password) const { return "cheap:" + password; }
    result<bool> verify(const std::string& password, const std::string& hash) const {
        return hash == "cheap:" + password;
    }
};

/// One configuration for all processes, with one key.
inline config shared_config() {
    config c;
    c.twilio.account_sid = "AC" + std::string(32, '0');
    c.twilio.auth_token = "not-a-real-token";
    c.twilio.sender = "+15005550006";
    c.code_keys = {{"k1", std::string(32, 'k')}};
    c.phone_cooldown = std::chrono::seconds(0);
    c.max_sends_per_phone_and_hour = 100;
    c.max_sends_per_phone_and_day = 1000;
    c.max_sends_per_hour = 0;
    return c;
}

/// A real authenticator over `S`, with everything else in process.
template <class S>
struct server {
    explicit server(S& storage, const config& c = shared_config()) : auth(c, storage, transport, passwords) {}

    handing_transport transport;
    cheap_passwords passwords;
    authenticator<S, handing_transport, cheap_passwords> auth;
};

/// Phones and emails of this run alone, though the database may know those of other runs.
class names {
public:
    std::string phone(unsigned kind, unsigned n) const {
        char text[32];
        std::snprintf(text, sizeof text, "+999%05u%u%06u", run_, kind % 10, n % 1000000);
        return text;
    }
    std::string email(unsigned kind, unsigned n) const {
        return "run" + std::to_string(run_) + '-' + std::to_string(kind) + '-' + std::to_string(n) + "@example.com";
    }

private:
    unsigned run_ = std::random_device()() % 100000;
};

/// The URL of a server for tests; empty if there is none.
inline std::string url_of(const char* variable) {
    const char* url = std::getenv(variable);
    return url ? url : "";
}

}  // namespace proofs

#endif
