// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_DETAIL_HTTP_SERVER_STATE_HPP
#define PHONEAUTH_ASIO_DETAIL_HTTP_SERVER_STATE_HPP

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include <openssl/ssl.h>

#include <phoneauth/asio/detail/http1.hpp>
#include <phoneauth/asio/detail/http_connection.hpp>
#include <phoneauth/asio/http_server_options.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/strand.hpp>

#include <phoneauth/http.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// What counts as one client: an IPv4 address, or the network of an IPv6 address, its first 64 bits. The numbers of the
/// former, 0:0:ffff:0/64 and what follows, are no network of the latter.
inline std::uint64_t network_number(const ::asio::ip::address& address) {
    constexpr std::uint64_t ipv4 = 0xffff00000000;
    if (address.is_v4()) return ipv4 | address.to_v4().to_uint();
    const auto v6 = address.to_v6();
    if (v6.is_v4_mapped()) return ipv4 | ::asio::ip::make_address_v4(::asio::ip::v4_mapped, v6).to_uint();
    std::uint64_t network = 0;
    const auto bytes = v6.to_bytes();
    for (std::size_t i = 0; i < 8; ++i) network = network << 8 | bytes[i];
    return network;
}

/// One connection of a server.
struct http_server_session {
    std::shared_ptr<http_connection> connection;
    ::asio::ip::tcp::endpoint peer;
    std::uint64_t network = 0;
    bool idle = false;  ///< waits for the first byte of a request
    std::list<std::shared_ptr<http_server_session>>* among = nullptr;
    std::list<std::shared_ptr<http_server_session>>::iterator at{};  ///< its place there
};

/// What the connections of a server share.
struct http_server_state {
    using session = http_server_session;
    using session_ptr = std::shared_ptr<session>;
    using session_list = std::list<session_ptr>;

    http_server_state(const ::asio::any_io_executor& e, const ::asio::ip::tcp::endpoint& address, http_handler h,
                      const http_server_options& o, SSL_CTX* shared_tls)
        : executor(e), strand(::asio::make_strand(e)), acceptor(strand, address),
          port(acceptor.local_endpoint().port()), handle(std::move(h)), options(o) {
        if (shared_tls && SSL_CTX_up_ref(shared_tls) == 1) tls.reset(shared_tls);
        for (auto* timeout :
             {&options.header_timeout, &options.body_timeout, &options.idle_timeout, &options.write_timeout})
            *timeout = (std::max)(*timeout, std::chrono::milliseconds(1));
        shortest =
            (std::min)({options.header_timeout, options.body_timeout, options.idle_timeout, options.write_timeout});
    }

    /// Takes the session in, among `busy` or `refused`. False: no word is worth it, close.
    bool begin(const session_ptr& s) {
        const std::lock_guard lock(mutex);
        if (stopping) return false;
        const auto limit = options.max_connections, of_one = options.max_connections_per_address;
        if (of_one > 0) {
            const auto count = of_address.find(s->network);
            if (count != of_address.end() && count->second >= of_one) return false;
        }
        const auto here = busy.size() + idle.size();
        // A sixteenth more may be about to close, and another one is told that the server is full; the rest is not.
        const auto extra = limit / 16 + 1;
        const bool room = here < limit || (here < limit + extra && close_idle());
        if (!room && refused.size() >= extra) return false;
        auto* among = room ? &busy : &refused;
        if (of_one > 0) ++of_address[s->network];
        s->at = among->insert(among->end(), s);
        s->among = among;
        return true;
    }

    void end(const session_ptr& s) {
        std::unique_lock lock(mutex);
        if (options.max_connections_per_address > 0) {
            const auto count = of_address.find(s->network);
            if (--count->second == 0) of_address.erase(count);
        }
        s->among->erase(s->at);
        tell_if_drained(lock);
    }

    void move(session& s, session_list& to) {
        to.splice(to.end(), *s.among, s.at);
        s.among = &to;
    }

    /// False: the server stops.
    bool begin_idle(session& s) {
        const std::lock_guard lock(mutex);
        if (stopping) return false;
        move(s, idle);
        s.idle = true;
        return true;
    }

    void end_idle(session& s) {
        const std::lock_guard lock(mutex);
        move(s, busy);
        s.idle = false;
    }

    /// Closes the connection that has been idle longest; to be called with the mutex locked. False: there is none.
    /// If its request arrives at this moment it is still answered.
    bool close_idle() {
        if (idle.empty()) return false;
        const auto oldest = idle.front();
        move(*oldest, busy);
        ::asio::post(oldest->connection->socket.get_executor(), [oldest] {
            if (oldest->idle) oldest->connection->expire();
        });
        return true;
    }

    void make_room() {
        const std::lock_guard lock(mutex);
        close_idle();
    }

    void tell_if_drained(std::unique_lock<std::mutex>& lock) {
        if (!stopping || !busy.empty() || !idle.empty() || !refused.empty() || !drained) return;
        const auto tell = std::exchange(drained, {});
        lock.unlock();
        tell();
    }

    bool is_stopping() {
        const std::lock_guard lock(mutex);
        return stopping;
    }

    /// An HTTP/1.0 request may have no Host; it is for none of the allowed ones then.
    bool is_for_us(const http_request& request) const {
        const auto& allowed = options.allowed_hosts;
        const auto& free = options.targets_for_any_host;
        if (allowed.empty() || std::find(free.begin(), free.end(), request.url) != free.end()) return true;
        const auto* given = find_header(request.headers, "Host");
        const auto host = given ? host_of(*given) : std::string();
        return std::any_of(allowed.begin(), allowed.end(),
                           [&](const std::string& each) { return equal_ignoring_case(each, host); });
    }

    const ::asio::any_io_executor executor;
    const ::asio::any_io_executor strand;
    ::asio::ip::tcp::acceptor acceptor;
    const std::uint16_t port;
    const http_handler handle;
    http_server_options options;
    std::chrono::milliseconds shortest;
    ssl_ctx_ptr tls;

    std::atomic<std::size_t> requests{0};  ///< being answered

    std::mutex mutex;  ///< for what follows, and for the places of the sessions
    session_list busy, idle, refused;
    std::unordered_map<std::uint64_t, std::size_t> of_address;  ///< only if there is a limit
    bool stopping = false;
    std::function<void()> drained;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
