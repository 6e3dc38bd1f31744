// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <string>

#include <phoneauth/rest/detail/body.hpp>

#include "rest/fake_authenticator.hpp"

BOOST_AUTO_TEST_SUITE(rest_body)

namespace {
struct row {
    std::string body;
    std::string outcome;  ///< the call that is made, or code and message of the error
};

template <std::size_t N>
void check(const std::string& path, const row (&rows)[N]) {
    for (const auto& r : rows) {
        fake_api api;
        BOOST_TEST(api.post(path, r.body) == r.outcome,
                   path << " " << r.body << "\n  gives    " << api.post(path, r.body) << "\n  expected " << r.outcome);
    }
}

std::string nested(std::size_t n) {
    return std::string(n, '[') + std::string(n, ']');
}
}  // namespace

BOOST_AUTO_TEST_CASE(login_with_phone_number) {
    check("/services/Twilio/loginWithPhoneNumber",
          {
              // as the clients send it
              {"+15005550006", "start_login(+15005550006)\n"},
              {R"("+15005550006")", "start_login(+15005550006)\n"},
              {R"(["+15005550006"])", "start_login(+15005550006)\n"},
              {R"({"phoneNumber":"+15005550006"})", "start_login(+15005550006)\n"},
              {"", "8007 The parameter phoneNumber is missing."},
              // bare digits are a JSON number; its digits count
              {"15005550006", "start_login(15005550006)\n"},
              {"9007199254740993", "start_login(9007199254740993)\n"},
              {"[15005550006]", "start_login(15005550006)\n"},
              {R"({"phoneNumber":15005550006})", "start_login(15005550006)\n"},
              {"  +1 500 555-0006\r\n", "start_login(+1 500 555-0006)\n"},
              {"015005550006", "start_login(015005550006)\n"},                        // not JSON
              {"99999999999999999999999", "start_login(99999999999999999999999)\n"},  // no 64 bits
              // nothing
              {" \r\n", "8007 The parameter phoneNumber is missing."},
              {"null", "8007 The parameter phoneNumber is missing."},
              {"[]", "8007 The parameter phoneNumber is missing."},
              {"[null]", "8007 The parameter phoneNumber is missing."},
              {"{}", "8007 The parameter phoneNumber is missing."},
              {R"({"phoneNumber":null})", "8007 The parameter phoneNumber is missing."},
              // something else
              {"1.5e10", "8008 The parameter phoneNumber has the wrong type."},
              {"15005550006.0", "8008 The parameter phoneNumber has the wrong type."},
              {"-15005550006", "8008 The parameter phoneNumber has the wrong type."},
              {"true", "8008 The parameter phoneNumber has the wrong type."},
              {R"({"phoneNumber":["+15005550006"]})", "8008 The parameter phoneNumber has the wrong type."},
              {R"(["+15005550006","x"])", "8008 The operation takes at most 1 arguments."},
              {R"({"phoneNumber":"+15005550006")", "8002 The request body is not valid JSON of the expected form."},
              {R"(["+15005550006")", "8002 The request body is not valid JSON of the expected form."},
              {R"("+15005550006)", "8002 The request body is not valid JSON of the expected form."},
              {R"({"phoneNumber":"+1","phoneNumber":"+2"})",
               "8002 The request body is not valid JSON of the expected form."},
              {"\"\xff\"", "8002 The request body is not valid JSON of the expected form."},
              {nested(17), "8004 The request body is larger or more deeply nested than this server accepts."},
              {nested(60000).substr(0, 65536),
               "8004 The request body is larger or more deeply nested than this server accepts."},
              {R"(["[[[[[[[[[[[[[[[[[[[[\"[[["])", "start_login([[[[[[[[[[[[[[[[[[[[\"[[[)\n"},
          });
}

BOOST_AUTO_TEST_CASE(login_with_phone_number_and_password) {
    check("/services/Twilio/loginWithPhoneNumberAndPassword",
          {
              {R"({"phoneNumber":"+15005550006","password":"secret 1"})",
               "start_two_factor_login(+15005550006,secret 1)\n"},
              {R"(["+15005550006","secret 1"])", "start_two_factor_login(+15005550006,secret 1)\n"},
              {R"([15005550006,"12345678"])", "start_two_factor_login(15005550006,12345678)\n"},
              {"+15005550006", "8007 The parameter password is missing."},
              {R"(["+15005550006",null])", "8007 The parameter password is missing."},
              {R"(["+15005550006",12345678])", "8008 The parameter password has the wrong type."},
              {R"({"password":"x"})", "8007 The parameter phoneNumber is missing."},
          });
}

BOOST_AUTO_TEST_CASE(login_with_code) {
    check(
        "/services/Twilio/loginWithCode",
        {
            {R"({"transactionId":"T","code":"012345"})", "finish_login(T,012345)\n"},
            {R"({"transactionId":"T","code":123456})", "finish_login(T,123456)\n"},
            // as a number it has lost its zeros
            {R"({"transactionId":"T","code":79456})", "finish_login(T,079456)\n"},
            {R"({"transactionId":"T","code":0})", "finish_login(T,000000)\n"},
            {R"(["T",7])", "finish_login(T,000007)\n"},
            {R"({"transactionId":"T","code":"79456"})", "finish_login(T,79456)\n"},
            {R"({"transactionId":"T","code":1234567})", "finish_login(T,1234567)\n"},
            {R"({"transactionId":"T","code":-1})", "8008 The parameter code has the wrong type."},
            {R"({"transactionId":"T","code":79456.0})", "8008 The parameter code has the wrong type."},
            {R"(["T","012345"])", "finish_login(T,012345)\n"},
            {R"(["T",123456])", "finish_login(T,123456)\n"},
            {R"(["T",1e5])", "8008 The parameter code has the wrong type."},
            {R"([5,"012345"])", "8008 The parameter transactionId has the wrong type."},
            {R"({"transactionId":"T"})", "8007 The parameter code is missing."},
            {R"({"transactionId":"T","code":012345})", "8002 The request body is not valid JSON of the expected form."},
        });
}

BOOST_AUTO_TEST_CASE(resend_code) {
    check("/services/Twilio/resendCode", {
                                             {R"({"transactionId":"T"})", "resend(T)\n"},
                                             {R"("T")", "resend(T)\n"},
                                             {R"(["T"])", "resend(T)\n"},
                                             {"AB-CD", "resend(AB-CD)\n"},
                                             {"", "8007 The parameter transactionId is missing."},
                                         });
}

BOOST_AUTO_TEST_CASE(send_message) {
    const std::string who = "authenticate(SESSION)\n";
    check(
        "/services/Twilio/sendMessage",
        {
            {R"({"phoneNumber":"+1","message":"hi"})", who + "send_message(+1,hi)\n"},
            {R"({"phoneNumber":"+1","message":"hi","mediaUrl":"https://m","options":{"ValidityPeriod":600,"SmartEncoded":true,"ProvideFeedback":"2","From":null}})",
             who + "send_message(+1,hi,https://m,ValidityPeriod=600,SmartEncoded=true,ProvideFeedback=2)\n"},
            {R"(["+1","hi",null,null])", who + "send_message(+1,hi)\n"},
            {R"(["+1","hi"])", who + "send_message(+1,hi)\n"},
            {R"(["+1","hi","https://m"])", who + "send_message(+1,hi,https://m)\n"},
            {R"(["+1",null,["https://m","https://n"],{}])", who + "send_message(+1,,https://m,https://n)\n"},
            {R"({"phoneNumber":"+1","message":"","mediaUrl":"https://m"})", who + "send_message(+1,,https://m)\n"},
            {R"({"phoneNumber":"+1","message":"hi","options":{"PersistentAction":[]}})", who + "send_message(+1,hi)\n"},
            {R"({"phoneNumber":"+1","options":{"ContentSid":"HX1"}})",
             "14013 The options have one that is not for users to choose."},
            {R"({"phoneNumber":"+1","options":{"ContentSid":""}})", "8007 The parameter message is missing."},
            {R"({"phoneNumber":"+1","options":{"ContentSid":null}})", "8007 The parameter message is missing."},
            {R"(["+1","hi",null,{"PersistentAction":[1]}])", "8008 The parameter options has the wrong type."},
            {R"(["+1","hi",null,{"PersistentAction":[["x"]]}])", "8008 The parameter options has the wrong type."},
            {R"(["+1","hi",null,{"PersistentAction":{}}])", "8008 The parameter options has the wrong type."},
            {R"(["+1","hi",null,{"ValidityPeriod":["1","2"]}])", "8008 The parameter options has the wrong type."},
            {R"(["+1"])", "8007 The parameter message is missing."},
            {R"(["+1",5])", "8008 The parameter message has the wrong type."},
            {R"(["+1","hi",5])", "8008 The parameter mediaUrl has the wrong type."},
            {R"(["+1","hi",["https://m",5]])", "8008 The parameter mediaUrl has the wrong type."},
            {R"(["+1","hi",null,"x"])", "8008 The parameter options has the wrong type."},
            {R"(["+1","hi",null,"{}"])", "8008 The parameter options has the wrong type."},
            {R"(["+1","hi",null,{"a":[1]}])", "8008 The parameter options has the wrong type."},
            {R"(["+1","hi",null,null,1])", "8008 The operation takes at most 4 arguments."},
            {R"({"message":"hi"})", "8007 The parameter phoneNumber is missing."},
        });
}

BOOST_AUTO_TEST_CASE(options_of_a_message) {
    using namespace phoneauth;
    const auto arguments = phoneauth::detail::parse_json(
        R"({"phoneNumber":"+1","options":{"contentSid":"HX1","persistentAction":["geo:1","geo:2"],"SmartEncoded":true}})");
    const auto m = rest::detail::read_text_message(*arguments, config());
    BOOST_REQUIRE(m);
    BOOST_TEST(m->body == "");
    BOOST_TEST((m->options == text_message::option_list{{"contentSid", "HX1"},
                                                        {"persistentAction", "geo:1"},
                                                        {"persistentAction", "geo:2"},
                                                        {"SmartEncoded", "true"}}));
}

BOOST_AUTO_TEST_CASE(registration_step_one_is_told_by_the_absence_of_a_transaction) {
    check(
        "/users/register",
        {
            {R"({"phoneNumber":"+15005550006"})", "start_registration(+15005550006)\n"},
            {R"({"phoneNumber":"+15005550006","email":"a@b.c","password":"p","blUserLocale":"en","___class":"Users"})",
             "start_registration(+15005550006)\n"},
            {R"({"phoneNumber":15005550006,"transactionId":null})", "start_registration(15005550006)\n"},
            {"", "3038 The user has no properties."},
            {"null", "3038 The user has no properties."},
            {"{}", "3012 The parameter phoneNumber is missing."},
            {R"({"email":"a@b.c"})", "3012 The parameter phoneNumber is missing."},
            {R"({"phoneNumber":true})", "8008 The parameter phoneNumber has the wrong type."},
            {"[]", "8002 The request body must be a JSON object."},
            {"+15005550006", "8002 The request body is not valid JSON of the expected form."},
            {R"({"a":)" + nested(16) + "}",
             "8004 The request body is larger or more deeply nested than this server accepts."},
        });
}

BOOST_AUTO_TEST_CASE(registration_step_two) {
    const std::string known = R"("transactionId":"T","phoneNumber":"+1","transactionCode":"012345")";
    check(
        "/users/register",
        {
            {R"({"email":"a@b.c","password":"p",)" + known + "}", "finish_registration(T,012345,+1,a@b.c,p,en)\n"},
            {R"({"transactionId":"T","phoneNumber":1,"transactionCode":123456})",
             "finish_registration(T,123456,1,,,en)\n"},
            {R"({"transactionId":"T","phoneNumber":1,"transactionCode":3456})",
             "finish_registration(T,003456,1,,,en)\n"},
            {R"({"email":null,"password":null,)" + known + "}", "finish_registration(T,012345,+1,,,en)\n"},
            {R"({"blUserLocale":"de","___class":"Users","___jsonclass":"x","__meta":"{}","objectId":null,"created":null,)" +
                 known + "}",
             "finish_registration(T,012345,+1,,,de)\n"},
            {R"({"name":"A\"da","age":36,"tags":["a",{"b":1.50}],"none":null,)" + known + "}",
             "finish_registration(T,012345,+1,,,en,age=36,name=\"A\\\"da\",none=null,tags=[\"a\",{\"b\":1.50}])\n"},
            {R"({"objectId":"X",)" + known + "}", "finish_registration(T,012345,+1,,,en,objectId=\"X\")\n"},
            {R"({"transactionId":"T","phoneNumber":"+1"})", "3012 The parameter transactionCode is missing."},
            {R"({"transactionId":"T","transactionCode":"1"})", "3012 The parameter phoneNumber is missing."},
            {R"({"transactionId":7,"phoneNumber":"+1","transactionCode":"1"})",
             "8008 The parameter transactionId has the wrong type."},
            {R"({"password":12345678,)" + known + "}", "8008 The parameter password has the wrong type."},
            {R"({"email":5,)" + known + "}", "8008 The parameter email has the wrong type."},
            {R"({"blUserLocale":5,)" + known + "}", "8008 The parameter blUserLocale has the wrong type."},
        });
}

BOOST_AUTO_TEST_CASE(configured_columns_are_the_names_on_the_wire) {
    fake_api api;
    api.auth.configuration.phone_column = "mobile";
    api.auth.configuration.identity_column = "mobile";
    BOOST_TEST(api.post("/users/register", R"({"mobile":"+1"})") == "start_registration(+1)\n");
    BOOST_TEST(api.post("/users/register",
                        R"({"mobile":"+1","password":"p","transactionId":"T","transactionCode":"1","email":"x"})") ==
               "finish_registration(T,1,+1,,p,en,email=\"x\")\n");
    BOOST_TEST(api.post("/users/register", R"({"phoneNumber":"+1"})") == "3012 The parameter mobile is missing.");
    // The services' parameter keeps the plugin's name, too.
    BOOST_TEST(api.post("/services/Twilio/loginWithPhoneNumber", R"({"mobile":"+1"})") == "start_login(+1)\n");
    BOOST_TEST(api.post("/services/Twilio/loginWithPhoneNumber", R"({"phoneNumber":"+1"})") == "start_login(+1)\n");
    BOOST_TEST(api.post("/services/Twilio/loginWithPhoneNumber", "+1") == "start_login(+1)\n");
}

BOOST_AUTO_TEST_CASE(login_with_identity) {
    check("/users/login", {
                              {R"({"login":"a@b.c","password":"p"})", "login_with_identity(a@b.c,p)\n"},
                              {R"({"login":15005550006,"password":"p"})", "login_with_identity(15005550006,p)\n"},
                              {R"({"login":"a@b.c"})", "3006 The parameter password is missing."},
                              {R"({"login":null,"password":"p"})", "3006 The parameter login is missing."},
                              {R"({"login":"a","password":5})", "8008 The parameter password has the wrong type."},
                              {"[", "8002 The request body is not valid JSON of the expected form."},
                          });
}

// Some editors, and .NET's default encoder, put a byte order mark before what they write.
BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_skipped) {
    const std::string mark = "\xef\xbb\xbf";
    check("/services/Twilio/loginWithPhoneNumber",
          {
              {mark + "+15005550006", "start_login(+15005550006)\n"},
              {mark + "15005550006", "start_login(15005550006)\n"},
              {mark + R"("+15005550006")", "start_login(+15005550006)\n"},
              {mark + R"( ["+15005550006"])", "start_login(+15005550006)\n"},
              {mark + R"({"phoneNumber":"+15005550006"})", "start_login(+15005550006)\n"},
              {mark + R"({"phoneNumber":"+15005550006")",
               "8002 The request body is not valid JSON of the expected form."},
              {mark, "8007 The parameter phoneNumber is missing."},
          });
    check("/users/login", {
                              {mark + R"({"login":"a@b.c","password":"p"})", "login_with_identity(a@b.c,p)\n"},
                              {mark + mark + R"({"login":"a@b.c","password":"p"})",
                               "8002 The request body is not valid JSON of the expected form."},
                              {R"({"login":"a@b.c",)" + mark + R"("password":"p"})",
                               "8002 The request body is not valid JSON of the expected form."},
                              {mark + "[", "8002 The request body is not valid JSON of the expected form."},
                          });
    check("/users/register",
          {{mark, "3038 The user has no properties."}, {mark + R"({"phoneNumber":"+1"})", "start_registration(+1)\n"}});
}

BOOST_AUTO_TEST_CASE(the_whole_user_object_can_come_back) {
    fake_api api;
    const auto r = api.ask("PUT", "/users/U1",
                           R"({"objectId":"U1","created":1,"updated":null,"name":"Ada","user-token":"S"})", "S");
    BOOST_TEST(r.status == 200);
    BOOST_TEST(api.auth.calls ==
               "update_user(S,U1,created=1,name=\"Ada\",objectId=\"U1\",updated=null,user-token=\"S\")\n");
}

BOOST_AUTO_TEST_SUITE_END()
