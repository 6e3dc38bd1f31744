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

BOOST_AUTO_TEST_CASE(what_servers_print_is_an_address) {
    for (const auto* text : {"192.0.2.1:80", " 192.0.2.1", "192.0.2.1\t", "192.0.2.1:", "[::ffff:192.0.2.1]:80"})
        BOOST_TEST(client_network(text) == "192.0.2.1", text);
    for (const auto* text : {"[2001:db8::1]:567", "[2001:db8::1]", " [2001:db8::1%eth0]:567 ", "2001:db8::1%2",
                             "2001:db8::1:40001", "2001:db8:0:0:0:0:0:1:567"})
        BOOST_TEST(client_network(text) == "2001:db8::/64", text);
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_one_network) {
    using namespace std::string_view_literals;
    for (const auto text : {"x"sv, "192.0.2"sv, "192.0.2.256"sv, "192.0.2.1\0"sv, "0x7f.1"sv, "::1::"sv, "10.0.0.0/8"sv,
                            "1.1.1.1, 2.2.2.2"sv, "host:80"sv, "["sv, " "sv, "unix:"sv,
                            "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111"sv})
        BOOST_TEST(client_network(text) == "unknown", text);
    BOOST_TEST(client_network(std::string(100'000, '1')) == "unknown");
    BOOST_TEST(client_network("") == "");
}

BOOST_AUTO_TEST_CASE(clients_behind_nat64_are_told_apart) {
    BOOST_TEST(client_network("64:ff9b::192.0.2.1") == "192.0.2.1");
    BOOST_TEST(client_network("64:ff9b::c633:6407") == "198.51.100.7");
    BOOST_TEST(client_network("64:ff9b:0:1::1") == "64:ff9b:0:1::/64");
}

BOOST_AUTO_TEST_CASE(one_site_is_one_wide_network) {
    BOOST_TEST(wide_network("2001:db8:1:2:3:4:5:6") == "2001:db8:1::/48");
    BOOST_TEST(wide_network("[2001:DB8:1::1]:80") == "2001:db8:1::/48");
    BOOST_TEST(wide_network("2001:db8:1:2:3:4:5:6:567") == "2001:db8:1::/48");
    for (const auto* text : {"", "x", "192.0.2.1", "192.0.2.1:80", "::ffff:192.0.2.1", "64:ff9b::192.0.2.1"})
        BOOST_TEST(wide_network(text) == "", text);
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

BOOST_AUTO_TEST_CASE(servers_may_add_ports) {
    const std::vector<std::string> trusted{"10.0.0.0/8", "2001:db8::/32"};
    BOOST_TEST(client_address("10.0.0.2:40001", "198.51.100.7", trusted) == "198.51.100.7");
    BOOST_TEST(client_address("[2001:db8::1]:567", "198.51.100.7", trusted) == "198.51.100.7");
    BOOST_TEST(client_address("203.0.113.9:40001", "198.51.100.7", trusted) == "203.0.113.9");
    BOOST_TEST(client_address("unix:", "198.51.100.7", trusted) == "unix:");
}

BOOST_AUTO_TEST_CASE(twenty_hops_are_looked_at) {
    const std::vector<std::string> trusted{"10.0.0.0/8"};
    const auto behind = [&](int proxies) {
        std::string list = "198.51.100.7";
        for (int i = proxies; i > 0; --i) list += ", 10.0.1." + std::to_string(i);
        return client_address("10.0.0.2", list, trusted);
    };
    BOOST_TEST(behind(19) == "198.51.100.7");
    BOOST_TEST(behind(20) == "10.0.1.20");
    BOOST_TEST(behind(200) == "10.0.1.20");
}

BOOST_AUTO_TEST_CASE(proxies_are_counted_from_the_right) {
    struct row {
        unsigned hops;
        const char* forwarded;
        const char* address;
    };
    for (const auto& r : {
             row{1, "1.1.1.1", "1.1.1.1"},
             row{1, "6.6.6.6, 1.1.1.1", "1.1.1.1"},
             row{1, "6.6.6.6,1.1.1.1:51234", "1.1.1.1"},
             row{1, "6.6.6.6, [2001:db8::1]:443 ", "2001:db8::1"},
             row{2, "6.6.6.6, 1.1.1.1, 10.0.0.1", "1.1.1.1"},
             row{3, "6.6.6.6, 1.1.1.1, 10.0.0.1", "6.6.6.6"},  // one too many: what the client wrote is believed
             row{2, "1.1.1.1", "192.0.2.1"},                   // who came past a proxy
             row{4, "6.6.6.6, 1.1.1.1, 10.0.0.1", "192.0.2.1"},
             row{1, "", "192.0.2.1"},
             row{1, "1.1.1.1, unknown", "192.0.2.1"},
             row{2, "1.1.1.1, unknown", "1.1.1.1"},
             row{1, "1.1.1.1,", "192.0.2.1"},
             row{2, "1.1.1.1,,10.0.0.1", "192.0.2.1"},
             row{0, "1.1.1.1", "192.0.2.1"},
         })
        BOOST_TEST(client_address_by_hops("192.0.2.1:40001", r.forwarded, r.hops) == r.address,
                   r.hops << " " << r.forwarded);
    BOOST_TEST(client_address_by_hops("unix:", "1.1.1.1", 1) == "1.1.1.1");
    BOOST_TEST(client_address_by_hops("unix:", "", 1) == "unix:");
}

BOOST_AUTO_TEST_CASE(networks_of_strangers_are_not_trusted) {
    for (const auto* text :
         {"0.0.0.0/0", "10.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/7", "::/0", "::/1", "8000::/1", "2000::/3",
          "::/16", "::/80", "::ffff:0:0/96", "::ffff:0:0/97", "fc00::/6", "2600::/12"}) {
        BOOST_TEST(is_too_wide(text), text);
        BOOST_TEST(client_address("10.0.0.2", "1.1.1.1", {text}) == "10.0.0.2", text);
    }
    for (const auto* text : {"10.0.0.0/8", "172.16.0.0/12", "::ffff:10.0.0.0/104", "192.0.2.1", "::1", "::", "fc00::/7",
                             "fd00::/8", "fe80::/10", "2400:cb00::/32", "2002::/16", "0.0.0.0", "nonsense", "10/8", ""})
        BOOST_TEST(!is_too_wide(text), text);
}

BOOST_AUTO_TEST_CASE(networks_are_checked) {
    for (const auto* text : {"10.0.0.0/8", "0.0.0.0/0", "192.0.2.1", "192.0.2.1/32", "::/0", "::1/128", "fd00::/8"})
        BOOST_TEST(is_network(text), text);
    for (const auto* text : {"", "10/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "::1/129", "host"})
        BOOST_TEST(!is_network(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
