// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_REDIS_RECORDS_HPP
#define PHONEAUTH_STORAGE_DETAIL_REDIS_RECORDS_HPP

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include <phoneauth/storage/detail/record_fields.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

// ---- Records: fields, each with its length in front ("1:7" "12:+14155550100"), so that no record begins with the
// ---- fields of another. A script can compare the first field without understanding the rest.

inline std::string record_field(std::string_view text) {
    return std::to_string(text.size()) + ':' + std::string(text);
}

class record_writer {
public:
    void put(std::string_view text) { record_ += record_field(text); }
    void put(const std::string& text) { put(std::string_view(text)); }
    void put(const phone_number& phone) { put(phone.str()); }
    void put(time_point t) { put(t.time_since_epoch().count()); }
    void put(const std::optional<time_point>& t) { t ? put(*t) : put(std::string_view()); }
    void put(const property_map& properties) {
        put(properties.size());
        for (const auto& [name, value] : properties) {
            put(name);
            put(value);
        }
    }
    template <class T>
    requires std::integral<T> || std::is_enum_v<T>
    void put(T n) {
        if constexpr (std::integral<T> && !std::same_as<T, bool>)
            put(std::string_view(std::to_string(n)));
        else
            put(static_cast<unsigned>(n));
    }
    std::string str() { return std::move(record_); }

private:
    std::string record_;
};

/// Throws `std::runtime_error` if the record is not what is asked for.
class record_reader {
public:
    explicit record_reader(std::string_view record) : rest_(record) {}

    void get(std::string& text) { text = field(); }
    void get(phone_number& phone) {
        const auto p = phone_number::from_e164(field());
        if (!p) fail();
        phone = *p;
    }
    template <std::integral T>
    void get(T& n) {
        n = parse<T>(field());
    }
    void get(bool& b) { b = one_of(0, 1) == 1; }
    template <class Enum>
    requires std::is_enum_v<Enum>
    void get(Enum& e) { e = static_cast<Enum>(one_of(1, static_cast<unsigned>(last_enumerator<Enum>))); }
    void get(time_point& t) { t = time_point(std::chrono::milliseconds(parse<std::int64_t>(field()))); }
    void get(std::optional<time_point>& t) {
        const auto digits = field();
        if (!digits.empty()) t = time_point(std::chrono::milliseconds(parse<std::int64_t>(digits)));
    }
    void get(property_map& properties) {
        for (auto left = parse<std::size_t>(field()); left > 0; --left) {
            std::string name(field());
            properties.emplace(std::move(name), field());
        }
    }
    bool is_at_end() const noexcept { return rest_.empty(); }
    void end() const {
        if (!is_at_end()) fail();
    }

    template <class T>
    static T parse(std::string_view digits) {
        T value{};
        const auto* last = digits.data() + digits.size();
        const auto [stop, error] = std::from_chars(digits.data(), last, value);
        if (error != std::errc() || stop != last) fail();
        return value;
    }

private:
    [[noreturn]] static void fail() {
        throw std::runtime_error("phoneauth: Redis has a record that is damaged or that something else wrote: give "
                                 "phoneauth a prefix of its own");
    }
    unsigned one_of(unsigned first, unsigned last) {
        const auto value = parse<unsigned>(field());
        if (value < first || value > last) fail();
        return value;
    }
    std::string_view field() {
        const auto colon = rest_.find(':');
        if (colon == rest_.npos) fail();
        const auto size = parse<std::size_t>(rest_.substr(0, colon));
        rest_.remove_prefix(colon + 1);
        if (size > rest_.size()) fail();
        const auto text = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return text;
    }
    std::string_view rest_;
};

/// Whether a field is in the record, and not only in the key under which that is stored. Users are all in one hash.
template <class Record>
constexpr bool is_in_record(const field& f) noexcept {
    return f.role != field_role::key || std::same_as<Record, user>;
}

/// Which field of a record the version is, from 1.
template <class Record>
int place_of_version() {
    int place = 0, n = 0;
    for_each_field<Record>([&](const field& f, auto) {
        n += is_in_record<Record>(f);
        if (f.role == field_role::version) place = n;
    });
    return place;
}

template <class Record>
std::string to_record(const Record& record) {
    record_writer write;
    for_each_field<Record>([&](const field& f, auto member) {
        if (is_in_record<Record>(f)) write.put(record.*member);
    });
    return write.str();
}

/// `key`: names the record.
template <class Record>
Record from_record(const std::string& key, std::string_view text) {
    auto record = blank_record<Record>();
    record_reader read(text);
    int format = 1;
    bool is_complete = true;  // but for what its format did not have
    for_each_field<Record>([&](const field& f, auto member) {
        if (std::exchange(format, f.format) < f.format) is_complete = is_complete && !read.is_at_end();
        if constexpr (std::same_as<decltype(member), std::string Record::*>)
            if (!is_in_record<Record>(f)) return void(record.*member = key);
        if (is_complete) read.get(record.*member);
    });
    read.end();
    return record;
}

}  // namespace detail

}  // namespace v0
}  // namespace phoneauth

#endif
