// SPDX-License-Identifier: BSL-1.0
// Codes that are open: their tries fit into the failures that an account may have, and a login ends their life.
#include <phoneauth/rules/limits.hpp>
#include <phoneauth/storage/memory.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace phoneauth;
using namespace std::chrono_literals;
using rules::door;

BOOST_AUTO_TEST_SUITE(open_codes)

namespace {

const time_point t0{std::chrono::milliseconds(1'700'000'000'000)};
const auto phone = *phone_number::parse("+14155550100");
const std::string fingerprint(16, 'f');

config roomy() {
    config c;
    c.max_sends_per_phone_and_hour = 100;
    c.max_sends_per_phone_and_day = 1000;
    c.max_sends_per_client_and_hour = 0;
    c.phone_cooldown = 0s;
    return c;
}

struct account {
    memory_storage storage{};
    config c = roomy();
    time_point now = t0;

    void learn(const std::string& network) {
        rules::login_facts facts{.phone = phone, .fingerprint = fingerprint};
        facts.from = {.network = network, .wide = {}};
        storage.take_cells(rules::after_login(facts, c, now));
    }
    /// The transaction of a code that is sent to `network`; its state says whether it is.
    std::optional<transaction> open(door d, const std::string& network) {
        rules::code_request asked{.phone = phone, .fingerprint = fingerprint, .from = {.network = network, .wide = {}}};
        asked.begins = d;
        asked.after_password = d == door::second;
        const auto limits = rules::code_limits(asked, c, now);
        const auto answer = storage.take_cells(limits.cells());
        if (!answer.granted) return {};
        transaction t{.id = "t", .purpose = purpose::login, .phone = phone};
        t.user_id = "u";
        if (d == door::second) t.password_fingerprint = "p";
        if (answer.marked) t.known_network = network;
        return t;
    }
    void guess_wrong(const transaction& t) {
        for (unsigned i = 0; i < c.max_tries; ++i)
            storage.take_cells(rules::wrong_code(t, {.network = t.known_network, .wide = {}}, c, now).cells());
    }
    void log_in(const transaction& t) {
        rules::login_facts facts{.phone = phone, .fingerprint = fingerprint, .used = &t};
        facts.from = {.network = t.known_network, .wide = {}};
        storage.take_cells(rules::after_login(facts, c, now));
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(guesses_of_many_known_networks_stay_within_their_share) {
    account a;
    std::vector<std::string> networks;
    for (int i = 1; i <= 8; ++i) networks.push_back("192.0.2." + std::to_string(i));
    for (const auto& n : networks) a.learn(n);
    unsigned wrong = 0;
    for (; a.now < t0 + 24h * 30; a.now += 6h) {
        std::vector<transaction> opened;
        for (const auto& n : networks)
            for (int i = 0; i < 3; ++i)
                if (auto t = a.open(door::code, n)) opened.push_back(*t);
        for (const auto& t : opened) {
            BOOST_TEST(!t.known_network.empty());
            a.guess_wrong(t);
            wrong += a.c.max_tries;
        }
    }
    BOOST_TEST(wrong > 0u);
    BOOST_TEST(wrong <= a.c.max_consecutive_failures / 2);
}

BOOST_AUTO_TEST_CASE(one_known_network_alone_never_shuts_the_door_to_another) {
    for (const unsigned tries : {1u, 3u, 5u, 10u})
        for (const auto d : {door::code, door::second}) {
            account a;
            a.c.max_tries = tries;
            a.learn("192.0.2.1");
            a.learn("192.0.2.2");
            for (; a.now < t0 + 24h * 60; a.now += 1h) {
                std::vector<transaction> opened;
                for (int i = 0; i < 5; ++i)
                    if (auto t = a.open(d, "192.0.2.1")) opened.push_back(*t);
                BOOST_REQUIRE(a.open(d, "192.0.2.2").has_value());
                for (const auto& t : opened) a.guess_wrong(t);
            }
        }
}

BOOST_AUTO_TEST_CASE(a_login_ends_the_life_of_its_code) {
    for (const auto d : {door::code, door::second})
        for (const std::string network : {"", "192.0.2.1"}) {
            account a;
            if (!network.empty()) a.learn(network);
            for (int i = 0; i < 10; ++i) {
                const auto t = a.open(d, network);
                BOOST_REQUIRE(t.has_value());
                BOOST_TEST(t->known_network == network);
                a.log_in(*t);
            }
        }
}

BOOST_AUTO_TEST_SUITE_END()
