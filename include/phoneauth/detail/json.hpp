// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_JSON_HPP
#define PHONEAUTH_DETAIL_JSON_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/detail/config.hpp>
#include <phoneauth/secret_string.hpp>

// The only place that knows about simdjson, which stays out of this header.

namespace phoneauth {
inline namespace v0 {
namespace detail {

enum class json_kind { null, boolean, number, string, array, object };

/// A JSON value, one level deep: what is inside an item is parsed when somebody asks for it.
struct json_value {
    struct item;

    json_kind kind = json_kind::null;
    secret_string text;       ///< of a string: what it says; of anything else: its JSON text, digit by digit as it came
    std::vector<item> items;  ///< of an array or object

    bool is(json_kind k) const noexcept { return kind == k; }
    /// The member `key` of an object, or nullptr.
    const item* find(std::string_view key) const noexcept;
    /// The member `key` if it is a string, else empty.
    std::string_view string_or_empty(std::string_view key) const noexcept;
    /// The member `key` if it is an integer of 64 bits.
    std::optional<std::int64_t> integer(std::string_view key) const noexcept;
};

struct json_value::item {
    std::string key;  ///< of an object's member
    json_kind kind = json_kind::null;
    secret_string text;  ///< as in `json_value`
};

inline const json_value::item* json_value::find(std::string_view key) const noexcept {
    for (const auto& i : items)
        if (kind == json_kind::object && i.key == key) return &i;
    return nullptr;
}

inline std::string_view json_value::string_or_empty(std::string_view key) const noexcept {
    const auto* i = find(key);
    return i && i->kind == json_kind::string ? std::string_view(i->text) : std::string_view();
}

/// `text` without the byte order mark that some editors and clients put before it (RFC 8259 §8.1 lets a reader ignore
/// it).
inline std::string_view without_byte_order_mark(std::string_view text) noexcept {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

/// Parses one whole JSON text (RFC 8259), validated throughout: syntax, UTF-8, depth, and that no member is named
/// twice. Empty when it is not JSON, is nested deeper than `max_depth`, or has a number beyond 64 bits. A byte order
/// mark before it is none of it, whatever simdjson thinks: the text may become a part of another one.
PHONEAUTH_DECL std::optional<json_value> parse_json(std::string_view text, std::size_t max_depth = 16);

/// Whether `parse_json` would parse `text` as an object whose member `text_key` is a string that is not empty, or whose
/// member `list_key`, if that is not empty, is an array. Costs less.
PHONEAUTH_DECL bool has_text_or_list(std::string_view text, std::string_view text_key, std::string_view list_key = {},
                                     std::size_t max_depth = 16);

/// What `check_json` says of a text.
enum class json_check { ok, no_json, refused_name };

/// Whether `parse_json` would parse `text`, and no object in it, however deep, has a member whose name `refuses`. Costs
/// less.
PHONEAUTH_DECL json_check check_json(std::string_view text, bool (*refuses)(std::string_view) noexcept,
                                     std::size_t max_depth = 16);

/// Appends `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD.
PHONEAUTH_DECL void append_json_string(std::string& out, std::string_view text);

/// `text` as a JSON string.
inline std::string json_string(std::string_view text) {
    std::string s;
    append_json_string(s, text);
    return s;
}

/// Writes a JSON object member by member.
class json_object {
public:
    json_object& string(std::string_view key, std::string_view value) {
        append_json_string(begin(key), value);
        return *this;
    }
    /// As `string`, for a secret, which must come last: what is added to the text before it is gone may leave a copy of
    /// it behind.
    json_object& secret(std::string_view key, std::string_view value) {
        out_.reserve(out_.size() + key.size() + 6 * value.size() + 8);
        return string(key, value);
    }
    json_object& number(std::string_view key, std::int64_t value) { return raw(key, std::to_string(value)); }
    json_object& boolean(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
    json_object& null(std::string_view key) { return raw(key, "null"); }
    /// `json` is the value's JSON text.
    json_object& raw(std::string_view key, std::string_view json) {
        begin(key) += json;
        return *this;
    }
    std::string str() && {
        out_ += '}';
        return std::move(out_);
    }

private:
    std::string& begin(std::string_view key) {
        if (out_.size() > 1) out_ += ',';
        append_json_string(out_, key);
        out_ += ':';
        return out_;
    }
    std::string out_ = "{";
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/detail/json.ipp>
#endif

#endif
