// SPDX-License-Identifier: BSL-1.0
// Proof: the example server holds thousands of connections in little memory, says at once when it has too much to do,
// and is as fast as before when that is over.
//
//     long_load --server PROGRAM [--short]     10,000 connections; 1,000 with --short

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <phoneauth/asio/detail/http1_writer.hpp>
#include <phoneauth/asio/detail/http_connection.hpp>
#include <phoneauth/asio/pooled_passwords.hpp>
#include <phoneauth/detail/json.hpp>

#include <asio/co_spawn.hpp>
#include <asio/connect.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include "processes.hpp"
#include "support/sanitized.hpp"
#include "tally.hpp"

#include <sys/resource.h>

using namespace proofs;
using namespace phoneauth;
using namespace std::chrono_literals;

namespace {

using steady = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;
using ::asio::awaitable;
using ::asio::ip::tcp;

constexpr std::size_t max_requests = 12;  // small: passwords take long, and the longest wait is made of them
constexpr std::size_t at_once = 4;        // which leaves room for the provider's delivery reports
constexpr unsigned rounds = 5, most_rounds = 30, logins_of_each = 12;

std::string number(double value, int digits = 1) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return text.data();
}

/// The example server, as it would be started by hand, and what it prints.
class example_server {
public:
    example_server(const std::string& program, const std::vector<std::string>& arguments)
        : process_(arguments, program), reader_([this] { read(); }) {
        const auto line = wait_for("listening on http://127.0.0.1:");
        port_ = static_cast<unsigned short>(std::stoul(line));
    }
    ~example_server() {
        if (reader_.joinable()) stop();
    }

    /// Whether it ends well after a SIGTERM.
    bool stop() {
        ::kill(process_.id(), SIGTERM);
        reader_.join();
        const int status = process_.wait_after(0);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }

    tcp::endpoint endpoint() const { return {::asio::ip::make_address("127.0.0.1"), port_}; }

    /// The code in the last message to `phone`.
    std::string code_for(const std::string& phone) {
        const auto text = wait_for("message to " + phone + ": ");
        const auto at = text.find_first_of("0123456789");
        return at == text.npos ? "" : text.substr(at, 6);
    }

    /// A figure of /proc, in KiB.
    std::size_t memory(const std::string& name) const {
        std::ifstream file("/proc/" + std::to_string(process_.id()) + "/status");
        for (std::string line; std::getline(file, line);)
            if (line.starts_with(name + ':')) return std::stoul(line.substr(name.size() + 1));
        return 0;
    }
    std::size_t open_files() const {
        const std::filesystem::directory_iterator files("/proc/" + std::to_string(process_.id()) + "/fd");
        return static_cast<std::size_t>(std::distance(begin(files), end(files)));
    }

private:
    void read() {
        std::string text;
        while (process_.read_some(text)) {
            const std::lock_guard lock(mutex_);
            for (std::size_t end; (end = text.find('\n')) != text.npos; text.erase(0, end + 1))
                lines_.push_back(text.substr(0, end));
            more_.notify_all();
        }
        const std::lock_guard lock(mutex_);
        ended_ = true;
        more_.notify_all();
    }

    /// What follows `beginning` in the first line that has it and was not asked for before.
    std::string wait_for(const std::string& beginning) {
        std::unique_lock lock(mutex_);
        for (;;) {
            const auto line = std::find_if(lines_.begin(), lines_.end(),
                                           [&](const std::string& each) { return each.starts_with(beginning); });
            if (line != lines_.end()) {
                auto rest = line->substr(beginning.size());
                lines_.erase(line);
                return rest;
            }
            if (ended_ || more_.wait_for(lock, 60s) == std::cv_status::timeout)
                throw std::runtime_error("the server has not printed: " + beginning);
        }
    }

    process process_;
    unsigned short port_ = 0;
    std::mutex mutex_;
    std::condition_variable more_;
    std::vector<std::string> lines_;
    bool ended_ = false;
    std::thread reader_;
};

// ---- The clients: one thread, a coroutine for whatever happens at once ----

struct answer {
    int status = 0;  ///< 0: none
    std::string retry_after{}, body{};
    steady::duration time{};
};

class caller {
public:
    caller(::asio::io_context& context, const tcp::endpoint& server)
        : server_(server),
          connection_(std::make_shared<detail::http_connection>(
              tcp::socket(context), detail::message_parser::kind::response, detail::http1_limits(), 1s)) {}
    caller(const caller&) = delete;
    caller& operator=(const caller&) = delete;
    ~caller() { connection_->close(); }

    awaitable<bool> connect() {
        std::error_code ec;
        auto& socket = connection_->socket;
        co_await socket.async_connect(server_, ::asio::redirect_error(::asio::use_awaitable, ec));
        if (!ec) socket.non_blocking(true, ec);
        if (!ec) socket.set_option(tcp::no_delay(true), ec);
        co_return !ec;
    }

    /// POSTs `body`; without one it is a GET.
    awaitable<answer> ask(std::string path, std::string body = {}) {
        answer a;
        http_request request;
        request.method = body.empty() ? "GET" : "POST";
        request.body = std::move(body);
        detail::url url;
        url.host = "localhost";
        url.target = std::move(path);
        const auto begin = steady::now();
        auto& c = *connection_;
        c.out.clear();
        c.parser.reset();
        c.expect_within(5min);
        if (!detail::append_request(c.out, request, url)) co_return a;
        std::error_code ec = co_await c.write();
        if (!ec) ec = co_await c.fill(true);
        if (!ec) ec = co_await c.read_message();
        c.unwatch();
        if (ec || !c.parser.complete()) co_return a;
        auto reply = c.parser.take_response();
        a.status = reply.status;
        a.body = std::move(reply.body);
        if (const auto* wait = find_header(reply.headers, "Retry-After")) a.retry_after = *wait;
        a.time = steady::now() - begin;
        co_return a;
    }

private:
    tcp::endpoint server_;
    std::shared_ptr<detail::http_connection> connection_;
};
using caller_ptr = std::unique_ptr<caller>;

const std::string info = "/api/info", twilio = "/api/services/Twilio/", password = "correct horse";

std::string object(std::initializer_list<std::pair<const char*, std::string>> members) {
    detail::json_object json;
    for (const auto& [name, value] : members) json.string(name, value);
    return std::move(json).str();
}

std::string transaction_of(const answer& a) {
    const auto json = detail::parse_json(a.body);
    return json ? std::string(json->string_or_empty("transactionId")) : "";
}

class load_proof {
public:
    load_proof(const std::string& program, bool is_short)
        : connections_(is_short ? 1000 : 10000), requests_(is_short ? 400 : 2000), users_(is_short ? 8 : 32),
          logins_per_round_(is_short ? 1000 : 4000), server_(program, arguments()) {}

    int run() {
        one_ = connected(1);
        all(one_, [](caller& c) { return c.ask(info); });
        const auto files = server_.open_files();
        hold_connections();
        enroll();
        log_all_in();
        const auto before = throughput(0);
        overload();
        judge_peak();
        // What else runs on this machine slows it down as well.
        const auto after = throughput(0.7 * before);
        tally_.expect(after >= 0.7 * before, "recovery: " + number(before, 0) + " logins a second before, " +
                                                 number(after, 0) + " after; ratio " + number(after / before, 2));
        let_go(files);
        tally_.expect(server_.stop(), "SIGTERM ends it well");
        return tally_.finish();
    }

private:
    std::vector<std::string> arguments() {
        // The limits on messages would stop the measurement, not the load.
        std::ofstream(folder_.file("settings.json"))
            << R"({"max_sends_per_phone_and_hour": 100, "max_sends_per_phone_and_day": 1000, "phone_cooldown": 0,)"
               R"("max_sends_per_client_and_hour": 0, "max_sends_per_hour": 0, "resend_cooldown": 0,)"
               R"("max_passwords_per_client_and_hour": 0})";
        return {"--listen=127.0.0.1:0",
                "--storage=memory",
                "--settings=" + folder_.file("settings.json"),
                "--events=off",
                "--max-connections=" + std::to_string(connections_ + requests_ + users_ + 100),
                "--max-connections-per-address=0",
                "--max-requests=" + std::to_string(max_requests)};
    }

    /// Does `work(caller)` with all clients at once. → the answers, in their order.
    template <class F>
    std::vector<answer> all(std::vector<caller_ptr>& clients, F work) {
        std::vector<answer> answers(clients.size());
        for (std::size_t i = 0; i < clients.size(); ++i)
            ::asio::co_spawn(
                context_, [&, i]() { return keep(work(*clients[i]), answers[i]); }, ::asio::detached);
        context_.restart();
        context_.run();
        return answers;
    }
    static awaitable<void> keep(awaitable<answer> work, answer& into) {
        auto done = co_await std::move(work);
        into = std::move(done);
    }

    std::vector<caller_ptr> connected(std::size_t n) {
        std::vector<caller_ptr> clients;
        for (std::size_t i = 0; i < n; ++i) {
            clients.push_back(std::make_unique<caller>(context_, server_.endpoint()));
            bool connected = false;
            ::asio::co_spawn(
                context_, [&]() -> awaitable<void> { connected = co_await clients.back()->connect(); },
                ::asio::detached);
            context_.restart();
            context_.run();
            if (!connected) throw std::runtime_error("connection " + std::to_string(i) + " is refused");
        }
        return clients;
    }

    static std::ptrdiff_t with_status(const std::vector<answer>& answers, int status) {
        return std::count_if(answers.begin(), answers.end(), [&](const answer& a) { return a.status == status; });
    }
    static double longest(const std::vector<answer>& answers) {
        steady::duration most{};
        for (const auto& a : answers) most = std::max(most, a.time);
        return seconds(most).count();
    }

    void hold_connections() {
        const auto n = static_cast<std::ptrdiff_t>(connections_);
        const auto before = server_.memory("VmRSS");
        idle_ = connected(connections_);
        // In portions: they are many connections, not many requests at once.
        const auto ask_each = [&] {
            std::ptrdiff_t answered = 0;
            for (auto& each : idle_) {
                std::vector<caller_ptr> portion;
                portion.push_back(std::move(each));
                answered += with_status(all(portion, [](caller& c) { return c.ask(info); }), 200);
                each = std::move(portion.front());
            }
            return answered;
        };
        const auto first = ask_each();
        const auto resident = server_.memory("VmRSS");
        const auto text = std::to_string(connections_) + " idle connections: ";
        tally_.expect(first == n, text + std::to_string(first) + " have had an answer");
        const auto each = static_cast<double>(resident - before) / static_cast<double>(connections_);
        judge_memory(each <= 6 && resident <= 24 * 1024 + 6 * connections_,
                     text + number(each, 2) + " KiB each, " + number(static_cast<double>(resident) / 1024) +
                         " MiB resident in all; the limit is 24 MiB and 6 KiB each");
        const auto another = all(one_, [](caller& c) { return c.ask(info); });
        tally_.expect(another[0].status == 200,
                      text + "another one has its answer within " + number(longest(another) * 1000) + " ms");
        const auto again = ask_each();
        tally_.expect(again == n, text + std::to_string(again) + " are still served");
    }

    void enroll() {
        enrolled_ = connected(users_);
        steady::duration hashing{};
        for (std::size_t i = 0; i < users_; ++i) {
            std::vector<caller_ptr> one;
            one.push_back(std::move(enrolled_[i]));
            const auto phone = phone_of(i);
            const auto begun = all(one, [&](caller& each) {
                return each.ask("/api/users/register", object({{"phoneNumber", phone}}));
            });
            const auto made = all(one, [&](caller& each) {
                return each.ask("/api/users/register", object({{"phoneNumber", phone},
                                                               {"email", phone.substr(1) + "@example.com"},
                                                               {"password", password},
                                                               {"transactionId", transaction_of(begun[0])},
                                                               {"transactionCode", server_.code_for(phone)}}));
            });
            if (made[0].status != 200) throw std::runtime_error("no registration: " + made[0].body);
            hashing += made[0].time;
            enrolled_[i] = std::move(one.front());
        }
        hash_ = seconds(hashing).count() / static_cast<double>(users_);
    }

    static std::string phone_of(std::size_t user) { return "+1500555" + std::to_string(1000 + user); }

    /// Logs in some times, one after the other. The answer is the last one.
    awaitable<answer> log_in(caller& c, std::size_t user) {
        answer last;
        const auto phone = phone_of(user);
        const auto first = twilio + "loginWithPhoneNumber", second = twilio + "loginWithCode";
        for (unsigned i = 0; i < logins_of_each; ++i) {
            auto start = object({{"phoneNumber", phone}});
            last = co_await c.ask(first, std::move(start));
            if (last.status != 200) break;
            auto finish = object({{"transactionId", transaction_of(last)}, {"code", server_.code_for(phone)}});
            last = co_await c.ask(second, std::move(finish));
            if (last.status != 200) break;
        }
        co_return last;
    }

    /// Everybody logs in some times. The limits on messages to one phone keep this from being more than a moment.
    void log_all_in() {
        std::size_t done = 0;
        const auto begin = steady::now();
        for (std::size_t first = 0; first < users_; first += at_once) {
            const auto from = enrolled_.begin() + static_cast<std::ptrdiff_t>(first);
            std::vector<caller_ptr> group(std::make_move_iterator(from),
                                          std::make_move_iterator(from + std::ptrdiff_t(at_once)));
            std::size_t next = first;
            for (const auto& a : all(group, [&](caller& c) { return log_in(c, next++); }))
                if (a.status == 200)
                    ++done;
                else
                    std::printf("  no login: %d %s\n", a.status, a.body.c_str());
            std::move(group.begin(), group.end(), from);
        }
        const auto rate = static_cast<double>(users_ * logins_of_each) / seconds(steady::now() - begin).count();
        tally_.expect(done == users_, std::to_string(done) + " users have logged in " + std::to_string(logins_of_each) +
                                          " times each, " + number(rate, 0) + " logins a second");
    }

    /// Logs in with phones that nobody has, until all together have done so `end` times: from outside, and in what it
    /// costs, that is not to be told from other logins. The answer is the last one.
    awaitable<answer> try_to_log_in(caller& c, std::size_t end) {
        answer last;
        const auto first = twilio + "loginWithPhoneNumber", second = twilio + "loginWithCode";
        while (strangers_ < end) {
            auto start = object({{"phoneNumber", "+1" + std::to_string(2'002'000'000 + strangers_++)}});
            last = co_await c.ask(first, std::move(start));
            if (last.status != 200) break;
            auto finish = object({{"transactionId", transaction_of(last)}, {"code", "000000"}});
            last = co_await c.ask(second, std::move(finish));
            if (last.status != 400) break;
        }
        co_return last;
    }

    /// Logins a second: the median of some rounds, or, with something `wanted`, the best of as many as it takes.
    double throughput(double wanted) {
        std::vector<double> rates;
        auto clients = connected(at_once);
        do {
            const auto begin = steady::now();
            const auto end = strangers_ + logins_per_round_;
            const auto answers = all(clients, [&](caller& c) { return try_to_log_in(c, end); });
            for (const auto& a : answers)
                if (a.status != 400) throw std::runtime_error("no login: " + a.body);
            rates.push_back(static_cast<double>(logins_per_round_) / seconds(steady::now() - begin).count());
            std::sort(rates.begin(), rates.end());
        } while (rates.size() < rounds || (rates.back() < wanted && rates.size() < most_rounds));
        return wanted > 0 ? rates.back() : rates[rates.size() / 2];
    }

    /// Far more at once than is answered at once, of what costs most: a password's hash.
    void overload() {
        auto crowd = connected(requests_);
        std::size_t next = 0;
        const auto answers = all(crowd, [&](caller& c) {
            // Of nobody, else the limit of a single account would answer without a hash.
            return c.ask(
                twilio + "loginWithPhoneNumberAndPassword",
                object({{"phoneNumber", "+1" + std::to_string(2'003'000'000 + next++)}, {"password", password}}));
        });
        const auto served = with_status(answers, 401), refused = with_status(answers, 503);
        const auto told =
            std::count_if(answers.begin(), answers.end(), [](const answer& a) { return a.retry_after != ""; });
        const auto text = std::to_string(requests_) + " expensive requests at once: ";
        tally_.expect(served > 0 && refused > 0 && static_cast<std::size_t>(served + refused) == requests_,
                      text + std::to_string(served) + " served, " + std::to_string(refused) + " refused with 503, " +
                          std::to_string(with_status(answers, 0)) + " without a reply");
        tally_.expect(told == refused, text + std::to_string(told) + " are told by Retry-After when to come back");
        // Each of those that are let in waits for the others' hashes; twice that, because the crowd takes time as well.
        const auto hashers = static_cast<double>(pooled_passwords::default_threads());
        const double bound = 2 * hash_ * (static_cast<double>(max_requests) / hashers + 1) + 2;
        tally_.expect(longest(answers) <= bound, text + "the longest took " + number(longest(answers), 2) +
                                                     " s; the limit is " + number(bound, 2) + " s, with " +
                                                     number(hash_, 2) + " s for a hash");
    }

    /// All connections are closed, and the server does not keep any.
    void let_go(std::size_t files) {
        idle_.clear();
        enrolled_.clear();
        constexpr std::size_t spare = 64;  // for the provider
        std::size_t open = 0;
        for (const auto end = steady::now() + 30s; steady::now() < end;) {
            all(one_, [](caller& c) { return c.ask(info); });  // the server works; no waiting for it otherwise
            open = server_.open_files();
            if (open <= files + spare) break;
        }
        tally_.expect(open <= files + spare, "all gone: " + std::to_string(open) + " files are open, " +
                                                 std::to_string(files) + " were before");
    }

    void judge_peak() {
        // scrypt needs 16 MiB for each hash that is made at the same time.
        const auto limit = 128 + 16 * pooled_passwords::default_threads();
        const auto peak = server_.memory("VmHWM") / 1024;
        judge_memory(peak <= limit, "memory at its peak: " + std::to_string(peak) + " MiB; the limit is " +
                                        std::to_string(limit) + " MiB");
    }

    void judge_memory(bool ok, const std::string& what) {
        if (sanitized)
            tally_.skip(what + " (a sanitizer needs more)");
        else
            tally_.expect(ok, what);
    }

    const std::size_t connections_, requests_, users_, logins_per_round_;
    tally tally_;
    support::temporary_folder folder_;
    example_server server_;
    ::asio::io_context context_{1};
    std::vector<caller_ptr> one_, idle_, enrolled_;
    double hash_ = 0;  ///< seconds
    std::size_t strangers_ = 0;
};

/// The server is to be told by its command line alone, and both need many files.
void prepare() {
    std::vector<std::string> names;
    for (char** each = environ; *each; ++each) {
        const std::string_view variable = *each;
        if (variable.starts_with("PHONEAUTH_") || variable.starts_with("TWILIO_"))
            names.emplace_back(variable.substr(0, variable.find('=')));
    }
    for (const auto& name : names) ::unsetenv(name.c_str());
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace

int main(int argc, char** argv) {
    std::string program;
    bool is_short = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--short") is_short = true;
        if (argument == "--server" && i + 1 < argc) program = argv[++i];
    }
    if (program.empty()) {
        std::fprintf(stderr, "usage: long_load --server PROGRAM [--short]   (PROGRAM: phoneauth_server)\n");
        return 2;
    }
    try {
        prepare();
        return load_proof(program, is_short).run();
    } catch (const std::exception& e) {
        std::fprintf(stderr, "long_load: %s\n", e.what());
        return 1;
    }
}
