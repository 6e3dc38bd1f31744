// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_POOL_USAGE_HPP
#define PHONEAUTH_POOL_USAGE_HPP

#include <cstddef>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {

/// How far a pool is used, of connections or of threads, at the moment it was asked.
struct pool_usage {
    std::size_t size = 0;     ///< how many can be used at a time
    std::size_t in_use = 0;   ///< how many are
    std::size_t waiting = 0;  ///< how many callers wait for one
};

}  // namespace v0
}  // namespace phoneauth

#endif
