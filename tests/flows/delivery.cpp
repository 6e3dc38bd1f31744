// SPDX-License-Identifier: BSL-1.0
// What becomes of a code's message, and what may be told of a transaction.
#include "flows/world.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

using namespace flow_tests;

BOOST_AUTO_TEST_SUITE(flows_delivery)

namespace {

config reporting_config() {
    auto c = test_config();
    c.twilio.status_callback = "https://example.com/status";
    return c;
}

/// Signs by OpenSSL's one-shot function, which the library does not use.
std::string sign(const std::string& text, const std::string& token = "not-a-real-token") {
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha1(), token.data(), static_cast<int>(token.size()), reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), mac, &size);
    return detail::base64({reinterpret_cast<const char*>(mac), size});
}

/// What Twilio would report on the last message, which it was asked to report on.
template <class World>
status_callback report(World& w, const std::string& status, const std::string& code = {}) {
    const auto url = detail::form_field(w.transport.requests().back().body, "StatusCallback");
    BOOST_REQUIRE(url.starts_with("https://example.com/status?"));
    status_callback r;
    r.query = url.substr(url.find('?') + 1);
    auto signed_text = url;
    if (!code.empty()) {
        r.body = "ErrorCode=" + code + '&';
        signed_text += "ErrorCode" + code;
    }
    r.body += "MessageStatus=" + status;
    signed_text += "MessageStatus" + status;
    r.signature = sign(signed_text);
    return r;
}

template <class World>
transaction_status status_of(World& w, const std::string& id) {
    auto s = w.run(w.auth.status(transaction_id(id)));
    BOOST_REQUIRE(s);
    return *s;
}

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(report_reaches_its_transaction, World, worlds) {
    World w(reporting_config());
    auto s = w.run(w.auth.start_registration(phone));
    BOOST_REQUIRE(s);
    BOOST_TEST((status_of(w, s->transaction_id).delivery == delivery_state::pending));
    BOOST_TEST((*w.run(w.auth.handle_status_callback(report(w, "sent"))) == callback_outcome::no_news));
    BOOST_TEST((status_of(w, s->transaction_id).delivery == delivery_state::pending));
    BOOST_TEST((*w.run(w.auth.handle_status_callback(report(w, "delivered"))) == callback_outcome::noted));
    BOOST_TEST((status_of(w, s->transaction_id).delivery == delivery_state::delivered));
    BOOST_TEST((*w.run(w.auth.handle_status_callback(report(w, "undelivered", "30003"))) == callback_outcome::no_news));
    BOOST_TEST((status_of(w, s->transaction_id).delivery == delivery_state::delivered));
    BOOST_TEST(w.run(w.auth.finish_registration(form(s->transaction_id, w.transport.last_code()))).has_value());
    BOOST_TEST((status_of(w, s->transaction_id).state == transaction_state::confirmed));
}

/// Twilio hands user and password to the server, and leaves them out of what it signs.
BOOST_AUTO_TEST_CASE_TEMPLATE(callback_may_need_a_password, World, worlds) {
    auto c = test_config();
    c.twilio.status_callback = "https://user:pa%40ss@example.com/status";
    World w(c);
    const auto s = w.run(w.auth.start_registration(phone));
    BOOST_REQUIRE(s);
    const auto url = detail::form_field(w.transport.requests().back().body, "StatusCallback");
    BOOST_REQUIRE(url.starts_with("https://user:pa%40ss@example.com/status?"));
    status_callback r;
    r.query = url.substr(url.find('?') + 1);
    r.body = "MessageStatus=delivered";
    r.signature = sign("https://other.example/status?" + r.query + "MessageStatusdelivered");
    BOOST_TEST(error_of(w.run(w.auth.handle_status_callback(r))) == error::invalid_signature);
    r.signature = sign("https://example.com/status?" + r.query + "MessageStatusdelivered");
    BOOST_TEST((*w.run(w.auth.handle_status_callback(r)) == callback_outcome::noted));
    BOOST_TEST((status_of(w, s->transaction_id).delivery == delivery_state::delivered));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(auth_token_can_be_rotated, World, worlds) {
    auto c = reporting_config();
    c.twilio.previous_auth_token = "the-other-token";
    World w(c);
    for (const std::string token : {"not-a-real-token", "the-other-token", "a-third-one", ""}) {
        const auto s = w.run(w.auth.start_registration(phone));
        BOOST_REQUIRE(s);
        auto r = report(w, "delivered");
        const auto url = detail::form_field(w.transport.requests().back().body, "StatusCallback");
        r.signature = sign(url + "MessageStatusdelivered", token);
        const bool accepted = w.run(w.auth.handle_status_callback(r)).has_value();
        BOOST_TEST(accepted == (token == "not-a-real-token" || token == "the-other-token"), token);
        w.clock.advance(1h);
    }
    World without(reporting_config());  // an empty one signs nothing
    BOOST_REQUIRE(without.run(without.auth.start_registration(phone)));
    auto r = report(without, "delivered");
    const auto url = detail::form_field(without.transport.requests().back().body, "StatusCallback");
    r.signature = sign(url + "MessageStatusdelivered", "");
    BOOST_TEST(error_of(without.run(without.auth.handle_status_callback(r))) == error::invalid_signature);
}

/// With a Messaging Service, Twilio finds out about the sender only when it sends.
BOOST_AUTO_TEST_CASE_TEMPLATE(sender_that_fails_later_is_told, World, worlds) {
    World w(reporting_config());
    std::string kinds;
    event last;
    w.observer.on_event = [&](const event& e) {
        kinds += std::string(name_of(e.kind)) + ' ';
        last = e;
    };
    for (const char* code : {"30034", "30003"}) {
        BOOST_REQUIRE(w.run(w.auth.start_registration(phone)));
        kinds.clear();
        BOOST_TEST((*w.run(w.auth.handle_status_callback(report(w, "undelivered", code))) == callback_outcome::noted));
        BOOST_TEST(kinds == (code == std::string("30034") ? "undelivered sender_trouble " : "undelivered "));
        BOOST_TEST(last.twilio_code.value() == std::stoi(code));
        w.clock.advance(1h);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(message_that_did_not_arrive_says_why, World, worlds) {
    World w(reporting_config());
    auto s = w.run(w.auth.start_registration(phone));
    BOOST_TEST((*w.run(w.auth.handle_status_callback(report(w, "undelivered", "30006"))) == callback_outcome::noted));
    auto told = status_of(w, s->transaction_id);
    BOOST_TEST((told.delivery == delivery_state::undelivered));
    BOOST_TEST(told.twilio_code.value() == 30006);
    BOOST_TEST((told.state == transaction_state::pending));
    // The next message is on its way again; a late report on the first one does not count, unless it arrived after all.
    const auto late = report(w, "failed", "30008");
    const auto arrived = report(w, "delivered");
    w.clock.advance(30s);
    BOOST_TEST(w.run(w.auth.resend(s->transaction_id)).has_value());
    told = status_of(w, s->transaction_id);
    BOOST_TEST((told.delivery == delivery_state::pending));
    BOOST_TEST(!told.twilio_code);
    BOOST_TEST((*w.run(w.auth.handle_status_callback(late)) == callback_outcome::no_news));
    BOOST_TEST((status_of(w, s->transaction_id).delivery == delivery_state::pending));
    BOOST_TEST((*w.run(w.auth.handle_status_callback(arrived)) == callback_outcome::noted));
    BOOST_TEST((status_of(w, s->transaction_id).delivery == delivery_state::delivered));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(only_twilio_reports, World, worlds) {
    World w(reporting_config());
    auto s = w.run(w.auth.start_registration(phone));
    auto other = w.run(w.auth.start_registration(other_phone));
    const auto good = report(w, "delivered");
    auto bad = good;
    bad.signature = sign("x");
    BOOST_TEST(error_of(w.run(w.auth.handle_status_callback(bad))) == error::invalid_signature);
    bad.signature.clear();
    BOOST_TEST(error_of(w.run(w.auth.handle_status_callback(bad))) == error::invalid_signature);
    bad = good;
    bad.body = "MessageStatus=undelivered";
    BOOST_TEST(error_of(w.run(w.auth.handle_status_callback(bad))) == error::invalid_signature);
    bad = good;  // for another transaction
    bad.query = "transaction=" + s->transaction_id.str() + "&send=1";
    BOOST_TEST(error_of(w.run(w.auth.handle_status_callback(bad))) == error::invalid_signature);
    bad = good;
    bad.signature = sign("https://example.com/status?" + good.query + "MessageStatusdelivered", "other token");
    BOOST_TEST(error_of(w.run(w.auth.handle_status_callback(bad))) == error::invalid_signature);
    for (const auto& id : {s->transaction_id, other->transaction_id})
        BOOST_TEST((status_of(w, id).delivery == delivery_state::pending));

    World none;  // no reports were asked for
    BOOST_TEST(error_of(none.run(none.auth.handle_status_callback(good))) == error::invalid_signature);
    BOOST_TEST(none.storage.calls() == 0u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(signed_nonsense_is_no_news, World, worlds) {
    World w(reporting_config());
    const std::string id(36, 'A');
    const std::vector<std::string> queries{"",
                                           "send=1",
                                           "transaction=" + id,
                                           "transaction=" + id + "&send=1",
                                           "transaction=" + id + "&send=99999999999",
                                           "transaction=%00&send=1",
                                           "transaction=%zz&send=1"};
    for (const auto& query : queries) {
        const status_callback r{query, "MessageStatus=delivered",
                                sign("https://example.com/status?" + query + "MessageStatusdelivered")};
        const auto outcome = w.run(w.auth.handle_status_callback(r));
        BOOST_TEST_CONTEXT(query) {
            BOOST_REQUIRE(outcome);
            BOOST_TEST((*outcome == callback_outcome::no_news));
        }
    }
    auto s = w.run(w.auth.start_registration(phone));
    auto future = report(w, "delivered");
    future.query = "transaction=" + s->transaction_id.str() + "&send=2";  // there was only one message
    future.signature = sign("https://example.com/status?" + future.query + "MessageStatusdelivered");
    BOOST_TEST((*w.run(w.auth.handle_status_callback(future)) == callback_outcome::no_news));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(report_that_races_with_the_code_is_not_lost, World, worlds) {
    World w(reporting_config());
    auto s = w.run(w.auth.start_registration(phone));
    w.storage.lose_race_on(w.storage.updates() + 1);
    BOOST_TEST((*w.run(w.auth.handle_status_callback(report(w, "delivered"))) == callback_outcome::noted));
    w.storage.lose_race_on(w.storage.updates() + 1);
    BOOST_TEST(w.run(w.auth.finish_registration(form(s->transaction_id, w.transport.last_code()))).has_value());
    BOOST_TEST((w.memory.find_transaction(s->transaction_id)->delivery == delivery_state::delivered));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(status_tells_what_is_left, World, worlds) {
    World w;
    auto s = w.run(w.auth.start_registration(phone));
    auto told = status_of(w, s->transaction_id);
    BOOST_TEST((told.state == transaction_state::pending));
    BOOST_TEST(told.tries_left == 5);
    BOOST_TEST((told.expires_in == 300s));
    BOOST_TEST((told.resend_after.value() == 30s));
    w.clock.advance(12500ms);
    (void)w.run(w.auth.finish_registration(form(s->transaction_id, wrong(w.transport.last_code()))));
    told = status_of(w, s->transaction_id);
    BOOST_TEST(told.tries_left == 4);
    BOOST_TEST((told.expires_in == 288s));
    BOOST_TEST((told.resend_after.value() == 18s));
    w.clock.advance(40s);
    BOOST_TEST((status_of(w, s->transaction_id).resend_after.value() == 0s));
    for (int i = 0; i < 4; ++i) {
        BOOST_TEST(w.run(w.auth.resend(s->transaction_id)).has_value());
        w.clock.advance(30s);
    }
    BOOST_TEST(!status_of(w, s->transaction_id).resend_after);
    w.clock.advance(300s);
    told = status_of(w, s->transaction_id);
    BOOST_TEST((told.state == transaction_state::expired));
    BOOST_TEST(told.tries_left == 0);
    BOOST_TEST((told.expires_in == 0s));
    BOOST_TEST(!told.resend_after);
    BOOST_TEST(error_of(w.run(w.auth.status(transaction_id(std::string(36, 'A'))))) == error::no_transaction);
    BOOST_TEST(error_of(w.run(w.auth.status(transaction_id("nonsense")))) == error::no_transaction);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(status_does_not_tell_who_is_registered, World, worlds) {
    World w(reporting_config());
    register_user(w);
    auto known = w.run(w.auth.start_login(phone));
    BOOST_TEST((*w.run(w.auth.handle_status_callback(report(w, "undelivered", "30003"))) == callback_outcome::noted));
    auto unknown = w.run(w.auth.start_login(other_phone));
    const auto a = status_of(w, known->transaction_id);
    const auto b = status_of(w, unknown->transaction_id);
    BOOST_TEST((a.delivery == delivery_state::pending));
    BOOST_TEST((b.delivery == delivery_state::pending));
    BOOST_TEST(!a.twilio_code);
    BOOST_TEST((a.state == b.state && a.tries_left == b.tries_left && a.expires_in == b.expires_in &&
                a.resend_after == b.resend_after));
    // Who knew the password may know what became of his code.
    auto second = w.run(w.auth.start_two_factor_login(phone, password("correct horse")));
    BOOST_TEST((*w.run(w.auth.handle_status_callback(report(w, "undelivered", "30003"))) == callback_outcome::noted));
    BOOST_TEST(status_of(w, second->transaction_id).twilio_code.value() == 30003);
}

BOOST_AUTO_TEST_SUITE_END()
