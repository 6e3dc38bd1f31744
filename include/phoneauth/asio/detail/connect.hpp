// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_DETAIL_CONNECT_HPP
#define PHONEAUTH_ASIO_DETAIL_CONNECT_HPP

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <phoneauth/asio/detail/current_failure.hpp>  // whether there are coroutines
#include <phoneauth/detail/happy_eyeballs.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

// Connecting to a host that has several addresses, some of which may never answer: Happy Eyeballs (RFC 8305 §4 and §5).

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Attempts to connect, of which the first that succeeds counts. The next address is tried when one fails, and when
/// `connection_attempt_delay` has passed. All of it runs on an executor that never runs two handlers at once.
class connection_race : public std::enable_shared_from_this<connection_race> {
public:
    using clock = std::chrono::steady_clock;
    using tcp = ::asio::ip::tcp;

    /// Owned by shared_ptr: attempts that are closed keep it alive until their handlers have run.
    ///
    /// @param endpoints  in the resolver's order; families then take turns
    connection_race(const ::asio::any_io_executor& strand, std::vector<tcp::endpoint> endpoints)
        : strand_(strand), endpoints_(interleave_families(std::move(endpoints), is_v6)), delay_(strand), done_(strand) {
        attempts_.reserve(endpoints_.size());  // they stay where they are
    }
    connection_race(const connection_race&) = delete;
    connection_race& operator=(const connection_race&) = delete;

    /// Runs it, once.
    ///
    /// @param into  gets the connection, in the place of what it was; untouched if there is none
    /// @return empty; or asio::error::timed_out at the deadline, asio::error::operation_aborted after `cancel` or a
    ///     cancellation of the coroutine, or why the last attempt failed. What lost is closed.
    static ::asio::awaitable<std::error_code> run(std::shared_ptr<connection_race> self, tcp::socket& into,
                                                  clock::time_point deadline) {
        const closer whatever_happens(*self);
        self->done_.expires_at(deadline);
        self->try_next();
        std::error_code ec;
        if (!self->settled_) co_await self->done_.async_wait(::asio::redirect_error(::asio::use_awaitable, ec));
        self->settle(ec ? ec : std::error_code(::asio::error::timed_out));
        if (self->winner_) into = std::move(*self->winner_);
        co_return self->outcome_;
    }

    /// Ends it, from the same executor.
    void cancel() noexcept { settle(::asio::error::operation_aborted); }

private:
    struct closer {
        explicit closer(connection_race& r) : race(r) {}
        closer(const closer&) = delete;
        closer& operator=(const closer&) = delete;
        ~closer() { race.cancel(); }
        connection_race& race;
    };

    static bool is_v6(const tcp::endpoint& e) { return e.address().is_v6(); }

    void try_next() noexcept {
        try {
            if (settled_) return;
            if (attempts_.size() == endpoints_.size()) {
                if (pending_ == 0) settle(last_);
                return;
            }
            const auto n = attempts_.size();
            attempts_.emplace_back(strand_);
            attempts_[n].async_connect(
                endpoints_[n], [self = shared_from_this(), n](std::error_code ec) { self->attempt_ended(n, ec); });
            ++pending_;
            if (n + 1 == endpoints_.size()) return;
            delay_.expires_after(connection_attempt_delay);
            delay_.async_wait([self = shared_from_this()](std::error_code ec) {
                // One that was set anew may have been on its way already.
                if (!ec && clock::now() >= self->delay_.expiry()) self->try_next();
            });
        } catch (...) {
            settle(std::make_error_code(std::errc::not_enough_memory));
        }
    }

    void attempt_ended(std::size_t n, std::error_code ec) noexcept {
        --pending_;
        if (settled_) return;
        if (!ec) {
            winner_.emplace(std::move(attempts_[n]));
            return settle(ec);
        }
        last_ = ec;
        attempts_[n].close(ec);
        try_next();
    }

    /// Only the first call counts.
    void settle(std::error_code outcome) noexcept {
        if (std::exchange(settled_, true)) return;
        outcome_ = outcome;
        std::error_code ignored;
        for (auto& attempt : attempts_) attempt.close(ignored);
        delay_.cancel();
        done_.cancel();
    }

    ::asio::any_io_executor strand_;
    std::vector<tcp::endpoint> endpoints_;
    std::vector<tcp::socket> attempts_;  ///< as many as have begun
    std::size_t pending_ = 0;
    ::asio::steady_timer delay_;
    ::asio::steady_timer done_;
    bool settled_ = false;
    std::error_code outcome_;
    std::error_code last_ = ::asio::error::host_not_found;  ///< unless there are addresses
    std::optional<tcp::socket> winner_;
};

/// Connects `socket`, on its executor, to the first of the `endpoints` that answers; errors as for
/// `connection_race::run`. A cancellation closes everything.
inline ::asio::awaitable<std::error_code> connect_first(::asio::ip::tcp::socket& socket,
                                                        std::vector<::asio::ip::tcp::endpoint> endpoints,
                                                        std::chrono::steady_clock::time_point deadline) {
    auto race = std::make_shared<connection_race>(socket.get_executor(), std::move(endpoints));
    auto running = connection_race::run(std::move(race), socket, deadline);
    auto ec = co_await std::move(running);
    co_return ec;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
