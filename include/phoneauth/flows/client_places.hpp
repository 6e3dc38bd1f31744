// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_CLIENT_PLACES_HPP
#define PHONEAUTH_FLOWS_CLIENT_PLACES_HPP

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// How much of what is dear each client has in hand at this moment, so that one of them alone cannot fill a queue that is
/// for all. It needs as much memory as there is in hand. Thread-safe.
class client_places {
    using count_map = std::map<std::string, int, std::less<>>;

public:
    /// A place of a client, until it is destroyed; or none.
    class place {
    public:
        /// None.
        place() = default;
        /// Takes it over: `other` is none then.
        place(place&& other) noexcept : all_(std::exchange(other.all_, nullptr)), at_(other.at_) {}
        place& operator=(place&&) = delete;
        ~place() {
            if (all_) all_->leave(at_);
        }

        /// Whether it is one.
        explicit operator bool() const noexcept { return all_ != nullptr; }

    private:
        friend client_places;
        place(client_places& all, count_map::iterator at) noexcept : all_(&all), at_(at) {}

        client_places* all_ = nullptr;
        count_map::iterator at_{};
    };

    /// A place for `client`, unless it has `most` already.
    place take(std::string_view client, int most) {
        const std::lock_guard lock(mutex_);
        const auto at = counts_.try_emplace(std::string(client), 0).first;
        if (at->second >= most) return {};
        ++at->second;
        return {*this, at};
    }

private:
    void leave(count_map::iterator at) noexcept {
        const std::lock_guard lock(mutex_);
        if (--at->second == 0) counts_.erase(at);
    }

    std::mutex mutex_;
    count_map counts_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
