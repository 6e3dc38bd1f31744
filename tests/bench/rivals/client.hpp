// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_BENCH_RIVALS_CLIENT_HPP
#define PHONEAUTH_TESTS_BENCH_RIVALS_CLIENT_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <sys/resource.h>

#if __has_include(<valgrind/callgrind.h>)  // of the package that brings valgrind
#include <valgrind/callgrind.h>
#endif

/// What bench_sending wants of a client: to send one and the same message again and again over kept connections, so many
/// at a time, each under a time limit, and to read the reply's status and body.
namespace bench {

/// For each step of an exchange: long, because valgrind makes 64 handshakes take their time.
constexpr std::chrono::seconds time_limit{120};

struct load {
    bool tls = false;
    std::string port;     ///< of "localhost"
    std::string ca_file;  ///< to be trusted; the host name is to be verified, too
    unsigned in_flight = 1;
    std::string path, form;
    std::vector<std::pair<std::string, std::string>> headers;

    std::string origin() const { return (tls ? "https://localhost:" : "http://localhost:") + port; }
};

/// Counts what was sent. The first requests, with which the connections are made, are not measured: neither their time
/// nor, where valgrind is told to wait for that, their instructions. Thread-safe.
class tally {
public:
    using clock = std::chrono::steady_clock;

    tally(unsigned unmeasured, unsigned measured) : unmeasured_(unmeasured), all_(unmeasured + measured) {
        times.reserve(measured);
    }

    /// Whether one more is to be sent.
    bool begin() { return begun_.fetch_add(1, std::memory_order_relaxed) < all_; }

    void end(clock::time_point begun, unsigned status, std::size_t body_size) {
        const std::lock_guard lock(mutex_);
        if (status != 201 || body_size < 100) ++failed;
        if (++ended_ > unmeasured_)
            times.push_back(std::chrono::duration<double, std::micro>(clock::now() - begun).count());
        if (ended_ == unmeasured_) {
            ::getrusage(RUSAGE_SELF, &before);
#ifdef CALLGRIND_START_INSTRUMENTATION
            CALLGRIND_START_INSTRUMENTATION;
#endif
        }
        if (ended_ == all_) {
#ifdef CALLGRIND_STOP_INSTRUMENTATION
            CALLGRIND_STOP_INSTRUMENTATION;
#endif
            ::getrusage(RUSAGE_SELF, &after);
        }
    }

    std::vector<double> times;  ///< from request to reply, microseconds
    rusage before{}, after{};   ///< of the whole process
    unsigned failed = 0;

private:
    const unsigned unmeasured_, all_;
    std::atomic<unsigned> begun_ = 0;
    unsigned ended_ = 0;
    std::mutex mutex_;
};

void send_with_beast(const load&, tally&);
void send_with_curl(const load&, tally&);
void send_with_httplib(const load&, tally&);

}  // namespace bench

#endif
