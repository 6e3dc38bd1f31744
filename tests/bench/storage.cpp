// SPDX-License-Identifier: BSL-1.0
// What a storage costs. Prints ratios and passes no judgement:
// - each operation with 1 thousand, 1 million and 10 million pending transactions, against the first of these;
// - an insertion, which sweeps, and a call of delete_expired() beside as many expired transactions;
// - bytes per pending transaction, in memory and in Redis;
// - logins per second with one and with two processes, against as many bare round trips of the same server.
//
//     tests/scripts/with_servers.sh postgres redis -- bench_storage [SIZE…]
//
// Ten million rows take some 5 GB of memory for each storage that is in memory, and as much disk for the others.

#include <long/support.hpp>

#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <malloc.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <random>
#include <thread>
#include <vector>

#include "support/temporary_folder.hpp"

using namespace proofs;
using namespace std::chrono_literals;

namespace {

/// All of an id but its first eight digits; another one in each run, because a database may remember former ones.
std::string id_end(char series) {
    static const auto run = std::random_device()();
    char text[40];
    std::snprintf(text, sizeof text, "-%04X-4000-8000-00000000000%c", run % 0xFFFF, series);
    return text;
}

/// The id of the `i`th transaction that is loaded; neighbours are far apart. Loaders compute the same in their
/// languages, one of which has nothing but doubles.
std::string id_of(std::uint64_t i, char series) {
    char text[40];
    std::snprintf(text, sizeof text, "%08X", static_cast<unsigned>(i * 12345701 % 4294967296));
    return text + id_end(series);
}

std::string random_id(std::mt19937_64& random) {
    char text[40];
    std::snprintf(text, sizeof text, "%08X-FFFF-4000-8000-%012llX", static_cast<unsigned>(random()),
                  static_cast<unsigned long long>(random() >> 16));
    return text;
}

transaction pending(const std::string& id, time_point created) {
    transaction t{id, purpose::login, *phone_number::parse("+999000000001")};
    t.user_id = "01234567-89AB-CDEF-0123-456789ABCDEF";
    t.key_id = "k1";
    t.sends = 1;
    t.created_at = t.last_sent_at = created;
    t.expires_at = created + 5min;
    return t;
}

/// Puts copies of the stored transaction `like` beside it, as the `from`th to the `to`th of a series.
using loader = std::function<void(const transaction& like, std::uint64_t from, std::uint64_t to, char series)>;

loader load_memory(memory_storage& storage) {
    return [&storage](const transaction& like, std::uint64_t from, std::uint64_t to, char series) {
        for (auto t = like; from < to; ++from) {
            t.id = id_of(from, series);
            storage.insert_transaction(t);
        }
    };
}

/// The statement that copies the row `like` of `table`; `id` and `numbers` are in the dialect of the database.
std::string copy_rows(const std::string& table, const std::string& id, const std::string& numbers,
                      const transaction& like) {
    const std::string others =
        "kind, phone, user_id, key_id, state, tries, sends, created_at, expires_at, last_sent_at, version";
    return "INSERT INTO " + table + " (id, " + others + ") SELECT " + id + ", " + others + " FROM " + numbers + ", " +
           table + " WHERE id = '" + like.id + "' ORDER BY 1";
}

loader load_sqlite(const std::string& file) {
    return [file](const transaction& like, std::uint64_t from, std::uint64_t to, char series) {
        const auto sql = copy_rows(
            "transactions", "printf('%08X', i * 12345701 % 4294967296) || '" + id_end(series) + "'",
            "(WITH RECURSIVE numbers(i) AS (SELECT " + std::to_string(from) +
                " UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < " + std::to_string(to) + ") SELECT i FROM numbers)",
            like);
        sqlite3* db = nullptr;
        if (sqlite3_open(file.c_str(), &db) != SQLITE_OK ||
            sqlite3_exec(db, ("PRAGMA cache_size = -500000;" + sql + "; PRAGMA wal_checkpoint(TRUNCATE)").c_str(),
                         nullptr, nullptr, nullptr) != SQLITE_OK)
            throw std::runtime_error(sqlite3_errmsg(db));
        sqlite3_close(db);
    };
}

loader load_postgres(const std::string& url) {
    return [url](const transaction& like, std::uint64_t from, std::uint64_t to, char series) {
        const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(url.c_str()), PQfinish);
        const auto sql = copy_rows(
            "phoneauth_transactions",
            "upper(lpad(to_hex(i * 12345701 % 4294967296), 8, '0')) || '" + id_end(series) + "'",
            "generate_series(" + std::to_string(from) + "::bigint, " + std::to_string(to - 1) + ") AS i", like);
        // What is loaded must not be on its way to the disk any more when the clock runs.
        for (const auto& statement :
             {sql, std::string("VACUUM ANALYZE phoneauth_transactions"), std::string("CHECKPOINT")}) {
            const std::unique_ptr<PGresult, decltype(&PQclear)> done(PQexec(connection.get(), statement.c_str()),
                                                                     PQclear);
            if (PQresultStatus(done.get()) != PGRES_COMMAND_OK)
                throw std::runtime_error(PQerrorMessage(connection.get()));
        }
    };
}

using redis_reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

struct redis_connection {
    explicit redis_connection(const std::string& url) {  // redis://HOST:PORT/0
        const auto host = url.substr(url.find("//") + 2);
        const auto colon = host.find(':');
        context.reset(redisConnect(host.substr(0, colon).c_str(), std::atoi(host.c_str() + colon + 1)));
        if (!context || context->err) throw std::runtime_error("cannot connect to Redis");
    }
    template <class... Arguments>
    redis_reply operator()(const char* format, Arguments... arguments) {
        redis_reply r(static_cast<redisReply*>(redisCommand(context.get(), format, arguments...)), freeReplyObject);
        if (!r || r->type == REDIS_REPLY_ERROR) throw std::runtime_error(r ? r->str : "no reply of Redis");
        return r;
    }
    long long used_memory() {
        const auto info = (*this)("INFO memory");
        return std::atoll(std::strstr(info->str, "used_memory:") + 12);
    }
    std::unique_ptr<redisContext, decltype(&redisFree)> context{nullptr, redisFree};
};

loader load_redis(const std::string& url) {
    return [url](const transaction& like, std::uint64_t from, std::uint64_t to, char series) {
        redis_connection redis(url);
        const auto keys = redis("KEYS *%s*", like.id.c_str());
        if (keys->elements != 1) throw std::runtime_error("not one key of a transaction");
        constexpr std::uint64_t at_once = 50'000;
        constexpr auto script =
            "local record, ttl = redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1]) "
            "local like = string.gsub(ARGV[1], '-', '%%-') "
            "for i = tonumber(ARGV[2]), tonumber(ARGV[3]) - 1 do "
            "local id = string.format('%08X%s', i * 12345701 % 4294967296, ARGV[4]) "
            "redis.call('SET', (string.gsub(KEYS[1], like, id)), (string.gsub(record, like, id)), 'PX', ttl) end";
        for (; from < to; from += at_once)
            redis("EVAL %s 1 %s %s %s %s %s", script, keys->element[0]->str, like.id.c_str(),
                  std::to_string(from).c_str(), std::to_string(std::min(to, from + at_once)).c_str(),
                  id_end(series).c_str());
    };
}

/// The median of `count` calls, in microseconds.
template <class F>
double median(unsigned count, F f) {
    std::vector<double> all;
    for (unsigned i = 0; i < count; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        f(i);
        all.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
    }
    std::nth_element(all.begin(), all.begin() + count / 2, all.end());
    return all[count / 2];
}

constexpr unsigned calls = 500;  // at most half the smallest size

template <class S>
std::vector<double> operations(S& storage, std::uint64_t size, std::mt19937_64& random) {
    const auto at = system_clock().now();
    std::vector<std::string> sought;
    std::vector<transaction> added, stored;
    std::vector<session> sessions;
    std::vector<cell_batch> batches;
    const cell_request taken{.cost = 12min, .room = 1h};
    const cell_request asked{.action = cell_action::ask, .cost = 12min, .room = 1h};
    for (unsigned i = 0; i < calls; ++i) {
        added.push_back(pending(random_id(random), at));
        // Each of them once, and none of those that were just read to be changed.
        const auto place = i * (size / calls);
        sought.push_back(id_of(place + 1, 'A'));
        auto found = storage.find_transaction(id_of(place, 'A'));
        if (!found) throw std::runtime_error("a transaction that was loaded cannot be found");
        stored.push_back(*found);
        sessions.push_back({random_id(random) + random_id(random).substr(8), added[0].user_id, at, at + 1h});
        batches.emplace_back(at, "known:", random_id(random));
        batches.back().add(taken, "codes:", random_id(random));
        batches.back().add(asked, "wrong:", random_id(random));
    }
    return {median(calls, [&](unsigned i) { storage.insert_transaction(added[i]); }),
            median(calls, [&](unsigned i) { storage.find_transaction(sought[i]); }),
            median(calls, [&](unsigned i) { storage.update_transaction(stored[i]); }),
            median(calls, [&](unsigned i) { storage.take_cells(batches[i]); }),
            median(calls, [&](unsigned i) { storage.insert_session(sessions[i]); }),
            median(calls, [&](unsigned i) { storage.find_session(sessions[i].token_hash); })};
}

/// `used` tells the bytes in use, if anybody knows.
template <class S>
void scale(const char* name, S& storage, const loader& load, const std::vector<std::uint64_t>& sizes,
           const std::function<long long()>& used = {}) {
    std::printf("\n%s, microseconds a call (times the first line's)\n", name);
    std::printf("%12s %15s %15s %15s %15s %15s %15s\n", "pending", "insert", "find", "update", "cells",
                "insert session", "find session");
    std::mt19937_64 random(std::random_device{}());
    const auto like = pending(random_id(random), system_clock().now());
    storage.insert_transaction(like);
    std::uint64_t loaded = 0;
    const auto before = used ? used() : 0;
    std::vector<double> first;
    for (const auto size : sizes) {
        load(like, loaded, size, 'A');
        loaded = size;
        const auto bytes = used ? used() - before : 0;
        const auto times = operations(storage, size, random);
        if (first.empty()) first = times;
        std::printf("%12llu", static_cast<unsigned long long>(size));
        for (std::size_t i = 0; i < times.size(); ++i) std::printf(" %7.1f (%5.2f)", times[i], times[i] / first[i]);
        if (used) std::printf("  %lld bytes each", bytes / static_cast<long long>(size));
        std::printf("\n");
        std::fflush(stdout);
    }
    // Redis drops what has expired by itself.
    if constexpr (requires { storage.delete_expired(time_point(), std::size_t{}); } || is_process_local<S>) {
        const auto long_ago = system_clock().now() - 2h;
        const auto expired = pending(random_id(random), long_ago);
        storage.insert_transaction(expired);
        load(expired, 0, sizes.back(), 'B');
        const auto inserted = median(
            calls, [&](unsigned) { storage.insert_transaction(pending(random_id(random), system_clock().now())); });
        std::printf("%12llu %7.1f (%5.2f)  while as many expired ones wait to be swept\n",
                    static_cast<unsigned long long>(sizes.back()), inserted, inserted / first[0]);
        if constexpr (requires { storage.delete_expired(time_point(), std::size_t{}); })
            std::printf("%12s %7.1f us for delete_expired() of 1000 of them\n", "",
                        median(std::min<unsigned>(20, static_cast<unsigned>(sizes.back() / 1000)),
                               [&](unsigned) { storage.delete_expired(system_clock().now(), 1000); }));
    }
}

constexpr unsigned threads = 4;

/// Logins per second of so many processes, each with a storage and four threads of its own.
template <class Open>
double logins_per_second(Open open, unsigned processes) {
    constexpr unsigned users_of_a_thread = 300;
    constexpr auto time = 5s;
    void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto& done = *new (memory) std::atomic<unsigned>(0);
    const names who;
    for (unsigned p = 0; p < processes; ++p) {
        if (::fork() != 0) continue;
        const auto storage = open();
        server s(*storage);
        {
            std::vector<std::jthread> all;
            for (unsigned t = 0; t < threads; ++t)
                all.emplace_back([&, first = (p * threads + t) * users_of_a_thread] {
                    for (unsigned i = 0; i < users_of_a_thread; ++i) {
                        const auto n = first + i;
                        storage->insert_user(
                            {who.email(0, n), *phone_number::parse(who.phone(0, n)), who.email(0, n), ""});
                    }
                    const auto end = std::chrono::steady_clock::now() + time;
                    for (unsigned i = 0; std::chrono::steady_clock::now() < end; ++i) {
                        const auto begun = s.auth.start_login(who.phone(0, first + i % users_of_a_thread));
                        if (!begun || !s.auth.finish_login(begun->transaction_id,
                                                           phoneauth::submitted_code(handing_transport::last_code)))
                            continue;
                        ++done;
                    }
                });
        }
        ::_exit(0);
    }
    while (::wait(nullptr) > 0) {
    }
    const double rate = done / std::chrono::duration<double>(time).count();
    ::munmap(memory, 4096);
    return rate;
}

/// Per second, as the database's own benchmark says it; 0 without it. `before` stands in front of the number.
double bare_round_trips(const std::string& command, const char* before) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen((command + " 2>/dev/null").c_str(), "r"), ::pclose);
    std::string text;
    for (int c; pipe && (c = std::fgetc(pipe.get())) != EOF;) text += static_cast<char>(c);
    const auto at = text.rfind(before);
    return at == std::string::npos ? 0 : std::atof(text.c_str() + at + std::strlen(before));
}

/// What a server's own benchmark reaches, per second.
struct bare_rates {
    double reads = 0;
    double writes = 0;  // each of them safe on the disk, where the storage's are
};

// The round trips of a login without a password: 3 to start it and 6 to finish it, see authenticator.hpp.
constexpr int reads = 3, writes = 6;

template <class Open>
void run_flows(const char* name, Open open, const bare_rates& bare = {}) {
    const auto one = logins_per_second(open, 1), two = logins_per_second(open, 2);
    std::printf("%s: %.0f logins/s, with two processes %.0f (%.2f times)\n", name, one, two, two / one);
    if (bare.reads > 0 && bare.writes > 0) {
        const auto most = 1 / (reads / bare.reads + writes / bare.writes);
        std::printf("    its own benchmark: %.0f reads/s, %.0f writes/s, so %.0f times %d reads and %d writes; "
                    "logins reach %.2f of that\n",
                    bare.reads, bare.writes, most, reads, writes, std::max(one, two) / most);
    }
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::uint64_t> sizes;
    for (int i = 1; i < argc; ++i) sizes.push_back(std::strtoull(argv[i], nullptr, 10));
    if (sizes.empty()) sizes = {1'000, 1'000'000, 10'000'000};
    std::sort(sizes.begin(), sizes.end());
    const support::temporary_folder temporary;
    const auto file = temporary.file("store.db");
    const auto postgres = url_of("PHONEAUTH_TEST_POSTGRES");
    const auto redis = url_of("PHONEAUTH_TEST_REDIS");

    // Before there are threads and connections here: these fork. The data are small, too.
    std::printf("logins (start and finish) per second, %u threads in each process\n", threads);
    run_flows("SQLite", [&] { return std::make_unique<sqlite_storage>(file); });
    if (!postgres.empty()) {
        const auto pgbench = [&](const char* statement) {
            const auto script = temporary.file("bare.sql");
            const std::unique_ptr<FILE, int (*)(FILE*)> out(std::fopen(script.c_str(), "w"), std::fclose);
            std::fputs(statement, out.get());
            std::fflush(out.get());
            return bare_round_trips("pgbench -n -T 5 -M prepared -c 4 -j 2 -f " + script + " '" + postgres + "'",
                                    "tps = ");
        };
        const bare_rates bare{pgbench("SELECT 1;\n"), pgbench("SELECT pg_logical_emit_message(true, 'bench', '');\n")};
        run_flows(
            "PostgreSQL", [&] { return std::make_unique<postgres_storage>(postgres); }, bare);
    }
    if (!redis.empty()) {
        const auto host = redis.substr(redis.find("//") + 2);
        const auto colon = host.find(':');
        const auto benchmark = [&](const char* test, const char* before) {
            return bare_round_trips("redis-benchmark -h " + host.substr(0, colon) + " -p " +
                                        std::to_string(std::atoi(host.c_str() + colon + 1)) +
                                        " -c 4 -n 200000 --csv -t " + test,
                                    before);
        };
        const bare_rates bare{benchmark("get", "\"GET\",\""), benchmark("set", "\"SET\",\"")};
        run_flows(
            "Redis", [&] { return std::make_unique<redis_storage>(redis); }, bare);
    }

    {
        memory_storage storage({.transactions = 3 * sizes.back() + 1'000'000});
        scale("memory", storage, load_memory(storage), sizes, [] {
            const auto m = ::mallinfo2();
            return static_cast<long long>(m.uordblks + m.hblkhd);
        });
    }
    {
        sqlite_storage storage(file);
        scale("SQLite", storage, load_sqlite(file), sizes);
    }
    if (!postgres.empty()) {
        postgres_storage storage(postgres);
        scale("PostgreSQL", storage, load_postgres(postgres), sizes);
    }
    if (!redis.empty()) {
        redis_storage storage(redis);
        redis_connection inspector(redis);
        scale("Redis", storage, load_redis(redis), sizes, [&] { return inspector.used_memory(); });
    }
}
