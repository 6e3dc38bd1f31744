// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/config.hpp>
#include <phoneauth/twilio/senders.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace phoneauth;
using twilio::kind_of_sender;
using kind = twilio::sender_kind;

BOOST_AUTO_TEST_SUITE(twilio_senders)

namespace {
std::string problem_with(const std::string& sender) {
    config c;
    c.twilio.account_sid = "AC" + std::string(32, '0');
    c.twilio.auth_token = "token";
    c.twilio.sender = sender;
    const auto problems = validate(c);
    BOOST_TEST(problems.size() <= 1u);
    return problems.empty() ? "" : problems[0].field + ": " + problems[0].message;
}
}  // namespace

BOOST_AUTO_TEST_CASE(kinds) {
    const std::pair<std::string, kind> rows[] = {{"+15005550006", kind::number},
                                                 {"MG" + std::string(32, 'a'), kind::messaging_service},
                                                 {"MG" + std::string(32, 'A'), kind::messaging_service},
                                                 {"MGM", kind::alphanumeric},
                                                 {"MG", kind::alphanumeric},
                                                 {"MyBrand", kind::alphanumeric},
                                                 {"A", kind::alphanumeric},
                                                 {"12345678901", kind::none},
                                                 {"1234567890a", kind::alphanumeric},
                                                 {"Bed & Break", kind::alphanumeric},
                                                 {"a-b_c+d", kind::alphanumeric},
                                                 {"abcdefghijkl", kind::none},
                                                 {" Brand", kind::none},
                                                 {"Brand ", kind::none},
                                                 {"Br\xc3\xa4nd", kind::none},
                                                 {"Br\nand", kind::none},
                                                 {"a:b", kind::none},
                                                 {"---", kind::none},
                                                 {"12", kind::none},
                                                 {"123", kind::short_code},
                                                 {"12345", kind::short_code},
                                                 {"19876543", kind::short_code},
                                                 {"123456789", kind::none},
                                                 {"whatsapp:+14155238886", kind::whatsapp},
                                                 {"whatsapp:14155238886", kind::none},
                                                 {"whatsapp:", kind::none},
                                                 {"whatsapp", kind::alphanumeric},
                                                 {"messenger:123", kind::none},
                                                 {"rcs:my_agent", kind::rcs},
                                                 {"rcs:", kind::none},
                                                 {"rcs:a b", kind::none},
                                                 {"MG" + std::string(31, 'a'), kind::none},
                                                 {"MG" + std::string(32, 'g'), kind::none},
                                                 {"PN" + std::string(32, 'a'), kind::none},
                                                 {"+1 500 555 0006", kind::none},
                                                 {"15005550006", kind::none},
                                                 {"", kind::none}};
    for (const auto& [sender, expected] : rows) {
        BOOST_TEST((kind_of_sender(sender) == expected), sender);
        BOOST_TEST(problem_with(sender).empty() == (expected != kind::none), sender);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_sender_is_refused_with_a_hint) {
    for (const char* sloppy : {"15005550006", "+1 500 555 0006", "+1 (500) 555-0006", "1.500.555.0006"})
        BOOST_TEST(problem_with(sloppy).ends_with("write +15005550006"), sloppy);
    BOOST_TEST(problem_with("MG123456789012").find("Messaging Service") != std::string::npos);
    BOOST_TEST(problem_with("PN" + std::string(32, '0')).find("the number itself") != std::string::npos);
    BOOST_TEST(problem_with("whatsapp:0123").find("whatsapp:+14155550100") != std::string::npos);
    BOOST_TEST(problem_with("messenger:123").find("Messenger ids") != std::string::npos);
    BOOST_TEST(problem_with("a name that is long").find("up to 11 characters") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(edges) {
    BOOST_TEST(twilio::edge_of_region("ie1") == "dublin");
    BOOST_TEST(twilio::edge_of_region("IE1") == "dublin");
    BOOST_TEST(twilio::edge_of_region("au1") == "sydney");
    BOOST_TEST(twilio::edge_of_region("us1") == "ashburn");
    BOOST_TEST(twilio::edge_of_region("xx9") == "");
    BOOST_TEST(twilio::edge_of_region("") == "");
}

BOOST_AUTO_TEST_SUITE_END()
