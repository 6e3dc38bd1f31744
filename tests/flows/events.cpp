// SPDX-License-Identifier: BSL-1.0
// What an observer is told, and what it is not.
#include "flows/world.hpp"

#include <phoneauth/metrics.hpp>
#include <phoneauth/rest/event_json.hpp>

#include <functional>
#include <map>
#include <set>
#include <stdexcept>

using namespace flow_tests;

BOOST_AUTO_TEST_SUITE(flows_events)

namespace {

template <class World>
struct watched : World {
    explicit watched(config c = test_config()) : World(std::move(c)) {
        this->observer.on_event = [this](const event& e) {
            kinds += std::string(name_of(e.kind)) + ' ';
            lines += rest::event_json(e) + '\n';
            last = e;
        };
    }
    /// The kinds since the last call.
    std::string seen() { return std::exchange(kinds, {}); }

    std::string kinds;
    std::string lines;
    event last;
};

const client_info somebody{"198.51.100.7", "agent/1"};

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(forgotten_proxy_is_told_once, World, worlds) {
    watched<World> w;
    auto from = somebody;
    from.shared_address = true;
    (void)w.run(w.auth.start_registration(phone, somebody));
    BOOST_TEST(w.seen() == "sent started ");
    (void)w.run(w.auth.start_registration("1", from));
    BOOST_TEST(w.seen() == "misconfigured_proxy refused ");
    BOOST_TEST(w.last.address == "198.51.100.7");
    (void)w.run(w.auth.start_registration("1", from));
    BOOST_TEST(w.seen() == "refused ");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(everything_that_matters_is_told, World, worlds) {
    watched<World> w;
    auto s = w.run(w.auth.start_registration(phone, somebody));
    BOOST_TEST(w.seen() == "sent started ");
    BOOST_TEST(w.last.phone == "+14*******00");
    BOOST_TEST(w.last.transaction == s->transaction_id.str().substr(0, 8));
    BOOST_TEST((w.last.purpose == purpose::registration));
    BOOST_TEST(w.last.address == "198.51.100.7");
    BOOST_TEST(w.last.user_agent == "agent/1");
    BOOST_TEST((w.last.at == w.clock.now()));
    const auto code = w.transport.last_code();
    (void)w.run(w.auth.finish_registration(form(s->transaction_id, wrong(code)), somebody));
    BOOST_TEST(w.seen() == "wrong_code ");
    BOOST_TEST(w.last.tries_left.value() == 4);
    auto u = w.run(w.auth.finish_registration(form(s->transaction_id, code), somebody));
    BOOST_TEST(w.seen() == "confirmed registered ");
    BOOST_TEST(w.last.user_id == u->object_id);
    (void)w.run(w.auth.finish_registration(form(s->transaction_id, code), somebody));
    BOOST_TEST(w.seen() == "refused ");
    BOOST_TEST(w.last.reason == error::code_used);

    (void)w.run(w.auth.start_two_factor_login(phone, password("wrong horse"), somebody));
    BOOST_TEST(w.seen() == "wrong_password ");
    s = w.run(w.auth.start_two_factor_login(phone, password("correct horse"), somebody));
    BOOST_TEST(w.seen() == "sent started ");
    auto l = w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), somebody));
    BOOST_TEST(w.seen() == "confirmed logged_in ");
    BOOST_TEST(w.last.user_id == u->object_id);
    (void)w.run(w.auth.update_user(l->token, u->object_id, {{"a", "1"}}, somebody));
    BOOST_TEST(w.seen() == "");
    (void)w.run(w.auth.update_user(l->token, u->object_id, {{"password", "\"brand new password\""}}, somebody));
    BOOST_TEST(w.seen() == "password_changed ");
    (void)w.run(w.auth.logout(l->token, somebody));
    BOOST_TEST(w.seen() == "logged_out ");
    (void)w.run(w.auth.logout(l->token, somebody));
    BOOST_TEST(w.seen() == "");

    s = w.run(w.auth.start_login(phone));
    w.clock.advance(30s);
    (void)w.run(w.auth.resend(s->transaction_id));
    BOOST_TEST(w.seen() == "sent started sent resent ");
    for (int i = 0; i < 5; ++i)
        (void)w.run(w.auth.finish_login(s->transaction_id, submitted_code(wrong(w.transport.last_code()))));
    BOOST_TEST(w.seen() == "wrong_code wrong_code wrong_code wrong_code locked ");
    BOOST_TEST(w.last.reason == error::tries_exhausted);
    for (int i = 0; i < 20; ++i) {
        if (i % 5 == 0) {
            w.clock.advance(4h);
            s = w.run(w.auth.start_login(phone));
            BOOST_TEST(w.seen() == "sent started ");
        }
        (void)w.run(w.auth.finish_login(s->transaction_id, submitted_code(wrong(w.transport.last_code()))));
        BOOST_TEST(w.seen() == (i % 5 == 4 ? "locked " : "wrong_code "));
    }
    w.clock.advance(4h);
    s = w.run(w.auth.start_login(phone));
    BOOST_TEST(w.seen() == "sent started ");
    (void)w.run(w.auth.finish_login(s->transaction_id, submitted_code(wrong(w.transport.last_code()))));
    BOOST_TEST(w.seen() == "locked wrong_code ");  // there is no room for all tries of one more code now
    (void)w.run(w.auth.start_login(phone));
    BOOST_TEST(w.seen() == "refused ");
    BOOST_TEST(w.last.reason == error::too_many_failures);
    BOOST_TEST((w.last.retry_after > 1h));
    (void)w.run(w.auth.send_message({other_phone, "hello"}, client_info("", "", "U1")));
    BOOST_TEST(w.seen() == "sent ");
    BOOST_TEST(w.last.user_id == "U1");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(codes_are_counted_by_calling_code, World, worlds) {
    watched<World> w;
    event_counters counters;
    w.observer.on_event = std::ref(counters);
    const auto sign_up = [&](const char* number) {
        const auto s = w.run(w.auth.start_registration(number));
        BOOST_REQUIRE(s);
        return *s;
    };
    const auto s = sign_up("+447400123456");
    BOOST_TEST(w.run(w.auth.finish_registration(form(s.transaction_id, w.transport.last_code(), "+447400123456")))
                   .has_value());
    sign_up("+37122123456");
    (void)w.run(w.auth.send_message({other_phone, "hello"}));
    BOOST_TEST((counters.codes("44").sent == 1u && counters.codes("44").confirmed == 1u));
    BOOST_TEST((counters.codes("371").sent == 1u && counters.codes("371").confirmed == 0u));
    BOOST_TEST(counters.codes("1").sent == 0u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(failures_of_others_are_told, World, worlds) {
    watched<World> w;
    w.transport.reply(400, R"({"code":21610,"message":"x","status":400})");
    (void)w.run(w.auth.start_registration(phone));
    BOOST_TEST(w.seen() == "provider_error ");
    BOOST_TEST(w.last.twilio_code.value() == 21610);
    w.transport.reply_failure(error::read_timeout);
    (void)w.run(w.auth.start_registration(phone));
    BOOST_TEST(w.seen() == "sent started ");  // it may have been
    w.storage.fail_before(w.storage.calls() + 1);
    (void)w.run(w.auth.start_registration(phone));
    BOOST_TEST(w.seen() == "storage_error ");
    BOOST_TEST(w.last.reason == error::storage_unavailable);
    BOOST_TEST(w.last.phone == "+14*******00");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(flood_of_refusals_is_a_few_events, World, worlds) {
    auto c = test_config();
    c.identity_login_enabled = true;
    watched<World> w(c);
    std::map<std::string, int> told;
    std::uint64_t in_all = 0;
    w.observer.on_event = [&](const event& e) {
        ++told[std::string(name_of(e.kind)) + '/' + e.reason.message()];
        in_all += 1 + e.suppressed;
        w.last = e;
    };
    register_user(w);
    told.clear();
    in_all = 0;
    const auto flood = [&](const std::string& name, auto request) {
        for (int i = 0; i < 1000; ++i) (void)w.run(request());
        BOOST_TEST(told.size() == 1u, name);
        BOOST_TEST(told.begin()->second == 60, name << ": " << told.begin()->first);
        // One more each second, with how many there were besides.
        told.clear();
        for (int i = 0; i < 100; ++i) {
            w.clock.advance(100ms);
            (void)w.run(request());
        }
        BOOST_TEST(told.begin()->second == 10, name);
        BOOST_TEST(in_all == 1100u, name);
        told.clear();
        in_all = 0;
    };
    const std::string too_long(300, 'x');
    flood("no phone", [&] { return w.auth.start_registration("1", somebody); });
    flood("no transaction", [&] { return w.auth.resend(transaction_id("x"), somebody); });
    flood("no identity", [&] { return w.auth.login_with_identity("x", password("y"), somebody); });
    // The first flood has left its mark on its own reason only.
    (void)w.run(w.auth.start_two_factor_login(phone, password("wrong horse"), somebody));
    BOOST_TEST((w.last.kind == event_kind::wrong_password));
    BOOST_TEST(w.last.suppressed == 0u);
    w.clock.advance(60s);
    told.clear();
    in_all = 0;
    flood("no password", [&] { return w.auth.start_two_factor_login(phone, password(too_long), somebody); });
    flood("no report", [&] { return w.auth.handle_status_callback({}); });
    // A clock that is set back does not silence it.
    w.clock.advance(-24h);
    (void)w.run(w.auth.start_registration("1", somebody));
    BOOST_TEST(told.size() == 1u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_limits_bound_is_told_each_time, World, worlds) {
    auto c = test_config();
    c.max_sends_per_hour = c.max_sends_per_client_and_hour = 0;
    watched<World> w(c);
    for (int i = 0; i < 100; ++i) {
        const auto number = "+1415555" + std::to_string(1000 + i);
        const auto s = w.run(w.auth.start_registration(number));
        (void)w.run(w.auth.finish_registration(form(s->transaction_id, wrong(w.transport.last_code()), number)));
        BOOST_TEST(w.seen() == "sent started wrong_code ");
        w.transport.reply(400, R"({"code":21610,"message":"x","status":400})");
        (void)w.run(w.auth.start_registration(number));
        BOOST_TEST(w.seen() == "provider_error ");
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(observer_that_throws_changes_nothing, World, worlds) {
    World w;
    int told = 0;
    w.observer.on_event = [&](const event&) {
        ++told;
        throw std::runtime_error("observer");
    };
    register_user(w);
    log_in(w);
    BOOST_TEST(told > 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(no_event_holds_a_secret, World, worlds) {
    auto c = test_config();
    c.twilio.auth_token = "auth-token-of-the-test";
    c.code_digits = 9;
    c.identity_login_enabled = true;
    watched<World> w(c);
    std::set<std::string> secrets{c.twilio.auth_token, std::string(32, 'k'), "correct horse",
                                  "wrong horse",       "brand new password", phone.substr(3, 7)};
    const client_info from{"198.51.100.7", std::string(10'000, 'u')};
    auto s = w.run(w.auth.start_registration(phone, from));
    secrets.insert(w.transport.last_code());
    secrets.insert(wrong(w.transport.last_code()));
    secrets.insert(s->transaction_id);
    (void)w.run(w.auth.finish_registration(form(s->transaction_id, wrong(w.transport.last_code())), from));
    auto u = w.run(w.auth.finish_registration(form(s->transaction_id, w.transport.last_code()), from));
    (void)w.run(w.auth.start_two_factor_login(phone, password("wrong horse"), from));
    (void)w.run(w.auth.login_with_identity("ada@example.com", password("wrong horse"), from));
    s = w.run(w.auth.start_two_factor_login(phone, password("correct horse"), from));
    secrets.insert(s->transaction_id);
    secrets.insert(w.transport.last_code());
    auto l = w.run(w.auth.finish_login(s->transaction_id, submitted_code(w.transport.last_code()), from));
    secrets.insert(l->token);
    (void)w.run(w.auth.update_user(l->token, u->object_id, {{"password", "\"brand new password\""}}, from));
    (void)w.run(w.auth.logout(l->token, from));
    BOOST_TEST(w.lines.size() > 1000u);
    for (const auto& secret : secrets) BOOST_TEST(w.lines.find(secret) == std::string::npos, secret);
    BOOST_TEST(w.lines.find(std::string(65, 'u')) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(event_is_one_line_of_json) {
    event e;
    e.kind = event_kind::refused;
    e.at = time_point(1234ms);
    e.purpose = purpose::login;
    e.phone = "+14*******00";
    e.calling_code = "1";
    e.transaction = "ABCDEF12";
    e.user_id = "U1";
    e.address = "198.51.100.7";
    e.user_agent = "a\n\"b\"";
    e.reason = error::too_many_messages;
    e.retry_after = 5s;
    e.tries_left = 3;
    e.twilio_code = 30003;
    e.suppressed = 7;
    BOOST_TEST(
        rest::event_json(e) ==
        R"({"event":"refused","time":1234,"purpose":"login","phone":"+14*******00","callingCode":"1","transaction":"ABCDEF12",)"
        R"("user":"U1","address":"198.51.100.7","userAgent":"a\u000a\"b\"","code":14028,)"
        R"("reason":"too_many_messages","retryAfter":5,)"
        R"("triesLeft":3,"twilioCode":30003,"suppressed":7})");
    e = {};
    e.kind = event_kind::sender_trouble;
    e.twilio_code = 21704;
    BOOST_TEST(rest::event_json(e) == R"({"event":"sender_trouble","time":0,"twilioCode":21704,)"
                                      R"("remedy":"Add a sender to the service."})");
    e = {};
    e.user_agent = "\x7f\xc2\x9b\xe2\x80\xa8\xe2\x80\xae\xf0\x9f\x98\x80\xff~\x1b";
    BOOST_TEST(rest::event_json(e) == R"({"event":"started","time":0,"userAgent":)"
                                      R"("\u007f\u009b\u2028\u202e\ud83d\ude00\ufffd~\u001b"})");
    BOOST_TEST(rest::event_json({}) == R"({"event":"started","time":0})");
}

namespace {
/// A provider that takes its time.
struct slow_transport : testing::scripted_transport {
    explicit slow_transport(testing::manual_clock& c) : clock(c) {}
    result<http_response> send(const http_request& request) {
        clock.advance(takes);
        return scripted_transport::send(request);
    }
    testing::manual_clock& clock;
    std::chrono::milliseconds takes = 120ms;
};

using span = std::optional<std::chrono::milliseconds>;
}  // namespace

BOOST_AUTO_TEST_CASE(the_end_of_a_flow_tells_how_long_it_took) {
    memory_storage memory;
    testing::manual_clock clock;
    slow_transport transport(clock);
    test_hooks hooks;
    std::vector<event> events;
    auto observer = [&](const event& e) { events.push_back(e); };
    authenticator auth(test_config(), memory, transport, clock, hooks, observer);
    // The kinds that were told, and what the last of them took: only that one says it.
    const auto last = [&](const std::string& kinds, span elapsed, span provider) {
        std::string seen;
        for (const auto& e : events) seen += std::string(name_of(e.kind)) + ' ';
        BOOST_TEST(seen == kinds);
        for (std::size_t i = 0; i + 1 < events.size(); ++i)
            BOOST_TEST((!events[i].elapsed && !events[i].provider_elapsed), name_of(events[i].kind));
        if (!events.empty()) {
            BOOST_TEST((events.back().elapsed == elapsed));
            BOOST_TEST((events.back().provider_elapsed == provider));
        }
        events.clear();
    };
    hooks.on_message = [&](code_message&) {
        clock.advance(30ms);
        return result<void>();
    };
    auto begun = auth.start_registration(phone);
    last("sent started ", 150ms, 120ms);
    const auto code = transport.last_code();
    (void)auth.finish_registration(form(begun->transaction_id, wrong(code)));
    last("wrong_code ", 0ms, {});
    clock.advance(1min);
    (void)auth.resend(begun->transaction_id);
    last("sent resent ", 150ms, 120ms);
    (void)auth.finish_registration(form(begun->transaction_id, transport.last_code()));
    last("confirmed registered ", 0ms, {});

    // Nobody has the phone, and the provider is asked something else instead.
    clock.advance(1min);
    (void)auth.start_login(other_phone);
    last("started ", 150ms, 120ms);
    // The provider does not answer.
    transport.throw_on_call(transport.calls() + 1);
    (void)auth.start_registration("+14155550102");
    last("sent started ", 150ms, 120ms);
    transport.fail_on_call(transport.calls() + 1, error::provider_unreachable);
    (void)auth.start_registration("+14155550103");
    last("provider_error ", 150ms, 120ms);
    // A message of the server's own.
    (void)auth.send_message(text_message("+14155550104", "Hello"));
    last("sent ", 120ms, 120ms);
    // The clock was set back.
    hooks.on_message = [&](code_message&) {
        clock.advance(-1h);
        return result<void>();
    };
    transport.takes = -5min;
    clock.advance(2h);
    (void)auth.start_registration("+14155550105");
    last("sent started ", 0ms, 0ms);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(how_long_it_took_is_in_either_mode, World, worlds) {
    watched<World> w;
    w.hooks.on_message = [&](code_message&) {
        w.clock.advance(30ms);
        return result<void>();
    };
    (void)w.run(w.auth.start_registration(phone, somebody));
    BOOST_TEST((w.last.elapsed == 30ms && w.last.provider_elapsed == 0ms));
    BOOST_TEST(w.lines.find(R"("elapsed":30,"providerElapsed":0)") != w.lines.npos);
}

BOOST_AUTO_TEST_SUITE_END()
