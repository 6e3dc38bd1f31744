// SPDX-License-Identifier: BSL-1.0
// The recommended set-up for many servers: users in a database, all that lives for minutes in Redis.
#include "flows/world.hpp"

#include <cstdlib>
#include <string>

#include <phoneauth/secrets/random.hpp>
#include <phoneauth/storage/combined.hpp>
#include <phoneauth/storage/postgres.hpp>
#include <phoneauth/storage/redis.hpp>

using namespace flow_tests;

namespace {

std::string url_of(const char* variable) {
    const auto* url = std::getenv(variable);
    return url ? url : "";
}

boost::test_tools::assertion_result have_servers(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result have =
        !url_of("PHONEAUTH_TEST_POSTGRES").empty() && !url_of("PHONEAUTH_TEST_REDIS").empty();
    if (!have) have.message() << "PHONEAUTH_TEST_POSTGRES and PHONEAUTH_TEST_REDIS are not both set";
    return have;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_and_postgres)

BOOST_AUTO_TEST_CASE(a_whole_journey, *boost::unit_test::precondition(have_servers)) {
    postgres_storage postgres(url_of("PHONEAUTH_TEST_POSTGRES"));
    redis_storage redis(url_of("PHONEAUTH_TEST_REDIS"));
    //[recommended
    phoneauth::combined_storage storage(redis, postgres, redis, redis);  // transactions, users, sessions, cells
    //]
    testing::scripted_transport transport;
    test_hooks hooks;
    quick_passwords passwords;
    authenticator auth(test_config(), storage, transport, hooks, passwords);

    random_source random;
    unsigned char bytes[4];
    BOOST_REQUIRE(random.fill(bytes));
    const auto number =
        std::to_string(10'000'000'000 + (bytes[0] << 24u | bytes[1] << 16u | bytes[2] << 8u | bytes[3]));
    const auto mine = "+888" + number.substr(1);
    auto s = auth.start_registration(mine);
    BOOST_REQUIRE(s);
    auto u = auth.finish_registration(form(s->transaction_id, transport.last_code(), mine, number + "@example.com"));
    BOOST_REQUIRE(u);
    s = auth.start_two_factor_login(mine, password("correct horse"));
    BOOST_REQUIRE(s);
    auto in = auth.finish_login(s->transaction_id, submitted_code(transport.last_code()));
    BOOST_REQUIRE(in);

    BOOST_TEST(postgres.find_user(u->object_id).has_value());
    BOOST_TEST(!redis.find_user(u->object_id).has_value());
    BOOST_TEST(redis.find_transaction(s->transaction_id).has_value());
    BOOST_TEST(!postgres.find_transaction(s->transaction_id).has_value());
    BOOST_TEST(auth.authenticate(in->token).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
