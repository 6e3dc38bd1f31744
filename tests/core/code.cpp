// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/secrets/code.hpp>

#include <boost/test/unit_test.hpp>

#include <map>

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(core_code)

namespace {
transaction sample(std::string id = "A", purpose kind = purpose::login, const char* phone = "+14155550100") {
    return {.id = std::move(id), .purpose = kind, .phone = *phone_number::parse(phone), .key_id = "k"};
}

detail::digest draws(std::initializer_list<std::uint32_t> values) {
    detail::digest d{};
    std::size_t at = 0;
    for (const auto v : values)
        for (int shift = 24; shift >= 0; shift -= 8) d[at++] = static_cast<unsigned char>(v >> shift);
    return d;
}
}  // namespace

BOOST_AUTO_TEST_CASE(typed_codes) {
    for (const char* text : {"123456", " 123456 ", "123 456", "1 2 3 4 5 6", "123-456", "\t123456\r\n", "123\u00a0456",
                             "123456\u200b", "\ufeff123456", "123\u2013456", "123\u2011456", "\u202a123\u202f456\u202c",
                             "１２３４５６", "١٢٣٤٥٦", "۱۲۳ ۴۵۶", "१२३४५६", "১২৩৪৫৬", "๑๒๓๔๕๖", "12\u00ad34٥٦"}) {
        const auto c = parse_code(text, 6);
        BOOST_TEST_CONTEXT(text) {
            BOOST_REQUIRE(c);
            BOOST_TEST(c->str() == "123456");
        }
    }
    for (const char* text : {"", "12345", "1234567", "12345a", "１２３４５", "٣٤٥٦٧٨٩", "12345\xff", "+12345", "0x1234",
                             "12345Ⅵ", "12345六"}) {
        const auto c = parse_code(text, 6);
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!c);
            if (!c) {
                BOOST_TEST(c.error().code == error::invalid_parameter);
                BOOST_TEST((std::string_view(text).size() < 5 || c.error().message.find(text) == std::string::npos));
            }
        }
    }
    BOOST_TEST(!parse_code(std::string(129, ' ') + "123456", 6));
    BOOST_TEST(!parse_code(std::string_view("12345\0", 6), 6));
}

BOOST_AUTO_TEST_CASE(draws_become_codes_without_bias) {
    BOOST_TEST(code_from(draws({0}), 6)->str() == "000000");
    BOOST_TEST(code_from(draws({1'000'001}), 6)->str() == "000001");
    BOOST_TEST(code_from(draws({4'293'999'999}), 6)->str() == "999999");
    // The first draw that would favour small codes is passed over.
    BOOST_TEST(code_from(draws({4'294'000'000, 42}), 6)->str() == "000042");
    BOOST_TEST(code_from(draws({4'294'967'295, 4'294'000'000, 7}), 6)->str() == "000007");
    BOOST_TEST(code_from(draws({4'000'000'000, 123'456'789}), 9)->str() == "123456789");
    BOOST_TEST(!code_from(draws({4'294'000'000, 4'294'000'000, 4'294'000'000, 4'294'000'000, 4'294'000'000,
                                 4'294'000'000, 4'294'000'000, 4'294'000'000}),
                          6));
}

BOOST_AUTO_TEST_CASE(derived_from_everything_they_are_bound_to) {
    code_deriver d({{"k", std::string(32, 'x')}}, 9);
    const std::string code(d.derive(sample())->str());
    BOOST_TEST(d.derive(sample())->str() == code);
    BOOST_TEST(d.derive(sample("B"))->str() != code);
    BOOST_TEST(d.derive(sample("A", purpose::registration))->str() != code);
    BOOST_TEST(d.derive(sample("A", purpose::login, "+14155550101"))->str() != code);
    code_deriver other({{"k", std::string(32, 'y')}}, 9);
    BOOST_TEST(other.derive(sample())->str() != code);
    for (const auto other_purpose :
         {purpose::phone_change, purpose::password_reset, purpose::step_up, purpose::deletion, purpose::verification})
        BOOST_TEST(d.derive(sample("A", other_purpose))->str() != code);
    auto for_topic = sample("A", purpose::verification);
    const std::string without(d.derive(for_topic)->str());
    for_topic.topic = "pay";
    const std::string with(d.derive(for_topic)->str());
    BOOST_TEST(with != without);
    for_topic.topic = "play";
    BOOST_TEST(d.derive(for_topic)->str() != with);
    // A later version must derive the codes that an earlier one has sent.
    BOOST_TEST(code == "479178521");
}

BOOST_AUTO_TEST_CASE(key_is_the_one_of_the_transaction) {
    code_deriver both({{"new", std::string(32, 'n')}, {"k", std::string(32, 'x')}}, 6);
    code_deriver old({{"k", std::string(32, 'x')}}, 6);
    BOOST_TEST(both.current_key_id() == "new");
    BOOST_TEST(both.derive(sample())->str() == old.derive(sample())->str());
    code_deriver gone({{"new", std::string(32, 'n')}}, 6);
    BOOST_TEST(!gone.derive(sample()));
    BOOST_TEST(!gone.matches(sample(), *parse_code("123456", 6)));
}

BOOST_AUTO_TEST_CASE(proof_is_of_one_transaction_and_key) {
    code_deriver d({{"k", std::string(32, 'x')}}, 6);
    const auto proof = d.prove(sample());
    BOOST_REQUIRE(proof.has_value());
    BOOST_TEST(proof->size() == 64u);
    BOOST_TEST(*d.prove(sample()) == *proof);
    BOOST_TEST(*d.prove(sample("B")) != *proof);
    auto for_topic = sample();
    for_topic.topic = "pay";
    BOOST_TEST(*d.prove(for_topic) != *proof);
    code_deriver other({{"k", std::string(32, 'y')}}, 6);
    BOOST_TEST(*other.prove(sample()) != *proof);
    code_deriver gone({{"new", std::string(32, 'n')}}, 6);
    BOOST_TEST(!gone.prove(sample()).has_value());
}

BOOST_AUTO_TEST_CASE(digits_are_even) {
    code_deriver d({{"k", std::string(32, 'x')}}, 6);
    std::map<char, int> seen;
    constexpr int n = 20'000;
    for (int i = 0; i < n; ++i) {
        const auto derived = d.derive(sample(std::to_string(i)));
        for (const char c : derived->str()) ++seen[c];
    }
    // Chi-squared with 9 degrees of freedom; the inputs are fixed, so this either always passes or never does.
    double chi = 0;
    for (const auto& [digit, count] : seen) chi += (count - n * 0.6) * (count - n * 0.6) / (n * 0.6);
    BOOST_TEST(seen.size() == 10u);
    BOOST_TEST(chi < 27.9);  // p = 0.001
}

BOOST_AUTO_TEST_SUITE_END()
