// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_REDIS_OPTIONS_HPP
#define PHONEAUTH_STORAGE_REDIS_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <string>

namespace phoneauth {
inline namespace v0 {

/// How a `redis_storage` or an `async_redis_storage` behaves.
struct redis_options {
    /// In front of every key, so that several applications, or tests, can share a server. No "{" or "}".
    std::string prefix = "phoneauth:";
    /// How long a connection may take to be there, passwords included. A name server that does not answer is not
    /// interrupted by it.
    std::chrono::milliseconds connect_timeout{2000};
    /// How long an operation may take, with its repetitions while Redis says "try again".
    std::chrono::milliseconds operation_timeout{2000};
    /// `redis_storage`: how many operations run at once; further ones wait, `operation_timeout` at most. There is a
    /// connection for each, and in a cluster one to each server that it needs. At least 1.
    std::size_t max_connections = 16;
    /// `async_redis_storage`: how many commands may wait for their replies on one connection; further ones throw.
    std::size_t max_pending = 10'000;
};

}  // namespace v0
}  // namespace phoneauth

#endif
