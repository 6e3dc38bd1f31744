// SPDX-License-Identifier: BSL-1.0
// Proof: however many servers there are on one store, a code is accepted once, no more codes are compared than tries
// are allowed, and a phone or an email gets one user. For each store 4 processes of 8 threads do the same at the same
// time.

#include "racers.hpp"
#include "support.hpp"
#include "support/temporary_folder.hpp"

#include <phoneauth/storage/combined.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

using namespace proofs;

namespace {

struct sizes {
    unsigned processes = 4;
    unsigned threads = 8;
    unsigned confirmations = 10'000;
    unsigned guesses = 300;
    unsigned registrations = 40;  // of one phone, and as many of one email
};

constexpr unsigned most = 10'000;
constexpr unsigned max_tries = 5;
constexpr unsigned open_codes = 3;  // at once, to one phone

/// What all processes write down. Zero at first, as anonymous memory is.
struct record {
    char id[37];
    char code[7];
    std::atomic<unsigned> successes, lost_swaps, code_used, compared;
};
struct board {
    pthread_barrier_t barrier;
    record confirmations[most];
    record guesses[most];
    record phones[most];
    record rivals[most * open_codes];  // the codes with which they are registered
    record emails[most];
    std::atomic<unsigned> wrong_tries;  // transactions whose `tries` are not the codes that were compared
    std::atomic<unsigned> wrong_users;  // phones or emails that have not exactly the user who was told so
    std::atomic<unsigned> unexpected;   // errors that have no place here, the first of which is:
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
        const bool won = storage.update_transaction(t);
        if (!won && current) ++current->lost_swaps;
        return won;
    }
    S& storage;
};

template <class S>
class racer {
public:
    racer(S& storage, board& b, const sizes& n, const names& who)
        : storage_(storage), server_(storage_), board_(b), n_(n), who_(who), racers_(n.processes * n.threads) {}

    /// The whole race of racer `me`; all of them go through the same steps, together.
    void run(unsigned me) {
        constexpr unsigned logins_of_a_user = open_codes - 1;
        const auto user_count = (n_.confirmations + n_.guesses) / logins_of_a_user + 1;
        for (unsigned i = me; i < user_count; i += racers_) {
            user u{.object_id = who_.email(0, i),
                   .phone = *phone_number::parse(who_.phone(0, i)),
                   .identity = who_.email(0, i),
                   .password_hash = {}};
            if (storage_.insert_user(u) != write_result::done) unexpected("insert_user");
        }
        wait();
        const auto start = [&](record& r, unsigned i) {
            const auto s = server_.auth.start_login(who_.phone(0, i % user_count));
            if (!s) return unexpected("start_login: " + s.error().message);
            std::strcpy(r.id, s->transaction_id.str().c_str());
            std::strcpy(r.code, handing_transport::last_code.c_str());
        };
        for (unsigned i = me; i < n_.confirmations; i += racers_) start(board_.confirmations[i], i);
        for (unsigned i = me; i < n_.guesses; i += racers_) start(board_.guesses[i], n_.confirmations + i);

        wait();
        for (unsigned i = 0; i < n_.confirmations; ++i) log_in(board_.confirmations[i], board_.confirmations[i].code);
        wait();
        for (unsigned i = 0; i < n_.guesses; ++i) {
            // The right code is one of the guesses, in every second transaction.
            auto& r = board_.guesses[i];
            std::string code = r.code;
            if (i % 2 == 1 || me != i % racers_)
                code = std::to_string(1'000'000 + (std::stoul(code) + me + 1) % 1'000'000).substr(1);
            log_in(r, code);
        }
        register_rivals(me);
        wait();
        if (me == 0) verify();
    }

private:
    void wait() { pthread_barrier_wait(&board_.barrier); }

    void unexpected(const std::string& what) {
        if (board_.unexpected++ == 0)
            std::strncpy(board_.first_unexpected, what.c_str(), sizeof board_.first_unexpected - 1);
    }

    template <class R>
    void note(record& r, const R& outcome) {
        if (outcome) {
            ++r.successes;
            ++r.compared;
        } else if (outcome.error().tries_left) {
            ++r.compared;
        } else if (outcome.error().code == error::code_used) {
            ++r.code_used;
        } else if (outcome.error().code != error::tries_exhausted) {
            unexpected(outcome.error().message);
        }
    }

    void log_in(record& r, const std::string& code) {
        counted_storage<S>::current = &r;
        note(r, server_.auth.finish_login(transaction_id(r.id), submitted_code(code)));
        counted_storage<S>::current = nullptr;
    }

    /// Everybody registers one phone, with an email of his own and one of as many codes as can be had; then everybody
    /// one email, with a phone of his own.
    void register_rivals(unsigned me) {
        std::vector<registration> of_email;
        const auto prepare = [&](const std::string& phone, const std::string& email) {
            const auto s = server_.auth.start_registration(phone);
            if (!s) unexpected("start_registration: " + s.error().message);
            return registration{s ? s->transaction_id : transaction_id(), submitted_code(handing_transport::last_code),
                                phone, password("correct horse"), email};
        };
        for (unsigned i = 0; i < n_.registrations; ++i) {
            if (me < open_codes) {
                const auto form = prepare(who_.phone(1, i), "");
                auto& r = board_.rivals[i * open_codes + me];
                std::strcpy(r.id, form.transaction_id.str().c_str());
                std::strcpy(r.code, std::string(form.code.str()).c_str());
            }
            of_email.push_back(prepare(who_.phone(2, i * racers_ + me), who_.email(2, i)));
        }
        wait();
        const auto finish = [&](record& r, const registration& form) {
            const auto u = server_.auth.finish_registration(form);
            if (u) {
                ++r.successes;
                std::strcpy(r.id, u->object_id.c_str());
            } else if (u.error().code != error::user_exists && u.error().code != error::code_used &&
                       u.error().code != error::tries_exhausted) {  // the last two: the code is others', too
                unexpected(u.error().message);
            }
        };
        for (unsigned i = 0; i < n_.registrations; ++i) {
            const auto& r = board_.rivals[i * open_codes + me % open_codes];
            finish(board_.phones[i], {transaction_id(r.id), submitted_code(r.code), who_.phone(1, i),
                                      password("correct horse"), who_.email(1, i * racers_ + me)});
        }
        wait();
        for (unsigned i = 0; i < n_.registrations; ++i) finish(board_.emails[i], of_email[i]);
    }

    void verify() {
        for (unsigned i = 0; i < n_.guesses; ++i) {
            const auto& r = board_.guesses[i];
            const auto t = storage_.find_transaction(r.id);
            if (!t || t->tries != r.compared) ++board_.wrong_tries;
        }
        for (unsigned i = 0; i < n_.registrations; ++i) {
            unsigned with_emails = 0, with_phones = 0;
            for (unsigned k = 0; k < racers_; ++k) {
                if (storage_.find_user_by_identity(who_.email(1, i * racers_ + k))) ++with_emails;
                if (storage_.find_user_by_phone(*phone_number::parse(who_.phone(2, i * racers_ + k)))) ++with_phones;
            }
            const auto by_phone = storage_.find_user_by_phone(*phone_number::parse(who_.phone(1, i)));
            const auto by_email = storage_.find_user_by_identity(who_.email(2, i));
            if (with_emails != 1 || !by_phone || by_phone->object_id != board_.phones[i].id) ++board_.wrong_users;
            if (with_phones != 1 || !by_email || by_email->object_id != board_.emails[i].id) ++board_.wrong_users;
        }
    }

    counted_storage<S> storage_;
    server<counted_storage<S>> server_;
    board& board_;
    const sizes& n_;
    const names& who_;
    const unsigned racers_;
};

struct findings {
    bool ran = false;
    unsigned once = 0, twice = 0, contended = 0, lost_swaps = 0, spent = 0;
    unsigned over_tries = 0, right_guesses = 0, compared = 0;
    unsigned one_user = 0;
    unsigned unexpected = 0, wrong_tries = 0, wrong_users = 0;
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
    for (unsigned i = 0; i < n.confirmations; ++i) {
        const auto& r = b.confirmations[i];
        if (r.successes == 1) ++f.once;
        if (r.successes > 1) ++f.twice;
        if (r.lost_swaps >= 1) ++f.contended;
        f.lost_swaps += r.lost_swaps;
        if (r.successes + r.code_used == n.processes * n.threads) ++f.spent;
    }
    for (unsigned i = 0; i < n.guesses; ++i) {
        const auto& r = b.guesses[i];
        if (r.compared > max_tries || r.successes > 1) ++f.over_tries;
        f.right_guesses += r.successes;
        f.compared += r.compared;
    }
    for (unsigned i = 0; i < n.registrations; ++i) {
        if (b.phones[i].successes == 1) ++f.one_user;
        if (b.emails[i].successes == 1) ++f.one_user;
    }
    f.unexpected = b.unexpected;
    f.wrong_tries = b.wrong_tries;
    f.wrong_users = b.wrong_users;
    f.first_unexpected = b.first_unexpected;
    return f;
}

template <class Open>
void prove(tally& t, const char* name, Open open, const sizes& n) {
    std::printf("%s: %u processes of %u threads\n", name, n.processes, n.threads);
    std::fflush(stdout);
    const auto f = race(open, n);
    const auto of = [](unsigned a, unsigned all) { return std::to_string(a) + " of " + std::to_string(all); };
    t.expect(f.ran && f.unexpected == 0, "every process ran to its end; " + std::to_string(f.unexpected) +
                                             " unexpected errors " + f.first_unexpected);
    t.expect(f.once == n.confirmations && f.spent == n.confirmations,
             of(f.once, n.confirmations) + " codes were accepted once and refused to all others as used, " +
                 std::to_string(f.twice) + " were accepted more often; " + std::to_string(f.contended) +
                 " were contended for to the last step (" + std::to_string(f.lost_swaps) + " swaps lost)");
    t.expect(f.contended > n.confirmations / 100, "the contenders did collide");
    t.expect(f.over_tries == 0 && f.wrong_tries == 0,
             std::to_string(f.over_tries) + " of " + std::to_string(n.guesses) + " transactions had more than " +
                 std::to_string(max_tries) + " codes compared; " + std::to_string(f.compared) + " compared in all, " +
                 std::to_string(f.right_guesses) + " right");
    t.expect(f.one_user == 2 * n.registrations && f.wrong_users == 0,
             of(f.one_user, 2 * n.registrations) + " phones and emails that all registered at once got one user");
    std::printf("  %.0f s\n", f.seconds);
}

/// Saves whatever it is given.
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
};

/// The recommended mix: users in a database, the rest in Redis.
template <class Rest, class Users>
struct mixed : private std::pair<Rest, Users>, combined_storage<Rest, Users, Rest, Rest> {
    mixed(const std::string& rest, const std::string& users)
        : std::pair<Rest, Users>(std::piecewise_construct, std::forward_as_tuple(rest), std::forward_as_tuple(users)),
          combined_storage<Rest, Users, Rest, Rest>(this->first, this->second, this->first, this->first) {}
};

}  // namespace

int main(int argc, char** argv) {
    sizes n;
    if (argc > 1) n.confirmations = static_cast<unsigned>(std::atoi(argv[1]));
    if (n.confirmations == 0 || n.confirmations > most) {
        std::fprintf(stderr, "usage: long_races [1 to %u transactions]\n", most);
        return 2;
    }
    tally t;
    const support::temporary_folder temporary;
    on_each_store(t, temporary, n, [&](const char* name, auto open, const sizes& of) { prove(t, name, open, of); });
    if (const auto redis = url_of("PHONEAUTH_TEST_REDIS"); !redis.empty()) {
        const auto users = temporary.file("users.db");
        prove(
            t, "Redis, users in SQLite",
            [&] { return std::make_unique<mixed<redis_storage, sqlite_storage>>(redis, users); }, n);
    }

    // The proof must fail for a store that saves without comparing.
    std::printf("a store that saves without comparing\n");
    auto few = n;
    few.confirmations = 200;
    few.guesses = 50;
    few.registrations = 2;
    const auto bad = temporary.file("bad.db");
    const auto f = race([&] { return std::make_unique<saves_without_comparing>(bad); }, few);
    t.expect(f.twice > 0 && f.wrong_tries > 0, "is caught: " + std::to_string(f.twice) + " of " +
                                                   std::to_string(few.confirmations) +
                                                   " codes were accepted more than once");
    return t.finish();
}
