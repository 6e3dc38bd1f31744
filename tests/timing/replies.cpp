// SPDX-License-Identifier: BSL-1.0
// Whether a phone or an identity belongs to somebody, and whether a password is right, is told by no byte of a reply,
// and by no call of a policy that could take time.
#include "timing/observed.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <set>

using namespace timing;

BOOST_AUTO_TEST_SUITE(timing_replies)

namespace {

using trace = std::vector<observed>;

const std::string twilio_service = "/services/Twilio/";

std::string id_in(const observed& o) {
    const auto body = detail::parse_json(o.reply.body);
    return body ? std::string(body->string_or_empty("transactionId")) : std::string();
}

/// A code that is not the one that was sent to `phone`, if one was.
template <class Site>
std::string wrong_code_for(Site& s, const std::string& phone) {
    auto code = s.provider.twilio.last_code_to(phone);
    if (code.empty()) return "123456";
    code.back() = code.back() == '0' ? '1' : '0';
    return code;
}

std::string pair(const std::string& a, const std::string& b) {
    return R"([")" + a + R"(",")" + b + R"("])";
}

// -- What a visitor does. Each keeps every reply.

template <class Site>
trace log_in_by_code(Site& s, const visitor& who) {
    trace t;
    t.push_back(s.ask(twilio_service + "loginWithPhoneNumber", who.phone));
    const auto id = id_in(t.back());
    for (int i = 0; i < 7; ++i)
        t.push_back(s.ask(twilio_service + "loginWithCode", pair(id, wrong_code_for(s, who.phone))));
    t.push_back(s.ask(twilio_service + "loginWithCode", pair(id, "12345")));
    t.push_back(s.ask(twilio_service + "resendCode", id));
    t.push_back(s.ask(twilio_service + "transactionStatus", id));
    return t;
}

/// Twilio reports that a message did not arrive, if there was one.
template <class Site>
trace wait_for_the_code(Site& s, const visitor& who) {
    trace t;
    t.push_back(s.ask(twilio_service + "loginWithPhoneNumber", who.phone));
    const auto id = id_in(t.back());
    t.push_back(s.ask(twilio_service + "transactionStatus", id));
    if (auto sent = s.memory.find_transaction(id); sent && !s.provider.twilio.last_code_to(who.phone).empty()) {
        sent->delivery = delivery_state::undelivered;
        sent->delivery_error = 30003;
        BOOST_TEST(s.memory.update_transaction(*sent));
    }
    t.push_back(s.ask(twilio_service + "transactionStatus", id));
    t.push_back(s.ask(twilio_service + "loginWithCode", pair(id, wrong_code_for(s, who.phone))));
    t.push_back(s.ask(twilio_service + "transactionStatus", id));
    return t;
}

template <class Site>
trace ask_for_the_code_again(Site& s, const visitor& who) {
    trace t;
    t.push_back(s.ask(twilio_service + "loginWithPhoneNumber", who.phone));
    const auto id = id_in(t.back());
    t.push_back(s.ask(twilio_service + "resendCode", id));
    for (int i = 0; i < 6; ++i) {
        s.clock.advance(31s);
        t.push_back(s.ask(twilio_service + "resendCode", id));
        t.push_back(s.ask(twilio_service + "loginWithCode", pair(id, wrong_code_for(s, who.phone))));
    }
    return t;
}

template <class Site>
trace come_too_late(Site& s, const visitor& who) {
    trace t;
    t.push_back(s.ask(twilio_service + "loginWithPhoneNumber", who.phone));
    const auto id = id_in(t.back());
    s.clock.advance(6min);
    t.push_back(s.ask(twilio_service + "resendCode", id));
    t.push_back(s.ask(twilio_service + "loginWithCode", pair(id, wrong_code_for(s, who.phone))));
    return t;
}

template <class Site>
trace ask_for_too_many_codes(Site& s, const visitor& who) {
    trace t;
    for (int i = 0; i < 14; ++i) {
        t.push_back(s.ask(twilio_service + "loginWithPhoneNumber", who.phone));
        s.clock.advance(40s);
    }
    s.clock.advance(2h);
    t.push_back(s.ask(twilio_service + "loginWithPhoneNumber", who.phone));
    return t;
}

template <class Site>
trace guess_codes_until_stopped(Site& s, const visitor& who) {
    trace t;
    for (int i = 0; i < 5; ++i) {
        t.push_back(s.ask(twilio_service + "loginWithPhoneNumber", who.phone));
        const auto id = id_in(t.back());
        for (int k = 0; k < 5; ++k)
            t.push_back(s.ask(twilio_service + "loginWithCode", pair(id, wrong_code_for(s, who.phone))));
        s.clock.advance(1min);
    }
    return t;
}

template <class Site>
trace guess_passwords(Site& s, const visitor& who) {
    trace t;
    for (int i = 0; i < 14; ++i) {
        t.push_back(s.ask(twilio_service + "loginWithPhoneNumberAndPassword", pair(who.phone, "wrong password")));
        if (i > 11) s.clock.advance(1s);
    }
    t.push_back(s.ask(twilio_service + "loginWithPhoneNumberAndPassword", pair(who.phone, std::string(300, 'x'))));
    return t;
}

template <class Site>
trace guess_passwords_of_an_identity(Site& s, const visitor& who) {
    trace t;
    for (int i = 0; i < 14; ++i) {
        t.push_back(s.ask("/users/login", R"({"login":")" + who.email + R"(","password":"wrong password"})"));
        if (i > 11) s.clock.advance(1s);
    }
    t.push_back(
        s.ask("/users/login", R"({"login":")" + who.email + R"(","password":")" + std::string(300, 'x') + R"("})"));
    return t;
}

template <class Site>
trace begin_to_register(Site& s, const visitor& who) {
    trace t;
    t.push_back(s.ask("/users/register", R"({"phoneNumber":")" + who.phone + R"("})"));
    const auto id = id_in(t.back());
    for (int i = 0; i < 6; ++i)
        t.push_back(s.ask("/users/register", R"({"transactionId":")" + id + R"(","transactionCode":")" +
                                                 wrong_code_for(s, who.phone) + R"(","phoneNumber":")" + who.phone +
                                                 R"(","email":")" + who.email + R"(","password":"correct horse"})"));
    t.push_back(s.ask(twilio_service + "resendCode", id));
    return t;
}

using script = trace (*)(site<>&, const visitor&);

const std::vector<std::pair<const char*, script>> by_code = {
    {"login by code", log_in_by_code<site<>>},          {"status", wait_for_the_code<site<>>},
    {"resend", ask_for_the_code_again<site<>>},         {"too late", come_too_late<site<>>},
    {"too many codes", ask_for_too_many_codes<site<>>}, {"too many wrong codes", guess_codes_until_stopped<site<>>},
};
const std::vector<std::pair<const char*, script>> by_password = {
    {"login with password", guess_passwords<site<>>},
    {"login with identity", guess_passwords_of_an_identity<site<>>},
};
const std::vector<std::pair<const char*, script>> by_registration = {
    {"registration", begin_to_register<site<>>},
};

// -- What becomes of their requests

struct trouble {
    std::string name;
    std::function<void(noting_provider&)> begin;
};

http_response twilio_error(int status, int code, std::vector<http_header> more = {}) {
    more.push_back({"Content-Type", "application/json"});
    return {status, std::move(more),
            R"({"code":)" + std::to_string(code) + R"(,"message":"x","more_info":"x","status":)" +
                std::to_string(status) + "}"};
}

/// Everything that Twilio does to all requests alike.
std::vector<trouble> general_troubles() {
    std::vector<trouble> all{{"no trouble", [](noting_provider&) {}}};
    const auto add = [&](std::string name, result<http_response> outcome) {
        all.push_back({std::move(name), [outcome](noting_provider& p) { p.everything = outcome; }});
    };
    add("429", twilio_error(429, 20429));
    add("429 with Retry-After", twilio_error(429, 20429, {{"Retry-After", "7"}}));
    add("429 without a body", http_response{429, {}, {}});
    add("401", twilio_error(401, 20003));
    add("403", http_response{403, {}, {}});
    add("404", twilio_error(404, 20404));
    add("500", twilio_error(500, 20500));
    add("503", http_response{503, {}, "x"});
    add("redirect", http_response{302, {{"Location", "https://example.com/"}}, {}});
    add("garbage", http_response{200, {}, "x"});
    add("refused connection", failure(error::connect_failed));
    add("no connection in time", failure(error::connect_timeout));
    add("no such host", failure(error::host_not_found));
    add("untrusted certificate", failure(error::certificate_untrusted));
    add("no answer in time", failure(error::read_timeout));
    add("lost connection", failure(error::connection_lost));
    add("garbled reply", failure(error::malformed_reply));
    return all;
}

/// What Twilio does to one message alone, because of the phone.
std::vector<trouble> message_troubles() {
    std::vector<trouble> all;
    const auto add = [&](std::string name, result<http_response> outcome) {
        all.push_back({std::move(name), [outcome](noting_provider& p) { p.messages = outcome; }});
    };
    for (const int code : {21211, 21408, 21602, 21608, 21610, 21611, 21612, 21614, 21617, 99999})
        add("400 " + std::to_string(code), twilio_error(400, code));
    add("429 21611", twilio_error(429, 21611));
    return all;
}

/// What is done to all messages, but not to what is asked in place of one. Whoever is the first to notice learns that a
/// message was to be sent; after that nobody does.
std::vector<trouble> sender_troubles() {
    std::vector<trouble> all;
    const auto add = [&](std::string name, result<http_response> outcome) {
        all.push_back({std::move(name), [outcome](noting_provider& p) { p.messages = outcome; }});
    };
    for (const int code : {20003, 21212, 21603, 21606, 21659, 21660, 21661, 21663, 21703, 21705, 30034})
        add("400 " + std::to_string(code), twilio_error(400, code));
    add("403 without a permission", twilio_error(403, 70051));
    add("400 without a body", http_response{400, {}, {}});
    add("413 of a proxy", http_response{413, {}, "<html>"});
    add("a message without sid", http_response{201, {}, "{}"});
    return all;
}

void somebody_registers(site<>& s) {
    (void)s.ask("/users/register", R"({"phoneNumber":"+14155550177"})");
}

/// What tells `who` from a stranger who does the same.
std::string told_apart(script run, const visitor& who, const trouble& t, const config& c = site_config(),
                       void (*before)(site<>&) = nullptr) {
    site<> for_stranger(c), for_who(c);
    t.begin(for_stranger.provider);
    t.begin(for_who.provider);
    if (before) before(for_stranger);
    if (before) before(for_who);
    const auto a = run(for_stranger, stranger);
    const auto b = run(for_who, who);
    for (std::size_t i = 0; i < a.size(); ++i)
        if (auto found = difference(a[i], b[i]); !found.empty()) return std::to_string(i) + ": " + found;
    return {};
}

void check_alike(const std::vector<std::pair<const char*, script>>& scripts, const std::vector<visitor>& visitors,
                 const std::vector<trouble>& troubles) {
    for (const auto& [name, run] : scripts)
        for (const auto& who : visitors)
            for (const auto& t : troubles) {
                const auto found = told_apart(run, who, t);
                BOOST_TEST(found.empty(), name << ", " << who.name << ", " << t.name << ": " << found);
            }
}

}  // namespace

BOOST_AUTO_TEST_CASE(logins_by_code) {
    check_alike(by_code, {member, disabled_member, member_without_password}, general_troubles());
}

BOOST_AUTO_TEST_CASE(logins_by_code_that_twilio_refuses) {
    check_alike(by_code, {member}, message_troubles());
}

BOOST_AUTO_TEST_CASE(logins_by_code_that_the_sender_cannot_send) {
    for (const auto& [name, run] : by_code)
        for (const auto& t : sender_troubles()) {
            const auto found = told_apart(run, member, t, site_config(), somebody_registers);
            BOOST_TEST(found.empty(), name << ", " << t.name << ": " << found);
        }
}

BOOST_AUTO_TEST_CASE(logins_by_password) {
    check_alike(by_password, {member, disabled_member, member_without_password},
                {general_troubles()[0], general_troubles()[1]});
}

namespace {

/// Strangers have guessed so often that logins with a password are concealed; then somebody comes with `password`, and
/// does what can be done without the code.
trace log_in_concealed(site<>& s, const visitor& who, const std::string& password, const trouble& t,
                       int troubled_from = 0) {
    trace all;
    const auto start = [&](const std::string& with) {
        all.push_back(s.ask(twilio_service + "loginWithPhoneNumberAndPassword", pair(who.phone, with)));
        return id_in(all.back());
    };
    for (int i = 0; i < 60 && (all.empty() || all.back().reply.status == 401); ++i) {
        s.clock.advance(7min);
        start("wrong password");
    }
    BOOST_TEST(all.back().reply.status == 200);
    for (int i = 0; i < 6; ++i) {  // more than may be open at once
        if (i == troubled_from) t.begin(s.provider);
        const auto id = start(password);
        const auto ask_status = [&] { all.push_back(s.ask(twilio_service + "transactionStatus", id)); };
        ask_status();
        if (auto sent = s.memory.find_transaction(id); sent && !s.provider.twilio.last_code_to(who.phone).empty()) {
            sent->delivery = delivery_state::undelivered;
            BOOST_TEST(s.memory.update_transaction(*sent));
        }
        ask_status();
        for (int k = 0; k < 2; ++k)
            all.push_back(s.ask(twilio_service + "loginWithCode", pair(id, wrong_code_for(s, who.phone))));
        s.clock.advance(31s);
        all.push_back(s.ask(twilio_service + "resendCode", id));
        for (int k = 0; k < 4; ++k)
            all.push_back(s.ask(twilio_service + "loginWithCode", pair(id, wrong_code_for(s, who.phone))));
        ask_status();
        s.clock.advance(i % 2 == 0 ? 1min : 6min);
    }
    return all;
}

void check_concealed(const visitor& who, const trouble& t, int from = 0) {
    site<> right, wrong, nobodys;
    const auto with_right = log_in_concealed(right, who, right_password, t, from);
    const auto with_wrong = log_in_concealed(wrong, who, "wrong password", t, from);
    const auto of_nobody = log_in_concealed(nobodys, stranger, "wrong password", t, from);
    BOOST_REQUIRE(with_right.size() == with_wrong.size());
    BOOST_REQUIRE(with_right.size() == of_nobody.size());
    std::string found;
    for (std::size_t i = 0; i < with_right.size() && found.empty(); ++i) {
        found = difference(with_right[i], with_wrong[i]);
        if (found.empty()) found = difference(with_right[i], of_nobody[i]);
        if (!found.empty()) found = std::to_string(i) + ": " + found;
    }
    BOOST_TEST(found.empty(), who.name << ", " << t.name << ": " << found);
}

}  // namespace

BOOST_AUTO_TEST_CASE(concealed_logins_by_password) {
    for (const auto& who : {member, disabled_member}) check_concealed(who, general_troubles()[0]);
    for (const int from : {0, 3}) {
        for (const auto& t : general_troubles()) check_concealed(member, t, from);
        for (const auto& t : message_troubles()) check_concealed(member, t, from);
    }
}

BOOST_AUTO_TEST_CASE(a_concealed_login_gets_a_message_for_the_right_password_alone) {
    const auto no_trouble = general_troubles()[0];
    site<> right, wrong;
    log_in_concealed(right, member, right_password, no_trouble);
    log_in_concealed(wrong, member, "wrong password", no_trouble);
    BOOST_TEST(!right.provider.twilio.last_code_to(member.phone).empty());
    BOOST_TEST(wrong.provider.twilio.last_code_to(member.phone).empty());
}

BOOST_AUTO_TEST_CASE(registrations) {
    check_alike(by_registration, {member, disabled_member}, general_troubles());
    check_alike(by_registration, {member}, message_troubles());
}

BOOST_AUTO_TEST_CASE(visitors_get_somewhere) {
    // What the scripts are compared in: that they meet success, refusals and limits.
    const auto statuses = [](script run, const visitor& who) {
        site<> s;
        std::set<int> seen;
        for (const auto& o : run(s, who)) seen.insert(o.reply.status);
        return seen;
    };
    for (const auto& who : {stranger, member}) {
        BOOST_TEST((statuses(log_in_by_code, who) == std::set{200, 400}));
        BOOST_TEST((statuses(wait_for_the_code, who) == std::set{200, 400}));
        BOOST_TEST((statuses(ask_for_the_code_again, who) == std::set{200, 400, 429}));
        BOOST_TEST((statuses(come_too_late, who) == std::set{200, 400}));
        BOOST_TEST((statuses(ask_for_too_many_codes, who) == std::set{200, 429}));
        BOOST_TEST((statuses(guess_codes_until_stopped, who) == std::set{200, 400, 429}));
        BOOST_TEST((statuses(guess_passwords, who) == std::set{401, 429}));
        BOOST_TEST((statuses(guess_passwords_of_an_identity, who) == std::set{401, 429}));
        BOOST_TEST((statuses(begin_to_register, who) == std::set{200, 400}));
    }
}

BOOST_AUTO_TEST_CASE(seeded_differences_are_found) {
    observed a{{200, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, R"({"a":1})"}, {"send"}};
    BOOST_TEST(difference(a, a) == "");
    auto b = a;
    b.reply.status = 201;
    BOOST_TEST(difference(a, b).starts_with("status"));
    b = a;
    b.reply.headers.push_back({"X-Known", "1"});
    BOOST_TEST(difference(a, b).starts_with("headers"));
    b = a;
    std::swap(b.reply.headers[0], b.reply.headers[1]);
    BOOST_TEST(difference(a, b).starts_with("headers"));
    b = a;
    b.reply.body += ' ';
    BOOST_TEST(difference(a, b).starts_with("body"));
    b = a;
    b.calls.push_back("send");
    BOOST_TEST(difference(a, b).starts_with("calls"));
    b = a;
    b.calls = {"take_cells of 3"};
    BOOST_TEST(difference(a, b).starts_with("calls"));

    a.reply.body = R"({"transactionId":"0F0F0F0F-0000-4000-8000-000000000000"})";
    b = a;
    b.reply.body[20] = 'A';
    BOOST_TEST(difference(a, b) == "");
    b.reply.body[20] = 'G';
    BOOST_TEST(difference(a, b).starts_with("body"));
}

BOOST_AUTO_TEST_CASE(a_site_that_tells_is_found_out) {
    auto c = site_config();
    c.unknown_phone = unknown_phone_policy::reject;
    const auto no_trouble = general_troubles()[0];
    for (const auto& [name, run] : by_code) BOOST_TEST(!told_apart(run, member, no_trouble, c).empty(), name);
}

BOOST_AUTO_TEST_SUITE_END()
