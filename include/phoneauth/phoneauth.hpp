// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_PHONEAUTH_HPP
#define PHONEAUTH_PHONEAUTH_HPP

// The one include of a blocking user. It needs OpenSSL and simdjson, and neither Asio nor llhttp; the parts that do are
// in phoneauth/asio/.

#include <phoneauth/authenticator.hpp>
#include <phoneauth/version.hpp>

#endif
