// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_CODES_IPP
#define PHONEAUTH_FLOWS_CODES_IPP

#include <utility>

#include <phoneauth/flows/codes.hpp>
#include <phoneauth/flows/parts.hpp>
#include <phoneauth/rules/disclosure.hpp>
#include <phoneauth/rules/transitions.hpp>
#include <phoneauth/twilio/delivery.hpp>
#include <phoneauth/twilio/error_codes.hpp>
#include <phoneauth/twilio/replies.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto codes<Mode>::resend(transaction_id id, client_info from) -> returned<challenge> {
    return p_.run(event_kind::resent, std::move(from), [&](context& c) { return send_again(c, std::move(id)); });
}

template <class Mode>
auto codes<Mode>::status(transaction_id id) -> returned<transaction_status> {
    return Mode::finish(find_status(std::move(id)));
}

template <class Mode>
auto codes<Mode>::handle_status_callback(status_callback r) -> returned<callback_outcome> {
    return p_.run(event_kind::delivered, {}, [&](context& c) { return take_report(c, std::move(r)); });
}

template <class Mode>
auto codes<Mode>::start(context& c, const rules::code_request& asked, opening what) -> flow<result<challenge>> {
    const auto limits = rules::code_limits(asked, p_.config, p_.now());
    const auto granted = co_await p_.limits.take(c, limits);
    if (!granted.granted) co_return limits.judge(granted).error();
    if (what.refusal) co_return *what.refusal;
    auto opened = co_await open(c, limits, granted, std::move(what));
    co_return opened;
}

template <class Mode>
auto codes<Mode>::start_for(context& c, const user& owner, purpose what) -> flow<result<challenge>> {
    auto allowed = rules::check_destination(owner.phone, p_.config);  // it may have changed since they registered
    if (!allowed) co_return std::move(allowed).error();
    const auto rests_on = p_.session_fingerprint_of(owner);
    rules::code_request asked{
        .phone = owner.phone, .fingerprint = p_.network_fingerprint(rests_on), .from = c.networks()};
    asked.begins = rules::door::session;
    asked.in_session = true;
    opening code(what, owner.phone, owner.object_id);
    auto opened = co_await start(c, asked, std::move(code));
    co_return opened;
}

template <class Mode>
auto codes<Mode>::open(context& c, const rules::limit_batch& limits, const cell_answer& granted, opening what)
    -> flow<result<challenge>> {
    if (auto trouble = p_.messages.sender_trouble(what.phone)) {
        co_await p_.limits.give_back(limits, granted, true);
        co_return *std::move(trouble);
    }
    auto id = make_token(p_.random);
    if (!id) co_return error::internal;
    const auto at = p_.now();
    transaction t{.id = std::move(*id), .purpose = what.purpose, .phone = what.phone};
    t.user_id = std::move(what.user_id);
    t.topic = std::move(what.topic);
    t.key_id = p_.messages.current_key_id();
    t.sends = 1;
    t.created_at = at;
    t.expires_at = at + p_.config.code_lifetime;
    t.last_sent_at = at;
    t.password_fingerprint = std::move(what.fingerprint);
    if (granted.marked) t.known_network = c.network;
    p_.reports.note(c, t);
    auto added = co_await ask_hook(c, t, false);
    if (!added) {
        co_await p_.limits.give_back(limits, granted);
        co_return std::move(added).error();
    }
    const bool inserted = co_await p_.ports.insert_transaction(t);
    if (!inserted) co_return error::internal;
    auto sent = co_await p_.messages.send_code(c, t, *added);
    if (!sent) {
        rules::apply_refusal(t);
        co_await try_to_store(t);
        co_await p_.limits.give_back(limits, granted, p_.messages.is_nobodys_attempt(sent.error()));
        co_return std::move(sent).error();
    }
    co_return describe(std::move(t), *sent);
}

template <class Mode>
auto codes<Mode>::send_again(context& c, transaction_id id) -> flow<result<challenge>> {
    if (!is_id(id)) co_return error::no_transaction;
    for (int lost = 0; lost < max_lost_races; ++lost) {
        auto found = co_await p_.ports.find_transaction(id);
        if (!found) co_return error::no_transaction;
        p_.reports.note(c, *found);
        auto before = *found;
        auto allowed = rules::apply_resend(*found, p_.config, p_.now());
        if (!allowed) {
            if (found->state != before.state) co_await try_to_store(*found);
            co_return std::move(allowed).error();
        }
        allowed = check_key(*found);
        if (!allowed) co_return std::move(allowed).error();
        if (auto trouble = p_.messages.sender_trouble(found->phone)) co_return *std::move(trouble);
        // What is concealed goes on like a decoy where the account's limits refuse it. The decoy of a login costs the
        // account nothing; that of a reset is counted at a phone that nobody has.
        const bool concealed = rules::is_concealed(*found);
        auto limits = rules::code_limits(again(*found, c), p_.config, p_.now());
        std::optional<rules::limit_batch> of_client;
        cell_answer admitted;
        if (concealed) {
            const bool is_reset = found->purpose == purpose::password_reset;
            of_client = is_reset ? rules::reset_limits(again(*found, c), p_.config, p_.now()) : limits.of_client();
            admitted = co_await p_.limits.take(c, *of_client);
            if (!admitted.granted) co_return of_client->judge(admitted).error();
            limits = limits.of_account();
            if (rules::is_decoy(*found) && !is_reset) limits = limits.as_decoy();
        }
        const auto granted = co_await p_.limits.take(c, limits);
        if (!granted.granted && !concealed) co_return limits.judge(granted).error();
        auto added = co_await ask_hook(c, *found, true);
        if (!added) {
            co_await p_.limits.give_back(limits, granted);
            co_return std::move(added).error();
        }
        const bool won = co_await p_.ports.update_transaction(*found);
        if (!won) {
            co_await p_.limits.give_back(limits, granted);
            continue;
        }
        if (!granted.granted) found->user_id = rules::decoy_user_id;  // for the message alone: it is stored as it was
        auto sent = co_await p_.messages.send_code(c, *found, *added);
        if (!sent) {
            const bool everything = p_.messages.is_nobodys_attempt(sent.error());
            co_await p_.limits.give_back(limits, granted, everything);
            if (everything && concealed) co_await p_.limits.give_back(*of_client, admitted, true);
            before.version = found->version + 1;
            if (everything) co_await try_to_store(before);
            co_return std::move(sent).error();
        }
        co_return describe(std::move(*found), *sent);
    }
    co_return error::storage_unavailable;
}

/// What the integrator has to say about a message: a refusal, or further options.
template <class Mode>
auto codes<Mode>::ask_hook(const context& c, const transaction& t, bool again)
    -> flow<result<text_message::option_list>> {
    code_message m{t.phone, t.purpose, t.topic, again, c.from, {}};
    auto allowed = co_await p_.ports.before_message(m);
    if (allowed) allowed = twilio::check_code_options(m.added);
    if (!allowed) co_return std::move(allowed).error();
    co_return std::move(m.added);
}

/// A code that is sent again. Nobody looks up whether it is for the owner: what the first one was, this one is.
template <class Mode>
rules::code_request codes<Mode>::again(const transaction& t, const context& c) {
    return {.phone = t.phone,
            .fingerprint = {},
            .from = c.networks(),
            .registers = rules::door_of(t) == rules::door::registration,
            .verifies = rules::door_of(t) == rules::door::verification,
            .after_password = rules::door_of(t) == rules::door::second,
            .in_session = rules::door_of(t) == rules::door::session,
            .concealed = rules::is_concealed(t),
            .known_network = t.known_network};
}

template <class Mode>
auto codes<Mode>::confirm(context& c, const expectation& expected, const transaction_id& id, submitted_code submitted)
    -> flow<result<transaction>> {
    auto typed = parse_code(submitted.str(), p_.config.code_digits);
    submitted = {};  // wiped
    if (!typed) co_return std::move(typed).error();
    if (!is_id(id)) co_return error::no_transaction;
    for (int lost = 0; lost < max_lost_races; ++lost) {
        auto found = co_await p_.ports.find_transaction(id);
        if (!found || found->purpose != expected.purpose) co_return error::no_transaction;
        if (expected.user_id && found->user_id != *expected.user_id) co_return error::no_transaction;
        if (expected.phone && found->phone != *expected.phone) co_return error::phone_mismatch;
        p_.reports.note(c, *found);
        const auto before = found->state;
        auto known = check_key(*found);
        if (!known) co_return std::move(known).error();
        const bool is_its_code = p_.messages.is_code_of(*found, *typed);
        const bool right = is_its_code && expected.all_else_is_right && !rules::is_decoy(*found);
        auto outcome = rules::apply_code(*found, right, p_.config, p_.now());
        if (before != transaction_state::pending) co_return std::move(outcome).error();
        co_await Mode::ignore_cancellation();  // a code that is spent must lead to the end of the flow
        const bool won = co_await p_.ports.update_transaction(*found);
        if (!won) continue;
        ++found->version;
        if (outcome) {
            p_.reports.tell(c, event_kind::confirmed);
            co_return std::move(*found);
        }
        if (found->state != transaction_state::expired) co_await p_.limits.punish(c, *found);
        co_return std::move(outcome).error();
    }
    co_return error::storage_unavailable;
}

template <class Mode>
auto codes<Mode>::reopen(transaction& t, rules::spent_try last) -> flow<bool> {
    rules::reopen(t, p_.config, last);
    return try_to_store(t);
}

template <class Mode>
auto codes<Mode>::find_status(transaction_id id) -> flow<result<transaction_status>> {
    if (!is_id(id)) co_return error::no_transaction;
    auto found = co_await p_.ports.find_transaction(id);
    if (!found) co_return error::no_transaction;
    co_return rules::status_of(*found, p_.config, p_.now());
}

template <class Mode>
auto codes<Mode>::take_report(context& c, status_callback r) -> flow<result<callback_outcome>> {
    c.silent = true;  // what it tells, it tells itself
    const auto report = twilio::read_delivery(p_.config.twilio, r);
    if (!report) co_return report.error();
    if (!is_id(report->transaction_id)) co_return callback_outcome::no_news;
    for (int lost = 0; lost < max_lost_races; ++lost) {
        auto found = co_await p_.ports.find_transaction(report->transaction_id);
        if (!found) co_return callback_outcome::no_news;
        const bool news = rules::apply_delivery(*found, report->send, report->status, report->error_code);
        if (!news) co_return callback_outcome::no_news;
        const bool won = co_await p_.ports.update_transaction(*found);
        if (!won) continue;
        p_.reports.note(c, *found);
        if (found->delivery_error != 0) c.about.twilio_code = found->delivery_error;
        p_.reports.tell(c,
                        found->delivery == delivery_state::delivered ? event_kind::delivered : event_kind::undelivered);
        tell_sender_trouble(c, *found);
        co_return callback_outcome::noted;
    }
    co_return error::storage_unavailable;
}

/// A code of a pending `t` whose key only other servers have is neither right nor wrong here.
template <class Mode>
result<void> codes<Mode>::check_key(const transaction& t) const {
    if (t.state != transaction_state::pending || p_.now() >= t.expires_at || p_.messages.knows_code_of(t)) return {};
    return failure(error::storage_unavailable, "This server does not know the key of this code; try again.");
}

/// Tells the observer if the last message of `t`, which had been accepted, was lost for the sender's sake.
template <class Mode>
void codes<Mode>::tell_sender_trouble(const context& c, const transaction& t) const {
    const auto* row = twilio::find_error_code(t.delivery_error);
    if (!row || row->meaning != error::provider_misconfigured) return;
    failure why(row->meaning);
    why.twilio_code = row->code;
    p_.reports.tell(c, event_kind::sender_trouble, &why);
}

template <class Mode>
auto codes<Mode>::try_to_store(const transaction& t) -> flow<bool> {
    try {
        const bool stored = co_await p_.ports.update_transaction(t);
        co_return stored;
    } catch (...) {
        co_return false;
    }
}

template <class Mode>
challenge codes<Mode>::describe(transaction&& t, send_outcome sent) const {
    return {transaction_id(std::move(t.id)), t.expires_at, p_.config.resend_cooldown, sent == send_outcome::uncertain};
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
