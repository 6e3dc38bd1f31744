// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/console_transport.hpp>

#include <phoneauth/phoneauth.hpp>
#include <phoneauth/storage/memory.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <memory>
#include <string>

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(testing_console_transport)

BOOST_AUTO_TEST_CASE(messages_are_printed_and_unknown_phones_concealed) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::tmpfile(), std::fclose);
    BOOST_REQUIRE(out);
    memory_storage storage;
    console_transport transport(out.get());
    config c;
    c.twilio.account_sid = "AC" + std::string(32, '0');
    c.twilio.auth_token = "token";
    c.twilio.sender = "+15005550006";
    authenticator auth(c, storage, transport);
    BOOST_TEST(auth.start_registration("+14155550100").has_value());
    BOOST_TEST(auth.start_login("+14155550101").has_value());
    std::rewind(out.get());
    std::string printed(1000, '\0');
    printed.resize(std::fread(printed.data(), 1, printed.size(), out.get()));
    BOOST_TEST(printed.starts_with("To +14155550100: "));
    BOOST_TEST(printed.find("+14155550101") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
