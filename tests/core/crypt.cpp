// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/secrets/crypt.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(core_crypt)

namespace {

const bcrypt_hashes reader(5);

std::string repeated(const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

struct known {
    const char* hash;
    std::string password;
};

// Openwall's crypt_blowfish, then OpenBSD's (as jBCrypt has them).
const std::vector<known> answers = {
    {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
    {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"},
    {"$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"},
    {"$2b$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"},
    {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", ""},
    {"$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
     "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored"},
    {"$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", "\xa3"},
    {"$2a$05$/OK.fbVrR/bpIqNJ5ianF.swQOIzjOiJ9GHEPuhEkvqrUyvWhEMx6",
     repeated("\xaa", 72) + "chars after 72 are ignored"},
    {"$2a$05$/OK.fbVrR/bpIqNJ5ianF.R9xrDjiycxMbQE2bp.vgqlYpW5wx2yy", repeated("\xaa\x55", 36)},
    {"$2a$05$/OK.fbVrR/bpIqNJ5ianF.9tQZzcJfm3uj2NvJ/n5xkhpqLrMpWCe", repeated("\x55\xaa\xff", 24)},
    {"$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe", "a"},
    {"$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "abc"},
};

}  // namespace

BOOST_AUTO_TEST_CASE(published_hashes_are_verified) {
    for (const auto& [hash, password] : answers) {
        BOOST_TEST_CONTEXT(hash) {
            BOOST_TEST(reader.recognizes(hash));
            const auto right = reader.verify(password, hash);
            BOOST_REQUIRE(right.has_value());
            BOOST_TEST(*right);
            BOOST_TEST(!*reader.verify("x" + password, hash));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_zero_byte_ends_no_password) {
    const auto* hash = answers[0].hash;
    BOOST_TEST(!*reader.verify(std::string("U*U\0", 4), hash));
    BOOST_TEST(!*reader.verify(std::string("U*U\0x", 5), hash));
    BOOST_TEST(!*reader.verify(std::string("\0", 1), answers[4].hash));
}

BOOST_AUTO_TEST_CASE(long_passwords_are_read_like_bcrypt_does) {
    // libxcrypt refuses what is longer than 511 bytes.
    const std::string tail(4000, 'x');
    BOOST_TEST(*reader.verify(answers[5].password + tail, answers[5].hash));
    BOOST_TEST(!*reader.verify(tail, answers[5].hash));
}

BOOST_AUTO_TEST_CASE(hostile_and_broken_hashes_are_refused_at_once) {
    const std::string good = answers[0].hash;
    std::vector<std::string> bad = {"", "$2a$", "$2a$05$", good + "x", good.substr(0, 59), " " + good, good + "\n"};
    for (const char* cost : {"00", "03", "17", "31", "99", "-1", "1", "5$", "0x", " 5", "005"})
        bad.push_back("$2a$" + std::string(cost) + good.substr(6));
    for (const char* kind : {"$1", "$2", "$2x", "$2c", "$5", "$6", "$y", "$gy", "_", "*0"})
        bad.push_back(kind + good.substr(3));
    for (const char c : {'=', '$', '*', '\0', ' ', '\xa3', ':'}) {
        auto other = good;
        other[20] = c;
        bad.push_back(other);
        other = good;
        other.back() = c;
        bad.push_back(other);
    }
    for (const auto& hash : bad) {
        const auto r = reader.verify("U*U", hash);
        BOOST_TEST_CONTEXT(hash) {
            BOOST_TEST(!r.has_value());
            if (!r) BOOST_TEST((r.error().code == error::internal));
        }
    }
    BOOST_TEST(!reader.recognizes("$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"));
    BOOST_TEST(!reader.recognizes("$scrypt$ln=14,r=8,p=5$"));
}

BOOST_AUTO_TEST_CASE(spare_bits_of_a_salt_do_not_count) {
    std::string hash = answers[0].hash;
    hash[28] = '/';  // the last digit of the salt: its other four bits
    BOOST_TEST(*reader.verify("U*U", hash));
}

BOOST_AUTO_TEST_CASE(a_decoy_is_always_wrong) {
    for (const auto* password : {"", "U*U"}) {
        const auto wrong = reader.decoy(password);
        BOOST_REQUIRE(wrong.has_value());
        BOOST_TEST(!*wrong);
    }
    for (const unsigned cost : {0u, 3u, 17u, 100u}) BOOST_CHECK_THROW((bcrypt_hashes(cost)), std::invalid_argument);
    (void)bcrypt_hashes(16);
}

BOOST_AUTO_TEST_CASE(threads_do_not_disturb_each_other) {
    std::atomic<int> wrong = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&, t] {
                for (int i = 0; i < 10; ++i) {
                    const auto& [hash, password] = answers[static_cast<std::size_t>(t)];
                    wrong += !*reader.verify(password, hash);
                }
            });
    }
    BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()
