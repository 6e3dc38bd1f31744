// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_REDIS_CONNECTION_HPP
#define PHONEAUTH_STORAGE_DETAIL_REDIS_CONNECTION_HPP

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <phoneauth/detail/bounded_pool.hpp>
#include <phoneauth/storage/detail/redis_protocol.hpp>
#include <phoneauth/storage/redis_options.hpp>
#include <phoneauth/yields.hpp>

// The blocking way to Redis, and what both storages ask of the server at start. hiredis connects and parses; the bytes
// go through functions of ours, because hiredis raises SIGPIPE and knows no limit for a whole operation. POSIX only.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// A connection that may be used by one thread at a time. Whoever gets an exception from it must drop it. The messages
/// are made to be put behind "Redis ".
class redis_connection {
public:
    /// Connects and does the handshake.
    redis_connection(const redis_address& server, const redis_url& url, redis_time deadline) : name_(server.str()) {
        using std::chrono::microseconds;
        const auto left = (std::max)(std::chrono::duration_cast<microseconds>(deadline - now()), microseconds(1000));
        timeval limit{};
        limit.tv_sec = static_cast<decltype(limit.tv_sec)>(left.count() / 1'000'000);
        limit.tv_usec = static_cast<decltype(limit.tv_usec)>(left.count() % 1'000'000);
        context_.reset(redisConnectWithTimeout(server.host.c_str(), server.port, limit));
        if (!context_) throw std::bad_alloc();
        if (context_->err)
            fail("cannot be reached: " + std::string(context_->errstr) + "; check the URL and whether it runs");
        ::fcntl(context_->fd, F_SETFD, FD_CLOEXEC);
#ifdef SO_NOSIGPIPE
        const int on = 1;
        ::setsockopt(context_->fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
        const auto handshake = redis_handshake(url);
        std::string bytes;
        for (const auto& call : handshake) append_call(bytes, call);
        send(bytes, deadline);
        for (const auto& call : handshake) {
            const auto reply = receive(deadline);
            try {
                check_handshake(call, *reply);
            } catch (const std::runtime_error& e) {
                fail(e.what());
            }
        }
    }

    /// False if the server has closed an idle connection, or has sent what nobody asked for.
    bool is_idle() const {
        if (has_leftover(*context_->reader)) return false;
        char byte = 0;
        return ::recv(context_->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }

    void send(std::string_view bytes, redis_time deadline) {
        while (!bytes.empty()) {
            const auto sent = ::send(context_->fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent >= 0)
                bytes.remove_prefix(static_cast<std::size_t>(sent));
            else
                wait_for(POLLOUT, deadline);
        }
    }

    redis_reply receive(redis_time deadline) {
        for (;;) {
            redis_reply reply;
            try {
                reply = next_reply(*context_->reader);
            } catch (const std::runtime_error& e) {
                fail(e.what());
            }
            if (reply) return reply;
            char bytes[16384];
            const auto size = ::recv(context_->fd, bytes, sizeof bytes, MSG_DONTWAIT);
            if (size == 0) fail("closed the connection");
            if (size > 0)
                redisReaderFeed(context_->reader, bytes, static_cast<std::size_t>(size));
            else
                wait_for(POLLIN, deadline);
        }
    }

private:
    static redis_time now() {
        return std::chrono::steady_clock::now();
    }

    [[noreturn]] void fail(const std::string& why) const {
        throw std::runtime_error("at " + name_ + " " + why);
    }

    /// After a call that returned -1.
    void wait_for(short event, redis_time deadline) const {
        if (errno == EINTR) return;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            fail("broke the connection: " + std::generic_category().message(errno));
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now()).count();
        pollfd waiting{context_->fd, event, 0};
        if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(std::min<long long>(left, 1'000'000))) == 0)
            fail("did not answer in time");
    }

    std::string name_;
    std::unique_ptr<redisContext, redis_free> context_;
};

/// Runs calls on connections of its own, on the caller's thread. Thread-safe.
class redis_blocking_link {
public:
    using mode = blocking_mode;

    redis_blocking_link(redis_url url, const redis_options& options)
        : url_(std::move(url)), connect_timeout_(options.connect_timeout),
          operation_timeout_(options.operation_timeout), pool_(options.max_connections), router_(url_.server) {}

    redis_blocking_link(const redis_blocking_link&) = delete;
    redis_blocking_link& operator=(const redis_blocking_link&) = delete;

    void run(redis_calls& calls) {
        const auto deadline = std::chrono::steady_clock::now() + operation_timeout_;
        auto mine = pool_.take(deadline);
        if (!mine) throw std::runtime_error("phoneauth: all connections to Redis are busy");
        if (!mine->item) mine->item = std::make_unique<connections>();
        for (;;) {
            exchange(calls, *mine->item, deadline);
            auto next = redis_step::settled;
            {
                const std::lock_guard lock(mutex_);
                for (auto& call : calls)
                    if (!call.settled) next = (std::max)(next, router_.settle(call));
            }
            if (next == redis_step::settled) return;
            if (next == redis_step::later) {
                if (std::chrono::steady_clock::now() + redis_pause > deadline) return;
                std::this_thread::sleep_for(redis_pause);
            }
        }
    }

private:
    /// To each server of a cluster, for one operation at a time: nobody waits for a connection while holding another.
    using connections = std::map<std::size_t, std::unique_ptr<redis_connection>>;

    /// Calls for one server, and the connection to it.
    struct share {
        std::unique_ptr<redis_connection> connection;
        std::vector<redis_call*> calls;
        std::vector<unsigned> replies;
        redis_address server;
    };

    /// Sends each call that is not settled once, and waits for what becomes of it.
    void exchange(redis_calls& calls, connections& mine, redis_time deadline) {
        std::map<std::size_t, share> shares;
        {
            const std::lock_guard lock(mutex_);
            for (auto& call : calls) {
                if (call.settled) continue;
                call.reset();
                router_.route(call);
                auto& s = shares[call.node];
                s.calls.push_back(&call);
                s.server = router_.address(call.node);
            }
        }
        // Clang before 16 cannot capture structured bindings.
        for (auto& entry : shares) {
            auto& s = entry.second;
            std::string bytes;
            for (const auto* call : s.calls) s.replies.push_back(append_call(bytes, *call));
            guarded(s, 0, [&] {
                s.connection = connection_to(s.server, std::move(mine[entry.first]), deadline);
                for (auto* call : s.calls) call->written = true;
                s.connection->send(bytes, deadline);
            });
        }
        for (auto& entry : shares) {
            auto& s = entry.second;
            if (!s.connection) continue;
            bool replica = false;
            for (std::size_t i = 0; i < s.calls.size() && s.connection; ++i)
                guarded(s, i, [&] {
                    for (auto left = s.replies[i]; left > 0; --left)
                        s.calls[i]->reply = s.connection->receive(deadline);
                    replica = replica || is_replica(*s.calls[i]->reply);
                });
            if (!replica) mine[entry.first] = std::move(s.connection);
        }
    }

    /// Calls `f`. When it throws, the connection is of no use any more and the calls from `first` on have no reply.
    template <class F>
    static void guarded(share& s, std::size_t first, F f) {
        try {
            f();
        } catch (const std::runtime_error& e) {
            s.connection.reset();
            for (auto i = first; i < s.calls.size(); ++i) {
                s.calls[i]->reply.reset();
                s.calls[i]->failure = e.what();
            }
        }
    }

    /// `idle`, if it still stands, or a new one.
    std::unique_ptr<redis_connection> connection_to(const redis_address& server, std::unique_ptr<redis_connection> idle,
                                                    redis_time deadline) const {
        if (idle && idle->is_idle()) return idle;
        return std::make_unique<redis_connection>(
            server, url_, (std::min)(deadline, std::chrono::steady_clock::now() + connect_timeout_));
    }

    const redis_url url_;
    const std::chrono::milliseconds connect_timeout_, operation_timeout_;
    bounded_pool<connections> pool_;
    std::mutex mutex_;  // guards the following
    redis_router router_;
};

/// What must be true of a server before it is trusted with anything. Throws `std::runtime_error` if it is not. Returns
/// whether the server belongs to a cluster.
inline bool check_redis(const redis_url& url, const redis_options& options) {
    const auto refuse = [&](const std::string& why) {
        throw std::runtime_error("phoneauth: Redis at " + url.server.str() + ' ' + why);
    };
    if (options.prefix.find_first_of("{}") != std::string::npos)
        throw std::runtime_error(
            "phoneauth: the prefix for Redis has a brace, which would decide where keys are stored: "
            "leave it out");
    redis_blocking_link link(url, options);
    const auto format = options.prefix + "format";
    redis_calls calls;
    calls.push_back(redis_command({"INFO"}));
    calls.push_back(redis_command({"SET", format, std::to_string(redis_format), "NX"}));  // also: may it be written?
    link.run(calls);
    const auto info = calls[0].text();
    const auto fact = [&](std::string_view name) {
        const auto line = info.find('\n' + std::string(name) + ':');
        if (line == info.npos) return std::string_view();
        const auto value = info.substr(line + name.size() + 2);
        return value.substr(0, value.find('\r'));
    };
    const auto version = fact("redis_version");
    unsigned major = 0;
    std::from_chars(version.data(), version.data() + version.size(), major);
    if (!version.empty() && major < 6) refuse("is version " + std::string(version) + ": install 6 or later");
    // Some managed servers do not tell; their documentation must be believed.
    const auto policy = fact("maxmemory_policy");
    if (!policy.empty() && policy != "noeviction")
        refuse("has maxmemory-policy " + std::string(policy) +
               ", which makes it drop codes, limits and sessions when memory is short: set it to noeviction");
    if (calls[1].is_nil()) {
        // Records of an older format stay as they are until they are changed. An older phoneauth must not start again.
        static const redis_script raise{R"(
local stored = redis.call('GET', KEYS[1])
if stored ~= '1' and stored ~= '2' then return stored end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1])"};
        redis_calls stored;
        stored.push_back(redis_evaluation(raise, {format}, {std::to_string(redis_format)}));
        link.run(stored);
        if (stored[0].is_nil() || stored[0].text() != std::to_string(redis_format))
            refuse("holds data in another format under the prefix \"" + options.prefix +
                   "\", written by another version of phoneauth: run that one, or choose another prefix");
    }
    return fact("cluster_enabled") == "1" || fact("redis_mode") == "cluster";
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
