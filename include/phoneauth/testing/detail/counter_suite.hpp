// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_DETAIL_COUNTER_SUITE_HPP
#define PHONEAUTH_TESTING_DETAIL_COUNTER_SUITE_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <phoneauth/testing/detail/suite_base.hpp>

namespace phoneauth {
inline namespace v0 {
namespace testing {
namespace detail {

template <class S, class SyncWait>
void storage_suite<S, SyncWait>::counters() {
    using std::chrono::milliseconds;
    const milliseconds hour = std::chrono::hours(1);
    constexpr auto most = std::numeric_limits<std::int64_t>::max();

    const auto change_all = [this](const std::vector<counter_change>& changes) {
        auto changed = value_of(storage().change_counters(changes));
        if (changed.size() != changes.size())
            throw std::runtime_error("change_counters must give one counter for each change");
        return changed;
    };
    const auto change = [&](const std::string& key, std::int64_t by, time_point at, milliseconds lifetime) {
        return change_all({{key, by, at, lifetime}}).front();
    };
    const auto is_one_to = [](std::size_t n, std::vector<std::int64_t> values) {
        std::sort(values.begin(), values.end());
        for (std::size_t i = 0; i < values.size(); ++i)
            if (values[i] != static_cast<std::int64_t>(i + 1)) return false;
        return values.size() == n;
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
        const auto read = change(key, 0, start + milliseconds(20), 2 * hour);
        expect(read.value == 6 && read.expires_at == start + hour, "adding 0 must read a counter and change nothing");
        auto other = key;
        other.back() = 'x';
        expect(change(other, 1, start, hour).value == 1, "counters with different keys must not share a value");
    });
    check("counters: any key", [&] {
        const auto key = new_key();
        const auto start = now();
        std::vector<std::string> endings{"a", "A", "a ", " a", ""};
        for (const std::string text : awkward_texts) endings.push_back(text);
        for (const auto& ending : endings)
            expect(change(key + ending, 2, start, hour).value == 2, "keys that differ in a byte must be different");
        for (const auto& ending : endings)
            expect(change(key + ending, 1, start, hour).value == 3, "a counter must be found by any key");
        for (const char c : {'a', 'b'})
            is_accepted([&] {
                expect(change(key + '\0' + c, 1, start, hour).value == 1,
                       "change_counters must not cut off a key at a NUL");
            });
        expect(change(key, 0, start, hour).value == 3, "change_counters must not cut off a key at a NUL");
    });
    check("counters: take away", [&] {
        const auto key = new_key();
        const auto start = now();
        change(key, 3, start, hour);
        expect(change(key, -1, start, hour).value == 2, "1 taken from 3 must be 2");
        expect(change(key, -5, start, hour).value == 0, "a sum below 0 must become 0");
        const auto later = start + milliseconds(1);
        const auto again = change(key, 2, later, hour);
        expect(again.value == 2, "2 added to 0 must be 2");
        expect(again.expires_at == later + hour, "a counter that came to 0 is absent: it must start anew");
        const auto absent = new_key();
        expect(change(absent, -1, start, hour).value == 0, "1 taken from an absent counter must be 0");
        const auto fresh = change(absent, 1, later, hour);
        expect(fresh.value == 1 && fresh.expires_at == later + hour,
               "taking away from an absent counter must not bring it into being");
    });
    check("counters: the largest numbers", [&] {
        const auto key = new_key();
        const auto start = now();
        constexpr auto odd = (std::int64_t{1} << 53) + 1;  // more than a double can tell from its neighbours
        expect(change(key, odd, start, hour).value == odd, "a counter must hold any number up to 2^63 - 1");
        expect(change(key, odd, start, hour).value == 2 * odd, "sums must be exact up to 2^63 - 1");
        expect(change(key, most - 2 * odd - 1, start, hour).value == most - 1, "sums must be exact up to 2^63 - 1");
        expect(change(key, 5, start, hour).value == most, "a sum above 2^63 - 1 must become 2^63 - 1");
        expect(change(key, most, start, hour).value == most, "a sum above 2^63 - 1 must become 2^63 - 1");
        expect(change(key, -2, start, hour).value == most - 2, "sums must be exact up to 2^63 - 1");
        expect(change(key, std::numeric_limits<std::int64_t>::min(), start, hour).value == 0,
               "a sum below 0 must become 0");
        expect(change(key, std::numeric_limits<std::int64_t>::min(), start, hour).value == 0,
               "a sum below 0 must become 0");
    });
    check("counters: expiry", [&] {
        // A clock that was turned back and one that was turned forward: only the changes say what time it is.
        const auto year = std::chrono::hours(24 * 365);
        for (const auto start : {now() - year, now(), now() + year}) {
            const auto key = new_key();
            change(key, 7, start, hour);
            const auto end = start + hour;
            expect(change(key, 1, end - milliseconds(1), hour).value == 8, "a counter must live until its expires_at");
            expect(change(key, 0, end, hour).value == 0, "an expired counter must read 0");
            const auto restarted = change(key, 1, end, 2 * hour);
            expect(restarted.value == 1, "an expired counter must start again at 0");
            expect(restarted.expires_at == end + 2 * hour, "a counter that starts again must expire at now + lifetime");
            expect(change(key, 1, end + hour, hour).value == 2, "a counter that started again must go on counting");
            change(key, -1, end + 2 * hour, hour);
            expect(change(key, 0, end + 2 * hour, hour).value == 0,
                   "taking away from an expired counter must not bring it into being");
        }
        const auto key = new_key();
        change(key, 1, now(), year);
        expect(change(key, 1, now() + year - milliseconds(60'000), hour).value == 2,
               "a counter must live until its expires_at");
    });
    check("counters: prolong", [&] {
        const auto key = new_key();
        const auto start = now();
        const auto prolong = [&](std::int64_t by, time_point at, milliseconds lifetime) {
            return change_all({{key, by, at, lifetime, true}}).front();
        };
        expect(prolong(0, start, hour).value == 0, "an absent counter must read 0");
        expect(prolong(1, start, hour).expires_at == start + hour, "a new counter must expire at now + lifetime");
        const auto later = prolong(1, start, 2 * hour);
        expect(later.value == 2 && later.expires_at == start + 2 * hour,
               "an addition that prolongs must move the expiry to now + lifetime");
        expect(prolong(1, start, hour).expires_at == start + 2 * hour, "an addition that prolongs must not shorten");
        expect(prolong(0, start, 9 * hour).expires_at == start + 2 * hour &&
                   prolong(-1, start, 9 * hour).expires_at == start + 2 * hour,
               "only an addition must prolong");
        for (int i = 0; i < 10; ++i) change(new_key(), 1, start + hour, hour);  // what has expired may be swept
        const auto read = change(key, 0, start + 2 * hour - milliseconds(1), hour);
        expect(read.value == 2 && read.expires_at == start + 2 * hour, "a prolonged counter must live on");
        expect(change(key, 0, start + 2 * hour, hour).value == 0, "a prolonged counter must expire");
        const auto restarted = prolong(1, start + 2 * hour, hour);
        expect(restarted.value == 1 && restarted.expires_at == start + 3 * hour,
               "an expired counter must not be prolonged but start again");
    });
    check("counters: batches", [&] {
        const auto start = now();
        expect(change_all({}).empty(), "no changes must give no counters");
        std::vector<counter_change> changes;
        for (int i = 0; i < 30; ++i)
            changes.push_back({new_key(), i % 4 == 0 ? 0 : i, start + milliseconds(i), hour + milliseconds(i)});
        const auto fresh = change_all(changes);
        bool in_order = true;
        for (std::size_t i = 0; i < changes.size(); ++i)
            in_order = in_order && fresh[i].value == changes[i].by &&
                       (fresh[i].value == 0 || fresh[i].expires_at == changes[i].now + changes[i].lifetime);
        expect(in_order, "change_counters must give the counters in the order of the changes");
        std::shuffle(changes.begin(), changes.end(), random_);
        const auto doubled = change_all(changes);
        in_order = true;
        for (std::size_t i = 0; i < changes.size(); ++i) in_order = in_order && doubled[i].value == 2 * changes[i].by;
        expect(in_order, "change_counters must give the counters in the order of the changes");

        // One that has expired, one that lives, one that is read, one that is new, one that comes to 0.
        const auto expired = new_key(), living = new_key(), read = new_key(), added = new_key(), ended = new_key();
        change_all({{expired, 5, start, hour}, {living, 5, start, 3 * hour}, {read, 5, start, 3 * hour}});
        change(ended, 5, start, 3 * hour);
        const auto later = start + hour;
        const auto mixed = change_all({{added, 1, later, hour},
                                       {living, 1, later, hour},
                                       {ended, -9, later, hour},
                                       {read, 0, later, hour},
                                       {expired, 1, later, hour}});
        expect(mixed[0].value == 1 && mixed[1].value == 6 && mixed[2].value == 0 && mixed[3].value == 5 &&
                   mixed[4].value == 1,
               "each change of a batch must be made for itself");
        expect(mixed[0].expires_at == later + hour && mixed[1].expires_at == start + 3 * hour &&
                   mixed[3].expires_at == start + 3 * hour && mixed[4].expires_at == later + hour,
               "each counter of a batch must have its own expires_at");
    });
    check("counters: racing additions", [&] {
        const auto expect_each_value_once = [&](const std::string& key, time_point at) {
            constexpr std::size_t each = 5;
            std::vector<std::int64_t> values(options_.threads * each);
            in_parallel([&](unsigned i) {
                for (std::size_t n = 0; n < each; ++n) values[i * each + n] = change(key, 1, at, hour).value;
            });
            expect(is_one_to(options_.threads * each, values),
                   "each change of change_counters must be one atomic step: of n callers that add 1, each must get "
                   "another of the values 1 to n");
        };
        race([&] {
            const auto key = new_key();
            expect_each_value_once(key, now());
            expect_each_value_once(key, now() + 2 * hour);  // it starts again
        });
    });
    check("counters: racing batches", [&] {
        race([&] {
            // The same keys, in another order for each caller: a storage that locks them in the order in which they come
            // gets into a deadlock.
            constexpr std::size_t keys = 5, each = 2;
            std::vector<counter_change> changes;
            for (std::size_t k = 0; k < keys; ++k) changes.push_back({new_key(), 1, now(), hour});
            std::vector<std::vector<counter_change>> orders(options_.threads, changes);
            for (auto& order : orders) std::shuffle(order.begin(), order.end(), random_);
            std::vector<std::vector<std::int64_t>> values(keys, std::vector<std::int64_t>(options_.threads * each));
            in_parallel([&](unsigned i) {
                for (std::size_t n = 0; n < each; ++n) {
                    const auto changed = change_all(orders[i]);
                    for (std::size_t k = 0; k < keys; ++k) {
                        const auto at = std::find_if(orders[i].begin(), orders[i].end(),
                                                     [&](const auto& c) { return c.key == changes[k].key; });
                        values[k][i * each + n] = changed[static_cast<std::size_t>(at - orders[i].begin())].value;
                    }
                }
            });
            for (const auto& v : values)
                expect(is_one_to(options_.threads * each, v),
                       "each change of a batch must be one atomic step, in whatever order batches name their keys");
        });
    });
    check("counters: additions that race with subtractions", [&] {
        race([&] {
            const auto key = new_key();
            const auto at = now();
            constexpr std::int64_t base = 1000;
            change(key, base, at, hour);
            in_parallel([&](unsigned i) {
                for (int n = 0; n < 5; ++n) change(key, i % 2 == 0 ? 2 : -1, at, hour);
            });
            const std::int64_t adding = (options_.threads + 1) / 2, taking = options_.threads / 2;
            expect(change(key, 0, at, hour).value == base + 5 * (2 * adding - taking),
                   "no change that change_counters has acknowledged must be lost");
        });
    });
}

}  // namespace detail
}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
