// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_DOORS_HPP
#define PHONEAUTH_RULES_DOORS_HPP

#include <chrono>
#include <cstdint>
#include <limits>
#include <string_view>

#include <phoneauth/config.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/transaction.hpp>

// The ways into an account, and how many failures and open codes each has. Pure.

namespace phoneauth {
inline namespace v0 {
namespace rules {

/// At most so many in any stretch of time: the interval of a cell and its burst.
struct rate {
    std::chrono::milliseconds interval{};  ///< how long until one that was taken is free again
    std::int64_t burst = 0;                ///< how many can be taken at once

    /// The room of a cell for `n` of them.
    constexpr std::chrono::milliseconds room(std::int64_t n) const noexcept { return n * interval; }
};

/// At most `most` in any stretch of `length`, `burst` of them at once: a stretch holds the burst and what becomes free
/// meanwhile. 1 ≤ `burst` < `most`, or both are 1.
constexpr rate at_most(std::int64_t most, std::chrono::milliseconds length, std::int64_t burst) noexcept {
    if (most <= burst) return {length + std::chrono::milliseconds(1), 1};
    const std::chrono::milliseconds slack = std::chrono::seconds(5);  // by so much clocks of servers may disagree
    return {(length + slack) / (most - burst) + std::chrono::milliseconds(1), burst};
}
/// The same, half of them at once.
constexpr rate at_most(std::int64_t most, std::chrono::milliseconds length) noexcept {
    return at_most(most, length, (most + 1) / 2);
}

/// Who asks, as far as limits tell clients apart.
struct client_networks {
    std::string_view network;  ///< see `client_network`; empty: not known, and so not limited
    std::string_view wide;     ///< see `wide_network`; empty for IPv4
    bool shared = false;       ///< everybody may come from there: it is never known to anybody

    /// Whether the network can be known to anybody.
    bool can_be_known() const noexcept { return !network.empty() && !shared; }
};

/// What a run of guesses aims at. Each way in is a door of its own, so that guesses at one do not shut the others.
enum class door : std::uint8_t {
    registration,  ///< codes that prove a phone which need not be anybody's
    code,          ///< codes of logins without a password, and of password resets
    second,        ///< codes of logins after a right password
    password,      ///< passwords
    session,       ///< codes for whoever is logged in
    backup,        ///< backup codes, of whoever knows the password
    verification   ///< codes for the integrator's purposes
};

/// The door that the codes of `t` open.
PHONEAUTH_DECL door door_of(const transaction& t) noexcept;

/// How long a network is known after the last login, or the registration, from there.
inline constexpr std::chrono::hours network_memory{90 * 24};
/// The stretch in which `config::max_consecutive_failures` is the most.
inline constexpr std::chrono::hours failure_memory{30 * 24};
/// The same for registrations, where there is no account yet that could be guessed open.
inline constexpr std::chrono::hours registration_memory{24};
/// How many more a /48 may have than a /64 (RFC 6177: a site has at least one /64, and up to a /48).
inline constexpr std::int64_t wide_factor = 4;
/// Passwords that one network may have compared for one account in an hour, right or wrong.
inline constexpr std::int64_t max_passwords_per_account_and_network = 20;
/// How many passwords a client may have in hand at a time: waiting for their limits, or being hashed.
struct passwords_in_hand {
    int network = (std::numeric_limits<int>::max)();  ///< of one network
    int wide = (std::numeric_limits<int>::max)();     ///< of the /48 that it is in
};
/// So many that one client alone does not fill the hasher's queue; whoever is not told apart from others is not limited.
constexpr passwords_in_hand passwords_at_once(const client_networks& from) noexcept {
    passwords_in_hand most;
    if (from.network.empty() || from.shared) return most;
    most.network = 4;
    if (!from.wide.empty()) most.wide = 8;
    return most;
}
/// Most changes of identity or password that one user may ask for in an hour. Each identity tried tells whether it is
/// taken, and each password costs a hash; nobody changes them more often for good reason.
inline constexpr std::int64_t max_credential_changes = 10;
/// Most changes of any kind that one user may ask for in an hour: half of them at once.
inline constexpr std::int64_t max_changes = 600;

/// For whom a rate of failures is.
enum class failure_share : std::uint8_t { strangers, known_network, all_known };

/// The failures at a door: half of `config::max_consecutive_failures` for strangers, half for known networks together,
/// of which each has half, so that one alone never shuts the door to the others. `shared_by` accounts share them.
PHONEAUTH_DECL rate failure_rate(door d, failure_share s, const config& c, int shared_by = 1) noexcept;
/// How many codes of one account may be open at once: their tries are kept free. Each is counted for as long as it lives,
/// and a minute for clocks that disagree.
PHONEAUTH_DECL rate open_codes(failure_share s, const config& c) noexcept;

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/rules/doors.ipp>
#endif

#endif
