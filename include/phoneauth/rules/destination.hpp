// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_DESTINATION_HPP
#define PHONEAUTH_RULES_DESTINATION_HPP

#include <algorithm>
#include <string>

#include <phoneauth/config.hpp>
#include <phoneauth/configuration_report.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/result.hpp>

// Where messages may go: pure functions of a phone number and the configuration.

namespace phoneauth {
inline namespace v0 {
namespace rules {

/// The configured test number that `phone` is, or nullptr.
inline const test_number* find_test_number(const phone_number& phone, const config& c) noexcept {
    const auto is_it = [&](const test_number& t) { return t.phone == phone.str(); };
    const auto found = std::find_if(c.test_numbers.begin(), c.test_numbers.end(), is_it);
    return found == c.test_numbers.end() ? nullptr : &*found;
}

/// True if messages may go to every country: neither the calling codes nor the default one say otherwise.
inline bool allows_all_countries(const config& c) {
    if (c.allowed_calling_codes.empty()) return c.default_calling_code.empty();
    return std::find(c.allowed_calling_codes.begin(), c.allowed_calling_codes.end(), "*") !=
           c.allowed_calling_codes.end();
}

/// Whether messages may go to `phone`; `destination_not_allowed` if not. What cannot be read with certainty never comes
/// here: it is `invalid_phone_number`, with how to write it. But a country code can be mistyped, so the sentence says how
/// the number was read.
inline result<void> check_destination(const phone_number& phone, const config& c) {
    if (find_test_number(phone, c)) return {};
    const auto digits = phone.str().substr(1);
    const auto leads = [&](const std::string& prefix) { return !prefix.empty() && digits.starts_with(prefix); };
    const auto& allowed = c.allowed_calling_codes;
    const bool in = allows_all_countries(c) || (allowed.empty() ? leads(c.default_calling_code)
                                                                : std::any_of(allowed.begin(), allowed.end(), leads));
    if (!in || std::any_of(c.blocked_prefixes.begin(), c.blocked_prefixes.end(), leads))
        return failure(error::destination_not_allowed, "The number was read as " + phone.masked() +
                                                           "; messages to this country or this kind of number are "
                                                           "not allowed.");
    return {};
}

/// What `authenticator::test_configuration` says about it.
inline finding destinations_finding(const config& c) {
    if (!allows_all_countries(c))
        return {"destinations", true, "Messages go to the allowed countries only.", {}, false};
    return {"destinations", false, "Messages go to every country, premium numbers among them.",
            "Set allowed_calling_codes or default_calling_code.", false};
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif
