// SPDX-License-Identifier: BSL-1.0
// Proof: what was acknowledged survives. A process registers people and logs them in as fast as it can and says what
// was acknowledged; it is killed at a random moment, and sometimes the database's server is killed, too. Then it is
// looked up: every acknowledged registration and session is there, every acknowledged confirmation stays spent, and
// nobody is registered whose code was not confirmed.
//
//     long_crash [ROUNDS]     for SQLite, PostgreSQL and Redis (with its log synchronised)

#include "processes.hpp"
#include "support.hpp"

#include <atomic>
#include <chrono>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

using namespace proofs;
using namespace std::chrono_literals;

namespace {

/// Acknowledges some changes that it does not make: the proof must find that.
struct forgetful_storage : sqlite_storage {
    using sqlite_storage::sqlite_storage;
    std::atomic<int> updates = 0;
    bool update_transaction(const transaction& t) {
        return ++updates % 5 == 0 || sqlite_storage::update_transaction(t);
    }
};

template <class F>
auto with_storage(const std::string& url, F f) {
    if (url.starts_with("postgres:")) {
        postgres_options options;
        options.connections = 8;
        postgres_storage storage(url, options);
        return f(storage);
    }
    if (url.starts_with("redis:")) {
        redis_storage storage(url);
        return f(storage);
    }
    if (url.starts_with("forgetful:")) {
        forgetful_storage storage(url.substr(url.find(':') + 1));
        return f(storage);
    }
    sqlite_storage storage(url.substr(url.find(':') + 1));
    return f(storage);
}

// ---- The process that is killed. It writes lines, each as soon as what it says was acknowledged:
//          started TRANSACTION CODE PHONE        before the code is used
//          registered TRANSACTION OBJECT_ID PHONE
//          logged_in TRANSACTION TOKEN

void say(const std::string& line) {
    // Shorter than PIPE_BUF: whole, or not at all.
    if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::_Exit(1);
}

std::string phone_of(unsigned round, unsigned thread, unsigned n) {
    char text[32];
    std::snprintf(text, sizeof text, "+888%03u%02u%06u", round, thread, n);
    return text;
}

template <class S>
void work(S& storage, unsigned round, unsigned thread) {
    server<S> here(storage);
    for (unsigned n = 0;; ++n) {
        const auto phone = phone_of(round, thread, n);
        const auto begun = here.auth.start_registration(phone);
        if (!begun) continue;
        const auto code = handing_transport::last_code;
        say("started " + begun->transaction_id.str() + ' ' + code + ' ' + phone + '\n');
        const auto made = here.auth.finish_registration({begun->transaction_id, submitted_code(code), phone,
                                                         password("correct horse"), phone.substr(1) + "@example.com"});
        if (!made) continue;
        say("registered " + begun->transaction_id.str() + ' ' + made->object_id + ' ' + phone + '\n');
        const auto login = here.auth.start_two_factor_login(phone, password("correct horse"));
        if (!login) continue;
        const auto second = handing_transport::last_code;
        say("started " + login->transaction_id.str() + ' ' + second + ' ' + phone + '\n');
        const auto entered = here.auth.finish_login(login->transaction_id, submitted_code(second));
        if (entered) say("logged_in " + login->transaction_id.str() + ' ' + entered->token.str() + '\n');
    }
}

int be_killed(const std::string& url, unsigned round) {
    with_storage(url, [&](auto& storage) {
        std::vector<std::jthread> threads;
        for (unsigned i = 0; i < 8; ++i) threads.emplace_back([&storage, round, i] { work(storage, round, i); });
    });
    return 0;
}

// ---- The process that kills and looks.

struct counts {
    unsigned long started = 0, registered = 0, logged_in = 0;
    unsigned long lost_users = 0, lost_sessions = 0, reopened = 0, unconfirmed_users = 0;
    unsigned recovered = 0;  ///< rounds in which the process worked on after the end of its database's server

    unsigned long wrong() const { return lost_users + lost_sessions + reopened + unconfirmed_users; }
};

/// Looks up all that a killed process said.
void look(const std::string& url, const std::string& said, counts& c) {
    with_storage(url, [&]<class S>(S& storage) {
        server<S> here(storage);
        std::istringstream lines(said);
        for (std::string what, id, a, b; lines >> what >> id >> a;) {
            const auto found = storage.find_transaction(id);
            const bool confirmed = found && found->state == transaction_state::confirmed;
            if (what == "started") {
                lines >> b;
                ++c.started;
                const auto phone = phone_number::parse(b);
                const auto owner = storage.find_user_by_phone(*phone);
                const bool registers = !found || found->purpose == purpose::registration;
                if (registers && owner && !confirmed) ++c.unconfirmed_users;
            } else if (what == "registered") {
                lines >> b;
                ++c.registered;
                const auto u = storage.find_user(a);
                const auto by_phone = storage.find_user_by_phone(*phone_number::parse(b));
                const auto by_identity = storage.find_user_by_identity(b.substr(1) + "@example.com");
                const bool whole = u && by_phone && by_identity && u->phone.str() == b && by_phone->object_id == a &&
                                   by_identity->object_id == a && u->password_hash == "cheap:correct horse";
                if (!whole) ++c.lost_users;
                if (!confirmed) ++c.reopened;
            } else {
                ++c.logged_in;
                if (!here.auth.authenticate(session_token(a))) ++c.lost_sessions;
                if (!confirmed) ++c.reopened;
            }
        }
    });
}

/// The codes of all that was confirmed, once more: none may be good for anything.
unsigned long accepted_again(const std::string& url, const std::string& said) {
    return with_storage(url, [&]<class S>(S& storage) {
        server<S> here(storage);
        unsigned long accepted = 0;
        std::map<std::string, std::pair<std::string, std::string>> codes;
        std::istringstream lines(said);
        for (std::string what, id, a, b; lines >> what >> id >> a;) {
            if (what != "logged_in") lines >> b;
            if (what == "started") codes[id] = {a, b};
            if (what == "registered") {
                const auto again = here.auth.finish_registration({transaction_id(id), submitted_code(codes[id].first),
                                                                  codes[id].second, password("correct horse"),
                                                                  "second-" + id + "@example.com"});
                accepted += again.has_value() || again.error().code != error::code_used;
            }
            if (what == "logged_in") {
                const auto again = here.auth.finish_login(transaction_id(id), submitted_code(codes[id].first));
                accepted += again.has_value() || again.error().code != error::code_used;
            }
        }
        return accepted;
    });
}

/// Lets a process work on `url` and kills it, `rounds` times; in every tenth round the database's `own` server is
/// killed first and started again.
counts kill_often(const std::string& url, unsigned rounds, database_server* own, std::mt19937& random) {
    counts c;
    std::string all;
    for (unsigned round = 0; round < rounds; ++round) {
        std::string said;
        process victim({"be-killed", url, std::to_string(round)});
        while (said.empty())
            if (!victim.read_for(10ms, said)) throw std::runtime_error("the process ended by itself");
        const auto moment = [&] { return std::chrono::milliseconds(std::uniform_int_distribution(1, 300)(random)); };
        victim.read_for(moment(), said);
        if (own && round % 10 == 9) {
            own->kill();
            victim.read_for(moment(), said);
            own->restart();
            const auto before = said.size();
            for (int i = 0; i < 100 && said.size() == before; ++i) victim.read_for(100ms, said);
            c.recovered += said.size() > before;
        }
        const auto status = victim.wait_after(SIGKILL, &said);
        if (!WIFSIGNALED(status)) throw std::runtime_error("the process ended by itself");
        said.resize(said.rfind('\n') + 1);
        look(url, said, c);
        all += said;
    }
    c.reopened += accepted_again(url, all);
    return c;
}

void prove(const std::string& name, const std::string& url, unsigned rounds, database_server* own, std::mt19937& random,
           tally& t) {
    const auto began = std::chrono::steady_clock::now();
    const auto c = kill_often(url, rounds, own, random);
    const auto took = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began);
    std::printf("%s: killed %u times in %lld s; %lu codes sent, %lu registrations and %lu logins acknowledged\n",
                name.c_str(), rounds, static_cast<long long>(took.count()), c.started, c.registered, c.logged_in);
    t.expect(c.registered > rounds && c.logged_in > rounds, "the load was real");
    t.expect(c.lost_users == 0, std::to_string(c.lost_users) + " acknowledged registrations are lost");
    t.expect(c.lost_sessions == 0, std::to_string(c.lost_sessions) + " acknowledged sessions are lost");
    t.expect(c.reopened == 0, std::to_string(c.reopened) + " acknowledged confirmations are open again");
    t.expect(c.unconfirmed_users == 0, std::to_string(c.unconfirmed_users) + " users without a confirmed transaction");
    if (own)
        t.expect(c.recovered == rounds / 10, "worked on by itself after " + std::to_string(c.recovered) + " of " +
                                                 std::to_string(rounds / 10) + " ends of the database's server");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 4 && argv[1] == std::string("be-killed"))
        return be_killed(argv[2], static_cast<unsigned>(std::stoul(argv[3])));
    const auto rounds = argc > 1 ? static_cast<unsigned>(std::stoul(argv[1])) : 200;
    const auto seed = std::random_device()();
    std::printf("seed %u\n", seed);
    std::mt19937 random(seed);
    tally t;
    try {
        {
            const support::temporary_folder f;
            const auto c = kill_often("forgetful:" + f.file("db"), 3, nullptr, random);
            t.expect(c.reopened > 0, "a store that forgets what it acknowledged is found out");
        }
        {
            const support::temporary_folder f;
            prove("SQLite", "sqlite:" + f.file("db"), rounds, nullptr, random, t);
        }
        if (url_of("PHONEAUTH_TEST_POSTGRES").empty()) {
            t.skip("PostgreSQL: PHONEAUTH_TEST_POSTGRES is not set");
        } else {
            database_server own("postgres");
            prove("PostgreSQL", own.url(), rounds, &own, random, t);
        }
        if (url_of("PHONEAUTH_TEST_REDIS").empty()) {
            t.skip("Redis: PHONEAUTH_TEST_REDIS is not set");
        } else {
            database_server own("redis", "--appendonly yes --appendfsync always");
            prove("Redis", own.url(), rounds, &own, random, t);
        }
    } catch (const std::exception& e) {
        t.expect(false, e.what());
    }
    return t.finish();
}
