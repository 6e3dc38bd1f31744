// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_PROFILE_IPP
#define PHONEAUTH_FLOWS_PROFILE_IPP

#include <optional>
#include <string>
#include <utility>

#include <phoneauth/detail/crypto.hpp>
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
            co_await sessions_.renew(c, std::move(admitted->login), changed, std::move(fingerprint));
        co_return std::move(changed);
    }
    co_return error::storage_unavailable;
}

/// Whoever changes what a login rests on has just logged in, or knows the password.
template <class Mode>
auto profile<Mode>::prove(context& c, const admission& by, const std::string& current_password) -> flow<result<void>> {
    if (current_password.empty()) {
        const bool fresh = rules::is_fresh(by.login, p_.config, p_.now());
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

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
