// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_DETAIL_SUITE_BASE_HPP
#define PHONEAUTH_TESTING_DETAIL_SUITE_BASE_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <latch>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <phoneauth/policies.hpp>
#include <phoneauth/storage/detail/record_fields.hpp>
#include <phoneauth/testing/suite.hpp>

namespace phoneauth {
inline namespace v0 {
namespace testing {
namespace detail {

/// The first field that differs; empty if none does.
template <class Record>
std::string difference(const Record& a, const Record& b) {
    std::string first;
    phoneauth::detail::for_each_field<Record>([&](const auto& field, auto member) {
        if (first.empty() && a.*member != b.*member) first = field.name;
    });
    return first;
}

/// What means something to a query language, a pattern, a script, a protocol or a terminal, and characters of all
/// planes; each must be stored as it is. NUL is tried separately, because a storage may refuse it.
inline constexpr std::array awkward_texts{
    "'; DROP TABLE users; --",
    "\"\"''``\\",
    "%_*?[^a]",
    "$1 $$ ?1 :a @a {} {0} %s %n",
    "\r\n$4\r\nPING\r\n*1\r\n",
    "{tag}:}{",
    "\t\x01\x1B[31m\x7F",
    "NULL",
    " in front and behind ",
    "\xC3\xA9 composed",                                                     // é
    "e\xCC\x81 decomposed",                                                  // é
    "\xC3\x9F\xD0\x96\xD7\xA9\xD8\xB4\xE0\xA4\xB9\xEF\xBB\xBF\xEF\xBF\xBD",  // ß Ж ש ش ह BOM U+FFFD
    "\xF0\x9F\x98\x80\xF0\xA0\x80\x8B\xF3\xA0\x84\x80\xF4\x8F\xBF\xBD",      // planes 1, 2, 14, 16
};

/// The checks of testing/storage_suite.hpp: one member function for each part of a storage, in a header of its own.
template <class S, class SyncWait>
class storage_suite {
public:
    storage_suite(S& one, S& other, const SyncWait& sync_wait, const suite_options& options)
        : handles_{&one, &other}, sync_wait_(sync_wait), options_(options), random_(std::random_device()()) {}

    void transactions();
    void users();
    void sessions();
    void cells();

    std::vector<suite_finding> findings() && { return std::move(findings_); }

private:
    // Parts of `users` and `sessions`.
    void erasures_of_users();
    void racing_erasures_of_users();
    template <class Take>
    void hand_around(Take take);
    void sessions_of_one_user();
    void updates_of_sessions();
    void racing_updates_of_sessions();
    void finds_that_race_with_updates_of_sessions();

    /// The handles take turns, so that what is written by one is read by the other.
    S& storage() { return *handles_[turn_++ % 2]; }

    /// What a function of the storage returned, or what it will be.
    template <class Returned>
    auto value_of(Returned&& returned) const {
        return sync_wait_(std::forward<Returned>(returned));
    }

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
        const std::scoped_lock lock(mutex_);
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

    /// One thread calls `write(1)`, `write(2)`, …, the others call `read`, which gives the version that it has seen,
    /// until each has seen it change often enough, or has given up.
    template <class Write, class Read>
    void read_while_writing(Write write, Read read) {
        std::atomic<unsigned> readers = options_.threads - 1;
        const auto read_on = [&] {
            std::uint64_t last = read();
            for (unsigned n = 0, changes = 0; changes < options_.rounds && n < 1000 * options_.rounds; ++n) {
                const std::uint64_t seen = read();
                if (seen != last) ++changes;
                last = seen;
            }
        };
        in_parallel([&](unsigned i) {
            if (i == 0) {
                for (unsigned n = 1; n <= options_.rounds || readers > 0; ++n) write(n);
                return;
            }
            try {
                read_on();
            } catch (...) {
                --readers;
                throw;
            }
            --readers;
        });
    }

    /// False if `f` throws: for what a storage may refuse.
    template <class F>
    static bool is_accepted(F f) {
        try {
            f();
            return true;
        } catch (...) {
            return false;
        }
    }

    template <class Found, class T>
    void expect_same(const Found& found, const T& expected, const std::string& function) {
        if (!found) return expect(false, function + " must find what was stored");
        const auto field = difference(*found, expected);
        expect(field.empty(), function + " must return what was stored last; " + field + " differs");
    }
    void expect_stored(const transaction& t) {
        expect_same(value_of(storage().find_transaction(t.id)), t, "find_transaction");
    }
    void expect_stored(const session& s) {
        expect_same(value_of(storage().find_session(s.token_hash)), s, "find_session");
    }
    void expect_stored(const user& u) {
        expect_same(value_of(storage().find_user(u.object_id)), u, "find_user");
        expect_same(value_of(storage().find_user_by_phone(u.phone)), u, "find_user_by_phone");
        expect_same(value_of(storage().find_user_by_identity(u.identity)), u, "find_user_by_identity");
    }
    void expect_absent(const user& u) {
        expect(!value_of(storage().find_user(u.object_id)),
               "a user whose insertion was refused, or who never was, must not be found");
    }
    void expect_erased(const user& u) {
        expect(!value_of(storage().find_user(u.object_id)) && !value_of(storage().find_user_by_phone(u.phone)) &&
                   !value_of(storage().find_user_by_identity(u.identity)),
               "a user who was erased must not be found");
    }
    /// That `all` are those of the user, and `find_session` gives each.
    void expect_sessions_of(const std::string& id, const std::vector<session>& all) {
        const auto found = value_of(storage().find_sessions_of(id));
        expect(found.size() == all.size(), "find_sessions_of must give each session of the user once, and no other");
        for (const auto& s : all) {
            const auto same = [&](const session& f) { return f.token_hash == s.token_hash; };
            const auto at = std::find_if(found.begin(), found.end(), same);
            if (at == found.end()) {
                expect(false, "find_sessions_of must find each session of the user");
                continue;
            }
            const auto field = difference(*at, s);
            expect(field.empty(), "find_sessions_of must return what was stored last; " + field + " differs");
            expect_stored(s);
        }
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
    std::string new_key(std::size_t size = 20) { return "suite:" + characters("0123456789abcdef", size - 6); }
    phone_number new_phone() {
        return *phone_number::from_e164("+999" + characters("0123456789", 12));
    }  // +999 is nobody's

    /// The id of a user. If the storage has users, it may insist on their being there: the user is inserted then.
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
        t.delivery = delivery_state::undelivered;
        t.delivery_error = 30003;
        t.password_fingerprint = hash();
        t.known_network = "2001:db8::/64";
        t.topic = "voucher";
        t.version = 1;
        return t;
    }
    transaction inserted(const transaction& t) {
        expect(value_of(storage().insert_transaction(t)), "insert_transaction of a new id must return true");
        return t;
    }
    transaction inserted_transaction() { return inserted(new_transaction()); }

    user new_user() {
        user u{uuid(), new_phone(), new_identity(), "$scrypt$ln=14,r=8,p=1$c2FsdA$aGFzaA"};
        u.created_at = now();
        u.version = 1;
        u.generation = 3;
        u.backup_codes = "$scrypt$ln=14,r=8,p=1$c2FsdA$aGFzaA - $scrypt$ln=14,r=8,p=1$c2FsdA$aGFzaB";
        return u;
    }
    user inserted(const user& u) {
        expect(value_of(storage().insert_user(u)) == write_result::done, "insert_user of a new user must return done");
        return u;
    }
    user inserted_user() { return inserted(new_user()); }
    std::vector<user> rivals(bool inserted_already = false) {
        std::vector<user> users;
        for (unsigned i = 0; i < options_.threads; ++i)
            users.push_back(inserted_already ? inserted_user() : new_user());
        return users;
    }

    session new_session(const std::string& id) {
        session s{hash(), id, now(), now() + std::chrono::hours(1), hash()};
        s.kind = session_kind::trusted_device;
        s.auth_methods = by_code | by_password;
        s.auth_time = s.created_at + std::chrono::milliseconds(1);
        s.last_used_at = s.created_at + std::chrono::milliseconds(2);
        s.device = "Zo\xC3\xAB's phone";
        s.network = "2001:db8::/64";
        s.version = 1;
        return s;
    }
    session inserted(const session& s) {
        expect(value_of(storage().insert_session(s)), "insert_session of a new token hash must return true");
        return s;
    }
    session inserted_session(const std::string& id) { return inserted(new_session(id)); }

    const std::array<S*, 2> handles_;
    std::atomic<unsigned> turn_ = 0;
    const SyncWait& sync_wait_;
    const suite_options options_;
    std::mt19937_64 random_;
    std::string check_;
    std::mutex mutex_;
    std::vector<suite_finding> findings_;
};

}  // namespace detail
}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
