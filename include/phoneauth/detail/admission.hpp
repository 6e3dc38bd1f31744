// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_ADMISSION_HPP
#define PHONEAUTH_DETAIL_ADMISSION_HPP

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
#include <phoneauth/destination.hpp>
#include <phoneauth/limits.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/transaction.hpp>

// What a message and a guess are counted against, put together from limits.hpp: which changes to make in one round trip,
// what the answer means, and what takes the changes back. Pure.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// The account whose failures at guessing codes of this kind are counted. Each way in has its own, so that who guesses at
/// one does not shut the others.
inline std::string code_account(purpose kind, const phone_number& phone) {
    return join(std::string_view(kind == purpose::login ? "login:" : "registration:"), phone.str());
}
inline std::string password_account(std::string_view subject) {
    return join("password:", subject);
}

/// The four counters of an account's failures, read or changed together.
inline constexpr std::size_t account_parts = 4;

/// Appends changes by `by` of an account's runs and, if `ends`, of its pauses, which are only read else.
inline void count_failures(const std::string& account, std::int64_t by, bool ends, time_point now,
                           std::vector<counter_change>& changes) {
    const auto known = account_of_known(account);
    const auto pause_by = ends ? by : 0;
    changes.push_back(failures(account, by, now));
    changes.push_back(failure_pause(account, pause_by, now));
    changes.push_back(failures(known, by, now));
    changes.push_back(failure_pause(known, pause_by, now));
}

/// `c`: what `count_failures` read.
inline result<void> check_account(std::span<const counter> c, bool known, const config& settings, time_point now) {
    const auto own = c.subspan(known ? 2 : 0, 2);
    return check_failures(own[0], own[1], max_failures(known, settings), now);
}

/// A message that is about to be sent.
class sending {
public:
    /// `network`, `user_id`: see `send_windows`. `begins`: the message begins a transaction of this kind, with nothing
    /// asked before it.
    sending(send_budget budget, const phone_number& phone, std::optional<purpose> begins, std::string_view network,
            std::string_view user_id, const config& c, time_point now)
        : phone_(phone), begins_(begins), network_(network), config_(c), now_(now),
          windows_(send_windows(budget, phone, network, user_id, c)), cools_(begins && c.phone_cooldown.count() > 0) {}

    /// Nothing is sent to a test number, and nothing counted.
    bool is_exempt() const noexcept { return find_test_number(phone_, config_) != nullptr; }

    std::vector<counter_change> changes() const {
        std::vector<counter_change> all;
        all.reserve(window_parts * windows_.size() + account_parts + 8);
        count(windows_, 1, now_, all);
        all.push_back(known_network(phone_.str(), network_, 0, now_));
        if (begins_) count_failures(code_account(*begins_, phone_), 0, false, now_, all);
        if (cools_) all.push_back(cooldown(*begins_, phone_, 1, config_, now_));
        return all;
    }

    /// Whether the message may be sent; `counted`: what `changes` led to. Who is refused is not counted.
    result<void> judge(std::span<const counter> counted) {
        const auto others = window_parts * windows_.size();
        const bool known = counted[others].value > 0;
        if (config_.max_sends_per_hour > 0) spent_ = sum_of(counted.subspan(others - window_parts, window_parts));
        result<void> allowed;
        if (begins_) allowed = check_account(counted.subspan(others + 1), known, config_, now_);
        if (cools_) {
            const auto& heat = counted[others + 1 + account_parts];
            cools_ = heat.value == 1;  // else the cooldown belongs to the code before this one
            if (allowed && !known) allowed = check_cooldown(heat, now_);
        }
        if (allowed) allowed = check(windows_, counted, known, now_);
        return allowed;
    }

    /// What takes the changes back.
    std::vector<counter_change> back() const {
        std::vector<counter_change> all;
        count(windows_, -1, now_, all);
        if (cools_) all.push_back(cooldown(*begins_, phone_, -all_failures, config_, now_));
        return all;
    }

    /// Whether this message made the hour's budget run low.
    bool reaches_warning() const noexcept { return spent_ > 0 && phoneauth::reaches_warning(spent_, config_); }

private:
    phone_number phone_;
    std::optional<purpose> begins_;
    std::string network_;
    const config& config_;
    time_point now_;
    std::vector<window> windows_;
    bool cools_;
    std::int64_t spent_ = 0;
};

/// One guess at a secret of an account. It is counted as wrong before anybody looks, so that no more guesses are compared
/// than are allowed, however many come at once; and with strangers and known networks, as it is not told yet which it is.
class guess {
public:
    /// `subject`: whose known networks count. `windows`: what a wrong guess counts against beside.
    guess(std::string account, std::string_view subject, std::string_view network, std::vector<window> windows,
          const config& c, time_point now)
        : account_(std::move(account)), known_key_(known_network(subject, network, 0, now)),
          windows_(std::move(windows)), config_(c), now_(now) {}

    std::vector<counter_change> changes() const {
        std::vector<counter_change> all;
        all.reserve(account_parts + 1 + window_parts * windows_.size());
        count_failures(account_, 1, false, now_, all);
        all.push_back(known_key_);
        count(windows_, 1, now_, all);
        return all;
    }

    /// Whether the guess may be looked at.
    result<void> judge(std::vector<counter> counted) {
        known_ = counted[account_parts].value > 0;
        auto& run = counted[known_ ? 2 : 0].value;
        run_ = run--;
        const std::span<const counter> all(counted);
        auto allowed = check_account(all, known_, config_, now_);
        if (allowed) allowed = check(windows_, all.subspan(account_parts + 1), false, now_);
        return allowed;
    }

    /// What takes the guess back: it was not looked at, or right.
    std::vector<counter_change> back() const {
        std::vector<counter_change> all{failures(account_, -1, now_), failures(account_of_known(account_), -1, now_)};
        count(windows_, -1, now_, all);
        return all;
    }

    /// How long the account waits after the guess was wrong.
    std::chrono::seconds wait() const { return failure_wait(run_, max_failures(known_, config_)); }

    /// What leaves a wrong guess counted where it belongs, and makes the account wait.
    std::vector<counter_change> miss(time_point now) const {
        const auto known = account_of_known(account_);
        std::vector<counter_change> all{failures(known_ ? account_ : known, -1, now)};
        if (wait().count() > 0) all.push_back(failure_pause(known_ ? known : account_, 1, now, wait()));
        return all;
    }

private:
    std::string account_;
    counter_change known_key_;
    std::vector<window> windows_;
    const config& config_;
    time_point now_;
    bool known_ = false;
    std::int64_t run_ = 0;
};

/// What a login ends: all that went wrong before; and the network is known from now on, unless it is empty.
inline std::vector<counter_change> forget_failures(const phone_number& phone, std::string_view network, const config& c,
                                                   time_point now) {
    std::vector<counter_change> all;
    all.reserve(2 * account_parts + 2);
    count_failures(password_account(phone.str()), -all_failures, true, now, all);
    count_failures(code_account(purpose::login, phone), -all_failures, true, now, all);
    all.push_back(cooldown(purpose::login, phone, -all_failures, c, now));
    if (!network.empty()) all.push_back(known_network(phone.str(), network, 1, now));
    return all;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
