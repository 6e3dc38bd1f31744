// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <concepts>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <phoneauth/storage/forwarding.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/archetypes.hpp>
#include <phoneauth/testing/storage_suite.hpp>

using namespace phoneauth;

namespace {

/// Notes what is called, and finds no session.
template <class S>
class noting_storage : public forwarding_storage<noting_storage<S>> {
public:
    explicit noting_storage(S& storage) : storage_(storage) {}

    template <class Operation, class... Arguments>
    requires std::invocable<Operation, S&, const Arguments&...>
    auto perform(Operation operation, const Arguments&... arguments) {
        calls.emplace_back(operation.part, operation.name);
        return operation(storage_, arguments...);
    }
    std::optional<session> perform(operations::find_session, const std::string&) { return {}; }

    std::vector<std::pair<storage_part, std::string>> calls;

private:
    S& storage_;
};

/// Only hands on.
class plain_storage : public forwarding_storage<plain_storage> {
public:
    template <class Operation, class... Arguments>
    auto perform(Operation operation, const Arguments&... arguments) {
        return operation(memory_, arguments...);
    }

private:
    memory_storage memory_;
};

static_assert(Storage<plain_storage> && Storage<noting_storage<memory_storage>>);
static_assert(UserStorage<noting_storage<testing::user_storage_archetype>> &&
              !TransactionStorage<noting_storage<testing::user_storage_archetype>> &&
              !CellStorage<noting_storage<testing::user_storage_archetype>>);

}  // namespace

BOOST_AUTO_TEST_SUITE(forwarding_storage_)

BOOST_AUTO_TEST_CASE(passes_the_suite) {
    plain_storage s;
    BOOST_TEST(testing::to_text(testing::run_storage_suite(s, {}, {.threads = 4, .rounds = 5})) == "");
}

BOOST_AUTO_TEST_CASE(tells_what_is_called_and_can_do_something_else) {
    memory_storage memory;
    noting_storage s(memory);
    BOOST_TEST(s.insert_session({"S", "U"}));
    BOOST_TEST(!s.find_session("S").has_value());
    BOOST_TEST(s.erase_sessions_of("U", "") == 1u);
    s.take_cells(cell_batch(time_point{}));
    BOOST_TEST(!s.find_transaction("T").has_value());
    const decltype(s.calls) expected{{storage_part::sessions, "insert_session"},
                                     {storage_part::sessions, "erase_sessions_of"},
                                     {storage_part::cells, "take_cells"},
                                     {storage_part::transactions, "find_transaction"}};
    BOOST_TEST((s.calls == expected));
}

BOOST_AUTO_TEST_SUITE_END()
