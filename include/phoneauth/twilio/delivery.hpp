// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_DELIVERY_HPP
#define PHONEAUTH_TWILIO_DELIVERY_HPP

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include <phoneauth/config.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/secret_string.hpp>
#include <phoneauth/status_callback.hpp>
#include <phoneauth/transaction.hpp>
#include <phoneauth/twilio/error_codes.hpp>
#include <phoneauth/twilio/signature.hpp>

namespace phoneauth {
inline namespace v0 {

namespace twilio {

/// What a report says about the `send`th message of a transaction.
struct delivery {
    std::string transaction_id;   ///< from the signed URL; empty: it did not say
    std::uint32_t send = 0;       ///< 0: it did not say
    std::string status;           ///< Twilio's word: "delivered", "failed", …
    std::int32_t error_code = 0;  ///< Twilio's (https://www.twilio.com/docs/api/errors); 0: none
};

/// What an error code of an undelivered message means for the person that waits for it: see `error_codes`.
constexpr std::string_view delivery_problem(std::int32_t code) noexcept {
    const auto* row = find_error_code(code);
    return row ? row->text : "The message was not delivered.";
}

/// Where Twilio is to report on the present message of `t`: `status_callback` and the transaction and message it is
/// about, which Twilio signs as part of the URL. Empty if no reports are wanted.
inline secret_string delivery_url(const twilio_config& c, const transaction& t) {
    secret_string url;
    if (c.status_callback.empty()) return url;
    url.reserve(c.status_callback.size() + t.id.size() + 40);
    url.append(c.status_callback).append("?transaction=").append(t.id).append("&send=").append(std::to_string(t.sends));
    return url;
}

/// Reads a report, if it is Twilio's; else as `verify_callback`, or `invalid_signature` if none was asked for.
inline result<delivery> read_delivery(const twilio_config& c, const status_callback& r) {
    if (c.status_callback.empty()) return error::invalid_signature;
    secret_string url;
    url.reserve(c.status_callback.size() + r.query.size() + 1);
    url.append(c.status_callback).append("?").append(r.query);
    auto parameters = verify_callback(c.auth_token, url, r.body, r.signature);
    // While the token is rotated. What is no signature of anybody's is still refused, only later.
    if (!parameters && parameters.error().code == error::invalid_signature && !c.previous_auth_token.empty())
        parameters = verify_callback(c.previous_auth_token, url, r.body, r.signature);
    if (!parameters) return parameters.error();
    const auto value_of = [&](std::string_view name) {
        const auto found =
            std::find_if(parameters->begin(), parameters->end(), [&](const auto& p) { return p.first == name; });
        return found == parameters->end() ? std::string() : found->second;
    };
    const auto number = [](const std::string& text, auto otherwise) {
        auto value = otherwise;
        const auto end = text.data() + text.size();
        const auto [stop, ec] = std::from_chars(text.data(), end, value);
        return ec == std::errc() && stop == end ? value : otherwise;
    };
    return delivery{detail::form_field(r.query, "transaction"),
                    number(detail::form_field(r.query, "send"), std::uint32_t{0}), value_of("MessageStatus"),
                    number(value_of("ErrorCode"), std::int32_t{0})};
}

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
