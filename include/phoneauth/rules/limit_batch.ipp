// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_LIMIT_BATCH_IPP
#define PHONEAUTH_RULES_LIMIT_BATCH_IPP

#include <phoneauth/rules/limits.hpp>
#include <phoneauth/rules/limits.ipp>

namespace phoneauth {
inline namespace v0 {
namespace rules {

PHONEAUTH_DECL std::chrono::milliseconds limit_batch::wait_of(std::size_t i, const cell_answer& a) const noexcept {
    const auto& r = cells_[i];
    if (r.action == cell_action::move || !is_for(r, a.marked)) return {};
    const auto now = cells_.now();
    const auto room = r.room + (a.marked ? r.reserve : std::chrono::milliseconds(0));
    return (std::max)(a.cells[i], now) + r.cost - room - now;
}

PHONEAUTH_DECL result<void> limit_batch::judge(const cell_answer& a) const {
    if (a.granted) return {};
    std::size_t tightest = 0;
    std::chrono::milliseconds longest{};
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        const auto wait = wait_of(i, a);
        if (wait <= longest) continue;
        tightest = i;
        longest = wait;
    }
    return failure(refusals_[tightest])
        .with_retry_after((std::max)(std::chrono::ceil<std::chrono::seconds>(longest), std::chrono::seconds(1)));
}

PHONEAUTH_DECL bool limit_batch::may_be_concealed(const cell_answer& a) const noexcept {
    if (a.granted) return false;
    for (std::size_t i = 0; i < cells_.size(); ++i)
        if (!hidden_[i] && wait_of(i, a).count() > 0) return false;
    return true;
}

PHONEAUTH_DECL std::chrono::seconds limit_batch::account_wait(const cell_answer& a) const noexcept {
    std::chrono::milliseconds longest{};
    for (std::size_t i = 0; i < cells_.size(); ++i)
        if (hidden_[i]) longest = (std::max)(longest, wait_of(i, a));
    return std::chrono::ceil<std::chrono::seconds>(longest);
}

PHONEAUTH_DECL bool limit_batch::reaches_warning(const cell_answer& a) const noexcept {
    if (watched_ == 0 || !a.granted) return false;
    const auto& r = cells_[watched_ - 1];
    const auto ahead = a.cells[watched_ - 1] - cells_.now();
    const auto mark = r.room * 4 / 5;
    return ahead >= mark && ahead - r.cost < mark;
}

PHONEAUTH_DECL void limit_batch::add_from(const limit_batch& other, std::size_t i, const cell_request& r) {
    const auto at = cells_.size();
    kept_[at] = other.kept_[i];
    hidden_[at] = other.hidden_[i];
    asked_[at] = other.asked_[i] || (r.action == cell_action::ask && other.cells_[i].action == cell_action::take);
    if (other.watched_ == i + 1) watched_ = at + 1;
    add(r, other.refusals_[i], other.cells_.key(i));
}

PHONEAUTH_DECL limit_batch limit_batch::as_decoy() const {
    limit_batch asked(cells_.now(), cells_.marker());
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        auto r = cells_[i];
        if (r.action == cell_action::move) continue;
        if (!kept_[i] && watched_ != i + 1) r.action = cell_action::ask;
        asked.add_from(*this, i, r);
    }
    return asked;
}

PHONEAUTH_DECL limit_batch limit_batch::part(bool of_client) const {
    limit_batch chosen(cells_.now(), cells_.marker());
    for (std::size_t i = 0; i < cells_.size(); ++i)
        if (kept_[i] == of_client) chosen.add_from(*this, i, cells_[i]);
    return chosen;
}

PHONEAUTH_DECL cell_batch limit_batch::give_back(const cell_answer& a, time_point now, bool everything) const {
    cell_batch back(now);
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        const auto& r = cells_[i];
        const bool taken = r.action == cell_action::take;
        if ((taken || asked_[i]) && is_for(r, a.marked) && (everything || !kept_[i]))
            back.add(detail::back(taken && a.granted ? r.cost : detail::milliseconds(0)), cells_.key(i));
    }
    return back;
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif
