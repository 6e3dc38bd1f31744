// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_POSTGRES_OPTIONS_HPP
#define PHONEAUTH_STORAGE_POSTGRES_OPTIONS_HPP

#include <chrono>
#include <cstddef>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {

/// How a `postgres_storage` or an `async_postgres_storage` behaves.
struct postgres_options {
    /// How many connections there are at most; at least 1. A blocking storage needs one for each call that is under
    /// way. An asynchronous one shares each among many calls, but takes from cells on one of them and does everything
    /// else on the others. What several connections write at the same time goes to the server's disk together: an
    /// asynchronous storage should have at least three.
    std::size_t connections = 4;
    /// How long a call takes at most; at least 1 ms. To wait for a connection or to open one is part of it. It is also
    /// the server's `statement_timeout`. To look up a host name may take longer, if the system's resolver does.
    std::chrono::milliseconds timeout{5000};
    /// Only for an asynchronous storage: how many calls may wait for an answer on each connection. Further ones throw
    /// at once.
    std::size_t max_pending = 4096;
};

}  // namespace v0
}  // namespace phoneauth

#endif
