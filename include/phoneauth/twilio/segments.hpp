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

/// How an SMS of a text is sent.
struct sms_size {
    std::size_t segments = 1;  ///< what it is charged for
    std::string_view
        outsider{};  ///< the first character that GSM-7 has not, for which all are sent as UTF-16; or empty
};

/// 160 GSM-7 characters or 70 UTF-16 units go into one segment, else 153 or 67 into each (3GPP TS 23.038 §6.2.1; a
/// character of the extension table counts twice).
inline sms_size size_of_sms(std::string_view text) {
    constexpr std::string_view basic =
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
        "abcdefghijklmnopqrstuvwxyzäöñüà";
    constexpr std::string_view extended = "\f^{}\\[~]|€";
    std::size_t gsm = 0;
    std::size_t utf16 = 0;
    sms_size size;
    while (!text.empty()) {
        const auto bytes = std::max<std::size_t>(phoneauth::detail::utf8_sequence(text), 1);
        const auto character = text.substr(0, bytes);
        text.remove_prefix(bytes);
        utf16 += bytes == 4 ? 2 : 1;
        const bool is_extended = extended.find(character) != extended.npos;
        gsm += is_extended ? 2 : 1;
        if (size.outsider.empty() && !is_extended && basic.find(character) == basic.npos) size.outsider = character;
    }
    const bool is_gsm = size.outsider.empty();
    const auto units = is_gsm ? gsm : utf16;
    const std::size_t one = is_gsm ? 160 : 70;
    const std::size_t each = is_gsm ? 153 : 67;
    size.segments = units <= one ? 1 : (units + each - 1) / each;
    return size;
}

/// How many segments an SMS of this text takes: see `size_of_sms`.
inline std::size_t segments(std::string_view text) {
    return size_of_sms(text).segments;
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
