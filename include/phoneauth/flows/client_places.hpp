// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_CLIENT_PLACES_HPP
#define PHONEAUTH_FLOWS_CLIENT_PLACES_HPP

#include <functional>
#include <map>
#include <memory>
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
    struct state {
        std::mutex mutex;
        count_map counts;
    };

public:
    /// A place of a client, until it is destroyed; or none. It may outlive the `client_places`: a coroutine that never
    /// goes on is destroyed with its event loop.
    class place {
    public:
        /// None.
        place() = default;
        /// Takes it over: `other` is none then.
        place(place&& other) noexcept : all_(std::move(other.all_)), at_(other.at_) {}
        place& operator=(place&&) = delete;
        ~place() {
            if (!all_) return;
            const std::lock_guard lock(all_->mutex);
            if (--at_->second == 0) all_->counts.erase(at_);
        }

        /// Whether it is one.
        explicit operator bool() const noexcept { return all_ != nullptr; }

    private:
        friend client_places;
        place(std::shared_ptr<state> all, count_map::iterator at) noexcept : all_(std::move(all)), at_(at) {}

        std::shared_ptr<state> all_;
        count_map::iterator at_{};
    };

    /// A place for `client`, unless it has `most` already; 1 ≤ `most`.
    place take(std::string_view client, int most) {
        const std::lock_guard lock(state_->mutex);
        const auto at = state_->counts.try_emplace(std::string(client), 0).first;
        if (at->second >= most) return {};
        ++at->second;
        return {state_, at};
    }

private:
    std::shared_ptr<state> state_ = std::make_shared<state>();
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
