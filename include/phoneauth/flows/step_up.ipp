// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_STEP_UP_IPP
#define PHONEAUTH_FLOWS_STEP_UP_IPP

#include <utility>

#include <phoneauth/flows/parts.hpp>
#include <phoneauth/flows/step_up.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
