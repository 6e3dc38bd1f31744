// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_BLACK_HOLE_BLACK_HOLE_HPP
#define PHONEAUTH_TESTS_BLACK_HOLE_BLACK_HOLE_HPP

#include <boost/test/tree/test_unit.hpp>
#include <boost/test/unit_test_suite.hpp>

#include <cstdlib>

namespace black_hole {

/// The program runs in the network of scripts/black_hole.sh, which says what its names are: a precondition of all tests
/// here.
inline boost::test_tools::assertion_result is_there(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result there(std::getenv("PHONEAUTH_TEST_BLACK_HOLE") != nullptr);
    there.message() << "not run by scripts/black_hole.sh";
    return there;
}

}  // namespace black_hole

#endif
