// SPDX-License-Identifier: BSL-1.0
// A whole login in process (start and finish; memory storage, a transport that accepts at once) against its crypto
// floor: the random bytes, MACs and hashes that no implementation of these rules can do without, measured in the same
// run. Two floors for the same bytes: with OpenSSL's one-shot functions, which is how most programs call them, and with
// everything that can be reused reused (a pool of random bytes, keyed contexts).
//
//     bench_flow [--short]                              (--short: only to see that it works)
//     bench_flow work login|one-shot|reused COUNT       one of them: for a profiler

#include <phoneauth/phoneauth.hpp>
#include <phoneauth/secrets/code.hpp>
#include <phoneauth/secrets/random.hpp>
#include <phoneauth/secrets/token.hpp>
#include <phoneauth/storage/memory.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <chrono>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "measure.hpp"

// ---- How often memory is allocated, by C++ and by OpenSSL ----

namespace {
std::size_t allocations = 0;
}

// Not inlined, or g++ takes malloc for the operator new that it pairs with delete.
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++allocations;
    if (auto* p = std::malloc(size)) return p;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept {
    std::free(p);
}
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}

using namespace phoneauth;
using namespace bench;

namespace {

void count_allocations_of_openssl() {
    const auto allocate = [](std::size_t size, const char*, int) {
        ++allocations;
        return std::malloc(size);
    };
    const auto reallocate = [](void* p, std::size_t size, const char*, int) {
        ++allocations;
        return std::realloc(p, size);
    };
    const auto release = [](void* p, const char*, int) { std::free(p); };
    if (CRYPTO_set_mem_functions(allocate, reallocate, release) != 1) std::abort();
}

struct null_transport {
    std::string last;
    result<http_response> send(const http_request& request) {
        last = request.body;
        return http_response{201, {}, R"({"sid":"SM00000000000000000000000000000000","status":"queued"})"};
    }
    std::string code() const { return last.substr(last.find("Body=") + 5, 6); }
};

config settings() {
    config c;
    c.twilio.account_sid = "AC00000000000000000000000000000000";
    c.twilio.auth_token = "token";
    c.twilio.sender = "+15005550006";
    c.max_sends_per_hour = 10'000'000;  // counted as by default
    return c;
}

/// A server with as many users, each of whom logs in once.
class logins {
public:
    explicit logins(unsigned users) : auth_(settings(), storage_, transport_) {
        for (unsigned i = 0; i < users; ++i) {
            phones_.push_back("+1415" + std::to_string(5'000'000 + i));
            user u{.object_id = std::to_string(i),
                   .phone = *phone_number::parse(phones_.back()),
                   .identity = phones_.back(),
                   .password_hash = {}};
            storage_.insert_user(u);
        }
        next_ = phones_.begin();
    }

    void operator()() {
        auto started = auth_.start_login(*next_++);
        auto done = auth_.finish_login(started->transaction_id, submitted_code(transport_.code()));
        if (!done) std::abort();
    }

private:
    memory_storage storage_;
    null_transport transport_;
    authenticator<memory_storage, null_transport> auth_;
    std::vector<std::string> phones_;
    std::vector<std::string>::iterator next_;
};

class reused_floor {
public:
    void operator()() {
        fill();                   // transaction id
        sink_ = mac_(code_)[0];   // the code that is sent
        sink_ = mac_(code_)[0];   // the code that is compared
        fill();                   // session token
        sink_ = sha_(token_)[0];  // what is stored of it
    }

private:
    void fill() {
        if (!random_.fill({bytes_, 16})) std::abort();
    }
    random_source random_;
    detail::hmac_sha256 mac_{std::string(32, 'k')};
    detail::sha256 sha_;
    const std::string token_ = std::string(36, 'A'), code_ = std::string(60, 'x');
    unsigned char bytes_[32];
    volatile unsigned char sink_ = 0;
};

class one_shot_floor {
public:
    void operator()() {
        unsigned size = 0;
        if (RAND_bytes(bytes_, 16) != 1) std::abort();
        for (int i = 0; i < 2; ++i)
            HMAC(EVP_sha256(), "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", 32,
                 reinterpret_cast<const unsigned char*>(code_.data()), code_.size(), bytes_, &size);
        if (RAND_bytes(bytes_, 16) != 1) std::abort();
        EVP_Digest(token_.data(), token_.size(), bytes_, &size, EVP_sha256(), nullptr);
        sink_ = bytes_[0];
    }

private:
    const std::string token_ = std::string(36, 'A'), code_ = std::string(60, 'x');
    unsigned char bytes_[32];
    volatile unsigned char sink_ = 0;
};

/// What one of `count` calls of `f` takes.
struct cost {
    series nanoseconds, allocated;

    template <class F>
    void measure(unsigned count, F&& f) {
        const auto before = allocations;
        const auto begin = std::chrono::steady_clock::now();
        for (unsigned i = 0; i < count; ++i) f();
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
        nanoseconds.add(took.count() / count);
        allocated.add(static_cast<double>(allocations - before) / count);
    }
};

int work(const std::string& what, unsigned count) {
    cost ignored;
    if (what == "login") {
        // So many users in any case: what is to be told apart is the logins.
        logins all(20'000);
        ignored.measure(count, all);
    } else if (what == "reused") {
        ignored.measure(count, reused_floor());
    } else {
        ignored.measure(count, one_shot_floor());
    }
    return 0;
}

series instructions_of(const char* what) {
    series s;
    if (const auto n = instructions({"work", what}, 4000)) s.add(*n);
    return s;
}

}  // namespace

int main(int argc, char** argv) {
    count_allocations_of_openssl();
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() == 3 && arguments[0] == "work")
        return work(arguments[1], static_cast<unsigned>(std::stoul(arguments[2])));
    const bool is_short = !arguments.empty() && arguments[0] == "--short";
    const unsigned count = is_short ? 20 : 2000, rounds = is_short ? 1 : 15;

    cost login, one_shot, reused;
    reused_floor reusing;
    for (unsigned round = 0; round < rounds; ++round) {
        logins all(count);
        login.measure(count, all);
        reused.measure(count, reusing);
        one_shot.measure(count, one_shot_floor());
    }
    const std::string name = "login in process (start and finish)";
    const std::string one_shot_name = "crypto floor, OpenSSL's one-shot calls";
    const std::string reused_name = "crypto floor, contexts and pool reused";
    print_row(name, "ns", login.nanoseconds, one_shot_name, one_shot.nanoseconds);
    print_row(name, "ns", login.nanoseconds, reused_name, reused.nanoseconds);
    print_row(name, "allocations", login.allocated, one_shot_name, one_shot.allocated);
    if (is_short) return 0;
    const auto counted = instructions_of("login");
    if (counted.empty()) return 0;
    print_row(name, "instructions", counted, one_shot_name, instructions_of("one-shot"));
    print_row(name, "instructions", counted, reused_name, instructions_of("reused"));
    return 0;
}
