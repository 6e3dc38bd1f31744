// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_DETAIL_HTTP_DATE_HPP
#define PHONEAUTH_ASIO_DETAIL_HTTP_DATE_HPP

#include <chrono>
#include <string>
#include <string_view>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// `t` as a field Date has it: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7), whatever the locale.
inline std::string http_date(std::chrono::sys_seconds t) {
    constexpr std::string_view days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(t - day);
    std::string text;
    const auto two = [&](auto number, char behind) {
        text += static_cast<char>('0' + number / 10);
        text += static_cast<char>('0' + number % 10);
        text += behind;
    };
    text.append(days[std::chrono::weekday(day).c_encoding()]) += ", ";
    two(unsigned{date.day()}, ' ');
    text.append(months[unsigned{date.month()} - 1]) += ' ';
    text.append(std::to_string(int{date.year()})) += ' ';
    two(time.hours().count(), ':');
    two(time.minutes().count(), ':');
    two(time.seconds().count(), ' ');
    return text += "GMT";
}

/// The time now, as `http_date`; each thread writes it once a second. Valid until this thread's next call.
inline std::string_view http_date_now() {
    thread_local std::chrono::sys_seconds second;
    thread_local std::string text;
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    if (text.empty() || now != second) {
        text = http_date(now);
        second = now;
    }
    return text;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
