// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_STORAGE_POSTGRES_HPP
#define PHONEAUTH_TESTS_STORAGE_POSTGRES_HPP

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <phoneauth/storage/detail/postgres_schema.hpp>
#include <phoneauth/storage/detail/postgres_statements.hpp>

#include "support/scripts.hpp"
#include "support/temporary_folder.hpp"

namespace postgres_test {

using namespace phoneauth;
using namespace std::chrono_literals;

/// The server that the tests were given.
inline std::string given_url() {
    const auto* url = std::getenv("PHONEAUTH_TEST_POSTGRES");
    return url ? url : "";
}

inline boost::test_tools::assertion_result have_server(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result have = !given_url().empty();
    if (!have) have.message() << "PHONEAUTH_TEST_POSTGRES is not set: see tests/scripts/postgres.sh";
    return have;
}

/// Runs SQL and gives the first value of the last result.
inline std::string sql(const std::string& url, const std::string& statements) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    detail::postgres::connection c(detail::postgres::server_address(url), deadline);
    const auto r = c.run(statements, deadline);
    return PQntuples(r.get()) ? PQgetvalue(r.get(), 0, 0) : "";
}

inline std::string with_database(const std::string& url, const std::string& name) {
    return url.substr(0, url.rfind('/') + 1) + name;
}
inline std::string with_user(const std::string& url, const std::string& user) {
    return "postgres://" + user + url.substr(url.find('@'));
}

/// An empty database, dropped in the end.
class database {
public:
    explicit database(const std::string& server = given_url(), const std::string& how = "") : server_(server) {
        static std::atomic<int> count = 0;
        name_ = "test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
        sql(server_, "CREATE DATABASE " + name_ + " " + how);
    }
    ~database() {
        try {
            sql(server_, "DROP DATABASE " + name_ + " WITH (FORCE)");
        } catch (const std::exception& e) {
            BOOST_TEST_MESSAGE(e.what());
        }
    }
    std::string url() const { return with_database(server_, name_); }
    std::string operator()(const std::string& statements) const { return sql(url(), statements); }

private:
    std::string server_;
    std::string name_;
};

/// A server of one's own, to be mistreated.
class server {
public:
    server() {
        run("start");
        std::ifstream(folder_.path() / "srv/port") >> port_;
    }
    server(const server&) = delete;
    ~server() { run("stop"); }
    std::string url() const { return "postgres://phoneauth@127.0.0.1:" + port_ + "/phoneauth"; }

    void kill() { run("kill"); }
    void start() { run("start"); }
    /// After a crash.
    void restart() { run("restart"); }

    /// The sessions are ended, and new ones wait for ever, until `f` has returned.
    template <class F>
    void while_it_does_not_answer(F f) {
        pid_t pid = 0;
        std::ifstream(folder_.path() / "srv/data/postmaster.pid") >> pid;
        sql(url(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()");
        ::kill(pid, SIGSTOP);
        f();
        ::kill(pid, SIGCONT);
    }

    /// Has it speak TLS, too.
    void use_tls(const std::string& certificate, const std::string& key) {
        const auto write = [&](const std::string& text, const std::string& file) {
            sql(url(), "COPY (SELECT unnest(string_to_array('" + text + "', E'\\n'))) TO PROGRAM 'umask 077; cat >" +
                           file + "'");
        };
        write(certificate, "server.crt");
        write(key, "server.key");
        sql(url(), "ALTER SYSTEM SET ssl = on");
        restart();
    }

    void ask_password_of(const std::string& user) {
        const auto file = folder_.path() / "srv/data/pg_hba.conf";
        std::stringstream rules;
        rules << "host all " << user << " 127.0.0.1/32 scram-sha-256\n" << std::ifstream(file).rdbuf();
        std::ofstream(file) << rules.str();
        sql(url(), "SELECT pg_reload_conf()");
    }

private:
    void run(const std::string& command) {
        const auto line = support::script_path("postgres.sh") + " " + command + " " +
                          (folder_.path() / "srv").string() + " >/dev/null";
        if (std::system(line.c_str()) != 0) BOOST_FAIL("failed: " << line);
    }

    support::temporary_folder folder_;
    std::string port_;
};

inline boost::test_tools::assertion_result have_pooler(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result have =
        std::system((support::script_path("pgbouncer.sh") + " installed").c_str()) == 0;
    if (!have) have.message() << "PgBouncer is not installed: what goes through a pooler is NOT TESTED";
    return have;
}

/// A PgBouncer in front of a database, with three sessions of its server.
class pooler {
public:
    pooler(const std::string& url, const std::string& mode) : url_(url) {
        run("start " + folder() + ' ' + mode + ' ' + url);
        std::ifstream(folder_.path() / "pooler/port") >> port_;
    }
    pooler(const pooler&) = delete;
    ~pooler() { run("stop " + folder()); }
    std::string url() const { return "postgres://phoneauth@127.0.0.1:" + port_ + url_.substr(url_.rfind('/')); }

private:
    std::string folder() const { return (folder_.path() / "pooler").string(); }
    static void run(const std::string& command) {
        const auto line = support::script_path("pgbouncer.sh") + ' ' + command + " >/dev/null";
        if (std::system(line.c_str()) != 0) BOOST_FAIL("failed: " << line);
    }

    std::string url_;
    support::temporary_folder folder_;
    std::string port_;
};

/// The server's processes behind the library's connections stand still, as long as this lives.
class hung_sessions {
public:
    explicit hung_sessions(const std::string& url) {
        std::istringstream all(
            sql(url, "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE datname = "
                     "current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"));
        for (pid_t pid = 0; all >> pid;) pids_.push_back(pid);
        for (const auto pid : pids_) ::kill(pid, SIGSTOP);
    }
    hung_sessions(const hung_sessions&) = delete;
    ~hung_sessions() {
        for (const auto pid : pids_) ::kill(pid, SIGCONT);
    }
    std::size_t size() const { return pids_.size(); }

private:
    std::vector<pid_t> pids_;
};

/// A session that keeps a table for itself, as long as it lives.
class locked_table {
public:
    locked_table(const std::string& url, const std::string& table)
        : deadline_(std::chrono::steady_clock::now() + 30s),
          session_(detail::postgres::server_address(url), deadline_) {
        session_.run("BEGIN; LOCK TABLE " + table, deadline_);
    }
    /// Returns when somebody waits for the table, or nobody.
    void wait_for(bool somebody) {
        const auto waiting = "SELECT count(*) " + std::string(somebody ? "> 0" : "= 0") +
                             " FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database "
                             "WHERE datname = current_database())";
        for (std::string enough; enough != "t"; std::this_thread::yield())
            enough = PQgetvalue(session_.run(waiting, deadline_).get(), 0, 0);
    }
    /// Ends the sessions that wait, as an administrator does.
    void end_those_who_wait() {
        session_.run("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM "
                     "pg_database WHERE datname = current_database())",
                     deadline_);
    }

private:
    detail::postgres::steady_time deadline_;
    detail::postgres::connection session_;
};

/// The text of the exception that `f` throws.
template <class F>
std::string thrown(F f) {
    try {
        f();
    } catch (const std::runtime_error& e) {
        return e.what();
    }
    return "nothing was thrown";
}

inline std::string number(int n) {
    auto digits = std::to_string(n);
    return std::string(9 - digits.size(), '0') + digits;
}

inline const time_point noon = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + 12h;

inline transaction new_transaction(int n, time_point created = noon) {
    transaction t{"T" + number(n), purpose::login, *phone_number::from_e164("+1555" + number(n))};
    t.key_id = "key";
    t.created_at = t.last_sent_at = created;
    t.expires_at = created + 5min;
    t.version = 1;
    return t;
}
inline user new_user(int n) {
    user u{"U" + number(n), *phone_number::from_e164("+1555" + number(n)), number(n) + "@example.com", "$hash"};
    u.created_at = noon;
    u.version = 1;
    return u;
}
inline session new_session(int n, time_point created = noon) {
    return {"S" + number(n), "U" + number(n % 100), created, created + 1h};
}

}  // namespace postgres_test

#endif
