// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_PROOF_HPP
#define PHONEAUTH_PROOF_HPP

#include <string>

#include <phoneauth/credentials.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/time.hpp>

namespace phoneauth {
inline namespace v0 {
/// A code of `authenticator::start_verification` was right.
struct proof {
    proof_token token;        ///< for `authenticator::redeem_proof`, once; empty in what that returns
    std::string topic;        ///< what for
    phone_number phone;       ///< whose code it was
    std::string user_id;      ///< `client_info::user_id` of whoever began it; empty: nobody was named
    time_point expires_at{};  ///< a token that comes at or after this time is too late
};

}  // namespace v0
}  // namespace phoneauth

#endif
