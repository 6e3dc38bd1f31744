// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ACCOUNT_DATA_HPP
#define PHONEAUTH_ACCOUNT_DATA_HPP

#include <vector>

#include <phoneauth/session.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
/// All that is stored about a user, for whom the law gives it to (GDPR, article 15). What goes by itself is not among it:
/// codes, within hours, and the counts of limits, whose keys name phones and networks, within 90 days.
struct account_data {
    phoneauth::user user;                ///< as stored
    std::vector<session_info> sessions;  ///< their sessions and trusted devices
};

}  // namespace v0
}  // namespace phoneauth

#endif
