// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_DETAIL_BODY_HPP
#define PHONEAUTH_REST_DETAIL_BODY_HPP

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <phoneauth/config.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/registration.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/text_message.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

// Request bodies in all the forms in which clients send them, made into what the authenticator takes. A byte order mark
// before one is skipped.

using phoneauth::detail::json_kind;
using phoneauth::detail::json_value;
using phoneauth::detail::parse_json;

/// The arguments of a service operation as an object, whichever form `body` has. What parses as JSON is JSON, an object
/// with arguments by name, an array with arguments in the order of `names`, or the first argument alone; any other text
/// is the first argument itself, without white space around it. The Content-Type does not decide. No body is no
/// arguments.
/// → the object, or `unparsable_body`, `body_too_large` (nested too deep), `invalid_parameter` (more elements than
/// names).
PHONEAUTH_DECL result<json_value> read_arguments(std::string_view body, std::initializer_list<std::string_view> names,
                                                 std::size_t max_depth);

/// A body that must be a JSON object. → the object, or `unparsable_body`, `body_too_large`, `no_properties` (no body,
/// or null).
PHONEAUTH_DECL result<json_value> read_object(std::string_view body, std::size_t max_depth);

/// The member `name` of `object`, or nullptr if it is absent or null.
inline const json_value::item* given(const json_value& object, std::string_view name) noexcept {
    const auto* item = object.find(name);
    return item && item->kind != json_kind::null ? item : nullptr;
}

/// Takes members out of an object and notes the first that is missing (`missing`) or has the wrong type
/// (`invalid_parameter`).
class member_reader {
public:
    /// `object` must outlive the reader.
    explicit member_reader(const json_value& object, error missing = error::missing_parameter) noexcept
        : object_(object), missing_(missing) {}

    /// A string.
    std::string text(std::string_view name) { return read(name, false, true); }
    /// A string, or empty if it is absent or null.
    std::string text_or_empty(std::string_view name) { return read(name, false, false); }
    /// A string, or a number's digits as they came: clients send phone numbers and codes as either.
    std::string digits(std::string_view name) { return read(name, true, true); }

    /// A code. As a JSON number it has lost the zeros that it began with; they are put back.
    PHONEAUTH_DECL std::string code(std::string_view name, const config& c);

    /// A phone number, as `digits`: under its configured name if the object has that, else under the plugin's,
    /// "phoneNumber".
    std::string phone(const config& c) { return digits(object_.find(c.phone_column) ? c.phone_column : "phoneNumber"); }

    /// What was wrong first, if something was.
    const std::optional<failure>& problem() const noexcept { return problem_; }
    /// Notes that `name` has the wrong type.
    void refuse(std::string_view name) { note(error::invalid_parameter, name, " has the wrong type."); }

private:
    PHONEAUTH_DECL std::string read(std::string_view name, bool number_too, bool required);
    PHONEAUTH_DECL void note(error e, std::string_view name, std::string_view what);

    const json_value& object_;
    error missing_;
    std::optional<failure> problem_;
};

/// The second step of a registration. What clients add of their own, and server's fields that are null, are left out.
/// → `property_required` or `invalid_parameter`, which name the property, unless there are far too many.
PHONEAUTH_DECL result<registration> read_registration(const json_value& object, const config& c);

/// The members of `object`, name → JSON text. → or `invalid_parameter` (far too many).
PHONEAUTH_DECL result<property_map> read_changes(const json_value& object, const config& c);

/// The arguments of sendMessage: the phone number, message (which a ContentSid among the options may take the place of),
/// mediaUrl (one, or an array), options (an object of Twilio's parameters; PersistentAction may be an array).
/// → `missing_parameter` or `invalid_parameter`, which name the argument.
PHONEAUTH_DECL result<text_message> read_text_message(const json_value& arguments, const config& c);

/// Whether the options of `m` are a logged-in user's to choose: not the sender, the time, the price, the checks, or
/// where Twilio reports to. → or `not_permitted`.
PHONEAUTH_DECL result<void> check_user_message(const text_message& m);

}  // namespace detail
}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/rest/detail/body.ipp>
#endif

#endif
