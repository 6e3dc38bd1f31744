// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_LIMITER_HPP
#define PHONEAUTH_FLOWS_LIMITER_HPP

#include <chrono>

#include <phoneauth/cell.hpp>
#include <phoneauth/config.hpp>
#include <phoneauth/flows/ports.hpp>
#include <phoneauth/flows/reporter.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/rules/limits.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Carries out what rules/limits.hpp decides, in one round trip each. Thread-safe.
template <class Mode>
class limiter {
    template <class X>
    using flow = typename Mode::template flow<X>;

public:
    /// All must outlive the limiter.
    limiter(ports<Mode>& p, const config& c, const reporter& r) noexcept : ports_(p), config_(c), reporter_(r) {}

    /// Asks for all of `b`. Tells the observer if the budget of all runs low.
    flow<cell_answer> take(const context& c, const rules::limit_batch& b);
    /// Gives back what `a` granted of `b`; `everything`: also what an attempt costs the client, whatever comes of it.
    /// Nobody's result depends on it.
    flow<bool> give_back(const rules::limit_batch& b, const cell_answer& a, bool everything = false);
    /// Changes cells if that is possible: nobody's result depends on it.
    flow<bool> try_to(const cell_batch& b);

    /// A code of `t` was wrong.
    flow<bool> punish(const context& c, const transaction& t);
    /// Tells the observer that an account must wait, unless `wait` is 0.
    void tell_locked(const context& c, std::chrono::seconds wait) const noexcept;

    /// How many accounts share the failures that one user may have at their password: two where logins by identity are
    /// counted by themselves, because the identity is not the phone.
    int password_accounts() const noexcept {
        return config_.identity_login_enabled && config_.identity_column != config_.phone_column ? 2 : 1;
    }

private:
    ports<Mode>& ports_;
    const config& config_;
    const reporter& reporter_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/limiter.ipp>
#endif

#endif
