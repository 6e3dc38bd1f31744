// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_POSTGRES_QUERIES_HPP
#define PHONEAUTH_STORAGE_DETAIL_POSTGRES_QUERIES_HPP

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/policies.hpp>
#include <phoneauth/storage/detail/postgres_connection.hpp>
#include <phoneauth/storage/detail/postgres_statements.hpp>

// What storage/postgres.hpp and asio/postgres.hpp share: the parameters of each statement, and what its result means.

namespace phoneauth {
inline namespace v0 {
namespace detail {
namespace postgres {

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

// ---- Queries ----

/// A call of one of the storage's functions.
template <class T>
struct query {
    const statement& what;
    parameters values;
    /// The value from a result that is `verdict::done`; empty if a rival who is not visible yet was faster: run it
    /// again.
    std::optional<T> (*value)(const PGresult*);
    bool changes_counters = false;  ///< and does not only read them
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

inline query<write_result> write_user(const statement& what, const user& u) {
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

/// Has the functions of a storage, each of which says what is to be asked.
inline constexpr struct queries {
    static query<bool> insert_transaction(const transaction& t) {
        return {insert_transaction_sql,
                parameters(t.id, integer(t.purpose), t.phone.str(), t.user_id, t.key_id, integer(t.state),
                           integer(t.tries), integer(t.sends), integer(t.created_at), integer(t.expires_at),
                           integer(t.last_sent_at), integer(t.version), integer(t.created_at - transaction_retention),
                           integer(t.delivery), integer(t.delivery_error), t.password_fingerprint, t.known_network),
                any_affected};
    }

    static query<std::optional<transaction>> find_transaction(const std::string& id) {
        return {find_transaction_sql, parameters(id), found<transaction, read_transaction>};
    }

    static query<bool> update_transaction(const transaction& t) {
        return {update_transaction_sql,
                parameters(t.id, t.phone.str(), t.user_id, t.key_id, integer(t.state), integer(t.tries),
                           integer(t.sends), integer(t.last_sent_at), integer(t.version), integer(t.delivery),
                           integer(t.delivery_error)),
                any_affected};
    }

    static query<write_result> insert_user(const user& u) { return write_user(insert_user_sql, u); }
    static query<write_result> update_user(const user& u) { return write_user(update_user_sql, u); }

    static query<std::optional<user>> find_user(const std::string& object_id) {
        return {find_user_sql, parameters(object_id), found<user, read_user>};
    }
    static query<std::optional<user>> find_user_by_phone(const phone_number& phone) {
        return {find_user_by_phone_sql, parameters(phone.str()), found<user, read_user>};
    }
    static query<std::optional<user>> find_user_by_identity(const std::string& identity) {
        return {find_user_by_identity_sql, parameters(identity), found<user, read_user>};
    }

    static query<bool> insert_session(const session& s) {
        return {insert_session_sql, parameters(s.token_hash, s.user_id, integer(s.created_at), integer(s.expires_at)),
                any_affected};
    }

    static query<std::optional<session>> find_session(const std::string& token_hash) {
        return {find_session_sql, parameters(token_hash), found<session, read_session>};
    }

    static query<bool> erase_session(const std::string& token_hash) {
        return {erase_session_sql, parameters(token_hash), any_affected};
    }

    static query<std::size_t> erase_sessions_of(const std::string& user_id, const std::string& kept) {
        return {erase_sessions_of_sql, parameters(user_id, kept),
                [](const PGresult* r) { return std::optional(affected(r)); }};
    }

    static query<std::vector<counter>> change_counters(const std::vector<counter_change>& changes) {
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
                },
                std::any_of(changes.begin(), changes.end(), [](const auto& c) { return c.by != 0; })};
    }

    static query<std::size_t> sweep(time_point now, std::size_t most) {
        return {sweep_sql, parameters(integer(now), integer(now - transaction_retention), integer(most)),
                [](const PGresult* r) { return std::optional(row(r, 0).number_as<std::size_t>()); }};
    }
} queries_of;

}  // namespace postgres
}  // namespace detail

}  // namespace v0
}  // namespace phoneauth

#endif
