// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_LONG_TALLY_HPP
#define PHONEAUTH_TESTS_LONG_TALLY_HPP

#include <cstdio>
#include <string>

namespace proofs {

/// Counts what is shown, and prints the line that tests/run.sh adds up.
class tally {
public:
    void expect(bool ok, const std::string& what) {
        ++(ok ? passed_ : failed_);
        std::printf("  %s  %s\n", ok ? "ok    " : "FAILED", what.c_str());
        std::fflush(stdout);
    }
    void skip(const std::string& what) {
        ++skipped_;
        std::printf("  NOT TESTED  %s\n", what.c_str());
    }
    int finish() const {
        std::printf("%d passed, %d failed, %d skipped\n", passed_, failed_, skipped_);
        return failed_ > 0 || passed_ == 0;
    }

private:
    int passed_ = 0, failed_ = 0, skipped_ = 0;
};

}  // namespace proofs

#endif
