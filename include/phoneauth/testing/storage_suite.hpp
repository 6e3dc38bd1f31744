// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_STORAGE_SUITE_HPP
#define PHONEAUTH_TESTING_STORAGE_SUITE_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <latch>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <phoneauth/policies.hpp>

// Finds out whether a storage gives the guarantees that stand at its concept in policies.hpp, races included. It needs
// no test framework:
//
//     my_users users(test_database);
//     const auto findings = phoneauth::run_user_storage_suite(users);
//     BOOST_TEST(phoneauth::to_text(findings) == "");
//
// The storage need not be empty, but should be one for tests: all records have random names, and users and counters
// stay behind.

namespace phoneauth {
inline namespace v0 {

/// One thing that a storage does wrong.
struct suite_finding {
    std::string check;    ///< what was tried, for example "transactions: racing updates"
    std::string message;  ///< what should have been
};

/// The findings as text, a line each; empty if there are none.
inline std::string to_text(const std::vector<suite_finding>& findings) {
    std::string text;
    for (const auto& f : findings) text += f.check + ": " + f.message + "\n";
    return text;
}

/// Takes what a blocking storage's function returned for its value. For a storage with awaitables pass something that
/// runs an awaitable to its end and gives its value, or throws what it threw; it is called from several threads at
/// once:
///
///     [](auto later) {
///         asio::io_context context;
///         auto value = asio::co_spawn(context, std::move(later), asio::use_future);
///         context.run();
///         return value.get();
///     }
struct already_there {
    template <class T>
    T operator()(T value) const {
        return value;
    }
};

struct suite_options {
    unsigned threads = 8;  ///< how many race; 1 for a storage that may be used from one thread only
    unsigned rounds = 20;  ///< how often each race is run
};

namespace detail {

inline std::string difference(const transaction& a, const transaction& b) {
    if (a.id != b.id) return "id";
    if (a.kind != b.kind) return "kind";
    if (a.phone != b.phone) return "phone";
    if (a.user_id != b.user_id) return "user_id";
    if (a.key_id != b.key_id) return "key_id";
    if (a.state != b.state) return "state";
    if (a.tries != b.tries) return "tries";
    if (a.sends != b.sends) return "sends";
    if (a.created_at != b.created_at) return "created_at";
    if (a.expires_at != b.expires_at) return "expires_at";
    if (a.last_sent_at != b.last_sent_at) return "last_sent_at";
    if (a.version != b.version) return "version";
    return {};
}

inline std::string difference(const user& a, const user& b) {
    if (a.object_id != b.object_id) return "object_id";
    if (a.phone != b.phone) return "phone";
    if (a.identity != b.identity) return "identity";
    if (a.password_hash != b.password_hash) return "password_hash";
    if (a.properties != b.properties) return "properties";
    if (a.locale != b.locale) return "locale";
    if (a.enabled != b.enabled) return "enabled";
    if (a.created_at != b.created_at) return "created_at";
    if (a.updated_at != b.updated_at) return "updated_at";
    if (a.last_login_at != b.last_login_at) return "last_login_at";
    if (a.version != b.version) return "version";
    return {};
}

inline std::string difference(const session& a, const session& b) {
    if (a.token_hash != b.token_hash) return "token_hash";
    if (a.user_id != b.user_id) return "user_id";
    if (a.created_at != b.created_at) return "created_at";
    if (a.expires_at != b.expires_at) return "expires_at";
    return {};
}

template <class S, class Run>
class storage_suite {
public:
    storage_suite(S& storage, const Run& run, const suite_options& options)
        : storage_(storage), run_(run), options_(options), random_(std::random_device()()) {}

    void transactions() {
        check("transactions: insert and find", [&] {
            const auto t = new_transaction();
            expect(run_(storage_.insert_transaction(t)), "insert_transaction of a new id must return true");
            expect_stored(t);
            auto bare = new_transaction();
            bare.user_id.clear();
            bare.kind = purpose::registration;
            bare.version = 0;
            run_(storage_.insert_transaction(bare));
            expect_stored(bare);
            expect(!run_(storage_.find_transaction(uuid())), "find_transaction of an unknown id must return nothing");
        });
        check("transactions: insert twice", [&] {
            const auto t = inserted_transaction();
            auto second = t;
            second.tries = 4;
            expect(!run_(storage_.insert_transaction(second)),
                   "insert_transaction of an id that is taken must return false");
            expect_stored(t);
        });
        check("transactions: update", [&] {
            auto t = inserted_transaction();
            t.kind = purpose::login;
            t.phone = new_phone();
            t.key_id = "another";
            t.state = transaction_state::confirmed;
            t.tries = 5;
            t.sends = 4;
            t.last_sent_at += std::chrono::milliseconds(1234);
            expect(run_(storage_.update_transaction(t)), "update_transaction with the stored version must return true");
            ++t.version;
            expect_stored(t);
        });
        check("transactions: stale update", [&] {
            auto t = inserted_transaction();
            auto stale = t;
            t.tries = 1;
            run_(storage_.update_transaction(t));
            ++t.version;
            stale.state = transaction_state::confirmed;
            expect(!run_(storage_.update_transaction(stale)),
                   "update_transaction with an older version must return false");
            expect_stored(t);
            stale.version = t.version + 1;
            expect(!run_(storage_.update_transaction(stale)),
                   "update_transaction with a newer version must return false");
            expect_stored(t);
        });
        check("transactions: update of an unknown one", [&] {
            const auto t = new_transaction();
            expect(!run_(storage_.update_transaction(t)), "update_transaction of an unknown id must return false");
            expect(!run_(storage_.find_transaction(t.id)), "update_transaction of an unknown id must not store it");
        });
        check("transactions: kept past their expiry", [&] {
            auto old = new_transaction();
            old.expires_at = now() - transaction_retention + std::chrono::minutes(1);
            old.created_at = old.expires_at - std::chrono::minutes(5);
            run_(storage_.insert_transaction(old));
            for (int i = 0; i < 10; ++i) inserted_transaction();
            expect_stored(old);
        });
        check("transactions: racing inserts", [&] {
            race([&] {
                const auto t = new_transaction();
                const auto winners = winners_of([&, this](unsigned i) {
                    auto mine = t;
                    mine.tries = i;
                    return run_(storage_.insert_transaction(mine));
                });
                expect(winners.size() == 1, "of several insert_transaction of one id exactly one must return true");
                auto won = t;
                won.tries = winners.empty() ? 0 : winners.front();
                expect_stored(won);
            });
        });
        check("transactions: racing updates", [&] {
            race([&] {
                const auto t = inserted_transaction();
                const auto winners = winners_of([&, this](unsigned i) {
                    auto mine = t;
                    mine.tries = i;
                    return run_(storage_.update_transaction(mine));
                });
                expect(winners.size() == 1,
                       "of several update_transaction with one version exactly one must return true");
                auto won = t;
                won.tries = winners.empty() ? 0 : winners.front();
                ++won.version;
                expect_stored(won);
            });
        });
        check("transactions: no acknowledged update is lost", [&] {
            auto t = inserted_transaction();
            t.tries = 0;
            run_(storage_.update_transaction(t));
            ++t.version;
            constexpr unsigned each = 25;
            in_parallel([&, this](unsigned) {
                // Whoever loses loses to one that wins, so nobody needs more tries than there are updates.
                for (unsigned done = 0, tries = 0; done < each && tries < options_.threads * each; ++tries) {
                    auto mine = run_(storage_.find_transaction(t.id));
                    if (!mine) return;
                    ++mine->tries;
                    if (run_(storage_.update_transaction(*mine))) ++done;
                }
            });
            t.tries = options_.threads * each;
            t.version += t.tries;
            expect_stored(t);
        });
    }

    void users() {
        check("users: insert and find", [&] {
            auto u = new_user();
            u.properties = {{"age", "33"},
                            {"big", "12345678901234567890.5"},
                            {"nested", R"({"a":[1,{"b":null}],"quote":"\"\\"})"},
                            {"näme", "\"Zoë \xF0\x9F\x98\x80\""}};
            u.updated_at = u.created_at + std::chrono::milliseconds(1);
            u.last_login_at = u.created_at + std::chrono::milliseconds(999);
            u.enabled = false;
            u.locale = "de";
            expect(run_(storage_.insert_user(u)) == user_write::done, "insert_user of a new user must return done");
            expect_stored(u);
            auto bare = new_user();
            bare.password_hash.clear();
            bare.version = 0;
            run_(storage_.insert_user(bare));
            expect_stored(bare);
        });
        check("users: look-ups that find nobody", [&] {
            const auto u = inserted_user();
            expect(!run_(storage_.find_user(uuid())), "find_user of an unknown id must return nothing");
            expect(!run_(storage_.find_user_by_phone(new_phone())),
                   "find_user_by_phone of an unknown phone must return nothing");
            auto shouted = u.identity;
            std::replace(shouted.begin(), shouted.end(), 's', 'S');
            for (const auto& identity : {new_identity(), shouted, u.identity + " ", u.identity + "m", std::string("%")})
                expect(!run_(storage_.find_user_by_identity(identity)),
                       "find_user_by_identity must compare identities byte for byte");
        });
        check("users: one phone, one identity", [&] {
            const auto u = inserted_user();
            auto same_phone = new_user();
            same_phone.phone = u.phone;
            expect(run_(storage_.insert_user(same_phone)) == user_write::phone_taken,
                   "insert_user with another user's phone must return phone_taken");
            expect_absent(same_phone);
            expect(!run_(storage_.find_user_by_identity(same_phone.identity)),
                   "a refused insert_user must store nothing");
            auto same_identity = new_user();
            same_identity.identity = u.identity;
            expect(run_(storage_.insert_user(same_identity)) == user_write::identity_taken,
                   "insert_user with another user's identity must return identity_taken");
            expect_absent(same_identity);
            expect(!run_(storage_.find_user_by_phone(same_identity.phone)), "a refused insert_user must store nothing");
            expect_stored(u);
        });
        check("users: update", [&] {
            auto u = inserted_user();
            const auto before = u;
            u.phone = new_phone();
            u.identity = new_identity();
            u.password_hash = "$another";
            u.properties = {{"new", "true"}};
            u.locale = "fr";
            u.enabled = false;
            u.updated_at = now();
            u.last_login_at = now();
            expect(run_(storage_.update_user(u)) == user_write::done,
                   "update_user with the stored version must return done");
            ++u.version;
            expect_stored(u);
            expect(!run_(storage_.find_user_by_phone(before.phone)),
                   "a user must not be found by a phone that he no longer has");
            expect(!run_(storage_.find_user_by_identity(before.identity)),
                   "a user must not be found by an identity that he no longer has");
            u.last_login_at.reset();
            expect(run_(storage_.update_user(u)) == user_write::done,
                   "update_user that keeps phone and identity must return done");
            ++u.version;
            expect_stored(u);
            auto heir = new_user();
            heir.phone = before.phone;
            heir.identity = before.identity;
            expect(run_(storage_.insert_user(heir)) == user_write::done,
                   "a phone and an identity that were given up must be free");
            expect_stored(heir);
        });
        check("users: update to what another has", [&] {
            const auto other = inserted_user();
            const auto u = inserted_user();
            auto changed = u;
            changed.phone = other.phone;
            expect(run_(storage_.update_user(changed)) == user_write::phone_taken,
                   "update_user to another user's phone must return phone_taken");
            changed = u;
            changed.identity = other.identity;
            changed.phone = new_phone();
            expect(run_(storage_.update_user(changed)) == user_write::identity_taken,
                   "update_user to another user's identity must return identity_taken");
            expect(!run_(storage_.find_user_by_phone(changed.phone)), "a refused update_user must change nothing");
            expect_stored(u);
            expect_stored(other);
        });
        check("users: stale update", [&] {
            auto u = inserted_user();
            auto stale = u;
            u.locale = "fr";
            run_(storage_.update_user(u));
            ++u.version;
            stale.locale = "it";
            expect(run_(storage_.update_user(stale)) == user_write::stale,
                   "update_user with an older version must return stale");
            expect_stored(u);
            const auto unknown = new_user();
            expect(run_(storage_.update_user(unknown)) == user_write::stale,
                   "update_user of an unknown user must return stale");
            expect_absent(unknown);
        });
        check("users: racing inserts of one phone", [&] {
            race([&] {
                const auto phone = new_phone();
                std::vector<user> rivals;
                for (unsigned i = 0; i < options_.threads; ++i) {
                    rivals.push_back(new_user());
                    rivals.back().phone = phone;
                }
                const auto winners = winners_of(
                    [&, this](unsigned i) { return run_(storage_.insert_user(rivals[i])) == user_write::done; });
                expect(winners.size() == 1, "of several insert_user with one phone exactly one must return done");
                for (const auto i : winners) expect_stored(rivals[i]);
            });
        });
        check("users: racing inserts of one identity", [&] {
            race([&] {
                const auto identity = new_identity();
                std::vector<user> rivals;
                for (unsigned i = 0; i < options_.threads; ++i) {
                    rivals.push_back(new_user());
                    rivals.back().identity = identity;
                }
                const auto winners = winners_of(
                    [&, this](unsigned i) { return run_(storage_.insert_user(rivals[i])) == user_write::done; });
                expect(winners.size() == 1, "of several insert_user with one identity exactly one must return done");
                for (const auto i : winners) expect_stored(rivals[i]);
            });
        });
        check("users: racing updates to one phone", [&] {
            race([&] {
                const auto phone = new_phone();
                std::vector<user> rivals;
                for (unsigned i = 0; i < options_.threads; ++i) {
                    rivals.push_back(inserted_user());
                    rivals.back().phone = phone;
                }
                const auto winners = winners_of(
                    [&, this](unsigned i) { return run_(storage_.update_user(rivals[i])) == user_write::done; });
                expect(winners.size() == 1, "of several update_user to one phone exactly one must return done");
                for (const auto i : winners) {
                    ++rivals[i].version;
                    expect_stored(rivals[i]);
                }
            });
        });
        check("users: racing updates of one user", [&] {
            race([&] {
                const auto u = inserted_user();
                const auto winners = winners_of([&, this](unsigned i) {
                    auto mine = u;
                    mine.properties["winner"] = std::to_string(i);
                    return run_(storage_.update_user(mine)) == user_write::done;
                });
                expect(winners.size() == 1, "of several update_user with one version exactly one must return done");
                auto won = u;
                won.properties["winner"] = winners.empty() ? "" : std::to_string(winners.front());
                ++won.version;
                expect_stored(won);
            });
        });
    }

    void sessions() {
        check("sessions: insert and find", [&] {
            const auto s = new_session(user_id());
            expect(run_(storage_.insert_session(s)), "insert_session of a new token hash must return true");
            expect_stored(s);
            expect(!run_(storage_.find_session(hash())), "find_session of an unknown token hash must return nothing");
        });
        check("sessions: insert twice", [&] {
            const auto s = inserted_session(user_id());
            auto second = s;
            second.expires_at += std::chrono::hours(1);
            expect(!run_(storage_.insert_session(second)),
                   "insert_session of a token hash that is taken must return false");
            expect_stored(s);
        });
        check("sessions: erase", [&] {
            const auto id = user_id();
            const auto s = inserted_session(id);
            const auto other = inserted_session(id);
            expect(run_(storage_.erase_session(s.token_hash)), "erase_session must return true if there was one");
            expect(!run_(storage_.erase_session(s.token_hash)), "erase_session must return false if there was none");
            expect(!run_(storage_.find_session(s.token_hash)), "a session that was erased must not be found");
            expect_stored(other);
        });
        check("sessions: erase all of a user", [&] {
            const auto id = user_id();
            const auto first = inserted_session(id);
            const auto second = inserted_session(id);
            const auto third = inserted_session(id);
            const auto other = inserted_session(user_id());
            run_(storage_.erase_session(second.token_hash));
            const std::string none;
            expect(run_(storage_.erase_sessions_of(id, first.token_hash)) == 1,
                   "erase_sessions_of must return how many sessions it ended");
            expect_stored(first);
            expect(!run_(storage_.find_session(third.token_hash)),
                   "after erase_sessions_of only the session that is kept must be found");
            run_(storage_.insert_session(third));
            expect(run_(storage_.erase_sessions_of(id, none)) == 2,
                   "erase_sessions_of must return how many sessions the user had");
            expect(!run_(storage_.find_session(first.token_hash)) && !run_(storage_.find_session(third.token_hash)),
                   "after erase_sessions_of none of the user's sessions must be found");
            expect(run_(storage_.erase_sessions_of(id, none)) == 0,
                   "erase_sessions_of must return 0 if there are none");
            expect_stored(other);
        });
        check("sessions: racing erasures", [&] {
            race([&] {
                const auto s = inserted_session(user_id());
                const auto winners =
                    winners_of([&, this](unsigned) { return run_(storage_.erase_session(s.token_hash)); });
                expect(winners.size() == 1, "of several erase_session of one session exactly one must return true");
            });
        });
    }

    void counters() {
        using std::chrono::milliseconds;
        const milliseconds hour = std::chrono::hours(1);
        const auto change = [this](const std::string& key, std::int64_t by, time_point at, milliseconds lifetime) {
            const std::vector<counter_change> one{{key, by, at, lifetime}};
            const auto changed = run_(storage_.change_counters(one));
            if (changed.size() != 1) throw std::runtime_error("change_counters must give one counter for each change");
            return changed.front();
        };
        check("counters: add", [&] {
            const auto key = new_key(128);
            const auto start = now();
            expect(change(key, 0, start, hour).value == 0, "an absent counter must read 0");
            const auto first = change(key, 1, start, hour);
            expect(first.value == 1, "an absent counter to which 1 is added must be 1");
            expect(first.expires_at == start + hour, "a new counter must expire at now + lifetime");
            const auto second = change(key, 5, start + milliseconds(10), hour);
            expect(second.value == 6, "5 added to 1 must be 6");
            expect(second.expires_at == start + hour, "adding to a counter must not change when it expires");
            const auto read = change(key, 0, start + milliseconds(20), hour);
            expect(read.value == 6 && read.expires_at == start + hour,
                   "adding 0 must read a counter and change nothing");
            expect(change(new_key(128), 1, start, hour).value == 1,
                   "counters with different keys must not share a value");
        });
        check("counters: take away", [&] {
            const auto key = new_key(20);
            const auto start = now();
            change(key, 3, start, hour);
            expect(change(key, -1, start, hour).value == 2, "1 taken from 3 must be 2");
            expect(change(key, -5, start, hour).value == 0, "a sum below 0 must become 0");
            expect(change(key, 2, start, hour).value == 2, "2 added to 0 must be 2");
            expect(change(new_key(20), -1, start, hour).value == 0, "1 taken from an absent counter must be 0");
        });
        check("counters: prolong", [&] {
            const auto key = new_key(20);
            const auto start = now();
            const auto prolong = [&](std::int64_t by, milliseconds lifetime) {
                const std::vector<counter_change> one{{key, by, start, lifetime, true}};
                return run_(storage_.change_counters(one)).at(0);
            };
            expect(prolong(1, hour).expires_at == start + hour, "a new counter must expire at now + lifetime");
            const auto later = prolong(1, 2 * hour);
            expect(later.value == 2 && later.expires_at == start + 2 * hour,
                   "a change that prolongs must move the expiry to now + lifetime");
            expect(prolong(1, hour).expires_at == start + 2 * hour, "a change that prolongs must not shorten");
            const auto read = change(key, 0, start + 2 * hour - milliseconds(1), hour);
            expect(read.value == 3 && read.expires_at == start + 2 * hour, "a prolonged counter must live on");
            expect(change(key, 0, start + 2 * hour, hour).value == 0, "a prolonged counter must expire");
        });
        check("counters: expiry", [&] {
            const auto key = new_key(20);
            const auto start = now();
            change(key, 7, start, hour);
            const auto end = start + hour;
            expect(change(key, 1, end - milliseconds(1), hour).value == 8, "a counter must live until its expires_at");
            expect(change(key, 0, end, hour).value == 0, "an expired counter must read 0");
            const auto restarted = change(key, 1, end, 2 * hour);
            expect(restarted.value == 1, "an expired counter must start again at 0");
            expect(restarted.expires_at == end + 2 * hour, "a counter that starts again must expire at now + lifetime");
            expect(change(key, 1, end + hour, hour).value == 2, "a counter that started again must go on counting");
        });
        check("counters: racing additions", [&] {
            const auto expect_each_value_once = [&](const std::string& key, time_point at) {
                constexpr std::size_t each = 25;
                std::vector<std::int64_t> values(options_.threads * each);
                in_parallel([&](unsigned i) {
                    for (std::size_t n = 0; n < each; ++n) values[i * each + n] = change(key, 1, at, hour).value;
                });
                std::sort(values.begin(), values.end());
                bool once = true;
                for (std::size_t i = 0; i < values.size(); ++i)
                    once = once && values[i] == static_cast<std::int64_t>(i + 1);
                expect(once, "change_counters must make each change one atomic step: of n callers that add 1, each must get another "
                             "of the values 1 to n");
            };
            race([&] {
                const auto key = new_key(20);
                expect_each_value_once(key, now());
                expect_each_value_once(key, now() + 2 * hour);  // it starts again
            });
        });
    }

    std::vector<suite_finding> findings() && { return std::move(findings_); }

private:
    template <class F>
    void check(const char* name, F f) {
        check_ = name;
        try {
            f();
        } catch (const std::exception& e) {
            expect(false, std::string("must not throw, but threw: ") + e.what());
        } catch (...) {
            expect(false, "must not throw");
        }
    }

    void expect(bool ok, std::string_view message) {
        const auto same = [&](const suite_finding& f) { return f.check == check_ && f.message == message; };
        if (!ok && std::none_of(findings_.begin(), findings_.end(), same))
            findings_.push_back({check_, std::string(message)});
    }

    template <class F>
    void race(F f) {
        for (unsigned i = 0; i < options_.rounds; ++i) f();
    }

    /// Calls `f(0)`, `f(1)`, … on a thread each, all at once. Throws what one of them threw.
    template <class F>
    void in_parallel(F f) {
        std::latch start(static_cast<std::ptrdiff_t>(options_.threads));
        std::vector<std::exception_ptr> thrown(options_.threads);
        const auto body = [&](unsigned i) {
            start.arrive_and_wait();
            try {
                f(i);
            } catch (...) {
                thrown[i] = std::current_exception();
            }
        };
        {
            std::vector<std::jthread> threads;
            for (unsigned i = 1; i < options_.threads; ++i) threads.emplace_back(body, i);
            body(0);
        }
        for (const auto& e : thrown)
            if (e) std::rethrow_exception(e);
    }

    /// The callers for which `f` returned true.
    template <class F>
    std::vector<unsigned> winners_of(F f) {
        std::vector<char> won(options_.threads);
        in_parallel([&](unsigned i) { won[i] = f(i); });
        std::vector<unsigned> winners;
        for (unsigned i = 0; i < options_.threads; ++i)
            if (won[i]) winners.push_back(i);
        return winners;
    }

    template <class Found, class T>
    void expect_same(const Found& found, const T& expected, const std::string& function) {
        if (!found) return expect(false, function + " must find what was stored");
        const auto field = difference(*found, expected);
        expect(field.empty(), function + " must return what was stored last; " + field + " differs");
    }
    void expect_stored(const transaction& t) {
        expect_same(run_(storage_.find_transaction(t.id)), t, "find_transaction");
    }
    void expect_stored(const session& s) { expect_same(run_(storage_.find_session(s.token_hash)), s, "find_session"); }
    void expect_stored(const user& u) {
        expect_same(run_(storage_.find_user(u.object_id)), u, "find_user");
        expect_same(run_(storage_.find_user_by_phone(u.phone)), u, "find_user_by_phone");
        expect_same(run_(storage_.find_user_by_identity(u.identity)), u, "find_user_by_identity");
    }
    void expect_absent(const user& u) {
        expect(!run_(storage_.find_user(u.object_id)),
               "a user whose insertion was refused, or who never was, must not be found");
    }

    static time_point now() { return system_clock().now(); }

    std::string characters(std::string_view alphabet, std::size_t count) {
        std::uniform_int_distribution<std::size_t> any(0, alphabet.size() - 1);
        std::string s;
        for (std::size_t i = 0; i < count; ++i) s += alphabet[any(random_)];
        return s;
    }
    std::string uuid() {
        auto s = characters("0123456789ABCDEF", 36);
        for (const auto dash : {8u, 13u, 18u, 23u}) s[dash] = '-';
        return s;
    }
    std::string hash() { return characters("0123456789abcdef", 64); }
    std::string new_identity() { return "suite-" + characters("abcdefghijklmnopqrstuvwxyz", 16) + "@example.com"; }
    std::string new_key(std::size_t size) { return "suite:" + characters("0123456789abcdef", size - 6); }
    phone_number new_phone() {
        return *phone_number::parse("+999" + characters("0123456789", 12));
    }  // +999 is nobody's

    /// The id of a user, who exists if the storage has users: it may insist on that.
    std::string user_id() {
        if constexpr (UserStorage<S>)
            return inserted_user().object_id;
        else
            return uuid();
    }

    transaction new_transaction() {
        transaction t{uuid(), purpose::login, new_phone()};
        t.user_id = user_id();
        t.key_id = "key-1";
        t.tries = 2;
        t.sends = 3;
        t.created_at = now();
        t.expires_at = t.created_at + std::chrono::minutes(5);
        t.last_sent_at = t.created_at + std::chrono::milliseconds(17);
        t.version = 1;
        return t;
    }
    transaction inserted_transaction() {
        auto t = new_transaction();
        run_(storage_.insert_transaction(t));
        return t;
    }

    user new_user() {
        user u{uuid(), new_phone(), new_identity(), "$scrypt$ln=14,r=8,p=1$c2FsdA$aGFzaA"};
        u.created_at = now();
        u.version = 1;
        return u;
    }
    user inserted_user() {
        auto u = new_user();
        run_(storage_.insert_user(u));
        return u;
    }

    session new_session(const std::string& id) { return {hash(), id, now(), now() + std::chrono::hours(1)}; }
    session inserted_session(const std::string& id) {
        auto s = new_session(id);
        run_(storage_.insert_session(s));
        return s;
    }

    S& storage_;
    const Run& run_;
    const suite_options options_;
    std::mt19937_64 random_;
    std::string check_;
    std::vector<suite_finding> findings_;
};

}  // namespace detail

/// Checks the transactions of `storage`. Returns what is wrong; empty if nothing is. Takes a second or so for a storage
/// in memory, and some thousand calls, most of them from `options.threads` threads at once. `run`: see `already_there`.
template <TransactionStorage S, class Run = already_there>
std::vector<suite_finding> run_transaction_storage_suite(S& storage, const Run& run = {},
                                                         const suite_options& options = {}) {
    detail::storage_suite<S, Run> suite(storage, run, options);
    suite.transactions();
    return std::move(suite).findings();
}

/// Checks the users of `storage`, like `run_transaction_storage_suite`.
template <UserStorage S, class Run = already_there>
std::vector<suite_finding> run_user_storage_suite(S& storage, const Run& run = {}, const suite_options& options = {}) {
    detail::storage_suite<S, Run> suite(storage, run, options);
    suite.users();
    return std::move(suite).findings();
}

/// Checks the sessions of `storage`, like `run_transaction_storage_suite`.
template <SessionStorage S, class Run = already_there>
std::vector<suite_finding> run_session_storage_suite(S& storage, const Run& run = {},
                                                     const suite_options& options = {}) {
    detail::storage_suite<S, Run> suite(storage, run, options);
    suite.sessions();
    return std::move(suite).findings();
}

/// Checks the counters of `storage`, like `run_transaction_storage_suite`.
template <CounterStorage S, class Run = already_there>
std::vector<suite_finding> run_counter_storage_suite(S& storage, const Run& run = {},
                                                     const suite_options& options = {}) {
    detail::storage_suite<S, Run> suite(storage, run, options);
    suite.counters();
    return std::move(suite).findings();
}

/// Checks all four parts of `storage`, like `run_transaction_storage_suite`.
template <Storage S, class Run = already_there>
std::vector<suite_finding> run_storage_suite(S& storage, const Run& run = {}, const suite_options& options = {}) {
    detail::storage_suite<S, Run> suite(storage, run, options);
    suite.transactions();
    suite.users();
    suite.sessions();
    suite.counters();
    return std::move(suite).findings();
}

}  // namespace v0
}  // namespace phoneauth

#endif
