// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <vector>

#include <phoneauth/asio/pooled_passwords.hpp>
#include <phoneauth/authenticator.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/posting.hpp>
#include <phoneauth/testing/scripted_transport.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(crowded_passwords)

namespace {

using stored = testing::posting<memory_storage>;
using sent = testing::posting<testing::scripted_transport>;

constexpr scrypt_cost cheap{10, 8, 1};

config settings() {
    config c;
    c.twilio.account_sid = "AC00000000000000000000000000000000";
    c.twilio.auth_token = "token";
    c.twilio.sender = "+15005550006";
    c.code_keys = {{"k", std::string(32, 'k')}};
    return c;
}

/// Counts what is compared on the one thread for it.
struct counting_passwords {
    ::asio::awaitable<result<std::string>> hash(const std::string& text) {
        ++compared;
        return pool.hash(text);
    }
    ::asio::awaitable<result<bool>> verify(const std::string& text, const std::string& phc) {
        ++compared;
        return pool.verify(text, phc);
    }

    pooled_passwords pool{cheap, 1};
    std::atomic<int> compared = 0;
};

std::string phone_of(int i) {
    return "+141555501" + std::to_string(10 + i);
}
client_info home_of(int i) {
    return client_info("198.51.100." + std::to_string(10 + i));
}

struct world {
    world() {
        scrypt_passwords blocking(cheap);
        authenticator enroll(settings(), storage, transport, blocking);
        for (int i = 0; i < 17; ++i) {
            const auto begun = enroll.start_registration(phone_of(i), home_of(i));
            BOOST_TEST_REQUIRE(begun.has_value());
            registration r(begun->transaction_id, submitted_code(transport.last_code()), phone_of(i),
                           password("correct horse"), "u" + std::to_string(i) + "@example.com");
            BOOST_TEST_REQUIRE(enroll.finish_registration(std::move(r), home_of(i)).has_value());
        }
    }

    memory_storage storage{};
    testing::scripted_transport transport{};
    stored posting_storage{storage};
    sent posting_transport{transport};
    counting_passwords passwords{};
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(one_client_does_not_keep_others_from_the_hasher, world) {
    authenticator auth(settings(), posting_storage, posting_transport, passwords);
    ::asio::io_context context;
    std::vector<std::future<result<challenge>>> flood, others;
    const auto begin = [&](auto& all, int who) {
        all.push_back(::asio::co_spawn(
            context, auth.start_two_factor_login(phone_of(who), password("correct horse"), home_of(who)),
            ::asio::use_future));
    };
    for (int i = 0; i < 500; ++i) begin(flood, 0);
    for (int i = 1; i < 17; ++i) begin(others, i);
    context.run();
    const auto answered = [](auto& all) {
        return std::count_if(all.begin(), all.end(), [](auto& each) { return each.get().has_value(); });
    };
    BOOST_TEST(answered(others) == 16);
    BOOST_TEST(answered(flood) >= 1);
    BOOST_TEST(passwords.compared == 16 + 4);
}

namespace {

/// Never comes to its end.
struct stuck_passwords {
    ::asio::awaitable<result<std::string>> hash(const std::string&) {
        ::asio::steady_timer timer(co_await ::asio::this_coro::executor, std::chrono::hours(1));
        co_await timer.async_wait(::asio::use_awaitable);
        co_return "";
    }
    ::asio::awaitable<result<bool>> verify(const std::string& text, const std::string&) {
        auto hashed = hash(text);
        auto made = co_await std::move(hashed);
        co_return made.has_value();
    }
};

}  // namespace

/// Most servers destroy their event loop last, and with it what waits there.
BOOST_FIXTURE_TEST_CASE(event_loop_may_outlive_the_authenticator, world) {
    ::asio::io_context context;
    stuck_passwords stuck;
    {
        authenticator auth(settings(), posting_storage, posting_transport, stuck);
        auto begun =
            ::asio::co_spawn(context, auth.start_two_factor_login(phone_of(0), password("correct horse"), home_of(0)),
                             ::asio::use_future);
        context.poll();
        BOOST_TEST((begun.wait_for(std::chrono::seconds(0)) == std::future_status::timeout));
    }
}

BOOST_AUTO_TEST_SUITE_END()
