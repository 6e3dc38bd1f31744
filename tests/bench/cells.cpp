// SPDX-License-Identifier: BSL-1.0
// What cells cost. Prints and passes no judgement:
// - batches of requests, as at the start of a login, in each store: that take, that only ask, that are refused;
// - one cell from which every batch takes: how many batches go through, with one and with two processes, and how long a
//   look-up takes beside two thousand of them.
//
//     tests/scripts/with_servers.sh postgres redis -- bench_cells [--short]     (--short: only to see that it works)

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <phoneauth/asio/postgres.hpp>
#include <phoneauth/asio/redis.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/storage/postgres.hpp>
#include <phoneauth/storage/redis.hpp>
#include <phoneauth/storage/sqlite.hpp>

#include "support/temporary_folder.hpp"

using namespace phoneauth;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

/// How much is measured.
struct extent {
    unsigned batches = 1000;
    unsigned beside = 2000;
    std::chrono::milliseconds time = 3s;
} measured;

double milliseconds_since(clock_type::time_point begin) {
    return std::chrono::duration<double, std::milli>(clock_type::now() - begin).count();
}

/// Keys that no other process, nor former run, has used.
std::string unused(unsigned n) {
    static const auto run = std::to_string(system_clock().now().time_since_epoch().count()) + ":";
    return run + std::to_string(::getpid()) + ":" + std::to_string(n);
}

/// `takes` of `count` requests take, the others ask; one of the former takes from the cell that all have in common.
cell_batch batch(unsigned n, unsigned count, unsigned takes, bool hot = false) {
    const auto id = unused(n);
    cell_batch all(system_clock().now(), "client:", id);
    for (unsigned i = 0; i < count; ++i) {
        const auto action = i < takes ? cell_action::take : cell_action::ask;
        if (hot && i == 0)
            all.add({.action = action, .cost = 1ms, .room = 24h}, "all");
        else
            all.add({.action = action, .cost = 1s, .room = 1h}, "limit", std::to_string(i), ":", id);
    }
    return all;
}

/// One that the last of its requests refuses.
cell_batch refused(unsigned n, unsigned count) {
    auto all = batch(n, count - 1, count - 1);
    all.add({.cost = 2h, .room = 1h}, "full");
    return all;
}

double at_share(std::vector<double>& all, double share) {
    const auto place = all.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(all.size() - 1));
    std::nth_element(all.begin(), place, all.end());
    return *place;
}

template <class S>
void batches(const char* name, S& storage) {
    std::printf("%-28s", name);
    static unsigned n = 0;
    const auto measure = [&](auto make) {
        std::vector<double> all;
        for (unsigned i = 0; i < measured.batches; ++i) {
            const auto asked = make(++n);
            const auto begin = clock_type::now();
            storage.take_cells(asked);
            all.push_back(1000 * milliseconds_since(begin));
        }
        std::printf(" %10.1f", at_share(all, 0.5));
    };
    measure([](unsigned place) { return batch(place, 3, 1); });
    measure([](unsigned place) { return batch(place, 9, 8); });
    measure([](unsigned place) { return batch(place, 9, 0); });
    measure([](unsigned place) { return refused(place, 9); });
    std::printf("\n");
    std::fflush(stdout);
}

/// Batches per second of so many processes. `work(process, done)` counts them until the time is over.
template <class Work>
double per_second(unsigned processes, Work work) {
    void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto& done = *new (memory) std::atomic<unsigned>(0);
    std::fflush(nullptr);
    for (unsigned p = 0; p < processes; ++p)
        if (::fork() == 0) {
            work(clock_type::now() + measured.time, done);
            ::_exit(0);
        }
    while (::wait(nullptr) > 0) {
    }
    const double rate = done / std::chrono::duration<double>(measured.time).count();
    ::munmap(memory, 4096);
    return rate;
}

/// With so many requests in each batch.
template <class Open>
void one_hot_cell(const char* name, Open open, unsigned count, unsigned takes) {
    const auto blocking = [&](clock_type::time_point end, std::atomic<unsigned>& done) {
        const auto storage = open();
        std::vector<std::jthread> all;
        for (unsigned t = 0; t < 4; ++t)
            all.emplace_back([&, t] {
                for (unsigned n = t; clock_type::now() < end; n += 4, ++done)
                    storage->take_cells(batch(n, count, takes, true));
            });
    };
    std::printf("%-28s %2u requests: %8.0f batches/s", name, count, per_second(1, blocking));
    std::printf(", two processes %8.0f\n", per_second(2, blocking));
    std::fflush(stdout);
}

template <class Open>
void one_hot_cell_async(const char* name, Open open, unsigned count, unsigned takes) {
    const auto work = [&](clock_type::time_point end, std::atomic<unsigned>& done) {
        ::asio::io_context context;
        const auto storage = open(context);
        const auto flow = [&](unsigned first) -> ::asio::awaitable<void> {
            for (unsigned n = first; clock_type::now() < end; n += 256, ++done) {
                const auto asked = batch(n, count, takes, true);
                (void)co_await storage->take_cells(asked);
            }
        };
        for (unsigned i = 0; i < 256; ++i) ::asio::co_spawn(context, flow(i), ::asio::detached);
        context.run();
    };
    std::printf("%-28s %2u requests: %8.0f batches/s", name, count, per_second(1, work));
    std::printf(", two processes %8.0f\n", per_second(2, work));
    std::fflush(stdout);
}

/// How long a look-up takes alone, and while so many batches are under way.
template <class Open>
void look_ups_beside(const char* name, Open open, unsigned count, unsigned takes) {
    ::asio::io_context context;
    const auto storage = open(context);
    const unsigned batches = measured.beside;
    unsigned left = 0, failed = 0;
    std::vector<double> times, waits;
    const std::string id = "01234567-89AB-CDEF-0123-456789ABCDEF";
    const auto look_up = [&](unsigned least) -> ::asio::awaitable<void> {
        for (unsigned i = 0; i < least || left > 0; ++i) {
            const auto begin = clock_type::now();
            (void)co_await storage->find_transaction(id);
            times.push_back(milliseconds_since(begin));
        }
    };
    const auto take = [&](unsigned n) -> ::asio::awaitable<void> {
        const auto asked = batch(n, count, takes, true);
        const auto begin = clock_type::now();
        try {
            (void)co_await storage->take_cells(asked);
        } catch (const std::exception&) {
            ++failed;
        }
        waits.push_back(milliseconds_since(begin));
        --left;
    };
    const auto run = [&](unsigned finders, unsigned least) {
        for (unsigned i = 0; i < finders; ++i) ::asio::co_spawn(context, look_up(least), ::asio::detached);
        context.run();
        context.restart();
    };
    run(8, 100);
    std::printf("%-28s %2u requests: a find alone: median %.2f, 99 %% %.2f ms;", name, count, at_share(times, 0.5),
                at_share(times, 0.99));
    times.clear();
    left = batches;
    const auto begin = clock_type::now();
    for (unsigned n = 0; n < batches; ++n) ::asio::co_spawn(context, take(n), ::asio::detached);
    run(8, 1);
    const auto took = milliseconds_since(begin);
    double sum = 0;
    for (const auto t : times) sum += t;
    std::printf(" beside %u: mean %.2f, median %.2f, 99 %% %.2f ms (%zu finds); all done in %.0f ms, %u failed\n",
                batches, sum / static_cast<double>(times.size()), at_share(times, 0.5), at_share(times, 0.99),
                times.size(), took, failed);
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "--short") measured = {20, 50, 100ms};
    const auto url_of = [](const char* name) {
        const auto* url = std::getenv(name);
        return std::string(url ? url : "");
    };
    const auto postgres = url_of("PHONEAUTH_TEST_POSTGRES"), redis = url_of("PHONEAUTH_TEST_REDIS");
    const support::temporary_folder folder;

    // Those that fork come first, before there are threads and connections here.
    for (const auto& [count, takes] : {std::pair(1u, 1u), {9u, 8u}}) {
        if (!postgres.empty()) {
            const auto blocking = [&] { return std::make_unique<postgres_storage>(postgres); };
            const auto async = [&](::asio::io_context& context) {
                return std::make_unique<async_postgres_storage>(context.get_executor(), postgres,
                                                                postgres_options{.timeout = 60s});
            };
            one_hot_cell("PostgreSQL, 4 threads", blocking, count, takes);
            one_hot_cell_async("PostgreSQL, testing::posting", async, count, takes);
            look_ups_beside("PostgreSQL, testing::posting", async, count, takes);
        }
        if (!redis.empty()) {
            const auto async = [&](::asio::io_context& context) {
                return std::make_unique<async_redis_storage>(context.get_executor(), redis);
            };
            one_hot_cell_async("Redis, testing::posting", async, count, takes);
            look_ups_beside("Redis, testing::posting", async, count, takes);
        }
    }

    std::printf("\n%-28s %10s %10s %10s %10s   median microseconds of a batch: so many requests/of them take\n", "",
                "3/1", "9/8", "9/0", "refused");
    {
        memory_storage storage;
        batches("memory", storage);
    }
    {
        sqlite_storage storage(folder.file("store.db"));
        batches("SQLite", storage);
        sqlite_storage careless(folder.file("careless.db"), {.survive_power_loss = false});
        batches("SQLite, no power loss", careless);
    }
    if (!postgres.empty()) {
        postgres_storage storage(postgres);
        batches("PostgreSQL", storage);
    }
    if (!redis.empty()) {
        redis_storage storage(redis);
        batches("Redis", storage);
    }
}
