// SPDX-License-Identifier: BSL-1.0
// What examples/guide/storage.md shows with SQLite: compiled, and run.
#include <phoneauth/asio/pooled_storage.hpp>
#include <phoneauth/phoneauth.hpp>
#include <phoneauth/storage/sqlite.hpp>
#include <phoneauth/testing/scripted_transport.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <boost/test/unit_test.hpp>

#include "support/temporary_folder.hpp"

#include <string>

BOOST_AUTO_TEST_SUITE(guide_sqlite)

BOOST_AUTO_TEST_CASE(one_file_and_one_line) {
    const support::temporary_folder folder;
    const std::string path = (folder.path() / "phoneauth.db").string();
    const phoneauth::secret_string key(std::string(32, 'k'));
    phoneauth::config config;
    config.twilio.account_sid = "AC00000000000000000000000000000000";
    config.twilio.auth_token = "your auth token";
    config.twilio.sender = "+15005550006";
    phoneauth::testing::scripted_transport transport;
    {
        //[sqlite
        config.code_keys = {{"2026-01", key}};  // 32 random bytes that you keep
        phoneauth::sqlite_storage storage(path);
        phoneauth::authenticator auth(config, storage, transport);
        //]
        BOOST_TEST(auth.start_registration("+14155550100").has_value());
    }
    asio::io_context loop;
    //[pooled
    phoneauth::sqlite_storage file(path);
    phoneauth::pooled_storage storage(file);  // on threads of its own, beside the event loop
    phoneauth::authenticator auth(config, storage, transport);
    //]
    auto begun = asio::co_spawn(loop, auth.start_login("+14155550100"), asio::use_future);
    loop.run();
    BOOST_TEST(begun.get().has_value());
}

BOOST_AUTO_TEST_SUITE_END()
