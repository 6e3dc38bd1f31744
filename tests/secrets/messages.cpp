// SPDX-License-Identifier: BSL-1.0
// No message of the library repeats a secret that it was given, in whatever wrong form it came.
#include <phoneauth/phoneauth.hpp>
#include <phoneauth/read_config.hpp>
#include <phoneauth/rest/api.hpp>
#include <phoneauth/secrets/code.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/scripted_transport.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#ifdef PHONEAUTH_WITH_POSTGRES
#include <phoneauth/storage/postgres.hpp>
#endif
#ifdef PHONEAUTH_WITH_REDIS
#include <phoneauth/storage/redis.hpp>
#endif

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(secrets_messages)

namespace {

const std::string secret = "Xyzzy7Plugh";

config good() {
    config c;
    c.twilio.account_sid = "AC" + std::string(32, '0');
    c.twilio.auth_token = "the auth token";
    c.twilio.sender = "+14155550100";
    return c;
}

/// What a secret looks like when it was pasted wrongly.
std::vector<std::string> wrong_forms() {
    return {secret,
            secret + "\n",
            " " + secret + "\x01",
            "\"" + secret,
            "https://user:" + secret + "@example.com",
            secret + std::string(400, 'x'),
            secret + "\xff"};
}

void check_hidden(const std::string& text) {
    BOOST_TEST(text.find(secret) == std::string::npos, "says the secret: " << text);
}

template <class R>
void check_hidden(const result<R>& r) {
    BOOST_REQUIRE(!r);
    check_hidden(r.error().message);
    check_hidden(r.error().code.message());
    check_hidden(rest::reply(r.error()).body);
}

template <class T>
concept Printable = requires(std::ostream& out, const T& t) {
    out << t;
};

// Nobody logs one of these by accident.
static_assert(!Printable<one_time_code>);
static_assert(!Printable<code_key>);
static_assert(!Printable<config>);
static_assert(!Printable<config_problem>);
static_assert(!Printable<failure>);
static_assert(!Printable<http_header>);
static_assert(!Printable<http_request>);
static_assert(!Printable<http_response>);
static_assert(!Printable<login_result>);
static_assert(!Printable<text_message>);
static_assert(!Printable<registration>);
static_assert(!Printable<result<one_time_code>>);
static_assert(!Printable<result<login_result>>);
static_assert(!Printable<result<std::string>>);
static_assert(!Printable<session>);
static_assert(!Printable<challenge>);
static_assert(!Printable<transaction>);
static_assert(!Printable<twilio_config>);
static_assert(!Printable<user>);

}  // namespace

BOOST_AUTO_TEST_CASE(the_check_finds_a_secret) {
    // A seeded leak: what a careless message would look like.
    const failure careless(error::invalid_parameter, "The code " + secret + " has no 6 digits.");
    BOOST_TEST(rest::reply(careless).body.find(secret) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_configuration) {
    const std::vector<std::function<std::string&(config&)>> texts = {
        [](config& c) -> std::string& { return c.twilio.account_sid; },
        [](config& c) -> std::string& { return c.twilio.auth_token; },
        [](config& c) -> std::string& { return c.twilio.api_key; },
        [](config& c) -> std::string& { return c.twilio.api_secret; },
        [](config& c) -> std::string& { return c.twilio.sender; },
        [](config& c) -> std::string& { return c.twilio.region; },
        [](config& c) -> std::string& { return c.twilio.edge; },
        [](config& c) -> std::string& { return c.twilio.base_url; },
        [](config& c) -> std::string& { return c.code_keys.emplace_back().id; },
        [](config& c) -> std::string& {
            c.code_keys.push_back({"k", {}});
            return c.code_keys.back().secret;
        },
        [](config& c) -> std::string& { return c.message_template; },
        [](config& c) -> std::string& { return c.registration_purpose; },
        [](config& c) -> std::string& { return c.login_purpose; },
        [](config& c) -> std::string& { return c.site_name; },
        [](config& c) -> std::string& { return c.protected_properties.emplace_back(); },
        [](config& c) -> std::string& { return c.origin_host; },
        [](config& c) -> std::string& { return c.android_app_hash; },
        [](config& c) -> std::string& { return c.default_calling_code; },
        [](config& c) -> std::string& { return c.phone_column; },
        [](config& c) -> std::string& { return c.identity_column; },
    };
    memory_storage storage;
    testing::scripted_transport transport;
    int thrown = 0;
    for (const auto& text : texts)
        for (const auto& wrong : wrong_forms()) {
            auto c = good();
            text(c) = wrong;
            c.max_tries = 0;  // so that every combination is refused
            try {
                authenticator<memory_storage, testing::scripted_transport> auth(c, storage, transport);
            } catch (const config_error& e) {
                ++thrown;
                check_hidden(e.what());
                for (const auto& p : e.problems()) check_hidden(p.field + p.message);
            }
        }
    BOOST_TEST(thrown == static_cast<int>(texts.size() * wrong_forms().size()));
}

BOOST_AUTO_TEST_CASE(settings) {
    std::vector<std::string> broken;
    for (const char* name : {"account_sid", "auth_token", "api_key", "api_secret", "sender", "base_url"})
        for (const auto& value : {"[\"" + secret + "\"]", "{\"" + secret + "\":1}"})
            broken.push_back("{\"twilio\":{\"" + std::string(name) + "\":" + value + "}}");
    for (const char* name : {"code_keys", "code_digits", "login_enabled", "unknown_phone", "twilio"})
        for (const auto& value : {"\"" + secret + "\"", "[\"" + secret + "\"]"})
            broken.push_back("{\"" + std::string(name) + "\":" + value + "}");
    broken.push_back("{\"code_keys\":[{\"id\":1,\"secret\":[\"" + secret + "\"]}]}");
    broken.push_back("{\"twilio\":{\"auth_token\":\"" + secret + "\"");
    broken.push_back("{\"twilio\":{\"auth_token\":\"" + secret + "\"},\"twilio\":{}}");
    broken.push_back(secret);
    broken.push_back("\"" + secret + "\"");
    for (const auto& json : broken) {
        config c;
        const auto problems = read_config(json, c);
        BOOST_TEST_CONTEXT(json) {
            BOOST_TEST(!problems.empty());
            for (const auto& p : problems) check_hidden(p.field + p.message);
        }
    }
}

BOOST_AUTO_TEST_CASE(parameters_of_every_operation) {
    auto c = good();
    c.identity_login_enabled = true;
    memory_storage storage;
    testing::scripted_transport transport;
    authenticator<memory_storage, testing::scripted_transport> auth(c, storage, transport);
    const std::string phone = "+14155550101";
    for (const auto& wrong : wrong_forms()) {
        check_hidden(auth.start_registration(wrong));
        check_hidden(auth.start_login(wrong));
        check_hidden(auth.finish_login(transaction_id(wrong), submitted_code("123456")));
        check_hidden(auth.finish_login(transaction_id("00000000-0000-0000-0000-000000000000"), submitted_code(wrong)));
        check_hidden(auth.resend(transaction_id(wrong)));
        check_hidden(auth.authenticate(session_token(wrong)));
        check_hidden(auth.login_with_identity(wrong, password(wrong)));
        check_hidden(auth.update_user(session_token(wrong), wrong, {{"password", wrong}}));
        check_hidden(auth.send_message({wrong, wrong}));
        check_hidden(auth.send_message({phone, "x", {wrong}}));
        check_hidden(auth.send_message({phone, "x", {}, {{"Attempt\n", wrong}}}));
        check_hidden(auth.send_message({phone, "x", {}, {{"attempt", wrong + "\n"}}}));

        const registration whole(transaction_id("00000000-0000-0000-0000-000000000000"), submitted_code("123456"),
                                 phone, password("correct horse"), "ada@example.com");
        auto r = whole;
        r.transaction_id = transaction_id(wrong);
        check_hidden(auth.finish_registration(r));
        r = whole;
        r.code = submitted_code(wrong);
        check_hidden(auth.finish_registration(r));
        r = whole;
        r.phone = wrong;
        check_hidden(auth.finish_registration(r));
        r = whole;
        r.identity = wrong;
        check_hidden(auth.finish_registration(r));
        r = whole;
        r.password = password(wrong);
        check_hidden(auth.finish_registration(r));
        r = whole;
        r.locale = wrong + std::string(40, 'x');
        check_hidden(auth.finish_registration(r));
        r = whole;
        r.properties = {{"nickname", wrong}};
        check_hidden(auth.finish_registration(r));
    }
}

BOOST_AUTO_TEST_CASE(bodies_over_rest) {
    memory_storage storage;
    testing::scripted_transport transport;
    auto c = good();
    c.identity_login_enabled = true;
    authenticator<memory_storage, testing::scripted_transport> auth(c, storage, transport);
    rest::api api(auth,
                  rest::options{.app_id = "APP", .api_key = "KEY", .send_message = rest::send_message_access::session});
    const std::vector<std::string> bodies = {
        secret,
        "{\"password\":\"" + secret,
        "{\"login\":\"a\",\"password\":{\"x\":\"" + secret + "\"}}",
        "{\"login\":\"" + secret + "\",\"password\":\"" + secret + "\"}",
        "{\"phoneNumber\":\"+14155550101\",\"password\":[\"" + secret + "\"]}",
        "{\"phoneNumber\":[\"" + secret + "\"]}",
        "{\"transactionId\":\"" + secret + "\",\"code\":\"" + secret + "\"}",
        "[\"" + secret + "\",\"" + secret + "\",\"" + secret + "\",1,2,3]",
        "{\"transactionId\":\"x\",\"transactionCode\":\"" + secret + "\",\"password\":\"" + secret +
            "\",\"phoneNumber\":\"" + secret + "\",\"email\":\"" + secret + "\"}",
    };
    for (const char* path : {"/users/register", "/users/login", "/services/Twilio/loginWithPhoneNumber",
                             "/services/Twilio/loginWithPhoneNumberAndPassword", "/services/Twilio/loginWithCode",
                             "/services/Twilio/resendCode", "/services/Twilio/sendMessage"})
        for (const auto& body : bodies) {
            const auto reply = api.handle({"POST", std::string("/APP/KEY") + path, {{"user-token", secret}}, body});
            check_hidden(reply.body);
            for (const auto& h : reply.headers) check_hidden(h.name + h.value);
        }
    for (const auto& path : {"/data/Users/" + secret, "/users/isvalidusertoken/" + secret, "/" + secret}) {
        check_hidden(api.handle({"GET", "/APP/KEY" + path, {{"user-token", secret}}, {}}).body);
        check_hidden(api.handle({"GET", "/APP/" + secret + path, {}, {}}).body);
    }
}

BOOST_AUTO_TEST_CASE(urls_of_storages) {
    // What is wrong with them is not the password, but it is in them.
    std::vector<std::string> thrown;
    [[maybe_unused]] const auto hidden = [&](auto make) {
        try {
            make();
        } catch (const std::exception& e) {
            thrown.push_back(e.what());
        }
    };
    const std::string at = ":" + secret + "@";
    [[maybe_unused]] const std::vector<std::string> postgres = {
        "postgres://user" + at + "127.0.0.1:1/x",          "postgres://user" + at + "127.0.0.1:1/x?nonsense=1",
        "postgres://user" + at + "127.0.0.1:port/x",       "postgres://user" + at + "[::1/x",
        "postgres://user" + at + "127.0.0.1:1/%zz",        "postgres:/user" + at + "127.0.0.1/x",
        "postgres://user:%zz" + secret + "@127.0.0.1:1/x", "host=127.0.0.1 port=1 password=" + secret + " nonsense=1",
        "host=127.0.0.1 port=1 password='" + secret,       "host=127.0.0.1 port=1 password " + secret,
    };
    [[maybe_unused]] const std::vector<std::string> redis = {
        "redis://user" + at + "127.0.0.1:1",
        "redis://user" + at + "127.0.0.1:port",
        "redis://user" + at + "[::1",
        "redis://user" + at + "127.0.0.1:1/x",
        "redis:/user" + at + "127.0.0.1",
        "redis://user:%zz" + secret + "@127.0.0.1:1",
        "redis://user" + at + "127.0.0.1:1/0?x=y",
    };
#ifdef PHONEAUTH_WITH_POSTGRES
    for (const auto& url : postgres) hidden([&] { postgres_storage storage(url); });
    BOOST_TEST(thrown.size() == postgres.size());
#endif
#ifdef PHONEAUTH_WITH_REDIS
    const auto before = thrown.size();
    for (const auto& url : redis) hidden([&] { redis_storage storage(url); });
    BOOST_TEST(thrown.size() == before + redis.size());
#endif
    for (const auto& text : thrown) check_hidden(text);
}

BOOST_AUTO_TEST_SUITE_END()
