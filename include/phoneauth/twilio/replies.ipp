// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_REPLIES_IPP
#define PHONEAUTH_TWILIO_REPLIES_IPP

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/detail/read_http_date.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/twilio/error_codes.hpp>
#include <phoneauth/twilio/replies.hpp>

namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// The header Retry-After, if it is a number of seconds.
inline std::optional<std::chrono::seconds> retry_after_of(const http_response& reply) {
    const auto* after = find_header(reply.headers, "Retry-After");
    if (!after) return std::nullopt;
    int seconds = 0;
    const auto [end, ec] = std::from_chars(after->data(), after->data() + after->size(), seconds);
    if (ec != std::errc() || end != after->data() + after->size() || seconds < 0) return std::nullopt;
    return std::chrono::seconds(seconds);
}

PHONEAUTH_DECL failure failure_of(const http_response& reply) {
    const auto body = detail::parse_json(reply.body);
    const auto code = body ? body->integer("code") : std::nullopt;
    failure f = [&]() -> failure {
        if (reply.status >= 500) return error::no_answer;
        if (reply.status < 400) return error::bad_provider_reply;  // Twilio refuses with 4xx only
        if (const auto* row = code ? find_error_code(*code) : nullptr) return {row->meaning, std::string(row->text)};
        if (reply.status == 407) return error::provider_unreachable;  // RFC 9110 §15.5.8: no server of Twilio's
        if (reply.status == 429) return error::provider_busy;
        if (reply.status == 401 || reply.status == 403) return error::provider_misconfigured;
        return code ? error::provider_refused : error::bad_provider_reply;
    }();
    if (code && std::in_range<int>(*code)) f.twilio_code = static_cast<int>(*code);
    if (reply.status == 429) f.retry_after = retry_after_of(reply);
    return f;
}

PHONEAUTH_DECL bool is_about_the_request(const http_response& reply) {
    if (reply.status >= 200 && reply.status <= 299) return true;
    if (reply.status < 400 || reply.status > 499) return false;
    const auto f = failure_of(reply);
    if (!f.twilio_code) return false;
    const auto* row = find_error_code(*f.twilio_code);
    if (f.code == error::provider_misconfigured && (!row || row->whom == reach::everybody)) return false;
    if (reply.status != 401 && reply.status != 403 && reply.status != 404 && reply.status != 429) return true;
    return *f.twilio_code / 1000 == 21;
}

PHONEAUTH_DECL result<void> read_look_up(const http_response& reply) {
    if (reply.status < 200 || reply.status > 299) return failure_of(reply);
    if (!detail::has_text_or_list(reply.body, "sid", "messages")) return error::bad_provider_reply;
    return {};
}

PHONEAUTH_DECL std::chrono::seconds pause_after(const http_response& reply) {
    const bool throttled = reply.status == 429 && !is_about_the_request(reply);
    if (!throttled && reply.status != 503) return {};
    const auto without = throttled ? usual_pause : std::chrono::seconds(0);
    return (std::min)(retry_after_of(reply).value_or(without), longest_pause);
}

PHONEAUTH_DECL result<sent_message> read_sent_message(const http_response& reply) {
    if (reply.status < 200 || reply.status > 299) return failure_of(reply);
    const auto body = detail::parse_json(reply.body);
    if (!body || body->string_or_empty("sid").empty()) return error::bad_provider_reply;
    return sent_message{std::string(body->string_or_empty("sid")), std::string(body->string_or_empty("status")),
                        reply.body};
}

PHONEAUTH_DECL result<void> check_sent_message(const http_response& reply) {
    if (reply.status < 200 || reply.status > 299) return failure_of(reply);
    if (!detail::has_text_or_list(reply.body, "sid")) return error::bad_provider_reply;
    return {};
}

PHONEAUTH_DECL bool certainly_not_sent(const failure& f) noexcept {
    if (f.code.category() != error_category()) return false;
    const auto e = static_cast<error>(f.code.value());
    switch (e) {
    case error::provider_refused:
    case error::provider_misconfigured:
    case error::provider_busy:
    case error::provider_unreachable:
    case error::invalid_phone_number:
    case error::missing_parameter:
    case error::message_too_long:
    case error::invalid_media_url:
        return true;
    default:
        return safe_to_resend(e);
    }
}

PHONEAUTH_DECL result<std::string> read_account_status(const http_response& reply) {
    if (reply.status != 200) return failure_of(reply);
    const auto body = detail::parse_json(reply.body);
    if (!body || body->string_or_empty("status").empty()) return error::bad_provider_reply;
    return std::string(body->string_or_empty("status"));
}

PHONEAUTH_DECL bool is_trial_account(const http_response& reply) {
    if (reply.status != 200) return false;
    const auto body = detail::parse_json(reply.body);
    return body && body->string_or_empty("type") == "Trial";
}

/// The elements of the list `member` in `reply`, each parsed, `most` of them at most.
inline result<std::vector<detail::json_value>> list_in(const http_response& reply, std::string_view member,
                                                       std::size_t most) {
    if (reply.status != 200) return failure_of(reply);
    const auto body = detail::parse_json(reply.body);
    const auto* list = body ? body->find(member) : nullptr;
    const auto elements =
        list && list->kind == detail::json_kind::array ? detail::parse_json(list->text) : std::nullopt;
    if (!elements) return error::bad_provider_reply;
    std::vector<detail::json_value> parsed;
    for (const auto& item : elements->items) {
        if (parsed.size() == most) break;
        auto element = detail::parse_json(item.text);
        parsed.push_back(element ? *std::move(element) : detail::json_value());
    }
    return parsed;
}

PHONEAUTH_DECL result<number_page> read_verified_numbers(const http_response& reply) {
    constexpr std::size_t most = 20;
    const auto list = list_in(reply, "outgoing_caller_ids", most + 1);
    if (!list) return list.error();
    number_page page;
    const auto body = detail::parse_json(reply.body);
    page.is_whole = list->size() <= most && body->string_or_empty("next_page_uri").empty();
    for (const auto& element : *list) {
        const std::string number(element.string_or_empty("phone_number"));
        if (page.numbers.size() < most && phone_number::from_e164(number)) page.numbers.push_back(number);
    }
    return page;
}

PHONEAUTH_DECL result<bool> read_short_code(const http_response& reply) {
    const auto list = list_in(reply, "short_codes", 1);
    if (!list) return list.error();
    return !list->empty();
}

PHONEAUTH_DECL result<service_senders> read_service_senders(const http_response& reply, std::string_view member) {
    const auto list = list_in(reply, member, 100);
    if (!list) return list.error();
    service_senders senders{list->size(), false};
    std::size_t known = 0;
    std::size_t able = 0;
    for (const auto& element : *list) {
        const auto* given = element.find("capabilities");
        if (!given || given->kind != detail::json_kind::array) continue;
        const auto capabilities = detail::parse_json(given->text);
        if (!capabilities || capabilities->items.empty()) continue;
        ++known;
        able += std::any_of(capabilities->items.begin(), capabilities->items.end(),
                            [](const auto& c) { return c.text == "SMS"; });
    }
    senders.cannot_sms = known > 0 && known == senders.count && able == 0;
    return senders;
}

PHONEAUTH_DECL result<std::vector<country_permission>> read_countries(const http_response& reply) {
    const auto list = list_in(reply, "permissions", 500);
    if (!list) return list.error();
    std::vector<country_permission> countries;
    for (const auto& element : *list) {
        const auto country = element.string_or_empty("country_code");
        auto prefix = element.string_or_empty("prefix");
        if (prefix.starts_with('+')) prefix.remove_prefix(1);
        const auto* enabled = element.find("enabled");
        const bool is_row = country.size() == 2 && std::all_of(country.begin(), country.end(), detail::is_alnum) &&
                            !prefix.empty() && prefix.size() <= 15 &&
                            std::all_of(prefix.begin(), prefix.end(), detail::is_digit) && enabled &&
                            enabled->kind == detail::json_kind::boolean;
        if (is_row) countries.push_back({std::string(country), std::string(prefix), enabled->text == "true"});
    }
    return countries;
}

PHONEAUTH_DECL std::optional<std::chrono::sys_seconds> date_of(const http_response& reply) {
    const auto* date = find_header(reply.headers, "Date");
    return date ? detail::read_http_date(*date) : std::nullopt;
}

PHONEAUTH_DECL result<std::optional<capabilities>> read_number(const http_response& reply) {
    const auto list = list_in(reply, "incoming_phone_numbers", 1);
    if (!list) return list.error();
    if (list->empty()) return std::optional<capabilities>();
    const auto* given = list->front().find("capabilities");
    const auto able = given ? detail::parse_json(given->text) : std::nullopt;
    if (!able) return error::bad_provider_reply;
    const auto is_true = [&](std::string_view name) {
        const auto* item = able->find(name);
        return item && item->text == "true" && item->kind == detail::json_kind::boolean;
    };
    return std::optional(capabilities{is_true("sms"), is_true("mms")});
}

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
