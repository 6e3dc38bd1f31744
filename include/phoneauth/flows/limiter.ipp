// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_LIMITER_IPP
#define PHONEAUTH_FLOWS_LIMITER_IPP

#include <stdexcept>

#include <phoneauth/flows/limiter.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto limiter<Mode>::change(const std::vector<counter_change>& changes) -> flow<std::vector<counter>> {
    auto changed = co_await ports_.change_counters(changes);
    if (changed.size() != changes.size()) throw std::length_error("phoneauth: a counter for each change");
    co_return changed;
}

template <class Mode>
auto limiter<Mode>::reserve(const context& c, rules::reservation& r, const rules::counter_batch& also)
    -> flow<result<void>> {
    auto peeked = r.peek();
    for (const auto& each : also.changes()) peeked.add(each);
    auto counters = co_await change(peeked.changes());
    auto allowed = r.check(counters);
    if (!allowed) co_return allowed;
    const auto reserved = r.reserve();
    if (reserved.changes().empty()) co_return allowed;
    counters = co_await change(reserved.changes());
    allowed = r.confirm(counters);
    if (!allowed) {
        const auto cancelled = r.cancel();
        co_await try_to(cancelled);
    } else if (r.reaches_warning()) {
        reporter_.tell(c, event_kind::budget_warning);
    }
    co_return allowed;
}

template <class Mode>
auto limiter<Mode>::try_to(const rules::counter_batch& changes) -> flow<bool> {
    if (changes.changes().empty()) co_return true;
    try {
        [[maybe_unused]] auto unused = co_await ports_.change_counters(changes.changes());
        co_return true;
    } catch (...) {
        co_return false;
    }
}

template <class Mode>
auto limiter<Mode>::punish(const context& c, const rules::password_reservation& guess) -> flow<bool> {
    const auto changes = guess.punish(ports_.now());
    co_await try_to(changes);
    tell_locked(c, guess.wait());
    co_return true;
}

template <class Mode>
auto limiter<Mode>::punish(const context& c, const transaction& t) -> flow<bool> {
    const auto wrong = rules::count_wrong_code(t, ports_.now());
    const auto counted = co_await change(wrong.changes());
    const auto wait = rules::wrong_code_wait(t, counted.front(), config_);
    if (wait.count() > 0) {
        const auto pause = rules::punish_wrong_code(t, wait, ports_.now());
        co_await try_to(pause);
    }
    tell_locked(c, wait);
    co_return true;
}

template <class Mode>
auto limiter<Mode>::count_credential_change(const std::string& user_id) -> flow<result<void>> {
    const auto at = ports_.now();
    const std::vector<rules::limits::window> windows{rules::limits::credential_window(user_id)};
    rules::counter_batch all;
    all.add(windows, 1, at);
    const auto counted = co_await change(all.changes());
    co_return rules::limits::check(windows, counted, 0, false, at);
}

template <class Mode>
void limiter<Mode>::tell_locked(const context& c, std::chrono::seconds wait) const noexcept {
    if (wait.count() == 0) return;
    const auto why = failure(error::too_many_failures).with_retry_after(wait);
    reporter_.tell(c, event_kind::locked, &why);
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
