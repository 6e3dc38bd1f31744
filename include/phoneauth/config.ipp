// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_CONFIG_IPP
#define PHONEAUTH_CONFIG_IPP

#include <algorithm>
#include <string>

#include <phoneauth/config.hpp>
#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/detail/utf8.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/twilio/senders.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

inline bool is_property_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && !is_digit(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_alnum(c) || c == '_'; });
}

inline bool is_host_label_list(std::string_view host) {
    return !host.empty() && host.size() <= 253 &&
           std::all_of(host.begin(), host.end(), [](char c) { return is_alnum(c) || c == '-' || c == '.'; });
}

class config_checker {
public:
    void require(bool ok, const char* field, std::string message) {
        if (!ok) problems.push_back({field, std::move(message)});
    }
    void range(auto value, long long low, long long high, const char* field, const char* unit) {
        const auto v = static_cast<long long>(value);
        require(v >= low && v <= high, field,
                "is " + std::to_string(v) + "; expected " + std::to_string(low) + " to " + std::to_string(high) + " " +
                    unit);
    }
    std::vector<config_problem> problems;
};

/// Where Twilio is, and where it reports to.
inline void check_hosts(const twilio_config& t, config_checker& check) {
    const auto is_label = [](std::string_view s) {
        return s.size() <= 32 && std::all_of(s.begin(), s.end(), [](char c) { return is_alnum(c) || c == '-'; }) &&
               !s.starts_with('-') && !s.ends_with('-');
    };
    check.require(is_label(t.region), "twilio.region", "expected letters and digits, for example ie1");
    check.require(
        !is_label(t.region) || t.region.empty() || !t.edge.empty() || !t.base_url.empty() ||
            !twilio::edge_of_region(t.region).empty(),
        "twilio.region",
        "is none whose edge is known, and Twilio has no host for a region alone any more; set twilio.edge, or "
        "leave the region empty");
    check.require(is_label(t.edge), "twilio.edge", "expected letters, digits and -, for example dublin");
    if (!t.base_url.empty()) {
        const auto url = parse_url(t.base_url);
        check.require(url && url->target == "/", "twilio.base_url",
                      "expected http:// or https:// and a host, without a path");
    }
    if (t.status_callback.empty()) return;
    const auto anonymous = without_user_info(t.status_callback);
    const auto url = parse_url(anonymous);
    // Of what is before the "@", only what no URL can have is looked at: it is Twilio that reads it.
    const bool is_clean = std::all_of(t.status_callback.begin(), t.status_callback.end(),
                                      [](char c) { return c > ' ' && c <= '~' && c != '\\' && c != '#'; });
    check.require(url && is_clean && url->target.find('?') == std::string::npos && t.status_callback.size() <= 2000 &&
                      url->host.find('_') == std::string::npos,
                  "twilio.status_callback",
                  "expected an http:// or https:// URL without a query, its host without underscores; what is in "
                  "user:password@ percent-encoded");
    check.require(!t.auth_token.empty(), "twilio.auth_token", "is missing; status_callback needs it");
}

inline void check_twilio(const twilio_config& t, config_checker& check) {
    using twilio::is_sid;
    check.require(is_sid(t.account_sid, "AC"), "twilio.account_sid", "expected AC and 32 hexadecimal digits");
    const bool has_key = !t.api_key.empty() || !t.api_secret.empty();
    check.require(has_key || !t.auth_token.empty(), "twilio.auth_token",
                  "expected the auth token, or api_key and api_secret");
    check.require(std::none_of(t.auth_token.begin(), t.auth_token.end(), is_control), "twilio.auth_token",
                  "has a control character");
    if (has_key) {
        check.require(is_sid(t.api_key, "SK"), "twilio.api_key", "expected SK and 32 hexadecimal digits");
        check.require(!t.api_secret.empty(), "twilio.api_secret", "is missing; api_key needs it");
    }
    check.require(std::none_of(t.previous_auth_token.begin(), t.previous_auth_token.end(), is_control),
                  "twilio.previous_auth_token", "has a control character");
    check.require(twilio::kind_of_sender(t.sender) != twilio::sender_kind::none, "twilio.sender",
                  twilio::sender_hint(t.sender));
    check_hosts(t, check);
}

inline void check_codes(const config& c, bool storage_is_shared, config_checker& check) {
    check.require(!storage_is_shared || !c.code_keys.empty(), "code_keys",
                  "is empty; a storage that other processes share, or that outlives this one, needs a key of 32 or "
                  "more random bytes");
    for (std::size_t i = 0; i < c.code_keys.size(); ++i) {
        const auto& key = c.code_keys[i];
        check.require(!key.id.empty() && key.id.size() <= 32, "code_keys", "a key's id has 1 to 32 characters");
        check.require(key.secret.size() >= 32 && key.secret.size() <= 256, "code_keys",
                      "a key's secret has 32 to 256 bytes");
        const auto end = c.code_keys.begin() + static_cast<std::ptrdiff_t>(i);
        check.require(std::none_of(c.code_keys.begin(), end, [&](const code_key& k) { return k.id == key.id; }),
                      "code_keys", "two keys have the same id");
    }
    check.range(c.code_digits, 6, 9, "code_digits", "digits");
    check.range(c.code_lifetime.count(), 30, 600, "code_lifetime", "s");
    check.range(c.max_tries, 1, 10, "max_tries", "codes");

    const auto& text = c.message_template;
    const auto at = text.find("{code}");
    check.require(at != std::string::npos && text.find("{code}", at + 1) == std::string::npos, "message_template",
                  "expected {code} in it, once");
    check.require(text.size() <= 320 && count_code_points(text) &&
                      std::none_of(text.begin(), text.end(), [](char ch) { return is_control(ch) && ch != '\n'; }),
                  "message_template",
                  "expected at most 320 bytes of UTF-8 without control characters other than newline");
    const auto is_part = [](const std::string& s, std::size_t least) {
        return s.size() >= least && s.size() <= 40 && count_code_points(s) &&
               std::none_of(s.begin(), s.end(), is_control);
    };
    const char* const part = "expected 1 to 40 bytes of UTF-8 without control characters";
    check.require(is_part(c.registration_purpose, 1), "registration_purpose", part);
    check.require(is_part(c.login_purpose, 1), "login_purpose", part);
    check.require(is_part(c.phone_change_purpose, 1), "phone_change_purpose", part);
    check.require(is_part(c.password_reset_purpose, 1), "password_reset_purpose", part);
    check.require(is_part(c.step_up_purpose, 1), "step_up_purpose", part);
    check.require(is_part(c.deletion_purpose, 1), "deletion_purpose", part);
    const auto is_topic = [&](const topic& t) {
        const auto same = [&](const topic& other) { return other.name == t.name; };
        return !t.name.empty() && t.name.size() <= 32 && is_part(t.text, 1) &&
               std::all_of(t.name.begin(), t.name.end(),
                           [](char ch) { return is_alnum(ch) || ch == '-' || ch == '_'; }) &&
               std::count_if(c.topics.begin(), c.topics.end(), same) == 1;
    };
    check.require(
        c.topics.size() <= 100 && std::all_of(c.topics.begin(), c.topics.end(), is_topic), "topics",
        "expected at most 100, each with a name of its own of 1 to 32 letters, digits, - and _, and a text of "
        "1 to 40 bytes of UTF-8 without control characters");
    check.require(is_part(c.site_name, text.find("{site}") == std::string::npos ? 0 : 1), "site_name",
                  std::string(part) + "; message_template needs it if it has {site}");
    check.require(c.origin_host.empty() || is_host_label_list(c.origin_host), "origin_host",
                  "expected a host name without scheme and port");
    check.require(c.android_app_hash.empty() ||
                      (c.android_app_hash.size() == 11 &&
                       std::all_of(c.android_app_hash.begin(), c.android_app_hash.end(),
                                   [](char ch) { return is_alnum(ch) || ch == '+' || ch == '/'; })),
                  "android_app_hash", "expected 11 characters of base64");
}

inline void check_destinations(const config& c, config_checker& check) {
    const auto is_prefix = [](const std::string& s) {
        return !s.empty() && s.size() <= 15 && std::all_of(s.begin(), s.end(), is_digit) && s.front() != '0';
    };
    const auto& codes = c.allowed_calling_codes;
    check.require(std::all_of(codes.begin(), codes.end(), [&](const auto& s) { return s == "*" || is_prefix(s); }),
                  "allowed_calling_codes", "expected 1 to 15 digits each that do not start with 0, or *");
    check.require(std::all_of(c.blocked_prefixes.begin(), c.blocked_prefixes.end(), is_prefix), "blocked_prefixes",
                  "expected 1 to 15 digits each that do not start with 0");
    check.require(codes.size() <= 1000, "allowed_calling_codes", "expected at most 1000");
    check.require(c.blocked_prefixes.size() <= 1000, "blocked_prefixes", "expected at most 1000");
    check.require(c.test_numbers.size() <= 100, "test_numbers", "expected at most 100");
    check.require(c.test_numbers.empty() || c.allow_test_numbers, "test_numbers",
                  "are given, but allow_test_numbers is false: anybody who knows one could log in as its user");
    for (const auto& t : c.test_numbers) {
        const auto number = phoneauth::read_phone(c, t.phone);
        check.require(number && number->str() == t.phone, "test_numbers",
                      "a phone is not an E.164 number, or one that is never read so from what people type");
        check.require(t.code.size() == c.code_digits && std::all_of(t.code.begin(), t.code.end(), is_digit),
                      "test_numbers", "a code does not have code_digits digits");
    }
}

inline void check_accounts(const config& c, config_checker& check) {
    const auto is_off_or = [](std::chrono::seconds value, std::int64_t least) {
        return value.count() == 0 || (value.count() >= least && value.count() <= 365LL * 24 * 3600);
    };
    check.range(c.proof_lifetime.count(), 60, 3300, "proof_lifetime", "s");
    check.require(is_off_or(c.session_idle_timeout, 300), "session_idle_timeout", "expected 0 or 300 to 31536000 s");
    check.range(c.max_sessions_per_user, 0, 1000, "max_sessions_per_user", "sessions");
    check.require(is_off_or(c.trusted_device_lifetime, 3600), "trusted_device_lifetime",
                  "expected 0 or 3600 to 31536000 s");
    const auto is_notice = [](const std::string& s) {
        return s.size() <= 320 && count_code_points(s) && std::none_of(s.begin(), s.end(), is_control);
    };
    const char* const notice = "expected at most 320 bytes of UTF-8 without control characters";
    check.require(is_notice(c.phone_changed_notice), "phone_changed_notice", notice);
    check.require(is_notice(c.password_changed_notice), "password_changed_notice", notice);
    check.require(is_notice(c.identity_changed_notice), "identity_changed_notice", notice);
    check.require(is_notice(c.password_reset_notice), "password_reset_notice", notice);
    check.require(is_notice(c.backup_codes_made_notice), "backup_codes_made_notice", notice);
    check.require(is_notice(c.backup_code_notice), "backup_code_notice", notice);
    const bool signs_up = c.unknown_phone == unknown_phone_policy::sign_up;
    check.require(!signs_up || (c.identity_column == c.phone_column && c.registration_enabled && !c.password_required),
                  "unknown_phone",
                  "is sign_up, which needs registration_enabled, no password_required, and the phone as the identity "
                  "(identity_column = phone_column)");
}

inline void check_names(const std::vector<std::string>& names, const char* field, config_checker& check) {
    const auto is_name = [](const std::string& s) {
        return !s.empty() && s.size() <= 64 && count_code_points(s) && std::none_of(s.begin(), s.end(), is_control);
    };
    check.require(std::all_of(names.begin(), names.end(), is_name), field,
                  "expected names of 1 to 64 bytes of UTF-8 without control characters");
    check.require(std::none_of(names.begin(), names.end(), is_reserved_property), field, "has a reserved name");
    check.require(names.size() <= 1000, field, "expected at most 1000");
}

}  // namespace detail

PHONEAUTH_DECL result<phone_number> read_phone(const config& c, std::string_view text) {
    if (!c.normalize_phone) return phone_number::parse(text, c.default_calling_code);
    if (text.size() > phone_number::max_input)
        return failure(error::invalid_phone_number, "The phone number is too long.");
    try {
        return c.normalize_phone(text);
    } catch (...) {
        return failure_of_current_exception(error::internal);
    }
}

PHONEAUTH_DECL std::vector<config_problem> validate(const config& c, bool storage_is_shared) {
    detail::config_checker check;
    detail::check_twilio(c.twilio, check);
    detail::check_codes(c, storage_is_shared, check);

    check.range(c.resend_cooldown.count(), 0, 600, "resend_cooldown", "s");
    check.range(c.max_sends_per_transaction, 1, 20, "max_sends_per_transaction", "messages");
    check.range(c.phone_cooldown.count(), 0, 600, "phone_cooldown", "s");
    check.range(c.max_sends_per_phone_and_hour, 1, 100, "max_sends_per_phone_and_hour", "messages");
    check.range(c.max_sends_per_phone_and_day, 1, 1000, "max_sends_per_phone_and_day", "messages");
    check.range(c.max_sends_per_client_and_hour, 0, 100000, "max_sends_per_client_and_hour", "messages");
    check.range(c.max_messages_per_user_and_hour, 0, 100000, "max_messages_per_user_and_hour", "messages");
    check.range(c.max_sends_per_hour, 0, 10000000, "max_sends_per_hour", "messages");
    detail::check_destinations(c, check);
    const auto& code = c.default_calling_code;
    check.require(code.size() <= 3 && std::all_of(code.begin(), code.end(), detail::is_digit) && !code.starts_with('0'),
                  "default_calling_code", "expected 1 to 3 digits that do not start with 0, for example 49");

    check.range(c.max_consecutive_failures, 50, 100, "max_consecutive_failures", "failures");
    check.require(c.max_tries > 10 || c.max_consecutive_failures >= 10 * c.max_tries, "max_consecutive_failures",
                  "expected at least ten times max_tries");
    check.range(c.max_passwords_per_client_and_hour, 0, 100000, "max_passwords_per_client_and_hour", "failures");
    check.range(c.session_lifetime.count(), 60, 365LL * 24 * 3600, "session_lifetime", "s");
    check.range(c.fresh_login.count(), 0, 86400, "fresh_login", "s");
    detail::check_accounts(c, check);

    check.require(detail::is_property_name(c.phone_column), "phone_column",
                  "expected letters, digits and _, at most 64");
    check.require(detail::is_property_name(c.identity_column), "identity_column",
                  "expected letters, digits and _, at most 64");
    check.require(!is_reserved_property(c.phone_column), "phone_column", "is a reserved name");
    check.require(!is_reserved_property(c.identity_column), "identity_column", "is a reserved name");
    check.range(c.min_password_length, 8, 64, "min_password_length", "bytes");
    check.range(c.max_password_length, 64, 1024, "max_password_length", "bytes");
    detail::check_names(c.client_properties, "client_properties", check);
    detail::check_names(c.protected_properties, "protected_properties", check);
    check.range(c.max_properties, 0, 1000, "max_properties", "properties");
    check.range(c.max_property_bytes, 0, 1048576, "max_property_bytes", "bytes");
    return std::move(check.problems);
}

}  // namespace v0
}  // namespace phoneauth

#endif
