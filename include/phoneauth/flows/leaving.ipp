// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_LEAVING_IPP
#define PHONEAUTH_FLOWS_LEAVING_IPP

#include <utility>

#include <phoneauth/flows/leaving.hpp>
#include <phoneauth/flows/parts.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
