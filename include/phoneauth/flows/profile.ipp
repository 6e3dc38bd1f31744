// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_PROFILE_IPP
#define PHONEAUTH_FLOWS_PROFILE_IPP

#include <optional>
#include <string>
#include <utility>

#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/flows/accounts.hpp>
#include <phoneauth/flows/parts.hpp>
#include <phoneauth/flows/profile.hpp>
#include <phoneauth/rules/registration.hpp>
#include <phoneauth/rules/sessions.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto profile<Mode>::update_user(session_token token, std::string object_id, property_map changes, client_info from)
    -> returned<user> {
    return p_.run(event_kind::password_changed, std::move(from),
                  [&](context& c) { return change(c, std::move(token), std::move(object_id), std::move(changes)); });
}

template <class Mode>
auto profile<Mode>::start_phone_change(session_token token, std::string new_phone, client_info from)
    -> returned<challenge> {
    return p_.run(event_kind::started, std::move(from),
                  [&](context& c) { return begin_move(c, std::move(token), std::move(new_phone)); });
}

template <class Mode>
auto profile<Mode>::finish_phone_change(session_token token, transaction_id id, submitted_code code, client_info from)
    -> returned<user> {
    return p_.run(event_kind::phone_changed, std::move(from),
                  [&](context& c) { return complete_move(c, std::move(token), std::move(id), std::move(code)); });
}

namespace detail {
/// The passwords among a user's changes do not stay behind.
struct password_wiper {
    property_map& changes;
    ~password_wiper() {
        for (const auto* name : {"password", "currentPassword"})
            if (const auto p = changes.find(name); p != changes.end()) phoneauth::detail::wipe(p->second);
    }
};
}  // namespace detail

template <class Mode>
auto profile<Mode>::change(context& c, session_token token, std::string object_id, property_map changes)
    -> flow<result<user>> {
    const detail::password_wiper wiper{changes};
    const bool has_password = changes.contains("password");
    c.silent = !has_password;
    std::optional<cell_answer> counted;
    std::optional<std::string> proved;  // the password hash for which the current password was right
    for (int lost = 0; lost < max_lost_races; ++lost) {
        auto admitted = co_await sessions_.admit(token);
        if (!admitted) co_return std::move(admitted).error();
        if (admitted->owner.object_id != object_id) co_return error::not_permitted;
        p_.reports.note(c, admitted->owner);
        const bool of_credentials = has_password || changes.contains(p_.config.identity_column);
        if (lost == 0) {
            const auto limits = rules::change_limits(object_id, of_credentials, p_.now());
            counted = co_await p_.limits.take(c, limits);
            if (!counted->granted) co_return limits.judge(*counted).error();
        }
        user changed = admitted->owner;
        const user& before = admitted->owner;
        rules::password_change passwords;
        auto allowed = rules::apply_changes(changed, changes, p_.config, passwords);
        if (!allowed) co_return std::move(allowed).error();
        if ((has_password || changed.identity != before.identity) && proved != before.password_hash) {
            allowed = co_await prove(c, *admitted, passwords.current);
            if (!allowed && counted && allowed.error().code == error::fresh_login_required) {
                // Else who has to wait for the limit is never fresh enough after it.
                const auto limits = rules::change_limits(object_id, of_credentials, p_.now());
                co_await p_.limits.give_back(limits, *counted);
            }
            if (!allowed) co_return std::move(allowed).error();
            if (!passwords.current.empty()) proved = before.password_hash;
        }
        if (has_password) {
            allowed = co_await p_.passwords.set(changed, passwords.wanted);
            phoneauth::detail::wipe(passwords.wanted);
            if (!allowed) co_return std::move(allowed).error();
            ++changed.generation;
        }
        changed.updated_at = p_.now();
        auto outcome = co_await p_.accounts.store(before, changed);
        if (outcome.state == change_state::stale) continue;
        if (outcome.state != change_state::done) co_return std::move(outcome).why;
        // A new password and the end of the other sessions belong together.
        auto fingerprint = p_.session_fingerprint_of(changed);
        if (fingerprint != p_.session_fingerprint_of(before))
            co_await sessions_.renew(c, std::move(admitted->login), changed, std::move(fingerprint));
        co_await tell(c, before, changed);
        co_await p_.accounts.after_update(before, changed);
        co_return std::move(changed);
    }
    co_return error::storage_unavailable;
}

/// What is changed in a session that was left open, or stolen, does not stay unnoticed. One message, whatever is changed.
template <class Mode>
auto profile<Mode>::tell(context& c, const user& before, const user& changed) -> flow<bool> {
    if (changed.password_hash != before.password_hash)
        co_await p_.notices.tell(c, changed.phone, p_.config.password_changed_notice);
    else if (changed.identity != before.identity)
        co_await p_.notices.tell(c, changed.phone, p_.config.identity_changed_notice);
    co_return true;
}

/// Whoever changes what a login rests on has just logged in, or knows the password.
template <class Mode>
auto profile<Mode>::prove(context& c, const admission& by, const std::string& current_password) -> flow<result<void>> {
    if (current_password.empty()) {
        const bool fresh = rules::is_fresh(by.login, p_.config, p_.now());
        co_return fresh ? result<void>() : result<void>(error::fresh_login_required);
    }
    const std::optional<user> owner(by.owner);
    const password_question asked{std::string(by.owner.phone.str()), p_.network_fingerprint(c, owner), owner};
    auto guess = co_await p_.passwords.check(c, asked, current_password);
    if (!guess) co_return std::move(guess).error();
    if (!guess->right) co_return error::invalid_login;
    co_await p_.passwords.forgive(c, asked, *guess);
    co_return result<void>();
}

/// Nothing here depends on whose the new number is: who has it is told to whoever proves it, and to nobody else.
template <class Mode>
auto profile<Mode>::begin_move(context& c, session_token token, std::string text) -> flow<result<challenge>> {
    auto admitted = co_await sessions_.admit(std::move(token));
    if (!admitted) co_return std::move(admitted).error();
    const auto& owner = admitted->owner;
    p_.reports.note(c, owner);
    if (!rules::is_fresh(admitted->login, p_.config, p_.now())) co_return error::fresh_login_required;
    auto phone = p_.read_phone(c, text);
    if (!phone) co_return std::move(phone).error();
    if (*phone == owner.phone) co_return failure(error::invalid_parameter, "This is the user's number already.");
    const rules::code_request asked{.phone = *phone,
                                    .fingerprint = {},
                                    .from = c.networks(),
                                    .begins = rules::door::registration,
                                    .registers = true};
    opening code(purpose::phone_change, *phone, owner.object_id);
    auto opened = co_await codes_.start(c, asked, std::move(code));
    co_return opened;
}

template <class Mode>
auto profile<Mode>::complete_move(context& c, session_token token, transaction_id id, submitted_code code)
    -> flow<result<user>> {
    auto admitted = co_await sessions_.admit(token);
    if (!admitted) co_return std::move(admitted).error();
    p_.reports.note(c, admitted->owner);
    // Fresh when the code was asked for, and as long as that is good.
    const auto age = p_.config.fresh_login + p_.config.code_lifetime;
    if (p_.config.fresh_login.count() != 0 && !rules::is_recent(admitted->login, age, p_.now()))
        co_return error::fresh_login_required;
    expectation expected(purpose::phone_change);
    expected.user_id = admitted->owner.object_id;
    auto confirmed = co_await codes_.confirm(c, expected, id, std::move(code));
    if (!confirmed) co_return std::move(confirmed).error();
    co_await Mode::ignore_cancellation();  // the code is spent: what follows must come to its end
    user changed = admitted->owner;
    auto outcome = co_await move_to(confirmed->phone, std::move(token), *admitted, changed);
    if (outcome.state != change_state::done) {
        // Who was logged out meanwhile has no more use for the code; what may be stored stays spent.
        if (outcome.state == change_state::failed) co_await codes_.reopen(*confirmed, spent_try_of(outcome.why));
        co_return std::move(outcome).why;
    }
    p_.reports.note(c, changed);
    const auto before = std::move(admitted->owner);
    const auto fingerprint = p_.session_fingerprint_of(changed);
    co_await sessions_.renew(c, std::move(admitted->login), changed, fingerprint);
    const auto over =
        rules::after_registration(*confirmed, p_.network_fingerprint(fingerprint), c.networks(), p_.config, p_.now());
    co_await p_.limits.try_to(over);
    co_await p_.notices.tell(c, before.phone, p_.config.phone_changed_notice);
    co_await p_.accounts.after_update(before, changed);
    co_return std::move(changed);
}

/// Gives the user of the session another number, which was proved. `by`: who that is, and after a lost race who it has
/// become; a session that has ended meanwhile ends it, too. It is stale then, as nothing of it will ever be of use.
template <class Mode>
auto profile<Mode>::move_to(const phone_number& phone, session_token token, admission& by, user& changed)
    -> flow<change_outcome> {
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
            if (!*again) {
                outcome.why = std::move(*again).error();
                co_return outcome;
            }
            by = std::move(**again);
        }
        changed = by.owner;
        changed.phone = phone;
        if (p_.config.identity_column == p_.config.phone_column) changed.identity = phone.str();
        ++changed.generation;
        changed.updated_at = p_.now();
        auto stored = co_await p_.accounts.store(by.owner, changed);
        if (stored.state != change_state::stale) co_return stored;
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
