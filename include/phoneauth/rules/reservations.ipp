// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_RESERVATIONS_IPP
#define PHONEAUTH_RULES_RESERVATIONS_IPP

#include <algorithm>
#include <utility>

#include <phoneauth/rules/destination.hpp>
#include <phoneauth/rules/reservations.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rules {

PHONEAUTH_DECL std::string code_account(purpose p, const phone_number& phone, bool after_password) {
    const std::string_view way = p == purpose::registration ? "registration:" : (after_password ? "second:" : "login:");
    return detail::join(way, phone.str());
}

PHONEAUTH_DECL std::string code_account(const transaction& t) {
    return code_account(t.purpose, t.phone, !t.password_fingerprint.empty());
}

PHONEAUTH_DECL std::string password_account(std::string_view subject) {
    return detail::join("password:", subject);
}

PHONEAUTH_DECL counter_slot counter_batch::add(counter_change change) {
    if (changes_.capacity() == 0) changes_.reserve(24);  // as many as any flow has besides windows
    changes_.push_back(std::move(change));
    return {changes_.size() - 1, 1};
}

PHONEAUTH_DECL counter_slot counter_batch::add(std::span<const limits::window> windows, std::int64_t by,
                                               time_point now) {
    const auto first = changes_.size();
    changes_.reserve(first + windows.size() * limits::window_parts + 10);
    limits::count(windows, by, now, changes_);
    return {first, changes_.size() - first};
}

PHONEAUTH_DECL send_reservation::send_reservation(const request& r, const phone_number& phone, const config& c,
                                                  time_point now)
    : phone_(phone), begins_(r.begins), after_password_(r.after_password),
      network_(r.shared ? std::string_view() : r.network), config_(c), now_(now) {
    if (begins_) account_ = code_account(*begins_, phone, after_password_);
    if (find_test_number(phone, c)) return;
    windows_ = limits::send_windows(r.budget, phone, r.network, r.user_id, c);
    cools_ = begins_ && !after_password_ && c.phone_cooldown.count() > 0;
}

PHONEAUTH_DECL counter_batch send_reservation::peek() {
    counter_batch all;
    window_slot_ = all.add(windows_, 0, now_);
    known_slot_ = all.add(limits::known_network(phone_.str(), network_, 0, now_));
    if (!begins_) return all;
    for (const bool known : {false, true}) {
        failure_slots_[known] = all.add(limits::failures(account_, known, 0, now_));
        pause_slots_[known] = all.add(limits::failure_pause(account_, known, 0, now_));
        open_slots_[known] = all.add(limits::open_codes(account_, known, 0, config_, now_));
        cooldown_slots_[known] = all.add(limits::cooldown(*begins_, phone_, known, 0, config_, now_));
    }
    return all;
}

PHONEAUTH_DECL result<void> send_reservation::check(std::span<const counter> counters) {
    known_ = known_slot_.one(counters).value > 0;
    result<void> allowed;
    if (begins_) {
        failures_ = failure_slots_[known_].one(counters);
        allowed = limits::check_failures(failures_, pause_slots_[known_].one(counters), max_failures(), now_);
        if (allowed)
            allowed =
                limits::check_open_codes(failures_, open_slots_[known_].one(counters), max_failures(), config_, now_);
        if (allowed && cools_)
            allowed = limits::check_cooldown(cooldown_slots_[known_].one(counters), 0, config_, now_);
    }
    if (allowed) allowed = limits::check(windows_, window_slot_.of(counters), 1, is_proven(), now_);
    return allowed;
}

PHONEAUTH_DECL counter_batch send_reservation::reserve() {
    counter_batch all;
    reserved_windows_ = all.add(windows_, 1, now_);
    if (begins_) reserved_open_ = all.add(limits::open_codes(account_, known_, 1, config_, now_));
    if (cools_) reserved_cooldown_ = all.add(limits::cooldown(*begins_, phone_, known_, 1, config_, now_));
    return all;
}

PHONEAUTH_DECL result<void> send_reservation::confirm(std::span<const counter> counters) {
    const auto counted = reserved_windows_.of(counters);
    if (!windows_.empty() && config_.max_sends_per_hour > 0)  // the budget of all is the last window
        spent_ = limits::sum_of(counted.last(limits::window_parts));
    auto allowed = limits::check(windows_, counted, 0, is_proven(), now_);
    if (begins_ && allowed) {
        auto before = reserved_open_.one(counters);
        --before.value;
        allowed = limits::check_open_codes(failures_, before, max_failures(), config_, now_);
    }
    if (cools_) {
        const auto& cooldown = reserved_cooldown_.one(counters);
        if (allowed) allowed = limits::check_cooldown(cooldown, 1, config_, now_);
        cools_ = cooldown.value == 1;  // else the cooldown belongs to the code before this one
    }
    return allowed;
}

PHONEAUTH_DECL counter_batch send_reservation::cancel(bool refused_by_provider) const {
    counter_batch all;
    std::vector<limits::window> given_back = windows_;
    if (refused_by_provider) std::erase_if(given_back, [](const limits::window& w) { return w.keeps_attempts; });
    all.add(given_back, -1, now_);
    if (begins_) all.add(limits::open_codes(account_, known_, -1, config_, now_));
    if (cools_ && !refused_by_provider)
        all.add(limits::cooldown(*begins_, phone_, known_, -limits::all_failures, config_, now_));
    return all;
}

PHONEAUTH_DECL password_reservation::password_reservation(std::string_view subject, std::string_view network,
                                                          int shared_by, const config& c, time_point now, bool shared)
    : account_(password_account(subject)), subject_(subject), network_(shared ? std::string_view() : network),
      shared_by_(shared_by), config_(c), now_(now) {
    auto window = limits::wrong_password_window(network, c);
    if (window.most > 0) windows_.push_back(std::move(window));
}

PHONEAUTH_DECL counter_batch password_reservation::peek() {
    counter_batch all;
    window_slot_ = all.add(windows_, 0, now_);
    known_slot_ = all.add(limits::known_network(subject_, network_, 0, now_));
    for (const bool known : {false, true}) {
        failure_slots_[known] = all.add(limits::failures(account_, known, 0, now_));
        pause_slots_[known] = all.add(limits::failure_pause(account_, known, 0, now_));
    }
    return all;
}

PHONEAUTH_DECL result<void> password_reservation::check(std::span<const counter> counters) {
    known_ = known_slot_.one(counters).value > 0;
    auto allowed = limits::check_failures(failure_slots_[known_].one(counters), pause_slots_[known_].one(counters),
                                          max_failures(), now_);
    if (allowed) allowed = limits::check(windows_, window_slot_.of(counters), 1, known_, now_);
    return allowed;
}

PHONEAUTH_DECL counter_batch password_reservation::reserve() {
    counter_batch all;
    reserved_failures_ = all.add(limits::failures(account_, known_, 1, now_));
    reserved_windows_ = all.add(windows_, 1, now_);
    return all;
}

PHONEAUTH_DECL result<void> password_reservation::confirm(std::span<const counter> counters) {
    auto before = reserved_failures_.one(counters);
    failures_ = before.value;
    --before.value;
    auto allowed = limits::check_failures(before, {}, max_failures(), now_);
    if (allowed) allowed = limits::check(windows_, reserved_windows_.of(counters), 0, known_, now_);
    return allowed;
}

PHONEAUTH_DECL counter_batch password_reservation::cancel() const {
    counter_batch all;
    all.add(limits::failures(account_, known_, -1, now_));
    all.add(windows_, -1, now_);
    return all;
}

PHONEAUTH_DECL std::chrono::seconds password_reservation::wait() const {
    return limits::failure_wait(failures_, max_failures());
}

PHONEAUTH_DECL counter_batch password_reservation::punish(time_point now) const {
    counter_batch all;
    if (wait().count() > 0) all.add(limits::failure_pause(account_, known_, 1, now, wait()));
    return all;
}

PHONEAUTH_DECL counter_batch count_wrong_code(const transaction& t, time_point now) {
    counter_batch all;
    all.add(limits::failures(code_account(t), t.known_network, 1, now));
    return all;
}

PHONEAUTH_DECL std::chrono::seconds wrong_code_wait(const transaction& t, const counter& failures, const config& c) {
    const auto wait = limits::failure_wait(failures.value, limits::max_failures(t.known_network, c));
    return std::min<std::chrono::seconds>(wait, limits::memory_of(code_account(t)));
}

PHONEAUTH_DECL counter_batch punish_wrong_code(const transaction& t, std::chrono::seconds wait, time_point now) {
    counter_batch all;
    all.add(limits::failure_pause(code_account(t), t.known_network, 1, now, wait));
    return all;
}

namespace detail {
/// The run of failures of `account` and its pause are over, for everybody.
inline void end_failures(std::string_view account, time_point now, counter_batch& all) {
    for (const bool known : {false, true}) {
        all.add(limits::failures(account, known, -limits::all_failures, now));
        all.add(limits::failure_pause(account, known, -limits::all_failures, now));
    }
}

/// The code of `t` is spent: nobody can guess at it any more.
inline void close_code(const transaction& t, const config& c, time_point now, counter_batch& all) {
    all.add(limits::open_codes(code_account(t), t.known_network, -1, c, now));
}
}  // namespace detail

PHONEAUTH_DECL counter_batch forget_failures(const phone_number& phone, const transaction* used,
                                             std::string_view identity_subject, std::string_view network,
                                             const config& c, time_point now) {
    counter_batch all;
    detail::end_failures(password_account(phone.str()), now, all);
    if (!identity_subject.empty()) detail::end_failures(password_account(identity_subject), now, all);
    for (const bool after_password : {false, true})
        detail::end_failures(code_account(purpose::login, phone, after_password), now, all);
    for (const bool known : {false, true})
        all.add(limits::cooldown(purpose::login, phone, known, -limits::all_failures, c, now));
    if (used) detail::close_code(*used, c, now, all);
    if (network.empty()) return all;
    all.add(limits::known_network(phone.str(), network, 1, now));
    if (!identity_subject.empty()) all.add(limits::known_network(identity_subject, network, 1, now));
    return all;
}

PHONEAUTH_DECL counter_batch forget_registration(const transaction& used, std::string_view network, const config& c,
                                                 time_point now) {
    counter_batch all;
    detail::end_failures(code_account(purpose::registration, used.phone, false), now, all);
    detail::close_code(used, c, now, all);
    if (!network.empty()) all.add(limits::known_network(used.phone.str(), network, 1, now));
    return all;
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif
