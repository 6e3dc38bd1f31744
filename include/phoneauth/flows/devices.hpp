// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_DEVICES_HPP
#define PHONEAUTH_FLOWS_DEVICES_HPP

#include <string>

#include <phoneauth/challenge.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/flows/login.hpp>
#include <phoneauth/flows/sessions.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Devices that spare their users the code of a two-factor login. Thread-safe.
template <class Mode>
class devices {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// All must outlive this.
    devices(parts<Mode>& p, login<Mode>& l, sessions<Mode>& s) noexcept : p_(p), login_(l), sessions_(s) {}

private:
    parts<Mode>& p_;
    login<Mode>& login_;
    sessions<Mode>& sessions_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/devices.ipp>
#endif

#endif
