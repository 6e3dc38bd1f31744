// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_DETAIL_CELL_SUITE_HPP
#define PHONEAUTH_TESTING_DETAIL_CELL_SUITE_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/testing/detail/suite_base.hpp>

namespace phoneauth {
inline namespace v0 {
namespace testing {
namespace detail {

/// What a storage of cells may have stored: `decide` over a map. A cell that the storage may have dropped is there or
/// not, until an answer says which.
class cell_model {
public:
    /// What is wrong with `answer`; empty if nothing is. `asked` is when the storage was asked, by a steady clock.
    std::string difference(const cell_batch& batch, const cell_answer& answer,
                           std::chrono::steady_clock::time_point asked) {
        latest_ = (std::max)(latest_, batch.now());
        const auto answered = std::chrono::steady_clock::now();
        std::vector<std::string> unsure;
        for (std::size_t i = 0; i <= batch.size(); ++i)
            if (const auto found = cells_.find(key(batch, i));
                found != cells_.end() && found->second.ahead > batch.now())
                if (may_be_gone(found->second, answered)) unsure.push_back(found->first);
        std::string first;
        for (std::size_t dropped = 0; dropped < std::size_t{1} << unsure.size(); ++dropped) {
            auto cells = cells_;
            for (std::size_t i = 0; i < unsure.size(); ++i)
                if (dropped >> i & 1u) cells.erase(unsure[i]);
            auto wrong = compare(cells, batch, answer, asked);
            if (wrong.empty()) {
                cells_.swap(cells);
                return {};
            }
            if (dropped == 0) first = std::move(wrong);
        }
        return first;
    }

private:
    struct cell {
        time_point ahead{};
        std::chrono::steady_clock::time_point stored{};
        std::chrono::milliseconds life{};  // how far it was ahead then
    };
    using cell_map = std::map<std::string, cell, std::less<>>;

    static std::string_view key(const cell_batch& batch, std::size_t i) {
        return i == 0 ? batch.marker() : batch.key(i - 1);
    }

    bool may_be_gone(const cell& c, std::chrono::steady_clock::time_point answered) const {
        return c.ahead <= latest_ || answered - c.stored >= c.life;
    }

    static std::string compare(cell_map& cells, const cell_batch& batch, const cell_answer& answer,
                               std::chrono::steady_clock::time_point asked) {
        const auto now = batch.now();
        std::array<time_point, 1 + cell_batch::most> stored{};
        for (std::size_t i = 0; i <= batch.size(); ++i)
            if (const auto found = cells.find(key(batch, i)); found != cells.end()) stored[i] = found->second.ahead;
        const auto expected = decide(batch, stored);
        if (answer.marked != expected.marked) return "a batch must be marked as decide says";
        if (answer.granted != expected.granted) return "a batch must be granted or refused as decide says";
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (!is_for(batch[i], expected.marked)) continue;
            if ((std::max)(answer.cells[i], now) != (std::max)(expected.cells[i], now))
                return "a cell must be answered as decide says";
            if (expected.cells[i] != stored[1 + i])
                cells.insert_or_assign(std::string(batch.key(i)),
                                       cell{expected.cells[i], asked, expected.cells[i] - now});
        }
        return {};
    }

    time_point latest_{};
    cell_map cells_;
};

template <class S, class SyncWait>
void storage_suite<S, SyncWait>::cells() {
    using std::chrono::milliseconds;
    constexpr milliseconds minute = std::chrono::minutes(1), hour = std::chrono::hours(1),
                           distant = std::chrono::hours(24 * 400), none{0};
    constexpr auto marked = cell_condition::if_marked, unmarked = cell_condition::unless_marked;

    const auto answer_to = [this](const cell_batch& batch) { return value_of(storage().take_cells(batch)); };
    const auto request = [&](const std::string& key, time_point at, const cell_request& r) {
        cell_batch batch(at);
        batch.add(r, key);
        return answer_to(batch);
    };
    const auto take = [&](const std::string& key, time_point at, milliseconds cost, milliseconds room) {
        return request(key, at, {.cost = cost, .room = room});
    };
    const auto move = [&](const std::string& key, time_point at, milliseconds cost, milliseconds room) {
        return request(key, at, {.action = cell_action::move, .cost = cost, .room = room}).cells[0];
    };
    // How far a cell is ahead of `at`.
    const auto ahead = [&](const std::string& key, time_point at) {
        const auto answer = request(key, at, {.action = cell_action::ask, .room = distant});
        return (std::max)(answer.cells[0] - at, none);
    };

    check("cells: take", [&] {
        const auto key = new_key(128);
        const auto start = now();
        expect(ahead(key, start) == none, "an absent cell must not be ahead of now");
        const auto first = take(key, start, minute, 3 * minute);
        expect(first.granted && !first.marked, "what is there must be granted, and not as to a marked client");
        expect(first.cells[0] == start + minute, "taking from an absent cell must bring it to now + cost");
        const auto second = take(key, start + milliseconds(10), 2 * minute, 3 * minute);
        expect(second.granted && second.cells[0] == start + 3 * minute,
               "taking must move the cell on by the cost, from where it is");
        const auto refused = take(key, start + milliseconds(20), minute, 3 * minute);
        expect(!refused.granted, "what is not there must be refused");
        expect(refused.cells[0] == start + 3 * minute, "a refused batch must get the cells as they are");
        expect(ahead(key, start) == 3 * minute, "a refused batch must change nothing");
        expect(!take(key, start + minute - milliseconds(1), minute, 3 * minute).granted,
               "what is not there for another millisecond must be refused");
        const auto again = take(key, start + minute, minute, 3 * minute);
        expect(again.granted && again.cells[0] == start + 4 * minute,
               "what is there from this millisecond on must be granted");
        auto other = key;
        other.back() = 'x';
        expect(take(other, start, minute, minute).granted, "different keys must not share a cell");
        expect(take(key, start + hour, minute, minute).cells[0] == start + hour + minute,
               "a cell that is over must start again from now");
    });
    check("cells: any key", [&] {
        const auto key = new_key();
        const auto start = now();
        std::vector<std::string> endings{"a", "A", "a ", " a", "", std::string(100, 'x'), std::string(107, 'x') + 'y'};
        for (const std::string text : awkward_texts) endings.push_back(text);
        for (const auto& ending : endings)
            expect(take(key + ending, start, minute, 2 * minute).cells[0] == start + minute,
                   "keys that differ in a byte must be different");
        for (const auto& ending : endings)
            expect(take(key + ending, start, minute, 2 * minute).cells[0] == start + 2 * minute,
                   "a cell must be found by any key");
        for (const auto& ending : endings) {
            cell_batch batch(start, key, ending);
            batch.add({.action = cell_action::ask, .room = distant}, key, "?");
            expect(answer_to(batch).marked, "a marker must be found by any key");
        }
        for (const char c : {'a', 'b'})
            is_accepted([&] {
                expect(take(key + '\0' + c, start, minute, hour).cells[0] == start + minute,
                       "take_cells must not cut off a key at a NUL");
            });
        expect(ahead(key, start) == 2 * minute, "take_cells must not cut off a key at a NUL");
    });
    check("cells: asking", [&] {
        const auto key = new_key();
        const auto start = now();
        const auto ask = [&](milliseconds cost, milliseconds room) {
            return request(key, start, {.action = cell_action::ask, .cost = cost, .room = room});
        };
        expect(ask(minute, minute).granted && !ask(2 * minute, minute).granted,
               "asking must be refused as taking would be");
        expect(ahead(key, start) == none, "asking must change nothing");
        take(key, start, minute, minute);
        expect(!ask(minute, minute).granted && ask(none, minute).granted, "asking must be refused as taking would be");
        const auto answer = ask(minute, hour);
        expect(answer.granted && answer.cells[0] == start + minute, "asking must get the cell as it is");
        expect(ahead(key, start) == minute, "asking must change nothing");

        cell_batch both(start);
        both.add({.action = cell_action::ask, .cost = minute, .room = minute}, key);
        both.add({.cost = minute, .room = hour}, key, "/other");
        expect(!answer_to(both).granted && ahead(key + "/other", start) == none,
               "a batch in which what is asked for is not there must be refused");
    });
    check("cells: move", [&] {
        const auto key = new_key();
        const auto start = now();
        expect((std::max)(move(key, start, -minute, hour), start) == start && ahead(key, start) == none,
               "moving an absent cell back must leave it absent");
        expect(move(key, start, 5 * minute, hour) == start + 5 * minute && ahead(key, start) == 5 * minute,
               "moving must move the cell on by the cost");
        expect(move(key, start, -2 * minute, hour) == start + 3 * minute && ahead(key, start) == 3 * minute,
               "moving must move the cell back by the cost");
        expect(move(key, start, 2 * hour, hour) == start + hour && ahead(key, start) == hour,
               "a cell must not be moved beyond room");
        expect(request(key, start, {.action = cell_action::move, .cost = minute, .room = minute}).granted,
               "moving must never be refused");
        expect(ahead(key, start) == minute, "a cell that is beyond room must be moved back to it");
        expect((std::max)(move(key, start, -hour, hour), start) == start, "a cell must not be moved before now");
        expect(ahead(key, start - hour) <= hour, "a cell must not be moved before now");
        expect(take(key, start, minute, minute).cells[0] == start + minute,
               "a cell that was moved back to now must start again from now");
        expect((std::max)(move(key, start, none, none), start) == start && ahead(key, start) == none,
               "a cell that is beyond room must be moved back to it");
    });
    check("cells: the marker", [&] {
        const auto start = now();
        const auto marker = new_key(128), mine = new_key(), theirs = new_key(), ours = new_key();
        const auto ask_for = [&](time_point at, const auto&... key) {
            cell_batch batch(at, key...);
            batch.add({.when = marked, .cost = minute, .room = hour}, mine);
            batch.add({.when = unmarked, .cost = minute, .room = hour}, theirs);
            batch.add({.cost = minute, .room = hour}, ours);
            return answer_to(batch);
        };
        expect(!ask_for(start).marked && !ask_for(start, marker).marked,
               "a batch whose marker is not there must not be marked");
        expect(ahead(theirs, start) == 2 * minute && ahead(ours, start) == 2 * minute && ahead(mine, start) == none,
               "without the marker, what is asked if_marked must not be asked, and all else must be");
        expect(ahead(marker, start) == none, "a marker must not be changed");
        take(marker, start, hour, hour);
        const auto answer = ask_for(start, marker);
        expect(answer.granted && answer.marked, "a batch whose marker is there must be marked");
        expect(ahead(theirs, start) == 2 * minute && ahead(ours, start) == 3 * minute && ahead(mine, start) == minute,
               "with the marker, what is asked unless_marked must not be asked, and all else must be");
        expect(answer.cells[0] == start + minute && answer.cells[2] == start + 3 * minute,
               "each cell must be answered at the place of its request");
        expect(ahead(marker, start) == hour, "a marker must not be changed");
        // What is for others and not there refuses nobody.
        cell_batch for_others(start, marker);
        for_others.add({.when = unmarked, .cost = hour, .room = none}, theirs);
        for_others.add({.cost = minute, .room = hour}, ours);
        expect(answer_to(for_others).granted && ahead(ours, start) == 4 * minute,
               "what is asked of others must refuse nobody");
        expect(ask_for(start + hour - milliseconds(1), marker).marked, "a marker must be there until it is over");
        expect(!ask_for(start + hour, marker).marked, "a marker that is over must not be there");
    });
    check("cells: the reserve", [&] {
        const auto start = now();
        const auto marker = new_key(), key = new_key();
        take(marker, start, hour, hour);
        const auto ask_for = [&](cell_action action, bool known, milliseconds cost) {
            cell_batch batch(start, known ? marker : std::string());
            batch.add({.action = action, .cost = cost, .room = 2 * minute, .reserve = minute}, key);
            return answer_to(batch);
        };
        expect(!ask_for(cell_action::take, false, 3 * minute).granted,
               "the reserve must not be granted without the marker");
        expect(ask_for(cell_action::take, false, 2 * minute).granted, "what is there must be granted without a marker");
        expect(!ask_for(cell_action::take, true, 2 * minute).granted, "what is beyond the reserve must be refused");
        expect(ask_for(cell_action::ask, true, minute).granted, "the reserve must be granted with the marker");
        expect(ask_for(cell_action::take, true, minute).cells[0] == start + 3 * minute,
               "the reserve must be granted with the marker");
        expect(ask_for(cell_action::move, true, minute).cells[0] == start + 3 * minute,
               "a cell must be moved into the reserve with the marker, and not beyond it");
        expect(ask_for(cell_action::move, false, minute).cells[0] == start + 2 * minute,
               "a cell must not be moved into the reserve without the marker");
    });
    check("cells: batches", [&] {
        const auto start = now();
        expect(answer_to(cell_batch(start)).granted, "an empty batch must be granted");
        const auto key = new_key(100);
        std::vector<std::size_t> order(cell_batch::most);
        std::iota(order.begin(), order.end(), std::size_t{0});
        for (int round = 1; round <= 2; ++round) {
            std::shuffle(order.begin(), order.end(), random_);
            cell_batch batch(start, key, "m");
            for (const auto i : order)
                batch.add({.cost = minute * static_cast<int>(1 + i), .room = hour}, key, std::to_string(i));
            const auto answer = answer_to(batch);
            bool in_order = answer.granted;
            for (std::size_t at = 0; at < order.size(); ++at)
                in_order = in_order && answer.cells[at] == start + round * static_cast<int>(1 + order[at]) * minute;
            expect(in_order, "each cell must be answered at the place of its request");
        }
        // One that goes on, one that is new, one that comes to its end and one that was over.
        const auto living = new_key(), added = new_key(), ended = new_key(), over = new_key();
        take(living, start, 2 * hour, distant);
        take(ended, start, 2 * hour, distant);
        take(over, start, hour, distant);
        const auto later = start + hour;
        cell_batch mixed(later);
        mixed.add({.cost = minute, .room = distant}, added);
        mixed.add({.action = cell_action::move, .cost = -distant, .room = distant}, ended);
        mixed.add({.cost = minute, .room = distant}, living);
        mixed.add({.cost = minute, .room = distant}, over);
        const auto answer = answer_to(mixed);
        expect(answer.granted && answer.cells[0] == later + minute && answer.cells[1] <= later &&
                   answer.cells[2] == start + 2 * hour + minute && answer.cells[3] == later + minute,
               "each request of a batch must be carried out for itself");
    });
    check("cells: refused batches", [&] {
        const auto start = now();
        const auto key = new_key();
        take(key, start, minute, hour);
        take(key + "/moved", start, minute, hour);
        for (std::size_t full = 0; full < cell_batch::most; ++full) {
            cell_batch batch(start);
            for (std::size_t i = 0; i < cell_batch::most; ++i)
                if (i == full)
                    batch.add({.cost = 2 * minute, .room = minute}, key, "/full");
                else if (i == (full + 1) % cell_batch::most)
                    batch.add({.action = cell_action::move, .cost = minute, .room = hour}, key, "/moved");
                else if (i == (full + 2) % cell_batch::most)
                    batch.add({.cost = minute, .room = hour}, key);
                else
                    batch.add({.cost = minute, .room = hour}, key, std::to_string(i));
            const auto answer = answer_to(batch);
            expect(!answer.granted, "a batch must be refused if one of its requests is");
            const auto at = [&](std::size_t i) { return answer.cells[(full + i) % cell_batch::most]; };
            expect(at(0) <= start && at(1) == start + minute && at(2) == start + minute && at(3) <= start,
                   "a refused batch must get the cells as they are");
        }
        bool untouched = ahead(key, start) == minute && ahead(key + "/moved", start) == minute;
        for (std::size_t i = 0; i < cell_batch::most; ++i)
            untouched = untouched && ahead(key + std::to_string(i), start) == none;
        expect(untouched, "a refused batch must change nothing");
    });
    check("cells: any time", [&] {
        // A clock that was turned back and one that was turned forward: only the batches say what time it is.
        const auto year = std::chrono::hours(24 * 365);
        for (const auto start : {now() - year, now(), now() + year}) {
            const auto key = new_key();
            const auto end = start + hour + milliseconds(1);
            take(key, start, end - start, distant);
            for (int i = 0; i < 10; ++i) take(new_key(), end - milliseconds(1), hour, distant);  // what is over may go
            expect(ahead(key, end - milliseconds(1)) == milliseconds(1), "a cell must live until it is over");
            expect(ahead(key, end) == none, "a cell that is over must not be ahead of now");
            expect(take(key, end, minute, minute).cells[0] == end + minute,
                   "a cell that is over must start again from now");
        }
    });
    check("cells: the far future", [&] {
        const auto start = now(), then = start + std::chrono::hours(24 * 365 * 10);
        const auto key = new_key();
        expect(take(key, start, distant, distant).cells[0] == start + distant,
               "a cell must be as far ahead as it was moved");
        expect(!take(key, start + hour, distant, distant).granted, "a cell must stay where it was moved");
        expect(take(key, start + distant, distant, distant).granted, "a cell that is over must start again from now");
        // The clock was wrong for a while.
        const auto other = new_key();
        take(other, then, minute, minute);
        expect(!take(other, start, minute, distant).granted && ahead(other, start) == then + minute - start,
               "a cell must live on if the clock is turned back");
        expect(move(other, start, none, hour) == start + hour, "a cell that is beyond room must be moved back to it");
        expect(take(other, start, minute, 2 * hour).cells[0] == start + hour + minute,
               "a cell that was moved back must go on from there");
    });
    check("cells: random batches", [&] {
        cell_model model;
        const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); };
        const std::array<milliseconds, 6> spans{none, milliseconds(1), std::chrono::seconds(1), minute, hour, distant};
        const auto span = [&] {
            const auto most = spans[below(spans.size())].count();
            return milliseconds(std::uniform_int_distribution<std::int64_t>(0, most)(random_));
        };
        std::vector<std::string> keys;
        for (int i = 0; i < 20; ++i) keys.push_back(new_key());
        auto clock = now();
        for (unsigned step = 0; step < options_.steps; ++step) {
            clock += span() % (10 * minute);
            std::shuffle(keys.begin(), keys.end(), random_);
            cell_batch batch(clock + std::chrono::seconds(below(2) * 2), below(2) == 0 ? std::string() : keys[0]);
            const auto size = below(4) == 0 ? below(cell_batch::most + 1) : below(4);
            for (std::size_t i = 0; i < size; ++i) {
                cell_request r{static_cast<cell_action>(1 + below(3)), static_cast<cell_condition>(1 + below(3)),
                               span(), below(2) == 0 ? distant : span(), span()};
                if (r.action == cell_action::move && below(2) == 0) r.cost = -r.cost;
                batch.add(r, keys[1 + i]);
            }
            const auto asked = std::chrono::steady_clock::now();
            const auto wrong = model.difference(batch, answer_to(batch), asked);
            expect(wrong.empty(), wrong);
            if (!wrong.empty()) return;
        }
    });
    check("cells: racing takes", [&] {
        const std::size_t each = (99 + options_.threads) / options_.threads;  // a hundred callers, or a few more
        const auto expect_ten = [&](const std::string& key, time_point at) {
            std::vector<cell_answer> answers(options_.threads * each);
            in_parallel([&](unsigned i) {
                for (std::size_t n = 0; n < each; ++n) answers[i * each + n] = take(key, at, minute, 10 * minute);
            });
            std::vector<time_point> granted;
            for (const auto& answer : answers)
                if (answer.granted) granted.push_back(answer.cells[0]);
            std::sort(granted.begin(), granted.end());
            bool each_once = granted.size() == 10;
            for (std::size_t i = 0; each_once && i < 10; ++i)
                each_once = granted[i] == at + static_cast<int>(i + 1) * minute;
            expect(each_once, "take_cells must be one atomic step: of a hundred callers that take at once what is "
                              "there for ten, ten must be granted it, each another part");
        };
        race([&] {
            const auto key = new_key();
            expect_ten(key, now());
            expect_ten(key, now() + hour);  // it starts again
        });
    });
    check("cells: racing batches", [&] {
        race([&] {
            // The same keys, in another order for each caller: a storage that locks them in the order in which they
            // come gets into a deadlock. One of them has room for half of the callers.
            constexpr std::size_t each = 2;
            const auto at = now();
            const auto key = new_key();
            const auto room = static_cast<int>(options_.threads * each + 1) / 2 * minute;
            std::vector<std::size_t> order{0, 1, 2, 3, 4};
            std::vector<cell_batch> batches(options_.threads, cell_batch(at));
            for (auto& batch : batches) {
                std::shuffle(order.begin(), order.end(), random_);
                for (const auto i : order)
                    batch.add({.cost = minute, .room = i == 0 ? room : distant}, key, std::to_string(i));
            }
            std::atomic<int> granted = 0;
            in_parallel([&](unsigned i) {
                for (std::size_t n = 0; n < each; ++n) granted += answer_to(batches[i]).granted;
            });
            bool all_or_none = granted.load() * minute == room;
            for (const auto i : order) all_or_none = all_or_none && ahead(key + std::to_string(i), at) == room;
            expect(all_or_none, "a batch must be granted whole or not at all, in one atomic step, in whatever order "
                                "batches name their keys");
        });
    });
    check("cells: takes that race with moves", [&] {
        race([&] {
            const auto key = new_key();
            const auto at = now();
            take(key, at, hour, distant);
            in_parallel([&](unsigned i) {
                for (int n = 0; n < 5; ++n)
                    if (i % 2 == 0)
                        take(key, at, 2 * minute, distant);
                    else
                        move(key, at, -minute, distant);
            });
            const int taking = static_cast<int>(options_.threads + 1) / 2,
                      moving = static_cast<int>(options_.threads) / 2;
            expect(ahead(key, at) == hour + 5 * (2 * taking - moving) * minute,
                   "nothing that take_cells has acknowledged must be lost");
        });
    });
}

}  // namespace detail
}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
