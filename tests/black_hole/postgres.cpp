// SPDX-License-Identifier: BSL-1.0
// PostgreSQL at names and in lists whose first address is a black hole: see tests/scripts/black_hole.sh.

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdlib>
#include <string>

#include "asio/postgres_kinds.hpp"
#include "storage/postgres.hpp"

using namespace postgres_test;

namespace {

boost::test_tools::assertion_result in_a_black_hole(boost::unit_test::test_unit_id id) {
    boost::test_tools::assertion_result have = have_server(id);
    if (have && !std::getenv("PHONEAUTH_TEST_BLACK_HOLE")) {
        have = false;
        have.message() << "PHONEAUTH_TEST_BLACK_HOLE is not set: see tests/scripts/black_hole.sh";
    }
    return have;
}

/// The URL of `db` with the host in place of the server's, each `:` in it followed by the server's port.
std::string at(const database& db, std::string host) {
    const auto url = db.url();
    const auto colon = url.rfind(':'), path = url.rfind('/');
    const auto port = url.substr(colon, path - colon);
    for (auto i = host.find(':'); i != host.npos; i = host.find(':', i + 1)) host.replace(i, 1, port);
    return "postgres://phoneauth@" + host + url.substr(path);
}

std::chrono::milliseconds duration_of(const auto& f) {
    const auto before = std::chrono::steady_clock::now();
    f();
    return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - before);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(postgres, *boost::unit_test::precondition(in_a_black_hole))

BOOST_AUTO_TEST_CASE_TEMPLATE(the_next_address_is_tried, Storage, both_kinds) {
    const database db;
    { Storage makes_tables(db.url()); }
    for (const std::string hosts : {"dead-first.test:", "dead-first-v4.test:", "192.0.2.66:,127.0.0.1:",
                                    "dead.test:,127.0.0.1:", "192.0.2.66:,dead-first.test:"}) {
        const auto took = duration_of([&] {
            Storage storage(at(db, hosts));
            BOOST_TEST(!storage.find_session("S"));
        });
        BOOST_TEST((took < 1s + (hosts.find(',') == hosts.npos ? 0s : 1s)), hosts << ": " << took.count() << " ms");
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(one_address_after_the_other_is_said_to_be_dead, Storage, both_kinds) {
    const database db;
    const auto text = thrown([&] { Storage(at(db, "dead.test:"), {.timeout = 1s}); });
    BOOST_TEST_REQUIRE(text.find("no connection to PostgreSQL within the time limit") != text.npos, text);
    for (const auto* address : {"(2001:db8::dead)", "(192.0.2.66)"})
        BOOST_TEST(text.find("no connection to server at \"dead.test\" " + std::string(address)) != text.npos, text);
}

BOOST_AUTO_TEST_SUITE_END()
