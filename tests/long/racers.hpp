// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_LONG_RACERS_HPP
#define PHONEAUTH_TESTS_LONG_RACERS_HPP

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.hpp"
#include "support/temporary_folder.hpp"

// Processes that do the same at the same time, and write it all down on one board.

namespace proofs {

/// A `Board` that processes share: it has a `barrier` for all racers, and is zero at first, as anonymous memory is.
template <class Board>
class shared_board {
public:
    explicit shared_board(unsigned racers) {
        void* memory = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) std::abort();
        board_ = new (memory) Board;
        pthread_barrierattr_t shared;
        pthread_barrierattr_init(&shared);
        pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
        pthread_barrier_init(&board_->barrier, &shared, racers);
    }
    shared_board(const shared_board&) = delete;
    shared_board& operator=(const shared_board&) = delete;
    ~shared_board() { ::munmap(board_, sizeof(Board)); }

    Board& operator*() const noexcept { return *board_; }
    Board* operator->() const noexcept { return board_; }

private:
    Board* board_;
};

/// Starts `processes` and waits for them. In each, `work(start)` makes ready what its threads share and calls `start(run)`,
/// which has each of them call `run(me)`, where all racers are numbered from 0. False if one of them failed.
template <class Work>
bool run_racers(unsigned processes, unsigned threads, Work work) {
    std::vector<pid_t> running;
    for (unsigned p = 0; p < processes; ++p) {
        const auto pid = ::fork();
        if (pid < 0) std::abort();
        if (pid > 0) {
            running.push_back(pid);
            continue;
        }
        try {
            work([&](auto run) {
                std::vector<std::jthread> all;
                for (unsigned t = 0; t < threads; ++t) all.emplace_back([&run, me = p * threads + t] { run(me); });
            });
            ::_exit(0);
        } catch (const std::exception& e) {
            std::fprintf(stderr, "  %s\n", e.what());
            ::_exit(1);
        }
    }
    bool ok = true;
    for (std::size_t left = running.size(); left > 0; --left) {
        int status = 0;
        const auto ended = ::wait(&status);
        if (status != 0 && ok) {  // the others would wait for it for ever
            ok = false;
            for (const auto pid : running)
                if (pid != ended) ::kill(pid, SIGKILL);
        }
    }
    return ok;
}

/// `prove(name, open, n)` for each store that is here; `open()` gives a handle to it. The store in memory has one process
/// with all threads.
template <class Sizes, class Prove>
void on_each_store(tally& t, const support::temporary_folder& temporary, const Sizes& n, Prove prove) {
    auto alone = n;
    alone.threads *= alone.processes;
    alone.processes = 1;
    prove(
        "memory", [] { return std::make_unique<memory_storage>(); }, alone);
    const auto file = temporary.file("store.db");
    prove(
        "SQLite", [&] { return std::make_unique<sqlite_storage>(file); }, n);
    if (const auto url = url_of("PHONEAUTH_TEST_POSTGRES"); url.empty())
        t.skip("PostgreSQL: PHONEAUTH_TEST_POSTGRES is not set");
    else
        prove(
            "PostgreSQL", [&] { return std::make_unique<postgres_storage>(url); }, n);
    if (const auto url = url_of("PHONEAUTH_TEST_REDIS"); url.empty())
        t.skip("Redis: PHONEAUTH_TEST_REDIS is not set");
    else
        prove(
            "Redis", [&] { return std::make_unique<redis_storage>(url); }, n);
}

}  // namespace proofs

#endif
