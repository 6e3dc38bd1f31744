// SPDX-License-Identifier: BSL-1.0
#include "listening.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <asio/awaitable.hpp>
#include <asio/ip/address.hpp>
#include <sys/resource.h>

#include <phoneauth/metrics.hpp>
#include <phoneauth/rest/cors.hpp>
#include <phoneauth/rest/reply.hpp>

namespace server {

using tcp = ::asio::ip::tcp;

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

std::string url_of(const tcp::endpoint& e) {
    const auto host = e.address().to_string();
    return "http://" + (e.address().is_v6() ? '[' + host + ']' : host) + ':' + std::to_string(e.port());
}

tcp::endpoint reachable(tcp::endpoint e) {
    if (e.address().is_unspecified())
        e.address(e.address().is_v6() ? ::asio::ip::address(::asio::ip::address_v6::loopback())
                                      : ::asio::ip::address_v4::loopback());
    return e;
}

namespace {

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

/// What is shown at /metrics, and nothing else there.
::asio::awaitable<phoneauth::http_response> metrics_reply(phoneauth::http_request request, const metrics_source& text) {
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
        auto asking = text();
        reply.body = co_await std::move(asking);
    }
    co_return reply;
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

/// A port for few, beside that for clients.
tcp::endpoint listen_beside(std::optional<phoneauth::http_server>& server, const ::asio::any_io_executor& executor,
                            const std::string& address, unsigned short port, std::vector<std::string> hosts,
                            phoneauth::http_server::handler answer) {
    phoneauth::http_server_options few;
    few.max_connections = 16;
    few.allowed_hosts = std::move(hosts);
    const tcp::endpoint where(::asio::ip::make_address(address), port);
    listen(server, executor, where, std::move(answer), few);
    return {where.address(), server->port()};
}

}  // namespace

void listen(std::optional<phoneauth::http_server>& server, const ::asio::any_io_executor& executor,
            const tcp::endpoint& where, phoneauth::http_server::handler answer, phoneauth::http_server_options limits) {
    try {
        server.emplace(executor, where, std::move(answer), std::move(limits));
    } catch (const std::system_error& e) {
        throw std::runtime_error("cannot listen on " + url_of(where) + ": " + e.code().message());
    }
}

tcp::endpoint listen_for_clients(std::optional<phoneauth::http_server>& server, const ::asio::any_io_executor& executor,
                                 const options& o, reply_counters& replies, phoneauth::http_server::handler answer) {
    auto limits = limits_of(o, replies);
    tcp::endpoint address(::asio::ip::make_address(o.address), o.port);
    // The server's own Twilio calls it by its address; no page can get a browser to do so by a name of its own.
    if (o.default_status_callback && !limits.allowed_hosts.empty())
        limits.allowed_hosts.push_back(reachable(address).address().to_string());
    const auto answer_and_count = [answer = std::move(answer),
                                   &replies](phoneauth::http_request request,
                                             tcp::endpoint peer) -> ::asio::awaitable<phoneauth::http_response> {
        auto work = answer(std::move(request), std::move(peer));
        phoneauth::http_response reply = co_await std::move(work);
        replies.count(reply.status);
        co_return reply;
    };
    listen(server, executor, address, answer_and_count, limits);
    address.port(server->port());
    return address;
}

void start_metrics(std::optional<phoneauth::http_server>& metrics, const ::asio::any_io_executor& executor,
                   const options& o, metrics_source text) {
    const auto where = listen_beside(metrics, executor, o.metrics_address, o.metrics_port, o.metrics_hosts,
                                     [text = std::move(text)](phoneauth::http_request request, tcp::endpoint) {
                                         return metrics_reply(std::move(request), text);
                                     });
    print("metrics: " + url_of(where) + "/metrics");
}

void start_operators(std::optional<phoneauth::http_server>& operators, const ::asio::any_io_executor& executor,
                     const options& o, phoneauth::http_server::handler answer) {
    const auto where =
        listen_beside(operators, executor, o.operators_address, o.operators_port, o.operators_hosts, std::move(answer));
    print("operators: " + url_of(where) + "/");
}

}  // namespace server
