// SPDX-License-Identifier: BSL-1.0
// A consumer of the stores and the password schemes: a transaction is kept in SQLite, and the other two understand that
// they cannot connect; a hash of bcrypt and one of Argon2 are verified.
#if __has_include(<phoneauth/phoneauth_sqlite.hpp>)
#include <phoneauth/phoneauth_argon2.hpp>  // the single headers
#include <phoneauth/phoneauth_crypt.hpp>
#include <phoneauth/phoneauth_postgres.hpp>
#include <phoneauth/phoneauth_redis.hpp>
#include <phoneauth/phoneauth_sqlite.hpp>
#else
#include <phoneauth/secrets/argon2.hpp>
#include <phoneauth/secrets/crypt.hpp>
#include <phoneauth/storage/postgres.hpp>
#include <phoneauth/storage/redis.hpp>
#include <phoneauth/storage/sqlite.hpp>
#endif

#include <chrono>
#include <exception>

template <class Store>
bool refuses(const char* url) {
    try {
        Store store(url);
        return false;
    } catch (const std::exception&) {
        return true;
    }
}

bool verifies() {
    const phoneauth::bcrypt_hashes bcrypt(5);
    const auto one = bcrypt.verify("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");
    const phoneauth::argon2_hashes argon2(phoneauth::argon2_kind::id, {.m = 256, .t = 2, .p = 1});
    const auto other = argon2.verify(
        "password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4");
    return one && *one && other && *other;
}

int main() {
    if (!verifies()) return 3;
    phoneauth::transaction t{"T", phoneauth::purpose::login, *phoneauth::phone_number::parse("+14155550100")};
    t.created_at = phoneauth::time_point(std::chrono::hours(1));
    t.expires_at = t.created_at + std::chrono::minutes(5);
    phoneauth::sqlite_storage("stores.db").insert_transaction(t);
    if (!phoneauth::sqlite_storage("stores.db").find_transaction("T")) return 1;
    return refuses<phoneauth::postgres_storage>("nonsense") && refuses<phoneauth::redis_storage>("nonsense") ? 0 : 2;
}
