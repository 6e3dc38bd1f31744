// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_FAULTS_COMBINATIONS_HPP
#define PHONEAUTH_TESTS_FAULTS_COMBINATIONS_HPP

#include <algorithm>
#include <cstddef>
#include <vector>

#include "faults/outcome.hpp"

namespace faults {

/// Calls `f` with each fault that can happen at the calls of `run` after the first `calls`, …
template <class F>
void for_each_fault_at_calls(const outcome& run, std::size_t calls, F f) {
    for (std::size_t at = calls + 1; at <= run.trace.size(); ++at) {
        const auto each = [&](way how) { f(fault{how, at}); };
        if (run.trace[at - 1].is_request)
            std::for_each(request_ways.begin(), request_ways.end(), each);
        else
            std::for_each(storage_ways.begin(), storage_ways.end(), each);
    }
}
/// … and at its allocations after the first `allocations`.
template <class F>
void for_each_fault_at_allocations(const outcome& run, std::size_t allocations, F f) {
    for (std::size_t at = allocations + 1; at <= run.allocations; ++at) f(fault{way::allocation, at});
}

/// All single faults of the course that `run` took.
inline std::vector<fault> faults_of(const outcome& run, bool with_allocations = true) {
    std::vector<fault> all;
    const auto add = [&](fault f) { all.push_back(f); };
    for_each_fault_at_calls(run, 0, add);
    if (with_allocations) for_each_fault_at_allocations(run, 0, add);
    return all;
}

/// Calls `f` with each fault that can follow `first`, in the course that `run` took after it: at later calls and
/// allocations, and, where the first only turned the clock or repeated the request, at the same call.
template <class F>
void for_each_second_fault(const fault& first, const outcome& run, F f) {
    std::size_t calls = first.at;
    std::size_t allocations = first.at;
    if (first.is_allocation()) {
        const auto later = [&](const mark& m) { return m.allocations >= first.at; };
        calls = static_cast<std::size_t>(std::find_if(run.trace.begin(), run.trace.end(), later) - run.trace.begin());
    } else {
        allocations = first.at <= run.trace.size() ? run.trace[first.at - 1].allocations : run.allocations;
        if (!first.ends_call() && first.at <= run.trace.size())
            for_each_fault_at_calls(run, first.at - 1, [&](const fault& same) {
                if (same.at == first.at && same.how > first.how) f(same);
            });
    }
    for_each_fault_at_calls(run, calls, f);
    for_each_fault_at_allocations(run, allocations, f);
}

}  // namespace faults

#endif
