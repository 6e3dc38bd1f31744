// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_SESSIONS_IPP
#define PHONEAUTH_FLOWS_SESSIONS_IPP

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/flows/parts.hpp>
#include <phoneauth/flows/sessions.hpp>
#include <phoneauth/rules/registration.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto sessions<Mode>::authenticate(session_token token) -> returned<user> {
    return Mode::finish(find_user(std::move(token)));
}

template <class Mode>
auto sessions<Mode>::logout(session_token token, client_info from) -> returned<logout_outcome> {
    return p_.run(event_kind::logged_out, std::move(from), [&](context& c) { return end(c, std::move(token)); });
}

template <class Mode>
auto sessions<Mode>::update_user(session_token token, std::string object_id, property_map changes, client_info from)
    -> returned<user> {
    return p_.run(event_kind::password_changed, std::move(from),
                  [&](context& c) { return change(c, std::move(token), std::move(object_id), std::move(changes)); });
}

template <class Mode>
auto sessions<Mode>::end_sessions(std::string user_id) -> returned<void> {
    return Mode::finish(end_all(std::move(user_id)));
}

template <class Mode>
auto sessions<Mode>::unlock(std::string phone) -> returned<void> {
    return Mode::finish(open_doors(std::move(phone)));
}

template <class Mode>
auto sessions<Mode>::admit(session_token token) -> flow<result<admission>> {
    if (token.empty() || token.str().size() > max_id_size) co_return error::unknown_token;
    const auto hash = p_.hash(token.str());
    auto found = co_await p_.ports.find_session(hash);
    if (!found) co_return error::unknown_token;
    if (p_.now() >= found->expires_at) co_return error::session_expired;
    auto owner = co_await p_.ports.find_user(found->user_id);
    if (!owner) co_return error::unknown_token;
    if (!owner->enabled) {
        try {  // it must not come back with the account
            [[maybe_unused]] const bool erased = co_await p_.ports.erase_session(hash);
        } catch (...) {
        }
        co_return error::account_disabled;
    }
    // Not erased: `change` may be about to store it anew.
    const bool good =
        found->fingerprint.empty() ? owner->generation == 0 : found->fingerprint == p_.session_fingerprint_of(*owner);
    if (!good) co_return error::unknown_token;
    admission admitted{std::move(*found), std::move(*owner)};
    co_return admitted;
}

template <class Mode>
auto sessions<Mode>::find_user(session_token token) -> flow<result<user>> {
    auto admitted = co_await admit(std::move(token));
    if (!admitted) co_return std::move(admitted).error();
    co_return std::move(admitted->owner);
}

template <class Mode>
auto sessions<Mode>::end(context& c, session_token token) -> flow<result<logout_outcome>> {
    c.silent = true;
    if (token.empty() || token.str().size() > max_id_size) co_return logout_outcome::no_session;
    const auto hash = p_.hash(token.str());
    const bool ended = co_await p_.ports.erase_session(hash);
    c.silent = !ended;
    co_return ended ? logout_outcome::ended : logout_outcome::no_session;
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
auto sessions<Mode>::change(context& c, session_token token, std::string object_id, property_map changes)
    -> flow<result<user>> {
    const detail::password_wiper wiper{changes};
    const bool has_password = changes.contains("password");
    c.silent = !has_password;
    std::optional<cell_answer> counted;
    std::optional<std::string> proved;  // the password hash for which the current password was right
    for (int lost = 0; lost < max_lost_races; ++lost) {
        auto admitted = co_await admit(token);
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
        allowed = co_await p_.ports.before_update(before, changed);
        if (!allowed) co_return std::move(allowed).error();
        changed.object_id = before.object_id;
        changed.phone = before.phone;
        changed.version = before.version;
        const write_result written = co_await p_.ports.update_user(changed);
        if (written == write_result::stale) continue;
        if (written != write_result::done) co_return error::user_exists;
        ++changed.version;
        co_await Mode::ignore_cancellation();  // a new password and the end of the other sessions belong together
        auto fingerprint = p_.session_fingerprint_of(changed);
        if (fingerprint != p_.session_fingerprint_of(before))
            co_await end_others(c, std::move(admitted->login), changed, std::move(fingerprint));
        co_return std::move(changed);
    }
    co_return error::storage_unavailable;
}

/// Whoever changes what a login rests on has just logged in, or knows the password.
template <class Mode>
auto sessions<Mode>::prove(context& c, const admission& by, const std::string& current_password) -> flow<result<void>> {
    if (current_password.empty()) {
        const auto limit = p_.config.fresh_login;
        const bool fresh = limit.count() == 0 || p_.now() < by.login.created_at + limit;
        co_return fresh ? result<void>() : result<void>(error::fresh_login_required);
    }
    const std::optional<user> owner(by.owner);
    const password_question asked{std::string(by.owner.phone.str()), p_.network_fingerprint(owner), owner};
    auto guess = co_await p_.passwords.check(c, asked, current_password);
    if (!guess) co_return std::move(guess).error();
    if (!guess->right) co_return error::invalid_login;
    co_await p_.passwords.forgive(c, asked, *guess);
    co_return result<void>();
}

/// All sessions of `u`, who has a new password, are over already, as they rest on what the user was. The others are
/// cleaned up, and the `own` one is stored anew; if that fails, its user has to log in again.
template <class Mode>
auto sessions<Mode>::end_others(context& c, session own, const user& u, std::string fingerprint) -> flow<bool> {
    const auto over = rules::after_new_password(u.phone, p_.identity_subject(u.identity, u),
                                                p_.network_fingerprint(fingerprint), c.networks(), p_.now());
    try {
        [[maybe_unused]] const std::size_t ended = co_await p_.ports.erase_sessions_of(own.user_id, own.token_hash);
    } catch (...) {
    }
    bool stored = false;
    try {
        own.fingerprint = std::move(fingerprint);
        const bool lives = co_await p_.ports.erase_session(own.token_hash);
        if (lives) stored = co_await p_.ports.insert_session(own);  // else its user has logged out meanwhile
    } catch (...) {
    }
    co_await p_.limits.try_to(over);
    co_return stored;
}

template <class Mode>
auto sessions<Mode>::open_doors(std::string phone) -> flow<result<void>> {
    const auto number = phoneauth::read_phone(p_.config, phone);
    if (!number) co_return number.error();
    const auto owner = co_await p_.ports.find_user_by_phone(*number);
    const auto subject = owner ? p_.identity_subject(owner->identity, owner) : std::string();
    const auto opened = rules::unlock(*number, subject, p_.now());
    [[maybe_unused]] const auto answer = co_await p_.ports.take_cells(opened);
    co_return result<void>();
}

template <class Mode>
auto sessions<Mode>::end_all(std::string user_id) -> flow<result<void>> {
    const auto nobody = [] { return failure(error::invalid_parameter, "There is no user with this id."); };
    if (user_id.empty() || user_id.size() > max_id_size) co_return nobody();
    for (int lost = 0; lost < max_lost_races; ++lost) {
        auto owner = co_await p_.ports.find_user(user_id);
        if (!owner) co_return nobody();
        ++owner->generation;
        const write_result written = co_await p_.ports.update_user(*owner);
        if (written != write_result::done) continue;
        co_await Mode::ignore_cancellation();
        try {  // all are over already
            const std::string none;
            [[maybe_unused]] const std::size_t ended = co_await p_.ports.erase_sessions_of(user_id, none);
        } catch (...) {
        }
        co_return result<void>();
    }
    co_return error::storage_unavailable;
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
