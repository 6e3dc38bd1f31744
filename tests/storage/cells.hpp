// SPDX-License-Identifier: BSL-1.0
// What the tests of both servers ask of cells, beyond the suite: that they agree with `decide`, and that a batch is one
// step whatever others do.
#ifndef PHONEAUTH_TESTS_STORAGE_CELLS_HPP
#define PHONEAUTH_TESTS_STORAGE_CELLS_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <latch>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <phoneauth/cell.hpp>

namespace cell_tests {

using namespace phoneauth;
using namespace std::chrono_literals;

inline const time_point start = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + 12h;

/// A request to take `cost` where there is room for `room`.
inline cell_request takes(std::chrono::milliseconds cost, std::chrono::milliseconds room = 400 * 24h) {
    return {.cost = cost, .room = room};
}
/// A request that changes nothing, and is granted.
inline cell_request asks() {
    return {.action = cell_action::ask, .room = 400 * 24h};
}
/// A request to move by `cost`.
inline cell_request moves(std::chrono::milliseconds cost, std::chrono::milliseconds room = 400 * 24h) {
    return {.action = cell_action::move, .cost = cost, .room = room};
}

/// A batch with the same request for each key.
template <class... Keys>
cell_batch batch_of(time_point now, const cell_request& r, const Keys&... keys) {
    cell_batch batch(now);
    (batch.add(r, keys), ...);
    return batch;
}

/// Cells as `decide` wants them.
class model {
public:
    cell_answer take_cells(const cell_batch& batch) {
        std::array<time_point, 1 + cell_batch::most> stored{};
        stored[0] = cells_[std::string(batch.marker())];
        for (std::size_t i = 0; i < batch.size(); ++i) stored[1 + i] = cells_[std::string(batch.key(i))];
        const auto answer = decide(batch, stored);
        for (std::size_t i = 0; i < batch.size(); ++i) cells_[std::string(batch.key(i))] = answer.cells[i];
        return answer;
    }

private:
    std::map<std::string, time_point> cells_;
};

/// Any batch of up to sixteen requests for some of 24 cells, four of which are markers, too.
inline cell_batch any_batch(time_point now, std::mt19937& random) {
    const auto below = [&](unsigned n) { return static_cast<int>(random() % n); };
    auto batch = below(3) == 0 ? cell_batch(now) : cell_batch(now, "k", std::to_string(below(4)));
    std::array<int, 24> keys{};
    std::iota(keys.begin(), keys.end(), 0);
    std::shuffle(keys.begin(), keys.end(), random);
    const bool only_asks = below(8) == 0;
    for (int i = 0, size = below(17); i < size; ++i) {
        const auto key = "k" + std::to_string(keys[static_cast<std::size_t>(i)]);
        if (key == batch.marker()) continue;
        cell_request r;
        r.action = static_cast<cell_action>(only_asks || below(5) == 0 ? 2 : below(4) == 0 ? 3 : 1);
        r.when = static_cast<cell_condition>(below(2) ? 1 : 1 + below(3));
        r.cost = (r.action == cell_action::move ? below(1500) - 900 : below(120)) * 1s;
        r.room = (below(12) == 0 ? below(200) : 800 + below(900)) * 1s;
        r.reserve = below(2) * below(500) * 1s;
        batch.add(r, key);
    }
    return batch;
}

/// How many of so many steps it takes until `storage` answers otherwise than `decide`; all if it never does.
template <class S>
int steps_that_agree(S& storage, int steps) {
    std::mt19937 random(1);
    model expected;
    auto now = start;
    for (int step = 0; step < steps; ++step) {
        now += static_cast<int>(random() % 60) * (random() % 10 == 0 ? 60'000ms : 1001ms);
        const auto batch = any_batch(now, random);
        const auto wanted = expected.take_cells(batch), got = storage.take_cells(batch);
        if (got.granted != wanted.granted || got.marked != wanted.marked) return step;
        for (std::size_t i = 0; i < batch.size(); ++i)
            if (is_for(batch[i], wanted.marked) && std::max(got.cells[i], now) != std::max(wanted.cells[i], now))
                return step;
    }
    return steps;
}

/// How many of the calls are granted that `threads` make at once, `calls` each. `batch(thread, call)` is what they ask.
template <class S, class Batch>
int granted_at_once(S& storage, int threads, int calls, Batch batch) {
    std::atomic<int> granted = 0;
    std::latch all(threads);
    std::vector<std::jthread> running;
    for (int thread = 0; thread < threads; ++thread)
        running.emplace_back([&, thread] {
            all.arrive_and_wait();
            for (int call = 0; call < calls; ++call)
                if (storage.take_cells(batch(thread, call)).granted) ++granted;
        });
    running.clear();
    return granted;
}

}  // namespace cell_tests

#endif
