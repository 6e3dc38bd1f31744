// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_POSTGRES_STATEMENTS_HPP
#define PHONEAUTH_STORAGE_DETAIL_POSTGRES_STATEMENTS_HPP

#include <array>
#include <chrono>
#include <concepts>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <phoneauth/policies.hpp>
#include <phoneauth/storage/detail/postgres_connection.hpp>
#include <phoneauth/storage/detail/record_fields.hpp>

// Each function of the Storage concept as one SQL statement, which is one transaction and one round trip.

namespace phoneauth {
inline namespace v0 {
namespace detail {
namespace postgres {

/// The types of a record's fields as parameters.
template <class Record>
std::string field_types() {
    std::string all;
    for_each_field<Record>([&](const field&, auto member) {
        using type = std::remove_cvref_t<decltype(std::declval<Record&>().*member)>;
        constexpr bool text = std::same_as<type, std::string> || std::same_as<type, phone_number>;
        (all += all.empty() ? "" : ", ") += text                               ? "text"
                                            : std::same_as<type, property_map> ? "text[]"
                                            : std::same_as<type, bool>         ? "boolean"
                                                                               : "bigint";
    });
    return all;
}

// ---- Statements ----

// Each insertion also removes up to two expired rows of its table for each row of its own: more than it adds, so that
// they cannot pile up. Rows that another caller is busy with are skipped, so nobody waits and no two callers wait for
// each other.

inline const statement insert_transaction_sql{
    "phoneauth_insert_transaction", field_types<transaction>(),
    with_places<transaction>(R"(
WITH swept AS (
    DELETE FROM phoneauth_transactions WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM phoneauth_transactions
        WHERE expires_at <= :created_at - )" +
                                 std::to_string(std::chrono::milliseconds(transaction_retention).count()) +
                                 R"(
        ORDER BY expires_at LIMIT 2 FOR UPDATE SKIP LOCKED)))
INSERT INTO phoneauth_transactions ()" +
                                 field_columns<transaction>() + ") VALUES (" + field_places<transaction>('$') +
                                 ") ON CONFLICT DO NOTHING",
                             '$')};

inline const statement find_transaction_sql{
    "phoneauth_find_transaction", "text",
    "SELECT " + field_columns<transaction>() + " FROM phoneauth_transactions WHERE id = $1", true};

inline const statement update_transaction_sql{
    "phoneauth_update_transaction", field_types<transaction>(),
    with_places<transaction>("UPDATE phoneauth_transactions SET " +
                                 field_assignments<transaction>('$', ":version + 1") +
                                 " WHERE id = :id AND version = :version",
                             '$')};

// The two writes of a user say themselves why they were refused, because an error of a unique index would write phone
// numbers to the server's log. Only a rival whose row is not visible yet is left to the index.

inline const statement insert_user_sql{"phoneauth_insert_user", field_types<user>(),
                                       with_places<user>(R"(
WITH inserted AS (
    INSERT INTO phoneauth_users ()" + field_columns<user>() + R"()
    VALUES ()" + field_places<user>('$') + R"() ON CONFLICT DO NOTHING RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM inserted) THEN 'done'
    WHEN EXISTS (SELECT FROM phoneauth_users WHERE phone = :phone) THEN 'phone taken'
    WHEN EXISTS (SELECT FROM phoneauth_users WHERE identity = :identity) THEN 'identity taken'
    WHEN EXISTS (SELECT FROM phoneauth_users WHERE object_id = :object_id) THEN 'id taken' END)",
                                                         '$')};

inline const statement update_user_sql{"phoneauth_update_user", field_types<user>(),
                                       with_places<user>(R"(
WITH stored AS (
    SELECT FROM phoneauth_users WHERE object_id = :object_id AND version = :version),
same_phone AS (
    SELECT FROM phoneauth_users WHERE phone = :phone AND object_id <> :object_id),
same_identity AS (
    SELECT FROM phoneauth_users WHERE identity = :identity AND object_id <> :object_id),
updated AS (
    UPDATE phoneauth_users SET )" + field_assignments<user>('$', ":version + 1") +
                                                             R"(
    WHERE object_id = :object_id AND version = :version
        AND NOT EXISTS (SELECT FROM same_phone) AND NOT EXISTS (SELECT FROM same_identity) RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM updated) THEN 'done'
    WHEN NOT EXISTS (SELECT FROM stored) THEN 'stale'
    WHEN EXISTS (SELECT FROM same_phone) THEN 'phone taken'
    WHEN EXISTS (SELECT FROM same_identity) THEN 'identity taken'
    ELSE 'stale' END)",
                                                         '$')};

inline const statement erase_user_sql{"phoneauth_erase_user", "text",
                                      "DELETE FROM phoneauth_users WHERE object_id = $1"};

inline statement find_user_by(const char* name, const std::string& column) {
    return {name, "text", "SELECT " + field_columns<user>() + " FROM phoneauth_users WHERE " + column + " = $1", true};
}
inline const statement find_user_sql = find_user_by("phoneauth_find_user", "object_id");
inline const statement find_user_by_phone_sql = find_user_by("phoneauth_find_user_by_phone", "phone");
inline const statement find_user_by_identity_sql = find_user_by("phoneauth_find_user_by_identity", "identity");

inline const statement insert_session_sql{"phoneauth_insert_session", field_types<session>(),
                                          with_places<session>(R"(
WITH swept AS (
    DELETE FROM phoneauth_sessions WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM phoneauth_sessions WHERE expires_at <= :created_at
        ORDER BY expires_at LIMIT 2 FOR UPDATE SKIP LOCKED)))
INSERT INTO phoneauth_sessions ()" + field_columns<session>() + ") VALUES (" +
                                                                   field_places<session>('$') +
                                                                   ") ON CONFLICT DO NOTHING",
                                                               '$')};

inline const statement find_session_sql{
    "phoneauth_find_session", "text",
    "SELECT " + field_columns<session>() + " FROM phoneauth_sessions WHERE token_hash = $1", true};

inline const statement find_sessions_of_sql{
    "phoneauth_find_sessions_of", "text",
    "SELECT " + field_columns<session>() + " FROM phoneauth_sessions WHERE user_id = $1", true};

inline const statement update_session_sql{
    "phoneauth_update_session", field_types<session>(),
    with_places<session>("UPDATE phoneauth_sessions SET " + field_assignments<session>('$', ":version + 1") +
                             " WHERE token_hash = :token_hash AND version = :version",
                         '$')};

inline const statement erase_session_sql{"phoneauth_erase_session", "text",
                                         "DELETE FROM phoneauth_sessions WHERE token_hash = $1"};

inline const statement erase_sessions_of_sql{"phoneauth_erase_sessions_of", "text, text",
                                             "DELETE FROM phoneauth_sessions WHERE user_id = $1 AND token_hash <> $2"};

// A function of the database's own, because several statements must see one after the other what is there: see
// `take_cells_body`.
inline const statement take_cells_sql{"phoneauth_take_cells",
                                      "bigint, text, text[], bigint[], bigint[], bigint[], bigint[], bigint[]",
                                      "SELECT granted, marked, cells "
                                      "FROM phoneauth_take_cells($1, $2, $3, $4, $5, $6, $7, $8)"};

inline const statement delete_expired_sql{"phoneauth_delete_expired", "bigint, bigint, bigint", R"(
WITH transactions AS (
    DELETE FROM phoneauth_transactions WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM phoneauth_transactions WHERE expires_at <= $2 ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED))
    RETURNING 1),
sessions AS (
    DELETE FROM phoneauth_sessions WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM phoneauth_sessions WHERE expires_at <= $1 ORDER BY expires_at
        LIMIT (SELECT greatest($3 - count(*), 0) FROM transactions) FOR UPDATE SKIP LOCKED))
    RETURNING 1),
cells AS (
    DELETE FROM phoneauth_cells WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM phoneauth_cells WHERE expires_at <= $1 ORDER BY expires_at
        LIMIT (SELECT greatest($3 - (SELECT count(*) FROM transactions) - (SELECT count(*) FROM sessions), 0)) FOR UPDATE SKIP LOCKED))
    RETURNING 1)
SELECT (SELECT count(*) FROM transactions) + (SELECT count(*) FROM sessions) + (SELECT count(*) FROM cells))"};

inline const std::array statements{&insert_transaction_sql, &find_transaction_sql,   &update_transaction_sql,
                                   &insert_user_sql,        &update_user_sql,        &erase_user_sql,
                                   &find_user_sql,          &find_user_by_phone_sql, &find_user_by_identity_sql,
                                   &insert_session_sql,     &find_session_sql,       &find_sessions_of_sql,
                                   &update_session_sql,     &erase_session_sql,      &erase_sessions_of_sql,
                                   &take_cells_sql,         &delete_expired_sql};

/// What all statements rely on, as calls of set_config: for a session, or (`local`) for a transaction. A server that
/// forgot what it has confirmed would let a code be used twice. Every statement looks rows up by an index: one plan is
/// good for all parameters (to make a new one takes longer than take_cells itself), and one that was made while a table
/// was small must not read all of it when it has grown.
inline std::string settings(std::chrono::milliseconds timeout, bool local) {
    const std::string end = local ? ", true)" : ", false)";
    return "set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on')" +
           end + ", set_config('statement_timeout', '" + std::to_string(timeout.count()) + "'" + end +
           ", set_config('plan_cache_mode', 'force_generic_plan'" + end + ", set_config('enable_seqscan', 'off'" + end +
           ", set_config('enable_bitmapscan', 'off'" + end;
}

/// Makes the settings, if the session is our own, and asks what else there is to know of it. Throws if the server says
/// nothing. Whoever logs in to a pooler has no session yet, and waits for one from the first statement on.
inline result_ptr ask_session(connection& c, std::chrono::milliseconds timeout, steady_time deadline) {
    try {
        return c.run("SELECT set_config('default_transaction_isolation', 'read committed', false), " +
                         settings(timeout, false) +
                         " WHERE pg_backend_pid() = " + std::to_string(PQbackendPID(c.get())) +
                         "; SELECT current_setting('transaction_read_only'), pg_backend_pid(), "
                         "current_setting('default_transaction_isolation')",
                     deadline);
    } catch (const std::runtime_error&) {
        if (std::chrono::steady_clock::now() < deadline) throw;
    }
    throw std::runtime_error(
        "phoneauth: no answer from PostgreSQL within the time limit, although it let us in: the "
        "server hangs; or a pooler has no session left, and in session mode it must have one for "
        "each connection of each process: give it more (PgBouncer: default_pool_size), the storage "
        "fewer connections, or use transaction mode");
}

/// An open connection with what all statements rely on. A session that others share is left as it is: what stayed
/// behind there would be theirs, too.
inline std::unique_ptr<connection> open(const server_address& server, std::chrono::milliseconds timeout,
                                        steady_time deadline) {
    auto c = std::make_unique<connection>(server, deadline);
    // The statements are right at this isolation level, and cheapest. It can only be chosen before a transaction has
    // done anything else.
    const auto answer = ask_session(*c, timeout, deadline);
    if (PQserverVersion(c->get()) < 120000)
        throw std::runtime_error("phoneauth: the PostgreSQL server is older than version 12; upgrade it");
    const auto value = [&](int column) {
        return std::string(PQntuples(answer.get()) == 1 ? PQgetvalue(answer.get(), 0, column) : "");
    };
    // What a standby server knows may be out of date.
    if (value(0) != "off")
        throw std::runtime_error("phoneauth: the PostgreSQL database is read-only (default_transaction_read_only, or a "
                                 "standby server); make it writable or name the primary server in the URL");
    if (c->has_own_session(value(1))) return c;
    if (value(2) != "read committed")
        throw std::runtime_error("phoneauth: the PostgreSQL database has default_transaction_isolation = " + value(2) +
                                 ", which cannot be changed through a pooler; ALTER ROLE or ALTER DATABASE … SET "
                                 "default_transaction_isolation = 'read committed'");
    c->settings_for_each("SELECT " + settings(timeout, true));
    return c;
}

/// Prepares all statements, in one round trip: to parse and plan them each time takes about as long as to run them (on
/// loopback, without a disk: find_session 85 µs instead of 33). In a session that others share, prepared statements would
/// be theirs, too, and might not be there the next time.
inline void prepare(connection& c, steady_time deadline) {
    if (c.shares_session()) return c.begin_sharing();
    std::string all;
    for (const auto* s : statements) all += std::string("PREPARE ") + s->name + '(' + s->types + ") AS " + s->sql + ';';
    c.run(all, deadline);
}

}  // namespace postgres
}  // namespace detail

}  // namespace v0
}  // namespace phoneauth

#endif
