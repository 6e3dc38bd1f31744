// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_BOUNDED_POOL_HPP
#define PHONEAUTH_DETAIL_BOUNDED_POOL_HPP

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <phoneauth/pool_usage.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Things of which each serves one thread at a time, and of which there are so many at most: connections, for example.
/// Thread-safe.
template <class T>
class bounded_pool {
public:
    /// The right to use one.
    class lease {
    public:
        explicit lease(bounded_pool& pool) noexcept : pool_(&pool) {}
        lease(lease&& other) noexcept : item(std::move(other.item)), pool_(std::exchange(other.pool_, nullptr)) {}
        lease& operator=(lease&&) = delete;
        ~lease() {
            if (pool_) pool_->give_back(std::move(item));
        }

        /// The one that was used last; empty if its holder is to make one. What is here in the end is kept for the next.
        std::unique_ptr<T> item{};

    private:
        bounded_pool* pool_;
    };

    /// `capacity`: at least 1.
    explicit bounded_pool(std::size_t capacity) : size_(std::max<std::size_t>(capacity, 1)) {}

    /// One that nobody has yet.
    void add(std::unique_ptr<T> item) {
        const std::scoped_lock lock(mutex_);
        idle_.push_back(std::move(item));
    }

    /// Waits until one is free. Nothing if none is until `deadline`; at once, if so many wait already.
    std::optional<lease> take(std::chrono::steady_clock::time_point deadline,
                              std::size_t max_waiting = (std::numeric_limits<std::size_t>::max)()) {
        std::unique_lock lock(mutex_);
        if (free_ == 0) {
            if (waiting_ >= max_waiting) return std::nullopt;
            ++waiting_;
            const bool freed = freed_.wait_until(lock, deadline, [&] { return free_ > 0; });
            --waiting_;
            if (!freed) return std::nullopt;
        }
        --free_;
        std::optional<lease> taken(std::in_place, *this);
        if (!idle_.empty()) {
            taken->item = std::move(idle_.back());
            idle_.pop_back();
        }
        return taken;
    }

    /// How many there may be, are leased, and are waited for.
    pool_usage usage() const {
        const std::scoped_lock lock(mutex_);
        return {size_, size_ - free_, waiting_};
    }

private:
    void give_back(std::unique_ptr<T> item) {
        {
            const std::scoped_lock lock(mutex_);
            ++free_;
            if (item) idle_.push_back(std::move(item));
        }
        freed_.notify_one();
    }

    mutable std::mutex mutex_;
    std::condition_variable freed_;
    const std::size_t size_;
    std::size_t free_ = size_;
    std::size_t waiting_ = 0;
    std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
