// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_PROFILE_HPP
#define PHONEAUTH_FLOWS_PROFILE_HPP

#include <string>

#include <phoneauth/challenge.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/flows/codes.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/flows/sessions.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Logged-in users change what is theirs: properties, identity, password, phone. Thread-safe.
template <class Mode>
class profile {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// All must outlive this.
    profile(parts<Mode>& p, codes<Mode>& c, sessions<Mode>& s) noexcept : p_(p), codes_(c), sessions_(s) {}

    ///@{
    /// See the function of this name in `authenticator`.
    returned<user> update_user(session_token token, std::string object_id, property_map changes, client_info from);
    returned<challenge> start_phone_change(session_token token, std::string new_phone, client_info from);
    returned<user> finish_phone_change(session_token token, transaction_id id, submitted_code code, client_info from);
    ///@}

private:
    flow<result<user>> change(context& c, session_token token, std::string object_id, property_map changes);
    flow<result<void>> prove(context& c, const admission& by, const std::string& current_password);
    flow<bool> tell(context& c, const user& before, const user& changed);

    flow<result<challenge>> begin_move(context& c, session_token token, std::string text);
    flow<result<user>> complete_move(context& c, session_token token, transaction_id id, submitted_code code);
    flow<change_outcome> move_to(const phone_number& phone, session_token token, admission& by, user& changed);

    parts<Mode>& p_;
    codes<Mode>& codes_;
    sessions<Mode>& sessions_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/profile.ipp>
#endif

#endif
