// SPDX-License-Identifier: BSL-1.0
// What examples/guide/ shows and no example has: compiled, and run.
#include <phoneauth/phoneauth.hpp>
#include <phoneauth/rest/event_json.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/failing_storage.hpp>
#include <phoneauth/testing/manual_clock.hpp>
#include <phoneauth/testing/scripted_transport.hpp>
#include <phoneauth/testing/twilio_simulator.hpp>

#include <phoneauth/asio/async.hpp>
#include <phoneauth/asio/awaitable.hpp>

#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <future>
#include <mutex>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace captcha_service {
bool is_right(const std::string& answer) {
    return answer == "\"right\"";
}
}  // namespace captcha_service

namespace {

phoneauth::config guide_config() {
    phoneauth::config c;
    c.twilio.account_sid = "AC00000000000000000000000000000000";
    c.twilio.auth_token = "your auth token";
    c.twilio.sender = "+15005550006";
    return c;
}

//[event_log
/// Writes a line of JSON for each event. Phones are masked in it; codes, passwords and tokens are in no event.
struct event_log {
    std::ostream& out;
    std::mutex mutex{};

    void operator()(const phoneauth::event& e) {
        const auto line = phoneauth::rest::event_json(e) + '\n';
        const std::scoped_lock lock(mutex);  // flows of several threads tell it
        out << line;
    }
};
//]

//[captcha
struct with_captcha : phoneauth::no_hooks {
    phoneauth::result<void> before_message(phoneauth::code_message& m) {
        const auto answer = m.from.extra.find("captcha");  // a member of the request's JSON
        if (answer != m.from.extra.end() && captcha_service::is_right(answer->second)) return {};
        return phoneauth::failure(phoneauth::error::refused_by_hook, "Solve the puzzle, and try again.");
    }
};
//]

/// A transport for an event loop that sends nothing.
struct waiting_transport {
    asio::io_context& loop;
    phoneauth::testing::scripted_transport sent{};

    auto get_executor() { return loop.get_executor(); }
    asio::awaitable<phoneauth::result<phoneauth::http_response>> send(const phoneauth::http_request& request) {
        co_return sent.send(request);
    }
};

struct exported_user {
    std::string id, phone, email;
    bool disabled = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(guide)

BOOST_AUTO_TEST_CASE(an_observer_and_hooks) {
    phoneauth::memory_storage storage;
    phoneauth::testing::scripted_transport transport;
    std::ostringstream lines;
    event_log log{lines};
    with_captcha hooks;
    auto config = guide_config();
    config.phone_cooldown = 0s;
    phoneauth::authenticator auth(config, storage, transport, hooks, log);

    phoneauth::client_info from("192.0.2.1");
    auto begun = auth.start_registration("+14155550100", from);
    BOOST_TEST(begun.error().message == "Solve the puzzle, and try again.");
    from.extra["captcha"] = "\"right\"";
    begun = auth.start_registration("+14155550100", from);
    BOOST_REQUIRE_MESSAGE(begun, (begun ? std::string() : begun.error().message));
    BOOST_TEST(lines.str().find(R"("reason":"refused_by_hook")") != std::string::npos);
    BOOST_TEST(lines.str().find(R"("event":"sent")") != std::string::npos);
    BOOST_TEST(lines.str().find(transport.last_code()) == std::string::npos);
    BOOST_TEST(lines.str().find("4155550100") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_phone_for_users_that_you_have) {
    phoneauth::memory_storage storage;
    phoneauth::testing::scripted_transport transport;
    auto config = guide_config();
    //[enrol_settings
    config.topics = {{"enrol", "add this number to your account"}};
    //]
    phoneauth::authenticator auth(config, storage, transport);
    const exported_user ada{"0C8EAFC0-6D0D-4CF5-8E0B-000000000001", {}, "ada@example.com"};
    const std::string typed_number = "+14155550100";

    //[enrol
    phoneauth::client_info from("192.0.2.1");
    from.user_id = ada.id;  // whom your own login knows
    const auto begun = auth.start_verification(typed_number, "enrol", from).value();
    //]
    const auto typed_code = transport.last_code();
    //[enrol_end
    const auto proof =
        auth.finish_verification(begun.transaction_id, phoneauth::submitted_code(typed_code), from).value();
    const auto redeemed = auth.redeem_proof(proof.token, "enrol").value();
    const phoneauth::user u{redeemed.user_id, redeemed.phone, ada.email, {}};
    const bool added = redeemed.user_id == ada.id && storage.insert_user(u) == phoneauth::write_result::done;
    //]
    BOOST_TEST(added);
    BOOST_TEST(!auth.redeem_proof(proof.token, "enrol").has_value());  // once

    const auto login = auth.start_login(typed_number).value();
    const auto entered =
        auth.finish_login(login.transaction_id, phoneauth::submitted_code(transport.last_code())).value();
    BOOST_TEST(entered.user.object_id == ada.id);
    const phoneauth::user other{"0C8EAFC0-6D0D-4CF5-8E0B-000000000002", redeemed.phone, "bob@example.com", {}};
    BOOST_TEST((storage.insert_user(other) != phoneauth::write_result::done));
}

BOOST_AUTO_TEST_CASE(completion_tokens) {
    asio::io_context loop;
    waiting_transport transport{loop};
    phoneauth::memory_storage storage;
    phoneauth::authenticator auth(guide_config(), storage, transport);
    const std::string phone = "+14155550100";
    const phoneauth::client_info from("192.0.2.1");
    std::string said;
    const auto say = [&](const std::string& text) { said = text; };

    //[tokens
    auth.start_registration(phone, from, [&](phoneauth::result<phoneauth::challenge> begun) {
        say(begun ? "a code is on its way" : begun.error().message);
    });
    std::future<phoneauth::result<phoneauth::challenge>> later = auth.start_login(phone, from, asio::use_future);
    //]
    loop.run();
    BOOST_TEST(said == "a code is on its way");
    BOOST_TEST(later.get().has_value());
}

BOOST_AUTO_TEST_CASE(a_configuration_is_tested) {
    phoneauth::testing::twilio_simulator transport;
    phoneauth::memory_storage storage;
    auto config = guide_config();
    config.twilio = transport.settings();
    config.default_calling_code = "1";
    phoneauth::authenticator auth(config, storage, transport);
    std::ostringstream terminal;

    //[test_configuration
    const auto report = auth.test_configuration().value();
    for (const auto& found : report.findings)
        if (!found.ok) terminal << found.check << ": " << found.message << ' ' << found.remedy << '\n';
    const int exit_status = report.ok() ? 0 : 1;
    //]
    BOOST_TEST(exit_status == 0);
    BOOST_TEST(report.findings.size() > 5);
}

BOOST_AUTO_TEST_CASE(keys_are_rotated) {
    const phoneauth::secret_string january(std::string(32, 'j')), july(std::string(32, 'J'));
    phoneauth::memory_storage storage;
    phoneauth::testing::scripted_transport transport;
    auto config = guide_config();
    config.code_keys = {{"2026-01", january}};
    const auto code_of = [&](const phoneauth::config& c, const phoneauth::transaction_id& id) {
        return phoneauth::authenticator(c, storage, transport)
            .finish_registration({id, phoneauth::submitted_code(transport.last_code()), "+14155550100",
                                  phoneauth::password("correct horse"), "ada@example.com"})
            .has_value();
    };
    auto begun = phoneauth::authenticator(config, storage, transport).start_registration("+14155550100");
    BOOST_REQUIRE(begun);

    //[rotate
    // 1. On all servers, one after the other: they check codes of both keys, and make them with the old one.
    config.code_keys = {{"2026-01", january}, {"2026-07", july}};
    // 2. Once all servers have it, again on all of them: new codes are made with the new one.
    config.code_keys = {{"2026-07", july}, {"2026-01", january}};
    // 3. After config.code_lifetime: the old one is needed no more.
    //]
    BOOST_TEST(code_of(config, begun->transaction_id));
    config.code_keys = {{"2026-07", july}};
    config.phone_cooldown = 0s;
    begun = phoneauth::authenticator(config, storage, transport).start_login("+14155550100");
    BOOST_REQUIRE(begun);
    BOOST_TEST(phoneauth::authenticator(config, storage, transport)
                   .finish_login(begun->transaction_id, phoneauth::submitted_code(transport.last_code()))
                   .has_value());
}

BOOST_AUTO_TEST_CASE(a_server_is_tested) {
    auto config = guide_config();
    config.phone_cooldown = 0s;
    config.identity_column = config.phone_column;
    config.password_required = false;
    config.unknown_phone = phoneauth::unknown_phone_policy::sign_up;
    //[kit
    phoneauth::memory_storage memory;
    phoneauth::testing::failing_storage storage(memory);
    phoneauth::testing::scripted_transport transport;
    phoneauth::testing::manual_clock clock;
    phoneauth::authenticator auth(config, storage, transport, clock);

    auto begun = auth.start_login("+14155550100").value();
    const phoneauth::submitted_code late(transport.last_code());  // of the message that was not sent
    clock.advance(5min);
    BOOST_TEST((auth.finish_login(begun.transaction_id, late).error().code == phoneauth::error::code_expired));

    transport.reply(429, {}, {{"Retry-After", "30"}});  // what Twilio says next
    BOOST_TEST((auth.start_login("+14155550100").error().retry_after == 30s));
    clock.advance(30s);

    storage.fail_before(storage.calls() + 1);  // the next thing that the flow asks of the storage
    BOOST_TEST((auth.start_login("+14155550100").error().code == phoneauth::error::storage_unavailable));
    //]
}

BOOST_AUTO_TEST_CASE(users_of_a_service_without_passwords_are_imported) {
    auto config = guide_config();
    const std::vector<exported_user> exported{{"aB3", "+14155550100", ""}, {"cD4", "+14155550101", "", true}};
    phoneauth::memory_storage storage;
    phoneauth::testing::scripted_transport transport;
    std::vector<std::string> refused;

    //[phones_only
    config.identity_column = config.phone_column;  // the phone is the name
    config.password_required = false;
    config.unknown_phone = phoneauth::unknown_phone_policy::sign_up;  // a login with a new phone makes its user

    for (const auto& old : exported) {
        const auto phone = phoneauth::phone_number::parse(old.phone);
        if (!phone) {
            refused.push_back(old.id);  // somebody has to look at these
            continue;
        }
        phoneauth::user u{old.id, *phone, std::string(phone->str()), {}};
        u.enabled = !old.disabled;
        if (storage.insert_user(u) != phoneauth::write_result::done) refused.push_back(old.id);
    }
    //]
    phoneauth::authenticator auth(config, storage, transport);
    const auto begun = auth.start_login("+1 (415) 555-0100").value();
    const auto in = auth.finish_login(begun.transaction_id, phoneauth::submitted_code(transport.last_code()));
    BOOST_REQUIRE(in);
    BOOST_TEST(in->user.object_id == "aB3");
    BOOST_TEST(refused.empty());
    const auto other = auth.start_login("+14155550101").value();
    BOOST_TEST(
        (auth.finish_login(other.transaction_id, phoneauth::submitted_code(transport.last_code())).error().code ==
         phoneauth::error::account_disabled));
}

BOOST_AUTO_TEST_SUITE_END()
