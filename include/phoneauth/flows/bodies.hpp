// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_BODIES_HPP
#define PHONEAUTH_FLOWS_BODIES_HPP

// The bodies of the flows, which are templates on the mode: for whoever compiles them for a mode of their own. Without
// PHONEAUTH_SEPARATE_COMPILATION the headers have them already.

#include <phoneauth/flows/codes.ipp>
#include <phoneauth/flows/devices.ipp>
#include <phoneauth/flows/leaving.ipp>
#include <phoneauth/flows/limiter.ipp>
#include <phoneauth/flows/login.ipp>
#include <phoneauth/flows/messages.ipp>
#include <phoneauth/flows/messenger.ipp>
#include <phoneauth/flows/operators.ipp>
#include <phoneauth/flows/passwords.ipp>
#include <phoneauth/flows/profile.ipp>
#include <phoneauth/flows/recovery.ipp>
#include <phoneauth/flows/registration.ipp>
#include <phoneauth/flows/sessions.ipp>
#include <phoneauth/flows/step_up.ipp>
#include <phoneauth/flows/verification.ipp>
#include <phoneauth/version.hpp>

#endif
