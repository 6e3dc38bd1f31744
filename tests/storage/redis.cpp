// SPDX-License-Identifier: BSL-1.0
// What is stored in Redis, and where calls go. What both storages do when something is wrong: tests/asio/redis.cpp.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <phoneauth/storage/combined.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/storage/redis.hpp>
#include <phoneauth/testing/storage_suite.hpp>

#include "storage/redis.hpp"

using namespace phoneauth;
using namespace redis_tests;
using cell_tests::asks, cell_tests::batch_of, cell_tests::moves, cell_tests::takes;

BOOST_AUTO_TEST_SUITE(redis_storage_)

BOOST_AUTO_TEST_CASE(urls) {
    const auto url = [](const char* text) {
        const auto u = detail::parse_redis_url(text);
        return (u.tls ? "tls|" : "") + u.user + '|' + u.password + '|' + u.server.str() + '|' +
               std::to_string(u.database);
    };
    BOOST_TEST(url("redis://example.com") == "||example.com:6379|0");
    BOOST_TEST(url("redis://127.0.0.1:7000/3") == "||127.0.0.1:7000|3");
    BOOST_TEST(url("redis://[::1]") == "||[::1]:6379|0");
    BOOST_TEST(url("redis://[::1]:7000/") == "||[::1]:7000|0");
    BOOST_TEST(url("redis://:pass@host/1") == "|pass|host:6379|1");
    BOOST_TEST(url("redis://ann:p%40%2F%3a@host:1/1") == "ann|p@/:|host:1|1");
    BOOST_TEST(url("redis://ann:p/w@host:1/1") == "ann|p/w|host:1|1");
    BOOST_TEST(url("rediss://example.com") == "tls|||example.com:6379|0");
    BOOST_TEST(url("rediss://ann:pass@[::1]:7000/3") == "tls|ann|pass|[::1]:7000|3");
    const auto refused = [](const std::string& text, const char* why) {
        return throws([&] { detail::parse_redis_url(text); }, why);
    };
    BOOST_TEST(refused("", "does not begin with redis://"));
    BOOST_TEST(refused("http://:hunter2@host", "does not begin with redis://"));
    BOOST_TEST(refused("rediss://:hunter2@", "no valid host"));
    BOOST_TEST(refused("redisss://:hunter2@host", "does not begin with redis:// or rediss://"));
    BOOST_TEST(refused("redis://", "no valid host"));
    BOOST_TEST(refused("redis://:hunter2@", "no valid host"));
    BOOST_TEST(refused("redis://:hunter2@host:0", "no valid host"));
    BOOST_TEST(refused("redis://:hunter2@host:70000", "no valid host"));
    BOOST_TEST(refused("redis://:hunter2@ho st", "no valid host"));
    BOOST_TEST(refused("redis://hunter2@host", "user without a password"));
    BOOST_TEST(refused("redis://ann:@host", "empty password"));
    BOOST_TEST(refused("redis://:hunter2%4@host", "%"));
    BOOST_TEST(refused("redis://:hunter2@host/x", "number of a database"));
    BOOST_TEST(refused("redis://:hunter2@host/1/2", "number of a database"));
    BOOST_TEST(refused("redis://:hunter2@host/-1", "number of a database"));
    BOOST_TEST(refused("redis://:hunter2@host/0?x=1", "number of a database"));
}

BOOST_AUTO_TEST_CASE(slots) {
    BOOST_TEST(detail::redis_slot("123456789") == 0x31C3u);  // the example of the cluster specification
    BOOST_TEST(detail::redis_slot("{user1000}.following") == detail::redis_slot("user1000"));
    BOOST_TEST(detail::redis_slot("foo{bar}{zap}") == detail::redis_slot("bar"));
    BOOST_TEST(detail::redis_slot("foo{{bar}}zap") == detail::redis_slot("{bar"));
    BOOST_TEST(detail::redis_slot("foo{}{bar}") != detail::redis_slot("bar"));
}

BOOST_AUTO_TEST_CASE(redirections) {
    detail::redis_router router({"first", 1});
    auto call = detail::redis_command({"GET", "123456789"});
    const auto answer = [&](const std::string& text) {
        const std::unique_ptr<redisReader, detail::redis_free> reader(redisReaderCreate());
        redisReaderFeed(reader.get(), text.data(), text.size());
        router.route(call);
        call.reset();
        call.reply = detail::next_reply(*reader);
        return router.settle(call);
    };
    const auto next = [&] {
        router.route(call);
        return router.address(call.node).str();
    };
    BOOST_TEST((answer("-MOVED 12739 second:2\r\n") == detail::redis_step::again));
    BOOST_TEST(next() == "second:2");
    BOOST_TEST(!call.asking);
    BOOST_TEST((answer("-ASK 12739 third:3\r\n") == detail::redis_step::again));
    BOOST_TEST(next() == "third:3");
    BOOST_TEST(call.asking);
    BOOST_TEST((answer("-TRYAGAIN Multiple keys\r\n") == detail::redis_step::later));
    BOOST_TEST(next() == "second:2");
    BOOST_TEST(!call.asking);
    BOOST_TEST(
        (answer("-MOVED 12739 :4\r\n") == detail::redis_step::again));  // a server that does not know its own name
    BOOST_TEST(next() == "second:4");
    BOOST_TEST((answer("-MOVED 12739 ::1:5\r\n") == detail::redis_step::later));  // the fourth in a row
    BOOST_TEST(next() == "[::1]:5");
    BOOST_TEST((answer("-MOVED 12739 ?:7001\r\n") == detail::redis_step::again));  // the same, since Redis 7
    BOOST_TEST(next() == "[::1]:7001");
    BOOST_TEST((answer("-MOVED 12739 [2001:db8::2]:6\r\n") == detail::redis_step::again));
    BOOST_TEST(next() == "[2001:db8::2]:6");
    BOOST_TEST((answer("-ASK 12739 ?:8\r\n") == detail::redis_step::again));
    BOOST_TEST(next() == "[2001:db8::2]:8");
    BOOST_TEST((answer("-MOVED 12739 ::1:5\r\n") == detail::redis_step::later));  // the eighth
    BOOST_TEST(next() == "[::1]:5");
    for (const auto* nonsense : {"-MOVED\r\n", "-MOVED 1\r\n", "-MOVED x y:1\r\n", "-MOVED 1 y:x\r\n",
                                 "-MOVED 16384 y:1\r\n", "-MOVED 1:2 3\r\n"}) {
        BOOST_TEST((answer(nonsense) == detail::redis_step::settled), nonsense);
        BOOST_CHECK_THROW(call.answer(), std::runtime_error);
    }
    // A server that cannot be reached has lost its slots; another one knows who has them.
    call.reset();
    router.route(call);
    call.failure = "is down";
    BOOST_TEST((router.settle(call) == detail::redis_step::later));
    BOOST_TEST(next() == "first:1");
    call.reset();
    call.written = true;
    BOOST_TEST((router.settle(call) == detail::redis_step::settled));
}

BOOST_AUTO_TEST_CASE(an_error_inside_a_script_of_redis_6_is_understood) {
    const auto code = [](std::string text) {
        redisReply reply{};
        reply.type = REDIS_REPLY_ERROR;
        reply.str = text.data();
        reply.len = text.size();
        return std::string(detail::error_code(reply));
    };
    BOOST_TEST(code("ERR Error running script (call to f_00): @user_script:3: @user_script: 3: -READONLY You can't "
                    "write against a read only replica.") == "READONLY");
    BOOST_TEST(code("OOM command not allowed when used memory > 'maxmemory'. script: 00, on @user_script:4.") == "OOM");
    BOOST_TEST(code("ERR something else") == "ERR");
}

BOOST_AUTO_TEST_CASE(suite, *boost::unit_test::precondition(has_redis)) {
    redis_storage s(std::getenv("PHONEAUTH_TEST_REDIS"), options_of_its_own());
    BOOST_TEST(testing::to_text(testing::run_storage_suite(s)) == "");
}

BOOST_AUTO_TEST_CASE(suite_on_few_connections, *boost::unit_test::precondition(has_redis)) {
    auto options = options_of_its_own();
    options.max_connections = 1;
    redis_storage s(std::getenv("PHONEAUTH_TEST_REDIS"), options);
    BOOST_TEST(testing::to_text(testing::run_storage_suite(s, {}, {.threads = 8, .rounds = 5})) == "");
}

BOOST_AUTO_TEST_CASE(suite_of_the_recommended_setup, *boost::unit_test::precondition(has_redis)) {
    redis_storage redis(std::getenv("PHONEAUTH_TEST_REDIS"), options_of_its_own());
    memory_storage users;
    combined_storage storage(redis, users, redis, redis);
    BOOST_TEST(testing::to_text(testing::run_storage_suite(storage, {}, {.threads = 8, .rounds = 5})) == "");
}

BOOST_AUTO_TEST_CASE(expiry_is_left_to_redis, *boost::unit_test::precondition(has_redis)) {
    private_redis server;
    redis_storage s(server.url);
    auto t = a_transaction("T");
    s.insert_transaction(t);
    s.update_transaction(t);
    s.insert_user(a_user("U", "0100"));
    s.insert_session(a_session("S", "U"));
    auto longer = a_session("S2", "U");
    longer.expires_at += 9h;
    s.insert_session(longer);
    BOOST_TEST(s.update_session(longer));
    s.insert_session(a_session("S3", "U"));
    s.take_cells(batch_of(now(), takes(30min), "C", "P", "M", "N"));
    s.take_cells(batch_of(now(), takes(20min), "P"));
    s.take_cells(batch_of(now(), moves(-10min), "M", "absent"));
    s.take_cells(batch_of(now(), moves(-1h), "N"));
    s.take_cells(batch_of(now(), asks(), "C", "asked"));
    BOOST_TEST(!s.take_cells(batch_of(now(), takes(20min, 40min), "refused", "C")).granted);
    // The library's clock need not be that of Redis.
    s.take_cells(batch_of(now() - 1000 * 24h, takes(30min), "early"));
    s.take_cells(batch_of(now() + 1000 * 24h, takes(30min), "late"));

    std::map<std::string, std::chrono::minutes> expected{{"t:T", 65min},
                                                         {"s:S", 60min},
                                                         {"s:S2", 600min},
                                                         {"s:S3", 60min},
                                                         {"u:U", 601min},
                                                         {"{cells}:C", 30min},
                                                         {"{cells}:P", 50min},
                                                         {"{cells}:M", 20min},
                                                         {"{cells}:early", 30min},
                                                         {"{cells}:late", 30min},
                                                         {"{users}:ids", -1min},
                                                         {"{users}:phones", -1min},
                                                         {"{users}:identities", -1min},
                                                         {"format", -1min}};
    const auto keys = server.ask({"KEYS", "*"});
    for (std::size_t i = 0; i < keys->elements; ++i) {
        const std::string key(detail::text_of(*keys->element[i]));
        const auto wanted = expected.extract(key.substr(std::string("phoneauth:").size()));
        BOOST_REQUIRE_MESSAGE(!wanted.empty(), "unexpected: " << key);
        const auto left = server.number({"PTTL", key});
        if (wanted.mapped() < 0min)
            BOOST_TEST(left == -1, key);
        else
            BOOST_TEST((left > (wanted.mapped() - 1min) / 1ms && left <= wanted.mapped() / 1ms), key << ' ' << left);
    }
    BOOST_TEST(expected.empty());

    t.id = "late";
    t.created_at = t.expires_at + transaction_retention;  // over before it begins
    BOOST_TEST(s.insert_transaction(t));
    BOOST_TEST(server.number({"PTTL", "phoneauth:t:late"}) <= 1);
}

// ---- Cells

BOOST_AUTO_TEST_CASE(cells_agree_with_the_rule, *boost::unit_test::precondition(has_redis)) {
    redis_storage s(std::getenv("PHONEAUTH_TEST_REDIS"), options_of_its_own());
    BOOST_TEST(cell_tests::steps_that_agree(s, 5000) == 5000);
    const auto nothing = s.take_cells(cell_batch(now(), "absent"));
    BOOST_TEST((nothing.granted && !nothing.marked));
}

BOOST_AUTO_TEST_CASE(the_longest_durations_of_cells, *boost::unit_test::precondition(has_redis)) {
    redis_storage s(std::getenv("PHONEAUTH_TEST_REDIS"), options_of_its_own());
    const std::string key(128, 'k');
    const auto most = std::chrono::milliseconds(400 * 24h);
    const time_point at = std::chrono::sys_days{std::chrono::year{9999} / 12 / 31} + 1ms;
    BOOST_TEST((s.take_cells(batch_of(at, takes(most - 1ms), key)).cells[0] == at + most - 1ms));
    BOOST_TEST(s.take_cells(batch_of(at, takes(1ms), key)).granted);
    BOOST_TEST(!s.take_cells(batch_of(at, takes(1ms), key)).granted);
}

BOOST_AUTO_TEST_CASE(ten_of_a_hundred_are_granted, *boost::unit_test::precondition(has_redis)) {
    for (const auto* kind : {"start", "cluster"}) {
        private_redis server({}, kind);
        redis_storage s(server.url);
        const auto batch = [&](int thread, int call) {
            // Both orders, and a cell of its own.
            auto b = thread % 2 ? batch_of(now(), takes(1h, 10h + 30min), "a", "b")
                                : batch_of(now(), takes(1h, 10h + 30min), "b", "a");
            b.add(takes(1h), std::to_string(100 * thread + call));
            return b;
        };
        BOOST_TEST(cell_tests::granted_at_once(s, 10, 10, batch) == 10);
        const auto both = s.take_cells(batch_of(now(), asks(), "a", "b"));
        BOOST_TEST((both.cells[0] == both.cells[1] && both.cells[0] > now() + 9h));
    }
}

BOOST_AUTO_TEST_CASE(two_batches_that_share_some_cells, *boost::unit_test::precondition(has_redis)) {
    redis_storage s(std::getenv("PHONEAUTH_TEST_REDIS"), options_of_its_own());
    const auto batch = [](int thread, int) {
        auto b = batch_of(cell_tests::start, takes(1h, 20h), "shared");
        b.add(takes(1h, 15h), thread % 2 ? "odd" : "even");
        b.add({.action = cell_action::ask, .cost = 1h, .room = 15h}, thread % 2 ? "even" : "odd");
        return b;
    };
    const auto granted = cell_tests::granted_at_once(s, 8, 20, batch);
    const auto hours = [&](const std::string& key) {
        return std::max((s.take_cells(batch_of(cell_tests::start, asks(), key)).cells[0] - cell_tests::start) / 1h,
                        std::int64_t{0});
    };
    BOOST_TEST((granted >= 15 && granted <= 20));
    BOOST_TEST(hours("shared") == granted);
    BOOST_TEST(hours("odd") + hours("even") == granted);
}

BOOST_AUTO_TEST_CASE(counters_of_former_versions_are_in_nobodys_way, *boost::unit_test::precondition(has_redis)) {
    private_redis server;
    redis_storage s(server.url);
    server.ask({"HSET", "phoneauth:c:c", "v", "3", "e", "99999999999999"});
    BOOST_TEST(s.take_cells(batch_of(now(), takes(1h), "c")).granted);
    BOOST_TEST(server.number({"HLEN", "phoneauth:c:c"}) == 2);
}

BOOST_AUTO_TEST_CASE(versions_beyond_doubles, *boost::unit_test::precondition(has_redis)) {
    redis_storage s(std::getenv("PHONEAUTH_TEST_REDIS"), options_of_its_own());
    auto t = a_transaction("T");
    t.version = (std::uint64_t{1} << 63) + 1;
    s.insert_transaction(t);
    --t.version;
    BOOST_TEST(!s.update_transaction(t));
    ++t.version;
    BOOST_TEST(s.update_transaction(t));
    BOOST_TEST(s.find_transaction("T")->version == t.version + 1);
}

BOOST_AUTO_TEST_CASE(refuses_a_second_user_of_one_object_id, *boost::unit_test::precondition(has_redis)) {
    redis_storage s(std::getenv("PHONEAUTH_TEST_REDIS"), options_of_its_own());
    BOOST_TEST((s.insert_user(a_user("A", "0100")) == write_result::done));
    auto twin = a_user("A", "0101");
    twin.identity = "other";
    BOOST_CHECK_THROW(s.insert_user(twin), std::invalid_argument);
    BOOST_TEST(!s.find_user_by_phone(twin.phone).has_value());
    BOOST_TEST(!s.find_user_by_identity(twin.identity).has_value());
}

// Whoever is gone leaves nothing behind, and takes nothing with them that has become another's.
BOOST_AUTO_TEST_CASE(an_erased_user_leaves_nothing_behind, *boost::unit_test::precondition(has_redis)) {
    private_redis server;
    redis_storage s(server.url);
    const auto entries = [&] {
        return std::vector{server.number({"HLEN", "phoneauth:{users}:ids"}),
                           server.number({"HLEN", "phoneauth:{users}:phones"}),
                           server.number({"HLEN", "phoneauth:{users}:identities"})};
    };
    auto u = a_user("U", "0100");
    s.insert_user(u);
    u.phone = *phone_number::parse("+14155550101");
    u.identity = "";
    BOOST_TEST((s.update_user(u) == write_result::done));
    s.insert_user(a_user("V", "0100"));
    BOOST_TEST((entries() == std::vector{2LL, 2LL, 2LL}));
    BOOST_TEST(s.erase_user("U"));
    BOOST_TEST((entries() == std::vector{1LL, 1LL, 1LL}));
    BOOST_TEST(!s.erase_user("U"));
    // One that was damaged by hand: the phone belongs to V.
    server.ask({"HSET", "phoneauth:{users}:ids", "W", "1:012:+141555501001:W1:W0:2:en1:11:00:0:1:01:00:"});
    BOOST_TEST(s.erase_user("W"));
    BOOST_TEST((entries() == std::vector{1LL, 1LL, 1LL}));
    BOOST_TEST(s.find_user_by_phone(*phone_number::parse("+14155550100"))->object_id == "V");
    // A full server lets go.
    server.expect_ok({"CONFIG", "SET", "maxmemory", "1"});
    BOOST_TEST(throws([&] { s.insert_user(a_user("X", "0102")); }, "raise its maxmemory"));
    BOOST_TEST(s.erase_user("V"));
    BOOST_TEST(server.number({"EXISTS", "phoneauth:{users}:ids"}) == 0);
    BOOST_TEST(server.number({"EXISTS", "phoneauth:{users}:phones"}) == 0);
}

BOOST_AUTO_TEST_CASE(names_may_hold_anything, *boost::unit_test::precondition(has_redis)) {
    redis_storage s(std::getenv("PHONEAUTH_TEST_REDIS"), options_of_its_own());
    auto u = a_user("A", "0100");
    u.identity = std::string("3:\r\n{}\0 *1\xff", 12);
    u.properties = {{std::string("\0:", 2), "\"12:\""}, {"", ""}};
    BOOST_TEST((s.insert_user(u) == write_result::done));
    u.identity += "5:";
    BOOST_TEST((s.update_user(u) == write_result::done));
    const auto found = s.find_user_by_identity(u.identity);
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST((found->properties == u.properties));
    u.identity.resize(12);
    BOOST_TEST(!s.find_user_by_identity(u.identity).has_value());
}

// A session is in the index before it is stored, and until it is erased.
BOOST_AUTO_TEST_CASE(index_of_sessions, *boost::unit_test::precondition(has_redis)) {
    for (const auto* kind : {"start", "cluster"}) {
        private_redis server({}, kind);
        redis_storage s(server.url);
        const auto indexed = [&] {
            const auto home = server.ask({"ZCARD", "phoneauth:u:U"});
            if (home->type == REDIS_REPLY_INTEGER) return home->integer;
            const auto moved = detail::text_of(*home);
            return private_redis::ask_at("redis://" + std::string(moved.substr(moved.rfind(' ') + 1)),
                                         {"ZCARD", "phoneauth:u:U"})
                ->integer;
        };
        s.insert_session(a_session("A", "U"));
        s.insert_session(a_session("B", "U"));
        s.insert_session(a_session("C", "U"));
        BOOST_TEST(indexed() == 3);
        BOOST_TEST(s.erase_session("A"));
        BOOST_TEST(indexed() == 2);
        BOOST_TEST(s.erase_sessions_of("U", "B") == 1u);
        BOOST_TEST(indexed() == 1);
        // What has expired is dropped from the index by the next one, an hour and some minutes later by its own clock.
        auto later = a_session("D", "U");
        later.created_at += 2h;
        later.expires_at += 2h;
        BOOST_TEST(s.insert_session(later));
        BOOST_TEST(indexed() == 1);
        // Another user's session is not erased because it is in the wrong index.
        auto wrong = a_session("D", "V");
        BOOST_TEST(!s.insert_session(wrong));
        BOOST_TEST(s.find_sessions_of("V").empty());
        BOOST_TEST(s.erase_sessions_of("V", "") == 0u);
        BOOST_TEST(s.find_session("D").has_value());
    }
}

BOOST_AUTO_TEST_CASE(a_session_that_is_being_inserted_stays_in_the_index, *boost::unit_test::precondition(has_redis)) {
    private_redis server;
    redis_storage s(server.url);
    s.insert_session(a_session("A", "U"));
    const auto stored = server.ask({"GET", "phoneauth:s:A"});
    const std::string record(detail::text_of(*stored));
    server.ask({"DEL", "phoneauth:s:A"});  // as if the second of the two steps were still to come
    BOOST_TEST(s.find_sessions_of("U").empty());
    BOOST_TEST(!s.update_session(a_session("A", "U")));
    BOOST_TEST(s.erase_sessions_of("U", "") == 0u);
    server.expect_ok({"SET", "phoneauth:s:A", record});
    BOOST_TEST(s.find_sessions_of("U").size() == 1u);
    BOOST_TEST(s.erase_sessions_of("U", "") == 1u);
    BOOST_TEST(!s.find_session("A").has_value());
}

BOOST_AUTO_TEST_CASE(damaged_records, *boost::unit_test::precondition(has_redis)) {
    private_redis server;
    redis_storage s(server.url);
    s.insert_transaction(a_transaction("T"));
    const std::string whole(detail::text_of(*server.ask({"GET", "phoneauth:t:T"})));
    for (const auto& text : {std::string(), std::string("x"), whole + "1", whole.substr(0, whole.size() - 1),
                             "9:" + whole, "1:11:9" + whole.substr(6), std::string("99999999999999999999:1")}) {
        server.expect_ok({"SET", "phoneauth:t:T", text});
        BOOST_TEST(throws([&] { s.find_transaction("T"); }, "damaged"), text);
    }
    server.ask({"DEL", "phoneauth:t:T"});
    server.ask({"LPUSH", "phoneauth:t:T", "x"});
    BOOST_TEST(throws([&] { s.find_transaction("T"); }, "choose another prefix"));
}

namespace {
/// The format that this program writes, or one that comes `later`.
std::string format(int later = 0) {
    return std::to_string(detail::redis_format + later);
}
}  // namespace

BOOST_AUTO_TEST_CASE(records_of_format_1, *boost::unit_test::precondition(has_redis)) {
    private_redis server;
    auto t = a_transaction("T");
    t.user_id = "U";
    t.created_at = time_point(1'700'000'000'000ms);
    t.expires_at = time_point(1'700'000'300'000ms);
    t.last_sent_at = time_point(1'700'000'000'001ms);
    server.expect_ok({"SET", "phoneauth:format", "1"});
    const auto former = "1:11:212:+141555501001:U0:1:11:01:013:170000000000013:170000030000013:1700000000001";
    server.expect_ok({"SET", "phoneauth:t:T", former, "PX", "60000"});
    redis_storage s(server.url);
    BOOST_TEST(detail::text_of(*server.ask({"GET", "phoneauth:format"})) == format());
    BOOST_TEST(testing::detail::difference(s.find_transaction("T").value(), t) == "");
    t.delivery = delivery_state::undelivered;
    t.delivery_error = -1;
    BOOST_TEST(s.update_transaction(t));
    ++t.version;
    BOOST_TEST(testing::detail::difference(s.find_transaction("T").value(), t) == "");
    BOOST_TEST(server.number({"PTTL", "phoneauth:t:T"}) > 0);
    BOOST_TEST(thrown_by([&] { redis_storage again(server.url); }) == "nothing was thrown");

    // A former program stops at what it does not know, as this one does.
    const std::string now(detail::text_of(*server.ask({"GET", "phoneauth:t:T"})));
    BOOST_TEST(now.ends_with("1:32:-10:0:0:"));
    server.expect_ok({"SET", "phoneauth:t:T", now + "1:x"});
    BOOST_TEST(throws([&] { s.find_transaction("T"); }, "damaged"));
    server.expect_ok({"SET", "phoneauth:format", format(1)});
    BOOST_TEST(throws([&] { redis_storage again(server.url); }, "written by another version of phoneauth"));
    BOOST_TEST(detail::text_of(*server.ask({"GET", "phoneauth:format"})) == format(1));
}

BOOST_AUTO_TEST_CASE(records_of_format_2, *boost::unit_test::precondition(has_redis)) {
    private_redis server;
    auto u = a_user("U", "0100");
    u.created_at = time_point(1'700'000'000'000ms);
    server.expect_ok({"SET", "phoneauth:format", "2"});
    const auto former = "1:012:+1415555010013:U@example.com1:U7:$secret2:en1:113:17000000000000:0:1:0";
    server.ask({"HSET", "phoneauth:{users}:ids", "U", former});
    server.ask({"HSET", "phoneauth:{users}:phones", "+14155550100", "U"});
    server.ask({"HSET", "phoneauth:{users}:identities", "U@example.com", "U"});
    server.expect_ok({"SET", "phoneauth:s:H", "1:U13:170000000000013:1700003600000", "PX", "60000"});
    redis_storage s(server.url);
    BOOST_TEST(detail::text_of(*server.ask({"GET", "phoneauth:format"})) == format());
    BOOST_TEST(testing::detail::difference(s.find_user("U").value(), u) == "");
    const session old{"H", "U", u.created_at, u.created_at + 1h};
    BOOST_TEST(testing::detail::difference(s.find_session("H").value(), old) == "");
    u.generation = 7;
    BOOST_TEST((s.update_user(u) == write_result::done));
    ++u.version;
    BOOST_TEST(testing::detail::difference(s.find_user_by_phone(u.phone).value(), u) == "");
    BOOST_TEST(s.erase_session("H"));
}

BOOST_AUTO_TEST_CASE(records_of_format_3, *boost::unit_test::precondition(has_redis)) {
    private_redis server;
    auto u = a_user("U", "0100");
    u.created_at = time_point(1'700'000'000'000ms);
    u.generation = 7;
    auto t = a_transaction("T");
    t.created_at = t.last_sent_at = u.created_at;
    t.expires_at = u.created_at + 5min;
    t.known_network = "::1";
    session old{"H", "U", u.created_at, u.created_at + 1h, "F:0"};
    server.expect_ok({"SET", "phoneauth:format", "3"});
    server.ask({"HSET", "phoneauth:{users}:ids", "U",
                "1:012:+1415555010013:U@example.com1:U7:$secret2:en1:113:17000000000000:0:1:01:7"});
    server.ask({"HSET", "phoneauth:{users}:phones", "+14155550100", "U"});
    server.ask({"HSET", "phoneauth:{users}:identities", "U@example.com", "U"});
    server.expect_ok({"SET", "phoneauth:s:H", "1:U13:170000000000013:17000036000003:F:0", "PX", "60000"});
    server.ask({"ZADD", "phoneauth:u:U", "1700003600000", "H"});
    server.expect_ok({"SET", "phoneauth:t:T",
                      "1:11:212:+141555501000:0:1:11:01:013:170000000000013:170000030000013:17000000000001:11:00:3:::1",
                      "PX", "60000"});
    redis_storage s(server.url);
    BOOST_TEST(detail::text_of(*server.ask({"GET", "phoneauth:format"})) == format());
    BOOST_TEST(testing::detail::difference(s.find_transaction("T").value(), t) == "");
    BOOST_TEST(s.update_transaction(t));
    BOOST_TEST(s.find_transaction("T")->topic == "");
    BOOST_TEST(testing::detail::difference(s.find_user("U").value(), u) == "");
    u.backup_codes = "$a -";
    BOOST_TEST((s.update_user(u) == write_result::done));
    BOOST_TEST(s.find_user("U")->backup_codes == "$a -");

    BOOST_TEST(testing::detail::difference(s.find_session("H").value(), old) == "");
    const auto all = s.find_sessions_of("U");
    BOOST_TEST_REQUIRE(all.size() == 1u);
    BOOST_TEST(testing::detail::difference(all.front(), old) == "");
    old.version = 1;
    BOOST_TEST(!s.update_session(old));
    old.version = 0;  // what it does not tell
    old.auth_methods = by_code;
    BOOST_TEST(s.update_session(old));
    BOOST_TEST(!s.update_session(old));
    ++old.version;
    BOOST_TEST(testing::detail::difference(s.find_session("H").value(), old) == "");
    BOOST_TEST(server.number({"PTTL", "phoneauth:s:H"}) > 0);
    BOOST_TEST(s.update_session(old));
    BOOST_TEST(s.erase_user("U"));
    BOOST_TEST(s.erase_sessions_of("U", "") == 1u);
}

BOOST_AUTO_TEST_CASE(all_sessions_of_a_user_take_one_round_trip, *boost::unit_test::precondition(has_redis)) {
    private_redis server;
    redis_storage s(server.url);
    for (int i = 0; i < 3000; ++i) s.insert_session(a_session(std::to_string(i), "U"));
    BOOST_TEST(s.find_sessions_of("U").size() == 3000u);
    server.expect_ok({"CONFIG", "RESETSTAT"});
    BOOST_TEST(s.find_sessions_of("V").empty());
    BOOST_TEST(s.find_sessions_of("U").size() == 3000u);
    const auto stats = server.ask({"INFO", "commandstats"});
    BOOST_TEST(detail::text_of(*stats).find("cmdstat_evalsha:calls=2,") != std::string_view::npos);
    BOOST_TEST(detail::text_of(*stats).find("cmdstat_get:calls=3000,") != std::string_view::npos);
}

// Once forgotten by the server, scripts are sent again.
BOOST_AUTO_TEST_CASE(script_flush, *boost::unit_test::precondition(has_redis)) {
    private_redis server;
    blocking_world w(server.url);
    BOOST_TEST(count(w, 1) == 1);
    server.expect_ok({"SCRIPT", "FLUSH"});
    BOOST_TEST(count(w, 1) == 2);
    server.expect_ok({"CONFIG", "RESETSTAT"});
    BOOST_TEST(count(w, 1) == 3);
    const auto stats = server.ask({"INFO", "commandstats"});
    const auto text = detail::text_of(*stats);
    BOOST_TEST(text.find("cmdstat_evalsha:calls=1,") != text.npos);
    BOOST_TEST(text.find("cmdstat_eval:") == text.npos);
}

BOOST_AUTO_TEST_SUITE_END()
