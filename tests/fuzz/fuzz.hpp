// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_FUZZ_FUZZ_HPP
#define PHONEAUTH_TESTS_FUZZ_FUZZ_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

// What every fuzzer needs. A fuzzer is one file with one LLVMFuzzerTestOneInput. It is linked with libFuzzer
// (tests/scripts/fuzz.sh), or with replay.cpp, which runs the inputs of a folder.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

/// Ends the program, which is how a finding is reported, unless `ok`.
inline void require(bool ok, const char* property) {
    if (ok) return;
    std::fprintf(stderr, "property violated: %s\n", property);
    std::abort();
}

/// An input, read from the front. Beyond its end it is zeros.
class input {
public:
    input(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

    bool empty() const { return rest_.empty(); }
    unsigned byte() {
        if (rest_.empty()) return 0;
        const auto value = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    /// One of the numbers 0 … count - 1.
    unsigned below(unsigned count) { return byte() % count; }
    /// Up to the next line feed, which is dropped.
    std::string_view line() {
        const auto text = rest_.substr(0, rest_.find('\n'));
        rest_.remove_prefix(std::min(text.size() + 1, rest_.size()));
        return text;
    }
    /// All that is left.
    std::string_view rest() const { return rest_; }

private:
    std::string_view rest_;
};

}  // namespace fuzz

#endif
