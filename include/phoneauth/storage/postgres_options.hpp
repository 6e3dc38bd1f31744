// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_POSTGRES_OPTIONS_HPP
#define PHONEAUTH_STORAGE_POSTGRES_OPTIONS_HPP

#include <chrono>
#include <cstddef>

namespace phoneauth {
inline namespace v0 {

/// How a `postgres_storage` or an `async_postgres_storage` behaves.
struct postgres_options {
    /// How many connections there are at most, at least 1. An asynchronous storage shares each among many calls, but
    /// changes counters on one of them and does everything else on the others; what several connections write at the
    /// same time goes to the server's disk together, so one or two are too few there, too.
    std::size_t connections = 4;
    /// How long a call takes at most, waiting for a connection or opening one included; at least 1 ms. It is also the
    /// server's `statement_timeout`. Looking up a host name may take longer, if the system's resolver does.
    std::chrono::milliseconds timeout{5000};
    /// Asynchronous only: how many calls may be waiting for an answer on each connection. Further ones fail at once.
    std::size_t max_pending = 4096;
};

}  // namespace v0
}  // namespace phoneauth

#endif
