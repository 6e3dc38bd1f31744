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
auto sessions<Mode>::require_recent(session_token token, std::chrono::seconds age) -> returned<user> {
    return Mode::finish(find_recent(std::move(token), age));
}

template <class Mode>
auto sessions<Mode>::list_sessions(session_token token) -> returned<std::vector<session_info>> {
    return Mode::finish(list_own(std::move(token)));
}

template <class Mode>
auto sessions<Mode>::end_session(session_token token, std::string id, client_info from) -> returned<void> {
    return p_.run(event_kind::session_ended, std::move(from),
                  [&](context& c) { return end_one(c, std::move(token), std::move(id)); });
}

template <class Mode>
auto sessions<Mode>::end_other_sessions(session_token token, client_info from) -> returned<std::size_t> {
    return p_.run(event_kind::session_ended, std::move(from),
                  [&](context& c) { return end_others(c, std::move(token)); });
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
    co_await note_use(*found);
    admission admitted{std::move(*found), std::move(*owner)};
    co_return admitted;
}

/// Nobody's result depends on it: whoever wins a race has noted something newer.
template <class Mode>
auto sessions<Mode>::note_use(session& s) -> flow<bool> {
    const auto at = p_.now();
    if (!rules::is_use_due(s, p_.config, at)) co_return false;
    auto used = s;
    used.last_used_at = at;
    try {
        const bool noted = co_await p_.ports.update_session(used);
        if (!noted) co_return false;
        ++used.version;
        s = std::move(used);
        co_return true;
    } catch (...) {
        co_return false;
    }
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
auto sessions<Mode>::find_recent(session_token token, std::chrono::seconds age) -> flow<result<user>> {
    auto admitted = co_await admit(std::move(token));
    if (!admitted) co_return std::move(admitted).error();
    if (!rules::is_recent(admitted->login, age, p_.now())) co_return error::fresh_login_required;
    co_return std::move(admitted->owner);
}

template <class Mode>
auto sessions<Mode>::list_own(session_token token) -> flow<result<std::vector<session_info>>> {
    auto admitted = co_await admit(std::move(token));
    if (!admitted) co_return std::move(admitted).error();
    auto told = co_await list(admitted->owner, admitted->login.token_hash);
    co_return std::move(told);
}

template <class Mode>
auto sessions<Mode>::end_one(context& c, session_token token, std::string id) -> flow<result<void>> {
    auto admitted = co_await admit(std::move(token));
    if (!admitted) co_return std::move(admitted).error();
    p_.reports.note(c, admitted->owner);
    if (!rules::is_session_id(id)) co_return error::invalid_parameter;
    auto found = co_await p_.ports.find_session(id);
    // Somebody else's is as good as none: ids tell nothing.
    if (!found || found->user_id != admitted->owner.object_id) co_return error::invalid_parameter;
    const bool ended = co_await p_.ports.erase_session(id);
    if (!ended) co_return error::invalid_parameter;
    c.silent = id == admitted->login.token_hash;
    if (c.silent) p_.reports.tell(c, event_kind::logged_out);
    co_return result<void>();
}

/// Twice, as a storage may first read which sessions there are, and then end them: a trusted device opens another one in
/// between. After the first time there is no device that could.
template <class Mode>
auto sessions<Mode>::end_others(context& c, session_token token) -> flow<result<std::size_t>> {
    auto admitted = co_await admit(std::move(token));
    if (!admitted) co_return std::move(admitted).error();
    p_.reports.note(c, admitted->owner);
    const auto& own = admitted->login;
    std::size_t ended = 0;
    for (int pass = 0; pass < 2; ++pass) {
        const std::size_t more = co_await p_.ports.erase_sessions_of(own.user_id, own.token_hash);
        ended += more;
    }
    c.silent = ended == 0;
    co_return ended;
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
