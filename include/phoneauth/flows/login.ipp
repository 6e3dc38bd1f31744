// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_LOGIN_IPP
#define PHONEAUTH_FLOWS_LOGIN_IPP

#include <utility>

#include <phoneauth/flows/login.hpp>
#include <phoneauth/flows/parts.hpp>
#include <phoneauth/rules/disclosure.hpp>
#include <phoneauth/rules/registration.hpp>
#include <phoneauth/rules/sessions.hpp>
#include <phoneauth/twilio/replies.hpp>

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
    auto owner = co_await p_.ports.find_user_by_phone(*phone);
    const auto fingerprint = p_.network_fingerprint(c, owner);
    rules::code_request asked{.phone = *phone, .fingerprint = fingerprint, .from = c.networks()};
    if (secret) {
        auto opened = co_await begin_second(c, asked, std::move(owner), *secret);
        co_return opened;
    }
    asked.begins = rules::door::code;
    const auto nobody =
        p_.config.unknown_phone == unknown_phone_policy::sign_up ? rules::newcomer_user_id : rules::decoy_user_id;
    opening code(purpose::login, *phone, owner ? std::string_view(owner->object_id) : nobody);
    if (!owner && p_.config.unknown_phone == unknown_phone_policy::reject) code.refusal = error::unknown_phone;
    auto opened = co_await codes_.start(c, asked, std::move(code));
    co_return opened;
}

/// A two-factor login. After too many wrong passwords it is concealed: it answers everybody alike, and only whoever
/// reads the phone's messages learns that the password was right. So strangers learn nothing from more guesses, and
/// cannot shut the door to the owner.
template <class Mode>
auto login<Mode>::begin_second(context& c, rules::code_request asked, std::optional<user> owner,
                               const std::string& secret) -> flow<result<challenge>> {
    const password_question question{std::string(asked.phone.str()), std::string(asked.fingerprint), owner, true};
    auto guess = co_await p_.passwords.check(c, question, secret);
    if (!guess) co_return std::move(guess).error();
    if (!guess->right && !guess->concealed) co_return error::invalid_login;
    asked.begins = rules::door::second;
    asked.after_password = true;
    asked.concealed = guess->concealed;
    auto limits = rules::code_limits(asked, p_.config, p_.now());
    std::optional<rules::limit_batch> of_client;
    cell_answer admitted;
    if (guess->concealed) {
        of_client = limits.of_client();
        admitted = co_await p_.limits.take(c, *of_client);
        if (!admitted.granted) co_return of_client->judge(admitted).error();
        limits = limits.of_account();
        if (!guess->right) limits = limits.as_decoy();
    } else {
        rules::take_guess_back(limits, question.subject, c.networks(), p_.limits.password_accounts(), p_.config);
    }
    const auto granted = co_await p_.limits.take(c, limits);
    if (!granted.granted && !guess->concealed) {
        co_await p_.passwords.forgive(c, question, *guess);
        co_return limits.judge(granted).error();
    }
    if (!guess->right || !granted.granted) owner.reset();
    // Not if it is concealed whether the password was right: it takes time.
    if (owner && !guess->concealed) {
        const auto fingerprint = p_.fingerprint_of(*owner);
        co_await p_.passwords.renew(c, *owner, fingerprint, secret);
    }
    auto begun_with = owner ? p_.fingerprint_of(*owner) : p_.hash(secret);  // of a decoy: anything
    if (guess->concealed) begun_with.insert(0, 1, rules::concealed_mark);
    opening code(purpose::login, asked.phone, owner ? owner->object_id : rules::decoy_user_id);
    code.fingerprint = std::move(begun_with);
    auto opened = co_await codes_.open(c, limits, granted, std::move(code));
    if (!opened && of_client && p_.messages.is_nobodys_attempt(opened.error()))
        co_await p_.limits.give_back(*of_client, admitted, true);
    co_return opened;
}

template <class Mode>
auto login<Mode>::complete(context& c, transaction_id id, submitted_code code) -> flow<result<login_result>> {
    if (!p_.config.login_enabled) co_return error::login_disabled;
    const expectation expected(purpose::login);
    auto confirmed = co_await codes_.confirm(c, expected, id, std::move(code));
    if (!confirmed) co_return std::move(confirmed).error();
    co_await Mode::ignore_cancellation();  // the code is spent: what follows must come to its end
    const bool is_newcomer = confirmed->user_id == rules::newcomer_user_id;
    auto entering = is_newcomer ? enter_newcomer(c, *confirmed) : enter(c, *confirmed);
    auto outcome = co_await std::move(entering);
    if (!outcome && outcome.error().code == error::storage_unavailable) co_await codes_.reopen(*confirmed);
    co_return outcome;
}

template <class Mode>
auto login<Mode>::complete_with_identity(context& c, std::string text, password secret) -> flow<result<login_result>> {
    if (!p_.config.identity_login_enabled) co_return error::login_disabled;
    auto identity = rules::normalize_identity(p_.config, text);
    if (!identity) {
        c.uncounted = true;
        co_return error::invalid_login;
    }
    auto owner = co_await p_.ports.find_user_by_identity(*identity);
    const password_question asked{p_.identity_subject(*identity, owner), p_.network_fingerprint(c, owner), owner};
    auto guess = co_await p_.passwords.check(c, asked, secret);
    if (!guess) co_return std::move(guess).error();
    if (!guess->right) co_return error::invalid_login;
    co_await p_.passwords.forgive(c, asked, *guess);
    const auto fingerprint = p_.fingerprint_of(*owner);
    co_await p_.passwords.renew(c, *owner, fingerprint, secret);
    entry by(auth_method::by_password);
    by.with_identity = true;
    auto outcome = co_await open_session(c, *owner, by);
    co_return outcome;
}

/// The user of a confirmed transaction, if nothing has changed that the login rests on, gets a session.
template <class Mode>
auto login<Mode>::enter(context& c, const transaction& confirmed) -> flow<result<login_result>> {
    try {
        auto owner = co_await p_.ports.find_user(confirmed.user_id);
        // A changed number is a new out-of-band device (NIST SP 800-63B-3 §5.1.3.3).
        if (!owner || owner->phone != confirmed.phone) co_return error::no_transaction;
        std::string_view begun_with = confirmed.password_fingerprint;
        if (begun_with.empty() && !p_.config.code_login_enabled) co_return error::login_disabled;
        if (rules::is_concealed(confirmed)) begun_with.remove_prefix(1);
        if (!begun_with.empty() && begun_with != p_.fingerprint_of(*owner)) co_return error::invalid_login;
        const entry by(confirmed);
        auto outcome = co_await open_session(c, *owner, by);
        co_return outcome;
    } catch (...) {
        co_return failure_of_current_exception();
    }
}

/// Nobody had the phone when the code of `confirmed` was sent.
template <class Mode>
auto login<Mode>::enter_newcomer(context& c, const transaction& confirmed) -> flow<result<login_result>> {
    if (!p_.config.code_login_enabled) co_return error::login_disabled;
    auto owner = co_await registration_.make_or_find(c, confirmed.phone);
    if (!owner) co_return std::move(owner).error();
    const entry by(confirmed);
    auto outcome = co_await open_session(c, *owner, by);
    co_return outcome;
}

template <class Mode>
auto login<Mode>::open_session(context& c, user& owner, const entry& by) -> flow<result<login_result>> {
    p_.reports.note(c, owner);
    if (!owner.enabled) co_return error::account_disabled;
    auto allowed = co_await p_.ports.before_login(owner);
    if (!allowed) co_return std::move(allowed).error();
    auto token = make_token(p_.random);
    if (!token) co_return error::internal;
    const auto at = p_.now();
    session opened{p_.hash(*token), owner.object_id, at, at + p_.config.session_lifetime,
                   p_.session_fingerprint_of(owner)};
    opened.auth_methods = by.methods;
    opened.auth_time = opened.last_used_at = at;
    opened.device = rules::device_name(c.from.user_agent);
    opened.network = c.network;
    owner.last_login_at = at;
    auto kept = co_await keep(opened, owner, by);
    if (!kept) {
        try {  // it may be stored all the same, and nobody has its token
            [[maybe_unused]] const bool erased = co_await p_.ports.erase_session(opened.token_hash);
        } catch (...) {
        }
        co_return std::move(kept).error();
    }
    if (p_.config.max_sessions_per_user != 0) co_await end_surplus(opened, owner);
    const auto known_by = p_.network_fingerprint(opened.fingerprint);
    rules::login_facts facts{.phone = owner.phone, .fingerprint = known_by, .used = by.used, .from = c.networks()};
    std::string subject;
    if (by.with_identity)
        subject = p_.identity_subject(owner.identity, owner);
    else if ((by.methods & auth_method::by_password) != 0)
        subject = owner.phone.str();
    facts.subject = subject;
    const auto over = rules::after_login(facts, p_.config, p_.now());
    co_await p_.limits.try_to(over);
    try {
        [[maybe_unused]] auto unused = co_await p_.ports.after_login(owner);
    } catch (...) {
    }
    login_result done{std::move(owner), session_token(std::move(*token)), opened.expires_at};
    co_return done;
}

template <class Mode>
auto login<Mode>::keep(const session& opened, user& owner, const entry& by) -> flow<result<void>> {
    try {
        const bool inserted = co_await p_.ports.insert_session(opened);
        if (!inserted) co_return error::internal;
        const bool noted = co_await note_login(owner, opened.fingerprint);
        if (!noted) co_return error::invalid_login;
        if (!by.device) co_return result<void>();
        auto used = co_await note_device(*by.device, opened);
        co_return used;
    } catch (...) {
        co_return Mode::current_failure();
    }
}

/// Notes that a trusted device has let in its user, who has the session `opened`; fails if it was ended meanwhile. As the
/// session is stored before, whoever ends all that a user has either ends it, too, or is noticed here.
template <class Mode>
auto login<Mode>::note_device(session device, const session& opened) -> flow<result<void>> {
    for (int lost = 0; lost < max_lost_races; ++lost) {
        device.last_used_at = opened.created_at;
        const bool noted = co_await p_.ports.update_session(device);
        if (noted) co_return result<void>();
        auto current = co_await p_.ports.find_session(device.token_hash);
        if (!current) co_return error::invalid_login;
        device = std::move(*current);
    }
    co_return error::storage_unavailable;
}

template <class Mode>
auto login<Mode>::end_surplus(const session& added, const user& owner) -> flow<bool> {
    try {
        auto all = co_await p_.ports.find_sessions_of(owner.object_id);
        const auto surplus = rules::surplus(std::move(all), added, owner, p_.config, p_.now());
        for (const auto& hash : surplus) {
            [[maybe_unused]] const bool ended = co_await p_.ports.erase_session(hash);
        }
        co_return true;
    } catch (...) {
        co_return false;
    }
}

/// Stores `last_login_at`. False if the user has been disabled or deleted since they were read, or what the session
/// `rests_on` has changed: it is over already. A storage that fails to store it does not stop a login.
template <class Mode>
auto login<Mode>::note_login(user& owner, const std::string& rests_on) -> flow<bool> {
    for (int lost = 0; lost < max_lost_races; ++lost) {
        write_result written = write_result::done;
        try {
            written = co_await p_.ports.update_user(owner);
        } catch (...) {
        }
        if (written != write_result::stale) co_return true;
        auto current = co_await p_.ports.find_user(owner.object_id);
        if (!current || !current->enabled || p_.session_fingerprint_of(*current) != rests_on) co_return false;
        current->last_login_at = owner.last_login_at;
        owner = std::move(*current);
    }
    co_return true;
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
