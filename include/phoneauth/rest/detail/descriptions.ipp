// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_DETAIL_DESCRIPTIONS_IPP
#define PHONEAUTH_REST_DETAIL_DESCRIPTIONS_IPP

#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>

#include <phoneauth/config.hpp>
#include <phoneauth/rest/detail/call.hpp>
#include <phoneauth/rest/detail/routes.ipp>
#include <phoneauth/rest/options.hpp>

// What the routes take and give, for `openapi`: data only.

namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

/// What a value is on the wire.
enum class shape {
    text,
    id,     ///< of a user or a session
    token,  ///< and the id of a transaction
    typed_phone,
    phone,
    identity,
    password,
    new_password,
    code,
    topic,
    message,
    media,
    time,
    time_or_null,
    seconds,
    seconds_or_null,
    number,
    flag,
    null,
    members,   ///< an object with anything in it
    constant,  ///< the text `of`
    one_of,    ///< one of the texts in `of`, which have blanks between them
    some_of,   ///< an array of them
    texts,     ///< an array
    object,    ///< the component `of`
    list       ///< an array of them
};

inline constexpr bool must = true, may = false;

/// A member of an object, or a parameter. The names "$phone" and "$identity" stand for the columns of the configuration.
struct field {
    std::string_view name;
    shape is;
    bool required = must;
    std::string_view about{};
    std::string_view of{};  ///< see `shape`; of others that a request may have: with which they are required
};

/// An object that replies have.
struct component {
    std::string_view name;
    std::span<const field> fields;
    bool open = false;        ///< it may have other members, too
    std::string_view base{};  ///< the component whose members it has as well
};

// -- what routes take: arguments in the order in which an array has them

inline constexpr std::string_view about_sending =
    "Other members are for the server's hook before_message, a captcha's answer for example.";
inline constexpr field takes_phone[] = {{"$phone", shape::typed_phone}};
inline constexpr field takes_phone_and_password[] = {{"$phone", shape::typed_phone}, {"password", shape::password}};
inline constexpr field takes_code[] = {{"transactionId", shape::token}, {"code", shape::code}};
inline constexpr field takes_transaction[] = {{"transactionId", shape::token}};
inline constexpr field takes_password[] = {{"password", shape::password}};
inline constexpr field takes_login[] = {{"login", shape::text, must, "The identity."}, {"password", shape::password}};
inline constexpr field takes_registration[] = {{"$phone", shape::typed_phone, must, "In step 2 the same as in step 1."},
                                               {"transactionId", shape::token, may, "Makes it step 2."},
                                               {"transactionCode", shape::code, may, "", "transactionId"},
                                               {"$identity", shape::identity, may, "", "transactionId"},
                                               {"password", shape::new_password, may, "", "transactionId"},
                                               {"blUserLocale", shape::text, may, "A language tag."}};
inline constexpr field takes_changes[] = {
    {"$identity", shape::identity, may},
    {"password", shape::new_password, may},
    {"currentPassword", shape::password, may, "Asked for unless the session is fresh, if one of the former changes."}};
inline constexpr field takes_message[] = {
    {"$phone", shape::typed_phone},
    {"message", shape::message, may, "Required unless there are media, or a ContentSid among the options."},
    {"mediaUrl", shape::media, may},
    {"options", shape::members, may, "Parameters of Twilio's."}};
inline constexpr field takes_new_password[] = {{"transactionId", shape::token},
                                               {"code", shape::code},
                                               {"password", shape::new_password},
                                               {"backupCode", shape::text, may, "Required where a reset needs one."}};
inline constexpr field takes_backup_code[] = {{"$phone", shape::typed_phone},
                                              {"password", shape::password, may, "Required if the user has one."},
                                              {"backupCode", shape::text}};
inline constexpr field takes_device[] = {
    {"$phone", shape::typed_phone}, {"password", shape::password}, {"deviceToken", shape::token}};
inline constexpr field takes_topic[] = {{"$phone", shape::typed_phone}, {"topic", shape::topic}};
inline constexpr field takes_report[] = {
    {"MessageSid", shape::text}, {"MessageStatus", shape::text}, {"ErrorCode", shape::text, may}};

// -- what they give

inline constexpr field health_fields[] = {{"status", shape::constant, must, "", "ok"}};
inline constexpr field info_fields[] = {
    {"appId", shape::text},
    {"apiKey", shape::text, must, "Empty where the key lets clients send messages."},
    {"rtURL", shape::constant, must, "", ""},
    {"loggers", shape::texts}};
inline constexpr field challenge_fields[] = {
    {"transactionId", shape::token},
    {"expiresAt", shape::time},
    {"resendAfter", shape::seconds},
    {"deliveryUncertain", shape::flag, may, "Nobody knows whether the code was sent; a resend may bring it twice."}};
inline constexpr field user_fields[] = {{"___class", shape::constant, must, "", "Users"},
                                        {"objectId", shape::id},
                                        {"ownerId", shape::id},
                                        {"userStatus", shape::one_of, must, "", "ENABLED DISABLED"},
                                        {"blUserLocale", shape::text},
                                        {"created", shape::time},
                                        {"updated", shape::time_or_null},
                                        {"$identity", shape::text},
                                        {"$phone", shape::phone}};
inline constexpr field logged_in_fields[] = {{"lastLogin", shape::time_or_null},
                                             {"socialAccount", shape::constant, must, "", "BACKENDLESS"},
                                             {"___jsonclass", shape::constant, must, "", "Users"},
                                             {"user-token", shape::token, must, "For the header of this name."}};
inline constexpr field property_fields[] = {
    {"name", shape::text},     {"type", shape::one_of, must, "", "STRING DATETIME"},
    {"required", shape::flag}, {"identity", shape::flag},
    {"selected", shape::flag}, {"defaultValue", shape::null}};
inline constexpr field session_fields[] = {
    {"id", shape::id},
    {"kind", shape::one_of, must, "", "login trustedDevice"},
    {"current", shape::flag, must, "It is the one that asks."},
    {"device", shape::text, must, "What the client called itself."},
    {"network", shape::text, must, "Empty: not known."},
    {"opened", shape::time},
    {"lastUsed", shape::time},
    {"expires", shape::time},
    {"methods", shape::some_of, must, "How the user showed who they are.", "password code backupCode trustedDevice"},
    {"authTime", shape::time, must, "When they last did."}};
inline constexpr field ended_fields[] = {{"ended", shape::number}};
inline constexpr field device_fields[] = {{"deviceToken", shape::token}, {"expires", shape::time}};
inline constexpr field backup_fields[] = {{"backupCodes", shape::texts}};
inline constexpr field account_fields[] = {{"user", shape::object, must, "", "User"},
                                           {"sessions", shape::list, must, "", "Session"}};
inline constexpr field proof_fields[] = {
    {"proof", shape::text}, {"topic", shape::text}, {"phoneNumber", shape::phone}, {"expires", shape::time}};
inline constexpr field status_fields[] = {
    {"state", shape::one_of, must, "", "pending confirmed exhausted expired failed redeemed"},
    {"delivery", shape::one_of, must, "", "pending delivered undelivered"},
    {"reason", shape::text, may, "Why it was not delivered."},
    {"twilioCode", shape::number, may},
    {"triesLeft", shape::number},
    {"expiresIn", shape::seconds},
    {"resendAfter", shape::seconds_or_null, must, "Null: never."}};
inline constexpr field message_fields[] = {{"sid", shape::text}};
inline constexpr field detail_fields[] = {
    {"retryAfter", shape::seconds, may}, {"triesLeft", shape::number, may}, {"twilioCode", shape::number, may}};

inline constexpr component components[] = {{"Health", health_fields},
                                           {"Info", info_fields},
                                           {"Challenge", challenge_fields},
                                           {"User", user_fields, true},
                                           {"LoggedInUser", logged_in_fields, true, "User"},
                                           {"Property", property_fields},
                                           {"Session", session_fields},
                                           {"Ended", ended_fields},
                                           {"TrustedDevice", device_fields},
                                           {"BackupCodes", backup_fields},
                                           {"Account", account_fields},
                                           {"Proof", proof_fields},
                                           {"TransactionStatus", status_fields},
                                           {"TwilioMessage", message_fields, true},
                                           {"Empty", {}},
                                           {"ErrorData", detail_fields}};

// -- what switches routes off

using switched = bool(const options&, const config&);

inline bool registers(const options&, const config& c) {
    return c.registration_enabled;
}
inline bool logs_in(const options&, const config& c) {
    return c.login_enabled;
}
inline bool logs_in_by_code(const options&, const config& c) {
    return c.login_enabled && c.code_login_enabled;
}
inline bool logs_in_by_identity(const options&, const config& c) {
    return c.identity_login_enabled;
}
inline bool resets(const options&, const config& c) {
    return c.password_reset != password_reset_policy::disabled;
}
inline bool trusts_devices(const options&, const config& c) {
    return c.trusted_device_lifetime.count() > 0;
}
inline bool logs_in_by_device(const options& o, const config& c) {
    return c.login_enabled && trusts_devices(o, c);
}
inline bool has_topics(const options&, const config& c) {
    return !c.topics.empty();
}
inline bool sends(const options& o, const config&) {
    return o.send_message != send_message_access::off;
}
inline bool takes_reports(const options&, const config& c) {
    return !c.twilio.status_callback.empty();
}

// -- the routes

struct tag {
    std::string_view name, about;
};
inline constexpr tag tags[] = {{"server", "The server itself"},
                               {"registration", "Becoming a user"},
                               {"login", "Logging in"},
                               {"codes", "Codes, and phones that are proved by them"},
                               {"sessions", "Sessions, and who is there"},
                               {"account", "The user's own account"},
                               {"recovery", "Forgotten passwords and lost phones"},
                               {"messages", "SMS and MMS"}};

/// Where arguments stand.
enum class body_form {
    none,
    object,      ///< a JSON object
    properties,  ///< a JSON object that may have other members, too
    arguments,   ///< of a service: as `read_arguments` takes them
    sending,     ///< the same, with `about_sending`
    report       ///< Twilio's
};

/// Who may ask.
enum class asker { anybody, session, sender /**< as `options::send_message` says */ };

struct description {
    std::string_view method;
    std::string_view path;  ///< the route's pattern, with a name in the place of the "*"
    std::string_view id;    ///< empty: the route only says that it is not there
    std::string_view tag;
    std::string_view summary;
    body_form form;
    std::span<const field> takes;
    std::string_view gives;  ///< a component; "[C]": an array of it; "A|B": one of two; or "boolean"
    asker who = asker::anybody;
    switched* is_on = nullptr;  ///< nullptr: always
};

/// In the order of `routes`.
inline constexpr description descriptions[] = {
    {"GET", "/health", "health", "server", "Says that requests are answered", body_form::none, {}, "Health"},
    {"GET", "/info", "info", "server", "What Backendless's SDKs ask first", body_form::none, {}, "Info"},
    {"POST", "/users/register", "register", "registration", "Registers a user: first the phone, then with its code",
     body_form::properties, takes_registration, "Challenge|User", asker::anybody, registers},
    {"POST", "/users/login", "login", "login", "Logs in with identity and password alone", body_form::object,
     takes_login, "LoggedInUser", asker::anybody, logs_in_by_identity},
    {"GET", "/users/logout", "logout", "sessions", "Ends the session", body_form::none, {}, "Empty", asker::session},
    {"GET",
     "/users/isvalidusertoken/{token}",
     "isValidUserToken",
     "sessions",
     "Whether a session lasts",
     body_form::none,
     {},
     "boolean"},
    {"GET",
     "/users/userclassprops",
     "describeUserClass",
     "account",
     "The properties of users",
     body_form::none,
     {},
     "[Property]"},
    {"GET",
     "/users/restorepassword/{identity}",
     "restorePasswordOf",
     "recovery",
     "Begins a password reset, by identity",
     body_form::none,
     {},
     "Challenge",
     asker::anybody,
     resets},
    {"GET",
     "/users/sessions",
     "listSessions",
     "sessions",
     "The user's sessions and trusted devices",
     body_form::none,
     {},
     "[Session]",
     asker::session},
    {"DELETE",
     "/users/sessions",
     "endOtherSessions",
     "sessions",
     "Ends all sessions but this one",
     body_form::none,
     {},
     "Ended",
     asker::session},
    {"DELETE",
     "/users/sessions/{id}",
     "endSession",
     "sessions",
     "Ends a session",
     body_form::none,
     {},
     "Empty",
     asker::session},
    {"GET",
     "/users/export",
     "exportAccount",
     "account",
     "All that is kept about the user",
     body_form::none,
     {},
     "Account",
     asker::session},
    {"PUT", "/users/{objectId}/status", "", "", "", body_form::none, {}, ""},
    {"PUT", "/users/{objectId}", "updateUser", "account", "Changes properties; null removes one", body_form::properties,
     takes_changes, "User", asker::session},
    {"GET",
     "/data/Users/{objectId}",
     "findUser",
     "account",
     "The user whose session it is",
     body_form::none,
     {},
     "User",
     asker::session},
    {"POST", "/services/Twilio/loginWithPhoneNumber", "loginWithPhoneNumber", "login", "Begins a login by code",
     body_form::sending, takes_phone, "Challenge", asker::anybody, logs_in_by_code},
    {"POST", "/services/Twilio/loginWithPhoneNumberAndPassword", "loginWithPhoneNumberAndPassword", "login",
     "Begins a login by password and code", body_form::sending, takes_phone_and_password, "Challenge", asker::anybody,
     logs_in},
    {"POST", "/services/Twilio/loginWithCode", "loginWithCode", "login", "Ends a login", body_form::arguments,
     takes_code, "LoggedInUser", asker::anybody, logs_in},
    {"POST", "/services/Twilio/resendCode", "resendCode", "codes", "Sends the code of a transaction again",
     body_form::sending, takes_transaction, "Challenge"},
    {"POST", "/services/Twilio/transactionStatus", "transactionStatus", "codes", "What became of a code",
     body_form::arguments, takes_transaction, "TransactionStatus"},
    {"POST", "/services/Twilio/sendMessage", "sendMessage", "messages", "Sends a message", body_form::arguments,
     takes_message, "TwilioMessage", asker::sender, sends},
    {"POST", "/services/Twilio/messageStatus", "messageStatus", "messages", "Where Twilio reports to",
     body_form::report, takes_report, "Empty", asker::anybody, takes_reports},
    {"POST", "/services/Twilio/changePhoneNumber", "changePhoneNumber", "account", "Begins a change of phone",
     body_form::sending, takes_phone, "Challenge", asker::session},
    {"POST", "/services/Twilio/confirmPhoneNumber", "confirmPhoneNumber", "account", "Ends a change of phone",
     body_form::arguments, takes_code, "User", asker::session},
    {"POST", "/services/Twilio/restorePassword", "restorePassword", "recovery", "Begins a password reset, by phone",
     body_form::sending, takes_phone, "Challenge", asker::anybody, resets},
    {"POST", "/services/Twilio/resetPassword", "resetPassword", "recovery", "Ends a password reset",
     body_form::arguments, takes_new_password, "Empty", asker::anybody, resets},
    {"POST",
     "/services/Twilio/makeBackupCodes",
     "makeBackupCodes",
     "recovery",
     "Makes ten backup codes",
     body_form::none,
     {},
     "BackupCodes",
     asker::session},
    {"POST", "/services/Twilio/loginWithBackupCode", "loginWithBackupCode", "recovery",
     "Logs in with a backup code in place of one by SMS", body_form::arguments, takes_backup_code, "LoggedInUser",
     asker::anybody, logs_in},
    {"POST",
     "/services/Twilio/stepUp",
     "stepUp",
     "sessions",
     "Begins a proof that it is still the user",
     body_form::sending,
     {},
     "Challenge",
     asker::session},
    {"POST", "/services/Twilio/confirmStepUp", "confirmStepUp", "sessions", "Ends it", body_form::arguments, takes_code,
     "Empty", asker::session},
    {"POST", "/services/Twilio/confirmPassword", "confirmPassword", "sessions", "Proves it by the password",
     body_form::arguments, takes_password, "Empty", asker::session},
    {"POST",
     "/services/Twilio/trustDevice",
     "trustDevice",
     "sessions",
     "Spares this device codes",
     body_form::none,
     {},
     "TrustedDevice",
     asker::session,
     trusts_devices},
    {"POST", "/services/Twilio/loginWithTrustedDevice", "loginWithTrustedDevice", "login",
     "Logs in with a trusted device in place of a code", body_form::arguments, takes_device, "LoggedInUser",
     asker::anybody, logs_in_by_device},
    {"POST",
     "/services/Twilio/deleteAccount",
     "deleteAccount",
     "account",
     "Begins the deletion of the account",
     body_form::sending,
     {},
     "Challenge",
     asker::session},
    {"POST", "/services/Twilio/confirmDeletion", "confirmDeletion", "account", "Deletes the account",
     body_form::arguments, takes_code, "Empty", asker::session},
    {"POST", "/services/Twilio/verifyPhoneNumber", "verifyPhoneNumber", "codes",
     "Begins the proof of a phone, for a topic", body_form::sending, takes_topic, "Challenge", asker::anybody,
     has_topics},
    {"POST", "/services/Twilio/confirmVerification", "confirmVerification", "codes", "Ends the proof of a phone",
     body_form::arguments, takes_code, "Proof", asker::anybody, has_topics},
};

/// Whether `path` is `pattern` with names in the place of "*".
constexpr bool is_named(std::string_view pattern, std::string_view path) {
    const auto star = pattern.find('*');
    if (star == pattern.npos) return pattern == path;
    const auto end = path.find('}');
    return end != path.npos && path.starts_with(pattern.substr(0, star)) && path.substr(star).starts_with('{') &&
           is_named(pattern.substr(star + 1), path.substr(end + 1));
}

constexpr bool every_route_is_described() {
    if (std::size(routes) != std::size(descriptions)) return false;
    for (std::size_t i = 0; i < std::size(routes); ++i)
        if (routes[i].method != descriptions[i].method || !is_named(routes[i].pattern, descriptions[i].path))
            return false;
    return true;
}
static_assert(every_route_is_described(), "descriptions needs one row per route, in order");

}  // namespace detail
}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
