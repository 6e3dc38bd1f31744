// SPDX-License-Identifier: BSL-1.0
#include "all_headers.hpp"

int version_of_b();

int version_of_b() {
    return PHONEAUTH_VERSION;
}
