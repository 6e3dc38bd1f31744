// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_STEP_UP_IPP
#define PHONEAUTH_FLOWS_STEP_UP_IPP

#include <optional>
#include <string>
#include <utility>

#include <phoneauth/flows/accounts.hpp>
#include <phoneauth/flows/parts.hpp>
#include <phoneauth/flows/step_up.hpp>
#include <phoneauth/rules/sessions.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto step_up<Mode>::start(session_token token, client_info from) -> returned<challenge> {
    return p_.run(event_kind::started, std::move(from), [&](context& c) { return begin(c, std::move(token)); });
}

template <class Mode>
auto step_up<Mode>::finish(session_token token, transaction_id id, submitted_code code, client_info from)
    -> returned<user> {
    return p_.run(event_kind::stepped_up, std::move(from),
                  [&](context& c) { return complete(c, std::move(token), std::move(id), std::move(code)); });
}

template <class Mode>
auto step_up<Mode>::confirm_password(session_token token, password secret, client_info from) -> returned<user> {
    return p_.run(event_kind::stepped_up, std::move(from),
                  [&](context& c) { return complete_with_password(c, std::move(token), std::move(secret)); });
}

template <class Mode>
auto step_up<Mode>::begin(context& c, session_token token) -> flow<result<challenge>> {
    auto admitted = co_await sessions_.admit(std::move(token));
    if (!admitted) co_return std::move(admitted).error();
    p_.reports.note(c, admitted->owner);
    auto opened = co_await codes_.start_for(c, admitted->owner, purpose::step_up);
    co_return opened;
}

template <class Mode>
auto step_up<Mode>::complete(context& c, session_token token, transaction_id id, submitted_code code)
    -> flow<result<user>> {
    auto admitted = co_await sessions_.admit(token);
    if (!admitted) co_return std::move(admitted).error();
    p_.reports.note(c, admitted->owner);
    const phone_number phone = admitted->owner.phone;
    expectation expected(purpose::step_up);
    expected.phone = &phone;  // a code that went to a former number proves nothing any more
    expected.user_id = admitted->owner.object_id;
    auto confirmed = co_await codes_.confirm(c, expected, id, std::move(code));
    if (!confirmed) co_return std::move(confirmed).error();
    co_await Mode::ignore_cancellation();  // the code is spent: what follows must come to its end
    auto raised = co_await raise(token, *admitted, auth_method::by_code, error::no_transaction);
    if (raised.state != change_state::done) {
        // Who was logged out meanwhile has no more use for the code; what may be stored stays spent.
        if (raised.state == change_state::failed) co_await codes_.reopen(*confirmed, spent_try_of(raised.why));
        co_return std::move(raised).why;
    }
    const auto over = rules::after_step_up(*confirmed, c.networks(), p_.config, p_.now());
    co_await p_.limits.try_to(over);
    co_return std::move(admitted->owner);
}

template <class Mode>
auto step_up<Mode>::complete_with_password(context& c, session_token token, password secret) -> flow<result<user>> {
    auto admitted = co_await sessions_.admit(token);
    if (!admitted) co_return std::move(admitted).error();
    p_.reports.note(c, admitted->owner);
    const std::optional<user> owner(admitted->owner);
    const password_question asked{std::string(owner->phone.str()), p_.network_fingerprint(c, owner), owner};
    auto guess = co_await p_.passwords.check(c, asked, secret);
    if (!guess) co_return std::move(guess).error();
    if (!guess->right) co_return error::invalid_login;
    co_await p_.passwords.forgive(c, asked, *guess);
    auto raised = co_await raise(token, *admitted, auth_method::by_password, error::invalid_login);
    if (raised.state != change_state::done) co_return std::move(raised).why;
    co_return std::move(admitted->owner);
}

/// The user of a session has shown who they are. `by`: what that is, and after a lost race what it has become. It is
/// stale if the session is over meanwhile, and with `stale` if what the user was then has changed.
template <class Mode>
auto step_up<Mode>::raise(const session_token& token, admission& by, std::uint32_t method, error stale)
    -> flow<change_outcome> {
    change_outcome outcome;
    try {
        const auto rests_on = p_.session_fingerprint_of(by.owner);
        for (int lost = 0; lost < max_lost_races; ++lost) {
            rules::apply_proof_of_user(by.login, method, p_.config, p_.now());
            auto stored = co_await store(by.login);
            outcome = std::move(stored);
            if (outcome.state != change_state::stale) co_return outcome;
            auto again = co_await sessions_.admit(token);
            if (again && p_.session_fingerprint_of(again->owner) != rests_on) again = stale;
            if (!again) {
                outcome.why = std::move(again).error();
                co_return outcome;
            }
            by = std::move(*again);
        }
        outcome.why = error::storage_unavailable;
    } catch (...) {
        outcome.why = Mode::current_failure();
    }
    outcome.state = change_state::failed;
    co_return outcome;
}

/// Stores what the user of `s` has shown. If the storage fails, the session that is there tells what became of it.
template <class Mode>
auto step_up<Mode>::store(const session& s) -> flow<change_outcome> {
    change_outcome outcome;
    try {
        const bool won = co_await p_.ports.update_session(s);
        outcome.state = won ? change_state::done : change_state::stale;
        co_return outcome;
    } catch (...) {
        outcome.why = Mode::current_failure();
    }
    try {
        const auto current = co_await p_.ports.find_session(s.token_hash);
        if (!current)
            outcome.state = change_state::stale;
        else if (current->version == s.version)
            outcome.state = change_state::failed;
        else if (current->auth_time == s.auth_time && current->auth_methods == s.auth_methods)
            outcome.state = change_state::done;
    } catch (...) {
    }
    co_return outcome;
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
