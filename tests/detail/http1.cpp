// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <phoneauth/asio/detail/http1.hpp>
#include <phoneauth/asio/detail/http1_writer.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "detail/refused_requests.hpp"

using namespace phoneauth;
using namespace phoneauth::detail;
using kind = message_parser::kind;

namespace {

std::size_t feed_in_steps(message_parser& parser, std::string_view bytes, std::size_t step) {
    std::size_t at = 0;
    while (at < bytes.size() && !parser.complete() && !parser.failed()) at += parser.feed(bytes.substr(at, step));
    return at;
}

// The outcome must not depend on how the bytes are cut.
void check_refused(kind k, std::string_view text, error why = error::malformed_reply, http1_limits limits = {}) {
    BOOST_TEST_CONTEXT(text.substr(0, 200)) {
        for (const std::size_t step : {text.size(), std::size_t(1), std::size_t(7)}) {
            message_parser parser(k, limits);
            feed_in_steps(parser, text, step);
            BOOST_TEST(parser.failed());
            BOOST_TEST(!parser.complete());
            if (parser.failed()) BOOST_TEST((parser.reason() == why));
        }
    }
}

// A second reading of RFC 9112, as strict as its grammar and written down as plainly: what a careful proxy in front of
// the server takes a request for. The parser may refuse more; what it accepts must be the same message.
class strict_reader {
public:
    struct text_message {
        std::string target, body;
        std::vector<http_header> headers;
        std::size_t length = 0;
    };

    static std::optional<text_message> read(std::string_view text) {
        strict_reader r{text};
        if (!r.head() || !r.content()) return std::nullopt;
        r.m.length = text.size() - r.rest.size();
        return r.m;
    }

private:
    bool line(std::string_view& out) {
        const auto end = rest.find("\r\n");
        if (end == rest.npos) return false;
        out = rest.substr(0, end);
        rest.remove_prefix(end + 2);
        return out.find_first_of(std::string_view("\r\n\0", 3)) == out.npos;
    }
    static bool token(std::string_view t) {
        return !t.empty() && t.find_first_not_of("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == t.npos;
    }
    static bool value(std::string_view t) {
        return std::all_of(t.begin(), t.end(), [](unsigned char c) { return c == '\t' || (c >= ' ' && c != 0x7f); });
    }
    static std::string_view trimmed(std::string_view t) {
        while (!t.empty() && (t.front() == ' ' || t.front() == '\t')) t.remove_prefix(1);
        while (!t.empty() && (t.back() == ' ' || t.back() == '\t')) t.remove_suffix(1);
        return t;
    }
    bool fields(std::vector<http_header>& into) {
        for (std::string_view l;;) {
            if (!line(l)) return false;
            if (l.empty()) return true;
            const auto colon = l.find(':');
            if (colon == l.npos || !token(l.substr(0, colon)) || !value(l)) return false;
            into.push_back({std::string(l.substr(0, colon)), std::string(trimmed(l.substr(colon + 1)))});
        }
    }
    bool head() {
        std::string_view l;
        while (rest.starts_with("\r\n")) rest.remove_prefix(2);  // §2.2
        if (!line(l)) return false;
        const auto first = l.find(' '), last = l.rfind(' ');
        if (first == last || !token(l.substr(0, first))) return false;
        const auto version = l.substr(last + 1);
        m.target = l.substr(first + 1, last - first - 1);
        if (version != "HTTP/1.1" && version != "HTTP/1.0") return false;
        if (std::any_of(m.target.begin(), m.target.end(), [](char c) { return c <= ' ' || c > '~'; })) return false;
        if (m.target.empty() || !fields(m.headers)) return false;
        const auto hosts = count("Host");
        return hosts == 1 || (hosts == 0 && version == "HTTP/1.0");
    }
    std::ptrdiff_t count(std::string_view name) const {
        return std::count_if(m.headers.begin(), m.headers.end(),
                             [&](const http_header& h) { return equal_ignoring_case(h.name, name); });
    }
    bool content() {
        const auto* coding = find_header(m.headers, "Transfer-Encoding");
        const auto* length = find_header(m.headers, "Content-Length");
        if (coding && length) return false;
        if (count("Transfer-Encoding") > 1 || count("Content-Length") > 1) return false;
        if (coding) return equal_ignoring_case(*coding, "chunked") && chunks();
        if (!length) return true;
        if (length->empty() || length->find_first_not_of("0123456789") != length->npos || length->size() > 9)
            return false;
        return take(std::stoul(*length));
    }
    bool take(std::size_t n) {
        if (rest.size() < n) return false;
        m.body += rest.substr(0, n);
        rest.remove_prefix(n);
        return true;
    }
    bool chunks() {
        for (;;) {
            std::string_view l;
            if (!line(l)) return false;
            const auto digits = std::min(l.find_first_not_of("0123456789abcdefABCDEF"), l.size());
            if (digits == 0 || digits > 8) return false;
            if (digits < l.size() && (l[digits] != ';' || !value(l.substr(digits)))) return false;
            const auto size = std::stoul(std::string(l.substr(0, digits)), nullptr, 16);
            std::vector<http_header> trailers;
            if (size == 0) return fields(trailers);
            if (!take(size) || !rest.starts_with("\r\n")) return false;
            rest.remove_prefix(2);
        }
    }
    explicit strict_reader(std::string_view text) : rest(text) {}
    std::string_view rest;
    text_message m{};
};

// Calls `f` with each text that one inserted, replaced or removed byte makes of `text`, from `from` on.
void each_mutation(const std::string& text, std::size_t from, std::string_view bytes,
                   const std::function<void(const std::string&, std::size_t)>& f) {
    for (std::size_t at = from; at <= text.size(); ++at) {
        for (const char c : bytes) {
            auto changed = text;
            changed.insert(at, 1, c);
            f(changed, at);
            if (at == text.size()) continue;
            changed = text;
            changed[at] = c;
            f(changed, at);
        }
        if (at == text.size()) continue;
        auto changed = text;
        changed.erase(at, 1);
        f(changed, at);
    }
}

http_request post(std::string body) {
    http_request r;
    r.method = "POST";
    r.body = std::move(body);
    r.headers = {{"Content-Type", "text/plain"}};
    return r;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http1_codec)

BOOST_AUTO_TEST_CASE(a_body_takes_the_memory_of_what_has_come) {
    message_parser parser(kind::request);
    parser.feed("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n");
    const std::string piece(1000, 'x');
    for (int i = 0; i < 3; ++i) parser.feed(piece);
    BOOST_TEST(!parser.complete());
    const auto body = parser.take_request().body;
    BOOST_TEST(body.size() == 3000u);
    BOOST_TEST(body.capacity() <= 6000u);
}

BOOST_AUTO_TEST_CASE(requests_cut_anywhere_and_pipelined) {
    const std::string first =
        "POST /a?b=c HTTP/1.1\r\nHost: h\r\nEmpty:\r\nX-Long:  one two \t\r\nContent-Length: 5\r\n\r\nhello";
    const std::string second = "GET / HTTP/1.1\r\nhost: h\r\nConnection: close\r\n\r\n";
    const std::string all = first + second;
    for (std::size_t step = 1; step <= all.size(); ++step) {
        message_parser parser(kind::request);
        auto used = feed_in_steps(parser, all, step);
        BOOST_TEST_REQUIRE(parser.complete());
        BOOST_TEST(used == first.size());
        BOOST_TEST(parser.keep_alive());
        const auto r = parser.take_request();
        BOOST_TEST(r.method == "POST");
        BOOST_TEST(r.url == "/a?b=c");
        BOOST_TEST(r.body == "hello");
        BOOST_TEST(r.headers.size() == 4u);
        BOOST_TEST(*find_header(r.headers, "x-LONG") == "one two");
        BOOST_TEST(*find_header(r.headers, "empty") == "");

        parser.reset();
        BOOST_TEST(!parser.started());
        used += feed_in_steps(parser, std::string_view(all).substr(used), step);
        BOOST_TEST(parser.complete());
        BOOST_TEST(used == all.size());
        BOOST_TEST(!parser.keep_alive());
        BOOST_TEST(parser.take_request().method == "GET");
    }
}

BOOST_AUTO_TEST_CASE(chunked_cut_anywhere) {
    const std::string text =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nTrailer: t\r\n\r\n";
    for (std::size_t step = 1; step <= text.size(); ++step) {
        message_parser parser(kind::response);
        BOOST_TEST(feed_in_steps(parser, text + "HTTP", step) == text.size());
        BOOST_TEST_REQUIRE(parser.complete());
        BOOST_TEST(parser.keep_alive());
        const auto r = parser.take_response();
        BOOST_TEST(r.status == 200);
        BOOST_TEST(r.body == "hello!");
        BOOST_TEST(r.headers.size() == 1u);
    }
}

BOOST_AUTO_TEST_CASE(replies_without_a_body) {
    for (const std::string head :
         {"HTTP/1.1 204 No Content\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n"}) {
        message_parser parser(kind::response);
        const auto text = head + "\r\n";
        BOOST_TEST(parser.feed(text + "HTTP/1.1") == text.size());
        BOOST_TEST(parser.complete());
        BOOST_TEST(parser.keep_alive());
    }
    message_parser parser(kind::response);
    parser.reset(true);
    const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n";
    BOOST_TEST(parser.feed(text) == text.size());
    BOOST_TEST(parser.complete());
    BOOST_TEST(parser.take_response().body == "");
}

BOOST_AUTO_TEST_CASE(interim_replies_are_skipped) {
    const std::string text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 "
                             "Created\r\nContent-Length: 2\r\n\r\nok";
    for (std::size_t step = 1; step <= text.size(); ++step) {
        message_parser parser(kind::response);
        feed_in_steps(parser, text, step);
        BOOST_TEST_REQUIRE(parser.complete());
        const auto r = parser.take_response();
        BOOST_TEST(r.status == 201);
        BOOST_TEST(r.body == "ok");
        BOOST_TEST(r.headers.size() == 1u);
    }
    // An endless row of them hits the limit.
    message_parser parser(kind::response);
    for (int i = 0; i < 2000 && !parser.failed(); ++i) parser.feed("HTTP/1.1 100 Continue\r\n\r\n");
    BOOST_TEST((parser.reason() == error::reply_too_large));
    check_refused(kind::response, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(end_of_stream) {
    {
        message_parser parser(kind::response);
        parser.feed("HTTP/1.1 200 OK\r\n\r\nuntil ");
        parser.feed("the end");
        BOOST_TEST(!parser.complete());
        parser.finish();
        BOOST_TEST_REQUIRE(parser.complete());
        BOOST_TEST(!parser.keep_alive());
        BOOST_TEST(parser.take_response().body == "until the end");
    }
    for (const std::string whole : {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
                                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"}) {
        for (std::size_t length = 0; length < whole.size(); ++length) {
            message_parser parser(kind::response);
            parser.feed(std::string_view(whole).substr(0, length));
            parser.finish();
            BOOST_TEST(!parser.complete());
            BOOST_TEST((parser.reason() == error::connection_lost));
        }
    }
}

BOOST_AUTO_TEST_CASE(smuggling_and_nonsense) {
    using namespace std::string_view_literals;
    for (const auto text : refused_requests) check_refused(kind::request, text);

    const std::string_view responses[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"sv,
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"sv,
        "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"sv,
        "HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n"sv,
        "HTTP/1.1 20 X\r\nContent-Length: 0\r\n\r\n"sv,
        "HTTP/1.1 2000 X\r\nContent-Length: 0\r\n\r\n"sv,
        "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"sv,
        "ICY 200 OK\r\nContent-Length: 0\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "SSH-2.0-OpenSSH_9.2\r\n"sv,
    };
    for (const auto text : responses) check_refused(kind::response, text);
}

BOOST_AUTO_TEST_CASE(every_small_change_is_read_as_the_grammar_says) {
    using namespace std::string_view_literals;
    std::size_t tried = 0, accepted = 0;
    const auto check = [&](const std::string& text) {
        ++tried;
        message_parser parser(kind::request);
        const auto used = parser.feed(text);
        if (!parser.complete()) return;
        ++accepted;
        const auto expected = strict_reader::read(text);
        const auto got = parser.take_request();
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(expected.has_value());
            if (!expected) return;
            BOOST_TEST(used == expected->length);
            BOOST_TEST(got.body == expected->body);
            BOOST_TEST(got.headers.size() == expected->headers.size());
            for (std::size_t i = 0; i < std::min(got.headers.size(), expected->headers.size()); ++i) {
                BOOST_TEST(got.headers[i].name == expected->headers[i].name);
                BOOST_TEST(got.headers[i].value == expected->headers[i].value);
            }
        }
    };
    constexpr auto any = "\0\t\n\v\r !\"+,-/0159:;=Aafx\\\x7f\x80\xff"sv, framing = "\t\n\r ;0x\""sv;
    const std::string head = "POST / HTTP/1.1\r\nHost: h\r\n", next = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    const std::string lengths[] = {head + "Content-Length: 3\r\n\r\nabc" + next,
                                   head + "Content-Length: 3\r\nTransfer-Encoding:\r\n\r\nabc" + next,
                                   head + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc" + next};
    for (const auto& text : lengths) each_mutation(text, 0, any, [&](const auto& t, std::size_t) { check(t); });
    const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
    for (const auto* body : {"3;a=\"b\"\r\nabc\r\n0\r\nT: u\r\n\r\n", "a\r\n0123456789\r\n0\r\n\r\n"}) {
        each_mutation(chunked + body + next, 0, any, [&](const auto& t, std::size_t) { check(t); });
        each_mutation(chunked + body, chunked.size(), framing, [&](const auto& once, std::size_t at) {
            each_mutation(once, at, framing, [&](const auto& t, std::size_t) { check(t + next); });
        });
    }
    BOOST_TEST_MESSAGE(tried << " texts, " << accepted << " accepted");
    BOOST_TEST(accepted > 1000u);
}

BOOST_AUTO_TEST_CASE(forms_that_are_accepted) {
    const std::string_view texts[] = {
        "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    };
    for (const auto text : texts) {
        BOOST_TEST_CONTEXT(text) {
            message_parser parser(kind::request);
            BOOST_TEST(feed_in_steps(parser, text, 1) == text.size());
            BOOST_TEST(parser.complete());
            BOOST_TEST(parser.take_request().url == "/");
        }
    }
}

BOOST_AUTO_TEST_CASE(limits_at_and_over) {
    http1_limits limits;
    limits.max_header_bytes = 64;
    limits.max_header_count = 3;
    limits.max_body_bytes = 4;
    const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";
    const auto padded = [&](std::size_t n) {
        return start + "A: " + std::string(n - start.size() - 7, 'x') + "\r\n\r\n";
    };
    const auto accepted = [&](const std::string& text) {
        message_parser parser(kind::request, limits);
        feed_in_steps(parser, text, 1);
        return parser.complete();
    };
    BOOST_TEST(accepted(padded(64)));
    check_refused(kind::request, padded(65), error::reply_too_large, limits);
    check_refused(kind::request, "GET /" + std::string(1000, 'a'), error::reply_too_large, limits);
    BOOST_TEST(accepted(start + "A:\r\nB:\r\n\r\n"));
    check_refused(kind::request, start + "A:\r\nB:\r\nC:\r\n\r\n", error::reply_too_large, limits);

    BOOST_TEST(accepted(start + "Content-Length: 4\r\n\r\nabcd"));
    check_refused(kind::request, start + "Content-Length: 5\r\n\r\n", error::reply_too_large, limits);
    const auto chunked = start + "Transfer-Encoding:chunked\r\n\r\n";
    BOOST_TEST(accepted(chunked + "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"));
    check_refused(kind::request, chunked + "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", error::reply_too_large, limits);
    check_refused(kind::request, chunked + "5\r\n", error::reply_too_large, limits);  // before the data
    check_refused(kind::request, chunked + "1;" + std::string(200, 'e'), error::reply_too_large, limits);
    check_refused(kind::request, chunked + "0\r\nT: " + std::string(200, 'e'), error::reply_too_large, limits);

    message_parser parser(kind::request, limits);
    parser.feed(padded(65));
    BOOST_TEST(parser.refusal_status() == 431);
    parser.reset();
    parser.feed(start + "Content-Length: 5\r\n\r\n");
    BOOST_TEST(parser.refusal_status() == 413);
    parser.reset();
    parser.feed("?");
    BOOST_TEST(parser.refusal_status() == 400);
}

BOOST_AUTO_TEST_CASE(expect_continue) {
    message_parser parser(kind::request);
    parser.feed("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n");
    BOOST_TEST(!parser.expects_continue());
    parser.feed("\r\n");
    BOOST_TEST(parser.expects_continue());
    parser.feed("x");
    BOOST_TEST(parser.complete());
    BOOST_TEST(!parser.expects_continue());
}

BOOST_AUTO_TEST_CASE(request_bytes) {
    std::string out;
    const auto u = parse_url("https://h:8443/p?q=1");
    BOOST_TEST(append_request(out, post("hello"), *u).has_value());
    BOOST_TEST(out ==
               "POST /p?q=1 HTTP/1.1\r\nHost: h:8443\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");
    out.clear();
    http_request get;
    get.method = "GET";
    BOOST_TEST(append_request(out, get, *u).has_value());
    BOOST_TEST(out == "GET /p?q=1 HTTP/1.1\r\nHost: h:8443\r\n\r\n");
    out.clear();
    BOOST_TEST(append_request(out, post(""), *u).has_value());
    BOOST_TEST(out.find("Content-Length: 0\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(nothing_breaks_out_of_its_place) {
    using namespace std::string_literals;
    const auto u = *parse_url("http://h/");
    for (const auto& evil : {"a\r\nX: y"s, "a\nb"s, "a\rb"s, "a\0b"s, "\x7f"s, "\x1b"s}) {
        std::string out = "kept";
        auto in_method = post("");
        in_method.method = evil;
        auto in_name = post("");
        in_name.headers[0].name = evil;
        auto in_value = post("");
        in_value.headers[0].value = evil;
        auto in_target = u;
        in_target.target = "/" + evil;
        auto in_host = u;
        in_host.host = evil;
        BOOST_TEST(!append_request(out, in_method, u).has_value());
        BOOST_TEST(!append_request(out, in_name, u).has_value());
        BOOST_TEST(!append_request(out, in_value, u).has_value());
        BOOST_TEST(!append_request(out, post(""), in_target).has_value());
        BOOST_TEST(!append_request(out, post(""), in_host).has_value());
        http_response reply;
        reply.status = 200;
        reply.headers = {{"A", evil}};
        BOOST_TEST(!append_response(out, reply, true).has_value());
        reply.headers = {{evil, "a"}};
        BOOST_TEST(!append_response(out, reply, true).has_value());
        BOOST_TEST(out == "kept");
    }
    for (const auto* name :
         {"host", "Content-length", "TRANSFER-ENCODING", "Connection", "Expect", "Upgrade", "", "a b", "a:"}) {
        std::string out;
        auto r = post("");
        r.headers[0].name = name;
        const auto refused = append_request(out, r, u);
        BOOST_TEST_REQUIRE(!refused.has_value());
        BOOST_TEST((refused.error().code == error::invalid_parameter));
    }
    for (const char* method : {"", "G T", "CONNECT"}) {
        std::string out;
        auto r = post("");
        r.method = method;
        BOOST_TEST(!append_request(out, r, u).has_value());
    }
}

BOOST_AUTO_TEST_CASE(response_bytes) {
    http_response reply;
    reply.status = 404;
    reply.headers = {{"Content-Type", "a/b"}};
    reply.body = "no";
    std::string out;
    BOOST_TEST(append_response(out, reply, true).has_value());
    BOOST_TEST(out == "HTTP/1.1 404 Not Found\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nno");
    out.clear();
    BOOST_TEST(append_response(out, reply, false, true).has_value());
    BOOST_TEST(out == "HTTP/1.1 404 Not Found\r\nContent-Type: a/b\r\nContent-Length: 2\r\nConnection: close\r\n\r\n");
    out.clear();
    reply.status = 204;
    BOOST_TEST(append_response(out, reply, true).has_value());
    BOOST_TEST(out == "HTTP/1.1 204 No Content\r\nContent-Type: a/b\r\n\r\n");
    for (const int status : {0, 99, 100, 101, 199, 600}) {
        reply.status = status;
        BOOST_TEST(!append_response(out, reply, true).has_value());
    }
}

BOOST_AUTO_TEST_SUITE_END()
