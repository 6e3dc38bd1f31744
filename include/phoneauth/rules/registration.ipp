// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_REGISTRATION_IPP
#define PHONEAUTH_RULES_REGISTRATION_IPP

#include <algorithm>
#include <cstddef>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/detail/typed.hpp>
#include <phoneauth/detail/utf8.hpp>
#include <phoneauth/rules/registration.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rules {
namespace detail {

inline constexpr std::size_t max_identity_bytes = 254;  // RFC 5321 §4.5.3.1.3, less the angle brackets

inline bool is_plain_text(std::string_view text) {
    return phoneauth::detail::count_code_points(text).has_value() &&
           std::none_of(text.begin(), text.end(), phoneauth::detail::is_control);
}

/// A sanity check, not RFC 5322: only a message to it proves an address.
inline bool is_email(std::string_view text) {
    const auto at = text.rfind('@');
    if (at == std::string_view::npos || at == 0 || at > 64 || text.size() > max_identity_bytes) return false;
    const auto local = text.substr(0, at);
    const auto domain = text.substr(at + 1);
    const auto in_domain = [](char c) {
        return phoneauth::detail::is_alnum(c) || c == '-' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
    };
    return is_plain_text(text) && local.find_first_of(" @\"(),:;<>[\\]") == std::string_view::npos &&
           domain.find('.') != std::string_view::npos && !domain.starts_with('.') && !domain.ends_with('.') &&
           domain.find("..") == std::string_view::npos && std::all_of(domain.begin(), domain.end(), in_domain);
}

inline bool is_property_size_ok(const property_map& properties, const config& c) {
    std::size_t bytes = 0;
    for (const auto& [name, json] : properties) bytes += name.size() + json.size();
    return properties.size() <= c.max_properties && bytes <= c.max_property_bytes;
}

/// As members of a JavaScript object they change what it is, wherever they stand.
inline bool poisons_objects(std::string_view name) noexcept {
    return name == "__proto__" || name == "constructor" || name == "prototype";
}

/// One character, again and again.
inline bool is_one_character(std::string_view text) {
    std::size_t size = 1;
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) ++size;
    return text.size() % size == 0 &&
           std::equal(text.begin() + static_cast<std::ptrdiff_t>(size), text.end(), text.begin());
}

/// `phone` as people type it: with or without the calling code, zeros in front and signs between the digits.
inline bool is_written_phone(std::string_view text, const phone_number& phone) {
    std::string digits;
    for (const char c : text) {
        if (phoneauth::detail::is_digit(c) && !(digits.empty() && c == '0'))
            digits += c;
        else if (c != '0' && std::string_view(" +-()./").find(c) == std::string_view::npos)
            return false;
    }
    return digits.size() >= 6 && phone.str().ends_with(digits);
}

inline failure too_easy_to_guess() {
    return failure(error::invalid_password, "The password is too easy to guess.");
}

}  // namespace detail

PHONEAUTH_DECL result<std::string> normalize_identity(const config& c, std::string_view text) {
    text = phoneauth::detail::trim_typed(text);
    if (text.empty()) return failure(error::identity_required, "The property " + c.identity_column + " is required.");
    if (c.identity_column == c.phone_column) {
        auto phone = read_phone(c, text);
        if (!phone) return std::move(phone).error();
        return std::string(phone->str());
    }
    if (c.identity_column == "email") {
        if (!detail::is_email(text) || phoneauth::detail::has_hidden_sign(text)) return error::invalid_email;
        return phoneauth::detail::lower(text);
    }
    if (text.size() > detail::max_identity_bytes || !detail::is_plain_text(text) ||
        phoneauth::detail::has_hidden_sign(text))
        return failure(error::invalid_parameter,
                       "The property " + c.identity_column + " is too long or has a character that nobody sees.");
    return std::string(text);
}

PHONEAUTH_DECL result<void> check_password_text(const config& c, std::string_view password) {
    if (password.empty()) return error::password_required;
    if (password.size() < c.min_password_length || password.size() > c.max_password_length)
        return failure(error::invalid_password, "The password must have " + std::to_string(c.min_password_length) +
                                                    " to " + std::to_string(c.max_password_length) + " bytes.");
    if (!phoneauth::detail::count_code_points(password) || password.find('\0') != std::string_view::npos)
        return failure(error::invalid_password, "The password is not UTF-8 or holds a NUL character.");
    if (detail::is_one_character(password)) return detail::too_easy_to_guess();
    return {};
}

PHONEAUTH_DECL result<void> check_password(const config& c, std::string_view password, const phone_number& phone,
                                           std::string_view identity) {
    if (auto ok = check_password_text(c, password); !ok) return ok;
    if (detail::is_written_phone(password, phone) || phoneauth::detail::equal_without_case(password, identity))
        return detail::too_easy_to_guess();
    return {};
}

PHONEAUTH_DECL bool is_client_property(const config& c, std::string_view name) {
    const auto is_name = [&](const std::string& other) { return phoneauth::detail::equal_without_case(other, name); };
    const auto& allowed = c.client_properties;
    return !is_reserved_property(name) &&
           std::none_of(c.protected_properties.begin(), c.protected_properties.end(), is_name) &&
           (allowed.empty() || std::find(allowed.begin(), allowed.end(), name) != allowed.end());
}

PHONEAUTH_DECL result<void> check_properties(const config& c, const property_map& properties) {
    using phoneauth::detail::json_check;
    if (!detail::is_property_size_ok(properties, c))  // first, as the rest costs more the more there is
        return failure(error::invalid_parameter, "The user has too many properties, or they are too large.");
    for (const auto& [name, json] : properties) {
        if (name.empty() || name.size() > 64 || !detail::is_plain_text(name))
            return failure(error::invalid_parameter,
                           "A property's name must have 1 to 64 bytes and no control characters.");
        if (!is_client_property(c, name) || name == c.phone_column || name == c.identity_column ||
            detail::poisons_objects(name))
            return failure(error::reserved_property, "The property " + name + " is reserved for the server.");
        const auto checked = phoneauth::detail::check_json(json, detail::poisons_objects);
        if (checked == json_check::no_json)
            return failure(error::invalid_parameter, "The property " + name + " is not valid JSON.");
        if (checked == json_check::refused_name)
            return failure(error::reserved_property,
                           "The property " + name + " has a member named __proto__, constructor or prototype.");
    }
    return {};
}

PHONEAUTH_DECL result<user> make_user(const config& c, const registration& r, const phone_number& phone,
                                      time_point now) {
    auto identity =
        normalize_identity(c, c.identity_column == c.phone_column ? phone.str() : std::string_view(r.identity));
    if (!identity) return std::move(identity).error();
    if (c.password_required || !r.password.empty())
        if (auto ok = check_password(c, r.password.str(), phone, *identity); !ok) return std::move(ok).error();
    if (auto ok = check_properties(c, r.properties); !ok) return std::move(ok).error();
    if (r.locale.size() > 35 || !detail::is_plain_text(r.locale))
        return failure(error::invalid_parameter, "The property blUserLocale is not a language tag.");
    return user{.object_id = {},
                .phone = phone,
                .identity = std::move(*identity),
                .password_hash = {},
                .properties = r.properties,
                .locale = r.locale,
                .created_at = now};
}

PHONEAUTH_DECL result<void> apply_changes(user& u, const property_map& changes, const config& c,
                                          password_change& passwords) {
    user changed = u;
    property_map added;
    bool has_password = false;
    for (const auto& [name, json] : changes) {
        const bool is_password = name == "password" || (name == "currentPassword" && json != "null");
        if (is_password || name == c.phone_column || name == c.identity_column) {
            auto value = phoneauth::detail::parse_json(json);
            if (!value || !(value->is(phoneauth::detail::json_kind::string) ||
                            (name == c.phone_column && value->is(phoneauth::detail::json_kind::number))))
                return failure(error::invalid_parameter, "The property " + name + " must be a string.");
            if (is_password) {
                has_password = has_password || name == "password";
                (name == "password" ? passwords.wanted : passwords.current) = value->text;
            } else if (name == c.phone_column) {
                const auto phone = read_phone(c, value->text);
                // Clients send whole objects back: also a number that was stored as it would not be read today.
                if (value->text != u.phone.str() && (!phone || *phone != u.phone))
                    return failure(error::invalid_parameter,
                                   "The phone number cannot be changed without proving the new one.");
            } else {
                auto identity = normalize_identity(c, value->text);
                if (!identity) return std::move(identity).error();
                changed.identity = std::move(*identity);
            }
        } else if (!is_client_property(c, name)) {
            continue;
        } else if (json == "null") {
            changed.properties.erase(name);
        } else {
            added.insert_or_assign(name, json);
        }
    }
    if (has_password) {
        if (auto ok = check_password(c, passwords.wanted, u.phone, changed.identity); !ok) return ok;
    }
    if (auto ok = check_properties(c, added); !ok) return ok;
    for (auto& [name, json] : added) changed.properties.insert_or_assign(name, std::move(json));
    if (!detail::is_property_size_ok(changed.properties, c))
        return failure(error::invalid_parameter, "The user has too many properties, or they are too large.");
    u = std::move(changed);
    return {};
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif
