// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/client_info.hpp>

#include <boost/test/unit_test.hpp>

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(core_client)

BOOST_AUTO_TEST_CASE(one_subscriber_is_one_network) {
    BOOST_TEST(client_network("192.0.2.1") == "192.0.2.1");
    BOOST_TEST(client_network("::ffff:192.0.2.1") == "192.0.2.1");
    BOOST_TEST(client_network("::FFFF:c000:0201") == "192.0.2.1");
    BOOST_TEST(client_network("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64");
    BOOST_TEST(client_network("2001:DB8:1:2::") == "2001:db8:1:2::/64");
    BOOST_TEST(client_network("2001:db8:1:3::1") == "2001:db8:1:3::/64");
    BOOST_TEST(client_network("::1") == "::/64");
    BOOST_TEST(client_network("fe80::1%eth0") == "fe80::/64");
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_no_network) {
    using namespace std::string_view_literals;
    for (const auto text :
         {""sv, "x"sv, "192.0.2"sv, "192.0.2.256"sv, "192.0.2.1:80"sv, " 192.0.2.1"sv, "[::1]"sv, "192.0.2.1\0"sv,
          "0x7f.1"sv, "::1::"sv, "10.0.0.0/8"sv, "1111:1111:1111:1111:1111:1111:1111:1111:1111"sv})
        BOOST_TEST(client_network(text) == "", text);
    BOOST_TEST(client_network(std::string(100'000, '1')) == "");
}

BOOST_AUTO_TEST_CASE(only_trusted_proxies_are_believed) {
    const std::vector<std::string> trusted{"10.0.0.0/8", "::1", "2001:db8::/33"};
    BOOST_TEST(client_address("192.0.2.1", "198.51.100.7", trusted) == "192.0.2.1");
    BOOST_TEST(client_address("192.0.2.1", "198.51.100.7", {}) == "192.0.2.1");
    BOOST_TEST(client_address("10.1.2.3", "198.51.100.7", trusted) == "198.51.100.7");
    BOOST_TEST(client_address("::ffff:10.1.2.3", "198.51.100.7", trusted) == "198.51.100.7");
    BOOST_TEST(client_address("::1", " 2001:db9::7 ", trusted) == "2001:db9::7");
    BOOST_TEST(client_address("2001:db8:7fff::1", "198.51.100.7", trusted) == "198.51.100.7");
    BOOST_TEST(client_address("2001:db8:8000::1", "198.51.100.7", trusted) == "2001:db8:8000::1");
    BOOST_TEST(client_address("11.0.0.1", "198.51.100.7", trusted) == "11.0.0.1");
}

BOOST_AUTO_TEST_CASE(what_a_client_wrote_into_the_header_is_not_believed) {
    const std::vector<std::string> trusted{"10.0.0.0/8"};
    // The client sent "1.1.1.1", its proxy added the client's address, a second one the first's.
    BOOST_TEST(client_address("10.0.0.2", "1.1.1.1, 198.51.100.7, 10.0.0.1", trusted) == "198.51.100.7");
    BOOST_TEST(client_address("10.0.0.2", "1.1.1.1,198.51.100.7", trusted) == "198.51.100.7");
    BOOST_TEST(client_address("10.0.0.2", "1.1.1.1, nonsense", trusted) == "10.0.0.2");
    BOOST_TEST(client_address("10.0.0.2", "1.1.1.1, nonsense, 10.0.0.1", trusted) == "10.0.0.1");
    BOOST_TEST(client_address("10.0.0.2", "unknown", trusted) == "10.0.0.2");
    BOOST_TEST(client_address("10.0.0.2", "", trusted) == "10.0.0.2");
    BOOST_TEST(client_address("10.0.0.2", ",,,", trusted) == "10.0.0.2");
    BOOST_TEST(client_address("10.0.0.2", "10.0.0.1", trusted) == "10.0.0.1");
}

BOOST_AUTO_TEST_CASE(proxies_may_add_ports) {
    const std::vector<std::string> trusted{"10.0.0.0/8"};
    BOOST_TEST(client_address("10.0.0.2", "1.1.1.1, 198.51.100.7:51234", trusted) == "198.51.100.7");
    BOOST_TEST(client_address("10.0.0.2", "[2001:db8::1]:443", trusted) == "2001:db8::1");
    BOOST_TEST(client_address("10.0.0.2", "[2001:db8::1]", trusted) == "2001:db8::1");
    BOOST_TEST(client_address("10.0.0.2", "2001:db8::1", trusted) == "2001:db8::1");
    BOOST_TEST(client_address("10.0.0.2", "[", trusted) == "10.0.0.2");
}

BOOST_AUTO_TEST_CASE(networks_are_checked) {
    for (const auto* text : {"10.0.0.0/8", "0.0.0.0/0", "192.0.2.1", "192.0.2.1/32", "::/0", "::1/128", "fd00::/8"})
        BOOST_TEST(is_network(text), text);
    for (const auto* text : {"", "10/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "::1/129", "host"})
        BOOST_TEST(!is_network(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
