// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_RECOVERY_HPP
#define PHONEAUTH_FLOWS_RECOVERY_HPP

#include <string>

#include <phoneauth/challenge.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/flows/codes.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/flows/login.hpp>
#include <phoneauth/flows/sessions.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Users get back in: by a password reset, or a backup code. Thread-safe.
template <class Mode>
class recovery {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// All must outlive this.
    recovery(parts<Mode>& p, codes<Mode>& c, login<Mode>& l, sessions<Mode>& s) noexcept
        : p_(p), codes_(c), login_(l), sessions_(s) {}

private:
    parts<Mode>& p_;
    codes<Mode>& codes_;
    login<Mode>& login_;
    sessions<Mode>& sessions_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/recovery.ipp>
#endif

#endif
