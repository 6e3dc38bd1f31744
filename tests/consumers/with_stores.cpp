// SPDX-License-Identifier: BSL-1.0
// A consumer of the stores: a transaction is kept in SQLite, and the other two understand that they cannot connect.
#if __has_include(<phoneauth/phoneauth_sqlite.hpp>)
#include <phoneauth/phoneauth_postgres.hpp>  // the single headers
#include <phoneauth/phoneauth_redis.hpp>
#include <phoneauth/phoneauth_sqlite.hpp>
#else
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

int main() {
    phoneauth::transaction t{"T", phoneauth::purpose::login, *phoneauth::phone_number::parse("+14155550100")};
    t.created_at = phoneauth::time_point(std::chrono::hours(1));
    t.expires_at = t.created_at + std::chrono::minutes(5);
    phoneauth::sqlite_storage("stores.db").insert_transaction(t);
    if (!phoneauth::sqlite_storage("stores.db").find_transaction("T")) return 1;
    return refuses<phoneauth::postgres_storage>("nonsense") && refuses<phoneauth::redis_storage>("nonsense") ? 0 : 2;
}
