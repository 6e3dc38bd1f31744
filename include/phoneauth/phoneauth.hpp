// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_PHONEAUTH_HPP
#define PHONEAUTH_PHONEAUTH_HPP

// The authenticator and all that its functions take and return. It needs OpenSSL and simdjson, and neither Asio nor
// llhttp; storages, transports, REST and the test kit have headers of their own.

#include <phoneauth/authenticator.hpp>
#include <phoneauth/version.hpp>

#endif
