// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_SUPPORT_SCRIPTS_HPP
#define PHONEAUTH_TESTS_SUPPORT_SCRIPTS_HPP

#include <string>

namespace support {

/// Where tests/scripts/NAME is. The build says so: what __FILE__ is depends on the folder that the compiler ran in.
std::string script_path(const std::string& name);

}  // namespace support

#endif
