// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_DETAIL_ROUTES_IPP
#define PHONEAUTH_REST_DETAIL_ROUTES_IPP

#include <initializer_list>
#include <string_view>

#include <phoneauth/rest/cors.hpp>
#include <phoneauth/rest/detail/readers.ipp>

namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

// -- the rest of an account's life

/// A reader of text arguments that are all required.
template <class... Members>
result<void> read_texts(const incoming& in, call& made, std::initializer_list<std::string_view> names,
                        Members... members) {
    return take_from(in.arguments(names), error::missing_parameter, [&](member_reader& read) {
        auto name = names.begin();
        ((made.*members = read.text(*name++)), ...);
    });
}

/// A phone that is to be proved, or whose owner is to prove it.
inline result<void> phone_argument(const incoming& in, call& made) {
    return login_with_phone(in, made);
}

/// A transaction and its code.
inline result<void> code_argument(const incoming& in, call& made) {
    return login_with_code(in, made);
}

/// Clients of Backendless send GET, which browsers let pages of any origin send.
inline result<void> restore_password(const incoming& in, call& made) {
    const auto* site = find_header(in.request.headers, "Sec-Fetch-Site");
    const auto* origin = find_header(in.request.headers, "Origin");
    const bool allowed = is_allowed("*", in.options) || (origin && is_allowed(*origin, in.options));
    if (site && (*site == "cross-site" || *site == "same-site") && !allowed)
        return failure(error::not_permitted, "Pages of this origin may not use this server.");
    made.identity = made.captured;
    return {};
}

inline result<void> reset_password(const incoming& in, call& made) {
    return take_from(in.arguments({"transactionId", "code", "password", "backupCode"}), error::missing_parameter,
                     [&](member_reader& read) {
                         made.transaction_id = read.text("transactionId");
                         made.code = read.code("code", in.config);
                         made.password = read.text("password");
                         made.backup_code = read.text_or_empty("backupCode");
                     });
}

inline result<void> login_with_backup_code(const incoming& in, call& made) {
    return take_from(in.arguments({"phoneNumber", "password", "backupCode"}), error::missing_parameter,
                     [&](member_reader& read) {
                         made.phone = read.phone(in.config);
                         made.password = read.text_or_empty("password");
                         made.backup_code = read.text("backupCode");
                     });
}

inline result<void> login_with_trusted_device(const incoming& in, call& made) {
    return take_from(in.arguments({"phoneNumber", "password", "deviceToken"}), error::missing_parameter,
                     [&](member_reader& read) {
                         made.phone = read.phone(in.config);
                         made.password = read.text("password");
                         made.device_token = read.text("deviceToken");
                     });
}

inline result<void> password_argument(const incoming& in, call& made) {
    return read_texts(in, made, {"password"}, &call::password);
}

/// Nothing but what a hook may want.
inline result<void> no_arguments(const incoming& in, call& made) {
    const auto arguments = in.arguments({"extra"});
    if (!arguments) return arguments.error();
    note_extra(in, *arguments, {}, made);
    return {};
}

inline result<void> verify_phone(const incoming& in, call& made) {
    const auto arguments = in.arguments({"phoneNumber", "topic"});
    return take_from(arguments, error::missing_parameter, [&](member_reader& read) {
        made.phone = read.phone(in.config);
        made.topic = read.text("topic");
        note_extra(in, *arguments, {"phoneNumber", "topic"}, made);
    });
}

struct route {
    std::string_view method;
    std::string_view pattern;
    operation asked;                               ///< unless `read` asks for something else
    result<void> (*read)(const incoming&, call&);  ///< nullptr: there are no arguments
};

/// The first match counts.
inline constexpr route routes[] = {
    {"GET", "/health", operation::nothing, health},
    {"GET", "/info", operation::nothing, info},
    {"POST", "/users/register", operation::start_registration, register_user},
    {"POST", "/users/login", operation::login_with_identity, login},
    {"GET", "/users/logout", operation::logout, nullptr},
    {"GET", "/users/isvalidusertoken/*", operation::check_token, nullptr},
    {"GET", "/users/userclassprops", operation::nothing, describe_user_class},
    {"GET", "/users/restorepassword/*", operation::start_password_reset_of, restore_password},
    {"GET", "/users/sessions", operation::list_sessions, nullptr},
    {"DELETE", "/users/sessions", operation::end_other_sessions, nullptr},
    {"DELETE", "/users/sessions/*", operation::end_session, nullptr},
    {"GET", "/users/export", operation::export_account, nullptr},
    {"PUT", "/users/*/status", operation::nothing, update_status},
    {"PUT", "/users/*", operation::update_user, update_user},
    {"GET", "/data/Users/*", operation::find_user, nullptr},
    {"POST", "/services/Twilio/loginWithPhoneNumber", operation::start_login, login_with_phone},
    {"POST", "/services/Twilio/loginWithPhoneNumberAndPassword", operation::start_two_factor_login,
     login_with_phone_and_password},
    {"POST", "/services/Twilio/loginWithCode", operation::finish_login, login_with_code},
    {"POST", "/services/Twilio/resendCode", operation::resend, transaction},
    {"POST", "/services/Twilio/transactionStatus", operation::tell_status, transaction},
    {"POST", "/services/Twilio/sendMessage", operation::send_message, send_message},
    {"POST", "/services/Twilio/messageStatus", operation::take_report, message_status},
    {"POST", "/services/Twilio/changePhoneNumber", operation::start_phone_change, phone_argument},
    {"POST", "/services/Twilio/confirmPhoneNumber", operation::finish_phone_change, code_argument},
    {"POST", "/services/Twilio/restorePassword", operation::start_password_reset, phone_argument},
    {"POST", "/services/Twilio/resetPassword", operation::finish_password_reset, reset_password},
    {"POST", "/services/Twilio/makeBackupCodes", operation::make_backup_codes, nullptr},
    {"POST", "/services/Twilio/loginWithBackupCode", operation::login_with_backup_code, login_with_backup_code},
    {"POST", "/services/Twilio/stepUp", operation::start_step_up, no_arguments},
    {"POST", "/services/Twilio/confirmStepUp", operation::finish_step_up, code_argument},
    {"POST", "/services/Twilio/confirmPassword", operation::confirm_password, password_argument},
    {"POST", "/services/Twilio/trustDevice", operation::trust_device, nullptr},
    {"POST", "/services/Twilio/loginWithTrustedDevice", operation::login_with_trusted_device,
     login_with_trusted_device},
    {"POST", "/services/Twilio/deleteAccount", operation::start_deletion, no_arguments},
    {"POST", "/services/Twilio/confirmDeletion", operation::finish_deletion, code_argument},
    {"POST", "/services/Twilio/verifyPhoneNumber", operation::start_verification, verify_phone},
    {"POST", "/services/Twilio/confirmVerification", operation::finish_verification, code_argument},
};

}  // namespace detail
}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
