// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_FAULTS_ALLOCATIONS_HPP
#define PHONEAUTH_TESTS_FAULTS_ALLOCATIONS_HPP

#include <array>
#include <cstddef>
#include <utility>

// This program's `operator new` counts, and fails where it is told to. What OpenSSL and the C library ask for goes
// another way (`malloc`) and is not seen.

namespace faults {

/// The allocations of one thread.
struct allocation_gate {
    bool open = false;                     ///< whether they are a flow's: others are not counted and never fail
    std::size_t count = 0;                 ///< those seen so far
    std::array<std::size_t, 2> fail_at{};  ///< which of them throw `std::bad_alloc`, counted from 1; 0: none
};

extern constinit thread_local allocation_gate gate;

/// While it lives, allocations are the test's own.
class not_the_flow {
public:
    not_the_flow() noexcept : was_open_(std::exchange(gate.open, false)) {}
    not_the_flow(const not_the_flow&) = delete;
    not_the_flow& operator=(const not_the_flow&) = delete;
    ~not_the_flow() { gate.open = was_open_; }

    /// Calls `f` as if this did not live.
    template <class F>
    auto except(F f) const {
        const again_the_flow open(was_open_);
        return f();
    }

private:
    struct again_the_flow {
        explicit again_the_flow(bool open) noexcept { gate.open = open; }
        again_the_flow(const again_the_flow&) = delete;
        again_the_flow& operator=(const again_the_flow&) = delete;
        ~again_the_flow() { gate.open = false; }
    };
    bool was_open_;
};

}  // namespace faults

#endif
