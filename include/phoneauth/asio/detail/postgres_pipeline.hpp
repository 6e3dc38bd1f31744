// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_DETAIL_POSTGRES_PIPELINE_HPP
#define PHONEAUTH_ASIO_DETAIL_POSTGRES_PIPELINE_HPP

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <asio/any_io_executor.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>

#include <phoneauth/asio/detail/backoff.hpp>
#include <phoneauth/asio/detail/posted_handler.hpp>
#include <phoneauth/pool_usage.hpp>
#include <phoneauth/storage/detail/postgres_queries.hpp>
#include <phoneauth/storage/detail/postgres_schema.hpp>
#include <phoneauth/storage/detail/postgres_statements.hpp>
#include <phoneauth/storage/postgres_options.hpp>

#if !defined(LIBPQ_HAS_PIPELINING)
#error "phoneauth: asio/postgres.hpp needs libpq 14 or later"
#endif

namespace phoneauth {
inline namespace v0 {
namespace detail {
namespace postgres {

/// What became of a statement: a result that is `verdict::done`, or the text of an exception, which is then made on the
/// thread that throws it.
struct outcome {
    result_ptr answer;
    std::string failure;
};

/// A statement that somebody waits for. It refers to the statement and the parameters in the frame of whoever does.
struct request {
    request(posted_handler<outcome> h, const statement& w, const parameters& v, steady_time d)
        : complete(std::move(h)), what(w), values(v), deadline(d) {}

    void fail(const std::runtime_error& why) { complete({nullptr, why.what()}); }

    posted_handler<outcome> complete;
    const statement& what;
    const parameters& values;
    const steady_time deadline;
    int attempts = 1;    ///< on one connection
    bool moved = false;  ///< from one connection to another
};
using request_ptr = std::unique_ptr<request>;

/// One connection in libpq's pipeline mode: statements are sent while the answers to earlier ones are on their way. A
/// synchronization point after each makes it a transaction of its own, which fails alone. Thread-safe: a mutex guards
/// everything, libpq's functions included, none of which blocks. While nobody waits nothing is asked of the executor.
class pipeline : public std::enable_shared_from_this<pipeline> {
public:
    /// `connectors`: threads on which connections are opened, since that looks up names and takes several round trips.
    pipeline(const ::asio::any_io_executor& executor, ::asio::thread_pool& connectors, const server_address& server,
             const postgres_options& options)
        : connectors_(connectors), server_(server), options_(options), socket_(executor), timer_(executor) {}

    /// How many requests have not been answered.
    std::size_t pending() const noexcept { return pending_; }
    /// How bad it would be to submit something here: whether it fails at once, and how many wait already.
    std::pair<bool, std::size_t> load(steady_time now) const noexcept { return {backoff_.holds(now), pending_}; }

    void submit(request_ptr r) {
        const std::scoped_lock lock(mutex_);
        if (closed_) return r->fail(destroyed());
        if (pending_ >= options_.max_pending)
            return r->fail(std::runtime_error("phoneauth: too many calls wait for PostgreSQL"));
        if (connection_ && sent_.empty() && connection_->is_dead()) disconnect();
        if (!connection_ && !connecting_ && backoff_.holds(std::chrono::steady_clock::now()))
            return r->fail(std::runtime_error(failure_));
        ++pending_;
        send(std::move(r));
        progress();
    }

    void adopt(std::unique_ptr<connection> c) {
        const std::scoped_lock lock(mutex_);
        install(std::move(c));
    }

    /// Fails all calls that wait, and all from now on.
    void close() {
        const std::scoped_lock lock(mutex_);
        closed_ = true;
        disconnect();
        timer_.cancel();
        for (auto* all : {&sent_, &waiting_})
            for (auto& r : std::exchange(*all, {})) fail(*r, destroyed());
    }

private:
    using queue = std::deque<request_ptr>;

    // All that follows is called with the mutex locked, but for `open_connection`.

    /// Once a connection is there: at once or later.
    void send(request_ptr r) {
        if (!connection_ || unfit_) {
            waiting_.push_back(std::move(r));
            if (!connection_) connect();
            return;
        }
        sent_.push_back(std::move(r));
        const auto& added = *sent_.back();
        if (!connection_->send(added.what, added.values) || PQpipelineSync(connection_->get()) != 1)
            lost(connection::lost());
    }

    /// Does what can be done at the moment, and sees to it that this is called again when there is more to do.
    void progress() {
        if (connection_) transfer();
        if (!sent_.empty() || !waiting_.empty()) {
            if (!timing_) watch_time();
        } else if (timing_) {
            timer_.cancel();
        }
    }

    void transfer() {
        auto* c = connection_->get();
        if (PQflush(c) < 0) return lost(connection::lost());
        while (connection_ && !sent_.empty() && !PQisBusy(c)) {
            result_ptr next(PQgetResult(c));
            if (PQstatus(c) != CONNECTION_OK) return lost(connection::lost());
            if (!next) continue;  // the end of one statement's results
            // The server commits only after it has said what a statement did: what counts is complete at this point.
            if (PQresultStatus(next.get()) == PGRES_PIPELINE_SYNC)
                finish_first();
            else if (!answer_ || judge(answer_.get()) == verdict::done)
                answer_ = std::move(next);
        }
        if (!connection_) return;
        const int unsent = PQflush(c);  // what was run again is among it
        if (unsent < 0) return lost(connection::lost());
        if (!sent_.empty()) {
            if (!reading_) wait(::asio::posix::stream_descriptor::wait_read, reading_);
            if (unsent && !writing_) wait(::asio::posix::stream_descriptor::wait_write, writing_);
        } else if (unfit_) {
            disconnect();
            connect();
        } else if (reading_) {
            socket_.cancel();
        }
    }

    void finish_first() {
        auto r = std::move(sent_.front());
        sent_.pop_front();
        auto answer = std::move(answer_);
        switch (answer ? judge(answer.get()) : verdict::lost) {
        case verdict::done:
            --pending_;
            return r->complete({std::move(answer), {}});
        case verdict::again:
            if (r->attempts++ == max_attempts) return fail(*r, too_many_attempts());
            return send(std::move(r));
        case verdict::reconnect:
            if (std::exchange(r->moved, true)) break;
            unfit_ = true;
            waiting_.push_back(std::move(r));
            return;
        case verdict::refused:
            break;
        case verdict::lost:
            sent_.push_front(std::move(r));
            return lost(connection::lost());
        }
        fail(*r, std::runtime_error(message_of(answer.get())));
    }

    void fail(request& r, const std::runtime_error& why) {
        --pending_;
        r.fail(why);
    }

    /// What was sent and only reads is sent once more; whether a write was carried out nobody knows.
    void lost(const std::runtime_error& why) {
        disconnect();
        const auto now = std::chrono::steady_clock::now();
        for (auto& r : std::exchange(sent_, {})) {
            if (r->what.reads && now < r->deadline && !std::exchange(r->moved, true))
                waiting_.push_back(std::move(r));
            else
                fail(*r, why);
        }
        if (!waiting_.empty()) connect();
    }

    void disconnect() {
        if (!connection_) return;
        ++generation_;
        reading_ = writing_ = unfit_ = false;
        answer_.reset();
        socket_.release();  // libpq closes it
        connection_.reset();
    }

    void install(std::unique_ptr<connection> c) {
        if (PQenterPipelineMode(c->get()) != 1) throw connection::lost();
        socket_.assign(PQsocket(c->get()));
        connection_ = std::move(c);
    }

    void connect() {
        if (!std::exchange(connecting_, true))
            ::asio::post(connectors_, [self = shared_from_this()] { self->open_connection(); });
    }

    void open_connection() {
        std::unique_ptr<connection> opened;
        std::string failure;
        try {
            const auto deadline = std::chrono::steady_clock::now() + options_.timeout;
            opened = open(server_, options_.timeout, deadline);
            prepare(*opened, deadline);
        } catch (const std::exception& e) {
            opened.reset();
            failure = e.what();
        }
        const std::scoped_lock lock(mutex_);
        connecting_ = false;
        if (closed_) return;
        try {
            if (opened) install(std::move(opened));
        } catch (const std::exception& e) {
            failure = e.what();
        }
        connection_ ? backoff_.succeeded() : backoff_.failed();
        failure_ = std::move(failure);
        for (auto& r : std::exchange(waiting_, {})) {
            if (connection_ || connecting_)
                send(std::move(r));
            else
                fail(*r, failure_.empty() ? connection::lost() : std::runtime_error(failure_));
        }
        progress();
    }

    void wait(::asio::posix::stream_descriptor::wait_type what, bool& waits) {
        waits = true;
        socket_.async_wait(
            what, [self = shared_from_this(), generation = generation_, &waits](const std::error_code& failed) {
                const std::scoped_lock lock(self->mutex_);
                if (generation != self->generation_) return;
                waits = false;
                if (!failed && !PQconsumeInput(self->connection_->get())) self->lost(connection::lost());
                self->progress();
            });
    }

    /// All may take equally long, so the first in a queue is the first to be late.
    void watch_time() {
        timing_ = true;
        const auto& first = sent_.empty() ? waiting_.front() : sent_.front();
        timer_.expires_at(first->deadline);
        timer_.async_wait([self = shared_from_this()](const std::error_code&) {
            const std::scoped_lock lock(self->mutex_);
            self->timing_ = false;
            const auto now = std::chrono::steady_clock::now();
            for (auto& all = self->waiting_; !all.empty() && all.front()->deadline <= now; all.pop_front())
                self->fail(*all.front(), self->no_connection());
            if (!self->sent_.empty() && self->sent_.front()->deadline <= now) self->lost(connection::too_slow());
            self->progress();
        });
    }

    /// With the reason of the last failure, if there was one since the last connection: it says what to do.
    std::runtime_error no_connection() const {
        return std::runtime_error("phoneauth: no connection to PostgreSQL within the time limit" +
                                  (failure_.empty() ? "" : "; the attempt before failed: " + failure_));
    }

    static std::runtime_error destroyed() {
        return std::runtime_error("phoneauth: the PostgreSQL storage was destroyed");
    }

    ::asio::thread_pool& connectors_;
    const server_address& server_;
    const postgres_options& options_;

    std::mutex mutex_;
    std::atomic<std::size_t> pending_ = 0;  // in both queues
    queue waiting_;                         // for a connection
    queue sent_;                            // in the order in which the answers come
    result_ptr answer_;                     // to the first that was sent, as far as it has come
    std::unique_ptr<connection> connection_;
    unsigned generation_ = 0;  // of the connection, so that what waited for an earlier one does nothing
    ::asio::posix::stream_descriptor socket_;
    ::asio::steady_timer timer_;
    bool reading_ = false;  // waiting for it
    bool writing_ = false;
    bool timing_ = false;
    bool unfit_ = false;  // the connection is to be replaced once all answers are there
    bool connecting_ = false;
    bool closed_ = false;
    std::string failure_;  // why the last attempt to connect failed
    backoff backoff_{std::chrono::milliseconds(2000)};
};

/// The connections of a storage.
class pipelines {
public:
    pipelines(const ::asio::any_io_executor& executor, const std::string& url, const postgres_options& options)
        : server_(url), options_(options), connectors_(std::max<std::size_t>(options.connections, 1)) {
        const auto deadline = [&] { return std::chrono::steady_clock::now() + options_.timeout; };
        auto first = open(server_, options_.timeout, deadline());
        migrate(*first, deadline());
        prepare(*first, deadline());
        for (std::size_t i = 0; i < std::max<std::size_t>(options_.connections, 1); ++i)
            all_.push_back(std::make_shared<pipeline>(executor, connectors_, server_, options_));
        all_.front()->adopt(std::move(first));
    }

    void close() {
        for (auto& p : all_) p->close();
        connectors_.join();
    }

    /// The one on which the fewest wait: several share the work of the server's processes and of its disk. But all
    /// that is taken from cells goes to the first, and nothing else does unless there is no other: from a cell that all
    /// share one takes after the other, and whatever is behind that on its connection would wait with it.
    pipeline& best(bool takes_cells) const {
        const auto now = std::chrono::steady_clock::now();
        const auto cost = [&](const auto& p) {
            const auto [fails, waiting] = p->load(now);
            return std::tuple(fails, (p == all_.front()) != takes_cells, waiting);
        };
        return **std::min_element(all_.begin(), all_.end(),
                                  [&](const auto& a, const auto& b) { return cost(a) < cost(b); });
    }

    std::chrono::milliseconds timeout() const noexcept { return options_.timeout; }

    pool_usage usage() const noexcept {
        pool_usage now{all_.size()};
        for (const auto& p : all_) {
            const auto pending = p->pending();
            now.in_use += pending > 0;
            now.waiting += pending > 0 ? pending - 1 : 0;
        }
        return now;
    }

private:
    const server_address server_;
    const postgres_options options_;
    ::asio::thread_pool connectors_;
    std::vector<std::shared_ptr<pipeline>> all_;
};

}  // namespace postgres
}  // namespace detail

}  // namespace v0
}  // namespace phoneauth

#endif
