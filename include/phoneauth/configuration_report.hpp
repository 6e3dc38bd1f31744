// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_CONFIGURATION_REPORT_HPP
#define PHONEAUTH_CONFIGURATION_REPORT_HPP

#include <string>
#include <vector>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {

/// One thing that `authenticator::test_configuration` has looked at.
struct finding {
    std::string check;      ///< "destinations", "credentials", "account", "sender", "sms", "mms" or "look-up"
    bool ok = false;        ///< whether all is well with it
    std::string message;    ///< what was found and, if that is not well, what to do
    bool essential = true;  ///< false: codes can be sent all the same
};

/// What `authenticator::test_configuration` found. A check that an earlier one made impossible is left out.
struct configuration_report {
    std::vector<finding> findings;  ///< in the order in which they were made

    /// True when nothing stands in the way of sending codes.
    bool ok() const {
        for (const auto& f : findings)
            if (!f.ok && f.essential) return false;
        return true;
    }
};

}  // namespace v0
}  // namespace phoneauth

#endif
