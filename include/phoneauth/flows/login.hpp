// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_LOGIN_HPP
#define PHONEAUTH_FLOWS_LOGIN_HPP

#include <cstdint>
#include <optional>
#include <string>

#include <phoneauth/challenge.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/flows/codes.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/flows/registration.hpp>
#include <phoneauth/login_result.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/transaction.hpp>

namespace phoneauth {
inline namespace v0 {

namespace flows {

/// How a user has shown who they are.
struct entry {
    /// By a code, which was right, and perhaps a password before it. `t` must outlive this.
    explicit entry(const transaction& t) noexcept
        : used(&t), methods(auth_method::by_code |
                            (t.password_fingerprint.empty() ? std::uint32_t{} : auth_method::by_password)) {}
    /// By other methods, of `auth_method`.
    explicit entry(std::uint32_t by) noexcept : methods(by) {}

    const transaction* used = nullptr;  ///< the transaction whose code was right; nullptr: there was none
    std::uint32_t methods;              ///< of `auth_method`
    const session* device = nullptr;    ///< the trusted device that stood in for the code; nullptr: none did
    bool with_identity = false;         ///< the password was counted for the identity instead of the phone
};

/// A user logs in: by code, by password and code, or by password alone. Thread-safe.
template <class Mode>
class login {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// All must outlive this.
    login(parts<Mode>& p, codes<Mode>& c, registration<Mode>& r) noexcept : p_(p), codes_(c), registration_(r) {}

    /// See `authenticator::start_login` and, with a `secret`, `authenticator::start_two_factor_login`.
    returned<challenge> start(std::string phone, std::optional<password> secret, client_info from);
    /// See `authenticator::finish_login`.
    returned<login_result> finish(transaction_id id, submitted_code code, client_info from);
    /// See `authenticator::login_with_identity`.
    returned<login_result> with_identity(std::string identity, password secret, client_info from);

    /// Opens a session for a user who has shown who they are, unless they are disabled or a hook refuses.
    flow<result<login_result>> open_session(context& c, user& owner, const entry& by);

    /// Ends what `config::max_sessions_per_user` leaves no room for since `added` is stored. Nobody's result depends on
    /// it: the next one makes up for what fails.
    flow<bool> end_surplus(const session& added, const user& owner);

private:
    flow<result<challenge>> begin(context& c, std::string phone, std::optional<password> secret);
    flow<result<login_result>> complete(context& c, transaction_id id, submitted_code code);
    flow<result<login_result>> complete_with_identity(context& c, std::string identity, password secret);

    flow<result<challenge>> begin_second(context& c, rules::code_request asked, std::optional<user> owner,
                                         const std::string& secret);
    flow<result<login_result>> enter(context& c, const transaction& confirmed);
    flow<result<login_result>> enter_newcomer(context& c, const transaction& confirmed);
    flow<result<void>> keep(const session& opened, user& owner, const entry& by);
    flow<result<void>> note_device(session device, const session& opened);
    flow<bool> note_login(user& owner, const std::string& rests_on);

    parts<Mode>& p_;
    codes<Mode>& codes_;
    registration<Mode>& registration_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/login.ipp>
#endif

#endif
