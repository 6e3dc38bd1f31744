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
#include <phoneauth/code_budget.hpp>
#include <phoneauth/config.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/rules/doors.hpp>
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
/// Asks for the budget of all, and changes nothing.
PHONEAUTH_DECL cell_batch budget_question(time_point now);
/// What `a`, the answer to that, means.
PHONEAUTH_DECL code_budget budget_left(const cell_answer& a, const config& c, time_point now);
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
/// only the rest is the client's own (`limit_batch::of_client`). `hashes`: how many.
PHONEAUTH_DECL limit_batch backup_limits(std::string_view phone, std::string_view fingerprint,
                                         const client_networks& from, bool concealed, std::int64_t hashes,
                                         const config& c, time_point now);
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
