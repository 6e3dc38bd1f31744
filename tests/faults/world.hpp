// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_FAULTS_WORLD_HPP
#define PHONEAUTH_TESTS_FAULTS_WORLD_HPP

#include <phoneauth/asio/awaitable.hpp>
#include <phoneauth/phoneauth.hpp>
#include <phoneauth/rules/limits.hpp>
#include <phoneauth/secrets/code.hpp>
#include <phoneauth/secrets/token.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/manual_clock.hpp>
#include <phoneauth/testing/posting.hpp>
#include <phoneauth/testing/scripted_transport.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "faults/allocations.hpp"
#include "faults/fault.hpp"

namespace faults {

using namespace phoneauth;
using namespace std::chrono_literals;

/// What must hold, whatever fails.
enum class invariant {
    code_is_accepted_once,
    only_the_right_code_in_time,
    message_has_its_transaction,
    message_is_counted,
    refused_message_is_given_back,
    user_is_whole_or_absent,
    user_has_proved_his_phone,
    session_is_a_login,
    ended_session_is_dead,
    cell_ends,
    person_gets_in,
    no_exception_leaves_a_flow
};
inline constexpr std::array invariant_names{"a code is accepted once",
                                            "only the right code is accepted, and in time",
                                            "each message has its transaction",
                                            "each message is counted",
                                            "a refused message is given back",
                                            "a user is whole or absent",
                                            "a user has proved his phone",
                                            "each session is a login",
                                            "an ended session is dead",
                                            "each cell ends",
                                            "the person gets in",
                                            "no exception leaves a flow"};

/// What a policy does wrong all the time, to see that the invariants notice.
enum class defect {
    none,
    compares_no_versions,  ///< every swap wins
    loses_swaps,           ///< … and is forgotten
    loses_transactions,    ///< what was inserted is not there
    loses_users,
    halves_users,       ///< without their passwords
    compares_no_users,  ///< every swap of a user wins
    loses_user_swaps,   ///< … and is forgotten
    loses_deletions,
    loses_ends_of_sessions,
    loses_ends_of_all_sessions,
    loses_ends_of_other_sessions,  ///< those that a user asks for
    loses_counts,
    gives_nothing_back,
    counts_for_ever,
    drops_too_early,      ///< cells: by the latest time that it was told, when the clock has been set back since
    forgets_expiry,       ///< of transactions
    locks_for_ever,       ///< logins
    sends_again,          ///< the transport, blindly after a reset
    lets_exceptions_out,  ///< the flows, of the storage
    hides_its_error  ///< the transport, which says of a message that was lost on the way that it was certainly not sent
};

inline config fault_config() {
    config c;
    c.twilio.account_sid = "AC" + std::string(32, '0');
    c.twilio.auth_token = "not-a-real-token";
    c.twilio.sender = "+15005550006";
    c.code_keys = {{"k1", std::string(32, 'k')}};
    c.max_sends_per_phone_and_hour = 20;  // ten at once: a person who begins again needs more than five
    return c;
}

/// The same with everything that the rest of an account's life needs.
inline config life_config() {
    auto c = fault_config();
    c.password_reset = password_reset_policy::code;
    c.trusted_device_lifetime = 90 * 24h;
    c.topics = {{"payment", "confirm a payment"}};
    return c;
}

inline const std::string phone = "+14155550100";
inline const std::string first_password = "correct horse";
inline const std::string second_password = "battery staple";

/// Passwords that cost nothing.
struct plain_passwords {
    result<std::string> hash(const std::string& password) { return "plain:" + password; }
    result<bool> verify(const std::string& password, const std::string& hash) { return hash == "plain:" + password; }
};

/// An observer that a journey can fill in.
struct told {
    std::function<void(const event&)> on_event = [](const event&) {};

    void operator()(const event& e) { on_event(e); }
};

/// A call of the storage or the transport.
struct mark {
    bool is_request;
    std::size_t allocations;  ///< those before it
};

/// Stands for the transaction of a session, or trusted device, that rests on something else than a code.
inline const std::string without_code = "without a code";

/// What was done, what really happened, and which invariants do not hold.
class evidence {
public:
    evidence(const plan& p, defect d, config c)
        : settings(std::move(c)), defect_(d), plan_(p), codes_(settings.code_keys, settings.code_digits) {
        gate = {};
        for (std::size_t i = 0; i < p.size(); ++i) gate.fail_at[i] = p[i].is_allocation() ? p[i].at : 0;
        for (const auto& f : p) {
            is_exact_ = is_exact_ && !f.is_allocation() && f.how != way::before && f.how != way::after;
            turned_back_ += std::max(-jump_of(f.how), 0s);
            if (f.how == way::second_on) slack_ += 1s;
        }
    }

    const config settings;
    memory_storage truth;
    testing::manual_clock clock;
    plain_passwords passwords;
    told observer;
    std::function<void()> again;  ///< the request that is being answered, once more
    std::string current;          ///< the transaction that is being confirmed, or what stands for one: `without_code`
    std::string inbox;            ///< the code that came last
    std::vector<mark> trace;
    std::vector<transaction> transactions;        ///< that were to be stored
    std::map<std::string, std::string> users;     ///< that were to be stored: object_id → transaction
    std::map<std::string, std::string> sessions;  ///< token's hash → transaction
    std::map<std::string, int> accepted;          ///< transaction → how often its code was accepted
    bool over = false;                            ///< nothing fails any more
    std::size_t requests = 0;                     ///< how many flows were asked for
    std::size_t exceptions = 0;                   ///< those that left a flow for want of memory for its first frames

    defect fake() const noexcept { return defect_; }
    std::chrono::seconds turned_back() const noexcept { return turned_back_; }

    void expect(bool ok, invariant i) { broken_[static_cast<std::size_t>(i)] |= !ok; }
    bool is_broken(invariant i) const { return broken_[static_cast<std::size_t>(i)]; }
    std::string findings() const {
        std::string text;
        for (std::size_t i = 0; i < broken_.size(); ++i)
            if (broken_[i]) text += (text.empty() ? "" : "; ") + std::string(invariant_names[i]);
        return text;
    }

    /// The next call of a policy: turns the clock and repeats the request if that is its turn, and says what else goes
    /// wrong with it.
    way next_call(bool is_request) {
        latest_ = std::max(latest_, clock.now());
        if (over || nested_) return way::none;
        trace.push_back({is_request, gate.count});
        way found = way::none;
        for (const auto& f : plan_) {
            if (f.is_allocation() || f.at != trace.size()) continue;
            if (f.is_clock())
                clock.advance(jump_of(f.how));
            else if (f.how == way::doubled)
                double_request();
            else
                found = f.how;
        }
        latest_ = std::max(latest_, clock.now());
        return found;
    }

    /// The storage is told the time by a batch, whatever becomes of that.
    void note_time(time_point now) {
        for (auto& [key, cell] : ledger_) cell.seen_until = std::max(cell.seen_until, now);
    }
    /// `batch` was asked, and the truth is `answer`.
    void note_cells(const cell_batch& batch, const cell_answer& answer) {
        if (!answer.granted) return;
        std::vector<place> taken;
        for (std::size_t i = 0; i < batch.size(); ++i) {
            const auto& r = batch[i];
            const std::string key(batch.key(i));
            // What stands for the phone of an identity that nobody has, or that is sent nothing, shuts no door.
            expect(answer.cells[i] <= latest_ + rules::network_memory || key.find("+999") != std::string::npos,
                   invariant::cell_ends);
            if (!is_of_messages(key) || !is_for(r, answer.marked) || r.cost <= 0s) continue;
            auto& cell = ledger_[key];
            // What is not taken for a message, for a wrong code, say, is not given back.
            const bool stays = r.action == cell_action::move;
            if (r.action == cell_action::take || stays)
                cell.entries.push_back(
                    {batch.now(), std::exchange(cell.seen_until, batch.now()), r.cost, stays, stays});
            if (r.action == cell_action::take) taken.emplace_back(key, cell.entries.size() - 1);
        }
        if (taken.empty()) return;
        // What is concealed takes what everybody can see before what is the account's; and of that, a reset's part of the
        // budget of all stays counted as the client's does.
        const auto is_seen = [](const place& p) { return is_of_clients(p.first) || p.first == "codes"; };
        const auto is_accounts = [](const place& p) {
            return p.first.starts_with("codes/login/") || p.first == "codes/concealed";
        };
        if (std::all_of(admitted_.begin(), admitted_.end(), is_seen) &&
            std::all_of(taken.begin(), taken.end(), is_accounts))
            admitted_.insert(admitted_.end(), taken.begin(), taken.end());
        else
            admitted_ = std::move(taken);
        if (std::all_of(admitted_.begin(), admitted_.end(), is_seen))
            for (auto* e : admitted()) e->perhaps = true;
    }

    /// The provider has a message, or may have it as far as anybody can tell.
    void note_message(const http_request& request, bool has_it) {
        for (auto* e : admitted()) e->perhaps = true;
        if (!has_it) return;
        for (auto* e : admitted()) e->certain = true;
        expect(!admitted_.empty(), invariant::message_is_counted);
        check_counts();
        if (code_in(request).empty()) return;  // it only tells something
        inbox = code_in(request);
        const auto* begun = transaction_of(request);
        if (!begun) return expect(false, invariant::message_has_its_transaction);
        const auto t = truth.find_transaction(begun->id);
        // Its time may be over by now.
        if (!t && clock.now() >= begun->expires_at + transaction_retention) return;
        expect(t && (t->state == transaction_state::pending || t->state == transaction_state::expired),
               invariant::message_has_its_transaction);
        expect(t && ++messages_[t->id] <= t->sends, invariant::message_is_counted);
    }
    /// The provider refused a message.
    void note_refusal(const http_request& request) {
        const auto* t = transaction_of(request);
        const bool is_known = t && t->purpose == purpose::login && !t->password_fingerprint.empty();
        if (t && !is_known && (t->purpose == purpose::login || t->purpose == purpose::password_reset))
            for (auto* e : admitted()) e->perhaps = true;
    }

    /// A user is about to be stored.
    void note_user(const user& u) {
        const auto t = truth.find_transaction(current);
        expect(t && t->purpose == purpose::registration && t->phone == u.phone &&
                   t->state == transaction_state::confirmed,
               invariant::user_has_proved_his_phone);
        users[u.object_id] = current;
    }

    /// A user is about to be stored anew.
    void note_change(const user& u) {
        const auto before = truth.find_user(u.object_id);
        if (!before || before->phone == u.phone) return;
        const auto t = truth.find_transaction(current);
        expect(t && t->purpose == purpose::phone_change && t->user_id == u.object_id && t->phone == u.phone &&
                   t->state == transaction_state::confirmed,
               invariant::user_has_proved_his_phone);
    }

    /// By the code that is being confirmed a session has become fresh.
    void note_proof() {
        const auto t = truth.find_transaction(current);
        if (!t || t->purpose != purpose::step_up) return;
        expect(t->state == transaction_state::confirmed && ++proofs_[current] <= 1, invariant::code_is_accepted_once);
    }

    /// A session is about to be stored.
    void note_session(const session& s) {
        if (sessions.contains(s.token_hash)) return;  // its user has a new password: it is stored anew
        if (current == without_code) {
            expect(truth.find_user(s.user_id).has_value(), invariant::session_is_a_login);
            sessions[s.token_hash] = current;
            return;
        }
        const auto t = truth.find_transaction(current);
        expect(t && t->purpose == purpose::login && t->user_id == s.user_id && t->state == transaction_state::confirmed,
               invariant::session_is_a_login);
        sessions[s.token_hash] = current;
    }

    /// Whether the session of this hash would be accepted.
    bool is_good(const std::string& token_hash) {
        const auto s = truth.find_session(token_hash);
        const auto u = s ? truth.find_user(s->user_id) : std::nullopt;
        if (!u) return false;
        if (s->fingerprint.empty()) return u->generation == 0;
        return s->fingerprint == hasher_(std::to_string(u->generation) + " " + std::string(u->phone.str()) + " " +
                                         hasher_(u->password_hash));
    }

    std::string code_of(const transaction& t) { return std::string(codes_.derive(t)->str()); }

    /// `id`'s code was accepted: it was `typed`.
    void note_accepted(const std::string& id, const std::string& typed, purpose kind, time_point from) {
        const auto t = truth.find_transaction(id);
        // The clock may have been turned while the flow was at work.
        expect(t && t->purpose == kind && code_of(*t) == typed && std::min(from, clock.now()) < t->expires_at,
               invariant::only_the_right_code_in_time);
        expect(++accepted[id] <= 1, invariant::code_is_accepted_once);
        const auto is_alive = [&](const auto& s) { return s.second == id && truth.find_session(s.first); };
        // What a failed attempt left and could not take away has a token that nobody knows.
        const auto most = plan_[1].how == way::none ? 1 : 2;
        expect(std::count_if(sessions.begin(), sessions.end(), is_alive) <= most, invariant::code_is_accepted_once);
    }

    /// The messages and the cells, compared.
    void check_counts() {
        for (const auto& [key, of] : ledger_) {
            cell_batch look(latest_);
            look.add({.action = cell_action::ask, .room = 24h * 400}, key);
            const auto cell = truth.take_cells(look).cells[0];
            // What clients have tried stays counted.
            const auto is_certain = [](const entry& e) { return e.certain; };
            const auto is_kept = [keeps = is_of_clients(key)](const entry& e) { return e.perhaps || keeps; };
            // With what is given back goes the time since it was taken, if another has taken something meanwhile; but a
            // cell is not set back beyond the time when something was taken from it.
            expect(cell >= least_of(of, is_certain) - slack_, invariant::message_is_counted);
            if (over && is_exact_)
                expect(cell >= least_of(of, is_kept) - slack_ &&
                           cell <= std::max(most_of(of, is_kept), latest_) + turned_back_,
                       invariant::refused_message_is_given_back);
        }
    }

private:
    /// What was taken from a cell.
    struct entry {
        time_point at{};
        time_point seen_before{};  ///< the latest time that the storage was told between the entry before and this one
        std::chrono::milliseconds cost{};
        bool certain = false;  ///< the provider has the message
        bool perhaps = false;  ///< … or may have it
    };
    struct history {
        std::vector<entry> entries;  ///< in their order
        time_point seen_until{};     ///< the latest time that the storage was told since the last of them
    };
    using place = std::pair<std::string, std::size_t>;  ///< in the ledger

    static bool is_of_messages(const std::string& key) {
        return key.starts_with("codes") || key.starts_with("notices");
    }
    static bool is_of_clients(const std::string& key) { return key.starts_with("codes/from:"); }

    /// What was taken last, for the message that is to be sent.
    std::vector<entry*> admitted() {
        std::vector<entry*> all;
        for (const auto& [key, i] : admitted_) all.push_back(&ledger_[key].entries[i]);
        return all;
    }
    /// A cell from which nothing but what `counts` was taken, if a storage never drops one.
    template <class F>
    static time_point most_of(const history& of, F counts) {
        time_point cell{};
        for (const auto& e : of.entries)
            if (counts(e)) cell = std::max(cell, e.at) + e.cost;
        return cell;
    }
    /// The same, if it drops one as soon as it may (policies.hpp): what was over once stays so when the clock is set back.
    template <class F>
    static time_point least_of(const history& of, F counts) {
        time_point cell{};
        const auto drop_at = [&](time_point seen) {
            if (cell <= seen) cell = {};
        };
        for (const auto& e : of.entries) {
            drop_at(e.seen_before);
            if (counts(e)) cell = std::max(cell, e.at) + e.cost;
        }
        drop_at(of.seen_until);
        return cell;
    }

    static std::string code_in(const http_request& request) {
        return testing::detail::code_in(detail::form_field(request.body, "Body"));
    }
    const transaction* transaction_of(const http_request& request) {
        const auto code = code_in(request);
        const auto is_it = [&](const transaction& t) { return code_of(t) == code; };
        const auto found = std::find_if(transactions.rbegin(), transactions.rend(), is_it);
        return found == transactions.rend() ? nullptr : &*found;
    }

    void double_request() {
        if (!again) return;
        const auto twice = std::exchange(again, {});
        const auto outer = std::exchange(admitted_, {});
        const auto outer_current = current;
        nested_ = true;
        twice();
        nested_ = false;
        admitted_ = outer;
        current = outer_current;
    }

    const defect defect_;
    const plan plan_;
    code_deriver codes_;
    token_hasher hasher_;
    std::array<bool, invariant_names.size()> broken_{};
    bool nested_ = false;
    bool is_exact_ = true;  ///< no fault can keep the library from giving back
    std::chrono::seconds turned_back_{};
    std::chrono::seconds slack_{};
    time_point latest_{};
    std::map<std::string, history> ledger_;  ///< of each cell of messages
    std::vector<place> admitted_;
    std::map<std::string, unsigned> messages_;
    std::map<std::string, unsigned> proofs_;  ///< transaction → how often it has made a session fresh
};

/// A storage that fails as planned, in front of one with a defect, perhaps.
class watched_storage {
    template <class Note, class F>
    auto call(Note note, F f) {
        const not_the_flow ours;
        const auto how = e_.next_call(false);
        if (how == way::before) throw std::runtime_error("storage");
        note();
        auto done = ours.except(f);
        if (how == way::after) throw std::runtime_error("storage");
        return done;
    }

public:
    explicit watched_storage(evidence& e) : e_(e), inner_(e.truth) {}

    bool insert_transaction(const transaction& t) {
        return call([&] { e_.transactions.push_back(t); },
                    [&] { return e_.fake() == defect::loses_transactions || inner_.insert_transaction(t); });
    }
    std::optional<transaction> find_transaction(const std::string& id) {
        return call([] {},
                    [&] {
                        auto t = inner_.find_transaction(id);
                        if (t && e_.fake() == defect::forgets_expiry) t->expires_at += 24h;
                        return t;
                    });
    }
    bool update_transaction(const transaction& t) {
        return call([] {},
                    [&] {
                        if (e_.fake() == defect::loses_swaps) return true;
                        if (e_.fake() == defect::compares_no_versions) return inner_.update_transaction(latest(t));
                        if (e_.fake() == defect::forgets_expiry) return inner_.update_transaction(with_true_expiry(t));
                        return inner_.update_transaction(t);
                    });
    }

    write_result insert_user(const user& u) {
        return call([&] { e_.note_user(u); },
                    [&] {
                        if (e_.fake() == defect::loses_users) return write_result::done;
                        if (e_.fake() != defect::halves_users) return inner_.insert_user(u);
                        auto half = u;
                        half.password_hash.clear();
                        return inner_.insert_user(half);
                    });
    }
    write_result update_user(const user& u) {
        return call([&] { e_.note_change(u); },
                    [&] {
                        auto stored = u;
                        if (e_.fake() == defect::loses_user_swaps) return write_result::done;
                        if (e_.fake() == defect::loses_ends_of_all_sessions) stored.generation = 0;
                        if (e_.fake() == defect::compares_no_users)
                            if (const auto now = inner_.find_user(u.object_id)) stored.version = now->version;
                        return inner_.update_user(stored);
                    });
    }
    bool erase_user(const std::string& id) {
        return call([] {}, [&] { return e_.fake() == defect::loses_deletions || inner_.erase_user(id); });
    }
    std::optional<user> find_user(const std::string& id) {
        return call([] {}, [&] { return inner_.find_user(id); });
    }
    std::optional<user> find_user_by_phone(const phone_number& p) {
        return call([] {}, [&] { return inner_.find_user_by_phone(p); });
    }
    std::optional<user> find_user_by_identity(const std::string& identity) {
        return call([] {}, [&] { return inner_.find_user_by_identity(identity); });
    }

    bool insert_session(const session& s) {
        return call([&] { e_.note_session(s); },
                    [&] {
                        auto stored = s;
                        if (e_.fake() == defect::loses_ends_of_sessions) inner_.erase_session(s.token_hash);
                        if (e_.fake() == defect::loses_ends_of_all_sessions) stored.fingerprint.clear();
                        return inner_.insert_session(stored);
                    });
    }
    std::optional<session> find_session(const std::string& hash) {
        return call([] {}, [&] { return inner_.find_session(hash); });
    }
    std::vector<session> find_sessions_of(const std::string& user_id) {
        return call([] {}, [&] { return inner_.find_sessions_of(user_id); });
    }
    bool update_session(const session& s) {
        return call([&] { e_.note_session(s); },
                    [&] {
                        auto stored = s;
                        if (e_.fake() == defect::loses_ends_of_all_sessions) stored.fingerprint.clear();
                        const auto before = inner_.find_session(s.token_hash);
                        const bool won = inner_.update_session(stored);
                        if (won && before && before->auth_time != s.auth_time) e_.note_proof();
                        return won;
                    });
    }
    bool erase_session(const std::string& hash) {
        return call([] {}, [&] { return e_.fake() == defect::loses_ends_of_sessions || inner_.erase_session(hash); });
    }
    std::size_t erase_sessions_of(const std::string& user_id, const std::string& kept) {
        return call([] {},
                    [&] {
                        const bool loses = e_.fake() == defect::loses_ends_of_all_sessions ||
                                           e_.fake() == defect::loses_ends_of_other_sessions;
                        return loses ? std::size_t(1) : inner_.erase_sessions_of(user_id, kept);
                    });
    }

    cell_answer take_cells(const cell_batch& batch) {
        auto answer = call([&] { e_.note_time(batch.now()); },
                           [&] {
                               const auto done = e_.fake() == defect::none ? inner_.take_cells(batch)
                                                                           : inner_.take_cells(with_defect(batch));
                               const not_the_flow ours;
                               if (e_.fake() == defect::drops_too_early) drop_what_is_over(batch);
                               e_.note_cells(batch, done);
                               return done;
                           });
        if (e_.fake() == defect::locks_for_ever) lock(batch, answer);
        return answer;
    }

private:
    transaction latest(transaction t) {
        if (const auto stored = inner_.find_transaction(t.id)) t.version = stored->version;
        return t;
    }
    transaction with_true_expiry(transaction t) {
        t.expires_at -= 24h;
        return t;
    }
    cell_batch with_defect(const cell_batch& batch) const {
        const auto d = e_.fake();
        cell_batch changed(batch.now(), batch.marker());
        for (std::size_t i = 0; i < batch.size(); ++i) {
            auto r = batch[i];
            if (d == defect::loses_counts && r.cost > 0s) r.cost = 0s;
            if (d == defect::gives_nothing_back && r.cost < 0s) r.cost = 0s;
            if (d == defect::counts_for_ever && r.cost > 0s) {
                r.cost += 24h * 365;
                r.room += 24h * 365 * 20;
            }
            changed.add(r, batch.key(i));
        }
        return changed;
    }
    /// By the latest time that there was.
    void drop_what_is_over(const cell_batch& batch) {
        latest_ = std::max(latest_, batch.now());
        cell_batch over(latest_);
        for (std::size_t i = 0; i < batch.size(); ++i)
            over.add({.action = cell_action::move, .room = rules::longest_cell}, batch.key(i));
        inner_.take_cells(over);
    }
    /// No codes of logins any more.
    static void lock(const cell_batch& batch, cell_answer& answer) {
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (batch[i].action == cell_action::move || !batch.key(i).starts_with("open/")) continue;
            if (batch.key(i).starts_with("open/registration")) continue;
            answer.granted = false;
            answer.cells[i] = batch.now() + 24h * 60;
        }
    }

    evidence& e_;
    memory_storage& inner_;
    time_point latest_{};
};

/// A provider that fails as planned.
class watched_transport {
public:
    explicit watched_transport(evidence& e) : e_(e) {}

    result<http_response> send(const http_request& request) {
        const not_the_flow ours;
        const auto how = e_.next_call(true);
        auto reply = answer(how, request);
        if (e_.fake() == defect::sends_again && (how == way::reset_before || how == way::reset_after))
            return answer(way::none, request);
        if (e_.fake() == defect::hides_its_error && how == way::timed_out) return error::connect_failed;
        return reply;
    }

private:
    result<http_response> answer(way how, const http_request& request) {
        const auto arrived = [&] { note(request, true); };
        const auto perhaps = [&] { note(request, false); };
        switch (how) {
        case way::refused:
            return error::connect_failed;
        case way::connect_timed_out:
            return error::connect_timeout;
        case way::write_failed:
            perhaps();
            return error::write_failed;
        case way::reset_before:
            perhaps();
            return error::connection_lost;
        case way::reset_after:
            arrived();
            return error::connection_lost;
        case way::timed_out:
            arrived();
            return error::read_timeout;
        case way::garbage:
            arrived();
            return error::malformed_reply;
        case way::busy_with_time:
            return http_response{429, {{"Retry-After", "30"}}, R"({"code":20429,"status":429})"};
        case way::busy:
            return http_response{429, {}, R"({"code":20429,"status":429})"};
        case way::server_error:
            arrived();
            return http_response{500, {}, R"({"code":20500,"status":500})"};
        case way::unavailable:
            arrived();
            return http_response{503, {{"Retry-After", "5"}}, "<html>"};
        case way::wrong_content_type:
            arrived();
            return http_response{201, {{"Content-Type", "text/html"}}, "<html>queued</html>"};
        case way::redirect:
            perhaps();
            return http_response{302, {{"Location", "https://elsewhere.example/"}}, {}};
        case way::declined:
            // Who only knows a phone number is not told that its messages are refused; they stay counted.
            if (request.method == "POST") e_.note_refusal(request);
            return http_response{400, {}, R"({"code":21610,"message":"x","status":400})"};
        case way::thrown:
            arrived();
            throw std::runtime_error("transport");
        default:
            arrived();
            return http_response{201, {}, R"({"sid":"SM00000000000000000000000000000001","status":"queued"})"};
        }
    }
    void note(const http_request& request, bool has_it) {
        if (request.method == "POST") e_.note_message(request, has_it);
    }

    evidence& e_;
};

/// The transport as a coroutine that never waits: all that the loop allocates are frames.
class prompt_transport {
public:
    explicit prompt_transport(watched_transport& t) : t_(t) {}
    ::asio::awaitable<result<http_response>> send(const http_request& request) { co_return t_.send(request); }

private:
    watched_transport& t_;
};

/// Everything plain.
struct blocking_world {
    static constexpr std::size_t first_frames = 1;  ///< how many allocations precede the first `try` of a flow

    explicit blocking_world(evidence& e)
        : storage(e), transport(e), auth(e.settings, storage, transport, e.clock, e.passwords, e.observer) {}

    template <class F>
    auto run(F flow) {
        return flow();
    }

    watched_storage storage;
    watched_transport transport;
    authenticator<watched_storage, watched_transport, testing::manual_clock, plain_passwords, told> auth;
};

/// Runs `flow`, which makes an awaitable, on a loop of its own.
template <class F>
auto run_on_loop(F flow) {
    using value_type = typename awaited<std::invoke_result_t<F&>>::type;
    ::asio::io_context loop;
    std::optional<value_type> value;
    std::exception_ptr thrown;
    ::asio::co_spawn(
        loop,
        [&]() -> ::asio::awaitable<void> {
            try {
                auto running = flow();
                value = co_await std::move(running);
            } catch (...) {
                thrown = std::current_exception();
            }
            gate.open = false;
        },
        ::asio::detached);
    loop.run();
    if (thrown) std::rethrow_exception(thrown);
    return *std::move(value);
}

/// Storage and transport take turns on an event loop.
struct async_world {
    static constexpr std::size_t first_frames = 3;

    explicit async_world(evidence& e)
        : plain_storage(e), plain_transport(e), auth(e.settings, storage, transport, e.clock, e.passwords, e.observer) {
    }

    template <class F>
    auto run(F flow) {
        return run_on_loop(flow);
    }

    watched_storage plain_storage;
    watched_transport plain_transport;
    testing::posting<watched_storage> storage{plain_storage};
    testing::posting<watched_transport> transport{plain_transport};
    authenticator<testing::posting<watched_storage>, testing::posting<watched_transport>, testing::manual_clock,
                  plain_passwords, told>
        auth;
};

/// Coroutines of the loop that never wait for it.
struct prompt_world {
    static constexpr std::size_t first_frames = 3;

    explicit prompt_world(evidence& e)
        : storage(e), plain_transport(e), auth(e.settings, storage, transport, e.clock, e.passwords, e.observer) {}

    template <class F>
    auto run(F flow) {
        return run_on_loop(flow);
    }

    watched_storage storage;
    watched_transport plain_transport;
    prompt_transport transport{plain_transport};
    authenticator<watched_storage, prompt_transport, testing::manual_clock, plain_passwords, told> auth;
};

}  // namespace faults

#endif
