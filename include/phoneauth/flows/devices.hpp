// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_DEVICES_HPP
#define PHONEAUTH_FLOWS_DEVICES_HPP

#include <optional>
#include <string>

#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/flows/login.hpp>
#include <phoneauth/flows/sessions.hpp>
#include <phoneauth/login_result.hpp>
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

    /// See `authenticator::trust_device`.
    returned<trusted_device> trust(session_token token, client_info from);
    /// See `authenticator::login_with_trusted_device`.
    returned<login_result> log_in(std::string phone, password secret, device_token token, client_info from);

private:
    flow<result<trusted_device>> add(context& c, session_token token);
    flow<result<login_result>> enter(context& c, std::string phone, password secret, device_token token);
    flow<result<void>> keep(const session& device, session_token token);
    std::string hash_of(const device_token& token);
    bool is_good(const std::optional<session>& device, const std::optional<user>& owner);

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
