// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/rest/adapter.hpp>
#include <phoneauth/rest/error_codes.hpp>

#include "rest/fake_authenticator.hpp"

using namespace phoneauth;

// Other people's requests, and routes beside those of the API. The examples with_… have it in real servers.

BOOST_AUTO_TEST_SUITE(rest_adapter)

namespace {

/// As a `boost::string_view`, which makes no `std::string_view`.
class foreign_view {
public:
    foreign_view(std::string_view text) : text_(text) {}
    const char* data() const { return text_.data(); }
    std::size_t size() const { return text_.size(); }

private:
    std::string_view text_;
};

/// As Beast's, which have functions.
class foreign_field {
public:
    foreign_field(std::string_view name, std::string_view value) : name_(name), value_(value) {}
    foreign_view name_string() const { return name_; }
    foreign_view value() const { return value_; }

private:
    std::string_view name_, value_;
};

std::string text_of(const http_request& r) {
    std::string text = r.method + ' ' + r.url + '\n';
    for (const auto& [name, value] : r.headers) text += name + ": " + value + '\n';
    return text + '\n' + r.body;
}

}  // namespace

BOOST_AUTO_TEST_CASE(requests_of_all_kinds_become_ours) {
    const std::string body("a\0b", 3);
    const std::string whole = "PUT /a%20b?c=%31\nX-Forwarded-For: 203.0.113.7\nX-Forwarded-For: 203.0.113.8\n\n" + body;

    const std::multimap<std::string, std::string> pairs{{"X-Forwarded-For", "203.0.113.7"},
                                                        {"X-Forwarded-For", "203.0.113.8"}};
    BOOST_TEST(text_of(rest::to_request("PUT", std::string("/a%20b?c=%31"), pairs, body)) == whole);

    const std::vector<foreign_field> fields{{"X-Forwarded-For", "203.0.113.7"}, {"X-Forwarded-For", "203.0.113.8"}};
    BOOST_TEST(text_of(rest::to_request(foreign_view("PUT"), foreign_view("/a%20b?c=%31"), fields,
                                        foreign_view(body))) == whole);

    const auto ours = rest::to_request("PUT", "/a%20b?c=%31", pairs, std::vector<char>(body.begin(), body.end()));
    BOOST_TEST(text_of(rest::to_request(ours.method, ours.url, ours.headers, ours.body)) == whole);
}

BOOST_AUTO_TEST_CASE(nothing_is_a_request_too) {
    const auto made = rest::to_request("", "", std::vector<http_header>(), std::string_view());
    BOOST_TEST(text_of(made) == " \n\n");
    BOOST_TEST(rest::session_of(made).empty());
}

BOOST_AUTO_TEST_CASE(a_session_is_named_by_the_first_header_of_that_name) {
    const std::vector<std::pair<std::string, std::string>> headers{
        {"Authorization", "Bearer A"}, {"User-Token", "B"}, {"user-token", "C"}};
    const auto made = rest::to_request("GET", "/me", headers, "");
    BOOST_TEST(rest::session_of(made).str() == "B");

    // The API must read the same header.
    fake_api api;
    api.ask(rest::to_request("GET", "/api/users/sessions", headers, ""));
    BOOST_TEST(api.auth.calls == "list_sessions(B)\n");
}

BOOST_AUTO_TEST_CASE(only_a_session_that_is_over_is_401) {
    for (const auto& row : rest::error_codes) {
        const bool over = row.value == error::unknown_token || row.value == error::session_expired ||
                          row.value == error::account_disabled || row.value == error::login_required;
        const auto plain = rest::reply(failure(row.value));
        const auto refused = rest::session_refused(failure(row.value));
        BOOST_TEST_CONTEXT(row.code) {
            BOOST_TEST(refused.status == (over || row.http_status == 401 ? 401 : row.http_status));
            BOOST_TEST(refused.body == plain.body);
            BOOST_TEST(refused.headers.size() == plain.headers.size());
        }
    }
    BOOST_TEST(rest::session_refused(error::storage_unavailable).status == 503);
    BOOST_TEST(rest::session_refused(error::fresh_login_required).status == 400);
}

BOOST_AUTO_TEST_CASE(paths) {
    for (const char* target : {"/me", "/me?", "/me?x=1", "/me?x=/a?b"})
        BOOST_TEST(rest::path_of(phoneauth::http_request("GET", target)) == "/me");
    for (const char* target : {"", "/", "/%6De", "/me/"})
        BOOST_TEST(rest::path_of(phoneauth::http_request("GET", target)) == target);
}

BOOST_AUTO_TEST_SUITE_END()
