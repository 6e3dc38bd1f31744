// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_SQLITE_RECORDS_HPP
#define PHONEAUTH_STORAGE_DETAIL_SQLITE_RECORDS_HPP

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <phoneauth/detail/json.hpp>
#include <phoneauth/detail/utf8.hpp>
#include <phoneauth/storage/detail/record_fields.hpp>
#include <phoneauth/storage/detail/sqlite_database.hpp>

// Records as rows.

namespace phoneauth {
inline namespace v0 {
namespace detail {

struct sqlite_writer {
    sqlite_values values{};

    void put(const std::string& text) { values.emplace_back(text); }
    void put(const phone_number& phone) { values.emplace_back(std::string(phone.str())); }
    void put(time_point t) { values.emplace_back(std::int64_t{t.time_since_epoch().count()}); }
    void put(const std::optional<time_point>& t) {
        if (t)
            put(*t);
        else
            values.emplace_back(nullptr);
    }
    /// A JSON object of strings, each the JSON text of a value, so that it comes back digit by digit.
    void put(const property_map& properties) {
        json_object object;
        for (const auto& [name, json] : properties) {
            if (!count_code_points(name) || !count_code_points(json))
                throw std::invalid_argument("phoneauth: a user's property is not UTF-8");
            object.string(name, json);
        }
        put(std::move(object).str());
    }
    template <class T>
    requires std::integral<T> || std::is_enum_v<T>
    void put(T n) { values.emplace_back(static_cast<std::int64_t>(n)); }
};

/// All fields of a record, in their order. Throws `std::invalid_argument` if SQLite cannot hold them.
template <class Record>
sqlite_values values_of(const Record& record) {
    sqlite_writer write;
    for_each_field<Record>([&](const field&, auto member) { write.put(record.*member); });
    return std::move(write.values);
}

/// The same, and the next version behind them: in SQL the largest number plus 1 is not an integer any more.
template <class Record>
sqlite_values values_of_update(const Record& record) {
    auto values = values_of(record);
    values.emplace_back(static_cast<std::int64_t>(record.version + 1));
    return values;
}

/// Takes the columns of a row one after the other.
class sqlite_reader {
public:
    explicit sqlite_reader(const sqlite_run& row) noexcept : row_(row) {}

    void get(std::string& text) { text = row_.text(column_++); }
    void get(phone_number& phone) { phone = row_.phone(column_++); }
    void get(time_point& t) { t = row_.time(column_++); }
    void get(std::optional<time_point>& t) {
        if (row_.is_null(column_))
            ++column_;
        else
            get(t.emplace());
    }
    void get(property_map& properties) {
        const auto parsed = parse_json(row_.text(column_));
        if (!parsed || !parsed->is(json_kind::object)) row_.reject(column_);
        for (const auto& item : parsed->items) {
            if (item.kind != json_kind::string) row_.reject(column_);
            properties.emplace(item.key, item.text);
        }
        ++column_;
    }
    template <std::integral T>
    void get(T& n) {
        if constexpr (sizeof(T) == sizeof(std::int64_t))
            n = static_cast<T>(row_.integer(column_++));
        else
            n = row_.integer(column_++, (std::numeric_limits<T>::min)(), (std::numeric_limits<T>::max)());
    }
    template <class Enum>
    requires std::is_enum_v<Enum>
    void get(Enum& e) { e = row_.integer(column_++, Enum{1}, last_enumerator<Enum>); }

private:
    const sqlite_run& row_;
    int column_ = 0;
};

/// The record in the row that `row` stands at.
template <class Record>
Record record_in(const sqlite_run& row) {
    auto record = blank_record<Record>();
    sqlite_reader read(row);
    for_each_field<Record>([&](const field&, auto member) { read.get(record.*member); });
    return record;
}

/// The record in the first row, if there is one.
template <class Record>
std::optional<Record> record_of(sqlite_run&& row) {
    if (!row.next()) return {};
    return record_in<Record>(row);
}

/// The records in all rows.
template <class Record>
std::vector<Record> records_of(sqlite_run&& rows) {
    std::vector<Record> all;
    while (rows.next()) all.push_back(record_in<Record>(rows));
    return all;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
