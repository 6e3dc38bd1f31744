// SPDX-License-Identifier: BSL-1.0
#include "faults/allocations.hpp"

#include <cstdlib>
#include <new>

namespace faults {
constinit thread_local allocation_gate gate;
}

void* operator new(std::size_t size) {
    auto& gate = faults::gate;
    if (gate.open) {
        ++gate.count;
        if (gate.count == gate.fail_at[0] || gate.count == gate.fail_at[1]) throw std::bad_alloc();
    }
    if (void* block = std::malloc(size > 0 ? size : 1)) return block;
    throw std::bad_alloc();
}
void operator delete(void* block) noexcept {
    std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
    std::free(block);
}
