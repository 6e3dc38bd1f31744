// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/rules/stored_password.hpp>
#include <phoneauth/secrets/hasher_chain.hpp>
#include <phoneauth/secrets/pbkdf2.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <latch>
#include <string>
#include <thread>
#include <vector>

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(core_hasher_chain)

namespace {

using calls = std::vector<std::string>;

/// A scheme whose hash of "x" is "NAME:x". It notes what it computes.
struct toy_reader {
    std::string name;
    calls* log;

    bool recognizes(const std::string& hash) const { return hash.starts_with(name + ":"); }
    result<bool> verify(const std::string& password, const std::string& hash) const {
        if (hash == name + ":broken") return error::internal;
        log->push_back(name);
        return hash == name + ":" + password;
    }
    result<bool> decoy(const std::string&) const {
        log->push_back(name);
        if (is_full) return error::overloaded;
        return false;
    }

    bool is_full = false;
};

struct toy_hasher : toy_reader {
    toy_hasher(std::string n, calls* l) : toy_reader{std::move(n), l} {}

    result<std::string> hash(const std::string& password) const {
        log->push_back(name);
        return name + ":" + password;
    }
    result<bool> verify(const std::string& password, const std::string& hash) const {
        if (!recognizes(hash)) return error::internal;
        return toy_reader::verify(password, hash);
    }
    bool needs_rehash(const std::string& hash) const { return hash == name + ":weak"; }
};

/// Has what every hasher has, and nothing else.
struct plain_hasher {
    calls* log;
    result<std::string> hash(const std::string& password) {
        log->push_back("new");
        return "new:" + password;
    }
    result<bool> verify(const std::string& password, const std::string& hash) {
        if (!hash.starts_with("new:")) return error::internal;
        log->push_back("new");
        return hash == "new:" + password;
    }
};

/// What `f` computes, in alphabetical order.
template <class F>
calls computed(calls& log, F f) {
    log.clear();
    f();
    std::sort(log.begin(), log.end());
    return log;
}

const calls each_once{"new", "old", "older"};

static_assert(PasswordReader<toy_reader>);
static_assert(PasswordReader<pbkdf2_hashes>);
static_assert(!PasswordReader<scrypt_passwords>);
static_assert(detail::check_password_hasher<hasher_chain<scrypt_passwords, pbkdf2_hashes>>());
static_assert(detail::has_needs_rehash<hasher_chain<scrypt_passwords>>);
static_assert(detail::has_decoy<hasher_chain<scrypt_passwords>>);
static_assert(detail::has_needs_rehash<scrypt_passwords> && !detail::has_decoy<scrypt_passwords>);

}  // namespace

BOOST_AUTO_TEST_CASE(each_hash_is_verified_by_its_scheme) {
    calls log;
    hasher_chain chain(toy_hasher("new", &log), toy_reader{"old", &log}, toy_reader{"older", &log});
    BOOST_TEST(*chain.hash("x") == "new:x");
    for (const char* name : {"new", "old", "older"}) {
        BOOST_TEST(*chain.verify("x", std::string(name) + ":x"));
        BOOST_TEST(!*chain.verify("y", std::string(name) + ":x"));
    }
    for (const char* hash : {"", "x", "other:x", "old", "old:broken", "older:broken", "new:broken"}) {
        const auto r = chain.verify("x", hash);
        BOOST_TEST(!r.has_value(), hash);
        BOOST_TEST((!r && r.error().code == error::internal), hash);
    }
}

BOOST_AUTO_TEST_CASE(every_password_is_hashed_once_by_every_scheme) {
    calls log;
    const auto check = [&](auto chain) {
        for (const char* hash : {"new:x", "old:x", "older:x"})
            for (const char* password : {"x", "y"})
                BOOST_TEST(computed(log, [&] { (void)chain.verify(password, hash); }) == each_once);
        BOOST_TEST(computed(log, [&] { BOOST_TEST(!*chain.decoy("x")); }) == each_once);
        // What cannot be read costs nothing here: the flow then asks for a decoy.
        for (const char* hash : {"", "other:x", "old:broken", "older:broken"})
            BOOST_TEST(computed(log, [&] { (void)chain.verify("x", hash); }).empty());
    };
    check(hasher_chain(toy_hasher("new", &log), toy_reader{"old", &log}, toy_reader{"older", &log}));
    check(hasher_chain(plain_hasher{&log}, toy_reader{"old", &log}, toy_reader{"older", &log}));
}

BOOST_AUTO_TEST_CASE(a_chain_that_is_full_says_so_whosever_password_it_is) {
    calls log;
    hasher_chain chain(toy_hasher("new", &log), toy_reader{"old", &log}, toy_reader{"older", &log, true});
    for (const char* hash : {"new:x", "old:x"}) {
        const auto r = chain.verify("x", hash);
        BOOST_TEST((!r && r.error().code == error::overloaded), hash);
    }
    BOOST_TEST((chain.decoy("x").error().code == error::overloaded));
}

BOOST_AUTO_TEST_CASE(it_says_which_hashes_to_make_anew) {
    calls log;
    hasher_chain chain(toy_hasher("new", &log), toy_reader{"old", &log});
    BOOST_TEST(chain.needs_rehash("old:x"));
    BOOST_TEST(chain.needs_rehash("new:weak"));
    BOOST_TEST(!chain.needs_rehash("new:x"));
    hasher_chain plain(plain_hasher{&log}, toy_reader{"old", &log});
    BOOST_TEST(plain.needs_rehash("old:x"));
    BOOST_TEST(!plain.needs_rehash("new:x"));
    BOOST_TEST(log.empty());
}

BOOST_AUTO_TEST_CASE(scrypt_asks_for_more_memory_or_work_never_for_less) {
    const auto hash = [](scrypt_cost c) { return *scrypt_passwords(c).hash("x"); };
    const scrypt_passwords p({.ln = 11, .r = 2, .p = 2});
    BOOST_TEST(!p.needs_rehash(hash({.ln = 11, .r = 2, .p = 2})));
    BOOST_TEST(!p.needs_rehash(hash({.ln = 12, .r = 1, .p = 2})));
    BOOST_TEST(!p.needs_rehash(hash({.ln = 12, .r = 2, .p = 1})));  // more memory, as much work
    BOOST_TEST(!p.needs_rehash(hash({.ln = 12, .r = 8, .p = 5})));
    BOOST_TEST(p.needs_rehash(hash({.ln = 10, .r = 2, .p = 4})));  // less memory
    BOOST_TEST(p.needs_rehash(hash({.ln = 11, .r = 2, .p = 1})));  // less work
    BOOST_TEST(p.needs_rehash("$2b$10$"));
    BOOST_TEST(!scrypt_passwords().needs_rehash(
        "$scrypt$ln=14,r=8,p=5$TmFDbE5hQ2xOYUNsTmFDbA$ruflYSr7JKwcyP4taFgPBJI7nqmwRVvjonthQb2MSCI"));
}

namespace {
/// Is busy until the test says so.
struct busy_reader {
    std::atomic<int>* inside;
    std::atomic<int>* most;
    std::latch* release;

    bool recognizes(const std::string& hash) const { return hash == "busy"; }
    result<bool> verify(const std::string&, const std::string&) const { return decoy(""); }
    result<bool> decoy(const std::string&) const {
        const int now = ++*inside;
        for (int seen = *most; now > seen && !most->compare_exchange_weak(seen, now);) {
        }
        release->wait();
        --*inside;
        return false;
    }
};
}  // namespace

BOOST_AUTO_TEST_CASE(only_so_many_are_with_the_readers_at_a_time) {
    std::atomic<int> inside = 0, most = 0, refused = 0;
    std::latch release(1);
    calls log;
    const hasher_chain chain(scrypt_passwords({.ln = 10, .r = 1, .p = 1}), busy_reader{&inside, &most, &release});
    const auto places = static_cast<int>(scrypt_passwords::default_at_once());
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < places + 25; ++i)
            threads.emplace_back([&, copy = chain]() mutable {  // copies share the bound
                const auto r = copy.verify("x", "busy");
                refused += !r && r.error().code == error::overloaded;
            });
        while (refused < 5) std::this_thread::yield();
        release.count_down();
    }
    BOOST_TEST(most == places);
    BOOST_TEST(refused == 5);
}

BOOST_AUTO_TEST_CASE(a_stored_password_is_a_hash_and_what_it_replaces) {
    using rules::stored_password;
    const std::string fingerprint(64, 'a');
    const auto text = rules::replacing("$scrypt$x", fingerprint);
    BOOST_TEST(stored_password(text).hash == "$scrypt$x");
    BOOST_TEST(stored_password(text).replaces == fingerprint);
    // Whatever else another system has stored is a hash as a whole.
    for (const auto& other :
         {std::string(), std::string("$2b$10$x"), "salt " + fingerprint, text + " ", text + "\n", text.substr(1) + "g",
          "$x replaces=" + fingerprint.substr(1), "$x replaces=" + std::string(64, 'A')}) {
        BOOST_TEST(stored_password(other).hash == other);
        BOOST_TEST(stored_password(other).replaces == "");
    }
    BOOST_TEST(stored_password(" replaces=" + fingerprint).hash == "");
}

BOOST_AUTO_TEST_SUITE_END()
