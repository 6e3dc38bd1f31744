// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_RECORD_FIELDS_HPP
#define PHONEAUTH_STORAGE_DETAIL_RECORD_FIELDS_HPP

#include <string>
#include <string_view>

#include <phoneauth/phone_number.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/transaction.hpp>
#include <phoneauth/user.hpp>

// The one list of what is stored of each record. Statements, parameters, readers and writers of all stores are made
// from it, and the suite's comparison. A new field is a line here, a column of the tables with its migration, and a
// default in the record for what was stored before. Its type says how it is stored and which values are valid.
//
// The order is that of the records in Redis, which cannot be changed: a new field goes to the end.

namespace phoneauth {
inline namespace v0 {
namespace detail {

enum class field_role {
    key,       ///< names the record
    version,   ///< what compare-and-swap compares
    constant,  ///< always what was inserted
    variable   ///< stored by each update
};

struct field {
    std::string_view name;  ///< of the member
    field_role role = field_role::variable;
    std::string_view column = name;
    int format = 1;  ///< since which format of the stored data it is there (`redis_format`)
};

/// Calls `f(field, &Record::member)` for each.
template <class Record>
struct record_fields;

template <>
struct record_fields<transaction> {
    template <class F>
    static void for_each(F f) {
        using enum field_role;
        f(field{"id", key}, &transaction::id);
        f(field{"version", version}, &transaction::version);
        f(field{"purpose", constant, "kind"}, &transaction::purpose);
        f(field{"phone"}, &transaction::phone);
        f(field{"user_id"}, &transaction::user_id);
        f(field{"key_id"}, &transaction::key_id);
        f(field{"state"}, &transaction::state);
        f(field{"tries"}, &transaction::tries);
        f(field{"sends"}, &transaction::sends);
        f(field{"created_at", constant}, &transaction::created_at);
        f(field{"expires_at", constant}, &transaction::expires_at);
        f(field{"last_sent_at"}, &transaction::last_sent_at);
        f(field{"delivery", variable, "delivery", 2}, &transaction::delivery);
        f(field{"delivery_error", variable, "delivery_error", 2}, &transaction::delivery_error);
        f(field{"password_fingerprint", constant, "password_mark", 2}, &transaction::password_fingerprint);
        f(field{"known_network", constant, "known_network", 2}, &transaction::known_network);
        f(field{"topic", constant, "topic", 4}, &transaction::topic);
    }
};

/// Redis' script `update_user` reads the first three fields.
template <>
struct record_fields<user> {
    template <class F>
    static void for_each(F f) {
        using enum field_role;
        f(field{"version", version}, &user::version);
        f(field{"phone"}, &user::phone);
        f(field{"identity"}, &user::identity);
        f(field{"object_id", key}, &user::object_id);
        f(field{"password_hash"}, &user::password_hash);
        f(field{"locale"}, &user::locale);
        f(field{"enabled"}, &user::enabled);
        f(field{"created_at"}, &user::created_at);
        f(field{"updated_at"}, &user::updated_at);
        f(field{"last_login_at"}, &user::last_login_at);
        f(field{"properties"}, &user::properties);
        f(field{"generation", variable, "generation", 3}, &user::generation);
        f(field{"backup_codes", variable, "backup_codes", 4}, &user::backup_codes);
    }
};

/// Redis' scripts that erase sessions read the first field behind the key.
template <>
struct record_fields<session> {
    template <class F>
    static void for_each(F f) {
        using enum field_role;
        f(field{"token_hash", key}, &session::token_hash);
        f(field{"user_id", constant}, &session::user_id);
        f(field{"created_at", constant}, &session::created_at);
        f(field{"expires_at", constant}, &session::expires_at);
        f(field{"fingerprint", variable, "fingerprint", 3}, &session::fingerprint);
        f(field{"kind", constant, "kind", 4}, &session::kind);
        f(field{"auth_methods", variable, "auth_methods", 4}, &session::auth_methods);
        f(field{"auth_time", variable, "auth_time", 4}, &session::auth_time);
        f(field{"last_used_at", variable, "last_used_at", 4}, &session::last_used_at);
        f(field{"device", constant, "device", 4}, &session::device);
        f(field{"network", constant, "network", 4}, &session::network);
        f(field{"version", version, "version", 4}, &session::version);
    }
};

template <class Record, class F>
void for_each_field(F f) {
    record_fields<Record>::for_each(f);
}

/// The values of `Enum` that may be stored are 1 to this one.
template <class Enum>
inline constexpr Enum last_enumerator{};
template <>
inline constexpr auto last_enumerator<purpose> = purpose::verification;
template <>
inline constexpr auto last_enumerator<transaction_state> = transaction_state::redeemed;
template <>
inline constexpr auto last_enumerator<session_kind> = session_kind::trusted_device;
template <>
inline constexpr auto last_enumerator<delivery_state> = delivery_state::undelivered;

/// A record whose fields are still to be read. Nobody has the phone.
template <class Record>
Record blank_record() {
    static const auto nobody = *phone_number::from_e164("+999");
    if constexpr (requires(Record r) { r.identity; })
        return {{}, nobody, {}, {}};
    else if constexpr (requires(Record r) { r.phone; })
        return {{}, {}, nobody};
    else
        return {};
}

/// The record after an update.
template <class Record>
Record next_version(Record record) {
    ++record.version;
    return record;
}

// ---- For SQL, in which the nth field is the nth parameter; `sign` is in front of its number.

/// "id, version, …"
template <class Record>
std::string field_columns() {
    std::string all;
    for_each_field<Record>([&](const field& f, auto) { (all += all.empty() ? "" : ", ") += f.column; });
    return all;
}

/// "$1, $2, …"
template <class Record>
std::string field_places(char sign) {
    std::string all;
    int n = 0;
    for_each_field<Record>(
        [&](const field&, auto) { ((all += all.empty() ? "" : ", ") += sign) += std::to_string(++n); });
    return all;
}

/// "phone = $4, …": what an update stores. `next`: the next version.
template <class Record>
std::string field_assignments(char sign, const std::string& next) {
    std::string all;
    int n = 0;
    for_each_field<Record>([&](const field& f, auto) {
        ++n;
        if (f.role != field_role::variable && f.role != field_role::version) return;
        ((all += all.empty() ? "" : ", ") += f.column) += " = ";
        all += f.role == field_role::version ? next : sign + std::to_string(n);
    });
    return all;
}

/// The place of one more parameter.
template <class Record>
std::string behind_fields(char sign) {
    int n = 1;
    for_each_field<Record>([&](const field&, auto) { ++n; });
    return sign + std::to_string(n);
}

/// `sql` with each ":name" of a field replaced by its place.
template <class Record>
std::string with_places(std::string sql, char sign) {
    int n = 0;
    for_each_field<Record>([&](const field& f, auto) {
        const auto place = sign + std::to_string(++n);
        const auto name = ':' + std::string(f.name);
        for (auto at = sql.find(name); at != sql.npos; at = sql.find(name, at + 1)) {
            const auto end = at + name.size();
            if (sql.find_first_of("abcdefghijklmnopqrstuvwxyz_", end) != end) sql.replace(at, name.size(), place);
        }
    });
    return sql;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
