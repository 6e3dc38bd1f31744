// SPDX-License-Identifier: BSL-1.0
// A whole login in process (start and finish; memory storage, a transport that accepts at once) against its crypto
// floor: the random bytes, MACs and hashes that no implementation of these rules can do without, measured in the same
// run.
//
//     bench_flow [--short]     (--short: only to see that it works)

#include <phoneauth/phoneauth.hpp>
#include <phoneauth/secrets/code.hpp>
#include <phoneauth/secrets/random.hpp>
#include <phoneauth/secrets/token.hpp>
#include <phoneauth/storage/memory.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace phoneauth;

namespace {

struct null_transport {
    std::string last;
    result<http_response> send(const http_request& request) {
        last = request.body;
        return http_response{201, {}, R"({"sid":"SM00000000000000000000000000000000","status":"queued"})"};
    }
    std::string code() const { return last.substr(last.find("Body=") + 5, 6); }
};

/// Nanoseconds for one of `count` calls of `f`.
template <class F>
double time_of(int count, F f) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) f();
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() / count;
}

double median(std::vector<double> v) {
    std::sort(v.begin(), v.end());
    return v[v.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    const bool shortened = argc > 1 && std::string_view(argv[1]) == "--short";
    const int logins_per_round = shortened ? 20 : 2000;
    const int rounds = shortened ? 1 : 15;
    config c;
    c.twilio.account_sid = "AC00000000000000000000000000000000";
    c.twilio.auth_token = "token";
    c.twilio.sender = "+15005550006";
    c.max_sends_per_hour = 10'000'000;  // counted as by default

    // Two floors for the same bytes: with everything that can be reused reused (a pool of random bytes, keyed
    // contexts), and with OpenSSL's one-shot functions, which is how most programs call them.
    random_source random;
    detail::hmac_sha256 mac(std::string(32, 'k'));
    detail::sha256 sha;
    const std::string token(36, 'A');
    const std::string code_input(60, 'x');
    unsigned char bytes[32];
    volatile unsigned char sink = 0;
    const auto floor_reused = [&] {
        if (!random.fill({bytes, 16})) std::abort();  // transaction id
        sink = mac(code_input)[0];                    // the code that is sent
        sink = mac(code_input)[0];                    // the code that is compared
        if (!random.fill({bytes, 16})) std::abort();  // session token
        sink = sha(token)[0];                         // what is stored of it
    };
    const auto floor_one_shot = [&] {
        unsigned size = 0;
        if (RAND_bytes(bytes, 16) != 1) std::abort();
        for (int i = 0; i < 2; ++i)
            HMAC(EVP_sha256(), "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", 32,
                 reinterpret_cast<const unsigned char*>(code_input.data()), code_input.size(), bytes, &size);
        if (RAND_bytes(bytes, 16) != 1) std::abort();
        EVP_Digest(token.data(), token.size(), bytes, &size, EVP_sha256(), nullptr);
        sink = bytes[0];
    };

    std::vector<double> flow, reused, one_shot, ratio_reused, ratio_one_shot;
    for (int round = 0; round < rounds; ++round) {
        memory_storage storage;
        null_transport transport;
        authenticator auth(c, storage, transport);
        std::vector<std::string> phones;
        for (int i = 0; i < logins_per_round; ++i) {
            phones.push_back("+1415" + std::to_string(5'000'000 + i));
            user u{.object_id = std::to_string(i),
                   .phone = *phone_number::parse(phones.back()),
                   .identity = phones.back(),
                   .password_hash = {}};
            storage.insert_user(u);
        }
        auto next = phones.begin();
        flow.push_back(time_of(logins_per_round, [&] {
            auto started = auth.start_login(*next++);
            auto done = auth.finish_login(started->transaction_id, submitted_code(transport.code()));
            if (!done) std::abort();
        }));
        reused.push_back(time_of(logins_per_round, floor_reused));
        one_shot.push_back(time_of(logins_per_round, floor_one_shot));
        ratio_reused.push_back(flow.back() / reused.back());
        ratio_one_shot.push_back(flow.back() / one_shot.back());
    }
    std::printf("login in process (start + finish), median of %d rounds of %d\n", rounds, logins_per_round);
    std::printf("  %-52s %8.0f ns\n", "flow", median(flow));
    std::printf("  %-52s %8.0f ns   flow is %.2f times that\n", "crypto floor, OpenSSL's one-shot functions",
                median(one_shot), median(ratio_one_shot));
    std::printf("  %-52s %8.0f ns   flow is %.2f times that\n", "crypto floor, contexts and random pool reused",
                median(reused), median(ratio_reused));
}
