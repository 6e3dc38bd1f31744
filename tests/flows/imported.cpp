// SPDX-License-Identifier: BSL-1.0
// Users whose password another system has hashed, and hashes that are made anew at a login.
#include "flows/world.hpp"

#include <phoneauth/asio/pooled_passwords.hpp>
#include <phoneauth/rules/stored_password.hpp>
#include <phoneauth/secrets/hasher_chain.hpp>
#include <phoneauth/secrets/pbkdf2.hpp>

#include <memory>
#include <vector>

using namespace flow_tests;

namespace {

using chain = hasher_chain<quick_passwords, pbkdf2_hashes>;

chain make_chain() {
    return chain(quick_passwords(), pbkdf2_hashes(pbkdf2_digest::sha256, 10));
}

/// A chain that notes what it is asked, and can be disturbed.
struct import_passwords {
    result<std::string> hash(const std::string& password) {
        asked.push_back("hash");
        while_hashing();
        if (is_full) return error::overloaded;
        return inner.hash(password);
    }
    result<bool> verify(const std::string& password, const std::string& hash) {
        asked.push_back("verify");
        return inner.verify(password, hash);
    }
    result<bool> decoy(const std::string& password) {
        asked.push_back("decoy");
        return inner.decoy(password);
    }
    bool needs_rehash(const std::string& hash) { return inner.needs_rehash(hash); }

    chain inner = make_chain();
    std::vector<std::string> asked{};
    std::function<void()> while_hashing = [] {};
    bool is_full = false;
};

/// The same on threads, as an asynchronous server has it.
struct pooled_chain : pooled_hasher<chain> {
    pooled_chain() : pooled_hasher(make_chain(), 1) {}
};

/// What passlib made of "correct horse".
const std::string imported_hash =
    "$pbkdf2-sha256$10$c2FsdHNhbHRzYWx0c2FsdA$7yAWwqE4FEOHblzDtuH1YfEgo0yfEgGwjNAKMS93sIA";
const std::string email = "ada@example.com";
const std::string id = "00000000-0000-4000-8000-000000000001";
const client_info home("198.51.100.7");

using import_worlds = boost::mpl::list<blocking_world_with<import_passwords>, async_world_with<import_passwords>>;
using passwords_asked = std::vector<std::string>;

config import_config() {
    auto c = test_config();
    c.identity_login_enabled = true;
    return c;
}

template <class World>
struct imported : World {
    explicit imported(const std::string& hash = imported_hash) : World(import_config()) {
        user u{.object_id = id, .phone = *phone_number::parse(phone), .identity = email, .password_hash = hash};
        u.created_at = this->clock.now();
        BOOST_REQUIRE((this->memory.insert_user(u) == write_result::done));
    }

    auto log_in(const std::string& with = "correct horse", client_info from = home) {
        return this->run(this->auth.login_with_identity(email, password(with), std::move(from)));
    }
    auto begin(const std::string& with = "correct horse", client_info from = home) {
        return this->run(this->auth.start_two_factor_login(phone, password(with), std::move(from)));
    }
    auto finish(const challenge& begun) {
        return this->run(
            this->auth.finish_login(begun.transaction_id, submitted_code(this->transport.last_code()), home));
    }
    auto enter(const session_token& token) { return this->run(this->auth.authenticate(token)); }
    user stored() { return *this->memory.find_user(id); }
    bool is_new() { return stored().password_hash.starts_with("$scrypt$"); }
    /// What the hasher has been asked since the last call.
    passwords_asked asked() { return std::exchange(this->passwords.asked, {}); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(flows_imported)

BOOST_AUTO_TEST_CASE_TEMPLATE(the_first_login_makes_a_new_hash, World, import_worlds) {
    imported<World> w;
    BOOST_TEST(w.stored().password_hash == imported_hash);
    BOOST_TEST((error_of(w.log_in("wrong horse")) == error::invalid_login));
    BOOST_TEST((w.asked() == passwords_asked{"verify"}));
    BOOST_TEST(w.stored().password_hash == imported_hash);

    const auto before = w.stored();
    const auto in = w.log_in();
    BOOST_REQUIRE(in);
    BOOST_TEST((w.asked() == passwords_asked{"verify", "hash"}));
    BOOST_TEST(w.is_new());
    BOOST_TEST(w.stored().password_hash.find("pbkdf2") == std::string::npos);
    BOOST_TEST(w.stored().version == before.version + 2);  // the hash, then the time of the login
    BOOST_TEST(w.stored().last_login_at.has_value());
    BOOST_TEST(!w.stored().updated_at.has_value());

    BOOST_TEST(w.log_in().has_value());
    BOOST_TEST((w.asked() == passwords_asked{"verify"}));
    BOOST_TEST((error_of(w.log_in("wrong horse")) == error::invalid_login));
    BOOST_TEST(w.enter(in->token).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(so_does_the_first_step_of_two, World, import_worlds) {
    imported<World> w;
    BOOST_TEST((error_of(w.begin("wrong horse")) == error::invalid_login));
    BOOST_TEST(w.stored().password_hash == imported_hash);
    w.passwords.asked.clear();
    const auto begun = w.begin();
    BOOST_REQUIRE(begun);
    BOOST_TEST((w.asked() == passwords_asked{"verify", "hash"}));
    BOOST_TEST(w.is_new());
    BOOST_TEST(w.finish(*begun).has_value());
    BOOST_TEST((w.asked() == passwords_asked{}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(sessions_logins_and_known_networks_outlive_it, World, import_worlds) {
    imported<World> w;
    const auto by_code = w.run(w.auth.start_login(phone, home));
    BOOST_REQUIRE(by_code);
    const auto old_session = w.finish(*by_code);
    BOOST_REQUIRE(old_session);
    w.passwords.is_full = true;  // this login begins with the old hash
    const auto old_login = w.begin();
    BOOST_REQUIRE(old_login);
    const auto code = w.transport.last_code();
    const auto network = w.memory.find_transaction(old_login->transaction_id.str())->known_network;
    BOOST_TEST(!network.empty());
    BOOST_TEST(!w.is_new());

    w.passwords.is_full = false;
    BOOST_REQUIRE(w.log_in());
    BOOST_TEST(w.is_new());
    BOOST_TEST(w.enter(old_session->token).has_value());
    BOOST_TEST(w.run(w.auth.finish_login(old_login->transaction_id, submitted_code(code), home)).has_value());
    const auto next = w.begin();
    BOOST_REQUIRE(next);
    BOOST_TEST(w.memory.find_transaction(next->transaction_id.str())->known_network == network);

    // Once more, by another hash of another one: as if the server's cost had been raised.
    auto u = w.stored();
    const rules::stored_password parts(u.password_hash);
    const auto stronger = *scrypt_passwords({.ln = 11, .r = 1, .p = 1}).hash("correct horse");
    u.password_hash = rules::replacing(stronger, parts.replaces);
    BOOST_REQUIRE((w.memory.update_user(u) == write_result::done));
    BOOST_TEST(w.enter(old_session->token).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_new_password_ends_all_of_them, World, import_worlds) {
    imported<World> w;
    const auto first = w.log_in();
    const auto second = w.log_in();
    const auto begun = w.begin();
    BOOST_REQUIRE((first && second && begun));
    const auto code = w.transport.last_code();
    BOOST_TEST(w.stored().password_hash.find(" replaces=") != std::string::npos);
    const property_map change{{"password", "\"battery staple\""}, {"currentPassword", "\"correct horse\""}};
    BOOST_REQUIRE(w.run(w.auth.update_user(first->token, id, change, home)));
    BOOST_TEST(w.stored().password_hash.find(" replaces=") == std::string::npos);
    BOOST_TEST(w.enter(first->token).has_value());
    BOOST_TEST((error_of(w.enter(second->token)) == error::unknown_token));
    BOOST_TEST((error_of(w.run(w.auth.finish_login(begun->transaction_id, submitted_code(code), home))) ==
                error::invalid_login));
    BOOST_TEST((error_of(w.log_in()) == error::invalid_login));
    BOOST_TEST(w.log_in("battery staple").has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_password_changed_meanwhile_stays_changed, World, import_worlds) {
    for (const bool two_factor : {false, true}) {
        BOOST_TEST_CONTEXT(two_factor) {
            imported<World> w;
            std::string other;
            w.passwords.while_hashing = [&] {
                auto u = w.stored();
                u.password_hash = other = *quick_passwords().hash("battery staple");
                BOOST_REQUIRE((w.memory.update_user(u) == write_result::done));
            };
            if (two_factor) {
                const auto begun = w.begin();
                BOOST_REQUIRE(begun);
                BOOST_TEST((error_of(w.finish(*begun)) == error::invalid_login));
            } else {
                BOOST_TEST((error_of(w.log_in()) == error::invalid_login));
            }
            BOOST_TEST(w.stored().password_hash == other);
            w.passwords.while_hashing = [] {};
            BOOST_TEST((error_of(w.log_in()) == error::invalid_login));
            BOOST_TEST(w.log_in("battery staple").has_value());
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(whoever_is_disabled_or_deleted_meanwhile_stays_so, World, import_worlds) {
    imported<World> w;
    w.passwords.while_hashing = [&] {
        auto u = w.stored();
        u.enabled = false;
        BOOST_REQUIRE((w.memory.update_user(u) == write_result::done));
    };
    BOOST_TEST((error_of(w.log_in()) == error::invalid_login));
    BOOST_TEST(!w.stored().enabled);
    BOOST_TEST(w.stored().password_hash == imported_hash);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_lost_race_costs_a_login_nothing, World, import_worlds) {
    imported<World> w;
    w.passwords.while_hashing = [&] {
        auto u = w.stored();
        u.properties["meanwhile"] = "1";
        BOOST_REQUIRE((w.memory.update_user(u) == write_result::done));
    };
    BOOST_TEST(w.log_in().has_value());
    BOOST_TEST(w.stored().password_hash == imported_hash);
    const auto begun = w.begin();
    BOOST_REQUIRE(begun);
    BOOST_TEST(w.finish(*begun).has_value());
    BOOST_TEST(w.stored().password_hash == imported_hash);
    BOOST_TEST(w.stored().properties.contains("meanwhile"));
    w.passwords.while_hashing = [] {};
    BOOST_TEST(w.log_in().has_value());  // the next one stores it
    BOOST_TEST(w.is_new());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(no_failure_of_it_is_one_of_the_login, World, import_worlds) {
    // The fourth call of the storage stores the new hash, after the user and twice the limits. Whichever fails, a login
    // ends as one that needs no new hash and fails likewise.
    const auto current = *quick_passwords().hash("correct horse");
    for (const bool after : {false, true})
        for (std::size_t n = 1;; ++n) {
            imported<World> w, other(current);
            const auto fail = [after](World& in, std::size_t call) {
                after ? in.storage.fail_after(call) : in.storage.fail_before(call);
            };
            fail(w, n);
            if (n != 4) fail(other, n < 4 ? n : n - 1);
            BOOST_TEST_CONTEXT("call " << n << (after ? ", after" : ", before")) {
                BOOST_TEST(error_of(w.log_in()) == error_of(other.log_in()));
                const bool reached = w.storage.calls() >= n;
                fail(w, 0);
                if (n == 4) BOOST_TEST(w.is_new() == after);
                BOOST_TEST((error_of(w.log_in("wrong horse")) == error::invalid_login));
                BOOST_TEST(w.log_in().has_value());
                BOOST_TEST(w.is_new());
                if (!reached) break;
                BOOST_REQUIRE(n < 20u);
            }
        }
    imported<World> w;
    std::vector<event_kind> told;
    w.observer.on_event = [&](const event& e) { told.push_back(e.kind); };
    w.storage.fail_before(w.storage.calls() + 4);
    BOOST_TEST(w.log_in().has_value());
    BOOST_TEST((told == std::vector{event_kind::storage_error, event_kind::logged_in}));
    w.passwords.while_hashing = [] { throw std::runtime_error("no"); };
    BOOST_TEST(w.log_in().has_value());
    w.passwords.while_hashing = [] {};
    w.passwords.is_full = true;
    const auto begun = w.begin();
    BOOST_REQUIRE(begun);
    BOOST_TEST(w.finish(*begun).has_value());
    BOOST_TEST(!w.is_new());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_concealed_login_makes_none, World, import_worlds) {
    imported<World> w;
    int guesses = 0;
    while (w.begin("wrong horse", client_info("203.0.113." + std::to_string(guesses % 200))).has_value() == false) {
        BOOST_REQUIRE(++guesses < 200);
        w.clock.advance(7min);
    }
    w.passwords.asked.clear();
    const client_info stranger("192.0.2.1");
    const auto begun = w.begin("correct horse", stranger);
    BOOST_REQUIRE(begun);
    BOOST_TEST((w.asked() == passwords_asked{"verify"}));  // as for a wrong one
    BOOST_TEST(w.stored().password_hash == imported_hash);
    BOOST_TEST(w.finish(*begun).has_value());
    BOOST_TEST(w.log_in().has_value());
    BOOST_TEST(w.is_new());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nobody_has_a_decoy, World, import_worlds) {
    imported<World> w;
    const auto nobody = [&] {
        return error_of(w.run(w.auth.login_with_identity("bob@example.com", password("x y z 1"), home)));
    };
    BOOST_TEST((nobody() == error::invalid_login));
    BOOST_TEST((w.asked() == passwords_asked{"decoy"}));
    BOOST_TEST(
        (error_of(w.run(w.auth.start_two_factor_login(other_phone, password("x y z 1")))) == error::invalid_login));
    BOOST_TEST((w.asked() == passwords_asked{"decoy"}));
    for (const char* hash : {"", "$pbkdf2-sha256$99999999$c2FsdA$DGDID5YfDnHzqbUkr2ASBi/gN6Y", "$1$x", "plain"}) {
        imported<World> broken(hash);
        BOOST_TEST((error_of(broken.log_in()) == error::invalid_login), hash);
        BOOST_TEST((broken.asked().back() == "decoy"), hash);
        BOOST_TEST(broken.stored().password_hash == hash);
    }
}

// What is verified and what is a decoy take as long: `core_hasher_chain`.
BOOST_AUTO_TEST_CASE_TEMPLATE(nor_do_backup_codes_tell_who_has_some, World, import_worlds) {
    imported<World> w;
    const auto enter = [&](const std::string& number) {
        return error_of(w.run(
            w.auth.login_with_backup_code(number, password("x y z 1"), backup_code("0-0000-0000-0000-0000"), home)));
    };
    w.asked();
    BOOST_TEST((enter(phone) == error::invalid_login));
    BOOST_TEST((w.asked() == passwords_asked{"verify", "decoy"}));
    BOOST_TEST((enter(other_phone) == error::invalid_login));
    BOOST_TEST((w.asked() == passwords_asked{"decoy", "decoy"}));
    const auto in = w.log_in();
    BOOST_REQUIRE(in);
    BOOST_REQUIRE(w.run(w.auth.make_backup_codes(in->token, home)));
    w.asked();
    BOOST_TEST((enter(phone) == error::invalid_login));
    BOOST_TEST((w.asked() == passwords_asked{"verify", "verify"}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_raised_cost_is_followed, World, worlds) {
    imported<World> w(*scrypt_passwords({.ln = 10, .r = 1, .p = 1}).hash("correct horse"));
    static_cast<scrypt_passwords&>(w.passwords) = scrypt_passwords({.ln = 11, .r = 1, .p = 1});
    BOOST_TEST(w.log_in().has_value());
    BOOST_TEST(w.stored().password_hash.starts_with("$scrypt$ln=11,"));
    const auto once = w.stored().password_hash;
    BOOST_TEST(w.log_in().has_value());
    BOOST_TEST(w.stored().password_hash == once);
    static_cast<scrypt_passwords&>(w.passwords) = quick_passwords();
    BOOST_TEST(w.log_in().has_value());
    BOOST_TEST(w.stored().password_hash == once);
}

BOOST_AUTO_TEST_CASE(a_pool_carries_a_chain) {
    imported<async_world_with<pooled_chain>> w;
    BOOST_TEST((error_of(w.log_in("wrong horse")) == error::invalid_login));
    BOOST_TEST((error_of(w.run(w.auth.login_with_identity("bob@example.com", password("x y z 1"), home))) ==
                error::invalid_login));
    const auto in = w.log_in();
    BOOST_REQUIRE(in);
    BOOST_TEST(w.is_new());
    BOOST_TEST(w.log_in().has_value());
    BOOST_TEST(w.enter(in->token).has_value());
    static_assert(detail::has_decoy<pooled_chain> && detail::has_needs_rehash<pooled_chain>);
    static_assert(!detail::has_decoy<pooled_passwords> && detail::has_needs_rehash<pooled_passwords>);
}

BOOST_AUTO_TEST_SUITE_END()
