// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_RECOVERY_HPP
#define PHONEAUTH_FLOWS_RECOVERY_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <phoneauth/challenge.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/flows/codes.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/flows/login.hpp>
#include <phoneauth/flows/sessions.hpp>
#include <phoneauth/login_result.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/secrets/backup_code.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/transaction.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Whose backup code is to be compared.
struct backup_question {
    const phone_number& phone;         ///< whose guesses are counted
    const std::optional<user>& owner;  ///< nobody: the answer takes as long
    bool concealed;                    ///< nobody is told whose phone it is: that no guess is left is a wrong code
    std::int64_t hashes = 1;           ///< what is asked for with it costs so many, this one included
};

/// What a backup code turned out to be.
struct backup_guess {
    bool right = false;   ///< it is one of the user's
    bool marked = false;  ///< it came from a network that is known to the user
    unsigned slot = 0;    ///< which one it is, if it is right
    std::string hash{};   ///< and what is stored of it
};

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

    ///@{
    /// See the function of this name in `authenticator`.
    returned<challenge> start_password_reset(std::string phone, client_info from);
    returned<challenge> start_password_reset_of(std::string identity, client_info from);
    returned<user> finish_password_reset(transaction_id id, submitted_code code, password wanted, backup_code spare,
                                         client_info from);
    returned<std::vector<backup_code>> make_backup_codes(session_token token, client_info from);
    returned<login_result> login_with_backup_code(std::string phone, password secret, backup_code spare,
                                                  client_info from);
    ///@}

private:
    flow<result<challenge>> begin(context& c, std::string text);
    flow<result<challenge>> begin_of(context& c, std::string text);
    flow<result<user>> complete(context& c, transaction_id id, submitted_code code, password wanted, backup_code spare);
    flow<result<std::vector<backup_code>>> make(context& c, session_token token);
    flow<result<login_result>> enter(context& c, std::string text, password secret, backup_code spare);

    flow<result<backup_guess>> check_with_code(context& c, const transaction_id& id, backup_code spare);
    flow<result<backup_guess>> check(context& c, const backup_question& q, const typed_backup_code& typed);

    flow<result<user>> replace_password(context& c, const transaction& t, const std::string& wanted,
                                        const std::optional<backup_guess>& spare);
    flow<bool> after_reset(context& c, const transaction& t, const user& before, const user& changed,
                           const std::optional<backup_guess>& spare);
    flow<result<void>> store_backup_codes(const session_token& token, user owner, const std::string& hashes);
    flow<result<void>> spend(user& owner, const backup_guess& guess);
    flow<bool> put_back(const user& spent, const backup_guess& guess);

    std::string basis_of(const std::optional<user>& owner);
    phone_number phone_of_nobody(const std::string& identity);

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
