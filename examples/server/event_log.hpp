// SPDX-License-Identifier: BSL-1.0
// The example server's log: what its authenticator's observer is told, a line of JSON for each event.
#ifndef PHONEAUTH_EXAMPLES_SERVER_EVENT_LOG_HPP
#define PHONEAUTH_EXAMPLES_SERVER_EVENT_LOG_HPP

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include <phoneauth/event.hpp>

namespace server {

/// Writes events from a thread of its own: a disk or a pipe that is slow, or that nobody reads, must not keep users
/// waiting. Events that come when `max_waiting` lines are not yet written are dropped and counted; the next line that
/// can be written is then {"event":"dropped","count":N}.
class event_log {
public:
    static constexpr std::size_t max_waiting = 8192;

    /// `target`: "-" for the standard output, "stderr", or a file, to which it appends. Throws `std::runtime_error`.
    explicit event_log(const std::string& target);
    event_log(const event_log&) = delete;
    event_log& operator=(const event_log&) = delete;
    /// Writes what is waiting, unless that takes more than a second.
    ~event_log();

    /// Thread-safe, and never waits for the target.
    void operator()(const phoneauth::event& e);

    /// How many events were dropped.
    std::uint64_t dropped() const;

private:
    void run();
    bool write(const std::string& text);
    bool out_of_time() const;  ///< to be called with the mutex locked

    int fd_;
    bool owned_ = false;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> lines_;
    std::uint64_t dropped_ = 0, told_ = 0;  ///< how many were dropped; of how many of them the log tells
    bool stopping_ = false;
    std::chrono::steady_clock::time_point end_{};  ///< of the time to write, once it is stopping
    std::thread writer_;
};

/// `json` without anything but ASCII that can be printed: a terminal that shows a log must not obey what strangers put
/// into it. Other characters become \uXXXX, which means the same in JSON.
std::string printable_json(const std::string& json);

}  // namespace server

#endif
