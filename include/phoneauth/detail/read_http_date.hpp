// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_READ_HTTP_DATE_HPP
#define PHONEAUTH_DETAIL_READ_HTTP_DATE_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include <phoneauth/detail/ascii.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// The time that `text` means, if it is in the one form that is still written: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110
/// §5.6.7, IMF-fixdate). The name of the day is not looked at.
inline std::optional<std::chrono::sys_seconds> read_http_date(std::string_view text) {
    constexpr std::string_view form = "Aaa, 00 Aaa 0000 00:00:00 GMT";
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (text.size() != form.size()) return std::nullopt;
    for (std::size_t i = 0; i < form.size(); ++i) {
        const bool fits = form[i] == '0'                     ? is_digit(text[i])
                          : form[i] == 'A' || form[i] == 'a' ? is_alnum(text[i])
                                                             : text[i] == form[i];
        if (!fits) return std::nullopt;
    }
    const auto number = [&](std::size_t begin, std::size_t size) {
        int n = 0;
        for (const char c : text.substr(begin, size)) n = 10 * n + (c - '0');
        return n;
    };
    const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
    if (month == months.end()) return std::nullopt;
    const std::chrono::year_month_day day(std::chrono::year(number(12, 4)),
                                          std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
                                          std::chrono::day(static_cast<unsigned>(number(5, 2))));
    const int hours = number(17, 2);
    const int minutes = number(20, 2);
    const int seconds = number(23, 2);
    if (!day.ok() || hours > 23 || minutes > 59 || seconds > 60) return std::nullopt;  // 60: a leap second
    return std::chrono::sys_days(day) + std::chrono::hours(hours) + std::chrono::minutes(minutes) +
           std::chrono::seconds(seconds);
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
