// SPDX-License-Identifier: BSL-1.0
// How both stores get to PostgreSQL: several hosts, poolers, TLS.

#include <boost/test/unit_test.hpp>

#include <phoneauth/asio/postgres.hpp>
#include <phoneauth/storage/postgres.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <phoneauth/testing/certificates.hpp>
#include <phoneauth/testing/storage_suite.hpp>

#include "../storage/cells.hpp"
#include "../storage/postgres.hpp"
#include "certificates.hpp"
#include "postgres_kinds.hpp"

using namespace postgres_test;
using cell_tests::batch_of, cell_tests::takes;

namespace {

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

/// A port of 127.0.0.1 where connections are accepted, but nobody ever speaks.
class mute_port {
public:
    explicit mute_port(int backlog = 16) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        socklen_t size = sizeof address_;
        if (::bind(socket_, as_address(), size) != 0 || ::listen(socket_, backlog) != 0 ||
            ::getsockname(socket_, as_address(), &size) != 0)
            throw std::runtime_error("no port to listen on");
    }
    mute_port(const mute_port&) = delete;
    ~mute_port() { ::close(socket_); }

    std::string host() const { return "127.0.0.1:" + std::to_string(ntohs(address_.sin_port)); }
    /// Whether anybody has connected since, or does so soon.
    bool was_tried(std::chrono::milliseconds soon = 0ms) const {
        pollfd waiting{socket_, POLLIN, 0};
        return ::poll(&waiting, 1, static_cast<int>(soon.count())) == 1;
    }

protected:
    int descriptor() const { return socket_; }
    sockaddr* as_address() { return reinterpret_cast<sockaddr*>(&address_); }

private:
    sockaddr_in address_ = [] {
        sockaddr_in a{};
        a.sin_family = AF_INET;
        a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return a;
    }();
    int socket_;
};

/// One that does not even accept: its queue is full, and the system drops what comes.
class dead_port : public mute_port {
public:
    dead_port() : mute_port(0) {
        for (auto& s : fillers_) {
            s = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
            ::connect(s, as_address(), sizeof(sockaddr_in));
        }
    }
    ~dead_port() {
        for (const int s : fillers_) ::close(s);
    }

private:
    std::array<int, 4> fillers_{};
};

/// One that passes everything on to the server and back, but keeps the server's first words of each connection back for
/// a while, or until somebody has tried `other`.
class slow_port : public mute_port {
public:
    slow_port(std::uint16_t server, const mute_port& other, std::chrono::milliseconds a_while)
        : server_(server), other_(other), a_while_(a_while), thread_([this] { serve(); }) {}
    /// All connections must have been closed.
    ~slow_port() {
        ::shutdown(descriptor(), SHUT_RDWR);  // ends accept()
        thread_.join();
    }
    int connections() const { return connections_; }

private:
    void serve() {
        std::vector<std::jthread> all;
        for (int client; (client = ::accept(descriptor(), nullptr, nullptr)) >= 0; ++connections_)
            all.emplace_back([this, client] { pass_on(client); });
    }

    void pass_on(int client) const {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(server_);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int server = ::socket(AF_INET, SOCK_STREAM, 0);
        ::connect(server, reinterpret_cast<sockaddr*>(&to), sizeof to);
        std::array<pollfd, 2> both{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
        std::array<char, 4096> bytes{};
        for (bool open = true, silent = true; open && ::poll(both.data(), 2, -1) > 0;) {
            const bool answers = both[1].revents != 0;
            const auto size = ::recv(answers ? server : client, bytes.data(), bytes.size(), 0);
            if (answers && std::exchange(silent, false)) other_.was_tried(a_while_);
            open = size > 0 && ::send(answers ? client : server, bytes.data(), static_cast<std::size_t>(size),
                                      MSG_NOSIGNAL) == size;
        }
        ::close(client);
        ::close(server);
    }

    const std::uint16_t server_;
    const mute_port& other_;
    const std::chrono::milliseconds a_while_;
    std::atomic<int> connections_ = 0;
    std::thread thread_;
};

/// `url` with other hosts.
std::string with_hosts(const std::string& url, const std::string& hosts) {
    return "postgres://phoneauth@" + hosts + url.substr(url.rfind('/'));
}
std::string host_of(const std::string& url) {
    const auto at = url.find('@') + 1;
    return url.substr(at, url.rfind('/') - at);
}

template <class F>
std::chrono::milliseconds duration_of(F f) {
    const auto before = std::chrono::steady_clock::now();
    f();
    return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - before);
}

template <class Storage>
std::string refusal(const std::string& url, std::chrono::milliseconds timeout = 5s) {
    return thrown([&] { Storage(url, {.timeout = timeout}); });
}

std::string endpoints_of(const std::string& url) {
    std::string all;
    const detail::postgres::server_address server(url);
    for (const auto& host : server.hosts())
        for (const auto& e : server.look_up(host)) all += e.host + '|' + e.address + '|' + e.port + ' ';
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(postgres_network, *boost::unit_test::precondition(have_server))

// ---- Several hosts ----

BOOST_AUTO_TEST_CASE(lists_of_hosts_are_read_as_libpq_reads_them) {
    const struct {
        std::string url, endpoints;
    } urls[] = {
        {"postgres://127.0.0.1/d", "127.0.0.1|127.0.0.1|5432 "},
        {"postgres://127.0.0.1:7,[::1]:8/d", "127.0.0.1|127.0.0.1|7 ::1|::1|8 "},
        {"postgres://127.0.0.1:7,127.0.0.2/d", "127.0.0.1|127.0.0.1|7 127.0.0.2|127.0.0.2|5432 "},
        {"postgres:///d?host=127.0.0.1,127.0.0.2&port=9", "127.0.0.1|127.0.0.1|9 127.0.0.2|127.0.0.2|9 "},
        {"postgres://a,b/d?hostaddr=192.0.2.1,192.0.2.2", "a|192.0.2.1|5432 b|192.0.2.2|5432 "},
        {"postgres:///d?hostaddr=192.0.2.1", "|192.0.2.1|5432 "},
        {"postgres:///d?host=/run/postgresql", "/run/postgresql||5432 "},
        {"postgres://%2Frun:7,127.0.0.1/d", "/run||7 127.0.0.1|127.0.0.1|5432 "},
        {"postgres:///d", "||5432 "},
        // libpq finds these itself, or says what is wrong.
        {"postgres://a,b/d?hostaddr=192.0.2.1", ""},
        {"postgres:///d?host=a,b&port=1,2,3", ""},
        {"postgres:///d?service=s", ""},
        {"postgres://a,b/d?target_session_attrs=prefer-standby", ""},
    };
    for (const auto& [url, endpoints] : urls)
        BOOST_TEST(endpoints_of(url) == endpoints, url << ": " << endpoints_of(url));
    ::setenv("PGHOST", "127.0.0.3,127.0.0.4", 1);
    ::setenv("PGPORT", "3,4", 1);
    BOOST_TEST(endpoints_of("postgres:///d") == "127.0.0.3|127.0.0.3|3 127.0.0.4|127.0.0.4|4 ");
    ::unsetenv("PGHOST");
    ::unsetenv("PGPORT");
    BOOST_TEST(
        mentions(refusal<postgres_storage>("postgres://a,b/d?hostaddr=192.0.2.1"), "could not match 2 host names"));
    BOOST_TEST(mentions(refusal<postgres_storage>("postgres://a/d?connect_timeout=soon"), "is no number of seconds"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_host_that_does_not_answer_is_followed_by_the_next, Storage, both_kinds) {
    const database db;
    { Storage makes_tables(db.url()); }
    const dead_port dead;
    const mute_port mute;
    for (const auto& hosts : {dead.host(), mute.host(), mute.host() + ',' + dead.host()}) {
        const auto url = with_hosts(db.url(), hosts + ',' + host_of(db.url()));
        const auto took = duration_of([&] {
            Storage storage(url, {.connections = 1, .timeout = 3s});
            BOOST_TEST(!storage.find_session("S"));
        });
        BOOST_TEST((took < 2s), hosts << ": " << took.count() << " ms");
    }
    BOOST_TEST(mute.was_tried());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_new_connection_does_so_too, Storage, both_kinds) {
    server own;
    const dead_port dead;
    Storage storage(with_hosts(own.url(), dead.host() + ',' + host_of(own.url())), {.connections = 1});
    own.restart();
    BOOST_TEST((duration_of([&] { BOOST_TEST(storage.insert_transaction(new_transaction(1))); }) < 2s));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_first_host_that_answers_is_the_one, Storage, both_kinds) {
    const database db;
    const mute_port second;
    Storage storage(with_hosts(db.url(), host_of(db.url()) + ',' + second.host()), {});
    BOOST_TEST(!storage.find_session("S"));
    BOOST_TEST(!second.was_tried());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_first_host_that_takes_its_time_to_let_us_in_is_the_one, Storage, both_kinds) {
    const database db;
    { Storage makes_tables(db.url()); }
    const mute_port second;
    const slow_port first(static_cast<std::uint16_t>(std::stoi(host_of(db.url()).substr(10))), second, 600ms);
    {
        Storage storage(with_hosts(db.url(), first.host() + ',' + second.host()), {.timeout = 20s});
        BOOST_TEST(!storage.find_session("S"));
        BOOST_TEST(storage.insert_transaction(new_transaction(1)));
    }
    BOOST_TEST(first.connections() > 0);
    BOOST_TEST(!second.was_tried());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(hosts_that_accept_and_are_silent_leave_time_for_the_next, Storage, both_kinds) {
    const database db;
    { Storage makes_tables(db.url()); }
    const mute_port mute;
    const auto hosts = mute.host() + ',' + mute.host() + ',' + mute.host() + ',' + host_of(db.url());
    BOOST_TEST(!Storage(with_hosts(db.url(), hosts), {.connections = 1, .timeout = 4s}).find_session("S"));
    const auto text = refusal<Storage>(with_hosts(db.url(), mute.host() + ',' + mute.host()), 600ms);
    const auto silent = "no answer from server at \"127.0.0.1\", port " + mute.host().substr(10) + "; ";
    BOOST_TEST(mentions(text, "no connection to PostgreSQL within the time limit: " + silent + silent), text);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_host_that_refuses_is_followed_at_once, Storage, both_kinds) {
    const database db;
    // Port 1 refuses; the name is not known.
    const auto url = with_hosts(db.url(), "127.0.0.1:1,127.0.0.1:1,nowhere.invalid,127.0.0.1:1," + host_of(db.url()));
    BOOST_TEST(!Storage(url).find_session("S"));
    const auto text = refusal<Storage>(with_hosts(db.url(), "127.0.0.1:1,nowhere.invalid,127.0.0.1:2"));
    for (const auto* part : {"port 1 failed", "\"nowhere.invalid\"", "port 2 failed", "check the URL"})
        BOOST_TEST(mentions(text, part), text);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_host_that_can_be_written_is_the_one, Storage, both_kinds) {
    server reads, writes;
    sql(reads.url(), "ALTER SYSTEM SET default_transaction_read_only = on");
    reads.restart();
    const auto hosts = host_of(reads.url()) + ',' + host_of(writes.url());
    Storage storage(with_hosts(reads.url(), hosts));
    BOOST_TEST(storage.insert_transaction(new_transaction(1)));
    BOOST_TEST(sql(writes.url(), "SELECT count(*) FROM phoneauth_transactions") == "1");
    // They take over from each other.
    sql(reads.url(), "ALTER SYSTEM RESET default_transaction_read_only");
    reads.restart();
    writes.kill();
    Storage other(with_hosts(reads.url(), hosts));
    BOOST_TEST(other.insert_transaction(new_transaction(2)));
    BOOST_TEST(mentions(refusal<Storage>(with_hosts(reads.url(), hosts) + "?target_session_attrs=standby"), "standby"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_limits_of_an_attempt_and_of_all, Storage, both_kinds) {
    const dead_port dead;
    const auto url = with_hosts(given_url(), dead.host());
    std::string text;
    const auto limited = duration_of([&] { text = refusal<Storage>(url + "?connect_timeout=1", 20s); });
    BOOST_TEST((limited >= 1s && limited < 3s), limited.count());
    BOOST_TEST(mentions(text, "cannot connect to PostgreSQL: no connection to server at \"127.0.0.1\", port " +
                                  dead.host().substr(10) + " within connect_timeout"),
               text);
    const auto all = duration_of([&] { text = refusal<Storage>(url + "?connect_timeout=20", 600ms); });
    BOOST_TEST((all >= 600ms && all < 3s), all.count());
    BOOST_TEST(mentions(text, "no connection to PostgreSQL within the time limit"), text);
    BOOST_TEST(mentions(text, "no connection to server at \"127.0.0.1\", port"), text);
}

// ---- Poolers ----

BOOST_AUTO_TEST_SUITE(through_a_pooler, *boost::unit_test::precondition(have_pooler))

namespace {

/// What somebody else finds in each of the pooler's sessions.
std::vector<std::string> sessions_of(const pooler& p) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    std::vector<std::unique_ptr<detail::postgres::connection>> all;
    std::vector<std::string> found;
    for (int i = 0; i < 3; ++i) {
        all.push_back(
            std::make_unique<detail::postgres::connection>(detail::postgres::server_address(p.url()), deadline));
        const auto r = all.back()->run(
            "BEGIN; SELECT concat_ws(' ', current_setting('statement_timeout'), current_setting('plan_cache_mode'), "
            "current_setting('enable_seqscan'), current_setting('enable_bitmapscan'), current_setting('lock_timeout'), "
            "current_setting('synchronous_commit'), (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) "
            "FROM "
            "pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()))",
            deadline);
        found.emplace_back(PQgetvalue(r.get(), 0, 0));
    }
    return found;
}

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(all_guarantees_hold_and_nothing_stays_behind, Storage, both_kinds) {
    for (const std::string mode : {"transaction", "session"}) {
        const database db;
        const pooler p(db.url(), mode);
        // In session mode each has one of the three for itself.
        const std::size_t connections = mode == "session" ? 1 : 4;
        {
            Storage first(p.url(), {.connections = connections}), second(p.url(), {.connections = connections});
            BOOST_TEST(testing::to_text(testing::run_storage_suite(first, {}, {.rounds = 5})) == "", mode);
            BOOST_TEST(testing::to_text(testing::run_storage_suite(second, {}, {.rounds = 5})) == "", mode);
            BOOST_TEST(db("SELECT setting FROM pg_settings WHERE name = 'synchronous_commit'") == "on");
        }
        for (const auto& found : sessions_of(p)) BOOST_TEST(found == "0 auto on on 0 on 0 0", mode << ": " << found);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(more_connections_than_it_has_sessions_take_turns, Storage, both_kinds) {
    const database db;
    const pooler p(db.url(), "transaction");
    Storage storage(p.url(), {.connections = 6, .timeout = 30s});
    std::atomic<int> right = 0;
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 24; ++thread)
        threads.emplace_back([&, thread] {
            for (int n = thread; n < 480; n += 24) {
                try {
                    const auto t = new_transaction(n);
                    if (storage.insert_transaction(t) &&
                        storage.take_cells(batch_of(noon, takes(1s, 1h), "all")).granted &&
                        storage.find_transaction(t.id))
                        ++right;
                } catch (const std::runtime_error& e) {
                    BOOST_TEST_MESSAGE(e.what());
                }
            }
        });
    threads.clear();
    BOOST_TEST(right == 480);
    BOOST_TEST(db("SELECT (ahead - 1767268800000) / 1000 FROM phoneauth_cells") == "480");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_pool_that_is_too_small_is_said, Storage, both_kinds) {
    const database db;
    const pooler p(db.url(), "session");
    std::vector<std::unique_ptr<Storage>> all;
    for (int i = 0; i < 3; ++i) all.push_back(std::make_unique<Storage>(p.url(), postgres_options{.connections = 1}));
    const auto text = refusal<Storage>(p.url(), 1s);
    BOOST_TEST(mentions(text, "no answer from PostgreSQL within the time limit, although it let us in"), text);
    BOOST_TEST(mentions(text, "default_pool_size"), text);
    all.pop_back();
    BOOST_TEST(refusal<Storage>(p.url()) == "nothing was thrown");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_others_left_behind_does_not_matter, Storage, both_kinds) {
    const database db;
    const pooler p(db.url(), "transaction");
    sql(p.url(),
        "SET synchronous_commit = off; SET statement_timeout = '77s'; SET plan_cache_mode = force_custom_plan");
    db("CREATE TABLE commits (setting text)");
    // The pooler hands out the session that was used last.
    Storage storage(p.url(), {.connections = 1});
    db("CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO commits SELECT concat_ws(' ', "
       "current_setting('synchronous_commit'), current_setting('statement_timeout')); RETURN NULL; END $$;"
       "CREATE CONSTRAINT TRIGGER note AFTER INSERT ON phoneauth_transactions DEFERRABLE INITIALLY DEFERRED FOR EACH "
       "ROW "
       "EXECUTE FUNCTION note()");
    BOOST_TEST(storage.insert_transaction(new_transaction(1)));
    BOOST_TEST(db("SELECT string_agg(setting, ',') FROM commits") == "on 5s");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_server_stops_what_takes_too_long, Storage, both_kinds) {
    const database db;
    const pooler p(db.url(), "transaction");
    Storage(p.url(), {}).insert_session(new_session(1));
    Storage storage(p.url(), {.connections = 1, .timeout = 500ms});
    {
        locked_table lock(db.url(), "phoneauth_sessions");
        const auto late = thrown([&] { storage.erase_session("S000000001"); });
        BOOST_TEST((mentions(late, "no answer") || mentions(late, "57014")), late);
        lock.wait_for(false);
    }
    BOOST_TEST(storage.find_session("S000000001").has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_cannot_be_set_through_it_is_said, Storage, both_kinds) {
    const database db;
    {
        const pooler p(db.url(), "statement");
        BOOST_TEST(mentions(refusal<Storage>(p.url()), "not allowed in statement pooling mode"),
                   refusal<Storage>(p.url()));
    }
    db("ALTER DATABASE " + db.url().substr(db.url().rfind('/') + 1) +
       " SET default_transaction_isolation = serializable");
    const pooler p(db.url(), "transaction");
    BOOST_TEST(mentions(refusal<Storage>(p.url()),
                        "default_transaction_isolation = serializable, which cannot be changed "
                        "through a pooler"));
    BOOST_TEST(refusal<Storage>(db.url()) == "nothing was thrown");
}

BOOST_AUTO_TEST_SUITE_END()

// ---- TLS ----

BOOST_AUTO_TEST_CASE_TEMPLATE(servers_show_whose_they_are, Storage, both_kinds) {
    server own;
    const auto certificate = testing::make_test_certificate("DNS:localhost");
    const testing_tls::authority another;
    own.use_tls(certificate.certificate, certificate.key);
    const support::temporary_folder folder;
    std::ofstream(folder.file("ca.pem")) << certificate.ca;
    const auto url = [&](const std::string& host, const std::string& ca_file) {
        return "postgres://phoneauth:secret@" + host + ':' + host_of(own.url()).substr(10) +
               "/phoneauth?sslmode=verify-full&sslrootcert=" + ca_file;
    };
    {
        Storage storage(url("localhost", folder.file("ca.pem")));
        BOOST_TEST(testing::to_text(testing::run_storage_suite(storage, {}, {.rounds = 5})) == "");
        BOOST_TEST(sql(own.url(),
                       "SELECT count(*) > 0 AND bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                       "WHERE usename = 'phoneauth' AND pid <> pg_backend_pid()") == "t");
    }
    const auto stranger = refusal<Storage>(url("localhost", another.file()));
    BOOST_TEST(mentions(stranger, "certificate verify failed"), stranger);
    const auto misnamed = refusal<Storage>(url("127.0.0.1", folder.file("ca.pem")));
    BOOST_TEST(mentions(misnamed, "does not match host name \"127.0.0.1\""), misnamed);
    for (const auto& text : {stranger, misnamed}) {
        BOOST_TEST(mentions(text, "cannot connect to PostgreSQL"), text);
        BOOST_TEST(!mentions(text, "secret"), text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
