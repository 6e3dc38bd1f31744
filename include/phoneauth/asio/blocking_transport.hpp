// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_BLOCKING_TRANSPORT_HPP
#define PHONEAUTH_ASIO_BLOCKING_TRANSPORT_HPP

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <phoneauth/asio/detail/tls_client.hpp>
#include <phoneauth/asio/https_transport.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

namespace phoneauth {
inline namespace v0 {

/// The `HttpTransport` of a thread-per-request server: `send` returns when the reply is there. Thread-safe.
///
/// Each request in flight has an event loop of its own, kept with its connection for the next one, on which an
/// `https_transport` does the work: Asio's blocking functions know no time limits.
class blocking_transport {
public:
    /// Options as for `https_transport`; `max_idle_connections_per_host` counts for each of at most `max_connections`
    /// event loops and is 1 at most. Throws std::runtime_error if `options.ca_file` cannot be loaded.
    explicit blocking_transport(https_transport_options options = {})
        : options_(std::move(options)), tls_(std::make_shared<detail::tls_client>(options_.ca_file)) {
        free_slots_ = std::max<std::size_t>(options_.max_connections, 1);
        options_.max_idle_connections_per_host = std::min<std::size_t>(options_.max_idle_connections_per_host, 1);
    }

    blocking_transport(const blocking_transport&) = delete;
    blocking_transport& operator=(const blocking_transport&) = delete;

    /// Sends `request` and returns the whole reply, whatever its status. Errors as for `https_transport::send`, without
    /// `cancelled`. Returns within the sum of the time-outs, but for a name server that does not answer: the system's
    /// resolver cannot be interrupted, and its own limits hold.
    result<http_response> send(const http_request& request) {
        slot in_flight(*this);
        if (!in_flight.acquire()) return error::overloaded;
        try {
            auto& used = in_flight.lane();
            result<http_response> outcome = error::internal;
            auto work = used.transport.send(request);
            ::asio::co_spawn(used.context, std::move(work), [&](std::exception_ptr thrown, result<http_response> r) {
                if (!thrown) outcome = std::move(r);
            });
            used.context.restart();
            used.context.run();
            return outcome;
        } catch (...) {
            return failure_of_current_exception(error::internal);
        }
    }

private:
    struct lane {
        lane(const https_transport_options& options, const std::shared_ptr<detail::tls_client>& tls)
            : context(1), transport(context.get_executor(), options, tls) {}
        ::asio::io_context context;
        https_transport transport;
    };

    /// The right to have a request in flight, and the lane for it.
    class slot {
    public:
        explicit slot(blocking_transport& owner) : owner_(owner) {}
        slot(const slot&) = delete;
        slot& operator=(const slot&) = delete;
        ~slot() {
            if (!owned_) return;
            {
                const std::lock_guard lock(owner_.mutex_);
                ++owner_.free_slots_;
                if (lane_) owner_.lanes_.push_back(std::move(lane_));
            }
            owner_.freed_.notify_one();
        }

        bool acquire() {
            std::unique_lock lock(owner_.mutex_);
            if (owner_.free_slots_ == 0) {
                if (owner_.waiting_ >= owner_.options_.max_waiting) return false;
                ++owner_.waiting_;
                owner_.freed_.wait_for(lock, owner_.options_.connect_timeout, [&] { return owner_.free_slots_ > 0; });
                --owner_.waiting_;
                if (owner_.free_slots_ == 0) return false;
            }
            --owner_.free_slots_;
            owned_ = true;
            if (!owner_.lanes_.empty()) {
                lane_ = std::move(owner_.lanes_.back());
                owner_.lanes_.pop_back();
            }
            return true;
        }

        blocking_transport::lane& lane() {
            if (!lane_) lane_ = std::make_unique<blocking_transport::lane>(owner_.options_, owner_.tls_);
            return *lane_;
        }

    private:
        blocking_transport& owner_;
        std::unique_ptr<blocking_transport::lane> lane_;
        bool owned_ = false;
    };

    https_transport_options options_;
    std::shared_ptr<detail::tls_client> tls_;
    std::mutex mutex_;
    std::condition_variable freed_;
    std::size_t free_slots_ = 0;
    std::size_t waiting_ = 0;
    std::vector<std::unique_ptr<lane>> lanes_;  ///< those without a request, the one used last at the end
};

}  // namespace v0
}  // namespace phoneauth

#endif
