// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_HTTPS_TRANSPORT_OPTIONS_HPP
#define PHONEAUTH_ASIO_HTTPS_TRANSPORT_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <string>

#include <phoneauth/secret_string.hpp>

namespace phoneauth {
inline namespace v0 {

/// How a transport works. Every wait has an end: a time-out below one millisecond counts as one.
struct https_transport_options {
    /// How long resolving, connecting, by way of a proxy or not, and the TLS handshake may take together. Of a host with
    /// several addresses the next one is tried after 250 ms, beside the others (RFC 8305). Also how long a request waits for
    /// another one to end.
    std::chrono::milliseconds connect_timeout{5000};
    /// How long the request may take, from its first byte to its last.
    std::chrono::milliseconds write_timeout{5000};
    /// How long the reply may take, from the last byte of the request to the last of the reply.
    std::chrono::milliseconds read_timeout{10000};
    /// How long a connection is kept for the next request to the same host.
    std::chrono::milliseconds idle_timeout{30000};
    /// How many connections to one host are kept.
    std::size_t max_idle_connections_per_host = 16;
    /// How many requests are in flight at a time; at least 1.
    std::size_t max_connections = 64;
    /// How many further requests may wait for one of them to end.
    std::size_t max_waiting = 1024;
    /// How large the head of a reply may be.
    std::size_t max_header_bytes = 16 * 1024;
    /// How large the body of a reply may be.
    std::size_t max_body_bytes = 1024 * 1024;
    /// The trusted certificates: a PEM file. Empty for those of the system.
    std::string ca_file;
    /// The HTTP proxy that all connections go through, by CONNECT (RFC 9110 §9.3.6): "http://HOST:PORT" or, with Basic
    /// authentication, "http://USER:PASSWORD@HOST:PORT", where user and password are percent-encoded. TLS is with the
    /// server, and the proxy sees nothing of it but the host's name; it resolves that, too. Empty: no proxy. Environment
    /// variables are not read.
    secret_string proxy;
};

}  // namespace v0
}  // namespace phoneauth

#endif
