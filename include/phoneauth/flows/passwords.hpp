// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_PASSWORDS_HPP
#define PHONEAUTH_FLOWS_PASSWORDS_HPP

#include <optional>
#include <string>

#include <phoneauth/config.hpp>
#include <phoneauth/flows/limiter.hpp>
#include <phoneauth/flows/ports.hpp>
#include <phoneauth/flows/reporter.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Checks and makes passwords, whatever for. Thread-safe.
template <class Mode>
class passwords {
    template <class X>
    using flow = typename Mode::template flow<X>;

public:
    /// All must outlive this.
    passwords(ports<Mode>& p, const config& c, const reporter& r, limiter<Mode>& l) noexcept
        : ports_(p), config_(c), reporter_(r), limiter_(l) {}

    /// Success if `owner` exists and `secret` is the password, and the caller takes `guess` back; else `invalid_login`.
    flow<result<void>> check(context& c, const std::optional<user>& owner, const std::string& secret,
                             rules::password_reservation& guess);

    /// Gives `u` the new password `secret`, unless the hook refuses it.
    flow<result<void>> set(user& u, const std::string& secret);

private:
    flow<result<bool>> is_right(const context& c, const std::optional<user>& owner, const std::string& secret);

    ports<Mode>& ports_;
    const config& config_;
    const reporter& reporter_;
    limiter<Mode>& limiter_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/passwords.ipp>
#endif

#endif
