// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_CONFIGURATION_REPORT_HPP
#define PHONEAUTH_CONFIGURATION_REPORT_HPP

#include <string>
#include <vector>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {

/// One thing that `authenticator::test_configuration` has looked at, by the name of its check:
///
/// - "destinations", "segments", "callback", "region", "reset": the configuration itself, the last one only if a password
///   reset goes past the second factor;
/// - "connection", "tls", "clock": the way to Twilio, the CA certificates, and this machine's clock;
/// - "credentials", "key", "account", "trial": what they are of, and what they may do;
/// - "sender", "sms", "mms": whether the account has the sender, and what it can do;
/// - "countries": whether Twilio sends to where the configuration allows messages;
/// - "look-up": whether the credentials may look up messages, which stands for a message when nobody has a phone.
struct finding {
    std::string check;      ///< the name of the check
    bool ok = false;        ///< whether all is well with it
    std::string message;    ///< what was found
    std::string remedy;     ///< what to do about it; empty if all is well
    bool essential = true;  ///< false: codes can be sent all the same
};

/// What `authenticator::test_configuration` found. A check that an earlier one made impossible is left out. Its texts are
/// printable, of limited size, and without secrets; the numbers that a trial account can reach are in them.
struct configuration_report {
    std::vector<finding> findings;  ///< in the order above

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
