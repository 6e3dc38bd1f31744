// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_SESSIONS_HPP
#define PHONEAUTH_FLOWS_SESSIONS_HPP

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// A session that is good, and whose it is.
struct admission {
    session login;  ///< as it is stored
    user owner;     ///< as they are stored
};

/// What a logged-in user does. Thread-safe.
template <class Mode>
class sessions {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// `p` must outlive this.
    explicit sessions(parts<Mode>& p) noexcept : p_(p) {}

    ///@{
    /// See the function of this name in `authenticator`.
    returned<user> authenticate(session_token token);
    returned<user> require_recent(session_token token, std::chrono::seconds age);
    returned<std::vector<session_info>> list_sessions(session_token token);
    returned<void> end_session(session_token token, std::string id, client_info from);
    returned<std::size_t> end_other_sessions(session_token token, client_info from);
    returned<logout_outcome> logout(session_token token, client_info from);
    ///@}

    /// The session that a token names, and its user, if it is good. It is used by that, which is noted now and then.
    flow<result<admission>> admit(session_token token);

    /// What `owner` may know of their sessions and trusted devices: see `authenticator::list_sessions`. `current`: the
    /// `session::token_hash` of the one that asks; empty: none does. Both must outlive the flow.
    flow<std::vector<session_info>> list(const user& owner, const std::string& current);

    /// `u` is stored with another password or phone, so that all their sessions are over, as they rest on what the user
    /// was. The others are cleaned up, and the `own` one is stored anew; if that fails, its user has to log in again.
    /// `fingerprint`: the session's, of `u` as they are now.
    flow<bool> renew(context& c, session own, const user& u, std::string fingerprint);

private:
    flow<result<user>> find_user(session_token token);
    flow<result<user>> find_recent(session_token token, std::chrono::seconds age);
    flow<result<std::vector<session_info>>> list_own(session_token token);
    flow<result<void>> end_one(context& c, session_token token, std::string id);
    flow<result<std::size_t>> end_others(context& c, session_token token);
    flow<bool> note_use(session& s);
    flow<result<logout_outcome>> end(context& c, session_token token);

    parts<Mode>& p_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/sessions.ipp>
#endif

#endif
