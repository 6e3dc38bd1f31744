// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_USER_OBJECT_HPP
#define PHONEAUTH_REST_USER_OBJECT_HPP

#include <string>
#include <string_view>

#include <phoneauth/config.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

/// The user as Backendless's clients know him: the server's fields (times in integer milliseconds since 1970), the
/// identity and the phone under the names that `c` gives them, and his further properties as he sent them. It never
/// holds a password, a hash or a field of a transaction. A number under `code` is written as a string if there is a
/// string under `message`, because the Swift SDK takes an object with an integer `code` and a string `message` for an
/// error, whatever the status.
PHONEAUTH_DECL std::string user_json(const user& u, const config& c);

/// `user_json` and what a login adds to it: `lastLogin`, `socialAccount`, `___jsonclass` and the session's `token`.
PHONEAUTH_DECL std::string login_json(const user& u, std::string_view token, const config& c);

/// The properties that every user has, as `Users.describeUserClass` expects them: an array of {name, required, type,
/// identity, selected, defaultValue}.
PHONEAUTH_DECL std::string user_class_json(const config& c);

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/rest/user_object.ipp>
#endif

#endif
