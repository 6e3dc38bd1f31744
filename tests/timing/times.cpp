// SPDX-License-Identifier: BSL-1.0
// Whether a phone or an identity belongs to somebody, which digit of a code is wrong, and whether a password is right,
// is told by no time either, as far as statistics can see.
#include "timing/town.hpp"
#include <phoneauth/secrets/code.hpp>
#include <phoneauth/secrets/hasher_chain.hpp>
#include <phoneauth/secrets/pbkdf2.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace timing;

BOOST_AUTO_TEST_SUITE(timing_times, *boost::unit_test::precondition(can_measure))

namespace {

const auto log_in_by_code = [](auto& t, const person& who) { return t.auth.start_login(who.phone, address); };
const auto log_in_by_password = [](auto& t, const person& who) {
    return t.auth.start_two_factor_login(who.phone, phoneauth::password("wrong password"), address);
};
const auto log_in_by_identity = [](auto& t, const person& who) {
    return t.auth.login_with_identity(who.email, phoneauth::password("wrong password"), address);
};
const auto register_phone = [](auto& t, const person& who) { return t.auth.start_registration(who.phone, address); };

}  // namespace

BOOST_AUTO_TEST_CASE(start_of_a_login_by_code) {
    // A user who is there is copied out of the storage, one who is not is not: a microsecond or two.
    town<> t;
    check_close("a login by code", measuring_flow(t, 1500, log_in_by_code), 0.1);
}

BOOST_AUTO_TEST_CASE(a_wrong_code) {
    town<> t;
    check_same("a wrong code", measuring(2000, [&](bool is_member) {
                   auto s = t.auth.start_login(t.next(is_member).phone, address);
                   BOOST_REQUIRE(s);
                   t.settle();
                   return [&t, id = s->transaction_id] {
                       (void)t.auth.finish_login(phoneauth::transaction_id(id), phoneauth::submitted_code("123456"),
                                                 address);
                   };
               }));
}

BOOST_AUTO_TEST_CASE(a_message_sent_again) {
    town<> t;
    const auto resend = measuring(1000, [&](bool is_member) {
        auto s = t.auth.start_login(t.next(is_member).phone, address);
        BOOST_REQUIRE(s);
        t.settle();
        t.clock.advance(2min);
        return [&t, id = s->transaction_id] { (void)t.auth.resend(phoneauth::transaction_id(id), address); };
    });
    // Of a message and a look-up, which are both made, one is thrown away, and they are not of one size: half a microsecond.
    check_close("a resend", resend, 0.025);
}

BOOST_AUTO_TEST_CASE(passwords) {
    // A comparison reads a PHC string where a hash draws salt, which is a microsecond or two; the default cost is a
    // thousand times the one here.
    town<> t;
    check_close("a wrong password", measuring_flow(t, 1000, log_in_by_password), 0.02);
    check_close("a wrong password for an identity", measuring_flow(t, 1000, log_in_by_identity), 0.02);
}

namespace {

struct importing_passwords : hasher_chain<quick_passwords, pbkdf2_hashes> {
    explicit importing_passwords(call_log&)
        : hasher_chain(quick_passwords(), pbkdf2_hashes(pbkdf2_digest::sha256, 2000)) {}
};
const std::string imported_hash =
    "$pbkdf2-sha256$2000$c2FsdHNhbHRzYWx0c2FsdA$Og/XVy05zuZ.ttTnZsDUs7palNPQ6pRuCtqbVvqwM6Q";

/// Asks nobody but the scheme of the hash.
struct telling_passwords : importing_passwords {
    using importing_passwords::importing_passwords;
    result<bool> verify(const std::string& password, const std::string& hash) {
        return pbkdf2_hashes(pbkdf2_digest::sha256, 2000).verify(password, hash);
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(passwords_while_users_are_imported) {
    town<importing_passwords> of_imported(imported_hash);
    check_close("an imported user's password", measuring_flow(of_imported, 500, log_in_by_password), 0.02);
    check_close("an imported user's, for an identity", measuring_flow(of_imported, 500, log_in_by_identity), 0.02);
    town<importing_passwords> of_others;
    check_close("a password beside imported ones", measuring_flow(of_others, 500, log_in_by_password), 0.02);
    town<telling_passwords> telling(imported_hash);
    check_caught("a chain that asks one scheme", measuring_flow(telling, 200, log_in_by_password));
}

BOOST_AUTO_TEST_CASE(start_of_a_registration) {
    town<> t;
    check_same("a registration", measuring_flow(t, 4000, register_phone));
}

// -- Comparing

namespace {

/// What `equal_in_constant_time` must not be.
bool equal_with_early_exit(std::string_view a, std::string_view b) {
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i] != b[i]) return false;
    return true;
}

volatile int equal_ones;    // so that the optimizer must compute it
constexpr int batch = 200;  // one comparison takes less than the clock can tell

/// `right` against itself and against copies that are wrong at `first` or at `second`; npos: nowhere.
template <class Equal>
auto measuring_equal(Equal equal, const std::string& right, std::size_t first, std::size_t second) {
    // Each is copied to one place, so that the place tells nothing.
    static std::string presented;
    return measuring(4000, [equal, right, first, second](bool kind) {
        presented = right;
        if (const auto at = kind ? second : first; at != right.npos) presented[at] ^= 1;
        return [equal, &right] {
            int same = 0;
            for (int i = 0; i < batch; ++i) same += equal(right, presented);
            equal_ones = same;
        };
    });
}

}  // namespace

BOOST_AUTO_TEST_CASE(comparisons) {
    const auto& equal = detail::equal_in_constant_time;
    for (const std::string right : {"123456", "4F2C0A7E-0D63-4B1B-9C55-2E0F3A6B7C8D"}) {
        check_same("wrong in the first or the last character", measuring_equal(equal, right, 0, right.size() - 1));
        check_caught("a comparison with an early exit",
                     measuring_equal(equal_with_early_exit, right, 0, right.size() - 1));
    }
}

BOOST_AUTO_TEST_CASE(codes) {
    const std::vector<code_key> keys{{"k1", std::string(32, 'k')}};
    code_deriver deriver(keys, 6);
    const transaction t{.id = "4F2C0A7E-0D63-4B1B-9C55-2E0F3A6B7C8D",
                        .purpose = purpose::login,
                        .phone = *phone_number::parse("+14155550100"),
                        .key_id = "k1"};
    const std::string right(deriver.derive(t)->str());
    const auto measuring_codes = [&](std::size_t first, std::size_t second) {
        return measuring(6000, [&, first, second](bool kind) {
            auto text = right;
            if (const auto at = kind ? second : first; at != right.npos) text[at] = text[at] == '0' ? '1' : '0';
            return [&, presented = *parse_code(text, 6)] { (void)deriver.matches(t, presented); };
        });
    };
    check_same("a code wrong in the first or the last digit", measuring_codes(0, 5));
    check_same("a code wrong in the first digit or in none", measuring_codes(0, right.npos));
}

// -- Seeded leaks: what must be caught

namespace {

/// Saves itself the work for somebody who does not exist.
struct hasty_passwords : noting_passwords {
    using noting_passwords::noting_passwords;
    result<std::string> hash(const std::string&) { return std::string(); }
};

void work_for(double nanoseconds) {
    for (const double end = thread_time() + nanoseconds; thread_time() < end;) {
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_hasher_that_answers_at_once_is_caught) {
    town<hasty_passwords> t;
    check_caught("a hasty hasher, phone", measuring_flow(t, 300, log_in_by_password));
    check_caught("a hasty hasher, identity", measuring_flow(t, 300, log_in_by_identity));
}

BOOST_AUTO_TEST_CASE(a_flow_that_takes_longer_for_a_stranger_is_caught) {
    town<> t;
    const auto delayed = [&](double nanoseconds) {
        return measuring(1500, [&t, nanoseconds](bool is_member) {
            return [&t, nanoseconds, who = t.next(is_member), is_member] {
                (void)t.auth.start_registration(who.phone);
                if (!is_member) work_for(nanoseconds);
            };
        });
    };
    check_caught("a slightly slower stranger", delayed(3000));
    const auto is_far = [](const comparison& c) { return std::abs(c.difference) > 0.1 * c.median; };
    const auto c = measure_until(delayed(20'000), is_far);
    report("a slower stranger", c);
    BOOST_TEST(is_far(c));
}

BOOST_AUTO_TEST_SUITE_END()
