// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <phoneauth/asio/http_server.hpp>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace phoneauth;
using namespace std::chrono_literals;

namespace {

using ::asio::ip::tcp;

// A server on two threads, and what is needed to talk to it byte by byte.
struct fixture {
    explicit fixture(server_options options = {})
        : server(
              pool.get_executor(), {::asio::ip::make_address("127.0.0.1"), 0},
              [this](http_request r, tcp::endpoint peer) { return answer(std::move(r), peer); }, options) {}
    ~fixture() {
        stop().wait();
        pool.join();
    }

    ::asio::awaitable<http_response> answer(http_request r, tcp::endpoint peer) {
        ++requests;
        http_response reply;
        reply.status = 200;
        if (r.url == "/throw") throw std::runtime_error("secret");
        if (r.url == "/injection") reply.headers.push_back({"A", "b\r\nC: d"});
        if (r.url == "/wait") {
            arrived.set_value();
            while (!released) co_await ::asio::post(co_await ::asio::this_coro::executor, ::asio::use_awaitable);
        }
        reply.body = r.method + " " + r.url + " " + r.body;
        if (!peer.address().is_loopback()) reply.status = 500;
        co_return reply;
    }

    std::future<void> stop() {
        auto drained = std::make_shared<std::promise<void>>();
        auto ended = drained->get_future();
        server.stop([drained] { drained->set_value(); });
        return ended;
    }

    tcp::socket connect() {
        tcp::socket s(context);
        s.connect({::asio::ip::make_address("127.0.0.1"), server.port()});
        s.set_option(tcp::no_delay(true));
        return s;
    }

    // All that the server sends until it closes, after `pieces` were sent one after the other.
    std::string talk(const std::vector<std::string>& pieces) {
        auto s = connect();
        std::error_code ec;
        for (const auto& piece : pieces) ::asio::write(s, ::asio::buffer(piece), ec);
        return rest(s);
    }
    static std::string rest(tcp::socket& s) {
        std::string all;
        std::error_code ec;
        while (!ec) {
            char bytes[4096];
            const auto n = s.read_some(::asio::buffer(bytes), ec);
            all.append(bytes, n);
        }
        BOOST_TEST(ec.message() == std::error_code(::asio::error::eof).message());
        return all;
    }

    std::atomic<int> requests{0};
    std::promise<void> arrived;
    std::atomic<bool> released{false};
    ::asio::io_context context;
    ::asio::thread_pool pool{2};
    http_server server;
};

std::string reply(int status, const std::string& reason, const std::string& body, bool last = false) {
    return "HTTP/1.1 " + std::to_string(status) + " " + reason + "\r\nContent-Length: " + std::to_string(body.size()) +
           (last ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n") + body;
}

const std::string last_get = "GET /z HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
const std::string last_reply = reply(200, "OK", "GET /z ", true);

}  // namespace

BOOST_AUTO_TEST_SUITE(http_servers)

BOOST_AUTO_TEST_CASE(pipelined_and_cut_anywhere) {
    const std::string text =
        "POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nHost: h\r\n\r\n"
        "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n" +
        last_get;
    const auto expected =
        reply(200, "OK", "POST /a?b abc") + reply(200, "OK", "GET /b ") + reply(200, "OK", "POST /c x") + last_reply;
    fixture f;
    BOOST_TEST(f.talk({text}) == expected);
    for (std::size_t cut = 1; cut < text.size(); ++cut)
        BOOST_TEST(f.talk({text.substr(0, cut), text.substr(cut)}) == expected);
    std::vector<std::string> bytes;
    for (const char c : text) bytes.emplace_back(1, c);
    BOOST_TEST(f.talk(bytes) == expected);
}

BOOST_AUTO_TEST_CASE(head_http10_and_errors_of_the_handler) {
    fixture f;
    BOOST_TEST(f.talk({"HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n" + last_get}) ==
               "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n" + last_reply);
    BOOST_TEST(f.talk({"GET /old HTTP/1.0\r\n\r\n"}) == reply(200, "OK", "GET /old ", true));
    BOOST_TEST(f.talk({"GET /throw HTTP/1.1\r\nHost: h\r\n\r\n" + last_get}) ==
               reply(500, "Internal Server Error", "") + last_reply);
    BOOST_TEST(f.talk({"GET /injection HTTP/1.1\r\nHost: h\r\n\r\n" + last_get}) ==
               reply(500, "Internal Server Error", "") + last_reply);
}

BOOST_AUTO_TEST_CASE(expect_continue) {
    fixture f;
    auto s = f.connect();
    const std::string head =
        "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n";
    ::asio::write(s, ::asio::buffer(head));
    std::string interim(25, ' ');
    ::asio::read(s, ::asio::buffer(interim));
    BOOST_TEST(interim == "HTTP/1.1 100 Continue\r\n\r\n");
    ::asio::write(s, ::asio::buffer(std::string("ab")));
    BOOST_TEST(fixture::rest(s) == reply(200, "OK", "POST / ab", true));
}

BOOST_AUTO_TEST_CASE(refused_forms_and_limits) {
    server_options options;
    options.max_header_bytes = 200;
    options.max_body_bytes = 10;
    fixture f(options);
    const auto bad = reply(400, "Bad Request", "", true);
    const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
    BOOST_TEST(f.talk({post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + last_get}) == bad);
    BOOST_TEST(f.talk({post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na" + last_get}) == bad);
    BOOST_TEST(f.talk({post + "A: b\r\n c\r\n\r\n" + last_get}) == bad);
    BOOST_TEST(f.talk({"GET / HTTP/1.1\nHost: h\n\n" + last_get}) == bad);
    BOOST_TEST(f.talk({"GET / HTTP/1.1\r\n\r\n" + last_get}) == bad);
    BOOST_TEST(f.talk({"\x16\x03\x01 hello"}) == bad);
    const auto large = reply(413, "Content Too Large", "", true);
    BOOST_TEST(f.talk({post + "Content-Length: 11\r\n\r\n", "01234567890"}) == large);
    BOOST_TEST(f.talk({post + "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n"}) == large);
    BOOST_TEST(f.talk({"GET /" + std::string(200, 'a')}) == reply(431, "Request Header Fields Too Large", "", true));
    BOOST_TEST(f.requests == 0);
    BOOST_TEST(f.talk({post + "Content-Length: 10\r\n\r\n0123456789" + last_get}) ==
               reply(200, "OK", "POST / 0123456789") + last_reply);
}

BOOST_AUTO_TEST_CASE(deadlines) {
    server_options options;
    options.header_timeout = options.body_timeout = options.idle_timeout = 100ms;
    fixture f(options);
    const auto late = reply(408, "Request Timeout", "", true);
    BOOST_TEST(f.talk({""}) == "");
    BOOST_TEST(f.talk({"GET / HT"}) == late);
    BOOST_TEST(f.talk({"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nab"}) == late);
    BOOST_TEST(f.talk({"GET /b HTTP/1.1\r\nHost: h\r\n\r\n"}) == reply(200, "OK", "GET /b "));
    BOOST_TEST(f.requests == 1);
}

BOOST_AUTO_TEST_CASE(too_many_connections) {
    server_options options;
    options.max_connections = 1;
    options.complete_own_reply = [](http_response& own) { own.body = "full"; };
    fixture f(options);
    {
        auto first = f.connect();
        ::asio::write(first, ::asio::buffer(std::string("GET /b HTTP/1.1\r\nHost: h\r\n\r\n")));
        std::string answered(reply(200, "OK", "GET /b ").size(), ' ');
        ::asio::read(first, ::asio::buffer(answered));
        BOOST_TEST(
            f.talk({last_get}) ==
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfull");
        ::asio::write(first, ::asio::buffer(last_get));
        BOOST_TEST(fixture::rest(first) == last_reply);
    }
    // There is room again as soon as the server has seen the end of the first.
    while (f.talk({last_get}) != last_reply) std::this_thread::yield();
}

BOOST_AUTO_TEST_CASE(a_graceful_stop) {
    fixture f;
    auto idle = f.connect();
    ::asio::write(idle, ::asio::buffer(std::string("GET /b HTTP/1.1\r\nHost: h\r\n\r\n")));
    std::string answered(reply(200, "OK", "GET /b ").size(), ' ');
    ::asio::read(idle, ::asio::buffer(answered));

    auto busy = f.connect();
    ::asio::write(busy, ::asio::buffer("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n" + last_get));
    f.arrived.get_future().wait();
    auto drained = f.stop();
    BOOST_TEST(fixture::rest(idle) == "");
    BOOST_TEST((drained.wait_for(0s) == std::future_status::timeout));
    f.released = true;
    BOOST_TEST(fixture::rest(busy) == reply(200, "OK", "GET /wait ", true));
    busy.close();
    drained.wait();
    tcp::socket late(f.context);
    std::error_code ec;
    late.connect({::asio::ip::make_address("127.0.0.1"), f.server.port()}, ec);
    BOOST_TEST((ec == ::asio::error::connection_refused));
}

BOOST_AUTO_TEST_CASE(clients_that_leave) {
    fixture f;
    const std::string text = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
    for (std::size_t length = 0; length <= text.size(); ++length) {
        auto s = f.connect();
        ::asio::write(s, ::asio::buffer(text.substr(0, length)));
    }
    BOOST_TEST(f.talk({last_get}) == last_reply);
}

BOOST_AUTO_TEST_SUITE_END()
