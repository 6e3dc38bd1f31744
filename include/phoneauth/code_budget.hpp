// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_CODE_BUDGET_HPP
#define PHONEAUTH_CODE_BUDGET_HPP

#include <cstdint>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {

/// What is left of the codes that all clients together may be sent (`config::max_sends_per_hour`).
struct code_budget {
    std::int64_t at_once = 0;  ///< how many anybody may be sent at once if none were sent lately; 0: there is no limit
    std::int64_t left = 0;     ///< how many of them may be sent now
    std::int64_t left_for_known = 0;  ///< how many from known networks, and to those who knew their password
};

}  // namespace v0
}  // namespace phoneauth

#endif
