// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_SESSIONS_IPP
#define PHONEAUTH_FLOWS_SESSIONS_IPP

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
auto sessions<Mode>::find_user(session_token token) -> flow<result<user>> {
    if (token.empty() || token.str().size() > max_id_size) co_return error::unknown_token;
    const auto hash = p_.hash(token.str());
    auto found = co_await p_.ports.find_session(hash);
    if (!found) co_return error::unknown_token;
    if (p_.now() >= found->expires_at) co_return error::session_expired;
    auto owner = co_await p_.ports.find_user(found->user_id);
    if (!owner) co_return error::unknown_token;
    if (!owner->enabled) co_return error::account_disabled;
    co_return std::move(*owner);
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
/// The new password among a user's changes does not stay behind.
struct password_wiper {
    property_map& changes;
    ~password_wiper() {
        if (const auto p = changes.find("password"); p != changes.end()) phoneauth::detail::wipe(p->second);
    }
};
}  // namespace detail

template <class Mode>
auto sessions<Mode>::change(context& c, session_token token, std::string object_id, property_map changes)
    -> flow<result<user>> {
    const detail::password_wiper wiper{changes};
    const bool has_password = changes.contains("password");
    c.silent = !has_password;
    for (int lost = 0; lost < max_lost_races; ++lost) {
        auto owner = co_await find_user(token);
        if (!owner) co_return std::move(owner).error();
        if (owner->object_id != object_id) co_return error::not_permitted;
        p_.reports.note(c, *owner);
        if (lost == 0 && (has_password || changes.contains(p_.config.identity_column))) {
            const auto limits = rules::credential_limits(owner->object_id, p_.now());
            const auto granted = co_await p_.limits.take(c, limits);
            if (!granted.granted) co_return limits.judge(granted).error();
        }
        secret_string new_password;
        auto applied = rules::apply_changes(*owner, changes, p_.config, new_password);
        if (!applied) co_return std::move(applied).error();
        if (!new_password.empty()) {
            auto hash = co_await p_.ports.hash_password(new_password);
            phoneauth::detail::wipe(new_password);
            if (!hash) co_return std::move(hash).error();
            owner->password_hash = std::move(*hash);
        }
        owner->updated_at = p_.now();
        const write_result written = co_await p_.ports.update_user(*owner);
        if (written == write_result::stale) continue;
        if (written != write_result::done) co_return error::user_exists;
        ++owner->version;
        co_await Mode::ignore_cancellation();  // a new password and the end of the other sessions belong together
        if (has_password) {
            const auto own = p_.hash(token.str());
            [[maybe_unused]] const std::size_t ended = co_await p_.ports.erase_sessions_of(owner->object_id, own);
        }
        co_return std::move(*owner);
    }
    co_return error::storage_unavailable;
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
