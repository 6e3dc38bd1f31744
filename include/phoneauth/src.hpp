// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_SRC_HPP
#define PHONEAUTH_SRC_HPP

// The bodies of all non-template functions, for exactly one translation unit of a program in which every unit is
// compiled with PHONEAUTH_SEPARATE_COMPILATION. The HTTP codec, which needs llhttp, is in asio/src.hpp.

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#error phoneauth/src.hpp is only for programs compiled with PHONEAUTH_SEPARATE_COMPILATION; without it the headers are complete
#endif

#include <phoneauth/client_info.ipp>
#include <phoneauth/config.ipp>
#include <phoneauth/detail/crypto.ipp>
#include <phoneauth/detail/json.ipp>
#include <phoneauth/event.ipp>
#include <phoneauth/flows/reporter.ipp>
#include <phoneauth/phone_number.ipp>
#include <phoneauth/read_config.ipp>
#include <phoneauth/rest/adapter.ipp>
#include <phoneauth/rest/cors.ipp>
#include <phoneauth/rest/detail/body.ipp>
#include <phoneauth/rest/detail/call.ipp>
#include <phoneauth/rest/detail/descriptions.ipp>
#include <phoneauth/rest/detail/readers.ipp>
#include <phoneauth/rest/detail/routes.ipp>
#include <phoneauth/rest/detail/routing.ipp>
#include <phoneauth/rest/detail/schemas.ipp>
#include <phoneauth/rest/event_json.ipp>
#include <phoneauth/rest/objects.ipp>
#include <phoneauth/rest/openapi.ipp>
#include <phoneauth/rest/reply.ipp>
#include <phoneauth/rules/doors.ipp>
#include <phoneauth/rules/limit_batch.ipp>
#include <phoneauth/rules/limits.ipp>
#include <phoneauth/rules/registration.ipp>
#include <phoneauth/secrets/password.ipp>
#include <phoneauth/secrets/pbkdf2.ipp>
#include <phoneauth/secrets/random.ipp>
#include <phoneauth/storage/memory.ipp>
#include <phoneauth/twilio/replies.ipp>
#include <phoneauth/twilio/requests.ipp>
#include <phoneauth/twilio/signature.ipp>

#include <phoneauth/flows/bodies.hpp>
#include <phoneauth/flows/flows.hpp>

namespace phoneauth {
inline namespace v0 {
PHONEAUTH_INSTANTIATE_FLOWS(, blocking_mode)
}  // namespace v0
}  // namespace phoneauth

#endif
