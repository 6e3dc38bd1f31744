// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_LEAVING_IPP
#define PHONEAUTH_FLOWS_LEAVING_IPP

#include <optional>
#include <string>
#include <utility>

#include <phoneauth/flows/accounts.hpp>
#include <phoneauth/flows/leaving.hpp>
#include <phoneauth/flows/parts.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto leaving<Mode>::export_account(session_token token, client_info from) -> returned<account_data> {
    return p_.run(event_kind::exported, std::move(from), [&](context& c) { return tell_all(c, std::move(token)); });
}

template <class Mode>
auto leaving<Mode>::start_deletion(session_token token, client_info from) -> returned<challenge> {
    return p_.run(event_kind::started, std::move(from), [&](context& c) { return begin(c, std::move(token)); });
}

template <class Mode>
auto leaving<Mode>::finish_deletion(session_token token, transaction_id id, submitted_code code, client_info from)
    -> returned<void> {
    return p_.run(event_kind::deleted, std::move(from),
                  [&](context& c) { return complete(c, std::move(token), std::move(id), std::move(code)); });
}

template <class Mode>
auto leaving<Mode>::tell_all(context& c, session_token token) -> flow<result<account_data>> {
    auto admitted = co_await sessions_.admit(std::move(token));
    if (!admitted) co_return std::move(admitted).error();
    p_.reports.note(c, admitted->owner);
    // So that nobody fills the log, nor keeps the storage busy, with it.
    const auto limits = rules::change_limits(admitted->owner.object_id, false, p_.now());
    const auto counted = co_await p_.limits.take(c, limits);
    if (!counted.granted) co_return limits.judge(counted).error();
    auto list = co_await sessions_.list(admitted->owner, admitted->login.token_hash);
    account_data all{std::move(admitted->owner), std::move(list)};
    // They say nothing about the user, and help whoever reads the file to guess.
    phoneauth::detail::wipe(all.user.password_hash);
    phoneauth::detail::wipe(all.user.backup_codes);
    co_return std::move(all);
}

template <class Mode>
auto leaving<Mode>::begin(context& c, session_token token) -> flow<result<challenge>> {
    auto admitted = co_await sessions_.admit(std::move(token));
    if (!admitted) co_return std::move(admitted).error();
    p_.reports.note(c, admitted->owner);
    auto opened = co_await codes_.start_for(c, admitted->owner, purpose::deletion);
    co_return opened;
}

template <class Mode>
auto leaving<Mode>::complete(context& c, session_token token, transaction_id id, submitted_code code)
    -> flow<result<void>> {
    auto admitted = co_await sessions_.admit(token);
    if (!admitted) co_return std::move(admitted).error();
    p_.reports.note(c, admitted->owner);
    const auto phone = admitted->owner.phone;
    const auto user_id = admitted->owner.object_id;
    expectation expected(purpose::deletion);
    expected.user_id = user_id;
    expected.phone = &phone;  // whoever still gets the messages of the number before it has no say
    auto confirmed = co_await codes_.confirm(c, expected, id, std::move(code));
    if (!confirmed) co_return std::move(confirmed).error();
    co_await Mode::ignore_cancellation();  // the code is spent: what follows must come to its end
    auto outcome = co_await erase(std::move(token), *admitted);
    if (outcome.state == change_state::done) co_return result<void>();
    // Who was logged out meanwhile has no more use for the code; if the user may be gone, it stays spent.
    if (outcome.state == change_state::failed) co_await codes_.reopen(*confirmed, spent_try_of(outcome.why));
    co_return std::move(outcome).why;
}

/// Erases the user of the session, as long as it is good and they have the number that the code went to. Else it is
/// stale.
template <class Mode>
auto leaving<Mode>::erase(session_token token, admission& by) -> flow<change_outcome> {
    const auto phone = by.owner.phone;
    change_outcome outcome;
    for (int lost = 0; lost < max_lost_races; ++lost) {
        if (lost > 0) {
            std::optional<result<admission>> again;
            try {
                again = co_await sessions_.admit(token);
            } catch (...) {
                again = Mode::current_failure();
                outcome.state = change_state::failed;
            }
            if (*again && (**again).owner.phone != phone) again = error::no_transaction;
            if (!*again) {
                outcome.why = std::move(*again).error();
                co_return outcome;
            }
            by = std::move(**again);
        }
        auto erased = co_await p_.accounts.erase(by.owner);
        if (erased.state != change_state::stale) co_return erased;
        outcome.state = change_state::stale;
    }
    outcome.state = change_state::failed;
    outcome.why = error::storage_unavailable;
    co_return outcome;
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
