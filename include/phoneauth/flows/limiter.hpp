// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_LIMITER_HPP
#define PHONEAUTH_FLOWS_LIMITER_HPP

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <phoneauth/config.hpp>
#include <phoneauth/flows/ports.hpp>
#include <phoneauth/flows/reporter.hpp>
#include <phoneauth/rules/reservations.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Carries out what rules/reservations.hpp decides: what is counted, in as few round trips as may be. Thread-safe.
template <class Mode>
class limiter {
    template <class X>
    using flow = typename Mode::template flow<X>;

public:
    /// All must outlive the limiter.
    limiter(ports<Mode>& p, const config& c, const reporter& r) noexcept : ports_(p), config_(c), reporter_(r) {}

    /// A message for `c`, to be reserved. See `send_reservation`.
    rules::send_reservation message(const context& c, rules::limits::send_budget budget, const phone_number& phone,
                                    std::optional<purpose> begins, bool after_password) const {
        return {{budget, begins, after_password, c.network, c.from.user_id, c.shared}, phone, config_, ports_.now()};
    }
    /// A guess at a password, to be reserved. See `password_reservation`.
    rules::password_reservation password(const context& c, std::string_view subject) const {
        return {subject, c.network, identities_are_counted() ? 2 : 1, config_, ports_.now(), c.shared};
    }

    /// Reserves what `r` is for, and carries out `also` in the same round trip. Returns the refusal if a limit refuses
    /// it; nothing is counted then.
    flow<result<void>> reserve(const context& c, rules::reservation& r, const rules::counter_batch& also);
    /// The same, and nothing else.
    flow<result<void>> reserve(const context& c, rules::reservation& r) { return reserve(c, r, nothing); }
    /// Changes counters if that is possible: nobody's result depends on it.
    flow<bool> try_to(const rules::counter_batch& changes);

    /// A guess at a password was wrong.
    flow<bool> punish(const context& c, const rules::password_reservation& guess);
    /// A code of `t` was wrong.
    flow<bool> punish(const context& c, const transaction& t);
    /// Counts one more change of identity or password by a user. Returns the refusal, `too_many_failures` with
    /// `retry_after`, if that is one too many.
    flow<result<void>> count_credential_change(const std::string& user_id);

    /// Whether logins by identity are counted by themselves: the identity is not the phone.
    bool identities_are_counted() const noexcept {
        return config_.identity_login_enabled && config_.identity_column != config_.phone_column;
    }

private:
    flow<std::vector<counter>> change(const std::vector<counter_change>& changes);
    void tell_locked(const context& c, std::chrono::seconds wait) const noexcept;

    static inline const rules::counter_batch nothing{};

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
