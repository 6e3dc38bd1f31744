// SPDX-License-Identifier: BSL-1.0
#include "support/scripts.hpp"

#include <filesystem>

namespace support {

std::string script_path(const std::string& name) {
    return (std::filesystem::path(PHONEAUTH_TESTS_SCRIPTS) / name).string();
}

}  // namespace support
