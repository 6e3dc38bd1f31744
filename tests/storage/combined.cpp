// SPDX-License-Identifier: BSL-1.0
#include <phoneauth/asio/awaitable.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <phoneauth/storage/combined.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/posting.hpp>
#include <phoneauth/testing/storage_suite.hpp>

using namespace phoneauth;

namespace {

/// The value of what a part returned, now or later.
struct runner {
    template <class T>
    T operator()(T value) const {
        return value;
    }
    template <class T>
    T operator()(::asio::awaitable<T> later) const {
        ::asio::io_context context;
        auto value = ::asio::co_spawn(context, std::move(later), ::asio::use_future);
        context.run();
        return value.get();
    }
};

/// A part that other processes see.
struct shared_memory_storage : memory_storage {
    static constexpr bool process_local = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(combined_storage_)

BOOST_AUTO_TEST_CASE(of_blocking_parts_passes_the_suite) {
    memory_storage a, b, c, d;
    combined_storage s(a, b, c, d);
    BOOST_TEST(testing::to_text(testing::run_storage_suite(s)) == "");
}

BOOST_AUTO_TEST_CASE(of_one_store_and_own_users_passes_the_suite) {
    memory_storage rest, users;
    combined_storage s(rest, users, rest, rest);
    BOOST_TEST(testing::to_text(testing::run_storage_suite(s)) == "");
}

BOOST_AUTO_TEST_CASE(of_blocking_and_asynchronous_parts_passes_the_suite) {
    memory_storage memory, users;
    testing::posting later(memory);
    testing::posting later_users(users);
    combined_storage only_users_wait(memory, later_users, memory, memory);
    BOOST_TEST(testing::to_text(testing::run_storage_suite(only_users_wait, runner{}, {.threads = 4, .rounds = 5})) ==
               "");
    combined_storage only_users_do_not(later, users, later, later);
    BOOST_TEST(testing::to_text(testing::run_storage_suite(only_users_do_not, runner{}, {.threads = 4, .rounds = 5})) ==
               "");
}

BOOST_AUTO_TEST_CASE(keeps_each_part_where_it_belongs) {
    memory_storage transactions, users, sessions, cells;
    combined_storage s(transactions, users, sessions, cells);
    const auto phone = *phone_number::parse("+14155550100");
    BOOST_TEST(s.insert_transaction({"T", purpose::login, phone}));
    BOOST_TEST((s.insert_user({"U", phone, "ada@example.com", ""}) == write_result::done));
    BOOST_TEST(s.insert_session({"S", "U"}));
    cell_batch batch(time_point{});
    batch.add({.cost = std::chrono::hours(1), .room = std::chrono::hours(1)}, "C");
    BOOST_TEST(s.take_cells(batch).granted);
    BOOST_TEST(transactions.find_transaction("T").has_value());
    BOOST_TEST(users.find_user("U").has_value());
    BOOST_TEST(sessions.find_session("S").has_value());
    BOOST_TEST(!cells.take_cells(batch).granted);
}

BOOST_AUTO_TEST_CASE(is_process_local_if_its_transactions_are) {
    using local = memory_storage;
    using shared = shared_memory_storage;
    static_assert(is_process_local<combined_storage<local, shared, shared, shared>>);
    static_assert(!is_process_local<combined_storage<shared, local, local, local>>);
}

BOOST_AUTO_TEST_SUITE_END()
