// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <ostream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <phoneauth/cell.hpp>

using namespace phoneauth;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

const time_point noon = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + 12h;
constexpr time_point absent{};

constexpr auto take = cell_action::take;
constexpr auto ask = cell_action::ask;
constexpr auto move = cell_action::move;
constexpr auto always = cell_condition::always;
constexpr auto if_marked = cell_condition::if_marked;
constexpr auto unless_marked = cell_condition::unless_marked;

/// What becomes of one request at noon, for a cell that is so far ahead.
cell_answer answer_to(const cell_request& r, milliseconds ahead, bool marked = false) {
    cell_batch batch(noon, "marker");
    batch.add(r, "key");
    const std::array stored{marked ? noon + 1ms : noon, noon + ahead};
    return decide(batch, stored);
}

struct one_request {
    const char* name;
    cell_request request;
    milliseconds ahead;
    bool marked;
    bool granted;
    milliseconds after;
};

/// "At most `count` in any stretch of `stretch`", as a request for one.
cell_request at_most(int count, milliseconds stretch) {
    const int burst = (count + 1) / 2, rest = count - burst;
    const auto interval = rest == 0 ? stretch + 1ms : (stretch + milliseconds(rest - 1)) / rest;
    return {.cost = interval, .room = burst * interval};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cells)

BOOST_AUTO_TEST_CASE(what_becomes_of_one_request) {
    const std::vector<one_request> table{
        {"a take of what is there", {take, always, 1s, 3s}, 0s, false, true, 1s},
        {"a cell in the past", {take, always, 1s, 3s}, -9h, false, true, 1s},
        {"a cell in the past by a millisecond", {take, always, 1s, 3s}, -1ms, false, true, 1s},
        {"the last that is there", {take, always, 1s, 3s}, 2s, false, true, 3s},
        {"a millisecond too much", {take, always, 1s, 3s}, 2001ms, false, false, 2001ms},
        {"more than there ever is", {take, always, 4s, 3s}, 0s, false, false, 0s},
        {"nothing, of what is full", {take, always, 0s, 3s}, 3s, false, true, 3s},
        {"nothing, of what is beyond", {take, always, 0s, 3s}, 4s, false, false, 4s},
        {"the reserve, without the marker", {take, always, 1s, 3s, 1s}, 3s, false, false, 3s},
        {"the reserve, with it", {take, always, 1s, 3s, 1s}, 3s, true, true, 4s},
        {"beyond the reserve", {take, always, 1s, 3s, 1s}, 3001ms, true, false, 3001ms},
        {"asking", {ask, always, 1s, 3s}, 2s, false, true, 2s},
        {"asking for too much", {ask, always, 1s, 3s}, 3s, false, false, 3s},
        {"asking for the reserve", {ask, always, 1s, 3s, 1s}, 3s, true, true, 3s},
        {"moving on", {move, always, 1s, 3s}, 1s, false, true, 2s},
        {"moving on from the past", {move, always, 1s, 3s}, -1h, false, true, 1s},
        {"moving on to the end", {move, always, 9s, 3s}, 1s, false, true, 3s},
        {"moving into the reserve", {move, always, 9s, 3s, 2s}, 1s, true, true, 5s},
        {"moving back", {move, always, -1s, 3s}, 2s, false, true, 1s},
        {"moving back to now", {move, always, -9s, 3s}, 2s, false, true, 0s},
        {"moving back what is beyond", {move, always, -1s, 3s}, 9s, false, true, 3s},
        {"moving to no room", {move, always, 1s, 0s}, 9s, false, true, 0s},
        {"moving to less than no room", {move, always, 1s, -5s}, 9s, false, true, 0s},
        {"as far as it goes", {take, always, 24h * 400, 24h * 400}, 0s, false, true, 24h * 400},
        {"for the marked, of another", {take, if_marked, 9s, 3s}, 1s, false, true, 1s},
        {"for the marked", {take, if_marked, 1s, 3s}, 1s, true, true, 2s},
        {"too much for the marked", {take, if_marked, 9s, 3s}, 1s, true, false, 1s},
        {"for others, of a marked one", {take, unless_marked, 9s, 3s}, 1s, true, true, 1s},
        {"for others", {take, unless_marked, 1s, 3s}, 1s, false, true, 2s},
        {"moving, for the marked, of another", {move, if_marked, 1s, 3s}, 1s, false, true, 1s},
    };
    for (const auto& t : table) {
        const auto answer = answer_to(t.request, t.ahead, t.marked);
        BOOST_TEST(answer.granted == t.granted, t.name);
        BOOST_TEST(answer.marked == t.marked, t.name);
        BOOST_TEST((answer.cells[0] - noon).count() == t.after.count(), t.name);
    }
}

BOOST_AUTO_TEST_CASE(whom_a_request_is_for) {
    BOOST_TEST((is_for({.when = always}, false) && is_for({.when = always}, true)));
    BOOST_TEST((!is_for({.when = if_marked}, false) && is_for({.when = if_marked}, true)));
    BOOST_TEST((is_for({.when = unless_marked}, false) && !is_for({.when = unless_marked}, true)));
}

BOOST_AUTO_TEST_CASE(a_marker_is_there_while_it_is_ahead_of_now) {
    const auto marked = [](const cell_batch& batch, time_point marker) {
        return decide(batch, std::array{marker}).marked;
    };
    BOOST_TEST(!marked(cell_batch(noon, "m"), absent));
    BOOST_TEST(!marked(cell_batch(noon, "m"), noon));
    BOOST_TEST(marked(cell_batch(noon, "m"), noon + 1ms));
    BOOST_TEST(!marked(cell_batch(noon), noon + 1ms));  // whatever a storage gives for no key
}

BOOST_AUTO_TEST_CASE(a_batch_is_granted_whole_or_not_at_all) {
    for (std::size_t full = 0; full <= cell_batch::most; ++full) {
        cell_batch batch(noon);
        std::array<time_point, 1 + cell_batch::most> stored{};
        for (std::size_t i = 0; i < cell_batch::most; ++i) {
            batch.add({i % 3 == 0 ? move : take, always, 1s, 5s}, std::to_string(i));
            stored[1 + i] = noon + 1s * static_cast<int>(i % 5);
        }
        if (full < cell_batch::most) stored[1 + full] = noon + 5s;
        const auto answer = decide(batch, stored);
        BOOST_TEST(answer.granted == (full == cell_batch::most || full % 3 == 0), full);
        for (std::size_t i = 0; i < cell_batch::most; ++i) {
            const auto moved = answer.granted ? std::min(stored[1 + i] + 1s, noon + 5s) : stored[1 + i];
            BOOST_TEST((answer.cells[i] == moved), full << ' ' << i);
        }
    }
    BOOST_TEST(decide(cell_batch(noon), std::array{absent}).granted);
}

BOOST_AUTO_TEST_CASE(a_batch_puts_keys_together) {
    const std::string id(100, 'x');
    cell_batch batch(noon, "known:", id);
    BOOST_TEST(batch.empty());
    batch.add({.cost = 1s}, "a", std::string("b"), std::string_view("c"));
    batch.add({.cost = 2s}, id);
    BOOST_TEST((batch.now() == noon));
    BOOST_TEST(batch.marker() == "known:" + id);
    BOOST_TEST(batch.size() == 2u);
    BOOST_TEST(batch.key(0) == "abc");
    BOOST_TEST(batch.key(1) == id);
    BOOST_TEST((batch[1].cost == 2s));
    const auto copy = batch;
    for (std::size_t i = 2; i < cell_batch::most; ++i) batch.add({}, id, std::to_string(i));
    BOOST_CHECK_THROW(batch.add({}, "one more"), std::length_error);
    BOOST_TEST(batch.size() == 16u);
    BOOST_TEST(batch.key(15) == id + "15");
    BOOST_TEST(copy.size() == 2u);
    BOOST_TEST(copy.key(0) == "abc");
    BOOST_TEST(cell_batch(noon).marker() == "");
}

BOOST_AUTO_TEST_CASE(at_most_so_many_in_any_stretch_and_the_wait_is_exact) {
    std::mt19937_64 random(20260101);
    const auto below = [&](std::int64_t n) { return std::uniform_int_distribution<std::int64_t>(0, n - 1)(random); };
    constexpr std::array stretches{milliseconds(7), milliseconds(1s), milliseconds(10min), milliseconds(24h),
                                   milliseconds(24h * 30)};
    int too_many = 0, granted = 0, full = 0, too_early = 0, too_late = 0;
    for (int limit = 0; limit < 1000; ++limit) {
        const int count = static_cast<int>(below(4) == 0 ? 1 + below(3) : 1 + below(40));
        const auto stretch = stretches[static_cast<std::size_t>(below(5))] + milliseconds(below(3));
        const auto request = at_most(count, stretch);
        std::array stored{absent, absent};
        const auto answer_at = [&](time_point t) {
            cell_batch batch(t);
            batch.add(request, "key");
            return decide(batch, stored);
        };
        auto now = noon;
        std::deque<time_point> taken;  // in the last stretch, both of its ends included
        for (int step = 0; step < 1000; ++step) {
            const auto answer = answer_at(now);
            auto wait = milliseconds(0);
            if (answer.granted) {
                stored[1] = answer.cells[0];
                taken.push_back(now);
                while (taken.front() < now - stretch) taken.pop_front();
                const auto in_stretch = static_cast<int>(taken.size());
                too_many += in_stretch > count;
                full += in_stretch == count;
                ++granted;
            } else {
                wait = answer.cells[0] + request.cost - (now + request.room);
                too_early += wait <= 0ms || answer_at(now + wait - 1ms).granted;
                too_late += !answer_at(now + wait).granted;
            }
            switch (below(4)) {
            case 0:
                break;  // at once
            case 1:
                now += wait;
                break;
            case 2:
                now += milliseconds(below(request.cost.count() + 1));
                break;
            default:
                now += milliseconds(below(20) == 0 ? below(2 * stretch.count()) : below(2));
                break;
            }
        }
    }
    BOOST_TEST(too_many == 0);
    BOOST_TEST(too_early == 0);
    BOOST_TEST(too_late == 0);
    // It is a limit that is worth its name, and not one that refuses everybody.
    BOOST_TEST(granted > 100'000);
    BOOST_TEST(full > 1000);
}

BOOST_AUTO_TEST_SUITE_END()
