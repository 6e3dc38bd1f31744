// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_RECOVERY_IPP
#define PHONEAUTH_FLOWS_RECOVERY_IPP

#include <cstddef>
#include <utility>

#include <phoneauth/flows/parts.hpp>
#include <phoneauth/flows/recovery.hpp>
#include <phoneauth/rules/destination.hpp>
#include <phoneauth/rules/disclosure.hpp>
#include <phoneauth/rules/registration.hpp>
#include <phoneauth/rules/sessions.hpp>
#include <phoneauth/secrets/code.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto recovery<Mode>::start_password_reset(std::string phone, client_info from) -> returned<challenge> {
    return p_.run(event_kind::started, std::move(from), [&](context& c) { return begin(c, std::move(phone)); });
}

template <class Mode>
auto recovery<Mode>::start_password_reset_of(std::string identity, client_info from) -> returned<challenge> {
    return p_.run(event_kind::started, std::move(from), [&](context& c) { return begin_of(c, std::move(identity)); });
}

template <class Mode>
auto recovery<Mode>::finish_password_reset(transaction_id id, submitted_code code, password wanted, backup_code spare,
                                           client_info from) -> returned<user> {
    return p_.run(event_kind::password_reset, std::move(from), [&](context& c) {
        return complete(c, std::move(id), std::move(code), std::move(wanted), std::move(spare));
    });
}

template <class Mode>
auto recovery<Mode>::make_backup_codes(session_token token, client_info from) -> returned<std::vector<backup_code>> {
    return p_.run(event_kind::backup_codes_made, std::move(from),
                  [&](context& c) { return make(c, std::move(token)); });
}

template <class Mode>
auto recovery<Mode>::login_with_backup_code(std::string phone, password secret, backup_code spare, client_info from)
    -> returned<login_result> {
    return p_.run(event_kind::logged_in, std::move(from),
                  [&](context& c) { return enter(c, std::move(phone), std::move(secret), std::move(spare)); });
}

// ---- Password resets ----

/// What a reset rests on: the code is worth nothing when its user's password, phone or generation has changed since. So
/// of several codes that are open, the first one that is used ends all others. That of nobody takes as long.
template <class Mode>
std::string recovery<Mode>::basis_of(const std::optional<user>& owner) {
    return owner ? p_.session_fingerprint_of(*owner) : p_.hash(p_.hash("nobody"));
}

/// Stands for the phone of an identity that nobody has. No country has the calling code 999 (ITU-T E.164, list of
/// assigned country codes), so that what is counted there is counted against nobody.
template <class Mode>
phone_number recovery<Mode>::phone_of_nobody(const std::string& identity) {
    std::string text = p_.hash("nobody " + identity).substr(0, 8);  // no longer than most numbers
    for (char& c : text) c = static_cast<char>('0' + c % 10);
    auto phone = phone_number::from_e164("+999" + text);
    return *std::move(phone);
}

template <class Mode>
auto recovery<Mode>::begin(context& c, std::string text) -> flow<result<challenge>> {
    if (p_.config.password_reset == password_reset_policy::disabled) co_return error::operation_disabled;
    auto phone = p_.read_phone(c, text);
    if (!phone) co_return std::move(phone).error();
    auto owner = co_await p_.ports.find_user_by_phone(*phone);
    const auto fingerprint = p_.network_fingerprint(c, owner);
    rules::code_request asked{.phone = *phone, .fingerprint = fingerprint, .from = c.networks()};
    asked.begins = rules::door::code;
    opening code(purpose::password_reset, *phone, owner ? owner->object_id : rules::decoy_user_id);
    code.fingerprint = basis_of(owner);
    if (!owner && p_.config.unknown_phone == unknown_phone_policy::reject) code.refusal = error::unknown_phone;
    auto opened = co_await codes_.start(c, asked, std::move(code));
    co_return opened;
}

/// A reset that begins with an identity tells nobody whose phone the code goes to, nor whether it goes anywhere: not
/// even by the limits of that phone, which others can use up. So only limits that know no phone are seen. Where the
/// phone's refuse, it goes on as for an identity that nobody has; and that is counted against the phone of nobody.
template <class Mode>
auto recovery<Mode>::begin_of(context& c, std::string text) -> flow<result<challenge>> {
    if (p_.config.password_reset == password_reset_policy::disabled) co_return error::operation_disabled;
    if (p_.config.identity_column == p_.config.phone_column) {
        auto opened = co_await begin(c, std::move(text));
        co_return opened;
    }
    auto identity = rules::normalize_identity(p_.config, text);
    if (!identity) co_return std::move(identity).error();
    auto owner = co_await p_.ports.find_user_by_identity(*identity);
    const auto nobodys = phone_of_nobody(*identity);
    const phone_number phone = owner ? owner->phone : nobodys;
    const auto stranger = p_.network_fingerprint(c, std::nullopt);
    const auto fingerprint = p_.network_fingerprint(c, owner);
    rules::code_request asked{.phone = phone, .fingerprint = stranger, .from = c.networks()};
    asked.begins = rules::door::code;
    asked.concealed = true;
    const auto seen = rules::reset_limits(asked, p_.config, p_.now());
    const auto admitted = co_await p_.limits.take(c, seen);
    if (!admitted.granted) co_return seen.judge(admitted).error();
    if (!owner && p_.config.unknown_phone == unknown_phone_policy::reject)
        co_return failure(error::unknown_phone, "There is no such user.");
    const auto reachable = rules::check_destination(phone, p_.config);
    if (!reachable) owner.reset();
    asked.fingerprint = fingerprint;
    const auto limits = rules::code_limits(asked, p_.config, p_.now()).of_account();
    const auto granted = co_await p_.limits.take(c, limits);
    if (!granted.granted) {
        const auto why = limits.judge(granted);
        p_.reports.tell_failure(c, why.error());
        owner.reset();
    }
    opening code(purpose::password_reset, owner ? phone : nobodys, owner ? owner->object_id : rules::decoy_user_id);
    code.fingerprint = basis_of(owner);
    code.fingerprint.insert(0, 1, rules::concealed_mark);
    auto opened = co_await codes_.open(c, limits, granted, std::move(code));
    if (!opened && p_.messages.is_nobodys_attempt(opened.error())) co_await p_.limits.give_back(seen, admitted, true);
    co_return opened;
}

namespace detail {
/// Whether a flow that ended with `f` was of no use to its code: the same code may come again. It may not when what it
/// was for is gone.
inline bool leaves_code_open(const failure& f) noexcept {
    return f.code != error::no_transaction && f.code != error::account_disabled;
}
}  // namespace detail

template <class Mode>
auto recovery<Mode>::complete(context& c, transaction_id id, submitted_code code, password wanted, backup_code spare)
    -> flow<result<user>> {
    const auto policy = p_.config.password_reset;
    if (policy == password_reset_policy::disabled) co_return error::operation_disabled;
    auto allowed = rules::check_password_text(p_.config, wanted.str());
    if (!allowed) co_return std::move(allowed).error();
    expectation expected(purpose::password_reset);
    std::optional<backup_guess> guess;
    if (policy == password_reset_policy::code_and_backup_code) {
        const auto typed = parse_code(code.str(), p_.config.code_digits);  // before a guess is counted
        if (!typed) co_return typed.error();
        auto checked = co_await check_with_code(c, id, std::move(spare));
        if (!checked) co_return std::move(checked).error();
        guess = std::move(*checked);
        expected.all_else_is_right = guess->right;  // nothing tells which of the two was wrong
    }
    auto confirmed = co_await codes_.confirm(c, expected, id, std::move(code));
    if (!confirmed) co_return std::move(confirmed).error();
    co_await Mode::ignore_cancellation();  // the code is spent: what follows must come to its end
    auto outcome = co_await replace_password(c, *confirmed, wanted.str(), guess);
    wanted = {};  // wiped
    if (!outcome && detail::leaves_code_open(outcome.error())) {
        const bool overloaded = outcome.error().code == error::overloaded;
        co_await codes_.reopen(*confirmed, overloaded ? rules::spent_try::given_back : rules::spent_try::counts);
    }
    co_return outcome;
}

/// The backup code that comes with the code of `id`. It is hashed whether or not that code is right, so that the time
/// tells nothing about it.
template <class Mode>
auto recovery<Mode>::check_with_code(context& c, const transaction_id& id, backup_code spare)
    -> flow<result<backup_guess>> {
    const auto typed = parse_backup_code(spare.str());
    spare = {};  // wiped
    if (!typed) co_return failure(error::invalid_parameter, "The backup code must have a digit and 16 characters.");
    if (!is_id(id)) co_return error::no_transaction;
    auto found = co_await p_.ports.find_transaction(id);
    if (!found || found->purpose != purpose::password_reset) co_return error::no_transaction;
    p_.reports.note(c, *found);
    backup_guess none;
    const bool is_open = found->state == transaction_state::pending && p_.now() < found->expires_at;
    if (!is_open) co_return none;  // no code is compared, either
    auto owner = co_await p_.ports.find_user(found->user_id);
    const backup_question asked{found->phone, owner, rules::is_concealed(*found)};
    auto guess = co_await check(c, asked, *typed);
    co_return guess;
}

/// The user of a confirmed transaction gets another password, if nothing has changed that the reset rests on.
template <class Mode>
auto recovery<Mode>::replace_password(context& c, const transaction& t, const std::string& wanted,
                                      const std::optional<backup_guess>& spare) -> flow<result<user>> {
    try {
        std::string_view basis = t.password_fingerprint;
        if (rules::is_concealed(t)) basis.remove_prefix(1);
        std::string hash;
        for (int lost = 0; lost < max_lost_races; ++lost) {
            auto owner = co_await p_.ports.find_user(t.user_id);
            // A changed number is a new out-of-band device (NIST SP 800-63B-3 §5.1.3.3).
            if (!owner || owner->phone != t.phone || basis_of(owner) != basis) co_return error::no_transaction;
            p_.reports.note(c, *owner);
            if (!owner->enabled) co_return error::account_disabled;
            auto allowed = rules::check_password(p_.config, wanted, owner->phone, owner->identity);
            if (!allowed) co_return std::move(allowed).error();
            user changed = *owner;
            if (spare && !replace_backup_code(changed.backup_codes, spare->slot, spare->hash, used_backup_code)) {
                failure used(error::wrong_code);  // somebody else was faster
                used.tries_left = rules::tries_left(t, p_.config);
                co_return used;
            }
            if (hash.empty()) {
                allowed = co_await p_.passwords.set(changed, wanted);
                if (!allowed) co_return std::move(allowed).error();
                hash = changed.password_hash;
            }
            changed.password_hash = hash;
            ++changed.generation;
            changed.updated_at = p_.now();
            auto outcome = co_await p_.accounts.store(*owner, changed);
            if (outcome.state == change_state::stale) continue;
            if (outcome.state != change_state::done) co_return std::move(outcome).why;
            co_await after_reset(c, t, *owner, changed, spare);
            co_return std::move(changed);
        }
        co_return error::storage_unavailable;
    } catch (...) {
        co_return failure_of_current_exception();
    }
}

/// The password is another one: all else follows from it, and nobody's result depends on it.
template <class Mode>
auto recovery<Mode>::after_reset(context& c, const transaction& t, const user& before, const user& changed,
                                 const std::optional<backup_guess>& spare) -> flow<bool> {
    co_await p_.accounts.end_sessions(changed.object_id);  // they are over already, as what they rest on has changed
    const auto fingerprint = p_.session_fingerprint_of(changed);
    const auto subject = p_.identity_subject(changed.identity, changed);
    const auto over =
        rules::after_password_reset(t, subject, p_.network_fingerprint(fingerprint), c.networks(), p_.config, p_.now());
    co_await p_.limits.try_to(over);
    if (spare) {
        p_.reports.tell(c, event_kind::backup_code_used);
    }
    co_await p_.notices.tell(c, changed.phone, p_.config.password_reset_notice);
    co_await p_.accounts.after_update(before, changed);
    co_return true;
}

// ---- Backup codes ----

/// What `typed` is worth, counted before it is compared.
template <class Mode>
auto recovery<Mode>::check(context& c, const backup_question& q, const typed_backup_code& typed)
    -> flow<result<backup_guess>> {
    const auto limits_of = [&](const std::string& fingerprint, std::int64_t hashes = 1) {
        return rules::backup_limits(q.phone.str(), fingerprint, c.networks(), q.concealed, hashes, p_.config, p_.now());
    };
    auto limits = limits_of(p_.network_fingerprint(c, q.owner));
    if (q.concealed) {
        const auto of_client = limits_of(p_.network_fingerprint(c, std::nullopt)).of_client();
        const auto admitted = co_await p_.limits.take(c, of_client);
        if (!admitted.granted) co_return of_client.judge(admitted).error();
        limits = limits.of_account();
    }
    const auto granted = co_await p_.limits.take(c, limits);
    if (!granted.granted && !q.concealed) {
        // Whoever comes again needs room for all hashes: had they waited for this one, the others would take its place.
        const auto again = limits_of(p_.network_fingerprint(c, q.owner), q.hashes);
        co_return again.judge(granted).error();
    }
    backup_guess guess;
    guess.slot = typed.slot;
    guess.marked = granted.marked;
    if (q.owner) guess.hash = find_backup_code(q.owner->backup_codes, typed.slot);
    auto right = co_await p_.passwords.compare(c, guess.hash, typed.text);
    if (!right) {
        co_await p_.limits.give_back(limits, granted);
        co_return std::move(right).error();
    }
    guess.right = *right && granted.granted;
    if (!guess.right) p_.limits.tell_locked(c, limits.account_wait(granted));
    co_return guess;
}

template <class Mode>
auto recovery<Mode>::make(context& c, session_token token) -> flow<result<std::vector<backup_code>>> {
    auto admitted = co_await sessions_.admit(token);
    if (!admitted) co_return std::move(admitted).error();
    p_.reports.note(c, admitted->owner);
    if (!rules::is_fresh(admitted->login, p_.config, p_.now())) co_return error::fresh_login_required;
    const auto limits =
        rules::backup_making_limits(admitted->owner.object_id, c.networks(), backup_code_count, p_.config, p_.now());
    const auto granted = co_await p_.limits.take(c, limits);
    if (!granted.granted) co_return limits.judge(granted).error();
    const auto phone = admitted->owner.phone;
    std::vector<backup_code> codes;
    std::string hashes;
    for (unsigned slot = 0; slot < backup_code_count; ++slot) {
        auto text = make_backup_code(p_.random, slot);
        if (!text) co_return error::internal;
        const auto read = parse_backup_code(*text);
        auto hash = co_await p_.ports.hash_password(read->text);
        if (!hash) co_return std::move(hash).error();
        if (hash->empty() || hash->find(' ') != std::string::npos) co_return error::internal;  // no PHC string
        if (slot > 0) hashes += ' ';
        hashes += *hash;
        codes.emplace_back(std::move(*text));
    }
    auto stored = co_await store_backup_codes(token, std::move(admitted->owner), hashes);
    if (!stored) co_return std::move(stored).error();
    co_await p_.notices.tell(c, phone, p_.config.backup_codes_made_notice);
    co_return codes;
}

template <class Mode>
auto recovery<Mode>::store_backup_codes(const session_token& token, user owner, const std::string& hashes)
    -> flow<result<void>> {
    for (int lost = 0; lost < max_lost_races; ++lost) {
        user changed = owner;
        changed.backup_codes = hashes;
        changed.updated_at = p_.now();
        auto outcome = co_await p_.accounts.store(owner, changed);
        if (outcome.state == change_state::stale) {
            auto admitted = co_await sessions_.admit(token);
            if (!admitted) co_return std::move(admitted).error();
            owner = std::move(admitted->owner);
            continue;
        }
        if (outcome.state != change_state::done) co_return std::move(outcome).why;
        co_await p_.accounts.after_update(owner, changed);
        co_return result<void>();
    }
    co_return error::storage_unavailable;
}

/// Password and backup code are both compared, whatever becomes of the first, and a failure does not tell which was
/// wrong: so whoever has one of them cannot try for the other alone.
template <class Mode>
auto recovery<Mode>::enter(context& c, std::string text, password secret, backup_code spare)
    -> flow<result<login_result>> {
    if (!p_.config.login_enabled) co_return error::login_disabled;
    auto phone = p_.read_phone(c, text);
    if (!phone) co_return std::move(phone).error();
    const auto typed = parse_backup_code(spare.str());
    spare = {};  // wiped
    if (!typed) {
        c.uncounted = true;
        co_return error::invalid_login;
    }
    auto owner = co_await p_.ports.find_user_by_phone(*phone);
    const password_question asked{std::string(phone->str()), p_.network_fingerprint(c, owner), owner, true};
    auto by_password = co_await p_.passwords.check(c, asked, secret.str());
    if (!by_password) co_return std::move(by_password).error();
    const backup_question question{*phone, owner, false, 2};
    auto guess = co_await check(c, question, *typed);
    if (!guess) co_return std::move(guess).error();
    const bool has_password = owner && !owner->password_hash.empty();
    const bool right = guess->right && (has_password ? by_password->right : secret.empty());
    secret = {};  // wiped
    const bool half = guess->right || (has_password && by_password->right);
    auto failures = rules::backup_failure(phone->str(), asked.fingerprint, c.networks(), p_.config, p_.now());
    if (!half) failures = failures.as_decoy();
    const auto counted = co_await p_.limits.take(c, failures);
    // While it is concealed whether passwords are right, that this door is shut must not tell it.
    if (half && !counted.granted && !by_password->concealed) co_return failures.judge(counted).error();
    if (half && !right) p_.limits.tell_locked(c, failures.account_wait(counted));
    if (!right || !counted.granted) co_return error::invalid_login;
    p_.reports.note(c, *owner);
    if (!owner->enabled) co_return error::account_disabled;
    if (!has_password && !p_.config.code_login_enabled) co_return error::login_disabled;
    co_await Mode::ignore_cancellation();  // from here on the code is spent
    auto spent = co_await spend(*owner, *guess);
    if (!spent) co_return std::move(spent).error();
    p_.reports.tell(c, event_kind::backup_code_used);
    if (has_password) co_await p_.passwords.forgive(c, asked, *by_password);
    const auto over = rules::after_backup_code(phone->str(), c.networks(), guess->marked, p_.config, p_.now());
    co_await p_.limits.try_to(over);
    const entry by(auth_method::by_backup_code | (has_password ? auth_method::by_password : std::uint32_t{}));
    const user as_spent = *owner;
    auto outcome = co_await login_.open_session(c, *owner, by);
    if (!outcome) co_await put_back(as_spent, *guess);
    if (outcome) co_await p_.notices.tell(c, *phone, p_.config.backup_code_notice);
    co_return outcome;
}

/// Marks a backup code as used: of all who come with it at once, one gets success.
template <class Mode>
auto recovery<Mode>::spend(user& owner, const backup_guess& guess) -> flow<result<void>> {
    const auto rests_on = p_.session_fingerprint_of(owner);
    for (int lost = 0; lost < max_lost_races; ++lost) {
        if (!replace_backup_code(owner.backup_codes, guess.slot, guess.hash, used_backup_code))
            co_return error::invalid_login;
        const write_result written = co_await p_.ports.update_user(owner);
        if (written == write_result::done) {
            ++owner.version;
            co_return result<void>();
        }
        if (written != write_result::stale) co_return error::internal;
        auto current = co_await p_.ports.find_user(owner.object_id);
        if (!current || !current->enabled || p_.session_fingerprint_of(*current) != rests_on)
            co_return error::invalid_login;
        owner = std::move(*current);
    }
    co_return error::storage_unavailable;
}

/// A backup code was of no use, as no session came of it after it was spent: it may come again. Unless the user's codes
/// are others by now, among which it must not be.
template <class Mode>
auto recovery<Mode>::put_back(const user& spent, const backup_guess& guess) -> flow<bool> {
    try {
        for (int lost = 0; lost < max_lost_races; ++lost) {
            auto current = co_await p_.ports.find_user(spent.object_id);
            if (!current || current->backup_codes != spent.backup_codes) co_return false;
            replace_backup_code(current->backup_codes, guess.slot, used_backup_code, guess.hash);
            const write_result written = co_await p_.ports.update_user(*current);
            if (written != write_result::stale) co_return written == write_result::done;
        }
    } catch (...) {
    }
    co_return false;
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
