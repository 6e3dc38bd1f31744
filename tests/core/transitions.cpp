// SPDX-License-Identifier: BSL-1.0
// The state machine, every state against every event.
#include <phoneauth/rules/transitions.hpp>

#include <boost/test/unit_test.hpp>

using namespace phoneauth;
using namespace std::chrono_literals;
using S = transaction_state;

BOOST_AUTO_TEST_SUITE(core_transitions)

namespace {

constexpr time_point t0{1'000'000s};

transaction sample(S state = S::pending) {
    return {.id = "A",
            .purpose = purpose::login,
            .phone = *phone_number::parse("+14155550100"),
            .key_id = "k",
            .state = state,
            .sends = 1,
            .created_at = t0,
            .expires_at = t0 + 300s,
            .last_sent_at = t0};
}

enum class event {
    right_code,
    wrong_code,
    last_wrong_code,
    late_code,
    resend,
    early_resend,
    resend_too_often,
    late_resend,
    resend_nearly_too_late,
    refusal,
    reopen
};

std::pair<S, std::error_code> apply(S from, event e) {
    const config c;
    auto t = sample(from);
    result<void> r;
    switch (e) {
    case event::right_code:
        r = rules::apply_code(t, true, c, t0 + 10s);
        break;
    case event::wrong_code:
        r = rules::apply_code(t, false, c, t0 + 10s);
        break;
    case event::last_wrong_code:
        t.tries = 4;
        r = rules::apply_code(t, false, c, t0 + 10s);
        break;
    case event::late_code:
        r = rules::apply_code(t, true, c, t0 + 300s);
        break;
    case event::resend:
        r = rules::apply_resend(t, c, t0 + 30s);
        break;
    case event::early_resend:
        r = rules::apply_resend(t, c, t0 + 29s);
        break;
    case event::resend_too_often:
        t.sends = 5;
        r = rules::apply_resend(t, c, t0 + 30s);
        break;
    case event::late_resend:
        r = rules::apply_resend(t, c, t0 + 300s);
        break;
    case event::resend_nearly_too_late:
        r = rules::apply_resend(t, c, t0 + 291s);
        break;
    case event::refusal:
        rules::apply_refusal(t);
        break;
    case event::reopen:
        rules::reopen(t, c);
        break;
    }
    return {t.state, r ? std::error_code() : r.error().code};
}

}  // namespace

BOOST_AUTO_TEST_CASE(pending_takes_every_event) {
    struct row {
        event e;
        S next;
        std::error_code outcome;
    };
    const row rows[] = {
        {event::right_code, S::confirmed, {}},
        {event::wrong_code, S::pending, error::wrong_code},
        {event::last_wrong_code, S::exhausted, error::tries_exhausted},
        {event::late_code, S::expired, error::code_expired},
        {event::resend, S::pending, {}},
        {event::early_resend, S::pending, error::resend_too_soon},
        {event::resend_too_often, S::pending, error::too_many_messages},
        {event::late_resend, S::expired, error::code_expired},
        {event::resend_nearly_too_late, S::pending, error::code_expired},
        {event::refusal, S::failed, {}},
        {event::reopen, S::pending, {}},
    };
    for (const auto& r : rows) {
        BOOST_TEST_CONTEXT("event " << static_cast<int>(r.e)) {
            const auto [next, outcome] = apply(S::pending, r.e);
            BOOST_TEST((next == r.next));
            BOOST_TEST(outcome == r.outcome);
        }
    }
}

BOOST_AUTO_TEST_CASE(final_states_are_final) {
    const std::pair<S, error> finals[] = {{S::confirmed, error::code_used},
                                          {S::redeemed, error::code_used},
                                          {S::exhausted, error::tries_exhausted},
                                          {S::expired, error::code_expired},
                                          {S::failed, error::transaction_failed}};
    for (const auto& [state, outcome] : finals)
        for (int e = 0; e <= static_cast<int>(event::resend_nearly_too_late); ++e) {
            BOOST_TEST_CONTEXT("state " << static_cast<int>(state) << " event " << e) {
                const auto [next, got] = apply(state, static_cast<event>(e));
                BOOST_TEST((next == state));
                BOOST_TEST(got == outcome);
            }
        }
    for (const S state : {S::confirmed, S::exhausted, S::expired, S::failed, S::redeemed})
        BOOST_TEST((apply(state, event::refusal).first == state));
    for (const S state : {S::exhausted, S::expired, S::failed, S::redeemed})
        BOOST_TEST((apply(state, event::reopen).first == state));
    BOOST_TEST((apply(S::confirmed, event::reopen).first == S::pending));
}

BOOST_AUTO_TEST_CASE(proof_is_redeemed_once_and_in_time) {
    const config c;
    const auto last_moment = t0 + 300s + c.proof_lifetime - 1ms;
    for (const S state : {S::pending, S::exhausted, S::expired, S::failed, S::redeemed}) {
        auto t = sample(state);
        BOOST_TEST(rules::apply_proof(t, true, c, t0).error().code == error::invalid_proof);
        BOOST_TEST((t.state == state));
    }
    auto t = sample(S::confirmed);
    BOOST_TEST(rules::apply_proof(t, false, c, t0).error().code == error::invalid_proof);
    BOOST_TEST(rules::apply_proof(t, true, c, last_moment + 1ms).error().code == error::invalid_proof);
    BOOST_TEST((t.state == S::confirmed));
    BOOST_TEST(rules::apply_proof(t, true, c, last_moment).has_value());
    BOOST_TEST((t.state == S::redeemed));
    BOOST_TEST(rules::apply_proof(t, true, c, last_moment).error().code == error::invalid_proof);
}

BOOST_AUTO_TEST_CASE(unknown_stored_state_is_no_transaction) {
    BOOST_TEST(rules::check_pending(static_cast<S>(77)).error().code == error::no_transaction);
}

BOOST_AUTO_TEST_CASE(last_try_may_be_the_right_one_but_not_reopen) {
    const config c;
    auto t = sample();
    t.tries = 4;
    BOOST_TEST(rules::apply_code(t, true, c, t0).has_value());
    rules::reopen(t, c);
    BOOST_TEST((t.state == S::exhausted));
}

BOOST_AUTO_TEST_CASE(tries_left_count_down) {
    const config c;
    auto t = sample();
    for (int left = 4; left >= 0; --left)
        BOOST_TEST(rules::apply_code(t, false, c, t0).error().tries_left.value() == left);
    BOOST_TEST(!rules::apply_code(t, false, c, t0).error().tries_left);
}

BOOST_AUTO_TEST_CASE(resend_changes_only_what_it_sends) {
    const config c;
    auto t = sample();
    BOOST_REQUIRE(rules::apply_resend(t, c, t0 + 60s));
    BOOST_TEST(t.sends == 2u);
    BOOST_TEST((t.last_sent_at == t0 + 60s));
    BOOST_TEST((t.expires_at == t0 + 300s));
    BOOST_TEST(t.tries == 0u);
}

BOOST_AUTO_TEST_CASE(clock_that_goes_back_makes_nobody_wait_longer) {
    const config c;
    auto t = sample();
    const auto r = rules::apply_resend(t, c, t0 - 24h);
    BOOST_TEST(r.error().code == error::resend_too_soon);
    BOOST_TEST((r.error().retry_after == c.resend_cooldown));
}

BOOST_AUTO_TEST_SUITE_END()
