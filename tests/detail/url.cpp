// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/detail/url.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

using namespace phoneauth;
using namespace phoneauth::detail;

BOOST_AUTO_TEST_SUITE(url_parsing)

BOOST_AUTO_TEST_CASE(accepted) {
    struct row {
        std::string_view text, host, target, authority;
        unsigned port;
        bool https;
    };
    const row rows[] = {
        {"https://api.twilio.com/2010-04-01/x.json?a=b", "api.twilio.com", "/2010-04-01/x.json?a=b", "api.twilio.com",
         443, true},
        {"http://localhost", "localhost", "/", "localhost", 80, false},
        {"HTTP://LocalHost:8080/A", "localhost", "/A", "localhost:8080", 8080, false},
        {"https://h?q=/x:1@y", "h", "/?q=/x:1@y", "h", 443, true},
        {"https://h:443/", "h", "/", "h", 443, true},
        {"https://h:80/", "h", "/", "h:80", 80, true},
        {"http://[::1]:65535/a", "::1", "/a", "[::1]:65535", 65535, false},
        {"http://[2001:DB8::1]", "2001:db8::1", "/", "[2001:db8::1]", 80, false},
        {"http://127.0.0.1:00001/", "127.0.0.1", "/", "127.0.0.1:1", 1, false},
        {"http://h/a%20b", "h", "/a%20b", "h", 80, false},
    };
    for (const auto& r : rows) {
        BOOST_TEST_CONTEXT(r.text) {
            const auto u = parse_url(r.text);
            BOOST_TEST_REQUIRE(u.has_value());
            BOOST_TEST(u->host == r.host);
            BOOST_TEST(u->port == r.port);
            BOOST_TEST(u->target == r.target);
            BOOST_TEST(u->https == r.https);
            BOOST_TEST(u->authority() == r.authority);
        }
    }
}

BOOST_AUTO_TEST_CASE(refused) {
    using namespace std::string_view_literals;
    const std::string_view texts[] = {
        "",
        "/",
        "h",
        "ftp://h/",
        "https:/h",
        "https//h/",
        "://h",
        "http://",
        "http:///x",
        "http://:80/",
        "http://u@h/",
        "http://u:p@h/",
        "http://h/#f",
        "http://h#f",
        "http://h:/",
        "http://h:0/",
        "http://h:65536/",
        "http://h:999999/",
        "http://h:8a/",
        "http://h:-1/",
        "http://h:+1/",
        "http://h /",
        "http://h/ ",
        "http://h/\r\nX:1",
        "http://h/\0"sv,
        "http://h\t/",
        "http://h/\x7f",
        "http://h/\xc3\xa9",
        "http://[::1/",
        "http://[]/",
        "http://[1]/",
        "http://[::1]x/",
        "http://[::1%eth0]/",
        "http://::1/",
        "http://a%41/",
        "http://h\\@x/",
        " http://h/",
    };
    for (const auto text : texts) {
        BOOST_TEST_CONTEXT(text) {
            const auto u = parse_url(text);
            BOOST_TEST(!u.has_value());
            if (!u) BOOST_TEST((u.error().code == error::invalid_url));
        }
    }
    BOOST_TEST(parse_url("http://" + std::string(253, 'a')).has_value());
    BOOST_TEST(!parse_url("http://" + std::string(254, 'a')).has_value());
}

BOOST_AUTO_TEST_CASE(percent_encoding) {
    BOOST_TEST(*percent_decode("a+b%2f%2F") == "a+b//");
    for (const auto broken : {"%", "%4", "a%4", "%4g", "%g4", "%%41", "% 41"})
        BOOST_TEST(!percent_decode(broken).has_value());
}

BOOST_AUTO_TEST_CASE(forms) {
    std::string body;
    append_form_field(body, "To", "+15005550006");
    append_form_field(body, "Body", "Your code: 12 & \xc3\xa9~*");
    BOOST_TEST(body == "To=%2B15005550006&Body=Your+code%3A+12+%26+%C3%A9%7E*");

    const auto fields = parse_form(body);
    BOOST_TEST_REQUIRE(fields.has_value());
    BOOST_TEST_REQUIRE(fields->size() == 2u);
    BOOST_TEST((*fields)[0].first == "To");
    BOOST_TEST((*fields)[0].second == "+15005550006");
    BOOST_TEST((*fields)[1].second == "Your code: 12 & \xc3\xa9~*");

    const auto odd = parse_form("&a&&b==c&=d&");
    BOOST_TEST_REQUIRE(odd.has_value());
    BOOST_TEST_REQUIRE(odd->size() == 3u);
    BOOST_TEST((*odd)[0].first == "a");
    BOOST_TEST((*odd)[0].second == "");
    BOOST_TEST((*odd)[1].second == "=c");
    BOOST_TEST((*odd)[2].first == "");
    BOOST_TEST(parse_form("")->empty());
    BOOST_TEST(!parse_form("a=%4").has_value());
    BOOST_TEST(!parse_form("%zz=1").has_value());
}

BOOST_AUTO_TEST_CASE(targets) {
    BOOST_TEST(split_target("/a/b?c?d").path == "/a/b");
    BOOST_TEST(split_target("/a/b?c?d").query == "c?d");
    BOOST_TEST(split_target("/a").query.empty());
    BOOST_TEST(split_target("").path.empty());
}

BOOST_AUTO_TEST_SUITE_END()
