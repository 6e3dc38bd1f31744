// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_LOGIN_IPP
#define PHONEAUTH_FLOWS_LOGIN_IPP

#include <utility>

#include <phoneauth/flows/login.hpp>
#include <phoneauth/flows/parts.hpp>
#include <phoneauth/rules/registration.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto login<Mode>::start(std::string phone, std::optional<password> secret, client_info from) -> returned<challenge> {
    return p_.run(event_kind::started, std::move(from),
                  [&](context& c) { return begin(c, std::move(phone), std::move(secret)); });
}

template <class Mode>
auto login<Mode>::finish(transaction_id id, submitted_code code, client_info from) -> returned<login_result> {
    return p_.run(event_kind::logged_in, std::move(from),
                  [&](context& c) { return complete(c, std::move(id), std::move(code)); });
}

template <class Mode>
auto login<Mode>::with_identity(std::string identity, password secret, client_info from) -> returned<login_result> {
    return p_.run(event_kind::logged_in, std::move(from),
                  [&](context& c) { return complete_with_identity(c, std::move(identity), std::move(secret)); });
}

template <class Mode>
auto login<Mode>::begin(context& c, std::string text, std::optional<password> secret) -> flow<result<challenge>> {
    if (!p_.config.login_enabled || (!secret && !p_.config.code_login_enabled)) co_return error::login_disabled;
    auto phone = p_.read_phone(c, text);
    if (!phone) co_return std::move(phone).error();
    std::optional<user> owner;
    rules::counter_batch right;
    if (secret) {
        owner = co_await p_.ports.find_user_by_phone(*phone);
        auto guess = p_.limits.password(c, phone->str());
        auto checked = co_await check_password(c, owner, *secret, guess);
        if (!checked) co_return std::move(checked).error();
        right = guess.cancel();
    }
    auto sending = p_.limits.message(c, rules::limits::send_budget::codes, *phone, purpose::login, secret.has_value());
    auto allowed = co_await p_.limits.reserve(c, sending, right);
    if (!allowed) co_return std::move(allowed).error();
    if (!secret) {  // counted before anything is known about whose phone it is
        owner = co_await p_.ports.find_user_by_phone(*phone);
        if (!owner && p_.config.unknown_phone == unknown_phone_policy::reject) co_return error::unknown_phone;
    }
    auto opened = co_await codes_.open(c, sending, purpose::login, *phone, owner, secret.has_value());
    co_return opened;
}

template <class Mode>
auto login<Mode>::complete(context& c, transaction_id id, submitted_code code) -> flow<result<login_result>> {
    auto confirmed = co_await codes_.confirm(c, purpose::login, id, std::move(code), nullptr);
    if (!confirmed) co_return std::move(confirmed).error();
    co_await Mode::ignore_cancellation();  // the code is spent: what follows must come to its end
    auto outcome = co_await enter(c, *confirmed);
    if (!outcome && outcome.error().code == error::storage_unavailable) co_await codes_.reopen(*confirmed);
    co_return outcome;
}

template <class Mode>
auto login<Mode>::complete_with_identity(context& c, std::string text, password secret) -> flow<result<login_result>> {
    if (!p_.config.identity_login_enabled) co_return error::login_disabled;
    auto identity = rules::normalize_identity(p_.config, text);
    if (!identity) co_return error::invalid_login;
    auto owner = co_await p_.ports.find_user_by_identity(*identity);
    auto subject = identity_subject(*identity);
    if (subject.empty()) subject = *identity;
    auto guess = p_.limits.password(c, subject);
    auto checked = co_await check_password(c, owner, secret, guess);
    if (!checked) co_return std::move(checked).error();
    const auto right = guess.cancel();
    co_await p_.limits.try_to(right);
    auto outcome = co_await open_session(c, *owner, nullptr);
    co_return outcome;
}

/// Success if `owner` exists and `secret` is the password, and the caller takes `guess` back; else `invalid_login`.
template <class Mode>
auto login<Mode>::check_password(context& c, const std::optional<user>& owner, const std::string& secret,
                                 rules::password_reservation& guess) -> flow<result<void>> {
    if (owner) p_.reports.note(c, owner->phone);
    // What cannot be a password is not worth a counter.
    if (secret.size() > p_.config.max_password_length) co_return error::invalid_login;
    auto allowed = co_await p_.limits.reserve(c, guess);
    if (!allowed) co_return allowed;
    result<bool> right;
    if (owner && !owner->password_hash.empty()) {
        right = co_await p_.ports.verify_password(secret, owner->password_hash);
    } else {  // an account that does not exist must not answer faster than one that does
        auto unused = co_await p_.ports.hash_password(secret);
        right = unused ? result<bool>(false) : result<bool>(std::move(unused).error());
    }
    if (!right) {
        const auto unseen = guess.cancel();
        co_await p_.limits.try_to(unseen);
        co_return std::move(right).error();
    }
    if (*right) co_return result<void>();
    co_await p_.limits.punish(c, guess);
    co_return error::invalid_login;
}

/// The user of a confirmed transaction, if nothing has changed that the login rests on, gets a session.
template <class Mode>
auto login<Mode>::enter(context& c, const transaction& confirmed) -> flow<result<login_result>> {
    try {
        auto owner = co_await p_.ports.find_user(confirmed.user_id);
        // A changed number is a new out-of-band device (NIST SP 800-63B-3 §5.1.3.3).
        if (!owner || owner->phone != confirmed.phone) co_return error::no_transaction;
        const auto& begun_with = confirmed.password_fingerprint;
        if (!begun_with.empty() && begun_with != p_.fingerprint_of(*owner)) co_return error::invalid_login;
        auto outcome = co_await open_session(c, *owner, &confirmed);
        co_return outcome;
    } catch (...) {
        co_return failure_of_current_exception();
    }
}

/// `used`: the transaction whose code was right, or nullptr.
template <class Mode>
auto login<Mode>::open_session(context& c, user& owner, const transaction* used) -> flow<result<login_result>> {
    p_.reports.note(c, owner);
    if (!owner.enabled) co_return error::account_disabled;
    auto allowed = co_await p_.ports.before_login(owner);
    if (!allowed) co_return std::move(allowed).error();
    auto token = make_token(p_.random);
    if (!token) co_return error::internal;
    const auto at = p_.now();
    const session opened{p_.hash(*token), owner.object_id, at, at + p_.config.session_lifetime};
    owner.last_login_at = at;
    auto kept = co_await keep(opened, owner);
    if (!kept) {
        try {  // it may be stored all the same, and nobody has its token
            [[maybe_unused]] const bool erased = co_await p_.ports.erase_session(opened.token_hash);
        } catch (...) {
        }
        co_return std::move(kept).error();
    }
    const auto over =
        rules::forget_failures(owner.phone, used, identity_subject(owner.identity), c.home(), p_.config, p_.now());
    co_await p_.limits.try_to(over);
    try {
        [[maybe_unused]] auto unused = co_await p_.ports.after_login(owner);
    } catch (...) {
    }
    login_result done{std::move(owner), session_token(std::move(*token)), opened.expires_at};
    co_return done;
}

template <class Mode>
auto login<Mode>::keep(const session& opened, user& owner) -> flow<result<void>> {
    try {
        const bool inserted = co_await p_.ports.insert_session(opened);
        if (!inserted) co_return error::internal;
        const bool noted = co_await note_login(owner);
        co_return noted ? result<void>() : result<void>(error::invalid_login);
    } catch (...) {
        co_return Mode::current_failure();
    }
}

/// Stores `last_login_at`. False if the user has been disabled, deleted or given another password since they were read:
/// whoever did that has ended their sessions, perhaps before this one was stored. A storage that fails to store it does
/// not stop a login.
template <class Mode>
auto login<Mode>::note_login(user& owner) -> flow<bool> {
    for (int lost = 0; lost < max_lost_races; ++lost) {
        write_result written = write_result::done;
        try {
            written = co_await p_.ports.update_user(owner);
        } catch (...) {
        }
        if (written != write_result::stale) co_return true;
        auto current = co_await p_.ports.find_user(owner.object_id);
        if (!current || !current->enabled || current->password_hash != owner.password_hash) co_return false;
        current->last_login_at = owner.last_login_at;
        owner = std::move(*current);
    }
    co_return true;
}

/// Whose failures a login by identity counts, without naming them; empty if they are those of the phone.
template <class Mode>
std::string login<Mode>::identity_subject(const std::string& identity) {
    return p_.limits.identities_are_counted() ? p_.hash(identity) : std::string();
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
