// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_STORAGE_SUITE_HPP
#define PHONEAUTH_TESTING_STORAGE_SUITE_HPP

#include <utility>
#include <vector>

#include <phoneauth/policies.hpp>
#include <phoneauth/testing/detail/counter_suite.hpp>
#include <phoneauth/testing/detail/session_suite.hpp>
#include <phoneauth/testing/detail/transaction_suite.hpp>
#include <phoneauth/testing/detail/user_suite.hpp>
#include <phoneauth/testing/suite.hpp>

// Finds out whether a storage gives the guarantees that stand at its concept in policies.hpp, races included. It needs
// no test framework:
//
//     my_users users(test_database);
//     const auto findings = phoneauth::run_user_storage_suite(users);
//     BOOST_TEST(phoneauth::to_text(findings) == "");
//
// The storage need not be empty, but should be one for tests that nobody else uses meanwhile: all records have random
// names, users and counters stay behind, and what has expired may be swept.

namespace phoneauth {
inline namespace v0 {
namespace testing {

/// Checks the transactions of `storage`. Returns what is wrong; empty if nothing is. Most of its calls come from
/// `options.threads` threads at once. `run`: see `already_there`.
template <TransactionStorage S, class Run = already_there>
std::vector<suite_finding> run_transaction_storage_suite(S& storage, const Run& run = {},
                                                         const suite_options& options = {}) {
    detail::storage_suite<S, Run> suite(storage, storage, run, options);
    suite.transactions();
    return std::move(suite).findings();
}

/// Checks the users of `storage`, like `run_transaction_storage_suite`.
template <UserStorage S, class Run = already_there>
std::vector<suite_finding> run_user_storage_suite(S& storage, const Run& run = {}, const suite_options& options = {}) {
    detail::storage_suite<S, Run> suite(storage, storage, run, options);
    suite.users();
    return std::move(suite).findings();
}

/// Checks the sessions of `storage`, like `run_transaction_storage_suite`.
template <SessionStorage S, class Run = already_there>
std::vector<suite_finding> run_session_storage_suite(S& storage, const Run& run = {},
                                                     const suite_options& options = {}) {
    detail::storage_suite<S, Run> suite(storage, storage, run, options);
    suite.sessions();
    return std::move(suite).findings();
}

/// Checks the counters of `storage`, like `run_transaction_storage_suite`.
template <CounterStorage S, class Run = already_there>
std::vector<suite_finding> run_counter_storage_suite(S& storage, const Run& run = {},
                                                     const suite_options& options = {}) {
    detail::storage_suite<S, Run> suite(storage, storage, run, options);
    suite.counters();
    return std::move(suite).findings();
}

/// Checks two handles of one store, as two servers have them: all four parts, like `run_transaction_storage_suite`,
/// each call going to the other handle than the one before. What one of them has acknowledged, the other must see.
template <Storage S, class Run = already_there>
std::vector<suite_finding> run_shared_storage_suite(S& one, S& other, const Run& run = {},
                                                    const suite_options& options = {}) {
    detail::storage_suite<S, Run> suite(one, other, run, options);
    suite.transactions();
    suite.users();
    suite.sessions();
    suite.counters();
    return std::move(suite).findings();
}

/// Checks all four parts of `storage`, like `run_transaction_storage_suite`.
template <Storage S, class Run = already_there>
std::vector<suite_finding> run_storage_suite(S& storage, const Run& run = {}, const suite_options& options = {}) {
    return run_shared_storage_suite(storage, storage, run, options);
}

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
