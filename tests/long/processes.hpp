// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_LONG_PROCESSES_HPP
#define PHONEAUTH_TESTS_LONG_PROCESSES_HPP

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "support/scripts.hpp"
#include "support/temporary_folder.hpp"
#include "tally.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

/// Other processes, which can be killed, and what they write.
namespace proofs {

/// This program once more, with other arguments, or another one; its standard output comes through a pipe.
class process {
public:
    explicit process(const std::vector<std::string>& arguments, const std::string& program = "/proc/self/exe") {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
        output_ = ends[0];
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        std::vector<char*> argv{const_cast<char*>(program.c_str())};
        for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
        argv.push_back(nullptr);
        const int failed = ::posix_spawn(&id_, argv[0], &actions, nullptr, argv.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        if (failed) throw std::system_error(failed, std::generic_category(), "posix_spawn");
    }
    process(const process&) = delete;
    process& operator=(const process&) = delete;
    ~process() {
        if (id_ > 0) wait_after(SIGKILL);
        ::close(output_);
    }

    pid_t id() const noexcept { return id_; }

    /// Waits until it has written something. False: it has ended.
    bool read_some(std::string& text) {
        std::array<char, 65536> buffer;
        const auto size = ::read(output_, buffer.data(), buffer.size());
        if (size > 0) text.append(buffer.data(), static_cast<std::size_t>(size));
        return size > 0;
    }

    /// Reads what it writes for `time`, or to its end. → whether it still runs.
    bool read_for(std::chrono::milliseconds time, std::string& text) {
        using clock = std::chrono::steady_clock;
        for (const auto end = clock::now() + time;;) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock::now());
            if (left.count() <= 0) return true;
            pollfd ready{output_, POLLIN, 0};
            if (::poll(&ready, 1, static_cast<int>(left.count())) > 0 && !read_some(text)) return false;
        }
    }

    /// Sends a signal, reads what was written before, and waits for the end. → the wait status.
    int wait_after(int signal, std::string* text = nullptr) {
        ::kill(id_, signal);
        std::string rest;
        while (read_some(text ? *text : rest)) {
        }
        int status = 0;
        ::waitpid(id_, &status, 0);
        id_ = 0;
        return status;
    }

private:
    pid_t id_ = 0;
    int output_ = -1;
};

/// A database server of its own, by tests/scripts/NAME.sh.
class database_server {
public:
    explicit database_server(const std::string& name, const std::string& options = "")
        : script_(support::script_path(name + ".sh")), url_(start(options)) {}
    database_server(const database_server&) = delete;
    database_server& operator=(const database_server&) = delete;
    ~database_server() {
        try {
            run("stop");
        } catch (const std::exception& e) {
            std::fprintf(stderr, "%s\n", e.what());
        }
    }

    const std::string& url() const noexcept { return url_; }
    void kill() { run("kill"); }
    void restart() { run("restart"); }

private:
    std::string start(const std::string& options) { return run("start", options); }

    std::string run(const std::string& what, const std::string& options = "") {
        const auto command = script_ + ' ' + what + ' ' + folder_.path().string() + "/server " + options;
        std::string answer;
        auto* pipe = ::popen(command.c_str(), "r");
        if (!pipe) throw std::system_error(errno, std::generic_category(), command);
        for (std::array<char, 256> line; std::fgets(line.data(), line.size(), pipe);) answer += line.data();
        if (::pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
        while (!answer.empty() && answer.back() == '\n') answer.pop_back();
        return answer;
    }

    support::temporary_folder folder_;
    std::string script_;
    std::string url_;
};

}  // namespace proofs

#endif
