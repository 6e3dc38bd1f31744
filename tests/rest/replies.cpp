// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>

#include <phoneauth/detail/json.hpp>
#include <phoneauth/rest/error_codes.hpp>
#include <phoneauth/rest/objects.hpp>

#include "rest/fake_authenticator.hpp"

using namespace phoneauth;
using detail::json_kind;
using detail::parse_json;

BOOST_AUTO_TEST_SUITE(rest_replies)

namespace {
std::string header(const http_response& r, std::string_view name) {
    const auto* value = find_header(r.headers, name);
    return value ? *value : "(none)";
}
}  // namespace

BOOST_AUTO_TEST_CASE(every_error_has_its_number_and_status) {
    std::set<int> numbers;
    for (const auto& row : rest::error_codes) {
        BOOST_TEST(row.code > 0);
        BOOST_TEST(row.http_status <= 504);
        numbers.insert(row.code);
    }
    BOOST_TEST(numbers.size() == error_table.size());
    BOOST_TEST(&rest::codes_of(static_cast<error>(0)) == &rest::error_codes.back());
    BOOST_TEST(&rest::codes_of(static_cast<error>(9999)) == &rest::error_codes.back());
    for (const auto& row : error_table) {
        const auto& codes = rest::codes_of(row.value);
        fake_api api;
        api.auth.refuse = failure(row.value);
        const auto r = api.ask("POST", "/services/Twilio/loginWithPhoneNumber", "+15005550006");
        BOOST_TEST_CONTEXT(row.text) {
            BOOST_TEST(r.status == codes.http_status);
            BOOST_TEST(r.status != 502);
            BOOST_TEST(r.status >= 400);
            const auto json = parse_json(r.body);
            BOOST_REQUIRE(json.has_value());
            BOOST_TEST(json->items.size() == 3u);
            BOOST_TEST(json->integer("code").value() == codes.code);
            BOOST_TEST(json->string_or_empty("message") == row.text);
            const bool soon = row.value == error::overloaded || row.value == error::storage_unavailable;
            BOOST_TEST(json->find("errorData")->text == (soon ? R"({"retryAfter":1})" : "{}"));
            BOOST_TEST(header(r, "Content-Type") == "application/json");
            BOOST_TEST(header(r, "Cache-Control") == "no-store");
            BOOST_TEST(header(r, "Access-Control-Allow-Origin") == "(none)");
            BOOST_TEST(header(r, "Retry-After") == (soon ? "1" : "(none)"));
        }
    }
}

BOOST_AUTO_TEST_CASE(what_a_failure_knows_is_told) {
    failure f(error::wrong_code, "say \"it\"");
    f.retry_after = std::chrono::seconds(17);
    f.tries_left = 2;
    f.twilio_code = 21211;
    const rest::reply r(f);
    BOOST_TEST(
        r.body ==
        R"({"code":14021,"message":"say \"it\"","errorData":{"retryAfter":17,"triesLeft":2,"twilioCode":21211}})");
    BOOST_TEST(r.status == 400);
    BOOST_TEST(header(r, "Retry-After") == "17");
    failure busy(error::overloaded);
    busy.retry_after = std::chrono::seconds(5);
    BOOST_TEST(header(rest::reply(busy), "Retry-After") == "5");
}

BOOST_AUTO_TEST_CASE(a_hooks_own_code_goes_through) {
    const rest::reply r(failure(std::error_code(4711, std::generic_category()), "not you"));
    BOOST_TEST(r.body == R"({"code":4711,"message":"not you","errorData":{}})");
    BOOST_TEST(r.status == 400);
    BOOST_TEST(rest::reply(failure()).body ==
               R"({"code":14062,"message":"An internal error occurred.","errorData":{}})");
    BOOST_TEST(rest::reply(failure()).status == 500);
}

BOOST_AUTO_TEST_CASE(each_route_answers) {
    const std::string user =
        R"({"___class":"Users","objectId":"U1","ownerId":"U1","userStatus":"ENABLED","blUserLocale":"en",)"
        R"("created":1000,"updated":null,"email":"ada@example.com","phoneNumber":"+15005550006"})";
    const std::string logged_in =
        user.substr(0, user.size() - 1) +
        R"(,"lastLogin":null,"socialAccount":"BACKENDLESS","___jsonclass":"Users","user-token":"TOKEN"})";
    const std::string started = R"({"transactionId":"T1","expiresAt":1234,"resendAfter":30})";
    const std::string step2 = R"({"phoneNumber":"+1","transactionId":"T","transactionCode":"1"})";
    struct row {
        std::string method, path, body, reply, calls;
    };
    for (const auto& r : {
             row{"GET", "/info", "", R"({"appId":"APP","apiKey":"KEY","rtURL":"","loggers":[]})", ""},
             row{"POST", "/users/register", R"({"phoneNumber":"+1"})", started, "start_registration(+1)\n"},
             row{"POST", "/users/register", step2, user, "finish_registration(T,1,+1,,,en)\n"},
             row{"POST", "/users/login", R"({"login":"a","password":"p"})", logged_in, "login_with_identity(a,p)\n"},
             row{"GET", "/users/logout", "", "{}", "logout(S)\n"},
             row{"GET", "/users/isvalidusertoken/A%2dB%20C", "", "true", "authenticate(A-B C)\n"},
             row{"PUT", "/users/U1", R"({"a":1})", user, "update_user(S,U1,a=1)\n"},
             row{"GET", "/data/Users/U1?loadRelations=x", "", user, "authenticate(S)\n"},
             row{"POST", "/services/Twilio/loginWithPhoneNumber", "+1", started, "start_login(+1)\n"},
             row{"POST", "/services/Twilio/loginWithPhoneNumberAndPassword", R"(["+1","p"])", started,
                 "start_two_factor_login(+1,p)\n"},
             row{"POST", "/services/Twilio/loginWithCode", R"(["T","1"])", logged_in, "finish_login(T,1)\n"},
             row{"POST", "/services/Twilio/resendCode", R"(["T"])", started, "resend(T)\n"},
             row{"POST", "/services/Twilio/sendMessage", R"(["+1","hi"])", R"({"sid":"SM1","error_code":null})",
                 "authenticate(S)\nsend_message(+1,hi)\n"},
         })
        for (const std::string root : {"/APP/KEY", "/api"}) BOOST_TEST_CONTEXT(r.method << " " << root << r.path) {
                fake_api api;
                const auto reply = api.ask(http_request{r.method, root + r.path, {{"user-token", "S"}}, r.body});
                BOOST_TEST(reply.status == 200);
                BOOST_TEST(reply.body == r.reply);
                BOOST_TEST(api.auth.calls == r.calls);
                BOOST_TEST(header(reply, "Content-Type") == "application/json");
                BOOST_TEST(header(reply, "Cache-Control") == "no-store");
                BOOST_TEST(header(reply, "Access-Control-Allow-Origin") == "(none)");
            }
}

BOOST_AUTO_TEST_CASE(uncertain_delivery_is_told) {
    fake_api api;
    api.auth.uncertain = true;
    BOOST_TEST(api.ask("POST", "/services/Twilio/loginWithPhoneNumber", "+1").body ==
               R"({"transactionId":"T1","expiresAt":1234,"resendAfter":30,"deliveryUncertain":true})");
}

BOOST_AUTO_TEST_CASE(the_user_class) {
    fake_api api;
    auto classes = parse_json(api.ask("GET", "/users/userclassprops").body);
    BOOST_REQUIRE(classes.has_value());
    BOOST_TEST(classes->items.size() == 11u);
    BOOST_TEST(
        classes->items[0].text ==
        R"({"name":"email","type":"STRING","required":true,"identity":true,"selected":false,"defaultValue":null})");
    BOOST_TEST(
        classes->items[1].text ==
        R"({"name":"phoneNumber","type":"STRING","required":true,"identity":false,"selected":false,"defaultValue":null})");
    api.auth.configuration.identity_column = "phoneNumber";
    classes = parse_json(api.ask("GET", "/users/userclassprops").body);
    BOOST_TEST(classes->items.size() == 10u);
    BOOST_TEST(
        classes->items[0].text ==
        R"({"name":"phoneNumber","type":"STRING","required":true,"identity":true,"selected":false,"defaultValue":null})");
}

BOOST_AUTO_TEST_CASE(wrong_ways) {
    struct row {
        std::string method, url;
        int status;
        std::string code;
    };
    for (const auto& r : {
             row{"GET", "/APP/key/info", 400, "2002"},
             row{"GET", "/app/KEY/info", 400, "2002"},
             row{"GET", "/APP/KEYX/info", 400, "2002"},
             row{"GET", "//KEY/info", 404, "14004"},
             row{"GET", "//KEY/info/x", 400, "2002"},
             row{"GET", "/x/y/users/nothing", 400, "2002"},
             row{"GET", "/APP/K%45Y/info", 400, "8008"},
             row{"GET", "/%61pi/info", 400, "8008"},
             row{"GET", "/api/inf%6f", 400, "8008"},
             row{"GET", "/api/info%2e", 404, "14004"},
             row{"GET", "/%41PP/KEY/info", 400, "8008"},
             row{"GET", "/APP%2fKEY/info/x", 400, "2002"},
             row{"GET", "/APP/KEY/users%2flogout", 404, "14004"},
             row{"GET", "/%2f/APP/KEY/info", 400, "2002"},
             row{"GET", "/APP/KEY/%2finfo", 404, "14004"},
             row{"GET", "/APP/KEY/%2f/info", 404, "14004"},
             row{"GET", "/APP/KEY/info%2f", 404, "14004"},
             row{"GET", "/APP/KEY/./info", 404, "14004"},
             row{"GET", "/APP/KEY/x/../info", 404, "14004"},
             row{"GET", "/APP/KEY/ /info", 404, "14004"},
             row{"GET", "/%68ealth", 400, "8008"},
             row{"GET", "/healthy", 404, "14004"},
             row{"GET", "/Health", 404, "14004"},
             row{"GET", "/health/x", 404, "14004"},
             row{"GET", "/APP/KEY/%zz", 400, "8008"},
             row{"GET", "/APP/KEY", 404, "14004"},
             row{"GET", "/APP/KEY/", 404, "14004"},
             row{"GET", "/APP/KEY/users", 404, "14004"},
             row{"POST", "/APP/KEY/services/Twilio/x", 404, "14004"},
             row{"POST", "/APP/KEY/services/twilio/loginWithCode", 404, "14004"},
             row{"GET", "/", 404, "14004"},
             row{"GET", "", 404, "14004"},
             row{"GET", "*", 404, "14004"},
             row{"GET", "info", 404, "14004"},
             row{"GET", "/api", 404, "14004"},
             row{"GET", "/api/", 404, "14004"},
             row{"GET", "/api/APP/KEY/info", 404, "14004"},
             row{"GET", "http://x/APP/KEY/info", 404, "14004"},
             row{"DELETE", "/APP/KEY/info", 405, "14005"},
             row{"TRACE", "/APP/KEY/info", 405, "14005"},
             row{"POST", "/health", 405, "14005"},
         }) {
        fake_api api;
        const auto reply = api.ask(http_request{r.method, r.url, {}, {}});
        BOOST_TEST_CONTEXT(r.method << " " << r.url) {
            BOOST_TEST(reply.status == r.status);
            if (!r.code.empty()) BOOST_TEST(parse_json(reply.body)->find("code")->text == r.code);
            BOOST_TEST(api.auth.calls == "");
            BOOST_TEST(header(reply, "Allow") == (r.status == 405 ? "GET, HEAD, OPTIONS" : "(none)"));
        }
    }
    fake_api api;
    BOOST_TEST(header(api.ask("GET", "/users/login"), "Allow") == "POST, PUT, OPTIONS");
    BOOST_TEST(header(api.ask("GET", "/users/U1"), "Allow") == "PUT, OPTIONS");
    BOOST_TEST(header(api.ask("HEAD", "/users/U1"), "Allow") == "PUT, OPTIONS");
    BOOST_TEST(header(api.ask("HEAD", "/users/register"), "Allow") == "POST, PUT, OPTIONS");
}

// Backendless's SDK writes serverURL + "/" + application id, and people end a server's URL in "/".
BOOST_AUTO_TEST_CASE(empty_segments_are_not_there) {
    for (const std::string url : {"//APP/KEY/users/login", "/APP//KEY/users/login", "/APP/KEY//users/login",
                                  "/APP/KEY/users//login", "/APP/KEY/users/login/", "///APP///KEY///users///login///",
                                  "//api/users/login", "/api//users/login", "/api/users/login//?a=b//c"}) {
        fake_api api;
        const auto reply = api.ask(http_request{"POST", url, {}, R"({"login":"a","password":"p"})"});
        BOOST_TEST(reply.status == 200, url);
        BOOST_TEST(api.auth.calls == "login_with_identity(a,p)\n", url);
    }
    // Nothing is captured where there is nothing.
    for (const std::string url : {"/api/data/Users/", "/api/data/Users//", "/api/data//"}) {
        fake_api api;
        BOOST_TEST(api.ask(http_request{"GET", url, {}, {}}).status == 404, url);
        BOOST_TEST(api.auth.calls == "", url);
    }
    fake_api api;
    api.ask(http_request{"PUT", "//api//users//U1", {}, R"({"a":1})"});
    BOOST_TEST(api.auth.calls == "update_user(,U1,a=1)\n");
}

BOOST_AUTO_TEST_CASE(head_is_get_without_the_body) {
    for (const std::string path : {"/info", "/users/userclassprops", "/users/logout", "/users/isvalidusertoken/S",
                                   "/data/Users/U1", "/data/Users/U2", "/health", "/users/restorepassword/a"}) {
        fake_api got, headed;
        const auto get = got.ask("GET", path, "", "S"), head = headed.ask("HEAD", path, "", "S");
        BOOST_TEST(head.status == get.status, path);
        BOOST_TEST(head.body.size() == get.body.size(), path);  // for Content-Length: the server leaves the body out
        BOOST_TEST(headed.auth.calls == got.auth.calls, path);
        BOOST_TEST_REQUIRE(head.headers.size() == get.headers.size(), path);
        for (std::size_t i = 0; i < head.headers.size(); ++i) {
            BOOST_TEST(head.headers[i].name == get.headers[i].name, path);
            BOOST_TEST(head.headers[i].value == get.headers[i].value, path);
        }
    }
}

BOOST_AUTO_TEST_CASE(health_needs_no_key_and_asks_nobody) {
    for (const std::string url : {"/health", "/health?x=1", "//health/", "/api/health", "/APP/KEY/health"})
        for (const std::string method : {"GET", "HEAD"}) {
            fake_api api;
            api.auth.refuse = failure(error::storage_unavailable);
            const auto reply = api.ask(http_request{method, url, {}, {}});
            BOOST_TEST(reply.status == 200, url);
            BOOST_TEST(reply.body == R"({"status":"ok"})", url);
            BOOST_TEST(header(reply, "Cache-Control") == "no-store", url);
            BOOST_TEST(api.auth.calls == "", url);
        }
}

BOOST_AUTO_TEST_CASE(what_backendless_has_and_this_has_not_is_told_in_words) {
    struct row {
        std::string method, path, word;
    };
    for (const auto& r : {row{"PUT", "/users/U1/status", "status"}})
        for (const std::string root : {"/APP/KEY", "/api"}) {
            fake_api api;
            const auto reply = api.ask(http_request{r.method, root + r.path, {{"user-token", "S"}}, "{}"});
            BOOST_TEST(reply.status == 404);
            const auto json = parse_json(reply.body);
            BOOST_TEST(json->integer("code").value() == 14004);
            const std::string message(json->string_or_empty("message"));
            BOOST_TEST(message.find(r.word) != message.npos, message);
            BOOST_TEST(message != row_of(error::unknown_route).text);
            BOOST_TEST(api.auth.calls == "");
        }
    fake_api api;
    BOOST_TEST(header(api.ask("POST", "/users/restorepassword/x"), "Allow") == "GET, HEAD, OPTIONS");
}

BOOST_AUTO_TEST_CASE(bodies_have_a_limit) {
    fake_api api;
    api.options.max_body_bytes = 10;
    BOOST_TEST(api.ask("POST", "/services/Twilio/loginWithPhoneNumber", "+123456789").status == 200);
    BOOST_TEST(api.ask("POST", "/services/Twilio/loginWithPhoneNumber", "+1234567890").status == 413);
    BOOST_TEST(api.auth.calls == "start_login(+123456789)\n");
    api.options.max_json_depth = 2;
    BOOST_TEST(api.ask("PUT", "/users/U1", R"({"a":[]})").status == 200);
    BOOST_TEST(api.ask("PUT", "/users/U1", R"({"a":[{}]})").status == 413);
}

BOOST_AUTO_TEST_CASE(sessions_decide) {
    fake_api api;
    BOOST_TEST(api.ask("GET", "/data/Users/U2", "", "S").body ==
               R"({"code":14013,"message":"The logged-in user may not access this object.","errorData":{}})");
    for (const auto e : {error::unknown_token, error::session_expired, error::account_disabled}) {
        api.auth.refuse = failure(e);
        BOOST_TEST(api.ask("GET", "/users/isvalidusertoken/X").body == "false");
        BOOST_TEST(api.ask("GET", "/users/isvalidusertoken/X").status == 200);
    }
    api.auth.refuse = failure(error::storage_unavailable);
    BOOST_TEST(api.ask("GET", "/users/isvalidusertoken/X").status == 503);
    BOOST_TEST(api.ask("GET", "/users/logout").status == 503);
}

BOOST_AUTO_TEST_CASE(who_may_send_messages) {
    using access = rest::send_message_access;
    const std::string body = R"(["+1","hi"])", path = "/services/Twilio/sendMessage";
    const std::string sent = "send_message(+1,hi)\n", asked = "authenticate()\n";
    const auto calls = [&](access a, const std::string& root) {
        fake_api api;
        api.options.send_message = a;
        api.ask(http_request{"POST", root + path, {}, body});
        return api.auth.calls;
    };
    BOOST_TEST(calls(access::session, "/APP/KEY") == asked + sent);
    BOOST_TEST(calls(access::session, "/api") == asked + sent);
    BOOST_TEST(calls(access::key, "/APP/KEY") == sent);
    BOOST_TEST(calls(access::key, "/api") == asked + sent);
    BOOST_TEST(calls(access::off, "/APP/KEY") == "");

    fake_api api;
    api.auth.refuse = failure(error::unknown_token);
    BOOST_TEST(api.ask("POST", path, body).status == 400);
    BOOST_TEST(api.auth.calls == asked);
    api.options.send_message = access::off;
    BOOST_TEST(parse_json(api.ask("POST", path, body).body)->integer("code").value() == 14012);

    // The key that lets somebody send is not given away.
    api.options.send_message = access::key;
    BOOST_TEST(parse_json(api.ask(http_request{"GET", "/api/info", {}, {}}).body)->string_or_empty("apiKey") == "");
    BOOST_TEST(parse_json(api.ask("GET", "/info").body)->string_or_empty("apiKey") == "KEY");
}

BOOST_AUTO_TEST_CASE(browsers_may_ask_first) {
    fake_api api;
    const auto r = api.ask("OPTIONS", "/users/register");
    BOOST_TEST(r.status == 204);
    BOOST_TEST(r.body == "");
    BOOST_TEST(header(r, "Access-Control-Allow-Origin") == "(none)");
    BOOST_TEST(header(r, "Access-Control-Allow-Methods") == "GET, POST, PUT, DELETE, OPTIONS");
    BOOST_TEST(header(r, "Access-Control-Allow-Headers") == "content-type, user-token, bl-execution-type");
    BOOST_TEST(header(r, "Content-Type") == "(none)");

    api.options.allowed_origins = {"https://a.example", "https://b.example"};
    const auto origin = [&](std::string o) {
        const auto reply = api.ask(http_request{"GET", "/api/info", {{"origin", o}}, {}});
        BOOST_TEST(header(reply, "Vary") == "Origin");
        return header(reply, "Access-Control-Allow-Origin");
    };
    BOOST_TEST(origin("https://b.example") == "https://b.example");
    BOOST_TEST(origin("https://c.example") == "(none)");
    BOOST_TEST(origin("*") == "(none)");
    BOOST_TEST(header(api.ask("GET", "/info"), "Access-Control-Allow-Origin") == "(none)");
    api.options.allowed_origins = {"*"};
    BOOST_TEST(header(api.ask("GET", "/info"), "Access-Control-Allow-Origin") == "*");
}

// What a server answers instead of the api.
BOOST_AUTO_TEST_CASE(pages_may_read_the_replies_of_a_server) {
    rest::options o;
    o.allowed_origins = {"https://a.example"};
    const auto decorated = [&](int status, std::vector<http_header> headers, std::string method = "POST") {
        http_response r(status, {{"Retry-After", "1"}}, "full");
        rest::add_cors_headers(r, http_request{method, "/api/users/register", std::move(headers), {}}, o);
        BOOST_TEST(header(r, "Access-Control-Expose-Headers") == "Retry-After");
        return r;
    };
    const http_header own{"Origin", "https://a.example"}, other{"Origin", "https://b.example"};
    for (const int status : {400, 408, 413, 421, 431, 500, 503}) {
        const auto r = decorated(status, {own});
        BOOST_TEST(r.status == status);
        BOOST_TEST(r.body == "full");
        BOOST_TEST(header(r, "Access-Control-Allow-Origin") == "https://a.example");
        BOOST_TEST(header(r, "Vary") == "Origin");
        BOOST_TEST(header(r, "Retry-After") == "1");
        BOOST_TEST(header(decorated(status, {other}), "Access-Control-Allow-Origin") == "(none)");
        BOOST_TEST(header(decorated(status, {}, ""), "Access-Control-Allow-Origin") == "(none)");
    }
    // A browser that is refused its preflight never sends what could be told to come back later.
    const http_header asks{"Access-Control-Request-Method", "POST"};
    auto r = decorated(503, {own, asks}, "OPTIONS");
    BOOST_TEST(r.status == 204);
    BOOST_TEST(r.body == "");
    BOOST_TEST(header(r, "Access-Control-Allow-Origin") == "https://a.example");
    BOOST_TEST(header(r, "Access-Control-Allow-Methods") == "GET, POST, PUT, DELETE, OPTIONS");
    BOOST_TEST(decorated(503, {own}, "OPTIONS").status == 503);
    BOOST_TEST(decorated(503, {own, asks}, "POST").status == 503);
    BOOST_TEST(decorated(421, {own, asks}, "OPTIONS").status == 421);
    o.allowed_origins = {"*"};
    BOOST_TEST(header(decorated(503, {}, ""), "Access-Control-Allow-Origin") == "*");
}

BOOST_AUTO_TEST_CASE(pages_of_other_origins_start_nothing) {
    fake_api api;
    const auto post = [&](std::vector<http_header> headers, std::string method = "POST") {
        api.auth.calls.clear();
        const auto r = api.ask(http_request{method, "/api/services/Twilio/resendCode", std::move(headers), "T"});
        BOOST_TEST((r.status == 403) == (api.auth.calls.empty() && method == "POST"));
        if (r.status == 403) BOOST_TEST(parse_json(r.body)->integer("code").value() == 14013);
        return r.status;
    };
    const http_header host{"Host", "a.example"}, own{"origin", "https://a.example"},
        other{"Origin", "https://b.example"};
    BOOST_TEST(post({}) == 200);  // no browser
    BOOST_TEST(post({host}) == 200);
    BOOST_TEST(post({host, own}) == 200);
    BOOST_TEST(post({host, {"Origin", "http://a.example"}}) == 200);
    BOOST_TEST(post({host, other}) == 403);
    BOOST_TEST(post({host, other, {"Content-Type", "text/plain"}}) == 403);
    BOOST_TEST(post({host, {"Origin", "null"}}) == 403);
    BOOST_TEST(post({host, {"Origin", "https://a.example.b.example"}}) == 403);
    BOOST_TEST(post({own}) == 403);
    // A proxy may have changed Host.
    BOOST_TEST(post({{"Host", "10.0.0.1"}, own, {"Sec-Fetch-Site", "same-origin"}}) == 200);
    BOOST_TEST(post({{"Host", "a.example"}, own, {"Sec-Fetch-Site", "cross-site"}}) == 403);
    // GET is without effect here: it is not routed.
    BOOST_TEST(post({host, other}, "GET") == 405);
    BOOST_TEST(post({host, other}, "OPTIONS") == 204);

    api.options.allowed_origins = {"https://b.example"};
    BOOST_TEST(post({host, other}) == 200);
    BOOST_TEST(post({host, own}) == 200);
    BOOST_TEST(post({host, {"Origin", "https://c.example"}}) == 403);
    api.options.allowed_origins = {"*"};
    BOOST_TEST(post({host, {"Origin", "https://c.example"}}) == 200);
}

BOOST_AUTO_TEST_CASE(nobody_sends_messages_unless_somebody_wants_it) {
    BOOST_TEST((rest::options{}.send_message == rest::send_message_access::off));
}

BOOST_AUTO_TEST_CASE(far_too_many_properties_are_not_read) {
    fake_api api;
    std::string members = R"("phoneNumber":"+1","transactionId":"T","transactionCode":"1")";
    for (int i = 0; i < 125; ++i) members += ",\"p" + std::to_string(i) + "\":1";
    BOOST_TEST(api.ask("POST", "/users/register", "{" + members + "}").status == 200);  // the authenticator decides
    BOOST_TEST(api.post("/users/register", "{" + members + R"(,"q":1})") == "8008 The user has too many properties.");
    BOOST_TEST(api.ask("PUT", "/users/U1", "{" + members + "}", "S").status == 200);
    BOOST_TEST(api.ask("PUT", "/users/U1", "{" + members + R"(,"q":1})", "S").status == 400);
}

BOOST_AUTO_TEST_CASE(the_user_object) {
    config c;
    auto u = fake_authenticator::ada();
    u.enabled = false;
    u.updated_at = time_point(std::chrono::milliseconds(2000));
    u.last_login_at = time_point(std::chrono::milliseconds(3000));
    u.properties = {{"name", R"("A\"da")"},      {"tags", R"([ 1, {"b":1.50}])"}, {"password", R"("p")"},
                    {"transactionId", R"("T")"}, {"email", R"("other")"},         {"objectId", R"("other")"}};
    const std::string expected =
        R"({"___class":"Users","objectId":"U1","ownerId":"U1","userStatus":"DISABLED","blUserLocale":"en",)"
        R"("created":1000,"updated":2000,"email":"ada@example.com","phoneNumber":"+15005550006",)"
        R"("name":"A\"da","tags":[ 1, {"b":1.50}])";
    BOOST_TEST(rest::user_json(u, c) == expected + "}");
    BOOST_TEST(rest::login_json(u, "T", c) ==
               expected +
                   R"(,"lastLogin":3000,"socialAccount":"BACKENDLESS","___jsonclass":"Users","user-token":"T"})");

    c.identity_column = c.phone_column = "phone";
    u.properties = {};
    BOOST_TEST(rest::user_json(u, c).ends_with(R"("updated":2000,"phone":"+15005550006"})"));
}

BOOST_AUTO_TEST_CASE(no_user_looks_like_an_error) {
    struct row {
        std::string code, message, written;
    };
    for (const auto& r : {row{"5", R"("m")", R"("5")"}, row{"-5", R"("m")", R"("-5")"}, row{"5", "1", "5"},
                          row{R"("5")", R"("m")", R"("5")"}, row{"null", R"("m")", "null"}}) {
        auto u = fake_authenticator::ada();
        u.properties = {{"code", r.code}, {"message", r.message}};
        BOOST_TEST(rest::user_json(u, {}).ends_with(",\"code\":" + r.written + ",\"message\":" + r.message + "}"));
    }
}

BOOST_AUTO_TEST_CASE(an_api_without_keys_is_refused) {
    fake_authenticator auth;
    using api = rest::api<fake_authenticator>;
    BOOST_CHECK_THROW(api(auth, {}), std::invalid_argument);
    BOOST_CHECK_THROW(api(auth, {.app_id = "A"}), std::invalid_argument);
    BOOST_CHECK_THROW(api(auth, {.api_key = "A"}), std::invalid_argument);
    BOOST_CHECK_THROW(api(auth, {.app_id = "api", .api_key = "A"}), std::invalid_argument);
    BOOST_CHECK_THROW(api(auth, {.app_id = "A", .api_key = "A", .trusted_proxies = {"proxy"}}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(nobody_trusts_everybody) {
    fake_authenticator auth;
    using api = rest::api<fake_authenticator>;
    const auto refusal = [&](std::vector<std::string> proxies, unsigned hops = 0) -> std::string {
        try {
            api made(auth,
                     {.app_id = "A", .api_key = "A", .trusted_proxies = std::move(proxies), .trusted_hops = hops});
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "";
    };
    for (const auto* network : {"0.0.0.0/0", "::/0", "0.0.0.0/1", "::/1", "::ffff:0:0/96", "2000::/3"}) {
        BOOST_TEST(refusal({"10.0.0.1", network}).find(network) != std::string::npos, network);
        BOOST_TEST(refusal({"10.0.0.1", network}).find("trusted_hops") != std::string::npos, network);
    }
    BOOST_TEST(refusal({"10.0.0.0/8", "fd00::/8", "172.16.0.0/12", "2001:db8::/32", "::1"}) == "");
    BOOST_TEST(refusal({}, 20) == "");
    BOOST_TEST(refusal({}, 21).find("more than 20") != std::string::npos);
    BOOST_TEST(refusal({"10.0.0.1"}, 1).find("one of them") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(proxies_may_be_counted) {
    fake_api api;
    const auto caller = [&](unsigned hops, std::string forwarded, std::string peer = "192.0.2.9") {
        api.options.trusted_hops = hops;
        std::vector<http_header> headers;
        if (!forwarded.empty()) headers.push_back({"X-Forwarded-For", std::move(forwarded)});
        rest::api<fake_authenticator> over(api.auth, api.options);
        over.handle({"POST", "/APP/KEY/users/register", std::move(headers), R"({"phoneNumber":"+1"})"},
                    std::move(peer));
        return api.auth.caller;
    };
    BOOST_TEST(caller(1, "6.6.6.6, 1.1.1.1").address == "1.1.1.1");
    BOOST_TEST(!caller(1, "6.6.6.6, 1.1.1.1").shared_address);
    BOOST_TEST(caller(2, "6.6.6.6, 1.1.1.1, 10.0.0.1").address == "1.1.1.1");
    BOOST_TEST(caller(1, "1.1.1.1", "unix:").address == "1.1.1.1");
    // Who is not behind all of them counts for himself, and may be one of the proxies.
    BOOST_TEST(caller(2, "6.6.6.6").address == "192.0.2.9");
    BOOST_TEST(caller(2, "6.6.6.6").shared_address);
    BOOST_TEST(caller(1, "").address == "192.0.2.9");
    BOOST_TEST(caller(1, "").shared_address);
}

BOOST_AUTO_TEST_CASE(the_client_is_who_sent_the_request) {
    fake_api api;
    api.options.trusted_proxies = {"10.0.0.0/8"};
    const auto caller = [&](std::string peer, std::vector<http_header> headers) {
        rest::api<fake_authenticator> over(api.auth, api.options);
        const auto r = over.handle({"POST", "/APP/KEY/users/register", std::move(headers), R"({"phoneNumber":"+1"})"},
                                   std::move(peer));
        BOOST_TEST(r.status == 200);
        return api.auth.caller;
    };
    BOOST_TEST(caller("", {}).address == "");
    BOOST_TEST(caller("198.51.100.7", {}).address == "198.51.100.7");
    BOOST_TEST(caller("198.51.100.7", {{"X-Forwarded-For", "1.1.1.1"}}).address == "198.51.100.7");
    BOOST_TEST(caller("10.0.0.1", {{"x-forwarded-for", "1.1.1.1, 2.2.2.2"}}).address == "2.2.2.2");
    // A proxy that adds a header of its own rather than to the client's.
    BOOST_TEST(caller("10.0.0.1", {{"X-Forwarded-For", "1.1.1.1"}, {"X-Forwarded-For", "2.2.2.2"}}).address ==
               "2.2.2.2");
    BOOST_TEST(caller("", {{"User-Agent", "agent/1"}}).user_agent == "agent/1");
    // Who is no proxy of ours has perhaps been forgotten.
    BOOST_TEST(caller("198.51.100.7", {{"X-Forwarded-For", "1.1.1.1"}}).shared_address);
    BOOST_TEST(caller("unix:", {{"X-Forwarded-For", "1.1.1.1"}}).shared_address);
    BOOST_TEST(!caller("198.51.100.7", {}).shared_address);
    BOOST_TEST(!caller("", {{"X-Forwarded-For", "1.1.1.1"}}).shared_address);
    BOOST_TEST(!caller("10.0.0.1", {{"X-Forwarded-For", "1.1.1.1"}}).shared_address);
    BOOST_TEST(caller("10.0.0.1:40001", {{"X-Forwarded-For", "1.1.1.1"}}).address == "1.1.1.1");
    api.options.forwarding_header = "X-Real-IP";
    BOOST_TEST(caller("10.0.0.1", {{"X-Forwarded-For", "1.1.1.1"}, {"X-Real-IP", "3.3.3.3"}}).address == "3.3.3.3");
    BOOST_TEST(caller("10.0.0.1", {{"X-Forwarded-For", "1.1.1.1"}}).address == "10.0.0.1");
}

BOOST_AUTO_TEST_CASE(status_of_a_transaction) {
    fake_api api;
    const auto r = api.ask("POST", "/services/Twilio/transactionStatus", "T1");
    BOOST_TEST(r.status == 200);
    BOOST_TEST(r.body == R"({"state":"pending","delivery":"undelivered","reason":"The phone number is a landline or )"
                         R"(not reachable by its carrier.","twilioCode":30006,"triesLeft":4,"expiresIn":200,)"
                         R"("resendAfter":null})");
    BOOST_TEST(api.auth.calls == "status(T1)\n");
    const std::vector<std::pair<transaction_state, std::string>> states{{transaction_state::pending, "pending"},
                                                                        {transaction_state::confirmed, "confirmed"},
                                                                        {transaction_state::exhausted, "exhausted"},
                                                                        {transaction_state::expired, "expired"},
                                                                        {transaction_state::failed, "failed"}};
    for (const auto& [state, name] : states)
        BOOST_TEST(rest::status_json({.state = state, .resend_after = std::chrono::seconds(3)}) ==
                   R"({"state":")" + name + R"(","delivery":"pending","triesLeft":0,"expiresIn":0,"resendAfter":3})");
}

BOOST_AUTO_TEST_CASE(reports_of_twilio_are_passed_on_as_they_came) {
    fake_api api;
    http_request request{"POST",
                         "/APP/KEY/services/Twilio/messageStatus?transaction=T&send=1",
                         {{"X-Twilio-Signature", "SIG"}},
                         "MessageStatus=sent"};
    auto r = api.ask(request);
    BOOST_TEST(r.status == 200);
    BOOST_TEST(r.body == "{}");
    BOOST_TEST(api.auth.calls == "handle_status_callback(transaction=T&send=1,MessageStatus=sent,SIG)\n");
    api.auth.refuse = failure(error::invalid_signature);
    r = api.ask(request);
    BOOST_TEST(r.status == 403);
}

BOOST_AUTO_TEST_CASE(a_user_chooses_only_what_is_harmless) {
    fake_api api;
    const auto send = [&](std::string option) {
        return api.post("/services/Twilio/sendMessage",
                        R"({"phoneNumber":"+15005550006","message":"x","options":{")" + option + R"(":"v"}})");
    };
    for (const auto* option : {"From", "from", "MessagingServiceSid", "statusCallback", "ApplicationSid", "RiskCheck",
                               "riskCheck", "SendAt", "ScheduleType", "ShortenUrls", "ContentSid", "MaxPrice"})
        BOOST_TEST(send(option).starts_with("14013 "), option);
    for (const auto* option : {"ValidityPeriod", "smartEncoded", "ContentRetention"})
        BOOST_TEST(send(option).find("send_message(") != std::string::npos, option);
    BOOST_TEST(api.auth.caller.user_id == "U1");
    api.options.send_message = rest::send_message_access::key;  // a server of the integrator's
    BOOST_TEST(send("From").find("send_message(") != std::string::npos);
    BOOST_TEST(api.auth.caller.user_id == "");
}

BOOST_AUTO_TEST_CASE(report) {
    configuration_report r{
        {{"account", true, "The account is active.", {}, true}, {"mms", false, "No \"MMS\".", "Take another.", false}}};
    BOOST_TEST(
        rest::report_json(r) ==
        R"({"ok":true,"findings":[{"check":"account","ok":true,"essential":true,"message":"The account is active."},)"
        R"({"check":"mms","ok":false,"essential":false,"message":"No \"MMS\".","remedy":"Take another."}]})");
    r.findings.back().essential = true;
    BOOST_TEST(rest::report_json(r).starts_with(R"({"ok":false,)"));
    BOOST_TEST(rest::report_json({}) == R"({"ok":true,"findings":[]})");
}

BOOST_AUTO_TEST_SUITE_END()
