// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_REDIS_CONNECTION_HPP
#define PHONEAUTH_STORAGE_DETAIL_REDIS_CONNECTION_HPP

#include <algorithm>
#include <array>
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

#include <poll.h>

#include <phoneauth/detail/bounded_pool.hpp>
#include <phoneauth/pool_usage.hpp>
#include <phoneauth/storage/detail/redis_protocol.hpp>
#include <phoneauth/storage/detail/redis_stream.hpp>
#include <phoneauth/storage/detail/redis_tcp.hpp>
#include <phoneauth/storage/redis_options.hpp>
#include <phoneauth/yields.hpp>

// The blocking way to Redis, and what both storages ask of the server at start. hiredis only parses: its connections
// raise SIGPIPE, know no limit for a whole operation, and have no TLS in all versions. POSIX only.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// A connection that may be used by one thread at a time. Whoever gets an exception from it must drop it. The messages
/// are made to be put behind "Redis ".
class redis_connection {
public:
    /// Connects and does the handshakes.
    ///
    /// @param tls  nullptr: without
    /// @param name  for which the certificate must be
    redis_connection(const redis_address& server, const redis_url& url, SSL_CTX* tls, const std::string& name,
                     redis_time deadline)
        : server_(server.str()), reader_(redisReaderCreate()) {
        if (!reader_) throw std::bad_alloc();
        try {
            socket_ = redis_connect(server, deadline);
            stream_ = std::make_unique<redis_stream>(socket_.fd(), tls, name);
        } catch (const std::runtime_error& e) {
            fail(e.what());
        }
        for (redis_io step; (step = stream_->handshake()) != redis_io::done;) wait_for(step, deadline);
        const redis_handshake handshake(url);
        send(handshake.bytes, deadline);
        for (const auto& call : handshake.calls) {
            const auto reply = receive(deadline);
            try {
                check_handshake(call, *reply);
            } catch (const std::runtime_error& e) {
                fail(e.what());
            }
        }
    }
    redis_connection(const redis_connection&) = delete;
    redis_connection& operator=(const redis_connection&) = delete;
    ~redis_connection() { stream_->end(); }

    /// False if the server has closed an idle connection, or has sent what nobody asked for.
    bool is_idle() const { return !has_leftover(*reader_) && stream_->quiet(); }

    void send(std::string_view bytes, redis_time deadline) {
        while (!bytes.empty())
            if (const auto step = stream_->write(bytes); step != redis_io::done) wait_for(step, deadline);
    }

    redis_reply receive(redis_time deadline) {
        for (;;) {
            redis_reply reply;
            try {
                reply = next_reply(*reader_);
            } catch (const std::runtime_error& e) {
                fail(e.what());
            }
            if (reply) return reply;
            std::array<char, 16384> bytes;
            std::size_t size = 0;
            const auto step = stream_->read(bytes.data(), bytes.size(), size);
            if (step == redis_io::done)
                redisReaderFeed(reader_.get(), bytes.data(), size);
            else
                wait_for(step, deadline);
        }
    }

private:
    [[noreturn]] void fail(const std::string& why) const { throw std::runtime_error("at " + server_ + " " + why); }

    void wait_for(redis_io step, redis_time deadline) const {
        if (step == redis_io::failed) fail(stream_->why());
        pollfd waiting{socket_.fd(), static_cast<short>(step == redis_io::wants_write ? POLLOUT : POLLIN), 0};
        const int left = poll_timeout(deadline);
        if (left == 0 || ::poll(&waiting, 1, left) == 0) fail(stream_->why_late());
    }

    std::string server_;
    std::unique_ptr<redisReader, redis_free> reader_;
    redis_socket socket_;
    std::unique_ptr<redis_stream> stream_;
};

/// Runs calls on connections of its own, on the caller's thread. Thread-safe.
class redis_blocking_link {
public:
    using mode = blocking_mode;

    redis_blocking_link(redis_url url, const redis_options& options)
        : url_(std::move(url)), tls_(make_redis_tls(url_, options)), server_name_(options.server_name),
          connect_timeout_(options.connect_timeout), operation_timeout_(options.operation_timeout),
          pool_(options.max_connections), router_(url_.server) {}

    redis_blocking_link(const redis_blocking_link&) = delete;
    redis_blocking_link& operator=(const redis_blocking_link&) = delete;

    pool_usage usage() const { return pool_.usage(); }

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
            server, url_, tls_.get(), server_name_.empty() ? server.host : server_name_,
            (std::min)(deadline, std::chrono::steady_clock::now() + connect_timeout_));
    }

    const redis_url url_;
    const redis_tls tls_;
    const std::string server_name_;
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
if stored ~= '1' and stored ~= '2' and stored ~= '3' then return stored end
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
