// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_EVENT_JSON_IPP
#define PHONEAUTH_REST_EVENT_JSON_IPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <phoneauth/detail/json.hpp>
#include <phoneauth/detail/utf8.hpp>
#include <phoneauth/error.hpp>
#include <phoneauth/rest/error_codes.hpp>
#include <phoneauth/rest/event_json.hpp>
#include <phoneauth/twilio/error_codes.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

/// Appends the UTF-16 code unit `unit` as "\\uXXXX" (RFC 8259 §7).
inline void append_code_unit(std::string& out, std::uint32_t unit) {
    constexpr std::string_view hex = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += hex[unit >> shift & 15];
}

/// `json`, which is UTF-8, in printable ASCII. What is not stands in strings, as JSON's own characters are.
inline std::string ascii_json(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    for (std::size_t i = 0; i < json.size();) {
        const auto length = phoneauth::detail::utf8_sequence(json.substr(i));
        auto point = static_cast<std::uint32_t>(static_cast<unsigned char>(json[i]));
        if (length > 1) point &= 0x7fU >> length;
        for (std::size_t k = 1; k < length; ++k) point = point << 6 | (static_cast<unsigned char>(json[i + k]) & 0x3fU);
        i += std::max<std::size_t>(length, 1);
        if (point >= 0x20 && point < 0x7f) {
            out += static_cast<char>(point);
        } else if (point < 0x10000) {
            append_code_unit(out, point);
        } else {
            append_code_unit(out, 0xd7c0 + (point >> 10));
            append_code_unit(out, 0xdc00 + (point & 0x3ff));
        }
    }
    return out;
}

PHONEAUTH_DECL std::string event_json(const event& e) {
    phoneauth::detail::json_object json;
    const auto text = [&](std::string_view key, std::string_view value) {
        if (!value.empty()) json.string(key, value);
    };
    json.string("event", name_of(e.kind)).number("time", e.at.time_since_epoch().count());
    if (e.purpose) json.string("purpose", name_of(*e.purpose));
    text("phone", e.phone);
    text("callingCode", e.calling_code);
    text("transaction", e.transaction);
    text("user", e.user_id);
    text("by", e.by);
    text("address", e.address);
    text("userAgent", e.user_agent);
    if (e.reason) {
        const bool own = e.reason.category() == error_category();
        const auto reason = static_cast<error>(e.reason.value());
        json.number("code", own ? codes_of(reason).code : e.reason.value());
        if (own) json.string("reason", row_of(reason).name);
    }
    if (e.retry_after) json.number("retryAfter", e.retry_after->count());
    if (e.tries_left) json.number("triesLeft", *e.tries_left);
    if (e.twilio_code) json.number("twilioCode", *e.twilio_code);
    if (e.kind == event_kind::sender_trouble) text("remedy", twilio::remedy_of(e.twilio_code.value_or(0)));
    if (e.elapsed) json.number("elapsed", std::int64_t{e.elapsed->count()});
    if (e.provider_elapsed) json.number("providerElapsed", std::int64_t{e.provider_elapsed->count()});
    if (e.suppressed) json.number("suppressed", static_cast<std::int64_t>(e.suppressed));
    return ascii_json(std::move(json).str());
}

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
