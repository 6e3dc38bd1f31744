// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_JSON_IPP
#define PHONEAUTH_DETAIL_JSON_IPP

#include <algorithm>
#include <charconv>
#include <utility>

#include <phoneauth/detail/json.hpp>
#include <phoneauth/detail/utf8.hpp>

#include <simdjson.h>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// What simdjson leaves to us: whether `value` is nested at most `depth` deep and names no member of an object twice.
inline bool is_sound(simdjson::dom::element value, std::size_t depth) {
    simdjson::dom::array array;
    simdjson::dom::object object;
    if (!value.get(array)) {
        if (depth == 0) return false;
        for (const auto element : array)
            if (!is_sound(element, depth - 1)) return false;
    }
    if (!value.get(object)) {
        if (depth == 0) return false;
        std::vector<std::string_view> keys;
        keys.reserve(object.size());
        for (const auto member : object) {
            if (!is_sound(member.value, depth - 1)) return false;
            keys.push_back(member.key);
        }
        std::sort(keys.begin(), keys.end());
        return std::adjacent_find(keys.begin(), keys.end()) == keys.end();
    }
    return true;
}

/// Whether an object in `value`, whose depth is known to be bounded, has a member whose name `is_it`.
inline bool has_member(simdjson::dom::element value, bool (*is_it)(std::string_view) noexcept) {
    simdjson::dom::array array;
    simdjson::dom::object object;
    if (!value.get(array))
        return std::any_of(array.begin(), array.end(), [&](auto element) { return has_member(element, is_it); });
    if (!value.get(object))
        return std::any_of(object.begin(), object.end(),
                           [&](auto member) { return is_it(member.key) || has_member(member.value, is_it); });
    return false;
}

inline json_kind kind_of(simdjson::dom::element value) noexcept {
    using simdjson::dom::element_type;
    switch (value.type()) {
    case element_type::ARRAY:
        return json_kind::array;
    case element_type::OBJECT:
        return json_kind::object;
    case element_type::STRING:
        return json_kind::string;
    case element_type::BOOL:
        return json_kind::boolean;
    case element_type::NULL_VALUE:
        return json_kind::null;
    default:
        return json_kind::number;
    }
}

/// Cuts the top level of a JSON text into the texts of its values. The JSON text must be known to be valid.
class raw_values {
public:
    explicit raw_values(std::string_view valid_json) noexcept : rest_(valid_json) {}

    /// Steps from an array or object to what is in it.
    void enter() noexcept { rest_.remove_prefix(rest_.find_first_of("[{") + 1); }
    /// The next value, or the next member's name with its quotes.
    std::string_view next() noexcept {
        rest_.remove_prefix(rest_.find_first_not_of(" \t\r\n,:"));
        const auto value = rest_.substr(0, length());
        rest_.remove_prefix(value.size());
        return value;
    }

private:
    std::size_t length() const noexcept {
        std::size_t at = 0, depth = 0;
        do {
            switch (rest_[at++]) {
            case '[':
            case '{':
                ++depth;
                break;
            case ']':
            case '}':
                --depth;
                break;
            case '"':
                while (rest_[at] != '"') at += rest_[at] == '\\' ? 2 : 1;
                ++at;
                break;
            default:
                if (depth == 0) return (std::min)(rest_.find_first_of(" \t\r\n,:]}"), rest_.size());
            }
        } while (depth != 0);
        return at;
    }
    std::string_view rest_;
};

/// What `json_value::text` is of `value`, whose JSON text is `raw`.
inline secret_string text_of(simdjson::dom::element value, std::string_view raw) {
    std::string_view string;
    return secret_string(value.get(string) ? raw : string);
}

/// Wipes what a parser keeps of a text's strings.
struct parser_wiper {
    simdjson::dom::parser& parser;
    ~parser_wiper() {
        // The room that simdjson makes for strings: each has five bytes more there than its characters, and three in
        // the text.
        if (parser.doc.string_buf) wipe({parser.doc.string_buf.get(), 5 * parser.doc.capacity() / 3});
    }
};

/// Lets `use` look at the root of `text` if it is JSON as `parse_json` wants it. Returns whether it is.
template <class Use>
bool with_parsed(std::string_view text, std::size_t max_depth, Use use) {
    if (without_byte_order_mark(text).size() != text.size()) return false;  // simdjson 4 skips it, 3 does not
    simdjson::dom::parser parser;  // local: one that is kept would keep the memory that the largest text needed
    const parser_wiper wiper{parser};
    simdjson::dom::element root;
    secret_string copy;  // simdjson reads past the end
    copy.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    copy.append(text).append(simdjson::SIMDJSON_PADDING, ' ');
    // simdjson's depth starts at 1.
    if (parser.allocate(text.size(), max_depth + 1) || parser.parse(copy.data(), text.size(), false).get(root))
        return false;
    if (!is_sound(root, max_depth)) return false;
    use(root);
    return true;
}

/// `root`, whose JSON text is `text`, as a value.
inline json_value value_of(simdjson::dom::element root, std::string_view text) {
    raw_values raw(text);
    json_value v;
    v.kind = kind_of(root);
    v.text = text_of(root, raw_values(raw).next());
    simdjson::dom::array array;
    simdjson::dom::object object;
    if (!root.get(array)) {
        raw.enter();
        v.items.reserve(array.size());
        for (const auto element : array) v.items.push_back({{}, kind_of(element), text_of(element, raw.next())});
    }
    if (!root.get(object)) {
        raw.enter();
        v.items.reserve(object.size());
        for (const auto member : object) {
            raw.next();
            v.items.push_back({std::string(member.key), kind_of(member.value), text_of(member.value, raw.next())});
        }
    }
    return v;
}

PHONEAUTH_DECL std::optional<json_value> parse_json(std::string_view text, std::size_t max_depth) {
    std::optional<json_value> v;
    with_parsed(text, max_depth, [&](simdjson::dom::element root) { v = value_of(root, text); });
    return v;
}

PHONEAUTH_DECL bool has_text_or_list(std::string_view text, std::string_view text_key, std::string_view list_key,
                                     std::size_t max_depth) {
    bool found = false;
    const auto look = [&](simdjson::dom::element root) {
        simdjson::dom::object object;
        if (root.get(object)) return;
        std::string_view value;
        found = !object.at_key(text_key).get(value) && !value.empty();
        simdjson::dom::array list;
        if (!found && !list_key.empty()) found = !object.at_key(list_key).get(list);
    };
    return with_parsed(text, max_depth, look) && found;
}

PHONEAUTH_DECL json_check check_json(std::string_view text, bool (*refuses)(std::string_view) noexcept,
                                     std::size_t max_depth) {
    bool refused = false;
    const bool parsed =
        with_parsed(text, max_depth, [&](simdjson::dom::element root) { refused = has_member(root, refuses); });
    if (!parsed) return json_check::no_json;
    return refused ? json_check::refused_name : json_check::ok;
}

PHONEAUTH_DECL std::optional<std::int64_t> json_value::integer(std::string_view key) const noexcept {
    const auto* i = find(key);
    if (!i || i->kind != json_kind::number) return {};
    std::int64_t value = 0;
    const auto* end = i->text.data() + i->text.size();
    const auto [stop, error] = std::from_chars(i->text.data(), end, value);
    if (error != std::errc() || stop != end) return {};
    return value;
}

/// What stands in a JSON string as it is (RFC 8259 §7), and is one byte.
constexpr bool is_plain_in_json(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

PHONEAUTH_DECL void append_json_string(std::string& out, std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    const auto longer =
        std::count_if(text.begin(), text.end(), [](char c) { return c == '"' || c == '\\' || (c >= 0 && c < 0x20); });
    out.reserve(out.size() + text.size() + 5 * static_cast<std::size_t>(longer) + 2);
    out += '"';
    for (;;) {
        const auto* const special = std::find_if_not(text.begin(), text.end(), is_plain_in_json);
        out.append(text.begin(), special);
        text.remove_prefix(static_cast<std::size_t>(special - text.begin()));
        if (text.empty()) break;
        const auto length = utf8_sequence(text);
        const char c = text.front();
        if (length == 0) {
            out += "\xef\xbf\xbd";  // U+FFFD
        } else if (length > 1) {
            out += text.substr(0, length);
        } else if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else {
            out += "\\u00";
            out += hex[static_cast<unsigned char>(c) >> 4];
            out += hex[static_cast<unsigned char>(c) & 15];
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    out += '"';
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
