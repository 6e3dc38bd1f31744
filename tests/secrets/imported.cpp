// SPDX-License-Identifier: BSL-1.0
// Passwords in the readers of other systems' hashes, on the way there and in their libraries.
#include "secrets/watch.hpp"

#include <phoneauth/asio/pooled_passwords.hpp>
#include <phoneauth/secrets/hasher_chain.hpp>
#include <phoneauth/secrets/pbkdf2.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <string>
#include <string_view>
#include <utility>

#ifdef PHONEAUTH_WITH_CRYPT
#include <phoneauth/secrets/crypt.hpp>
#endif
#ifdef PHONEAUTH_WITH_ARGON2
#include <phoneauth/secrets/argon2.hpp>
#endif

using namespace phoneauth;
using secrets::check_clean;
using secrets::watched;

BOOST_AUTO_TEST_SUITE(secrets_imported, *boost::unit_test::precondition(secrets::can_watch))

namespace {

constexpr std::string_view password_text = "Correct-Horse-Battery-Staple-0123456789";

template <class Chain>
void hash_everything(Chain chain) {
    watched.clear();
    watched.add("password", password_text);
    const secret_string password(password_text);
    BOOST_TEST(chain.decoy(password).has_value());
    BOOST_TEST(chain.verify(password, *chain.hash(password)).value());
    for (const char* hash :
         {"$pbkdf2$10$c2FsdA$DGDID5YfDnHzqbUkr2ASBi/gN6Y",
          "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
          "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "?"})
        (void)chain.verify(password, hash);
    check_clean("a chain");

    asio::io_context loop;
    {
        pooled_hasher pool(std::move(chain), 1);
        auto hashed = asio::co_spawn(loop, pool.hash(password), asio::use_future);
        auto vain = asio::co_spawn(loop, pool.decoy(password), asio::use_future);
        loop.run();
        BOOST_TEST(hashed.get().has_value());
        BOOST_TEST(!vain.get().value());
    }
    check_clean("a chain on threads");
    watched.clear();
}

}  // namespace

BOOST_AUTO_TEST_CASE(readers_leave_no_password_behind) {
    const scrypt_passwords scrypt({.ln = 10, .r = 1, .p = 1});
    const pbkdf2_hashes pbkdf2(pbkdf2_digest::sha256, 10);
    hash_everything(hasher_chain(scrypt, pbkdf2));
#ifdef PHONEAUTH_WITH_CRYPT
    hash_everything(hasher_chain(scrypt, pbkdf2, bcrypt_hashes(4)));
#else
    BOOST_WARN_MESSAGE(false, "bcrypt is NOT TESTED, for want of libxcrypt");
#endif
#ifdef PHONEAUTH_WITH_ARGON2
    hash_everything(hasher_chain(scrypt, pbkdf2, argon2_hashes(argon2_kind::id, {.m = 64, .t = 1, .p = 1})));
#else
    BOOST_WARN_MESSAGE(false, "Argon2 is NOT TESTED, for want of libargon2");
#endif
}

BOOST_AUTO_TEST_SUITE_END()
