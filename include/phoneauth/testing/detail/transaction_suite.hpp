// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_DETAIL_TRANSACTION_SUITE_HPP
#define PHONEAUTH_TESTING_DETAIL_TRANSACTION_SUITE_HPP

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
void storage_suite<S, SyncWait>::transactions() {
    using std::chrono::milliseconds;
    using std::chrono::minutes;

    check("transactions: insert and find", [&] {
        expect_stored(inserted_transaction());
        auto bare = new_transaction();
        bare.user_id.clear();
        bare.purpose = purpose::registration;
        bare.delivery = delivery_state::pending;
        bare.delivery_error = 0;
        bare.password_fingerprint.clear();
        bare.known_network.clear();
        bare.topic.clear();
        bare.version = 0;
        expect_stored(inserted(bare));
        for (const auto state : {transaction_state::confirmed, transaction_state::exhausted, transaction_state::expired,
                                 transaction_state::failed, transaction_state::redeemed}) {
            auto t = new_transaction();
            t.state = state;
            expect_stored(inserted(t));
        }
        for (auto n = static_cast<int>(purpose::registration); n <= static_cast<int>(purpose::verification); ++n) {
            auto t = new_transaction();
            t.purpose = static_cast<purpose>(n);
            expect_stored(inserted(t));
        }
        expect(!value_of(storage().find_transaction(uuid())), "find_transaction of an unknown id must return nothing");
    });
    check("transactions: any text", [&] {
        for (const std::string text : awkward_texts) {
            expect(!value_of(storage().find_transaction(text)),
                   "find_transaction of an unknown id must return nothing");
            auto t = new_transaction();
            t.key_id = t.topic = text;
            expect_stored(inserted(t));
        }
        const auto t = inserted_transaction();
        is_accepted([&] {
            expect(!value_of(storage().find_transaction(t.id + '\0')) &&
                       !value_of(storage().find_transaction(t.id + std::string("\0'x", 3))),
                   "find_transaction must not cut off an id at a NUL");
        });
        expect_stored(t);
    });
    check("transactions: the largest numbers", [&] {
        auto t = new_transaction();
        t.tries = t.sends = (std::numeric_limits<std::uint32_t>::max)();
        t.version = (std::uint64_t{1} << 53) + 1;  // more than a double can tell from its neighbours
        inserted(t);
        auto stale = t;
        --stale.version;
        expect(!value_of(storage().update_transaction(stale)),
               "update_transaction with an older version must return false");
        expect(value_of(storage().update_transaction(t)),
               "update_transaction with the stored version must return true");
        ++t.version;
        expect_stored(t);
        t = new_transaction();
        t.delivery_error = (std::numeric_limits<std::int32_t>::min)();
        t.version = (std::numeric_limits<std::int64_t>::max)() - 1;
        inserted(t);
        expect(value_of(storage().update_transaction(t)),
               "update_transaction with the stored version must return true");
        ++t.version;
        expect_stored(t);
    });
    check("transactions: any time", [&] {
        auto t = new_transaction();
        t.expires_at = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) + milliseconds(86'399'999);
        t.created_at = t.last_sent_at = time_point(milliseconds(1));
        expect_stored(inserted(t));
        t = new_transaction();
        t.last_sent_at = time_point(milliseconds(-1));
        expect_stored(inserted(t));
        // A clock that was turned back: only the records say what time it is.
        t = new_transaction();
        t.created_at = t.last_sent_at = now() - std::chrono::hours(24 * 365);
        t.expires_at = t.created_at + minutes(5);
        expect_stored(inserted(t));
        ++t.tries;
        expect(value_of(storage().update_transaction(t)),
               "update_transaction with the stored version must return true");
        ++t.version;
        expect_stored(t);
    });
    check("transactions: insert twice", [&] {
        const auto t = inserted_transaction();
        auto second = t;
        second.tries = 4;
        expect(!value_of(storage().insert_transaction(second)),
               "insert_transaction of an id that is taken must return false");
        expect_stored(t);
    });
    check("transactions: update", [&] {
        auto t = inserted_transaction();
        t.phone = new_phone();
        t.user_id = user_id();
        t.key_id = "another";
        t.state = transaction_state::confirmed;
        t.tries = 5;
        t.sends = 4;
        t.last_sent_at += milliseconds(1234);
        t.delivery = delivery_state::pending;
        t.delivery_error = 0;
        expect(value_of(storage().update_transaction(t)),
               "update_transaction with the stored version must return true");
        ++t.version;
        expect_stored(t);
        for (const auto error : {-1, (std::numeric_limits<std::int32_t>::max)()}) {
            t.delivery = error < 0 ? delivery_state::delivered : delivery_state::undelivered;
            t.delivery_error = error;
            value_of(storage().update_transaction(t));
            ++t.version;
            expect_stored(t);
        }
    });
    check("transactions: stale update", [&] {
        auto t = inserted_transaction();
        auto stale = t;
        t.tries = 1;
        value_of(storage().update_transaction(t));
        ++t.version;
        stale.state = transaction_state::confirmed;
        expect(!value_of(storage().update_transaction(stale)),
               "update_transaction with an older version must return false");
        expect_stored(t);
        stale.version = t.version + 1;
        expect(!value_of(storage().update_transaction(stale)),
               "update_transaction with a newer version must return false");
        expect_stored(t);
        t.tries = 2;
        expect(value_of(storage().update_transaction(t)),
               "a refused update_transaction must not get in the next one's way");
        ++t.version;
        expect_stored(t);
    });
    check("transactions: update of an unknown one", [&] {
        const auto t = new_transaction();
        expect(!value_of(storage().update_transaction(t)), "update_transaction of an unknown id must return false");
        expect(!value_of(storage().find_transaction(t.id)), "update_transaction of an unknown id must not store it");
    });
    check("transactions: kept past their expiry", [&] {
        auto old = new_transaction();
        old.expires_at = now() - transaction_retention + minutes(1);
        old.created_at = old.expires_at - minutes(5);
        inserted(old);
        for (int i = 0; i < 10; ++i) inserted_transaction();
        expect_stored(old);
        old.state = transaction_state::expired;
        expect(value_of(storage().update_transaction(old)), "update_transaction of an expired one must return true");
        ++old.version;
        for (int i = 0; i < 10; ++i) inserted_transaction();
        expect_stored(old);
    });
    check("transactions: racing inserts", [&] {
        race([&] {
            const auto t = new_transaction();
            const auto winners = winners_of([&, this](unsigned i) {
                auto mine = t;
                mine.tries = i;
                return value_of(storage().insert_transaction(mine));
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
                return value_of(storage().update_transaction(mine));
            });
            expect(winners.size() == 1, "of several update_transaction with one version exactly one must return true");
            auto won = t;
            won.tries = winners.empty() ? 0 : winners.front();
            ++won.version;
            expect_stored(won);
        });
    });
    check("transactions: no acknowledged insertion is lost", [&] {
        std::vector<transaction> all;
        for (unsigned i = 0; i < options_.threads * options_.rounds; ++i) all.push_back(new_transaction());
        in_parallel([&, this](unsigned i) {
            for (unsigned n = 0; n < options_.rounds; ++n)
                value_of(storage().insert_transaction(all[n * options_.threads + i]));
        });
        for (const auto& t : all) expect_stored(t);
    });
    check("transactions: no acknowledged update is lost", [&] {
        auto t = inserted_transaction();
        t.tries = 0;
        value_of(storage().update_transaction(t));
        ++t.version;
        const unsigned each = options_.rounds;
        in_parallel([&, this](unsigned) {
            // Whoever loses loses to one that wins, so nobody needs more tries than there are updates.
            for (unsigned done = 0, tries = 0; done < each && tries < options_.threads * each; ++tries) {
                auto mine = value_of(storage().find_transaction(t.id));
                if (!mine) return;
                ++mine->tries;
                if (value_of(storage().update_transaction(*mine))) ++done;
            }
        });
        t.tries = options_.threads * each;
        t.version += t.tries;
        expect_stored(t);
    });
    check("transactions: finds that race with updates", [&] {
        const auto t = inserted_transaction();
        std::atomic<std::uint64_t> acknowledged = t.version;
        // All fields tell by how many updates they were changed.
        const auto after = [&t](unsigned updates) {
            auto changed = t;
            changed.tries = changed.sends = updates;
            changed.key_id = std::string(updates % 32, 'k');
            changed.last_sent_at = t.created_at + milliseconds(updates);
            changed.delivery_error = static_cast<std::int32_t>(updates);
            changed.version = t.version + updates;
            return changed;
        };
        read_while_writing(
            [&, this](unsigned n) {
                auto mine = after(n);
                --mine.version;
                value_of(storage().update_transaction(mine));
                acknowledged = mine.version + 1;
            },
            [&, this] {
                const auto least = acknowledged.load();
                const auto seen = value_of(storage().find_transaction(t.id));
                expect(seen && seen->version >= least,
                       "find_transaction must see at once what update_transaction has acknowledged");
                if (seen && seen->version > t.version)
                    expect(difference(*seen, after(seen->tries)).empty(),
                           "find_transaction must see an update whole, or not at all");
                return seen ? seen->version : 0;
            });
    });
}

}  // namespace detail
}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
