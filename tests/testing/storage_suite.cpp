// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <phoneauth/storage/combined.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/archetypes.hpp>
#include <phoneauth/testing/posting.hpp>
#include <phoneauth/testing/storage_suite.hpp>

using namespace phoneauth;

// That the suite finds mistakes is tested in tests/storage/bad_stores.cpp. Here: it finds none where there are none.
BOOST_AUTO_TEST_SUITE(storage_suite_)

BOOST_AUTO_TEST_CASE(memory_storage_passes) {
    memory_storage s;
    BOOST_TEST(testing::to_text(testing::run_storage_suite(s)) == "");
    BOOST_TEST(testing::to_text(testing::run_storage_suite(s)) == "");  // it need not be empty
}

BOOST_AUTO_TEST_CASE(two_handles_of_one_memory_storage_pass) {
    memory_storage memory;
    using handle = combined_storage<memory_storage, memory_storage, memory_storage, memory_storage>;
    handle one(memory, memory, memory, memory), other(memory, memory, memory, memory);
    BOOST_TEST(testing::to_text(testing::run_shared_storage_suite(one, other)) == "");
}

BOOST_AUTO_TEST_CASE(one_thread_is_enough) {
    memory_storage s;
    BOOST_TEST(testing::to_text(testing::run_storage_suite(s, {}, {.threads = 1, .rounds = 1})) == "");
}

BOOST_AUTO_TEST_CASE(parts_can_be_run_alone) {
    memory_storage s;
    BOOST_TEST(testing::to_text(testing::run_transaction_storage_suite(s)) == "");
    BOOST_TEST(testing::to_text(testing::run_user_storage_suite(s)) == "");
    BOOST_TEST(testing::to_text(testing::run_session_storage_suite(s)) == "");
    BOOST_TEST(testing::to_text(testing::run_cell_storage_suite(s, {}, {.threads = 1, .rounds = 1})) == "");

    testing::transaction_storage_archetype transactions;
    testing::session_storage_archetype sessions;
    testing::user_storage_archetype users;
    testing::cell_storage_archetype cells;
    BOOST_TEST(testing::to_text(testing::run_user_storage_suite(users)) != "");
    BOOST_TEST(testing::to_text(testing::run_session_storage_suite(sessions)) != "");
    BOOST_TEST(testing::to_text(testing::run_cell_storage_suite(cells)) != "");
    BOOST_TEST(testing::to_text(testing::run_transaction_storage_suite(transactions)) != "");
}

BOOST_AUTO_TEST_CASE(an_asynchronous_storage_is_run_by_a_runner) {
    memory_storage memory;
    testing::posting s(memory);
    const auto run = [](auto later) {
        ::asio::io_context context;
        auto value = ::asio::co_spawn(context, std::move(later), ::asio::use_future);
        context.run();
        return value.get();
    };
    BOOST_TEST(testing::to_text(testing::run_storage_suite(s, run, {.threads = 4, .rounds = 2})) == "");
}

BOOST_AUTO_TEST_SUITE_END()
