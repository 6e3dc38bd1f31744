// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_SRC_HPP
#define PHONEAUTH_SRC_HPP

// The bodies of all non-template functions, for exactly one translation unit of a program in which every unit is
// compiled with PHONEAUTH_SEPARATE_COMPILATION. The HTTP codec, which needs llhttp, is in asio/src.hpp.

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#error phoneauth/src.hpp is only for programs compiled with PHONEAUTH_SEPARATE_COMPILATION; without it the headers are complete
#endif

#include <phoneauth/impl/client.ipp>
#include <phoneauth/impl/config.ipp>
#include <phoneauth/impl/crypto.ipp>
#include <phoneauth/impl/event.ipp>
#include <phoneauth/impl/json.ipp>
#include <phoneauth/impl/password.ipp>
#include <phoneauth/impl/random.ipp>
#include <phoneauth/impl/registration.ipp>
#include <phoneauth/impl/rest_body.ipp>
#include <phoneauth/impl/rest_reply.ipp>
#include <phoneauth/impl/rest_routing.ipp>
#include <phoneauth/impl/rest_status.ipp>
#include <phoneauth/impl/rest_user_object.ipp>
#include <phoneauth/impl/settings.ipp>
#include <phoneauth/impl/twilio.ipp>
#include <phoneauth/impl/twilio_signature.ipp>

#endif
