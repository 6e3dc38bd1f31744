// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_DETAIL_SESSION_UPDATE_SUITE_HPP
#define PHONEAUTH_TESTING_DETAIL_SESSION_UPDATE_SUITE_HPP

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <phoneauth/testing/detail/suite_base.hpp>

namespace phoneauth {
inline namespace v0 {
namespace testing {
namespace detail {

template <class S, class SyncWait>
void storage_suite<S, SyncWait>::sessions_of_one_user() {
    check("sessions: find all of a user", [&] {
        const auto id = user_id();
        expect_sessions_of(id, {});
        const auto device = inserted_session(id);
        auto login = new_session(id);
        login.kind = session_kind::login;
        inserted(login);
        const auto other = inserted_session(user_id());
        expect_sessions_of(id, {device, login});
        ++login.auth_methods;
        value_of(storage().update_session(login));
        ++login.version;
        expect_sessions_of(id, {login, device});
        value_of(storage().erase_session(device.token_hash));
        expect_sessions_of(id, {login});
        value_of(storage().erase_sessions_of(id, {}));
        expect_sessions_of(id, {});
        expect_sessions_of(other.user_id, {other});
        for (const std::string text : awkward_texts) expect_sessions_of(text, {});
    });
    check("sessions: finding all while others come and go", [&] {
        const auto id = user_id();
        const auto stays = inserted_session(id);
        std::vector<session> others;
        for (unsigned i = 0; i < options_.threads; ++i) others.push_back(new_session(id));
        in_parallel([&, this](unsigned i) {
            for (unsigned n = 0; n < options_.rounds; ++n) {
                value_of(storage().insert_session(others[i]));
                const auto found = value_of(storage().find_sessions_of(id));
                const auto finds = [&](const session& s) {
                    return std::count_if(found.begin(), found.end(), [&](const session& f) {
                               return f.token_hash == s.token_hash && f.user_id == id;
                           }) == 1;
                };
                expect(finds(stays) && finds(others[i]), "find_sessions_of must find each session of the user");
                value_of(storage().erase_session(others[i].token_hash));
                const auto left = value_of(storage().find_sessions_of(id));
                expect(std::none_of(left.begin(), left.end(),
                                    [&](const session& f) { return f.token_hash == others[i].token_hash; }),
                       "find_sessions_of must not find a session that is over");
            }
        });
        expect_sessions_of(id, {stays});
    });
}

template <class S, class SyncWait>
void storage_suite<S, SyncWait>::updates_of_sessions() {
    using std::chrono::milliseconds;
    const auto update = [this](const session& s) { return value_of(storage().update_session(s)); };
    const auto updated = [&, this](session& s) {
        expect(update(s), "update_session with the stored version must return true");
        ++s.version;
        expect_stored(s);
    };

    check("sessions: update", [&] {
        auto s = inserted_session(user_id());
        s.fingerprint = hash();
        s.auth_methods = by_backup_code;
        s.auth_time += milliseconds(1234);
        s.last_used_at += milliseconds(2345);
        updated(s);
        s.fingerprint.clear();
        s.auth_methods = 0;
        s.auth_time = s.last_used_at = time_point();
        updated(s);
        expect_sessions_of(s.user_id, {s});
        expect(value_of(storage().erase_session(s.token_hash)), "erase_session must return true if there was one");
    });
    check("sessions: the largest numbers", [&] {
        auto s = new_session(user_id());
        s.auth_methods = (std::numeric_limits<std::uint32_t>::max)();
        s.version = (std::uint64_t{1} << 53) + 1;  // more than a double can tell from its neighbours
        s.auth_time = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) + milliseconds(86'399'999);
        inserted(s);
        auto stale = s;
        --stale.version;
        expect(!update(stale), "update_session with an older version must return false");
        updated(s);
        s = new_session(user_id());
        s.version = (std::numeric_limits<std::int64_t>::max)() - 1;
        inserted(s);
        updated(s);
    });
    check("sessions: stale update", [&] {
        auto s = inserted_session(user_id());
        auto stale = s;
        updated(s);
        stale.auth_methods = 0;
        expect(!update(stale), "update_session with an older version must return false");
        stale.version = s.version + 1;
        expect(!update(stale), "update_session with a newer version must return false");
        expect_stored(s);
        const auto unknown = new_session(s.user_id);
        expect(!update(unknown), "update_session of an unknown session must return false");
        value_of(storage().erase_session(s.token_hash));
        expect(!update(s), "update_session of a session that is over must return false");
        expect(!value_of(storage().find_session(s.token_hash)) && !value_of(storage().find_session(unknown.token_hash)),
               "update_session must bring no session into being");
        expect_sessions_of(s.user_id, {});
        expect(value_of(storage().erase_sessions_of(s.user_id, {})) == 0,
               "update_session must bring no session into being");
    });
}

template <class S, class SyncWait>
void storage_suite<S, SyncWait>::racing_updates_of_sessions() {
    check("sessions: racing updates", [&] {
        race([&] {
            const auto s = inserted_session(user_id());
            std::vector<session> rivals(options_.threads, s);
            for (auto& r : rivals) r.fingerprint = hash();
            const auto winners =
                winners_of([&, this](unsigned i) { return value_of(storage().update_session(rivals[i])); });
            expect(winners.size() == 1, "of several update_session with one version exactly one must return true");
            for (const auto i : winners) {
                ++rivals[i].version;
                expect_stored(rivals[i]);
            }
        });
    });
    check("sessions: no acknowledged update is lost", [&] {
        auto s = inserted_session(user_id());
        const unsigned each = options_.rounds;
        in_parallel([&, this](unsigned) {
            // Whoever loses loses to one that wins, so nobody needs more tries than there are updates.
            for (unsigned done = 0, tries = 0; done < each && tries < options_.threads * each; ++tries) {
                auto mine = value_of(storage().find_session(s.token_hash));
                if (!mine) return;
                ++mine->auth_methods;
                done += value_of(storage().update_session(*mine));
            }
        });
        s.auth_methods += options_.threads * each;
        s.version += options_.threads * each;
        expect_stored(s);
    });
    check("sessions: updates that race with erasures", [&] {
        for (unsigned n = 0; n < options_.rounds; ++n) {
            const auto s = inserted_session(user_id());
            std::atomic<bool> over = false, ended = false;
            in_parallel([&, this](unsigned i) {
                if (i == 0) {
                    ended = n % 2 == 0 ? value_of(storage().erase_session(s.token_hash))
                                       : value_of(storage().erase_sessions_of(s.user_id, {})) == 1;
                    over = true;
                    return;
                }
                auto mine = s;
                for (unsigned tries = 0, late = 0; tries < 1000 && late < 4; ++tries, late += over) {
                    mine.last_used_at += std::chrono::milliseconds(1);
                    value_of(storage().update_session(mine));
                    if (const auto seen = value_of(storage().find_session(s.token_hash))) mine = *seen;
                }
            });
            expect(ended, "a session that is updated meanwhile must end");
            expect(!value_of(storage().find_session(s.token_hash)),
                   "a session that was ended must not come back by update_session");
            expect_sessions_of(s.user_id, {});
        }
    });
    finds_that_race_with_updates_of_sessions();
}

template <class S, class SyncWait>
void storage_suite<S, SyncWait>::finds_that_race_with_updates_of_sessions() {
    check("sessions: finds that race with updates", [&] {
        const auto s = inserted_session(user_id());
        std::atomic<std::uint64_t> acknowledged = s.version;
        const auto after = [&](std::uint64_t updates) {
            auto changed = s;
            changed.fingerprint = std::to_string(updates);
            changed.auth_methods = static_cast<std::uint32_t>(updates);
            changed.auth_time = changed.last_used_at = s.created_at + std::chrono::milliseconds(updates);
            changed.version = s.version + updates;
            return changed;
        };
        const auto is_whole = [&](const session& seen) {
            return seen.version == s.version || difference(seen, after(seen.version - s.version)).empty();
        };
        read_while_writing(
            [&, this](unsigned n) {
                auto mine = after(n);
                --mine.version;
                value_of(storage().update_session(mine));
                acknowledged = mine.version + 1;
            },
            [&, this] {
                const auto least = acknowledged.load();
                const auto seen = value_of(storage().find_session(s.token_hash));
                expect(seen && seen->version >= least,
                       "find_session must see at once what update_session has acknowledged");
                const auto all = value_of(storage().find_sessions_of(s.user_id));
                expect(all.size() == 1 && all.front().version >= least,
                       "find_sessions_of must see at once what update_session has acknowledged");
                expect((!seen || is_whole(*seen)) && std::all_of(all.begin(), all.end(), is_whole),
                       "a find must see an update whole, or not at all");
                return seen ? seen->version : 0;
            });
    });
}

}  // namespace detail
}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
