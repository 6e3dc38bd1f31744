// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_POSTGRES_SCHEMA_HPP
#define PHONEAUTH_STORAGE_DETAIL_POSTGRES_SCHEMA_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <phoneauth/storage/detail/postgres_connection.hpp>

// The tables: making them, bringing them up to date, and finding out whether they still are as they were made.

namespace phoneauth {
inline namespace v0 {
namespace detail {
namespace postgres {

// Times are milliseconds since 1970. Texts compare byte for byte. Rows that change often leave room in their pages, so
// that a change need not touch the indexes ("heap-only tuples"). `properties` are name, JSON text, name, JSON text, …:
// the type json would refuse "\u0000" and jsonb would rewrite numbers; `json_object(properties)` makes an object of
// them, `hstore(properties)` too.

/// `migrations[n]` makes version n + 1 of the tables of version n. Append; never change one that was released.
inline constexpr std::array migrations{R"(
CREATE TABLE phoneauth_schema (version bigint NOT NULL);
INSERT INTO phoneauth_schema VALUES (0);
CREATE TABLE phoneauth_transactions (
    id text COLLATE "C" PRIMARY KEY,
    kind smallint NOT NULL,
    phone text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    state smallint NOT NULL,
    tries bigint NOT NULL,
    sends bigint NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    last_sent_at bigint NOT NULL,
    version bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX phoneauth_transactions_expires_at ON phoneauth_transactions (expires_at);
CREATE TABLE phoneauth_users (
    object_id text COLLATE "C" PRIMARY KEY,
    phone text COLLATE "C" NOT NULL CONSTRAINT phoneauth_users_phone UNIQUE,
    identity text COLLATE "C" NOT NULL CONSTRAINT phoneauth_users_identity UNIQUE,
    password_hash text COLLATE "C" NOT NULL,
    properties text[] COLLATE "C" NOT NULL,
    locale text COLLATE "C" NOT NULL,
    enabled boolean NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint,
    last_login_at bigint,
    version bigint NOT NULL
) WITH (fillfactor = 90);
CREATE TABLE phoneauth_sessions (
    token_hash text COLLATE "C" PRIMARY KEY,
    user_id text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);
CREATE INDEX phoneauth_sessions_user_id ON phoneauth_sessions (user_id);
CREATE INDEX phoneauth_sessions_expires_at ON phoneauth_sessions (expires_at);
CREATE TABLE phoneauth_counters (
    key text COLLATE "C" PRIMARY KEY,
    value bigint NOT NULL,
    expires_at bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX phoneauth_counters_expires_at ON phoneauth_counters (expires_at);
)",
                                       // The defaults are those of a new `transaction`: programs of version 1 that
                                       // still run go on adding rows. No row is rewritten.
                                       R"(
ALTER TABLE phoneauth_transactions
    ADD delivery smallint NOT NULL DEFAULT 1,
    ADD delivery_error integer NOT NULL DEFAULT 0,
    ADD password_mark text COLLATE "C" NOT NULL DEFAULT '',
    ADD known_network boolean NOT NULL DEFAULT false;
)",
                                       R"(
ALTER TABLE phoneauth_users ADD generation bigint NOT NULL DEFAULT 0;
ALTER TABLE phoneauth_sessions ADD fingerprint text COLLATE "C" NOT NULL DEFAULT '';
)"};

/// What `describe_tables` says about the newest version.
inline constexpr std::array expected_tables{R"(phoneauth_counters may be read and changed)",
                                            R"(phoneauth_counters has an index on expires_at)",
                                            R"(phoneauth_counters has a unique index on key)",
                                            R"(phoneauth_counters has expires_at bigint not null)",
                                            R"(phoneauth_counters has key text collate "C" not null)",
                                            R"(phoneauth_counters has value bigint not null)",
                                            R"(phoneauth_sessions may be read and changed)",
                                            R"(phoneauth_sessions has an index on expires_at)",
                                            R"(phoneauth_sessions has an index on user_id)",
                                            R"(phoneauth_sessions has a unique index on token_hash)",
                                            R"(phoneauth_sessions has created_at bigint not null)",
                                            R"(phoneauth_sessions has expires_at bigint not null)",
                                            R"(phoneauth_sessions has fingerprint text collate "C" not null)",
                                            R"(phoneauth_sessions has token_hash text collate "C" not null)",
                                            R"(phoneauth_sessions has user_id text collate "C" not null)",
                                            R"(phoneauth_transactions may be read and changed)",
                                            R"(phoneauth_transactions has an index on expires_at)",
                                            R"(phoneauth_transactions has a unique index on id)",
                                            R"(phoneauth_transactions has created_at bigint not null)",
                                            R"(phoneauth_transactions has delivery smallint not null)",
                                            R"(phoneauth_transactions has delivery_error integer not null)",
                                            R"(phoneauth_transactions has expires_at bigint not null)",
                                            R"(phoneauth_transactions has id text collate "C" not null)",
                                            R"(phoneauth_transactions has key_id text collate "C" not null)",
                                            R"(phoneauth_transactions has kind smallint not null)",
                                            R"(phoneauth_transactions has known_network boolean not null)",
                                            R"(phoneauth_transactions has last_sent_at bigint not null)",
                                            R"(phoneauth_transactions has password_mark text collate "C" not null)",
                                            R"(phoneauth_transactions has phone text collate "C" not null)",
                                            R"(phoneauth_transactions has sends bigint not null)",
                                            R"(phoneauth_transactions has state smallint not null)",
                                            R"(phoneauth_transactions has tries bigint not null)",
                                            R"(phoneauth_transactions has user_id text collate "C" not null)",
                                            R"(phoneauth_transactions has version bigint not null)",
                                            R"(phoneauth_users may be read and changed)",
                                            R"(phoneauth_users has a unique index on identity)",
                                            R"(phoneauth_users has a unique index on object_id)",
                                            R"(phoneauth_users has a unique index on phone)",
                                            R"(phoneauth_users has created_at bigint not null)",
                                            R"(phoneauth_users has enabled boolean not null)",
                                            R"(phoneauth_users has generation bigint not null)",
                                            R"(phoneauth_users has identity text collate "C" not null)",
                                            R"(phoneauth_users has last_login_at bigint)",
                                            R"(phoneauth_users has locale text collate "C" not null)",
                                            R"(phoneauth_users has object_id text collate "C" not null)",
                                            R"(phoneauth_users has password_hash text collate "C" not null)",
                                            R"(phoneauth_users has phone text collate "C" not null)",
                                            R"(phoneauth_users has properties text[] collate "C" not null)",
                                            R"(phoneauth_users has updated_at bigint)",
                                            R"(phoneauth_users has version bigint not null)"};

/// Sentences about the tables; the second column says whether our statements could fail because of what is described.
inline constexpr auto describe_tables = R"(
WITH tables AS (
    SELECT c.oid, c.relname FROM unnest(ARRAY['counters', 'sessions', 'transactions', 'users']) AS n
    JOIN pg_class c ON c.oid = to_regclass('phoneauth_' || n))
SELECT relname || ' has ' || attname || ' ' || format_type(atttypid, atttypmod)
        || coalesce(' collate "' || nullif(collname, 'default') || '"', '') || CASE WHEN attnotnull THEN ' not null' ELSE '' END,
    attnotnull AND NOT atthasdef AND attidentity = ''
FROM tables JOIN pg_attribute ON attrelid = tables.oid LEFT JOIN pg_collation ON pg_collation.oid = attcollation
WHERE attnum > 0 AND NOT attisdropped
UNION ALL
SELECT relname || CASE WHEN indisunique THEN ' has a unique' ELSE ' has an' END || ' index on '
        || (SELECT string_agg(pg_get_indexdef(indexrelid, n, true), ', ') FROM generate_series(1, indnkeyatts) AS n),
    indisunique
FROM tables JOIN pg_index ON indrelid = tables.oid WHERE indisvalid AND indpred IS NULL
UNION ALL
SELECT relname || ' may be read and changed', false FROM tables
WHERE has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT') AND has_table_privilege(oid, 'UPDATE')
    AND has_table_privilege(oid, 'DELETE'))";

/// How long bringing the tables up to date may take, waiting for another server that does so included.
inline constexpr std::chrono::minutes migration_limit{10};

/// Makes the tables or brings them up to date, and checks them. Any number of servers may do so at once. Throws
/// `std::runtime_error` that says what to do.
inline void migrate(connection& c, steady_time deadline) {
    const auto value = [&](const std::string& sql) {
        const auto r = c.run(sql, deadline);
        return std::string(PQntuples(r.get()) == 1 ? PQgetvalue(r.get(), 0, 0) : "");
    };
    if (const auto encoding = value("SHOW server_encoding"); encoding != "UTF8")
        throw std::runtime_error("phoneauth: the PostgreSQL database has the encoding " + encoding +
                                 "; create one with ENCODING 'UTF8' TEMPLATE template0");

    // The limit of a call is not for this. But whoever waits for a table keeps all others from it, too: servers that
    // are at work must not wait so long that their calls fail. The number is "phonea" in ASCII; the lock ends with the
    // transaction.
    deadline = std::chrono::steady_clock::now() + migration_limit;
    c.run("BEGIN; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(x'70686f6e6561'::bigint);"
          "SET LOCAL lock_timeout = 2000",
          deadline);
    const auto made = value("SELECT to_regclass('phoneauth_schema') IS NOT NULL") == "t";
    const auto version = made ? value("SELECT version FROM phoneauth_schema") : "0";
    const auto newest = std::to_string(migrations.size());
    std::size_t next = 0;
    while (next < migrations.size() && version != std::to_string(next)) ++next;
    if (next == migrations.size() && version != newest)
        throw std::runtime_error("phoneauth: the tables in the PostgreSQL database have version '" + version +
                                 "', this program knows versions up to " + newest +
                                 "; run a newer program, or use another database");
    for (; next < migrations.size(); ++next) {
        try {
            c.run(migrations[next], deadline);
        } catch (const std::runtime_error& e) {
            throw std::runtime_error(
                std::string(e.what()) +
                (version == "0"
                     ? "; while making the tables phoneauth_*: the user of the URL must be allowed to "
                       "create tables, and there must be none of these names"
                     : "; while bringing the tables phoneauth_* from version " + version + " to " + newest +
                           ": the user of the URL must own them, and no other program may keep them locked"));
        }
    }
    if (version != newest) c.run("UPDATE phoneauth_schema SET version = " + newest, deadline);

    const auto rows = c.run(describe_tables, deadline);
    std::vector<std::string_view> found;
    for (int i = 0; i < PQntuples(rows.get()); ++i) found.push_back(PQgetvalue(rows.get(), i, 0));
    const auto has = [](const auto& all, std::string_view one) {
        return std::find(all.begin(), all.end(), one) != all.end();
    };
    std::string problem;
    for (const std::string_view sentence : expected_tables)
        if (problem.empty() && !has(found, sentence)) problem = "it is not so that " + std::string(sentence);
    for (std::size_t i = 0; i < found.size(); ++i)
        if (problem.empty() && *PQgetvalue(rows.get(), static_cast<int>(i), 1) == 't' &&
            !has(expected_tables, found[i]))
            problem = std::string(found[i]) + ", which it should not";
    if (!problem.empty())
        throw std::runtime_error("phoneauth: the tables in the PostgreSQL database were changed: " + problem +
                                 "; change that back, or restore them from a backup");
    c.run("COMMIT", deadline);
}

}  // namespace postgres
}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
