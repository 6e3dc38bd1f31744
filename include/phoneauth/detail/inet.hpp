// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_INET_HPP
#define PHONEAUTH_DETAIL_INET_HPP

#include <array>
#include <cstddef>
#include <string>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <phoneauth/version.hpp>

// Addresses between text and bytes, by POSIX. Beside it only secrets/random and the stores ask the system for anything.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// As text, with the zero that ends it.
inline constexpr std::size_t longest_ip = INET6_ADDRSTRLEN;

/// Reads an address of four bytes, and nothing else.
inline bool read_ipv4(const char* text, unsigned char* address) noexcept {
    return ::inet_pton(AF_INET, text, address) == 1;
}

/// Reads an address of sixteen bytes, and nothing else.
inline bool read_ipv6(const char* text, unsigned char* address) noexcept {
    return ::inet_pton(AF_INET6, text, address) == 1;
}

inline std::string ip_text(int family, const unsigned char* address) {
    std::array<char, longest_ip> buffer{};
    return ::inet_ntop(family, address, buffer.data(), static_cast<socklen_t>(buffer.size())) ? buffer.data() : "";
}

inline std::string ipv4_text(const unsigned char* address) {
    return ip_text(AF_INET, address);
}

inline std::string ipv6_text(const unsigned char* address) {
    return ip_text(AF_INET6, address);
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
