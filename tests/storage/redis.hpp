// SPDX-License-Identifier: BSL-1.0
// What the tests of both Redis storages share: private servers, a scripted one, and the two worlds.
#ifndef PHONEAUTH_TESTS_STORAGE_REDIS_HPP
#define PHONEAUTH_TESTS_STORAGE_REDIS_HPP

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/co_spawn.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <phoneauth/asio/redis.hpp>
#include <phoneauth/storage/redis.hpp>

#include "storage/cells.hpp"
#include "support/scripts.hpp"
#include "support/temporary_folder.hpp"

namespace redis_tests {

using namespace phoneauth;
using namespace std::chrono_literals;

/// For tests that need Redis: named by PHONEAUTH_TEST_REDIS, or started by the test itself.
inline boost::test_tools::assertion_result has_redis(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result has(std::getenv("PHONEAUTH_TEST_REDIS") != nullptr);
    if (!has) has.message() << "PHONEAUTH_TEST_REDIS is not set (tests/scripts/redis.sh starts a server)";
    return has;
}

/// A prefix that nobody else uses.
inline redis_options options_of_its_own() {
    static std::atomic<int> count = 0;
    redis_options options;
    options.prefix = "test:" + std::to_string(getpid()) + ':' + std::to_string(++count) + ':';
    return options;
}

/// Runs tests/scripts/redis.sh and returns what it prints.
inline std::string script(const std::string& arguments) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(
        popen((support::script_path("redis.sh") + ' ' + arguments).c_str(), "r"), pclose);
    std::string text;
    for (std::array<char, 256> part{}; std::fgets(part.data(), part.size(), pipe.get());) text += part.data();
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

/// A server, or a cluster, that lives as long as this object.
class private_redis {
    support::temporary_folder temporary_;

public:
    const std::string folder = temporary_.path().string();
    std::string url;

    explicit private_redis(const std::string& options = {}, const std::string& kind = "start") {
        url = script(kind + ' ' + folder + ' ' + options);
        if (!url.starts_with("redis")) throw std::runtime_error("no Redis");
    }
    private_redis(const private_redis&) = delete;
    private_redis& operator=(const private_redis&) = delete;
    ~private_redis() {
        if (std::filesystem::exists(folder + "/pid")) signal(SIGCONT);
        script("kill " + folder);
    }

    void stop() { script("stop " + folder); }
    void kill() { script("kill " + folder); }
    void restart() { script("restart " + folder); }
    void signal(int number) {
        pid_t pid = 0;
        std::ifstream(folder + "/pid") >> pid;
        ::kill(pid, number);
    }

    /// What its clients need to trust it, if it has TLS.
    redis_options trusting(redis_options options = {}) const {
        if (url.starts_with("rediss://")) options.ca_file = folder + "/ca.pem";
        return options;
    }

    /// What the server at `of` says to a command.
    static detail::redis_reply ask_at(const std::string& of, const std::vector<std::string>& words,
                                      const redis_options& options = {}) {
        const auto parts = detail::parse_redis_url(of);
        const auto tls = detail::make_redis_tls(parts, options);
        const auto limit = std::chrono::steady_clock::now() + 5s;
        detail::redis_connection connection(parts.server, parts, tls.get(), parts.server.host, limit);
        std::string bytes;
        detail::append_command(bytes, words);
        connection.send(bytes, limit);
        return connection.receive(limit);
    }
    detail::redis_reply ask(const std::vector<std::string>& words) const { return ask_at(url, words, trusting()); }
    void expect_ok(const std::vector<std::string>& words) const {
        BOOST_REQUIRE_EQUAL(detail::text_of(*ask(words)), "OK");
    }
    long long number(const std::vector<std::string>& words) const { return ask(words)->integer; }
};

/// Says what a test wants it to say. INFO and the first SET, which check the server, it answers itself.
class scripted_redis {
public:
    /// Gets a command and gives the bytes of its reply; nullopt closes the connection.
    using reply = std::function<std::optional<std::string>(const std::vector<std::string>&)>;

    /// `info`: what INFO says.
    explicit scripted_redis(reply r, std::string info = "# Server\r\nredis_version:7.0.15\r\n")
        : reply_(std::move(r)), info_(std::move(info)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 ||
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
            throw std::runtime_error("cannot listen");
        url = "redis://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/0";
        acceptor_ = std::thread([this] {
            for (int socket; (socket = ::accept(listener_, nullptr, nullptr)) >= 0;) {
                const std::lock_guard lock(mutex_);
                sockets_.push_back(socket);
                ++connections;
                threads_.emplace_back([this, socket] { serve(socket); });
            }
        });
    }
    scripted_redis(const scripted_redis&) = delete;
    scripted_redis& operator=(const scripted_redis&) = delete;
    ~scripted_redis() {
        ::shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
        for (auto& t : threads_) t.join();
        for (const int socket : sockets_) ::close(socket);
        ::close(listener_);
    }

    std::string url;
    std::atomic<int> connections = 0;

private:
    void serve(int socket) {
        const std::unique_ptr<redisReader, detail::redis_free> reader(redisReaderCreate());
        std::array<char, 4096> bytes{};
        for (;;) {
            const auto request = detail::next_reply(*reader);
            if (!request) {
                const auto size = ::recv(socket, bytes.data(), bytes.size(), 0);
                if (size <= 0) return;
                redisReaderFeed(reader.get(), bytes.data(), static_cast<std::size_t>(size));
                continue;
            }
            std::vector<std::string> words;
            for (std::size_t i = 0; i < request->elements; ++i)
                words.emplace_back(detail::text_of(*request->element[i]));
            std::optional<std::string> text;
            if (words[0] == "INFO")
                text = '$' + std::to_string(info_.size()) + "\r\n" + info_ + "\r\n";
            else if (words.size() > 1 && words[1].ends_with("format"))
                text = "+OK\r\n";
            else
                text = reply_(words);
            if (!text) {
                ::shutdown(socket, SHUT_RDWR);
                return;
            }
            ::send(socket, text->data(), text->size(), MSG_NOSIGNAL);
        }
    }

    const reply reply_;
    const std::string info_;
    const int listener_;
    std::thread acceptor_;
    std::mutex mutex_;
    std::vector<int> sockets_;
    std::vector<std::thread> threads_;
};

/// The two storages with one face: `w(w.storage.f(…))` is the value.
struct blocking_world {
    explicit blocking_world(const std::string& url, const redis_options& options = {}) : storage(url, options) {}
    template <class T>
    T operator()(T value) const {
        return value;
    }
    redis_storage storage;
};

class async_world {
    struct loop {
        explicit loop(int count) {
            for (int i = 0; i < count; ++i) threads.emplace_back([this] { context.run(); });
        }
        ~loop() {
            guard.reset();
            for (auto& t : threads) t.join();
        }
        ::asio::io_context context;
        ::asio::executor_work_guard<::asio::io_context::executor_type> guard{context.get_executor()};
        std::vector<std::thread> threads;
    };
    std::unique_ptr<loop> loop_;

public:
    explicit async_world(const std::string& url, const redis_options& options = {}, int threads = 2)
        : loop_(std::make_unique<loop>(threads)), context(loop_->context),
          storage(context.get_executor(), url, options) {}
    /// On a context of the caller's own.
    template <class T>
    T operator()(::asio::awaitable<T> later) const {
        ::asio::io_context mine;
        auto value = ::asio::co_spawn(mine, std::move(later), ::asio::use_future);
        mine.run();
        return value.get();
    }
    template <class T>
    T operator()(T value) const {
        return value;
    }
    ::asio::io_context& context;
    async_redis_storage storage;
};

/// The text of what `f` throws.
template <class F>
std::string thrown_by(F f) {
    try {
        f();
    } catch (const std::exception& e) {
        return e.what();
    }
    return "nothing was thrown";
}

/// Whether the text of what `f` throws has `words` in it, and not `secret`.
template <class F>
bool throws(F f, const std::string& words, const std::string& secret = "hunter") {
    const auto text = thrown_by(f);
    const bool right = text.find(words) != text.npos && text.find(secret) == text.npos;
    if (!right) BOOST_TEST_MESSAGE("thrown: " << text);
    return right;
}

/// Waits until `f` no longer throws.
template <class F>
bool works_in_the_end(F f) {
    for (const auto limit = std::chrono::steady_clock::now() + 10s; std::chrono::steady_clock::now() < limit;) {
        try {
            f();
            return true;
        } catch (const std::exception&) {
            std::this_thread::yield();
        }
    }
    return false;
}

inline time_point now() {
    return system_clock().now();
}

inline transaction a_transaction(const std::string& id) {
    transaction t{id, purpose::login, *phone_number::parse("+14155550100")};
    t.created_at = now();
    t.expires_at = t.created_at + 5min;
    t.version = 1;
    return t;
}
inline session a_session(const std::string& hash, const std::string& user) {
    return {hash, user, now(), now() + 1h};
}
inline user a_user(const std::string& id, const std::string& digits) {
    return {id, *phone_number::parse("+1415555" + digits), id + "@example.com", "$secret"};
}

/// What `count` takes each time.
inline constexpr std::chrono::milliseconds counted = 10min;

/// Takes `times` times from the cell "c" and gives how often that was done in all.
template <class World>
std::int64_t count(World& w, int times) {
    using namespace cell_tests;
    const auto batch = batch_of(start, times ? takes(times * counted) : asks(), "c");
    return std::max((w(w.storage.take_cells(batch)).cells[0] - start) / counted, std::int64_t{0});
}

}  // namespace redis_tests

#endif
