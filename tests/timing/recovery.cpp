// SPDX-License-Identifier: BSL-1.0
// A password reset, and a login with a backup code, tell neither whose phone or identity it is, nor which of two secrets
// is wrong: by no error, no call of a policy, and no time.
#include "timing/town.hpp"

#include <functional>
#include <optional>
#include <utility>
#include <vector>

using namespace timing;

namespace {

config with_resets(password_reset_policy policy = password_reset_policy::code) {
    auto c = town<>::unlimited();
    c.password_reset = policy;
    return c;
}

/// What somebody is answered, and what was done for it.
struct answered {
    std::string text;
    call_log calls;
};
using answers = std::vector<answered>;

/// Asks, and keeps what becomes of it; empty if it is refused.
template <class Ask>
auto keep(site<>& s, answers& all, Ask ask) {
    s.log.clear();
    auto r = ask();
    answered a{"done", s.log};
    if (!r) {
        const auto& e = r.error();
        a.text = e.message + ' ' + std::to_string(e.tries_left.value_or(99)) + ' ' +
                 std::to_string(e.retry_after.value_or(0s).count());
    }
    all.push_back(std::move(a));
    return r ? std::optional(*std::move(r)) : std::nullopt;
}

std::string text_of(const answered& a) {
    auto text = a.text + ':';
    for (const auto& c : a.calls) text += ' ' + c + ',';
    return text;
}

/// What tells `a` from `b`; empty if nothing does.
std::string told_apart(const answers& a, const answers& b) {
    if (a.size() != b.size()) return "the number of answers";
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i].text != b[i].text || a[i].calls != b[i].calls)
            return std::to_string(i) + ": " + text_of(a[i]) + " | " + text_of(b[i]);
    return {};
}

std::string wrong_code_at(site<>& s, const std::string& phone) {
    auto code = s.provider.twilio.last_code_to(phone);
    if (code.empty()) return "123456";
    code.back() = code.back() == '0' ? '1' : '0';
    return code;
}

const client_info here("198.51.100.1");

/// A code of a reset, to a phone or to whoever has an identity.
template <bool by_identity>
auto start(site<>& s, const visitor& who) {
    if constexpr (by_identity)
        return s.auth.start_password_reset_of(who.email, here);
    else
        return s.auth.start_password_reset(who.phone, here);
}
auto guess(site<>& s, const std::string& id, const std::string& code, const std::string& spare = {}) {
    return s.auth.finish_password_reset(transaction_id(id), submitted_code(code), password("battery staple"),
                                        backup_code(spare), here);
}

// -- What a visitor does

template <bool by_identity>
answers guess_codes(site<>& s, const visitor& who) {
    answers all;
    for (int i = 0; i < 6; ++i) {
        const auto c = keep(s, all, [&] { return start<by_identity>(s, who); });
        const std::string id = c ? c->transaction_id.str() : "4F2C0A7E-0D63-4B1B-9C55-2E0F3A6B7C8D";
        const auto ask_status = [&] { keep(s, all, [&] { return s.auth.status(transaction_id(id)); }); };
        ask_status();
        keep(s, all, [&] { return s.auth.resend(transaction_id(id), here); });
        for (int k = 0; k < 3; ++k) keep(s, all, [&] { return guess(s, id, wrong_code_at(s, who.phone)); });
        s.clock.advance(31s);
        keep(s, all, [&] { return s.auth.resend(transaction_id(id), here); });
        for (int k = 0; k < 4; ++k) keep(s, all, [&] { return guess(s, id, wrong_code_at(s, who.phone)); });
        ask_status();
        keep(s, all, [&] { return s.auth.resend(transaction_id(id), here); });
        s.clock.advance(i % 2 == 0 ? 1min : 6min);
    }
    return all;
}

template <bool by_identity>
answers ask_for_too_many(site<>& s, const visitor& who) {
    answers all;
    for (int i = 0; i < 20; ++i) {
        const auto c = keep(s, all, [&] { return start<by_identity>(s, who); });
        for (int k = 0; c && k < 3; ++k) {
            s.clock.advance(31s);
            keep(s, all, [&] { return s.auth.resend(c->transaction_id, here); });
        }
        s.clock.advance(6min);
        if (c) keep(s, all, [&] { return s.auth.resend(c->transaction_id, here); });
        if (c) keep(s, all, [&] { return s.auth.status(c->transaction_id); });
    }
    return all;
}

using script = answers (*)(site<>&, const visitor&);
const std::vector<std::pair<const char*, script>> scripts{{"codes for a phone", guess_codes<false>},
                                                          {"codes for an identity", guess_codes<true>},
                                                          {"too many for a phone", ask_for_too_many<false>},
                                                          {"too many for an identity", ask_for_too_many<true>}};

struct trouble {
    const char* name;
    std::function<void(noting_provider&)> begin;
};
const std::vector<trouble> troubles{
    {"no trouble", [](noting_provider&) {}},
    {"429",
     [](noting_provider& p) {
         p.everything = http_response{429, {{"Retry-After", "7"}}, R"({"code":20429})"};
     }},
    {"503",
     [](noting_provider& p) {
         p.everything = http_response{503, {}, "x"};
     }},
    {"no connection", [](noting_provider& p) { p.everything = failure(error::connect_timeout); }},
    {"no answer in time", [](noting_provider& p) { p.everything = failure(error::read_timeout); }},
    {"400 21610",
     [](noting_provider& p) {
         p.messages = http_response{400, {}, R"({"code":21610,"status":400})"};
     }},
    {"429 21611", [](noting_provider& p) {
         p.messages = http_response{429, {}, R"({"code":21611,"status":429})"};
     }}};

answers lived(script run, const visitor& who, const trouble& t, config c = with_resets()) {
    site<> s(c);
    t.begin(s.provider);
    return run(s, who);
}

/// Backup codes that `who` has made.
std::vector<backup_code> codes_of(site<>& s, const visitor& who) {
    auto started = s.auth.start_two_factor_login(who.phone, password(right_password));
    BOOST_REQUIRE(started);
    auto in = s.auth.finish_login(started->transaction_id, submitted_code(s.provider.twilio.last_code_to(who.phone)));
    BOOST_REQUIRE(in);
    auto made = s.auth.make_backup_codes(in->token);
    BOOST_REQUIRE(made);
    s.clock.advance(24h);
    return *std::move(made);
}

const std::string no_code = "0-0000-0000-0000-0000";

/// Who comes with a phone, a password and a backup code, and must not get in.
struct attempt {
    const char* name;
    std::string phone;
    std::string secret;
    std::string spare;
};
std::vector<attempt> attempts(site<>& s) {
    const auto codes = codes_of(s, member);
    const std::string right(codes[3].str());
    auto wrong = right;
    wrong.back() = wrong.back() == '0' ? '1' : '0';
    return {{"a wrong password", member.phone, "wrong password", right},
            {"a wrong backup code", member.phone, right_password, wrong},
            {"nothing right", member.phone, "wrong password", wrong},
            {"an unknown phone", stranger.phone, right_password, right},
            {"nobody and nothing", stranger.phone, "wrong password", no_code},
            {"a user without backup codes", member_without_password.phone, right_password, right},
            {"a disabled user", disabled_member.phone, right_password, right}};
}
auto log_in(site<>& s, const attempt& a, const client_info& from = here) {
    return s.auth.login_with_backup_code(a.phone, password(a.secret), backup_code(a.spare), from);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(timing_recovery)

BOOST_AUTO_TEST_CASE(resets_of_nobody_are_the_same) {
    for (const auto& [name, run] : scripts)
        for (const auto& t : troubles) {
            const auto of_nobody = lived(run, stranger, t);
            for (const auto& who : {member, disabled_member, member_without_password}) {
                const auto found = told_apart(of_nobody, lived(run, who, t));
                BOOST_TEST(found.empty(), name << ", " << who.name << ", " << t.name << ": " << found);
            }
        }
}

BOOST_AUTO_TEST_CASE(a_site_that_tells_is_found_out) {
    auto c = with_resets();
    c.unknown_phone = unknown_phone_policy::reject;
    for (const auto& [name, run] : scripts) {
        const auto& none = troubles.front();
        BOOST_TEST(!told_apart(lived(run, stranger, none, c), lived(run, member, none, c)).empty(), name);
    }
}

BOOST_AUTO_TEST_CASE(which_of_code_and_backup_code_is_wrong_is_not_told) {
    for (const bool by_identity : {false, true}) {
        std::vector<answers> all;
        for (int what = 0; what < 4; ++what) {  // 0: both are wrong; 1: the code is; 2: the backup code is; 3: nobody
            site<> s(with_resets(password_reset_policy::code_and_backup_code));
            const std::string right(codes_of(s, member)[3].str());
            const auto& who = what == 3 ? stranger : member;
            auto& a = all.emplace_back();
            for (int i = 0; i < 3; ++i) {
                const auto c = keep(s, a, [&] { return by_identity ? start<true>(s, who) : start<false>(s, who); });
                if (!c) continue;
                for (int k = 0; k < 6; ++k) {
                    const auto code =
                        what == 2 ? s.provider.twilio.last_code_to(who.phone) : wrong_code_at(s, who.phone);
                    const auto r = keep(
                        s, a, [&] { return guess(s, c->transaction_id.str(), code, what == 1 ? right : no_code); });
                    BOOST_TEST(!r);
                }
                s.clock.advance(6min);
            }
        }
        for (std::size_t i = 1; i < all.size(); ++i) {
            const auto found = told_apart(all[0], all[i]);
            BOOST_TEST(found.empty(), "by identity " << by_identity << ", " << i << ": " << found);
        }
    }
}

BOOST_AUTO_TEST_CASE(whatever_is_wrong_with_a_backup_login_is_the_same) {
    answers first;
    for (std::size_t i = 0; i < 7; ++i) {
        site<> s(with_resets());
        const auto a = attempts(s)[i];
        answers all;
        for (int n = 0; n < 30; ++n) {
            const auto r = keep(s, all, [&] { return log_in(s, a); });
            BOOST_TEST(!r);
            if (n > 24) s.clock.advance(10min);
        }
        if (i == 0) first = all;
        const auto found = told_apart(first, all);
        BOOST_TEST(found.empty(), a.name << ": " << found);
    }
}

BOOST_AUTO_TEST_SUITE_END()

// ---- How long it takes

BOOST_AUTO_TEST_SUITE(timing_recovery_times, *boost::unit_test::precondition(can_measure))

namespace {

struct resetting_town : town<> {
    explicit resetting_town(password_reset_policy policy = password_reset_policy::code)
        : town<>(*quick_passwords().hash(right_password), with_resets(policy)) {}
};

const auto reset_by_phone = [](auto& t, const person& who) { return t.auth.start_password_reset(who.phone, address); };
const auto reset_by_identity = [](auto& t, const person& who) {
    return t.auth.start_password_reset_of(who.email, address);
};

/// What times `then(town, id)` after a reset was begun with `begin`.
template <class Begin, class Then>
auto measuring_after(resetting_town& t, std::size_t count, Begin begin, std::chrono::seconds wait, Then then) {
    return measuring(count, [&t, begin, wait, then](bool is_member) {
        auto s = begin(t, t.next(is_member));
        BOOST_REQUIRE(s);
        t.settle();
        t.clock.advance(wait);
        t.log.clear();
        return [&t, then, id = s->transaction_id.str()] { (void)then(t, transaction_id(id)); };
    });
}

const auto guess_wrong = [](auto& t, transaction_id id) {
    return t.auth.finish_password_reset(std::move(id), submitted_code("123456"), password("battery staple"), {},
                                        address);
};
const auto guess_both_wrong = [](auto& t, transaction_id id) {
    return t.auth.finish_password_reset(std::move(id), submitted_code("123456"), password("battery staple"),
                                        backup_code(no_code), address);
};
const auto send_again = [](auto& t, transaction_id id) { return t.auth.resend(std::move(id), address); };
const auto ask_status = [](auto& t, transaction_id id) { return t.auth.status(std::move(id)); };

/// Between two failures of one person who is never to be stopped: some ten come free again in 30 days.
constexpr auto seldom_enough = std::chrono::hours(5 * 24);

}  // namespace

BOOST_AUTO_TEST_CASE(start_of_a_reset) {
    // A user who is there is copied out of the storage, one who is not is not: a microsecond or two.
    resetting_town t;
    check_close("a reset by phone", measuring_flow(t, 1500, reset_by_phone), 0.1);
    check_close("a reset by identity", measuring_flow(t, 1500, reset_by_identity), 0.1);
}

BOOST_AUTO_TEST_CASE(a_wrong_code_of_a_reset) {
    resetting_town t;
    check_same("a wrong code, by phone", measuring_after(t, 2000, reset_by_phone, 0s, guess_wrong));
    check_same("a wrong code, by identity", measuring_after(t, 2000, reset_by_identity, 0s, guess_wrong));
}

BOOST_AUTO_TEST_CASE(a_wrong_code_and_backup_code) {
    // A backup code is hashed, by a scrypt of a thousandth of the default cost.
    resetting_town t(password_reset_policy::code_and_backup_code);
    check_close("both wrong, by phone", measuring_after(t, 800, reset_by_phone, 0s, guess_both_wrong), 0.05);
    check_close("both wrong, by identity", measuring_after(t, 800, reset_by_identity, 0s, guess_both_wrong), 0.05);
}

BOOST_AUTO_TEST_CASE(which_of_two_is_wrong) {
    site<> s(with_resets(password_reset_policy::code_and_backup_code));
    const auto all = codes_of(s, member);
    const std::string right(all[3].str());
    auto wrong = right;
    wrong.back() = wrong.back() == '0' ? '1' : '0';
    check_close("a wrong code with a right or a wrong backup code",
                measuring(800,
                          [&](bool is_right) {
                              s.clock.advance(seldom_enough);
                              s.log.clear();
                              auto c = s.auth.start_password_reset(member.phone);
                              BOOST_REQUIRE(c);
                              const auto code = wrong_code_at(s, member.phone);
                              return [&, code, is_right, id = c->transaction_id.str()] {
                                  (void)s.auth.finish_password_reset(transaction_id(id), submitted_code(code),
                                                                     password("battery staple"),
                                                                     backup_code(is_right ? right : wrong));
                              };
                          }),
                0.05);
}

BOOST_AUTO_TEST_CASE(messages_and_status_of_a_reset) {
    resetting_town t;
    for (const bool by_identity : {false, true}) {
        const auto begin = [by_identity](auto& where, const person& who) {
            return by_identity ? reset_by_identity(where, who) : reset_by_phone(where, who);
        };
        const std::string name = by_identity ? ", by identity" : ", by phone";
        // Of a message and a look-up, which are both made, one is thrown away, and they are not of one size.
        check_close("a resend" + name, measuring_after(t, 1000, begin, 2min, send_again), 0.05);
        // What a message has left in the caches: a tenth of a microsecond.
        check_close("a status" + name, measuring_after(t, 2000, begin, 0s, ask_status), 0.05);
    }
}

BOOST_AUTO_TEST_CASE(logins_with_a_backup_code) {
    site<> s(with_resets());
    const auto all = attempts(s);
    for (std::size_t i = 1; i < 6; ++i)
        check_close(std::string(all[i].name) + " or " + all[0].name,
                    measuring(500,
                              [&](bool kind) {
                                  s.clock.advance(seldom_enough);
                                  s.log.clear();
                                  const auto& a = kind ? all[i] : all[0];
                                  return [&s, &a] { (void)log_in(s, a, client_info()); };
                              }),
                    0.05);
}

BOOST_AUTO_TEST_SUITE_END()
