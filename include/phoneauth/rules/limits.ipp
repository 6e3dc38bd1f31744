// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_LIMITS_IPP
#define PHONEAUTH_RULES_LIMITS_IPP

#include <phoneauth/rules/destination.hpp>
#include <phoneauth/rules/disclosure.hpp>
#include <phoneauth/rules/limits.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rules {
namespace detail {

using std::chrono::milliseconds;
using enum cell_condition;

inline constexpr milliseconds hour = std::chrono::hours(1);
inline constexpr milliseconds day = std::chrono::hours(24);
inline constexpr milliseconds all = longest_cell;

inline std::string_view name_of(door d) noexcept {
    constexpr std::array<std::string_view, 7> names{
        "registration:", "login:", "second:", "password:", "session:", "backup:", "verification:"};
    return names[static_cast<std::size_t>(d)];
}

inline cell_request take(const rate& r, std::int64_t n = 1, cell_condition when = always, std::int64_t reserve = 0) {
    // What is larger than the burst is granted when nothing else has been taken, else it could never be.
    return {cell_action::take, when, r.room(n), r.room((std::max)(n, r.burst)), r.room(reserve)};
}
inline cell_request ask(const rate& r, std::int64_t n, cell_condition when) {
    return {cell_action::ask, when, r.room(n), r.room(r.burst), {}};
}
/// `n` more, whatever there is room for, but no longer than `most` ahead.
inline cell_request charge(const rate& r, std::int64_t n, cell_condition when, milliseconds most) {
    return {cell_action::move, when, r.room(n), most, {}};
}
inline cell_request back(milliseconds cost, cell_condition when = always) {
    return {cell_action::move, when, -cost, all, {}};
}
inline cell_request forget() {
    return back(all);
}

/// A limit of which strangers have one cell, those of them who knew the password another, and each known network its
/// own.
template <class... Parts>
void add_for_each(limit_batch& b, const code_request& asked, const rate& r, error refusal, const Parts&... key) {
    const std::string_view strangers = asked.in_session ? "@session" : asked.after_password ? "@password" : "";
    if (!asked.known_network.empty()) {
        b.add(take(r), refusal, key..., "@", asked.known_network);
    } else if (!asked.begins || b.cells().marker().empty()) {
        b.add(take(r), refusal, key..., strangers);
    } else {
        b.add(take(r, 1, unless_marked), refusal, key..., strangers);
        b.add(take(r, 1, if_marked), refusal, key..., "@", asked.from.network);
    }
}

/// What a client's network has, and the /48 that it is in. `n`: how many of it; `proven`: it has its reserve.
inline void add_client(limit_batch& b, std::string_view key, const client_networks& from, const rate& r, std::int64_t n,
                       bool proven, error refusal) {
    if (from.network.empty()) return;
    const auto reserve = (r.burst + 1) / 2;
    const rate whole{r.interval, r.burst + (proven ? reserve : 0)};
    b.add(take(whole, n, always, proven ? 0 : reserve), refusal, key, from.network);
    b.keep();
    if (from.wide.empty() || proven) return;
    b.add(take({r.interval / wide_factor, r.burst * wide_factor}, n, unless_marked), refusal, key, from.wide);
    b.keep();
}

inline rate total_rate(const config& c) noexcept {
    const std::int64_t most = c.max_sends_per_hour;
    return at_most(most, hour, std::max<std::int64_t>(most / 4, 1));
}

inline rate client_rate(const config& c) noexcept {
    return at_most(c.max_sends_per_client_and_hour, hour);
}

}  // namespace detail

// ---- What flows ask ----

namespace detail {

/// The cells of the failures at a door, of strangers and of known networks. `f(share, condition, parts of the key…)`.
template <class F>
void for_each_share(const client_networks& from, F f) {
    f(failure_share::strangers, unless_marked, std::string_view(), std::string_view());
    if (from.network.empty()) return;
    f(failure_share::known_network, if_marked, std::string_view("@"), from.network);
    f(failure_share::all_known, if_marked, std::string_view("@known"), std::string_view());
}

/// Room for all tries of a code that is to be opened, and of those that are open.
inline void add_account(limit_batch& b, const code_request& r, const config& c) {
    const auto d = *r.begins;
    const auto phone = r.phone.str();
    for_each_share(r.from, [&](failure_share s, cell_condition when, std::string_view at, std::string_view network) {
        const auto tries = open_codes(s, c).burst * std::int64_t{c.max_tries};
        b.add(ask(failure_rate(d, s, c), tries, when), error::too_many_failures, "wrong/", name_of(d), phone, at,
              network);
        b.add(take(open_codes(s, c), 1, when), error::too_many_messages, "open/", name_of(d), phone, at, network);
    });
}

/// Of the budget of all.
inline constexpr std::string_view budget_key = "codes";

/// The budget of all; `proven`: with the reserve.
inline void add_total(limit_batch& b, bool proven, const config& c) {
    if (c.max_sends_per_hour == 0) return;
    const auto total = total_rate(c);
    const rate whole{total.interval, total.burst + (proven ? total.burst : 0)};
    b.add(take(whole, 1, always, proven ? 0 : total.burst), error::too_many_messages, budget_key);
    b.watch();
}
}  // namespace detail

PHONEAUTH_DECL cell_batch budget_question(time_point now) {
    cell_batch b(now);
    b.add({cell_action::ask, detail::always, {}, detail::all, {}}, detail::budget_key);
    return b;
}

PHONEAUTH_DECL code_budget budget_left(const cell_answer& a, const config& c, time_point now) {
    if (c.max_sends_per_hour == 0) return {};
    const auto total = detail::total_rate(c);
    const auto ahead = (std::max)(a.cells[0], now) - now;
    const auto left = [&](std::int64_t burst) {
        return (std::max)(total.room(burst) - ahead, detail::milliseconds(0)) / total.interval;
    };
    return {total.burst, left(total.burst), left(2 * total.burst)};
}

PHONEAUTH_DECL limit_batch code_limits(const code_request& r, const config& c, time_point now) {
    using namespace detail;
    const auto phone = r.phone.str();
    const bool proven = r.after_password || r.in_session || !r.known_network.empty();
    const bool can_be_known = !r.registers && !r.verifies && r.from.can_be_known();
    auto b =
        can_be_known ? limit_batch(now, "known:", phone, "/", r.fingerprint, "@", r.from.network) : limit_batch(now);
    if (!find_test_number(r.phone, c)) {
        const std::string_view kind = r.registers  ? "codes/registration/"
                                      : r.verifies ? "codes/verification/"
                                                   : "codes/login/";
        if (c.max_sends_per_client_and_hour > 0)
            add_client(b, "codes/from:", r.from, client_rate(c), 1, proven, error::too_many_messages);
        add_for_each(b, r, at_most(c.max_sends_per_phone_and_hour, hour), error::too_many_messages, kind,
                     "hour:", phone);
        add_for_each(b, r, at_most(c.max_sends_per_phone_and_day, day), error::too_many_messages, kind, "day:", phone);
        if (r.concealed && r.after_password && c.max_sends_per_hour > 0)
            b.add(take(total_rate(c)), error::too_many_messages, "codes/concealed");
        else if (!r.concealed)
            add_total(b, proven, c);
        if (r.begins && !r.after_password && c.phone_cooldown.count() > 0) {
            const rate one{c.phone_cooldown, 1};
            const auto before = b.cells().size();
            add_for_each(b, r, one, error::resend_too_soon,
                         r.registers  ? "cooldown/registration:"
                         : r.verifies ? "cooldown/verification:"
                                      : "cooldown/login:",
                         phone);
            if (!r.concealed) b.keep_from(before);  // else it would tell of the phone's other codes
        }
    }
    if (r.begins) add_account(b, r, c);
    return b;
}

PHONEAUTH_DECL limit_batch reset_limits(const code_request& r, const config& c, time_point now) {
    auto seen = r;
    seen.known_network = {};  // that it is known tells whose the phone is
    auto b = code_limits(seen, c, now).of_client();
    detail::add_total(b, false, c);
    return b;
}

PHONEAUTH_DECL void take_guess_back(limit_batch& b, std::string_view subject, const client_networks& from,
                                    int shared_by, const config& c) {
    using namespace detail;
    for_each_share(from, [&](failure_share s, cell_condition when, std::string_view at, std::string_view network) {
        b.add(back(failure_rate(door::password, s, c, shared_by).interval, when), error::internal,
              "wrong/password:", subject, at, network);
    });
}

PHONEAUTH_DECL cell_batch guess_back(std::string_view subject, const client_networks& from, bool marked, int shared_by,
                                     const config& c, time_point now) {
    using namespace detail;
    cell_batch b(now);
    for_each_share(from, [&](failure_share s, cell_condition when, std::string_view at, std::string_view network) {
        if ((when == if_marked) == marked)
            b.add(back(failure_rate(door::password, s, c, shared_by).interval), "wrong/password:", subject, at,
                  network);
    });
    return b;
}

namespace detail {

/// A batch that knows whether the network is known to the user who has `phone`.
inline limit_batch batch_for(std::string_view phone, std::string_view fingerprint, const client_networks& from,
                             time_point now) {
    if (!from.can_be_known()) return limit_batch(now);
    return limit_batch(now, "known:", phone, "/", fingerprint, "@", from.network);
}

/// The hash that one guess costs the client.
inline void add_hash(limit_batch& b, const client_networks& from, const config& c, std::int64_t n = 1) {
    if (c.max_passwords_per_client_and_hour > 0)
        add_client(b, "passwords/from:", from, at_most(c.max_passwords_per_client_and_hour, hour), n, false,
                   error::too_many_failures);
}

/// One guess at what can be behind the door `d`.
inline void add_failure(limit_batch& b, door d, std::string_view subject, const client_networks& from, int shared_by,
                        const config& c) {
    for_each_share(from, [&](failure_share s, cell_condition when, std::string_view at, std::string_view network) {
        b.add(take(failure_rate(d, s, c, shared_by), 1, when), error::too_many_failures, "wrong/", name_of(d), subject,
              at, network);
        b.hide();
    });
}

}  // namespace detail

PHONEAUTH_DECL limit_batch password_limits(std::string_view subject, std::string_view phone,
                                           std::string_view fingerprint, const client_networks& from, int shared_by,
                                           bool concealed, const config& c, time_point now) {
    using namespace detail;
    auto b = batch_for(phone.empty() ? subject : phone, fingerprint, from, now);
    add_hash(b, from, c);
    b.add(take(at_most(max_passwords_per_account_and_network, hour)), error::too_many_failures,
          "passwords/of:", subject, "@", from.network);
    b.keep();
    if (!concealed) add_failure(b, door::password, subject, from, shared_by, c);
    return b;
}

PHONEAUTH_DECL limit_batch backup_limits(std::string_view phone, std::string_view fingerprint,
                                         const client_networks& from, bool concealed, std::int64_t hashes,
                                         const config& c, time_point now) {
    auto b = detail::batch_for(phone, fingerprint, from, now);
    detail::add_hash(b, from, c, hashes);
    b.add(detail::take(at_most(max_passwords_per_account_and_network, detail::hour)), error::too_many_failures,
          "backups/of:", phone, "@", from.network);
    if (!concealed) b.keep();
    return b;
}

PHONEAUTH_DECL limit_batch backup_failure(std::string_view phone, std::string_view fingerprint,
                                          const client_networks& from, const config& c, time_point now) {
    auto b = detail::batch_for(phone, fingerprint, from, now);
    detail::add_failure(b, door::backup, phone, from, 1, c);
    return b;
}

PHONEAUTH_DECL limit_batch message_limits(const phone_number& to, const client_networks& from, std::string_view user_id,
                                          std::int64_t units, const config& c, time_point now) {
    using namespace detail;
    limit_batch b(now);
    const bool own = from.network.empty() && user_id.empty();
    const std::string_view kind = own ? "notices/" : "messages/";
    if (!user_id.empty()) {
        if (c.max_messages_per_user_and_hour > 0)
            b.add(take(at_most(c.max_messages_per_user_and_hour, hour), units), error::too_many_messages, kind,
                  "by:", user_id);
    } else if (c.max_sends_per_client_and_hour > 0) {
        add_client(b, "messages/from:", from, client_rate(c), units, false, error::too_many_messages);
    }
    b.add(take(at_most(c.max_sends_per_phone_and_hour, hour)), error::too_many_messages, kind, "hour:", to.str());
    b.add(take(at_most(c.max_sends_per_phone_and_day, day)), error::too_many_messages, kind, "day:", to.str());
    if (c.max_sends_per_hour > 0) {
        b.add(take(total_rate(c), units), error::too_many_messages, own ? "notices" : "messages");
        b.watch();
    }
    return b;
}

PHONEAUTH_DECL limit_batch change_limits(std::string_view user_id, bool credentials, time_point now) {
    limit_batch b(now);
    b.add(detail::take(at_most(max_changes, detail::hour)), error::too_many_failures, "changes/by:", user_id);
    if (credentials)
        b.add(detail::take(at_most(max_credential_changes, detail::hour)), error::too_many_failures,
              "credentials/by:", user_id);
    return b;
}

PHONEAUTH_DECL limit_batch backup_making_limits(std::string_view user_id, const client_networks& from,
                                                std::int64_t hashes, const config& c, time_point now) {
    auto b = change_limits(user_id, true, now);
    detail::add_hash(b, from, c, hashes);
    return b;
}

// ---- What flows tell ----

namespace detail {

/// The shares that a wrong code of `t` counts for: of whoever asked for the code, wherever it is typed.
template <class F>
void for_each_share_of(const transaction& t, F f) {
    if (t.known_network.empty()) {
        f(failure_share::strangers, std::string_view(), std::string_view());
    } else {
        f(failure_share::known_network, std::string_view("@"), std::string_view(t.known_network));
        f(failure_share::all_known, std::string_view("@known"), std::string_view());
    }
}

/// Ends the failures at a door: those that the network has made, or strangers, if networks are not told apart. From
/// where everybody may come, failures are not the user's to end.
inline void end_failures(cell_batch& b, door d, std::string_view subject, const client_networks& from) {
    if (from.shared) return;
    if (from.network.empty()) {
        b.add(forget(), "wrong/", name_of(d), subject);
    } else {
        b.add(forget(), "wrong/", name_of(d), subject, "@", from.network);
        b.add(forget(), "wrong/", name_of(d), subject, "@known");
    }
}

/// The code of `used` was right: ends the failures at its door, the wait for the next one, and its life.
inline void end_code(cell_batch& b, const transaction& used, const client_networks& from, const config& c) {
    const auto d = door_of(used);
    const auto phone = used.phone.str();
    const std::string_view known = used.known_network;
    const std::string_view strangers = d == door::session ? "@session" : "";
    end_failures(b, d, phone, from);
    if (d != door::second && c.phone_cooldown.count() > 0)
        b.add(forget(), "cooldown/login:", phone, known.empty() ? strangers : "@", known);
    for_each_share_of(used, [&](failure_share s, std::string_view at, std::string_view network_of_code) {
        b.add(back(open_codes(s, c).interval), "open/", name_of(d), phone, at, network_of_code);
    });
}

inline void learn_network(cell_batch& b, std::string_view phone, std::string_view fingerprint,
                          const client_networks& from) {
    if (from.can_be_known())
        b.add({cell_action::move, always, network_memory, network_memory, {}}, "known:", phone, "/", fingerprint, "@",
              from.network);
}

}  // namespace detail

PHONEAUTH_DECL limit_batch wrong_code(const transaction& t, const client_networks& from, const config& c,
                                      time_point now) {
    using namespace detail;
    limit_batch b(now);
    const auto d = door_of(t);
    // Nobody can have the code of a decoy after a password, and strangers must not shut the door behind the password;
    // but it takes the same work.
    const int counted = d == door::second && is_decoy(t) ? 0 : 1;
    for_each_share_of(t, [&](failure_share s, std::string_view at, std::string_view network) {
        b.add(charge(failure_rate(d, s, c), counted, always, all), error::too_many_failures, "wrong/", name_of(d),
              t.phone.str(), at, network);
    });
    if (c.max_sends_per_client_and_hour > 0 && !from.network.empty()) {
        const auto r = client_rate(c);
        b.add(charge(r, 1, always, day), error::too_many_messages, "codes/from:", from.network);
        if (!from.wide.empty())
            b.add(charge({r.interval / wide_factor, 0}, 1, always, day), error::too_many_messages,
                  "codes/from:", from.wide);
    }
    if (c.max_sends_per_hour > 0) {
        const auto r = total_rate(c);
        b.add(charge(r, 1, always, r.room(r.burst)), error::too_many_messages, "wrong_codes");
        b.watch();
    }
    return b;
}

PHONEAUTH_DECL std::chrono::seconds wrong_code_wait(const transaction& t, const cell_answer& a, const config& c,
                                                    time_point now) {
    using namespace detail;
    const auto d = door_of(t);
    if (d == door::second && is_decoy(t)) return {};
    milliseconds longest{};
    std::size_t i = 0;
    for_each_share_of(t, [&](failure_share s, std::string_view, std::string_view) {
        const auto r = failure_rate(d, s, c);
        const auto tries = open_codes(s, c).burst * std::int64_t{c.max_tries};
        longest = (std::max)(longest, a.cells[i++] + r.room(tries) - r.room(r.burst) - now);
    });
    return std::chrono::ceil<std::chrono::seconds>(longest);
}

PHONEAUTH_DECL cell_batch after_login(const login_facts& f, const config& c, time_point now) {
    using namespace detail;
    cell_batch b(now);
    const auto phone = f.phone.str();
    learn_network(b, phone, f.fingerprint, f.from);
    if (!f.subject.empty()) end_failures(b, door::password, f.subject, f.from);
    if (f.used) end_code(b, *f.used, f.from, c);
    return b;
}

PHONEAUTH_DECL cell_batch after_verification(const transaction& used, const config& c, time_point now) {
    using namespace detail;
    cell_batch b(now);
    b.add(forget(), "wrong/verification:", used.phone.str());
    b.add(back(open_codes(failure_share::strangers, c).interval), "open/verification:", used.phone.str());
    return b;
}

PHONEAUTH_DECL cell_batch after_backup_code(std::string_view phone, const client_networks& from, bool marked,
                                            const config& c, time_point now) {
    using namespace detail;
    cell_batch b(now);
    if (!marked && (from.shared || !from.network.empty()))
        b.add(back(failure_rate(door::backup, failure_share::strangers, c).interval), "wrong/backup:", phone);
    end_failures(b, door::backup, phone, from);
    return b;
}

PHONEAUTH_DECL cell_batch after_step_up(const transaction& used, const client_networks& from, const config& c,
                                        time_point now) {
    cell_batch b(now);
    detail::end_code(b, used, from, c);
    return b;
}

PHONEAUTH_DECL cell_batch after_registration(const transaction& used, std::string_view fingerprint,
                                             const client_networks& from, const config& c, time_point now) {
    using namespace detail;
    cell_batch b(now);
    learn_network(b, used.phone.str(), fingerprint, from);
    b.add(forget(), "wrong/registration:", used.phone.str());
    b.add(back(open_codes(failure_share::strangers, c).interval), "open/registration:", used.phone.str());
    return b;
}

namespace detail {

/// Ends the failures at a door, of strangers and of known networks together.
inline void open_door(cell_batch& b, door d, std::string_view subject) {
    b.add(forget(), "wrong/", name_of(d), subject);
    b.add(forget(), "wrong/", name_of(d), subject, "@known");
}

}  // namespace detail

PHONEAUTH_DECL cell_batch after_new_password(const phone_number& phone, std::string_view subject,
                                             std::string_view fingerprint, const client_networks& from,
                                             time_point now) {
    using namespace detail;
    cell_batch b(now);
    learn_network(b, phone.str(), fingerprint, from);
    for (const auto d : {door::second, door::password}) {
        open_door(b, d, phone.str());
        if (!from.network.empty()) b.add(forget(), "wrong/", name_of(d), phone.str(), "@", from.network);
    }
    if (subject != phone.str()) open_door(b, door::password, subject);
    return b;
}

PHONEAUTH_DECL cell_batch after_password_reset(const transaction& used, std::string_view subject,
                                               std::string_view fingerprint, const client_networks& from,
                                               const config& c, time_point now) {
    auto b = after_new_password(used.phone, subject, fingerprint, from, now);
    detail::end_code(b, used, from, c);
    return b;
}

PHONEAUTH_DECL cell_batch unlock_doors(const phone_number& phone, std::string_view subject, time_point now) {
    using namespace detail;
    cell_batch b(now);
    b.add(forget(), "wrong/registration:", phone.str());
    for (const auto d : {door::code, door::second, door::password, door::session, door::backup, door::verification})
        open_door(b, d, phone.str());
    if (!subject.empty() && subject != phone.str()) open_door(b, door::password, subject);
    return b;
}

PHONEAUTH_DECL cell_batch unlock_messages(const phone_number& phone, time_point now) {
    using namespace detail;
    cell_batch b(now);
    for (const auto* of : {"codes/login/hour:", "codes/login/day:"}) {
        b.add(forget(), of, phone.str());
        b.add(forget(), of, phone.str(), "@password");
        b.add(forget(), of, phone.str(), "@session");
    }
    return b;
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif
