// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_URL_HPP
#define PHONEAUTH_DETAIL_URL_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/result.hpp>

// Pure functions on URLs and form bodies. Sources: RFC 3986, and the WHATWG URL Standard §5
// (application/x-www-form-urlencoded).

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// An absolute http or https URL, taken apart.
struct url {
    bool https = false;
    std::string host;         ///< lower case; an IPv6 literal without its brackets
    std::uint16_t port = 80;  ///< that of the scheme unless given: 80, 443 (RFC 9110 §4.2)
    std::string target;       ///< path and query, "/" at least

    /// What belongs into the Host header: an IPv6 literal in brackets, the port unless it is the scheme's.
    std::string authority() const {
        auto text = host.find(':') == std::string::npos ? host : "[" + host + "]";
        if (port != (https ? 443 : 80)) text += ":" + std::to_string(port);
        return text;
    }
};

/// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) noexcept {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// RFC 3986 §2.3.
constexpr bool is_unreserved(char c) noexcept {
    return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/// Puts a host, and the port that follows it if there is one, into `parts`. Whether it did: see `parse_url`.
inline bool parse_authority(std::string_view authority, url& parts) {
    std::string_view host;
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        if (end == authority.npos) return false;
        host = authority.substr(1, end - 1);
        authority.remove_prefix(end + 1);
        // The resolver judges the exact form; here only what could change the meaning of the URL is refused.
        if (host.find(':') == host.npos) return false;
        for (const char c : host)
            if (hex_value(c) < 0 && c != ':' && c != '.') return false;
    } else {
        host = authority.substr(0, authority.find(':'));
        authority.remove_prefix(host.size());
        if (!std::all_of(host.begin(), host.end(), is_unreserved)) return false;
    }
    if (host.empty() || host.size() > 253) return false;  // RFC 1035 §2.3.4
    parts.host = host;
    for (char& c : parts.host)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    if (authority.empty()) return true;

    const auto digits = authority.substr(1);
    if (authority.front() != ':' || digits.empty() || digits.size() > 5) return false;
    unsigned port = 0;
    for (const char c : digits) {
        if (!is_digit(c)) return false;
        port = port * 10 + static_cast<unsigned>(c - '0');
    }
    if (port == 0 || port > 65535) return false;
    parts.port = static_cast<std::uint16_t>(port);
    return true;
}

/// Parses `text`. Refuses, with `error::invalid_url`: other schemes, user information, fragments, an empty or
/// malformed host, a port outside 1–65535, spaces, control characters and anything that is not ASCII.
inline result<url> parse_url(std::string_view text) {
    const auto may_stand = [](char c) { return c > ' ' && c <= '~' && c != '#' && c != '\\'; };
    if (!std::all_of(text.begin(), text.end(), may_stand)) return error::invalid_url;
    const auto scheme_end = text.find("://");
    if (scheme_end == text.npos) return error::invalid_url;
    const auto scheme = text.substr(0, scheme_end);
    url parts;
    parts.https = equal_ignoring_case(scheme, "https");
    if (!parts.https && !equal_ignoring_case(scheme, "http")) return error::invalid_url;
    parts.port = parts.https ? 443 : 80;
    text.remove_prefix(scheme_end + 3);
    const auto authority_end = (std::min)(text.find_first_of("/?"), text.size());
    if (!parse_authority(text.substr(0, authority_end), parts)) return error::invalid_url;
    text.remove_prefix(authority_end);
    if (!text.starts_with('/')) parts.target = '/';
    parts.target += text;
    return parts;
}

/// `text` without the user information (RFC 3986 §3.2.1) before its host.
inline std::string without_user_info(std::string_view text) {
    const auto scheme = text.find("://");
    if (scheme == text.npos) return std::string(text);
    const auto begin = scheme + 3;
    const auto at = text.substr(0, text.find_first_of("/?#", begin)).rfind('@');
    if (at == text.npos || at < begin) return std::string(text);
    return std::string(text.substr(0, begin)).append(text.substr(at + 1));
}

/// Appends `c` as "%XX".
inline void append_percent_encoded(std::string& out, char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
}

/// Decodes percent sequences (RFC 3986 §2.1); "+" stays "+". A "%" without two hexadecimal digits behind it is
/// `error::invalid_parameter`.
template <class String = std::string>
result<String> percent_decode(std::string_view text) {
    String out;
    out.reserve(text.size());
    for (;;) {
        const auto run = (std::min)(text.find('%'), text.size());
        out += text.substr(0, run);
        text.remove_prefix(run);
        if (text.empty()) return out;
        const int high = text.size() > 2 ? hex_value(text[1]) : -1;
        const int low = text.size() > 2 ? hex_value(text[2]) : -1;
        if (high < 0 || low < 0) return error::invalid_parameter;
        out += static_cast<char>(high * 16 + low);
        text.remove_prefix(3);
    }
}

/// What stays as it is in the form encoding.
inline constexpr auto stays_in_form = [] {
    std::array<bool, 256> table{};
    for (std::size_t i = 0; i < table.size(); ++i) {
        const auto c = static_cast<char>(i);
        table[i] = is_alnum(c) || c == '*' || c == '-' || c == '.' || c == '_';
    }
    return table;
}();

/// Appends `text` in the form encoding (WHATWG URL §5.2): letters, digits and "*-._" as they are, a space as "+".
inline void append_form_encoded(std::string& out, std::string_view text) {
    const auto stays = [](char c) { return stays_in_form[static_cast<unsigned char>(c)]; };
    while (!text.empty()) {
        const auto run = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), stays) - text.begin());
        out.append(text.substr(0, run));
        text.remove_prefix(run);
        if (text.empty()) break;
        if (text.front() == ' ')
            out += '+';
        else
            append_percent_encoded(out, text.front());
        text.remove_prefix(1);
    }
}

/// Appends "name=value" to the form body `out`, after a "&" unless it is the first field.
inline void append_form_field(std::string& out, std::string_view name, std::string_view value) {
    if (!out.empty()) out += '&';
    append_form_encoded(out, name);
    out += '=';
    append_form_encoded(out, value);
}

/// The names and values of a form body or a query, decoded, in their order. Empty fields ("a&&b") are
/// skipped, a field without "=" has an empty value. `error::invalid_parameter` for a broken "%" sequence.
inline result<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view text) {
    const auto decode = [](std::string_view encoded) {
        std::string spaced(encoded);
        for (char& c : spaced)
            if (c == '+') c = ' ';
        return percent_decode(spaced);
    };
    std::vector<std::pair<std::string, std::string>> fields;
    while (!text.empty()) {
        const auto field = text.substr(0, text.find('&'));
        text.remove_prefix((std::min)(field.size() + 1, text.size()));
        if (field.empty()) continue;
        const auto equals = (std::min)(field.find('='), field.size());
        auto name = decode(field.substr(0, equals));
        auto value = decode(field.substr((std::min)(equals + 1, field.size())));
        if (!name || !value) return error::invalid_parameter;
        fields.emplace_back(*std::move(name), *std::move(value));
    }
    return fields;
}

/// The value of the field `name` of a form body; empty if there is none.
inline std::string form_field(std::string_view body, std::string_view name) {
    if (auto fields = parse_form(body))
        for (auto& [key, value] : *fields)
            if (key == name) return std::move(value);
    return {};
}

/// A request target in its two parts: the path, and the query without its "?" (empty if there is none).
struct path_and_query {
    std::string_view path;
    std::string_view query;
};

/// Splits at the first "?". The parts point into `target`.
constexpr path_and_query split_target(std::string_view target) noexcept {
    const auto mark = target.find('?');
    if (mark == target.npos) return {target, {}};
    return {target.substr(0, mark), target.substr(mark + 1)};
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
