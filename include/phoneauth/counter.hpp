// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_COUNTER_HPP
#define PHONEAUTH_COUNTER_HPP

#include <chrono>
#include <cstdint>
#include <string>

#include <phoneauth/time.hpp>

namespace phoneauth {
inline namespace v0 {

/// A change to a counter, carried out as one atomic step. A counter that is absent counts as 0; a counter that has
/// come to 0 is absent.
struct counter_change {
    std::string key;      ///< which counter, at most 128 characters
    std::int64_t by = 1;  ///< what to add; 0 only reads; a sum below 0 becomes 0
    time_point now{};     ///< a counter whose `expires_at` is not later than this counts as absent, which is 0
    std::chrono::milliseconds lifetime{};  ///< a counter that this change brings into being expires at `now + lifetime`
    /// Whether adding makes an existing counter, too, live until `now + lifetime`, if that is later.
    bool prolong = false;
};

/// A counter after the change.
struct counter {
    std::int64_t value = 0;   ///< never negative
    time_point expires_at{};  ///< when it starts again at 0; meaningless while `value` is 0
};

}  // namespace v0
}  // namespace phoneauth

#endif
