// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_DETAIL_SESSION_SUITE_HPP
#define PHONEAUTH_TESTING_DETAIL_SESSION_SUITE_HPP

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <phoneauth/testing/detail/session_update_suite.hpp>
#include <phoneauth/testing/detail/suite_base.hpp>

namespace phoneauth {
inline namespace v0 {
namespace testing {
namespace detail {

template <class S, class SyncWait>
void storage_suite<S, SyncWait>::sessions() {
    using std::chrono::milliseconds;
    const std::string none;

    check("sessions: insert and find", [&] {
        expect_stored(inserted_session(user_id()));
        auto bare = new_session(user_id());
        bare.fingerprint.clear();
        bare.kind = session_kind::login;
        bare.auth_methods = 0;
        bare.auth_time = bare.last_used_at = {};
        bare.device.clear();
        bare.network.clear();
        bare.version = 0;
        expect_stored(inserted(bare));
        expect(!value_of(storage().find_session(hash())), "find_session of an unknown token hash must return nothing");
        for (const std::string text : awkward_texts) {
            auto s = new_session(user_id());
            s.device = text;
            expect_stored(inserted(s));
            expect(!value_of(storage().find_session(text)),
                   "find_session of an unknown token hash must return nothing");
            expect(!value_of(storage().erase_session(text)), "erase_session must return false if there was none");
            expect(value_of(storage().erase_sessions_of(text, text)) == 0,
                   "erase_sessions_of must return 0 if there are none");
        }
    });
    check("sessions: any time", [&] {
        auto s = new_session(user_id());
        s.created_at = time_point(milliseconds(1));
        s.expires_at = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) + milliseconds(86'399'999);
        expect_stored(inserted(s));
        // A clock that was turned back: only the records say what time it is.
        s = new_session(user_id());
        s.created_at = now() - std::chrono::hours(24 * 365);
        s.expires_at = s.created_at + std::chrono::hours(24);
        expect_stored(inserted(s));
        expect(value_of(storage().erase_sessions_of(s.user_id, none)) == 1,
               "erase_sessions_of must return how many sessions the user had");
    });
    check("sessions: insert twice", [&] {
        const auto s = inserted_session(user_id());
        auto second = s;
        second.expires_at += std::chrono::hours(1);
        second.user_id = user_id();
        expect(!value_of(storage().insert_session(second)),
               "insert_session of a token hash that is taken must return false");
        expect_stored(s);
        expect(value_of(storage().find_sessions_of(second.user_id)).empty(),
               "a refused insert_session must store nothing");
        expect(value_of(storage().erase_sessions_of(second.user_id, none)) == 0,
               "a refused insert_session must store nothing");
        expect_stored(s);
        expect(value_of(storage().erase_sessions_of(s.user_id, none)) == 1,
               "a refused insert_session must change nothing");
    });
    check("sessions: erase", [&] {
        const auto id = user_id();
        const auto s = inserted_session(id);
        const auto other = inserted_session(id);
        expect(value_of(storage().erase_session(s.token_hash)), "erase_session must return true if there was one");
        expect(!value_of(storage().erase_session(s.token_hash)), "erase_session must return false if there was none");
        expect(!value_of(storage().find_session(s.token_hash)), "a session that was erased must not be found");
        expect_stored(other);
    });
    check("sessions: erase all of a user", [&] {
        const auto id = user_id();
        const auto first = inserted_session(id);
        const auto second = inserted_session(id);
        const auto third = inserted_session(id);
        const auto other = inserted_session(user_id());
        value_of(storage().erase_session(second.token_hash));
        expect(value_of(storage().erase_sessions_of(id, first.token_hash)) == 1,
               "erase_sessions_of must return how many sessions it ended");
        expect_stored(first);
        expect(!value_of(storage().find_session(third.token_hash)),
               "after erase_sessions_of only the session that is kept must be found");
        inserted(third);
        expect(value_of(storage().erase_sessions_of(id, none)) == 2,
               "erase_sessions_of must return how many sessions the user had");
        expect(!value_of(storage().find_session(first.token_hash)) &&
                   !value_of(storage().find_session(third.token_hash)),
               "after erase_sessions_of none of the user's sessions must be found");
        expect(value_of(storage().erase_sessions_of(id, none)) == 0,
               "erase_sessions_of must return 0 if there are none");
        expect_stored(other);
        inserted(third);
        expect(value_of(storage().erase_sessions_of(id, other.token_hash)) == 1,
               "erase_sessions_of must end all sessions if the one to keep is another user's");
        expect(!value_of(storage().find_session(third.token_hash)),
               "after erase_sessions_of none of the user's sessions must be found");
        expect_stored(other);
        expect(value_of(storage().erase_sessions_of(other.user_id, other.token_hash)) == 0,
               "erase_sessions_of must not count the session that is kept");
        expect_stored(other);
    });
    check("sessions: racing inserts", [&] {
        race([&] {
            std::vector<session> rivals(options_.threads, new_session(none));
            for (auto& s : rivals) s.user_id = user_id();
            const auto winners =
                winners_of([&, this](unsigned i) { return value_of(storage().insert_session(rivals[i])); });
            expect(winners.size() == 1, "of several insert_session of one token hash exactly one must return true");
            for (const auto i : winners) expect_stored(rivals[i]);
        });
    });
    check("sessions: racing erasures", [&] {
        race([&] {
            const auto s = inserted_session(user_id());
            const auto winners =
                winners_of([&, this](unsigned) { return value_of(storage().erase_session(s.token_hash)); });
            expect(winners.size() == 1, "of several erase_session of one session exactly one must return true");
        });
        race([&] {
            const auto id = user_id();
            std::vector<session> all;
            for (unsigned i = 0; i < options_.threads; ++i) all.push_back(inserted_session(id));
            const auto& kept = all.front();
            std::atomic<std::size_t> ended = 0;
            in_parallel([&, this](unsigned i) {
                ended += i % 2 == 0 ? value_of(storage().erase_sessions_of(id, kept.token_hash))
                                    : std::size_t{value_of(storage().erase_session(all[i].token_hash))};
            });
            expect(ended == all.size() - 1,
                   "of several that erase a session at once exactly one must return true or count it");
            expect_stored(kept);
        });
    });
    check("sessions: insertions that race with erasures", [&] {
        race([&] {
            const auto id = user_id();
            constexpr unsigned each = 4;
            std::vector<session> all;
            for (unsigned i = 0; i < options_.threads * each; ++i) all.push_back(new_session(id));
            std::atomic<std::size_t> ended = 0;
            in_parallel([&, this](unsigned i) {
                for (unsigned n = 0; n < each; ++n)
                    if (i == 0)
                        ended += value_of(storage().erase_sessions_of(id, none));
                    else
                        value_of(storage().insert_session(all[i * each + n]));
            });
            const auto found = [this](const session& s) {
                return value_of(storage().find_session(s.token_hash)).has_value();
            };
            const auto left = static_cast<std::size_t>(std::count_if(all.begin(), all.end(), found));
            expect(ended + left == all.size() - each,
                   "each session that was inserted must be found until erase_sessions_of has counted it");
            expect(value_of(storage().erase_sessions_of(id, none)) == left &&
                       std::none_of(all.begin(), all.end(), found),
                   "erase_sessions_of must end every session of the user that can be found");
        });
    });
    check("sessions: no acknowledged insertion is lost", [&] {
        const auto id = user_id();
        std::vector<session> all;
        for (unsigned i = 0; i < options_.threads * options_.rounds; ++i) all.push_back(new_session(id));
        in_parallel([&, this](unsigned i) {
            for (unsigned n = 0; n < options_.rounds; ++n)
                value_of(storage().insert_session(all[n * options_.threads + i]));
        });
        for (const auto& s : all) expect_stored(s);
        expect_sessions_of(id, all);
        expect(value_of(storage().erase_sessions_of(id, none)) == all.size(),
               "erase_sessions_of must return how many sessions the user had");
    });
    sessions_of_one_user();
    updates_of_sessions();
    racing_updates_of_sessions();
}

}  // namespace detail
}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
