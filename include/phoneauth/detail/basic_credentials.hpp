// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_BASIC_CREDENTIALS_HPP
#define PHONEAUTH_DETAIL_BASIC_CREDENTIALS_HPP

#include <string_view>

#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/secret_string.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// The value of Authorization, or of Proxy-Authorization, in HTTP's Basic scheme (RFC 7617 §2). `name` has no colon.
inline secret_string basic_credentials(std::string_view name, std::string_view secret) {
    secret_string pair;
    pair.reserve(name.size() + secret.size() + 1);
    pair.append(name).append(":").append(secret);
    const secret_string encoded = base64(pair);
    secret_string value;
    value.reserve(encoded.size() + 6);
    value.append("Basic ").append(encoded);
    return value;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
