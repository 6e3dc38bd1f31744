// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_DETAIL_SCHEMAS_IPP
#define PHONEAUTH_REST_DETAIL_SCHEMAS_IPP

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <phoneauth/config.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/rest/detail/descriptions.ipp>
#include <phoneauth/text_message.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

using phoneauth::detail::json_object;
using phoneauth::detail::json_string;

/// The text of an object to which nothing is added.
inline std::string text_of(json_object json) {
    return std::move(json).str();
}

/// A JSON array of what `write` makes of each element, unless that is empty.
template <class Range, class Write>
std::string array_of(const Range& range, Write write) {
    std::string array = "[";
    for (const auto& each : range)
        if (const std::string json = write(each); !json.empty()) array.append(array.size() > 1 ? "," : "") += json;
    return array + ']';
}

/// `text`, words with blanks between them, as a JSON array.
inline std::string array_of_words(std::string_view text) {
    std::string array = "[";
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        array.append(array.size() > 1 ? "," : "") += json_string(word);
        text.remove_prefix((std::min)(word.size() + 1, text.size()));
    }
    return array + ']';
}

/// Schemas of values, as `c` has them. What is `nullable` may be null instead.
class schema_writer {
public:
    explicit schema_writer(const config& c) : c_(c) {}

    std::string operator()(const field& f, bool nullable = false) const {
        if (f.is == shape::object) return reference("schemas", f.of);
        auto json = value(f, nullable);
        auto about = about_values(f.is);
        if (!f.about.empty()) about.append(about.empty() ? "" : " ").append(f.about);
        if (!about.empty()) json.string("description", about);
        return text_of(json);
    }

    /// An object with `fields`.
    json_object object(std::span<const field> fields, bool is_request) const {
        json_object properties;
        std::string required, with_transaction;
        const auto add = [](std::string& names, std::string_view name) {
            names.append(names.empty() ? "" : " ").append(name);
        };
        for (const auto& f : fields) {
            if (!has(f)) continue;
            properties.raw(name_of(f), (*this)(f, is_request && !f.required));
            if (f.required) add(required, name_of(f));
            const bool may_be_none = f.is == shape::new_password && !c_.password_required;
            if (is_request && f.of == "transactionId" && !may_be_none) add(with_transaction, name_of(f));
        }
        auto json = typed("object", false);
        if (!fields.empty()) json.raw("properties", text_of(properties));
        if (!required.empty()) json.raw("required", array_of_words(required));
        if (!with_transaction.empty())
            json.raw("dependentRequired",
                     text_of(json_object().raw("transactionId", array_of_words(with_transaction))));
        return json;
    }

    static std::string reference(std::string_view kind, std::string_view name) {
        return text_of(
            json_object().string("$ref", std::string("#/components/").append(kind) + '/' + std::string(name)));
    }
    static std::string list(std::string_view component) {
        return text_of(typed("array", false).raw("items", reference("schemas", component)));
    }
    static json_object typed(std::string_view type, bool nullable) {
        json_object json;
        if (nullable)
            json.raw("type", array_of_words(std::string(type) + " null"));
        else
            json.string("type", type);
        return json;
    }

private:
    std::string name_of(const field& f) const {
        if (f.name == "$phone") return c_.phone_column;
        return f.name == "$identity" ? c_.identity_column : std::string(f.name);
    }
    /// Where the phone is the identity there is one property.
    bool has(const field& f) const { return f.name != "$identity" || c_.identity_column != c_.phone_column; }

    std::string about_values(shape s) const {
        switch (s) {
        case shape::typed_phone:
            return "As people type it, best with + and the calling code.";
        case shape::code:
            return std::to_string(c_.code_digits) + " digits.";
        case shape::new_password:
            return std::to_string(c_.min_password_length) + " to " + std::to_string(c_.max_password_length) +
                   " bytes of UTF-8, best in NFC.";
        case shape::time:
        case shape::time_or_null:
            return "Milliseconds since the beginning of 1970, UTC.";
        default:
            return {};
        }
    }

    json_object value(const field& f, bool nullable) const {
        switch (f.is) {
        case shape::time:
        case shape::time_or_null:
            return typed("integer", nullable || f.is == shape::time_or_null).string("format", "int64");
        case shape::seconds:
        case shape::seconds_or_null:
            return typed("integer", nullable || f.is == shape::seconds_or_null).number("minimum", 0);
        case shape::number:
            return typed("integer", nullable);
        case shape::flag:
            return typed("boolean", nullable);
        case shape::null:
            return typed("null", false);
        case shape::members:
            return typed("object", nullable).boolean("additionalProperties", true);
        case shape::texts:
            return typed("array", nullable).raw("items", R"({"type":"string"})");
        case shape::some_of:
            return typed("array", nullable)
                .raw("items", text_of(typed("string", false).raw("enum", array_of_words(f.of))));
        case shape::list:
            return typed("array", nullable).raw("items", reference("schemas", f.of));
        case shape::media:
            return media(nullable);
        default:
            return text(f, nullable);
        }
    }

    static json_object media(bool nullable) {
        const std::string url = R"({"type":"string","pattern":"^https://"})";
        auto urls = typed("array", false).raw("items", url);
        urls.number("maxItems", static_cast<std::int64_t>(max_media_urls));
        return json_object().raw("oneOf", '[' + url + ',' + text_of(urls) + (nullable ? R"(,{"type":"null"}])" : "]"));
    }

    json_object text(const field& f, bool nullable) const {
        auto json = typed("string", nullable);
        switch (f.is) {
        case shape::id:
            return json.number("minLength", 1).number("maxLength", 64);
        case shape::token:
            return json.string("pattern", "^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$");
        case shape::typed_phone:
            return json.raw("examples", R"(["+14155550100"])");
        case shape::phone:
            return json.string("pattern", R"(^\+[1-9][0-9]{1,14}$)");
        case shape::identity:
            if (c_.identity_column == "email") json.string("format", "email");
            return json.number("maxLength", 254);
        case shape::password:
            return json.string("format", "password");
        case shape::new_password:
            return json.string("format", "password").number("maxLength", c_.max_password_length);
        case shape::topic:
            if (c_.topics.empty()) return json;
            return json.raw("enum", array_of(c_.topics, [](const topic& t) { return json_string(t.name); }));
        case shape::message:
            return json.number("maxLength", static_cast<std::int64_t>(max_message_characters));
        case shape::constant:
            return json.raw("enum", '[' + json_string(f.of) + ']');
        case shape::one_of:
            return json.raw("enum", array_of_words(f.of));
        default:
            return json;
        }
    }

    const config& c_;
};

}  // namespace detail
}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
