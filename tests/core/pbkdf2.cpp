// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/secrets/pbkdf2.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(core_pbkdf2)

namespace {

const pbkdf2_hashes reader(pbkdf2_digest::sha256, 1000);

struct known {
    const char* hash;
    std::string password;
};

const std::vector<known> answers = {
    // RFC 7914 §11, the first of the two blocks
    {"$pbkdf2-sha256$1$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw", "passwd"},
    {"$pbkdf2-sha256$i=80000,l=32$TmFDbA$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1Y", "Password"},
    // RFC 6070
    {"$pbkdf2$1$c2FsdA$DGDID5YfDnHzqbUkr2ASBi/gN6Y", "password"},
    {"$pbkdf2-sha1$i=4096$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE", "password"},
    {"$pbkdf2$4096$c2EAbHQ$Vvpqp1VICZ3MN9fwNCXgww", std::string("pass\0word", 9)},
    // passlib's documentation
    {"$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M", "password"},
    {"$pbkdf2-sha256$8000$XAuBMIYQQogxRg$tRRlz8hYn63B9LYiCd6PRo6FMiunY9ozmMMI3srxeRE", "password"},
    {"$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44", "password"},
    // Django's own tests
    {"pbkdf2_sha256$390000$seasalt$8xBlGd3jVgvJ+92hWPxi5ww0uuAuAnKgC45eudxro7c=", "l\xc3\xa8tmein"},
    // Python's hashlib
    {"$pbkdf2-sha512$1000$c2FsdHNhbHQ$"
     "Q6v4xwJ8a9nWPp2BeEoAYYhHSo2xRmPWART17vTpSxt2q6iNp7BOozW557qqa95eNjUO4gKs0CyvJbYGGku1tA",
     "password"},
};

}  // namespace

BOOST_AUTO_TEST_CASE(published_hashes_are_verified) {
    for (const auto& [hash, password] : answers) {
        BOOST_TEST_CONTEXT(hash) {
            BOOST_TEST(reader.recognizes(hash));
            const auto right = reader.verify(password, hash);
            BOOST_REQUIRE(right.has_value());
            BOOST_TEST(*right);
            BOOST_TEST(!*reader.verify(password + "x", hash));
        }
    }
    BOOST_TEST(!*reader.verify("pass", answers[4].hash));  // where a C string would end
}

BOOST_AUTO_TEST_CASE(hostile_and_broken_hashes_are_refused_at_once) {
    const std::string rest = "$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw";
    std::vector<std::string> bad;
    for (const char* cost : {"0", "4000001", "4294967295", "4294967296", "-1", "+1", "", "1 ", " 1", "1,",
                             "i=", "i=1,l=31", "i=1,l=", "i=1,l=0", "1,l=32", "i=1,m=1"})
        bad.push_back("$pbkdf2-sha256$" + std::string(cost) + rest);
    for (const char* end : {"", "$", "$c2FsdA", "$c2FsdA$", "$$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw",
                            "$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw=",
                            "$c2FsdA==$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw",
                            "$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLx",   // spare bits
                            "$c2FsdA$VawEblbjCJ/sFpHCJUS2",                          // too short
                            "$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLwA",  // too long
                            "$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw$"})
        bad.push_back("$pbkdf2-sha256$1" + std::string(end));
    bad.push_back("$pbkdf2-sha256$1$" + std::string(4000, 'A') + rest.substr(7));  // a salt of 3000 bytes
    bad.insert(bad.end(), {"pbkdf2_sha256$1$salt$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw",
                           "pbkdf2_sha256$1$salt$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw==",
                           "pbkdf2_sha256$1$salt$====", "pbkdf2_sha256$1$salt$", "pbkdf2_sha256$1$salt",
                           "pbkdf2_sha256$i=1$salt$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw=",
                           "pbkdf2_sha256$4000001$salt$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw="});
    for (const auto& hash : bad) {
        const auto r = reader.verify("passwd", hash);
        BOOST_TEST_CONTEXT(hash) {
            BOOST_TEST(!r.has_value());
            if (!r) BOOST_TEST((r.error().code == error::internal));
        }
    }
}

BOOST_AUTO_TEST_CASE(only_its_own_is_recognized) {
    for (const char* hash : {"", "$scrypt$ln=14,r=8,p=5$x$y", "$2b$10$x", "$argon2id$v=19$", "$pbkdf2-sha224$1$",
                             "pbkdf2_sha512$", "x$pbkdf2$"})
        BOOST_TEST(!reader.recognizes(hash), hash);
}

BOOST_AUTO_TEST_CASE(a_decoy_is_always_wrong) {
    const auto wrong = reader.decoy("");
    BOOST_REQUIRE(wrong.has_value());
    BOOST_TEST(!*wrong);
    BOOST_CHECK_THROW(pbkdf2_hashes(pbkdf2_digest::sha1, 0), std::invalid_argument);
    BOOST_CHECK_THROW(pbkdf2_hashes(pbkdf2_digest::sha1, 4'000'001), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
