// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_SESSIONS_HPP
#define PHONEAUTH_FLOWS_SESSIONS_HPP

#include <string>

#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

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
    returned<logout_outcome> logout(session_token token, client_info from);
    returned<user> update_user(session_token token, std::string object_id, property_map changes, client_info from);
    returned<void> end_sessions(std::string user_id);
    returned<void> unlock(std::string phone);
    ///@}

private:
    /// A session that is good, and whose it is.
    struct admission {
        session login;
        user owner;
    };

    flow<result<admission>> admit(session_token token);
    flow<result<user>> find_user(session_token token);
    flow<result<logout_outcome>> end(context& c, session_token token);
    flow<result<user>> change(context& c, session_token token, std::string object_id, property_map changes);
    flow<result<void>> prove(context& c, const admission& by, const std::string& current_password);
    flow<bool> end_others(context& c, session own, const user& u, std::string fingerprint);
    flow<result<void>> end_all(std::string user_id);
    flow<result<void>> open_doors(std::string phone);

    parts<Mode>& p_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/sessions.ipp>
#endif

#endif
