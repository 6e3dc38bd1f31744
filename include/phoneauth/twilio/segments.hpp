// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_SEGMENTS_HPP
#define PHONEAUTH_TWILIO_SEGMENTS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <phoneauth/detail/utf8.hpp>
#include <phoneauth/text_message.hpp>

// What a message costs.

namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// How many segments an SMS of this text takes: 160 GSM-7 characters or 70 UTF-16 units in one, else 153 or 67 in each
/// (3GPP TS 23.038 §6.2.1; a character of the extension table counts twice).
inline std::size_t segments(std::string_view text) {
    constexpr std::string_view basic =
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
        "abcdefghijklmnopqrstuvwxyzäöñüà";
    constexpr std::string_view extended = "\f^{}\\[~]|€";
    std::size_t gsm = 0;
    std::size_t utf16 = 0;
    bool is_gsm = true;
    while (!text.empty()) {
        const auto size = std::max<std::size_t>(phoneauth::detail::utf8_sequence(text), 1);
        const auto character = text.substr(0, size);
        text.remove_prefix(size);
        utf16 += size == 4 ? 2 : 1;
        gsm += extended.find(character) != extended.npos ? 2 : 1;
        is_gsm = is_gsm && (extended.find(character) != extended.npos || basic.find(character) != basic.npos);
    }
    const auto units = is_gsm ? gsm : utf16;
    const std::size_t one = is_gsm ? 160 : 70;
    const std::size_t each = is_gsm ? 153 : 67;
    return units <= one ? 1 : (units + each - 1) / each;
}

/// What a message counts for in budgets: its segments, and three for each medium, about what Twilio charges for one
/// (https://www.twilio.com/en-us/sms/pricing/us). At least 1.
inline std::int64_t message_units(const text_message& m) {
    constexpr std::size_t units_of_medium = 3;
    const auto of_text = m.body.empty() ? 0 : segments(m.body);
    return static_cast<std::int64_t>(std::max<std::size_t>(of_text + units_of_medium * m.media_urls.size(), 1));
}

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
