// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_LIMITS_HPP
#define PHONEAUTH_RULES_LIMITS_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <phoneauth/cell.hpp>
#include <phoneauth/config.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/rules/limit_batch.hpp>
#include <phoneauth/transaction.hpp>

// What a message and a guess are counted against: which cells, and how much of them. Pure.
//
// A network is known to a user for 90 days after a login, or the registration, from there. All others are strangers.
// The two have cells of their own wherever strangers could use up what the owner of a phone needs:
//
//   limit                                  strangers               a known network
//   codes to a phone, hour and day         one for all of them     one for each
//   the same after a right password        one for all of them     the same cell
//   codes of a network, codes in all       the same cell           the same cell, with a reserve
//   wrong passwords, wrong codes           one for all of them     one for each, and one for all of them
//   cooldown                               one for all of them     one for each
//
// The one for all known networks has so much room that one of them alone cannot use it up. A registration has cells of
// its own, and no network is known to it. What is concealed has a budget of all of its own: see `code_request`.

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

// ---- Accounts ----

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

// ---- What flows ask ----

/// What there is to know about a code that is to be sent.
struct code_request {
    const phone_number& phone;     ///< where to
    std::string_view fingerprint;  ///< of the user, see `known_network`
    client_networks from;          ///< who asks
    std::optional<door> begins{};  ///< it begins a transaction; empty: it is sent again
    bool registers = false;        ///< it proves a phone which need not be anybody's
    bool verifies = false;         ///< it is for a purpose of the integrator's
    bool after_password = false;   ///< a password was right before it
    bool in_session = false;       ///< its user is logged in
    /// Nobody is told whether it was, or whose phone it is: what only a right one takes, the budget of all included, is
    /// apart from what everybody can see.
    bool concealed = false;
    std::string_view known_network{};  ///< it is sent again: the known network that began it; empty: a stranger did
};

/// A code: the client's, the phone's and the budget of all; and if it begins a transaction, the cooldown, and room for
/// all its tries. A test number is sent nothing, and so no message is counted.
PHONEAUTH_DECL limit_batch code_limits(const code_request& r, const config& c, time_point now);
/// What everybody can see of the limits of a password reset that begins with an identity: those of the client, and the
/// budget of all. `r` is concealed, and its `fingerprint` nobody's.
PHONEAUTH_DECL limit_batch reset_limits(const code_request& r, const config& c, time_point now);
/// Appends what takes the guess of `password_limits` back.
PHONEAUTH_DECL void take_guess_back(limit_batch& b, std::string_view subject, const client_networks& from,
                                    int shared_by, const config& c);
/// The same by itself. `marked`: the network is known.
PHONEAUTH_DECL cell_batch guess_back(std::string_view subject, const client_networks& from, bool marked, int shared_by,
                                     const config& c, time_point now);

/// One guess at the password of `subject`. It is counted before it is compared, so that no more are compared than are
/// allowed, however many come at once. Every comparison costs the network one hash, right or wrong.
///
/// @param subject      whose password: the phone, or what stands for an identity
/// @param phone        of the user to whom networks are known; empty: nobody has the subject
/// @param fingerprint  of that user
/// @param from         who asks
/// @param shared_by    how many accounts share the failures that one user may have; 1 or 2
/// @param concealed    no failure is counted: the answer does not depend on the password (see flows/login.ipp)
/// @param c            the configuration
/// @param now          the time
PHONEAUTH_DECL limit_batch password_limits(std::string_view subject, std::string_view phone,
                                           std::string_view fingerprint, const client_networks& from, int shared_by,
                                           bool concealed, const config& c, time_point now);

/// One guess at a backup code of whoever has `phone`: it costs the network one hash, as in `password_limits`, from where
/// the parameters are. `concealed`: nobody is told whose phone it is, and so nothing that is counted for it may be told;
/// only the rest is the client's own (`limit_batch::of_client`).
PHONEAUTH_DECL limit_batch backup_limits(std::string_view phone, std::string_view fingerprint,
                                         const client_networks& from, bool concealed, const config& c, time_point now);
/// The failure of whoever has the password or a backup code, and not the other: counted before they are told. Guesses of
/// whoever has neither are no failures, so that nobody shuts this door from outside; a code has 80 bits, and need not be
/// throttled (NIST SP 800-63B-3 §5.1.2.2: below 64 bits).
PHONEAUTH_DECL limit_batch backup_failure(std::string_view phone, std::string_view fingerprint,
                                          const client_networks& from, const config& c, time_point now);

/// A message that is no code.
///
/// @param to       where to
/// @param from     the client's network; empty: the server's own notice
/// @param user_id  on whose behalf; empty: nobody's in particular
/// @param units    what it costs: see `message_units`
/// @param c        the configuration
/// @param now      the time
PHONEAUTH_DECL limit_batch message_limits(const phone_number& to, const client_networks& from, std::string_view user_id,
                                          std::int64_t units, const config& c, time_point now);

/// New backup codes, of which each costs the network a hash.
PHONEAUTH_DECL limit_batch backup_making_limits(std::string_view user_id, const client_networks& from,
                                                std::int64_t hashes, const config& c, time_point now);

/// A change that a user makes; `credentials`: of identity or password.
PHONEAUTH_DECL limit_batch change_limits(std::string_view user_id, bool credentials, time_point now);

// ---- What flows tell ----

/// A code of `t` was wrong; it came from `from`. The last request is watched: wrong codes over all.
PHONEAUTH_DECL limit_batch wrong_code(const transaction& t, const client_networks& from, const config& c,
                                      time_point now);
/// How long the account of `t` waits after `a` answered `wrong_code`; 0: not at all.
PHONEAUTH_DECL std::chrono::seconds wrong_code_wait(const transaction& t, const cell_answer& a, const config& c,
                                                    time_point now);

/// A login worked.
struct login_facts {
    const phone_number& phone;          ///< the user's
    std::string_view fingerprint;       ///< the user's, see `known_network`
    const transaction* used = nullptr;  ///< the transaction that led to it; nullptr: a password alone
    std::string_view subject{};         ///< whose password was right, if one was
    client_networks from{};             ///< where from; without a network none becomes known
};
/// It makes the network known, and ends the failures from there, the wait for the next code, and the life of the code.
PHONEAUTH_DECL cell_batch after_login(const login_facts& f, const config& c, time_point now);
/// A user who is logged in has shown by `used` that it is them: it ends the failures at that door made from the network,
/// the wait for the next such code, and the life of this one.
PHONEAUTH_DECL cell_batch after_step_up(const transaction& used, const client_networks& from, const config& c,
                                        time_point now);
/// A user who is logged in has shown by `used` that it is them: it ends the failures at that door made from the network,
/// the wait for the next such code, and the life of this one.
PHONEAUTH_DECL cell_batch after_step_up(const transaction& used, const client_networks& from, const config& c,
                                        time_point now);
/// A registration by `used` worked: its network is known, and failures and the life of the code end likewise.
PHONEAUTH_DECL cell_batch after_registration(const transaction& used, std::string_view fingerprint,
                                             const client_networks& from, const config& c, time_point now);
/// A verification by `used` worked: what it took of the account is free again. No network becomes known.
PHONEAUTH_DECL cell_batch after_verification(const transaction& used, const config& c, time_point now);
/// A backup code of whoever has `phone` was right: takes its guess back, and ends the failures from its network.
/// `marked`: the network is known.
PHONEAUTH_DECL cell_batch after_backup_code(std::string_view phone, const client_networks& from, bool marked,
                                            const config& c, time_point now);
/// The user has a new password, set from `from`, which stays known: guesses at the old one, and at the codes behind it,
/// do not count any more. `subject` and `fingerprint` as in `password_limits`, the latter with the new password.
PHONEAUTH_DECL cell_batch after_new_password(const phone_number& phone, std::string_view subject,
                                             std::string_view fingerprint, const client_networks& from, time_point now);
/// The user has reset their password with the code of `used`: besides the above, the code is not open any more, nor do
/// guesses at such codes count that were made from the same network.
PHONEAUTH_DECL cell_batch after_password_reset(const transaction& used, std::string_view subject,
                                               std::string_view fingerprint, const client_networks& from,
                                               const config& c, time_point now);
/// Takes back all failures of strangers, and of known networks together, at the doors of the owner of a phone. `subject`:
/// what stands for their identity; empty: nothing does.
PHONEAUTH_DECL cell_batch unlock_doors(const phone_number& phone, std::string_view subject, time_point now);
/// The same of the codes that were sent to it.
PHONEAUTH_DECL cell_batch unlock_messages(const phone_number& phone, time_point now);

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/rules/limits.ipp>
#endif

#endif
