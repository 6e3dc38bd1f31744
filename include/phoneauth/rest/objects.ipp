// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_OBJECTS_IPP
#define PHONEAUTH_REST_OBJECTS_IPP

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include <phoneauth/account_data.hpp>
#include <phoneauth/challenge.hpp>
#include <phoneauth/configuration_report.hpp>
#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/proof.hpp>
#include <phoneauth/rest/objects.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/twilio/delivery.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

namespace detail {

inline void add_time(phoneauth::detail::json_object& json, std::string_view name, const std::optional<time_point>& t) {
    if (t)
        json.number(name, t->time_since_epoch().count());
    else
        json.null(name);
}

inline phoneauth::detail::json_object user_object(const user& u, const config& c) {
    phoneauth::detail::json_object json;
    json.string("___class", "Users").string("objectId", u.object_id).string("ownerId", u.object_id);
    json.string("userStatus", u.enabled ? "ENABLED" : "DISABLED").string("blUserLocale", u.locale);
    add_time(json, "created", u.created_at);
    add_time(json, "updated", u.updated_at);
    if (c.identity_column != c.phone_column) json.string(c.identity_column, u.identity);
    json.string(c.phone_column, u.phone.str());

    const auto message = u.properties.find("message");
    const bool looks_like_error = message != u.properties.end() && message->second.starts_with('"');
    for (const auto& [name, value] : u.properties) {
        if (is_reserved_property(name) || name == c.phone_column || name == c.identity_column) continue;
        const bool is_number = !value.empty() && (phoneauth::detail::is_digit(value.front()) || value.front() == '-');
        if (name == "code" && is_number && looks_like_error)
            json.string(name, value);
        else
            json.raw(name, value);
    }
    return json;
}

}  // namespace detail

PHONEAUTH_DECL std::string user_json(const user& u, const config& c) {
    return detail::user_object(u, c).str();
}

PHONEAUTH_DECL std::string login_json(const user& u, std::string_view token, const config& c) {
    auto json = detail::user_object(u, c);
    detail::add_time(json, "lastLogin", u.last_login_at);
    json.string("socialAccount", "BACKENDLESS").string("___jsonclass", "Users").secret("user-token", token);
    return std::move(json).str();
}

PHONEAUTH_DECL std::string user_class_json(const config& c) {
    std::string array = "[";
    const auto add = [&](std::string_view name, std::string_view type, bool required, bool identity) {
        phoneauth::detail::json_object json;
        json.string("name", name).string("type", type).boolean("required", required).boolean("identity", identity);
        json.boolean("selected", false).null("defaultValue");
        if (array.size() > 1) array += ',';
        array += std::move(json).str();
    };
    if (c.identity_column != c.phone_column) add(c.identity_column, "STRING", true, true);
    add(c.phone_column, "STRING", true, c.identity_column == c.phone_column);
    add("password", "STRING", true, false);
    for (const auto name : {"objectId", "ownerId", "userStatus", "socialAccount", "blUserLocale"})
        add(name, "STRING", false, false);
    for (const auto name : {"created", "updated", "lastLogin"}) add(name, "DATETIME", false, false);
    return array + ']';
}

PHONEAUTH_DECL std::string challenge_json(const challenge& c) {
    phoneauth::detail::json_object json;
    json.string("transactionId", c.transaction_id.str()).number("expiresAt", c.expires_at.time_since_epoch().count());
    json.number("resendAfter", c.resend_after.count());
    if (c.delivery_uncertain) json.boolean("deliveryUncertain", true);
    return std::move(json).str();
}

PHONEAUTH_DECL std::string session_json(const session_info& s) {
    constexpr std::array<std::pair<std::uint32_t, std::string_view>, 4> names{
        {{auth_method::by_password, "password"},
         {auth_method::by_code, "code"},
         {auth_method::by_backup_code, "backupCode"},
         {auth_method::by_trusted_device, "trustedDevice"}}};
    std::string methods = "[";
    for (const auto& [method, name] : names)
        if ((s.auth_methods & method) != 0) methods.append(methods.size() > 1 ? ",\"" : "\"").append(name) += '"';
    phoneauth::detail::json_object json;
    json.string("id", s.id).string("kind", s.kind == session_kind::login ? "login" : "trustedDevice");
    json.boolean("current", s.current).string("device", s.device).string("network", s.network);
    detail::add_time(json, "opened", s.opened_at);
    detail::add_time(json, "lastUsed", s.last_used_at);
    detail::add_time(json, "expires", s.expires_at);
    json.raw("methods", methods + ']');
    detail::add_time(json, "authTime", s.auth_time);
    return std::move(json).str();
}

PHONEAUTH_DECL std::string trusted_device_json(const trusted_device& d) {
    phoneauth::detail::json_object json;
    json.secret("deviceToken", d.token.str());
    detail::add_time(json, "expires", d.expires_at);
    return std::move(json).str();
}

PHONEAUTH_DECL std::string proof_json(const proof& p) {
    phoneauth::detail::json_object json;
    json.secret("proof", p.token.str()).string("topic", p.topic).string("phoneNumber", p.phone.str());
    detail::add_time(json, "expires", p.expires_at);
    return std::move(json).str();
}

PHONEAUTH_DECL std::string account_json(const account_data& a, const config& c) {
    std::string sessions = "[";
    for (const auto& s : a.sessions) sessions.append(sessions.size() > 1 ? "," : "").append(session_json(s));
    phoneauth::detail::json_object json;
    json.raw("user", user_json(a.user, c)).raw("sessions", sessions + ']');
    return std::move(json).str();
}

PHONEAUTH_DECL std::string status_json(const transaction_status& s) {
    // In the order of the enumerators, which count from 1.
    constexpr std::array<std::string_view, 6> states{"pending", "confirmed", "exhausted",
                                                     "expired", "failed",    "redeemed"};
    constexpr std::array<std::string_view, 3> deliveries{"pending", "delivered", "undelivered"};
    phoneauth::detail::json_object json;
    json.string("state", states.at(static_cast<std::size_t>(s.state) - 1));
    json.string("delivery", deliveries.at(static_cast<std::size_t>(s.delivery) - 1));
    if (s.delivery == delivery_state::undelivered)
        json.string("reason", twilio::delivery_problem(s.twilio_code.value_or(0)));
    if (s.twilio_code) json.number("twilioCode", *s.twilio_code);
    json.number("triesLeft", s.tries_left).number("expiresIn", s.expires_in.count());
    if (s.resend_after)
        json.number("resendAfter", s.resend_after->count());
    else
        json.null("resendAfter");
    return std::move(json).str();
}

PHONEAUTH_DECL std::string report_json(const configuration_report& r) {
    std::string findings = "[";
    for (const auto& f : r.findings) {
        phoneauth::detail::json_object json;
        json.string("check", f.check).boolean("ok", f.ok).boolean("essential", f.essential);
        json.string("message", f.message);
        if (!f.remedy.empty()) json.string("remedy", f.remedy);
        if (findings.size() > 1) findings += ',';
        findings += std::move(json).str();
    }
    phoneauth::detail::json_object json;
    json.boolean("ok", r.ok()).raw("findings", findings + ']');
    return std::move(json).str();
}

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
