// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_FAULTS_JOURNEY_HPP
#define PHONEAUTH_TESTS_FAULTS_JOURNEY_HPP

#include <new>
#include <type_traits>
#include <utility>

#include "faults/world.hpp"

namespace faults {

/// A person registers, logs in by code (mistypes it, and asks for it again), logs in with two factors, changes the
/// password and logs out. Where something fails, the person does what the error says: waits, tries the same again, or
/// starts again.
template <class World>
class journey {
public:
    static config settings() { return fault_config(); }

    explicit journey(evidence& e) : e_(e), w_(e) {
        e.observer.on_event = [this](const event& what) { told_ += what.kind == event_kind::sent; };
    }

    /// Everything, and then whether the invariants hold.
    void run() {
        register_phone();
        const auto first = log_in(first_password, false);
        const auto second = log_in(first_password, true);
        if (first && second) {
            if (change_password(*second)) is_dead(first->token);
            log_out();
        }
        check();
    }

protected:
    static constexpr int patience = 12;

    struct access {
        std::string token;
        std::string object_id;
    };

    // -- one request

    /// Runs `flow`, which opens the gate when it has copied its arguments. `done` is told of a success.
    template <class Flow, class Done>
    auto ask(Flow flow, Done done) {
        using answer = decltype(once(flow));
        std::optional<answer> twin;
        e_.again = [&] {
            twin = once(flow);
            if (*twin) tell(done, *twin);
        };
        auto r = once(flow);
        e_.again = {};
        if (r) tell(done, r);
        if (!r && twin && *twin) r = std::move(*twin);
        return r;
    }
    template <class Done, class R>
    static void tell(Done& done, const R& r) {
        if constexpr (std::is_same_v<R, result<void>>)
            done();
        else
            done(*r);
    }
    template <class Flow>
    auto once(Flow flow) {
        using answer = decltype(w_.run(flow));
        const auto before = gate.count;
        e_.requests += !e_.over;
        try {
            auto r = w_.run(flow);
            gate.open = false;
            if (e_.fake() == defect::lets_exceptions_out && !r && r.error().code == error::storage_unavailable)
                throw std::runtime_error("storage");
            return r;
        } catch (const std::bad_alloc&) {
            gate.open = false;
            ++e_.exceptions;
            e_.expect(gate.count - before <= World::first_frames, invariant::no_exception_leaves_a_flow);
            return answer(error::overloaded);
        } catch (...) {
            gate.open = false;
            e_.expect(false, invariant::no_exception_leaves_a_flow);
            return answer(error::internal);
        }
    }

    static client_info here() { return client_info("203.0.113.7", "test"); }

    auto start_registration() {
        return ask(
            [&] {
                auto number = phone;
                auto from = here();
                gate.open = true;
                return w_.auth.start_registration(std::move(number), std::move(from));
            },
            [](const auto&) {});
    }
    auto finish_registration(const std::string& id, const std::string& code) {
        const auto began = e_.clock.now();
        return ask(
            [&] {
                e_.current = id;
                registration r(transaction_id(id), submitted_code(code), phone, password(first_password),
                               "ada@example.com");
                r.properties = {{"name", R"("Ada")"}};
                auto from = here();
                gate.open = true;
                return w_.auth.finish_registration(std::move(r), std::move(from));
            },
            [&](const user& u) {
                e_.note_accepted(id, code, purpose::registration, began);
                e_.expect(e_.truth.find_user(u.object_id).has_value(), invariant::user_is_whole_or_absent);
            });
    }
    auto start_login(const std::optional<std::string>& with) {
        return ask(
            [&] {
                auto number = phone;
                auto secret = with.value_or("");
                auto from = here();
                gate.open = true;
                if (with)
                    return w_.auth.start_two_factor_login(std::move(number), password(std::move(secret)),
                                                          std::move(from));
                return w_.auth.start_login(std::move(number), std::move(from));
            },
            [](const auto&) {});
    }
    auto resend(const std::string& id) {
        return ask(
            [&] {
                auto name = id;
                auto from = here();
                gate.open = true;
                return w_.auth.resend(transaction_id(std::move(name)), std::move(from));
            },
            [](const auto&) {});
    }
    auto finish_login(const std::string& id, const std::string& code) {
        const auto began = e_.clock.now();
        return ask(
            [&] {
                e_.current = id;
                auto name = id;
                auto typed = code;
                auto from = here();
                gate.open = true;
                return w_.auth.finish_login(transaction_id(std::move(name)), submitted_code(std::move(typed)),
                                            std::move(from));
            },
            [&](const login_result& l) {
                e_.note_accepted(id, code, purpose::login, began);
                const auto hash = hasher_(l.token.str());
                e_.expect(e_.sessions.contains(hash), invariant::session_is_a_login);
            });
    }
    auto update_user(const access& a, const std::string& password) {
        return ask(
            [&] {
                auto token = a.token;
                auto id = a.object_id;
                property_map changes{{"password", '"' + password + '"'}, {"town", R"("London")"}};
                auto from = here();
                gate.open = true;
                return w_.auth.update_user(session_token(std::move(token)), std::move(id), std::move(changes),
                                           std::move(from));
            },
            [](const auto&) {});
    }
    auto logout(const std::string& t) {
        return ask(
            [&] {
                auto token = t;
                auto from = here();
                gate.open = true;
                return w_.auth.logout(session_token(std::move(token)), std::move(from));
            },
            [](const auto&) {});
    }

    // -- what the person does

    void wait(const failure& f) { rest(f.retry_after.value_or(0s)); }
    void rest(std::chrono::seconds s) {
        e_.clock.advance(s);
        waited_ += s;
    }

    /// Whether the same code may still be good.
    static bool is_open(const failure& f) {
        return f.code == error::storage_unavailable || f.code == error::overloaded || f.code == error::wrong_code;
    }

    void register_phone() {
        for (int i = 0; i < patience; ++i) {
            const auto s = start_registration();
            if (!s) {
                wait(s.error());
                continue;
            }
            for (int j = 0; j < 3; ++j) {
                const auto u = finish_registration(s->transaction_id, typed());
                if (u || u.error().code == error::user_exists) return;
                if (!is_open(u.error())) break;
            }
        }
        e_.expect(false, invariant::person_gets_in);
    }

    /// Without a message something is typed all the same.
    std::string typed() const { return e_.inbox.empty() ? "000000" : e_.inbox; }

    std::optional<access> log_in(std::string password, bool two_factors) {
        for (int i = 0; i < patience; ++i) {
            const auto s = start_login(two_factors ? std::optional(password) : std::nullopt);
            if (!s) {
                if (s.error().code == error::invalid_login) password = other(password);
                wait(s.error());
                continue;
            }
            if (!two_factors) {
                auto wrong = typed();
                wrong.back() = wrong.back() == '0' ? '1' : '0';
                const auto mistyped = finish_login(s->transaction_id, wrong);
                rest(s->resend_after);
                const auto sent_again = resend(s->transaction_id);
                // Who has a code does not wait for it once more for longer than it lives.
                if (!sent_again && sent_again.error().retry_after.value_or(0s) < 1min) wait(sent_again.error());
            }
            for (int j = 0; j < 3; ++j) {
                const auto l = finish_login(s->transaction_id, typed());
                if (l) return access{l->token, l->user.object_id};
                if (!is_open(l.error())) break;
            }
        }
        e_.expect(false, invariant::person_gets_in);
        return {};
    }
    static std::string other(const std::string& password) {
        return password == first_password ? second_password : first_password;
    }

    /// Whether it was done with `a`, which is `last_` from now on, or what replaced it.
    bool change_password(access a) {
        for (int i = 0; i < patience; ++i) {
            last_ = a;
            const auto changed = update_user(a, second_password);
            if (changed) {
                for (const auto& [hash, id] : e_.sessions)
                    e_.expect(hash == hasher_(a.token) || !e_.is_good(hash), invariant::ended_session_is_dead);
                return true;
            }
            wait(changed.error());
            if (changed.error().code == error::unknown_token || changed.error().code == error::session_expired ||
                changed.error().code == error::fresh_login_required) {
                // Perhaps it is changed already, though nobody could tell.
                const bool unchanged = changed.error().code == error::fresh_login_required;
                auto again = log_in(unchanged ? first_password : second_password, true);
                if (!again) return false;
                a = std::move(*again);
            }
        }
        e_.expect(false, invariant::person_gets_in);
        return false;
    }

    void log_out() {
        for (int i = 0; i < patience; ++i) {
            const auto ended = logout(last_.token);
            if (!ended) continue;
            is_dead(last_.token);
            return;
        }
        e_.expect(false, invariant::ended_session_is_dead);
    }

    void is_dead(const std::string& token) {
        e_.over = true;
        const auto u = w_.run([&] { return w_.auth.authenticate(session_token(token)); });
        e_.over = false;
        e_.expect(!u, invariant::ended_session_is_dead);
    }

    // -- what must hold when nothing fails any more

    void check() {
        e_.over = true;
        gate.fail_at = {};
        e_.check_counts();
        check_user();
        if (!get_in()) return e_.expect(false, invariant::person_gets_in);
        check_codes();
        e_.check_counts();
    }

    void check_user() {
        const auto by_phone = e_.truth.find_user_by_phone(*phone_number::parse(phone));
        const auto by_identity = e_.truth.find_user_by_identity("ada@example.com");
        e_.expect(by_phone.has_value() == by_identity.has_value(), invariant::user_is_whole_or_absent);
        std::size_t stored = 0;
        for (const auto& [id, transaction_id] : e_.users) {
            if (!e_.truth.find_user(id)) continue;
            ++stored;
            const auto t = e_.truth.find_transaction(transaction_id);
            e_.expect(!t || t->state == transaction_state::confirmed, invariant::user_has_proved_his_phone);
        }
        e_.expect(stored == by_phone.has_value(), invariant::user_is_whole_or_absent);
        if (!by_phone || !by_identity) return;
        const auto& u = *by_phone;
        const bool changed = u.properties.contains("town");
        const bool whole = u.object_id == by_identity->object_id && e_.users.contains(u.object_id) &&
                           u.password_hash == "plain:" + (changed ? second_password : first_password) &&
                           u.properties.at("name") == R"("Ada")";
        e_.expect(whole, invariant::user_is_whole_or_absent);
    }

    bool get_in() {
        const auto a = log_in(second_password, true);
        e_.expect(waited_ <= 15min + e_.turned_back(), invariant::person_gets_in);
        return a.has_value();
    }

    void check_codes() {
        // What was accepted once is not accepted again, and not for anything else.
        const auto used = e_.accepted;
        for (const auto& [id, times] : used) {
            const auto t = e_.truth.find_transaction(id);
            if (!t) continue;
            const auto code = e_.code_of(*t);
            [[maybe_unused]] const auto again = finish_login(id, code);
            [[maybe_unused]] const auto anew = finish_registration(id, code);
        }
        // A new code is good for its own transaction only, and for five minutes.
        auto s = start_login(second_password);
        for (int i = 0; i < patience && !s && s.error().retry_after; ++i) {
            wait(s.error());
            s = start_login(second_password);
        }
        if (!s && s.error().code == error::invalid_login) s = start_login(first_password);
        if (!s) return e_.expect(false, invariant::person_gets_in);
        [[maybe_unused]] const auto elsewhere = finish_registration(s->transaction_id, e_.inbox);
        for (const auto& [id, times] : used) {
            const auto t = e_.truth.find_transaction(id);
            if (t) [[maybe_unused]]
                const auto foreign = finish_login(s->transaction_id, e_.code_of(*t));
        }
        e_.clock.advance(e_.settings.code_lifetime);
        const auto late = finish_login(s->transaction_id, e_.inbox);
        e_.expect(!late, invariant::only_the_right_code_in_time);
    }

    evidence& e_;
    World w_;
    token_hasher hasher_;
    access last_;
    std::chrono::seconds waited_{};
    int told_ = 0;
};

}  // namespace faults

#endif
