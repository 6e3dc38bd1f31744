// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_POSTGRES_HPP
#define PHONEAUTH_STORAGE_DETAIL_POSTGRES_HPP

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/policies.hpp>
#include <phoneauth/storage/detail/postgres_connection.hpp>
#include <phoneauth/storage/detail/postgres_schema.hpp>

// What storage/postgres.hpp and asio/postgres.hpp share: each function of the Storage concept as one SQL statement,
// which is one transaction and one round trip.

namespace phoneauth {
inline namespace v0 {

/// How a `postgres_storage` or an `async_postgres_storage` behaves.
struct postgres_options {
    /// How many connections there are at most, at least 1. An asynchronous storage shares each among many calls, but
    /// changes counters on one of them and does everything else on the others; what several connections write at the
    /// same time goes to the server's disk together, so one or two are too few there, too.
    std::size_t connections = 4;
    /// How long a call takes at most, waiting for a connection or opening one included; at least 1 ms. It is also the
    /// server's `statement_timeout`. Looking up a host name may take longer, if the system's resolver does.
    std::chrono::milliseconds timeout{5000};
    /// Asynchronous only: how many calls may be waiting for an answer on each connection. Further ones fail at once.
    std::size_t max_pending = 4096;
};

namespace detail {
namespace postgres {

// ---- Statements ----

// Each insertion also removes up to two expired rows of its table for each row of its own: more than it adds, so that
// they cannot pile up. Rows that another caller is busy with are skipped, so nobody waits and no two callers wait for
// each other.

inline constexpr statement insert_transaction_sql{"phoneauth_insert_transaction",
                                                  "text, bigint, text, text, text, bigint, bigint, bigint, bigint, "
                                                  "bigint, bigint, bigint, bigint, bigint, bigint, text, boolean",
                                                  R"(
WITH swept AS (
    DELETE FROM phoneauth_transactions WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM phoneauth_transactions WHERE expires_at <= $13 ORDER BY expires_at LIMIT 2 FOR UPDATE SKIP LOCKED)))
INSERT INTO phoneauth_transactions
    (id, kind, phone, user_id, key_id, state, tries, sends, created_at, expires_at, last_sent_at, version,
     delivery, delivery_error, password_mark, known_network)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $14, $15, $16, $17) ON CONFLICT DO NOTHING)"};

inline constexpr statement find_transaction_sql{"phoneauth_find_transaction", "text", R"(
SELECT id, kind, phone, user_id, key_id, state, tries, sends, created_at, expires_at, last_sent_at,
    delivery, delivery_error, password_mark, known_network, version
FROM phoneauth_transactions WHERE id = $1)",
                                                true};

inline constexpr statement update_transaction_sql{"phoneauth_update_transaction",
                                                  "text, text, text, text, bigint, bigint, bigint, bigint, bigint, "
                                                  "bigint, bigint",
                                                  R"(
UPDATE phoneauth_transactions
SET phone = $2, user_id = $3, key_id = $4, state = $5, tries = $6, sends = $7, last_sent_at = $8, delivery = $10,
    delivery_error = $11, version = version + 1
WHERE id = $1 AND version = $9)"};

// The two writes of a user say themselves why they were refused, because an error of a unique index would write phone
// numbers to the server's log. Only a rival who is not visible yet is left to the index.

inline constexpr statement insert_user_sql{
    "phoneauth_insert_user", "text, text, text, text, text[], text, boolean, bigint, bigint, bigint, bigint", R"(
WITH inserted AS (
    INSERT INTO phoneauth_users
        (object_id, phone, identity, password_hash, properties, locale, enabled, created_at, updated_at, last_login_at, version)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM inserted) THEN 'done'
    WHEN EXISTS (SELECT FROM phoneauth_users WHERE phone = $2) THEN 'phone taken'
    WHEN EXISTS (SELECT FROM phoneauth_users WHERE identity = $3) THEN 'identity taken'
    WHEN EXISTS (SELECT FROM phoneauth_users WHERE object_id = $1) THEN 'id taken' END)"};

inline constexpr statement update_user_sql{
    "phoneauth_update_user", "text, text, text, text, text[], text, boolean, bigint, bigint, bigint, bigint", R"(
WITH stored AS (
    SELECT FROM phoneauth_users WHERE object_id = $1 AND version = $11),
same_phone AS (
    SELECT FROM phoneauth_users WHERE phone = $2 AND object_id <> $1),
same_identity AS (
    SELECT FROM phoneauth_users WHERE identity = $3 AND object_id <> $1),
updated AS (
    UPDATE phoneauth_users
    SET phone = $2, identity = $3, password_hash = $4, properties = $5, locale = $6, enabled = $7, created_at = $8,
        updated_at = $9, last_login_at = $10, version = version + 1
    WHERE object_id = $1 AND version = $11
        AND NOT EXISTS (SELECT FROM same_phone) AND NOT EXISTS (SELECT FROM same_identity) RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM updated) THEN 'done'
    WHEN NOT EXISTS (SELECT FROM stored) THEN 'stale'
    WHEN EXISTS (SELECT FROM same_phone) THEN 'phone taken'
    WHEN EXISTS (SELECT FROM same_identity) THEN 'identity taken'
    ELSE 'stale' END)"};

#define PHONEAUTH_POSTGRES_FIND_USER                                                                                   \
    "SELECT object_id, phone, identity, password_hash, properties, locale, enabled, created_at, updated_at, "          \
    "last_login_at, version FROM phoneauth_users WHERE "
inline constexpr statement find_user_sql{"phoneauth_find_user", "text", PHONEAUTH_POSTGRES_FIND_USER "object_id = $1",
                                         true};
inline constexpr statement find_user_by_phone_sql{"phoneauth_find_user_by_phone", "text",
                                                  PHONEAUTH_POSTGRES_FIND_USER "phone = $1", true};
inline constexpr statement find_user_by_identity_sql{"phoneauth_find_user_by_identity", "text",
                                                     PHONEAUTH_POSTGRES_FIND_USER "identity = $1", true};
#undef PHONEAUTH_POSTGRES_FIND_USER

inline constexpr statement insert_session_sql{"phoneauth_insert_session", "text, text, bigint, bigint", R"(
WITH swept AS (
    DELETE FROM phoneauth_sessions WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM phoneauth_sessions WHERE expires_at <= $3 ORDER BY expires_at LIMIT 2 FOR UPDATE SKIP LOCKED)))
INSERT INTO phoneauth_sessions (token_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING)"};

inline constexpr statement find_session_sql{
    "phoneauth_find_session", "text",
    "SELECT token_hash, user_id, created_at, expires_at FROM phoneauth_sessions WHERE token_hash = $1", true};

inline constexpr statement erase_session_sql{"phoneauth_erase_session", "text",
                                             "DELETE FROM phoneauth_sessions WHERE token_hash = $1"};

inline constexpr statement erase_sessions_of_sql{
    "phoneauth_erase_sessions_of", "text, text",
    "DELETE FROM phoneauth_sessions WHERE user_id = $1 AND token_hash <> $2"};

// A counter with the value 0 counts as absent. Rows are written, and so locked, in the order of their keys, and swept
// after that: calls that change the same counters cannot wait for each other in a circle. A row that all callers change
// must not be locked for as long as a disk takes: the commit does not wait for it. What is committed later and does
// wait, as every write of a transaction does, brings this to the disk, too.
inline constexpr statement change_counters_sql{"phoneauth_change_counters",
                                               "text[], bigint[], bigint[], bigint[], boolean[], bigint", R"(
WITH unhurried AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true)),
changes AS (
    SELECT key COLLATE "C" AS key, by, now, ends, prolong, place
    FROM unnest($1, $2, $3, $4, $5) WITH ORDINALITY AS u (key, by, now, ends, prolong, place)),
present AS (
    SELECT c.* FROM changes JOIN phoneauth_counters c USING (key) WHERE c.expires_at > now AND c.value > 0),
changed AS (
    INSERT INTO phoneauth_counters AS c (key, value, expires_at)
    SELECT key, greatest(by, 0), ends FROM changes
    WHERE by > 0 OR by < 0 AND EXISTS (SELECT FROM present WHERE present.key = changes.key) ORDER BY key
    ON CONFLICT (key) DO UPDATE SET (value, expires_at) = (
        SELECT CASE WHEN c.expires_at <= now OR c.value = 0 THEN greatest(by, 0)
                WHEN by > 9223372036854775807 - c.value THEN 9223372036854775807
                ELSE greatest(c.value + by, 0) END,
            CASE WHEN c.expires_at <= now OR c.value = 0 THEN ends
                WHEN prolong AND by > 0 THEN greatest(c.expires_at, ends)
                ELSE c.expires_at END
        FROM changes WHERE changes.key = excluded.key)
    RETURNING key, value, expires_at),
swept AS (
    DELETE FROM phoneauth_counters WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM phoneauth_counters WHERE expires_at <= $6
        ORDER BY expires_at LIMIT (SELECT 2 * count(*) FROM changed) FOR UPDATE SKIP LOCKED)))
SELECT coalesce(changed.value, present.value, 0), coalesce(changed.expires_at, present.expires_at, ends)
FROM changes LEFT JOIN changed USING (key) LEFT JOIN present USING (key), unhurried ORDER BY place)"};

inline constexpr statement sweep_sql{"phoneauth_sweep", "bigint, bigint, bigint", R"(
WITH transactions AS (
    DELETE FROM phoneauth_transactions WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM phoneauth_transactions WHERE expires_at <= $2 ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED))
    RETURNING 1),
sessions AS (
    DELETE FROM phoneauth_sessions WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM phoneauth_sessions WHERE expires_at <= $1 ORDER BY expires_at
        LIMIT (SELECT greatest($3 - count(*), 0) FROM transactions) FOR UPDATE SKIP LOCKED))
    RETURNING 1),
counters AS (
    DELETE FROM phoneauth_counters WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM phoneauth_counters WHERE expires_at <= $1 ORDER BY expires_at
        LIMIT (SELECT greatest($3 - (SELECT count(*) FROM transactions) - (SELECT count(*) FROM sessions), 0)) FOR UPDATE SKIP LOCKED))
    RETURNING 1)
SELECT (SELECT count(*) FROM transactions) + (SELECT count(*) FROM sessions) + (SELECT count(*) FROM counters))"};

inline constexpr std::array statements{&insert_transaction_sql, &find_transaction_sql,
                                       &update_transaction_sql, &insert_user_sql,
                                       &update_user_sql,        &find_user_sql,
                                       &find_user_by_phone_sql, &find_user_by_identity_sql,
                                       &insert_session_sql,     &find_session_sql,
                                       &erase_session_sql,      &erase_sessions_of_sql,
                                       &change_counters_sql,    &sweep_sql};

/// An open connection with what all statements rely on.
inline std::unique_ptr<connection> open(const server_address& server, std::chrono::milliseconds timeout,
                                        steady_time deadline) {
    auto c = std::make_unique<connection>(server, deadline);
    // The statements are right at this isolation level, and cheapest. A server that forgot what it has confirmed would
    // let a code be used twice. Every statement looks rows up by an index: one plan is good for all parameters (to make
    // a new one takes longer than change_counters itself), and one that was made while a table was small must not read
    // all of it when it has grown.
    const auto read_only = c->run(
        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;"
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';"
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off;"
        "SET statement_timeout = " +
            std::to_string(timeout.count()) + "; SHOW transaction_read_only",
        deadline);
    if (PQserverVersion(c->get()) < 120000)
        throw std::runtime_error("phoneauth: the PostgreSQL server is older than version 12; upgrade it");
    // What a standby server knows may be out of date.
    if (PQntuples(read_only.get()) != 1 || PQgetvalue(read_only.get(), 0, 0) != std::string_view("off"))
        throw std::runtime_error("phoneauth: the PostgreSQL database is read-only (default_transaction_read_only, or a "
                                 "standby server); make it writable or name the primary server in the URL");
    return c;
}

/// Prepares all statements, in one round trip: to parse and plan them each time would take several times as long as to
/// run them (measured with pgbench: change_counters 6 times).
inline void prepare(connection& c, steady_time deadline) {
    std::string all;
    for (const auto* s : statements) all += std::string("PREPARE ") + s->name + '(' + s->types + ") AS " + s->sql + ';';
    c.run(all, deadline);
}

// ---- Rows ----

/// Reads the columns of a row in the binary form, one after the other.
class row {
public:
    row(const PGresult* r, int number) : result_(r), row_(number) {}

    std::string text() { return std::string(next()); }

    std::int64_t number() {
        const auto bytes = next();
        if (bytes.empty() || bytes.size() > 8) throw unknown();
        return big_endian(bytes);
    }

    template <class Int>
    Int number_as() {
        const auto n = number();
        if (!std::in_range<Int>(n)) throw unknown();
        return static_cast<Int>(n);
    }

    /// An enumeration whose values are 1 to `last`.
    template <class Enum>
    Enum enumerator(Enum last) {
        const auto n = number();
        if (n < 1 || n > static_cast<std::int64_t>(last)) throw unknown();
        return static_cast<Enum>(n);
    }

    time_point time() { return time_point(std::chrono::milliseconds(number())); }

    std::optional<time_point> optional_time() {
        if (!PQgetisnull(result_, row_, column_)) return time();
        ++column_;
        return std::nullopt;
    }

    phone_number phone() {
        const auto stored = next();
        const auto parsed = phone_number::parse(stored);
        if (!parsed || parsed->str() != stored) throw unknown();
        return *parsed;
    }

    /// From an array of texts: name, JSON text, name, JSON text, …
    property_map properties() {
        auto bytes = next();
        const auto take = [&](std::size_t size) {
            if (size > bytes.size()) throw unknown();
            const auto taken = bytes.substr(0, size);
            bytes.remove_prefix(size);
            return taken;
        };
        const auto integer = [&] { return static_cast<std::uint32_t>(big_endian(take(4))); };
        const auto dimensions = integer();
        take(8);
        if (dimensions > 1) throw unknown();
        const auto count = dimensions == 1 ? integer() : 0;
        if (dimensions == 1) take(4);
        property_map all;
        for (std::uint32_t i = 0; i < count; i += 2) {
            std::string name(take(integer()));
            all.insert_or_assign(std::move(name), std::string(take(integer())));
        }
        if (!bytes.empty()) throw unknown();
        return all;
    }

private:
    std::string_view next() {
        const auto column = column_++;
        if (PQgetisnull(result_, row_, column)) throw unknown();
        return {PQgetvalue(result_, row_, column), static_cast<std::size_t>(PQgetlength(result_, row_, column))};
    }

    /// A two's complement number.
    static std::int64_t big_endian(std::string_view bytes) {
        std::uint64_t n = static_cast<signed char>(bytes[0]) < 0 ? ~std::uint64_t{0} : 0;
        for (const char c : bytes) n = n << 8 | static_cast<unsigned char>(c);
        return std::bit_cast<std::int64_t>(n);
    }

    /// For the column that was read last.
    std::runtime_error unknown() const {
        return std::runtime_error("phoneauth: the PostgreSQL column " + std::string(PQfname(result_, column_ - 1)) +
                                  " holds a value that this program does not know; run a newer program, or correct it");
    }

    const PGresult* result_;
    int row_;
    int column_ = 0;
};

// ---- Operations ----

/// A call of one of the storage's functions.
template <class T>
struct operation {
    const statement& what;
    parameters values;
    /// The value from a result that is `verdict::done`; empty if a rival who is not visible yet was faster: run it
    /// again.
    std::optional<T> (*value)(const PGresult*);
};

/// How often a statement is run at most while others get in its way.
inline constexpr int max_attempts = 10;

inline std::runtime_error too_many_attempts() {
    return std::runtime_error("phoneauth: a PostgreSQL statement lost too many races");
}

inline std::int64_t integer(time_point t) {
    return t.time_since_epoch().count();
}
inline std::optional<std::int64_t> integer(const std::optional<time_point>& t) {
    return t ? std::optional(integer(*t)) : std::nullopt;
}
template <class T>
std::int64_t integer(T n) {
    return static_cast<std::int64_t>(n);
}

inline std::size_t affected(const PGresult* r) {
    return std::strtoull(PQcmdTuples(const_cast<PGresult*>(r)), nullptr, 10);
}
inline std::optional<bool> any_affected(const PGresult* r) {
    return affected(r) != 0;
}

/// For a function that finds one record or none.
template <class T, T (*Read)(row)>
std::optional<std::optional<T>> found(const PGresult* r) {
    if (PQntuples(r) == 0) return std::optional<T>();
    return std::optional<T>(Read(row(r, 0)));
}

inline transaction read_transaction(row r) {
    return {r.text(),
            r.enumerator(purpose::login),
            r.phone(),
            r.text(),
            r.text(),
            r.enumerator(transaction_state::failed),
            r.number_as<std::uint32_t>(),
            r.number_as<std::uint32_t>(),
            r.time(),
            r.time(),
            r.time(),
            r.enumerator(delivery_state::undelivered),
            r.number_as<std::int32_t>(),
            r.text(),
            r.number() != 0,
            r.number_as<std::uint64_t>()};
}

inline user read_user(row r) {
    return {r.text(),
            r.phone(),
            r.text(),
            r.text(),
            r.properties(),
            r.text(),
            r.number() != 0,
            r.time(),
            r.optional_time(),
            r.optional_time(),
            r.number_as<std::uint64_t>()};
}

inline session read_session(row r) {
    return {r.text(), r.text(), r.time(), r.time()};
}

inline std::optional<write_result> read_user_write(const PGresult* r) {
    if (PQgetisnull(r, 0, 0)) return std::nullopt;
    const auto outcome = row(r, 0).text();
    if (outcome == "done") return write_result::done;
    if (outcome == "phone taken") return write_result::phone_taken;
    if (outcome == "identity taken") return write_result::identity_taken;
    if (outcome == "stale") return write_result::stale;
    throw std::invalid_argument("phoneauth: there is a user with this object_id");
}

inline operation<bool> insert_transaction(const transaction& t) {
    return {insert_transaction_sql,
            parameters(t.id, integer(t.purpose), t.phone.str(), t.user_id, t.key_id, integer(t.state), integer(t.tries),
                       integer(t.sends), integer(t.created_at), integer(t.expires_at), integer(t.last_sent_at),
                       integer(t.version), integer(t.created_at - transaction_retention), integer(t.delivery),
                       integer(t.delivery_error), t.password_fingerprint, t.known_network),
            any_affected};
}

inline operation<std::optional<transaction>> find_transaction(const std::string& id) {
    return {find_transaction_sql, parameters(id), found<transaction, read_transaction>};
}

inline operation<bool> update_transaction(const transaction& t) {
    return {update_transaction_sql,
            parameters(t.id, t.phone.str(), t.user_id, t.key_id, integer(t.state), integer(t.tries), integer(t.sends),
                       integer(t.last_sent_at), integer(t.version), integer(t.delivery), integer(t.delivery_error)),
            any_affected};
}

inline operation<write_result> write_user(const statement& what, const user& u) {
    std::vector<const std::string*> texts;
    for (const auto& [name, json] : u.properties) texts.insert(texts.end(), {&name, &json});
    constexpr std::uint32_t text = 25;  // src/include/catalog/pg_type.dat, as the other types' numbers
    return {what,
            parameters(u.object_id, u.phone.str(), u.identity, u.password_hash,
                       parameters::array(texts, text, [](const auto* t) -> const std::string& { return *t; }), u.locale,
                       u.enabled, integer(u.created_at), integer(u.updated_at), integer(u.last_login_at),
                       integer(u.version)),
            read_user_write};
}

inline operation<write_result> insert_user(const user& u) {
    return write_user(insert_user_sql, u);
}
inline operation<write_result> update_user(const user& u) {
    return write_user(update_user_sql, u);
}

inline operation<std::optional<user>> find_user(const std::string& object_id) {
    return {find_user_sql, parameters(object_id), found<user, read_user>};
}
inline operation<std::optional<user>> find_user_by_phone(const phone_number& phone) {
    return {find_user_by_phone_sql, parameters(phone.str()), found<user, read_user>};
}
inline operation<std::optional<user>> find_user_by_identity(const std::string& identity) {
    return {find_user_by_identity_sql, parameters(identity), found<user, read_user>};
}

inline operation<bool> insert_session(const session& s) {
    return {insert_session_sql, parameters(s.token_hash, s.user_id, integer(s.created_at), integer(s.expires_at)),
            any_affected};
}

inline operation<std::optional<session>> find_session(const std::string& token_hash) {
    return {find_session_sql, parameters(token_hash), found<session, read_session>};
}

inline operation<bool> erase_session(const std::string& token_hash) {
    return {erase_session_sql, parameters(token_hash), any_affected};
}

inline operation<std::size_t> erase_sessions_of(const std::string& user_id, const std::string& kept) {
    return {erase_sessions_of_sql, parameters(user_id, kept),
            [](const PGresult* r) { return std::optional(affected(r)); }};
}

inline operation<std::vector<counter>> change_counters(const std::vector<counter_change>& changes) {
    constexpr std::uint32_t boolean = 16, bigint = 20, text = 25;
    const auto integers = [&](auto get) {
        return parameters::array(changes, bigint, [&](const auto& c) { return parameters::bigint(get(c)); });
    };
    return {change_counters_sql,
            parameters(parameters::array(changes, text, [](const auto& c) -> const std::string& { return c.key; }),
                       integers([](const auto& c) { return c.by; }),
                       integers([](const auto& c) { return integer(c.now); }),
                       integers([](const auto& c) { return integer(c.now + c.lifetime); }),
                       parameters::array(changes, boolean,
                                         [](const auto& c) { return std::string(1, c.prolong ? '\1' : '\0'); }),
                       changes.empty() ? std::int64_t{0} : integer(changes.front().now)),
            [](const PGresult* r) {
                std::vector<counter> counters;
                for (int i = 0; i < PQntuples(r); ++i) {
                    row next(r, i);
                    const auto value = next.number();
                    counters.push_back({value, next.time()});
                }
                return std::optional(counters);
            }};
}

inline operation<std::size_t> sweep(time_point now, std::size_t most) {
    return {sweep_sql, parameters(integer(now), integer(now - transaction_retention), integer(most)),
            [](const PGresult* r) { return std::optional(row(r, 0).number_as<std::size_t>()); }};
}

}  // namespace postgres
}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
