// SPDX-License-Identifier: BSL-1.0
// What a login over HTTP costs the server: two REST requests, and one message to a Twilio that this program plays. Beside
// it, Node's http with as little as a server can do: it reads the JSON of the same two requests and answers fixed JSON.
// The servers take turns; both have one thread, 16 clients with kept connections, and no TLS.
//
//     bench_login --server PROGRAM [--short]     PROGRAM: phoneauth_server; --short: only to see that it works

#include <phoneauth/asio/https_transport.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/testing/fake_twilio.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <initializer_list>
#include <utility>

#include "measure.hpp"

using namespace phoneauth;
using namespace bench;

namespace {

using steady = std::chrono::steady_clock;

constexpr unsigned at_once = 16;

std::string object(std::initializer_list<std::pair<const char*, std::string>> members) {
    detail::json_object json;
    for (const auto& [name, value] : members) json.string(name, value);
    return std::move(json).str();
}

std::string member(const std::string& body, const char* name) {
    const auto json = detail::parse_json(body);
    return json ? std::string(json->string_or_empty(name)) : "";
}

/// A server that says on which port it listens.
class server {
public:
    server(const std::vector<std::string>& arguments, const std::string& program) : process_(arguments, program) {
        std::string out;
        const std::string before = "listening on ";
        for (;;) {
            const auto at = out.find(before);
            const auto end = at == out.npos ? at : out.find('\n', at);
            if (end != out.npos) {
                const auto line = out.substr(at + before.size(), end - at - before.size());
                origin_ = "http://127.0.0.1:" + line.substr(line.rfind(':') + 1);
                return;
            }
            if (!process_.read_some(out)) throw std::runtime_error("the server has ended: " + out);
        }
    }

    const std::string& origin() const noexcept { return origin_; }

    /// Microseconds of all its threads.
    double cpu() const {
        clockid_t clock = 0;
        timespec t{};
        if (::clock_getcpuclockid(process_.id(), &clock) != 0 || ::clock_gettime(clock, &t) != 0)
            throw std::runtime_error("the server's CPU time cannot be read");
        return 1e6 * static_cast<double>(t.tv_sec) + 1e-3 * static_cast<double>(t.tv_nsec);
    }
    double resident_mib() const {
        std::ifstream file("/proc/" + std::to_string(process_.id()) + "/status");
        const std::string before = "VmRSS:";
        for (std::string line; std::getline(file, line);)
            if (line.starts_with(before)) return std::stod(line.substr(before.size())) / 1024;
        return 0;
    }
    void stop() { process_.wait_after(SIGTERM); }

private:
    proofs::process process_;
    std::string origin_;
};

struct figures {
    series cpu, median, late, memory, instructions;
};

class comparison {
public:
    comparison(std::string program, unsigned users) : program_(std::move(program)), users_(users) {
        const auto twilio = twilio_.settings();
        ::setenv("TWILIO_ACCOUNT_SID", twilio.account_sid.c_str(), 1);
        ::setenv("TWILIO_AUTH_TOKEN", twilio.auth_token.c_str(), 1);
        ::setenv("TWILIO_SENDER", twilio.sender.c_str(), 1);
        ::setenv("TWILIO_BASE_URL", twilio.base_url.c_str(), 1);
        // The limits on messages would stop the measurement.
        std::ofstream(folder_.file("settings.json"))
            << R"({"max_sends_per_phone_and_hour": 100, "max_sends_per_phone_and_day": 1000, "phone_cooldown": 0,)"
               R"("max_sends_per_client_and_hour": 0, "max_sends_per_hour": 0, "resend_cooldown": 0,)"
               R"("password_required": false})";
    }

    /// So many rounds in which each user logs in so many times.
    void run(unsigned rounds, unsigned logins, bool count) {
        figures ours, theirs;
        {
            server own(own_arguments(), program_);
            enroll(own);
            log_all_in(own, true, 1);
            const bool node = std::system("node --version >/dev/null 2>&1") == 0;
            std::optional<server> stub;
            if (node) {
                stub.emplace(std::vector<std::string>{"node", support::script_path("../bench/rivals/login_stub.mjs")},
                             "/usr/bin/env");
                log_all_in(*stub, false, 2 * logins);  // Node compiles what is hot
            } else {
                std::fprintf(stderr, "THERE IS NO node: its stub is NOT MEASURED\n");
            }
            for (unsigned round = 0; round < rounds; ++round) {
                measure(own, true, logins, ours);
                if (stub) measure(*stub, false, logins, theirs);
            }
        }
        if (count) count_instructions(ours);
        const std::string stub = theirs.cpu.empty() ? "-" : "Node's http, fixed replies";
        const std::string what = "login over HTTP, " + std::to_string(at_once) + " at once: ";
        print_row(what + "CPU", "us", ours.cpu, stub, theirs.cpu);
        if (!ours.instructions.empty()) print_row(what + "instructions in user space", "each", ours.instructions);
        print_row(what + "half done within", "us", ours.median, stub, theirs.median);
        print_row(what + "99 % done within", "us", ours.late, stub, theirs.late);
        print_row(what + "resident", "MiB", ours.memory, stub, theirs.memory);
    }

private:
    std::vector<std::string> own_arguments() const {
        return {"--listen=127.0.0.1:0", "--threads=1",
                "--storage=memory",     "--settings=" + folder_.file("settings.json"),
                "--events=off",         "--metrics=off",
                "--app-id=0123456789",  "--max-connections-per-address=0"};
    }

    static std::string phone_of(unsigned user) { return "+1500555" + std::to_string(1000 + user); }

    ::asio::awaitable<http_response> post(https_transport& transport, const std::string& url, std::string body) {
        http_request request;
        request.method = "POST";
        request.url = url;
        request.headers.push_back({"Content-Type", "application/json"});
        request.body = std::move(body);
        auto sending = transport.send(std::move(request));
        auto reply = co_await std::move(sending);
        if (!reply || reply->status != 200)
            throw std::runtime_error(url +
                                     " has failed: " + (reply ? std::string(reply->body) : reply.error().message));
        co_return std::move(*reply);
    }

    /// `work(transport, user)` for each user, some at once.
    template <class Work>
    void all_users(Work work) {
        ::asio::io_context context(1);
        https_transport transport(context.get_executor());
        const auto some = [&](unsigned first) -> ::asio::awaitable<void> {
            for (unsigned user = first; user < users_; user += at_once) {
                auto one = work(transport, user);
                co_await std::move(one);
            }
        };
        std::exception_ptr thrown;
        for (unsigned i = 0; i < at_once; ++i)
            ::asio::co_spawn(context, some(i), [&](std::exception_ptr e) {
                if (e) thrown = e;
            });
        context.run();
        if (thrown) std::rethrow_exception(thrown);
    }

    void enroll(const server& s) {
        const auto url = s.origin() + "/api/users/register";
        all_users([&](https_transport& transport, unsigned user) -> ::asio::awaitable<void> {
            const auto phone = phone_of(user);
            auto start = object({{"phoneNumber", phone}});
            auto starting = post(transport, url, std::move(start));
            auto begun = co_await std::move(starting);
            auto finish = object({{"phoneNumber", phone},
                                  {"email", phone.substr(1) + "@example.com"},
                                  {"transactionId", member(begun.body, "transactionId")},
                                  {"transactionCode", twilio_.last_code_to(phone)}});
            auto finishing = post(transport, url, std::move(finish));
            (void)co_await std::move(finishing);
        });
    }

    ::asio::awaitable<void> log_in(https_transport& transport, const server& s, bool real, unsigned user,
                                   unsigned times, series& took) {
        const auto root = s.origin() + "/api/services/Twilio/";
        const auto first = root + "loginWithPhoneNumber", second = root + "loginWithCode";
        const auto phone = phone_of(user);
        for (unsigned i = 0; i < times; ++i) {
            const auto begin = steady::now();
            auto start = object({{"phoneNumber", phone}});
            auto starting = post(transport, first, std::move(start));
            auto begun = co_await std::move(starting);
            const auto code = real ? twilio_.last_code_to(phone) : std::string("123456");
            auto finish = object({{"transactionId", member(begun.body, "transactionId")}, {"code", code}});
            auto finishing = post(transport, second, std::move(finish));
            auto done = co_await std::move(finishing);
            if (member(done.body, "user-token").empty())
                throw std::runtime_error("no login: " + std::string(done.body));
            took.add(std::chrono::duration<double, std::micro>(steady::now() - begin).count());
        }
    }

    /// → how long each of the logins took.
    series log_all_in(const server& s, bool real, unsigned times) {
        series took;
        all_users([&](https_transport& transport, unsigned user) -> ::asio::awaitable<void> {
            return log_in(transport, s, real, user, times, took);
        });
        return took;
    }

    void measure(const server& s, bool real, unsigned logins, figures& f) {
        const auto before = s.cpu();
        const auto took = log_all_in(s, real, logins);
        f.cpu.add((s.cpu() - before) / static_cast<double>(took.size()));
        f.median.add(took.median());
        f.late.add(took.share(0.99));
        f.memory.add(s.resident_mib());
    }

    /// What twice as many logins take more.
    void count_instructions(figures& f) {
        if (!has_valgrind()) return;  // said once already
        double total[2] = {};
        constexpr unsigned logins = 2;
        for (unsigned i = 0; i < 2; ++i) {
            const auto log = folder_.file("instructions");
            server own(counted(program_, own_arguments(), log), "/usr/bin/env");
            enroll(own);
            log_all_in(own, true, logins * (i + 1));
            own.stop();
            total[i] = instructions_in(log);
        }
        f.instructions.add((total[1] - total[0]) / (logins * users_));
    }

    const std::string program_;
    const unsigned users_;
    const support::temporary_folder folder_;
    testing::fake_twilio twilio_;
};

}  // namespace

int main(int argc, char** argv) {
    std::string program;
    bool is_short = false;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--short") is_short = true;
        if (argument == "--server" && i + 1 < argc) program = argv[++i];
    }
    if (program.empty()) {
        std::fprintf(stderr, "usage: bench_login --server PROGRAM [--short]\n");
        return 2;
    }
    if (is_short)
        comparison(program, 16).run(1, 1, false);
    else
        comparison(program, 200).run(7, 3, true);
    return 0;
}
