// SPDX-License-Identifier: BSL-1.0
// A person's whole way through the library, and the rest of an account's life, with each fault and each pair of faults
// of faults/fault.hpp. `-- --all` runs every pair, but of the life those with a failed allocation are sampled; without it
// those with a failed allocation are sampled evenly, and of the life, and in a sanitized build, all.
#include "faults/combinations.hpp"
#include "faults/journey.hpp"
#include "faults/life.hpp"
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
struct samples {
    std::size_t calls;
    std::size_t allocations;
};
constexpr samples all_of_journey{1, 1};
constexpr samples all_of_life{1, 61};
#ifdef PHONEAUTH_TESTS_SANITIZED
constexpr samples of_journey{17, 211};
constexpr samples of_life{2003, 100'003};
#else
constexpr samples of_journey{1, 61};
constexpr samples of_life{101, 5003};
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

namespace {

/// Of `Journey`, which asks for so many flows and sends so many requests when nothing fails. No observer is told of `untold`
/// of the flows: where there are several frames to begin, those have one less.
template <class Journey>
void run_single_faults(std::size_t flows, std::size_t requests, std::size_t first_frames, std::size_t untold = 0) {
    const auto undisturbed = live<Journey>();
    BOOST_TEST(undisturbed.findings == "");
    BOOST_TEST(undisturbed.flows == flows);
    BOOST_TEST(undisturbed.requests() == requests);
    report r;
    std::atomic<std::size_t> exceptions = 0;
    in_parallel(faults_of(undisturbed), [&](const fault& f) {
        const plan p{f, fault{}};
        const auto o = live<Journey>(p);
        exceptions += o.exceptions;
        r.add(p, o);
    });
    r.check();
    // An exception leaves a flow only when there is no memory to begin, and then from each of them.
    BOOST_TEST(exceptions == flows * first_frames - (first_frames > 1 ? untold : 0));
    BOOST_TEST_MESSAGE(r.runs() << " single faults, " << undisturbed.allocations << " of them allocations; "
                                << exceptions << " exceptions");
}

template <class Journey>
void run_single_faults_at_calls() {
    report r;
    in_parallel(faults_of(live<Journey>(), false), [&](const fault& f) {
        const plan p{f, fault{}};
        r.add(p, live<Journey>(p));
    });
    r.check();
    BOOST_TEST_MESSAGE(r.runs() << " single faults on an event loop");
}

template <class Journey>
void run_pairs(const samples& usually, const samples& with_all) {
    const samples of = is_everything_asked_for() ? with_all : usually;
    report r;
    std::atomic<std::size_t> calls = 0;
    std::atomic<std::size_t> allocations = 0;
    in_parallel(faults_of(live<Journey>()), [&](const fault& first) {
        const plan alone{first, fault{}};
        for_each_second_fault(first, live<Journey>(alone), [&](const fault& second) {
            const bool out_of_memory = first.is_allocation() || second.is_allocation();
            const auto number = out_of_memory ? allocations++ : calls++;
            const auto sample = out_of_memory ? of.allocations : of.calls;
            if (number % sample != 0) return;
            const plan p{first, second};
            r.add(p, live<Journey>(p));
        });
    });
    r.check();
    BOOST_TEST_MESSAGE(r.runs() << " pairs of faults run, of " << calls << " at calls (one in " << of.calls << ") and "
                                << allocations << " with an allocation (one in " << of.allocations << ')');
}

}  // namespace

using worlds = boost::mpl::list<blocking_world, prompt_world>;

BOOST_AUTO_TEST_CASE_TEMPLATE(one_fault, World, worlds) {
    run_single_faults<journey<World>>(10, 5, World::first_frames);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(one_fault_in_a_life, World, worlds) {
    run_single_faults<life<World>>(28, 14, World::first_frames, 1);  // list_sessions
}

BOOST_AUTO_TEST_CASE(one_fault_on_an_event_loop) {
    run_single_faults_at_calls<journey<async_world>>();
    run_single_faults_at_calls<life<async_world>>();
}

BOOST_AUTO_TEST_CASE(two_faults) {
    run_pairs<journey<blocking_world>>(of_journey, all_of_journey);
}

BOOST_AUTO_TEST_CASE(two_faults_in_a_life) {
    run_pairs<life<blocking_world>>(of_life, all_of_life);
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
    {"cells dropped before their end", defect::drops_too_early, invariant::message_is_counted},
    {"codes without expiry", defect::forgets_expiry, invariant::only_the_right_code_in_time},
    {"locks without end", defect::locks_for_ever, invariant::person_gets_in},
    {"a transport that sends again", defect::sends_again, invariant::message_is_counted},
    {"a transport that swears that nothing was sent", defect::hides_its_error, invariant::message_is_counted},
    {"exceptions that leave", defect::lets_exceptions_out, invariant::no_exception_leaves_a_flow}};

const seed seeds_in_a_life[]{
    {"swaps without comparing", defect::compares_no_versions, invariant::code_is_accepted_once},
    {"swaps of users without comparing", defect::compares_no_users, invariant::code_is_accepted_once},
    {"lost swaps of users", defect::loses_user_swaps, invariant::user_is_whole_or_absent},
    {"users who stay", defect::loses_deletions, invariant::user_is_whole_or_absent},
    {"sessions that stay", defect::loses_ends_of_other_sessions, invariant::ended_session_is_dead},
    {"lost counts", defect::loses_counts, invariant::message_is_counted},
    {"nothing given back", defect::gives_nothing_back, invariant::refused_message_is_given_back},
    {"a transport that sends again", defect::sends_again, invariant::message_is_counted}};

template <class Journey>
void check_caught(const seed& s) {
    bool caught = false;
    const auto look = [&](const plan& p) {
        caught = caught || live<Journey>(p, s.what).broken[static_cast<std::size_t>(s.caught_by)];
    };
    look({});
    for (const auto& f : faults_of(live<Journey>({}, s.what), false)) {
        if (caught) break;
        look({f, fault{}});
    }
    BOOST_TEST(caught, s.name << " break \"" << invariant_names[static_cast<std::size_t>(s.caught_by)] << '"');
}

}  // namespace

BOOST_AUTO_TEST_CASE(defects_are_noticed) {
    for (const auto& s : seeds) check_caught<journey<blocking_world>>(s);
    for (const auto& s : seeds_in_a_life) check_caught<life<blocking_world>>(s);
}

BOOST_AUTO_TEST_SUITE_END()
