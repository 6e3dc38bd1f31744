// SPDX-License-Identifier: BSL-1.0
// fuzz_NAME FOLDER|FILE…: runs a fuzzer on inputs that are kept, without a fuzzing engine.
#include "fuzz.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

int main(int count, char** arguments) {
    std::vector<std::filesystem::path> files;
    for (int i = 1; i < count; ++i) {
        if (std::filesystem::is_directory(arguments[i]))
            for (const auto& entry : std::filesystem::directory_iterator(arguments[i])) files.push_back(entry.path());
        else
            files.emplace_back(arguments[i]);
    }
    std::sort(files.begin(), files.end());
    if (files.empty()) {
        std::fprintf(stderr, "no inputs\n");
        return 1;
    }
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        if (!in) {
            std::fprintf(stderr, "%s cannot be read\n", file.c_str());
            return 1;
        }
        std::fprintf(stderr, "%s\n", file.c_str());  // the last one is the one that failed
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    }
    std::printf("%zu passed, 0 failed\n", files.size());
}
