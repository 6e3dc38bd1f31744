// SPDX-License-Identifier: BSL-1.0
// The arithmetic of the limits, by itself: which cells, how much of them, and what their answers mean.
#include <phoneauth/rules/limits.hpp>
#include <phoneauth/storage/memory.hpp>

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <vector>

using namespace phoneauth;
using namespace phoneauth::rules;
using namespace std::chrono_literals;

namespace {

const time_point t0{std::chrono::milliseconds(1'700'000'000'000)};
const phone_number phone = *phone_number::parse("+14155550100");
const std::string fingerprint(16, 'f');

code_request request(client_networks from, std::optional<door> begins = door::code) {
    return {.phone = phone, .fingerprint = fingerprint, .from = from, .begins = begins};
}

std::set<std::string> keys_of(const limit_batch& b, bool marked) {
    std::set<std::string> keys;
    for (std::size_t i = 0; i < b.cells().size(); ++i)
        if (is_for(b.cells()[i], marked)) keys.emplace(b.cells().key(i));
    return keys;
}

void know(memory_storage& storage, std::string_view network, time_point at = t0) {
    const login_facts facts{.phone = phone, .fingerprint = fingerprint, .from = {network, {}}};
    storage.take_cells(after_login(facts, config(), at));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_limits)

BOOST_AUTO_TEST_CASE(rates) {
    constexpr auto ten = at_most(10, 1h);
    BOOST_TEST(ten.burst == 5);
    BOOST_TEST((ten.interval > 12min));
    BOOST_TEST((ten.interval < 12min + 2s));
    constexpr auto one = at_most(1, 1h);
    BOOST_TEST(one.burst == 1);
    BOOST_TEST((one.interval > 1h));
    // Whatever is allowed, in any closed stretch no more than that is granted, by clocks that disagree by 5 s.
    for (const std::int64_t most : {1, 2, 3, 5, 10, 30, 100})
        for (const auto length : {1h, 24h}) {
            const auto r = at_most(most, length);
            const auto in_stretch = r.burst + (length + (most > 1 ? 5s : 0s)) / r.interval;
            BOOST_TEST(in_stretch <= most);
            BOOST_TEST(in_stretch >= most - 1);
        }
}

BOOST_AUTO_TEST_CASE(failures_never_exceed_what_the_standard_allows) {
    for (unsigned all = 50; all <= 100; ++all)
        for (unsigned tries = 1; tries <= 10 && 10 * tries <= all; ++tries)
            for (const auto d : {door::code, door::second, door::registration}) {
                config c;
                c.max_consecutive_failures = all;
                c.max_tries = tries;
                std::int64_t sum = 0;
                for (const auto s :
                     {failure_share::strangers, failure_share::all_known, failure_share::known_network}) {
                    const auto r = failure_rate(d, s, c);
                    const auto memory = d == door::registration ? registration_memory : failure_memory;
                    const auto in_stretch = r.burst + std::chrono::milliseconds(memory) / r.interval;
                    if (s != failure_share::known_network) sum += in_stretch;
                    // There is room for all tries of all codes that may be open, so that there is ever one.
                    const auto open = open_codes(s, c).burst;
                    BOOST_TEST(open >= (s == failure_share::strangers ? 2 : 1));
                    BOOST_TEST(open <= 3);
                    BOOST_TEST(open * tries <= r.burst);
                }
                BOOST_TEST(sum <= all);
                BOOST_TEST(sum >= all - 2);
                // One known network has never used up so much that another finds no room for the tries of its codes.
                const auto all_known = failure_rate(d, failure_share::all_known, c);
                const auto tries_of_codes = open_codes(failure_share::all_known, c).burst * tries;
                BOOST_TEST(open_codes(failure_share::known_network, c).burst <
                           open_codes(failure_share::all_known, c).burst);
                BOOST_TEST(failure_rate(d, failure_share::known_network, c).burst + tries_of_codes <= all_known.burst);
            }
}

BOOST_AUTO_TEST_CASE(strangers_and_known_networks_have_cells_of_their_own) {
    const client_networks from{"192.0.2.1", {}};
    const auto b = code_limits(request(from), config(), t0);
    const auto strangers = keys_of(b, false), known = keys_of(b, true);
    BOOST_TEST(b.cells().marker() == "known:+14155550100/" + fingerprint + "@192.0.2.1");
    std::vector<std::string> shared;
    std::set_intersection(strangers.begin(), strangers.end(), known.begin(), known.end(), std::back_inserter(shared));
    BOOST_TEST(shared == (std::vector<std::string>{"codes", "codes/from:192.0.2.1"}), boost::test_tools::per_element());
    BOOST_TEST(strangers.contains("wrong/login:+14155550100"));
    BOOST_TEST(known.contains("wrong/login:+14155550100@192.0.2.1"));
    BOOST_TEST(known.contains("wrong/login:+14155550100@known"));
    // Another known network shares what is against guessing, and nothing else.
    const auto there = keys_of(code_limits(request({"192.0.2.2", {}}), config(), t0), true);
    shared.clear();
    std::set_intersection(there.begin(), there.end(), known.begin(), known.end(), std::back_inserter(shared));
    BOOST_TEST(shared == (std::vector<std::string>{"codes", "open/login:+14155550100@known",
                                                   "wrong/login:+14155550100@known"}),
               boost::test_tools::per_element());
    // A shared address is nobody's.
    BOOST_TEST(code_limits(request({"192.0.2.1", {}, true}), config(), t0).cells().marker() == "");
}

BOOST_AUTO_TEST_CASE(keys_are_short_enough) {
    const client_networks from{"2001:db8:ffff:ffff::/64", "2001:db8:ffff::/48"};
    const auto longest = *phone_number::parse("+123456789012345");
    const std::string id(64, 'I');
    config c;
    transaction t{.id = {}, .phone = longest};
    t.purpose = purpose::login;
    t.known_network = from.network;
    std::vector<limit_batch> all{code_limits({.phone = longest,
                                              .fingerprint = fingerprint,
                                              .from = from,
                                              .begins = door::registration,
                                              .registers = true},
                                             c, t0),
                                 password_limits(std::string(32, 'h'), {}, fingerprint, from, 2, false, c, t0),
                                 message_limits(longest, from, id, 1, c, t0), change_limits(id, true, t0),
                                 wrong_code(t, from, c, t0)};
    for (const auto& b : all) {
        BOOST_TEST(b.cells().marker().size() <= 128u);
        for (std::size_t i = 0; i < b.cells().size(); ++i) BOOST_TEST(b.cells().key(i).size() <= 128u);
    }
}

BOOST_AUTO_TEST_CASE(the_longest_refusal_is_told) {
    config c;
    memory_storage storage;
    const client_networks from{"192.0.2.1", {}};
    const auto b = code_limits(request(from), c, t0);
    const auto granted = storage.take_cells(b.cells());
    BOOST_TEST(granted.granted);
    BOOST_TEST(b.judge(granted).has_value());
    auto refused = b.judge(storage.take_cells(b.cells()));
    BOOST_REQUIRE(!refused);
    BOOST_TEST(refused.error().code == error::resend_too_soon);
    BOOST_TEST((refused.error().retry_after == c.phone_cooldown));
    // Given back, all is as it was, but for the client's own and the cooldown.
    storage.take_cells(b.give_back(granted, t0));
    const auto later = code_limits(request(from), c, t0 + c.phone_cooldown);
    const auto again = storage.take_cells(later.cells());
    BOOST_TEST(again.granted);
    for (std::size_t i = 0; i < b.cells().size(); ++i) {
        if (!is_for(b.cells()[i], false)) continue;
        const bool kept = b.cells().key(i) == "codes/from:192.0.2.1";
        BOOST_TEST_CONTEXT(b.cells().key(i))
        BOOST_TEST((again.cells[i] - (t0 + c.phone_cooldown) > b.cells()[i].cost) == kept);
    }
}

BOOST_AUTO_TEST_CASE(refusals_count_for_nothing) {
    config c;
    memory_storage storage;
    int granted = 0;
    std::chrono::seconds wait{};
    for (int i = 0; i < 1000; ++i) {
        const auto b = message_limits(phone, {"192.0.2.1", {}}, {}, 1, c, t0);
        const auto a = storage.take_cells(b.cells());
        granted += a.granted;
        if (!a.granted) wait = *b.judge(a).error().retry_after;
    }
    BOOST_TEST(granted == 5);
    const auto b = message_limits(phone, {"192.0.2.1", {}}, {}, 1, c, t0 + wait);
    BOOST_TEST(storage.take_cells(b.cells()).granted);
}

BOOST_AUTO_TEST_CASE(networks_are_known_for_ninety_days) {
    memory_storage storage;
    know(storage, "192.0.2.1");
    const auto marked = [&](std::string_view network, std::string_view print, time_point at) {
        auto asked = request({network, {}});
        asked.fingerprint = print;
        return storage.take_cells(code_limits(asked, config(), at).as_decoy().cells()).marked;
    };
    BOOST_TEST(marked("192.0.2.1", fingerprint, t0));
    BOOST_TEST(marked("192.0.2.1", fingerprint, t0 + network_memory - 1ms));
    BOOST_TEST(!marked("192.0.2.1", fingerprint, t0 + network_memory));
    BOOST_TEST(!marked("192.0.2.2", fingerprint, t0));
    BOOST_TEST(!marked("192.0.2.1", std::string(16, 'e'), t0));  // of another password
}

BOOST_AUTO_TEST_CASE(the_budget_warns_once_on_its_way_up) {
    config c;
    c.max_sends_per_hour = 40;  // ten at once
    memory_storage storage;
    int warned = 0;
    for (int i = 0; i < 10; ++i) {
        const auto b = code_limits({.phone = *phone_number::parse("+1415555" + std::to_string(1000 + i)),
                                    .fingerprint = fingerprint,
                                    .from = {}},
                                   c, t0);
        const auto a = storage.take_cells(b.cells());
        BOOST_TEST(a.granted);
        warned += b.reaches_warning(a);
        BOOST_TEST(warned == (i < 7 ? 0 : 1));
    }
}

BOOST_AUTO_TEST_CASE(a_code_that_nobody_can_have_costs_no_account) {
    transaction t{.id = {}, .phone = phone};
    t.purpose = purpose::login;
    t.user_id = "00000000-0000-0000-0000-000000000000";
    t.password_fingerprint = "~x";
    const auto cost_of = [&](std::string_view key) {
        const auto b = wrong_code(t, {"192.0.2.1", {}}, config(), t0);
        for (std::size_t i = 0; i < b.cells().size(); ++i)
            if (b.cells().key(i) == key) return b.cells()[i].cost;
        return -1ms;
    };
    BOOST_TEST((cost_of("wrong/second:+14155550100") == 0ms));  // the same cells as for any other
    BOOST_TEST((cost_of("codes/from:192.0.2.1") > 0ms));
    t.user_id = "U";
    BOOST_TEST((cost_of("wrong/second:+14155550100") > 0ms));
}

BOOST_AUTO_TEST_CASE(messages_that_are_longer_than_the_burst_are_counted_whole) {
    config c;
    c.max_sends_per_phone_and_hour = c.max_sends_per_phone_and_day = 100000;
    memory_storage storage;
    const auto send = [&](std::int64_t units, time_point at) {
        return storage.take_cells(message_limits(phone, {}, "U", units, c, at).cells()).granted;
    };
    std::int64_t sent = 0;
    for (auto at = t0; at < t0 + 1h; at += 10s)
        for (const std::int64_t units : {54, 1})
            if (send(units, at)) sent += units;
    BOOST_TEST(sent >= 54);
    BOOST_TEST(sent <= c.max_messages_per_user_and_hour);
}

BOOST_AUTO_TEST_CASE(each_purpose_has_its_door) {
    transaction t{.id = {}, .phone = phone};
    const std::pair<purpose, door> rows[] = {
        {purpose::registration, door::registration}, {purpose::phone_change, door::registration},
        {purpose::verification, door::verification}, {purpose::login, door::code},
        {purpose::password_reset, door::code},       {purpose::step_up, door::session},
        {purpose::deletion, door::session}};
    for (const auto& [what, d] : rows) {
        t.purpose = what;
        BOOST_TEST((door_of(t) == d), name_of(what));
    }
    t.purpose = purpose::login;
    t.password_fingerprint = "p";
    BOOST_TEST((door_of(t) == door::second));
}

// Neither strangers who ask for codes nor whoever has a password takes what is there for somebody who is logged in.
BOOST_AUTO_TEST_CASE(codes_in_a_session_have_cells_of_their_own) {
    config c;
    c.max_sends_per_client_and_hour = c.max_sends_per_hour = 0;
    memory_storage storage;
    const auto ask = [&](bool in_session, bool after_password, int i) {
        auto asked = request({std::to_string(i), {}}, in_session ? door::session : door::code);
        asked.begins.reset();  // without cooldown and open codes
        asked.in_session = in_session;
        asked.after_password = after_password;
        return storage.take_cells(code_limits(asked, c, t0).cells()).granted;
    };
    for (int i = 0; i < 60; ++i) (void)ask(false, false, i);
    for (int i = 0; i < 60; ++i) (void)ask(false, true, i);
    BOOST_TEST(!ask(false, false, 60));
    BOOST_TEST(!ask(false, true, 60));
    BOOST_TEST(ask(true, false, 60));
    for (int i = 0; i < 60; ++i) (void)ask(true, false, i);
    BOOST_TEST(!ask(true, false, 60));
}

BOOST_AUTO_TEST_CASE(unlock_opens_every_door) {
    config c;
    c.phone_cooldown = 0s;
    const client_networks at_home{"192.0.2.1", {}};
    for (const auto d : {door::registration, door::code, door::second, door::session}) {
        memory_storage storage;
        know(storage, at_home.network);
        transaction t{.id = {}, .phone = phone};
        t.purpose = d == door::registration ? purpose::registration
                    : d == door::session    ? purpose::step_up
                                            : purpose::login;
        if (d == door::second) t.password_fingerprint = "p";
        t.user_id = "U";
        for (const std::string network : {"", "192.0.2.8", "192.0.2.9"}) {
            t.known_network = d == door::registration ? std::string() : network;
            for (int i = 0; i < 60; ++i) storage.take_cells(wrong_code(t, {}, c, t0).cells());
        }
        const auto allowed = [&](client_networks from) {
            auto asked = request(from, d);
            asked.registers = d == door::registration;
            asked.after_password = d == door::second;
            asked.in_session = d == door::session;
            return storage.take_cells(code_limits(asked, c, t0).as_decoy().cells()).granted;
        };
        BOOST_TEST(!allowed({}));
        BOOST_TEST(!allowed(at_home));
        storage.take_cells(unlock_doors(phone, {}, t0));
        storage.take_cells(unlock_messages(phone, t0));
        BOOST_TEST(allowed({}));
        BOOST_TEST(allowed(at_home));
    }
    for (const std::string_view subject : {"+14155550100", "hash of an identity"}) {
        memory_storage storage;
        const auto guess = [&] {
            return storage
                .take_cells(password_limits(subject, phone.str(), fingerprint, {}, 2, false, c, t0 + 24h).cells())
                .granted;
        };
        for (int i = 0; i < 60; ++i)
            storage.take_cells(
                password_limits(subject, phone.str(), fingerprint, {std::to_string(i), {}}, 2, false, c, t0).cells());
        BOOST_TEST(!guess());
        storage.take_cells(unlock_doors(phone, subject, t0 + 24h));
        storage.take_cells(unlock_messages(phone, t0 + 24h));
        BOOST_TEST(guess());
    }
}

BOOST_AUTO_TEST_SUITE_END()
