// SPDX-License-Identifier: BSL-1.0
// What a request and its reply leave in the memory of a client and of a server.
#include "secrets/watch.hpp"

#include <phoneauth/asio/blocking_transport.hpp>
#include <phoneauth/asio/http_server.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>

#include <string>
#include <thread>

using namespace phoneauth;
using secrets::watched;

BOOST_AUTO_TEST_SUITE(secrets_over_sockets, *boost::unit_test::precondition(secrets::can_watch))

namespace {

constexpr const char* password = "Correct-Horse-Battery-Staple-0123456789";
constexpr const char* token = "AB8CA43D-E696-4EDB-CD3B-FC843106B206";

::asio::awaitable<http_response> echo(http_request request, ::asio::ip::tcp::endpoint) {
    http_response reply;
    reply.status = 200;
    reply.headers.push_back({"user-token", *find_header(request.headers, "user-token")});
    reply.body = std::move(request.body);
    co_return reply;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_request_and_its_reply) {
    watched.clear();
    watched.add("password", password);
    watched.add("token", token);
    {
        ::asio::io_context loop;
        http_server server(loop.get_executor(), {::asio::ip::make_address("127.0.0.1"), 0}, echo, {}, nullptr);
        std::thread running([&] { loop.run(); });
        {
            blocking_transport transport;
            for (const std::size_t size : {std::size_t{0}, std::size_t{100}, std::size_t{50'000}}) {
                http_request request{"POST", "http://127.0.0.1:" + std::to_string(server.port()) + "/", {}, {}};
                request.headers.push_back({"user-token", token});
                request.body.reserve(size + 100);
                request.body.append(size, 'x').append(password);
                const auto reply = transport.send(request);
                BOOST_REQUIRE(reply);
                BOOST_TEST(reply->body.ends_with(password));
            }
        }
        server.stop();
        running.join();
    }
    secrets::check_clean("a request and its reply");
    watched.clear();
}

// Whatever becomes of the request: the server here is no proxy, and the other one is not there.
BOOST_AUTO_TEST_CASE(the_password_of_a_proxy) {
    watched.clear();
    watched.add("password", password);
    watched.add("authorization", "dXNlcjpDb3JyZWN0LUhvcnNlLUJhdHRlcnktU3RhcGxlLTAxMjM0NTY3ODk=");
    {
        ::asio::io_context loop;
        http_server server(loop.get_executor(), {::asio::ip::make_address("127.0.0.1"), 0}, echo, {}, nullptr);
        std::thread running([&] { loop.run(); });
        for (const int port : {int{server.port()}, 1}) {
            https_transport_options options;
            options.proxy.reserve(100);
            options.proxy.append("http://user:").append(password).append("@127.0.0.1:").append(std::to_string(port));
            blocking_transport transport(options);
            for (int i = 0; i < 2; ++i)
                BOOST_TEST(
                    (transport.send({"GET", "http://phoneauth.invalid/", {}, {}}).error().code == error::proxy_failed));
        }
        server.stop();
        running.join();
    }
    secrets::check_clean("a proxy's password");
    watched.clear();
}

BOOST_AUTO_TEST_SUITE_END()
