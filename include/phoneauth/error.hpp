// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ERROR_HPP
#define PHONEAUTH_ERROR_HPP

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {

/// Everything that can go wrong. Each enumerator has one row in `error_table`: its name and its sentence. What a caller
/// can do about it is its `condition`; its number on the wire is in rest/error_codes.hpp.
enum class error {
    // the request
    unparsable_body = 1,
    body_too_large,
    missing_parameter,
    invalid_parameter,
    invalid_phone_number,
    invalid_email,
    message_too_long,
    invalid_media_url,
    wrong_application,
    unknown_route,
    method_not_allowed,

    // registration
    registration_disabled,
    password_required,
    invalid_password,
    identity_required,
    property_required,
    user_exists,
    no_properties,
    reserved_property,
    refused_by_hook,

    // login and sessions
    login_disabled,
    login_required,
    invalid_login,
    unknown_phone,
    account_disabled,
    too_many_failures,
    unknown_token,
    session_expired,
    send_message_disabled,
    not_permitted,
    fresh_login_required,
    operation_disabled,
    invalid_proof,

    // codes and transactions
    no_transaction,
    wrong_code,
    code_expired,
    code_used,
    tries_exhausted,
    transaction_failed,
    phone_mismatch,
    resend_too_soon,
    too_many_messages,
    destination_not_allowed,

    // the provider
    provider_refused,
    provider_misconfigured,
    provider_busy,
    provider_unreachable,
    no_answer,
    bad_provider_reply,
    invalid_signature,

    // the transport
    invalid_url,
    host_not_found,
    connect_failed,
    connect_timeout,
    proxy_failed,
    tls_failed,
    certificate_untrusted,
    certificate_expired,
    certificate_wrong_host,
    write_failed,
    read_timeout,
    connection_lost,
    malformed_reply,
    reply_too_large,
    cancelled,

    // the machine
    storage_unavailable,
    overloaded,
    internal
};

/// One row of `error_table`.
struct error_row {
    error value;            ///< the enumerator
    std::string_view name;  ///< its name, for logs and counters
    std::string_view text;  ///< what happened, and what to do about it
};

// clang-format off
/// The only place where errors get their names and texts, in the order of the enumerators.
inline constexpr std::array error_table{
    error_row{error::unparsable_body, "unparsable_body", "The request body is not valid JSON of the expected form."},
    error_row{error::body_too_large, "body_too_large", "The request body is larger or more deeply nested than this server accepts."},
    error_row{error::missing_parameter, "missing_parameter", "A required parameter is missing."},
    error_row{error::invalid_parameter, "invalid_parameter", "A parameter has a value that is not accepted."},
    error_row{error::invalid_phone_number, "invalid_phone_number", "The phone number is not a valid E.164 number."},
    error_row{error::invalid_email, "invalid_email", "The email address is not valid."},
    error_row{error::message_too_long, "message_too_long", "The message is longer than 1600 characters."},
    error_row{error::invalid_media_url, "invalid_media_url", "A media URL must be an https URL."},
    error_row{error::wrong_application, "wrong_application", "The application id or the API key is wrong."},
    error_row{error::unknown_route, "unknown_route", "There is no such operation."},
    error_row{error::method_not_allowed, "method_not_allowed", "This operation does not support the HTTP method."},

    error_row{error::registration_disabled, "registration_disabled", "User registration is disabled."},
    error_row{error::password_required, "password_required", "A password is required."},
    error_row{error::invalid_password, "invalid_password", "The password is too short or too long."},
    error_row{error::identity_required, "identity_required", "The identity property is missing."},
    error_row{error::property_required, "property_required", "A required property is missing."},
    error_row{error::user_exists, "user_exists", "A user with this identity or phone number already exists."},
    error_row{error::no_properties, "no_properties", "The user has no properties."},
    error_row{error::reserved_property, "reserved_property", "A property of this name is reserved for the server."},
    error_row{error::refused_by_hook, "refused_by_hook", "The operation was refused by the application."},

    error_row{error::login_disabled, "login_disabled", "This way to log in is disabled."},
    error_row{error::login_required, "login_required", "The login or the password is missing."},
    error_row{error::invalid_login, "invalid_login", "Invalid login or password."},
    error_row{error::unknown_phone, "unknown_phone", "There is no user with this phone number."},
    error_row{error::account_disabled, "account_disabled", "The user's account is disabled."},
    error_row{error::too_many_failures, "too_many_failures", "Too many failed attempts; wait before the next one."},
    error_row{error::unknown_token, "unknown_token", "The user token is missing or unknown; log in."},
    error_row{error::session_expired, "session_expired", "The session has expired; log in again."},
    error_row{error::send_message_disabled, "send_message_disabled", "Sending messages is disabled."},
    error_row{error::not_permitted, "not_permitted", "The logged-in user may not access this object."},
    error_row{error::fresh_login_required, "fresh_login_required", "This change needs the current password, or a login a short while ago."},
    error_row{error::operation_disabled, "operation_disabled", "This operation is disabled."},
    error_row{error::invalid_proof, "invalid_proof", "The proof is unknown, has expired, or was used."},

    error_row{error::no_transaction, "no_transaction", "There is no such transaction for this operation; start again."},
    error_row{error::wrong_code, "wrong_code", "The code is wrong."},
    error_row{error::code_expired, "code_expired", "The code has expired; start again."},
    error_row{error::code_used, "code_used", "The code was already used; start again."},
    error_row{error::tries_exhausted, "tries_exhausted", "Too many wrong codes; start again."},
    error_row{error::transaction_failed, "transaction_failed", "The message for this transaction could not be sent; start again."},
    error_row{error::phone_mismatch, "phone_mismatch", "The phone number is not the one that the code was sent to."},
    error_row{error::resend_too_soon, "resend_too_soon", "A message was sent a moment ago; wait before asking for another."},
    error_row{error::too_many_messages, "too_many_messages", "Too many messages were asked for; wait before asking for another."},
    error_row{error::destination_not_allowed, "destination_not_allowed", "Messages to this country or this kind of number are not allowed."},

    error_row{error::provider_refused, "provider_refused", "The messaging provider refused the message."},
    error_row{error::provider_misconfigured, "provider_misconfigured", "The messaging provider rejected the server's credentials or sender."},
    error_row{error::provider_busy, "provider_busy", "The messaging provider is busy; try again later."},
    error_row{error::provider_unreachable, "provider_unreachable", "The messaging provider could not be reached; nothing was sent."},
    error_row{error::no_answer, "no_answer", "The messaging provider did not answer; the message may still arrive."},
    error_row{error::bad_provider_reply, "bad_provider_reply", "The messaging provider's reply could not be understood."},
    error_row{error::invalid_signature, "invalid_signature", "The request is not signed by Twilio."},

    error_row{error::invalid_url, "invalid_url", "The URL is not an absolute http or https URL."},
    error_row{error::host_not_found, "host_not_found", "The host name could not be resolved."},
    error_row{error::connect_failed, "connect_failed", "The connection was refused."},
    error_row{error::connect_timeout, "connect_timeout", "The connection was not established in time."},
    error_row{error::proxy_failed, "proxy_failed", "The outbound proxy could not be reached, or refused."},
    error_row{error::tls_failed, "tls_failed", "The TLS handshake failed."},
    error_row{error::certificate_untrusted, "certificate_untrusted", "The server's certificate is not signed by a trusted authority."},
    error_row{error::certificate_expired, "certificate_expired", "The server's certificate has expired or is not valid yet."},
    error_row{error::certificate_wrong_host, "certificate_wrong_host", "The server's certificate is for another host name."},
    error_row{error::write_failed, "write_failed", "The request could not be written completely."},
    error_row{error::read_timeout, "read_timeout", "The server did not answer in time."},
    error_row{error::connection_lost, "connection_lost", "The connection was lost before the whole reply arrived."},
    error_row{error::malformed_reply, "malformed_reply", "The server's reply is not valid HTTP."},
    error_row{error::reply_too_large, "reply_too_large", "The server's reply is larger than accepted."},
    error_row{error::cancelled, "cancelled", "The operation was cancelled."},

    error_row{error::storage_unavailable, "storage_unavailable", "The storage is unavailable; try again."},
    error_row{error::overloaded, "overloaded", "The server is overloaded; try again later."},
    error_row{error::internal, "internal", "An internal error occurred."},
};
// clang-format on

/// The row of `e`, in constant time; for a value that is not an enumerator, the row of `error::internal`.
constexpr const error_row& row_of(error e) noexcept {
    const auto index = static_cast<std::size_t>(static_cast<int>(e) - 1);
    return index < error_table.size() ? error_table[index] : error_table.back();
}

namespace detail {
constexpr bool error_table_is_in_order() {
    for (std::size_t i = 0; i < error_table.size(); ++i)
        if (static_cast<std::size_t>(error_table[i].value) != i + 1) return false;
    return error_table.back().value == error::internal;
}
static_assert(error_table_is_in_order(), "error_table needs one row per enumerator, in order");

class error_category_impl final : public std::error_category {
public:
    const char* name() const noexcept override { return "phoneauth"; }
    std::string message(int value) const override { return std::string(row_of(static_cast<error>(value)).text); }
};
}  // namespace detail

/// The category of every `std::error_code` made from `error`; its name is "phoneauth".
inline const std::error_category& error_category() noexcept {
    static const detail::error_category_impl instance;
    return instance;
}

/// Lets an `error` be used wherever a `std::error_code` is expected.
inline std::error_code make_error_code(error e) noexcept {
    return {static_cast<int>(e), error_category()};
}

}  // namespace v0
}  // namespace phoneauth

template <>
struct std::is_error_code_enum<phoneauth::error> : std::true_type {};

#endif
