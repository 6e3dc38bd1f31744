// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_FAULTS_OUTCOME_HPP
#define PHONEAUTH_TESTS_FAULTS_OUTCOME_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "faults/world.hpp"

namespace faults {

/// What a run left.
struct outcome {
    std::vector<mark> trace;
    std::size_t allocations = 0;
    std::size_t exceptions = 0;
    std::size_t flows = 0;  ///< that were asked for
    std::string findings;
    std::array<bool, invariant_names.size()> broken{};
    std::size_t requests() const {
        return static_cast<std::size_t>(
            std::count_if(trace.begin(), trace.end(), [](const mark& m) { return m.is_request; }));
    }
};

template <class Journey>
outcome live(const plan& p = {}, defect d = defect::none) {
    evidence e(p, d, Journey::settings());
    outcome o;
    {
        Journey j(e);
        j.run();
    }
    o.allocations = gate.count;
    o.exceptions = e.exceptions;
    o.flows = e.requests;
    o.findings = e.findings();
    for (std::size_t i = 0; i < o.broken.size(); ++i) o.broken[i] = e.is_broken(static_cast<invariant>(i));
    o.trace = std::move(e.trace);
    return o;
}

}  // namespace faults

#endif
