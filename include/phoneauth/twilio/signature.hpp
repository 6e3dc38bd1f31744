// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_SIGNATURE_HPP
#define PHONEAUTH_TWILIO_SIGNATURE_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/detail/config.hpp>
#include <phoneauth/result.hpp>

namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// The names and values of a callback, decoded, in the order in which they came.
using callback_parameters = std::vector<std::pair<std::string, std::string>>;

/// Most bytes of a body that `verify_callback` reads; Twilio's own callbacks have a few kilobytes.
inline constexpr std::size_t max_callback_bytes = 64 * 1024;
/// Most parameters that it reads; Twilio's own callbacks have about thirty.
inline constexpr std::size_t max_callback_parameters = 256;

/// True when `signature`, the value of a request's X-Twilio-Signature, is base64(HMAC-SHA1(auth_token, url + each
/// name, sorted, followed by its value)); a repeated name counts its unique values, sorted.
///
/// `url` is the whole URL, query included, as it was given to Twilio: behind a proxy, not what arrives here. It is
/// taken as it is written, except for its port: Twilio signs it or leaves it out, so the URL is tried with its port
/// (the scheme's, if it names none) and with none; and for its user information (`user:password@`), which Twilio sends
/// as HTTP's Basic scheme and leaves out of what it signs: with one, it is tried with it and without. `auth_token` is the account's, never an API key's secret; with an
/// empty one everything is refused. The signatures are compared in constant time.
///
/// Pure, so it may be called from several threads at once; throws `std::runtime_error` when OpenSSL fails.
/// Source: https://www.twilio.com/docs/usage/security#validating-requests with its notes, and Twilio's helper libraries.
PHONEAUTH_DECL bool verify_signature(std::string_view auth_token, std::string_view url,
                                     const callback_parameters& parameters, std::string_view signature);

/// Verifies a whole callback: the parameters of its form `body`, if Twilio signed them. If `url` has a `bodySHA256`
/// in its query, `body` is of another kind (JSON), must have that SHA-256, and there are no parameters. A GET has an
/// empty `body`. `url`, `signature`: see `verify_signature`.
///
/// Twilio puts no mark between names and values, nor a time: whoever has seen a signed request can send it again, also
/// cut at other places. So a callback is news of the message that it names, never a permission.
///
/// Errors: `invalid_signature`; `unparsable_body` for a form with broken percent sequences; `body_too_large` above
/// `max_callback_bytes` or `max_callback_parameters`.
PHONEAUTH_DECL result<callback_parameters> verify_callback(std::string_view auth_token, std::string_view url,
                                                           std::string_view body, std::string_view signature);

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/twilio/signature.ipp>
#endif

#endif
