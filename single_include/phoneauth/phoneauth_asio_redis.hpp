// SPDX-License-Identifier: BSL-1.0
// Generated from include/ by tests/scripts/amalgamate.py; do not edit.
#ifndef PHONEAUTH_SINGLE_INCLUDE_ASIO_REDIS_HPP
#define PHONEAUTH_SINGLE_INCLUDE_ASIO_REDIS_HPP

#include <phoneauth/phoneauth_redis.hpp>
#include <phoneauth/phoneauth_asio.hpp>

// ---- phoneauth/asio/detail/redis_hub.hpp ----

#ifndef PHONEAUTH_ASIO_DETAIL_REDIS_HUB_HPP
#define PHONEAUTH_ASIO_DETAIL_REDIS_HUB_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>


#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/async_result.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>


namespace phoneauth {
inline namespace v0 {
namespace detail {

/// The calls of one operation, which its coroutine and the hub both hold on to: after a cancellation nobody waits any
/// more, but the replies still come and have to be counted off.
struct redis_batch {
    explicit redis_batch(redis_calls&& c) : calls(std::move(c)) {}

    redis_calls calls;
    redis_step next = redis_step::settled;
};

/// Each call of a batch that is not settled, sent once. Held by the hub alone: it owns the coroutine.
struct redis_round {
    std::shared_ptr<redis_batch> batch;
    posted_handler<std::exception_ptr> waiter;
    std::size_t unanswered = 0;
};

/// One connection to each server, which all operations share: commands go out in the order in which they come, together
/// if they come together, and the replies come back in the same order. Everything happens on a strand. While nobody
/// waits for a reply there is no read and no timer, so that idle connections do not keep an io_context running; whether
/// one still stands is seen when it is needed.
///
/// hiredis only parses: its asynchronous functions are made for one thread, know no limit of time for a command, read
/// all the time, and have no TLS in all versions.
class redis_hub : public std::enable_shared_from_this<redis_hub> {
public:
    redis_hub(const ::asio::any_io_executor& executor, redis_url url, const redis_options& options)
        : url_(std::move(url)), options_(options), tls_(make_redis_tls(url_, options)),
          strand_(::asio::make_strand(executor)), router_(url_.server) {}

    /// A coroutine that waits is owned by the hub, and therefore must not keep it alive.
    static ::asio::awaitable<void> run(std::weak_ptr<redis_hub> hub, std::chrono::milliseconds timeout,
                                       redis_calls& calls) {
        if (calls.empty()) co_return;
        const auto batch = std::make_shared<redis_batch>(std::move(calls));
        const auto deadline = now() + timeout;
        for (;;) {
            auto replies = exchange(hub, batch);
            co_await std::move(replies);
            if (batch->next == redis_step::settled) break;
            if (batch->next == redis_step::later) {
                if (now() + redis_pause > deadline) break;
                ::asio::steady_timer pause(co_await ::asio::this_coro::executor, redis_pause);
                co_await pause.async_wait(::asio::use_awaitable);
            }
        }
        calls = std::move(batch->calls);
    }

    void close() {
        ::asio::post(strand_, [self = shared_from_this()] {
            self->closed_ = true;
            for (auto& [node, to] : self->peers_)
                if (const auto s = to.current) self->fail(s, "is no longer used by this storage");
        });
    }

private:
    using tcp = ::asio::ip::tcp;
    using strand = ::asio::strand<::asio::any_io_executor>;
    using batch_ptr = std::shared_ptr<redis_batch>;
    using round_ptr = std::shared_ptr<redis_round>;

    /// A call that was sent, or will be.
    struct expected {
        round_ptr round;
        redis_call* call;
        unsigned replies;  ///< how many are still to come
        redis_time deadline;
    };

    struct stream {
        stream(const strand& s, std::size_t n) : node(n), socket(s), timer(s), reader(redisReaderCreate()) {
            if (!reader) throw std::bad_alloc();
        }
        const std::size_t node;
        std::shared_ptr<connection_race> race;  ///< for the socket, while it is on
        tcp::socket socket;
        std::unique_ptr<redis_stream> io;  ///< once there is a connection
        ::asio::steady_timer timer;
        std::unique_ptr<redisReader, redis_free> reader;
        std::deque<expected> waiting;  ///< in the order of the replies
        std::size_t unsent = 0;        ///< how many of them, at the end, the server cannot have seen
        std::string outgoing, in_write;
        std::string_view rest;  ///< of `in_write`
        std::array<char, 16384> incoming;
        redis_time open_by{};
        bool open = false, closed = false;
        bool retired = false;  ///< takes no more calls and is closed after the last reply
        bool reading = false, writing = false, timing = false;
    };
    using stream_ptr = std::shared_ptr<stream>;

    struct peer {
        stream_ptr current;
        std::string why;  ///< it could not be reached the last time
        backoff retry{std::chrono::milliseconds(1000)};
    };

    static redis_time now() { return std::chrono::steady_clock::now(); }

    /// Sends each call that is not settled once. Completes when all have come back.
    static ::asio::awaitable<void> exchange(const std::weak_ptr<redis_hub>& hub, batch_ptr batch) {
        const auto self = hub.lock();
        if (!self) throw std::runtime_error("phoneauth: this storage in Redis no longer exists");
        return ::asio::async_initiate<const ::asio::use_awaitable_t<>, void(std::exception_ptr)>(
            [hub = self.get()](auto handler, batch_ptr b) { hub->wait(std::move(handler), std::move(b)); },
            ::asio::use_awaitable, std::move(batch));
    }

    template <class Handler>
    void wait(Handler handler, batch_ptr batch) {
        auto cancellation = ::asio::get_associated_cancellation_slot(handler);
        posted_handler<std::exception_ptr> waiter(std::move(handler));
        const auto round = std::make_shared<redis_round>(redis_round{std::move(batch), std::move(waiter)});
        if (cancellation.is_connected())
            cancellation.assign([hub = weak_from_this(), weak = std::weak_ptr(round)](::asio::cancellation_type) {
                if (const auto self = hub.lock())
                    ::asio::post(self->strand_, [weak] {
                        if (const auto abandoned = weak.lock())
                            resume(*abandoned,
                                   std::make_exception_ptr(std::system_error(::asio::error::operation_aborted)));
                    });
            });
        ::asio::post(strand_, [self = shared_from_this(), round] { self->start(round); });
    }

    // ---- From here on everything runs on the strand.

    static void resume(redis_round& round, std::exception_ptr thrown) {
        if (round.waiter) round.waiter(std::move(thrown));
    }

    void start(const round_ptr& round) {
        round->batch->next = redis_step::settled;
        round->unanswered = 1;  // this function
        for (auto& call : round->batch->calls) {
            if (call.settled) continue;
            call.reset();
            router_.route(call);
            ++round->unanswered;
            submit(round, call);
        }
        came_back(round);
    }

    void came_back(const round_ptr& round) {
        if (--round->unanswered > 0) return;
        auto& batch = *round->batch;
        for (auto& call : batch.calls)
            if (!call.settled) batch.next = (std::max)(batch.next, router_.settle(call));
        resume(*round, nullptr);
    }

    void refuse(const round_ptr& round, redis_call& call, const std::string& why) {
        call.failure = "at " + router_.address(call.node).str() + ' ' + why;
        came_back(round);
    }

    void submit(const round_ptr& round, redis_call& call) {
        auto& to = peers_[call.node];
        if (to.current && has_died(*to.current)) fail(to.current, "closed the connection");
        if (closed_) return refuse(round, call, "is no longer used by this storage");
        if (!to.current) {
            if (to.retry.holds(now())) return refuse(round, call, to.why);
            open(call.node);
        }
        const auto s = to.current;
        if (s->waiting.size() >= options_.max_pending) return refuse(round, call, "has too many commands to answer");
        // Entered first: bytes without an entry would put all further replies out of step.
        s->waiting.push_back({round, &call, 1, now() + options_.operation_timeout});
        ++s->unsent;
        s->waiting.back().replies = append_call(s->outgoing, call);
        if (s->open) proceed(s);
    }

    /// Whether a connection on which nobody waits has ended, or holds what nobody asked for.
    static bool has_died(const stream& s) {
        return s.open && s.waiting.empty() && (has_leftover(*s.reader) || !s.io->quiet());
    }

    void open(std::size_t node) {
        const auto s = std::make_shared<stream>(strand_, node);
        peers_[node].current = s;
        s->open_by = now() + options_.connect_timeout;
        watch(s);
        ::asio::co_spawn(strand_, connect(shared_from_this(), s), ::asio::detached);
    }

    static ::asio::awaitable<void> connect(std::shared_ptr<redis_hub> self, stream_ptr s) {
        std::string why;
        try {
            auto socket = self->connect_socket(s);
            co_await std::move(socket);
            if (s->closed) co_return;
            auto handshakes = self->shake_hands(s);
            co_await std::move(handshakes);
        } catch (const std::system_error& e) {
            why = unreachable(e.code());
        } catch (const std::exception& e) {
            why = e.what();
        }
        if (s->closed) co_return;
        if (!why.empty()) {
            self->fail(s, why);
            co_return;
        }
        s->open = true;
        self->peers_[s->node].retry.succeeded();
        s->timer.cancel();  // other limits hold now
        self->proceed(s);
    }

    static std::string unreachable(const std::error_code& ec) {
        return "cannot be reached: " + ec.message() + "; check the URL and whether it runs";
    }

    // The coroutines that follow return early if `s` is closed meanwhile.

    ::asio::awaitable<void> connect_socket(stream_ptr s) {
        const auto server = router_.address(s->node);
        const auto port = std::to_string(server.port);
        tcp::resolver resolver(strand_);
        const auto found =
            co_await resolver.async_resolve(server.host, port, tcp::resolver::numeric_service, ::asio::use_awaitable);
        if (s->closed) co_return;
        std::vector<tcp::endpoint> endpoints(found.begin(), found.end());
        s->race = std::make_shared<connection_race>(strand_, std::move(endpoints));
        auto running = connection_race::run(s->race, s->socket, (redis_time::max)());  // `watch` keeps the limit
        const auto ec = co_await std::move(running);
        s->race.reset();  // over; the stream may live for long
        if (s->closed) co_return;
        if (ec) throw std::system_error(ec);
        s->socket.set_option(tcp::no_delay(true));
        s->socket.non_blocking(true);
        const auto& name = options_.server_name.empty() ? server.host : options_.server_name;
        s->io = std::make_unique<redis_stream>(s->socket.native_handle(), tls_.get(), name);
    }

    ::asio::awaitable<void> shake_hands(stream_ptr s) {
        for (auto step = s->io->handshake(); step != redis_io::done; step = s->io->handshake()) {
            auto ready = wait_until(s, step);
            co_await std::move(ready);
            if (s->closed) co_return;
        }
        const redis_handshake handshake(url_);
        std::string_view rest = handshake.bytes;
        while (!rest.empty()) {
            const auto step = s->io->write(rest);
            if (step == redis_io::done) continue;
            auto ready = wait_until(s, step);
            co_await std::move(ready);
            if (s->closed) co_return;
        }
        for (const auto& call : handshake.calls) {
            auto reply = next_reply(*s->reader);
            for (; !reply; reply = next_reply(*s->reader)) {
                const auto step = receive_some(*s);
                if (step == redis_io::done) continue;
                auto ready = wait_until(s, step);
                co_await std::move(ready);
                if (s->closed) co_return;
            }
            check_handshake(call, *reply);
        }
    }

    static tcp::socket::wait_type what(redis_io step) {
        return step == redis_io::wants_write ? tcp::socket::wait_write : tcp::socket::wait_read;
    }

    /// Waits until what had to be put off can go on.
    static ::asio::awaitable<void> wait_until(stream_ptr s, redis_io step) {
        if (step == redis_io::failed) throw std::runtime_error(s->io->why());
        co_await s->socket.async_wait(what(step), ::asio::use_awaitable);
    }

    static redis_io receive_some(stream& s) {
        std::size_t size = 0;
        const auto step = s.io->read(s.incoming.data(), s.incoming.size(), size);
        if (size > 0) redisReaderFeed(s.reader.get(), s.incoming.data(), size);
        return step;
    }

    void proceed(const stream_ptr& s) {
        write(s);
        read(s);
        watch(s);
    }

    void write(const stream_ptr& s) {
        if (s->writing || s->outgoing.empty()) return;
        s->writing = true;
        s->in_write.clear();
        s->in_write.swap(s->outgoing);
        s->rest = s->in_write;
        s->unsent = 0;
        push(s);
    }

    void push(const stream_ptr& s) {
        auto step = redis_io::done;
        while (step == redis_io::done && !s->rest.empty()) step = s->io->write(s->rest);
        if (step == redis_io::failed) return fail(s, s->io->why());
        if (step == redis_io::done)  // what comes until then goes out together
            return ::asio::post(strand_, [self = shared_from_this(), s] {
                s->writing = false;
                if (!s->closed) self->write(s);
            });
        s->socket.async_wait(what(step), [self = shared_from_this(), s](const std::error_code& ec) {
            if (s->closed) return;
            if (ec) return self->fail(s, "broke the connection: " + ec.message());
            self->push(s);
        });
    }

    void read(const stream_ptr& s, redis_io step = redis_io::wants_read) {
        if (s->reading || s->waiting.empty()) return;
        s->reading = true;
        s->socket.async_wait(what(step), [self = shared_from_this(), s](const std::error_code& ec) {
            s->reading = false;
            if (s->closed) return;
            if (ec) return self->fail(s, "broke the connection: " + ec.message());
            self->receive(s);
        });
    }

    /// Takes all that has come, because only what has not come yet can be waited for.
    void receive(const stream_ptr& s) {
        auto step = redis_io::done;
        do step = receive_some(*s);
        while (step == redis_io::done && s->io->has_buffered());
        const auto why = s->io->why();
        if (step == redis_io::wants_write) read(s, step);
        deliver(s);
        if (step == redis_io::failed) fail(s, why);
    }

    void deliver(const stream_ptr& s) {
        try {
            while (auto reply = next_reply(*s->reader)) {
                if (s->waiting.empty()) return fail(s, "sent what nobody asked for");
                if (--s->waiting.front().replies > 0) continue;
                const auto answered = std::move(s->waiting.front());
                s->waiting.pop_front();
                if (is_replica(*reply)) retire(s);
                answered.call->reply = std::move(reply);
                came_back(answered.round);
            }
        } catch (const std::runtime_error& e) {
            return fail(s, e.what());
        }
        if (!s->waiting.empty())
            read(s);
        else if (s->retired)
            fail(s, {});
        else
            s->timer.cancel();
    }

    void retire(const stream_ptr& s) {
        s->retired = true;
        if (auto& current = peers_[s->node].current; current == s) current.reset();
    }

    /// Keeps the limits of time: that of opening, then that of the oldest call.
    void watch(const stream_ptr& s) {
        if (s->timing || (s->open && s->waiting.empty())) return;
        s->timing = true;
        s->timer.expires_at(limit(*s));
        s->timer.async_wait([self = shared_from_this(), s](const std::error_code&) {
            s->timing = false;
            if (s->closed) return;
            if (!(s->open && s->waiting.empty()) && limit(*s) <= now())
                return self->fail(s, s->io ? s->io->why_late() : unreachable(::asio::error::timed_out));
            self->watch(s);
        });
    }
    static redis_time limit(const stream& s) { return s.open ? s.waiting.front().deadline : s.open_by; }

    /// Closes `s`: calls that wait for a reply get none.
    void fail(const stream_ptr& stale, const std::string& why) {
        const auto s = stale;  // which may be a reference into what is reset here
        if (s->closed) return;
        s->closed = true;
        std::error_code ignored;
        if (s->race) s->race->cancel();
        if (s->io) s->io->end();
        s->io.reset();  // before the number of its socket can be given to another
        s->socket.close(ignored);
        s->timer.cancel();
        auto& from = peers_[s->node];
        if (from.current == s) from.current.reset();
        if (!s->open) {
            from.retry.failed();
            from.why = why;
        }
        const auto sent = s->waiting.size() - s->unsent;
        auto left = std::move(s->waiting);
        s->waiting.clear();
        for (std::size_t i = 0; i < left.size(); ++i) {
            left[i].call->written = i < sent;
            refuse(left[i].round, *left[i].call, why);
        }
    }

    const redis_url url_;
    const redis_options options_;
    const redis_tls tls_;
    strand strand_;
    redis_router router_;
    std::map<std::size_t, peer> peers_;
    bool closed_ = false;
};

/// The `Link` of `redis_commands` to a hub, which lives until all replies have come.
class redis_async_link {
public:
    using mode = awaitable_mode<::asio::any_io_executor>;

    redis_async_link(const ::asio::any_io_executor& executor, const redis_url& url, const redis_options& options)
        : timeout_(options.operation_timeout), hub_(std::make_shared<redis_hub>(executor, url, options)) {}
    redis_async_link(const redis_async_link&) = delete;
    redis_async_link& operator=(const redis_async_link&) = delete;
    ~redis_async_link() { hub_->close(); }

    ::asio::awaitable<void> run(redis_calls& calls) { return redis_hub::run(hub_, timeout_, calls); }

private:
    const std::chrono::milliseconds timeout_;
    std::shared_ptr<redis_hub> hub_;
};

}  // namespace detail

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/asio/redis.hpp ----

#ifndef PHONEAUTH_ASIO_REDIS_HPP
#define PHONEAUTH_ASIO_REDIS_HPP

#include <string>

#include <asio/any_io_executor.hpp>


namespace phoneauth {
inline namespace v0 {

/// `redis_storage` for the asynchronous mode: each function returns an `asio::awaitable`, and nothing blocks. What is
/// said there about the server, its settings, what it can lose, errors and round trips holds here too.
///
///     asio::io_context context;
///     phoneauth::async_redis_storage redis(context.get_executor(), "redis://127.0.0.1:6379/0");
///
/// All operations share one connection to each server, on which their commands are pipelined: of a hundred flows that
/// run at once none waits for the reply of another, and their commands travel in a few packets. When a connection
/// breaks, or a reply is overdue, all operations on it throw; the next one connects again. A server that could not be
/// reached is tried again after 50 ms, then 100 ms and so on up to a second; meanwhile calls throw at once.
///
/// @par Thread safety
/// Shared objects are safe, also on an io_context that several threads run. An operation completes on the executor of
/// the coroutine that waits for it.
///
/// @par Lifetime
/// The object must outlive its operations, and must be destroyed before the context of its executor is.
///
/// @par Cancellation
/// An operation that is cancelled throws `asio::error::operation_aborted`; its commands may have been carried out.
class async_redis_storage : public forwarding_storage<async_redis_storage> {
public:
    /// As the constructor of `redis_storage`. It blocks, for `options.connect_timeout` and `options.operation_timeout`
    /// at most.
    ///
    /// @param executor  on which connections are served
    /// @param url       see `redis_storage`
    /// @param options   see there
    async_redis_storage(const ::asio::any_io_executor& executor, const std::string& url,
                        const redis_options& options = {})
        : async_redis_storage(executor, detail::parse_redis_url(url), options) {}

    /// Begins `operation`: see `forwarding_storage`.
    template <class Operation, class... Arguments>
    auto perform(Operation operation, const Arguments&... arguments) {
        return operation(commands_, arguments...);
    }

private:
    async_redis_storage(const ::asio::any_io_executor& executor, const detail::redis_url& url,
                        const redis_options& options)
        : commands_(options, detail::check_redis(url, options), executor, url, options) {}

    detail::redis_commands<detail::redis_async_link> commands_;
};

static_assert(Storage<async_redis_storage>);

}  // namespace v0
}  // namespace phoneauth

#endif

#endif
