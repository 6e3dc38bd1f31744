// SPDX-License-Identifier: BSL-1.0
// What becomes of a sender, or an account, that cannot send: who is told, what is counted, and that nobody learns from
// it which phones are registered. And what every error code of Twilio's does to every operation, which is TWILIO.md.
#include "flows/world.hpp"
#include "support/scripts.hpp"

#include <phoneauth/twilio/error_codes.hpp>

#include <fstream>
#include <iterator>
#include <set>
#include <utility>

using namespace flow_tests;

BOOST_AUTO_TEST_SUITE(flows_sender)

namespace {

const client_info stranger{"203.0.113.9"};

template <class World>
struct watched : World {
    explicit watched(config c = test_config()) : World(std::move(c)) {
        this->observer.on_event = [this](const event& e) {
            kinds += std::string(name_of(e.kind)) + ' ';
            last = e;
        };
    }
    std::string seen() { return std::exchange(kinds, {}); }

    std::string kinds;
    event last;
};

void refuse(testing::scripted_transport& t, int code, int status = 400) {
    t.reply(status,
            R"({"code":)" + std::to_string(code) + R"(,"message":"x","status":)" + std::to_string(status) + "}");
}

/// Everything that a failure tells a client.
template <class R>
std::string told(const R& r) {
    if (r) return "ok";
    const failure& f = r.error();
    return f.code.message() + '|' + f.message + '|' + std::to_string(f.twilio_code.value_or(0)) + '|' +
           std::to_string(f.retry_after.value_or(0s).count());
}

/// How many codes are counted for the network of `stranger`.
template <class World>
std::int64_t taken_by_stranger(World& w) {
    return taken(w, "codes/from:203.0.113.9", w.auth.config().max_sends_per_client_and_hour);
}

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(no_login_looks_well_when_no_message_can_leave, World, worlds) {
    for (const int code : {20003, 21212, 21603, 21606, 21659, 21660, 21661, 21663, 21664, 21704, 21705, 70051}) {
        BOOST_TEST_CONTEXT(code) {
            watched<World> w;
            register_user(w);
            BOOST_TEST(w.run(w.auth.start_login(other_phone)).has_value());  // before anybody knows
            (void)w.seen();
            std::set<std::string> answers;
            for (int i = 0; i < 8; ++i) {
                refuse(w.transport, code);
                const auto s = w.run(w.auth.start_login(phone));
                BOOST_TEST(error_of(s) == error::provider_misconfigured);
                answers.insert(told(s));
                BOOST_TEST(w.seen() == "sender_trouble ");
                BOOST_TEST(w.last.twilio_code.value() == code);
                answers.insert(told(w.run(w.auth.start_login(other_phone))));
                BOOST_TEST(w.seen() == "sender_trouble ");
                w.clock.advance(5min);  // that ends with a message, not with time
            }
            BOOST_TEST(answers.size() == 1u);
            BOOST_TEST(w.run(w.auth.start_login(phone)).has_value());  // whoever runs the server has seen to it
            BOOST_TEST(w.run(w.auth.start_login(other_phone)).has_value());
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(sender_trouble_costs_nobody_anything, World, worlds) {
    auto c = test_config();
    c.phone_cooldown = 10s;
    World w(c);
    register_user(w);
    w.clock.advance(2h);
    const auto trouble = [&](auto begin) {
        w.clock.advance(2s);  // Twilio is asked whether it is still so
        refuse(w.transport, 21606);
        BOOST_TEST(error_of(w.run(begin())) == error::provider_misconfigured);
    };
    for (int i = 0; i < 60; ++i) {  // more than a phone or a client may have
        trouble([&] { return w.auth.start_login(phone, stranger); });
        BOOST_TEST(error_of(w.run(w.auth.start_login(other_phone, stranger))) == error::provider_misconfigured);
        trouble([&] { return w.auth.start_registration("+14155550102", stranger); });
        trouble([&] { return w.auth.send_message({phone, "x"}, stranger); });
    }
    w.clock.advance(2s);
    BOOST_TEST(taken_by_stranger(w) == 0);
    BOOST_TEST(codes_taken(w, "+14155550102") == 0);
    BOOST_TEST(taken(w, "codes/login/hour:" + phone, c.max_sends_per_phone_and_hour) == 0);
    BOOST_TEST(taken(w, "codes/login/hour:" + other_phone, c.max_sends_per_phone_and_hour) == 0);
    BOOST_TEST(taken(w, "messages/from:203.0.113.9", c.max_sends_per_client_and_hour) == 0);
    BOOST_TEST(w.run(w.auth.start_login(phone, stranger)).has_value());
    // The number's own fault still counts for who asks.
    refuse(w.transport, 21614);
    BOOST_TEST(error_of(w.run(w.auth.start_registration("+14155550102", stranger))) == error::provider_refused);
    BOOST_TEST(taken_by_stranger(w) == 2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(resend_that_cannot_leave_is_as_if_never_asked_for, World, worlds) {
    World w;
    register_user(w);
    for (const auto& number : {phone, other_phone}) {
        const auto s = w.run(w.auth.start_login(number, stranger));
        BOOST_REQUIRE(s);
        w.clock.advance(30s);
        for (int i = 0; i < 7; ++i) {
            w.clock.advance(2s);
            refuse(w.transport, 21705);
            BOOST_TEST(error_of(w.run(w.auth.resend(s->transaction_id, stranger))) == error::provider_misconfigured);
            BOOST_TEST((w.run(w.auth.status(s->transaction_id))->resend_after.value() == 0s));
        }
        BOOST_TEST(taken_by_stranger(w) == (number == phone ? 1 : 3));  // the second start, after two codes
        w.clock.advance(2s);
        BOOST_TEST(w.run(w.auth.start_login(phone)).has_value());
        BOOST_TEST(w.run(w.auth.resend(s->transaction_id, stranger)).has_value());
    }
}

/// A stranger chooses where a registration goes: that a country cannot be reached must tell nothing of who is registered
/// there, nor cost less than any other attempt.
BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_true_of_one_country_is_told_of_nobody, World, worlds) {
    for (const int code : {21606, 21659, 21703}) {
        BOOST_TEST_CONTEXT(code) {
            auto c = test_config();
            c.twilio.sender = "12345";  // of another country than some who register
            watched<World> w(c);
            const auto probe = [&] {
                refuse(w.transport, code);
                return error_of(w.run(w.auth.start_registration("+14155550199", stranger)));
            };
            BOOST_TEST(probe() == error::provider_misconfigured);
            BOOST_TEST(w.seen() == "sender_trouble ");
            BOOST_TEST(taken_by_stranger(w) == 1);
            BOOST_TEST(w.run(w.auth.start_login(other_phone)).has_value());  // nobody's, with nothing sent before
            register_user(w);
            (void)probe();
            (void)w.seen();
            refuse(w.transport, code);
            const auto known = w.run(w.auth.start_login(phone));  // it cannot be reached either
            BOOST_TEST(w.seen() == "sender_trouble started ");
            BOOST_TEST(told(known) == "ok");
            BOOST_TEST(told(w.run(w.auth.start_login(other_phone))) == "ok");
        }
    }
}

/// While no message can leave, nobody can have Twilio asked as often as they like, nor fill the storage with attempts.
BOOST_AUTO_TEST_CASE_TEMPLATE(trouble_is_looked_into_once_in_two_seconds, World, worlds) {
    watched<World> w;
    register_user(w);
    refuse(w.transport, 21705);
    BOOST_TEST(error_of(w.run(w.auth.start_login(phone))) == error::provider_misconfigured);
    const auto asked = w.transport.requests().size();
    for (int i = 0; i < 200; ++i) {
        BOOST_TEST(error_of(w.run(w.auth.start_registration("+14155550102"))) == error::provider_misconfigured);
        BOOST_TEST(error_of(w.run(w.auth.start_login(phone))) == error::provider_misconfigured);
        BOOST_TEST(error_of(w.run(w.auth.start_login(other_phone))) == error::provider_misconfigured);
        BOOST_TEST(error_of(w.run(w.auth.send_message({phone, "x"}))) == error::provider_misconfigured);
    }
    BOOST_TEST(w.transport.requests().size() == asked);
    const auto text = w.seen();
    BOOST_TEST(std::count(text.begin(), text.end(), ' ') < 80);
    w.clock.advance(2s);
    BOOST_TEST(w.run(w.auth.start_registration("+14155550102")).has_value());  // it is over, and this one found out
    BOOST_TEST(w.run(w.auth.start_login(other_phone)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(senders_that_a_caller_chose_say_nothing_of_the_configured_one, World, worlds) {
    World w;
    register_user(w);
    for (const char* option : {"From", "messagingServiceSid", "FallbackFrom", "StatusCallback"}) {
        refuse(w.transport, 21660);
        BOOST_TEST(error_of(w.run(w.auth.send_message({phone, "x", {}, {{option, "https://x.example/"}}}))) ==
                   error::provider_misconfigured);
        BOOST_TEST(w.run(w.auth.start_login(other_phone)).has_value());
        w.clock.advance(10min);
    }
    refuse(w.transport, 21660);
    BOOST_TEST(error_of(w.run(w.auth.send_message({phone, "x"}))) == error::provider_misconfigured);
    BOOST_TEST(error_of(w.run(w.auth.start_login(other_phone))) == error::provider_misconfigured);
}

/// A key that may look up messages, but not create them, would tell who is registered.
BOOST_AUTO_TEST_CASE_TEMPLATE(key_that_may_not_send_tells_nobody, World, worlds) {
    World w;
    register_user(w);
    refuse(w.transport, 70051, 403);
    const auto known = w.run(w.auth.start_login(phone));
    BOOST_TEST(error_of(known) == error::provider_misconfigured);
    BOOST_TEST(told(w.run(w.auth.start_login(other_phone))) == told(known));
}

/// What a proxy on the way says, in place of Twilio: it is neither a refusal of this phone nor a success.
BOOST_AUTO_TEST_CASE_TEMPLATE(replies_that_are_not_twilios_are_no_plain_success, World, worlds) {
    struct row {
        int status;
        const char* body;
    };
    const row rows[] = {{400, "<html>Bad Request</html>"}, {413, ""},          {400, "{}"}, {404, "not here"},
                        {200, "<html>Log in</html>"},      {200, R"("text")"}, {201, "{}"}, {204, ""}};
    for (const auto& r : rows) {
        BOOST_TEST_CONTEXT(r.status << ' ' << r.body) {
            World w;
            register_user(w);
            for (const auto& number : {phone, other_phone}) {
                w.transport.reply(r.status, r.body);
                const auto s = w.run(w.auth.start_login(number));
                BOOST_REQUIRE(s);
                BOOST_TEST(s->delivery_uncertain);
            }
            w.transport.reply(r.status, r.body);
            const auto s = w.run(w.auth.start_registration("+14155550102"));
            BOOST_REQUIRE(s);
            BOOST_TEST(s->delivery_uncertain);
        }
    }
    World w;
    register_user(w);
    w.transport.reply(400, "<html>");  // of messages only: the look-up for an unknown phone passes
    BOOST_TEST(w.run(w.auth.start_login(phone))->delivery_uncertain);
    BOOST_TEST(w.run(w.auth.start_login(other_phone))->delivery_uncertain);
    BOOST_TEST(!w.run(w.auth.start_login(phone))->delivery_uncertain);
    BOOST_TEST(!w.run(w.auth.start_login(other_phone))->delivery_uncertain);
    for (const auto& number : {phone, other_phone}) {
        w.transport.reply(407, "<html>Proxy Authentication Required</html>");  // nothing has gone past the proxy
        BOOST_TEST(error_of(w.run(w.auth.start_login(number))) == error::provider_unreachable);
    }
}

/// After too many wrong passwords a two-factor login tells nobody whether the password was right; nor does the sender.
BOOST_AUTO_TEST_CASE_TEMPLATE(concealed_passwords_stay_concealed, World, worlds) {
    auto c = test_config();
    c.max_passwords_per_client_and_hour = 0;
    World w(c);
    register_user(w);
    for (int i = 0; i < 200; ++i) {
        const client_info from{"198.51.100." + std::to_string(i)};
        (void)w.run(w.auth.start_two_factor_login(phone, password("wrong horse"), from));
    }
    refuse(w.transport, 21606);
    const auto right = w.run(w.auth.start_two_factor_login(phone, password("correct horse"), stranger));
    const auto wrong_one = w.run(w.auth.start_two_factor_login(phone, password("wrong horse"), stranger));
    BOOST_TEST(error_of(right) == error::provider_misconfigured);
    BOOST_TEST(told(wrong_one) == told(right));
    BOOST_TEST(taken_by_stranger(w) == 0);
}

namespace {

int status_of(int code) {
    switch (code) {
    case 20003:
        return 401;
    case 20006:
    case 20403:
    case 70051:
        return 403;
    case 20404:
        return 404;
    case 20429:
    case 21611:
        return 429;
    default:
        return 400;
    }
}

/// What an operation makes of a code, as a client sees it.
template <class R>
std::string outcome(const R& r) {
    if (r) return r->delivery_uncertain ? "*uncertain*" : "*a code*";
    return '`' + std::string(row_of(static_cast<error>(r.error().code.value())).name) + '`';
}

/// The line of TWILIO.md about a code: what comes of it if Twilio answers so.
std::string line_of(const twilio::error_code_row& row) {
    const auto after = [&](auto operation) {
        watched<blocking_world> w;
        register_user(w);
        const auto s = w.auth.start_login(phone);
        w.clock.advance(31s);
        (void)w.seen();
        refuse(w.transport, row.code, status_of(row.code));
        return operation(w, s->transaction_id);
    };
    const auto registration =
        after([](auto& w, const auto&) { return outcome(w.auth.start_registration(other_phone)); });
    const auto login = after([](auto& w, const auto&) { return outcome(w.auth.start_login(phone)); });
    const auto second = after(
        [](auto& w, const auto&) { return outcome(w.auth.start_two_factor_login(phone, password("correct horse"))); });
    const auto again = after([](auto& w, const auto& id) { return outcome(w.auth.resend(id)); });
    const auto message = after([](auto& w, const auto&) {
        const auto sent = w.auth.send_message({phone, "x"});
        return sent ? std::string("*sent*") : outcome(result<challenge>(sent.error()));
    });
    const auto events = after([](auto& w, const auto&) {
        (void)w.auth.start_registration(other_phone);
        return w.seen();
    });
    const auto counted = after([](auto& w, const auto&) {
        (void)w.auth.start_registration(other_phone, stranger);
        return taken_by_stranger(w);
    });
    // Nobody learns from it who is registered.
    const auto unknown = after([](auto& w, const auto&) {
        const auto known = told(w.auth.start_login(phone));
        return std::pair(known, told(w.auth.start_login(other_phone)));
    });
    if (row.code != 20429) BOOST_TEST(unknown.first == unknown.second, row.code);  // that one leads to a pause
    const bool is_everybodys = twilio::reach_of(row, twilio::sender_kind::number) == twilio::reach::everybody;
    BOOST_TEST((counted == 0) == (is_everybodys && row.meaning == error::provider_misconfigured), row.code);
    BOOST_TEST(second == registration, row.code);

    std::string line = "| [" + std::to_string(row.code) + "](https://www.twilio.com/docs/api/errors/" +
                       std::to_string(row.code) + ") | " + std::string(name_of(row.whose)) + " | " + registration +
                       " | " + login + " | " + again + " | " + message + " | `" + events.substr(0, events.size() - 1) +
                       "` | " + (counted > 0 ? "yes" : "no") + " | ";
    return line.append(row.text).append(" | ").append(row.remedy).append(" |\n");
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_code_does_what_twilio_md_says) {
    std::string table =
        "| code | whose fault | registration, two factors | login by code | resend of it | message | "
        "event | counted | the client reads | what to do |\n|---|---|---|---|---|---|---|---|---|---|\n";
    for (const auto& row : twilio::error_codes) table += line_of(row);
    std::ifstream file(support::script_path("../../TWILIO.md"), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto begin = text.find("| code |");
    BOOST_TEST(begin != std::string::npos);
    if (begin == std::string::npos || text.substr(begin) != table) {
        std::ofstream("TWILIO.table") << table;
        BOOST_TEST(false, "the table in TWILIO.md is not what the code does: the right one is in TWILIO.table");
    }
}

BOOST_AUTO_TEST_SUITE_END()
