// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_BENCH_MEASURE_HPP
#define PHONEAUTH_TESTS_BENCH_MEASURE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "long/processes.hpp"

/// What the benchmarks of tests/bench/run.sh have in common: figures with their spread, and the lines of its table.
namespace bench {

/// One figure of each round.
class series {
public:
    void add(double value) { values_.push_back(value); }
    bool empty() const noexcept { return values_.empty(); }
    std::size_t size() const noexcept { return values_.size(); }
    double at(std::size_t round) const { return values_.at(round); }
    double least() const { return *std::min_element(values_.begin(), values_.end()); }
    double most() const { return *std::max_element(values_.begin(), values_.end()); }
    double median() const { return share(0.5); }
    /// The value that so many of them do not exceed.
    double share(double part) const {
        auto sorted = values_;
        std::sort(sorted.begin(), sorted.end());
        return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
    }

private:
    std::vector<double> values_;
};

/// A number as people read it: three digits that count, thousands as k.
inline std::string number(double value) {
    char text[64];
    const char* unit = value >= 9999.5 ? "k" : "";
    if (*unit) value /= 1000;
    std::snprintf(text, sizeof text, value >= 99.95 ? "%.0f%s" : value >= 9.995 ? "%.1f%s" : "%.2f%s", value, unit);
    return text;
}

/// The median, and the least and the most if they are others.
inline std::string number(const series& s) {
    if (s.empty()) return "-";
    auto text = number(s.median());
    if (s.least() < s.most()) text += " (" + number(s.least()) + "-" + number(s.most()) + ")";
    return text;
}

/// A line of the table: what, ours, rival or floor, its figure, ours as a multiple of it. Figures of one round belong
/// together, so the multiple is taken in each of them.
inline void print_row(const std::string& what, const std::string& unit, const series& ours,
                      const std::string& rival = "-", const series& theirs = {}) {
    series ratio;
    if (!ours.empty() && ours.size() == theirs.size()) {
        for (std::size_t i = 0; i < ours.size(); ++i)
            if (theirs.at(i) > 0) ratio.add(ours.at(i) / theirs.at(i));
    } else if (!ours.empty() && !theirs.empty()) {
        ratio.add(ours.median() / theirs.median());
    }
    std::printf("%-62s | %-22s | %-40s | %-22s | %s\n", (what + ", " + unit).c_str(), number(ours).c_str(),
                rival.c_str(), number(theirs).c_str(), number(ratio).c_str());
    std::fflush(stdout);
}

inline std::string own_path() {
    return std::filesystem::read_symlink("/proc/self/exe").string();
}

inline bool has_valgrind() {
    static const bool found = std::system("valgrind --version >/dev/null 2>&1") == 0;
    return found;
}

/// Starts `program` under valgrind, which counts the user-space instructions of all its threads into `log`: from the
/// beginning, or `marked`, while the program says so.
inline std::vector<std::string> counted(const std::string& program, const std::vector<std::string>& arguments,
                                        const std::string& log, bool marked = false) {
    std::vector<std::string> all{"valgrind",
                                 "--tool=callgrind",
                                 "--callgrind-out-file=/dev/null",
                                 marked ? "--instr-atstart=no" : "--instr-atstart=yes",
                                 "--log-file=" + log,
                                 program};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
}

/// What `counted` left in `log`.
inline double instructions_in(const std::string& log) {
    std::ifstream file(log);
    const std::string before = "Collected : ";
    for (std::string line; std::getline(file, line);)
        if (const auto at = line.find(before); at != line.npos) return std::stod(line.substr(at + before.size()));
    throw std::runtime_error("valgrind has counted nothing");
}

/// Those of this program, called with `arguments`. None, and said so, without valgrind.
inline std::optional<double> instructions_of_all(const std::vector<std::string>& arguments, bool marked = false) {
    if (!has_valgrind()) {
        std::fprintf(stderr, "THERE IS NO valgrind: instructions are NOT COUNTED\n");
        return std::nullopt;
    }
    const support::temporary_folder folder;
    const auto log = folder.file("instructions");
    proofs::process child(counted(own_path(), arguments, log, marked), "/usr/bin/env");
    std::string ignored;
    while (child.read_some(ignored)) {
    }
    child.wait_after(0);
    return instructions_in(log);
}

/// The instructions of one of the repetitions that this program does when it is called with `arguments` and their
/// number: what twice as many take more.
inline std::optional<double> instructions(const std::vector<std::string>& arguments, unsigned repetitions) {
    double total[2] = {};
    for (unsigned i = 0; i < 2; ++i) {
        auto all = arguments;
        all.push_back(std::to_string(repetitions * (i + 1)));
        const auto n = instructions_of_all(all);
        if (!n) return std::nullopt;
        total[i] = *n;
    }
    return (total[1] - total[0]) / repetitions;
}

}  // namespace bench

#endif
