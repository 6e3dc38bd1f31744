// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_REQUESTS_IPP
#define PHONEAUTH_TWILIO_REQUESTS_IPP

#include <algorithm>
#include <array>
#include <utility>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/detail/basic_credentials.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/detail/utf8.hpp>
#include <phoneauth/twilio/requests.hpp>
#include <phoneauth/twilio/senders.hpp>
#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

// clang-format off
/// The optional parameters of Messages create, from Twilio's published OpenAPI document.
inline constexpr std::array<std::string_view, 22> twilio_message_options{
    "StatusCallback", "ApplicationSid",   "MaxPrice",         "ProvideFeedback",  "Attempt",      "ValidityPeriod",     "ForceDelivery",
    "ContentRetention", "AddressRetention", "SmartEncoded",     "PersistentAction", "TrafficType",  "ShortenUrls",        "ScheduleType",
    "SendAt",         "SendAsMms",        "ContentVariables", "RiskCheck",        "From",         "MessagingServiceSid", "ContentSid",
    "FallbackFrom"};
// clang-format on

/// With the API key if there is one.
inline secret_string twilio_authorization(const twilio_config& c) {
    const auto& name = c.api_key.empty() ? c.account_sid : c.api_key;
    const auto& secret = c.api_key.empty() ? c.auth_token : c.api_secret;
    return basic_credentials(name, secret);
}

/// "statusCallback" → "StatusCallback"; empty if Twilio has no such option.
inline std::string_view twilio_option_name(std::string_view name) {
    for (const auto known : twilio_message_options)
        if (!name.empty() && to_upper(name.front()) == known.front() && name.substr(1) == known.substr(1)) return known;
    return {};
}

/// Whether Twilio, told to report to `text`, would ask what is at `own` or below it. Scheme, port and user information
/// are not compared: Twilio signs URLs in more than one spelling.
inline bool is_below(std::string text, std::string_view own) {
    text = without_user_info(text);
    const auto asked = parse_url(text.substr(0, text.find('#')));
    const auto mine = parse_url(without_user_info(own));
    return asked && mine && asked->host == mine->host && asked->target.starts_with(mine->target);
}

/// What `{purpose}` stands for.
inline std::string_view purpose_text(const config& c, purpose what, std::string_view topic) {
    switch (what) {
    case purpose::registration:
        return c.registration_purpose;
    case purpose::login:
        return c.login_purpose;
    case purpose::phone_change:
        return c.phone_change_purpose;
    case purpose::password_reset:
        return c.password_reset_purpose;
    case purpose::step_up:
        return c.step_up_purpose;
    case purpose::deletion:
        return c.deletion_purpose;
    case purpose::verification:
        break;
    }
    const auto* found = find_topic(c, topic);
    return found ? std::string_view(found->text) : topic;  // a server that has it no more still sends its codes
}

inline result<void> check_message(const text_message& m, bool has_content_template, std::string_view own_callback) {
    if (m.body.empty() && m.media_urls.empty() && !has_content_template)
        return failure(error::missing_parameter, "The message has neither text nor media.");
    const auto characters = count_code_points(m.body);
    if (!characters || m.body.find('\0') != std::string::npos)
        return failure(error::invalid_parameter, "The message's text is not UTF-8 or holds a NUL character.");
    if (*characters > max_message_characters) return error::message_too_long;
    if (m.media_urls.size() > max_media_urls)
        return failure(error::invalid_parameter, "A message takes at most 10 media URLs.");
    for (const auto& text : m.media_urls) {
        const auto url = parse_url(text);
        if (text.size() > 2048 || !url || !url->https) return error::invalid_media_url;
    }
    for (const auto& [name, value] : m.options) {
        if (twilio_option_name(name).empty())
            return failure(error::invalid_parameter,
                           "The options have a name that is not an option of Twilio's Messages resource.");
        if (value.size() > 4096 || std::any_of(value.begin(), value.end(), is_control))
            return failure(error::invalid_parameter, "The option " + std::string(twilio_option_name(name)) +
                                                         " is too long or has a control character.");
        if (twilio_option_name(name) == "StatusCallback" && is_below(value, own_callback))
            return failure(error::invalid_parameter, "The option StatusCallback is where the server's own reports go.");
    }
    return {};
}

}  // namespace detail

namespace twilio {

PHONEAUTH_DECL std::string url_of_product(const twilio_config& c, std::string_view product) {
    std::string url = c.base_url;
    if (url.empty()) {
        // Host names: https://www.twilio.com/docs/global-infrastructure/understanding-twilio-regions
        const auto region = c.region.empty() && !c.edge.empty() ? std::string("us1") : c.region;
        const auto edge = c.edge.empty() ? std::string(edge_of_region(region)) : c.edge;
        url.append("https://").append(product) += '.';
        if (!edge.empty()) url += edge + '.';
        if (!region.empty()) url += region + '.';
        url += "twilio.com";
    }
    while (url.ends_with('/')) url.pop_back();
    return url;
}

PHONEAUTH_DECL requests::requests(const twilio_config& c)
    : account_url_(url_of_product(c) + "/2010-04-01/Accounts/" + c.account_sid),
      messages_url_(account_url_ + "/Messages.json"),
      service_url_(url_of_product(c, "messaging") + "/v1/Services/" + c.sender),
      countries_url_(url_of_product(c, "accounts") + "/v1/Messaging/GeoPermissions"),
      authorization_(detail::twilio_authorization(c)), own_callback_(c.status_callback) {
    const bool is_service = kind_of_sender(c.sender) == sender_kind::messaging_service;
    detail::append_form_field(sender_, is_service ? "MessagingServiceSid" : "From", c.sender);
    channel_ = channel_of(c.sender);
}

PHONEAUTH_DECL http_request requests::get(std::string url) const {
    http_request request{"GET", std::move(url), {}, {}};
    request.headers.reserve(3);  // not a braced list, whose elements would be copied and left
    request.headers.emplace_back("Authorization", authorization_);
    request.headers.emplace_back("Accept", "application/json");
    request.headers.emplace_back("User-Agent", "phoneauth/" PHONEAUTH_VERSION_STRING);
    return request;
}

PHONEAUTH_DECL http_request requests::post_message(std::string form, bool sender_is_chosen) const {
    if (!sender_is_chosen) form.append(1, '&').append(sender_);
    http_request request{"POST", messages_url_, {}, std::move(form)};
    request.headers.reserve(4);
    request.headers.emplace_back("Authorization", authorization_);
    request.headers.emplace_back("Accept", "application/json");
    request.headers.emplace_back("User-Agent", "phoneauth/" PHONEAUTH_VERSION_STRING);
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");  // the last: see look_up_instead
    return request;
}

PHONEAUTH_DECL result<http_request> requests::create_message(const phone_number& to, const text_message& m) const {
    bool sender_is_chosen = false;
    bool has_content_template = false;
    auto channel = channel_;
    for (const auto& [name, value] : m.options) {
        const auto option = detail::twilio_option_name(name);
        if (option == "From" || option == "MessagingServiceSid") {
            sender_is_chosen = true;
            channel = channel_of(value);
        }
        has_content_template |= option == "ContentSid";
    }
    if (auto ok = detail::check_message(m, has_content_template, own_callback_); !ok) return std::move(ok).error();
    std::string form;
    detail::append_form_field(form, "To", std::string(channel).append(to.str()));
    if (!m.body.empty()) detail::append_form_field(form, "Body", m.body);
    for (const auto& url : m.media_urls) detail::append_form_field(form, "MediaUrl", url);
    for (const auto& [name, value] : m.options)
        detail::append_form_field(form, detail::twilio_option_name(name), value);
    return post_message(std::move(form), sender_is_chosen);
}

PHONEAUTH_DECL result<void> check_code_options(const text_message::option_list& added) {
    constexpr std::array<std::string_view, 5> ours{"From", "MessagingServiceSid", "FallbackFrom", "StatusCallback",
                                                   "ValidityPeriod"};
    const auto is_ours = [&](std::string_view name) { return std::find(ours.begin(), ours.end(), name) != ours.end(); };
    std::size_t bytes = 0;
    for (const auto& [given, value] : added) {
        const auto name = detail::twilio_option_name(given);
        if (name.empty() || is_ours(name))
            return failure(error::internal, "before_message added an option that codes cannot have.");
        bytes += value.size();
    }
    if (added.size() > 20 || bytes > 4096) return failure(error::internal, "before_message added too many options.");
    return {};
}

PHONEAUTH_DECL http_request requests::create_code_message(const phone_number& to, std::string_view text,
                                                          std::chrono::seconds validity,
                                                          std::string_view status_callback,
                                                          const text_message::option_list& added) const {
    std::size_t size = 3 * (text.size() + status_callback.size()) + sender_.size() + 128;
    for (const auto& [name, value] : added) size += name.size() + 3 * value.size() + 2;
    std::string form;
    form.reserve(size);  // growing would leave the code behind
    detail::append_form_field(form, "To", std::string(channel_).append(to.str()));
    detail::append_form_field(form, "Body", text);
    detail::append_form_field(form, "ValidityPeriod", std::to_string(validity.count()));
    if (!status_callback.empty()) detail::append_form_field(form, "StatusCallback", status_callback);
    for (const auto& [name, value] : added) detail::append_form_field(form, detail::twilio_option_name(name), value);
    return post_message(std::move(form), false);
}

PHONEAUTH_DECL http_request requests::find_messages(const phone_number& to) const {
    return get(messages_to(to));
}

PHONEAUTH_DECL std::string requests::messages_to(const phone_number& to) const {
    std::string url;
    url.reserve(messages_url_.size() + 64);
    url.append(messages_url_).append("?PageSize=1");
    detail::append_form_field(url, "To", std::string(channel_).append(to.str()));
    return url;
}

PHONEAUTH_DECL void requests::look_up_instead(http_request& message, std::string url) {
    message.method = "GET";
    message.url.swap(url);
    message.body.clear();  // not wiped yet: whoever sends a code wipes what its request holds
    message.headers.pop_back();
}

PHONEAUTH_DECL http_request requests::fetch_account() const {
    return get(account_url_ + ".json");
}

PHONEAUTH_DECL http_request requests::find_number(const phone_number& number) const {
    std::string query;
    detail::append_form_field(query, "PhoneNumber", number.str());
    return get(account_url_ + "/IncomingPhoneNumbers.json?" + query);
}

PHONEAUTH_DECL http_request requests::find_short_code(std::string_view code) const {
    return get(account_url_ + "/SMS/ShortCodes.json?ShortCode=" + std::string(code));
}

PHONEAUTH_DECL http_request requests::list_verified_numbers() const {
    return get(account_url_ + "/OutgoingCallerIds.json?PageSize=20");
}

PHONEAUTH_DECL http_request requests::list_service_senders(std::string_view subresource) const {
    return get(service_url_ + "/" + std::string(subresource) + "?PageSize=20");
}

PHONEAUTH_DECL http_request requests::list_countries() const {
    return get(countries_url_);
}

PHONEAUTH_DECL bool chooses_sender(const text_message& m) {
    constexpr std::array<std::string_view, 4> choices{"From", "MessagingServiceSid", "FallbackFrom", "StatusCallback"};
    return std::any_of(m.options.begin(), m.options.end(), [&](const auto& option) {
        const auto name = detail::twilio_option_name(option.first);
        return std::find(choices.begin(), choices.end(), name) != choices.end();
    });
}

PHONEAUTH_DECL std::string code_text(const config& c, std::string_view code, purpose what, std::string_view topic) {
    const auto minutes = std::to_string(std::chrono::ceil<std::chrono::minutes>(c.code_lifetime).count());
    const std::array<std::pair<std::string_view, std::string_view>, 4> parts{
        {{"{code}", code},
         {"{minutes}", minutes},
         {"{purpose}", detail::purpose_text(c, what, topic)},
         {"{site}", c.site_name}}};
    std::string text;
    // No part is longer than seven times its name. A string that grows would leave the code behind.
    text.reserve(7 * c.message_template.size() + c.origin_host.size() + c.android_app_hash.size() + 48);
    for (std::string_view rest = c.message_template; !rest.empty();) {
        const auto part =
            std::find_if(parts.begin(), parts.end(), [&](const auto& p) { return rest.starts_with(p.first); });
        if (part != parts.end()) {
            text += part->second;
            rest.remove_prefix(part->first.size());
        } else {
            const auto plain = (std::min)(rest.find('{', 1), rest.size());
            text += rest.substr(0, plain);
            rest.remove_prefix(plain);
        }
    }
    // Android's SMS Retriever wants its hash at the end; browsers want their line to be the last one. The hash goes
    // first, because Android finds it anywhere on a line of its own, while the origin-bound format is strict.
    if (!c.android_app_hash.empty()) text += '\n' + c.android_app_hash;
    if (!c.origin_host.empty()) {
        text += "\n@" + c.origin_host + " #";
        text += code;
    }
    return text;
}

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
