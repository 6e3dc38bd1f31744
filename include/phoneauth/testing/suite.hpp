// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_SUITE_HPP
#define PHONEAUTH_TESTING_SUITE_HPP

#include <string>
#include <vector>

#include <phoneauth/version.hpp>

// What a suite of checks takes and gives.

namespace phoneauth {
inline namespace v0 {
namespace testing {

/// One thing that a storage does wrong.
struct suite_finding {
    std::string check;    ///< what was tried, for example "transactions: racing updates"
    std::string message;  ///< what should have been
};

/// The findings as text, a line each; empty if there are none.
inline std::string to_text(const std::vector<suite_finding>& findings) {
    std::string text;
    for (const auto& f : findings) text += f.check + ": " + f.message + "\n";
    return text;
}

/// How hard a suite tries. With the defaults it makes about fifteen thousand calls; for a storage that waits for a disk
/// on each write fewer rounds are enough.
struct suite_options {
    unsigned threads = 8;   ///< how many race; 1 for a storage that may be used from one thread at a time only
    unsigned rounds = 20;   ///< how often each race is run
    unsigned steps = 3000;  ///< how many random batches of cells are compared with `decide`
};

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
