// SPDX-License-Identifier: BSL-1.0
// Whatever memory the library gives back holds no secret any more. This program's `free` looks through every block,
// whoever had it: containers, coroutine frames, OpenSSL, simdjson.
//
// What this cannot see, and what therefore is not shown: the stack and registers (short strings and OpenSSL's
// intermediate values live there for the time of a call), and memory that is still in use.
#include "secrets/watch.hpp"

#include <openssl/crypto.h>

#include <phoneauth/phoneauth.hpp>
#include <phoneauth/read_config.hpp>
#include <phoneauth/rest/api.hpp>
#include <phoneauth/rest/objects.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/manual_clock.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include <malloc.h>

using namespace phoneauth;
using namespace std::chrono_literals;

using secrets::can_watch;
using secrets::check_clean;
using secrets::watch;
using secrets::watched;

constinit watch secrets::watched;

#ifndef PHONEAUTH_TESTS_SANITIZED
extern "C" {
void __libc_free(void*);
void* __libc_malloc(std::size_t);

void free(void* block) {
    if (block) watched.look(block, ::malloc_usable_size(block));
    __libc_free(block);
}

void* realloc(void* block, std::size_t size) {
    if (!block) return __libc_malloc(size);
    if (size == 0) return free(block), nullptr;
    void* moved = __libc_malloc(size);
    if (!moved) return nullptr;
    std::memcpy(moved, block, std::min(size, ::malloc_usable_size(block)));
    free(block);
    return moved;
}
}
#endif

namespace {

// The secrets. They are never in a std::string of the test for longer than a call: what a caller does with his copies
// is his business.
constexpr const char* long_password = "Correct-Horse-Battery-Staple-0123456789";
constexpr const char* short_password = "Xyzzy7Plugh";  // fits into a std::string itself
constexpr const char* auth_token = "9f8e7d6c5b4a39281706f5e4d3c2b1a0";
constexpr const char* code_secret = "the-secret-that-codes-are-derived-with-in-this-test";

/// A string of the test's own that leaves nothing behind.
struct own_string : std::string {
    using std::string::string;
    own_string(std::string&& s) : std::string(std::move(s)) {}
    ~own_string() { wipe(*this); }
    static void wipe(std::string& s) {
        s.resize(s.capacity());
        ::explicit_bzero(s.data(), s.size());
    }
};

/// Takes messages and remembers the last code, in memory that is never freed. It looks into each request without a
/// copy.
struct quiet_transport {
    result<http_response> send(const http_request& request) {
        constexpr std::string_view digits = "0123456789";
        const auto begin = request.body.find("Body=") + 5;
        if (request.body.find_first_not_of(digits, begin) == begin + code.size()) {
            std::memcpy(code.data(), request.body.data() + begin, code.size());
            watched.add("code", {code.data(), code.size()});
        }
        return http_response{201, {{"Content-Type", "application/json"}}, R"({"sid":"SM0","status":"queued"})"};
    }
    std::array<char, 9> code{};
};

struct quick_passwords : scrypt_passwords {
    quick_passwords() : scrypt_passwords({.ln = 10, .r = 1, .p = 1}) {}
};

config settings_without_secrets() {
    config c;
    c.twilio.account_sid = "AC" + std::string(32, '0');
    c.twilio.sender = "+15005550006";
    c.code_digits = 9;  // so that no other number looks like a code
    c.identity_login_enabled = true;
    c.resend_cooldown = 0s;
    return c;
}

/// All parts in one string that has never been anywhere else.
own_string text(std::initializer_list<const char*> parts) {
    own_string s;
    s.reserve(1000);
    for (const char* part : parts) s += part;
    return s;
}

struct site {
    site() {
        watched.clear();
        watched.add("long password", long_password);
        watched.add("short password", short_password);
    }
    ~site() { watched.clear(); }

    static config settings() {
        auto c = settings_without_secrets();
        c.twilio.auth_token = "an auth token of no interest";
        c.code_keys = {{"k1", std::string(32, 'k')}};
        return c;
    }

    own_string ask(const char* method, const char* path, std::string body, std::string_view token = {}) {
        http_request request{method, path, {}, std::move(body)};
        if (!token.empty()) request.headers.push_back({"user-token", std::string(token)});
        auto reply = api.handle(std::move(request));
        status = reply.status;
        return own_string(std::move(reply.body));
    }

    own_string register_user(const std::string& id, const std::string& code, const char* password) {
        return ask("POST", "/APP/KEY/users/register",
                   text({R"({"phoneNumber":"+14155550100","email":"ada@example.com","transactionId":")", id.c_str(),
                         R"(","transactionCode":")", code.c_str(), R"(","password":")", password, R"("})"}));
    }
    own_string finish_login(const std::string& id, const std::string& code) {
        return ask("POST", "/APP/KEY/services/Twilio/loginWithCode",
                   text({R"([")", id.c_str(), R"(",")", code.c_str(), R"("])"}));
    }
    /// A user who is simply there.
    void add_user(const char* password = nullptr) {
        const user u{.object_id = "00000000-0000-4000-8000-000000000001",
                     .phone = *phone_number::parse("+14155550100"),
                     .identity = "ada@example.com",
                     .password_hash = password ? *passwords.hash(own_string(password)) : std::string()};
        storage.insert_user(u);
    }

    std::string code() const { return {transport.code.data(), transport.code.size()}; }

    memory_storage storage{};
    quiet_transport transport{};
    testing::manual_clock clock{};
    quick_passwords passwords{};
    authenticator<memory_storage, quiet_transport, testing::manual_clock, quick_passwords> auth{
        settings(), storage, transport, clock, passwords};
    rest::api<decltype(auth)> api{auth, {.app_id = "APP", .api_key = "KEY"}};
    int status = 0;
};

std::string text_between(std::string_view text, std::string_view before, std::string_view after) {
    const auto begin = text.find(before) + before.size();
    return std::string(text.substr(begin, text.find(after, begin) - begin));
}

/// The characters of base64 that come of the auth token alone, wherever it begins.
own_string inner_base64(std::string_view before) {
    const own_string whole = detail::base64(own_string(std::string(before) + auth_token));
    return whole.substr((before.size() + 2) / 3 * 4, 32);
}
own_string by_token_in_base64() {
    return inner_base64("AC" + std::string(32, '0') + ":");
}
own_string by_api_key_in_base64() {
    return inner_base64("SK" + std::string(32, '0') + ":");
}

/// The transaction's id in a reply.
std::string id_in(std::string_view reply) {
    return text_between(reply, R"("transactionId":")", "\"");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(secrets_freed_memory, *boost::unit_test::precondition(can_watch))

BOOST_AUTO_TEST_CASE(a_secret_that_is_left_is_found) {
    // The seeded leaks: a heap block, a short string in one, OpenSSL's memory, a block that grows.
    const auto seen = [](auto leak) {
        watched.clear();
        watched.add("secret", short_password);
        leak();
        const bool found = !watched.findings().empty();
        watched.clear();
        return found;
    };
    BOOST_TEST(seen([] { std::string(100, 'x').append(short_password); }));
    BOOST_TEST(seen([] { std::make_unique<std::string>(short_password); }));
    BOOST_TEST(seen([] {
        auto first = std::make_unique<std::string>(short_password);
        const own_string second(std::move(*first));
    }));
    BOOST_TEST(seen([] { OPENSSL_free(OPENSSL_strdup(short_password)); }));
    BOOST_TEST(seen([] {
        std::string grows = std::string(20, 'x') + short_password;
        grows.resize(1000);
        own_string::wipe(grows);
    }));
    BOOST_TEST(!seen([] {
        std::string s = std::string(100, 'x') + short_password;
        own_string::wipe(s);
    }));
}

BOOST_AUTO_TEST_CASE(a_secret_string) {
    using phoneauth::secret_string;
    for (const char* secret : {short_password, long_password}) {
        watched.clear();
        watched.add("secret", secret);
        {
            auto source = std::make_unique<std::string>(secret);
            auto first = std::make_unique<secret_string>(std::move(*source));
            auto second = std::make_unique<secret_string>(*first);
            BOOST_TEST((*second == secret));
            *second = std::string(100, 'x');
            *second = *first;
            *second = std::move(*first);
            BOOST_TEST((*second == secret));
            BOOST_TEST(first->empty());
            second->make_room(1000);
            *second += 'x';
            *second = "";
            *first = own_string(secret);
            *second = std::move(*first);
        }
        check_clean("a secret_string");
    }
    watched.clear();
}

BOOST_AUTO_TEST_CASE(a_registration) {
    for (const char* password : {short_password, long_password}) {
        site s;
        const auto started = s.ask("POST", "/APP/KEY/users/register", R"({"phoneNumber":"+14155550100"})");
        BOOST_REQUIRE(s.status == 200);
        s.register_user(id_in(started), "000000000", password);
        BOOST_TEST(s.status == 400);
        s.register_user(id_in(started), s.code(), "short");
        BOOST_TEST(s.status == 400);
        s.register_user(id_in(started), s.code(), password);
        BOOST_TEST(s.status == 200);
        check_clean("a registration");
    }
}

BOOST_AUTO_TEST_CASE(a_login_by_code) {
    site s;
    s.add_user();
    const auto started = s.ask("POST", "/APP/KEY/services/Twilio/loginWithPhoneNumber", "+14155550100");
    s.ask("POST", "/APP/KEY/services/Twilio/resendCode", id_in(started));
    BOOST_TEST(s.status == 200);
    s.finish_login(id_in(started), s.code() + "1");
    BOOST_TEST(s.status == 400);
    s.finish_login(id_in(started), "000000000");
    BOOST_TEST(s.status == 400);
    watched.keep();
    const auto user = s.finish_login(id_in(started), s.code());
    BOOST_TEST(s.status == 200);
    BOOST_TEST(!watched.has_kept(text_between(user, R"("user-token":")", "\"")));
    check_clean("a login by code");
}

BOOST_AUTO_TEST_CASE(a_login_by_password) {
    for (const char* password : {short_password, long_password}) {
        site s;
        s.add_user(password);
        s.ask("POST", "/APP/KEY/services/Twilio/loginWithPhoneNumberAndPassword",
              text({R"(["+14155550100",")", password, R"("])"}));
        BOOST_TEST(s.status == 200);
        s.ask("POST", "/APP/KEY/services/Twilio/loginWithPhoneNumberAndPassword",
              text({R"(["+14155550199",")", password, R"("])"}));
        BOOST_TEST(s.status == 401);
        s.ask("POST", "/APP/KEY/services/Twilio/loginWithPhoneNumberAndPassword",
              text({R"({"phoneNumber":"+14155550100","password":")", password, R"(x"})"}));
        BOOST_TEST(s.status == 401);
        check_clean("a login by password");
    }
}

BOOST_AUTO_TEST_CASE(a_login_by_identity) {
    for (const char* password : {short_password, long_password}) {
        site s;
        s.add_user(password);
        watched.keep();
        const auto user =
            s.ask("POST", "/api/users/login", text({R"({"login":"ada@example.com","password":")", password, R"("})"}));
        BOOST_TEST(s.status == 200);
        BOOST_TEST(!watched.has_kept(text_between(user, R"("user-token":")", "\"")));
        s.ask("POST", "/api/users/login", text({R"({"login":"eve@example.com","password":")", password, R"("})"}));
        BOOST_TEST(s.status == 401);
        check_clean("a login by identity");
    }
}

BOOST_AUTO_TEST_CASE(a_session) {
    site s;
    s.add_user(short_password);
    const auto user = s.ask("POST", "/api/users/login",
                            text({R"({"login":"ada@example.com","password":")", short_password, R"("})"}));
    const own_string token = text_between(user, R"("user-token":")", "\"");
    const own_string id = text_between(user, R"("objectId":")", "\"");
    watched.add("token", token);
    s.ask("GET", text({"/api/users/isvalidusertoken/", token.c_str()}).c_str(), {});
    BOOST_TEST(s.status == 200);
    s.ask("GET", text({"/api/data/Users/", id.c_str()}).c_str(), {}, token);
    BOOST_TEST(s.status == 200);
    s.ask("PUT", text({"/api/users/", id.c_str()}).c_str(),
          text({R"({"nick":"x","password":")", long_password, R"("})"}), token);
    BOOST_TEST(s.status == 200);
    s.ask("PUT", text({"/api/users/", id.c_str()}).c_str(),
          text({R"({"nick":{},"password":[")", long_password, R"("]})"}), token);
    BOOST_TEST(s.status == 400);
    s.ask("GET", "/api/users/logout", {}, token);
    BOOST_TEST(s.status == 200);
    s.ask("GET", text({"/api/data/Users/", id.c_str()}).c_str(), {}, token);
    BOOST_TEST(s.status == 400);
    check_clean("a session");
}

BOOST_AUTO_TEST_CASE(replies_of_all_sizes) {
    watched.clear();
    constexpr const char* token = "AB8CA43D-E696-4EDB-CD3B-FC843106B206";
    watched.add("token", token);
    user u{.object_id = "00000000-0000-4000-8000-000000000001",
           .phone = *phone_number::parse("+14155550100"),
           .identity = "ada@example.com",
           .password_hash = {}};
    for (std::size_t size = 0; size < 1000; ++size) {
        u.properties["p"] = '"' + std::string(size, 'x') + '"';
        const own_string json = rest::login_json(u, token, site::settings());
        BOOST_REQUIRE(json.find(token) != std::string::npos);
    }
    check_clean("a reply");
    watched.clear();
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read) {
    site s;
    for (const char* password : {short_password, long_password})
        for (const char* end : {"\"", "\",", "\",}", "\"}}", "\",\"password\":1}"}) {
            s.ask("POST", "/api/users/login", text({R"({"login":"ada@example.com","password":")", password, end}));
            BOOST_TEST(s.status == 400);
            s.ask("POST", "/api/nonsense", text({R"({"login":"ada@example.com","password":")", password, "\"}"}));
            BOOST_TEST(s.status == 404);
        }
    check_clean("what cannot be read");
}

BOOST_AUTO_TEST_CASE(the_keys_of_an_authenticator) {
    for (const bool by_api_key : {false, true}) {
        watched.clear();
        watched.add("auth token", auth_token);
        watched.add("code secret", code_secret);
        watched.add("password of the callback", long_password);
        // What the Authorization header makes of it: the middle of its base64.
        watched.add("Authorization", by_api_key ? by_api_key_in_base64() : by_token_in_base64());
        {
            memory_storage storage;
            quiet_transport transport;
            auto c = settings_without_secrets();
            read_config(text({R"({"twilio":{"auth_token":")", auth_token, R"(","status_callback":"https://user:)",
                              long_password, R"(@example.com:443/reports"},"code_keys":[{"id":"k","secret":")",
                              code_secret, R"("}]})"}),
                        c);
            if (by_api_key) {
                c.twilio.api_key = "SK" + std::string(32, '0');
                c.twilio.api_secret = auth_token;
            }
            authenticator<memory_storage, quiet_transport> auth(std::move(c), storage, transport);
            BOOST_TEST(auth.start_registration("+14155550100").has_value());
            BOOST_TEST(auth.send_message({"+14155550100", "x"}).has_value());
            text_message own{"+14155550100", "x"};
            own.options = {{"statusCallback", "https://example.com/reports"}};
            BOOST_TEST((auth.send_message(std::move(own)).error().code == error::invalid_parameter));
            BOOST_TEST((auth.handle_status_callback({"transaction=x&send=1", "MessageStatus=sent", "x"}).error().code ==
                        error::invalid_signature));
            BOOST_TEST(auth.test_configuration().has_value());
        }
        check_clean("the keys");
    }
    watched.clear();
}

BOOST_AUTO_TEST_SUITE_END()
