// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_READ_CONFIG_IPP
#define PHONEAUTH_READ_CONFIG_IPP

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <phoneauth/detail/config_fields.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/read_config.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

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
        const bool fits = number && *number >= 0 && *number <= (std::numeric_limits<unsigned>::max)();
        if (require(fits, name, "expected a whole number from 0 to 4294967295"))
            target = static_cast<unsigned>(*number);
    }
    void set(std::string_view name, const json_value::item& value, std::chrono::seconds& target) {
        unsigned count = 0;
        set(name, value, count);
        target = std::chrono::seconds(count);
    }
    void set(std::string_view name, const json_value::item& value, unknown_phone_policy& target) {
        using enum unknown_phone_policy;
        choose(name, value, target, {{"conceal", conceal}, {"reject", reject}, {"sign_up", sign_up}});
    }
    void set(std::string_view name, const json_value::item& value, password_reset_policy& target) {
        using enum password_reset_policy;
        choose(name, value, target,
               {{"disabled", disabled}, {"code", code}, {"code_and_backup_code", code_and_backup_code}});
    }
    template <class Enum>
    void choose(std::string_view name, const json_value::item& value, Enum& target,
                std::initializer_list<std::pair<std::string_view, Enum>> choices) {
        std::string expected;
        for (const auto& [text, choice] : choices) {
            if (value.kind == json_kind::string && value.text == text) {
                target = choice;
                return;
            }
            expected.append(expected.empty() ? "expected \"" : " or \"").append(text) += '"';
        }
        require(false, name, expected.c_str());
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
    const auto object = detail::parse_json(detail::without_byte_order_mark(json));
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
