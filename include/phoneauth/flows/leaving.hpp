// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_LEAVING_HPP
#define PHONEAUTH_FLOWS_LEAVING_HPP

#include <string>

#include <phoneauth/account_data.hpp>
#include <phoneauth/challenge.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/flows/codes.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/flows/sessions.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Users learn what is stored about them, and leave. Thread-safe.
template <class Mode>
class leaving {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// All must outlive this.
    leaving(parts<Mode>& p, codes<Mode>& c, sessions<Mode>& s) noexcept : p_(p), codes_(c), sessions_(s) {}

    ///@{
    /// See the function of this name in `authenticator`.
    returned<account_data> export_account(session_token token, client_info from);
    returned<challenge> start_deletion(session_token token, client_info from);
    returned<void> finish_deletion(session_token token, transaction_id id, submitted_code code, client_info from);
    ///@}

private:
    flow<result<account_data>> tell_all(context& c, session_token token);
    flow<result<challenge>> begin(context& c, session_token token);
    flow<result<void>> complete(context& c, session_token token, transaction_id id, submitted_code code);
    flow<change_outcome> erase(session_token token, admission& by);

    parts<Mode>& p_;
    codes<Mode>& codes_;
    sessions<Mode>& sessions_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/leaving.ipp>
#endif

#endif
