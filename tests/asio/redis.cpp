// SPDX-License-Identifier: BSL-1.0
// What both Redis storages do when something is wrong, and what only the asynchronous one does.
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <phoneauth/asio/redis.hpp>
#include <phoneauth/storage/combined.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/storage_suite.hpp>

#include "storage/redis.hpp"

using namespace phoneauth;
using namespace redis_tests;

namespace {

using worlds = std::tuple<blocking_world, async_world>;

redis_options impatient() {
    redis_options options;
    options.operation_timeout = options.connect_timeout = 300ms;
    return options;
}

/// What a server says when something was taken `times` times.
std::string counted_reply(int times) {
    return "*3\r\n:1\r\n:0\r\n:" + std::to_string((cell_tests::start + times * counted).time_since_epoch().count()) +
           "\r\n";
}
const std::string one_and_end = counted_reply(1);

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_storages, *boost::unit_test::precondition(has_redis))

BOOST_AUTO_TEST_CASE_TEMPLATE(suite_on_a_cluster, World, worlds) {
    private_redis cluster({}, "cluster");
    World w(cluster.url);
    BOOST_TEST(testing::to_text(testing::run_storage_suite(w.storage, w)) == "");
}

// ---- At start

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_wrong_at_start, World, worlds) {
    private_redis server("--requirepass hunter2 --databases 4");
    const auto at = server.url.substr(std::string("redis://").size(), server.url.rfind('/') - 8);
    const auto refused = [&](const std::string& url, const std::string& why) {
        return throws([&] { World w(url, impatient()); }, why);
    };
    BOOST_TEST(refused("postgres://" + at, "does not begin with redis://"));
    BOOST_TEST(refused("redis://" + at + "/0", "asks for a password"));
    BOOST_TEST(refused("redis://:hunter3@" + at + "/0", "does not accept the user and password"));
    BOOST_TEST(refused("redis://ann:hunter2@" + at + "/0", "does not accept the user and password"));
    BOOST_TEST(refused("redis://:hunter2@" + at + "/4", "does not have database 4"));
    BOOST_TEST(refused("redis://127.0.0.1:1/0", "127.0.0.1:1 cannot be reached: Connection refused"));
    const auto ask = [&](const std::vector<std::string>& words) {
        private_redis::ask_at("redis://:hunter2@" + at, words);
    };
    World w("redis://:hunter2@" + at + "/3");
    BOOST_TEST(w(w.storage.insert_transaction(a_transaction("T"))));
    BOOST_TEST(private_redis::ask_at("redis://default:hunter2@" + at + "/3", {"EXISTS", "phoneauth:t:T"})->integer ==
               1);

    const auto url = "redis://:hunter2@" + at + "/0";
    ask({"CONFIG", "SET", "maxmemory-policy", "volatile-lru"});
    BOOST_TEST(refused(url, "set it to noeviction"));
    ask({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
    ask({"CONFIG", "SET", "maxmemory", "1"});
    BOOST_TEST(refused(url, "raise its maxmemory"));
    ask({"CONFIG", "SET", "maxmemory", "0"});
    ask({"ACL", "SETUSER", "bob", "on", ">hunter4", "~*", "+get"});
    BOOST_TEST(refused("redis://bob:hunter4@" + at, "allow +@read"));
    ask({"ACL", "SETUSER", "bob", "resetkeys", "~phoneauth:*", "-@all", "+@read", "+@write", "+@scripting",
         "+@connection", "+info"});
    World allowed("redis://bob:hunter4@" + at);
    BOOST_TEST(count(allowed, 1) == 1);
    ask({"REPLICAOF", "127.0.0.1", "1"});
    BOOST_TEST(refused(url, "name the master"));
    ask({"REPLICAOF", "NO", "ONE"});
    ask({"SET", "phoneauth:format", "999"});
    BOOST_TEST(refused(url, "written by another version of phoneauth"));
    redis_options options;
    options.prefix = "{a}";
    BOOST_TEST(throws([&] { World braces(url, options); }, "brace"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_old_server, World, worlds) {
    scripted_redis server([](const auto&) { return "+OK\r\n"; }, "# Server\r\nredis_version:5.0.14\r\n");
    BOOST_TEST(throws([&] { World w(server.url); }, "install 6 or later"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_database_in_a_cluster, World, worlds) {
    private_redis server("--cluster-enabled yes");
    auto url = server.url;
    url.back() = '1';
    BOOST_TEST(throws([&] { World w(url); }, "does not have database 1"));
    BOOST_TEST(throws([&] { World w(server.url, impatient()); }, "see CLUSTER INFO"));  // no slots are served
}

// ---- Restarts

BOOST_AUTO_TEST_CASE_TEMPLATE(a_restart, World, worlds) {
    private_redis server("--appendonly yes --appendfsync always");
    World w(server.url);
    auto t = a_transaction("T");
    BOOST_TEST(w(w.storage.insert_transaction(t)));
    BOOST_TEST(count(w, 1) == 1);
    server.restart();  // which forgets the scripts, but not the data
    BOOST_TEST(w(w.storage.update_transaction(t)));
    BOOST_TEST(!w(w.storage.update_transaction(t)));
    server.kill();
    BOOST_TEST(throws([&] { w(w.storage.find_transaction("T")); }, "cannot be reached: Connection refused"));
    server.restart();
    BOOST_TEST(works_in_the_end([&] { w(w.storage.find_transaction("T")); }));
    BOOST_TEST(w(w.storage.find_transaction("T"))->version == 2u);
    BOOST_TEST(count(w, 1) == 2);
}

// No acknowledged write is lost, none is carried out twice, and each call returns.
BOOST_AUTO_TEST_CASE_TEMPLATE(killed_at_work, World, worlds) {
    private_redis server("--appendonly yes --appendfsync always");
    World w(server.url);
    std::int64_t done = 0, unclear = 0;
    for (int round = 0; round < 3; ++round) {
        std::atomic<std::int64_t> good = 0, bad = 0;
        std::atomic<bool> end = false;
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([&] {
                while (!end) {
                    try {
                        count(w, 1);
                        ++good;
                    } catch (const std::exception&) {
                        ++bad;
                        end = true;
                    }
                }
            });
        while (good < 100) std::this_thread::yield();
        server.kill();
        for (auto& t : threads) t.join();
        server.restart();
        done += good;
        unclear += bad;
        BOOST_TEST(works_in_the_end([&] { count(w, 0); }));
    }
    BOOST_TEST(unclear > 0);
    const auto counted = count(w, 0);
    BOOST_TEST(counted >= done);
    BOOST_TEST(counted <= done + unclear);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_hung_server, World, worlds) {
    private_redis server;
    World w(server.url, impatient());
    BOOST_TEST(count(w, 1) == 1);
    server.signal(SIGSTOP);
    const auto start = std::chrono::steady_clock::now();
    BOOST_TEST(throws([&] { count(w, 1); }, "did not answer in time"));
    BOOST_TEST(throws([&] { w(w.storage.find_transaction("T")); }, "did not answer in time"));
    const auto waited = std::chrono::steady_clock::now() - start;
    BOOST_TEST((waited >= 600ms && waited < 5s));
    server.signal(SIGCONT);
    // The addition may have been made; what was asked later must not be answered with its reply.
    BOOST_TEST(works_in_the_end([&] { count(w, 0); }));
    BOOST_TEST(!w(w.storage.find_transaction("T")));
    const auto before = count(w, 0);
    BOOST_TEST(count(w, 1) == before + 1);
}

// ---- What a server says

BOOST_AUTO_TEST_CASE_TEMPLATE(a_full_server, World, worlds) {
    private_redis server;
    World w(server.url);
    BOOST_TEST(w(w.storage.insert_transaction(a_transaction("A"))));
    BOOST_TEST((w(w.storage.insert_user(a_user("A", "0100"))) == write_result::done));
    BOOST_TEST(count(w, 1) == 1);
    server.expect_ok({"CONFIG", "SET", "maxmemory", "1"});
    BOOST_TEST(throws([&] { w(w.storage.insert_transaction(a_transaction("B"))); }, "raise its maxmemory"));
    BOOST_TEST(throws([&] { w(w.storage.update_transaction(a_transaction("A"))); }, "raise its maxmemory"));
    BOOST_TEST(throws([&] { w(w.storage.insert_user(a_user("B", "0101"))); }, "raise its maxmemory"));
    auto moved = a_user("A", "0102");
    BOOST_TEST(throws([&] { w(w.storage.update_user(moved)); }, "raise its maxmemory"));
    BOOST_TEST(throws([&] { w(w.storage.insert_session(a_session("S", "A"))); }, "raise its maxmemory"));
    BOOST_TEST(throws([&] { count(w, 1); }, "raise its maxmemory"));
    BOOST_TEST(w(w.storage.find_transaction("A")).has_value());
    BOOST_TEST(w(w.storage.find_user_by_phone(a_user("A", "0100").phone)).has_value());
    server.expect_ok({"CONFIG", "SET", "maxmemory", "0"});
    BOOST_TEST(!w(w.storage.find_transaction("B")).has_value());  // nothing half done
    BOOST_TEST(!w(w.storage.find_user_by_identity("B@example.com")).has_value());
    BOOST_TEST(!w(w.storage.find_user_by_phone(moved.phone)).has_value());
    BOOST_TEST(w(w.storage.erase_sessions_of("A", "")) == 0u);
    BOOST_TEST(count(w, 1) == 2);
    BOOST_TEST(w(w.storage.insert_transaction(a_transaction("B"))));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_replica, World, worlds) {
    private_redis server;
    World w(server.url, impatient());
    BOOST_TEST(count(w, 1) == 1);
    server.expect_ok({"REPLICAOF", "127.0.0.1", "1"});
    BOOST_TEST(throws([&] { count(w, 1); }, "name the master"));
    server.expect_ok({"REPLICAOF", "NO", "ONE"});
    BOOST_TEST(count(w, 1) == 2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(passing_conditions, World, worlds) {
    for (const auto* error : {"LOADING Redis is loading the dataset in memory", "BUSY Redis is busy running a script.",
                              "READONLY You can't write against a read only replica.", "TRYAGAIN Multiple keys request",
                              "CLUSTERDOWN The cluster is down", "MASTERDOWN Link with MASTER is down"}) {
        std::atomic<int> asked = 0;
        scripted_redis server(
            [&](const auto&) { return ++asked < 3 ? '-' + std::string(error) + "\r\n" : one_and_end; });
        World w(server.url);
        const int before = server.connections;
        BOOST_TEST(count(w, 1) == 1, error);
        BOOST_TEST(asked == 3, error);
        // Another server may be behind the name of one that has become a replica.
        const bool reconnects = std::string_view(error).starts_with("READONLY");
        BOOST_TEST((server.connections - before > 1) == reconnects, error);
    }
    std::atomic<int> asked = 0;
    scripted_redis server([&](const auto&) {
        ++asked;
        return "-LOADING Redis is loading the dataset in memory\r\n";
    });
    World w(server.url, impatient());
    BOOST_TEST(throws([&] { count(w, 1); }, "still loading"));
    BOOST_TEST((asked >= 3 && asked <= 7));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_write_is_not_repeated, World, worlds) {
    std::atomic<int> asked = 0;
    scripted_redis server([&](const auto&) {
        ++asked;
        return std::nullopt;
    });
    World w(server.url);
    BOOST_TEST(throws([&] { count(w, 1); }, "closed the connection"));
    BOOST_TEST(throws([&] { w(w.storage.update_transaction(a_transaction("T"))); }, "closed the connection"));
    BOOST_TEST(asked == 2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nonsense, World, worlds) {
    const std::vector<std::pair<std::string, std::string>> replies{
        {"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak the Redis protocol"},
        {":1\r\n:2\r\n", "unexpected way"},
        {"+OK\r\n", "unexpected way"},
        {"$-1\r\n", "unexpected way"},
        {"*-1\r\n", "unexpected way"},
        {"*0\r\n", "unexpected way"},
        {"*1\r\n:1\r\n", "unexpected way"},
        {"*2\r\n:1\r\n:2\r\n", "unexpected way"},
        {"*3\r\n:1\r\n:0\r\n$1\r\n1\r\n", "unexpected way"},
        {"$99999999999999999999\r\n", "does not speak the Redis protocol"},
        {"-MOVED 99999 somewhere:1\r\n", "MOVED"},
        {"-\r\n", "refused a command"},
        {"-ERR unknown command 'EVALSHA', with args beginning with: '+14155550100' \r\n", "unknown command 'EVALSHA'"},
    };
    for (const auto& [reply, why] : replies) {
        scripted_redis server([&, text = reply](const auto&) { return text; });
        World w(server.url, impatient());
        BOOST_TEST(throws([&] { count(w, 1); }, why, "4155550100"), reply);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(half_a_reply, World, worlds) {
    scripted_redis server([&](const auto& words) -> std::optional<std::string> {
        return words[0] == "GET" ? "$100\r\nhalf" : one_and_end;
    });
    World w(server.url, impatient());
    BOOST_TEST(throws([&] { w(w.storage.find_transaction("T")); }, "did not answer in time"));
    BOOST_TEST(count(w, 1) == 1);  // on another connection
}

// What is received while nobody waits must not be taken for the next reply.
BOOST_AUTO_TEST_CASE_TEMPLATE(more_than_a_reply, World, worlds) {
    for (const auto* more : {"$1", "*2\r\n", ":1\r\n:2\r\n"}) {
        std::atomic<int> asked = 0;
        scripted_redis server([&](const auto&) { return ++asked == 1 ? one_and_end + more : one_and_end; });
        World w(server.url, impatient());
        try {
            BOOST_TEST(count(w, 1) == 1);
        } catch (
            const std::exception&) {  // who looks further than his own reply may see at once that something is wrong
        }
        BOOST_TEST(count(w, 1) == 1);
        BOOST_TEST(asked == 2);
    }
}

// ---- Clusters

BOOST_AUTO_TEST_CASE_TEMPLATE(a_slot_that_moves, World, worlds) {
    private_redis cluster({}, "cluster");
    World w(cluster.url);
    const auto url_of = [&](int n) {
        std::string port;
        std::ifstream(cluster.folder + '/' + std::to_string(n) + "/port") >> port;
        return "redis://127.0.0.1:" + port;
    };
    const auto id_of = [&](const std::string& url) {
        return std::string(detail::text_of(*private_redis::ask_at(url, {"CLUSTER", "MYID"})));
    };
    const std::string key = "phoneauth:{cells}:c";
    const auto slot = std::to_string(detail::redis_slot(key));
    BOOST_TEST(count(w, 1) == 1);
    std::string source, target;
    for (int n = 1; n <= 3; ++n) {
        const auto there = private_redis::ask_at(url_of(n), {"EXISTS", key});
        (there->type == REDIS_REPLY_INTEGER ? source : target) = url_of(n);
    }
    const auto at = [&](const std::string& url, const std::vector<std::string>& words) {
        BOOST_REQUIRE_EQUAL(detail::text_of(*private_redis::ask_at(url, words)), "OK");
    };
    at(target, {"CLUSTER", "SETSLOT", slot, "IMPORTING", id_of(source)});
    at(source, {"CLUSTER", "SETSLOT", slot, "MIGRATING", id_of(target)});
    BOOST_TEST(count(w, 1) == 2);  // the key is still there
    const auto port = target.substr(target.rfind(':') + 1);
    at(source, {"MIGRATE", "127.0.0.1", port, key, "0", "5000"});
    BOOST_TEST(count(w, 1) == 3);  // ASK, and the script is not known over there
    BOOST_TEST(count(w, 1) == 4);
    for (int n = 1; n <= 3; ++n)
        if (url_of(n) != source) at(url_of(n), {"CLUSTER", "SETSLOT", slot, "NODE", id_of(target)});
    at(source, {"CLUSTER", "SETSLOT", slot, "NODE", id_of(target)});
    BOOST_TEST(count(w, 1) == 5);  // MOVED
    BOOST_TEST(private_redis::ask_at(target, {"EXISTS", key})->integer == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_server_of_a_cluster_that_is_down, World, worlds) {
    private_redis cluster("--cluster-require-full-coverage no --appendonly yes", "cluster");
    World w(cluster.url, impatient());
    const auto all_work = [&] {
        for (int i = 0; i < 12; ++i) w(w.storage.find_transaction(std::to_string(i)));
    };
    all_work();
    script("kill " + cluster.folder + "/1");  // the one in the URL
    int failed = 0;
    for (int i = 0; i < 12; ++i) {
        try {
            w(w.storage.find_transaction(std::to_string(i)));
        } catch (const std::exception&) {
            ++failed;
        }
    }
    BOOST_TEST((failed > 0 && failed < 12));
    script("restart " + cluster.folder + "/1");
    BOOST_TEST(works_in_the_end(all_work));
}

// ---- Many at once

BOOST_AUTO_TEST_CASE(suite) {
    async_world w(std::getenv("PHONEAUTH_TEST_REDIS"), options_of_its_own());
    BOOST_TEST(testing::to_text(testing::run_storage_suite(w.storage, w)) == "");
}

BOOST_AUTO_TEST_CASE(suite_of_the_recommended_setup) {
    async_world w(std::getenv("PHONEAUTH_TEST_REDIS"), options_of_its_own());
    memory_storage users;
    combined_storage storage(w.storage, users, w.storage, w.storage);
    BOOST_TEST(testing::to_text(testing::run_storage_suite(storage, w, {.threads = 8, .rounds = 5})) == "");
}

BOOST_AUTO_TEST_CASE(thousands_at_once_on_four_threads) {
    auto options = options_of_its_own();
    options.operation_timeout = options.connect_timeout = 60s;  // also under a sanitizer
    async_world w(std::getenv("PHONEAUTH_TEST_REDIS"), options, 4);
    constexpr int flows = 4000;
    std::atomic<std::int64_t> highest = 0;
    using cell_tests::start, cell_tests::takes;
    const auto flow = [&](int i) -> ::asio::awaitable<bool> {
        auto batch = cell_tests::batch_of(start, takes(counted), "c");
        batch.add(takes(2 * counted), "other:", std::to_string(i));
        const auto taken = co_await w.storage.take_cells(batch);
        const std::int64_t count = (taken.cells[0] - start) / counted;
        for (auto seen = highest.load(); seen < count;) highest.compare_exchange_weak(seen, count);
        auto t = a_transaction(std::to_string(i));
        const bool inserted = co_await w.storage.insert_transaction(t);
        const bool updated = co_await w.storage.update_transaction(t);
        const bool again = co_await w.storage.update_transaction(t);
        co_return taken.cells[1] == start + 2 * counted&& inserted&& updated && !again;
    };
    std::vector<std::future<bool>> outcomes;
    for (int i = 0; i < flows; ++i) outcomes.push_back(::asio::co_spawn(w.context, flow(i), ::asio::use_future));
    int good = 0;
    for (auto& outcome : outcomes) good += outcome.get();
    BOOST_TEST(good == flows);
    BOOST_TEST(highest == flows);
}

BOOST_AUTO_TEST_CASE(a_bounded_queue) {
    private_redis server;
    redis_options options;
    options.max_pending = 10;
    async_world w(server.url, options);
    BOOST_TEST(count(w, 1) == 1);
    server.signal(SIGSTOP);
    ::asio::io_context context;
    const std::string id = "T";
    std::vector<std::future<std::optional<transaction>>> finds;
    for (int i = 0; i < 11; ++i)
        finds.push_back(::asio::co_spawn(context, w.storage.find_transaction(id), ::asio::use_future));
    while (finds.back().wait_for(0s) == std::future_status::timeout) context.run_one();
    BOOST_TEST(throws([&] { finds.back().get(); }, "too many commands"));
    finds.pop_back();
    server.signal(SIGCONT);
    context.run();
    for (auto& found : finds) BOOST_TEST(!found.get().has_value());
    BOOST_TEST(count(w, 1) == 2);
}

BOOST_AUTO_TEST_CASE(a_server_that_cannot_be_used_is_not_asked_all_the_time) {
    std::atomic<bool> broken = false;
    scripted_redis server([&](const auto& words) {
        if (words[0] == "AUTH") return std::string(broken ? "-WRONGPASS invalid\r\n" : "+OK\r\n");
        return one_and_end;
    });
    auto url = server.url;
    async_world w(url.insert(std::string("redis://").size(), ":hunter2@"));
    broken = true;
    const int before = server.connections;
    for (int i = 0; i < 1000; ++i) BOOST_REQUIRE(throws([&] { count(w, 1); }, "does not accept the user"));
    BOOST_TEST(server.connections - before > 0);
    BOOST_TEST(server.connections - before < 100);
    broken = false;
    BOOST_TEST(works_in_the_end([&] { count(w, 1); }));
}

BOOST_AUTO_TEST_CASE(cancellation) {
    std::atomic<int> asked = 0;
    std::promise<void> release;
    auto released = release.get_future().share();
    scripted_redis server([&](const auto&) {
        const auto text = counted_reply(++asked);
        released.wait();
        return text;
    });
    async_world w(server.url);
    ::asio::io_context context;
    using cell_tests::start, cell_tests::takes;
    const auto batch = cell_tests::batch_of(start, takes(counted), "c");
    ::asio::cancellation_signal cancel;
    auto cancelled = ::asio::co_spawn(context, w.storage.take_cells(batch),
                                      ::asio::bind_cancellation_slot(cancel.slot(), ::asio::use_future));
    context.poll();
    while (asked == 0) std::this_thread::yield();  // it is on its way
    auto other = ::asio::co_spawn(context, w.storage.take_cells(batch), ::asio::use_future);
    context.poll();
    cancel.emit(::asio::cancellation_type::terminal);
    while (cancelled.wait_for(0s) == std::future_status::timeout) context.run_one();
    BOOST_CHECK_THROW(cancelled.get(), std::system_error);
    BOOST_TEST((other.wait_for(0s) == std::future_status::timeout));
    release.set_value();
    context.run();
    BOOST_TEST((other.get().cells[0] == start + 2 * counted));  // its own reply, not that of the other
}

// ---- Life and death

BOOST_AUTO_TEST_CASE(an_idle_storage_lets_the_context_end) {
    ::asio::io_context context;
    async_redis_storage storage(context.get_executor(), std::getenv("PHONEAUTH_TEST_REDIS"), options_of_its_own());
    const std::string id = "T";
    for (int i = 0; i < 3; ++i) {
        auto found = ::asio::co_spawn(context, storage.find_transaction(id), ::asio::use_future);
        context.run();
        context.restart();
        BOOST_TEST(!found.get().has_value());
    }
}

BOOST_AUTO_TEST_CASE(a_context_that_ends_with_operations_in_flight) {
    private_redis server;
    const std::string id = "T";
    for (const bool connected : {false, true}) {
        ::asio::io_context context;
        async_redis_storage storage(context.get_executor(), server.url);
        if (connected) {
            ::asio::co_spawn(context, storage.find_transaction(id), ::asio::detached);
            context.run();
            context.restart();
        }
        server.signal(SIGSTOP);
        for (int i = 0; i < 10; ++i) ::asio::co_spawn(context, storage.find_transaction(id), ::asio::detached);
        for (int i = 0; i < 50; ++i) context.poll_one();
        BOOST_TEST(!context.stopped());
        server.signal(SIGCONT);
    }
}

BOOST_AUTO_TEST_CASE(a_storage_that_is_destroyed_ends_what_is_in_flight) {
    private_redis server;
    ::asio::io_context context;
    auto storage = std::make_unique<async_redis_storage>(context.get_executor(), server.url);
    server.signal(SIGSTOP);
    const std::string id = "T";
    auto found = ::asio::co_spawn(context, storage->find_transaction(id), ::asio::use_future);
    for (int i = 0; i < 50; ++i) context.poll_one();
    storage.reset();
    context.run();
    BOOST_TEST(throws([&] { found.get(); }, "no longer used"));
    server.signal(SIGCONT);
}

BOOST_AUTO_TEST_CASE(no_more_connections_than_allowed) {
    std::mutex mutex;
    std::condition_variable came;
    int asked = 0;
    // Answers two at a time, so that two connections are in use at once, and six calls wait for one.
    scripted_redis server([&](const std::vector<std::string>&) {
        std::unique_lock lock(mutex);
        const int pair = (asked++ / 2 + 1) * 2;
        came.notify_all();
        came.wait(lock, [&] { return asked >= pair; });
        return "$-1\r\n";
    });
    redis_options options;
    options.max_connections = 2;
    redis_storage storage(server.url, options);
    const int before = server.connections;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i) threads.emplace_back([&] { storage.find_transaction("T"); });
    }
    BOOST_TEST(asked == 8);
    BOOST_TEST(server.connections - before == 2);
}

BOOST_AUTO_TEST_SUITE_END()
