// SPDX-License-Identifier: BSL-1.0
// What becomes of the password of Redis. The server here says what a script tells it.
#ifdef PHONEAUTH_WITH_REDIS
#include "secrets/watch.hpp"

#include <phoneauth/asio/detail/redis_hub.hpp>
#include <phoneauth/storage/detail/redis_connection.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <string>

#include "asio/scripted_server.hpp"

using namespace phoneauth;
using secrets::watched;

BOOST_AUTO_TEST_SUITE(secrets_over_redis, *boost::unit_test::precondition(secrets::can_watch))

namespace {

constexpr const char* password = "Correct-Horse-Battery-Staple-0123456789";

/// Answers the handshake with `answers`, and a PING.
scripted_server::script answering(std::string answers) {
    return [answers](scripted_server::peer& p) {
        secret_string text;
        text.reserve(1000);
        const auto await = [&](std::string_view what) {
            std::error_code ec;
            char byte = 0;
            while (!ec && text.find(what) == text.npos)
                if (p.socket.read_some(::asio::buffer(&byte, 1), ec) > 0) text += byte;
        };
        await("$1\r\n1\r\n");  // the number of the database, which comes last
        BOOST_TEST(text.find(password) != text.npos);
        p.send(answers);
        await("PING\r\n");
        p.send("+PONG\r\n");
        p.wait_for_end();
    };
}

detail::redis_url url_of(const scripted_server& server) {
    secret_string text;
    text.reserve(200);
    text.append("redis://user:").append(password).append("@").append(server.url("/1").substr(7));
    return detail::parse_redis_url(text);
}

detail::redis_calls ping() {
    detail::redis_calls calls;
    calls.push_back(detail::redis_command({"PING"}));
    return calls;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_password_of_redis) {
    watched.clear();
    watched.add("password", password);
    for (const std::string answers : {"+OK\r\n+OK\r\n", "-WRONGPASS no\r\n", "-ERR no\r\n", "junk\r\n"}) {
        scripted_server server({answering(answers), answering(answers)});
        {
            detail::redis_blocking_link link(url_of(server), {});
            auto calls = ping();
            link.run(calls);
            BOOST_TEST((calls[0].reply != nullptr) == answers.starts_with('+'));
        }
        {
            ::asio::io_context loop;
            detail::redis_async_link link(loop.get_executor(), url_of(server), {});
            auto calls = ping();
            ::asio::co_spawn(loop, link.run(calls), ::asio::detached);
            loop.run();
            BOOST_TEST((calls[0].reply != nullptr) == answers.starts_with('+'));
        }
        BOOST_TEST(server.connections == 2);
    }
    {
        secret_string broken;
        broken.reserve(200);
        broken.append("redis://user:").append(password).append("%@host");
        BOOST_CHECK_THROW(detail::parse_redis_url(broken), std::runtime_error);
    }
    secrets::check_clean("the password of Redis");
    watched.clear();
}

BOOST_AUTO_TEST_SUITE_END()
#endif
