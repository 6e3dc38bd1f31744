// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_OPERATORS_HPP
#define PHONEAUTH_FLOWS_OPERATORS_HPP

#include <optional>
#include <string>
#include <vector>

#include <phoneauth/code_budget.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/flows/sessions.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// How often an operator's action looks again at a user who was changed under its hands: more often than a user can
/// change in an hour what is stored of them (rules/limits.hpp), so that none gets away by being quick.
inline constexpr int max_operator_races = 1000;

/// What an operator changes of a user.
struct alteration {
    /// Enables or disables them.
    explicit alteration(bool to) noexcept : enabled(to) {}
    /// Gives them another phone.
    explicit alteration(const phone_number& to) noexcept : phone(to) {}

    std::optional<bool> enabled{};        ///< what it becomes; empty: it stays
    std::optional<phone_number> phone{};  ///< likewise
};

/// What whoever runs the server does to an account. Thread-safe.
template <class Mode>
class operators {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// All must outlive this.
    operators(parts<Mode>& p, sessions<Mode>& s) noexcept : p_(p), sessions_(s) {}

    ///@{
    /// See the function of this name in `authenticator`.
    returned<user> find_account(std::string phone_identity_or_id);
    returned<std::vector<session_info>> sessions_of(std::string user_id);
    returned<code_budget> budget();
    returned<void> end_sessions(std::string user_id, std::string by);
    returned<void> unlock(std::string phone, std::string by);
    returned<user> disable_user(std::string user_id, std::string by);
    returned<user> enable_user(std::string user_id, std::string by);
    returned<user> set_phone(std::string user_id, std::string phone, std::string by);
    returned<void> delete_user(std::string user_id, std::string by);
    ///@}

private:
    flow<result<user>> find(std::string text);
    flow<result<user>> find_by_id(const std::string& user_id);
    flow<result<std::vector<session_info>>> list(std::string user_id);
    flow<result<code_budget>> ask_budget();
    flow<result<void>> end_all(context& c, std::string user_id);
    flow<result<void>> open_doors(context& c, std::string phone);
    flow<result<user>> move(context& c, std::string user_id, std::string phone);
    flow<result<user>> change(context& c, std::string user_id, alteration wanted);
    flow<result<void>> erase(context& c, std::string user_id);

    parts<Mode>& p_;
    sessions<Mode>& sessions_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/operators.ipp>
#endif

#endif
