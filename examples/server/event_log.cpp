// SPDX-License-Identifier: BSL-1.0
#include "event_log.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <phoneauth/detail/utf8.hpp>
#include <phoneauth/rest/event_json.hpp>

namespace server {

std::string printable_json(const std::string& json) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    const auto escape = [&](unsigned unit) {
        out += "\\u";
        for (const int shift : {12, 8, 4, 0}) out += digits[unit >> shift & 15];
    };
    for (std::string_view rest = json; !rest.empty();) {
        const auto size = (std::max)(phoneauth::detail::utf8_sequence(rest), std::size_t{1});
        unsigned point = static_cast<unsigned char>(rest[0]);
        if (size > 1) point &= 0x7Fu >> size;
        for (std::size_t i = 1; i < size; ++i) point = point << 6 | (static_cast<unsigned char>(rest[i]) & 0x3Fu);
        if (point >= 0x20 && point < 0x7F) {
            out += rest[0];
        } else if (point < 0x10000) {
            escape(point);
        } else {  // a surrogate pair (RFC 8259 §7)
            escape(0xD800 + ((point - 0x10000) >> 10));
            escape(0xDC00 + ((point - 0x10000) & 0x3FF));
        }
        rest.remove_prefix(size);
    }
    return out;
}

event_log::event_log(const std::string& target)
    : fd_(target == "-"        ? STDOUT_FILENO
          : target == "stderr" ? STDERR_FILENO
                               : ::open(target.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)),
      owned_(fd_ > STDERR_FILENO) {
    if (fd_ < 0) throw std::runtime_error(target + ": " + std::generic_category().message(errno));
    writer_ = std::thread([this] { run(); });
}

event_log::~event_log() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        end_ = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    }
    changed_.notify_one();
    writer_.join();
    if (owned_) ::close(fd_);
}

void event_log::operator()(const phoneauth::event& e) {
    auto line = printable_json(phoneauth::rest::event_json(e)) + '\n';
    {
        const std::lock_guard lock(mutex_);
        if (lines_.size() >= max_waiting) {
            ++dropped_;
            return;
        }
        lines_.push_back(std::move(line));
    }
    changed_.notify_one();
}

std::uint64_t event_log::dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
}

void event_log::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return stopping_ || !lines_.empty(); });
        if (lines_.empty() || out_of_time()) return;
        // Whole lines and at most PIPE_BUF bytes at once: that is what a pipe takes in one piece, so that lines of
        // several processes do not mix either. A line is shorter.
        std::string text;
        std::uint64_t count = 0;
        if (dropped_ > told_) {
            text = R"({"event":"dropped","count":)" + std::to_string(dropped_ - told_) + "}\n";
            told_ = dropped_;
        }
        while (!lines_.empty() && (count == 0 || text.size() + lines_.front().size() <= PIPE_BUF)) {
            text += lines_.front();
            lines_.pop_front();
            ++count;
        }
        lock.unlock();
        const bool written = write(text);
        lock.lock();
        if (!written) dropped_ += count;
    }
}

bool event_log::out_of_time() const {
    return stopping_ && std::chrono::steady_clock::now() >= end_;
}

bool event_log::write(const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
        // A write to a pipe that is full would not return; so it waits here, and looks whether it is to end.
        pollfd target{fd_, POLLOUT, 0};
        const int ready = ::poll(&target, 1, 100);
        if (ready == 0 || (ready < 0 && errno == EINTR)) {
            const std::lock_guard lock(mutex_);
            if (out_of_time()) return false;
            continue;
        }
        if (ready < 0) return false;
        const auto size = ::write(fd_, text.data() + done, text.size() - done);
        if (size < 0 && errno != EINTR && errno != EAGAIN) return false;
        if (size > 0) done += static_cast<std::size_t>(size);
    }
    return true;
}

}  // namespace server
