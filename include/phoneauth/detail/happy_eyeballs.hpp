// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_HAPPY_EYEBALLS_HPP
#define PHONEAUTH_DETAIL_HAPPY_EYEBALLS_HPP

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <utility>
#include <vector>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// How long an attempt to connect is alone before the next address is tried beside it (RFC 8305 §5 and §8).
inline constexpr std::chrono::milliseconds connection_attempt_delay{250};

/// The addresses of a host in the order in which to try them (RFC 8305 §4, with a First Address Family Count of 1): each
/// is followed by the first one of another family, if there is one left. Within a family their order stays.
///
/// @param addresses  in the resolver's order (RFC 6724)
/// @param family  of an address: a function of it, or a member; compared by `!=`
template <class Address, class Family>
constexpr std::vector<Address> interleave_families(std::vector<Address> addresses, Family family) {
    const auto end = addresses.end();
    for (auto at = addresses.begin(); at != end; ++at) {
        const auto next = std::next(at);
        const auto other = std::find_if(
            next, end, [&](const Address& each) { return std::invoke(family, each) != std::invoke(family, *at); });
        if (other == end) break;
        std::rotate(next, other, std::next(other));
    }
    return addresses;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
