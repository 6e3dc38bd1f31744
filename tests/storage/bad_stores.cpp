// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/storage_suite.hpp>

using namespace phoneauth;
using namespace std::chrono_literals;

// Storages with the mistakes that people make. The suite must catch each one, and name the right function.
namespace {

constexpr int seldom = 50;  // one call in so many goes wrong

/// Between two steps of what should have been one: as if the server were far away.
void others_come_in_between() {
    std::this_thread::sleep_for(100us);
}

/// `batch` with what `key` makes of its keys, at the time `now`.
template <class Key>
cell_batch changed(const cell_batch& batch, Key key, time_point now) {
    cell_batch other(now, key(batch.marker()));
    for (std::size_t i = 0; i < batch.size(); ++i) other.add(batch[i], key(batch.key(i)));
    return other;
}
template <class Key>
cell_batch changed(const cell_batch& batch, Key key) {
    return changed(batch, key, batch.now());
}

/// A storage without mistakes. Virtual, so that the suite need not be compiled for each that has one.
struct good_store {
    virtual ~good_store() = default;

    virtual bool insert_transaction(const transaction& t) { return memory.insert_transaction(t); }
    virtual std::optional<transaction> find_transaction(const std::string& id) { return memory.find_transaction(id); }
    virtual bool update_transaction(const transaction& t) { return memory.update_transaction(t); }
    virtual write_result insert_user(const user& u) { return memory.insert_user(u); }
    virtual write_result update_user(const user& u) { return memory.update_user(u); }
    virtual bool erase_user(const std::string& id) { return memory.erase_user(id); }
    virtual std::optional<user> find_user(const std::string& id) { return memory.find_user(id); }
    virtual std::optional<user> find_user_by_phone(const phone_number& phone) {
        return memory.find_user_by_phone(phone);
    }
    virtual std::optional<user> find_user_by_identity(const std::string& identity) {
        return memory.find_user_by_identity(identity);
    }
    virtual bool insert_session(const session& s) { return memory.insert_session(s); }
    virtual std::optional<session> find_session(const std::string& hash) { return memory.find_session(hash); }
    virtual std::vector<session> find_sessions_of(const std::string& id) { return memory.find_sessions_of(id); }
    virtual bool update_session(const session& s) { return memory.update_session(s); }
    virtual bool erase_session(const std::string& hash) { return memory.erase_session(hash); }
    virtual std::size_t erase_sessions_of(const std::string& user_id, const std::string& kept) {
        return memory.erase_sessions_of(user_id, kept);
    }
    virtual cell_answer take_cells(const cell_batch& batch) { return memory.take_cells(batch); }

    good_store() = default;
    explicit good_store(memory_storage& m) : memory(m) {}

    memory_storage own;
    memory_storage& memory = own;
};

// ---- Transactions

struct saves_without_comparing : good_store {
    bool update_transaction(const transaction& t) override {
        for (auto mine = t;;) {
            const auto stored = find_transaction(t.id);
            if (!stored) return false;
            mine.version = stored->version;
            if (good_store::update_transaction(mine)) return true;
        }
    }
};

struct compares_and_saves_in_two_steps : saves_without_comparing {
    bool update_transaction(const transaction& t) override {
        const auto stored = find_transaction(t.id);
        if (!stored || stored->version != t.version) return false;
        others_come_in_between();
        return saves_without_comparing::update_transaction(t);
    }
};

struct compares_versions_as_doubles : saves_without_comparing {
    bool update_transaction(const transaction& t) override {
        const auto stored = find_transaction(t.id);
        return stored && static_cast<double>(stored->version) == static_cast<double>(t.version) &&
               saves_without_comparing::update_transaction(t);
    }
};

struct keeps_the_version : good_store {
    std::optional<transaction> find_transaction(const std::string& id) override {
        auto t = good_store::find_transaction(id);
        if (t) t->version = 1;
        return t;
    }
};

struct has_signed_columns : good_store {
    std::optional<transaction> find_transaction(const std::string& id) override {
        auto t = good_store::find_transaction(id);
        if (t) t->tries = std::min<std::uint32_t>(t->tries, std::numeric_limits<std::int32_t>::max());
        return t;
    }
};

struct forgets_the_delivery : good_store {
    std::optional<transaction> find_transaction(const std::string& id) override {
        auto t = good_store::find_transaction(id);
        if (t) t->delivery = delivery_state::pending;
        return t;
    }
};

struct forgets_the_delivery_error : good_store {
    std::optional<transaction> find_transaction(const std::string& id) override {
        auto t = good_store::find_transaction(id);
        if (t) t->delivery_error = 0;
        return t;
    }
};

struct forgets_the_password_mark : good_store {
    bool insert_transaction(const transaction& given) override {
        auto t = given;
        t.password_fingerprint.clear();
        return good_store::insert_transaction(t);
    }
};

struct forgets_the_known_network : good_store {
    bool insert_transaction(const transaction& given) override {
        auto t = given;
        t.known_network.clear();
        return good_store::insert_transaction(t);
    }
};

struct forgets_the_topic : good_store {
    bool insert_transaction(const transaction& given) override {
        auto t = given;
        t.topic.clear();
        return good_store::insert_transaction(t);
    }
};

/// As a check of the column would that was made for the first purposes.
struct knows_two_purposes : good_store {
    bool insert_transaction(const transaction& t) override {
        if (t.purpose > purpose::login) throw std::runtime_error("violates a check");
        return good_store::insert_transaction(t);
    }
};

struct cuts_off_password_marks : good_store {
    bool insert_transaction(const transaction& given) override {
        auto t = given;
        t.password_fingerprint.resize(std::min<std::size_t>(t.password_fingerprint.size(), 36));
        return good_store::insert_transaction(t);
    }
};

struct updates_no_delivery : good_store {
    bool update_transaction(const transaction& given) override {
        auto t = given;
        if (const auto stored = find_transaction(t.id)) {
            t.delivery = stored->delivery;
            t.delivery_error = stored->delivery_error;
        }
        return good_store::update_transaction(t);
    }
};

/// As `purpose` or `transaction_state` would be.
struct has_unsigned_delivery_errors : good_store {
    std::optional<transaction> find_transaction(const std::string& id) override {
        auto t = good_store::find_transaction(id);
        if (t) t->delivery_error = std::max(t->delivery_error, 0);
        return t;
    }
};

struct has_short_delivery_errors : good_store {
    std::optional<transaction> find_transaction(const std::string& id) override {
        auto t = good_store::find_transaction(id);
        if (t) t->delivery_error = std::min(t->delivery_error, 32767);
        return t;
    }
};

struct drops_acknowledged_updates : good_store {
    std::atomic<int> writes = 0;
    bool update_transaction(const transaction& t) override {
        return ++writes % seldom == 0 || good_store::update_transaction(t);
    }
};

struct drops_acknowledged_insertions : good_store {
    std::atomic<int> writes = 0;
    bool insert_transaction(const transaction& t) override {
        return ++writes % seldom == 0 || good_store::insert_transaction(t);
    }
    write_result insert_user(const user& u) override {
        return ++writes % seldom == 0 ? write_result::done : good_store::insert_user(u);
    }
    bool insert_session(const session& s) override { return ++writes % seldom == 0 || good_store::insert_session(s); }
};

struct overwrites_on_insert : good_store {
    bool insert_transaction(const transaction& t) override {
        if (auto stored = find_transaction(t.id)) {
            auto mine = t;
            mine.version = stored->version;
            return good_store::update_transaction(mine);
        }
        return good_store::insert_transaction(t);
    }
};

struct drops_at_the_expiry : good_store {
    std::optional<transaction> find_transaction(const std::string& id) override {
        auto t = good_store::find_transaction(id);
        if (t && t->expires_at <= system_clock().now()) t.reset();
        return t;
    }
};

struct lives_by_its_own_clock : good_store {
    std::optional<transaction> find_transaction(const std::string& id) override {
        auto t = good_store::find_transaction(id);
        if (t && t->expires_at + transaction_retention <= system_clock().now()) t.reset();
        return t;
    }
    std::optional<session> find_session(const std::string& hash) override {
        auto s = good_store::find_session(hash);
        if (s && s->expires_at <= system_clock().now()) s.reset();
        return s;
    }
    cell_answer take_cells(const cell_batch& batch) override {
        const auto same = [](std::string_view key) { return std::string(key); };
        return good_store::take_cells(changed(batch, same, system_clock().now()));
    }
};

struct truncates_times_to_seconds : good_store {
    bool insert_transaction(const transaction& given) override {
        auto t = given;
        t.created_at = std::chrono::floor<std::chrono::seconds>(t.created_at);
        t.last_sent_at = std::chrono::floor<std::chrono::seconds>(t.last_sent_at);
        return good_store::insert_transaction(t);
    }
};

/// Each handle remembers what it has read and written, as if nobody else wrote.
struct remembers_transactions : good_store {
    using good_store::good_store;
    std::mutex mutex;
    std::map<std::string, transaction> seen;

    std::optional<transaction> find_transaction(const std::string& id) override {
        const std::scoped_lock lock(mutex);
        if (const auto known = seen.find(id); known != seen.end()) return known->second;
        const auto found = good_store::find_transaction(id);
        if (found) seen.insert_or_assign(id, *found);
        return found;
    }
    bool update_transaction(const transaction& t) override {
        const std::scoped_lock lock(mutex);
        if (!good_store::update_transaction(t)) return false;
        ++seen.insert_or_assign(t.id, t).first->second.version;
        return true;
    }
};

// ---- What goes wrong with users and transactions alike

struct reads_in_two_steps : good_store {
    std::optional<transaction> find_transaction(const std::string& id) override {
        auto t = good_store::find_transaction(id);
        others_come_in_between();
        if (t) t->sends = good_store::find_transaction(id)->sends;
        return t;
    }
    std::optional<user> find_user(const std::string& id) override {
        auto u = good_store::find_user(id);
        others_come_in_between();
        if (const auto again = good_store::find_user(id); u && again) u->properties = again->properties;
        return u;
    }
    std::optional<user> find_user_by_phone(const phone_number& phone) override {
        const auto u = good_store::find_user_by_phone(phone);
        others_come_in_between();
        return u ? good_store::find_user(u->object_id) : u;
    }
};

std::string up_to_nul(const std::string& text) {
    return text.c_str();
}

struct takes_texts_as_c_strings : good_store {
    std::optional<transaction> find_transaction(const std::string& id) override {
        return good_store::find_transaction(up_to_nul(id));
    }
    write_result insert_user(const user& given) override {
        auto u = given;
        u.identity = up_to_nul(u.identity);
        return good_store::insert_user(u);
    }
    std::optional<user> find_user_by_identity(const std::string& identity) override {
        return good_store::find_user_by_identity(up_to_nul(identity));
    }
    cell_answer take_cells(const cell_batch& batch) override {
        const auto key = [](std::string_view k) { return up_to_nul(std::string(k)); };
        return good_store::take_cells(changed(batch, key));
    }
};

struct has_short_columns : good_store {
    write_result insert_user(const user& given) override {
        auto u = given;
        u.identity = u.identity.substr(0, 128);
        return good_store::insert_user(u);
    }
    cell_answer take_cells(const cell_batch& batch) override {
        return good_store::take_cells(changed(batch, [](std::string_view k) { return std::string(k.substr(0, 127)); }));
    }
};

/// A storage that pastes texts into statements.
struct does_not_quote : good_store {
    static void execute(const std::string& text) {
        if (text.find('\'') != std::string::npos) throw std::runtime_error("syntax error");
    }
    bool insert_transaction(const transaction& t) override {
        execute(t.key_id);
        return good_store::insert_transaction(t);
    }
    write_result insert_user(const user& u) override {
        execute(u.identity);
        return good_store::insert_user(u);
    }
    std::optional<session> find_session(const std::string& hash) override {
        execute(hash);
        return good_store::find_session(hash);
    }
    cell_answer take_cells(const cell_batch& batch) override {
        for (std::size_t i = 0; i < batch.size(); ++i) execute(std::string(batch.key(i)));
        return good_store::take_cells(batch);
    }
};

// ---- Users

/// Stores no user in the base class twice but lets users share phones: the shared one is stored under another.
struct forgets_that_phones_are_unique : good_store {
    write_result insert_user(const user& given) override {
        auto u = given;
        for (;;) {
            const auto written = good_store::insert_user(u);
            if (written != write_result::phone_taken) return written;
            u.phone = *phone_number::parse("+888" + std::to_string(100000000 + ++last));
        }
    }
    std::atomic<int> last = 0;
};

struct forgets_that_identities_are_unique : good_store {
    write_result insert_user(const user& given) override {
        auto u = given;
        for (;;) {
            const auto written = good_store::insert_user(u);
            if (written != write_result::identity_taken) return written;
            u.identity += "+";
        }
    }
};

struct forgets_uniqueness_on_update : good_store {
    write_result update_user(const user& given) override {
        auto u = given;
        for (;;) {
            const auto written = good_store::update_user(u);
            if (written != write_result::phone_taken) return written;
            u.phone = *phone_number::parse("+888" + std::to_string(100000000 + ++last));
        }
    }
    std::atomic<int> last = 0;
};

struct checks_uniqueness_in_two_steps : forgets_that_phones_are_unique {
    write_result insert_user(const user& u) override {
        if (find_user_by_phone(u.phone)) return write_result::phone_taken;
        others_come_in_between();
        return forgets_that_phones_are_unique::insert_user(u);
    }
};

/// Takes the phone, then the identity, and forgets to give back the one that it has if it cannot get the other.
struct keeps_what_it_refused : good_store {
    std::mutex mutex;
    std::set<std::string, std::less<>> taken;

    template <class F>
    write_result write(const user& u, F f) {
        const std::scoped_lock lock(mutex);
        if (taken.contains(u.phone.str())) return write_result::phone_taken;
        const auto written = f();
        if (written == write_result::identity_taken) taken.emplace(u.phone.str());
        return written;
    }
    write_result insert_user(const user& u) override {
        return write(u, [&] { return good_store::insert_user(u); });
    }
    write_result update_user(const user& u) override {
        return write(u, [&] { return good_store::update_user(u); });
    }
};

struct gives_the_phone_up_first : good_store {
    std::atomic<int> last = 0;
    write_result update_user(const user& given) override {
        auto u = given;
        const auto wanted = u.phone;
        u.phone = *phone_number::parse("+888" + std::to_string(100000000 + ++last));
        if (const auto written = good_store::update_user(u); written != write_result::done) return written;
        others_come_in_between();
        ++u.version;
        u.phone = wanted;
        return good_store::update_user(u);
    }
};

struct replaces_a_user_with_the_same_id : good_store {
    write_result insert_user(const user& u) override {
        try {
            return good_store::insert_user(u);
        } catch (const std::invalid_argument&) {
            auto mine = u;
            mine.version = find_user(u.object_id)->version;
            return good_store::update_user(mine);
        }
    }
};

struct updates_a_stale_user : good_store {
    write_result update_user(const user& given) override {
        auto u = given;
        for (;;) {
            const auto stored = find_user(u.object_id);
            if (!stored) return write_result::stale;
            u.version = stored->version;
            if (const auto written = good_store::update_user(u); written != write_result::stale) return written;
        }
    }
};

struct creates_on_update : good_store {
    write_result update_user(const user& u) override {
        const auto written = good_store::update_user(u);
        return written == write_result::stale && !find_user(u.object_id) ? insert_user(u) : written;
    }
};

struct ignores_the_case_of_identities : good_store {
    std::optional<user> find_user_by_identity(const std::string& given) override {
        auto identity = given;
        for (char& c : identity)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
        return good_store::find_user_by_identity(identity);
    }
};

struct ignores_spaces_behind_identities : good_store {
    write_result insert_user(const user& given) override {
        auto u = given;
        while (u.identity.ends_with(' ')) u.identity.pop_back();
        return good_store::insert_user(u);
    }
};

struct forgets_a_property : good_store {
    write_result insert_user(const user& given) override {
        auto u = given;
        u.properties.erase("nested");
        return good_store::insert_user(u);
    }
};

struct reformats_json : good_store {
    write_result insert_user(const user& given) override {
        auto u = given;
        for (auto& [name, json] : u.properties)
            if (json == "1.0") json = "1";
        return good_store::insert_user(u);
    }
};

struct forgets_the_backup_codes : good_store {
    write_result insert_user(const user& given) override {
        auto u = given;
        u.backup_codes.clear();
        return good_store::insert_user(u);
    }
};

struct has_a_short_column_for_backup_codes : good_store {
    write_result insert_user(const user& given) override {
        auto u = given;
        u.backup_codes = u.backup_codes.substr(0, 255);
        return good_store::insert_user(u);
    }
};

struct always_erases_users : good_store {
    bool erase_user(const std::string& id) override {
        good_store::erase_user(id);
        return true;
    }
};

struct erases_users_in_two_steps : good_store {
    bool erase_user(const std::string& id) override {
        const auto found = find_user(id).has_value();
        others_come_in_between();
        good_store::erase_user(id);
        return found;
    }
};

/// A mark in the row instead of its removal: the unique indexes still know it.
struct keeps_the_phones_of_the_erased : good_store {
    std::mutex mutex;
    std::set<std::string, std::less<>> kept;

    bool erase_user(const std::string& id) override {
        const std::scoped_lock lock(mutex);
        if (const auto found = find_user(id)) kept.emplace(found->phone.str());
        return good_store::erase_user(id);
    }
    write_result insert_user(const user& u) override {
        const std::scoped_lock lock(mutex);
        return kept.contains(u.phone.str()) ? write_result::phone_taken : good_store::insert_user(u);
    }
};

/// A look-up that forgets the mark.
struct finds_the_erased : good_store {
    std::mutex mutex;
    std::map<std::string, user> erased;

    bool erase_user(const std::string& id) override {
        const std::scoped_lock lock(mutex);
        if (const auto found = find_user(id)) erased.insert_or_assign(found->identity, *found);
        return good_store::erase_user(id);
    }
    std::optional<user> find_user_by_identity(const std::string& identity) override {
        const std::scoped_lock lock(mutex);
        const auto found = erased.find(identity);
        return found == erased.end() ? good_store::find_user_by_identity(identity) : found->second;
    }
};

/// An index beside the users: the phone as it was read is given up, whoever has which by then.
struct gives_up_the_phone_that_it_read : good_store {
    std::mutex mutex;
    std::map<std::string, std::string, std::less<>> owners;

    bool erase_user(const std::string& id) override {
        const auto read = find_user(id);
        others_come_in_between();
        const std::scoped_lock lock(mutex);
        if (!good_store::erase_user(id)) return false;
        if (read) owners.erase(std::string(read->phone.str()));
        return true;
    }
    write_result insert_user(const user& u) override {
        const std::scoped_lock lock(mutex);
        if (owners.contains(u.phone.str())) return write_result::phone_taken;
        const auto written = good_store::insert_user(u);
        if (written == write_result::done) owners.emplace(u.phone.str(), u.object_id);
        return written;
    }
    write_result update_user(const user& u) override {
        const std::scoped_lock lock(mutex);
        const auto written = good_store::update_user(u);
        if (written == write_result::done) {
            std::erase_if(owners, [&](const auto& o) { return o.second == u.object_id; });
            owners.emplace(u.phone.str(), u.object_id);
        }
        return written;
    }
};

/// The user first, then the entry of their phone, which may be another's by then.
struct gives_up_a_phone_that_is_anothers : good_store {
    std::mutex mutex;
    std::set<std::string, std::less<>> lost;

    bool erase_user(const std::string& id) override {
        const auto read = find_user(id);
        if (!good_store::erase_user(id)) return false;
        others_come_in_between();
        const std::scoped_lock lock(mutex);
        lost.emplace(read->phone.str());
        return true;
    }
    write_result insert_user(const user& u) override {
        const std::scoped_lock lock(mutex);
        const auto written = good_store::insert_user(u);
        if (written == write_result::done) lost.erase(std::string(u.phone.str()));
        return written;
    }
    std::optional<user> find_user_by_phone(const phone_number& phone) override {
        others_come_in_between();
        const std::scoped_lock lock(mutex);
        return lost.contains(phone.str()) ? std::nullopt : good_store::find_user_by_phone(phone);
    }
};

/// Writes back what it has read.
struct updates_bring_the_erased_back : good_store {
    write_result update_user(const user& u) override {
        const auto stored = find_user(u.object_id);
        if (!stored || stored->version != u.version) return good_store::update_user(u);
        others_come_in_between();
        const auto written = good_store::update_user(u);
        if (written != write_result::stale || find_user(u.object_id)) return written;
        auto mine = u;
        ++mine.version;
        try {
            return good_store::insert_user(mine);
        } catch (const std::invalid_argument&) {
            return write_result::stale;
        }
    }
};

// ---- Sessions

/// Changes what is read; see below.
struct misreads_sessions : good_store {
    virtual void misread(session& s) = 0;
    std::optional<session> find_session(const std::string& hash) override {
        auto s = good_store::find_session(hash);
        if (s) misread(*s);
        return s;
    }
};
struct forgets_the_kind : misreads_sessions {
    void misread(session& s) override { s.kind = session_kind::login; }
};
struct forgets_how_users_logged_in : misreads_sessions {
    void misread(session& s) override { s.auth_methods = 0; }
};
struct forgets_when_users_logged_in : misreads_sessions {
    void misread(session& s) override { s.auth_time = s.created_at; }
};
struct forgets_the_last_use : misreads_sessions {
    void misread(session& s) override { s.last_used_at = s.created_at; }
};
struct forgets_the_device : misreads_sessions {
    void misread(session& s) override { s.device.clear(); }
};
struct forgets_the_network_of_a_session : misreads_sessions {
    void misread(session& s) override { s.network.clear(); }
};
struct has_signed_auth_methods : misreads_sessions {
    void misread(session& s) override { s.auth_methods &= 0x7fffffff; }
};
struct keeps_the_version_of_sessions : misreads_sessions {
    void misread(session& s) override { s.version = 1; }
};

struct keeps_the_fingerprint : good_store {
    bool update_session(const session& given) override {
        auto s = given;
        if (const auto stored = find_session(s.token_hash)) s.fingerprint = stored->fingerprint;
        return good_store::update_session(s);
    }
};

struct saves_sessions_without_comparing : good_store {
    bool update_session(const session& given) override {
        for (auto s = given;;) {
            const auto stored = find_session(s.token_hash);
            if (!stored) return false;
            s.version = stored->version;
            if (good_store::update_session(s)) return true;
        }
    }
};

struct compares_sessions_in_two_steps : saves_sessions_without_comparing {
    bool update_session(const session& s) override {
        const auto stored = find_session(s.token_hash);
        if (!stored || stored->version != s.version) return false;
        others_come_in_between();
        return saves_sessions_without_comparing::update_session(s);
    }
};

struct compares_versions_of_sessions_as_doubles : saves_sessions_without_comparing {
    bool update_session(const session& s) override {
        const auto stored = find_session(s.token_hash);
        return stored && static_cast<double>(stored->version) == static_cast<double>(s.version) &&
               saves_sessions_without_comparing::update_session(s);
    }
};

/// INSERT … ON CONFLICT DO UPDATE.
struct creates_sessions_on_update : good_store {
    bool update_session(const session& s) override {
        return good_store::update_session(s) || (!find_session(s.token_hash) && insert_session(s));
    }
};

/// Looks, and then writes all of it.
struct brings_sessions_back : good_store {
    bool update_session(const session& s) override {
        const auto stored = find_session(s.token_hash);
        if (!stored || stored->version != s.version) return false;
        others_come_in_between();
        if (good_store::update_session(s)) return true;
        auto mine = s;
        ++mine.version;
        return !find_session(s.token_hash) && good_store::insert_session(mine);
    }
};

struct drops_acknowledged_updates_of_sessions : good_store {
    std::atomic<int> writes = 0;
    bool update_session(const session& s) override { return ++writes % seldom == 0 || good_store::update_session(s); }
};

struct reads_sessions_in_two_steps : good_store {
    std::optional<session> find_session(const std::string& hash) override {
        auto s = good_store::find_session(hash);
        others_come_in_between();
        if (const auto again = good_store::find_session(hash); s && again) s->auth_time = again->auth_time;
        return s;
    }
};

/// Changes what is listed; see below.
struct mislists_sessions : good_store {
    virtual void mislist(std::vector<session>& all) = 0;
    std::vector<session> find_sessions_of(const std::string& id) override {
        auto all = good_store::find_sessions_of(id);
        mislist(all);
        return all;
    }
};
struct lists_logins_only : mislists_sessions {
    void mislist(std::vector<session>& all) override {
        std::erase_if(all, [](const session& s) { return s.kind != session_kind::login; });
    }
};
struct lists_a_hundred : mislists_sessions {
    void mislist(std::vector<session>& all) override { all.resize(std::min<std::size_t>(all.size(), 100)); }
};
struct lists_some_twice : mislists_sessions {
    void mislist(std::vector<session>& all) override {
        if (!all.empty()) all.push_back(all.front());
    }
};
struct lists_without_devices : mislists_sessions {
    void mislist(std::vector<session>& all) override {
        for (auto& s : all) s.device.clear();
    }
};

/// Remembers each list until a session is added or ended.
struct remembers_lists : good_store {
    std::mutex mutex;
    std::map<std::string, std::vector<session>> lists;

    bool insert_session(const session& s) override {
        const std::scoped_lock lock(mutex);
        lists.erase(s.user_id);
        return good_store::insert_session(s);
    }
    std::vector<session> find_sessions_of(const std::string& id) override {
        const std::scoped_lock lock(mutex);
        return lists.try_emplace(id, good_store::find_sessions_of(id)).first->second;
    }
    bool erase_session(const std::string& hash) override {
        const std::scoped_lock lock(mutex);
        lists.clear();
        return good_store::erase_session(hash);
    }
    std::size_t erase_sessions_of(const std::string& user_id, const std::string& kept) override {
        const std::scoped_lock lock(mutex);
        lists.clear();
        return good_store::erase_sessions_of(user_id, kept);
    }
};

/// An index beside the sessions, which learns later what has ended.
struct lists_what_is_over : good_store {
    std::mutex mutex;
    std::map<std::string, session> ended;

    bool erase_session(const std::string& hash) override {
        const auto found = find_session(hash);
        const std::scoped_lock lock(mutex);
        if (found) ended.insert_or_assign(found->user_id, *found);
        return good_store::erase_session(hash);
    }
    std::vector<session> find_sessions_of(const std::string& id) override {
        auto all = good_store::find_sessions_of(id);
        const std::scoped_lock lock(mutex);
        if (const auto found = ended.find(id); found != ended.end()) all.push_back(found->second);
        return all;
    }
};

/// The index is written behind the session.
struct lists_late : good_store {
    std::mutex mutex;
    std::set<std::string> inserting;

    bool insert_session(const session& s) override {
        const std::scoped_lock lock(mutex);
        inserting.insert(s.token_hash);
        return good_store::insert_session(s);
    }
    std::vector<session> find_sessions_of(const std::string& id) override {
        auto all = good_store::find_sessions_of(id);
        const std::scoped_lock lock(mutex);
        std::erase_if(all, [&](const session& s) { return inserting.erase(s.token_hash) != 0; });
        return all;
    }
};

struct always_erases : good_store {
    bool erase_session(const std::string& hash) override {
        good_store::erase_session(hash);
        return true;
    }
};

struct erases_in_two_steps : good_store {
    bool erase_session(const std::string& hash) override {
        const auto found = find_session(hash).has_value();
        others_come_in_between();
        good_store::erase_session(hash);
        return found;
    }
};

struct erases_one_session_of_a_user : good_store {
    std::size_t erase_sessions_of(const std::string& user_id, const std::string& kept) override {
        const auto count = good_store::erase_sessions_of(user_id, kept);
        return count > 0 ? 1 : 0;
    }
};

struct keeps_another_users_session : good_store {
    std::size_t erase_sessions_of(const std::string& user_id, const std::string& kept) override {
        return !kept.empty() && find_session(kept)->user_id != user_id ? 0
                                                                       : good_store::erase_sessions_of(user_id, kept);
    }
};

/// An index beside the sessions: what is inserted while it is used and then dropped is in it no more.
struct keeps_the_index_apart : good_store {
    std::mutex mutex;
    std::map<std::string, std::set<std::string>> index;

    bool insert_session(const session& s) override {
        if (!good_store::insert_session(s)) return false;
        const std::scoped_lock lock(mutex);
        index[s.user_id].insert(s.token_hash);
        return true;
    }
    std::size_t erase_sessions_of(const std::string& user_id, const std::string& kept) override {
        std::set<std::string> hashes;
        {
            const std::scoped_lock lock(mutex);
            hashes = index[user_id];
        }
        std::size_t count = 0;
        for (const auto& hash : hashes)
            if (hash != kept && good_store::erase_session(hash)) ++count;
        for (int i = 0; i < 20; ++i) others_come_in_between();
        const std::scoped_lock lock(mutex);
        index[user_id].clear();
        if (hashes.contains(kept)) index[user_id].insert(kept);
        return count;
    }
};

struct is_down : good_store {
    bool insert_session(const session&) override { throw std::runtime_error("connection refused"); }
};

// ---- Cells

/// As `decide` says it is done, without mistakes; each step can get one.
struct plain_cells : good_store {
    using cell_times = std::array<time_point, 1 + cell_batch::most>;

    virtual time_point find(std::string_view key, time_point) {
        const auto found = cells.find(key);
        return found == cells.end() ? time_point() : found->second;
    }
    virtual void store(std::string_view key, time_point cell, time_point) {
        cells.insert_or_assign(std::string(key), cell);
    }
    virtual cell_answer rule(const cell_batch& batch, const cell_times& stored) { return decide(batch, stored); }
    virtual cell_times find_all(const cell_batch& batch) {
        cell_times stored{};
        stored[0] = find(batch.marker(), batch.now());
        for (std::size_t i = 0; i < batch.size(); ++i) stored[1 + i] = find(batch.key(i), batch.now());
        return stored;
    }
    virtual void store_all(const cell_batch& batch, const cell_answer& answer, const cell_times& stored) {
        for (std::size_t i = 0; answer.granted && i < batch.size(); ++i)
            if (answer.cells[i] != stored[1 + i]) store(batch.key(i), answer.cells[i], batch.now());
    }
    cell_answer take_cells(const cell_batch& batch) override {
        const std::scoped_lock lock(mutex);
        const auto stored = find_all(batch);
        const auto answer = rule(batch, stored);
        store_all(batch, answer, stored);
        return answer;
    }

    std::mutex mutex;
    std::map<std::string, time_point, std::less<>> cells;
};

struct takes_in_two_steps : plain_cells {
    cell_answer take_cells(const cell_batch& batch) override {
        std::unique_lock lock(mutex);
        const auto stored = find_all(batch);
        const auto answer = rule(batch, stored);
        lock.unlock();
        others_come_in_between();
        lock.lock();
        store_all(batch, answer, stored);
        return answer;
    }
};

/// Each request is an atomic step, but the batch is not.
struct takes_one_by_one : plain_cells {
    cell_answer take_cells(const cell_batch& batch) override {
        if (batch.size() < 2) return plain_cells::take_cells(batch);
        auto answer = [&] {
            const std::scoped_lock lock(mutex);
            return rule(batch, find_all(batch));
        }();
        for (std::size_t i = 0; answer.granted && i < batch.size(); ++i) {
            others_come_in_between();
            cell_batch one(batch.now(), batch.marker());
            one.add(batch[i], batch.key(i));
            const auto each = plain_cells::take_cells(one);
            answer.granted = each.granted;
            answer.cells[i] = each.cells[0];
        }
        return answer;
    }
};

/// Changes the requests; see below.
struct misreads_requests : plain_cells {
    virtual void misread(cell_request& r, const cell_batch& batch) = 0;
    cell_answer rule(const cell_batch& batch, const cell_times& stored) override {
        cell_batch misread_batch(batch.now(), batch.marker());
        for (std::size_t i = 0; i < batch.size(); ++i) {
            auto r = batch[i];
            misread(r, batch);
            misread_batch.add(r, batch.key(i));
        }
        return decide(misread_batch, stored);
    }
};

struct ignores_the_reserve : misreads_requests {
    void misread(cell_request& r, const cell_batch&) override { r.reserve = {}; }
};
struct gives_the_reserve_to_all : misreads_requests {
    void misread(cell_request& r, const cell_batch&) override { r.room += std::exchange(r.reserve, {}); }
};
struct ignores_conditions : misreads_requests {
    void misread(cell_request& r, const cell_batch&) override { r.when = cell_condition::always; }
};
struct forgets_to_clamp : misreads_requests {
    void misread(cell_request& r, const cell_batch&) override {
        if (r.action == cell_action::move) r.room = std::chrono::hours(24 * 9999);
    }
};
struct refuses_moves : misreads_requests {
    void misread(cell_request& r, const cell_batch&) override {
        if (r.action == cell_action::move && r.cost > 0ms) r.action = cell_action::take;
    }
};
struct takes_where_it_is_asked : misreads_requests {
    void misread(cell_request& r, const cell_batch&) override {
        if (r.action == cell_action::ask) r.action = cell_action::take;
    }
};
struct asks_for_nothing : misreads_requests {
    void misread(cell_request& r, const cell_batch&) override {
        if (r.action == cell_action::ask) r.cost = {};
    }
};
struct never_moves_back : misreads_requests {
    void misread(cell_request& r, const cell_batch&) override { r.cost = std::max(r.cost, 0ms); }
};
struct keeps_a_millisecond_back : misreads_requests {
    void misread(cell_request& r, const cell_batch&) override {
        if (r.action == cell_action::take) r.room -= 1ms;
    }
};
struct is_a_millisecond_generous : misreads_requests {
    void misread(cell_request& r, const cell_batch&) override {
        if (r.action == cell_action::take) r.room += 1ms;
    }
};
struct has_short_durations : misreads_requests {  // 2^31 milliseconds
    void misread(cell_request& r, const cell_batch&) override {
        r.cost = std::min<std::chrono::milliseconds>(r.cost, 24h * 24);
    }
};

struct ignores_the_marker : plain_cells {
    cell_times find_all(const cell_batch& batch) override {
        auto stored = plain_cells::find_all(batch);
        stored[0] = {};
        return stored;
    }
};

/// A row is there until it is swept.
struct takes_any_row_for_a_marker : plain_cells {
    cell_times find_all(const cell_batch& batch) override {
        auto stored = plain_cells::find_all(batch);
        if (cells.contains(batch.marker())) stored[0] = time_point::max();
        return stored;
    }
};

struct prolongs_the_marker : plain_cells {
    void store_all(const cell_batch& batch, const cell_answer& answer, const cell_times& stored) override {
        plain_cells::store_all(batch, answer, stored);
        if (answer.marked) store(batch.marker(), batch.now() + 24h, batch.now());
    }
};

struct creates_the_marker : plain_cells {
    void store_all(const cell_batch& batch, const cell_answer& answer, const cell_times& stored) override {
        plain_cells::store_all(batch, answer, stored);
        if (answer.granted && !answer.marked && !batch.marker().empty())
            store(batch.marker(), batch.now() + 1h, batch.now());
    }
};

/// What the requests before the one that is not there were granted.
struct stores_what_it_refuses : plain_cells {
    void store_all(const cell_batch& batch, const cell_answer& answer, const cell_times& stored) override {
        if (answer.granted) return plain_cells::store_all(batch, answer, stored);
        for (std::size_t i = 0; i < batch.size(); ++i) {
            cell_batch one(batch.now(), batch.marker());
            one.add(batch[i], batch.key(i));
            const auto each = decide(one, std::array{stored[0], stored[1 + i]});
            if (!each.granted) return;
            if (each.cells[0] != stored[1 + i]) store(batch.key(i), each.cells[0], batch.now());
        }
    }
};

/// Whoever is refused waits longer.
struct counts_refusals : plain_cells {
    void store_all(const cell_batch& batch, const cell_answer& answer, const cell_times& stored) override {
        if (answer.granted) return plain_cells::store_all(batch, answer, stored);
        for (std::size_t i = 0; i < batch.size(); ++i)
            if (stored[1 + i] > batch.now()) store(batch.key(i), stored[1 + i] + batch[i].cost, batch.now());
    }
};

struct answers_what_it_refuses : plain_cells {
    cell_answer rule(const cell_batch& batch, const cell_times& stored) override {
        auto answer = decide(batch, stored);
        for (std::size_t i = 0; !answer.granted && i < batch.size(); ++i) answer.cells[i] += batch[i].cost;
        return answer;
    }
};

struct answers_in_the_order_of_keys : plain_cells {
    cell_answer take_cells(const cell_batch& batch) override {
        auto answer = plain_cells::take_cells(batch);
        std::map<std::string_view, time_point> by_key;
        for (std::size_t i = 0; i < batch.size(); ++i) by_key[batch.key(i)] = answer.cells[i];
        std::size_t i = 0;
        for (const auto& cell : by_key) answer.cells[i++] = cell.second;
        return answer;
    }
};

struct answers_what_was : plain_cells {
    cell_answer take_cells(const cell_batch& batch) override {
        cell_times stored{};
        {
            const std::scoped_lock lock(mutex);
            stored = find_all(batch);
        }
        auto answer = plain_cells::take_cells(batch);
        std::copy_n(stored.begin() + 1, batch.size(), answer.cells.begin());
        return answer;
    }
};

/// A cache that is full.
struct drops_a_live_cell : plain_cells {
    void store(std::string_view key, time_point cell, time_point now) override {
        if (cells.size() > 8)
            cells.erase(std::min_element(cells.begin(), cells.end(),
                                         [](const auto& a, const auto& b) { return a.second < b.second; }));
        plain_cells::store(key, cell, now);
    }
};

struct drops_cells_early : plain_cells {
    void store(std::string_view key, time_point cell, time_point now) override {
        std::erase_if(cells, [&](const auto& c) { return c.second <= now + 1ms; });
        plain_cells::store(key, cell, now);
    }
};

struct goes_on_from_the_past : plain_cells {
    cell_answer rule(const cell_batch& batch, const cell_times& stored) override {
        auto answer = decide(batch, stored);
        for (std::size_t i = 0; answer.granted && i < batch.size(); ++i)
            if (batch[i].action == cell_action::take && is_for(batch[i], answer.marked) &&
                stored[1 + i] != time_point())
                answer.cells[i] = stored[1 + i] + batch[i].cost;
        return answer;
    }
};

struct moves_before_now : plain_cells {
    cell_answer rule(const cell_batch& batch, const cell_times& stored) override {
        auto answer = decide(batch, stored);
        for (std::size_t i = 0; answer.granted && i < batch.size(); ++i)
            if (batch[i].action == cell_action::move && is_for(batch[i], answer.marked) && batch[i].cost < 0ms)
                answer.cells[i] = std::min(answer.cells[i], std::max(stored[1 + i], batch.now()) + batch[i].cost);
        return answer;
    }
    /// It takes a cell in the past for credit.
    cell_answer take_cells(const cell_batch& batch) override {
        auto earlier = batch.now();
        {
            const std::scoped_lock lock(mutex);
            for (std::size_t i = 0; i < batch.size(); ++i)
                if (const auto found = find(batch.key(i), earlier); found != time_point() && found > earlier - 2h)
                    earlier = std::min(earlier, found);
        }
        if (batch.size() != 1 || batch[0].action != cell_action::take) earlier = batch.now();
        return plain_cells::take_cells(changed(
            batch, [](std::string_view k) { return std::string(k); }, earlier));
    }
};

struct stores_seconds : plain_cells {
    void store(std::string_view key, time_point cell, time_point now) override {
        plain_cells::store(key, std::chrono::ceil<std::chrono::seconds>(cell), now);
    }
};

/// What is so far ahead must be a mistake.
struct believes_no_far_future : plain_cells {
    time_point find(std::string_view key, time_point now) override {
        const auto found = plain_cells::find(key, now);
        return found > now + 24h * 401 ? time_point() : found;
    }
};

struct ignores_the_case_of_keys : plain_cells {
    static std::string lower(std::string_view key) {
        std::string text(key);
        for (auto& c : text)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        return text;
    }
    cell_answer take_cells(const cell_batch& batch) override { return plain_cells::take_cells(changed(batch, lower)); }
};

struct ignores_spaces_behind_keys : plain_cells {
    static std::string trimmed(std::string_view key) {
        while (key.ends_with(' ')) key.remove_suffix(1);
        return std::string(key);
    }
    cell_answer take_cells(const cell_batch& batch) override {
        return plain_cells::take_cells(changed(batch, trimmed));
    }
};

struct takes_eight_requests : plain_cells {
    cell_answer take_cells(const cell_batch& batch) override {
        cell_batch first(batch.now(), batch.marker());
        for (std::size_t i = 0; i < std::min<std::size_t>(batch.size(), 8); ++i) first.add(batch[i], batch.key(i));
        return plain_cells::take_cells(first);
    }
};

struct locks_keys_in_the_callers_order : plain_cells {
    std::mutex guard;
    std::map<std::string, std::mutex, std::less<>> locks;

    cell_answer take_cells(const cell_batch& batch) override {
        std::vector<std::unique_lock<std::mutex>> held;
        for (std::size_t i = 0; i < batch.size(); ++i) {
            std::mutex* lock = nullptr;
            {
                const std::scoped_lock guarded(guard);
                lock = &locks[std::string(batch.key(i))];
            }
            held.emplace_back(*lock, std::defer_lock);
            const auto end = std::chrono::steady_clock::now() + 20ms;
            while (!held.back().try_lock()) {
                if (std::chrono::steady_clock::now() > end) throw std::runtime_error("deadlock detected");
                std::this_thread::yield();
            }
            others_come_in_between();
        }
        return plain_cells::take_cells(batch);
    }
};

struct drops_acknowledged_takes : plain_cells {
    int writes = 0;
    void store(std::string_view key, time_point cell, time_point now) override {
        if (++writes % seldom != 0) plain_cells::store(key, cell, now);
    }
};

/// Each handle remembers what it has read and written, as if nobody else wrote.
struct remembers_cells : good_store {
    using good_store::good_store;
    std::mutex mutex;
    std::map<std::string, time_point> full;

    cell_answer take_cells(const cell_batch& batch) override {
        if (batch.size() != 1) return good_store::take_cells(batch);
        const std::scoped_lock lock(mutex);
        auto& known = full[std::string(batch.key(0))];
        if (batch[0].action == cell_action::ask && known > batch.now()) {
            cell_answer answer;
            answer.granted = known + batch[0].cost <= batch.now() + batch[0].room;
            answer.cells[0] = known;
            return answer;
        }
        const auto answer = good_store::take_cells(batch);
        known = answer.cells[0];
        return answer;
    }
};

const auto transactions_of = [](good_store& s) { return testing::run_transaction_storage_suite(s); };
const auto users_of = [](good_store& s) { return testing::run_user_storage_suite(s); };
const auto sessions_of = [](good_store& s) { return testing::run_session_storage_suite(s); };
const auto cells_of = [](good_store& s) { return testing::run_cell_storage_suite(s); };

bool says(const std::vector<testing::suite_finding>& findings, const char* words) {
    const auto text = testing::to_text(findings);
    if (text.find(words) != std::string::npos) return true;
    BOOST_TEST_MESSAGE("the suite said: " << text);
    return false;
}

template <class S, class Suite>
bool catches(Suite suite, const char* words) {
    S s;
    return says(suite(s), words);
}

/// Not each time do the threads come in an order that shows the mistake.
template <class S, class Suite>
bool catches_in_the_end(Suite suite, const char* words) {
    for (int i = 0; i < 20; ++i)
        if (catches<S>(suite, words)) return true;
    return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bad_stores)

BOOST_AUTO_TEST_CASE(transactions) {
    BOOST_TEST(catches<saves_without_comparing>(
        transactions_of, "stale update: update_transaction with an older version must return false"));
    BOOST_TEST(catches<saves_without_comparing>(transactions_of, "racing updates: of several update_transaction"));
    BOOST_TEST(
        catches<compares_and_saves_in_two_steps>(transactions_of, "racing updates: of several update_transaction"));
    BOOST_TEST(catches<compares_versions_as_doubles>(
        transactions_of, "the largest numbers: update_transaction with an older version must return false"));
    BOOST_TEST(catches<keeps_the_version>(
        transactions_of, "update: find_transaction must return what was stored last; version differs"));
    BOOST_TEST(catches<has_signed_columns>(
        transactions_of, "the largest numbers: find_transaction must return what was stored last; tries differs"));
    BOOST_TEST(catches<forgets_the_delivery>(
        transactions_of, "insert and find: find_transaction must return what was stored last; delivery differs"));
    BOOST_TEST(catches<forgets_the_delivery_error>(
        transactions_of, "insert and find: find_transaction must return what was stored last; delivery_error differs"));
    BOOST_TEST(catches<forgets_the_password_mark>(
        transactions_of,
        "insert and find: find_transaction must return what was stored last; password_fingerprint differs"));
    BOOST_TEST(catches<forgets_the_known_network>(
        transactions_of, "insert and find: find_transaction must return what was stored last; known_network differs"));
    BOOST_TEST(catches<forgets_the_topic>(
        transactions_of, "insert and find: find_transaction must return what was stored last; topic differs"));
    BOOST_TEST(
        catches<knows_two_purposes>(transactions_of, "insert and find: must not throw, but threw: violates a check"));
    BOOST_TEST(catches<cuts_off_password_marks>(
        transactions_of,
        "insert and find: find_transaction must return what was stored last; password_fingerprint differs"));
    BOOST_TEST(catches<updates_no_delivery>(
        transactions_of, "update: find_transaction must return what was stored last; delivery differs"));
    BOOST_TEST(catches<has_unsigned_delivery_errors>(
        transactions_of, "update: find_transaction must return what was stored last; delivery_error differs"));
    BOOST_TEST(catches<has_short_delivery_errors>(
        transactions_of, "update: find_transaction must return what was stored last; delivery_error differs"));
    BOOST_TEST(
        catches<drops_acknowledged_updates>(transactions_of, "no acknowledged update is lost: find_transaction"));
    BOOST_TEST(
        catches<drops_acknowledged_insertions>(transactions_of, "no acknowledged insertion is lost: find_transaction"));
    BOOST_TEST(catches<overwrites_on_insert>(
        transactions_of, "insert twice: insert_transaction of an id that is taken must return false"));
    BOOST_TEST(catches<drops_at_the_expiry>(transactions_of, "kept past their expiry: find_transaction must find"));
    BOOST_TEST(catches<lives_by_its_own_clock>(transactions_of, "any time: find_transaction must find"));
    BOOST_TEST(catches<truncates_times_to_seconds>(
        transactions_of, "insert and find: find_transaction must return what was stored last; "));
    BOOST_TEST(
        catches<reads_in_two_steps>(transactions_of, "find_transaction must see an update whole, or not at all"));
    BOOST_TEST(catches<takes_texts_as_c_strings>(transactions_of, "find_transaction must not cut off an id at a NUL"));
    BOOST_TEST(catches<does_not_quote>(transactions_of, "any text: must not throw, but threw: syntax error"));
}

BOOST_AUTO_TEST_CASE(users) {
    BOOST_TEST(catches<forgets_that_phones_are_unique>(
        users_of, "insert_user with another user's phone must return phone_taken"));
    BOOST_TEST(
        catches<forgets_that_phones_are_unique>(users_of, "racing inserts of one phone: of several insert_user"));
    BOOST_TEST(catches<forgets_that_identities_are_unique>(
        users_of, "insert_user with another user's identity must return identity_taken"));
    BOOST_TEST(catches<forgets_that_identities_are_unique>(users_of,
                                                           "racing inserts of one identity: of several insert_user"));
    BOOST_TEST(
        catches<forgets_uniqueness_on_update>(users_of, "update_user to another user's phone must return phone_taken"));
    BOOST_TEST(catches<forgets_uniqueness_on_update>(users_of, "racing updates to one phone: of several update_user"));
    BOOST_TEST(
        catches<checks_uniqueness_in_two_steps>(users_of, "racing inserts of one phone: of several insert_user"));
    BOOST_TEST(catches<keeps_what_it_refused>(users_of, "a refused insert_user must not take the phone"));
    BOOST_TEST(catches<keeps_what_it_refused>(users_of, "a refused update_user must not take the phone"));
    BOOST_TEST(catches<keeps_what_it_refused>(users_of, "racing inserts in a ring: insert_user must not refuse"));
    BOOST_TEST(catches<gives_the_phone_up_first>(users_of, "racing updates in a circle: users who all want"));
    BOOST_TEST(catches<replaces_a_user_with_the_same_id>(users_of, "insert_user with another user's object_id"));
    BOOST_TEST(
        catches<updates_a_stale_user>(users_of, "stale update: update_user with an older version must return stale"));
    BOOST_TEST(catches<updates_a_stale_user>(users_of, "racing updates of one user: of several update_user"));
    BOOST_TEST(catches<creates_on_update>(users_of, "stale update: update_user of an unknown user must return stale"));
    BOOST_TEST(catches<ignores_the_case_of_identities>(users_of,
                                                       "find_user_by_identity must compare identities byte for byte"));
    BOOST_TEST(catches<ignores_spaces_behind_identities>(
        users_of, "identities that look alike: identities that differ in a byte must be different"));
    BOOST_TEST(catches<forgets_a_property>(
        users_of, "insert and find: find_user must return what was stored last; properties differs"));
    BOOST_TEST(catches<reformats_json>(users_of, "any JSON: find_user must return what was stored last; properties"));
    BOOST_TEST(catches<forgets_the_backup_codes>(
        users_of, "insert and find: find_user must return what was stored last; backup_codes differs"));
    BOOST_TEST(catches<has_a_short_column_for_backup_codes>(
        users_of, "any text: find_user must return what was stored last; backup_codes differs"));
    BOOST_TEST(catches<drops_acknowledged_insertions>(users_of, "no acknowledged insertion is lost: find_user"));
    BOOST_TEST(catches<reads_in_two_steps>(users_of, "a find must see an update whole, or not at all"));
    BOOST_TEST(catches<reads_in_two_steps>(users_of, "find_user_by_phone must not find a user who has another phone"));
    BOOST_TEST(catches<takes_texts_as_c_strings>(users_of, "insert_user must not cut off an identity at a NUL"));
    BOOST_TEST(
        catches<takes_texts_as_c_strings>(users_of, "find_user_by_identity must not cut off an identity at a NUL"));
    BOOST_TEST(
        catches<has_short_columns>(users_of, "any text: find_user must return what was stored last; identity differs"));
    BOOST_TEST(catches<does_not_quote>(users_of, "any text: must not throw, but threw: syntax error"));
}

BOOST_AUTO_TEST_CASE(users_who_are_erased) {
    BOOST_TEST(catches<always_erases_users>(users_of, "users: erase: erase_user must return false"));
    BOOST_TEST(catches<always_erases_users>(users_of, "racing erasures: of several erase_user"));
    BOOST_TEST(catches_in_the_end<erases_users_in_two_steps>(users_of, "racing erasures: of several erase_user"));
    BOOST_TEST(catches<keeps_the_phones_of_the_erased>(
        users_of, "users: erase: the phone and the identity of a user who was erased must be free"));
    BOOST_TEST(catches<finds_the_erased>(users_of, "users: erase: a user who was erased must not be found"));
    BOOST_TEST(
        catches<creates_on_update>(users_of, "users: erase: update_user of a user who was erased must return stale"));
    BOOST_TEST(catches_in_the_end<gives_up_the_phone_that_it_read>(
        users_of, "erasures that race with updates: an update_user that races with erase_user must not leave"));
    BOOST_TEST(catches_in_the_end<gives_up_a_phone_that_is_anothers>(
        users_of, "one phone that comes and goes: find_user_by_phone must find what was stored"));
    BOOST_TEST(catches_in_the_end<updates_bring_the_erased_back>(
        users_of, "erasures that race with updates: a user who was erased must not be found"));
    BOOST_TEST(catches_in_the_end<checks_uniqueness_in_two_steps>(
        users_of, "one phone that comes and goes: find_user must return what was stored last; phone differs"));
    BOOST_TEST(
        catches_in_the_end<forgets_that_phones_are_unique>(users_of, "one phone that comes and goes: no two users"));
    BOOST_TEST(catches_in_the_end<forgets_that_identities_are_unique>(
        users_of, "one identity that comes and goes: no two users"));
}

BOOST_AUTO_TEST_CASE(sessions) {
    BOOST_TEST(catches<always_erases>(sessions_of, "erase: erase_session must return false if there was none"));
    BOOST_TEST(catches<erases_in_two_steps>(sessions_of, "racing erasures: of several erase_session"));
    BOOST_TEST(catches<erases_one_session_of_a_user>(sessions_of,
                                                     "erase_sessions_of must return how many sessions the user had"));
    BOOST_TEST(catches<keeps_another_users_session>(
        sessions_of, "erase_sessions_of must end all sessions if the one to keep is another user's"));
    BOOST_TEST(catches<keeps_the_index_apart>(sessions_of, "insertions that race with erasures: erase_sessions_of"));
    BOOST_TEST(catches<drops_acknowledged_insertions>(sessions_of, "no acknowledged insertion is lost: find_session"));
    BOOST_TEST(catches<lives_by_its_own_clock>(sessions_of, "any time: find_session must find"));
    BOOST_TEST(
        catches<is_down>(sessions_of, "sessions: insert and find: must not throw, but threw: connection refused"));
    BOOST_TEST(catches<does_not_quote>(sessions_of, "insert and find: must not throw, but threw: syntax error"));
}

BOOST_AUTO_TEST_CASE(fields_of_sessions) {
    const auto forgets = [](good_store&& s, const std::string& field) {
        const auto words = "insert and find: find_session must return what was stored last; " + field + " differs";
        return says(sessions_of(s), words.c_str());
    };
    BOOST_TEST(forgets(forgets_the_kind(), "kind"));
    BOOST_TEST(forgets(forgets_how_users_logged_in(), "auth_methods"));
    BOOST_TEST(forgets(forgets_when_users_logged_in(), "auth_time"));
    BOOST_TEST(forgets(forgets_the_last_use(), "last_used_at"));
    BOOST_TEST(forgets(forgets_the_device(), "device"));
    BOOST_TEST(forgets(forgets_the_network_of_a_session(), "network"));
    BOOST_TEST(catches<has_signed_auth_methods>(
        sessions_of, "the largest numbers: find_session must return what was stored last; auth_methods differs"));
    BOOST_TEST(catches<keeps_the_version_of_sessions>(
        sessions_of, "sessions: update: find_session must return what was stored last; version differs"));
    BOOST_TEST(catches<keeps_the_fingerprint>(
        sessions_of, "sessions: update: find_session must return what was stored last; fingerprint differs"));
}

BOOST_AUTO_TEST_CASE(updates_of_sessions) {
    BOOST_TEST(catches<saves_sessions_without_comparing>(
        sessions_of, "stale update: update_session with an older version must return false"));
    BOOST_TEST(catches<saves_sessions_without_comparing>(sessions_of, "racing updates: of several update_session"));
    BOOST_TEST(
        catches_in_the_end<compares_sessions_in_two_steps>(sessions_of, "racing updates: of several update_session"));
    BOOST_TEST(catches_in_the_end<compares_sessions_in_two_steps>(sessions_of,
                                                                  "no acknowledged update is lost: find_session"));
    BOOST_TEST(catches<compares_versions_of_sessions_as_doubles>(
        sessions_of, "the largest numbers: update_session with an older version must return false"));
    BOOST_TEST(catches<creates_sessions_on_update>(sessions_of,
                                                   "stale update: update_session must bring no session into being"));
    BOOST_TEST(catches_in_the_end<creates_sessions_on_update>(
        sessions_of, "updates that race with erasures: a session that was ended must not come back"));
    BOOST_TEST(catches_in_the_end<brings_sessions_back>(
        sessions_of, "updates that race with erasures: a session that was ended must not come back"));
    BOOST_TEST(catches<drops_acknowledged_updates_of_sessions>(
        sessions_of, "no acknowledged update is lost: find_session must return what was stored last"));
    BOOST_TEST(
        catches_in_the_end<reads_sessions_in_two_steps>(sessions_of, "a find must see an update whole, or not at all"));
}

BOOST_AUTO_TEST_CASE(lists_of_sessions) {
    BOOST_TEST(catches<lists_logins_only>(
        sessions_of, "find all of a user: find_sessions_of must give each session of the user once, and no other"));
    BOOST_TEST(catches<lists_a_hundred>(
        sessions_of, "no acknowledged insertion is lost: find_sessions_of must find each session of the user"));
    BOOST_TEST(catches<lists_some_twice>(
        sessions_of, "find all of a user: find_sessions_of must give each session of the user once, and no other"));
    BOOST_TEST(catches<lists_without_devices>(
        sessions_of, "find all of a user: find_sessions_of must return what was stored last; device differs"));
    BOOST_TEST(
        catches<remembers_lists>(sessions_of, "find all of a user: find_sessions_of must return what was stored last"));
    BOOST_TEST(catches<remembers_lists>(sessions_of,
                                        "find_sessions_of must see at once what update_session has acknowledged"));
    BOOST_TEST(catches<lists_what_is_over>(sessions_of, "find_sessions_of must not find a session that is over"));
    BOOST_TEST(
        catches<lists_late>(sessions_of, "others come and go: find_sessions_of must find each session of the user"));
}

BOOST_AUTO_TEST_CASE(cells) {
    BOOST_TEST(testing::to_text(cells_of(*std::make_unique<plain_cells>())) == "");
    BOOST_TEST(catches<takes_in_two_steps>(cells_of, "racing takes: take_cells must be one atomic step"));
    BOOST_TEST(catches<takes_in_two_steps>(
        cells_of, "takes that race with moves: nothing that take_cells has acknowledged must be lost"));
    BOOST_TEST(catches<takes_one_by_one>(cells_of, "racing batches: a batch must be granted whole or not at all"));
    BOOST_TEST(catches<stores_what_it_refuses>(cells_of, "refused batches: a refused batch must change nothing"));
    BOOST_TEST(catches<counts_refusals>(cells_of, "take: a refused batch must change nothing"));
    BOOST_TEST(catches<answers_what_it_refuses>(cells_of, "take: a refused batch must get the cells as they are"));
    BOOST_TEST(catches<answers_what_was>(cells_of, "take: taking from an absent cell must bring it to now + cost"));
    BOOST_TEST(catches<answers_in_the_order_of_keys>(
        cells_of, "batches: each cell must be answered at the place of its request"));
    BOOST_TEST(
        catches<takes_eight_requests>(cells_of, "batches: each cell must be answered at the place of its request"));
    BOOST_TEST(
        catches<takes_eight_requests>(cells_of, "refused batches: a batch must be refused if one of its requests is"));
    BOOST_TEST(catches<ignores_the_marker>(cells_of, "the marker: a batch whose marker is there must be marked"));
    BOOST_TEST(catches<takes_any_row_for_a_marker>(cells_of, "the marker: a marker that is over must not be there"));
    BOOST_TEST(catches<prolongs_the_marker>(cells_of, "the marker: a marker must not be changed"));
    BOOST_TEST(catches<creates_the_marker>(cells_of, "the marker: a marker must not be changed"));
    BOOST_TEST(catches<ignores_conditions>(
        cells_of, "the marker: without the marker, what is asked if_marked must not be asked"));
    BOOST_TEST(catches<ignores_conditions>(cells_of, "the marker: what is asked of others must refuse nobody"));
    BOOST_TEST(catches<ignores_the_reserve>(cells_of, "the reserve: the reserve must be granted with the marker"));
    BOOST_TEST(
        catches<gives_the_reserve_to_all>(cells_of, "the reserve: the reserve must not be granted without the marker"));
    BOOST_TEST(catches<takes_where_it_is_asked>(cells_of, "asking: asking must change nothing"));
    BOOST_TEST(catches<asks_for_nothing>(cells_of, "asking: asking must be refused as taking would be"));
    BOOST_TEST(catches<forgets_to_clamp>(cells_of, "move: a cell must not be moved beyond room"));
    BOOST_TEST(catches<refuses_moves>(cells_of, "move: moving must never be refused"));
    BOOST_TEST(catches<never_moves_back>(cells_of, "move: moving must move the cell back by the cost"));
    BOOST_TEST(
        catches<moves_before_now>(cells_of, "move: a cell that was moved back to now must start again from now"));
    BOOST_TEST(catches<goes_on_from_the_past>(cells_of, "take: a cell that is over must start again from now"));
    BOOST_TEST(
        catches<keeps_a_millisecond_back>(cells_of, "take: what is there from this millisecond on must be granted"));
    BOOST_TEST(catches<is_a_millisecond_generous>(cells_of,
                                                  "take: what is not there for another millisecond must be refused"));
    BOOST_TEST(catches<stores_seconds>(cells_of, "any time: a cell must live until it is over"));
    BOOST_TEST(catches<has_short_durations>(cells_of, "the far future: a cell must be as far ahead as it was moved"));
    BOOST_TEST(
        catches<believes_no_far_future>(cells_of, "the far future: a cell must live on if the clock is turned back"));
    BOOST_TEST(catches<drops_a_live_cell>(cells_of, "batches: each cell must be answered at the place of its request"));
    BOOST_TEST(catches<drops_cells_early>(cells_of, "any time: a cell must live until it is over"));
    BOOST_TEST(catches<lives_by_its_own_clock>(cells_of, "any time: a cell that is over must not be ahead of now"));
    BOOST_TEST(catches<ignores_the_case_of_keys>(cells_of, "any key: keys that differ in a byte must be different"));
    BOOST_TEST(catches<ignores_spaces_behind_keys>(cells_of, "any key: keys that differ in a byte must be different"));
    BOOST_TEST(catches<has_short_columns>(cells_of, "take: different keys must not share a cell"));
    BOOST_TEST(catches<takes_texts_as_c_strings>(cells_of, "take_cells must not cut off a key at a NUL"));
    BOOST_TEST(catches<does_not_quote>(cells_of, "any key: must not throw, but threw: syntax error"));
    BOOST_TEST(catches<locks_keys_in_the_callers_order>(
        cells_of, "racing batches: must not throw, but threw: deadlock detected"));
    BOOST_TEST(catches<drops_acknowledged_takes>(cells_of, "random batches: a"));
}

/// What the sentences do not say, the comparison with `decide` finds.
BOOST_AUTO_TEST_CASE(random_batches_of_cells) {
    const auto found = [](good_store&& s) { return says(cells_of(s), "cells: random batches: "); };
    BOOST_TEST(found(stores_what_it_refuses()));
    BOOST_TEST(found(counts_refusals()));
    BOOST_TEST(found(ignores_the_marker()));
    BOOST_TEST(found(takes_any_row_for_a_marker()));
    BOOST_TEST(found(ignores_the_reserve()));
    BOOST_TEST(found(gives_the_reserve_to_all()));
    BOOST_TEST(found(forgets_to_clamp()));
    BOOST_TEST(found(never_moves_back()));
    BOOST_TEST(found(moves_before_now()));
    BOOST_TEST(found(goes_on_from_the_past()));
    BOOST_TEST(found(keeps_a_millisecond_back()));
    BOOST_TEST(found(is_a_millisecond_generous()));
    BOOST_TEST(found(stores_seconds()));
    BOOST_TEST(found(has_short_durations()));
    BOOST_TEST(found(drops_a_live_cell()));
}

BOOST_AUTO_TEST_CASE(two_handles) {
    bool race_seen = false;  // not each time do the threads come in an order that shows it
    for (int i = 0; i < 20 && !race_seen; ++i) {
        memory_storage memory;
        remembers_transactions one(memory), other(memory);
        const auto findings = testing::run_shared_storage_suite<good_store>(one, other);
        BOOST_TEST(says(findings, "transactions: stale update: find_transaction must return what was stored last"));
        race_seen = says(findings, "find_transaction must see at once what update_transaction has acknowledged");
    }
    BOOST_TEST(race_seen);
    memory_storage memory;
    remembers_cells one(memory), other(memory);
    BOOST_TEST(says(testing::run_shared_storage_suite<good_store>(one, other),
                    "cells: move: moving must move the cell back by the cost"));
}

BOOST_AUTO_TEST_SUITE_END()
