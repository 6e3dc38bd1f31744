// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_FAULTS_LIFE_HPP
#define PHONEAUTH_TESTS_FAULTS_LIFE_HPP

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faults/journey.hpp"

namespace faults {

inline const std::string email = "ada@example.com";
inline const std::string second_phone = "+14155550199";

/// The rest of an account's life: a person registers, logs in with two factors, trusts the device and logs in from it,
/// makes backup codes, shows once more who they are by code, ends sessions, shows it by password and trusts the device
/// again, gets another phone, forgets the password twice, gets in with a backup code, confirms something, and leaves. Whoever does not know how far something got asks somebody who
/// does: the password and the phone are always what is stored.
template <class World>
class life : journey<World> {
    using base = journey<World>;
    using base::ask;
    using base::e_;
    using base::finish_login;
    using base::hasher_;
    using base::here;
    using base::is_open;
    using base::patience;
    using base::register_phone;
    using base::typed;
    using base::w_;
    using base::wait;

public:
    static config settings() { return life_config(); }

    explicit life(evidence& e) : base(e) {}

    /// Everything, and then whether the invariants hold.
    void run() {
        register_phone();
        if (const auto u = e_.truth.find_user_by_identity(email)) {
            id_ = u->object_id;
            const bool all = enter() && trust_device() && make_backup_codes() && step_up() && come_by_device() &&
                             end_others() && confirm_password() && trust_device() && change_phone() && reset(false) &&
                             reset(true) && come_by_backup_code() && confirm_something() && end_one();
            if (all) nothing_is_good_twice();
            if (all) leave();
        }
        e_.over = true;
        gate.fail_at = {};
        e_.check_counts();
    }

private:
    /// Opens the gate when the arguments are there.
    template <class F, class... A>
    static auto open(F f, A... arguments) {
        gate.open = true;
        return f(std::move(arguments)...);
    }
    session_token own() const { return session_token(token_); }
    std::optional<user> stored() { return e_.truth.find_user(id_); }
    /// What somebody who is gone had is as good as anything else.
    std::string number() {
        const auto u = stored();
        return u ? std::string(u->phone.str()) : phone;
    }
    std::string secret() {
        const auto u = stored();
        return u ? u->password_hash.substr(6) : first_password;  // after "plain:"
    }

    // -- how a person goes on

    template <class F>
    bool until(F f) {
        for (int i = 0; i < patience; ++i)
            if (f()) return true;
        e_.expect(false, invariant::person_gets_in);
        return false;
    }
    /// Does what a failure asks for.
    void recover(const failure& f) {
        wait(f);
        if (!stored()) return;
        if (f.code == error::unknown_token || f.code == error::session_expired || f.code == error::fresh_login_required)
            enter();
    }
    /// A code is asked for by `start`, and typed for `finish`, until something `is_done`. Nobody types what has not come: of
    /// a reset by identity it is not told that nothing comes.
    template <class Start, class Finish, class Done>
    bool with_code(Start start, Finish finish, Done is_done) {
        auto longer = 1;  // the second time that nothing comes, they wait twice as long
        return until([&] {
            if (is_done()) return true;
            e_.inbox.clear();
            const auto s = start();
            if (!s) {
                recover(s.error());
                return is_done();
            }
            if (e_.inbox.empty()) {
                e_.clock.advance((s->resend_after + e_.turned_back()) * longer);
                longer *= 2;
                return is_done();
            }
            for (int j = 0; j < 3; ++j) {
                const auto r = finish(s->transaction_id.str());
                if (r) return true;
                if (is_open(r.error())) continue;
                recover(r.error());
                break;
            }
            return is_done();
        });
    }
    static bool never() { return false; }
    /// Asks until it is granted.
    template <class F>
    bool until_granted(F f) {
        return until([&] {
            const auto r = f();
            if (!r) recover(r.error());
            return r.has_value();
        });
    }

    // -- codes

    /// The code of `id` was accepted for `what`, which began at `from`.
    auto accepts(const std::string& id, purpose what) {
        return [this, id, code = typed(), what, from = e_.clock.now()](const auto&) {
            e_.note_accepted(id, code, what, from);
        };
    }
    auto finish_step_up(const std::string& id) {
        return ask(
            [&] {
                e_.current = id;
                return open([&](auto... a) { return w_.auth.finish_step_up(std::move(a)...); }, own(),
                            transaction_id(id), submitted_code(typed()), here());
            },
            accepts(id, purpose::step_up));
    }
    auto finish_phone_change(const std::string& id) {
        return ask(
            [&] {
                e_.current = id;
                return open([&](auto... a) { return w_.auth.finish_phone_change(std::move(a)...); }, own(),
                            transaction_id(id), submitted_code(typed()), here());
            },
            accepts(id, purpose::phone_change));
    }
    auto finish_reset(const std::string& id, const std::string& wanted) {
        return ask(
            [&] {
                e_.current = id;
                return open([&](auto... a) { return w_.auth.finish_password_reset(std::move(a)...); },
                            transaction_id(id), submitted_code(typed()), password(wanted), backup_code(), here());
            },
            [&, accept = accepts(id, purpose::password_reset)](const user& u) {
                accept(u);
                e_.expect(secret() == wanted, invariant::user_is_whole_or_absent);
                only_is_good({});
            });
    }
    auto finish_verification(const std::string& id) {
        return ask(
            [&] {
                e_.current = id;
                return open([&](auto... a) { return w_.auth.finish_verification(std::move(a)...); }, transaction_id(id),
                            submitted_code(typed()), here());
            },
            accepts(id, purpose::verification));
    }
    auto finish_deletion(const std::string& id) {
        return ask(
            [&] {
                e_.current = id;
                return open([&](auto... a) { return w_.auth.finish_deletion(std::move(a)...); }, own(),
                            transaction_id(id), submitted_code(typed()), here());
            },
            [&] { e_.expect(!stored(), invariant::user_is_whole_or_absent); });
    }

    // -- what the person does

    bool enter() {
        return until([&] {
            const auto s = ask(
                [&] {
                    return open([&](auto... a) { return w_.auth.start_two_factor_login(std::move(a)...); }, number(),
                                password(secret()), here());
                },
                [](const auto&) {});
            if (!s) return wait(s.error()), false;
            for (int j = 0; j < 3; ++j) {
                const auto l = finish_login(s->transaction_id.str(), typed());
                if (l) return token_ = l->token.str(), true;
                if (!is_open(l.error())) break;
            }
            return false;
        });
    }

    bool trust_device() {
        return until_granted([&] {
            return ask(
                [&] {
                    e_.current = without_code;
                    return open([&](auto... a) { return w_.auth.trust_device(std::move(a)...); }, own(), here());
                },
                [&](const trusted_device& d) { device_ = d.token.str(); });
        });
    }

    bool is_stored(std::string_view spare) {
        const auto u = stored();
        const auto read = parse_backup_code(spare);
        return u && read && u->backup_codes.find("plain:" + std::string(read->text)) != std::string::npos;
    }
    /// Of two who ask at the same time one gets codes that are good.
    bool make_backup_codes() {
        const bool made = until([&] {
            const auto r = ask(
                [&] {
                    return open([&](auto... a) { return w_.auth.make_backup_codes(std::move(a)...); }, own(), here());
                },
                [&](const std::vector<backup_code>& all) {
                    if (!is_stored(all.front().str())) return;
                    spares_.clear();
                    for (const auto& c : all) spares_.emplace_back(c.str());
                });
            if (!r) recover(r.error());
            return r && !spares_.empty() && is_stored(spares_.front());
        });
        e_.expect(made, invariant::user_is_whole_or_absent);
        return made;
    }

    bool step_up() {
        return with_code(
            [&] {
                return ask(
                    [&] {
                        return open([&](auto... a) { return w_.auth.start_step_up(std::move(a)...); }, own(), here());
                    },
                    [](const auto&) {});
            },
            [&](const std::string& id) {
                e_.clock.advance(1s);  // so that it can be seen in the session
                return finish_step_up(id);
            },
            never);
    }

    bool confirm_password() {
        return until_granted([&] {
            return ask(
                [&] {
                    e_.current = without_code;
                    return open([&](auto... a) { return w_.auth.confirm_password(std::move(a)...); }, own(),
                                password(secret()), here());
                },
                [](const auto&) {});
        });
    }

    auto log_in_by_device() {
        return ask(
            [&] {
                e_.current = without_code;
                return open([&](auto... a) { return w_.auth.login_with_trusted_device(std::move(a)...); }, number(),
                            password(secret()), device_token(device_), here());
            },
            [&](const login_result& l) {
                e_.expect(e_.sessions.contains(hasher_(l.token.str())), invariant::session_is_a_login);
            });
    }
    /// A device that is not trusted any more, when forty days have passed, say, is trusted anew.
    bool come_by_device() {
        return until([&] {
            const auto l = log_in_by_device();
            if (l) return true;
            wait(l.error());
            if (l.error().code == error::invalid_login) trust_device();
            return false;
        });
    }

    bool end_others() {
        return until_granted([&] {
            return ask(
                [&] {
                    return open([&](auto... a) { return w_.auth.end_other_sessions(std::move(a)...); }, own(), here());
                },
                [&](std::size_t) { only_is_good(token_); });
        });
    }

    bool change_phone() {
        const auto is_done = [&] { return number() == second_phone; };
        const bool done = with_code(
            [&] {
                return ask(
                    [&] {
                        return open([&](auto... a) { return w_.auth.start_phone_change(std::move(a)...); }, own(),
                                    std::string(second_phone), here());
                    },
                    [](const auto&) {});
            },
            [&](const std::string& id) { return finish_phone_change(id); }, is_done);
        only_is_good(token_);
        e_.expect(!e_.truth.find_user_by_phone(*phone_number::parse(phone)), invariant::user_is_whole_or_absent);
        e_.expect(is_done(), invariant::user_is_whole_or_absent);
        return done && (e_.is_good(hasher_(token_)) || enter());
    }

    bool reset(bool by_identity) {
        const std::string wanted = by_identity ? "third secret" : "second secret";
        const bool done = with_code(
            [&] {
                return ask(
                    [&] {
                        if (by_identity)
                            return open([&](auto... a) { return w_.auth.start_password_reset_of(std::move(a)...); },
                                        std::string(email), here());
                        return open([&](auto... a) { return w_.auth.start_password_reset(std::move(a)...); }, number(),
                                    here());
                    },
                    [](const auto&) {});
            },
            [&](const std::string& id) { return finish_reset(id, wanted); }, [&] { return secret() == wanted; });
        only_is_good({});
        return done;
    }

    auto log_in_by_backup_code(const std::string& spare) {
        return ask(
            [&] {
                e_.current = without_code;
                return open([&](auto... a) { return w_.auth.login_with_backup_code(std::move(a)...); }, number(),
                            password(secret()), backup_code(spare), here());
            },
            [&, spare](const login_result& l) {
                e_.expect(++spent_[spare] <= 1, invariant::code_is_accepted_once);
                e_.expect(e_.sessions.contains(hasher_(l.token.str())), invariant::session_is_a_login);
            });
    }
    bool come_by_backup_code() {
        std::size_t next = 0;
        return until([&] {
            const auto& spare = spares_[next++ / 2 % spares_.size()];
            const auto l = log_in_by_backup_code(spare);
            if (!l) return wait(l.error()), false;
            token_ = l->token.str();
            return true;
        });
    }

    auto redeem(const std::string& token) {
        return ask(
            [&] {
                return open([&](auto... a) { return w_.auth.redeem_proof(std::move(a)...); }, proof_token(token),
                            std::string("payment"));
            },
            [&, token](const auto&) { e_.expect(++spent_[token] <= 1, invariant::code_is_accepted_once); });
    }
    bool confirm_something() {
        std::string token;
        return until([&] {
            const bool proved = with_code(
                [&] {
                    return ask(
                        [&] {
                            return open([&](auto... a) { return w_.auth.start_verification(std::move(a)...); },
                                        number(), std::string("payment"), here());
                        },
                        [](const auto&) {});
                },
                [&](const std::string& id) {
                    auto p = finish_verification(id);
                    if (p) token = p->token.str();
                    return p;
                },
                never);
            for (int j = 0; proved && j < 3; ++j) {
                const auto p = redeem(token);
                if (p) return true;
                if (!is_open(p.error())) break;
            }
            return false;
        });
    }

    bool end_one() {
        return until([&] {
            const auto all =
                ask([&] { return open([&](auto t) { return w_.auth.list_sessions(std::move(t)); }, own()); },
                    [&](const std::vector<session_info>& told) {
                        for (const auto& s : told)
                            e_.expect(e_.sessions.contains(s.id) && e_.is_good(s.id) &&
                                          s.current == (s.id == hasher_(token_)),
                                      invariant::session_is_a_login);
                    });
            if (!all) return recover(all.error()), false;
            if (all->empty()) return enter(), false;  // the clock was turned meanwhile
            const auto one = all->front().id;
            const auto ended = ask(
                [&] {
                    return open([&](auto... a) { return w_.auth.end_session(std::move(a)...); }, own(),
                                std::string(one), here());
                },
                [&] { e_.expect(!e_.is_good(one), invariant::ended_session_is_dead); });
            if (!ended) return recover(ended.error()), false;
            return e_.is_good(hasher_(token_)) || enter();
        });
    }

    bool leave() {
        const auto is_gone = [&] { return !stored(); };
        const bool gone = with_code(
            [&] {
                return ask(
                    [&] {
                        return open([&](auto... a) { return w_.auth.start_deletion(std::move(a)...); }, own(), here());
                    },
                    [](const auto&) {});
            },
            [&](const std::string& id) { return finish_deletion(id); }, is_gone);
        only_is_good({});
        const bool is_nobodys = !e_.truth.find_user_by_phone(*phone_number::parse(phone)) &&
                                !e_.truth.find_user_by_phone(*phone_number::parse(second_phone)) &&
                                !e_.truth.find_user_by_identity(email);
        e_.expect(is_gone() && is_nobodys, invariant::user_is_whole_or_absent);
        return gone;
    }

    // -- what must hold

    /// Of all sessions and trusted devices at most the one with this token is good.
    void only_is_good(const std::string& token) {
        const auto own_hash = token.empty() ? std::string() : hasher_(token);
        for (const auto& [hash, id] : e_.sessions)
            e_.expect(hash == own_hash || !e_.is_good(hash), invariant::ended_session_is_dead);
    }

    /// What was accepted once is not accepted again, and the account is whole.
    void nothing_is_good_twice() {
        e_.over = true;
        const auto allocations = gate;
        gate.fail_at = {};
        const auto u = stored();
        e_.expect(u && u->identity == email && u->phone.str() == second_phone && u->properties.at("name") == R"("Ada")",
                  invariant::user_is_whole_or_absent);
        const auto inbox = e_.inbox;
        const auto used = e_.accepted;
        for (const auto& [id, times] : used) {
            const auto t = e_.truth.find_transaction(id);
            if (!t) continue;
            e_.inbox = e_.code_of(*t);
            [[maybe_unused]] const auto as_login = finish_login(id, e_.inbox);
            [[maybe_unused]] const auto as_step_up = finish_step_up(id);
            [[maybe_unused]] const auto as_change = finish_phone_change(id);
            [[maybe_unused]] const auto as_reset = finish_reset(id, "fourth secret");
            [[maybe_unused]] const auto as_proof = finish_verification(id);
            [[maybe_unused]] const auto as_deletion = finish_deletion(id);
        }
        e_.inbox = inbox;
        const auto spent = spent_;
        for (const auto& [what, times] : spent) {
            if (what.size() < 30) [[maybe_unused]]
                const auto as_spare = log_in_by_backup_code(what);
            else [[maybe_unused]]
                const auto as_proof = redeem(what);
        }
        gate = allocations;
        e_.over = false;
    }

    std::string id_;      ///< the person's
    std::string token_;   ///< of the session that they use
    std::string device_;  ///< the token of the device that they trusted last
    std::vector<std::string> spares_;
    std::map<std::string, int> spent_;  ///< backup codes and proofs: how often they were accepted
};

}  // namespace faults

#endif
