// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_CONFIG_FIELDS_HPP
#define PHONEAUTH_DETAIL_CONFIG_FIELDS_HPP

#include <phoneauth/config.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

// The fields and their names: `field(name, member)` for each.

template <class Field>
void describe(Field& field, twilio_config& t) {
    field("account_sid", t.account_sid);
    field("auth_token", t.auth_token);
    field("api_key", t.api_key);
    field("api_secret", t.api_secret);
    field("sender", t.sender);
    field("region", t.region);
    field("edge", t.edge);
    field("base_url", t.base_url);
    field("status_callback", t.status_callback);
    field("previous_auth_token", t.previous_auth_token);
}

template <class Field>
void describe(Field& field, test_number& t) {
    field("phone", t.phone);
    field("code", t.code);
}

template <class Field>
void describe(Field& field, topic& t) {
    field("name", t.name);
    field("text", t.text);
}

template <class Field>
void describe(Field& field, code_key& k) {
    field("id", k.id);
    field("secret", k.secret);
}

template <class Field>
void describe(Field& field, config& c) {
    field("twilio", c.twilio);
    field("code_keys", c.code_keys);
    field("code_digits", c.code_digits);
    field("code_lifetime", c.code_lifetime);
    field("max_tries", c.max_tries);
    field("message_template", c.message_template);
    field("registration_purpose", c.registration_purpose);
    field("login_purpose", c.login_purpose);
    field("phone_change_purpose", c.phone_change_purpose);
    field("password_reset_purpose", c.password_reset_purpose);
    field("step_up_purpose", c.step_up_purpose);
    field("deletion_purpose", c.deletion_purpose);
    field("topics", c.topics);
    field("proof_lifetime", c.proof_lifetime);
    field("site_name", c.site_name);
    field("origin_host", c.origin_host);
    field("android_app_hash", c.android_app_hash);
    field("resend_cooldown", c.resend_cooldown);
    field("max_sends_per_transaction", c.max_sends_per_transaction);
    field("phone_cooldown", c.phone_cooldown);
    field("max_sends_per_phone_and_hour", c.max_sends_per_phone_and_hour);
    field("max_sends_per_phone_and_day", c.max_sends_per_phone_and_day);
    field("max_sends_per_client_and_hour", c.max_sends_per_client_and_hour);
    field("max_messages_per_user_and_hour", c.max_messages_per_user_and_hour);
    field("max_sends_per_hour", c.max_sends_per_hour);
    field("default_calling_code", c.default_calling_code);
    field("allowed_calling_codes", c.allowed_calling_codes);
    field("blocked_prefixes", c.blocked_prefixes);
    field("test_numbers", c.test_numbers);
    field("allow_test_numbers", c.allow_test_numbers);
    field("login_enabled", c.login_enabled);
    field("code_login_enabled", c.code_login_enabled);
    field("identity_login_enabled", c.identity_login_enabled);
    field("unknown_phone", c.unknown_phone);
    field("max_consecutive_failures", c.max_consecutive_failures);
    field("max_passwords_per_client_and_hour", c.max_passwords_per_client_and_hour);
    field("session_lifetime", c.session_lifetime);
    field("fresh_login", c.fresh_login);
    field("session_idle_timeout", c.session_idle_timeout);
    field("max_sessions_per_user", c.max_sessions_per_user);
    field("trusted_device_lifetime", c.trusted_device_lifetime);
    field("password_reset", c.password_reset);
    field("phone_changed_notice", c.phone_changed_notice);
    field("password_changed_notice", c.password_changed_notice);
    field("identity_changed_notice", c.identity_changed_notice);
    field("password_reset_notice", c.password_reset_notice);
    field("backup_codes_made_notice", c.backup_codes_made_notice);
    field("backup_code_notice", c.backup_code_notice);
    field("registration_enabled", c.registration_enabled);
    field("password_required", c.password_required);
    field("phone_column", c.phone_column);
    field("identity_column", c.identity_column);
    field("min_password_length", c.min_password_length);
    field("max_password_length", c.max_password_length);
    field("client_properties", c.client_properties);
    field("protected_properties", c.protected_properties);
    field("max_properties", c.max_properties);
    field("max_property_bytes", c.max_property_bytes);
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
