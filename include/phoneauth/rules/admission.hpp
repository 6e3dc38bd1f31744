// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_ADMISSION_HPP
#define PHONEAUTH_RULES_ADMISSION_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/config.hpp>
#include <phoneauth/counter.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/rules/destination.hpp>
#include <phoneauth/rules/limits.hpp>
#include <phoneauth/transaction.hpp>

// What a message and a guess are counted against, put together from limits.hpp. Pure. Both go the same way, in two
// round trips: first it is asked whether they may be, then they are counted, and judged once more, as others may have
// come in between. So what is refused is never counted, and a flood of it takes nothing away from anybody; and what is
// counted is counted with those it belongs to, strangers or known networks.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// The account whose failures at guessing codes of this kind are counted. Each way in has its own, so that who guesses
/// at one does not shut the others.
inline std::string code_account(purpose kind, const phone_number& phone, bool after_password) {
    const std::string_view way =
        kind == purpose::registration ? "registration:" : (after_password ? "second:" : "login:");
    return join(way, phone.str());
}
inline std::string password_account(std::string_view subject) {
    return join("password:", subject);
}

/// The four counters of an account's failures, read or changed together.
inline constexpr std::size_t account_parts = 4;

/// Appends changes by `by` of an account's runs and pauses.
inline void change_failures(std::string_view account, std::int64_t by, time_point now,
                            std::vector<counter_change>& changes) {
    for (const bool known : {false, true}) {
        changes.push_back(limits::failures(account, known, by, now));
        changes.push_back(limits::failure_pause(account, known, by, now));
    }
}

/// A message that is about to be sent.
class sending {
public:
    /// `begins`: the message begins a transaction of this kind, `after_password` if a password was right before it.
    /// `network`, `user_id`: see `send_windows`. To a test number nothing is sent, and so no message is counted.
    sending(limits::send_budget budget, const phone_number& phone, std::optional<purpose> begins, bool after_password,
            std::string_view network, std::string_view user_id, const config& c, time_point now)
        : phone_(phone), begins_(begins), after_password_(after_password), network_(network), config_(c), now_(now) {
        if (begins) account_ = code_account(*begins, phone, after_password);
        if (find_test_number(phone, c)) return;
        windows_ = limits::send_windows(budget, phone, network, user_id, c);
        cools_ = begins && !after_password && c.phone_cooldown.count() > 0;
    }

    std::vector<counter_change> question() const {
        std::vector<counter_change> all;
        all.reserve(limits::window_parts * windows_.size() + account_parts + 5);
        limits::count(windows_, 0, now_, all);
        all.push_back(limits::known_network(phone_.str(), network_, 0, now_));
        if (!begins_) return all;
        change_failures(account_, 0, now_, all);
        for (const bool known : {false, true}) all.push_back(limits::open_codes(account_, known, 0, config_, now_));
        for (const bool known : {false, true})
            all.push_back(limits::cooldown(*begins_, phone_, known, 0, config_, now_));
        return all;
    }

    /// Whether the message may be counted; `c`: the answer.
    result<void> ask(std::span<const counter> c) {
        const auto rest = c.subspan(limits::window_parts * windows_.size());
        known_ = rest[0].value > 0;
        result<void> allowed;
        if (begins_) {
            const std::size_t own = known_ ? 1 : 0;
            run_ = rest[1 + 2 * own];
            allowed = limits::check_failures(run_, rest[2 + 2 * own], most(), now_);
            if (allowed) allowed = limits::check_open_codes(run_, rest[1 + account_parts + own], most(), config_, now_);
            if (allowed && cools_) allowed = limits::check_cooldown(rest[3 + account_parts + own], 0, config_, now_);
        }
        if (allowed) allowed = limits::check(windows_, c, 1, is_proven(), now_);
        return allowed;
    }

    std::vector<counter_change> changes() const {
        std::vector<counter_change> all;
        all.reserve(limits::window_parts * windows_.size() + 2);
        limits::count(windows_, 1, now_, all);
        if (begins_) all.push_back(limits::open_codes(account_, known_, 1, config_, now_));
        if (cools_) all.push_back(limits::cooldown(*begins_, phone_, known_, 1, config_, now_));
        return all;
    }

    /// Whether the message, counted, may be sent; `counted`: what `changes` led to.
    result<void> judge(std::span<const counter> counted) {
        const auto others = limits::window_parts * windows_.size();
        if (!windows_.empty() && config_.max_sends_per_hour > 0)
            spent_ = limits::sum_of(counted.subspan(others - limits::window_parts, limits::window_parts));
        auto allowed = limits::check(windows_, counted, 0, is_proven(), now_);
        if (begins_ && allowed) {
            auto before = counted[others];
            --before.value;
            allowed = limits::check_open_codes(run_, before, most(), config_, now_);
        }
        if (cools_) {
            const auto& heat = counted[others + 1];
            if (allowed) allowed = limits::check_cooldown(heat, 1, config_, now_);
            cools_ = heat.value == 1;  // else the cooldown belongs to the code before this one
        }
        return allowed;
    }

    /// What takes the changes back: the message was not sent. What a client has tried stays counted if the provider
    /// refused the number: to ask that costs time and good will, and nothing else would stop it.
    std::vector<counter_change> back(bool refused_by_provider) const {
        std::vector<counter_change> all;
        std::vector<limits::window> given_back = windows_;
        if (refused_by_provider) std::erase_if(given_back, [](const limits::window& w) { return w.keeps_attempts; });
        limits::count(given_back, -1, now_, all);
        if (begins_) all.push_back(limits::open_codes(account_, known_, -1, config_, now_));
        if (cools_ && !refused_by_provider)
            all.push_back(limits::cooldown(*begins_, phone_, known_, -limits::all_failures, config_, now_));
        return all;
    }

    /// Whether it was asked for from a network that is known to the phone's owner: wrong codes count as theirs.
    bool is_known() const noexcept { return known_; }

    /// Whether this message made the hour's budget run low.
    bool reaches_warning() const noexcept { return limits::reaches_warning(spent_, config_); }

private:
    /// It comes from the owner of the phone, or from where he has been.
    bool is_proven() const noexcept { return known_ || after_password_; }
    std::int64_t most() const noexcept { return limits::max_failures(known_, config_); }

    phone_number phone_;
    std::optional<purpose> begins_;
    bool after_password_;
    std::string network_;
    const config& config_;
    time_point now_;
    std::string account_{};
    std::vector<limits::window> windows_{};
    bool cools_ = false;
    bool known_ = false;
    counter run_{};  ///< of failures, when it was asked
    std::int64_t spent_ = 0;
};

/// One guess at a secret of an account. A password is counted as wrong before anybody looks, so that no more are compared
/// than are allowed, however many come at once. A wrong code is only counted: there was room for it before it was sent.
class guess {
public:
    /// A code of a transaction, guessed at.
    guess(const transaction& t, const config& c, time_point now)
        : account_(code_account(t.purpose, t.phone, !t.password_fingerprint.empty())), config_(c), now_(now),
          known_(t.known_network) {}

    /// A password. `subject`: whose known networks count. `windows`: what a wrong guess counts against beside.
    /// `doors`: how many accounts share what is allowed, as one person has them all.
    guess(std::string account, std::string_view subject, std::string_view network, std::vector<limits::window> windows,
          std::int64_t doors, const config& c, time_point now)
        : account_(std::move(account)), config_(c), now_(now), windows_(std::move(windows)), doors_(doors),
          known_key_(limits::known_network(subject, network, 0, now)) {}

    std::vector<counter_change> question() const {
        std::vector<counter_change> all;
        all.reserve(account_parts + 1 + limits::window_parts * windows_.size());
        change_failures(account_, 0, now_, all);
        all.push_back(known_key_);
        limits::count(windows_, 0, now_, all);
        return all;
    }

    /// Whether the guess may be counted; `c`: the answer.
    result<void> ask(std::span<const counter> c) {
        known_ = c[account_parts].value > 0;
        const auto own = c.subspan(known_ ? 2 : 0, 2);
        auto allowed = limits::check_failures(own[0], own[1], most(), now_);
        if (allowed) allowed = limits::check(windows_, c.subspan(account_parts + 1), 1, known_, now_);
        return allowed;
    }

    std::vector<counter_change> changes() const {
        std::vector<counter_change> all{limits::failures(account_, known_, 1, now_)};
        limits::count(windows_, 1, now_, all);
        return all;
    }

    /// Whether the guess, counted, may be looked at; `counted`: what `changes` led to.
    result<void> judge(std::span<const counter> counted) {
        run_ = counted[0].value;
        auto before = counted[0];
        --before.value;
        auto allowed = limits::check_failures(before, {}, most(), now_);
        if (allowed) allowed = limits::check(windows_, counted.subspan(1), 0, known_, now_);
        return allowed;
    }

    /// What takes the guess back: it was not looked at, or right.
    std::vector<counter_change> back() const {
        std::vector<counter_change> all{limits::failures(account_, known_, -1, now_)};
        limits::count(windows_, -1, now_, all);
        return all;
    }

    /// How long the account waits after the guess was wrong.
    std::chrono::seconds wait() const {
        return std::min<std::chrono::seconds>(limits::failure_wait(run_, most()), limits::memory_of(account_));
    }

    /// What makes the account wait.
    std::vector<counter_change> miss(time_point now) const {
        std::vector<counter_change> all;
        if (wait().count() > 0) all.push_back(limits::failure_pause(account_, known_, 1, now, wait()));
        return all;
    }

private:
    std::int64_t most() const noexcept { return limits::max_failures(known_, config_) / doors_; }

    std::string account_;
    const config& config_;
    time_point now_;
    std::vector<limits::window> windows_{};
    std::int64_t doors_ = 1;
    counter_change known_key_{};
    bool known_ = false;
    std::int64_t run_ = 0;
};

/// Appends that the code of `t` is spent: nobody can guess at it any more.
inline void close_code(const transaction& t, const config& c, time_point now, std::vector<counter_change>& changes) {
    const auto account = code_account(t.purpose, t.phone, !t.password_fingerprint.empty());
    changes.push_back(limits::open_codes(account, t.known_network, -1, c, now));
}

/// What a login ends: the failures at each way in and the cooldowns; and the network is known from now on, unless it is
/// empty. Codes of others that are still open stay counted: they can still be guessed at. `used`: the transaction that
/// led to it, or nullptr. `identity_subject`: of logins by identity, empty if there are none.
inline std::vector<counter_change> forget_failures(const phone_number& phone, const transaction* used,
                                                   std::string_view identity_subject, std::string_view network,
                                                   const config& c, time_point now) {
    std::vector<counter_change> all;
    all.reserve(4 * account_parts + 5);
    change_failures(password_account(phone.str()), -limits::all_failures, now, all);
    if (!identity_subject.empty()) change_failures(password_account(identity_subject), -limits::all_failures, now, all);
    for (const bool after_password : {false, true})
        change_failures(code_account(purpose::login, phone, after_password), -limits::all_failures, now, all);
    for (const bool known : {false, true})
        all.push_back(limits::cooldown(purpose::login, phone, known, -limits::all_failures, c, now));
    if (used) close_code(*used, c, now, all);
    if (network.empty()) return all;
    all.push_back(limits::known_network(phone.str(), network, 1, now));
    if (!identity_subject.empty()) all.push_back(limits::known_network(identity_subject, network, 1, now));
    return all;
}

/// What a registration by `used` ends; the network is the new user's from now on, unless it is empty.
inline std::vector<counter_change> forget_registration(const transaction& used, std::string_view network,
                                                       const config& c, time_point now) {
    std::vector<counter_change> all;
    change_failures(code_account(purpose::registration, used.phone, false), -limits::all_failures, now, all);
    close_code(used, c, now, all);
    if (!network.empty()) all.push_back(limits::known_network(used.phone.str(), network, 1, now));
    return all;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
