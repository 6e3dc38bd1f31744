// SPDX-License-Identifier: BSL-1.0
// The main function of the unit tests. Besides Boost.Test's own report it prints the line that
// tests/run.sh adds up: "N passed, N failed, N skipped".

#define BOOST_TEST_NO_MAIN
#include <boost/test/results_collector.hpp>
#include <boost/test/tree/traverse.hpp>
#include <boost/test/tree/visitor.hpp>
#include <boost/test/unit_test.hpp>

#include <iostream>

namespace {

/// Those that nobody asked for, which Boost.Test reports as skipped, too.
struct unselected : boost::unit_test::test_tree_visitor {
    void visit(const boost::unit_test::test_case& each) override { count += each.is_enabled() ? 0u : 1u; }
    unsigned long count = 0;
};

}  // namespace

int main(int argc, char* argv[]) {
    const int status = boost::unit_test::unit_test_main([] { return true; }, argc, argv);
    const auto whole = boost::unit_test::framework::master_test_suite().p_id;
    const auto& all = boost::unit_test::results_collector.results(whole);
    unselected others;
    boost::unit_test::traverse_test_tree(whole, others, true);
    std::cout << all.p_test_cases_passed + all.p_test_cases_warned << " passed, "
              << all.p_test_cases_failed + all.p_test_cases_aborted << " failed, "
              << all.p_test_cases_skipped - others.count << " skipped\n";
    return status;
}
