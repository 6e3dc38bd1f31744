// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_REDIS_TCP_HPP
#define PHONEAUTH_STORAGE_DETAIL_REDIS_TCP_HPP

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <phoneauth/detail/happy_eyeballs.hpp>
#include <phoneauth/storage/detail/redis_protocol.hpp>

// The blocking way to a TCP connection: of all addresses of a host the first that answers is used (RFC 8305). POSIX
// only.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// A socket, which is closed in the end.
class redis_socket {
public:
    redis_socket() = default;
    explicit redis_socket(int fd) noexcept : fd_(fd) {}
    redis_socket(redis_socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    redis_socket& operator=(redis_socket&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~redis_socket() {
        if (fd_ >= 0) ::close(fd_);
    }

    int fd() const noexcept { return fd_; }

private:
    int fd_ = -1;
};

/// How long `poll` is to wait until `limit`.
inline int poll_timeout(redis_time limit) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - std::chrono::steady_clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, 1'000'000));
}

/// Attempts to connect to several addresses, each of which began a while after the one before.
class redis_race {
public:
    /// Begins an attempt. True if it has come to its end well, so that it is the winner.
    bool start(const addrinfo& address) {
        redis_socket s(::socket(address.ai_family, address.ai_socktype, address.ai_protocol));
        if (s.fd() < 0) return lost(errno);
        ::fcntl(s.fd(), F_SETFD, FD_CLOEXEC);
        ::fcntl(s.fd(), F_SETFL, O_NONBLOCK);
        const int on = 1;
        ::setsockopt(s.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
#ifdef SO_NOSIGPIPE
        ::setsockopt(s.fd(), SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
        const bool connected = ::connect(s.fd(), address.ai_addr, address.ai_addrlen) == 0;
        if (!connected && errno != EINPROGRESS && errno != EINTR) return lost(errno);
        if (connected)
            winner = std::move(s);
        else
            runners_.push_back(std::move(s));
        return connected;
    }

    /// Waits until an attempt has come to its end, until `limit` at most. True if one has come to it well.
    bool wait(redis_time limit) {
        std::vector<pollfd> waiting;
        for (const auto& s : runners_) waiting.push_back({s.fd(), POLLOUT, 0});
        if (::poll(waiting.data(), static_cast<nfds_t>(waiting.size()), poll_timeout(limit)) <= 0) return false;
        for (auto i = waiting.size(); i-- > 0;) {
            if (waiting[i].revents == 0) continue;
            int outcome = 0;
            socklen_t size = sizeof outcome;
            if (::getsockopt(runners_[i].fd(), SOL_SOCKET, SO_ERROR, &outcome, &size) != 0) outcome = errno;
            auto s = std::move(runners_[i]);
            runners_.erase(runners_.begin() + static_cast<std::ptrdiff_t>(i));
            if (outcome != 0) {
                lost(outcome);
                continue;
            }
            winner = std::move(s);
            return true;
        }
        return false;
    }

    bool none_runs() const noexcept {
        return runners_.empty();
    }

    redis_socket winner;
    int problem = ETIMEDOUT;   ///< of the last attempt that failed
    std::size_t failures = 0;  ///< how many have

private:
    bool lost(int why) {
        problem = why;
        ++failures;
        return false;
    }

    std::vector<redis_socket> runners_;
};

/// Connects to the first of `addresses` that answers; they are tried in this order. The socket does not block. Throws
/// `std::system_error`.
inline redis_socket redis_connect(const std::vector<const addrinfo*>& addresses, redis_time deadline) {
    const auto now = [] { return std::chrono::steady_clock::now(); };
    const auto fail = [](int problem) { throw std::system_error(problem, std::generic_category()); };
    redis_race race;
    auto next = addresses.begin();
    auto next_at = now();
    for (;;) {
        if (next != addresses.end() && now() >= next_at) {
            next_at = now() + connection_attempt_delay;
            if (race.start(**next++)) break;
        } else if (race.none_runs()) {
            fail(race.problem);
        } else if (race.wait(next != addresses.end() ? (std::min)(next_at, deadline) : deadline)) {
            break;
        } else if (now() >= deadline) {
            fail(ETIMEDOUT);
        }
        // Who has failed makes way for the next.
        if (std::exchange(race.failures, 0) > 0) next_at = now();
    }
    return std::move(race.winner);
}

/// Connects to `server`. Throws `std::runtime_error` with a sentence to be put behind "Redis at …".
inline redis_socket redis_connect(const redis_address& server, redis_time deadline) {
    const auto fail = [](const std::string& why) -> redis_socket {
        throw std::runtime_error("cannot be reached: " + why + "; check the URL and whether it runs");
    };
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_NUMERICSERV;
    addrinfo* first = nullptr;
    const auto port = std::to_string(server.port);
    const int error = ::getaddrinfo(server.host.c_str(), port.c_str(), &wanted, &first);
    if (error != 0) return fail(error == EAI_SYSTEM ? std::generic_category().message(errno) : ::gai_strerror(error));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> found(first, ::freeaddrinfo);
    std::vector<const addrinfo*> addresses;
    for (const auto* a = found.get(); a; a = a->ai_next) addresses.push_back(a);
    try {
        return redis_connect(interleave_families(std::move(addresses), &addrinfo::ai_family), deadline);
    } catch (const std::system_error& e) {
        return fail(e.code().message());
    }
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
