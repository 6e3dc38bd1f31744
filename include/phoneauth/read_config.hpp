// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_READ_CONFIG_HPP
#define PHONEAUTH_READ_CONFIG_HPP

#include <string_view>
#include <vector>

#include <phoneauth/config.hpp>
#include <phoneauth/detail/config.hpp>

namespace phoneauth {
inline namespace v0 {

/// Reads a configuration from JSON, for servers that keep it in a file. Every field of `config` has its own name there:
///
///     {"twilio": {"account_sid": "AC…", "auth_token": "…", "sender": "+14155550100"},
///      "code_keys": [{"id": "2024", "secret": "…"}],
///      "code_lifetime": 300, "unknown_phone": "conceal"}
///
/// Durations are whole seconds, `unknown_phone` is "conceal" or "reject". What `json` leaves out keeps the value that
/// it has in `into`.
///
/// Returns everything that is wrong with `json`, not only the first: a text that is not JSON, unknown names, values of
/// the wrong type. `into` is changed only if nothing is. Ranges are the business of `validate`, which the
/// authenticator's constructor calls. No message has a value from `json` in it. Throws nothing but `std::bad_alloc`.
PHONEAUTH_DECL std::vector<config_problem> read_config(std::string_view json, config& into);

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/read_config.ipp>
#endif

#endif
