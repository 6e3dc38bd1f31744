// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_RESERVATIONS_HPP
#define PHONEAUTH_RULES_RESERVATIONS_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <phoneauth/config.hpp>
#include <phoneauth/counter.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/rules/limits.hpp>
#include <phoneauth/transaction.hpp>

// What a message and a guess are counted against, put together from limits.hpp. Pure.

namespace phoneauth {
inline namespace v0 {
namespace rules {

/// The account whose failures at guessing codes for this purpose are counted. Each way in has its own, so that guesses
/// at one do not shut the others.
PHONEAUTH_DECL std::string code_account(purpose p, const phone_number& phone, bool after_password);
/// The account of the codes of `t`.
PHONEAUTH_DECL std::string code_account(const transaction& t);
/// The account whose wrong passwords are counted. `subject`: what was typed as phone or identity.
PHONEAUTH_DECL std::string password_account(std::string_view subject);

/// The counters that belong to one thing, among all that are changed in one round trip.
struct counter_slot {
    std::size_t first = 0;  ///< where they begin
    std::size_t size = 0;   ///< how many there are

    /// The slot's counters among `all`, which the round trip returned.
    std::span<const counter> of(std::span<const counter> all) const { return all.subspan(first, size); }
    /// The first of them.
    const counter& one(std::span<const counter> all) const { return all[first]; }
};

/// Changes to counters for one round trip. Each addition names a slot, by which its counters are found in the answer.
class counter_batch {
public:
    /// Adds one change.
    PHONEAUTH_DECL counter_slot add(counter_change change);
    /// Adds the changes that add `by` to each of `windows` and read them; see `limits::count`.
    PHONEAUTH_DECL counter_slot add(std::span<const limits::window> windows, std::int64_t by, time_point now);

    /// All of them, in their order. Lives as long as this object.
    const std::vector<counter_change>& changes() const noexcept { return changes_; }

private:
    std::vector<counter_change> changes_;
};

/// Something that limits allow or refuse. It takes two round trips:
///
/// 1. `peek` says what to read, and `check` judges what was read. What is refused here was never counted, so that a
///    flood of refused requests takes nothing away from anybody.
/// 2. `reserve` says what to count, and `confirm` judges what was counted, because others may have come in between.
///    What is refused here has been counted: the caller makes the changes of `cancel`.
///
/// The functions are called in this order. Not thread-safe: a reservation belongs to one flow.
class reservation {
public:
    /// The counters to read.
    virtual counter_batch peek() = 0;
    /// Judges `counters`, which `peek` led to. Returns the refusal, with `retry_after`, if there is no room.
    virtual result<void> check(std::span<const counter> counters) = 0;
    /// The changes that count it.
    virtual counter_batch reserve() = 0;
    /// Judges `counters`, which `reserve` led to. Returns the refusal, with `retry_after`, if there was no room.
    virtual result<void> confirm(std::span<const counter> counters) = 0;
    /// The changes that take the reservation back.
    virtual counter_batch cancel() const = 0;
    /// Whether it made a budget run low.
    virtual bool reaches_warning() const noexcept { return false; }

protected:
    ~reservation() = default;
};

/// A message that is about to be sent. See `reservation`.
class send_reservation final : public reservation {
public:
    /// What there is to know about the message.
    struct request {
        limits::send_budget budget;     ///< what the message counts for
        std::optional<purpose> begins;  ///< the message begins a transaction for this purpose
        bool after_password = false;    ///< a password was right before it
        std::string_view network;       ///< the client's; empty: unknown
        std::string_view user_id;       ///< on whose behalf it is sent; empty: nobody's
        bool shared = false;            ///< many clients may have the network: it counts as nobody's that is known
    };

    /// To a test number nothing is sent, and so no message is counted. `c` must outlive this.
    PHONEAUTH_DECL send_reservation(const request& r, const phone_number& phone, const config& c, time_point now);

    ///@{
    /// See the function of this name in `reservation`.
    PHONEAUTH_DECL counter_batch peek() override;
    PHONEAUTH_DECL result<void> check(std::span<const counter> counters) override;
    PHONEAUTH_DECL counter_batch reserve() override;
    PHONEAUTH_DECL result<void> confirm(std::span<const counter> counters) override;
    counter_batch cancel() const override { return cancel(false); }
    ///@}
    /// The changes that take the reservation back. If the provider refused the number, the client's window and the
    /// cooldown stay as they are: asking the provider costs time and good will, and nothing else would stop a client.
    PHONEAUTH_DECL counter_batch cancel(bool refused_by_provider) const;

    /// Whether it was asked for from a network that is known to the phone's owner: wrong codes count as theirs.
    bool is_known() const noexcept { return known_; }
    /// Whether this message made the hour's budget run low.
    bool reaches_warning() const noexcept override { return limits::reaches_warning(spent_, config_); }

private:
    /// It comes from the owner of the phone, or from where they have been.
    bool is_proven() const noexcept { return known_ || after_password_; }
    std::int64_t max_failures() const noexcept { return limits::max_failures(known_, config_); }

    phone_number phone_;
    std::optional<purpose> begins_;
    bool after_password_;
    std::string network_;  ///< as one that may be known; empty: none
    const config& config_;
    time_point now_;
    std::string account_;
    std::vector<limits::window> windows_;
    bool cools_ = false;
    bool known_ = false;
    counter failures_{};  ///< the account's, when they were read
    std::int64_t spent_ = 0;

    // Where the counters are in the answers. Those of strangers stand before those of known networks.
    counter_slot window_slot_, known_slot_, reserved_windows_, reserved_open_, reserved_cooldown_;
    std::array<counter_slot, 2> failure_slots_, pause_slots_, open_slots_, cooldown_slots_;
};

/// One guess at a password. It is counted as wrong before it is compared, so that no more are compared than are
/// allowed, however many come at once. See `reservation`.
class password_reservation final : public reservation {
public:
    /// @param subject    what was typed as phone or identity: it is counted alike, whether or not a user has it
    /// @param network    the client's; empty: unknown
    /// @param shared_by  how many accounts share the failures that one user may have; 1 or 2
    /// @param c          the configuration; must outlive this
    /// @param now        the time
    /// @param shared     many clients may have the network: it counts as nobody's that is known
    PHONEAUTH_DECL password_reservation(std::string_view subject, std::string_view network, int shared_by,
                                        const config& c, time_point now, bool shared = false);

    ///@{
    /// See the function of this name in `reservation`.
    PHONEAUTH_DECL counter_batch peek() override;
    PHONEAUTH_DECL result<void> check(std::span<const counter> counters) override;
    PHONEAUTH_DECL counter_batch reserve() override;
    PHONEAUTH_DECL result<void> confirm(std::span<const counter> counters) override;
    PHONEAUTH_DECL counter_batch cancel() const override;
    ///@}

    /// How long the account waits after this guess if it was wrong. Call it after `confirm`.
    PHONEAUTH_DECL std::chrono::seconds wait() const;
    /// The changes that make it wait so long.
    PHONEAUTH_DECL counter_batch punish(time_point now) const;

private:
    std::int64_t max_failures() const noexcept { return limits::max_failures(known_, config_) / shared_by_; }

    std::string account_;
    std::string subject_;
    std::string network_;  ///< as one that may be known; empty: none
    int shared_by_;
    const config& config_;
    time_point now_;
    std::vector<limits::window> windows_;
    bool known_ = false;
    std::int64_t failures_ = 0;
    counter_slot window_slot_, known_slot_, reserved_failures_, reserved_windows_;
    std::array<counter_slot, 2> failure_slots_, pause_slots_;
};

/// The changes that count a wrong code of `t`. It needs no reservation: there was room for it before the code was sent.
PHONEAUTH_DECL counter_batch count_wrong_code(const transaction& t, time_point now);
/// How long the account of `t` waits when `failures` have come to be counted.
PHONEAUTH_DECL std::chrono::seconds wrong_code_wait(const transaction& t, const counter& failures, const config& c);
/// The changes that make it wait so long.
PHONEAUTH_DECL counter_batch punish_wrong_code(const transaction& t, std::chrono::seconds wait, time_point now);

/// The changes that follow a login. It ends the failures at each way in and the login's cooldowns, and makes the
/// network known. Codes that are still open stay counted, except the one that was used: they can still be guessed at.
///
/// @param phone             the user's
/// @param used              the transaction that led to the login, or nullptr
/// @param identity_subject  whose failures logins by identity count; empty if they are not counted by themselves
/// @param network           the client's; empty: unknown, and so none becomes known
/// @param c                 the configuration
/// @param now               the time
PHONEAUTH_DECL counter_batch forget_failures(const phone_number& phone, const transaction* used,
                                             std::string_view identity_subject, std::string_view network,
                                             const config& c, time_point now);

/// The changes that follow a registration by `used`. It ends the failures at registering this phone, and makes the
/// network known to the new user, unless it is empty.
PHONEAUTH_DECL counter_batch forget_registration(const transaction& used, std::string_view network, const config& c,
                                                 time_point now);

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/rules/reservations.ipp>
#endif

#endif
