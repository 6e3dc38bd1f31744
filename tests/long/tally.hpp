// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_LONG_TALLY_HPP
#define PHONEAUTH_TESTS_LONG_TALLY_HPP

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace proofs {

/// A temporary folder.
struct folder {
    folder() {
        auto name = (std::filesystem::temp_directory_path() / "phoneauth-XXXXXX").string();
        if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
        path = name;
    }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    ~folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    std::string file(const char* name) const { return (path / name).string(); }
    std::filesystem::path path;
};

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
