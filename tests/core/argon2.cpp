// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/secrets/argon2.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <string>
#include <vector>

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(core_argon2)

namespace {

const argon2_hashes reader(argon2_kind::id, {.m = 64, .t = 1, .p = 1});

}  // namespace

BOOST_AUTO_TEST_CASE(published_hashes_are_verified) {
    // Those of the reference implementation, all of "password".
    for (const char* hash : {
             "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
             "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
             "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
             "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
             "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
             "$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E",
             "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
             "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
             "$argon2i$m=256,t=2,p=2$c29tZXNhbHQ$tsEVYKap1h6scGt5ovl9aLRGOqOth+AMB+KwHpDFZPs",
         }) {
        BOOST_TEST_CONTEXT(hash) {
            BOOST_TEST(reader.recognizes(hash));
            const auto right = reader.verify("password", hash);
            BOOST_REQUIRE(right.has_value());
            BOOST_TEST(*right);
            BOOST_TEST(!*reader.verify("passwore", hash));
        }
    }
}

BOOST_AUTO_TEST_CASE(what_the_library_encodes_is_verified) {
    const std::string password("zero\0byte", 9), salt = "0123456789abcdef";
    for (const auto kind : {Argon2_d, Argon2_i, Argon2_id})
        for (const unsigned lanes : {1u, 4u, 16u}) {
            std::array<char, 200> hash{};
            BOOST_REQUIRE(argon2_hash(3, 8 * lanes, lanes, password.data(), password.size(), salt.data(), salt.size(),
                                      nullptr, 32, hash.data(), hash.size(), kind, ARGON2_VERSION_13) == ARGON2_OK);
            BOOST_TEST_CONTEXT(hash.data()) {
                BOOST_TEST(*reader.verify(password, hash.data()));
                BOOST_TEST(!*reader.verify("zero", hash.data()));
            }
        }
}

BOOST_AUTO_TEST_CASE(hostile_and_broken_hashes_are_refused_at_once) {
    const std::string rest = "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    std::vector<std::string> bad;
    for (const char* cost : {"v=19$m=262145,t=1,p=1",
                             "v=19$m=4194304,t=1,p=1",
                             "v=19$m=4294967295,t=1,p=1",
                             "v=19$m=262144,t=9,p=1",
                             "v=19$m=8,t=262145,p=1",
                             "v=19$m=8,t=4294967295,p=1",
                             "v=19$m=7,t=1,p=1",
                             "v=19$m=15,t=1,p=2",
                             "v=19$m=0,t=1,p=1",
                             "v=19$m=8,t=0,p=1",
                             "v=19$m=8,t=1,p=0",
                             "v=19$m=65536,t=1,p=17",
                             "v=18$m=8,t=1,p=1",
                             "v=20$m=8,t=1,p=1",
                             "v=$m=8,t=1,p=1",
                             "v=19",
                             "v=19$t=1,m=8,p=1",
                             "v=19$m=8,t=1,p=1,keyid=x",
                             "v=19$m=8,t=1,p=1,data=c29t",
                             "v=19$m=-8,t=1,p=1",
                             "v=19$m=99999999999,t=1,p=1",
                             ""})
        bad.push_back("$argon2id$" + std::string(cost) + rest);
    for (const char* end :
         {"", "$", "$c29tZXNhbHQ", "$c29tZXNhbHQ$", "$c29t$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
          "$c29tZXNhbHQ$nf65EOgLrQMR", "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/5",
          "$c29tZXNhbHQ=$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
          "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4$"})
        bad.push_back("$argon2id$v=19$m=8,t=1,p=1" + std::string(end));
    bad.push_back("$argon2id$v=19$m=8,t=1,p=1$" + std::string(2000, 'A') + rest.substr(12));
    bad.push_back("$argon2$v=19$m=8,t=1,p=1" + rest);
    for (const auto& hash : bad) {
        const auto r = reader.verify("password", hash);
        BOOST_TEST_CONTEXT(hash) {
            BOOST_TEST(!r.has_value());
            if (!r) BOOST_TEST((r.error().code == error::internal));
        }
    }
    BOOST_TEST(!reader.recognizes("$argon2$v=19$"));
    BOOST_TEST(!reader.recognizes("$2b$10$"));
}

BOOST_AUTO_TEST_CASE(a_decoy_is_always_wrong) {
    const auto wrong = reader.decoy("password");
    BOOST_REQUIRE(wrong.has_value());
    BOOST_TEST(!*wrong);
    BOOST_CHECK_THROW((argon2_hashes(argon2_kind::id, {.m = 262'145, .t = 1, .p = 1})), std::invalid_argument);
    BOOST_CHECK_THROW((argon2_hashes(argon2_kind::id, {.m = 0, .t = 1, .p = 1})), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
