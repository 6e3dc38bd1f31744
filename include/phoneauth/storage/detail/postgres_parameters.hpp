// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_POSTGRES_PARAMETERS_HPP
#define PHONEAUTH_STORAGE_DETAIL_POSTGRES_PARAMETERS_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <phoneauth/phone_number.hpp>
#include <phoneauth/storage/detail/record_fields.hpp>
#include <phoneauth/time.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {
namespace postgres {

/// An SQL statement with a name, under which each connection knows it that has a session of its own.
struct statement {
    const char* name;
    std::string types;  ///< of the parameters, for PREPARE: separated by ", "
    std::string sql;
    bool reads = false;  ///< changes nothing, so that it may be run a second time

    /// `types` as the protocol names them (src/include/catalog/pg_type.dat).
    std::vector<unsigned> type_numbers() const {
        std::vector<unsigned> numbers;
        for (std::string_view left = types; !left.empty();) {
            const auto type = left.substr(0, left.find(", "));
            left.remove_prefix((std::min)(type.size() + 2, left.size()));
            numbers.push_back(type == "text"       ? 25
                              : type == "text[]"   ? 1009
                              : type == "bigint"   ? 20
                              : type == "bigint[]" ? 1016
                                                   : 16);  // boolean
        }
        return numbers;
    }
};

/// The parameters of a statement in PostgreSQL's binary form, in which a text may hold any character: the text form
/// would end at a NUL, where the binary one is refused by the server.
class parameters {
public:
    /// src/include/catalog/pg_type.dat
    static constexpr std::uint32_t bigint_type = 20, text_type = 25;

    template <class... Ts>
    explicit parameters(const Ts&... all) {
        values_.reserve(sizeof...(all));
        (add(all), ...);
    }

    /// All fields of a record, in their order.
    template <class Record>
    static parameters of(const Record& record) {
        parameters all;
        for_each_field<Record>([&](const field&, auto member) { all.add(record.*member); });
        return all;
    }

    int size() const noexcept { return static_cast<int>(values_.size()); }
    const std::optional<std::string>& operator[](std::size_t i) const { return values_[i]; }

    /// An array (src/backend/utils/adt/arrayfuncs.c, array_recv): dimensions, whether there are nulls, the type of the
    /// elements, their number and the first one's index, then the elements with their sizes.
    template <class Range, class Get>
    static std::string array(const Range& range, std::uint32_t type, Get get) {
        std::string bytes = big_endian(1u) + big_endian(0u) + big_endian(type) +
                            big_endian(static_cast<std::uint32_t>(range.size())) + big_endian(1u);
        for (const auto& element : range) {
            const auto& value = get(element);
            (bytes += big_endian(static_cast<std::uint32_t>(value.size()))) += value;
        }
        return bytes;
    }

    template <class UInt>
    static std::string big_endian(UInt n) {
        std::string bytes(sizeof(n), '\0');
        for (auto at = bytes.rbegin(); at != bytes.rend(); ++at, n = static_cast<UInt>(n >> 8))
            *at = static_cast<char>(n & 0xff);
        return bytes;
    }

    static std::string bigint(std::int64_t n) { return big_endian(static_cast<std::uint64_t>(n)); }

private:
    void add(std::string_view bytes) { values_.emplace_back(bytes); }
    void add(const std::string& bytes) { add(std::string_view(bytes)); }
    void add(const phone_number& phone) { values_.emplace_back(phone.str()); }
    void add(bool b) { values_.emplace_back(std::string(1, b ? '\1' : '\0')); }
    void add(time_point t) { add(t.time_since_epoch().count()); }
    void add(const std::optional<time_point>& t) {
        if (t)
            add(*t);
        else
            values_.emplace_back();
    }
    void add(const property_map& properties) {
        std::vector<const std::string*> texts;
        for (const auto& [name, json] : properties) texts.insert(texts.end(), {&name, &json});
        values_.emplace_back(array(texts, text_type, [](const auto* t) -> const std::string& { return *t; }));
    }
    template <class T>
    requires std::integral<T> || std::is_enum_v<T>
    void add(T n) { values_.emplace_back(bigint(static_cast<std::int64_t>(n))); }

    std::vector<std::optional<std::string>> values_;
};

}  // namespace postgres
}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
