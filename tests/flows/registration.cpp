// SPDX-License-Identifier: BSL-1.0
#include "flows/world.hpp"

using namespace flow_tests;

BOOST_AUTO_TEST_SUITE(flows_registration)

BOOST_AUTO_TEST_CASE_TEMPLATE(code_makes_a_user, World, worlds) {
    World w;
    auto s = w.run(w.auth.start_registration("+1 (415) 555-0100"));
    BOOST_REQUIRE(s);
    BOOST_TEST(s->transaction_id.str().size() == 36u);
    BOOST_TEST((s->expires_at - w.clock.now() == 300s));
    BOOST_TEST((s->resend_after == 30s));
    BOOST_TEST(!s->delivery_uncertain);
    BOOST_TEST(w.transport.calls() == 1u);
    const auto text = w.transport.last_message_to(phone);
    BOOST_TEST(text.find(w.transport.last_code()) != std::string::npos);

    auto r = form(s->transaction_id, w.transport.last_code());
    r.identity = " Ada@Example.COM ";
    r.properties = {{"name", "\"Ada\""}, {"age", "36"}};
    auto u = w.run(w.auth.finish_registration(r));
    BOOST_REQUIRE(u);
    BOOST_TEST(u->phone.str() == phone);
    BOOST_TEST(u->identity == "ada@example.com");
    BOOST_TEST(u->properties.at("name") == "\"Ada\"");
    BOOST_TEST((u->created_at == w.clock.now()));
    BOOST_TEST(!u->updated_at.has_value());
    BOOST_TEST(u->password_hash.starts_with("$scrypt$"));
    BOOST_TEST(w.hooks.registered == 1);
    BOOST_TEST(w.memory.find_user_by_phone(u->phone)->object_id == u->object_id);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(code_is_accepted_once, World, worlds) {
    World w;
    auto s = w.run(w.auth.start_registration(phone));
    const auto code = w.transport.last_code();
    BOOST_REQUIRE(w.run(w.auth.finish_registration(form(s->transaction_id, code))));
    auto again = w.run(w.auth.finish_registration(form(s->transaction_id, code, phone, "eve@example.com")));
    BOOST_TEST(error_of(again) == error::code_used);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(bad_data_is_told_before_the_code_is_looked_at, World, worlds) {
    World w;
    auto s = w.run(w.auth.start_registration(phone));
    const auto code = w.transport.last_code();
    const auto attempt = [&](auto change) {
        auto r = form(s->transaction_id, code);
        change(r);
        return error_of(w.run(w.auth.finish_registration(r)));
    };
    BOOST_TEST(attempt([](registration& r) { r.identity = ""; }) == error::identity_required);
    BOOST_TEST(attempt([](registration& r) { r.identity = "nobody"; }) == error::invalid_email);
    BOOST_TEST(attempt([](registration& r) { r.identity = "a@b.c\r\nX: y"; }) == error::invalid_email);
    BOOST_TEST(attempt([](registration& r) { r.password = password(""); }) == error::password_required);
    BOOST_TEST(attempt([](registration& r) { r.password = password("short"); }) == error::invalid_password);
    BOOST_TEST(attempt([](registration& r) { r.password = password(std::string(257, 'x')); }) ==
               error::invalid_password);
    BOOST_TEST(attempt([](registration& r) { r.phone = "letters"; }) == error::invalid_phone_number);
    BOOST_TEST(attempt([](registration& r) { r.phone = other_phone; }) == error::phone_mismatch);
    BOOST_TEST(attempt([](registration& r) { r.properties = {{"objectId", "\"x\""}}; }) == error::reserved_property);
    BOOST_TEST(attempt([](registration& r) { r.properties = {{"phoneNumber", "\"x\""}}; }) == error::reserved_property);
    BOOST_TEST(attempt([](registration& r) { r.properties = {{"a", "{"}}; }) == error::invalid_parameter);
    BOOST_TEST(attempt([](registration& r) {
                   r.properties = {{"a", '"' + std::string(20000, 'x') + '"'}};
               }) == error::invalid_parameter);
    BOOST_TEST(attempt([](registration& r) { r.locale = std::string(36, 'x'); }) == error::invalid_parameter);
    BOOST_TEST(attempt([](registration& r) { r.code = submitted_code("12345"); }) == error::invalid_parameter);
    BOOST_TEST(attempt([](registration& r) { r.code = submitted_code("12345六"); }) == error::invalid_parameter);
    BOOST_TEST(attempt([](registration& r) { r.transaction_id = transaction_id(std::string(1000, 'A')); }) ==
               error::no_transaction);
    BOOST_TEST(w.memory.find_transaction(s->transaction_id)->tries == 0u);
    BOOST_TEST(attempt([](registration& r) { r.code = submitted_code(std::string(r.code.str()).insert(3, " ")); }) ==
               std::error_code());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(hook_changes_neither_the_proved_phone_nor_the_id, World, worlds) {
    World w;
    std::string id;
    w.hooks.on_registration = [&](user& u) {
        id = u.object_id;
        u.object_id = "mine";
        u.phone = *phone_number::parse(other_phone);
        u.locale = "de";
        return result<void>();
    };
    auto s = w.run(w.auth.start_registration(phone));
    const auto u = w.run(w.auth.finish_registration(form(s->transaction_id, w.transport.last_code())));
    BOOST_REQUIRE(u);
    BOOST_TEST(u->object_id == id);
    BOOST_TEST(u->phone.str() == phone);
    BOOST_TEST(u->locale == "de");
    BOOST_TEST(!w.memory.find_user_by_phone(*phone_number::parse(other_phone)));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(taken_email_leaves_the_code_usable, World, worlds) {
    World w;
    register_user(w);
    auto s = w.run(w.auth.start_registration(other_phone));
    const auto code = w.transport.last_code();
    BOOST_TEST(error_of(w.run(w.auth.finish_registration(form(s->transaction_id, code, other_phone)))) ==
               error::user_exists);
    BOOST_TEST(
        w.run(w.auth.finish_registration(form(s->transaction_id, code, other_phone, "bob@example.com"))).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(taken_email_cannot_be_asked_for_ever, World, worlds) {
    World w;
    register_user(w);
    auto s = w.run(w.auth.start_registration(other_phone));
    const auto code = w.transport.last_code();
    for (int i = 0; i < 5; ++i)
        BOOST_TEST(error_of(w.run(w.auth.finish_registration(form(s->transaction_id, code, other_phone)))) ==
                   error::user_exists);
    BOOST_TEST(error_of(w.run(w.auth.finish_registration(
                   form(s->transaction_id, code, other_phone, "bob@example.com")))) == error::tries_exhausted);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(registered_phone_is_told_only_to_its_holder, World, worlds) {
    World w;
    register_user(w);
    auto s = w.run(w.auth.start_registration(phone));
    BOOST_REQUIRE(s);
    BOOST_TEST(w.transport.calls() == 2u);
    BOOST_TEST(error_of(w.run(w.auth.finish_registration(
                   form(s->transaction_id, w.transport.last_code(), phone, "b@example.com")))) == error::user_exists);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(however_a_phone_is_typed_it_is_one_user, World, worlds) {
    auto c = test_config();
    c.default_calling_code = "44";
    World w(c);
    const auto u = register_user(w, "+44 (0)7911 123456");
    BOOST_TEST(u.phone.str() == "+447911123456");
    for (const auto* typed : {"07911 123456", "447911123456", "7911\u00a0123456", "00 44 7911 123456",
                              "tel:+447911123456", "\u202a+44 7911\u2011123456\u202c\n", "٠٧٩١١١٢٣٤٥٦"}) {
        BOOST_TEST(log_in(w, typed).user.object_id == u.object_id, typed);
        w.clock.advance(1h);
    }
    for (const auto* unclear : {"11 123456", "44 07911 12345", "+44 00 7911 123456", "0079", "+54 11 2345 6789"}) {
        const auto calls = w.storage.calls();
        const auto refused = w.run(w.auth.start_login(unclear));
        BOOST_TEST(error_of(refused) == error::invalid_phone_number, unclear);
        BOOST_TEST(w.storage.calls() == calls);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(another_library_may_read_what_is_typed, World, worlds) {
    auto c = test_config();
    c.normalize_phone = [](std::string_view text) -> result<phone_number> {
        if (text == "Ada's") return phone_number::from_e164(phone);
        if (text == "nobody's") throw std::runtime_error("no");
        return failure(error::invalid_phone_number, "Whose?");
    };
    World w(c);
    const auto u = register_user(w, "Ada's");
    BOOST_TEST(u.phone.str() == phone);
    BOOST_TEST(log_in(w, "Ada's").user.object_id == u.object_id);
    const auto refused = w.run(w.auth.start_login(phone));
    BOOST_TEST(error_of(refused) == error::invalid_phone_number);
    BOOST_TEST(refused.error().message == "Whose?");
    BOOST_TEST(error_of(w.run(w.auth.start_login("nobody's"))) == error::internal);
    BOOST_TEST(error_of(w.run(w.auth.unlock("Bob's"))) == error::invalid_phone_number);
    BOOST_TEST(w.run(w.auth.unlock("Ada's")).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(hook_refuses_with_its_own_error, World, worlds) {
    World w;
    w.hooks.on_registration = [](user&) {
        return failure(std::make_error_code(std::errc::operation_not_permitted), "by invitation only");
    };
    auto s = w.run(w.auth.start_registration(phone));
    const auto code = w.transport.last_code();
    auto refused = w.run(w.auth.finish_registration(form(s->transaction_id, code)));
    BOOST_TEST(error_of(refused) == std::make_error_code(std::errc::operation_not_permitted));
    BOOST_TEST(refused.error().message == "by invitation only");
    BOOST_TEST(!w.memory.find_user_by_phone(*phone_number::parse(phone)));
    w.hooks.on_registration = [](user& u) {
        u.properties["invited"] = "true";
        return result<void>();
    };
    auto u = w.run(w.auth.finish_registration(form(s->transaction_id, code)));
    BOOST_REQUIRE(u);
    BOOST_TEST(w.memory.find_user(u->object_id)->properties.at("invited") == "true");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(phone_can_be_the_identity, World, worlds) {
    auto c = test_config();
    c.phone_column = c.identity_column = "mobile";
    World w(c);
    auto s = w.run(w.auth.start_registration(phone));
    auto r = form(s->transaction_id, w.transport.last_code());
    r.identity.clear();
    auto u = w.run(w.auth.finish_registration(r));
    BOOST_REQUIRE(u);
    BOOST_TEST(u->identity == phone);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(can_be_disabled, World, worlds) {
    auto c = test_config();
    c.registration_enabled = false;
    World w(c);
    BOOST_TEST(error_of(w.run(w.auth.start_registration(phone))) == error::registration_disabled);
    BOOST_TEST(error_of(w.run(w.auth.finish_registration(form("x", "123456")))) == error::registration_disabled);
    BOOST_TEST(w.transport.calls() == 0u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(login_code_does_not_register, World, worlds) {
    World w;
    register_user(w);
    auto s = w.run(w.auth.start_login(phone));
    BOOST_TEST(error_of(w.run(w.auth.finish_registration(form(s->transaction_id, w.transport.last_code())))) ==
               error::no_transaction);
}

BOOST_AUTO_TEST_SUITE_END()
