// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <phoneauth/asio/detail/http_date.hpp>
#include <phoneauth/asio/detail/http_server_state.hpp>
#include <phoneauth/asio/http_server.hpp>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "asio/certificates.hpp"
#include "detail/refused_requests.hpp"

using namespace phoneauth;
using namespace std::chrono_literals;

namespace {

using ::asio::ip::tcp;

// As long as it lives, this process gets a descriptor only when it has closed another one.
class no_more_descriptors {
public:
    no_more_descriptors() {
        const int lowest_free = ::dup(0);
        BOOST_REQUIRE(lowest_free >= 0);
        ::close(lowest_free);
        BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
        auto now = before_;
        now.rlim_cur = static_cast<rlim_t>(lowest_free);
        BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &now) == 0);
    }
    ~no_more_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    no_more_descriptors(const no_more_descriptors&) = delete;
    no_more_descriptors& operator=(const no_more_descriptors&) = delete;

private:
    rlimit before_{};
};

const std::string date_line = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

// Takes the Date out of each reply, where it must be that of the last minute.
std::string without_dates(std::string text) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    for (auto at = text.find("\r\nDate: "); at != text.npos; at = text.find("\r\nDate: ", at)) {
        const auto line = text.substr(at + 2, date_line.size());
        auto age = 0s;
        while (age < 60s && line != "Date: " + detail::http_date(now - age) + "\r\n") ++age;
        BOOST_TEST((age < 60s), line);
        text.erase(at + 2, date_line.size());
    }
    return text;
}

// A server on two threads, and what is needed to talk to it byte by byte.
struct fixture {
    explicit fixture(http_server_options options = {}, std::size_t threads = 2, SSL_CTX* tls = nullptr)
        : pool(threads),
          server(
              pool.get_executor(), {::asio::ip::make_address("127.0.0.1"), 0},
              [this](http_request r, tcp::endpoint peer) { return answer(std::move(r), peer); }, options, tls) {}
    ~fixture() {
        stop().wait();
        pool.join();
    }

    ::asio::awaitable<http_response> answer(http_request r, tcp::endpoint peer) {
        ++requests;
        http_response reply;
        reply.status = 200;
        if (r.url == "/throw") throw std::runtime_error("secret");
        if (r.url == "/dated") reply.headers.push_back({"date", "today"});
        if (r.url == "/injection") reply.headers.push_back({"A", "b\r\nC: d"});
        if (r.url == "/wait") {
            arrived.set_value();
            while (!released) co_await ::asio::post(co_await ::asio::this_coro::executor, ::asio::use_awaitable);
        }
        if (r.url == "/large") {
            reply.body.resize(large);
            co_return reply;
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

    tcp::socket connect(const char* from = "127.0.0.1") {
        tcp::socket s(context, {::asio::ip::make_address(from), 0});
        s.connect({::asio::ip::make_address("127.0.0.1"), server.port()});
        s.set_option(tcp::no_delay(true));
        return s;
    }

    // All that the server sends until it closes, after `pieces` were sent one after the other.
    std::string talk(const std::vector<std::string>& pieces, bool dated = false) {
        auto s = connect();
        std::error_code ec;
        for (const auto& piece : pieces) ::asio::write(s, ::asio::buffer(piece), ec);
        return rest(s, dated);
    }
    // The reply to one more request, `length` bytes long without its date.
    static std::string ask(tcp::socket& s, const std::string& request, std::size_t length) {
        ::asio::write(s, ::asio::buffer(request));
        std::string answer(length + date_line.size(), ' ');
        ::asio::read(s, ::asio::buffer(answer));
        return without_dates(answer);
    }
    static std::string rest(tcp::socket& s, bool dated = false) {
        std::string all;
        std::error_code ec;
        while (!ec) {
            char bytes[4096];
            const auto n = s.read_some(::asio::buffer(bytes), ec);
            all.append(bytes, n);
        }
        BOOST_TEST(ec.message() == std::error_code(::asio::error::eof).message());
        return dated ? all : without_dates(all);
    }

    std::atomic<int> requests{0};
    std::promise<void> arrived;
    std::atomic<bool> released{false};
    ::asio::io_context context;
    ::asio::thread_pool pool;
    static constexpr std::size_t large = 64 * 1024 * 1024;
    http_server server;
};

std::string reply(int status, const std::string& reason, const std::string& body, bool last = false) {
    return "HTTP/1.1 " + std::to_string(status) + " " + reason + "\r\nContent-Length: " + std::to_string(body.size()) +
           (last ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n") + body;
}

const std::string get = "GET /b HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string get_reply = reply(200, "OK", "GET /b ");
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

BOOST_AUTO_TEST_CASE(dates_as_rfc_9110_writes_them) {
    using std::chrono::sys_seconds;
    BOOST_TEST(detail::http_date(sys_seconds(784111777s)) == "Sun, 06 Nov 1994 08:49:37 GMT");
    BOOST_TEST(detail::http_date(sys_seconds(0s)) == "Thu, 01 Jan 1970 00:00:00 GMT");
    BOOST_TEST(detail::http_date(sys_seconds(951868799s)) == "Tue, 29 Feb 2000 23:59:59 GMT");
    BOOST_TEST(detail::http_date(sys_seconds(4102444800s)) == "Fri, 01 Jan 2100 00:00:00 GMT");
    BOOST_TEST(detail::http_date_now().size() == 29u);
}

BOOST_AUTO_TEST_CASE(each_reply_has_a_date) {
    fixture f;
    const auto dates = [](const std::string& text) {
        std::size_t n = 0;
        for (auto at = text.find("\r\nDate: "); at != text.npos; at = text.find("\r\nDate: ", at + 1)) ++n;
        return n;
    };
    const std::string end = " HTTP/1.1\r\nHost: h\r\n\r\n";
    BOOST_TEST(dates(f.talk({"GET /" + end + "HEAD /" + end + "GET /throw" + end + last_get}, true)) == 4u);
    BOOST_TEST(dates(f.talk({"hello\r\n\r\n"}, true)) == 1u);
    const auto own = f.talk({"GET /dated" + end + "hello\r\n\r\n"}, true);  // the handler knows better
    BOOST_TEST(own.find("\r\ndate: today\r\n") != own.npos);
    BOOST_TEST(dates(own) == 1u);
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
    http_server_options options;
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

// Whatever stands behind such a request is not taken for another one.
BOOST_AUTO_TEST_CASE(refused_forms_end_the_connection) {
    fixture f;
    for (const auto form : refused_requests) BOOST_TEST_CONTEXT(form) {
            const auto answer = f.talk({std::string(form) + last_get});
            BOOST_TEST(
                (answer == reply(400, "Bad Request", "", true) || answer == reply(413, "Content Too Large", "", true)));
        }
    BOOST_TEST(f.requests == 0);
}

BOOST_AUTO_TEST_CASE(deadlines) {
    http_server_options options;
    options.header_timeout = options.body_timeout = options.idle_timeout = 100ms;
    fixture f(options);
    const auto late = reply(408, "Request Timeout", "", true);
    BOOST_TEST(f.talk({""}) == "");
    BOOST_TEST(f.talk({"GET / HT"}) == late);
    BOOST_TEST(f.talk({"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nab"}) == late);
    BOOST_TEST(f.talk({"GET /b HTTP/1.1\r\nHost: h\r\n\r\n"}) == reply(200, "OK", "GET /b "));
    BOOST_TEST(f.requests == 1);
}

// It is not enough to send, or to read, a byte now and then.
BOOST_AUTO_TEST_CASE(slow_clients) {
    http_server_options options;
    options.header_timeout = options.body_timeout = options.write_timeout = 100ms;
    options.max_header_bytes = options.max_body_bytes = 1'000'000'000;
    fixture f(options);
    for (const std::string head : {"GET /", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n",
                                   "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;"}) {
        auto s = f.connect();
        ::asio::write(s, ::asio::buffer(head));
        while (s.available() == 0) ::asio::write(s, ::asio::buffer("a", 1));
        BOOST_TEST(fixture::rest(s) == reply(408, "Request Timeout", "", true));
    }
    auto s = f.connect();
    ::asio::write(s, ::asio::buffer("GET /large HTTP/1.1\r\nHost: h\r\n\r\n" + last_get));
    const auto end = std::chrono::steady_clock::now() + 500ms;
    std::size_t received = 0;
    for (char byte; std::chrono::steady_clock::now() < end; ++received) ::asio::read(s, ::asio::buffer(&byte, 1));
    received += fixture::rest(s).size();
    BOOST_TEST(received < fixture::large);
    BOOST_TEST(f.requests == 1);
}

// A client that always has another request ready does not keep the others from theirs.
BOOST_AUTO_TEST_CASE(one_request_a_turn) {
    ::asio::io_context loop;
    int requests = 0;
    http_server server(loop.get_executor(), {::asio::ip::make_address("127.0.0.1"), 0},
                       [&](http_request, tcp::endpoint) -> ::asio::awaitable<http_response> {
                           ++requests;
                           http_response ok;
                           ok.status = 200;
                           co_return ok;
                       });
    ::asio::io_context context;
    tcp::socket client(context);
    client.connect({::asio::ip::make_address("127.0.0.1"), server.port()});
    // 128 bytes each: the server reads 8 KiB at once, sometimes up to the end of a request.
    const std::string one = "GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(96, 'a') + "\r\n\r\n";
    BOOST_TEST(one.size() == 128u);
    std::string all;
    for (int i = 0; i < 256; ++i) all += one;
    ::asio::write(client, ::asio::buffer(all));
    int most = 0;
    while (requests < 256) {
        const int before = requests;
        loop.run_one();
        most = std::max(most, requests - before);
    }
    BOOST_TEST(most == 1);
}

// The records that the server has read, but not decrypted yet, count as input.
BOOST_AUTO_TEST_CASE(pipelined_in_tls) {
    const testing_tls::authority ca;
    const auto context = ca.server("IP:127.0.0.1");
    fixture f({}, 2, context.get());
    auto s = f.connect();
    const testing_tls::context_ptr own(SSL_CTX_new(TLS_client_method()));
    const std::unique_ptr<SSL, testing_tls::freed_by<SSL_free>> tls(SSL_new(own.get()));
    const auto socket = s.native_handle();
    SSL_set_bio(tls.get(), BIO_new_socket(socket, BIO_NOCLOSE),
                BIO_push(BIO_new(BIO_f_buffer()), BIO_new_socket(socket, BIO_NOCLOSE)));
    BOOST_TEST_REQUIRE(SSL_connect(tls.get()) == 1);
    std::string expected, all;
    for (int i = 0; i < 5; ++i, expected += get_reply) SSL_write(tls.get(), get.data(), static_cast<int>(get.size()));
    SSL_write(tls.get(), last_get.data(), static_cast<int>(last_get.size()));
    BOOST_TEST(BIO_flush(SSL_get_wbio(tls.get())) == 1);  // now all of them, at once
    char bytes[4096];
    for (int n; (n = SSL_read(tls.get(), bytes, sizeof bytes)) > 0;) all.append(bytes, static_cast<std::size_t>(n));
    BOOST_TEST(without_dates(all) == expected + last_reply);
}

BOOST_AUTO_TEST_CASE(too_many_connections) {
    http_server_options options;
    options.max_connections = 1;
    options.complete_own_reply = [](http_response& own) { own.body = "full"; };
    fixture f(options);
    {
        auto first = f.connect();
        ::asio::write(first, ::asio::buffer("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n" + last_get));
        f.arrived.get_future().wait();
        BOOST_TEST(
            f.talk({last_get}) ==
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfull");
        f.released = true;
        BOOST_TEST(fixture::rest(first) == reply(200, "OK", "GET /wait ") + last_reply);
    }
    // There is room again as soon as the server has seen the end of the first.
    while (f.talk({last_get}) != last_reply) std::this_thread::yield();
}

namespace {
// Says in a header what was known of the request.
http_server_options decorated() {
    http_server_options options;
    options.max_header_bytes = 200;
    options.max_body_bytes = 10;
    options.header_timeout = options.body_timeout = 100ms;
    options.decorate_own_reply = [](http_response& own, const http_request& request) {
        const auto* origin = find_header(request.headers, "Origin");
        own.headers.push_back({"Asked", request.method + ' ' + request.url + ' ' + (origin ? *origin : "-") +
                                            (request.body.empty() ? "" : " and a body")});
    };
    return options;
}

// Status and that header.
std::string told(const std::string& reply) {
    const auto at = reply.find("\r\nAsked: ");
    return reply.substr(9, 3) +
           (at == reply.npos ? "" : ' ' + reply.substr(at + 9, reply.find("\r\n", at + 9) - at - 9));
}

const std::string from_a_page = "Host: h\r\nOrigin: https://a.example\r\n";
}  // namespace

// What a page of another origin may read is decided by its request's head.
BOOST_AUTO_TEST_CASE(own_replies_know_the_request) {
    auto options = decorated();
    options.allowed_hosts = {"h"};
    fixture f(options);
    const auto of = [&](const std::string& text) { return told(f.talk({text})); };
    const std::string asked = "POST /p https://a.example", post = "POST /p HTTP/1.1\r\n" + from_a_page;
    BOOST_TEST(of(post + "Content-Length: 11\r\n\r\n01234567890") == "413 " + asked);
    BOOST_TEST(of(post + "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nb\r\n01234567890\r\n") == "413 " + asked);
    BOOST_TEST(of(post + "Content-Length: 9\r\n\r\n012") == "408 " + asked);
    BOOST_TEST(of(post + "Transfer-Encoding: x\r\n\r\n") == "400 " + asked);
    const std::string page_elsewhere = "Host: evil\r\nOrigin: https://a.example\r\n";
    BOOST_TEST(of("GET /p HTTP/1.1\r\n" + page_elsewhere + "\r\nhello\r\n\r\n") == "421 GET /p https://a.example");
    const auto thrown = f.talk({"GET /throw HTTP/1.1\r\n" + from_a_page + "\r\n" + last_get});
    BOOST_TEST(told(thrown) == "500 GET /throw https://a.example");
    const auto broken = f.talk({"GET /injection HTTP/1.1\r\n" + from_a_page + "\r\n" + last_get});
    BOOST_TEST(told(broken) == "500 GET /injection https://a.example");
    // Of a head that is too large less may be known.
    BOOST_TEST(of("GET /p HTTP/1.1\r\n" + from_a_page + "A: " + std::string(200, 'a')).starts_with("431 "));
    BOOST_TEST(of("\x16\x03\x01 hello").starts_with("400 "));
}

BOOST_AUTO_TEST_CASE(who_is_one_too_many_is_known_as_well) {
    const auto of = [](const std::vector<std::string>& pieces) {  // only one at a time gets its answer
        auto options = decorated();
        options.max_connections = 1;
        fixture f(options);
        auto first = f.connect();
        ::asio::write(first, ::asio::buffer("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n" + last_get));
        f.arrived.get_future().wait();
        const auto answer = told(f.talk(pieces));
        f.released = true;
        BOOST_TEST(fixture::rest(first) == reply(200, "OK", "GET /wait ") + last_reply);
        return answer;
    };
    BOOST_TEST(of({"GET /p HTTP/1.1\r\n" + from_a_page + "\r\n"}) == "503 GET /p https://a.example");
    BOOST_TEST(of({"GET /p HT"}) == "503  /p -");
    BOOST_TEST(of({}).starts_with("503"));  // says nothing and still gets its answer
}

BOOST_AUTO_TEST_CASE(whose_request_is_one_too_many_is_known_as_well) {
    auto options = decorated();
    options.max_requests = 1;
    fixture f(options);
    auto busy = f.connect();
    ::asio::write(busy, ::asio::buffer("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n" + last_get));
    f.arrived.get_future().wait();
    const auto refused =
        f.talk({"POST /p HTTP/1.1\r\n" + from_a_page + "Content-Length: 1\r\nConnection: close\r\n\r\nx"});
    BOOST_TEST(told(refused) == "503 POST /p https://a.example");
    f.released = true;
    BOOST_TEST(fixture::rest(busy) == reply(200, "OK", "GET /wait ") + last_reply);
}

BOOST_AUTO_TEST_CASE(the_longest_idle_makes_room) {
    http_server_options options;
    options.max_connections = 3;
    fixture f(options, 1);  // one thread: a connection is idle again before the next request is looked at
    auto a = f.connect(), b = f.connect();
    BOOST_TEST(fixture::ask(a, get, get_reply.size()) == get_reply);
    BOOST_TEST(fixture::ask(b, get, get_reply.size()) == get_reply);
    BOOST_TEST(fixture::ask(a, get, get_reply.size()) == get_reply);
    auto silent = f.connect();
    auto c = f.connect();
    BOOST_TEST(fixture::ask(c, get, get_reply.size()) == get_reply);
    BOOST_TEST(fixture::rest(b) == "");
    auto d = f.connect();
    BOOST_TEST(fixture::ask(d, get, get_reply.size()) == get_reply);
    BOOST_TEST(fixture::rest(a) == "");
    auto e = f.connect();
    BOOST_TEST(fixture::ask(e, get, get_reply.size()) == get_reply);
    BOOST_TEST(fixture::rest(silent) == "");
    BOOST_TEST(fixture::ask(c, get, get_reply.size()) == get_reply);
    BOOST_TEST(fixture::ask(d, get, get_reply.size()) == get_reply);
}

BOOST_AUTO_TEST_CASE(the_longest_idle_makes_room_when_there_are_no_more_descriptors) {
    fixture f({}, 1);
    auto a = f.connect(), b = f.connect(), c = f.connect();
    for (auto* each : {&a, &b, &c}) BOOST_TEST(fixture::ask(*each, get, get_reply.size()) == get_reply);
    tcp::socket d(f.context, {::asio::ip::make_address("127.0.0.1"), 0});
    const no_more_descriptors none;
    d.connect({::asio::ip::make_address("127.0.0.1"), f.server.port()});
    BOOST_TEST(fixture::ask(d, get, get_reply.size()) == get_reply);
    BOOST_TEST(fixture::rest(a) == "");
    BOOST_TEST(fixture::rest(b) == "");  // accept(2) wants a free descriptor even before somebody comes
    BOOST_TEST(fixture::ask(c, get, get_reply.size()) == get_reply);
    BOOST_TEST(fixture::ask(d, get, get_reply.size()) == get_reply);
}

BOOST_AUTO_TEST_CASE(one_client_does_not_take_all) {
    http_server_options options;
    options.max_connections = 4;
    options.max_connections_per_address = 2;
    fixture f(options, 1);
    auto other = f.connect("127.0.0.2");
    BOOST_TEST(fixture::ask(other, get, get_reply.size()) == get_reply);
    {
        auto a = f.connect(), b = f.connect();
        BOOST_TEST(fixture::ask(a, get, get_reply.size()) == get_reply);
        BOOST_TEST(fixture::ask(b, get, get_reply.size()) == get_reply);
        for (int i = 0; i < 10; ++i) {
            auto c = f.connect();
            BOOST_TEST(fixture::rest(c) == "");
        }
        BOOST_TEST(fixture::ask(other, get, get_reply.size()) == get_reply);
        BOOST_TEST(fixture::ask(a, get, get_reply.size()) == get_reply);
    }
    std::string answer;
    while (answer != last_reply) {  // the server sees at some time that a and b are gone
        auto s = f.connect();
        std::error_code ec;
        ::asio::write(s, ::asio::buffer(last_get), ec);
        ::asio::read(s, ::asio::dynamic_buffer(answer = ""), ec);
        answer = without_dates(answer);
    }
}

BOOST_AUTO_TEST_CASE(what_one_client_is) {
    const auto of = [](const char* address) { return detail::network_number(::asio::ip::make_address(address)); };
    BOOST_TEST(of("192.0.2.1") == of("::ffff:192.0.2.1"));
    BOOST_TEST(of("192.0.2.1") != of("192.0.2.2"));
    BOOST_TEST(of("2001:db8:1:2::1") == of("2001:db8:1:2:ffff::"));
    BOOST_TEST(of("2001:db8:1:2::1") != of("2001:db8:1:3::1"));
    BOOST_TEST(of("::1") != of("0.0.0.1"));
}

BOOST_AUTO_TEST_CASE(too_many_requests_at_once) {
    http_server_options options;
    options.max_requests = 1;
    fixture f(options);
    auto busy = f.connect(), other = f.connect();
    ::asio::write(busy, ::asio::buffer("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n" + last_get));
    f.arrived.get_future().wait();
    const std::string refusal = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
    for (int i = 0; i < 3; ++i) BOOST_TEST(fixture::ask(other, get, refusal.size()) == refusal);
    BOOST_TEST(f.requests == 1);
    f.released = true;
    BOOST_TEST(fixture::rest(busy) == reply(200, "OK", "GET /wait ") + last_reply);
    BOOST_TEST(fixture::ask(other, get, get_reply.size()) == get_reply);
}

BOOST_AUTO_TEST_CASE(whom_the_server_is_called) {
    http_server_options options;
    options.allowed_hosts = {"localhost", "Auth.example", "127.0.0.1", "::1"};
    fixture f(options);
    const auto status = [&](const std::string& host, const std::string& target = "/", const char* version = "1.1") {
        return f.talk({"GET " + target + " HTTP/" + version + "\r\n" + host + "Connection: close\r\n\r\n"})
            .substr(9, 3);
    };
    for (const std::string host : {"localhost", "LOCALHOST:8080", "auth.example", "127.0.0.1:1", "[::1]", "[::1]:80"})
        BOOST_TEST(status("Host: " + host + "\r\n") == "200");
    BOOST_TEST(f.requests == 6);
    for (const std::string host :
         {"evil.example", "localhost.evil.example", "xlocalhost", "localhost.", "127.0.0.2", "[::2]"})
        BOOST_TEST(status("Host: " + host + "\r\n") == "421");
    BOOST_TEST(status("", "/", "1.0") == "421");
    BOOST_TEST(status("Host: localhost\r\n", "http://evil.example/") == "421");
    BOOST_TEST(f.requests == 6);
    BOOST_TEST(status("Host: evil.example\r\n", "http://localhost/") == "200");
}

BOOST_AUTO_TEST_CASE(what_is_there_whatever_the_server_is_called) {
    http_server_options options;
    options.allowed_hosts = {"auth.example"};
    options.targets_for_any_host = {"/health"};
    fixture f(options);
    const auto status = [&](const std::string& host, const std::string& target, const char* version = "1.1") {
        return f.talk({"GET " + target + " HTTP/" + version + "\r\n" + host + "Connection: close\r\n\r\n"})
            .substr(9, 3);
    };
    BOOST_TEST(status("Host: 10.0.0.7:8080\r\n", "/health") == "200");
    BOOST_TEST(status("", "/health", "1.0") == "200");
    BOOST_TEST(f.requests == 2);
    for (const std::string target : {"/", "/healthy", "/health/", "/health?x=1", "/api/info", "//health"})
        BOOST_TEST(status("Host: 10.0.0.7:8080\r\n", target) == "421", target);
    BOOST_TEST(f.requests == 2);
}

BOOST_AUTO_TEST_CASE(a_graceful_stop) {
    fixture f;
    auto idle = f.connect();
    BOOST_TEST(fixture::ask(idle, get, get_reply.size()) == get_reply);

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
