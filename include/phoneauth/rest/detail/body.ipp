// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_DETAIL_BODY_IPP
#define PHONEAUTH_REST_DETAIL_BODY_IPP

#include <algorithm>
#include <array>
#include <utility>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/rest/detail/body.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

/// Whether brackets are nested deeper than `limit` anywhere in `text`: tells what is too deep from what is not JSON.
inline bool is_deeper_than(std::string_view text, std::size_t limit) noexcept {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') in_string = !in_string;
        if (in_string && c == '\\') ++i;
        if (in_string) continue;
        if ((c == '[' || c == '{') && ++depth > limit) return true;
        if ((c == ']' || c == '}') && depth > 0) --depth;
    }
    return false;
}

/// `text` as JSON, or why it is not.
inline result<json_value> read_json(std::string_view text, std::size_t max_depth) {
    auto value = parse_json(text, max_depth);
    if (value) return std::move(*value);
    return is_deeper_than(text, max_depth) ? error::body_too_large : error::unparsable_body;
}

/// A failure that names a parameter.
inline failure about(error e, std::string_view name, std::string_view what) {
    return {e, "The parameter " + std::string(name) + std::string(what)};
}

PHONEAUTH_DECL result<json_value> read_arguments(std::string_view body, std::initializer_list<std::string_view> names,
                                                 std::size_t max_depth) {
    json_value arguments;
    arguments.kind = json_kind::object;
    body = phoneauth::detail::trim(phoneauth::detail::without_byte_order_mark(body));
    if (body.empty()) return arguments;

    auto value = read_json(body, max_depth);
    if (!value) {
        const bool meant_as_json = body.starts_with('{') || body.starts_with('[') || body.starts_with('"');
        if (meant_as_json) return value;
        arguments.items.push_back({std::string(*names.begin()), json_kind::string, std::string(body)});
        return arguments;
    }
    if (value->is(json_kind::object)) return value;
    if (!value->is(json_kind::array)) {
        arguments.items.push_back({std::string(*names.begin()), value->kind, std::move(value->text)});
        return arguments;
    }
    if (value->items.size() > names.size())
        return failure(error::invalid_parameter,
                       "The operation takes at most " + std::to_string(names.size()) + " arguments.");
    auto name = names.begin();
    for (auto& item : value->items) item.key = *name++;
    value->kind = json_kind::object;
    return value;
}

PHONEAUTH_DECL result<json_value> read_object(std::string_view body, std::size_t max_depth) {
    body = phoneauth::detail::trim(phoneauth::detail::without_byte_order_mark(body));
    if (body.empty()) return error::no_properties;
    auto value = read_json(body, max_depth);
    if (!value) return value;
    if (value->is(json_kind::null)) return error::no_properties;
    if (!value->is(json_kind::object))
        return failure(error::unparsable_body, "The request body must be a JSON object.");
    return value;
}

PHONEAUTH_DECL std::string member_reader::read(std::string_view name, bool number_too, bool required) {
    const auto* item = given(object_, name);
    if (!item) {
        if (required) note(missing_, name, " is missing.");
        return {};
    }
    const bool whole = item->kind == json_kind::number &&
                       std::all_of(item->text.begin(), item->text.end(), phoneauth::detail::is_digit);
    if (item->kind == json_kind::string || (number_too && whole)) return item->text;
    refuse(name);
    return {};
}

PHONEAUTH_DECL std::string member_reader::code(std::string_view name, const config& c) {
    auto text = digits(name);
    const auto* item = given(object_, name);
    if (item && item->kind == json_kind::number && text.size() < c.code_digits)
        text.insert(0, c.code_digits - text.size(), '0');
    return text;
}

PHONEAUTH_DECL void member_reader::note(error e, std::string_view name, std::string_view what) {
    if (!problem_) problem_ = about(e, name, what);
}

/// Refuses at once what has far more members than a user has properties. Clients add less than 64 of their own.
inline result<void> check_member_count(const json_value& object, const config& c) {
    if (object.items.size() <= std::size_t{c.max_properties} + 64) return {};
    return failure(error::invalid_parameter, "The user has too many properties.");
}

PHONEAUTH_DECL result<registration> read_registration(const json_value& object, const config& c) {
    if (auto ok = check_member_count(object, c); !ok) return std::move(ok).error();
    member_reader read(object, error::property_required);
    registration r;
    r.transaction_id = transaction_id(read.text("transactionId"));
    r.code = submitted_code(read.code("transactionCode", c));
    r.phone = read.digits(c.phone_column);
    if (c.identity_column != c.phone_column) r.identity = read.text_or_empty(c.identity_column);
    r.password = password(read.text_or_empty("password"));
    if (given(object, "blUserLocale")) r.locale = read.text("blUserLocale");
    if (read.problem()) return *read.problem();

    for (const auto& item : object.items) {
        const bool taken = item.key == c.phone_column || item.key == c.identity_column || item.key == "password" ||
                           item.key == "transactionId" || item.key == "transactionCode" || item.key == "blUserLocale";
        const bool noise = item.key == "___class" || item.key == "___jsonclass" || item.key == "__meta" ||
                           (item.kind == json_kind::null && is_reserved_property(item.key));
        if (!taken && !noise)
            r.properties.emplace(item.key, item.kind == json_kind::string ? phoneauth::detail::json_string(item.text)
                                                                          : std::string(item.text));
    }
    return r;
}

PHONEAUTH_DECL result<property_map> read_changes(const json_value& object, const config& c) {
    if (auto ok = check_member_count(object, c); !ok) return std::move(ok).error();
    property_map changes;
    for (const auto& item : object.items)
        changes.emplace(item.key, item.kind == json_kind::string ? phoneauth::detail::json_string(item.text)
                                                                 : std::string(item.text));
    return changes;
}

/// An option of a message. The one that Twilio takes more than once, PersistentAction, may be an array.
inline void add_option(text_message& m, const json_value::item& option, member_reader& read) {
    if (option.kind == json_kind::null) return;
    if (option.kind == json_kind::array && equal_ignoring_case(option.key, "PersistentAction")) {
        const auto actions = parse_json(option.text);
        for (const auto& action : actions->items) {
            if (action.kind != json_kind::string) return read.refuse("options");
            m.options.emplace_back(option.key, action.text);
        }
        return;
    }
    if (option.kind == json_kind::array || option.kind == json_kind::object) return read.refuse("options");
    m.options.emplace_back(option.key, option.text);
}

PHONEAUTH_DECL result<text_message> read_text_message(const json_value& arguments, const config& c) {
    member_reader read(arguments);
    text_message m;
    m.to = read.phone(c);
    m.body = read.text_or_empty("message");

    if (const auto* media = given(arguments, "mediaUrl"); media && media->kind == json_kind::array) {
        const auto urls = parse_json(media->text);
        const bool texts = std::all_of(urls->items.begin(), urls->items.end(),
                                       [](const auto& url) { return url.kind == json_kind::string; });
        if (!texts || urls->items.size() > max_media_urls) {
            read.refuse("mediaUrl");
        } else {
            for (const auto& url : urls->items) m.media_urls.push_back(url.text);
        }
    } else if (auto url = read.text_or_empty("mediaUrl"); !url.empty()) {
        m.media_urls.push_back(std::move(url));
    }

    if (const auto* options = given(arguments, "options"); options && options->kind == json_kind::object) {
        const auto values = parse_json(options->text);
        for (const auto& option : values->items)
            if (!read.problem()) add_option(m, option, read);
    } else if (options) {
        read.refuse("options");
    }
    const bool has_template = std::any_of(m.options.begin(), m.options.end(), [](const auto& option) {
        return equal_ignoring_case(option.first, "ContentSid") && !option.second.empty();
    });
    if (m.body.empty() && m.media_urls.empty() && !has_template && !read.problem())
        return about(error::missing_parameter, "message", " is missing.");
    if (read.problem()) return *read.problem();
    return m;
}

PHONEAUTH_DECL result<void> check_user_message(const text_message& m) {
    constexpr std::array<std::string_view, 5> harmless{"ValidityPeriod", "SmartEncoded", "ContentRetention",
                                                       "AddressRetention", "ProvideFeedback"};
    for (const auto& option : m.options)
        if (std::none_of(harmless.begin(), harmless.end(),
                         [&](std::string_view h) { return equal_ignoring_case(option.first, h); }))
            return failure(error::not_permitted, "The options have one that is not for users to choose.");
    return {};
}

}  // namespace detail
}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
