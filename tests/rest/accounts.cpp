// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <string>

#include "rest/fake_authenticator.hpp"

using namespace phoneauth;

// The routes of the rest of an account's life: what they ask of the authenticator, and what they reply.

BOOST_AUTO_TEST_SUITE(rest_accounts)

namespace {
/// The calls that a request leads to, and its reply.
std::string trace(fake_api& api, std::string method, std::string path, std::string body = {}) {
    api.auth.calls.clear();
    const auto reply = api.ask(std::move(method), std::move(path), std::move(body), "SESSION");
    return api.auth.calls + std::to_string(reply.status) + " " + reply.body;
}

const std::string challenge_text = R"(200 {"transactionId":"T1","expiresAt":1234,"resendAfter":30})";
const std::string session_text =
    R"({"id":"S1","kind":"login","current":true,"device":"curl/\"8\"","network":"203.0.113.7","opened":1,)"
    R"("lastUsed":1,"expires":2,"methods":["password","code"],"authTime":1})";
}  // namespace

BOOST_AUTO_TEST_CASE(codes_are_asked_for) {
    fake_api api;
    const auto post = [&](std::string name, std::string body) {
        return trace(api, "POST", "/services/Twilio/" + name, std::move(body));
    };
    BOOST_TEST(post("changePhoneNumber", R"({"phoneNumber":"+1"})") ==
               "start_phone_change(SESSION,+1)\n" + challenge_text);
    BOOST_TEST(post("changePhoneNumber", "{}").starts_with(R"(400 {"code":8007)"));
    BOOST_TEST(post("restorePassword", "+1") == "start_password_reset(+1)\n" + challenge_text);
    BOOST_TEST(trace(api, "GET", "/users/restorepassword/ada%40example.com") ==
               "start_password_reset_of(ada@example.com)\n" + challenge_text);
    BOOST_TEST(post("stepUp", "") == "start_step_up(SESSION)\n" + challenge_text);
    BOOST_TEST(post("deleteAccount", "{}") == "start_deletion(SESSION)\n" + challenge_text);
    BOOST_TEST(post("verifyPhoneNumber", R"(["+1","pay"])") == "start_verification(+1,pay)\n" + challenge_text);
    BOOST_TEST(post("verifyPhoneNumber", "+1").starts_with(R"(400 {"code":8007)"));
}

BOOST_AUTO_TEST_CASE(codes_come_back) {
    fake_api api;
    const auto post = [&](std::string name, std::string body) {
        return trace(api, "POST", "/services/Twilio/" + name, std::move(body));
    };
    const std::string code = R"({"transactionId":"T1","code":1234})";  // as a number it has lost its zeros
    BOOST_TEST(
        post("confirmPhoneNumber", code).starts_with("finish_phone_change(SESSION,T1,001234)\n200 {\"___class\""));
    BOOST_TEST(post("confirmStepUp", code) == "finish_step_up(SESSION,T1,001234)\n200 {}");
    BOOST_TEST(post("confirmDeletion", code) == "finish_deletion(SESSION,T1,001234)\n200 {}");
    BOOST_TEST(post("confirmVerification", code) ==
               "finish_verification(T1,001234)\n"
               R"(200 {"proof":"P1","topic":"pay","phoneNumber":"+15005550006","expires":5})");
    BOOST_TEST(post("resetPassword", R"({"transactionId":"T1","code":"123456","password":"new one"})") ==
               "finish_password_reset(T1,123456,new one,)\n200 {}");
    BOOST_TEST(post("resetPassword", R"(["T1","123456","new one","0-AAAA"])") ==
               "finish_password_reset(T1,123456,new one,0-AAAA)\n200 {}");
    BOOST_TEST(post("resetPassword", R"(["T1","123456"])").starts_with(R"(400 {"code":8007)"));
    BOOST_TEST(post("confirmPassword", R"({"password":"pw"})") == "confirm_password(SESSION,pw)\n200 {}");
}

BOOST_AUTO_TEST_CASE(other_ways_in) {
    fake_api api;
    BOOST_TEST(trace(api, "POST", "/services/Twilio/loginWithBackupCode", R"(["+1","pw","0-AAAA"])")
                   .starts_with("login_with_backup_code(+1,pw,0-AAAA)\n200 {\"___class\""));
    BOOST_TEST(trace(api, "POST", "/services/Twilio/loginWithBackupCode", R"({"phoneNumber":"+1","backupCode":"0-A"})")
                   .starts_with("login_with_backup_code(+1,,0-A)\n200 "));
    BOOST_TEST(trace(api, "POST", "/services/Twilio/loginWithTrustedDevice", R"(["+1","pw","D1"])")
                   .starts_with("login_with_trusted_device(+1,pw,D1)\n200 {\"___class\""));
    BOOST_TEST(trace(api, "POST", "/services/Twilio/makeBackupCodes") ==
               "make_backup_codes(SESSION)\n"
               R"(200 {"backupCodes":["0-AAAA-BBBB-CCCC-DDDD","1-AAAA-BBBB-CCCC-DDDD"]})");
    BOOST_TEST(trace(api, "POST", "/services/Twilio/trustDevice") == "trust_device(SESSION)\n"
                                                                     R"(200 {"deviceToken":"D1","expires":9})");
}

BOOST_AUTO_TEST_CASE(sessions) {
    fake_api api;
    BOOST_TEST(trace(api, "GET", "/users/sessions") ==
               "list_sessions(SESSION)\n200 [" + session_text + "," + session_text + "]");
    BOOST_TEST(trace(api, "DELETE", "/users/sessions") == "end_other_sessions(SESSION)\n200 {\"ended\":2}");
    BOOST_TEST(trace(api, "DELETE", "/users/sessions/S1") == "end_session(SESSION,S1)\n200 {}");
    BOOST_TEST(trace(api, "GET", "/users/export").ends_with(R"("sessions":[)" + session_text + "]}"));
    api.auth.refuse = failure(error::unknown_token);
    for (const auto* path : {"/users/sessions", "/users/export"})
        BOOST_TEST(trace(api, "GET", path).find(R"(400 {"code":3064)") != std::string::npos);
    BOOST_TEST(trace(api, "DELETE", "/users/sessions/S1").find(R"(400 {"code":3064)") != std::string::npos);
}

// GET changes nothing elsewhere, and so has no check of the origin; this one has a message sent.
BOOST_AUTO_TEST_CASE(pages_of_other_origins_have_no_password_restored) {
    for (const auto* site : {"cross-site", "same-site"}) {
        fake_api api;
        http_request request{"GET", "/APP/KEY/users/restorepassword/ada", {{"Sec-Fetch-Site", site}}, {}};
        BOOST_TEST(api.ask(request).status == 403);
        BOOST_TEST(api.auth.calls == "");
        request.headers.push_back({"Origin", "https://page.example"});
        api.options.allowed_origins = {"https://page.example"};
        BOOST_TEST(api.ask(request).status == 200);
    }
    fake_api api;
    for (const auto* site : {"same-origin", "none"})
        BOOST_TEST(api.ask({"GET", "/APP/KEY/users/restorepassword/ada", {{"Sec-Fetch-Site", site}}, {}}).status ==
                   200);
}

BOOST_AUTO_TEST_CASE(what_else_comes_is_for_the_hook) {
    fake_api api;
    const auto extra = [&](std::string path, std::string body) {
        api.post(std::move(path), std::move(body));
        return fake_authenticator::list(api.auth.caller.extra);
    };
    BOOST_TEST(extra("/services/Twilio/changePhoneNumber", R"({"phoneNumber":"+1","captcha":"a\"b","n":[1]})") ==
               R"(,captcha="a\"b",n=[1])");
    BOOST_TEST(extra("/services/Twilio/stepUp", R"({"captcha":"x"})") == R"(,captcha="x")");
    BOOST_TEST(extra("/users/register", R"({"phoneNumber":"+1","password":"secret","captcha":"x"})") ==
               R"(,captcha="x")");
    std::string many = R"({"phoneNumber":"+1")";
    for (int i = 0; i < 33; ++i) many += ",\"x" + std::to_string(i) + "\":1";
    BOOST_TEST(extra("/services/Twilio/restorePassword", many + "}") == "");
    BOOST_TEST(extra("/services/Twilio/restorePassword",
                     R"({"phoneNumber":"+1","x":")" + std::string(8192, 'x') + "\"}") == "");
}

BOOST_AUTO_TEST_SUITE_END()
