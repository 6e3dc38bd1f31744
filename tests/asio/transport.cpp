// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <boost/mpl/list.hpp>

#include <phoneauth/asio/blocking_transport.hpp>
#include <phoneauth/asio/http_server.hpp>
#include <phoneauth/asio/https_transport.hpp>
#include <phoneauth/policies.hpp>

#include "asio/certificates.hpp"
#include "asio/scripted_server.hpp"
#include "asio/transport_worlds.hpp"
#include "support/temporary_folder.hpp"

#include <asio/bind_executor.hpp>
#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>

using namespace transport_tests;
using namespace std::chrono_literals;
using peer = scripted_server::peer;
using script = scripted_server::script;

static_assert(HttpTransport<https_transport>);
static_assert(HttpTransport<blocking_transport>);

namespace {

http_request get(std::string url) {
    http_request r;
    r.method = "GET";
    r.url = std::move(url);
    return r;
}

http_request post(std::string url, std::string body) {
    http_request r;
    r.method = "POST";
    r.url = std::move(url);
    r.body = std::move(body);
    return r;
}

https_transport_options quick() {
    https_transport_options o;
    o.connect_timeout = o.read_timeout = o.write_timeout = 100ms;
    return o;
}

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::error_code code_of(const result<http_response>& outcome) {
    return outcome ? std::error_code() : outcome.error().code;
}

void check_fails(const result<http_response>& outcome, error expected) {
    BOOST_TEST_REQUIRE(!outcome.has_value());
    BOOST_TEST(outcome.error().code.message() == std::error_code(expected).message());
}

void check_fails_saying(const result<http_response>& outcome, error expected, const std::string& said) {
    check_fails(outcome, expected);
    BOOST_TEST(outcome.error().message.find(said) != std::string::npos, outcome.error().message);
}

https_transport_options by_proxy(const scripted_server& proxy, const std::string& user_info = {}) {
    https_transport_options o;
    o.proxy = proxy.url().insert(7, user_info);
    return o;
}

// What a proxy does once the tunnel is there, until one side closes.
void relay(peer& client, unsigned short port) {
    ::asio::io_context context;
    ::asio::ip::tcp::socket server(context);
    server.connect({::asio::ip::make_address("127.0.0.1"), port});
    std::error_code ec;
    while (!ec) {
        pollfd ready[] = {{client.socket.native_handle(), POLLIN, 0}, {server.native_handle(), POLLIN, 0}};
        ::poll(ready, 2, -1);
        char bytes[4096];
        const auto pass_on = [&](auto& from, auto& to) {
            const auto n = from.read_some(::asio::buffer(bytes), ec);
            if (!ec) ::asio::write(to, ::asio::buffer(bytes, n), ec);
        };
        if (ready[0].revents) pass_on(client.socket, server);
        if (!ec && ready[1].revents) pass_on(server, client.socket);
    }
}

// A variable of the environment, as long as it lives.
class environment {
public:
    environment(const char* name, const std::string& value) : name_(name) {
        if (const char* old = std::getenv(name)) old_ = old;
        ::setenv(name, value.c_str(), 1);
    }
    environment(const environment&) = delete;
    environment& operator=(const environment&) = delete;
    ~environment() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }

private:
    const char* name_;
    std::optional<std::string> old_;
};

template <class World>
void check_reply(World& world, std::string reply, error expected) {
    scripted_server server({[&](peer& p) {
        p.request();
        p.send(reply);
    }});
    BOOST_TEST_CONTEXT(reply.substr(0, 100)) {
        check_fails(world.send(get(server.url())), expected);
    }
}

// An HTTPS server on a thread of its own.
class tls_server {
public:
    explicit tls_server(SSL_CTX* tls)
        : pool_(1), server_(
                        pool_.get_executor(), {::asio::ip::make_address("127.0.0.1"), 0},
                        [](http_request r, ::asio::ip::tcp::endpoint) -> ::asio::awaitable<http_response> {
                            http_response reply;
                            reply.status = 200;
                            reply.body = r.method + " " + r.url + " " + r.body;
                            if (r.url == "/large") reply.body.assign(200'000, 'x');
                            co_return reply;
                        },
                        {}, tls) {}
    ~tls_server() {
        std::promise<void> drained;
        server_.stop([&] { drained.set_value(); });
        drained.get_future().wait();
        pool_.join();
    }
    std::string url(const std::string& host, const std::string& target = "/") const {
        return "https://" + host + ":" + std::to_string(server_.port()) + target;
    }

private:
    ::asio::thread_pool pool_;
    http_server server_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(transports)

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_written_and_read, World, worlds) {
    std::string seen;
    scripted_server server({[&](peer& p) {
        seen = p.request();
        p.send("HTTP/1.1 201 Created\r\nX: y\r\nContent-Length: 5\r\n\r\nhello");
    }});
    World world;
    auto request = post(server.url("/a?b=c"), "x=1");
    request.headers = {{"Content-Type", "text/plain"}};
    const auto reply = world.send(request);
    BOOST_TEST_REQUIRE(reply.has_value());
    BOOST_TEST(reply->status == 201);
    BOOST_TEST(reply->body == "hello");
    BOOST_TEST(*find_header(reply->headers, "x") == "y");
    const auto host = server.url("").substr(7);
    BOOST_TEST(seen == "POST /a?b=c HTTP/1.1\r\nHost: " + host +
                           "\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nx=1");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(replies_cut_at_every_byte, World, worlds) {
    for (const auto& reply :
         {ok, std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n")}) {
        scripted_server server({[&](peer& p) {
            for (std::size_t cut = 0; cut < reply.size(); ++cut) {
                p.request();
                p.send(std::string_view(reply).substr(0, cut));
                p.send(std::string_view(reply).substr(cut));
            }
        }});
        World world;
        for (std::size_t cut = 0; cut < reply.size(); ++cut) {
            const auto outcome = world.send(get(server.url()));
            BOOST_TEST_REQUIRE(outcome.has_value());
            BOOST_TEST(outcome->body == "ok");
        }
        BOOST_TEST(server.connections == 1);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(until_close_head_and_interim, World, worlds) {
    scripted_server server({[&](peer& p) {
                                p.request();
                                p.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nto the end");
                            },
                            [&](peer& p) {
                                p.request();
                                p.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
                                p.request();
                                p.send(ok);
                            }});
    World world;
    BOOST_TEST(world.send(get(server.url()))->body == "to the end");
    auto head = get(server.url());
    head.method = "HEAD";
    BOOST_TEST(world.send(head)->status == 200);
    BOOST_TEST(world.send(get(server.url()))->body == "ok");
    BOOST_TEST(server.connections == 2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(bad_replies, World, worlds) {
    World world;
    for (std::size_t length = 0; length < ok.size(); ++length)
        check_reply(world, ok.substr(0, length), error::connection_lost);
    check_reply(world, "SSH-2.0-OpenSSH_9.2\r\n", error::malformed_reply);
    check_reply(world, "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", error::malformed_reply);
    https_transport_options small;
    small.max_header_bytes = 100;
    small.max_body_bytes = 10;
    World strict(small);
    check_reply(strict, "HTTP/1.1 200 OK\r\nA: " + std::string(100, 'a'), error::reply_too_large);
    check_reply(strict, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", error::reply_too_large);
    check_reply(strict, "HTTP/1.1 200 OK\r\n\r\n" + std::string(11, 'a'), error::reply_too_large);
    check_reply(strict, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n" + std::string(11, 'a'),
                error::reply_too_large);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(deadlines, World, worlds) {
    for (const std::string begun : {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no"}) {
        scripted_server server({[&](peer& p) {
            p.request();
            p.send(begun);
            p.wait_for_end();
        }});
        World world(quick());
        check_fails(world.send(get(server.url())), error::read_timeout);
    }
    {
        // Accepted, but nobody answers the TLS handshake.
        scripted_server server({[&](peer& p) { p.wait_for_end(); }});
        World world(quick());
        check_fails(world.send(get("https" + server.url().substr(4))), error::connect_timeout);
    }
    {
        // Nobody reads, and the buffers fill up.
        std::promise<void> over;
        scripted_server server({[&](peer&) { over.get_future().wait(); }});
        World world(quick());
        check_fails(world.send(post(server.url(), std::string(32 << 20, 'x'))), error::write_failed);
        over.set_value();
    }
    {
        // Drop by drop is too slow as well: the limit is for the whole reply.
        scripted_server server({[&](peer& p) {
            p.request();
            p.send("HTTP/1.1 200 OK\r\nA: ");
            std::error_code ec;
            while (!ec) p.socket.write_some(::asio::buffer("a", 1), ec);
        }});
        auto options = quick();
        options.max_header_bytes = std::size_t(1) << 40;
        World world(options);
        check_fails(world.send(get(server.url())), error::read_timeout);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nothing_was_sent, World, worlds) {
    World world;
    check_fails(world.send(get("nonsense")), error::invalid_url);
    check_fails(world.send(get("http://u:p@localhost/")), error::invalid_url);
    check_fails(world.send(get("http://phoneauth.invalid/")), error::host_not_found);
    std::string closed;
    { closed = scripted_server({}).url(); }
    check_fails(world.send(get(closed)), error::connect_failed);

    auto evil = get("http://127.0.0.1:1/");
    evil.headers = {{"A", "b\r\nInjected: c"}};
    check_fails(world.send(evil), error::invalid_parameter);
    evil.headers = {{"A\r\nInjected", "b"}};
    check_fails(world.send(evil), error::invalid_parameter);
    evil = get("http://127.0.0.1:1/");
    evil.method = "GET / HTTP/1.1\r\nX: y\r\n\r\nGET";
    check_fails(world.send(evil), error::invalid_parameter);
    check_fails(world.send(get("http://127.0.0.1:1/\r\nInjected: c")), error::invalid_url);
}

// What tests/faults does to the flows is what these transports make of a server that fails; here is the same on the
// wire.
BOOST_AUTO_TEST_CASE_TEMPLATE(ways_to_fail, World, worlds) {
    const auto reset = [](peer& p) {
        p.socket.set_option(::asio::socket_base::linger(true, 0));
        p.socket.close();
    };
    const auto check_one_of = [](const result<http_response>& outcome, std::vector<error> expected) {
        BOOST_TEST_REQUIRE(!outcome.has_value());
        const auto is_it = [&](error e) { return outcome.error().code == e; };
        BOOST_TEST(std::any_of(expected.begin(), expected.end(), is_it), outcome.error().message);
    };
    {
        // Reset before the request: the system may notice while it connects, writes, or waits for the reply.
        scripted_server server({reset});
        World world;
        check_one_of(world.send(post(server.url(), "x")),
                     {error::connect_failed, error::write_failed, error::connection_lost});
    }
    {
        // Likewise while the connection is idle: then it is known before anything is written.
        std::promise<void> gone;
        scripted_server server({[&](peer& p) {
                                    p.request();
                                    p.send(ok);
                                    reset(p);
                                    gone.set_value();
                                },
                                [&](peer& p) {
                                    p.request();
                                    p.send(ok);
                                }});
        World world;
        // The reset may overtake the reply.
        const auto first = world.send(post(server.url(), "1"));
        if (!first) check_fails(first, error::connection_lost);
        gone.get_future().wait();
        BOOST_TEST(world.send(post(server.url(), "2")).has_value());
        BOOST_TEST(server.connections == 2);
    }
    // Reset, or closed, after the request and after some of the reply: never sent again.
    for (const std::string begun : {"", "HTTP/1.1 20", "HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n{\"sid",
                                    "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\na\r\n{\"sid",
                                    "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"}) {
        for (const bool hard : {true, false}) {
            scripted_server server({[&](peer& p) {
                p.request();
                p.send(begun);
                if (hard) reset(p);
            }});
            World world;
            BOOST_TEST_CONTEXT(begun) {
                check_fails(world.send(post(server.url(), "x")), error::connection_lost);
                BOOST_TEST(server.connections == 1);
            }
        }
    }
    // Whatever the status: the reply as it came, once, and no other place is asked.
    for (const std::string reply :
         {"429 Too Many Requests\r\nRetry-After: 30", "429 Too Many Requests", "500 Internal Server Error",
          "503 Service Unavailable\r\nRetry-After: 5", "302 Found\r\nLocation: http://127.0.0.1:1/elsewhere",
          "307 Temporary Redirect\r\nLocation: /elsewhere", "201 Created\r\nContent-Type: text/html"}) {
        std::promise<std::string> next;
        scripted_server server({[&](peer& p) {
            p.request();
            p.send("HTTP/1.1 " + reply + "\r\nContent-Length: 6\r\n\r\n<html>");
            next.set_value(p.request());
        }});
        {
            World world;
            const auto outcome = world.send(post(server.url(), "x"));
            BOOST_TEST_REQUIRE(outcome.has_value());
            BOOST_TEST(outcome->status == std::stoi(reply));
            BOOST_TEST(outcome->body == "<html>");
            const auto* wait = find_header(outcome->headers, "Retry-After");
            BOOST_TEST((wait != nullptr) == (reply.find("Retry-After") != std::string::npos));
        }
        BOOST_TEST(next.get_future().get() == "");
        BOOST_TEST(server.connections == 1);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(kept_connections, World, worlds) {
    {
        scripted_server server({[&](peer& p) {
            while (!p.request().empty()) p.send(ok);
        }});
        World world;
        for (int i = 0; i < 5; ++i) BOOST_TEST(world.send(post(server.url(), "x")).has_value());
        BOOST_TEST(server.connections == 1);
    }
    {
        // Closed by the server while idle: found out before a byte is written.
        std::promise<void> closed;
        scripted_server server({[&](peer& p) {
                                    p.request();
                                    p.send(ok);
                                    p.socket.close();
                                    closed.set_value();
                                },
                                [&](peer& p) {
                                    p.request();
                                    p.send(ok);
                                }});
        World world;
        BOOST_TEST(world.send(post(server.url(), "1")).has_value());
        closed.get_future().wait();
        BOOST_TEST(world.send(post(server.url(), "2")).has_value());
        BOOST_TEST(server.connections == 2);
    }
    {
        // Closed after the request was read: it may have been processed, so it is not sent again.
        scripted_server server({[&](peer& p) {
                                    p.request();
                                    p.send(ok);
                                    p.request();
                                },
                                [&](peer& p) {
                                    p.request();
                                    p.send(ok);
                                }});
        World world;
        BOOST_TEST(world.send(post(server.url(), "1")).has_value());
        check_fails(world.send(post(server.url(), "2")), error::connection_lost);
        BOOST_TEST(server.connections == 1);
        BOOST_TEST(world.send(post(server.url(), "3")).has_value());
    }
    {
        // A reply to nothing must not become the reply to the next request.
        std::promise<void> sent;
        scripted_server server({[&](peer& p) {
                                    p.request();
                                    p.send(ok);
                                    p.send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
                                    sent.set_value();
                                    p.wait_for_end();
                                },
                                [&](peer& p) {
                                    p.request();
                                    p.send(ok);
                                }});
        World world;
        BOOST_TEST(world.send(get(server.url()))->status == 200);
        sent.get_future().wait();
        BOOST_TEST(world.send(get(server.url()))->status == 200);
    }
    for (const std::string last : {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                                   "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"}) {
        const script once = [&](peer& p) {
            p.request();
            p.send(last);
            p.wait_for_end();
        };
        scripted_server server({once, once});
        World world;
        BOOST_TEST(world.send(get(server.url())).has_value());
        BOOST_TEST(world.send(get(server.url())).has_value());
        BOOST_TEST(server.connections == 2);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(tls, World, worlds) {
    const testing_tls::authority ca;
    https_transport_options trusting;
    trusting.ca_file = ca.file();
    {
        const auto context = ca.server("DNS:localhost,IP:127.0.0.1");
        const tls_server server(context.get());
        World world(trusting);
        BOOST_TEST(world.send(post(server.url("localhost", "/a"), "b"))->body == "POST /a b");
        BOOST_TEST(world.send(post(server.url("127.0.0.1", "/a"), "b"))->body == "POST /a b");
        BOOST_TEST(world.send(get(server.url("127.0.0.1", "/large")))->body.size() == 200'000u);
        BOOST_TEST(world.send(post(server.url("127.0.0.1"), std::string(60'000, 'y')))->body.size() == 60'007u);
        World stranger;
        check_fails(stranger.send(get(server.url("localhost"))), error::certificate_untrusted);
    }
    {
        const auto context = ca.server("DNS:other.example,IP:127.0.0.2");
        const tls_server server(context.get());
        World world(trusting);
        check_fails(world.send(get(server.url("localhost"))), error::certificate_wrong_host);
        check_fails(world.send(get(server.url("127.0.0.1"))), error::certificate_wrong_host);
    }
    {
        const auto context = ca.server("DNS:localhost", -7200, -3600);
        const tls_server server(context.get());
        check_fails(World(trusting).send(get(server.url("localhost"))), error::certificate_expired);
    }
    {
        const auto context = ca.server("DNS:localhost", 3600, 7200);
        const tls_server server(context.get());
        check_fails(World(trusting).send(get(server.url("localhost"))), error::certificate_expired);
    }
    {
        const auto context = ca.server("DNS:localhost");
        SSL_CTX_set_security_level(context.get(), 0);
        SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
        const tls_server server(context.get());
        check_fails(World(trusting).send(get(server.url("localhost"))), error::tls_failed);
    }
    {
        scripted_server server({[&](peer& p) { p.send("HTTP/1.1 400 Bad Request\r\n\r\n"); }});
        check_fails(World(trusting).send(get("https" + server.url().substr(4))), error::tls_failed);
    }
    trusting.ca_file = "/nonexistent";
    BOOST_CHECK_THROW(World{trusting}, std::runtime_error);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(tls_sessions_are_resumed, World, worlds) {
    const testing_tls::authority ca;
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto context = ca.server("DNS:localhost");
        SSL_CTX_set_max_proto_version(context.get(), version);
        const unsigned char id[] = "test";
        SSL_CTX_set_session_id_context(context.get(), id, sizeof id);
        https_transport_options options;
        options.ca_file = ca.file();
        options.max_idle_connections_per_host = 0;
        {
            const tls_server server(context.get());
            World world(options);
            for (int i = 0; i < 3; ++i) BOOST_TEST(world.send(get(server.url("localhost"))).has_value());
        }
        BOOST_TEST(SSL_CTX_sess_accept_good(context.get()) == 3);
        BOOST_TEST(SSL_CTX_sess_hits(context.get()) == 2);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(through_a_proxy, World, worlds) {
    const std::string tunnel = "HTTP/1.1 200 Connection established\r\n\r\n";
    {
        // Behind the tunnel the proxy plays the server, too, whose name nobody else knows. One tunnel for all requests.
        std::vector<std::string> seen;
        scripted_server proxy({[&](peer& p) {
            seen.push_back(p.request());
            p.send(tunnel);
            for (int i = 0; i < 2; ++i) {
                seen.push_back(p.request());
                p.send(ok);
            }
        }});
        World world(by_proxy(proxy, "us%40er:p%25:w@"));
        BOOST_TEST(world.send(post("http://phoneauth.invalid/a", "1"))->body == "ok");
        BOOST_TEST(world.send(get("http://phoneauth.invalid/b"))->body == "ok");
        BOOST_TEST_REQUIRE(seen.size() == 3u);
        BOOST_TEST(seen[0] == "CONNECT phoneauth.invalid:80 HTTP/1.1\r\nHost: phoneauth.invalid:80\r\n"
                              "Proxy-Authorization: Basic dXNAZXI6cCU6dw==\r\n\r\n");
        BOOST_TEST(seen[1] == "POST /a HTTP/1.1\r\nHost: phoneauth.invalid\r\nContent-Length: 1\r\n\r\n1");
        BOOST_TEST(seen[2] == "GET /b HTTP/1.1\r\nHost: phoneauth.invalid\r\n\r\n");
    }
    // Whatever a proxy says along with it, a tunnel begins behind the head.
    for (const std::string reply :
         {"HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"}) {
        scripted_server proxy({[&](peer& p) {
            BOOST_TEST(p.request() == "CONNECT [::1]:8080 HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n");
            p.send(reply);
            p.request();
            p.send(ok);
        }});
        BOOST_TEST_CONTEXT(reply) {
            const auto outcome = World(by_proxy(proxy)).send(get("http://[::1]:8080/"));
            BOOST_TEST_REQUIRE(outcome.has_value());
            BOOST_TEST(outcome->body == "ok");
        }
    }
    {
        const testing_tls::authority ca;
        const auto context = ca.server("DNS:localhost");
        const tls_server server(context.get());
        const auto port = std::stoi(server.url("localhost").substr(18));
        const script to_server = [&](peer& p) {
            BOOST_TEST(p.request().starts_with("CONNECT localhost:" + std::to_string(port) + " HTTP/1.1\r\n"));
            p.send(tunnel);
            relay(p, static_cast<unsigned short>(port));
        };
        scripted_server proxy({to_server, to_server});
        auto options = by_proxy(proxy);
        {
            // The certificate is the server's business.
            World stranger(options);
            check_fails(stranger.send(get(server.url("localhost"))), error::certificate_untrusted);
        }
        options.ca_file = ca.file();
        World world(options);
        BOOST_TEST(world.send(post(server.url("localhost", "/a"), "b"))->body == "POST /a b");
        BOOST_TEST(world.send(get(server.url("localhost", "/large")))->body.size() == 200'000u);
        BOOST_TEST(proxy.connections == 2);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(proxies_that_refuse, World, worlds) {
    const auto check_refused = [](const std::string& reply, const std::string& said, error expected) {
        std::string more;
        scripted_server proxy({[&](peer& p) {
            p.request();
            p.send(reply);
            if (!reply.empty() || expected == error::connect_timeout) more = p.request();
        }});
        auto options = by_proxy(proxy, "user:hunter2@");
        options.max_header_bytes = 200;
        options.connect_timeout = expected == error::connect_timeout ? 100ms : 10s;
        BOOST_TEST_CONTEXT(reply) {
            const auto outcome = World(options).send(post("http://phoneauth.invalid/", "secret"));
            check_fails_saying(outcome, expected, said);
            BOOST_TEST(safe_to_resend(expected));
            BOOST_TEST(outcome.error().message.find("hunter2") == std::string::npos);
        }
        BOOST_TEST(more == "");
    };
    for (const std::string status : {"407", "403", "502", "302"})
        check_refused("HTTP/1.1 " + status + " No\r\nContent-Length: 1000000\r\n\r\n<html>", "HTTP status " + status,
                      error::proxy_failed);
    check_refused("HTTP/1.1 407 No\r\n\r\n", "user or password", error::proxy_failed);
    check_refused("", "proxy", error::proxy_failed);
    check_refused("HTTP/1.1 200", "in time", error::connect_timeout);
    check_refused("SSH-2.0-OpenSSH_9.2\r\n", "not valid HTTP", error::proxy_failed);
    check_refused("HTTP/1.1 200 OK\r\nA: " + std::string(200, 'a'), "not valid HTTP", error::proxy_failed);
    check_refused("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "nobody asked", error::proxy_failed);

    https_transport_options options;
    options.proxy = "http://phoneauth.invalid:3128";
    check_fails_saying(World(options).send(get("http://127.0.0.1:1/")), error::proxy_failed,
                       "proxy could not be resolved");
    { options.proxy = scripted_server({}).url(); }
    check_fails_saying(World(options).send(get("http://127.0.0.1:1/")), error::proxy_failed, "proxy");
    for (const std::string bad : {"http://", "proxy", "proxy:3128", "https://proxy:3128", "socks5://proxy:1080",
                                  "http://proxy", "http://[::1]", "http://proxy:0", "http://proxy:3128/path",
                                  "http://proxy:3128?a", "http://hunter2:x%2@proxy:1", "http://hunter2%3A:x@proxy:1",
                                  "http://hunter2:%0D%0A@proxy:1", "http://hunter2/:x@proxy:1", "http://proxy:3128 "}) {
        options.proxy = bad;
        const auto is_told = [](const std::runtime_error& e) {
            const std::string text = e.what();
            return text.find("http://HOST:PORT") != text.npos && text.find("hunter2") == text.npos;
        };
        BOOST_TEST_CONTEXT(bad) {
            BOOST_CHECK_EXCEPTION(World{options}, std::runtime_error, is_told);
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(systems_without_certificates, World, worlds) {
    const support::temporary_folder folder;
    const testing_tls::authority ca;
    const auto context = ca.server("DNS:localhost");
    const tls_server server(context.get());
    std::ofstream(folder.file("README.md")) << "Certificates belong here.\n";
    for (const auto& none : {folder.file("nowhere"), folder.path().string()}) {
        const environment file("SSL_CERT_FILE", folder.file("nowhere"));
        const environment dir("SSL_CERT_DIR", none);
        scripted_server plain({[&](peer& p) {
            p.request();
            p.send(ok);
        }});
        World world;
        BOOST_TEST(world.send(get(plain.url())).has_value());
        const auto why = world.send(get(server.url("localhost")));
        check_fails_saying(why, error::certificate_untrusted, "ca-certificates");
        BOOST_TEST(why.error().message.find("folder " + none) != std::string::npos);
        const auto at_start = world.transport.check_certificates();
        BOOST_TEST_REQUIRE(!at_start.has_value());
        BOOST_TEST(at_start.error().message == why.error().message);

        https_transport_options trusting;
        trusting.ca_file = ca.file();
        World with_file(trusting);
        BOOST_TEST(with_file.transport.check_certificates().has_value());
        BOOST_TEST(with_file.send(get(server.url("localhost"))).has_value());
    }
    {
        const environment file("SSL_CERT_FILE", ca.file());
        World world;
        BOOST_TEST(world.transport.check_certificates().has_value());
        BOOST_TEST(world.send(get(server.url("localhost"))).has_value());
    }
    // Only in a folder, where OpenSSL looks for it by its name; and once it is there, nothing has to be restarted.
    const environment file("SSL_CERT_FILE", folder.file("nowhere"));
    const environment dir("SSL_CERT_DIR", "/nonexistent:" + folder.path().string());
    World world;
    BOOST_TEST(!world.transport.check_certificates().has_value());
    std::filesystem::copy_file(ca.file(), folder.path() / ca.hashed_name());
    BOOST_TEST(world.transport.check_certificates().has_value());
    BOOST_TEST(world.send(get(server.url("localhost"))).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(requests_over_the_limit_wait_or_are_refused, World, worlds) {
    std::promise<void> arrived;
    std::promise<void> go;
    scripted_server server({[&](peer& p) {
        p.request();
        arrived.set_value();
        go.get_future().wait();
        p.send(ok);
        while (!p.request().empty()) p.send(ok);
    }});
    https_transport_options options;
    options.max_connections = 1;
    options.max_waiting = 1;
    World world(options);

    if constexpr (std::is_same_v<World, async_world>) {
        std::vector<std::error_code> outcomes;
        int replies = 0;
        const auto send = [&] {
            world.transport.send(get(server.url()), [&](result<http_response> r) {
                outcomes.push_back(code_of(r));
                replies += r && r->status == 200;
            });
        };
        for (int i = 0; i < 3; ++i) send();
        while (outcomes.empty()) world.context.run_one();
        BOOST_TEST((outcomes[0] == error::overloaded));
        go.set_value();
        world.context.run();
        BOOST_TEST(outcomes.size() == 3u);
        BOOST_TEST(replies == 2);
    } else {
        std::vector<std::future<result<http_response>>> calls;
        calls.push_back(std::async(std::launch::async, [&] { return world.send(get(server.url())); }));
        arrived.get_future().wait();
        for (int i = 0; i < 2; ++i)
            calls.push_back(std::async(std::launch::async, [&] { return world.send(get(server.url())); }));
        // One of the two is refused, whichever came second.
        for (;;) {
            const auto refused = [](auto& f) { return f.wait_for(1ms) == std::future_status::ready; };
            if (refused(calls[1]) || refused(calls[2])) break;
        }
        go.set_value();
        int replies = 0;
        int refusals = 0;
        for (auto& c : calls) {
            const auto outcome = c.get();
            replies += outcome.has_value();
            refusals += !outcome && outcome.error().code == error::overloaded;
        }
        BOOST_TEST(replies == 2);
        BOOST_TEST(refusals == 1);
    }
    BOOST_TEST(server.connections == 1);
}

BOOST_AUTO_TEST_CASE(waiting_for_a_connection_ends) {
    scripted_server server({[&](peer& p) {
        p.request();
        p.wait_for_end();
    }});
    auto options = quick();
    options.max_connections = 1;
    options.read_timeout = 1000ms;
    async_world world(options);
    std::vector<std::error_code> outcomes;
    for (int i = 0; i < 2; ++i)
        world.transport.send(get(server.url()),
                             [&](const result<http_response>& r) { outcomes.push_back(code_of(r)); });
    world.context.run();
    BOOST_TEST_REQUIRE(outcomes.size() == 2u);
    BOOST_TEST((outcomes[0] == error::overloaded));
    BOOST_TEST((outcomes[1] == error::read_timeout));
}

BOOST_AUTO_TEST_CASE(cancellation_leaves_the_pool_sound) {
    std::promise<void> arrived;
    scripted_server server({[&](peer& p) {
                                p.request();
                                arrived.set_value();
                                p.wait_for_end();
                            },
                            [&](peer& p) {
                                while (!p.request().empty()) p.send(ok);
                            }});
    https_transport_options options;
    options.max_connections = 1;
    async_world world(options);
    ::asio::cancellation_signal in_flight;
    ::asio::cancellation_signal waiting;
    std::optional<std::error_code> first, second, third;
    world.transport.send(
        get(server.url()),
        ::asio::bind_cancellation_slot(in_flight.slot(), [&](const result<http_response>& r) { first = code_of(r); }));
    world.transport.send(
        get(server.url()),
        ::asio::bind_cancellation_slot(waiting.slot(), [&](const result<http_response>& r) { second = code_of(r); }));
    auto got_there = arrived.get_future();
    while (got_there.wait_for(0s) != std::future_status::ready) world.context.run_one_for(1ms);
    BOOST_TEST(!first.has_value());
    waiting.emit(::asio::cancellation_type::terminal);
    while (!second) world.context.run_one();
    BOOST_TEST((*second == error::cancelled));
    BOOST_TEST(!first.has_value());
    world.transport.send(get(server.url()), [&](const result<http_response>& r) { third = code_of(r); });
    in_flight.emit(::asio::cancellation_type::terminal);
    world.context.run();
    BOOST_TEST_REQUIRE(first.has_value());
    BOOST_TEST((*first == error::cancelled));
    BOOST_TEST_REQUIRE(third.has_value());
    BOOST_TEST(!*third);
    BOOST_TEST(server.connections == 2);
}

BOOST_AUTO_TEST_CASE(handlers_run_where_they_belong) {
    scripted_server server({[&](peer& p) {
        while (!p.request().empty()) p.send(ok);
    }});
    ::asio::io_context context;
    ::asio::thread_pool others(1);
    https_transport transport(others.get_executor());
    BOOST_TEST((transport.get_executor() == https_transport::executor_type(others.get_executor())));
    const auto here = std::this_thread::get_id();
    std::promise<std::thread::id> by_default;
    bool called = false;
    transport.send(get(server.url()), ::asio::bind_executor(context.get_executor(), [&](result<http_response> r) {
                       BOOST_TEST(r->body == "ok");
                       BOOST_TEST((std::this_thread::get_id() == here));
                       called = true;
                   }));
    context.run();
    BOOST_TEST(called);
    transport.send(get(server.url()),
                   [&](const result<http_response>&) { by_default.set_value(std::this_thread::get_id()); });
    BOOST_TEST((by_default.get_future().get() != here));
}

BOOST_AUTO_TEST_CASE(destruction_in_any_order) {
    scripted_server server({[&](peer& p) {
                                while (!p.request().empty()) p.send(ok);
                            },
                            [&](peer& p) { p.wait_for_end(); }});
    ::asio::io_context context;
    {
        std::optional<https_transport> transport(std::in_place, context.get_executor());
        auto reply = transport->send(get(server.url()), ::asio::use_future);
        context.run();
        BOOST_TEST(reply.get()->body == "ok");
        // With an idle connection; the loop then has nothing left to do.
        transport.reset();
        context.restart();
        context.run();

        transport.emplace(context.get_executor());
        transport->send(get(server.url()), [](const result<http_response>&) { BOOST_ERROR("never called"); });
        context.restart();
        while (server.connections < 2) context.run_one_for(1ms);
        // With a request in flight, and then the loop goes away below it.
    }
}

BOOST_AUTO_TEST_CASE(many_threads) {
    const testing_tls::authority ca;
    const auto context = ca.server("DNS:localhost");
    const tls_server server(context.get());
    ::asio::thread_pool pool(4);
    https_transport_options options;
    options.ca_file = ca.file();
    options.max_connections = 8;
    https_transport transport(pool.get_executor(), options);
    blocking_transport blocking(options);
    std::atomic<int> good{0};
    std::atomic<int> cancelled{0};
    auto flow = [&](int i) -> ::asio::awaitable<void> {
        for (int n = 0; n < 5; ++n) {
            auto request = post(server.url("localhost", "/" + std::to_string(i)), "x");
            auto reply = co_await transport.send(std::move(request));
            good += reply && reply->body == "POST /" + std::to_string(i) + " x";
        }
    };
    std::vector<std::future<void>> flows;
    std::vector<std::thread> threads;
    for (int i = 0; i < 20; ++i)
        flows.push_back(::asio::co_spawn(::asio::make_strand(pool), flow(i), ::asio::use_future));
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < 5; ++n) good += blocking.send(get(server.url("localhost"))).has_value();
        });
    for (int i = 0; i < 20; ++i) {
        auto signal = std::make_shared<::asio::cancellation_signal>();
        auto own = ::asio::make_strand(pool);
        std::promise<void> ended;
        ::asio::dispatch(own, [&] {
            transport.send(get(server.url("localhost")),
                           ::asio::bind_executor(
                               own, ::asio::bind_cancellation_slot(signal->slot(), [&](const result<http_response>& r) {
                                   cancelled += r || r.error().code == error::cancelled;
                                   ended.set_value();
                               })));
        });
        ::asio::post(own, [&] { signal->emit(::asio::cancellation_type::terminal); });
        ended.get_future().wait();
        std::promise<void> settled;
        ::asio::post(own, [&] { settled.set_value(); });
        settled.get_future().wait();
    }
    for (auto& f : flows) f.get();
    for (auto& t : threads) t.join();
    BOOST_TEST(good == 120);
    BOOST_TEST(cancelled == 20);
}

BOOST_AUTO_TEST_SUITE_END()
