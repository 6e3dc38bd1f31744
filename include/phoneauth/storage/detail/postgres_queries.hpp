// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_POSTGRES_QUERIES_HPP
#define PHONEAUTH_STORAGE_DETAIL_POSTGRES_QUERIES_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <phoneauth/policies.hpp>
#include <phoneauth/storage/detail/postgres_connection.hpp>
#include <phoneauth/storage/detail/postgres_parameters.hpp>
#include <phoneauth/storage/detail/postgres_statements.hpp>
#include <phoneauth/storage/detail/record_fields.hpp>

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

    /// The next column. An exception that names it, if it holds what was never stored there.
    template <class T>
    T next() {
        T value{};
        get(value);
        return value;
    }

    void get(std::string& text) { text = bytes(); }

    void get(phone_number& phone) {
        const auto stored = bytes();
        const auto parsed = phone_number::from_e164(stored);
        if (!parsed) throw unknown();
        phone = *parsed;
    }

    void get(bool& b) { b = number() != 0; }

    template <std::integral Int>
    void get(Int& n) {
        const auto stored = number();
        if (!std::in_range<Int>(stored)) throw unknown();
        n = static_cast<Int>(stored);
    }

    template <class Enum>
    requires std::is_enum_v<Enum>
    void get(Enum& e) {
        const auto n = number();
        if (n < 1 || n > static_cast<std::int64_t>(last_enumerator<Enum>)) throw unknown();
        e = static_cast<Enum>(n);
    }

    void get(time_point& t) { t = time_point(std::chrono::milliseconds(number())); }

    void get(std::optional<time_point>& t) {
        if (PQgetisnull(result_, row_, column_))
            ++column_;
        else
            get(t.emplace());
    }

    /// From an array of texts: name, JSON text, name, JSON text, …
    void get(property_map& all) {
        const auto texts = elements();
        if (texts.size() % 2 != 0) throw unknown();
        for (std::size_t i = 0; i < texts.size(); i += 2)
            all.insert_or_assign(std::string(texts[i]), std::string(texts[i + 1]));
    }

    /// From an array of numbers, which may have fewer.
    template <std::size_t N>
    void get(std::array<time_point, N>& all) {
        const auto numbers = elements();
        if (numbers.size() > N) throw unknown();
        std::transform(numbers.begin(), numbers.end(), all.begin(), [this](std::string_view element) {
            return time_point(std::chrono::milliseconds(number(element)));
        });
    }

private:
    std::string_view bytes() {
        const auto column = column_++;
        if (PQgetisnull(result_, row_, column)) throw unknown();
        return {PQgetvalue(result_, row_, column), static_cast<std::size_t>(PQgetlength(result_, row_, column))};
    }

    /// Of an array without nulls. See `parameters::array`.
    std::vector<std::string_view> elements() {
        auto left = this->bytes();
        const auto take = [&](std::size_t size) {
            if (size > left.size()) throw unknown();
            const auto taken = left.substr(0, size);
            left.remove_prefix(size);
            return taken;
        };
        const auto integer = [&] { return static_cast<std::uint32_t>(big_endian(take(4))); };
        const auto dimensions = integer();
        take(8);
        if (dimensions > 1) throw unknown();
        const auto count = dimensions == 1 ? integer() : 0;
        if (dimensions == 1) take(4);
        std::vector<std::string_view> all;
        for (std::uint32_t i = 0; i < count; ++i) all.push_back(take(integer()));
        if (!left.empty()) throw unknown();
        return all;
    }

    std::int64_t number() { return number(bytes()); }
    std::int64_t number(std::string_view stored) const {
        if (stored.empty() || stored.size() > 8) throw unknown();
        return big_endian(stored);
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
    /// The value from a result that is `verdict::done`; empty if a rival was faster whose row is not visible yet: run
    /// it again.
    std::optional<T> (*value)(const PGresult*);
    bool takes_cells = false;  ///< and does not only ask about them
};

/// How often a statement is run at most while others get in its way.
inline constexpr int max_attempts = 10;

inline std::runtime_error too_many_attempts() {
    return std::runtime_error("phoneauth: a PostgreSQL statement lost too many races");
}

inline std::size_t affected(const PGresult* r) {
    return std::strtoull(PQcmdTuples(const_cast<PGresult*>(r)), nullptr, 10);
}
inline std::optional<bool> any_affected(const PGresult* r) {
    return affected(r) != 0;
}

/// The record in a row.
template <class Record>
Record record_in(const PGresult* r, int number) {
    row fields(r, number);
    auto record = blank_record<Record>();
    for_each_field<Record>([&](const field&, auto member) { fields.get(record.*member); });
    return record;
}

/// For a function that finds one record or none.
template <class Record>
std::optional<std::optional<Record>> found(const PGresult* r) {
    std::optional<Record> record;
    if (PQntuples(r) > 0) record = record_in<Record>(r, 0);
    return record;
}

/// For a function that finds any number of records.
template <class Record>
std::optional<std::vector<Record>> found_all(const PGresult* r) {
    std::vector<Record> all;
    for (int i = 0; i < PQntuples(r); ++i) all.push_back(record_in<Record>(r, i));
    return all;
}

inline std::optional<write_result> read_user_write(const PGresult* r) {
    if (PQgetisnull(r, 0, 0)) return std::nullopt;
    const auto outcome = row(r, 0).next<std::string>();
    if (outcome == "done") return write_result::done;
    if (outcome == "phone taken") return write_result::phone_taken;
    if (outcome == "identity taken") return write_result::identity_taken;
    if (outcome == "stale") return write_result::stale;
    throw std::invalid_argument("phoneauth: there is a user with this object_id");
}

inline std::optional<cell_answer> read_cells(const PGresult* r) {
    row columns(r, 0);
    cell_answer answer;
    columns.get(answer.granted);
    columns.get(answer.marked);
    columns.get(answer.cells);
    return answer;
}

/// Has the functions of a storage, each of which says what is to be asked.
inline constexpr struct queries {
    static query<bool> insert_transaction(const transaction& t) {
        return {insert_transaction_sql, parameters::of(t), any_affected};
    }
    static query<std::optional<transaction>> find_transaction(const std::string& id) {
        return {find_transaction_sql, parameters(id), found<transaction>};
    }
    static query<bool> update_transaction(const transaction& t) {
        return {update_transaction_sql, parameters::of(t), any_affected};
    }

    static query<write_result> insert_user(const user& u) {
        return {insert_user_sql, parameters::of(u), read_user_write};
    }
    static query<write_result> update_user(const user& u) {
        return {update_user_sql, parameters::of(u), read_user_write};
    }
    static query<bool> erase_user(const std::string& object_id) {
        return {erase_user_sql, parameters(object_id), any_affected};
    }
    static query<std::optional<user>> find_user(const std::string& object_id) {
        return {find_user_sql, parameters(object_id), found<user>};
    }
    static query<std::optional<user>> find_user_by_phone(const phone_number& phone) {
        return {find_user_by_phone_sql, parameters(phone), found<user>};
    }
    static query<std::optional<user>> find_user_by_identity(const std::string& identity) {
        return {find_user_by_identity_sql, parameters(identity), found<user>};
    }

    static query<bool> insert_session(const session& s) {
        return {insert_session_sql, parameters::of(s), any_affected};
    }
    static query<std::optional<session>> find_session(const std::string& token_hash) {
        return {find_session_sql, parameters(token_hash), found<session>};
    }
    static query<std::vector<session>> find_sessions_of(const std::string& user_id) {
        return {find_sessions_of_sql, parameters(user_id), found_all<session>};
    }
    static query<bool> update_session(const session& s) {
        return {update_session_sql, parameters::of(s), any_affected};
    }
    static query<bool> erase_session(const std::string& token_hash) {
        return {erase_session_sql, parameters(token_hash), any_affected};
    }

    static query<std::size_t> erase_sessions_of(const std::string& user_id, const std::string& kept) {
        return {erase_sessions_of_sql, parameters(user_id, kept),
                [](const PGresult* r) { return std::optional(affected(r)); }};
    }

    static query<cell_answer> take_cells(const cell_batch& batch) {
        std::vector<std::size_t> places(batch.size());
        std::iota(places.begin(), places.end(), std::size_t{0});
        const auto numbers = [&](auto get) {
            return parameters::array(places, parameters::bigint_type, [&](std::size_t i) {
                return parameters::bigint(static_cast<std::int64_t>(get(batch[i])));
            });
        };
        return {
            take_cells_sql,
            parameters(batch.now(), batch.marker(),
                       parameters::array(places, parameters::text_type, [&](std::size_t i) { return batch.key(i); }),
                       numbers([](const auto& r) { return r.action; }), numbers([](const auto& r) { return r.when; }),
                       numbers([](const auto& r) { return r.cost.count(); }),
                       numbers([](const auto& r) { return r.room.count(); }),
                       numbers([](const auto& r) { return r.reserve.count(); })),
            read_cells, std::any_of(places.begin(), places.end(), [&](std::size_t i) {
                return batch[i].action != cell_action::ask;
            })};
    }

    static query<std::size_t> delete_expired(time_point now, std::size_t limit) {
        return {delete_expired_sql, parameters(now, now - transaction_retention, limit),
                [](const PGresult* r) { return std::optional(row(r, 0).next<std::size_t>()); }};
    }
} queries_of;

}  // namespace postgres
}  // namespace detail

}  // namespace v0
}  // namespace phoneauth

#endif
