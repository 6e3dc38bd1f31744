// SPDX-License-Identifier: BSL-1.0
// A complete server: phone-verified registration and login over REST, and a page to try it.
//
// Without Twilio credentials it plays Twilio itself and prints each message here instead of sending it.

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
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

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/signal_set.hpp>
#include <sys/resource.h>

#include <phoneauth/asio/http_server.hpp>
#include <phoneauth/asio/https_transport.hpp>
#include <phoneauth/authenticator.hpp>
#include <phoneauth/metrics.hpp>
#include <phoneauth/rest/api.hpp>
#include <phoneauth/rest/cors.hpp>
#include <phoneauth/secrets/random.hpp>
#include <phoneauth/secrets/token.hpp>
#include <phoneauth/testing/fake_twilio.hpp>

#include "event_log.hpp"
#include "fake_set_ups.hpp"
#include "metrics.hpp"
#include "operator.hpp"
#include "options.hpp"
#include "page.hpp"
#include "storage.hpp"

namespace server {
namespace {

using tcp = ::asio::ip::tcp;

/// Prints a line at once, for whoever reads along. Lines of several threads do not mix. What a stranger put into it
/// cannot move the cursor or fake another line: control characters (ISO/IEC 6429, C0 and C1) are shown as numbers.
void print(std::string_view line) {
    std::string safe;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const auto byte = static_cast<unsigned char>(line[i]);
        const bool c1 = byte == 0xC2 && i + 1 < line.size() && static_cast<unsigned char>(line[i + 1]) < 0xA0;
        if (byte >= 0x20 && byte != 0x7F && !c1) {
            safe += line[i];
        } else {
            constexpr std::string_view digits = "0123456789ABCDEF";
            safe.append("\\x").append({digits[byte >> 4], digits[byte & 15]});
        }
    }
    safe += '\n';
    std::fwrite(safe.data(), 1, safe.size(), stdout);
    std::fflush(stdout);
}

void print_message(const phoneauth::testing::simulated_message& m) {
    std::string line = "message to " + m.to + ": " + m.body;
    for (const auto& url : m.media_urls) line += " [" + url + ']';
    print(line);
}

std::string random_id() {
    phoneauth::random_source random;
    auto id = phoneauth::make_token(random);
    if (!id) throw std::runtime_error("OpenSSL has no randomness");
    return std::move(*id);
}

/// Takes the ids that were not given from a random source, and shows them: without them nobody could use the REST root.
void complete(phoneauth::rest::options& api) {
    if (api.app_id.empty()) print("application id: " + (api.app_id = random_id()));
    if (api.api_key.empty()) print("API key:        " + (api.api_key = random_id()));
}

std::string url_of(const tcp::endpoint& e) {
    const auto host = e.address().to_string();
    return "http://" + (e.address().is_v6() ? '[' + host + ']' : host) + ':' + std::to_string(e.port());
}

/// Lets this process open as many files as it may, and returns how many connections fit in: with a reserve for other
/// files, and for the ninth that an http_server may have open beyond its limit.
std::size_t connections_that_fit() {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return 256;
    files.rlim_cur = files.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &files) != 0) ::getrlimit(RLIMIT_NOFILE, &files);
    constexpr rlim_t reserve = 256;
    return static_cast<std::size_t>(files.rlim_cur > 2 * reserve ? files.rlim_cur - reserve : reserve) / 9 * 8;
}

std::unique_ptr<any_storage> open(options& o, const ::asio::any_io_executor& executor) {
    const bool chosen = !o.storage.empty();
    if (!chosen) o.storage = default_storage();
    try {
        auto storage = open_storage(o.storage, executor);
        if (o.config.code_keys.empty()) o.config.code_keys = {{"own", own_code_key(o.storage)}};
        print("storage: " + public_storage_name(o.storage));
        return storage;
    } catch (const std::exception& e) {
        if (chosen) throw;
        throw std::runtime_error(std::string(e.what()) +
                                 "; or name another storage with --storage or PHONEAUTH_STORAGE");
    }
}

/// Where a server that listens on `e` can be reached from this machine.
tcp::endpoint reachable(tcp::endpoint e) {
    if (e.address().is_unspecified())
        e.address(e.address().is_v6() ? ::asio::ip::address(::asio::ip::address_v6::loopback())
                                      : ::asio::ip::address_v4::loopback());
    return e;
}

/// Listens on `where`, or says in its error where it cannot.
void listen(std::optional<phoneauth::http_server>& server, const ::asio::any_io_executor& executor,
            const tcp::endpoint& where, phoneauth::http_server::handler answer, phoneauth::http_server_options limits) {
    try {
        server.emplace(executor, where, std::move(answer), std::move(limits));
    } catch (const std::system_error& e) {
        throw std::runtime_error("cannot listen on " + url_of(where) + ": " + e.code().message());
    }
}

/// What is shown at /metrics, and nothing else there.
phoneauth::http_response metrics_reply(const phoneauth::http_request& request,
                                       const std::function<std::string()>& text) {
    phoneauth::http_response reply;
    reply.headers = {{"Content-Type", "text/plain; charset=utf-8"},
                     {"X-Content-Type-Options", "nosniff"},
                     {"Cache-Control", "no-store"}};
    if (request.url != "/metrics") {
        reply.status = 404;
        reply.body = "Only /metrics is here.\n";
    } else if (request.method != "GET" && request.method != "HEAD") {
        reply.status = 405;
        reply.headers.push_back({"Allow", "GET, HEAD"});
    } else {
        reply.status = 200;
        reply.headers[0].value = phoneauth::event_counters::content_type;
        reply.body = text();
    }
    return reply;
}

/// Says what to do about a request for a host that the server is not called by: behind a proxy that hands on Host, each
/// request is one.
void tell_of_hosts(const phoneauth::http_request& request) {
    const auto* host = phoneauth::find_header(request.headers, "Host");
    print("A request was refused (421), as the server is not called by its Host, \"" + (host ? *host : std::string()) +
          "\". If it came through your proxy, name the hosts that people know: --hosts NAME[,NAME...] or "
          "PHONEAUTH_HOSTS. "
          "Further ones are only counted.");
}

/// What clients may cost; `replies` counts what the server refuses by itself.
phoneauth::http_server_options limits_of(const options& o, reply_counters& replies) {
    phoneauth::http_server_options limits;
    limits.max_connections = (std::min)(o.max_connections, connections_that_fit());
    if (limits.max_connections < o.max_connections)
        print("connections: " + std::to_string(limits.max_connections) + " at most, for want of open files");
    limits.max_connections_per_address = o.max_connections_per_address;
    limits.max_requests = o.max_requests;
    limits.allowed_hosts = o.hosts;
    limits.targets_for_any_host = {"/health"};
    limits.decorate_own_reply = [api = o.api, told = std::make_shared<std::once_flag>()](
                                    phoneauth::http_response& reply, const phoneauth::http_request& request) {
        if (reply.status == 421) std::call_once(*told, tell_of_hosts, request);
        phoneauth::rest::add_cors_headers(reply, request, api);
    };
    limits.complete_own_reply = [&replies](phoneauth::http_response& reply) {
        using phoneauth::error;
        phoneauth::failure why = error::unparsable_body;
        if (reply.status == 503) why = error::overloaded;
        if (reply.status == 413 || reply.status == 431) why = error::body_too_large;
        if (reply.status == 421) why = {error::unknown_route, "The server is not called by this host name."};
        if (reply.status == 500) why = error::internal;
        const auto status = std::exchange(reply, phoneauth::rest::reply(why)).status;
        reply.status = status;
        replies.count(status);
    };
    return limits;
}

/// Who is told what happens.
struct observer {
    phoneauth::event_counters* counters;  ///< or nullptr
    event_log* log;                       ///< or nullptr

    void operator()(const phoneauth::event& e) const {
        if (counters) (*counters)(e);
        if (log) (*log)(e);
    }
};

/// Starts a Twilio of the server's own, and configures it.
void play_twilio(options& o, std::optional<phoneauth::testing::fake_twilio>& fake) {
    fake.emplace().on_message(print_message);
    auto twilio = fake->settings();
    twilio.status_callback = o.config.twilio.status_callback;
    if (!o.fake_set_up.empty()) spoil(o.fake_set_up, *fake, twilio);
    o.config.twilio = std::move(twilio);
}

phoneauth::https_transport_options way_to_twilio(const options& o) {
    phoneauth::https_transport_options way;
    way.ca_file = o.ca_file;
    if (!o.fake_twilio) way.proxy = o.proxy;
    return way;
}

/// Tests the configuration, and prints what was found. True if nothing stands in the way of sending codes. The storage is
/// left alone: another server may be using it.
bool test(options o) {
    ::asio::io_context context(1);
    std::optional<phoneauth::testing::fake_twilio> fake;
    if (o.fake_twilio) {
        play_twilio(o, fake);
        print("No Twilio credentials: the Twilio that the server plays is tested.");
    }
    const auto storage = open_storage("memory", context.get_executor());
    if (o.config.code_keys.empty()) o.config.code_keys = {{"own", own_code_key("memory")}};
    phoneauth::https_transport transport(context.get_executor(), way_to_twilio(o));
    observer nobody{nullptr, nullptr};
    phoneauth::authenticator authenticator(o.config, *storage, transport, nobody);
    bool is_well = false;
    ::asio::co_spawn(context, authenticator.test_configuration(),
                     [&](std::exception_ptr thrown, operator_route::report report) {
                         if (thrown) std::rethrow_exception(thrown);
                         if (!report) throw std::runtime_error(report.error().message);
                         for (const auto& line : report_lines(*report)) print(line);
                         is_well = report->ok();
                         context.stop();  // a connection to Twilio may be kept
                     });
    context.run();
    return is_well;
}

/// Serves the counters, on a port of their own.
void start_metrics(std::optional<phoneauth::http_server>& metrics, const ::asio::any_io_executor& executor,
                   const options& o, std::function<std::string()> text) {
    phoneauth::http_server_options few;
    few.max_connections = 16;
    few.allowed_hosts = o.metrics_hosts;
    const tcp::endpoint where(::asio::ip::make_address(o.metrics_address), o.metrics_port);
    listen(
        metrics, executor, where,
        [text = std::move(text)](phoneauth::http_request request, tcp::endpoint)
            -> ::asio::awaitable<phoneauth::http_response> { co_return metrics_reply(request, text); },
        few);
    print("metrics: " + url_of({where.address(), metrics->port()}) + "/metrics");
}

void run(options o) {
    ::asio::io_context context(static_cast<int>(o.threads));
    const auto executor = context.get_executor();
    const auto storage = open(o, executor);

    reply_counters replies;
    auto limits = limits_of(o, replies);
    tcp::endpoint address(::asio::ip::make_address(o.address), o.port);
    // The server's own Twilio calls it by its address; no page can get a browser to do so by a name of its own.
    if (o.default_status_callback && !limits.allowed_hosts.empty())
        limits.allowed_hosts.push_back(reachable(address).address().to_string());

    // From here on it has a port, but answers nothing before the context runs.
    phoneauth::http_server::handler answer;
    std::optional<phoneauth::http_server> http;
    const auto answer_and_count = [&](phoneauth::http_request request,
                                      tcp::endpoint peer) -> ::asio::awaitable<phoneauth::http_response> {
        auto work = answer(std::move(request), std::move(peer));
        phoneauth::http_response reply = co_await std::move(work);
        replies.count(reply.status);
        co_return reply;
    };
    listen(http, executor, address, answer_and_count, limits);
    address.port(http->port());

    std::optional<phoneauth::testing::fake_twilio> fake;
    if (o.fake_twilio) {
        play_twilio(o, fake);
        if (o.default_status_callback)
            o.config.twilio.status_callback = url_of(reachable(address)) + "/api/services/Twilio/messageStatus";
        print("No Twilio credentials: messages are printed here, not sent.");
    }
    complete(o.api);

    phoneauth::https_transport transport(executor, way_to_twilio(o));
    if (o.twilio_over_https) {
        // Found out now, and not when the first user waits for a code.
        if (const auto usable = transport.check_certificates(); !usable)
            throw std::runtime_error(usable.error().message + " Its option here is --twilio-ca-file.");
    }
    phoneauth::event_counters counters;
    std::optional<event_log> log;
    if (!o.events.empty()) log.emplace(o.events);
    observer note_event{&counters, log ? &*log : nullptr};
    phoneauth::authenticator authenticator(o.config, *storage, transport, note_event);
    phoneauth::rest::api api(authenticator, o.api);

    operator_route operators(o.operator_token, [&] { return authenticator.test_configuration(); });
    const auto page = make_page(o.fake_twilio, o.config.phone_column);
    answer = [&](phoneauth::http_request request, tcp::endpoint peer) -> ::asio::awaitable<phoneauth::http_response> {
        if (request.url == "/" && (request.method == "GET" || request.method == "HEAD")) co_return page;
        if (operators.serves(request)) {
            auto testing = operators.answer(std::move(request));
            phoneauth::http_response report = co_await std::move(testing);
            co_return report;
        }
        auto work = api.handle(std::move(request), peer.address().to_string());
        phoneauth::http_response reply = co_await std::move(work);
        co_return reply;
    };

    std::optional<phoneauth::http_server> metrics;
    if (!o.metrics_address.empty()) {
        start_metrics(metrics, executor, o, [&] {
            return counters.prometheus_text() + replies.prometheus_text() +
                   "# HELP phoneauth_events_dropped_total Events that could not be written.\n"
                   "# TYPE phoneauth_events_dropped_total counter\n"
                   "phoneauth_events_dropped_total " +
                   std::to_string(log ? log->dropped() : 0) + '\n';
        });
    }

    // The first signal: no new requests, and those that are accepted get their replies. The second one ends it at once.
    ::asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&](const std::error_code& error, int) {
        if (error) return;
        if (metrics) metrics->stop();
        http->stop([&] { context.stop(); });
        signals.clear();
    });

    print("listening on " + url_of(address));
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < o.threads; ++i) others.emplace_back([&] { context.run(); });
    context.run();
}

}  // namespace
}  // namespace server

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);  // whoever reads the log may go away
    const auto parsed = server::parse_options({argv + 1, argv + argc});
    if (parsed.value.help) {
        std::cout << server::help_text();
        return 0;
    }
    for (const auto& problem : parsed.problems) std::cerr << "phoneauth_server: " << problem << '\n';
    if (!parsed.problems.empty()) return 2;
    try {
        if (parsed.value.test) return server::test(parsed.value) ? 0 : 1;
        server::run(parsed.value);
    } catch (const std::exception& e) {
        std::cerr << "phoneauth_server: " << e.what() << '\n';
        return 1;
    }
    return 0;
}
