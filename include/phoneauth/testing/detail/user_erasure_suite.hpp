// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_DETAIL_USER_ERASURE_SUITE_HPP
#define PHONEAUTH_TESTING_DETAIL_USER_ERASURE_SUITE_HPP

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <phoneauth/testing/detail/suite_base.hpp>

namespace phoneauth {
inline namespace v0 {
namespace testing {
namespace detail {

template <class S, class SyncWait>
void storage_suite<S, SyncWait>::erasures_of_users() {
    check("users: erase", [&] {
        const auto u = inserted_user();
        const auto other = inserted_user();
        expect(value_of(storage().erase_user(u.object_id)), "erase_user must return true if there was such a user");
        expect_erased(u);
        expect(!value_of(storage().erase_user(u.object_id)), "erase_user must return false if there was no such user");
        expect(!value_of(storage().erase_user(uuid())), "erase_user must return false if there was no such user");
        for (const std::string text : awkward_texts)
            expect(!value_of(storage().erase_user(text)), "erase_user must return false if there was no such user");
        expect_stored(other);
        expect(value_of(storage().update_user(u)) == write_result::stale,
               "update_user of a user who was erased must return stale");
        expect_erased(u);
        auto heir = new_user();
        heir.phone = u.phone;
        heir.identity = u.identity;
        expect(value_of(storage().insert_user(heir)) == write_result::done,
               "the phone and the identity of a user who was erased must be free");
        expect_stored(heir);
        expect(!value_of(storage().erase_user(u.object_id)), "erase_user must not take away who has the phone now");
        expect_stored(heir);
        expect(value_of(storage().erase_user(heir.object_id)), "erase_user must return true if there was such a user");
        expect(value_of(storage().insert_user(u)) == write_result::done,
               "the object_id of a user who was erased must be free");
        expect_stored(u);
    });
    check("users: erase after an update", [&] {
        const auto before = inserted_user();
        auto u = before;
        u.phone = new_phone();
        u.identity = new_identity();
        value_of(storage().update_user(u));
        auto heir = new_user();
        heir.phone = before.phone;
        heir.identity = before.identity;
        inserted(heir);
        expect(value_of(storage().erase_user(u.object_id)), "erase_user must return true if there was such a user");
        expect_erased(u);
        expect_stored(heir);
        auto second = new_user();
        second.phone = u.phone;
        second.identity = u.identity;
        expect(value_of(storage().insert_user(second)) == write_result::done,
               "the phone and the identity of a user who was erased must be free");
        expect_stored(second);
    });
}

template <class S, class SyncWait>
void storage_suite<S, SyncWait>::racing_erasures_of_users() {
    check("users: racing erasures", [&] {
        race([&] {
            const auto u = inserted_user();
            const auto winners =
                winners_of([&, this](unsigned) { return value_of(storage().erase_user(u.object_id)); });
            expect(winners.size() == 1, "of several erase_user of one user exactly one must return true");
            expect_erased(u);
        });
    });
    check("users: erasures that race with updates", [&] {
        race([&] {
            const auto u = inserted_user();
            std::vector<user> changed(options_.threads, u);
            for (auto& c : changed) {
                c.phone = new_phone();
                c.identity = new_identity();
            }
            in_parallel([&, this](unsigned i) {
                if (i == 0) return void(value_of(storage().erase_user(u.object_id)));
                for (unsigned tries = 0; tries < 100; ++tries) {
                    const auto seen = value_of(storage().find_user(u.object_id));
                    if (!seen) return;
                    changed[i].version = seen->version;
                    value_of(storage().update_user(changed[i]));
                }
            });
            expect_erased(u);
            for (const auto& c : changed) {
                expect_erased(c);
                auto heir = c;
                heir.object_id = uuid();
                expect(value_of(storage().insert_user(heir)) == write_result::done,
                       "an update_user that races with erase_user must not leave a phone or an identity behind");
            }
        });
    });
    check("users: one phone that comes and goes",
          [&] { hand_around([phone = new_phone()](user& u) { u.phone = phone; }); });
    check("users: one identity that comes and goes",
          [&] { hand_around([identity = new_identity()](user& u) { u.identity = identity; }); });
}

/// `take` gives a user what others have and give up all the time.
template <class S, class SyncWait>
template <class Take>
void storage_suite<S, SyncWait>::hand_around(Take take) {
    auto residents = rivals(true);  // who change to it and back
    auto guests = rivals();         // who come with it and are erased
    for (auto& g : guests) take(g);
    std::atomic<int> holders = 0;
    const auto hold = [&, this](const user& u) {
        expect(++holders == 1, "no two users must have one phone or one identity at a time");
        std::this_thread::yield();  // the others shall come now
        expect_stored(u);
        --holders;
    };
    const auto come_and_go = [&, this](const user& guest) {
        if (value_of(storage().insert_user(guest)) != write_result::done) return false;
        hold(guest);
        expect(value_of(storage().erase_user(guest.object_id)), "erase_user must return true if there was such a user");
        return true;
    };
    const auto change_and_change_back = [&, this](user& resident) {
        auto changed = resident;
        take(changed);
        if (value_of(storage().update_user(changed)) != write_result::done) return false;
        resident.version = ++changed.version;
        hold(changed);
        expect(value_of(storage().update_user(resident)) == write_result::done,
               "update_user with the stored version must return done");
        ++resident.version;
        return true;
    };
    in_parallel([&](unsigned i) {
        for (unsigned held = 0, tries = 0; held * 4 < options_.rounds && tries < 20 * options_.rounds; ++tries) {
            const bool done = i % 2 == 0 ? come_and_go(guests[i]) : change_and_change_back(residents[i]);
            if (!done) std::this_thread::yield();  // to who holds it
            held += done;
        }
    });
    auto heir = new_user();
    take(heir);
    expect_stored(inserted(heir));
    for (const auto& u : residents) expect_stored(u);
}

}  // namespace detail
}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
