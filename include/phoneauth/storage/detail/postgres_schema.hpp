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

/// The body of the function phoneauth_take_cells, which does what `decide` says (cell.hpp).
///
/// Whoever takes from a cell has its lock until he has committed, whether there is a row or not; who only asks shares it
/// with others who do. All take their locks in the order of the locks' numbers, so that nobody waits in a circle. The
/// statement behind that sees what others have committed. It alone is enough for a batch that takes nothing: what one
/// statement sees was all there at one moment.
///
/// A row that all callers change must not be locked for as long as a disk takes: the commit does not wait for it. What
/// is committed later and does wait, as every write of a transaction does, brings this to the disk, too.
inline constexpr auto take_cells_body = R"(
DECLARE
    stored bigint[];
    added bigint;
BEGIN
    IF 2 <> ANY (actions) THEN
        PERFORM CASE WHEN shared THEN pg_advisory_xact_lock_shared(number) ELSE pg_advisory_xact_lock(number) END
        FROM (SELECT hashtextextended(key COLLATE "C", x'70686f6e6561'::bigint) AS number, action = 2 AS shared
            FROM unnest(keys || marker, actions || 2::bigint) AS u (key, action) ORDER BY 1, 2) AS locks;
    END IF;
    WITH client AS (
        SELECT marker <> '' AND EXISTS (SELECT FROM phoneauth_cells WHERE key = marker AND ahead > instant) AS known),
    requests AS (
        SELECT place, action, condition = 1 OR (condition = 2) = known AS applies, ahead,
            greatest(ahead, instant) + cost AS next, instant + room + CASE WHEN known THEN reserve ELSE 0 END AS furthest
        FROM client, unnest(keys, actions, conditions, costs, rooms, reserves) WITH ORDINALITY
            AS u (key, action, condition, cost, room, reserve, place)
        LEFT JOIN phoneauth_cells AS c ON c.key = u.key COLLATE "C"),
    results AS (
        SELECT place, ahead, applies AND action <> 3 AND next > furthest AS refused,
            CASE WHEN NOT applies OR action = 2 THEN coalesce(ahead, 0)
                WHEN action = 3 THEN greatest(least(next, greatest(furthest, instant)), instant)
                ELSE next END AS cell
        FROM requests)
    SELECT NOT coalesce(bool_or(refused), false), (SELECT known FROM client),
        coalesce(array_agg(coalesce(ahead, 0) ORDER BY place), '{}'), coalesce(array_agg(cell ORDER BY place), '{}'),
        count(*) FILTER (WHERE ahead IS NULL AND cell > instant)
    FROM results INTO granted, marked, stored, cells, added;
    IF NOT granted THEN
        cells := stored;
    ELSIF cells <> stored THEN
        PERFORM set_config('synchronous_commit', 'off', true);
        INSERT INTO phoneauth_cells AS c (key, ahead, expires_at)
        SELECT key, after, 2 * after - instant FROM unnest(keys, stored, cells) AS u (key, before, after)
        WHERE after <> before AND (after > instant OR before > 0)
        ON CONFLICT (key) DO UPDATE SET ahead = excluded.ahead,
            expires_at = CASE WHEN excluded.ahead > c.expires_at THEN excluded.expires_at ELSE c.expires_at END;
        DELETE FROM phoneauth_cells WHERE added > 0 AND ctid = ANY (ARRAY(
            SELECT ctid FROM phoneauth_cells WHERE expires_at <= instant
            ORDER BY expires_at LIMIT 2 * added FOR UPDATE SKIP LOCKED));
    END IF;
END)";

/// `migrations[n]` makes version n + 1 of the tables of version n. Append; never change one that was released.
inline const auto migrations = std::to_array<std::string>({
    R"(
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
    // `expires_at` is at or behind `ahead`, and moves seldom: a change of `ahead`
    // alone does not touch the index.
    R"(
ALTER TABLE phoneauth_users ADD generation bigint NOT NULL DEFAULT 0;
ALTER TABLE phoneauth_sessions ADD fingerprint text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE phoneauth_transactions
    DROP known_network,
    ADD known_network text COLLATE "C" NOT NULL DEFAULT '';
DROP TABLE phoneauth_counters;
CREATE TABLE phoneauth_cells (
    key text COLLATE "C" PRIMARY KEY,
    ahead bigint NOT NULL,
    expires_at bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX phoneauth_cells_expires_at ON phoneauth_cells (expires_at);
CREATE FUNCTION phoneauth_take_cells(instant bigint, marker text, keys text[], actions bigint[], conditions bigint[],
    costs bigint[], rooms bigint[], reserves bigint[], OUT granted boolean, OUT marked boolean, OUT cells bigint[])
LANGUAGE plpgsql AS $take_cells$)" +
        std::string(take_cells_body) + "$take_cells$;",
    // The defaults are those of new records, as above. Sessions change from now on.
    R"(
ALTER TABLE phoneauth_transactions ADD topic text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE phoneauth_users ADD backup_codes text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE phoneauth_sessions
    ADD kind smallint NOT NULL DEFAULT 1,
    ADD auth_methods bigint NOT NULL DEFAULT 0,
    ADD auth_time bigint NOT NULL DEFAULT 0,
    ADD last_used_at bigint NOT NULL DEFAULT 0,
    ADD device text COLLATE "C" NOT NULL DEFAULT '',
    ADD network text COLLATE "C" NOT NULL DEFAULT '',
    ADD version bigint NOT NULL DEFAULT 0,
    SET (fillfactor = 80);
)"});

/// What `describe_tables` says about the newest version.
inline constexpr std::array expected_tables{R"(phoneauth_cells may be read and changed)",
                                            R"(phoneauth_cells has an index on expires_at)",
                                            R"(phoneauth_cells has a unique index on key)",
                                            R"(phoneauth_cells has ahead bigint not null)",
                                            R"(phoneauth_cells has expires_at bigint not null)",
                                            R"(phoneauth_cells has key text collate "C" not null)",
                                            R"(phoneauth_sessions may be read and changed)",
                                            R"(phoneauth_sessions has an index on expires_at)",
                                            R"(phoneauth_sessions has an index on user_id)",
                                            R"(phoneauth_sessions has a unique index on token_hash)",
                                            R"(phoneauth_sessions has auth_methods bigint not null)",
                                            R"(phoneauth_sessions has auth_time bigint not null)",
                                            R"(phoneauth_sessions has created_at bigint not null)",
                                            R"(phoneauth_sessions has device text collate "C" not null)",
                                            R"(phoneauth_sessions has expires_at bigint not null)",
                                            R"(phoneauth_sessions has fingerprint text collate "C" not null)",
                                            R"(phoneauth_sessions has kind smallint not null)",
                                            R"(phoneauth_sessions has last_used_at bigint not null)",
                                            R"(phoneauth_sessions has network text collate "C" not null)",
                                            R"(phoneauth_sessions has token_hash text collate "C" not null)",
                                            R"(phoneauth_sessions has user_id text collate "C" not null)",
                                            R"(phoneauth_sessions has version bigint not null)",
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
                                            R"(phoneauth_transactions has known_network text collate "C" not null)",
                                            R"(phoneauth_transactions has last_sent_at bigint not null)",
                                            R"(phoneauth_transactions has password_mark text collate "C" not null)",
                                            R"(phoneauth_transactions has phone text collate "C" not null)",
                                            R"(phoneauth_transactions has sends bigint not null)",
                                            R"(phoneauth_transactions has state smallint not null)",
                                            R"(phoneauth_transactions has topic text collate "C" not null)",
                                            R"(phoneauth_transactions has tries bigint not null)",
                                            R"(phoneauth_transactions has user_id text collate "C" not null)",
                                            R"(phoneauth_transactions has version bigint not null)",
                                            R"(phoneauth_users may be read and changed)",
                                            R"(phoneauth_users has a unique index on identity)",
                                            R"(phoneauth_users has a unique index on object_id)",
                                            R"(phoneauth_users has a unique index on phone)",
                                            R"(phoneauth_users has backup_codes text collate "C" not null)",
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
                                            R"(phoneauth_users has version bigint not null)",
                                            R"(the function phoneauth_take_cells is there)",
                                            R"(the function phoneauth_take_cells is as it was made)",
                                            R"(the function phoneauth_take_cells may be called)"};

/// Sentences about the tables; the second column says whether our statements could fail because of what is described.
inline const auto describe_tables = R"(
WITH tables AS (
    SELECT c.oid, c.relname FROM unnest(ARRAY['cells', 'sessions', 'transactions', 'users']) AS n
    JOIN pg_class c ON c.oid = to_regclass('phoneauth_' || n)),
functions AS (
    SELECT p.* FROM pg_proc p WHERE p.oid = to_regprocedure(
        'phoneauth_take_cells(bigint, text, text[], bigint[], bigint[], bigint[], bigint[], bigint[])'))
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
    AND has_table_privilege(oid, 'DELETE')
UNION ALL
SELECT 'the function ' || proname || ' is there', false FROM functions
UNION ALL
SELECT 'the function ' || proname || ' is as it was made', false FROM functions
WHERE NOT prosecdef AND proconfig IS NULL AND provolatile = 'v'
    AND pg_get_function_arguments(oid) LIKE '%, OUT granted boolean, OUT marked boolean, OUT cells bigint[]'
    AND prosrc = $take_cells$)" + std::string(take_cells_body) +
                                    R"($take_cells$
UNION ALL
SELECT 'the function ' || proname || ' may be called', false FROM functions WHERE has_function_privilege(oid, 'EXECUTE'))";

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
