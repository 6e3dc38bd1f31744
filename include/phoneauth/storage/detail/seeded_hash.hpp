// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_SEEDED_HASH_HPP
#define PHONEAUTH_STORAGE_DETAIL_SEEDED_HASH_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string_view>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Hashes strings with a seed of its own, so that nobody can prepare keys that all fall into one bucket.
class seeded_hash {
public:
    using is_transparent = void;

    // Not noexcept: libstdc++ then keeps the hash of each key next to it.
    std::size_t operator()(std::string_view text) const {
        const auto mixed = (std::hash<std::string_view>()(text) ^ seed_) * 0x9E3779B97F4A7C15u;
        return static_cast<std::size_t>(mixed ^ (mixed >> 32));
    }

private:
    std::uint64_t seed_ = std::uint64_t{std::random_device()()} << 32 | std::random_device()();
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
