// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_STORAGE_SUITE_HPP
#define PHONEAUTH_TESTING_STORAGE_SUITE_HPP

#include <functional>
#include <utility>
#include <vector>

#include <phoneauth/policies.hpp>
#include <phoneauth/testing/detail/cell_suite.hpp>
#include <phoneauth/testing/detail/session_suite.hpp>
#include <phoneauth/testing/detail/transaction_suite.hpp>
#include <phoneauth/testing/detail/user_suite.hpp>
#include <phoneauth/testing/suite.hpp>

// Finds out whether a storage gives the guarantees that stand at its concept in policies.hpp, races included. It needs
// no test framework:
//
//     my_users users(test_database);
//     const auto findings = phoneauth::testing::run_user_storage_suite(users);
//     BOOST_TEST(phoneauth::testing::to_text(findings) == "");
//
// Take a storage for tests that nobody else uses meanwhile. It need not be empty: all records have random names. Users
// and cells stay behind, and what has expired may be deleted.

namespace phoneauth {
inline namespace v0 {
namespace testing {

/// Checks the transactions of a storage. Most calls come from `options.threads` threads at once.
///
/// A storage with awaitables needs a `sync_wait` that runs an awaitable to its end and gives its value, or throws what
/// it threw. It is called from several threads at once:
///
///     [](auto later) {
///         asio::io_context context;
///         auto value = asio::co_spawn(context, std::move(later), asio::use_future);
///         context.run();
///         return value.get();
///     }
///
/// @param storage    what is checked
/// @param sync_wait  gives the value of what a function of the storage returned; for a blocking storage that is what it
///     returned
/// @param options    how hard it tries
/// @return what is wrong; empty if nothing is
template <TransactionStorage S, class SyncWait = std::identity>
std::vector<suite_finding> run_transaction_storage_suite(S& storage, const SyncWait& sync_wait = {},
                                                         const suite_options& options = {}) {
    detail::storage_suite<S, SyncWait> suite(storage, storage, sync_wait, options);
    suite.transactions();
    return std::move(suite).findings();
}

/// Checks the users of `storage`, like `run_transaction_storage_suite`.
template <UserStorage S, class SyncWait = std::identity>
std::vector<suite_finding> run_user_storage_suite(S& storage, const SyncWait& sync_wait = {},
                                                  const suite_options& options = {}) {
    detail::storage_suite<S, SyncWait> suite(storage, storage, sync_wait, options);
    suite.users();
    return std::move(suite).findings();
}

/// Checks the sessions of `storage`, like `run_transaction_storage_suite`.
template <SessionStorage S, class SyncWait = std::identity>
std::vector<suite_finding> run_session_storage_suite(S& storage, const SyncWait& sync_wait = {},
                                                     const suite_options& options = {}) {
    detail::storage_suite<S, SyncWait> suite(storage, storage, sync_wait, options);
    suite.sessions();
    return std::move(suite).findings();
}

/// Checks the cells of `storage`, like `run_transaction_storage_suite`.
template <CellStorage S, class SyncWait = std::identity>
std::vector<suite_finding> run_cell_storage_suite(S& storage, const SyncWait& sync_wait = {},
                                                  const suite_options& options = {}) {
    detail::storage_suite<S, SyncWait> suite(storage, storage, sync_wait, options);
    suite.cells();
    return std::move(suite).findings();
}

/// Checks two handles of one store, as two servers have them: all four parts, like `run_transaction_storage_suite`.
/// Each call goes to the other handle than the one before. What one of them has acknowledged, the other must see.
template <Storage S, class SyncWait = std::identity>
std::vector<suite_finding> run_shared_storage_suite(S& one, S& other, const SyncWait& sync_wait = {},
                                                    const suite_options& options = {}) {
    detail::storage_suite<S, SyncWait> suite(one, other, sync_wait, options);
    suite.transactions();
    suite.users();
    suite.sessions();
    suite.cells();
    return std::move(suite).findings();
}

/// Checks all four parts of `storage`, like `run_transaction_storage_suite`.
template <Storage S, class SyncWait = std::identity>
std::vector<suite_finding> run_storage_suite(S& storage, const SyncWait& sync_wait = {},
                                             const suite_options& options = {}) {
    return run_shared_storage_suite(storage, storage, sync_wait, options);
}

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
