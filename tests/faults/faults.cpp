// SPDX-License-Identifier: BSL-1.0
// A person's whole way through the library, with each fault and each pair of faults of faults/fault.hpp. `-- --all`
// runs every pair; without it those with a failed allocation are sampled evenly, and in a sanitized build all.
#include "faults/combinations.hpp"
#include "support/sanitized.hpp"

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace faults;

namespace {

/// One of so many pairs is run, of those at calls alone and of those with a failed allocation. Primes, so that they do
/// not fall into step with anything.
#ifdef PHONEAUTH_TESTS_SANITIZED
constexpr std::size_t calls_sample = 17;
constexpr std::size_t allocations_sample = 211;
#else
constexpr std::size_t calls_sample = 1;
constexpr std::size_t allocations_sample = 61;
#endif

bool is_everything_asked_for() {
    const auto& suite = boost::unit_test::framework::master_test_suite();
    for (int i = 1; i < suite.argc; ++i)
        if (std::string_view(suite.argv[i]) == "--all") return true;
    return false;
}

/// Counts runs, and reports the first that break something. From any thread.
class report {
public:
    void add(const plan& p, const outcome& o) {
        ++runs_;
        if (o.findings.empty()) return;
        const std::scoped_lock lock(mutex_);
        if (++broken_ <= 20) text_ += '\n' + text_of(p) + ": " + o.findings;
    }
    std::size_t runs() const { return runs_; }
    void check() const { BOOST_TEST(broken_ == 0u, broken_ << " of " << runs_ << " break something:" << text_); }

private:
    std::atomic<std::size_t> runs_ = 0;
    std::mutex mutex_;
    std::size_t broken_ = 0;
    std::string text_;
};

/// Calls `f` with each of `all`, on all processors.
void in_parallel(const std::vector<fault>& all, const std::function<void(const fault&)>& f) {
    std::atomic<std::size_t> next = 0;
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i)
        threads.emplace_back([&] {
            for (std::size_t at = next++; at < all.size(); at = next++) f(all[at]);
        });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(faults)

using worlds = boost::mpl::list<blocking_world, prompt_world>;

BOOST_AUTO_TEST_CASE_TEMPLATE(one_fault, World, worlds) {
    const auto undisturbed = live<World>();
    BOOST_TEST(undisturbed.findings == "");
    BOOST_TEST(undisturbed.requests() == 4u);
    report r;
    std::size_t exceptions = 0;
    const auto all = faults_of(undisturbed);
    for (const auto& f : all) {
        const plan p{f, fault{}};
        const auto o = live<World>(p);
        exceptions += o.exceptions;
        r.add(p, o);
    }
    r.check();
    // An exception leaves a flow only when there is no memory to begin, and then from each of the ten requests.
    BOOST_TEST(exceptions == 10 * World::first_frames);
    BOOST_TEST_MESSAGE(r.runs() << " single faults, " << undisturbed.allocations << " of them allocations; "
                                << exceptions << " exceptions");
}

BOOST_AUTO_TEST_CASE(one_fault_on_an_event_loop) {
    report r;
    for (const auto& f : faults_of(live<async_world>(), false)) {
        const plan p{f, fault{}};
        r.add(p, live<async_world>(p));
    }
    r.check();
    BOOST_TEST_MESSAGE(r.runs() << " single faults on an event loop");
}

BOOST_AUTO_TEST_CASE(two_faults) {
    const bool everything = is_everything_asked_for();
    report r;
    std::atomic<std::size_t> calls = 0;
    std::atomic<std::size_t> allocations = 0;
    in_parallel(faults_of(live<blocking_world>()), [&](const fault& first) {
        const plan alone{first, fault{}};
        for_each_second_fault(first, live<blocking_world>(alone), [&](const fault& second) {
            const bool out_of_memory = first.is_allocation() || second.is_allocation();
            const auto number = out_of_memory ? allocations++ : calls++;
            const auto sample = out_of_memory ? allocations_sample : calls_sample;
            if (!everything && number % sample != 0) return;
            const plan p{first, second};
            r.add(p, live<blocking_world>(p));
        });
    });
    r.check();
    BOOST_TEST_MESSAGE(r.runs() << " pairs of faults run, of " << calls << " at calls (one in "
                                << (everything ? 1 : calls_sample) << ") and " << allocations
                                << " with an allocation (one in " << (everything ? 1 : allocations_sample) << ')');
}

namespace {

struct seed {
    const char* name;
    defect what;
    invariant caught_by;
};

const seed seeds[]{
    {"swaps without comparing", defect::compares_no_versions, invariant::code_is_accepted_once},
    {"lost swaps", defect::loses_swaps, invariant::code_is_accepted_once},
    {"lost swaps, users", defect::loses_swaps, invariant::user_has_proved_his_phone},
    {"lost swaps, sessions", defect::loses_swaps, invariant::session_is_a_login},
    {"lost transactions", defect::loses_transactions, invariant::message_has_its_transaction},
    {"lost users", defect::loses_users, invariant::user_is_whole_or_absent},
    {"users without passwords", defect::halves_users, invariant::user_is_whole_or_absent},
    {"sessions that stay after a logout", defect::loses_ends_of_sessions, invariant::ended_session_is_dead},
    {"sessions that stay after a new password", defect::loses_ends_of_all_sessions, invariant::ended_session_is_dead},
    {"lost counts", defect::loses_counts, invariant::message_is_counted},
    {"nothing given back", defect::gives_nothing_back, invariant::refused_message_is_given_back},
    {"cells without end", defect::counts_for_ever, invariant::cell_ends},
    {"codes without expiry", defect::forgets_expiry, invariant::only_the_right_code_in_time},
    {"locks without end", defect::locks_for_ever, invariant::person_gets_in},
    {"a transport that sends again", defect::sends_again, invariant::message_is_counted},
    {"a transport that swears that nothing was sent", defect::hides_its_error, invariant::message_is_counted},
    {"exceptions that leave", defect::lets_exceptions_out, invariant::no_exception_leaves_a_flow}};

}  // namespace

BOOST_AUTO_TEST_CASE(defects_are_noticed) {
    for (const auto& s : seeds) {
        bool caught = false;
        const auto look = [&](const plan& p) {
            caught = caught || live<blocking_world>(p, s.what).broken[static_cast<std::size_t>(s.caught_by)];
        };
        look({});
        for (const auto& f : faults_of(live<blocking_world>({}, s.what), false)) {
            if (caught) break;
            look({f, fault{}});
        }
        BOOST_TEST(caught, s.name << " break \"" << invariant_names[static_cast<std::size_t>(s.caught_by)] << '"');
    }
}

BOOST_AUTO_TEST_SUITE_END()
