// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_VERIFICATION_HPP
#define PHONEAUTH_FLOWS_VERIFICATION_HPP

#include <string>

#include <phoneauth/challenge.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/flows/codes.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/proof.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/transaction.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Codes for purposes of the integrator's own. Thread-safe.
template <class Mode>
class verification {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// All must outlive this.
    verification(parts<Mode>& p, codes<Mode>& c) noexcept : p_(p), codes_(c) {}

    /// See `authenticator::start_verification`.
    returned<challenge> start(std::string phone, std::string topic, client_info from);
    /// See `authenticator::finish_verification`.
    returned<proof> finish(transaction_id id, submitted_code code, client_info from);
    /// See `authenticator::redeem_proof`.
    returned<proof> redeem(proof_token token, std::string topic);

private:
    flow<result<challenge>> begin(context& c, std::string text, std::string topic);
    flow<result<proof>> complete(context& c, transaction_id id, submitted_code code);
    flow<result<proof>> take(context& c, proof_token token, std::string topic);
    proof describe(const transaction& t) const;

    parts<Mode>& p_;
    codes<Mode>& codes_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/verification.ipp>
#endif

#endif
