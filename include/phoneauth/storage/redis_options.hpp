// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_REDIS_OPTIONS_HPP
#define PHONEAUTH_STORAGE_REDIS_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <string>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {

/// How a `redis_storage` or an `async_redis_storage` behaves.
struct redis_options {
    /// What every key begins with, so that several applications, or tests, can share a server. It holds no "{" or "}".
    std::string prefix = "phoneauth:";
    /// How long it may take to make a connection and to log in. If an address of the host does not answer, the next one
    /// is tried after 250 ms (RFC 8305). A name server that does not answer may take longer: the system's resolver
    /// cannot be interrupted.
    std::chrono::milliseconds connect_timeout{2000};
    /// How long an operation may take, with its repetitions while Redis says "try again".
    std::chrono::milliseconds operation_timeout{2000};
    /// Only for a `redis_storage`: how many operations run at once; at least 1. Further ones wait, for
    /// `operation_timeout` at most. Each has a connection of its own, and in a cluster one to each server that it
    /// needs.
    std::size_t max_connections = 16;
    /// Only for an `async_redis_storage`: how many commands may wait for their replies on one connection. Further ones
    /// throw.
    std::size_t max_pending = 10'000;

    // TLS: only for a URL that begins with rediss://. The server's certificate and its name are always verified.

    /// The trusted certificates: a PEM file. Empty for those of the system.
    std::string ca_file;
    /// The certificate that this client shows to a server that asks for one (`tls-auth-clients`), with those that lead to
    /// its authority behind it: a PEM file. Empty for none.
    std::string certificate_file;
    /// The private key of that certificate: a PEM file without a passphrase. Empty if it is in `certificate_file`.
    std::string key_file;
    /// The name that is asked for (SNI) and that certificates must be for, those of all servers of a cluster. Empty for
    /// the host of the URL, and in a cluster for what the servers call each other: names if it has
    /// `cluster-preferred-endpoint-type hostname`, otherwise addresses.
    std::string server_name;
};

}  // namespace v0
}  // namespace phoneauth

#endif
