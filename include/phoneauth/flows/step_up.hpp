// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_STEP_UP_HPP
#define PHONEAUTH_FLOWS_STEP_UP_HPP

#include <cstdint>

#include <phoneauth/challenge.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/error.hpp>
#include <phoneauth/flows/codes.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/flows/sessions.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Logged-in users show once more that it is them. Thread-safe.
template <class Mode>
class step_up {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// All must outlive this.
    step_up(parts<Mode>& p, codes<Mode>& c, sessions<Mode>& s) noexcept : p_(p), codes_(c), sessions_(s) {}

    /// See `authenticator::start_step_up`.
    returned<challenge> start(session_token token, client_info from);
    /// See `authenticator::finish_step_up`.
    returned<user> finish(session_token token, transaction_id id, submitted_code code, client_info from);
    /// See `authenticator::confirm_password`.
    returned<user> confirm_password(session_token token, password secret, client_info from);

private:
    flow<result<challenge>> begin(context& c, session_token token);
    flow<result<user>> complete(context& c, session_token token, transaction_id id, submitted_code code);
    flow<result<user>> complete_with_password(context& c, session_token token, password secret);
    flow<change_outcome> raise(const session_token& token, admission& by, std::uint32_t method, error stale);
    flow<change_outcome> store(const session& s);

    parts<Mode>& p_;
    codes<Mode>& codes_;
    sessions<Mode>& sessions_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/step_up.ipp>
#endif

#endif
