// SPDX-License-Identifier: BSL-1.0
// Proof: however many servers there are on one store, what an account's life rests on happens once: a phone is changed, a
// password reset, a backup code spent, a proof redeemed, an account deleted by exactly one of all who come with the same;
// two users never have one phone; and when a user's trusted devices end, no more logins from them are good. For each
// store 4 processes of 8 threads do the same at the same time.

#include "racers.hpp"
#include "support.hpp"
#include "support/temporary_folder.hpp"

#include <phoneauth/storage/combined.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <thread>

using namespace proofs;

namespace {

struct sizes {
    unsigned processes = 4;
    unsigned threads = 8;
    unsigned times = 1000;  // each race is run
};

constexpr unsigned most = 10'000;
constexpr unsigned batch = 50;  // races that are made ready before they are run: their codes live for minutes

enum kind : unsigned { phone_change, reset, spare, a_proof, deletion, device, new_number, kinds };
constexpr std::array<const char*, kinds> kind_names{
    "codes of a phone change",  "codes of a password reset",  "backup codes", "proofs", "codes of a deletion",
    "trusted devices that end", "numbers that two users want"};

/// What all processes write down of one race.
struct record {
    struct side {
        char session[64];
        char id[64];
        char secret[160];  // a code, or whatever stands for one
    };
    side sides[2];
    std::atomic<unsigned> successes, refused, lost_swaps, winner;
    std::atomic<unsigned> is_over, too_late;  // of devices: whether they have ended, and logins that began after it
};
struct board {
    pthread_barrier_t barrier;
    record records[kinds][most];
    std::atomic<unsigned> wrong[kinds];  // races that left behind what they must not
    std::atomic<unsigned> unexpected;    // errors that have no place here, the first of which is:
    char first_unexpected[200];
};

/// Counts the swaps that are lost.
template <class S>
struct counted_storage : combined_storage<S, S, S, S> {
    static constexpr bool process_local = false;
    static inline thread_local record* current = nullptr;

    explicit counted_storage(S& s) : combined_storage<S, S, S, S>(s, s, s, s), storage(s) {}
    bool update_transaction(const transaction& t) {
        std::this_thread::yield();  // so that in memory, too, others come in between
        return counted(storage.update_transaction(t), true);
    }
    write_result update_user(const user& u) {
        std::this_thread::yield();
        return counted(storage.update_user(u), write_result::done);
    }
    std::size_t erase_sessions_of(const std::string& user_id, const std::string& kept) {
        std::this_thread::yield();
        return storage.erase_sessions_of(user_id, kept);
    }
    S& storage;

private:
    template <class R>
    static R counted(R won, R yes) {
        if (won != yes && current) ++current->lost_swaps;
        return won;
    }
};

config lives_config() {
    auto c = shared_config();
    c.trusted_device_lifetime = std::chrono::hours(24);
    c.password_reset = password_reset_policy::code;
    c.topics = {{"payment", "confirm a payment"}};
    return c;
}

constexpr auto secret = "correct horse";

template <class S>
class racer {
public:
    racer(S& storage, board& b, const sizes& n, const names& who)
        : storage_(storage), server_(storage_, lives_config()), board_(b), n_(n), who_(who),
          racers_(n.processes * n.threads) {}

    /// All races of racer `me`; all of them go through the same steps, together.
    void run(unsigned me) {
        for (unsigned k = 0; k < kinds; ++k)
            for (unsigned first = 0; first < n_.times; first += batch) {
                const auto end = std::min(first + batch, n_.times);
                const auto own = [&](auto f) {
                    for (unsigned i = first; i < end; ++i)
                        if (i % racers_ == me) f(i);
                };
                own([&](unsigned i) { prepare(kind(k), i); });
                for (unsigned i = first; i < end; ++i) {
                    wait();
                    auto& r = board_.records[k][i];
                    counted_storage<S>::current = &r;
                    compete(kind(k), r, i, me);
                    counted_storage<S>::current = nullptr;
                }
                wait();
                own([&](unsigned i) {
                    if (!is_as_it_must_be(kind(k), board_.records[k][i], i)) ++board_.wrong[k];
                });
            }
    }

private:
    void wait() { pthread_barrier_wait(&board_.barrier); }

    void unexpected(const std::string& what) {
        if (board_.unexpected++ == 0)
            std::strncpy(board_.first_unexpected, what.c_str(), sizeof board_.first_unexpected - 1);
    }
    template <class R>
    bool is_fine(const R& r, const char* what) {
        if (!r) unexpected(std::string(what) + ": " + r.error().message);
        return r.has_value();
    }
    template <std::size_t N>
    static void put(char (&to)[N], std::string_view text) {
        std::memcpy(to, text.data(), std::min(text.size(), N - 1));
    }

    // The users of race `i` of a kind; of a new number there are two.
    std::string old_phone(unsigned k, unsigned i, unsigned side = 0) const { return who_.phone(side ? 7 : k, i); }
    std::string new_phone(unsigned k, unsigned i) const { return who_.phone(k == new_number ? 9 : 8, i); }
    std::string id_of(unsigned k, unsigned i, unsigned side = 0) const { return who_.email(side ? 7 : k, i); }
    std::optional<user> owner_of(const std::string& phone) {
        return storage_.find_user_by_phone(*phone_number::parse(phone));
    }

    // -- making a race ready

    std::string log_in(const std::string& phone) {
        const auto s = server_.auth.start_two_factor_login(phone, password(secret));
        if (!is_fine(s, "start_two_factor_login")) return {};
        const auto l = server_.auth.finish_login(s->transaction_id, submitted_code(handing_transport::last_code));
        return is_fine(l, "finish_login") ? l->token.str() : std::string();
    }
    /// A user who is logged in.
    void enroll(kind k, unsigned i, unsigned side) {
        user u{.object_id = id_of(k, i, side),
               .phone = *phone_number::parse(old_phone(k, i, side)),
               .identity = id_of(k, i, side),
               .password_hash = std::string("cheap:") + secret};
        if (storage_.insert_user(u) != write_result::done) unexpected("insert_user");
        put(board_.records[k][i].sides[side].session, log_in(old_phone(k, i, side)));
    }
    template <class R>
    void note_code(record::side& s, const R& begun) {
        if (!is_fine(begun, "a start")) return;
        put(s.id, begun->transaction_id.str());
        put(s.secret, handing_transport::last_code);
    }

    void prepare(kind k, unsigned i) {
        auto& auth = server_.auth;
        auto& r = board_.records[k][i];
        auto& s = r.sides[0];
        for (unsigned side = 0; side < (k == new_number ? 2 : 1); ++side)
            if (k != a_proof) enroll(k, i, side);
        const auto session = [](const record::side& of) { return session_token(of.session); };
        if (k == phone_change || k == new_number)
            for (unsigned side = 0; side < (k == new_number ? 2 : 1); ++side)
                note_code(r.sides[side], auth.start_phone_change(session(r.sides[side]), new_phone(k, i)));
        if (k == phone_change || k == reset) put(r.sides[1].session, log_in(old_phone(k, i)));
        if (k == reset) note_code(s, auth.start_password_reset(old_phone(k, i)));
        if (k == deletion) note_code(s, auth.start_deletion(session(s)));
        if (k == spare) {
            const auto codes = auth.make_backup_codes(session(s));
            if (is_fine(codes, "make_backup_codes")) put(s.secret, codes->front().str());
        }
        if (k == a_proof) {
            note_code(s, auth.start_verification(old_phone(k, i), "payment"));
            const auto p = auth.finish_verification(transaction_id(s.id), submitted_code(s.secret));
            if (is_fine(p, "finish_verification")) put(s.secret, p->token.str());
        }
        if (k == device) {
            const auto d = auth.trust_device(session(s));
            if (is_fine(d, "trust_device")) put(s.secret, d->token.str());
        }
    }

    // -- the race

    template <class R>
    void note(record& r, unsigned winner, const R& outcome, std::initializer_list<error> losses) {
        if (outcome) {
            ++r.successes;
            r.winner = winner;
            return;
        }
        ++r.refused;
        const auto is_it = [&](error e) { return outcome.error().code == e; };
        if (std::none_of(losses.begin(), losses.end(), is_it)) unexpected(outcome.error().message);
    }

    void compete(kind k, record& r, unsigned i, unsigned me) {
        auto& auth = server_.auth;
        const auto side = k == new_number ? me % 2 : 0;
        const auto& s = r.sides[side];
        const auto session = [&] { return session_token(s.session); };
        const auto id = [&] { return transaction_id(s.id); };
        const auto code = [&] { return submitted_code(s.secret); };
        switch (k) {
        case phone_change:
        case new_number:  // whoever is told that it is taken can come with the code again
            return note(r, side, auth.finish_phone_change(session(), id(), code()),
                        {error::code_used, error::unknown_token, error::user_exists, error::tries_exhausted});
        case reset:
            return note(r, me, auth.finish_password_reset(id(), code(), password(password_of(me))),
                        {error::code_used, error::no_transaction});
        case spare:
            return note(r, me, auth.login_with_backup_code(old_phone(k, i), password(secret), backup_code(s.secret)),
                        {error::invalid_login, error::too_many_failures});
        case a_proof:
            return note(r, me, auth.redeem_proof(proof_token(s.secret), "payment"), {error::invalid_proof});
        case deletion:
            return note(r, me, auth.finish_deletion(session(), id(), code()), {error::code_used, error::unknown_token});
        default:
            return me == i % racers_ ? end_devices(r, i) : come_by_device(r, i);
        }
    }
    static std::string password_of(unsigned racer) { return "another password " + std::to_string(racer); }

    void end_devices(record& r, unsigned i) {
        session_token own(r.sides[0].session);
        if (i % 2 == 0) {
            is_fine(server_.auth.end_other_sessions(std::move(own)), "end_other_sessions");
        } else {
            property_map changes{{"password", '"' + password_of(0) + '"'}};
            is_fine(server_.auth.update_user(std::move(own), id_of(device, i), std::move(changes)), "update_user");
        }
        r.is_over = 1;
    }
    void come_by_device(record& r, unsigned i) {
        const bool was_over = r.is_over;
        const auto l = by_device(r, i, secret);
        if (l && was_over) ++r.too_late;
        note(r, 0, l, {error::invalid_login, error::too_many_failures});
    }
    auto by_device(const record& r, unsigned i, const std::string& with) {
        return server_.auth.login_with_trusted_device(old_phone(device, i), password(with),
                                                      device_token(r.sides[0].secret));
    }

    // -- what it left

    bool is_good(const char* session) { return server_.auth.authenticate(session_token(session)).has_value(); }

    bool is_as_it_must_be(kind k, const record& r, unsigned i) {
        const auto old = owner_of(old_phone(k, i));
        const auto stored = storage_.find_user(id_of(k, i));
        switch (k) {
        case phone_change: {
            const auto now = owner_of(new_phone(k, i));
            return !old && now && now->object_id == id_of(k, i) && is_good(r.sides[0].session) &&
                   !is_good(r.sides[1].session);
        }
        case reset:
            return stored && stored->password_hash == "cheap:" + password_of(r.winner) &&
                   !is_good(r.sides[0].session) && !is_good(r.sides[1].session);
        case spare: {
            const auto used = stored ? (' ' + stored->backup_codes).find(" -") : std::string::npos;
            return used != std::string::npos &&
                   (' ' + stored->backup_codes).find(" -", used + 1) == std::string::npos &&
                   storage_.find_sessions_of(id_of(k, i)).size() == 2;
        }
        case a_proof:
            return !server_.auth.redeem_proof(proof_token(r.sides[0].secret), "payment");
        case deletion:
            return !old && !stored && storage_.find_sessions_of(id_of(k, i)).empty();
        case device: {
            const auto left = server_.auth.list_sessions(session_token(r.sides[0].session));
            return left && left->size() == 1 && left->front().current && r.too_late == 0 &&
                   !by_device(r, i, i % 2 == 0 ? secret : password_of(0));
        }
        default: {
            const auto now = owner_of(new_phone(k, i));
            const auto loser = owner_of(old_phone(k, i, 1 - r.winner));
            return now && now->object_id == id_of(k, i, r.winner) && !owner_of(old_phone(k, i, r.winner)) && loser &&
                   loser->object_id == id_of(k, i, 1 - r.winner);
        }
        }
    }

    counted_storage<S> storage_;
    server<counted_storage<S>> server_;
    board& board_;
    const sizes& n_;
    const names& who_;
    const unsigned racers_;
};

/// Of one kind of race.
struct tallied {
    unsigned once = 0, more = 0, contended = 0, lost_swaps = 0, crossed = 0, wrong = 0;
};
struct findings {
    bool ran = false;
    std::array<tallied, kinds> of{};
    unsigned unexpected = 0;
    std::string first_unexpected;
    double seconds = 0;
};

template <class Open>
findings race(Open open, const sizes& n) {
    const shared_board<board> shared(n.processes * n.threads);
    auto& b = *shared;
    const auto begin = std::chrono::steady_clock::now();
    findings f;
    const names who;
    f.ran = run_racers(n.processes, n.threads, [&](auto start) {  // each process opens the store for itself
        const auto storage = open();
        racer r(*storage, b, n, who);
        start([&r](unsigned me) { r.run(me); });
    });
    f.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    for (unsigned k = 0; k < kinds; ++k) {
        auto& t = f.of[k];
        for (unsigned i = 0; i < n.times; ++i) {
            const auto& r = b.records[k][i];
            if (r.successes == 1) ++t.once;
            if (r.successes > 1) ++t.more;
            if (r.successes > 0 && r.refused > 0) ++t.crossed;
            if (r.lost_swaps >= 1) ++t.contended;
            t.lost_swaps += r.lost_swaps;
        }
        t.wrong = b.wrong[k];
    }
    f.unexpected = b.unexpected;
    f.first_unexpected = b.first_unexpected;
    return f;
}

template <class Open>
void prove(tally& t, const char* name, Open open, const sizes& n) {
    std::printf("%s: %u processes of %u threads\n", name, n.processes, n.threads);
    std::fflush(stdout);
    const auto f = race(open, n);
    t.expect(f.ran && f.unexpected == 0, "every process ran to its end; " + std::to_string(f.unexpected) +
                                             " unexpected errors " + f.first_unexpected);
    const auto all = std::to_string(n.times) + ' ';
    unsigned contended = 0;
    for (unsigned k = 0; k < kinds; ++k) {
        const auto& o = f.of[k];
        contended += o.contended;
        const auto left = std::to_string(o.wrong) + " left anything wrong behind";
        if (k == device)
            t.expect(o.wrong == 0, all + kind_names[k] + ": " + left + "; in " + std::to_string(o.crossed) +
                                       " some came in before and were refused after it");
        else
            t.expect(o.once == n.times && o.wrong == 0,
                     std::to_string(o.once) + " of " + all + kind_names[k] + " had one winner, " +
                         std::to_string(o.more) + " had more, " + left + "; " + std::to_string(o.contended) +
                         " were contended for to the last step (" + std::to_string(o.lost_swaps) + " swaps lost)");
    }
    t.expect(contended > kinds * n.times / 100 && f.of[device].crossed > n.times / 100, "the contenders did collide");
    std::printf("  %.0f s\n", f.seconds);
}

/// Saves whatever it is given, and says of everybody that they were there when they were to be erased.
struct saves_without_comparing : sqlite_storage {
    using sqlite_storage::sqlite_storage;
    bool update_transaction(transaction t) {
        for (;;) {
            const auto stored = find_transaction(t.id);
            if (!stored) return false;
            t.version = stored->version;
            if (sqlite_storage::update_transaction(t)) return true;
        }
    }
    write_result update_user(user u) {
        for (;;) {
            const auto stored = find_user(u.object_id);
            if (!stored) return write_result::stale;
            u.version = stored->version;
            if (const auto r = sqlite_storage::update_user(u); r != write_result::stale) return r;
        }
    }
    bool erase_user(const std::string& id) {
        sqlite_storage::erase_user(id);
        return true;
    }
};
/// Tells nobody that a phone is taken.
struct says_yes : memory_storage {
    write_result update_user(const user& u) {
        const auto r = memory_storage::update_user(u);
        return r == write_result::stale ? r : write_result::done;
    }
};
/// Ends no sessions but one by one.
struct keeps_sessions : memory_storage {
    std::size_t erase_sessions_of(const std::string&, const std::string&) { return 1; }
};

/// The proof must fail for stores with defects.
void prove_defects(tally& t, const sizes& n, const std::string& file) {
    auto few = n;
    few.times = std::min(n.times, 50u);
    const auto f = race([&] { return std::make_unique<saves_without_comparing>(file); }, few);
    for (const auto k : {phone_change, reset, spare, a_proof, deletion}) {
        const auto& o = f.of[k];
        t.expect(o.more > 0 || o.wrong > 0, std::string("a store that saves without comparing is caught by ") +
                                                kind_names[k] + ": of " + std::to_string(few.times) + ' ' +
                                                std::to_string(o.more) + " had more winners than one, " +
                                                std::to_string(o.wrong) + " left something wrong behind");
    }
    few.threads *= few.processes;
    few.processes = 1;
    const auto shared = race([] { return std::make_unique<says_yes>(); }, few).of[new_number];
    t.expect(shared.more > 0, "a store that tells nobody that a phone is taken is caught: two users were told so " +
                                  std::to_string(shared.more) + " times of " + std::to_string(few.times));
    const auto kept = race([] { return std::make_unique<keeps_sessions>(); }, few).of[device];
    t.expect(kept.wrong > 0, "a store that does not end sessions is caught: " + std::to_string(kept.wrong) + " of " +
                                 std::to_string(few.times) + " devices outlived their end");
}

}  // namespace

int main(int argc, char** argv) {
    sizes n;
    const bool is_short = argc > 1 && std::string_view(argv[1]) == "--short";
    if (is_short)
        n.times = 20;
    else if (argc > 1)
        n.times = static_cast<unsigned>(std::atoi(argv[1]));
    if (n.times == 0 || n.times > most) {
        std::fprintf(stderr, "usage: long_lives [--short | 1 to %u races of each kind]\n", most);
        return 2;
    }
    tally t;
    const support::temporary_folder temporary;
    on_each_store(t, temporary, n, [&](const char* name, auto open, const sizes& of) { prove(t, name, open, of); });
    std::printf("stores with defects\n");
    prove_defects(t, n, temporary.file("bad.db"));
    return t.finish();
}
