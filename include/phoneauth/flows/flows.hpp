// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_FLOWS_HPP
#define PHONEAUTH_FLOWS_FLOWS_HPP

#include <memory>

#include <phoneauth/flows/codes.hpp>
#include <phoneauth/flows/devices.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/flows/leaving.hpp>
#include <phoneauth/flows/login.hpp>
#include <phoneauth/flows/messages.hpp>
#include <phoneauth/flows/operators.hpp>
#include <phoneauth/flows/profile.hpp>
#include <phoneauth/flows/recovery.hpp>
#include <phoneauth/flows/registration.hpp>
#include <phoneauth/flows/sessions.hpp>
#include <phoneauth/flows/step_up.hpp>
#include <phoneauth/flows/verification.hpp>
#include <phoneauth/yields.hpp>

// All flows, and where they are compiled.

/// Instantiates the flows for MODE; KEYWORD is `extern`, or nothing in the one translation unit that compiles them.
#define PHONEAUTH_INSTANTIATE_FLOWS(KEYWORD, MODE)                                                                     \
    KEYWORD template class flows::codes<MODE>;                                                                         \
    KEYWORD template class flows::registration<MODE>;                                                                  \
    KEYWORD template class flows::login<MODE>;                                                                         \
    KEYWORD template class flows::sessions<MODE>;                                                                      \
    KEYWORD template class flows::operators<MODE>;                                                                     \
    KEYWORD template class flows::verification<MODE>;                                                                  \
    KEYWORD template class flows::leaving<MODE>;                                                                       \
    KEYWORD template class flows::recovery<MODE>;                                                                      \
    KEYWORD template class flows::devices<MODE>;                                                                       \
    KEYWORD template class flows::profile<MODE>;                                                                       \
    KEYWORD template class flows::step_up<MODE>;                                                                       \
    KEYWORD template class flows::messages<MODE>;                                                                      \
    KEYWORD template std::shared_ptr<flows::parts<MODE>> flows::make_parts(config, flows::ports<MODE>&, bool);         \
    KEYWORD template const config& flows::config_of(const flows::parts<MODE>&) noexcept;

#ifdef PHONEAUTH_SEPARATE_COMPILATION
namespace phoneauth {
inline namespace v0 {
PHONEAUTH_INSTANTIATE_FLOWS(extern, blocking_mode)
}  // namespace v0
}  // namespace phoneauth
#endif

#endif
