// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <boost/mpl/list.hpp>

#include <string>

#include <phoneauth/detail/json.hpp>
#include <phoneauth/rest/api.hpp>

#include "flows/world.hpp"

// The whole way over REST, in both modes, with a real authenticator.

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(rest_journey)

namespace {

template <class World>
struct site : World {
    site() : World(settings()) {}

    static config settings() {
        auto c = flow_tests::test_config();
        c.identity_login_enabled = true;
        return c;
    }

    detail::json_value ask(std::string method, std::string path, std::string body = {}, int status = 200) {
        http_request request{std::move(method), "/APP/KEY" + path, {}, std::move(body)};
        if (!token.empty()) request.headers.push_back({"user-token", token});
        const auto reply = World::run(api.handle(std::move(request)));
        BOOST_TEST(reply.status == status, reply.status << " " << reply.body);
        auto json = detail::parse_json(reply.body);
        BOOST_REQUIRE(json.has_value());
        const bool looks_like_error = json->integer("code") && !json->string_or_empty("message").empty();
        BOOST_TEST(looks_like_error == (reply.status != 200));
        return *json;
    }
    std::int64_t refused(std::string method, std::string path, std::string body, int status) {
        return ask(std::move(method), std::move(path), std::move(body), status).integer("code").value();
    }

    std::string token{};
    rest::api<decltype(World::auth)> api{
        World::auth, {.app_id = "APP", .api_key = "KEY", .send_message = rest::send_message_access::session}};
};

using sites = boost::mpl::list<site<flow_tests::blocking_world>, site<flow_tests::async_world>>;

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(register_log_in_change_and_leave, Site, sites) {
    Site s;
    const std::string twilio = "/services/Twilio/";

    const auto first = s.ask("POST", "/users/register", R"({"phoneNumber":"+14155550100"})");
    const std::string id(first.string_or_empty("transactionId"));
    const auto step2 = [&](const std::string& code, const std::string& more) {
        return R"({"phoneNumber":"+14155550100","transactionId":")" + id + R"(","transactionCode":")" + code + "\"" +
               more + "}";
    };
    const auto code = s.transport.last_code();
    const std::string ada = R"(,"email":"Ada@Example.com","password":"correct horse","name":"Ada")";
    BOOST_TEST(s.refused("POST", "/users/register", step2(code, ""), 400) == 3013);
    BOOST_TEST(s.refused("POST", "/users/register", step2(code, R"(,"email":"a@b.example")"), 400) == 3011);
    BOOST_TEST(s.refused("POST", "/users/register", step2(code, R"(,"email":"a","password":"correct horse")"), 400) ==
               3040);
    BOOST_TEST(s.refused("POST", "/users/register", step2(code, ada + R"(,"objectId":"X")"), 400) == 3039);
    const auto wrong = s.ask("POST", "/users/register", step2(flow_tests::wrong(code), ada), 400);
    BOOST_TEST(wrong.integer("code").value() == 14021);
    BOOST_TEST(wrong.find("errorData")->text == R"({"triesLeft":4})");
    const auto user = s.ask("POST", "/users/register", step2(code, ada));
    const std::string user_id(user.string_or_empty("objectId"));
    BOOST_TEST(user.string_or_empty("email") == "ada@example.com");
    BOOST_TEST(user.string_or_empty("name") == "Ada");
    BOOST_TEST(!user.find("password"));
    BOOST_TEST(!user.find("user-token"));

    const auto again = s.ask("POST", twilio + "resendCode", R"(["nobody"])", 400);
    BOOST_TEST(again.integer("code").value() == 14020);
    s.clock.advance(std::chrono::minutes(5));
    const auto login = s.ask("POST", twilio + "loginWithPhoneNumber", "+1 (415) 555-0100");
    const std::string login_id(login.string_or_empty("transactionId"));
    BOOST_TEST(s.ask("POST", twilio + "resendCode", login_id, 429).find("errorData")->text == R"({"retryAfter":30})");
    s.clock.advance(std::chrono::seconds(30));
    BOOST_TEST(s.ask("POST", twilio + "resendCode", login_id).string_or_empty("transactionId") == login_id);
    const auto in =
        s.ask("POST", twilio + "loginWithCode", R"([")" + login_id + R"(",")" + s.transport.last_code() + R"("])");
    BOOST_TEST(in.string_or_empty("objectId") == user_id);
    BOOST_TEST(in.string_or_empty("___jsonclass") == "Users");
    BOOST_TEST(in.integer("lastLogin").has_value());

    BOOST_TEST(s.refused("GET", "/data/Users/" + user_id, "", 400) == 3064);
    s.token = in.string_or_empty("user-token");
    BOOST_TEST(s.ask("GET", "/users/isvalidusertoken/" + s.token).text == "true");
    BOOST_TEST(s.ask("GET", "/data/Users/" + user_id).string_or_empty("name") == "Ada");
    auto whole = s.ask("GET", "/data/Users/" + user_id).text;
    whole.replace(whole.find("\"Ada\""), 5, "\"Lovelace\"");
    const auto changed = s.ask("PUT", "/users/" + user_id, whole);
    BOOST_TEST(changed.string_or_empty("name") == "Lovelace");
    BOOST_TEST(changed.integer("updated").has_value());
    BOOST_TEST(s.refused("PUT", "/users/" + user_id, R"({"phoneNumber":"+14155550199"})", 400) == 8008);
    BOOST_TEST(s.refused("PUT", "/users/SOMEBODY", R"({"name":"x"})", 403) == 14013);

    const auto sent = s.ask("POST", twilio + "sendMessage", R"(["+14155550107","hello",null,null])");
    BOOST_TEST(sent.string_or_empty("status") == "queued");
    BOOST_TEST(s.transport.last_message() == "hello");

    s.ask("GET", "/users/logout");
    BOOST_TEST(s.ask("GET", "/users/isvalidusertoken/" + s.token).text == "false");
    BOOST_TEST(s.refused("POST", twilio + "sendMessage", R"(["+14155550107","hello"])", 400) == 3064);
    s.ask("GET", "/users/logout");

    BOOST_TEST(s.refused("POST", "/users/login", R"({"login":"ada@example.com","password":"wrong horse"})", 401) ==
               3003);
    BOOST_TEST(!s.ask("POST", "/users/login", R"({"login":"ada@example.com","password":"correct horse"})")
                    .string_or_empty("user-token")
                    .empty());
    const auto both =
        s.ask("POST", twilio + "loginWithPhoneNumberAndPassword", R"({"phoneNumber":14155550100,"password":"x"})", 400);
    BOOST_TEST(both.integer("code").value() == 14001);
    s.ask("POST", twilio + "loginWithPhoneNumberAndPassword",
          R"({"phoneNumber":"+14155550100","password":"correct horse"})");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(failures_come_through, Site, sites) {
    Site s;
    s.transport.reply(400, R"({"code":21610,"message":"Unsubscribed","status":400})");
    const auto refused = s.ask("POST", "/services/Twilio/loginWithPhoneNumber", "nobody's phone", 400);
    BOOST_TEST(refused.integer("code").value() == 14001);
    const auto provider = s.ask("POST", "/users/register", R"({"phoneNumber":"+14155550100"})", 400);
    BOOST_TEST(provider.integer("code").value() == 14030);
    BOOST_TEST(provider.find("errorData")->text == R"({"twilioCode":21610})");
    s.transport.reply_failure(error::read_timeout);
    BOOST_TEST(s.ask("POST", "/users/register", R"({"phoneNumber":"+14155550100"})").find("deliveryUncertain")->text ==
               "true");
}

BOOST_AUTO_TEST_SUITE_END()
