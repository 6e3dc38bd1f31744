// SPDX-License-Identifier: BSL-1.0
#include "all_headers.hpp"

int version_of_b();

int main() {
    return version_of_b() == PHONEAUTH_VERSION ? 0 : 1;
}
