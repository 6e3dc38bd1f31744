// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_PASSWORDS_HPP
#define PHONEAUTH_FLOWS_PASSWORDS_HPP

#include <chrono>
#include <optional>
#include <string>

#include <phoneauth/config.hpp>
#include <phoneauth/flows/client_places.hpp>
#include <phoneauth/flows/limiter.hpp>
#include <phoneauth/flows/ports.hpp>
#include <phoneauth/flows/reporter.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Whose password is asked for.
struct password_question {
    std::string subject;               ///< whose failures are counted: the phone, or what stands for an identity
    std::string fingerprint;           ///< see `parts::network_fingerprint`
    const std::optional<user>& owner;  ///< who has it; nobody: unknown
    bool may_be_concealed = false;     ///< after too many failures nobody is told whether it was right
    /// It does not decide alone: whoever asks tells the observer what became of it, as a right one is not let in, either.
    bool more_is_asked = false;
};

/// What a password turned out to be.
struct password_guess {
    bool right = false;           ///< it is the user's
    bool concealed = false;       ///< nobody may tell whether it is
    bool marked = false;          ///< it came from a network that is known to the user
    std::chrono::seconds wait{};  ///< how long the account waits before the next one; 0 or less: not at all
};

/// Checks and makes passwords, whatever for. Thread-safe.
template <class Mode>
class passwords {
    template <class X>
    using flow = typename Mode::template flow<X>;

public:
    /// All must outlive this.
    passwords(ports<Mode>& p, const config& c, const reporter& r, limiter<Mode>& l) noexcept
        : ports_(p), config_(c), reporter_(r), limiter_(l) {}

    /// What `secret` is worth. A guess is counted before it is compared; whoever goes on with a right one takes it
    /// back.
    flow<result<password_guess>> check(context& c, const password_question& q, const std::string& secret);
    /// A right password was no guess: takes back what `check` has counted.
    flow<bool> forgive(const context& c, const password_question& q, const password_guess& g);

    /// `secret` was right for `u`, whose password has this `fingerprint` (`parts::fingerprint_of`): stores a new hash of
    /// it if the hasher wants that. Says whether it has. No failure of it is one of the login: the old hash is as good.
    flow<bool> renew(context& c, user& u, const std::string& fingerprint, const std::string& secret);

    /// Gives `u` the new password `secret`, unless the hook refuses it.
    flow<result<void>> set(user& u, const std::string& secret);

    /// Whether `secret` made `hash`. An empty one is nobody's, or cannot be right: the answer takes as long. Counts nothing.
    flow<result<bool>> compare(const context& c, const std::string& hash, const std::string& secret);

private:
    ports<Mode>& ports_;
    const config& config_;
    const reporter& reporter_;
    limiter<Mode>& limiter_;
    client_places in_hand_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/passwords.ipp>
#endif

#endif
