// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_REGISTRATION_HPP
#define PHONEAUTH_FLOWS_REGISTRATION_HPP

#include <optional>
#include <string>

#include <phoneauth/challenge.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/flows/codes.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/registration.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// A user registers with a proved phone. Thread-safe.
template <class Mode>
class registration {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// Both must outlive this.
    registration(parts<Mode>& p, codes<Mode>& c) noexcept : p_(p), codes_(c) {}

    /// See `authenticator::start_registration`.
    returned<challenge> start(std::string phone, client_info from);
    /// See `authenticator::finish_registration`.
    returned<user> finish(phoneauth::registration r, client_info from);

    /// Makes the user who has proved `phone` by a login, and nothing else is known of; or finds whoever has it by now.
    flow<result<user>> make_or_find(context& c, const phone_number& phone);

private:
    flow<result<user>> make(context& c, const phone_number& phone);
    flow<result<challenge>> begin(context& c, std::string phone);
    flow<result<user>> complete(context& c, phoneauth::registration r);
    flow<result<void>> prepare(user& u, const std::string& password);
    flow<std::optional<result<void>>> store(const user& u);

    parts<Mode>& p_;
    codes<Mode>& codes_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/registration.ipp>
#endif

#endif
