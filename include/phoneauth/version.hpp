// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_VERSION_HPP
#define PHONEAUTH_VERSION_HPP

/// The library's version as a number: major * 10000 + minor * 100 + patch.
#define PHONEAUTH_VERSION 100
/// The library's version as text (https://semver.org).
#define PHONEAUTH_VERSION_STRING "0.1.0"

#endif
