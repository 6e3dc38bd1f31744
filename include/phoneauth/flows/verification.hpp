// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_VERIFICATION_HPP
#define PHONEAUTH_FLOWS_VERIFICATION_HPP

#include <string>

#include <phoneauth/challenge.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/flows/codes.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Codes for purposes of the integrator's own. Thread-safe.
template <class Mode>
class verification {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// All must outlive this.
    verification(parts<Mode>& p, codes<Mode>& c) noexcept : p_(p), codes_(c) {}

private:
    parts<Mode>& p_;
    codes<Mode>& codes_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/verification.ipp>
#endif

#endif
