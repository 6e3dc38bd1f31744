// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ERROR_CONDITION_HPP
#define PHONEAUTH_ERROR_CONDITION_HPP

#include <string>
#include <system_error>
#include <type_traits>

#include <phoneauth/error.hpp>

namespace phoneauth {
inline namespace v0 {

/// What can be done about an `error`. Each error belongs to exactly one condition (`condition_of`), and compares equal
/// to it:
///
///     if (r.error().code == phoneauth::condition::try_later) …
///
/// It says what the caller can do, not which HTTP status the REST reply has.
enum class condition {
    caller_mistake = 1,  ///< the request cannot succeed as it is: something is missing, malformed or taken
    wrong_credentials,   ///< the code, the password, the API key or the signature is wrong
    denied,              ///< understood and proved, but the configuration, the application or the account forbids it
    start_again,         ///< the transaction or the session is over, or never was: begin a new one
    try_later,           ///< nothing is wrong with the request: the same may succeed later (`failure::retry_after`)
    server_fault         ///< no request can change it: whoever runs the server must look at its log
};

/// The condition that `e` belongs to; `server_fault` for a value that is not an enumerator.
constexpr condition condition_of(error e) noexcept {
    switch (e) {  // no default: compilers warn of an enumerator that is missing here
    case error::unparsable_body:
    case error::body_too_large:
    case error::missing_parameter:
    case error::invalid_parameter:
    case error::invalid_phone_number:
    case error::invalid_email:
    case error::message_too_long:
    case error::invalid_media_url:
    case error::unknown_route:
    case error::method_not_allowed:
    case error::password_required:
    case error::invalid_password:
    case error::identity_required:
    case error::property_required:
    case error::user_exists:
    case error::no_properties:
    case error::reserved_property:
    case error::login_required:
    case error::unknown_phone:
    case error::phone_mismatch:
    case error::provider_refused:
        return condition::caller_mistake;

    case error::wrong_application:
    case error::invalid_login:
    case error::wrong_code:
    case error::invalid_signature:
        return condition::wrong_credentials;

    case error::registration_disabled:
    case error::refused_by_hook:
    case error::login_disabled:
    case error::account_disabled:
    case error::send_message_disabled:
    case error::operation_disabled:
    case error::not_permitted:
    case error::destination_not_allowed:
        return condition::denied;

    case error::unknown_token:
    case error::session_expired:
    case error::fresh_login_required:
    case error::invalid_proof:
    case error::no_transaction:
    case error::code_expired:
    case error::code_used:
    case error::tries_exhausted:
    case error::transaction_failed:
        return condition::start_again;

    case error::too_many_failures:
    case error::resend_too_soon:
    case error::too_many_messages:
    case error::provider_busy:
    case error::provider_unreachable:
    case error::no_answer:  // the message may still arrive
    case error::host_not_found:
    case error::connect_failed:
    case error::connect_timeout:
    case error::proxy_failed:
    case error::tls_failed:
    case error::write_failed:
    case error::read_timeout:
    case error::connection_lost:
    case error::cancelled:
    case error::storage_unavailable:
    case error::overloaded:
        return condition::try_later;

    case error::provider_misconfigured:
    case error::bad_provider_reply:
    case error::invalid_url:
    case error::certificate_untrusted:
    case error::certificate_expired:
    case error::certificate_wrong_host:
    case error::malformed_reply:
    case error::reply_too_large:
    case error::internal:
        return condition::server_fault;
    }
    return condition::server_fault;
}

namespace detail {
class condition_category_impl final : public std::error_category {
public:
    const char* name() const noexcept override { return "phoneauth.condition"; }

    std::string message(int value) const override {
        switch (static_cast<condition>(value)) {
        case condition::caller_mistake:
            return "The request cannot succeed as it is.";
        case condition::wrong_credentials:
            return "The code, the password or another credential is wrong.";
        case condition::denied:
            return "The operation is not allowed.";
        case condition::start_again:
            return "What the request continues is over; start again.";
        case condition::try_later:
            return "The same request may succeed later.";
        case condition::server_fault:
            return "The server is at fault.";
        }
        return "This is no condition.";
    }

    using std::error_category::equivalent;
    bool equivalent(const std::error_code& code, int value) const noexcept override {
        return code.category() == phoneauth::error_category() && code.value() != 0 &&
               static_cast<int>(condition_of(static_cast<error>(code.value()))) == value;
    }
};
}  // namespace detail

/// The category of every `std::error_condition` made from `condition`; its name is "phoneauth.condition".
inline const std::error_category& condition_category() noexcept {
    static const detail::condition_category_impl instance;
    return instance;
}

/// Lets a `condition` be compared with a `std::error_code`.
inline std::error_condition make_error_condition(condition c) noexcept {
    return {static_cast<int>(c), condition_category()};
}

}  // namespace v0
}  // namespace phoneauth

template <>
struct std::is_error_condition_enum<phoneauth::condition> : std::true_type {};

#endif
