// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <stdlib.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <phoneauth/asio/pooled_storage.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/archetypes.hpp>
#include <phoneauth/testing/posting.hpp>
#include <phoneauth/testing/storage_suite.hpp>

#include "support/temporary_folder.hpp"

#ifdef PHONEAUTH_WITH_SQLITE
#include <phoneauth/storage/sqlite.hpp>
#endif

using namespace phoneauth;

namespace {

struct runner {
    template <class T>
    T operator()(::asio::awaitable<T> later) const {
        ::asio::io_context context;
        auto value = ::asio::co_spawn(context, std::move(later), ::asio::use_future);
        context.run();
        return value.get();
    }
} const run;

/// Waits at a gate in each look-up.
struct gated : testing::session_storage_archetype {
    std::promise<void> begun, gate;
    std::shared_future<void> open{gate.get_future()};
    std::thread::id worker;

    std::optional<session> find_session(const std::string& hash) {
        worker = std::this_thread::get_id();
        if (hash == "first") begun.set_value();
        open.wait();
        return session{hash, "U", {}, {}};
    }
};

struct broken : testing::user_storage_archetype {
    struct lost : std::runtime_error {
        using runtime_error::runtime_error;
    };
    write_result insert_user(const user&) { throw lost("the cable"); }
};

static_assert(Storage<pooled_storage<memory_storage>> && is_process_local<pooled_storage<memory_storage>>);
static_assert(Storage<testing::posting<memory_storage>> && is_process_local<testing::posting<memory_storage>>);
static_assert(SessionStorage<pooled_storage<gated>> && !TransactionStorage<pooled_storage<gated>> &&
              !UserStorage<pooled_storage<gated>> && !CellStorage<pooled_storage<gated>>);

}  // namespace

BOOST_AUTO_TEST_SUITE(pooled_storages)

BOOST_AUTO_TEST_CASE(memory_passes_the_conformance_suite) {
    memory_storage memory;
    pooled_storage storage(memory);
    BOOST_TEST(testing::to_text(testing::run_storage_suite(storage, run)) == "");
}

#ifdef PHONEAUTH_WITH_SQLITE
static_assert(Storage<pooled_storage<sqlite_storage>> && !is_process_local<pooled_storage<sqlite_storage>>);

BOOST_AUTO_TEST_CASE(sqlite_passes_the_conformance_suite) {
    const support::temporary_folder folder;
    sqlite_storage file(folder.file("store.db"), {.survive_power_loss = false});
    pooled_storage storage(file);
    BOOST_TEST(testing::to_text(testing::run_storage_suite(storage, run, {.rounds = 10})) == "");
}
#endif

BOOST_AUTO_TEST_CASE(an_exception_comes_through_as_it_was_thrown) {
    broken storage;
    pooled_storage pooled(storage);
    const user u{"U", *phone_number::parse("+14155550100"), "ann", ""};
    BOOST_CHECK_EXCEPTION(run(pooled.insert_user(u)), broken::lost,
                          [](const auto& e) { return e.what() == std::string("the cable"); });
    BOOST_TEST((run(pooled.update_user(u)) == write_result::stale));
}

BOOST_AUTO_TEST_CASE(the_event_loop_goes_on_and_the_queue_is_bounded) {
    ::asio::io_context context;
    gated storage;
    pooled_storage pooled(storage, 1, 1);
    int found = 0, refused = 0;
    const auto flow = [&](const char* hash) -> ::asio::awaitable<void> {
        try {
            auto name = std::make_unique<std::string>(hash);
            auto later = pooled.find_session(*name);
            name.reset();  // the call has a copy
            auto s = co_await std::move(later);
            found += s->token_hash == hash;
        } catch (const std::system_error& e) {
            refused += e.code() == error::overloaded;
        }
    };
    for (const auto* hash : {"first", "second, too long for a short string", "third"})
        ::asio::co_spawn(context, flow(hash), ::asio::detached);
    context.poll();  // would not return if a call were made here
    storage.begun.get_future().wait();
    BOOST_TEST(found == 0);
    BOOST_TEST(refused == 1);
    storage.gate.set_value();
    context.run();
    BOOST_TEST(found == 2);
    BOOST_TEST((storage.worker != std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(a_call_outlives_the_operation_that_made_it) {
    gated storage;
    std::optional<::asio::io_context> context(std::in_place);
    std::optional<pooled_storage<gated>> pooled(std::in_place, storage, 1u);
    const auto flow = [&]() -> ::asio::awaitable<void> {
        const std::string hash = "first";
        co_await pooled->find_session(hash);
        BOOST_ERROR("nobody runs the context any more");
    };
    ::asio::co_spawn(*context, flow(), ::asio::detached);
    context->poll();
    storage.begun.get_future().wait();
    storage.gate.set_value();
    pooled.reset();   // waits for the call
    context.reset();  // destroys the operation
    BOOST_TEST((storage.worker != std::thread::id()));
}

BOOST_AUTO_TEST_SUITE_END()
