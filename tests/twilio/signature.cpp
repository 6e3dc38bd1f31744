// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/twilio/signature.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>

// The first two signatures are Twilio's own examples; the others were computed with Twilio's helper library for
// Node.js.

using namespace phoneauth;
using twilio::verify_callback;
using twilio::verify_signature;

BOOST_AUTO_TEST_SUITE(twilio_signature)

namespace {
constexpr auto token = "12345";
constexpr auto url = "https://mycompany.com/cb";
const twilio::callback_parameters delivered{{"MessageStatus", "delivered"}};
constexpr auto delivered_signature = "hHpbYE+CujRuIHFLd/X36N56s7M=";

twilio::callback_parameters call(const char* from) {
    return {
        {"To", "+18005551212"}, {"CallSid", "CA1234567890ABCDE"}, {"Digits", "1234"}, {"From", from}, {"Caller", from}};
}
std::error_code error_of(const result<twilio::callback_parameters>& r) {
    return r ? std::error_code() : r.error().code;
}
}  // namespace

BOOST_AUTO_TEST_CASE(examples_of_twilio) {
    constexpr auto example = "https://mycompany.com/myapp.php?foo=1&bar=2";
    BOOST_TEST(verify_signature(token, example, call("+14158675309"), "RSOYDt4T1cUTdK1PDd93/VVr8B8="));
    BOOST_TEST(verify_signature(token, example, call("+12349013030"), "0/KCTR6DLpKmkAf8muzZqo1nDgQ="));
    BOOST_TEST(!verify_signature(token, example, call("+12349013030"), "RSOYDt4T1cUTdK1PDd93/VVr8B8="));
}

BOOST_AUTO_TEST_CASE(everything_is_signed) {
    BOOST_TEST(verify_signature(token, url, delivered, delivered_signature));
    for (const auto other : {"1234", "123456", "", "12346"})
        BOOST_TEST(!verify_signature(other, url, delivered, delivered_signature));
    for (const auto other : {"https://mycompany.com/cb?", "https://mycompany.com/c", "http://mycompany.com/cb",
                             "https://mycompany.org/cb", "https://mycompany.com/cb/", "cb", ""})
        BOOST_TEST(!verify_signature(token, other, delivered, delivered_signature));
    for (const auto& other :
         {twilio::callback_parameters{}, {{"MessageStatus", "delivere"}}, {{"MessageStatus", "Delivered"}}})
        BOOST_TEST(!verify_signature(token, url, other, delivered_signature));
    for (const std::string other :
         {"", "=", "hHpbYE+CujRuIHFLd/X36N56s7M", "hHpbYE+CujRuIHFLd/X36N56s7M=\n",
          "hHpbYE-CujRuIHFLd_X36N56s7M=", "HHPBYE+CUJRUIHFLD/X36N56S7M=", "847a5b604f82ba346e20714b77f5f7e8de7ab3b3"})
        BOOST_TEST(!verify_signature(token, url, delivered, other));
}

BOOST_AUTO_TEST_CASE(empty_token_verifies_nothing) {
    // The HMAC with an empty key of the same text: without an auth token nobody is Twilio.
    BOOST_TEST(!verify_signature("", url, {}, "EqlOT7RoFVspPByOH3SkmR+/0kU="));
}

BOOST_AUTO_TEST_CASE(with_and_without_the_port) {
    struct row {
        const char* url;
        const char* signed_as;
        const char* signature;
        bool verified;
    };
    const row rows[] = {
        {"https://mycompany.com/cb", "https://mycompany.com:443/cb", "k0WclvAqGMpGOewltxXx1jgOKkA=", true},
        {"https://mycompany.com:443/cb", "https://mycompany.com/cb", "hHpbYE+CujRuIHFLd/X36N56s7M=", true},
        {"https://mycompany.com:443/cb", "https://mycompany.com:443/cb", "k0WclvAqGMpGOewltxXx1jgOKkA=", true},
        {"HTTPS://mycompany.com/cb", "https://mycompany.com/cb", "hHpbYE+CujRuIHFLd/X36N56s7M=", false},
        {"https://mycompany.com:8443/cb", "https://mycompany.com:8443/cb", "3g8h1hbeU29FmZectnrJPeoXc6Q=", true},
        {"https://mycompany.com:8443/cb", "https://mycompany.com/cb", "hHpbYE+CujRuIHFLd/X36N56s7M=", true},
        {"https://mycompany.com:8443/cb", "https://mycompany.com:443/cb", "k0WclvAqGMpGOewltxXx1jgOKkA=", false},
        {"https://mycompany.com/cb", "https://mycompany.com:8443/cb", "3g8h1hbeU29FmZectnrJPeoXc6Q=", false},
        {"https://mycompany.com/cb", "https://mycompany.com:80/cb", "3rn67rod0v0wrdFbbWVgo3FF130=", false},
        {"http://mycompany.com/cb", "http://mycompany.com:80/cb", "z3w3UKgvAjeSJKenx93kH3PilIk=", true},
        {"http://mycompany.com:80/cb", "http://mycompany.com/cb", "ajKeMG6tacDBXArZuYFtMpL5jCU=", true},
        {"http://mycompany.com/cb", "http://mycompany.com:443/cb", "dNdhjgIij/WCRRN6gKCOtkMArzw=", false},
        {"https://u:p@mycompany.com/cb", "https://u:p@mycompany.com/cb", "/oFVzctDnoM7LBgkpGHyGPfJWpM=", true},
        {"https://u:p@mycompany.com/cb", "https://u:p@mycompany.com:443/cb", "jiXZJV9mrcUwKtO4SJKaf1wN/Xs=", true},
        {"https://u:p@mycompany.com:443/cb", "https://u:p@mycompany.com/cb", "/oFVzctDnoM7LBgkpGHyGPfJWpM=", true},
        {"https://u:p@mycompany.com/cb", "https://mycompany.com/cb", "hHpbYE+CujRuIHFLd/X36N56s7M=", true},
        {"https://u:p@mycompany.com/cb", "https://mycompany.com:443/cb", "k0WclvAqGMpGOewltxXx1jgOKkA=", true},
        {"https://u:p@mycompany.com:8443/cb", "https://mycompany.com:8443/cb", "3g8h1hbeU29FmZectnrJPeoXc6Q=", true},
        {"https://mycompany.com/cb", "https://u:p@mycompany.com/cb", "/oFVzctDnoM7LBgkpGHyGPfJWpM=", false},
        {"https://[::1]/cb", "https://[::1]:443/cb", "2yHhLgey+xQwPDApESqWTGnFCBo=", true},
        {"https://[::1]:443/cb", "https://[::1]/cb", "VdPz6n0+ZBHM1Kv4FdQ8Yw5PVGs=", true},
        {"https://mycompany.com", "https://mycompany.com:443", "IRvZ9hKbJFK8J3eI6p7lblo9vx0=", true},
        {"https://mycompany.com:443", "https://mycompany.com", "i6xd8lQZ8qiyMVtFWEEqTVzLsTM=", true},
    };
    for (const auto& r : rows)
        BOOST_TEST(verify_signature(token, r.url, delivered, r.signature) == r.verified,
                   r.url << " signed as " << r.signed_as);
}

BOOST_AUTO_TEST_CASE(repeated_name_counts_its_unique_values) {
    const twilio::callback_parameters repeated{
        {"MediaUrl", "b"}, {"MessageStatus", "sent"}, {"MediaUrl", "a"}, {"MediaUrl", "b"}};
    BOOST_TEST(verify_signature(token, url, repeated, "5n6I6LO+wvxKNzJ8DLBag/WpXLc="));
    BOOST_TEST(!verify_signature(token, url, repeated, "L1go88xFkC34DeUF+so1TsuPfak="));  // a, b, b
    const auto all = verify_callback(token, url, "MediaUrl=b&MessageStatus=sent&MediaUrl=a&MediaUrl=b",
                                     "5n6I6LO+wvxKNzJ8DLBag/WpXLc=");
    BOOST_TEST((all && *all == repeated));
}

BOOST_AUTO_TEST_CASE(form_is_decoded) {
    // Capitals sort before small letters, and those before what is not ASCII.
    const auto read =
        verify_callback(token, url,
                        "Zoo=&a=1&%D0%9A%D0%BB%D1%8E%D1%87=%d0%b7%D0%BD%D0%B0%D1%87%D0%B5%D0%BD%D0%B8%D0%B5"
                        "&Body=Gr%C3%BC%C3%9Fe+%F0%9F%91%8B%20a%2Bb%26c%3Dd%25",
                        "SwpZ96nBAZ2XuC5fvQSHiMwfX3A=");
    BOOST_REQUIRE(read.has_value());
    const twilio::callback_parameters expected{
        {"Zoo", ""}, {"a", "1"}, {"Ключ", "значение"}, {"Body", "Grüße 👋 a+b&c=d%"}};
    BOOST_TEST((*read == expected));
    for (const auto broken : {"a=%", "a=%4", "%zz=1"})
        BOOST_TEST(error_of(verify_callback(token, url, broken, delivered_signature)) == error::unparsable_body);
}

BOOST_AUTO_TEST_CASE(empty_body) {
    const auto read = verify_callback(token, url, "", "JnDX7a36J3jzfV00+FDIIS3SE58=");
    BOOST_TEST((read && read->empty()));
    BOOST_TEST(error_of(verify_callback(token, url, "a=", "JnDX7a36J3jzfV00+FDIIS3SE58=")) == error::invalid_signature);
}

BOOST_AUTO_TEST_CASE(unknown_parameters_are_welcome_if_signed) {
    const std::string body = "MessageStatus=sent&RawDlrDoneDate=2601011200&NewThing=x";
    BOOST_TEST(verify_callback(token, url, body, "1ev46tr882avE7pOOWxIfnAxh54=").has_value());
    BOOST_TEST(error_of(verify_callback(token, url, body + "&More=1", "1ev46tr882avE7pOOWxIfnAxh54=")) ==
               error::invalid_signature);
}

BOOST_AUTO_TEST_CASE(json_has_its_hash_in_the_url) {
    const std::string body = "{\"a\":\"\u00fc\",\"n\":1}";
    const std::string hash = "579979986d1137a3594edd5d5cae2d3d572c430b4300f8dc33d09bd0571afbb2";
    const auto signed_url = url + ("?bodySHA256=" + hash);
    const auto read = verify_callback(token, signed_url, body, "YBsel2ML2TIaPR2Rh7AZBK55l1s=");
    BOOST_TEST((read && read->empty()));
    // Another body, with the URL still signed; and the right body for a URL that nobody signed.
    for (const std::string& other : {body + " ", std::string("a=1"), std::string()})
        BOOST_TEST(error_of(verify_callback(token, signed_url, other, "YBsel2ML2TIaPR2Rh7AZBK55l1s=")) ==
                   error::invalid_signature);
    BOOST_TEST(error_of(verify_callback(token, signed_url, body, delivered_signature)) == error::invalid_signature);

    auto upper = hash;
    std::transform(upper.begin(), upper.end(), upper.begin(), detail::to_upper);
    BOOST_TEST(
        verify_callback(token, url + ("?x=1&bodySHA256=" + upper), body, "y7VACrIBfD2aUeqE+O+gWZDN41o=").has_value());
    BOOST_TEST(verify_callback(token,
                               url + std::string("?bodySHA256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
                                                 "991b7852b855"),
                               "", "/O0SnGVhlrYVXJKpi2zZud5ijcg=")
                   .has_value());
}

BOOST_AUTO_TEST_CASE(size_is_limited) {
    const auto of_bytes = [](std::size_t n) { return "a=" + std::string(n - 2, 'x'); };
    BOOST_TEST(error_of(verify_callback(token, url, of_bytes(twilio::max_callback_bytes), "")) ==
               error::invalid_signature);
    BOOST_TEST(error_of(verify_callback(token, url, of_bytes(twilio::max_callback_bytes + 1), "")) ==
               error::body_too_large);
    std::string fields = "a=1";
    for (std::size_t i = 1; i < twilio::max_callback_parameters; ++i) fields += "&a=1";
    BOOST_TEST(error_of(verify_callback(token, url, fields, "")) == error::invalid_signature);
    BOOST_TEST(error_of(verify_callback(token, url, fields + "&a=1", "")) == error::body_too_large);
}

BOOST_AUTO_TEST_SUITE_END()
