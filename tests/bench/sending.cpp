// SPDX-License-Identifier: BSL-1.0
// What sending one of Twilio's messages costs the process that sends it: https_transport beside Boost.Beast, libcurl's
// multi interface, cpp-httplib and Node's http, each with kept connections, by TLS and without, 64 in flight and one.
// Every client is a process of its own, and so is the server on the loopback interface that all of them send to. The
// clients take turns. Those that were not there when this was built are left out, and that is said.
//
//     bench_sending [--short]                        (--short: only to see that it works)
//     bench_sending client NAME ORIGIN CA_FILE IN_FLIGHT UNMEASURED MEASURED     one of them: for a profiler
//     bench_sending server tls|plain CA_FILE         what they send to; it prints its port

#include <phoneauth/asio/http_server.hpp>
#include <phoneauth/asio/https_transport.hpp>
#include <phoneauth/testing/certificates.hpp>
#include <phoneauth/testing/twilio_simulator.hpp>
#include <phoneauth/twilio/requests.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <sched.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string_view>

#include "measure.hpp"
#include "rivals/client.hpp"

using namespace phoneauth;
using namespace bench;

namespace {

const std::string text = "Your Example code is 123456. Do not share it with anyone.";

config settings(const std::string& origin) {
    config c;
    c.twilio = testing::twilio_simulator().settings();
    c.twilio.base_url = origin;
    return c;
}

http_request message(const twilio::requests& to_twilio) {
    return to_twilio.create_code_message(*phone_number::parse("+14155550100"), text, std::chrono::minutes(5));
}

// ---- The server ----

struct free_tls {
    template <class T>
    void operator()(T* p) const noexcept {
        if constexpr (std::is_same_v<T, SSL_CTX>) SSL_CTX_free(p);
        if constexpr (std::is_same_v<T, BIO>) BIO_free_all(p);
        if constexpr (std::is_same_v<T, X509>) X509_free(p);
        if constexpr (std::is_same_v<T, EVP_PKEY>) EVP_PKEY_free(p);
    }
};

std::unique_ptr<SSL_CTX, free_tls> tls_server(const std::string& ca_file) {
    const auto made = testing::make_test_certificate();
    std::ofstream(ca_file) << made.ca;
    const auto reader = [](const std::string& pem) {
        return std::unique_ptr<BIO, free_tls>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    };
    const auto certificate_text = reader(made.certificate), key_text = reader(made.key);
    const std::unique_ptr<X509, free_tls> certificate(
        PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr));
    const std::unique_ptr<EVP_PKEY, free_tls> key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
    std::unique_ptr<SSL_CTX, free_tls> context(SSL_CTX_new(TLS_server_method()));
    if (SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1)
        throw std::runtime_error("the certificate cannot be used");
    return context;
}

/// Client and server have a processor each, if there are two: else it decides which of them wakes the other up. Of those
/// that this process may use, `which` counts.
void stay_on(unsigned which) {
    cpu_set_t allowed, one;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) return;
    CPU_ZERO(&one);
    for (unsigned i = 0; i < CPU_SETSIZE; ++i) {
        if (!CPU_ISSET(i, &allowed) || which-- > 0) continue;
        CPU_SET(i, &one);
        break;
    }
    ::sched_setaffinity(0, sizeof one, &one);
}
constexpr unsigned clients_processor = 0, servers_processor = 1;

/// Answers everything as Twilio does when it has accepted a message.
int serve(bool tls, const std::string& ca_file) {
    stay_on(servers_processor);
    testing::twilio_simulator simulator;
    const auto accepted = simulator.answer(message(twilio::requests(settings("http://localhost").twilio)));
    http_response reply{201,
                        {{"Content-Type", "application/json;charset=utf-8"},
                         {"Twilio-Concurrent-Requests", "1"},
                         {"Twilio-Request-Id", "RQ0123456789abcdef0123456789abcdef"},
                         {"Twilio-Request-Duration", "0.083"},
                         {"X-Powered-By", "AT-5000"},
                         {"X-Shenanigans", "none"},
                         {"X-Home-Region", "us1"},
                         {"X-API-Domain", "api.twilio.com"},
                         {"Strict-Transport-Security", "max-age=31536000"}},
                        accepted.body};
    const auto context = tls ? tls_server(ca_file) : nullptr;
    http_server_options options;
    options.header_timeout = options.body_timeout = options.write_timeout = options.idle_timeout = time_limit;
    ::asio::io_context io(1);
    const http_server server(
        io.get_executor(), {::asio::ip::address_v4::loopback(), 0},
        [&](const http_request&, const ::asio::ip::tcp::endpoint&) -> ::asio::awaitable<http_response> {
            co_return reply;
        },
        options, context.get());
    std::printf("%u\n", unsigned{server.port()});
    std::fflush(stdout);
    io.run();
    return 0;
}

// ---- The clients ----

void send_with_transport(const load& l, bench::tally& t) {
    ::asio::io_context context(1);
    https_transport_options options;
    options.ca_file = l.ca_file;
    options.connect_timeout = options.write_timeout = options.read_timeout = time_limit;
    https_transport transport(context.get_executor(), std::move(options));
    const auto to_send = message(twilio::requests(settings(l.origin()).twilio));
    const auto work = [&]() -> ::asio::awaitable<void> {
        while (t.begin()) {
            const auto begun = bench::tally::clock::now();
            auto request = to_send;  // as the rivals fill in theirs
            auto sending = transport.send(std::move(request));
            auto reply = co_await std::move(sending);
            t.end(begun, reply ? static_cast<unsigned>(reply->status) : 0, reply ? reply->body.size() : 0);
        }
    };
    for (unsigned i = 0; i < l.in_flight; ++i) ::asio::co_spawn(context, work(), ::asio::detached);
    context.run();
}

using client = void (*)(const load&, bench::tally&);

const std::map<std::string, client> clients{
    {"phoneauth", send_with_transport},
#ifdef PHONEAUTH_BENCH_BEAST
    {"Boost.Beast", send_with_beast},
#endif
#ifdef PHONEAUTH_BENCH_CURL
    {"libcurl multi", send_with_curl},
#endif
#ifdef PHONEAUTH_BENCH_HTTPLIB
    {"cpp-httplib", send_with_httplib},
#endif
};

/// What all of them send, to the byte, but for their own Host and Content-Length.
load load_of(const std::string& origin, const std::string& ca_file, unsigned in_flight) {
    load l;
    l.tls = origin.starts_with("https:");
    l.port = origin.substr(origin.rfind(':') + 1);
    if (l.tls) l.ca_file = ca_file;
    l.in_flight = in_flight;
    const auto request = message(twilio::requests(settings(origin).twilio));
    l.path = request.url.substr(request.url.find('/', origin.size()));
    l.form = request.body;
    for (const auto& h : request.headers) l.headers.emplace_back(h.name, h.value);
    return l;
}

/// Prints: failed, CPU and of it system, median and 99 % of the times, all in microseconds, and KiB resident at most.
int be_client(const std::string& name, const load& l, unsigned unmeasured, unsigned measured) {
    stay_on(clients_processor);
    bench::tally t(unmeasured, measured);
    clients.at(name)(l, t);
    const auto between = [&](timeval rusage::*which) {
        const auto of = [&](const rusage& r) {
            return 1e6 * static_cast<double>((r.*which).tv_sec) + static_cast<double>((r.*which).tv_usec);
        };
        return (of(t.after) - of(t.before)) / measured;
    };
    const double user = between(&rusage::ru_utime), system = between(&rusage::ru_stime);
    series times;
    for (const auto each : t.times) times.add(each);
    std::printf("%u %f %f %f %f %ld\n", t.failed, user + system, system, times.median(), times.share(0.99),
                t.after.ru_maxrss);
    return 0;
}

// ---- Their turns ----

struct figures {
    series cpu, system, median, late, memory, instructions;
};

struct extent {
    unsigned rounds = 5, many = 4000, one = 1500;
    unsigned counted = 1500;  // under valgrind; 0: not at all
};

class comparison {
public:
    comparison(bool tls, const extent& e)
        : tls_(tls), extent_(e), server_({"server", tls ? "tls" : "plain", ca_file()}) {
        std::string port;
        while (port.find('\n') == port.npos)
            if (!server_.read_some(port)) throw std::runtime_error("the server has ended");
        origin_ = (tls ? "https://localhost:" : "http://localhost:") + port.substr(0, port.find('\n'));
    }

    void run(unsigned in_flight) {
        const auto measured = in_flight > 1 ? extent_.many : extent_.one;
        std::map<std::string, figures> all;
        for (unsigned round = 0; round < extent_.rounds; ++round) {
            for (const auto& [name, each] : clients) take_turn(name, in_flight, measured, all[name]);
            if (has_node()) take_turn("Node", in_flight, measured / 4, all["Node"]);
        }
#ifdef CALLGRIND_START_INSTRUMENTATION
        if (extent_.counted)
            for (const auto& [name, each] : clients) count(name, in_flight, all[name]);
#else
        std::fprintf(stderr, "THERE WAS NO valgrind/callgrind.h when this was built: instructions are NOT COUNTED\n");
#endif
        print(in_flight, all);
    }

private:
    static bool has_node() {
        static const bool found = std::system("node --version >/dev/null 2>&1") == 0;
        if (!found) std::fprintf(stderr, "THERE IS NO node: it is NOT MEASURED\n");
        return found;
    }

    std::string ca_file() const {
        return folder_.file("ca.pem");
    }

    static unsigned unmeasured(unsigned in_flight) {
        return std::max(4 * in_flight, 50u);
    }

    void take_turn(const std::string& name, unsigned in_flight, unsigned measured, figures& f) {
        const std::vector<std::string> numbers{std::to_string(in_flight), std::to_string(unmeasured(in_flight)),
                                               std::to_string(measured)};
        std::vector<std::string> arguments{"client", name, origin_, ca_file()};
        if (name == "Node") {
            const auto l = load_of(origin_, ca_file(), in_flight);
            std::string headers;
            for (const auto& [field, value] : l.headers)
                headers += (headers.empty() ? "{\"" : ",\"") + field + "\":\"" + value + '"';
            arguments = {"run",   "node",       support::script_path("../bench/rivals/sending.mjs"),
                         origin_, ca_file(),    l.path,
                         l.form,  headers + '}'};
        }
        arguments.insert(arguments.end(), numbers.begin(), numbers.end());
        proofs::process child(arguments);
        std::string out;
        while (child.read_some(out)) {
        }
        child.wait_after(0);
        std::istringstream line(out);
        unsigned failed = 0;
        std::array<double, 5> values{};
        line >> failed;
        for (auto& each : values) line >> each;
        if (!line || failed) throw std::runtime_error(name + " has failed: " + out);
        f.cpu.add(values[0]);
        f.system.add(values[1]);
        f.median.add(values[2]);
        f.late.add(values[3]);
        f.memory.add(values[4] / 1024);
    }

    void count(const std::string& name, unsigned in_flight, figures& f) {
        // From the first measured request to the last: how many handshakes resume a session is a matter of luck.
        const auto n = instructions_of_all({"client", name, origin_, ca_file(), std::to_string(in_flight),
                                            std::to_string(unmeasured(in_flight)), std::to_string(extent_.counted)},
                                           true);
        if (n) f.instructions.add(*n / extent_.counted);
    }

    void print(unsigned in_flight, const std::map<std::string, figures>& all) {
        const std::string what = std::string("message by ") + (tls_ ? "TLS" : "plain HTTP") + ", " +
                                 std::to_string(in_flight) + " in flight: ";
        const auto& ours = all.at("phoneauth");
        for (const auto& [name, theirs] : all)
            if (name != "phoneauth") print_row(what + "CPU", "us", ours.cpu, name, theirs.cpu);
        for (const auto& [name, theirs] : all)
            if (name != "phoneauth" && !theirs.instructions.empty())
                print_row(what + "instructions in user space", "each", ours.instructions, name, theirs.instructions);
        for (const auto& [name, theirs] : all) {
            if (name != "Boost.Beast") continue;
            print_row(what + "CPU in the kernel", "us", ours.system, name, theirs.system);
            print_row(what + "half answered within", "us", ours.median, name, theirs.median);
            print_row(what + "99 % answered within", "us", ours.late, name, theirs.late);
            print_row(what + "resident at most", "MiB", ours.memory, name, theirs.memory);
        }
    }

    const bool tls_;
    const extent extent_;
    const support::temporary_folder folder_;
    proofs::process server_;
    std::string origin_;
};

unsigned count_of(const char* argument) {
    return static_cast<unsigned>(std::strtoul(argument, nullptr, 10));
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const std::string mode = arguments.empty() ? "" : arguments[0];
    if (mode == "server" && arguments.size() == 3) return serve(arguments[1] == "tls", arguments[2]);
    if (mode == "run" && argc > 2) {  // another program, as a client
        stay_on(clients_processor);
        ::execvp(argv[2], argv + 2);
        return 127;
    }
    if (mode == "client" && arguments.size() == 7)
        return be_client(arguments[1], load_of(arguments[2], arguments[3], count_of(argv[5])), count_of(argv[6]),
                         count_of(argv[7]));
    for (const auto* rival : {"Boost.Beast", "libcurl multi", "cpp-httplib"})
        if (!clients.contains(rival))
            std::fprintf(stderr, "THERE WAS NO %s when this was built: it is NOT MEASURED\n", rival);
    const auto how_much = mode == "--short" ? extent{1, 64, 10, 0} : extent{};
    for (const bool tls : {true, false}) {
        comparison all(tls, how_much);
        all.run(64);
        all.run(1);
    }
    return 0;
}
