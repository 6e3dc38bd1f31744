// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_ERROR_CODES_HPP
#define PHONEAUTH_REST_ERROR_CODES_HPP

#include <array>
#include <cstddef>

#include <phoneauth/error.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

/// One row of `error_codes`.
struct error_code_row {
    error value;      ///< the enumerator
    int code;         ///< `code` of the error body: Backendless's published number where one fits, 14xxx for our own
    int http_status;  ///< never 502, which makes the Backendless JavaScript SDK drop the body
};

/// The only place where errors get their numbers on the wire, in the order of the enumerators.
inline constexpr std::array error_codes{
    error_code_row{error::unparsable_body, 8002, 400},
    error_code_row{error::body_too_large, 8004, 413},
    error_code_row{error::missing_parameter, 8007, 400},
    error_code_row{error::invalid_parameter, 8008, 400},
    error_code_row{error::invalid_phone_number, 14001, 400},
    error_code_row{error::invalid_email, 3040, 400},
    error_code_row{error::message_too_long, 14002, 400},
    error_code_row{error::invalid_media_url, 14003, 400},
    error_code_row{error::wrong_application, 2002, 400},
    error_code_row{error::unknown_route, 14004, 404},
    error_code_row{error::method_not_allowed, 14005, 405},

    error_code_row{error::registration_disabled, 3009, 403},
    error_code_row{error::password_required, 3011, 400},
    error_code_row{error::invalid_password, 14010, 400},
    error_code_row{error::identity_required, 3013, 400},
    error_code_row{error::property_required, 3012, 400},
    error_code_row{error::user_exists, 3033, 409},
    error_code_row{error::no_properties, 3038, 400},
    error_code_row{error::reserved_property, 3039, 400},
    error_code_row{error::refused_by_hook, 14011, 403},

    error_code_row{error::login_disabled, 3034, 403},
    error_code_row{error::login_required, 3006, 400},
    error_code_row{error::invalid_login, 3003, 401},
    error_code_row{error::unknown_phone, 3057, 400},
    error_code_row{error::account_disabled, 3090, 403},
    error_code_row{error::too_many_failures, 3036, 429},
    error_code_row{error::unknown_token, 3064, 400},
    error_code_row{error::session_expired, 3048, 401},
    error_code_row{error::send_message_disabled, 14012, 403},
    error_code_row{error::not_permitted, 14013, 403},
    error_code_row{error::fresh_login_required, 14014, 400},
    error_code_row{error::operation_disabled, 14015, 403},
    error_code_row{error::invalid_proof, 14016, 400},

    error_code_row{error::no_transaction, 14020, 400},
    error_code_row{error::wrong_code, 14021, 400},
    error_code_row{error::code_expired, 14022, 400},
    error_code_row{error::code_used, 14023, 400},
    error_code_row{error::tries_exhausted, 14024, 400},
    error_code_row{error::transaction_failed, 14025, 400},
    error_code_row{error::phone_mismatch, 14026, 400},
    error_code_row{error::resend_too_soon, 14027, 429},
    error_code_row{error::too_many_messages, 14028, 429},
    error_code_row{error::destination_not_allowed, 14029, 403},

    error_code_row{error::provider_refused, 14030, 400},
    error_code_row{error::provider_misconfigured, 14031, 500},
    error_code_row{error::provider_busy, 14032, 503},
    error_code_row{error::provider_unreachable, 14033, 503},
    error_code_row{error::no_answer, 14034, 504},
    error_code_row{error::bad_provider_reply, 14035, 500},
    error_code_row{error::invalid_signature, 14036, 403},

    error_code_row{error::invalid_url, 14040, 500},
    error_code_row{error::host_not_found, 14041, 503},
    error_code_row{error::connect_failed, 14042, 503},
    error_code_row{error::connect_timeout, 14043, 503},
    error_code_row{error::proxy_failed, 14054, 503},
    error_code_row{error::tls_failed, 14044, 503},
    error_code_row{error::certificate_untrusted, 14045, 503},
    error_code_row{error::certificate_expired, 14046, 503},
    error_code_row{error::certificate_wrong_host, 14047, 503},
    error_code_row{error::write_failed, 14048, 503},
    error_code_row{error::read_timeout, 14049, 504},
    error_code_row{error::connection_lost, 14050, 504},
    error_code_row{error::malformed_reply, 14051, 500},
    error_code_row{error::reply_too_large, 14052, 500},
    error_code_row{error::cancelled, 14053, 503},

    error_code_row{error::storage_unavailable, 14060, 503},
    error_code_row{error::overloaded, 14061, 503},
    error_code_row{error::internal, 14062, 500},
};

/// The row of `e`, in constant time; for a value that is not an enumerator, the row of `error::internal`.
constexpr const error_code_row& codes_of(error e) noexcept {
    const auto index = static_cast<std::size_t>(static_cast<int>(e) - 1);
    return index < error_codes.size() ? error_codes[index] : error_codes.back();
}

namespace detail {
constexpr bool error_codes_are_in_order() {
    for (std::size_t i = 0; i < error_codes.size(); ++i)
        if (error_codes[i].value != error_table[i].value) return false;
    return error_codes.size() == error_table.size();
}
static_assert(error_codes_are_in_order(), "error_codes needs one row per enumerator, in order");
}  // namespace detail

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
