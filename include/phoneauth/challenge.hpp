// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_CHALLENGE_HPP
#define PHONEAUTH_CHALLENGE_HPP

#include <chrono>

#include <phoneauth/credentials.hpp>
#include <phoneauth/time.hpp>

namespace phoneauth {
inline namespace v0 {

/// A code is on its way: whoever sends it back in time, with this id, has the phone.
struct challenge {
    phoneauth::transaction_id transaction_id;  ///< for the client, which sends it back with the code
    time_point expires_at{};                   ///< a code that comes at or after this time is too late
    std::chrono::seconds resend_after{};       ///< how long to wait before `resend` can succeed
    /// The provider did not answer: the message may or may not arrive. The code is valid.
    bool delivery_uncertain = false;
};

}  // namespace v0
}  // namespace phoneauth

#endif
