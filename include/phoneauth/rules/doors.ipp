// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_DOORS_IPP
#define PHONEAUTH_RULES_DOORS_IPP

#include <algorithm>

#include <phoneauth/rules/doors.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rules {

PHONEAUTH_DECL door door_of(const transaction& t) noexcept {
    switch (t.purpose) {
    case purpose::registration:
    case purpose::phone_change:
        return door::registration;
    case purpose::verification:
        return door::verification;
    case purpose::step_up:
    case purpose::deletion:
        return door::session;
    case purpose::password_reset:
        return door::code;
    case purpose::login:
        break;
    }
    return t.password_fingerprint.empty() ? door::code : door::second;
}

PHONEAUTH_DECL rate failure_rate(door d, failure_share s, const config& c, int shared_by) noexcept {
    const std::int64_t known = c.max_consecutive_failures / 2;
    std::int64_t most = c.max_consecutive_failures - known;
    if (s != failure_share::strangers) most = s == failure_share::all_known ? known : known / 2;
    most /= shared_by;
    return at_most(most, d == door::registration ? registration_memory : failure_memory, most * 4 / 5);
}

PHONEAUTH_DECL rate open_codes(failure_share s, const config& c) noexcept {
    const auto most = failure_rate(door::code, s, c).burst / (2 * std::int64_t{c.max_tries});
    const std::int64_t at_most = s == failure_share::known_network ? 2 : 3;  // fewer than all of them together
    return {c.code_lifetime + std::chrono::minutes(1), std::clamp<std::int64_t>(most, 1, at_most)};
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif
