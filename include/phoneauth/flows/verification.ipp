// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_VERIFICATION_IPP
#define PHONEAUTH_FLOWS_VERIFICATION_IPP

#include <utility>

#include <phoneauth/flows/parts.hpp>
#include <phoneauth/flows/verification.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
