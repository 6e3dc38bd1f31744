// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
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

/// A storage without mistakes. Virtual, so that the suite need not be compiled for each that has one.
struct good_store {
    virtual ~good_store() = default;

    virtual bool insert_transaction(const transaction& t) { return memory.insert_transaction(t); }
    virtual std::optional<transaction> find_transaction(const std::string& id) { return memory.find_transaction(id); }
    virtual bool update_transaction(const transaction& t) { return memory.update_transaction(t); }
    virtual write_result insert_user(const user& u) { return memory.insert_user(u); }
    virtual write_result update_user(const user& u) { return memory.update_user(u); }
    virtual std::optional<user> find_user(const std::string& id) { return memory.find_user(id); }
    virtual std::optional<user> find_user_by_phone(const phone_number& phone) {
        return memory.find_user_by_phone(phone);
    }
    virtual std::optional<user> find_user_by_identity(const std::string& identity) {
        return memory.find_user_by_identity(identity);
    }
    virtual bool insert_session(const session& s) { return memory.insert_session(s); }
    virtual std::optional<session> find_session(const std::string& hash) { return memory.find_session(hash); }
    virtual bool erase_session(const std::string& hash) { return memory.erase_session(hash); }
    virtual std::size_t erase_sessions_of(const std::string& user_id, const std::string& kept) {
        return memory.erase_sessions_of(user_id, kept);
    }
    virtual std::vector<counter> change_counters(const std::vector<counter_change>& changes) {
        return memory.change_counters(changes);
    }

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
        t.known_network = false;
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
    std::vector<counter> change_counters(const std::vector<counter_change>& given) override {
        auto changes = given;
        for (auto& c : changes) c.now = system_clock().now();
        return good_store::change_counters(changes);
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
        if (u) u->properties = good_store::find_user(id)->properties;
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
    std::vector<counter> change_counters(const std::vector<counter_change>& given) override {
        auto changes = given;
        for (auto& c : changes) c.key = up_to_nul(c.key);
        return good_store::change_counters(changes);
    }
};

struct has_short_columns : good_store {
    write_result insert_user(const user& given) override {
        auto u = given;
        u.identity = u.identity.substr(0, 128);
        return good_store::insert_user(u);
    }
    std::vector<counter> change_counters(const std::vector<counter_change>& given) override {
        auto changes = given;
        for (auto& c : changes) c.key = c.key.substr(0, 64);
        return good_store::change_counters(changes);
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
    std::vector<counter> change_counters(const std::vector<counter_change>& changes) override {
        for (const auto& c : changes) execute(c.key);
        return good_store::change_counters(changes);
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

// ---- Sessions

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

// ---- Counters

/// For mistakes that are made with each change.
struct changes_one_by_one : good_store {
    virtual counter change(counter_change c) { return good_store::change_counters({c}).front(); }
    std::vector<counter> change_counters(const std::vector<counter_change>& changes) override {
        std::vector<counter> changed;
        for (const auto& c : changes) changed.push_back(change(c));
        return changed;
    }
};

struct counts_in_two_steps : changes_one_by_one {
    counter change(counter_change c) override {
        if (c.by != 1) return changes_one_by_one::change(c);
        c.by = 0;
        const auto before = changes_one_by_one::change(c);
        others_come_in_between();
        c.by = 1;
        auto after = changes_one_by_one::change(c);
        after.value = before.value + 1;
        return after;
    }
};

struct never_restarts_counters : changes_one_by_one {
    counter change(counter_change c) override {
        c.now = time_point();
        return changes_one_by_one::change(c);
    }
};

struct expires_late : changes_one_by_one {
    counter change(counter_change c) override {
        c.now -= 1ms;
        c.lifetime += 1ms;
        return changes_one_by_one::change(c);
    }
};

struct expires_early : changes_one_by_one {
    counter change(counter_change c) override {
        c.now += 1ms;
        c.lifetime -= 1ms;
        return changes_one_by_one::change(c);
    }
};

struct always_prolongs : changes_one_by_one {
    counter change(counter_change c) override {
        c.prolong = true;
        return changes_one_by_one::change(c);
    }
};

struct never_prolongs : changes_one_by_one {
    counter change(counter_change c) override {
        c.prolong = false;
        return changes_one_by_one::change(c);
    }
};

struct prolongs_by_reading : changes_one_by_one {
    counter change(counter_change c) override {
        if (c.by != 0 || !c.prolong) return changes_one_by_one::change(c);
        c.by = 1;
        if (changes_one_by_one::change(c).value == 1) return changes_one_by_one::change({c.key, -1, c.now});
        return changes_one_by_one::change({c.key, -1, c.now});
    }
};

struct counts_below_zero : changes_one_by_one {
    counter change(counter_change c) override {
        auto changed = changes_one_by_one::change(c);
        if (c.by < 0 && changed.value == 0) changed.value = c.by;
        return changed;
    }
};

struct counts_in_doubles : changes_one_by_one {
    counter change(counter_change c) override {
        auto changed = changes_one_by_one::change(c);
        if (changed.value > std::int64_t{1} << 53) changed.value &= ~std::int64_t{1};
        return changed;
    }
};

struct keeps_counters_that_came_to_zero : changes_one_by_one {
    std::map<std::string, time_point> expiries;
    std::mutex mutex;
    counter change(counter_change c) override {
        const std::scoped_lock lock(mutex);
        auto changed = changes_one_by_one::change(c);
        const auto known = expiries.try_emplace(c.key, changed.expires_at).first->second;
        if (changed.value > 0 && known > c.now) changed.expires_at = known;
        return changed;
    }
};

struct gives_counters_in_the_order_of_keys : good_store {
    std::vector<counter> change_counters(const std::vector<counter_change>& given) override {
        auto changes = given;
        std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
        return good_store::change_counters(changes);
    }
};

struct reads_a_batch_then_writes_it : good_store {
    std::vector<counter> change_counters(const std::vector<counter_change>& changes) override {
        auto reading = changes;
        for (auto& c : reading) c.by = 0;
        auto changed = good_store::change_counters(reading);
        others_come_in_between();
        const auto after = good_store::change_counters(changes);
        if (changes.size() == 1) return after;
        for (std::size_t i = 0; i < changes.size(); ++i) {
            changed[i].value = std::max<std::int64_t>(changed[i].value + changes[i].by, 0);
            changed[i].expires_at = after[i].expires_at;
        }
        return changed;
    }
};

struct locks_keys_in_the_callers_order : good_store {
    std::mutex mutex;
    std::map<std::string, std::mutex> locks;

    std::vector<counter> change_counters(const std::vector<counter_change>& changes) override {
        std::vector<std::unique_lock<std::mutex>> held;
        for (const auto& c : changes) {
            std::mutex* lock = nullptr;
            {
                const std::scoped_lock guard(mutex);
                lock = &locks[c.key];
            }
            held.emplace_back(*lock, std::defer_lock);
            const auto end = std::chrono::steady_clock::now() + 20ms;
            while (!held.back().try_lock()) {
                if (std::chrono::steady_clock::now() > end) throw std::runtime_error("deadlock detected");
                std::this_thread::yield();
            }
            others_come_in_between();
        }
        return good_store::change_counters(changes);
    }
};

struct drops_acknowledged_changes : changes_one_by_one {
    std::atomic<int> writes = 0;
    counter change(counter_change c) override {
        auto changed = changes_one_by_one::change(c);
        if (c.by == 2 && ++writes % seldom == 0) changes_one_by_one::change({c.key, -2, c.now, c.lifetime});
        return changed;
    }
};

const auto transactions_of = [](good_store& s) { return testing::run_transaction_storage_suite(s); };
const auto users_of = [](good_store& s) { return testing::run_user_storage_suite(s); };
const auto sessions_of = [](good_store& s) { return testing::run_session_storage_suite(s); };
const auto counters_of = [](good_store& s) { return testing::run_counter_storage_suite(s); };

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

BOOST_AUTO_TEST_CASE(counters) {
    BOOST_TEST(catches<counts_in_two_steps>(counters_of, "racing additions: each change of change_counters must be"));
    BOOST_TEST(catches<never_restarts_counters>(counters_of, "expiry: an expired counter must start again at 0"));
    BOOST_TEST(catches<expires_late>(counters_of, "expiry: an expired counter must read 0"));
    BOOST_TEST(catches<expires_early>(counters_of, "expiry: a counter must live until its expires_at"));
    BOOST_TEST(catches<lives_by_its_own_clock>(counters_of, "expiry: an expired counter must read 0"));
    BOOST_TEST(catches<always_prolongs>(counters_of, "add: adding to a counter must not change when it expires"));
    BOOST_TEST(catches<never_prolongs>(counters_of, "prolong: an addition that prolongs must move the expiry"));
    BOOST_TEST(catches<prolongs_by_reading>(counters_of, "prolong: only an addition must prolong"));
    BOOST_TEST(catches<counts_below_zero>(counters_of, "take away: a sum below 0 must become 0"));
    BOOST_TEST(catches<keeps_counters_that_came_to_zero>(counters_of, "take away: a counter that came to 0 is absent"));
    BOOST_TEST(catches<counts_in_doubles>(counters_of, "the largest numbers: a counter must hold any number"));
    BOOST_TEST(catches<gives_counters_in_the_order_of_keys>(
        counters_of, "batches: change_counters must give the counters in the order of the changes"));
    BOOST_TEST(catches<reads_a_batch_then_writes_it>(counters_of, "racing batches: each change of a batch must be"));
    BOOST_TEST(catches<locks_keys_in_the_callers_order>(
        counters_of, "racing batches: must not throw, but threw: deadlock detected"));
    BOOST_TEST(catches<drops_acknowledged_changes>(counters_of,
                                                   "no change that change_counters has acknowledged must be lost"));
    BOOST_TEST(catches<takes_texts_as_c_strings>(counters_of, "change_counters must not cut off a key at a NUL"));
    BOOST_TEST(catches<has_short_columns>(counters_of, "add: counters with different keys must not share a value"));
    BOOST_TEST(catches<does_not_quote>(counters_of, "any key: must not throw, but threw: syntax error"));
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
}

BOOST_AUTO_TEST_SUITE_END()
