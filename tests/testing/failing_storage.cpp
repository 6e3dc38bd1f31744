// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <tuple>
#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/failing_storage.hpp>
#include <phoneauth/testing/posting.hpp>
#include <phoneauth/testing/scripted_transport.hpp>

using namespace phoneauth;

namespace {

/// The value of what a policy returned, in both worlds.
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
} const run;

const auto phone = *phone_number::parse("+14155550100");
const transaction a_transaction{"T", purpose::login, phone};
const user a_user{"U", phone, "ann@example.com", ""};

/// `S` on top of a `memory_storage`.
template <class S>
struct world;
template <>
struct world<testing::failing_storage<memory_storage>> {
    memory_storage memory;
    testing::failing_storage<memory_storage> failing{memory};
};
template <>
struct world<testing::failing_storage<testing::posting<memory_storage>>> {
    memory_storage memory;
    testing::posting<memory_storage> inner{memory};
    testing::failing_storage<testing::posting<memory_storage>> failing{inner};
};

using worlds =
    std::tuple<testing::failing_storage<memory_storage>, testing::failing_storage<testing::posting<memory_storage>>>;

static_assert(Storage<testing::failing_storage<memory_storage>>);
static_assert(Storage<testing::failing_storage<testing::posting<memory_storage>>>);
static_assert(Storage<testing::posting<testing::failing_storage<memory_storage>>>);
static_assert(HttpTransport<testing::posting<testing::scripted_transport>> &&
              !Storage<testing::posting<testing::scripted_transport>>);

}  // namespace

BOOST_AUTO_TEST_SUITE(failing_storage_)

BOOST_AUTO_TEST_CASE_TEMPLATE(hands_everything_on, S, worlds) {
    world<S> w;
    auto& s = w.failing;
    BOOST_TEST(run(s.insert_transaction(a_transaction)));
    BOOST_TEST(run(s.update_transaction(a_transaction)));
    BOOST_TEST(run(s.find_transaction("T"))->version == 1u);
    BOOST_TEST((run(s.insert_user(a_user)) == write_result::done));
    BOOST_TEST((run(s.update_user(a_user)) == write_result::done));
    BOOST_TEST(run(s.find_user("U"))->version == 1u);
    BOOST_TEST(run(s.find_user_by_phone(phone)).has_value());
    BOOST_TEST(run(s.find_user_by_identity("ann@example.com")).has_value());
    const session a_session{"H", "U", {}, {}};
    BOOST_TEST(run(s.insert_session(a_session)));
    BOOST_TEST(run(s.update_session(a_session)));
    BOOST_TEST(run(s.find_session("H"))->version == 1u);
    BOOST_TEST(run(s.find_sessions_of("U")).size() == 1u);
    BOOST_TEST(run(s.erase_user("U")));
    BOOST_TEST(run(s.erase_session("H")));
    BOOST_TEST(run(s.erase_sessions_of("U", "")) == 0u);
    cell_batch batch(time_point{});
    batch.add({.cost = std::chrono::hours(1), .room = std::chrono::hours(1)}, "c");
    BOOST_TEST(run(s.take_cells(batch)).granted);
    BOOST_TEST(!w.memory.take_cells(batch).granted);
    BOOST_TEST(s.calls() == 16u);
    BOOST_TEST(s.updates() == 3u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(fails_before_or_after_the_work, S, worlds) {
    world<S> w;
    auto& s = w.failing;
    s.fail_before(1);
    s.fail_after(3);
    BOOST_CHECK_THROW(run(s.insert_transaction(a_transaction)), std::runtime_error);
    BOOST_TEST(!run(s.find_transaction("T")).has_value());
    BOOST_CHECK_THROW(run(s.insert_transaction(a_transaction)), std::runtime_error);
    BOOST_TEST(run(s.find_transaction("T")).has_value());
    BOOST_TEST(s.calls() == 4u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(loses_a_race_to_an_unchanged_record, S, worlds) {
    world<S> w;
    auto& s = w.failing;
    run(s.insert_transaction(a_transaction));
    run(s.insert_user(a_user));
    s.lose_race_on(2);
    auto t = a_transaction;
    t.tries = 1;
    BOOST_TEST(run(s.update_transaction(t)));
    t.version = 1;
    t.tries = 2;
    BOOST_TEST(!run(s.update_transaction(t)));
    const auto stored = run(s.find_transaction("T"));
    BOOST_TEST(stored->tries == 1u);
    BOOST_TEST(stored->version == 2u);

    s.lose_race_on(3);
    BOOST_TEST((run(s.update_user(a_user)) == write_result::stale));
    BOOST_TEST(run(s.find_user("U"))->version == 1u);
    BOOST_TEST((run(s.update_user(*run(s.find_user("U")))) == write_result::done));

    const session a_session{"H", "U", {}, {}};
    run(s.insert_session(a_session));
    s.lose_race_on(5);
    BOOST_TEST(!run(s.update_session(a_session)));
    BOOST_TEST(run(s.find_session("H"))->version == 1u);
    BOOST_TEST(run(s.update_session(*run(s.find_session("H")))));
}

BOOST_AUTO_TEST_SUITE_END()
