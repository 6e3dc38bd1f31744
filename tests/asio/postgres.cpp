// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <phoneauth/asio/postgres.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <phoneauth/testing/storage_suite.hpp>

#include "../storage/cells.hpp"
#include "../storage/postgres.hpp"

using namespace postgres_test;
using cell_tests::asks, cell_tests::batch_of, cell_tests::takes;

namespace {

/// An io_context with threads of its own.
class running_context {
public:
    explicit running_context(unsigned threads = 1) {
        for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { context_.run(); });
    }
    ::asio::any_io_executor executor() { return context_.get_executor(); }

private:
    ::asio::io_context context_;
    ::asio::executor_work_guard<::asio::io_context::executor_type> work_{context_.get_executor()};
    std::vector<std::jthread> threads_;
    struct stopper {
        ::asio::io_context& context;
        ~stopper() { context.stop(); }
    } stop_{context_};
};

/// Runs an awaitable on a context of its own.
constexpr auto run = [](auto later) {
    ::asio::io_context context;
    auto value = ::asio::co_spawn(context, std::move(later), ::asio::use_future);
    context.run();
    return value.get();
};

/// Starts an awaitable on `executor`.
template <class T>
std::future<T> start(const ::asio::any_io_executor& executor, ::asio::awaitable<T> later) {
    return ::asio::co_spawn(executor, std::move(later), ::asio::use_future);
}

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

/// Until the storage works again: it does not ask a server that was not there just now.
void wait_for(async_postgres_storage& storage) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (thrown([&] { run(storage.find_user("U")); }) != "nothing was thrown") {
        BOOST_TEST_REQUIRE((std::chrono::steady_clock::now() < end));
        std::this_thread::yield();
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(async_postgres_storage_, *boost::unit_test::precondition(have_server))

BOOST_AUTO_TEST_CASE(gives_all_guarantees) {
    const database db;
    running_context context;
    async_postgres_storage storage(context.executor(), db.url());
    BOOST_TEST(testing::to_text(testing::run_storage_suite(storage, run)) == "");
}

BOOST_AUTO_TEST_CASE(one_connection_for_all) {
    const database db;
    running_context context;
    async_postgres_storage storage(context.executor(), db.url(), {.connections = 1});
    BOOST_TEST(testing::to_text(testing::run_storage_suite(storage, run, {.rounds = 5})) == "");
}

BOOST_AUTO_TEST_CASE(refuses_as_the_blocking_one_does) {
    ::asio::io_context context;
    const auto text =
        thrown([&] { async_postgres_storage(context.get_executor(), "postgres://u:secret@127.0.0.1:1/d"); });
    BOOST_TEST(mentions(text, "Connection refused"), text);
    BOOST_TEST(!mentions(text, "secret"));
}

BOOST_AUTO_TEST_CASE(asks_nothing_of_a_context_while_nobody_waits) {
    const database db;
    ::asio::io_context context;
    async_postgres_storage storage(context.get_executor(), db.url());
    auto found = start(context.get_executor(), storage.find_user("U"));
    BOOST_TEST(context.run() > 0u);  // and returns
    BOOST_TEST(!found.get().has_value());
}

BOOST_AUTO_TEST_CASE(thousands_at_once_on_four_threads) {
    const database db;
    running_context context(4);
    async_postgres_storage storage(context.executor(), db.url(),
                                   {.connections = 3, .timeout = 30s, .max_pending = 5000});
    constexpr int count = 3000;
    std::atomic<int> right = 0;
    const auto flow = [&](int n) -> ::asio::awaitable<void> {
        auto t = new_transaction(n);
        const bool inserted = co_await storage.insert_transaction(t);
        t.tries = static_cast<std::uint32_t>(n);
        const bool updated = co_await storage.update_transaction(t);
        const bool again = co_await storage.update_transaction(t);
        const auto batch = batch_of(noon, takes(1s), "all");
        const auto taken = co_await storage.take_cells(batch);
        const auto found = co_await storage.find_transaction(t.id);
        if (inserted && updated && !again && taken.granted && found && found->tries == t.tries) ++right;
    };
    std::vector<std::future<void>> flows;
    for (int n = 0; n < count; ++n) flows.push_back(start(context.executor(), flow(n)));
    for (auto& f : flows) f.get();
    BOOST_TEST(right == count);
    BOOST_TEST(db("SELECT (ahead - 1767268800000) / 1000 FROM phoneauth_cells") == std::to_string(count));
}

BOOST_AUTO_TEST_CASE(an_error_concerns_one_call) {
    const database db;
    ::asio::io_context context;
    async_postgres_storage storage(context.get_executor(), db.url(), {.connections = 1});
    std::vector<std::future<bool>> good;
    std::vector<std::future<write_result>> bad;
    for (int n = 0; n < 50; ++n) {
        auto u = new_user(n);
        u.identity = "\xff";
        good.push_back(start(context.get_executor(), storage.insert_transaction(new_transaction(n))));
        bad.push_back(start(context.get_executor(), storage.insert_user(u)));
    }
    context.run();
    for (auto& b : bad) BOOST_TEST(mentions(thrown([&] { b.get(); }), "invalid byte sequence"));
    for (auto& g : good) BOOST_TEST(g.get());
    BOOST_TEST(db("SELECT count(*) FROM phoneauth_transactions") == "50");
    BOOST_TEST(db("SELECT count(*) FROM phoneauth_users") == "0");
}

BOOST_AUTO_TEST_CASE(large_records_fill_the_socket) {
    const database db;
    running_context context(2);
    async_postgres_storage storage(context.executor(), db.url(), {.connections = 1, .timeout = 60s});
    std::vector<std::future<write_result>> written;
    const auto large = [](int n) {
        auto u = new_user(n);
        for (int i = 0; i < 10; ++i)
            u.properties["p" + std::to_string(i)] = '"' + std::string(100'000, static_cast<char>('a' + n % 26)) + '"';
        return u;
    };
    for (int n = 0; n < 30; ++n) written.push_back(start(context.executor(), storage.insert_user(large(n))));
    for (auto& w : written) BOOST_TEST((w.get() == write_result::done));
    std::vector<std::future<std::optional<user>>> read;
    for (int n = 0; n < 30; ++n) read.push_back(start(context.executor(), storage.find_user(new_user(n).object_id)));
    for (int n = 0; n < 30; ++n)
        BOOST_TEST((read[static_cast<std::size_t>(n)].get()->properties == large(n).properties));
}

BOOST_AUTO_TEST_CASE(the_queue_is_bounded) {
    const database db;
    running_context context;
    async_postgres_storage storage(context.executor(), db.url(), {.connections = 3, .max_pending = 5});
    std::vector<std::future<bool>> calls;
    {
        const locked_table lock(db.url(), "phoneauth_transactions");
        for (int n = 0; n < 15; ++n)
            calls.push_back(start(context.executor(), storage.insert_transaction(new_transaction(n))));
        for (int n = 10; n < 15; ++n)
            BOOST_TEST(mentions(thrown([&] { calls[static_cast<std::size_t>(n)].get(); }), "too many calls wait"));
    }
    for (int n = 0; n < 10; ++n) BOOST_TEST(calls[static_cast<std::size_t>(n)].get());
}

BOOST_AUTO_TEST_CASE(ten_of_a_hundred_are_granted) {
    const database db;
    running_context context(4);
    async_postgres_storage storage(context.executor(), db.url()), other(context.executor(), db.url());
    // Both orders of the same keys, from two servers.
    const auto here = batch_of(noon, takes(1min, 10min), "a", "b"),
               there = batch_of(noon, takes(1min, 10min), "b", "a");
    std::vector<std::future<cell_answer>> answers;
    for (int n = 0; n < 50; ++n) {
        answers.push_back(start(context.executor(), storage.take_cells(here)));
        answers.push_back(start(context.executor(), other.take_cells(there)));
    }
    int granted = 0;
    for (auto& answer : answers) granted += answer.get().granted;
    BOOST_TEST(granted == 10);
    BOOST_TEST(db("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == "0");
}

BOOST_AUTO_TEST_CASE(nothing_waits_behind_cells_that_wait) {
    const database db;
    running_context context;
    async_postgres_storage storage(context.executor(), db.url(), {.connections = 2});
    const auto taking = batch_of(noon, takes(1s), "all"), asking = batch_of(noon, asks(), "all");
    run(storage.take_cells(taking));
    std::vector<std::future<cell_answer>> waiting;
    {
        const auto deadline = std::chrono::steady_clock::now() + 30s;
        detail::postgres::connection other(detail::postgres::server_address(db.url()), deadline);
        other.run(
            "BEGIN; SELECT phoneauth_take_cells(1767268800000, '', '{all}', '{1}', '{1}', '{999000}', '{9999000}', "
            "'{0}')",
            deadline);
        for (int n = 0; n < 50; ++n) waiting.push_back(start(context.executor(), storage.take_cells(taking)));
        BOOST_TEST(run(storage.insert_transaction(new_transaction(1))));
        for (int n = 0; n < 10; ++n) BOOST_TEST(run(storage.find_transaction("T000000001")).has_value());
        BOOST_TEST((run(storage.take_cells(asking)).cells[0] == noon + 1s));
        other.run("COMMIT", deadline);
    }
    for (std::size_t n = 0; n < 50; ++n) BOOST_TEST((waiting[n].get().cells[0] == noon + 1001s + n * 1s));
}

BOOST_AUTO_TEST_CASE(a_cancelled_call_ends_and_disturbs_nobody) {
    const database db;
    ::asio::io_context context;
    async_postgres_storage storage(context.get_executor(), db.url(), {.connections = 1});
    std::vector<std::future<bool>> others;
    std::exception_ptr outcome;
    bool went_on = false;
    ::asio::cancellation_signal cancel;
    const auto flow = [&]() -> ::asio::awaitable<void> {
        (void)co_await storage.insert_transaction(new_transaction(100));
        (void)co_await storage.insert_transaction(new_transaction(101));
        went_on = true;
    };
    {
        const locked_table lock(db.url(), "phoneauth_transactions");
        others.push_back(start(context.get_executor(), storage.insert_transaction(new_transaction(1))));
        ::asio::co_spawn(context, flow(),
                         ::asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr e) { outcome = e; }));
        others.push_back(start(context.get_executor(), storage.insert_transaction(new_transaction(2))));
        context.poll();
        cancel.emit(::asio::cancellation_type::terminal);
        context.poll();
    }
    context.restart();
    context.run();
    BOOST_TEST((outcome && !went_on));
    for (auto& o : others) BOOST_TEST(o.get());
    BOOST_TEST(db("SELECT count(*) FROM phoneauth_transactions") == "3");
}

// ---- Lifetime ----

BOOST_AUTO_TEST_CASE(is_destroyed_while_calls_are_pending) {
    const database db;
    running_context context(4);
    std::vector<std::future<bool>> calls;
    {
        auto storage = std::make_unique<async_postgres_storage>(context.executor(), db.url());
        locked_table lock(db.url(), "phoneauth_transactions");
        for (int n = 0; n < 100; ++n)
            calls.push_back(start(context.executor(), storage->insert_transaction(new_transaction(n))));
        lock.wait_for(true);
        storage.reset();
    }
    for (auto& c : calls) BOOST_TEST(mentions(thrown([&] { c.get(); }), "the PostgreSQL storage was destroyed"));
}

BOOST_AUTO_TEST_CASE(is_destroyed_on_a_context_that_has_stopped) {
    const database db;
    std::weak_ptr<int> alive;
    {
        ::asio::io_context context;
        async_postgres_storage storage(context.get_executor(), db.url());
        const locked_table lock(db.url(), "phoneauth_transactions");
        auto held = std::make_shared<int>();
        alive = held;
        const auto flow = [&](std::shared_ptr<int> kept) -> ::asio::awaitable<void> {
            (void)co_await storage.insert_transaction(new_transaction(1));
            (void)kept;
        };
        ::asio::co_spawn(context, flow(std::move(held)), ::asio::detached);
        context.poll();
        BOOST_TEST(!alive.expired());
    }
    BOOST_TEST(alive.expired());
}

// ---- Trouble ----

BOOST_AUTO_TEST_CASE(a_restart_between_calls_goes_unnoticed) {
    server own;
    running_context context;
    async_postgres_storage storage(context.executor(), own.url(), {.timeout = 30s});
    BOOST_TEST(run(storage.insert_transaction(new_transaction(1))));
    own.restart();
    BOOST_TEST(run(storage.insert_transaction(new_transaction(2))));
    BOOST_TEST(run(storage.find_transaction("T000000001")).has_value());
}

BOOST_AUTO_TEST_CASE(fails_at_once_while_there_is_no_server_and_recovers) {
    server own;
    running_context context;
    async_postgres_storage storage(context.executor(), own.url(), {.connections = 2});
    own.kill();
    for (int i = 0; i < 50; ++i) {
        const auto before = std::chrono::steady_clock::now();
        BOOST_TEST(mentions(thrown([&] { run(storage.find_user("U")); }), "cannot connect to PostgreSQL"));
        BOOST_TEST((std::chrono::steady_clock::now() - before < 5s));
    }
    own.start();
    wait_for(storage);
}

BOOST_AUTO_TEST_CASE(crashes_lose_nothing_that_was_acknowledged) {
    server own;
    running_context context(4);
    async_postgres_storage storage(context.executor(), own.url(), {.connections = 3, .timeout = 30s});
    std::atomic<bool> stop = false;
    std::atomic<int> failures = 0;
    const auto flow = [&](int first) -> ::asio::awaitable<std::vector<int>> {
        std::vector<int> done;
        for (int n = first; !stop; n += 64) {
            try {
                const auto t = new_transaction(n);
                const bool inserted = co_await storage.insert_transaction(t);
                const auto found = co_await storage.find_transaction(t.id);
                if (inserted && found) done.push_back(n);
            } catch (const std::runtime_error&) {
                ++failures;
            }
        }
        co_return done;
    };
    std::vector<std::future<std::vector<int>>> flows;
    for (int first = 0; first < 64; ++first) flows.push_back(start(context.executor(), flow(first)));
    for (int i = 0; i < 3; ++i) {
        const auto some = [&] { return std::stoi(sql(own.url(), "SELECT count(*) FROM phoneauth_transactions")); };
        for (const auto before = some(); some() < before + 100;) std::this_thread::yield();
        own.restart();
    }
    stop = true;
    std::vector<int> done;
    for (auto& f : flows) {
        const auto numbers = f.get();
        done.insert(done.end(), numbers.begin(), numbers.end());
    }
    BOOST_TEST(failures > 0);
    BOOST_TEST(done.size() > 100u);
    wait_for(storage);
    for (const auto n : done) BOOST_TEST_REQUIRE(run(storage.find_transaction(new_transaction(n).id)).has_value());
}

BOOST_AUTO_TEST_CASE(a_server_that_hangs) {
    const database db;
    running_context context;
    { async_postgres_storage(context.executor(), db.url()); }
    async_postgres_storage storage(context.executor(), db.url(), {.connections = 1, .timeout = 500ms});
    {
        const hung_sessions hung(db.url());
        BOOST_TEST(hung.size() == 1u);
        const auto before = std::chrono::steady_clock::now();
        auto first = start(context.executor(), storage.erase_session("S"));
        auto second = start(context.executor(), storage.erase_session("S"));
        BOOST_TEST(mentions(thrown([&] { first.get(); }), "no answer from PostgreSQL"));
        BOOST_TEST(mentions(thrown([&] { second.get(); }), "no answer from PostgreSQL"));
        const auto took = std::chrono::steady_clock::now() - before;
        BOOST_TEST((took >= 500ms && took < 5s));
        BOOST_TEST(!run(storage.erase_session("S")));
    }
    BOOST_TEST(!run(storage.find_session("S")).has_value());
}

BOOST_AUTO_TEST_CASE(a_server_that_does_not_let_us_in_nor_refuses) {
    server own;
    running_context context;
    async_postgres_storage storage(context.executor(), own.url(), {.connections = 1, .timeout = 1s});
    own.while_it_does_not_answer([&] {
        const auto before = std::chrono::steady_clock::now();
        for (int i = 0; i < 3; ++i)
            BOOST_TEST(mentions(thrown([&] { run(storage.find_session("S")); }), "no connection to PostgreSQL within"));
        BOOST_TEST((std::chrono::steady_clock::now() - before < 6s));
    });
    wait_for(storage);
}

BOOST_AUTO_TEST_CASE(an_administrator_ends_the_session) {
    const database db;
    running_context context;
    async_postgres_storage storage(context.executor(), db.url(), {.connections = 1});
    run(storage.insert_transaction(new_transaction(1)));
    std::vector<std::future<bool>> writes;
    std::vector<std::future<std::optional<transaction>>> reads;
    {
        locked_table lock(db.url(), "phoneauth_transactions");
        for (int n = 10; n < 20; ++n) {
            writes.push_back(start(context.executor(), storage.insert_transaction(new_transaction(n))));
            reads.push_back(start(context.executor(), storage.find_transaction("T000000001")));
        }
        lock.wait_for(true);
        lock.end_those_who_wait();
        lock.wait_for(true);  // the reads are tried again
    }
    for (auto& w : writes)
        BOOST_TEST(mentions(thrown([&] { w.get(); }), "was lost; whether a change was made is not known"));
    for (auto& r : reads) BOOST_TEST(r.get().has_value());
    BOOST_TEST(db("SELECT count(*) FROM phoneauth_transactions") == "1");
}

BOOST_AUTO_TEST_CASE(what_was_certainly_not_done_is_tried_again) {
    const database db;
    running_context context;
    async_postgres_storage storage(context.executor(), db.url(), {.connections = 1});
    const auto fail = [&](const std::string& state, int times) {
        db("CREATE SEQUENCE IF NOT EXISTS fails; ALTER SEQUENCE fails RESTART;"
           "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('fails') <= " +
           std::to_string(times) + " THEN RAISE EXCEPTION 'no' USING ERRCODE = '" + state +
           "'; END IF; RETURN new; END $$;"
           "CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON phoneauth_transactions FOR EACH ROW EXECUTE FUNCTION "
           "fail()");
    };
    int n = 0;
    for (const auto& [state, times] : {std::pair("40001", 5), {"40P01", 1}, {"25006", 1}}) {
        fail(state, times);
        std::vector<std::future<bool>> calls;
        for (int i = 0; i < 10; ++i)
            calls.push_back(start(context.executor(), storage.insert_transaction(new_transaction(++n))));
        for (auto& c : calls) BOOST_TEST(c.get());
    }
    for (const auto& [state, times] : {std::pair("40001", 10), {"53100", 1}, {"25006", 2}}) {
        fail(state, 1000);
        const auto text = thrown([&] { run(storage.insert_transaction(new_transaction(1000))); });
        BOOST_TEST(mentions(text, times == 10 ? "too many races" : state), text);
        BOOST_TEST(db("SELECT last_value FROM fails") == std::to_string(times));
    }
    fail("25006", 0);
    BOOST_TEST(run(storage.insert_transaction(new_transaction(1000))));
}

BOOST_AUTO_TEST_SUITE_END()
