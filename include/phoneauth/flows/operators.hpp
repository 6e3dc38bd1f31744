// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_OPERATORS_HPP
#define PHONEAUTH_FLOWS_OPERATORS_HPP

#include <string>

#include <phoneauth/challenge.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/flows/sessions.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

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
    returned<void> end_sessions(std::string user_id);
    returned<void> unlock(std::string phone);
    ///@}

private:
    flow<result<void>> end_all(std::string user_id);
    flow<result<void>> open_doors(std::string phone);

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
