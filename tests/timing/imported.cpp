// SPDX-License-Identifier: BSL-1.0
// While users are imported, nothing tells who was: each password costs each scheme once, whosever it is.
#include "timing/observed.hpp"

#include <phoneauth/secrets/hasher_chain.hpp>
#include <phoneauth/secrets/pbkdf2.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace timing;

BOOST_AUTO_TEST_SUITE(timing_imported)

namespace {

/// Notes what was computed.
struct noting_scrypt {
    call_log* log;
    quick_passwords inner{};

    result<std::string> hash(const std::string& password) const {
        log->push_back("scrypt");
        return inner.hash(password);
    }
    result<bool> verify(const std::string& password, const std::string& phc) const {
        auto right = inner.verify(password, phc);
        if (right) log->push_back("scrypt");
        return right;
    }
    bool needs_rehash(const std::string& phc) const { return inner.needs_rehash(phc); }
};

/// The same, also of what it computes in vain.
struct noting_reader {
    call_log* log;
    pbkdf2_hashes inner{pbkdf2_digest::sha256, 10};

    bool recognizes(const std::string& hash) const { return inner.recognizes(hash); }
    result<bool> verify(const std::string& password, const std::string& hash) const {
        auto right = inner.verify(password, hash);
        if (right) log->push_back("pbkdf2");
        return right;
    }
    result<bool> decoy(const std::string& password) const {
        log->push_back("pbkdf2");
        return inner.decoy(password);
    }
};

struct noting_chain : hasher_chain<noting_scrypt, noting_reader> {
    explicit noting_chain(call_log& log) : hasher_chain(noting_scrypt{&log}, noting_reader{&log}) {}
};

const visitor imported{"imported", "+14155550110", "imported@example.com"};
const visitor broken{"broken import", "+14155550111", "broken@example.com"};
const visitor foreign{"hash of nobody's scheme", "+14155550112", "foreign@example.com"};
const std::string rest_of_hash = "$c2FsdHNhbHRzYWx0c2FsdA$7yAWwqE4FEOHblzDtuH1YfEgo0yfEgGwjNAKMS93sIA";

struct import_site : site<noting_chain> {
    import_site() {
        add_member(memory, imported, "$pbkdf2-sha256$10" + rest_of_hash);
        add_member(memory, broken, "$pbkdf2-sha256$4000001" + rest_of_hash);
        add_member(memory, foreign, "$1$salt$hash");
    }

    /// The order of the schemes is no matter.
    observed ask_of(const std::string& path, const std::string& body) {
        auto o = ask(path, body);
        std::sort(o.calls.begin(), o.calls.end());
        return o;
    }
    observed by_phone(const visitor& who, const std::string& with) {
        return ask_of("/services/Twilio/loginWithPhoneNumberAndPassword",
                      R"([")" + who.phone + R"(",")" + with + R"("])");
    }
    observed by_identity(const visitor& who, const std::string& with) {
        return ask_of("/users/login", R"({"login":")" + who.email + R"(","password":")" + with + R"("})");
    }
};

const std::vector<visitor> everybody{member, disabled_member, member_without_password, imported, broken, foreign};

}  // namespace

BOOST_AUTO_TEST_CASE(a_wrong_password_costs_each_scheme_once) {
    for (const auto& who : everybody) {
        import_site for_stranger, for_who;
        for (int i = 0; i < 14; ++i)
            for (const auto way : {&import_site::by_phone, &import_site::by_identity}) {
                const auto a = (for_stranger.*way)(stranger, "wrong password");
                const auto b = (for_who.*way)(who, "wrong password");
                BOOST_TEST(difference(a, b) == "", who.name);
                if (i == 0) {
                    BOOST_TEST(std::count(b.calls.begin(), b.calls.end(), "scrypt") == 1, who.name);
                    BOOST_TEST(std::count(b.calls.begin(), b.calls.end(), "pbkdf2") == 1, who.name);
                }
            }
    }
}

BOOST_AUTO_TEST_CASE(so_does_a_right_one_that_is_concealed) {
    import_site right, wrong, nobodys;
    observed last;
    for (int i = 0; i < 60 && last.reply.status != 200; ++i) {
        for (auto* s : {&right, &wrong, &nobodys}) {
            s->clock.advance(7min);
            last = s->by_phone(s == &nobodys ? stranger : imported, "wrong password");
        }
    }
    BOOST_REQUIRE(last.reply.status == 200);
    for (int i = 0; i < 3; ++i) {
        const auto a = right.by_phone(imported, right_password);
        BOOST_TEST(difference(a, wrong.by_phone(imported, "wrong password")) == "");
        BOOST_TEST(difference(a, nobodys.by_phone(stranger, "wrong password")) == "");
        for (auto* s : {&right, &wrong, &nobodys}) s->clock.advance(7min);
    }
    BOOST_TEST(!right.provider.twilio.last_code_to(imported.phone).empty());
}

BOOST_AUTO_TEST_SUITE_END()
