// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>

#include <phoneauth/authenticator.hpp>
#include <phoneauth/rest/api.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/posting.hpp>
#include <phoneauth/testing/scripted_transport.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

// g++ 12 destroys an aggregate that is written in braces inside a co_await expression twice. What a user of the library
// passes to a function in asynchronous mode has constructors for that reason; here each is written in the way that would
// crash. The texts are long, so that they own memory. (A list of headers or media in there g++ 12 does not compile.)

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(braces_inside_co_await)

namespace {

const std::string long_text(100, 'x');

struct world {
    static config settings() {
        config c;
        c.twilio.account_sid = "AC00000000000000000000000000000000";
        c.twilio.auth_token = "token";
        c.twilio.sender = "+15005550006";
        c.twilio.status_callback = "https://example.com/reports";
        c.code_keys = {{"k", std::string(32, 'k')}};
        return c;
    }

    template <class T>
    T run(::asio::awaitable<T> work) {
        ::asio::io_context context;
        auto value = ::asio::co_spawn(context, std::move(work), ::asio::use_future);
        context.run();
        return value.get();
    }

    memory_storage storage{};
    testing::scripted_transport transport{};
    testing::posting<memory_storage> posting_storage{storage};
    testing::posting<testing::scripted_transport> posting_transport{transport};
    authenticator<testing::posting<memory_storage>, testing::posting<testing::scripted_transport>> auth{
        settings(), posting_storage, posting_transport};
    rest::api<decltype(auth)> api{auth, {.app_id = "APP", .api_key = "KEY"}};
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_text_message, world) {
    const auto send = [this]() -> ::asio::awaitable<result<sent_message>> {
        co_return co_await auth.send_message({"+14155550100", long_text});
    };
    const auto sent = run(send());
    BOOST_TEST_REQUIRE(sent.has_value());
    BOOST_TEST(transport.last_message() == long_text);
}

BOOST_FIXTURE_TEST_CASE(a_registration, world) {
    const auto begun = run(auth.start_registration("+14155550100"));
    BOOST_TEST_REQUIRE(begun.has_value());
    const auto finish = [&, this](std::string code, std::string secret) -> ::asio::awaitable<result<user>> {
        co_return co_await auth.finish_registration({begun->transaction_id, submitted_code(code), "+14155550100",
                                                     password(secret), long_text.substr(0, 60) + "@example.com"});
    };
    const auto refused = run(finish(transport.last_code(), std::string(1000, 'x')));
    BOOST_TEST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == error::invalid_password));
    BOOST_TEST(run(finish(transport.last_code(), long_text + 'y')).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_status_callback, world) {
    const auto report = [this]() -> ::asio::awaitable<result<callback_outcome>> {
        co_return co_await auth.handle_status_callback({long_text, "MessageStatus=" + long_text, long_text});
    };
    const auto heard = run(report());
    BOOST_TEST_REQUIRE(!heard.has_value());
    BOOST_TEST((heard.error().code == error::invalid_signature));
}

BOOST_FIXTURE_TEST_CASE(a_request, world) {
    const auto ask = [this]() -> ::asio::awaitable<rest::reply> {
        co_return co_await api.handle({"GET", "/api/users/isvalidusertoken/" + long_text, {}, {}});
    };
    const auto reply = run(ask());
    BOOST_TEST(reply.status == 200);
    BOOST_TEST(reply.body == "false");
}

BOOST_FIXTURE_TEST_CASE(a_request_with_a_body, world) {
    const auto ask = [this]() -> ::asio::awaitable<rest::reply> {
        co_return co_await api.handle({"POST", "/api/users/register", {}, R"({"phoneNumber":")" + long_text + "\"}"});
    };
    BOOST_TEST(run(ask()).status == 400);
}

BOOST_AUTO_TEST_SUITE_END()
