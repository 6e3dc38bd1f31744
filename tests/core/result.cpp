// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/result.hpp>

#include <boost/test/unit_test.hpp>

#include <map>
#include <memory>
#include <string>
#include <system_error>

using namespace phoneauth;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(results)

namespace {

failure wait_a_minute() {
    auto f = failure(error::resend_too_soon, "not so fast, 123456").with_retry_after(60s);
    f.tries_left = 2;
    f.twilio_code = 20429;
    return f;
}

result<int> parsed(const std::string& text) {
    if (text.empty()) return error::missing_parameter;
    return static_cast<int>(text.size());
}

}  // namespace

BOOST_AUTO_TEST_CASE(states) {
    const result<int> none;
    BOOST_TEST(!none.has_value());
    BOOST_TEST(result<int>(1).has_value());
    BOOST_TEST(!result<int>(error::internal).has_value());
    BOOST_TEST(result<void>().has_value());
    BOOST_TEST(!result<void>(error::internal).has_value());

    // A failure without a code, as a hook may give, is one all the same.
    BOOST_TEST(!result<int>(failure()).has_value());
    BOOST_TEST((result<int>(failure()).error().code == std::error_code()));

    result<int> later;
    later = 5;
    BOOST_TEST(*later == 5);
    later = error::internal;
    BOOST_TEST((later.error().code == error::internal));
}

BOOST_AUTO_TEST_CASE(value_throws_the_whole_failure) {
    const auto is_whole = [](const failure_exception& e) {
        const auto& f = e.failure();
        return e.code() == error::resend_too_soon && f.code == e.code() && f.message == "not so fast, 123456" &&
               f.retry_after == 60s && f.tries_left == 2 && f.twilio_code == 20429 &&
               e.what() == std::string(row_of(error::resend_too_soon).text);
    };
    result<int> failed(wait_a_minute());
    BOOST_CHECK_EXCEPTION(failed.value(), failure_exception, is_whole);
    BOOST_CHECK_EXCEPTION(std::as_const(failed).value(), failure_exception, is_whole);
    BOOST_CHECK_EXCEPTION(std::move(failed).value(), failure_exception, is_whole);
    BOOST_CHECK_EXCEPTION(result<void>(wait_a_minute()).value(), failure_exception, is_whole);
    BOOST_CHECK_THROW(result<int>(error::internal).value(), std::system_error);

    BOOST_TEST(result<int>(3).value() == 3);
    BOOST_CHECK_NO_THROW(result<void>().value());
    BOOST_TEST(*result<std::unique_ptr<int>>(std::make_unique<int>(4)).value() == 4);
}

BOOST_AUTO_TEST_CASE(value_or) {
    const result<std::string> good("a");
    BOOST_TEST(good.value_or("b") == "a");
    BOOST_TEST(result<std::string>(error::internal).value_or("b") == "b");
    BOOST_TEST(result<std::string>().value_or("b") == "b");
    BOOST_TEST(*result<std::unique_ptr<int>>(std::make_unique<int>(4)).value_or(nullptr) == 4);
}

BOOST_AUTO_TEST_CASE(and_then) {
    const result<std::string> good("abc");
    BOOST_TEST(*good.and_then(parsed) == 3);
    BOOST_TEST((result<std::string>("").and_then(parsed).error().code == error::missing_parameter));
    BOOST_TEST((result<std::string>(wait_a_minute()).and_then(parsed).error().retry_after == 60s));

    BOOST_TEST(*result<void>().and_then([] { return result<int>(1); }) == 1);
    BOOST_TEST(!result<void>(error::internal).and_then([] { return result<int>(1); }).has_value());
    BOOST_TEST(good.and_then([](const std::string&) { return result<void>(); }).has_value());

    auto moved = result<std::unique_ptr<int>>(std::make_unique<int>(4)).and_then([](std::unique_ptr<int> p) {
        return result<int>(*p);
    });
    BOOST_TEST(*moved == 4);
}

BOOST_AUTO_TEST_CASE(transform) {
    const result<std::string> good("abc");
    BOOST_TEST(*good.transform([](const std::string& s) { return s.size(); }) == 3u);
    BOOST_TEST(*result<void>().transform([] { return 1; }) == 1);
    BOOST_TEST((result<int>(wait_a_minute()).transform([](int) { return 1; }).error().tries_left == 2));
    BOOST_TEST((result<void>(wait_a_minute()).transform([] { return 1; }).error().tries_left == 2));

    int calls = 0;
    const result<void> called = good.transform([&](const std::string&) { ++calls; });
    BOOST_TEST(called.has_value());
    BOOST_TEST(calls == 1);

    auto moved = result<std::unique_ptr<int>>(std::make_unique<int>(4)).transform([](auto p) { return p; });
    BOOST_TEST(**moved == 4);
}

BOOST_AUTO_TEST_CASE(or_else) {
    const result<int> good(1);
    const result<int> bad(wait_a_minute());
    const auto to_tries = [](const failure& f) { return result<int>(*f.tries_left); };
    BOOST_TEST(*good.or_else(to_tries) == 1);
    BOOST_TEST(*bad.or_else(to_tries) == 2);
    BOOST_TEST((bad.or_else([](const failure&) { return error::internal; }).error().code == error::internal));
    BOOST_TEST(result<void>(error::internal).or_else([](const failure&) { return result<void>(); }).has_value());
    BOOST_TEST(result<void>().or_else([](failure f) { return f; }).has_value());

    auto moved = result<std::unique_ptr<int>>(std::make_unique<int>(4)).or_else([](failure f) { return f; });
    BOOST_TEST(**moved == 4);
}

#ifdef __cpp_lib_expected
BOOST_AUTO_TEST_CASE(as_std_expected) {
    std::expected<std::string, failure> good = to_expected(result<std::string>("a"));
    BOOST_TEST(*good == "a");
    const auto bad = to_expected(result<int>(wait_a_minute()));
    BOOST_TEST((bad.error().retry_after == 60s));
    BOOST_TEST(to_expected(result<void>()).has_value());
    BOOST_TEST((to_expected(result<void>(error::internal)).error().code == error::internal));
    BOOST_TEST(**to_expected(result<std::unique_ptr<int>>(std::make_unique<int>(4))) == 4);
}
#endif

BOOST_AUTO_TEST_CASE(each_error_has_one_condition) {
    constexpr condition all[]{condition::caller_mistake, condition::wrong_credentials, condition::denied,
                              condition::start_again,    condition::try_later,         condition::server_fault};
    std::map<condition, int> members;
    for (const auto& row : error_table) {
        const std::error_code code = row.value;
        for (const auto c : all) {
            BOOST_TEST((code == c) == (condition_of(row.value) == c), row.name);
            members[c] += code == c;
        }
    }
    int sum = 0;
    for (const auto c : all) {
        BOOST_TEST(members[c] > 0);
        BOOST_TEST(make_error_condition(c).message() != make_error_condition(condition()).message());
        sum += members[c];
    }
    BOOST_TEST(sum == static_cast<int>(error_table.size()));
}

BOOST_AUTO_TEST_CASE(conditions) {
    static_assert(condition_of(static_cast<error>(9999)) == condition::server_fault);
    BOOST_TEST((wait_a_minute().code == condition::try_later));
    BOOST_TEST((wait_a_minute().code != condition::denied));
    BOOST_TEST((std::error_code(error::wrong_code) == condition::wrong_credentials));
    BOOST_TEST((std::error_code(error::session_expired) == condition::start_again));

    // Neither success nor the code of another category is any of them.
    for (int c = 0; c < 8; ++c) {
        BOOST_TEST((std::error_code() != static_cast<condition>(c)));
        BOOST_TEST((std::error_code(0, error_category()) != static_cast<condition>(c)));
        BOOST_TEST((std::make_error_code(std::errc::timed_out) != static_cast<condition>(c)));
    }
    BOOST_TEST(make_error_condition(condition::denied).category().name() == std::string("phoneauth.condition"));
}

BOOST_AUTO_TEST_SUITE_END()
