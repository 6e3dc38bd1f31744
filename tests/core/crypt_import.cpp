// SPDX-License-Identifier: BSL-1.0
// Users of another system, who log in with the passwords that they had there.
#include <phoneauth/phoneauth.hpp>
#include <phoneauth/secrets/crypt.hpp>
#include <phoneauth/secrets/hasher_chain.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/scripted_transport.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(core_crypt_import)

namespace {

struct customer {
    std::string id, phone, email, bcrypt;
};

/// A shop whose passwords are "U*U" and "U*U*".
struct old_shop {
    std::vector<customer> customers() const {
        return {
            {"17", "+14155550100", "ada@example.com", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
            {"18", "+14155550101", "bob@example.com", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"}};
    }
};

phoneauth::config shop_config() {
    phoneauth::config c;
    c.twilio.account_sid = "AC00000000000000000000000000000000";
    c.twilio.auth_token = "your auth token";
    c.twilio.sender = "+15005550006";
    c.identity_login_enabled = true;
    return c;
}

}  // namespace

BOOST_AUTO_TEST_CASE(users_of_a_shop_are_imported) {
    const auto config = shop_config();
    const old_shop shop;
    phoneauth::memory_storage storage;
    phoneauth::testing::scripted_transport transport;

    //[import
    for (const auto& old : shop.customers()) {
        phoneauth::user u{old.id, *phoneauth::phone_number::parse(old.phone), old.email, old.bcrypt};
        storage.insert_user(u);
    }
    phoneauth::hasher_chain passwords(phoneauth::scrypt_passwords(), phoneauth::bcrypt_hashes(10));  // as in "$2b$10$…"
    phoneauth::authenticator auth(config, storage, transport, passwords);
    //]

    const auto log_in = [&](const char* email, const char* password) {
        return auth.login_with_identity(email, phoneauth::password(password)).has_value();
    };
    BOOST_TEST(!log_in("ada@example.com", "U*U*"));
    BOOST_TEST(log_in("ada@example.com", "U*U"));
    BOOST_TEST(storage.find_user("17")->password_hash.starts_with("$scrypt$"));
    BOOST_TEST(storage.find_user("18")->password_hash.starts_with("$2a$"));
    BOOST_TEST(log_in("ada@example.com", "U*U"));
    BOOST_TEST(!log_in("ada@example.com", "U*U*"));
    BOOST_TEST(auth.start_two_factor_login("+14155550101", phoneauth::password("U*U*")).has_value());
    BOOST_TEST(storage.find_user("18")->password_hash.starts_with("$scrypt$"));
}

BOOST_AUTO_TEST_SUITE_END()
