// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_HTTPS_TRANSPORT_OPTIONS_HPP
#define PHONEAUTH_ASIO_HTTPS_TRANSPORT_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <string>

namespace phoneauth {
inline namespace v0 {

/// How a transport works. Every wait has an end: a time-out below one millisecond counts as one.
struct https_transport_options {
    /// Resolving, connecting and the TLS handshake together; also how long a request waits for a free connection.
    std::chrono::milliseconds connect_timeout{5000};
    /// From the first byte of the request to its last.
    std::chrono::milliseconds write_timeout{5000};
    /// From the last byte of the request to the last of the reply.
    std::chrono::milliseconds read_timeout{10000};
    /// How long a connection is kept for the next request to the same host.
    std::chrono::milliseconds idle_timeout{30000};
    std::size_t max_idle_connections_per_host = 16;
    std::size_t max_connections = 64;          ///< requests in flight, at least 1
    std::size_t max_waiting = 1024;            ///< requests that wait for one of them to end
    std::size_t max_header_bytes = 16 * 1024;  ///< of a reply
    std::size_t max_body_bytes = 1024 * 1024;  ///< of a reply
    std::string ca_file;                       ///< trusted certificates, a PEM file; empty for those of the system
};

}  // namespace v0
}  // namespace phoneauth

#endif
