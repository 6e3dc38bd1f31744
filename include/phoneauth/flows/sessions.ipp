// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_SESSIONS_IPP
#define PHONEAUTH_FLOWS_SESSIONS_IPP

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/flows/parts.hpp>
#include <phoneauth/flows/sessions.hpp>
#include <phoneauth/rules/sessions.hpp>

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
auto sessions<Mode>::admit(session_token token) -> flow<result<admission>> {
    if (token.empty() || token.str().size() > max_id_size) co_return error::unknown_token;
    const auto hash = p_.hash(token.str());
    auto found = co_await p_.ports.find_session(hash);
    if (!found) co_return error::unknown_token;
    if (found->kind != session_kind::login) co_return error::unknown_token;
    if (rules::is_over(*found, p_.config, p_.now())) co_return error::session_expired;
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
    if (!rules::rests_on(*found, *owner, p_.session_fingerprint_of(*owner))) co_return error::unknown_token;
    admission admitted{std::move(*found), std::move(*owner)};
    co_return admitted;
}

template <class Mode>
auto sessions<Mode>::list(const user& owner, const std::string& current) -> flow<std::vector<session_info>> {
    const auto all = co_await p_.ports.find_sessions_of(owner.object_id);
    auto told = rules::list_sessions(all, owner, p_.session_fingerprint_of(owner), current, p_.config, p_.now());
    co_return std::move(told);
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

template <class Mode>
auto sessions<Mode>::renew(context& c, session own, const user& u, std::string fingerprint) -> flow<bool> {
    const auto over = rules::after_new_password(u.phone, p_.identity_subject(u.identity, u),
                                                p_.network_fingerprint(fingerprint), c.networks(), p_.now());
    try {
        [[maybe_unused]] const std::size_t ended = co_await p_.ports.erase_sessions_of(own.user_id, own.token_hash);
    } catch (...) {
    }
    bool stored = false;
    try {
        for (int lost = 0; !stored && lost < max_lost_races; ++lost) {
            own.fingerprint = fingerprint;
            stored = co_await p_.ports.update_session(own);
            if (stored) break;
            auto current = co_await p_.ports.find_session(own.token_hash);
            if (!current) break;  // its user has logged out meanwhile
            own = std::move(*current);
        }
    } catch (...) {
    }
    co_await p_.limits.try_to(over);
    co_return stored;
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
