// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_REDIS_RECORDS_HPP
#define PHONEAUTH_STORAGE_DETAIL_REDIS_RECORDS_HPP

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <phoneauth/policies.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

// ---- Records: fields, each with its length in front ("1:7" "12:+14155550100"), so that no record begins with the fields
// ---- of another. A script can compare the first field without understanding the rest.

inline std::string record_field(std::string_view text) {
    return std::to_string(text.size()) + ':' + std::string(text);
}

class record_writer {
public:
    record_writer& text(std::string_view t) {
        record_ += record_field(t);
        return *this;
    }
    template <class T>
    record_writer& number(T n) {
        return text(std::to_string(n));
    }
    record_writer& time(time_point t) { return number(t.time_since_epoch().count()); }
    record_writer& time(std::optional<time_point> t) { return t ? time(*t) : text({}); }
    std::string str() { return std::move(record_); }

private:
    std::string record_;
};

/// Throws `std::runtime_error` if the record is not what is asked for.
class record_reader {
public:
    explicit record_reader(std::string_view record) : rest_(record) {}

    std::string text() { return std::string(field()); }
    template <class T>
    T number() {
        return parse<T>(field());
    }
    template <class E>
    E one_of(E first, E last) {
        const auto value = number<unsigned>();
        if (value < static_cast<unsigned>(first) || value > static_cast<unsigned>(last)) fail();
        return static_cast<E>(value);
    }
    time_point time() { return time_point(std::chrono::milliseconds(number<std::int64_t>())); }
    std::optional<time_point> optional_time() {
        const auto digits = field();
        if (digits.empty()) return std::nullopt;
        return time_point(std::chrono::milliseconds(parse<std::int64_t>(digits)));
    }
    phone_number phone() {
        auto p = phone_number::parse(field());
        if (!p) fail();
        return *p;
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

/// Without the id, which is in the key.
inline std::string to_record(const transaction& t, std::uint64_t version) {
    return record_writer()
        .number(version)
        .number(static_cast<unsigned>(t.purpose))
        .text(t.phone.str())
        .text(t.user_id)
        .text(t.key_id)
        .number(static_cast<unsigned>(t.state))
        .number(t.tries)
        .number(t.sends)
        .time(t.created_at)
        .time(t.expires_at)
        .time(t.last_sent_at)
        .number(static_cast<unsigned>(t.delivery))
        .number(t.delivery_error)
        .text(t.password_fingerprint)
        .number(static_cast<unsigned>(t.known_network))
        .str();
}
inline transaction to_transaction(const std::string& id, std::string_view record) {
    record_reader read(record);
    const auto version = read.number<std::uint64_t>();
    const auto kind = read.one_of(purpose::registration, purpose::login);
    transaction t{id, kind, read.phone()};
    t.user_id = read.text();
    t.key_id = read.text();
    t.state = read.one_of(transaction_state::pending, transaction_state::failed);
    t.tries = read.number<std::uint32_t>();
    t.sends = read.number<std::uint32_t>();
    t.created_at = read.time();
    t.expires_at = read.time();
    t.last_sent_at = read.time();
    t.version = version;
    if (read.is_at_end()) return t;  // written in format 1
    t.delivery = read.one_of(delivery_state::pending, delivery_state::undelivered);
    t.delivery_error = read.number<std::int32_t>();
    t.password_fingerprint = read.text();
    t.known_network = read.one_of(false, true);
    read.end();
    return t;
}

/// The script `update_user` reads the first three fields.
inline std::string to_record(const user& u, std::uint64_t version) {
    record_writer write;
    write.number(version).text(u.phone.str()).text(u.identity).text(u.object_id).text(u.password_hash);
    write.text(u.locale).number(static_cast<unsigned>(u.enabled));
    write.time(u.created_at).time(u.updated_at).time(u.last_login_at).number(u.properties.size());
    for (const auto& [name, value] : u.properties) write.text(name).text(value);
    return write.str();
}
inline user to_user(std::string_view record) {
    record_reader read(record);
    const auto version = read.number<std::uint64_t>();
    const auto phone = read.phone();
    auto identity = read.text();
    auto object_id = read.text();
    user u{std::move(object_id), phone, std::move(identity), read.text()};
    u.locale = read.text();
    u.enabled = read.number<unsigned>() != 0;
    u.created_at = read.time();
    u.updated_at = read.optional_time();
    u.last_login_at = read.optional_time();
    for (auto left = read.number<std::size_t>(); left > 0; --left) {
        auto name = read.text();
        u.properties.emplace(std::move(name), read.text());
    }
    u.version = version;
    read.end();
    return u;
}

/// The scripts that erase sessions read the first field. Without the token hash, which is in the key.
inline std::string to_record(const session& s) {
    return record_writer().text(s.user_id).time(s.created_at).time(s.expires_at).str();
}
inline session to_session(const std::string& token_hash, std::string_view record) {
    record_reader read(record);
    session s{token_hash, read.text()};
    s.created_at = read.time();
    s.expires_at = read.time();
    read.end();
    return s;
}

}  // namespace detail

}  // namespace v0
}  // namespace phoneauth

#endif
