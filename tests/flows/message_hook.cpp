// SPDX-License-Identifier: BSL-1.0
#include "flows/world.hpp"

using namespace flow_tests;

// `before_message`: the place for a captcha, a look-up, a risk score.

BOOST_AUTO_TEST_SUITE(flows_message_hook)

namespace {
/// What the hook saw of a message.
std::string seen(const code_message& m) {
    std::string text(name_of(m.purpose));
    text.append(m.again ? " again" : "").append(" ").append(m.to.str()).append(" from ").append(m.from.address);
    for (const auto& [name, json] : m.from.extra) text.append(" ").append(name).append("=").append(json);
    return text;
}
}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(hook_is_asked_before_each_message, World, worlds) {
    World w;
    std::vector<std::string> asked;
    w.hooks.on_message = [&](code_message& m) {
        asked.push_back(seen(m));
        return result<void>();
    };
    client_info from("203.0.113.7");
    from.extra["captcha"] = R"("x")";
    const auto s = w.run(w.auth.start_registration(phone, from));
    BOOST_REQUIRE(s);
    w.clock.advance(30s);
    BOOST_REQUIRE(w.run(w.auth.resend(s->transaction_id)));
    BOOST_REQUIRE(w.run(w.auth.finish_registration(form(s->transaction_id, w.transport.last_code()))));
    BOOST_REQUIRE(w.run(w.auth.start_login(phone)));
    const std::vector<std::string> expected{"registration " + phone + " from 203.0.113.7 captcha=\"x\"",
                                            "registration again " + phone + " from ", "login " + phone + " from "};
    BOOST_TEST(asked == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(hook_refuses, World, worlds) {
    World w;
    w.hooks.on_message = [](code_message&) {
        return result<void>(failure(error::refused_by_hook, "Solve the riddle."));
    };
    for (int i = 0; i < 20; ++i) {
        const auto s = w.run(w.auth.start_registration(phone));
        BOOST_REQUIRE(!s);
        BOOST_TEST(s.error().message == "Solve the riddle.");
    }
    BOOST_TEST(w.transport.calls() == 0u);
    BOOST_TEST(codes_taken(w) == 0);  // nobody is kept from their code by somebody who cannot solve it
    w.hooks.on_message = [](code_message&) { return result<void>(); };
    const auto s = w.run(w.auth.start_registration(phone));
    BOOST_REQUIRE(s);
    const auto code = w.transport.last_code();

    // What was sent before stays good.
    w.hooks.on_message = [](code_message&) { return result<void>(error::refused_by_hook); };
    w.clock.advance(30s);
    BOOST_TEST(error_of(w.run(w.auth.resend(s->transaction_id))) == error::refused_by_hook);
    BOOST_TEST(w.transport.calls() == 1u);
    BOOST_TEST(codes_taken(w) == 1);
    BOOST_TEST((w.run(w.auth.status(s->transaction_id))->resend_after == 0s));
    BOOST_TEST(w.run(w.auth.finish_registration(form(s->transaction_id, code))).has_value());
}

// The client's own attempts count, so that nobody tries riddles without an end.
BOOST_AUTO_TEST_CASE_TEMPLATE(refused_messages_cost_the_client, World, worlds) {
    World w;
    w.hooks.on_message = [](code_message&) { return result<void>(error::refused_by_hook); };
    const client_info from("203.0.113.7");
    int refused = 0;
    while (error_of(w.run(w.auth.start_registration(phone, from))) == error::refused_by_hook) ++refused;
    BOOST_TEST(refused > 5);
    BOOST_TEST(refused <= 50);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(hook_adds_options, World, worlds) {
    World w;
    w.hooks.on_message = [](code_message& m) {
        m.added = {{"maxPrice", "0.05"}, {"RiskCheck", "enable"}};
        return result<void>();
    };
    BOOST_REQUIRE(w.run(w.auth.start_registration(phone)));
    const auto body = w.transport.requests().back().body;
    BOOST_TEST(detail::form_field(body, "MaxPrice") == "0.05");
    BOOST_TEST(detail::form_field(body, "RiskCheck") == "enable");
    BOOST_TEST(detail::form_field(body, "ValidityPeriod") == "300");
    for (const auto* name : {"From", "StatusCallback", "ValidityPeriod", "Body", "Nonsense", ""}) {
        World other;
        other.hooks.on_message = [&](code_message& m) {
            m.added.emplace_back(name, "x");
            return result<void>();
        };
        BOOST_TEST(error_of(other.run(other.auth.start_registration(phone))) == error::internal);
        BOOST_TEST(other.transport.calls() == 0u);
    }
}

// It is asked about phones that nobody has as well, and cannot tell.
BOOST_AUTO_TEST_CASE_TEMPLATE(hook_does_not_learn_who_is_registered, World, worlds) {
    World w;
    register_user(w);
    std::vector<std::string> asked;
    w.hooks.on_message = [&](code_message& m) {
        asked.push_back(seen(m));
        return result<void>(error::refused_by_hook);
    };
    const std::string nobody = "+15005550007";
    const auto of_user = w.run(w.auth.start_login(phone));
    const auto of_nobody = w.run(w.auth.start_login(nobody));
    BOOST_TEST(error_of(of_user) == error_of(of_nobody));
    BOOST_TEST(asked.size() == 2u);
    BOOST_TEST(asked.back() == "login " + nobody + " from ");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(hook_that_throws_is_a_storage_that_failed, World, worlds) {
    World w;
    w.hooks.on_message = [](code_message&) -> result<void> { throw std::runtime_error("captcha service"); };
    BOOST_TEST(error_of(w.run(w.auth.start_registration(phone))) == error::storage_unavailable);
    BOOST_TEST(w.transport.calls() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
