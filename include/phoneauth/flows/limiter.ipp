// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_LIMITER_IPP
#define PHONEAUTH_FLOWS_LIMITER_IPP

#include <phoneauth/flows/limiter.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto limiter<Mode>::take(const context& c, const rules::limit_batch& b) -> flow<cell_answer> {
    const auto answer = co_await ports_.take_cells(b.cells());
    if (b.reaches_warning(answer)) reporter_.tell(c, event_kind::budget_warning);
    co_return answer;
}

template <class Mode>
auto limiter<Mode>::give_back(const rules::limit_batch& b, const cell_answer& a, bool everything) -> flow<bool> {
    const auto back = b.give_back(a, ports_.now(), everything);
    const bool done = co_await try_to(back);
    co_return done;
}

template <class Mode>
auto limiter<Mode>::try_to(const cell_batch& b) -> flow<bool> {
    if (b.empty()) co_return true;
    try {
        [[maybe_unused]] const auto unused = co_await ports_.take_cells(b);
        co_return true;
    } catch (...) {
        co_return false;
    }
}

template <class Mode>
auto limiter<Mode>::punish(const context& c, const transaction& t) -> flow<bool> {
    const auto at = ports_.now();
    const auto wrong = rules::wrong_code(t, c.networks(), config_, at);
    const auto answer = co_await ports_.take_cells(wrong.cells());
    if (wrong.reaches_warning(answer)) reporter_.tell(c, event_kind::guessing_warning);
    tell_locked(c, rules::wrong_code_wait(t, answer, config_, at));
    co_return true;
}

template <class Mode>
void limiter<Mode>::tell_locked(const context& c, std::chrono::seconds wait) const noexcept {
    if (wait.count() <= 0) return;
    const auto why = failure(error::too_many_failures).with_retry_after(wait);
    reporter_.tell(c, event_kind::locked, &why);
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
