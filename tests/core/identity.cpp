// SPDX-License-Identifier: BSL-1.0
// Identities as people type and paste them, and the seam for reading phone numbers otherwise.
#include <phoneauth/rules/registration.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <new>
#include <stdexcept>
#include <string>

using namespace phoneauth;

BOOST_AUTO_TEST_SUITE(core_identity)

namespace {
config with_column(const char* name) {
    config c;
    c.identity_column = name;
    c.default_calling_code = "44";
    return c;
}

std::string read(const config& c, std::string_view typed) {
    const auto identity = rules::normalize_identity(c, typed);
    return identity ? *identity : "! " + std::string(row_of(static_cast<error>(identity.error().code.value())).text);
}

namespace other_library {
std::string to_e164(std::string_view text) {
    return text == "Ada's" ? "+14155550100" : "";
}
}  // namespace other_library

const std::string bad_email = "! " + std::string(row_of(error::invalid_email).text);
}  // namespace

BOOST_AUTO_TEST_CASE(an_email_is_the_same_however_it_is_pasted) {
    const auto c = with_column("email");
    for (const auto* typed :
         {"ada@example.com", " Ada@Example.com\r\n", "ada@example.com\u00a0", "\u00a0ada@example.com",
          "ada@example.com\u200b", "\ufeffada@example.com", "\u202aada@example.com\u202c",
          "\u2068ada@example.com\u2069 ", "ada@example.com\u3000", "\u200e\u200eada@example.com"})
        BOOST_TEST(read(c, typed) == "ada@example.com", typed);
    for (const auto* typed :
         {"a\u200bda@example.com", "ada\u00a0@example.com", "ada@exam\u00adple.com", "ada@example\u2060.com",
          "ada@\ufeffexample.com", "a\u202eda@example.com", "ada @example.com"})
        BOOST_TEST(read(c, typed) == bad_email, typed);
    BOOST_TEST(read(c, "\u200b\u00a0") == "! " + std::string(row_of(error::identity_required).text));
}

BOOST_AUTO_TEST_CASE(so_is_any_other_identity) {
    const auto c = with_column("nick");
    for (const auto* typed :
         {"Ada Lovelace", "\u00a0Ada Lovelace\u200b", "\ufeffAda Lovelace\n", "\u2068Ada Lovelace\u2069"})
        BOOST_TEST(read(c, typed) == "Ada Lovelace", typed);
    BOOST_TEST(read(c, "Zoë 🚀") == "Zoë 🚀");
    for (const auto* typed : {"Ada\u00a0Lovelace", "Ada\u200b Lovelace", "Ada\u3000Lovelace", "A\u202eda", "A\u200dda"})
        BOOST_TEST(read(c, typed) == "! " + std::string(row_of(error::invalid_parameter).text), typed);
}

BOOST_AUTO_TEST_CASE(and_a_phone_that_is_the_identity) {
    auto c = with_column("phoneNumber");
    for (const auto* typed : {"07911 123456", "+44 (0)7911 123456", "447911123456\u00a0", "\u202a+447911123456\u202c"})
        BOOST_TEST(read(c, typed) == "+447911123456", typed);
}

BOOST_AUTO_TEST_CASE(a_phone_that_was_stored_otherwise_comes_back_with_the_user) {
    const auto c = with_column("email");
    const auto apply = [&](const char* stored, const std::string& sent) {
        user u{"U", *phone_number::from_e164(stored), "ada@example.com", ""};
        rules::password_change passwords;
        return rules::apply_changes(u, {{"phoneNumber", sent}, {"name", "\"Ada\""}}, c, passwords).has_value();
    };
    BOOST_TEST(apply("+447911123456", R"("07911 123456")"));
    BOOST_TEST(apply("+447911123456", "447911123456"));
    BOOST_TEST(apply("+4407911123456", R"("+4407911123456")"));
    BOOST_TEST(apply("+541123456789", R"("+541123456789")"));
    BOOST_TEST(!apply("+447911123456", R"("+447911123457")"));
    BOOST_TEST(!apply("+4407911123456", R"("+447911123457")"));
}

BOOST_AUTO_TEST_CASE(another_library_may_read_phones) {
    config c;
    c.default_calling_code = "44";
    BOOST_TEST(read_phone(c, "07911 123456")->str() == "+447911123456");
    c.normalize_phone = [](std::string_view text) -> result<phone_number> {
        if (text == "memory") throw std::bad_alloc();
        if (text == "throws") throw std::runtime_error("no");
        if (text == "none") return failure(error::invalid_phone_number, "Say it again.");
        return phone_number::from_e164("+4915112345678");
    };
    BOOST_TEST(read_phone(c, "whatever")->str() == "+4915112345678");
    BOOST_TEST(read_phone(c, "none").error().message == "Say it again.");
    BOOST_TEST((read_phone(c, "memory").error().code == error::overloaded));
    BOOST_TEST((read_phone(c, "throws").error().code == error::internal));
    BOOST_TEST((read_phone(c, std::string(1000, '1')).error().code == error::invalid_phone_number));
    c.identity_column = c.phone_column;
    BOOST_TEST(read(c, "whatever") == "+4915112345678");
}

BOOST_AUTO_TEST_CASE(as_the_readme_has_it) {
    phoneauth::config config;
    //[normalize
    config.normalize_phone = [](std::string_view text) -> phoneauth::result<phoneauth::phone_number> {
        const std::string e164 = other_library::to_e164(text);  // empty: it cannot be read
        if (e164.empty())
            return phoneauth::failure(phoneauth::error::invalid_phone_number, "Write it with + in front.");
        return phoneauth::phone_number::from_e164(e164);
    };
    //]
    BOOST_TEST(read_phone(config, "Ada's")->str() == "+14155550100");
    BOOST_TEST(read_phone(config, "Bob's").error().message == "Write it with + in front.");
}

BOOST_AUTO_TEST_CASE(a_test_number_is_one_that_can_be_typed) {
    const auto problems = [](const char* phone, bool normalized) {
        config c;
        c.allow_test_numbers = true;
        c.test_numbers = {{phone, "123456"}};
        if (normalized) c.normalize_phone = [](std::string_view text) { return phone_number::from_e164(text); };
        const auto all = validate(c);
        return std::count_if(all.begin(), all.end(), [](const auto& p) { return p.field == "test_numbers"; });
    };
    BOOST_TEST(problems("+447911123456", false) == 0);
    BOOST_TEST(problems("+4407911123456", false) == 1);
    BOOST_TEST(problems("07911 123456", false) == 1);
    BOOST_TEST(problems("+4407911123456", true) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
