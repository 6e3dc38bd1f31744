// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_READ_CONFIG_IPP
#define PHONEAUTH_READ_CONFIG_IPP

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include <phoneauth/detail/json.hpp>
#include <phoneauth/read_config.hpp>

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
}

template <class Field>
void describe(Field& field, test_number& t) {
    field("phone", t.phone);
    field("code", t.code);
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
    field("max_wrong_passwords_per_client_and_hour", c.max_wrong_passwords_per_client_and_hour);
    field("session_lifetime", c.session_lifetime);
    field("registration_enabled", c.registration_enabled);
    field("phone_column", c.phone_column);
    field("identity_column", c.identity_column);
    field("min_password_length", c.min_password_length);
    field("max_password_length", c.max_password_length);
    field("max_properties", c.max_properties);
    field("max_property_bytes", c.max_property_bytes);
}

/// Fills the fields of one struct from the members of one JSON object.
class settings_reader {
public:
    /// `path` is what stands before the names of the fields.
    template <class Struct>
    static void read(const json_value& object, std::string path, Struct& target,
                     std::vector<config_problem>& problems) {
        settings_reader reader(object, std::move(path), problems);
        describe(reader, target);
        for (const auto& member : object.items)
            if (std::find(reader.known_.begin(), reader.known_.end(), member.key) == reader.known_.end())
                reader.require(false, member.key, "there is no setting of this name");
    }

    template <class T>
    void operator()(std::string_view name, T& target) {
        known_.push_back(name);
        if (const auto* member = object_.find(name)) set(name, *member, target);
    }

private:
    settings_reader(const json_value& object, std::string path, std::vector<config_problem>& problems)
        : object_(object), path_(std::move(path)), problems_(problems) {}

    bool require(bool ok, std::string_view name, const char* message) {
        if (!ok) problems_.push_back({path_ + std::string(name), message});
        return ok;
    }

    void set(std::string_view name, const json_value::item& value, std::string& target) {
        if (require(value.kind == json_kind::string, name, "expected a string")) target = value.text;
    }
    void set(std::string_view name, const json_value::item& value, bool& target) {
        if (require(value.kind == json_kind::boolean, name, "expected true or false")) target = value.text == "true";
    }
    void set(std::string_view name, const json_value::item&, unsigned& target) {
        const auto number = object_.integer(name);
        const bool fits = number && *number >= 0 && *number <= std::numeric_limits<unsigned>::max();
        if (require(fits, name, "expected a whole number from 0 to 4294967295"))
            target = static_cast<unsigned>(*number);
    }
    void set(std::string_view name, const json_value::item& value, std::chrono::seconds& target) {
        unsigned count = 0;
        set(name, value, count);
        target = std::chrono::seconds(count);
    }
    void set(std::string_view name, const json_value::item& value, unknown_phone_policy& target) {
        const bool reject = value.text == "reject";
        const bool known = value.kind == json_kind::string && (reject || value.text == "conceal");
        require(known, name, "expected \"conceal\" or \"reject\"");
        target = reject ? unknown_phone_policy::reject : unknown_phone_policy::conceal;
    }
    void set(std::string_view name, const json_value::item& value, twilio_config& target) {
        if (require(value.kind == json_kind::object, name, "expected an object"))
            read(*parse_json(value.text), path_ + std::string(name) + '.', target, problems_);
    }
    template <class Element>
    void set(std::string_view name, const json_value::item& value, std::vector<Element>& target) {
        if (!require(value.kind == json_kind::array, name, "expected an array")) return;
        target.clear();
        const auto array = parse_json(value.text);
        for (const auto& given : array->items) {
            const auto element = std::string(name) + '[' + std::to_string(target.size()) + ']';
            auto& added = target.emplace_back();
            if constexpr (std::is_same_v<Element, std::string>)
                set(element, given, added);
            else if (require(given.kind == json_kind::object, element, "expected an object"))
                read(*parse_json(given.text), path_ + element + '.', added, problems_);
        }
    }

    const json_value& object_;
    std::string path_;
    std::vector<config_problem>& problems_;
    std::vector<std::string_view> known_;
};

}  // namespace detail

PHONEAUTH_DECL std::vector<config_problem> read_config(std::string_view json, config& into) {
    const auto object = detail::parse_json(json);
    if (!object) return {{"", "the text is not valid JSON"}};
    if (!object->is(detail::json_kind::object)) return {{"", "expected a JSON object"}};
    std::vector<config_problem> problems;
    config read = into;
    detail::settings_reader::read(*object, "", read, problems);
    if (problems.empty()) into = std::move(read);
    return problems;
}

}  // namespace v0
}  // namespace phoneauth

#endif
